"""What is asked once more right before a message leaves: consent, truth, quiet hours, how often."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from acts.patient_messages import hear_text_message
from acts.sending import send_due
from adapters.operational_store import reading, writing
from adapters.outbox import SendCounts
from models.codes import AppointmentStatus, MessageChannel, MessageStatus, Role
from models.operational import Appointment, AuditEvent, OutboxMessage, Patient, ReminderPreference, ToDo
from models.therapy_text import TherapyText
from tasks.reminders import queue_reminders
from tests.factories import make_message, make_patient
from tests.visits import make_care, make_visit, make_visit_link

PORTLAND = ZoneInfo("America/Los_Angeles")


def clock(hour: int, days: int = 1) -> datetime:
    """That hour on the patient's clock, some days from now."""
    day = datetime.now(PORTLAND).date() + timedelta(days=days)
    return datetime.combine(day, datetime.min.time(), PORTLAND).replace(hour=hour).astimezone(UTC)


def reminder(channel: MessageChannel = MessageChannel.SMS, **person: object) -> OutboxMessage:
    """A reminder that is due by tomorrow noon, of a visit the evening after."""
    patient = make_patient(**{"preferred_channel": "sms", **person})
    visit = make_visit(make_care(patient=patient), starts_at=clock(18, 2))
    link = make_visit_link(visit).record
    facts = {"appointment_id": visit.id, "link_id": link.id, "starts_at": visit.starts_at.isoformat()}
    return make_message(
        patient, template="appointment_reminder", case_number=visit.case_number, channel=channel, facts=facts
    )


def row(message: OutboxMessage) -> OutboxMessage:
    with reading() as db:
        return db.get_one(OutboxMessage, message.id)


def change(record: type, key: str, **values: object) -> None:
    with writing() as db:
        found = db.get_one(record, key)
        for name, value in values.items():
            setattr(found, name, value)
        db.add(found)


def to_dos() -> list[ToDo]:
    with reading() as db:
        return list(db.exec(select(ToDo)).all())


def test_reminder_that_is_still_true_leaves(home: Path) -> None:
    message = reminder()
    assert send_due(clock(12)) == SendCounts(sent=1)
    assert row(message).status == MessageStatus.SENT
    [sent] = (home / "outbox" / "sms").iterdir()
    assert "your visit is" in sent.read_text()


@pytest.mark.parametrize(
    ("record", "values", "reason", "calls"),
    [
        (Patient, {"forgotten_at": datetime.now(UTC)}, "forgotten", 0),
        (Patient, {"sms_stopped_at": datetime.now(UTC)}, "sms_stopped", 1),
        (Patient, {"preferred_channel": "email"}, "no_consent_to_texts", 1),
        (Appointment, {"status": AppointmentStatus.CANCELLED}, "appointment_not_standing", 0),
        (Appointment, {"starts_at": clock(19, 2)}, "appointment_moved", 0),
        (Appointment, {"starts_at": clock(12), "reminders_for": None}, "appointment_moved", 0),
    ],
)
def test_reminder_that_must_not_leave_is_dropped_with_its_reason(
    home: Path, record: type, values: dict, reason: str, calls: int
) -> None:
    message = reminder()
    change(record, message.to_patient_id if record is Patient else message.facts["appointment_id"], **values)
    assert send_due(clock(12)) == SendCounts(dropped=1)
    kept = row(message)
    assert (kept.status, kept.failure) == (MessageStatus.DROPPED, reason)
    found = to_dos()
    assert len(found) == calls
    assert all((each.role, each.case_number) == (Role.COORDINATOR, message.case_number) for each in found)
    with reading() as db:
        [event] = db.exec(select(AuditEvent).where(AuditEvent.action == "outbox_message.dropped")).all()
    assert event.details == {"why": reason}
    assert not (home / "outbox" / "sms").exists()


def test_wish_for_texts_alone_is_consent_to_them(home: Path) -> None:
    message = reminder(preferred_channel="email")
    with writing() as db:
        db.add(ReminderPreference(patient_id=message.to_patient_id or "", channel=MessageChannel.SMS, set_by="x"))
    assert send_due(clock(12)) == SendCounts(sent=1)


@pytest.mark.parametrize(("hour", "until"), [(7, clock(8)), (8, None), (20, None), (21, clock(8, 2))])
def test_text_message_that_became_due_at_night_waits_and_that_is_no_attempt(
    home: Path, hour: int, until: datetime | None
) -> None:
    message = reminder()
    assert send_due(clock(hour)) == (SendCounts(later=1) if until else SendCounts(sent=1))
    if until:
        kept = row(message)
        assert (kept.not_before, kept.attempts, kept.failure) == (until, 0, "quiet_hours")
        assert send_due(until) == SendCounts(sent=1)


def test_reminder_beyond_the_cap_waits_with_its_reason_and_a_change_does_not(home: Path) -> None:
    message = reminder()
    patient = make_patient()
    with reading() as db:
        patient = db.get_one(Patient, message.to_patient_id)
    for _ in range(3):
        make_message(patient, status=MessageStatus.SENT, sent_at=clock(9), not_before=clock(9))
    change_of_time = make_message(
        patient,
        template="booking_cancelled",
        case_number=message.case_number,
        facts={"appointment_id": message.facts["appointment_id"]},
    )
    assert send_due(clock(12)) == SendCounts(sent=1, later=1)
    assert row(change_of_time).status == MessageStatus.SENT
    kept = row(message)
    assert (kept.not_before, kept.failure) == (clock(8, 2), "frequency_cap")
    with reading() as db:
        [event] = db.exec(select(AuditEvent).where(AuditEvent.action == "message.waits")).all()
    assert event.details == {"why": "frequency_cap"}


@pytest.mark.parametrize(("email", "left"), [("alex@example.org", [MessageChannel.EMAIL] * 2), (None, [])])
def test_stop_turns_planned_text_reminders_into_emails_or_a_call(
    home: Path, email: str | None, left: list[MessageChannel]
) -> None:
    patient = make_patient(preferred_channel="sms", phone="+15035550188", email=email)
    make_visit(make_care(patient=patient), hours_ahead=150)
    queue_reminders.fn(datetime.now(UTC).date())
    assert hear_text_message("+15035550188", TherapyText("STOP"))
    with reading() as db:
        queued = db.exec(select(OutboxMessage).where(OutboxMessage.status == MessageStatus.QUEUED)).all()
    assert [each.channel for each in queued] == left
    assert len(to_dos()) == (0 if email else 1)
