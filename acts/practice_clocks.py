"""The practice's own figures, read from the database; what is not set is the shipped default."""

import json
from dataclasses import fields, replace
from datetime import date, time, timedelta
from functools import cache
from typing import Any

import holidays
from sqlmodel import Session

from models.columns import utc_now
from models.operational import PracticeSetting
from rules.clocks import ClockPolicy

CLOCKS = "clocks"


def clock_policy(db: Session) -> ClockPolicy:
    """The practice's clocks, with the public holidays around now; unknown names in the setting raise ValueError."""
    today = utc_now().date()
    policy = ClockPolicy(holidays=public_holidays(today - timedelta(days=7), today + timedelta(days=90)))
    stored = db.get(PracticeSetting, CLOCKS)
    if stored is None:
        return policy
    values = json.loads(stored.value)
    known = {field.name for field in fields(ClockPolicy)}
    if unknown := set(values) - known:
        raise ValueError(f"unknown clock settings: {', '.join(sorted(unknown))}")
    read: dict[str, Any] = {
        name: time.fromisoformat(value) if isinstance(getattr(policy, name), time) else value
        for name, value in values.items()
    }
    return replace(policy, **read)


@cache
def public_holidays(first: date, last: date) -> frozenset[date]:
    """The federal holidays of the United States between two dates (package ``holidays``)."""
    table = holidays.country_holidays("US", years=range(first.year, last.year + 1))
    return frozenset(day for day in table if first <= day <= last)
