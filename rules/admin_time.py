"""How much of staff's time a task took: from taking it to finishing it, idle time capped."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class AdminTimePolicy:
    """From how many minutes on a task is taken to have lain: what is beyond is not counted as work."""

    idle_cap_minutes: int = 30

    def __post_init__(self) -> None:
        if self.idle_cap_minutes < 1:
            raise ValueError("the idle cap is at least one minute")


@dataclass(frozen=True)
class DoneTask:
    """When one person took a task and when they finished it."""

    claimed_at: datetime
    done_at: datetime


def admin_minutes(tasks: Iterable[DoneTask], policy: AdminTimePolicy) -> float:
    """The minutes of work in these tasks, each from taken to done and none longer than the cap; machine time is none.

    A task that was finished without being taken counts nothing. ``ValueError`` for one that ends before it begins.
    """
    return sum(_minutes(task, policy) for task in tasks)


def _minutes(task: DoneTask, policy: AdminTimePolicy) -> float:
    spent = (task.done_at - task.claimed_at).total_seconds() / 60
    if spent < 0:
        raise ValueError("a task cannot be finished before it was taken")
    return min(spent, policy.idle_cap_minutes)


def admin_hours_per_patient(tasks: Iterable[DoneTask], patients: int, policy: AdminTimePolicy) -> float | None:
    """Hours of task work for each distinct patient active in the period; None when there was none."""
    return admin_minutes(tasks, policy) / 60 / patients if patients else None
