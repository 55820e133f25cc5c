"""Which room of its place a session in the office is held in."""

from sqlmodel import Session, select

from acts.calendar_book import as_agreed, read_book
from models.codes import Modality
from models.operational import Appointment, Episode, Location, Referral, Room
from rules.calendars import free_room


def take_room(db: Session, appointment: Appointment) -> None:
    """Give a new session in the office a free room that suits the patient, where its place has rooms on record.

    Where none is free it is booked without one, as it is when a place keeps no rooms; the calendar shows that.
    """
    if appointment.modality != Modality.OFFICE:
        return
    place = appointment.location_id
    if db.exec(select(Room.id).where(Room.location_id == place)).first() is None:
        return
    db.exec(select(Location.id).where(Location.id == place).with_for_update()).one()  # two would take the same room
    wanted = as_agreed(appointment)
    book = read_book(
        db,
        clinician_ids=[appointment.clinician_id],
        location_ids=[place],
        from_utc=wanted.at.starts_at,
        to_utc=wanted.at.ends_at,
    )
    appointment.room_id = free_room(wanted, book.around(wanted), needs_accessible(db, appointment.case_number))
    db.add(appointment)


def needs_accessible(db: Session, case_number: str) -> bool:
    """Whether the referral that this care began with asks for a place without a step."""
    episode = db.get(Episode, case_number)
    referral = db.get(Referral, episode.opened_by if episode else case_number)
    return referral is not None and referral.needs_accessible
