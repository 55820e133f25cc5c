"""Sends what is due, after asking once more whether each message to a patient may still leave."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from acts.practice_clocks import message_policy
from acts.reminders import STANDING, TEMPLATE, accepts_texts, wish_of
from adapters import outbox
from adapters.held_places import is_held
from adapters.operational_store import one_case, reading
from adapters.outbox import NotYet, SendCounts, Unwanted
from models.codes import MessageStatus
from models.operational import Appointment, Location, OutboxMessage, Patient, ReminderPreference, Slot
from models.standing import TEMPLATES
from rules.messaging import SENDING_HOURS
from rules.outgoing import CAPPED, WEEK, DropReason, MessagePolicy, Outgoing, may_leave

CALLED_ABOUT = (DropReason.SMS_STOPPED, DropReason.NO_CONSENT_TO_TEXTS)
"""Dropped messages whose words somebody has to say instead; the others are not true or not needed any more."""


HELD = "workflow_held"
"""Why a message waits whose workflow is held at its location; it is looked at again as soon as that goes on."""
LOOK_AGAIN = timedelta(hours=12)


def send_due(now: datetime, limit: int = 50) -> SendCounts:
    """Send up to ``limit`` queued messages whose time has come, each asked about at this moment."""
    with reading() as db:
        policy = message_policy(db)
    return outbox.send_due(now, limit, lambda db, message, patient, at: _ask(db, message, patient, at, policy))


def _ask(db: Session, message: OutboxMessage, patient: Patient, now: datetime, policy: MessagePolicy) -> None:
    """Raises Unwanted or NotYet with the rule's reason."""
    answer = may_leave(_outgoing(db, message, patient, now), now, policy)
    if answer.dropped is not None:
        raise Unwanted(answer.dropped.value, call=answer.dropped in CALLED_ABOUT)
    workflow = TEMPLATES.get(message.template)
    if workflow is not None and is_held(db, workflow, _place_of(db, message)):
        raise NotYet(HELD, now + LOOK_AGAIN)
    if answer.waits is not None and answer.until is not None:
        raise NotYet(answer.waits.value, answer.until)


def _outgoing(db: Session, message: OutboxMessage, patient: Patient, now: datetime) -> Outgoing:
    preference = db.get(ReminderPreference, patient.id)
    is_reminder = message.template == TEMPLATE and "appointment_id" in message.facts
    promised = message.facts.get("starts_at")
    hours = wish_of(preference).hours_of_day if is_reminder else None
    return Outgoing(
        template=message.template,
        channel=message.channel,
        zone=patient.time_zone or _zone_of_case(db, message),
        accepts_texts=accepts_texts(patient, preference),
        sms_stopped=patient.sms_stopped_at is not None,
        forgotten=patient.forgotten_at is not None,
        sent=_sent(db, patient.id, now) if message.template in CAPPED else (),
        hours=_inside(hours),
        is_reminder=is_reminder,
        starts_at=_stands_at(db, message.facts["appointment_id"]) if is_reminder else None,
        promised=datetime.fromisoformat(promised) if is_reminder and promised else None,
    )


def _place_of(db: Session, message: OutboxMessage) -> str:
    """The location a message is about: its appointment's or time's, else its case's."""
    if appointment := db.get(Appointment, message.facts.get("appointment_id", "")):
        return appointment.location_id
    if slot := db.get(Slot, message.facts.get("slot_id", "")):
        return slot.location_id
    return str(one_case(db, message.case_number or "").location_id)


def _zone_of_case(db: Session, message: OutboxMessage) -> str:
    case = one_case(db, message.case_number or "")
    return db.get_one(Location, case.location_id).time_zone


def _inside(hours: tuple[int, int] | None) -> tuple[int, int]:
    """The patient's own hours as far as they lie in sending hours; where they do not, sending hours are kept."""
    if hours is None:
        return SENDING_HOURS
    opens, closes = max(hours[0], SENDING_HOURS[0]), min(hours[1], SENDING_HOURS[1])
    return (opens, closes) if opens < closes else SENDING_HOURS


def _stands_at(db: Session, appointment_id: str) -> datetime | None:
    appointment = db.get(Appointment, appointment_id)
    return appointment.starts_at if appointment is not None and appointment.status in STANDING else None


def _sent(db: Session, patient_id: str, now: datetime) -> Sequence[datetime]:
    found = db.exec(
        select(func.coalesce(OutboxMessage.sent_at, OutboxMessage.not_before)).where(
            OutboxMessage.to_patient_id == patient_id,
            col(OutboxMessage.not_before) > now - WEEK,
            OutboxMessage.status == MessageStatus.SENT,
        )
    ).all()
    return list(found)
