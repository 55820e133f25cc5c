"""How many minutes of staff's work the finished to-dos took, by the practice's idle cap."""

from collections.abc import Collection
from datetime import datetime

from sqlmodel import col, select

from acts.practice_clocks import admin_time_policy
from adapters.operational_store import reading
from models.codes import ToDoStatus
from models.operational import ToDo
from rules.admin_time import DoneTask, admin_minutes


def idle_cap() -> int:
    """From how many minutes on a to-do is taken to have lain."""
    with reading() as db:
        return admin_time_policy(db).idle_cap_minutes


def minutes_of(to_do: ToDo) -> float | None:
    """The minutes counted for one to-do; None while it is not done."""
    if to_do.status != ToDoStatus.DONE or to_do.claimed_at is None or to_do.done_at is None:
        return None
    with reading() as db:
        return admin_minutes([DoneTask(to_do.claimed_at, to_do.done_at)], admin_time_policy(db))


def minutes_in(location_ids: Collection[str], since: datetime, until: datetime) -> float:
    """The minutes counted for all to-dos finished at these locations in [since, until)."""
    with reading() as db:
        found = db.exec(
            select(ToDo.claimed_at, ToDo.done_at).where(
                ToDo.status == ToDoStatus.DONE,
                col(ToDo.location_id).in_(location_ids),
                col(ToDo.done_at) >= since,
                col(ToDo.done_at) < until,
            )
        ).all()
        policy = admin_time_policy(db)
    return admin_minutes([DoneTask(taken, done) for taken, done in found if taken and done], policy)
