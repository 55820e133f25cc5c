"""How a booked first session ends, and what its end frees."""

from datetime import timedelta

import pytest
from sqlmodel import select

from acts.appointments import end_appointment, release_if_booked, standing_appointment
from acts.booking import book
from adapters.operational_store import reading, writing
from adapters.undelivered import CALL_KEY
from models.codes import AppointmentStatus, MessageStatus, ReferralStatus, Role, SlotStatus
from models.columns import utc_now
from models.errors import MovedOn
from models.operational import Appointment, AuditEvent, OutboxMessage, Referral, Slot, ToDo
from tests.factories import MadeCase, make_appointment, make_case_at, make_message, make_patient

pytestmark = pytest.mark.usefixtures("home")

A, R = AppointmentStatus, ReferralStatus


def ended(case: MadeCase, to: AppointmentStatus) -> tuple[Appointment, Slot]:
    assert case.appointment is not None
    with writing() as db:
        end_appointment(db, db.get_one(Appointment, case.appointment.id), to, "ST-test")
    with reading() as db:
        return db.get_one(Appointment, case.appointment.id), db.get_one(Slot, case.appointment.slot_id)


def begun(case: MadeCase) -> MadeCase:
    """The same case, its session's time come."""
    assert case.appointment is not None
    with writing() as db:
        appointment = db.get_one(Appointment, case.appointment.id)
        appointment.starts_at = utc_now() - timedelta(minutes=5)
        db.add(appointment)
    return case


def messages(case: MadeCase) -> list[OutboxMessage]:
    with reading() as db:
        return list(db.exec(select(OutboxMessage).where(OutboxMessage.case_number == case.number)).all())


@pytest.mark.parametrize(
    ("to", "slot"),
    [
        (A.CANCELLED, SlotStatus.OPEN),
        (A.LATE_CANCELLED, SlotStatus.OPEN),
        (A.ATTENDED, SlotStatus.BOOKED),
        (A.NO_SHOW, SlotStatus.BOOKED),
    ],
)
def test_only_a_cancelled_appointment_frees_its_time(to: AppointmentStatus, slot: SlotStatus) -> None:
    case = make_case_at(R.BOOKED)
    appointment, freed = ended(case, to)
    assert (appointment.status, appointment.changed_at is not None) == (to, True)
    assert (freed.status, freed.case_number) == (slot, None if slot == SlotStatus.OPEN else case.number)
    with reading() as db:
        found = db.exec(select(AuditEvent.action).where(AuditEvent.case_number == case.number)).all()
    assert found.count("slot.freed") == (slot == SlotStatus.OPEN)
    assert found.count(f"appointment.{to.value}") == 1


def test_time_that_has_begun_is_not_freed() -> None:
    _, slot = ended(begun(make_case_at(R.BOOKED)), A.LATE_CANCELLED)
    assert slot.status is SlotStatus.BOOKED


def test_appointment_ends_once() -> None:
    case = make_case_at(R.BOOKED)
    ended(case, A.NO_SHOW)
    with pytest.raises(MovedOn):
        ended(case, A.ATTENDED)


@pytest.mark.parametrize("to", [A.CANCELLED, A.LATE_CANCELLED, A.ATTENDED, A.NO_SHOW])
def test_end_drops_the_reminders_that_have_not_left(to: AppointmentStatus) -> None:
    case = make_case_at(R.BOOKED)
    for status in (MessageStatus.QUEUED, MessageStatus.SENT):
        make_message(case.patient, case_number=case.number, template="appointment_reminder", status=status)
    ended(case, to)
    assert sorted(message.status for message in messages(case)) == [MessageStatus.DROPPED, MessageStatus.SENT]


@pytest.mark.parametrize("status", list(A))
def test_standing_appointment_is_a_booked_or_confirmed_one(status: AppointmentStatus) -> None:
    case = make_case_at(R.OFFERED)
    make_appointment(case.referral, case.slots[0], status=status)
    with reading() as db:
        found = standing_appointment(db, case.number)
    assert (found is not None) is (status in (A.BOOKED, A.CONFIRMED))


def released(case: MadeCase) -> None:
    with writing() as db:
        release_if_booked(db, db.get_one(Referral, case.number), "ST-test")


def test_release_cancels_frees_and_tells_the_patient_once() -> None:
    case = make_case_at(R.BOOKED)
    released(case)
    released(case)
    assert [message.template for message in messages(case)] == ["booking_cancelled"]
    with reading() as db:
        assert db.exec(select(Appointment.status)).all() == [A.CANCELLED]


def test_release_without_an_appointment_changes_nothing() -> None:
    case = make_case_at(R.OFFERED)
    released(case)
    assert messages(case) == []


def test_release_of_a_time_that_has_passed_tells_nobody() -> None:
    case = begun(make_case_at(R.BOOKED))
    released(case)
    assert messages(case) == []
    with reading() as db:
        assert db.exec(select(Appointment.status)).all() == [A.CANCELLED]


def test_release_of_a_patient_who_cannot_be_written_to_is_on_record() -> None:
    case = make_case_at(R.BOOKED, patient=make_patient(email=None, phone=None))
    released(case)
    with reading() as db:
        assert "message.no_channel" in db.exec(select(AuditEvent.action)).all()
    assert messages(case) == []


def test_patient_nobody_can_write_to_is_called_about_a_cancelled_session() -> None:
    case = make_case_at(R.BOOKED, patient=make_patient(email=None))
    with writing() as db:
        release_if_booked(db, db.get_one(Referral, case.number), "ST-test")
    with reading() as db:
        [to_do] = db.exec(select(ToDo).where(ToDo.case_number == case.number)).all()
    assert case.appointment is not None
    assert to_do.unique_key == f"{CALL_KEY}{case.number}:booking_cancelled:{case.appointment.id}"
    assert to_do.role == Role.COORDINATOR


@pytest.mark.parametrize(("email", "calls"), [(None, 1), ("alex@example.org", 0)])
def test_patient_nobody_can_write_to_is_called_about_a_booked_session(email: str | None, calls: int) -> None:
    case = make_case_at(R.OFFERED, patient=make_patient(email=email))
    with writing() as db:
        book(db, db.get_one(Referral, case.number), case.slots[0].id, "ST-test")
    with reading() as db:
        found = db.exec(select(ToDo).where(ToDo.case_number == case.number)).all()
    assert len(found) == calls
    assert all("booking_confirmed" in to_do.unique_key for to_do in found)
