"""The end of ongoing care: who may end it, what ends with it, what stands in its way."""

import pytest
from sqlmodel import col, select

from acts.care_ends import end_care
from adapters import operational_store as store
from models.codes import AppointmentStatus, EpisodeStatus, FollowUpStatus, Role, ToDoKind
from models.errors import MovedOn, NotAllowed
from models.operational import Appointment, CheckIn, CheckInPlan, Episode, OutboxMessage, ToDo, WaitlistEntry
from models.scheduling_codes import CheckInStatus, WaitlistStatus
from models.therapy_text import TherapyText
from tests.factories import make_check_in, make_entry, make_follow_up, make_patient, make_staff
from tests.visits import make_care, make_visit

pytestmark = pytest.mark.usefixtures("home")
WHY = TherapyText("Moved away, settled in with a colleague there.")


def ends(care: Episode, staff_id: str = "") -> None:
    end_care(care.case_number, staff_id=staff_id or care.clinician_id, reason=WHY)


def test_end_of_care_leaves_nothing_open_and_tells_the_patient() -> None:
    care = make_care()
    coming, past = make_visit(care), make_visit(care, hours_ahead=-30)
    check_in, *_ = make_check_in(care)
    entry = make_entry(care)
    ends(care)
    with store.reading() as db:
        assert db.get_one(Episode, care.case_number).status == EpisodeStatus.CLOSED_ENDED
        assert db.get_one(Appointment, coming.id).status == AppointmentStatus.CANCELLED
        assert db.get_one(Appointment, past.id).status == AppointmentStatus.BOOKED  # how it went is still to be said
        assert db.get_one(CheckIn, check_in.id).status == CheckInStatus.WITHDRAWN
        assert db.exec(select(CheckInPlan.ended_at)).one() is not None
        assert db.get_one(WaitlistEntry, entry.id).status == WaitlistStatus.LEFT
        told = db.exec(select(OutboxMessage.template).where(OutboxMessage.case_number == care.case_number)).all()
    assert told == ["booking_cancelled"]


def test_patient_who_cannot_be_written_to_is_called_about_each_session() -> None:
    care = make_care(patient=make_patient(email=None))
    make_visit(care)
    ends(care)
    with store.reading() as db:
        assert db.exec(select(ToDo.kind).where(col(ToDo.case_number) == care.case_number)).all() == [
            ToDoKind.TELL_PATIENT
        ]


def test_care_ends_once() -> None:
    care = make_care()
    ends(care)
    with pytest.raises(MovedOn, match="has ended"):
        ends(care)


def test_care_with_an_open_escalation_waits_for_its_clinician() -> None:
    care = make_care()
    follow_up = make_follow_up(care, status=FollowUpStatus.ESCALATION)
    with pytest.raises(MovedOn, match=f"{follow_up.case_number} waits for a clinician"):
        ends(care)


@pytest.mark.parametrize("role", [Role.BILLER, Role.ANALYST, Role.OWNER, Role.COMPLIANCE])
def test_care_is_ended_by_who_gives_or_coordinates_it(role: Role) -> None:
    care = make_care()
    with pytest.raises(NotAllowed, match="coordinator or clinician"):
        ends(care, make_staff(role=role, location_ids=[care.location_id]).id)
    with pytest.raises(NotAllowed, match="another location"):
        ends(care, make_staff(role=Role.COORDINATOR).id)
    ends(care, make_staff(role=Role.COORDINATOR, location_ids=[care.location_id]).id)


def test_end_of_care_needs_a_reason() -> None:
    care = make_care()
    with pytest.raises(ValueError, match="reason"):
        end_care(care.case_number, staff_id=care.clinician_id, reason=TherapyText(" "))
