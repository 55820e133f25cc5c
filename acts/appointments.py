"""Ends of a booked session: attended, missed, cancelled, or released because its case goes another way."""

from datetime import UTC
from typing import Any

from sqlalchemy import or_, update
from sqlmodel import Session, col, select

from acts.patient_messages import tell_patient
from acts.reminders import STANDING, TEMPLATE
from acts.waitlist_offers import after_end
from adapters.operational_store import CaseRecord, audit, set_status
from adapters.slots import fit_freed_slots
from adapters.undelivered import ask_for_a_call
from models.codes import AppointmentStatus, MessageStatus, SlotStatus
from models.columns import utc_now
from models.operational import Appointment, OutboxMessage, Referral, Slot


def standing_appointment(db: Session, case_number: str) -> Appointment | None:
    """The booked or confirmed session of a case that is soonest, if there is one."""
    return db.exec(
        select(Appointment)
        .where(Appointment.case_number == case_number, col(Appointment.status).in_(STANDING))
        .order_by(col(Appointment.starts_at))
    ).first()


def end_appointment(db: Session, appointment: Appointment, to: AppointmentStatus, actor: str) -> None:
    """Record how an appointment ended and drop its reminders; a cancelled one frees its time where it is to come.

    What a recurring appointment took was no bookable time: it becomes one, so that somebody who waits can have it.
    """
    now = utc_now()
    appointment.changed_at = now
    set_status(db, appointment, to, actor)
    drop_reminders(db, appointment, actor)
    cancelled = to in (AppointmentStatus.CANCELLED, AppointmentStatus.LATE_CANCELLED)
    if cancelled and appointment.starts_at > now:
        _free_its_time(db, appointment, actor)
        fit_freed_slots(db, appointment, actor)
    after_end(db, appointment, actor)


def _free_its_time(db: Session, appointment: Appointment, actor: str) -> None:
    """Open the bookable time of a cancelled appointment, for whoever waits."""
    slot_id = appointment.slot_id or _slot_of_its_time(db, appointment)
    freed = db.exec(
        update(Slot)
        .where(col(Slot.id) == slot_id, *_frees(appointment))
        .values(status=SlotStatus.OPEN, case_number=None)
        .execution_options(synchronize_session="fetch")
    )
    if freed.rowcount:
        audit(db, actor, "slot.freed", ("slot", slot_id), appointment.case_number)


def _frees(appointment: Appointment) -> tuple[Any, ...]:
    """In which state a slot is freed: its own is booked; one beside a recurring appointment was closed for it."""
    if appointment.slot_id is not None:
        return (col(Slot.status) == SlotStatus.BOOKED,)
    theirs = or_(col(Slot.case_number).is_(None), col(Slot.case_number) == appointment.case_number)
    return (col(Slot.status).in_((SlotStatus.CLOSED, SlotStatus.BOOKED)), theirs)


def _slot_of_its_time(db: Session, appointment: Appointment) -> str:
    """The slot at the time of an appointment that had none; where there is none either, one is made, still closed."""
    found = db.exec(
        select(Slot.id).where(
            Slot.clinician_id == appointment.clinician_id, col(Slot.starts_at) == appointment.starts_at
        )
    ).first()
    if found is not None:
        return found
    slot = Slot(
        id=f"SL-{appointment.clinician_id}-{appointment.starts_at.astimezone(UTC):%Y%m%d%H%M}",
        clinician_id=appointment.clinician_id,
        location_id=appointment.location_id,
        starts_at=appointment.starts_at,
        minutes=appointment.minutes,
        modality=appointment.modality,
        status=SlotStatus.CLOSED,
    )
    db.add(slot)
    db.flush()
    return slot.id


def drop_reminders(db: Session, appointment: Appointment, actor: str) -> None:
    """Reminders of an appointment that no longer stands must not leave; those of the case's others stay."""
    for message in db.exec(
        select(OutboxMessage).where(
            OutboxMessage.case_number == appointment.case_number,
            OutboxMessage.template == TEMPLATE,
            OutboxMessage.status == MessageStatus.QUEUED,
        )
    ).all():
        if message.facts.get("appointment_id") in (appointment.id, None):
            set_status(db, message, MessageStatus.DROPPED, actor, why="appointment_not_standing")


def release_if_booked(db: Session, referral: Referral, actor: str) -> None:
    """Cancel the standing appointment of a case that is stopped or rerouted; the patient is told, lest they come."""
    appointment = standing_appointment(db, referral.case_number)
    if appointment is None:
        return
    end_appointment(db, appointment, AppointmentStatus.CANCELLED, actor)
    if appointment.starts_at > utc_now():
        tell_of_cancellation(db, referral, appointment)


def tell_of_cancellation(db: Session, case: CaseRecord, appointment: Appointment) -> None:
    """Tell a patient, who may not know of it, that their appointment is cancelled; else somebody calls."""
    facts = {"appointment_id": appointment.id}
    told = tell_patient(db, case, "booking_cancelled", unique_key=f"cancelled:{appointment.id}", facts=facts)
    if told is None:
        ask_for_a_call(db, case, f"booking_cancelled:{appointment.id}")
