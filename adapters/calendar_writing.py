"""Writes a clinician's calendar as an iCalendar file (RFC 5545) that names nobody but by case number."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

AWAY = "Away"


@dataclass(frozen=True)
class WrittenTime:
    """One time: an appointment by its case number, or one away. ``uid`` stays the same over every export."""

    uid: str
    summary: str
    starts_at: datetime
    ends_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class MovedDate:
    """One date of a series that is held at another time."""

    occurs_on: date
    starts_at: datetime
    minutes: int


@dataclass(frozen=True)
class WrittenSeries:
    """A recurring appointment on the wall clock of its zone; ``left_out`` are dates without an appointment."""

    uid: str
    summary: str
    first_on: date
    starts: time
    zone: str
    minutes: int
    every_weeks: int
    last_at: datetime | None
    changed_at: datetime
    left_out: tuple[date, ...] = ()
    moved: tuple[MovedDate, ...] = ()


def write_calendar(times: Iterable[WrittenTime], series: Iterable[WrittenSeries]) -> bytes:
    """The calendar file: single times in UTC, recurring ones in their zone, whose definition goes with them."""
    calendar = Calendar()
    calendar.add("prodid", "-//Countersign//Desk//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    for each in times:
        calendar.add_component(_time(each))
    for recurring in series:
        for event in _series(recurring):
            calendar.add_component(event)
    calendar.add_missing_timezones()
    return calendar.to_ical()


def _event(uid: str, summary: str, changed_at: datetime) -> Event:
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", changed_at)
    event.add("last-modified", changed_at)
    event.add("summary", summary)
    event.add("class", "PRIVATE")
    event.add("transp", "OPAQUE")
    return event


def _time(written: WrittenTime) -> Event:
    event = _event(written.uid, written.summary, written.changed_at)
    event.add("dtstart", written.starts_at)
    event.add("dtend", written.ends_at)
    return event


def _series(written: WrittenSeries) -> Iterable[Event]:
    zone = ZoneInfo(written.zone)
    event = _event(written.uid, written.summary, written.changed_at)
    event.add("dtstart", datetime.combine(written.first_on, written.starts, zone))
    event.add("duration", timedelta(minutes=written.minutes))
    rule: dict[str, object] = {"freq": "WEEKLY", "interval": written.every_weeks}
    event.add("rrule", rule | ({"until": written.last_at} if written.last_at is not None else {}))
    for day in written.left_out:
        event.add("exdate", datetime.combine(day, written.starts, zone))
    yield event
    for moved in written.moved:
        other = _event(written.uid, written.summary, written.changed_at)
        other.add("recurrence-id", datetime.combine(moved.occurs_on, written.starts, zone))
        other.add("dtstart", moved.starts_at)
        other.add("duration", timedelta(minutes=moved.minutes))
        yield other
