"""Ends of a booked first session: attended, missed, or released because its case goes another way."""

from sqlalchemy import update
from sqlmodel import Session, col, select

from acts.patient_messages import tell_patient
from acts.waitlist_offers import after_end
from adapters.operational_store import audit, set_status
from adapters.slots import fit_freed_slots
from adapters.undelivered import ask_for_a_call
from models.codes import AppointmentStatus, MessageStatus, SlotStatus
from models.columns import utc_now
from models.operational import Appointment, OutboxMessage, Referral, Slot

STANDING = (AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED)


def standing_appointment(db: Session, case_number: str) -> Appointment | None:
    """The booked or confirmed first session of a case, if there is one."""
    return db.exec(
        select(Appointment).where(Appointment.case_number == case_number, col(Appointment.status).in_(STANDING))
    ).first()


def end_appointment(db: Session, appointment: Appointment, to: AppointmentStatus, actor: str) -> None:
    """Record how an appointment ended and drop its reminders; a cancelled one frees a slot that is still to come."""
    now = utc_now()
    appointment.changed_at = now
    set_status(db, appointment, to, actor)
    drop_reminders(db, appointment.case_number, actor)
    cancelled = to in (AppointmentStatus.CANCELLED, AppointmentStatus.LATE_CANCELLED)
    if cancelled and appointment.starts_at > now and appointment.slot_id is not None:
        freed = db.exec(
            update(Slot)
            .where(col(Slot.id) == appointment.slot_id, col(Slot.status) == SlotStatus.BOOKED)
            .values(status=SlotStatus.OPEN, case_number=None)
        )
        if freed.rowcount:
            audit(db, actor, "slot.freed", ("slot", appointment.slot_id), appointment.case_number)
    if cancelled and appointment.starts_at > now:
        fit_freed_slots(db, appointment, actor)
    after_end(db, appointment, actor)


def drop_reminders(db: Session, case_number: str, actor: str) -> None:
    """Reminders of an appointment that no longer stands must not leave."""
    for message in db.exec(
        select(OutboxMessage).where(
            OutboxMessage.case_number == case_number,
            OutboxMessage.template == "appointment_reminder",
            OutboxMessage.status == MessageStatus.QUEUED,
        )
    ).all():
        set_status(db, message, MessageStatus.DROPPED, actor)


def release_if_booked(db: Session, referral: Referral, actor: str) -> None:
    """Cancel the standing appointment of a case that is stopped or rerouted; the patient is told, lest they come."""
    appointment = standing_appointment(db, referral.case_number)
    if appointment is None:
        return
    end_appointment(db, appointment, AppointmentStatus.CANCELLED, actor)
    if appointment.starts_at > utc_now():
        told = tell_patient(
            db,
            referral,
            "booking_cancelled",
            unique_key=f"cancelled:{appointment.id}",
            facts={"appointment_id": appointment.id},
        )
        if told is None:
            ask_for_a_call(db, referral, f"booking_cancelled:{appointment.id}")
