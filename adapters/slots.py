"""Turns weekly availability into bookable slots."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, select

from adapters.operational_store import audit, writing
from models.columns import utc_now
from models.operational import Availability, Location, Slot

BREAK_MINUTES = 10
"""Time between two slots for notes and for changing rooms."""


def extend_slots(until: date) -> int:
    """Open every slot of the weekly availability from now to the end of that day; returns how many are new.

    A slot that exists stays as it is, whatever its status, so calling again changes nothing. The public
    holidays of the location's state are left out.
    """
    with writing() as db:
        places = {place.id: place for place in db.exec(select(Location)).all()}
        rules = db.exec(select(Availability)).all()
        now = utc_now()
        wanted = [slot for rule in rules for slot in _slots_of(rule, places[rule.location_id], now, until)]
        added = _add_missing(db, wanted)
        if added:
            audit(db, "system", "slots.opened", ("slot", "all"), count=added, until=until.isoformat())
        return added


def _add_missing(db: Session, wanted: list[dict[str, object]]) -> int:
    before = db.scalar(sa.select(sa.func.count()).select_from(Slot)) or 0
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    if wanted:
        db.connection().execute(insert(Slot).on_conflict_do_nothing(), wanted)
    return (db.scalar(sa.select(sa.func.count()).select_from(Slot)) or 0) - before


def _slots_of(rule: Availability, place: Location, now: datetime, until: date) -> Iterator[dict[str, object]]:
    zone = ZoneInfo(place.time_zone)
    day = now.astimezone(zone).date()
    while day <= until:
        if day.weekday() == rule.weekday and day not in _holidays_of(place.state, day.year):
            yield from _slots_of_day(rule, zone, day, now)
        day += timedelta(days=1)


def _slots_of_day(rule: Availability, zone: ZoneInfo, day: date, now: datetime) -> Iterator[dict[str, object]]:
    """Counted in elapsed minutes, so that a slot lasts its length on the day the clocks change too."""
    starts = datetime.combine(day, rule.starts, zone).astimezone(UTC)
    closing = datetime.combine(day, rule.ends, zone).astimezone(UTC)
    while starts + timedelta(minutes=rule.minutes) <= closing:
        if starts > now:
            yield {
                "id": f"SL-{rule.clinician_id}-{starts:%Y%m%d%H%M}",
                "clinician_id": rule.clinician_id,
                "location_id": rule.location_id,
                "starts_at": starts,
                "minutes": rule.minutes,
                "modality": rule.modality,
            }
        starts += timedelta(minutes=rule.minutes + BREAK_MINUTES)


@cache
def _holidays_of(state: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("US", subdiv=state, years=year))
