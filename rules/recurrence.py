"""On which dates a recurring appointment falls, and at which moment each begins.

A series keeps its wall clock: 18:00 stays 18:00 when the clocks change, so the moments in UTC move.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

WEEK = timedelta(days=7)


class WallClock(StrEnum):
    """What the clock of that day does at that time: shows it once, never, or twice."""

    PLAIN = "plain"
    SKIPPED = "skipped"
    REPEATED = "repeated"


@dataclass(frozen=True)
class SeriesTimes:
    """Each ``weekday`` (0 = Monday) at ``starts`` on the wall clock of ``zone``, every ``every_weeks`` weeks.

    ``until_on`` is the last date that may be one. ``ValueError`` for what has no occurrences by its form.
    """

    weekday: int
    starts: time
    zone: str
    minutes: int
    from_on: date
    until_on: date | None = None
    every_weeks: int = 1

    def __post_init__(self) -> None:
        if self.weekday not in range(7) or self.minutes < 1 or self.every_weeks < 1:
            raise ValueError("a series needs a weekday 0 to 6, a length and a number of weeks")
        if self.until_on is not None and self.until_on < self.from_on:
            raise ValueError("a series may not end before it begins")


@dataclass(frozen=True, order=True)
class Occurrence:
    """One date of a series, and when it begins, UTC."""

    occurs_on: date
    starts_at: datetime
    minutes: int
    clock: WallClock = WallClock.PLAIN

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)


def moment(day: date, at: time, zone: str) -> tuple[datetime, WallClock]:
    """The moment (UTC) at which the clock of ``zone`` shows this time on this day.

    A time that the clock skips is read by the offset before the gap, so that 2:30 becomes 3:30; of a time that it
    shows twice the first is meant (RFC 5545, 3.3.5).
    """
    local = datetime.combine(day, at, ZoneInfo(zone))
    utc = local.astimezone(UTC)
    if utc.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local.replace(tzinfo=None):
        return utc, WallClock.SKIPPED
    twice = local.utcoffset() != local.replace(fold=1).utcoffset()
    return utc, WallClock.REPEATED if twice else WallClock.PLAIN


def first_date(times: SeriesTimes) -> date:
    """The first date on or after ``from_on`` that falls on the weekday; the weeks are counted from it."""
    return times.from_on + timedelta(days=(times.weekday - times.from_on.weekday()) % 7)


def occurrences(times: SeriesTimes, from_on: date, to_on: date) -> tuple[Occurrence, ...]:
    """Every occurrence between two dates of its zone, both included, in order."""
    step = WEEK * times.every_weeks
    day = first_date(times)
    if from_on > day:
        day += step * -(-(from_on - day).days // step.days)
    last = min(to_on, times.until_on or to_on)
    found = []
    while day <= last:
        starts_at, clock = moment(day, times.starts, times.zone)
        found.append(Occurrence(day, starts_at, times.minutes, clock))
        day += step
    return tuple(found)
