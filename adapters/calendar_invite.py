"""Writes an appointment as an icalendar file; its title says nothing about the service."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from icalendar import Calendar, Event

TITLES = {"en": "Appointment", "es": "Cita"}


@dataclass(frozen=True)
class CalendarFacts:
    """What a calendar shows; ``uid`` stays the same over every version of one appointment."""

    uid: str
    starts_at: datetime
    minutes: int
    place: str
    language: str = "en"
    cancelled: bool = False


def calendar_method(facts: CalendarFacts) -> str:
    """PUBLISH, because the answer is given on the portal and not by mail; CANCEL takes it back."""
    return "CANCEL" if facts.cancelled else "PUBLISH"


def write_calendar(facts: CalendarFacts, written_at: datetime) -> bytes:
    """The calendar file (RFC 5545), times in UTC."""
    calendar = Calendar()
    calendar.add("prodid", "-//Countersign//Portal//EN")
    calendar.add("version", "2.0")
    calendar.add("method", calendar_method(facts))
    event = Event()
    event.add("uid", facts.uid)
    event.add("dtstamp", written_at)
    event.add("dtstart", facts.starts_at)
    event.add("dtend", facts.starts_at + timedelta(minutes=facts.minutes))
    event.add("summary", TITLES.get(facts.language, TITLES["en"]))
    event.add("location", facts.place)
    event.add("sequence", 1 if facts.cancelled else 0)
    event.add("status", "CANCELLED" if facts.cancelled else "CONFIRMED")
    calendar.add_component(event)
    return calendar.to_ical()
