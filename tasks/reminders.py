"""The night's reminders: every standing appointment of the coming days has its plan."""

from datetime import UTC, date, datetime, time, timedelta

from sqlmodel import Session, col, or_, select

from acts import reminders
from acts.reminders import STANDING
from adapters import operational_store as store
from adapters.held_places import not_held
from models.columns import utc_now
from models.governance_codes import Workflow
from models.operational import Appointment
from tasks.steps import step

AT_ONCE = 1_000
"""Appointments in one transaction: what a kill undoes, and what other writers wait for."""


@step("queue reminders")
def queue_reminders(night: date, location_id: str = "all") -> dict[str, int]:
    """Plan the reminders of every standing appointment up to the days ahead of this night that has no plan for its
    present start; again changes nothing. First notes what has worked so far. Returns counts.
    """
    now = utc_now()
    with store.writing() as db:
        reminders.note_what_worked(db, now)
        days = reminders.figures(db).reminders.ahead_days
    ahead = timedelta(days=days)
    until = min(now + ahead, datetime.combine(night, time(), UTC) + timedelta(days=1) + ahead)
    counts = {"planned": 0, "reminders": 0, "calls": 0}
    last = ""
    while True:
        with store.writing() as db:
            found = _unplanned(db, location_id, now, until, last)
            if not found:
                return counts
            planned = reminders.plan_for(db, found, now)
        last = found[-1].id
        counts["planned"] += planned.appointments
        counts["reminders"] += planned.messages
        counts["calls"] += planned.calls


def _unplanned(db: Session, location_id: str, now: datetime, until: datetime, after: str) -> list[Appointment]:
    """The next appointments, by id, whose reminders were never planned or for another start."""
    query = select(Appointment).where(
        col(Appointment.status).in_(STANDING),
        col(Appointment.starts_at) > now,
        col(Appointment.starts_at) < until,
        or_(col(Appointment.reminders_for).is_(None), Appointment.reminders_for != Appointment.starts_at),
        Appointment.id > after,
        not_held(Workflow.SCHEDULING, Appointment.location_id),
    )
    if location_id != "all":
        query = query.where(Appointment.location_id == location_id)
    return list(db.exec(query.order_by(col(Appointment.id)).limit(AT_ONCE)).all())
