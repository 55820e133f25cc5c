"""Turns weekly availability and its exceptions into bookable slots."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import sqlalchemy as sa
from sqlmodel import Session, col, select

from adapters.missing_rows import insert_unless_there
from adapters.operational_store import audit, set_status, writing
from models.codes import AppointmentStatus, Modality, SlotStatus
from models.columns import utc_now
from models.operational import Appointment, Availability, CalendarException, Location, Slot
from models.scheduling_codes import ExceptionKind

SLOT_MINUTES = 50
"""The length of a slot in extra hours, which come without one of their own."""
BREAK_MINUTES = 10
"""Time between two slots for notes and for changing rooms."""
AHEAD = timedelta(weeks=6)
"""How far from now times are opened."""

Times = dict[tuple[str, datetime], dict[str, Any]]
"""The columns of each slot that weekly hours make, by clinician and start."""


def extend_slots(until: date) -> int:
    """Open every slot of the weekly availability from now to the end of that day; returns how many are new.

    A slot that exists stays as it is, whatever its status, so calling again changes nothing. The public
    holidays of the location's state are left out, and what overlaps a time that is booked or agreed: hours that
    changed would offer it, and nobody could take it.
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
    """Every slot that the weekly hours and extra hours on record make from now to the end of that day.

    What touches leave, a holiday, or whatever else takes a calendar's time away is left out.
    """
    places = {place.id: place for place in db.exec(select(Location)).all()}
    exceptions = _exceptions(db, now)
    away = _Away(each for each in exceptions if each.kind != ExceptionKind.EXTRA_HOURS)
    found: Times = {}
    for rule in db.exec(select(Availability).order_by(col(Availability.id))).all():
        for slot in _slots_of(rule, places[rule.location_id], now, until):
            if not away.take(slot, rule.room_id):
                found.setdefault((slot["clinician_id"], slot["starts_at"]), slot)
    for extra in (each for each in exceptions if each.kind == ExceptionKind.EXTRA_HOURS):
        for slot in _slots_of_extra(extra, places, now, until):
            if not away.take_for_oneself(slot):
                found.setdefault((slot["clinician_id"], slot["starts_at"]), slot)
    return found


def _exceptions(db: Session, now: datetime) -> list[CalendarException]:
    query = select(CalendarException).where(
        col(CalendarException.removed_at).is_(None), col(CalendarException.ends_at) > now
    )
    return list(db.exec(query.order_by(col(CalendarException.starts_at), col(CalendarException.id))).all())


class _Away:
    """What takes time away, by whose calendar it is."""

    def __init__(self, exceptions: Iterable[CalendarException]) -> None:
        """``exceptions`` by their start."""
        self._of: dict[tuple[str, str | None], _Stretches] = defaultdict(_Stretches)
        for each in exceptions:
            if each.room_id is not None:
                self._of["room", each.room_id].add(each)
            elif each.clinician_id is not None:
                self._of["clinician", each.clinician_id].add(each)
            else:
                self._of["location", each.location_id].add(each)

    def take(self, slot: dict[str, Any], room_id: str | None) -> bool:
        """Whether they take this slot of weekly hours, which are held in that room if in any."""
        whose = (
            ("clinician", slot["clinician_id"]),
            ("location", slot["location_id"]),
            ("location", None),
            ("room", room_id),
        )
        return any(self._of[key].touch(slot) for key in whose if key in self._of)

    def take_for_oneself(self, slot: dict[str, Any]) -> bool:
        """Whether the clinician's own leave takes it; extra hours are worked though the place is closed."""
        key = ("clinician", slot["clinician_id"])
        return key in self._of and self._of[key].touch(slot)


class _Stretches:
    """Stretches of time by their start, with the latest end up to each; an imported calendar may hold thousands."""

    def __init__(self) -> None:
        self._starts: list[datetime] = []
        self._latest_ends: list[datetime] = []

    def add(self, exception: CalendarException) -> None:
        latest = max(exception.ends_at, self._latest_ends[-1]) if self._latest_ends else exception.ends_at
        self._starts.append(exception.starts_at)
        self._latest_ends.append(latest)

    def touch(self, slot: dict[str, Any]) -> bool:
        begun = bisect_left(self._starts, slot["starts_at"] + timedelta(minutes=slot["minutes"]))
        return begun > 0 and self._latest_ends[begun - 1] > slot["starts_at"]


def _booked(db: Session, now: datetime) -> dict[str, list[tuple[datetime, int]]]:
    """Start and minutes of what each clinician has agreed from now on, on a slot or outside them."""
    taken: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for record, status, standing in (
        (Slot, Slot.status, (SlotStatus.BOOKED,)),
        (Appointment, Appointment.status, (AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED)),
    ):
        table: Any = record
        query = sa.select(table.clinician_id, table.starts_at, table.minutes)
        for clinician_id, starts_at, minutes in db.execute(
            query.where(col(status).in_(standing), table.starts_at > now)
        ).all():
            taken[clinician_id].append((starts_at, minutes))
    return taken


