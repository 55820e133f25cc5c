"""Reads from an iCalendar file (RFC 5545) when somebody is busy, within bounds.

What an event is called, where it is and who comes never reaches the parser: only its times are kept.
"""

import hashlib
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Event
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from models.errors import ContractBroken

MOST_BYTES = 5 * 1024 * 1024
MOST_EVENTS = 5000
MOST_BUSY = 10_000
MOST_DATES = 400
"""How often one event may recur in the time that is read: more than daily is no calendar of a person."""
MOST_LINES = 500
MOST_NOTICES = 50
LONGEST = timedelta(days=366)
MOST_SECONDS = 20.0
YEARS = range(1900, 2200)
KEPT = frozenset(
    {
        *("UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE"),
        *("RECURRENCE-ID", "STATUS", "TRANSP", "SEQUENCE"),
    }
)
TIMES = ("DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE")
RULE_PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS"})
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
LONGEST_MONTH = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
_WEEKDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_ZONE = re.compile(r';TZID=(?:"([^"]*)"|([^";:]*))', re.IGNORECASE)
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, ArithmeticError)
"""What the libraries raise for an event that is none."""


@dataclass(frozen=True)
class Busy:
    """One stretch in which somebody is busy, UTC; ``key`` is the same each time this occurrence is read."""

    key: str
    event: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class ReadCalendar:
    """What a file says. With ``faults`` it says nothing that can be relied on; ``notices`` are to be looked at.

    ``left_out`` counts events that take nobody's time, or that this practice wrote itself.
    """

    busy: tuple[Busy, ...] = ()
    faults: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    events: int = 0
    left_out: int = 0


@dataclass
class _Found:
    """One VEVENT of the file, counted from 1."""

    number: int
    lines: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    component: Any = None

    def fault(self, name: str, words: str) -> None:
        self.faults.append(f"event {self.number}, {name}: {words}")


def read_calendar(raw: bytes, *, zone: str, from_utc: datetime, to_utc: datetime, ours: str = "") -> ReadCalendar:
    """When the file's events take time between two moments. Days without a time are days of ``zone``.

    ``ours``: how the UIDs end that this practice gives to its own appointments; those are left out. Every fault names
    the event by its number and the field. Raises ContractBroken for what is no calendar, or too large to be one.
    """
    found = list(_events(_lines(raw)))
    for event in found:
        _parse(event)
    groups: dict[str, list[_Found]] = defaultdict(list)
    left_out = 0
    for event in found:
        uid = str(event.component.get("UID", "")) if event.component is not None else ""
        if not event.faults and ours and uid.endswith(ours):
            left_out += 1
        elif not event.faults:
            groups[uid].append(event)
    faults = [fault for event in found for fault in event.faults]
    busy: list[Busy] = []
    notices: list[str] = []
    started = time.monotonic()
    for uid, group in groups.items():
        if time.monotonic() - started > MOST_SECONDS:
            raise ContractBroken("the calendar's rules take too long to follow; export fewer events")
        taken = _busy_of(uid, group, ZoneInfo(zone), from_utc, to_utc, notices, faults)
        left_out += not taken and all(_takes_no_time(event.component) for event in group)
        busy += taken
        if len(busy) > MOST_BUSY:
            raise ContractBroken(f"the calendar holds more than {MOST_BUSY} busy times in the year ahead")
    busy.sort(key=lambda each: (each.starts_at, each.ends_at, each.event))
    notices += _overlaps(busy)
    if faults:
        return ReadCalendar((), tuple(faults), tuple(notices), len(found), left_out)
    return ReadCalendar(tuple(busy), (), tuple(notices), len(found), left_out)


# -- the text


def _lines(raw: bytes) -> Iterator[str]:
    """Its content lines, unfolded; raises ContractBroken."""
    if len(raw) > MOST_BYTES:
        raise ContractBroken(f"the file is larger than {MOST_BYTES // 1024 // 1024} MB")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as bad:
        number = raw[: bad.start].count(b"\n") + 1
        raise ContractBroken(f"line {number} is not UTF-8 text", row=number) from None
    if "\0" in text:
        raise ContractBroken("the file is no text")
    whole: list[str] = []
    for line in re.split(r"\r\n|\n|\r", text):
        if line[:1] in (" ", "\t"):
            whole.append(line[1:])
            continue
        if whole:
            yield "".join(whole)
        whole = [line]
    yield "".join(whole)


