"""Turns weekly availability into bookable slots."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from adapters.operational_store import audit, writing
from models.codes import SlotStatus
from models.columns import utc_now
from models.operational import Availability, Location, Slot

BREAK_MINUTES = 10
"""Time between two slots for notes and for changing rooms."""
AHEAD = timedelta(weeks=6)
"""How far from now times are opened."""

Times = dict[tuple[str, datetime], dict[str, Any]]
"""The columns of each slot that weekly hours make, by clinician and start."""


def extend_slots(until: date) -> int:
    """Open every slot of the weekly availability from now to the end of that day; returns how many are new.

    A slot that exists stays as it is, whatever its status, so calling again changes nothing. The public
    holidays of the location's state are left out, and what overlaps a time that is booked: hours that changed
    would offer it, and nobody could take it.
    """
    with writing() as db:
        return open_slots(db, until)


def open_slots(db: Session, until: date) -> int:
    """The same in the caller's transaction."""
    now = utc_now()
    booked = _booked(db, now)
    wanted = [
        slot
        for (clinician_id, _), slot in weekly_times(db, now, until).items()
        if not any(_overlap(slot, taken) for taken in booked[clinician_id])
    ]
    added = _add_missing(db, wanted)
    if added:
        audit(db, "system", "slots.opened", ("slot", "all"), count=added, until=until.isoformat())
    return added


def weekly_times(db: Session, now: datetime, until: date) -> Times:
    """Every slot that the weekly hours on record make from now to the end of that day."""
    places = {place.id: place for place in db.exec(select(Location)).all()}
    found: Times = {}
    for rule in db.exec(select(Availability).order_by(col(Availability.id))).all():
        for slot in _slots_of(rule, places[rule.location_id], now, until):
            found.setdefault((slot["clinician_id"], slot["starts_at"]), slot)
    return found


def _booked(db: Session, now: datetime) -> dict[str, list[Slot]]:
    taken: dict[str, list[Slot]] = defaultdict(list)
    for slot in db.exec(select(Slot).where(Slot.status == SlotStatus.BOOKED, col(Slot.starts_at) > now)).all():
        taken[slot.clinician_id].append(slot)
    return taken


def _overlap(wanted: dict[str, Any], taken: Slot) -> bool:
    ends = wanted["starts_at"] + timedelta(minutes=wanted["minutes"])
    return bool(wanted["starts_at"] < taken.starts_at + timedelta(minutes=taken.minutes) and taken.starts_at < ends)


def _add_missing(db: Session, wanted: list[dict[str, Any]]) -> int:
    before = db.scalar(sa.select(sa.func.count()).select_from(Slot)) or 0
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    if wanted:
        db.connection().execute(insert(Slot).on_conflict_do_nothing(), wanted)
    return (db.scalar(sa.select(sa.func.count()).select_from(Slot)) or 0) - before


def _slots_of(rule: Availability, place: Location, now: datetime, until: date) -> Iterator[dict[str, Any]]:
    zone = ZoneInfo(place.time_zone)
    day = now.astimezone(zone).date()
    while day <= until:
        if day.weekday() == rule.weekday and day not in _holidays_of(place.state, day.year):
            yield from _slots_of_day(rule, zone, day, now)
        day += timedelta(days=1)


def _slots_of_day(rule: Availability, zone: ZoneInfo, day: date, now: datetime) -> Iterator[dict[str, Any]]:
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
