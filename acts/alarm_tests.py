"""Testing the alarm: a person raises one that is no emergency, and whoever it reaches says so."""

from acts.staff import clinicians_on_call
from adapters.alarm_views import TEST, waiting_tests
from adapters.operational_store import audit, one, queue_message, writing
from models.codes import MessageChannel, Role
from models.columns import new_id, utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import AlarmTest, Location, Staff

TESTERS = (Role.CLINICIAN, Role.OWNER, Role.COMPLIANCE)


def raise_test(location_id: str, staff_id: str) -> str:
    """Page whoever is on call at a place, by the way of a real page but as a test; returns its id.

    Nobody to page is a result too: it stays on record as a test that reached nobody. Raises NotAllowed.
    """
    with writing() as db:
        staff = one(db, Staff, staff_id)
        place = one(db, Location, location_id)
        if not staff.active or staff.role not in TESTERS or place.id not in staff.location_ids:
            raise NotAllowed("a clinician, the owner or compliance tests the alarm of their own location")
        people = clinicians_on_call(db, place.id)
        test = AlarmTest(id=new_id("AT"), location_id=place.id, raised_by=staff_id, paged=len(people))
        db.add(test)
        db.flush()
        audit(db, staff_id, "alarm.tested", test, paged=len(people), location=place.id)
        for person in people:
            queue_message(
                db,
                unique_key=f"{test.id}:{person.id}",
                channel=MessageChannel.PAGE,
                template=TEST,
                case_number=None,
                to_staff_id=person.id,
                urgent=True,
            )
        return test.id


def acknowledge(test_id: str, staff_id: str) -> None:
    """Say that the page of a test has come; by one of those it was sent to. Raises NotAllowed or MovedOn."""
    with writing() as db:
        test = db.get(AlarmTest, test_id, with_for_update=True)
        if test is None or test.acknowledged_at is not None:
            raise MovedOn(f"alarm test {test_id} is no longer open")
        if test_id not in {each.id for each in waiting_tests(db, staff_id)}:
            raise NotAllowed("this test was not sent to you")
        test.acknowledged_at, test.acknowledged_by = utc_now(), staff_id
        db.add(test)
        audit(db, staff_id, "alarm.test_acknowledged", test)