def _events(lines: Iterator[str]) -> Iterator[_Found]:
    """Each VEVENT with the lines that are kept of it; raises ContractBroken for what is no calendar."""
    first = next((line for line in lines if line.strip()), "")
    if first.strip().upper() != "BEGIN:VCALENDAR":
        raise ContractBroken("the file is no iCalendar file: it does not begin with BEGIN:VCALENDAR")
    inside: list[str] = ["VCALENDAR"]
    event: _Found | None = None
    number = 0
    for line in lines:
        name, _, rest = line.strip().partition(":")
        if name.upper() == "BEGIN":
            inside.append(rest.strip().upper())
            if inside[-1] == "VEVENT" and event is None:
                number += 1
                if number > MOST_EVENTS:
                    raise ContractBroken(f"the calendar holds more than {MOST_EVENTS} events")
                event = _Found(number)
        elif name.upper() == "END":
            if inside and inside[-1] == rest.strip().upper():
                inside.pop()
            else:
                raise ContractBroken("an END in the file closes nothing that was begun")
            if rest.strip().upper() == "VEVENT" and event is not None and "VEVENT" not in inside:
                yield event
                event = None
        elif event is not None and inside[-1] == "VEVENT":
            _keep(event, line)
    if inside and "VCALENDAR" in inside:
        raise ContractBroken("the file ends before its calendar does: it was cut off")


def _keep(event: _Found, line: str) -> None:
    name = _NAME.match(line)
    if name is None or name[0].upper() not in KEPT:
        return
    if len(event.lines) >= MOST_LINES:
        if not event.faults:
            event.fault(name[0].upper(), f"is one of more than {MOST_LINES} lines about its times")
        return
    zone = _ZONE.search(line.partition(":")[0] if '"' not in line else line)
    if zone is not None and name[0].upper() in TIMES:
        known = _known_zone(zone[1] or zone[2] or "")
        if known is None:
            event.fault(name[0].upper(), "its time zone is not known; wanted: an IANA zone such as America/Chicago")
            return
        line = f"{line[: zone.start()]};TZID={known}{line[zone.end() :]}"
    event.lines.append(line)


def _known_zone(name: str) -> str | None:
    """The IANA zone of this name: its own, Windows', or with a maker's address before it."""
    for each in (name, WINDOWS_TO_OLSON.get(name, ""), *_shorter(name)):
        try:
            if each and ZoneInfo(each).key:
                return each
        except (ValueError, OSError, KeyError):
            continue
    return None


def _shorter(name: str) -> Iterator[str]:
    parts = name.strip("/").split("/")
    if name.startswith("/"):
        yield from ("/".join(parts[-count:]) for count in (3, 2, 1) if len(parts) > count)


# -- one event


def _parse(event: _Found) -> None:
    """Make a component of its lines, and name every field of it that cannot be read."""
    if event.faults:
        return
    text = "\r\n".join(("BEGIN:VEVENT", *event.lines, "END:VEVENT", ""))
    try:
        event.component = Event.from_ical(text)
    except UNREADABLE:
        event.fault("VEVENT", "is not written as RFC 5545 says")
        return
    for name, _ in event.component.errors:
        event.fault(str(name), "cannot be read")
    if not event.faults:
        _check(event)


def _check(event: _Found) -> None:
    said = event.component
    if not str(said.get("UID", "")).strip():
        event.fault("UID", "is missing")
    for name in ("UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RECURRENCE-ID"):
        if isinstance(said.get(name), list):
            event.fault(name, "is there twice")
    if "DTSTART" not in said:
        event.fault("DTSTART", "is missing")
    if event.faults:
        return
    for name, value in _moments(said):
        if not isinstance(value, date):
            event.fault(name, "must be a date or a time")
        elif isinstance(value, datetime) and value.tzinfo is None:
            event.fault(name, "has no time zone (a floating time); save the calendar with its time zone")
        elif value.year not in YEARS:
            event.fault(name, f"must lie between {YEARS.start} and {YEARS.stop}")
    if not event.faults:
        _check_length(event)
    if not event.faults and "RRULE" in said:
        _check_rule(event, said["RRULE"])


