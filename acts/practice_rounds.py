"""Practice rounds: made-up cases that a clinician decides, with an error planted now and then; who did is not kept."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from adapters import operational_store as store
from adapters.operational_store import audit, one, reading, writing
from models.codes import Role
from models.columns import new_id, utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import PracticeRound, PracticeSetting, PracticeTally, Staff
from rules.practice_rounds import MOST_PERCENT, SHIPPED_PERCENT, PracticeCase, invited, is_caught, practice_case

PERCENT = "practice_rounds_percent"
"""The practice's setting: with which chance (percent) a clinician gets a round in a night; 0 or nothing is off."""
ANSWERED = "practice_round.answered"


@dataclass(frozen=True)
class Told:
    """What the person is told at once: whether an error had been planted, whether they found it, and what it was."""

    case: PracticeCase
    caught: bool


def rate_of() -> int:
    with reading() as db:
        return _rate(db)


def _rate(db: Session) -> int:
    kept = db.get(PracticeSetting, PERCENT)
    return int(kept.value) if kept is not None else SHIPPED_PERCENT


def check_rate(percent: int) -> None:
    """Raises ValueError for a chance that is none, or too great."""
    if not 0 <= percent <= MOST_PERCENT:
        raise ValueError(f"choose 0 to {MOST_PERCENT} percent")


def set_rate(percent: int, staff_id: str) -> None:
    """Set how often there are rounds; the caller has asked for the owner's signature. Raises NotAllowed, ValueError."""
    check_rate(percent)
    with writing() as db:
        staff = one(db, Staff, staff_id)
        if not staff.active or staff.role != Role.OWNER:
            raise NotAllowed("the owner sets this")
        old = _rate(db)
        db.merge(PracticeSetting(name=PERCENT, value=str(percent)))
        audit(db, staff_id, "practice_rounds.set", ("practice_setting", PERCENT), old=old, new=percent)


def invite(night: date, location: str = "all") -> dict[str, int]:
    """Give some clinicians a round, by lot; whoever has one open gets no second. The same night again adds nobody who
    has not answered since."""
    seed = f"{store.installation_id()}:practice:{night.isoformat()}"
    opened = 0
    with writing() as db:
        percent = _rate(db)
        if percent == 0:
            return {"rounds": 0}
        people = db.exec(select(Staff).where(Staff.role == Role.CLINICIAN, col(Staff.active).is_(True))).all()
        have = set(db.exec(select(PracticeRound.for_staff_id)).all())
        for person in people:
            lot = invited(f"{seed}:{person.id}", percent)
            if lot is None or person.id in have or location not in ("all", *person.location_ids):
                continue
            record = PracticeRound(
                id=new_id("PR"), for_staff_id=person.id, kind=lot[0], variant=lot[1], opened_on=night
            )
            db.add(record)
            audit(db, "system", "practice_round.opened", record)
            opened += 1
    return {"rounds": opened}


def waiting_for(staff_id: str) -> PracticeRound | None:
    with reading() as db:
        return db.exec(select(PracticeRound).where(PracticeRound.for_staff_id == staff_id)).first()


def case_of(record: PracticeRound) -> PracticeCase:
    return practice_case(record.kind, record.variant)


def answer(round_id: str, staff_id: str, *, sent_back: bool, named: str) -> Told:
    """Count the answer, forget whose it was, and say at once what the case held.

    The round is deleted and one of the month's counts goes up, in one transaction. The event says who took part, so
    that people can be counted, and nothing of what they answered. Raises MovedOn, or ValueError for a part that is
    missing or is none.
    """
    with writing() as db:
        record = db.get(PracticeRound, round_id, with_for_update=True)
        if record is None or record.for_staff_id != staff_id:
            raise MovedOn(f"practice round {round_id} is no longer open")
        case = case_of(record)
        if sent_back and named not in {part.key for part in case.parts}:
            raise ValueError("say which part is wrong")
        found = is_caught(case, sent_back, named)
        month = utc_now().strftime("%Y-%m")
        key = f"{month}:{record.kind.value}:{'planted' if case.planted else 'sound'}"
        tally = db.get(PracticeTally, key, with_for_update=True) or PracticeTally(
            id=key, month=month, kind=record.kind, planted=case.planted
        )
        tally.answers += 1
        tally.caught += found
        db.add(tally)
        audit(db, staff_id, ANSWERED, record)
        db.delete(record)
    return Told(case, found)
