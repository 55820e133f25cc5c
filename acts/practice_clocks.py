"""The practice's own figures, read from the database; what is not set is the shipped default."""

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date, time, timedelta
from functools import cache
from typing import Any, TypeVar

import holidays
from sqlmodel import Session

from models.columns import utc_now
from models.operational import PracticeSetting
from rules.admin_time import AdminTimePolicy
from rules.assignment_sign_off import AssignmentPolicy
from rules.clocks import ClockPolicy
from rules.outgoing import MessagePolicy
from rules.reclaimed_time import HourlyValue
from rules.reminders import ReminderPolicy
from rules.standing import LockPolicy

CLOCKS = "clocks"
REMINDERS = "reminders"
MESSAGES = "messages"
ADMIN_TIME = "admin_time"
LOCK = "lock"
ASSIGNMENTS = "assignments"
HOURLY_VALUE = "hourly_value"
Figures = TypeVar(
    "Figures", ClockPolicy, ReminderPolicy, MessagePolicy, AdminTimePolicy, LockPolicy, AssignmentPolicy, HourlyValue
)


def clock_policy(db: Session) -> ClockPolicy:
    """The practice's clocks, with the public holidays around now; unknown names in the setting raise ValueError."""
    today = utc_now().date()
    policy = ClockPolicy(holidays=public_holidays(today - timedelta(days=7), today + timedelta(days=90)))
    return _as_set(db, CLOCKS, policy)


def reminder_policy(db: Session) -> ReminderPolicy:
    """The practice's plan of reminders; raises ValueError for an unknown name or a figure that cannot be."""
    return _as_set(db, REMINDERS, ReminderPolicy())


def reminder_policy_with(db: Session, values: Mapping[str, Any]) -> ReminderPolicy:
    """The practice's plan with some figures of it changed; raises ValueError likewise."""
    return _changed(reminder_policy(db), REMINDERS, values)


def message_policy(db: Session) -> MessagePolicy:
    """How often the practice writes to a patient; raises ValueError likewise."""
    return _as_set(db, MESSAGES, MessagePolicy())


def admin_time_policy(db: Session) -> AdminTimePolicy:
    """From when on the practice counts a task as idle; raises ValueError likewise."""
    return _as_set(db, ADMIN_TIME, AdminTimePolicy())


def lock_policy(db: Session) -> LockPolicy:
    """The limits that a workflow must keep to run by itself; raises ValueError likewise."""
    return _as_set(db, LOCK, LockPolicy())


def assignment_policy(db: Session) -> AssignmentPolicy:
    """From when on an assignment needs no signature at the level live; raises ValueError likewise."""
    return _as_set(db, ASSIGNMENTS, AssignmentPolicy())


def hourly_value(db: Session) -> HourlyValue:
    """What the practice says an hour of work is worth; nothing where it has not said; raises ValueError likewise."""
    return _as_set(db, HOURLY_VALUE, HourlyValue())


def _as_set(db: Session, setting: str, shipped: Figures) -> Figures:
    """The shipped figures with those in their place that the practice has set."""
    stored = db.get(PracticeSetting, setting)
    if stored is None:
        return shipped
    return _changed(shipped, setting, json.loads(stored.value))


def _changed(shipped: Figures, setting: str, values: Mapping[str, Any]) -> Figures:
    known = {field.name for field in fields(shipped)}
    if unknown := set(values) - known:
        raise ValueError(f"unknown {setting} settings: {', '.join(sorted(unknown))}")
    return replace(shipped, **{name: _like(getattr(shipped, name), value) for name, value in values.items()})


def _like(shipped: Any, value: Any) -> Any:
    """A figure of JSON as the policy holds it: times from text, tuples from lists."""
    if isinstance(shipped, time):
        return time.fromisoformat(value)
    if isinstance(shipped, tuple):
        return tuple(tuple(each) if isinstance(each, list) else each for each in value)
    return value


@cache
def public_holidays(first: date, last: date) -> frozenset[date]:
    """The federal holidays of the United States between two dates (package ``holidays``)."""
    table = holidays.country_holidays("US", years=range(first.year, last.year + 1))
    return frozenset(day for day in table if first <= day <= last)