def _moments(said: Any) -> Iterator[tuple[str, Any]]:
    """Every date or time the event names, by its field; of a period its start."""
    for name in ("DTSTART", "DTEND", "RECURRENCE-ID"):
        if name in said:
            yield name, said[name].dt
    for name in ("RDATE", "EXDATE"):
        for each in _listed(said, name):
            yield name, each[0] if isinstance(each, tuple) else each


def _listed(said: Any, name: str) -> list[Any]:
    value = said.get(name)
    lists = value if isinstance(value, list) else [] if value is None else [value]
    return [each.dt for one in lists for each in one.dts]


def _check_length(event: _Found) -> None:
    said = event.component
    starts = said["DTSTART"].dt
    if "DTEND" in said and isinstance(starts, datetime) != isinstance(said["DTEND"].dt, datetime):
        event.fault("DTEND", "must be a date where DTSTART is one, and a time where that is one")
    elif "DTEND" in said and said["DTEND"].dt < starts:
        event.fault("DTEND", "must not be before DTSTART")
    elif "DTEND" in said and said["DTEND"].dt - starts > LONGEST:
        event.fault("DTEND", f"makes the event longer than {LONGEST.days} days")
    elif "DURATION" in said and not timedelta(0) <= said["DURATION"].dt <= LONGEST:
        event.fault("DURATION", f"must be positive, at most {LONGEST.days} days")
    for name in ("RDATE", "EXDATE"):
        if len(_listed(said, name)) > MOST_DATES:
            event.fault(name, f"names more than {MOST_DATES} dates")
    if any(isinstance(each, tuple) for each in _listed(said, "RDATE")):
        event.fault("RDATE", "names periods; wanted: dates or times")


def _check_rule(event: _Found, rule: Any) -> None:
    """Only rules that surely have dates, one a day at most: others would be followed to the end of time."""
    parts = {str(name).upper(): value for name, value in rule.items()}
    frequency = str((parts.get("FREQ") or [""])[0]).upper()
    strange = sorted(parts.keys() - RULE_PARTS)
    if strange:
        event.fault(
            "RRULE", f"uses {', '.join(each[:20] for each in strange)}, which is not read; make it single events"
        )
    elif frequency not in FREQUENCIES:
        event.fault("RRULE", f"FREQ must be one of {', '.join(FREQUENCIES)}")
    elif any(
        not _whole(each) or each < 1 or each > 10_000 for name in ("INTERVAL", "COUNT") for each in parts.get(name, ())
    ):
        event.fault("RRULE", "INTERVAL and COUNT must be whole numbers from 1 to 10000")
    elif "COUNT" in parts and "UNTIL" in parts:
        event.fault("RRULE", "may have COUNT or UNTIL, not both")
    elif "BYSETPOS" in parts and (frequency in ("DAILY", "WEEKLY") or "BYDAY" not in parts):
        event.fault("RRULE", "BYSETPOS is read in monthly and yearly rules with BYDAY alone")
    elif any(abs(each) > 5 for each in parts.get("BYSETPOS", ()) if _whole(each)):
        event.fault("RRULE", "BYSETPOS must be from -5 to 5")
    elif "BYMONTHDAY" in parts and frequency == "WEEKLY":
        event.fault("RRULE", "BYMONTHDAY does not fit a weekly rule")
    elif not _in_range(parts, frequency):
        event.fault("RRULE", "BYMONTH, BYMONTHDAY or BYDAY names what no calendar has")
    elif not _ever(parts, frequency):
        event.fault("RRULE", "names a day that never comes")


def _in_range(parts: dict[str, Any], frequency: str) -> bool:
    """Whether months and days exist: months 1 to 12, days 1 to 31 from either end, and at most five of a weekday."""
    months, days = parts.get("BYMONTH", ()), parts.get("BYMONTHDAY", ())
    weekdays = [_WEEKDAY.fullmatch(str(each).upper()) for each in parts.get("BYDAY", ())]
    if any(not _whole(each) or not 1 <= each <= 12 for each in months):
        return False
    if any(not _whole(each) or not 1 <= abs(each) <= 31 for each in days) or not all(weekdays):
        return False
    most = {"MONTHLY": 5, "YEARLY": 5 if months else 53}.get(frequency, 0)
    return all(1 <= abs(int(each[1])) <= most for each in weekdays if each and each[1])


