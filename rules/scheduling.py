"""Which times are free, which of them to offer, and what a cancellation counts as.

Weekly hours are wall-clock times of a place; every value that leaves is UTC.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from models.codes import AppointmentStatus, Modality

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NOON = time(12)
EVENING = time(17)
LATE_CANCEL_HOURS = 24


class PartOfDay(StrEnum):
    MORNING = "am"
    AFTERNOON = "pm"
    EVENING = "eve"


@dataclass(frozen=True)
class WeeklyHours:
    """When someone works each week.

    Weekday 0 = Monday; ``starts``, ``ends`` local to ``zone``; ``minutes`` per slot, then ``break_minutes``.
    ``ValueError`` for hours that end before they start: night hours are two rules.
    """

    weekday: int
    starts: time
    ends: time
    zone: str
    location_id: str
    modality: Modality
    minutes: int
    break_minutes: int = 0

    def __post_init__(self) -> None:
        lengths_fit = self.minutes > 0 and self.break_minutes >= 0
        if self.weekday not in range(7) or self.ends <= self.starts or not lengths_fit:
            raise ValueError("weekly hours need a weekday 0 to 6, an end after the start, and a slot length")


@dataclass(frozen=True)
class Interval:
    """A stretch of time that is taken, UTC; its end is free again."""

    starts_at: datetime
    ends_at: datetime

    def overlaps(self, starts_at: datetime, ends_at: datetime) -> bool:
        return self.starts_at < ends_at and starts_at < self.ends_at


@dataclass(frozen=True, order=True)
class SlotTime:
    """One bookable time, UTC."""

    starts_at: datetime
    minutes: int
    location_id: str
    modality: Modality

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)


def free_slots(
    hours: Iterable[WeeklyHours],
    *,
    holidays: Iterable[date],
    taken: Iterable[Interval],
    from_utc: datetime,
    to_utc: datetime,
) -> tuple[SlotTime, ...]:
    """Which slots of the weekly hours lie wholly in [from, to], off holidays and away from anything taken.

    ``holidays`` are local dates of the place; ``taken`` holds bookings, absences and holds. Two rules over
    the same hours give two slots; whoever books one takes the other. A wall-clock hour that daylight saving
    skips gives none, one that it repeats gives both.
    """
    closed = frozenset(holidays)
    busy = tuple(taken)
    found = {
        slot
        for rule in hours
        for slot in _slots(rule, closed, from_utc, to_utc)
        if slot.starts_at >= from_utc
        and slot.ends_at <= to_utc
        and not any(interval.overlaps(slot.starts_at, slot.ends_at) for interval in busy)
    }
    return tuple(sorted(found))


def _slots(rule: WeeklyHours, closed: frozenset[date], from_utc: datetime, to_utc: datetime) -> Iterator[SlotTime]:
    zone = ZoneInfo(rule.zone)
    day = from_utc.astimezone(zone).date()
    last = to_utc.astimezone(zone).date()
    while day <= last:
        if day.weekday() == rule.weekday and day not in closed:
            yield from _slots_of_day(rule, zone, day)
        day += timedelta(days=1)


def _slots_of_day(rule: WeeklyHours, zone: ZoneInfo, day: date) -> Iterator[SlotTime]:
    """The slots of one local day, counted in elapsed minutes so that every slot really lasts its length."""
    length = timedelta(minutes=rule.minutes)
    start = datetime.combine(day, rule.starts, zone).astimezone(UTC)
    closing = datetime.combine(day, rule.ends, zone).astimezone(UTC)
    while start + length <= closing:
        # An hour that the clock skips is moved later by the conversion; the wall clock says whether it is
        # still in hours.
        if (start + length).astimezone(zone).replace(tzinfo=None) <= datetime.combine(day, rule.ends):
            yield SlotTime(start, rule.minutes, rule.location_id, rule.modality)
        start += length + timedelta(minutes=rule.break_minutes)


def part_of_day(starts_at: datetime, zone: str) -> PartOfDay:
    """Morning before 12:00, afternoon before 17:00, else evening, on the clock of ``zone``."""
    local = starts_at.astimezone(ZoneInfo(zone)).time()
    if local < NOON:
        return PartOfDay.MORNING
    return PartOfDay.AFTERNOON if local < EVENING else PartOfDay.EVENING


def time_code(starts_at: datetime, zone: str) -> str:
    """The weekday and part of day in ``zone``, as preferences are written: ``mon-am``."""
    return f"{WEEKDAYS[starts_at.astimezone(ZoneInfo(zone)).weekday()]}-{part_of_day(starts_at, zone)}"


@dataclass(frozen=True)
class OfferPreferences:
    """What a patient asked for; empty means no preference. ``times`` such as ``mon-am``."""

    times: frozenset[str] = field(default=frozenset(), repr=False)
    modality: Modality = Modality.EITHER
    location_id: str | None = None


@dataclass(frozen=True)
class OfferedTime:
    """One time to offer, and why it was chosen."""

    slot: SlotTime
    reasons: tuple[str, ...]


def choose_offers(
    slots: Iterable[SlotTime],
    *,
    patient_zone: str,
    preferences: OfferPreferences,
    now: datetime,
    min_lead: timedelta,
    n: int = 3,
) -> tuple[OfferedTime, ...]:
    """Which times to offer: up to ``n``, at least ``min_lead`` from now, in order, never two that overlap.

    Wished-for times first, then other days, other parts of the day, the preferred location, sooner. The
    patient's clock decides what is a morning. A modality asked for is kept to; times and location are wishes.
    """
    left = sorted(slot for slot in slots if slot.starts_at >= now + min_lead and _suits(slot, preferences))
    chosen: list[SlotTime] = []
    while left and len(chosen) < n:
        best = min(left, key=lambda slot: _order(slot, chosen, patient_zone, preferences))
        chosen.append(best)
        taken = Interval(best.starts_at, best.ends_at)
        left = [slot for slot in left if not taken.overlaps(slot.starts_at, slot.ends_at)]
    return tuple(OfferedTime(slot, _reasons(slot, patient_zone, preferences)) for slot in sorted(chosen))


def _suits(slot: SlotTime, preferences: OfferPreferences) -> bool:
    return Modality.EITHER in (slot.modality, preferences.modality) or slot.modality is preferences.modality


def _order(
    slot: SlotTime, chosen: list[SlotTime], zone: str, preferences: OfferPreferences
) -> tuple[bool, bool, bool, bool, SlotTime]:
    days = {other.starts_at.astimezone(ZoneInfo(zone)).date() for other in chosen}
    parts = {part_of_day(other.starts_at, zone) for other in chosen}
    return (
        not _wished(slot, zone, preferences),
        slot.starts_at.astimezone(ZoneInfo(zone)).date() in days,
        part_of_day(slot.starts_at, zone) in parts,
        not _near(slot, preferences),
        slot,
    )


def _wished(slot: SlotTime, zone: str, preferences: OfferPreferences) -> bool:
    return not preferences.times or time_code(slot.starts_at, zone) in preferences.times


def _near(slot: SlotTime, preferences: OfferPreferences) -> bool:
    return preferences.location_id in (None, slot.location_id)


def _reasons(slot: SlotTime, zone: str, preferences: OfferPreferences) -> tuple[str, ...]:
    reasons = []
    if preferences.times:
        wished = _wished(slot, zone, preferences)
        reasons.append("at a preferred time" if wished else "no preferred time left: next best")
    if preferences.location_id is not None:
        reasons.append("at the preferred location" if _near(slot, preferences) else "at another location")
    return tuple(reasons) or ("soonest, spread over days",)


def outcome_of_cancellation(
    cancelled_at: datetime, starts_at: datetime, window_hours: int = LATE_CANCEL_HOURS
) -> AppointmentStatus:
    """Cancelled, or late cancelled if fewer than ``window_hours`` were left; exactly that many is in time.

    The window is the practice's own; elapsed hours, not wall-clock ones.
    """
    in_time = starts_at - cancelled_at >= timedelta(hours=window_hours)
    return AppointmentStatus.CANCELLED if in_time else AppointmentStatus.LATE_CANCELLED
