"""How the sessions of ongoing care went: recorded by a person, or seen from the session's own record."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from acts.appointments import end_appointment
from acts.reminders import STANDING
from adapters.operational_store import one, set_statuses, writing
from models.codes import AppointmentStatus, Role, ToDoKind, ToDoOutcome, ToDoStatus
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import Appointment, Episode, SessionNote, Staff, ToDo

ASK_KEY = "outcome:"
ENDS = {ToDoOutcome.ATTENDED: AppointmentStatus.ATTENDED, ToDoOutcome.NO_SHOW: AppointmentStatus.NO_SHOW}
WHO_RECORDS = (Role.COORDINATOR, Role.CLINICIAN, Role.ADMIN)


def record_visit(appointment_id: str, *, staff_id: str, outcome: ToDoOutcome) -> None:
    """Record attended or no-show of a session of ongoing care; nobody is asked then. Raises NotAllowed, MovedOn."""
    with writing() as db:
        appointment = one(db, Appointment, appointment_id)
        staff = one(db, Staff, staff_id)
        if not staff.active or staff.role not in WHO_RECORDS:
            raise NotAllowed("a coordinator or clinician does this")
        if appointment.location_id not in staff.location_ids:
            raise NotAllowed("the session belongs to another location")
        one(db, Episode, appointment.case_number)
        end_visit(db, appointment, outcome, staff_id)


def end_visit(db: Session, appointment: Appointment, outcome: ToDoOutcome, actor: str) -> None:
    """The same in the caller's transaction, for whoever may; raises NotAllowed before the session begins."""
    if appointment.status not in STANDING:
        raise MovedOn(f"appointment {appointment.id} does not stand any more")
    if appointment.starts_at > utc_now():
        raise NotAllowed("the session has not begun yet")
    end_appointment(db, appointment, ENDS[outcome], actor)
    _end_questions(db, [appointment], actor)


def ended_visit(db: Session, to_do: ToDo) -> Appointment | None:
    """The session of ongoing care that this to-do asks about, if it asks about one."""
    if to_do.kind != ToDoKind.RECORD_OUTCOME or db.get(Episode, to_do.case_number) is None:
        return None
    return one(db, Appointment, to_do.unique_key.removeprefix(ASK_KEY))


def end_as_held(db: Session, shown: Mapping[str, str], now: datetime) -> int:
    """Mark attended what the session records of this mapping (appointment id → session number) show was held.

    In the caller's transaction and in a fixed number of queries; returns how many still stood.
    """
    found = db.exec(
        select(Appointment).where(col(Appointment.id).in_(list(shown)), col(Appointment.status).in_(STANDING))
    ).all()
    numbers = [shown[each.id] for each in found]
    sessions = db.exec(select(SessionNote).where(col(SessionNote.case_number).in_(numbers))).all()
    by_number = {session.case_number: session for session in sessions}
    for appointment in found:
        appointment.changed_at = now
        by_number[shown[appointment.id]].appointment_id = appointment.id  # so that it shows no other one
    db.add_all(sessions)
    set_statuses(db, found, AppointmentStatus.ATTENDED, "system", why="session_on_record")
    _end_questions(db, found, "system")
    return len(found)


def _end_questions(db: Session, appointments: Sequence[Appointment], actor: str) -> None:
    """Nobody is asked any more how these went."""
    keys = [f"{ASK_KEY}{each.id}" for each in appointments]
    open_ones = db.exec(
        select(ToDo).where(col(ToDo.unique_key).in_(keys), col(ToDo.status).in_((ToDoStatus.OPEN, ToDoStatus.CLAIMED)))
    ).all()
    set_statuses(db, open_ones, ToDoStatus.SUPERSEDED, actor)