def _ever(parts: dict[str, Any], frequency: str) -> bool:
    """Whether a rule has any date at all, as far as its parts alone say it."""
    days = [abs(int(each)) for each in parts.get("BYMONTHDAY", ()) if _whole(each)]
    months = [int(each) for each in parts.get("BYMONTH", ())] or list(range(1, 13))
    if days and min(days) > max((LONGEST_MONTH.get(month, 31) for month in months), default=0):
        return False
    # every seventh day is always the same weekday
    return not (frequency == "DAILY" and "BYDAY" in parts and int((parts.get("INTERVAL") or [1])[0]) > 1)


def _whole(value: Any) -> bool:
    return isinstance(value, int)


def _takes_no_time(said: Any) -> bool:
    return str(said.get("STATUS", "")).upper() == "CANCELLED" or str(said.get("TRANSP", "")).upper() == "TRANSPARENT"


# -- its occurrences


def _busy_of(
    uid: str,
    group: list[_Found],
    zone: ZoneInfo,
    from_utc: datetime,
    to_utc: datetime,
    notices: list[str],
    faults: list[str],
) -> list[Busy]:
    """The times of one event with the dates that were changed, by the number of the first VEVENT of its UID."""
    number = group[0].number
    calendar = Calendar()
    for event in group:
        calendar.add_component(event.component)
    # a day wider on both sides: a day without a time is looked for by its date
    span = (from_utc - timedelta(days=1), to_utc + timedelta(days=1))
    try:
        occurrences = recurring_ical_events.of(calendar, components=["VEVENT"]).between(*span)
    except (*UNREADABLE, recurring_ical_events.InvalidCalendar):
        faults.append(f"event {number}, RRULE: its dates cannot be worked out")
        return []
    taken = [each for each in occurrences if not _takes_no_time(each)]
    if len(taken) > MOST_DATES:
        faults.append(f"event {number}, RRULE: recurs {len(taken)} times in the year ahead, more than {MOST_DATES}")
        return []
    found = []
    for each in taken:
        starts_at, ends_at = (_utc(each[name].dt, zone) for name in ("DTSTART", "DTEND"))
        if starts_at < ends_at and starts_at < to_utc and from_utc < ends_at:
            key = hashlib.sha256(f"{uid}\n{starts_at.isoformat()}".encode()).hexdigest()[:32]
            found.append(Busy(key, number, starts_at, ends_at))
    if found:
        notices += _beyond(group, to_utc)
    return found


def _utc(value: date, zone: ZoneInfo) -> datetime:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return datetime(value.year, value.month, value.day, tzinfo=zone).astimezone(UTC)


def _beyond(group: list[_Found], to_utc: datetime) -> Iterator[str]:
    """What is told of an event that goes on after what is read."""
    until = to_utc.date().isoformat()
    for event in group:
        rule = event.component.get("RRULE")
        if rule is None:
            continue
        if "COUNT" not in rule and "UNTIL" not in rule:
            yield f"event {event.number}, RRULE: has no end; taken until {until}, import it again by then"
        elif "COUNT" in rule and int(rule["COUNT"][0]) > MOST_DATES:
            yield f"event {event.number}, RRULE: recurs {int(rule['COUNT'][0])} times; taken until {until}"


def _overlaps(busy: list[Busy]) -> Iterator[str]:
    """Which events lie over which, each pair once; both are kept, since both take the time."""
    told: set[tuple[int, int]] = set()
    latest: Busy | None = None
    for each in busy:
        if latest is not None and each.starts_at < latest.ends_at and each.event != latest.event:
            first, second = sorted((each.event, latest.event))
            if (first, second) not in told and len(told) < MOST_NOTICES:
                told.add((first, second))
                yield f"event {second}, DTSTART: lies over event {first}; both are kept"
        if latest is None or each.ends_at > latest.ends_at:
            latest = each


def first_words(read: ReadCalendar, most: int = MOST_NOTICES) -> list[str]:
    """Faults, else notices, as many as a person reads."""
    words = list(read.faults or read.notices)
    left = len(words) - most
    return list(chain(words[:most], [f"and {left} more"] if left > 0 else []))
