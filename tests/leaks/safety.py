"""The safety officer's pages: the alarm tested, practice rounds switched on, one of them decided, the figures taken."""

from adapters.operational_store import writing
from models.columns import new_id, utc_now
from models.operational import AlarmTest, PracticeRound
from models.safety_codes import PracticeKind
from tests.leaks.claims import OWNER
from tests.leaks.people import CLINICIANS, Practice

PLACE = "LOC-1"


def look_after_safety(at: Practice) -> None:
    """The owner tests the alarm and switches practice rounds on; a clinician on call answers both."""
    owner, called = at.seat(OWNER), CLINICIANS[0]
    owner.get("/safety")
    owner.post("/safety/test-alarm", location=PLACE)
    owner.get("/safety")
    owner.post("/safety/practice-rounds", percent="5", **at.proof(OWNER))
    owner.get("/safety/export")
    with writing() as db:  # the lot of a night may fall on nobody
        db.add(
            PracticeRound(
                id=new_id("PR"),
                for_staff_id=called,
                kind=PracticeKind.NOTE_DRAFT,
                variant=1,
                opened_on=utc_now().date(),
            )
        )
    seat = at.seat(called)
    seat.get("/safety")
    seat.post(f"/safety/test-alarm/{at.find(AlarmTest).id}/acknowledge")
    seat.get("/practice-round")
    seat.post("/practice-round", 200, round_id=at.find(PracticeRound).id, verdict="send_back", named="s9")
