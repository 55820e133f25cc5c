"""Moves one booked session to another free time of its clinician."""

from sqlmodel import Session, select

from acts.appointments import end_appointment
from acts.booking import agreed_modality, revoke_offers, take_slot, tell_of_booking
from acts.patient_messages import tell_patient
from acts.reminders import STANDING, plan_for
from acts.session_rooms import take_room
from adapters.operational_store import CaseRecord, audit
from models.codes import MessageChannel
from models.columns import new_id, utc_now
from models.operational import Appointment
from rules import scheduling


def move_appointment(db: Session, case: CaseRecord, old: Appointment, slot_id: str, actor: str) -> Appointment:
    """Book this time instead of the old one, which is cancelled in the same transaction; the patient is told.

    Moving an appointment that was moved already gives what it was moved to. Raises MovedOn when the time is gone, and
    then the old one stands; NotAllowed when the time is another clinician's.
    """
    if (replaced := replacement_of(db, old.id)) is not None:
        return replaced
    stood = old.status in STANDING
    if stood:
        end_appointment(db, old, scheduling.outcome_of_cancellation(utc_now(), old.starts_at), actor)
    slot = take_slot(db, case, slot_id)
    audit(db, actor, "slot.booked", slot, case.case_number)
    new = Appointment(
        id=new_id("AT"),
        case_number=case.case_number,
        patient_id=old.patient_id,
        clinician_id=slot.clinician_id,
        location_id=slot.location_id,
        slot_id=slot.id,
        replaces_id=old.id,
        starts_at=slot.starts_at,
        minutes=slot.minutes,
        modality=agreed_modality(slot.modality, old.modality),
    )
    take_room(db, new)
    db.add(new)
    db.flush()
    audit(db, actor, "appointment.moved", new, case.case_number, replaces=old.id)
    revoke_offers(db, slot, why="slot_taken")
    tell_of_move(db, case, old if stood else None, new)
    return new


def replacement_of(db: Session, appointment_id: str) -> Appointment | None:
    """What this appointment was moved to, if it was."""
    return db.exec(select(Appointment).where(Appointment.replaces_id == appointment_id)).first()


def tell_of_move(db: Session, case: CaseRecord, old: Appointment | None, new: Appointment) -> None:
    """Tell the patient of a new time, and plan its reminders; ``old`` is what it replaces, where that still stood.

    By email the old time is taken out of the patient's calendar too; a second text message would say nothing
    new.
    """
    channel = tell_of_booking(db, case, new, "booking_moved" if old else "booking_confirmed")
    if channel is None:
        return
    if old is not None and channel == MessageChannel.EMAIL:
        facts = {"appointment_id": old.id}
        tell_patient(db, case, "booking_cancelled", unique_key=f"cancelled:{old.id}", facts=facts)
    plan_for(db, [new], utc_now())