def _overlap(wanted: dict[str, Any], taken: tuple[datetime, int]) -> bool:
    starts_at, minutes = taken
    ends = wanted["starts_at"] + timedelta(minutes=wanted["minutes"])
    return bool(wanted["starts_at"] < starts_at + timedelta(minutes=minutes) and starts_at < ends)


def _add_missing(db: Session, wanted: list[dict[str, Any]]) -> int:
    before = db.scalar(sa.select(sa.func.count()).select_from(Slot)) or 0
    insert_unless_there(db, Slot, wanted)
    return (db.scalar(sa.select(sa.func.count()).select_from(Slot)) or 0) - before


def _slots_of(rule: Availability, place: Location, now: datetime, until: date) -> Iterator[dict[str, Any]]:
    zone = ZoneInfo(place.time_zone)
    day = max(now.astimezone(zone).date(), rule.valid_from or date.min)
    last = min(until, rule.valid_to or until)
    while day <= last:
        if day.weekday() == rule.weekday and day not in holidays_of(place.state, day.year):
            starts = datetime.combine(day, rule.starts, zone).astimezone(UTC)
            closing = datetime.combine(day, rule.ends, zone).astimezone(UTC)
            yield from _slots_between(rule, starts, closing, rule.minutes, rule.modality, now)
        day += timedelta(days=1)


def _slots_of_extra(
    extra: CalendarException, places: dict[str, Location], now: datetime, until: date
) -> Iterator[dict[str, Any]]:
    """Extra hours of a clinician at a place make slots; of nobody, or nowhere, none."""
    if extra.clinician_id is None or extra.location_id not in places:
        return
    zone = ZoneInfo(places[extra.location_id].time_zone)
    for slot in _slots_between(extra, extra.starts_at, extra.ends_at, SLOT_MINUTES, Modality.EITHER, now):
        if slot["starts_at"].astimezone(zone).date() <= until:
            yield slot


def _slots_between(
    whose: Any, starts: datetime, closing: datetime, minutes: int, modality: Modality, now: datetime
) -> Iterator[dict[str, Any]]:
    """Counted in elapsed minutes, so that a slot lasts its length on the day the clocks change too."""
    while starts + timedelta(minutes=minutes) <= closing:
        if starts > now:
            yield {
                "id": f"SL-{whose.clinician_id}-{starts:%Y%m%d%H%M}",
                "clinician_id": whose.clinician_id,
                "location_id": whose.location_id,
                "starts_at": starts,
                "minutes": minutes,
                "modality": modality,
            }
        starts += timedelta(minutes=minutes + BREAK_MINUTES)


def not_agreed(db: Session, now: datetime, times: Times) -> Times:
    """Those of these times that no standing appointment touches."""
    booked = _booked(db, now)
    return {key: slot for key, slot in times.items() if not any(_overlap(slot, taken) for taken in booked[key[0]])}


def fit_freed_slots(db: Session, appointment: Appointment, actor: str) -> None:
    """After a cancellation: what was closed because of this appointment opens; what lies in leave is closed."""
    ends = appointment.starts_at + timedelta(minutes=appointment.minutes)
    near = db.exec(
        select(Slot).where(
            Slot.clinician_id == appointment.clinician_id,
            col(Slot.status).in_((SlotStatus.OPEN, SlotStatus.CLOSED)),
            col(Slot.starts_at) > appointment.starts_at - timedelta(days=1),
            Slot.starts_at < ends,
        )
    ).all()
    if not near:
        return
    now = utc_now()
    wanted = not_agreed(db, now, weekly_times(db, now, (ends + timedelta(days=1)).date()))
    for slot in near:
        fits = (slot.clinician_id, slot.starts_at) in wanted
        if slot.status == SlotStatus.CLOSED and slot.case_number == appointment.case_number and fits:
            slot.case_number = None
            set_status(db, slot, SlotStatus.OPEN, actor, why="slot_freed")
        elif slot.starts_at == appointment.starts_at and slot.status == SlotStatus.OPEN and _in_leave(db, slot):
            set_status(db, slot, SlotStatus.CLOSED, actor, why="leave")


def _in_leave(db: Session, slot: Slot) -> bool:
    away = _Away(each for each in _exceptions(db, utc_now()) if each.kind != ExceptionKind.EXTRA_HOURS)
    return away.take(slot.model_dump(), None)


@cache
def holidays_of(state: str, year: int) -> frozenset[date]:
    """The public holidays of a state of the United States in one year."""
    return frozenset(holidays.country_holidays("US", subdiv=state, years=year))
