"""Sessions of ongoing care whose time has passed: what their records show, and whom to ask about the others."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from acts.practice_clocks import clock_policy
from acts.reminders import STANDING
from acts.visits import ASK_KEY, end_as_held
from adapters import operational_store as store
from models.codes import Role, ToDoKind
from models.columns import new_id
from models.operational import Appointment, Episode, Location, SessionNote, ToDo
from rules import attendance, clocks
from rules.attendance import HeldSession, PastVisit

ON_RECORD_WITHIN = timedelta(hours=36)
"""How long after its start a session may take to be on record before somebody is asked: the next night's export."""
LOOK_BACK = timedelta(days=60)
AT_ONCE = 500


def end_held(now: datetime) -> int:
    """Mark attended every session of ongoing care that its own record shows was held; returns how many."""
    with store.reading() as db:
        shown = attendance.held(*_past(db, now))
    ids = sorted(shown)
    ended = 0
    for start in range(0, len(ids), AT_ONCE):
        with store.writing() as db:
            ended += end_as_held(db, {each: shown[each] for each in ids[start : start + AT_ONCE]}, now)
    return ended


def _past(db: Session, now: datetime) -> tuple[list[PastVisit], list[HeldSession]]:
    """What stands and has begun, with the sessions on record of the same patient and clinician that show no other."""
    zones = {place.id: place.time_zone for place in db.exec(select(Location)).all()}
    rows = db.exec(
        select(Appointment, SessionNote)
        .join(Episode, col(Episode.case_number) == col(Appointment.case_number))
        .join(
            SessionNote,
            (col(SessionNote.patient_id) == col(Appointment.patient_id))
            & (col(SessionNote.clinician_id) == col(Appointment.clinician_id))
            & (col(SessionNote.started_at) > now - LOOK_BACK),
        )
        .where(
            col(Appointment.status).in_(STANDING),
            col(Appointment.starts_at) < now,
            col(Appointment.starts_at) > now - LOOK_BACK,
        )
    ).all()
    visits = {
        each.id: PastVisit(each.id, each.patient_id, each.clinician_id, each.starts_at, zones[each.location_id])
        for each, _ in rows
    }
    sessions = {
        each.case_number: HeldSession(
            each.case_number, each.patient_id, each.clinician_id, each.started_at, each.appointment_id
        )
        for _, each in rows
    }
    return list(visits.values()), list(sessions.values())


def ask_about_others(now: datetime) -> int:
    """Open a coordinator's to-do for each session of ongoing care that nothing shows was held; returns how many."""
    asked = 0
    with store.reading() as db:
        found = _unasked(db, now)
    while found:
        with store.writing() as db:
            due_at = clocks.to_do_due(ToDoKind.RECORD_OUTCOME, now, clock_policy(db))
            asked += store.open_to_dos(db, [_question(each, due_at) for each in found])
            found = _unasked(db, now)
    return asked


def _unasked(db: Session, now: datetime) -> list[Appointment]:
    known = select(ToDo.id).where(ToDo.unique_key == ASK_KEY + col(Appointment.id)).exists()
    return list(
        db.exec(
            select(Appointment)
            .join(Episode, col(Episode.case_number) == col(Appointment.case_number))
            .where(
                col(Appointment.status).in_(STANDING),
                col(Appointment.starts_at) < now - ON_RECORD_WITHIN,
                ~known,
            )
            .order_by(col(Appointment.starts_at))
            .limit(AT_ONCE)
        ).all()
    )


def _question(appointment: Appointment, due_at: datetime) -> ToDo:
    return ToDo(
        id=new_id("TD"),
        unique_key=f"{ASK_KEY}{appointment.id}",
        case_number=appointment.case_number,
        kind=ToDoKind.RECORD_OUTCOME,
        role=Role.COORDINATOR,
        location_id=appointment.location_id,
        due_at=due_at,
    )
