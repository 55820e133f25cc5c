"""When a clinician is free, and what a change of a calendar would collide with before it is made.

Every value that leaves is UTC. Weekly hours are wall-clock times of their place. A holiday of the whole place is an
exception of that place; whoever asks puts public holidays among them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import combinations
from zoneinfo import ZoneInfo

from models.codes import Modality
from models.scheduling_codes import ExceptionKind
from rules.scheduling import Interval, WeeklyHours

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
A_YEAR = 53


class ConflictKind(StrEnum):
    """What stands against a change; ``MAY_STAND`` lists those that a person may let stand."""

    RULES_OVERLAP = "rules_overlap"
    CLINICIAN_BUSY = "clinician_busy"
    PATIENT_BUSY = "patient_busy"
    AWAY = "away"
    OUTSIDE_HOURS = "outside_hours"
    OTHER_WAY = "other_way"
    ROOM_TAKEN = "room_taken"
    ROOM_CLOSED = "room_closed"
    ROOM_ELSEWHERE = "room_elsewhere"
    ROOM_NOT_ACCESSIBLE = "room_not_accessible"
    NO_ROOM = "no_room"


MAY_STAND = frozenset({ConflictKind.OUTSIDE_HOURS, ConflictKind.OTHER_WAY})
"""A clinician may work beyond their weekly hours, but nobody can be at two places at once."""


@dataclass(frozen=True)
class Conflict:
    """One thing that stands against a change; ``ids`` are the records it is with, ``reason`` names the rule."""

    kind: ConflictKind
    reason: str
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class HoursRule:
    """One availability rule on record; it holds from ``valid_from`` to ``valid_to``, both included, None = always."""

    id: int
    hours: WeeklyHours
    room_id: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    @property
    def words(self) -> str:
        return f"{DAY_NAMES[self.hours.weekday]} {self.hours.starts:%H:%M}-{self.hours.ends:%H:%M}"


@dataclass(frozen=True)
class Deviation:
    """One calendar exception: of a clinician, of a room, or of the whole place where both are None."""

    id: str
    kind: ExceptionKind
    at: Interval
    clinician_id: str | None = None
    location_id: str | None = None
    room_id: str | None = None

    def is_of(self, clinician_id: str, location_id: str) -> bool:
        """Whether it says something of this clinician while they are at this place; a room's says nothing of them."""
        if self.room_id is not None:
            return False
        if self.clinician_id is not None:
            return self.clinician_id == clinician_id
        return self.location_id in (None, location_id)


@dataclass(frozen=True)
class Agreed:
    """One appointment that stands, or that is wanted; a wanted one has the id of what it replaces, if anything."""

    id: str
    clinician_id: str
    patient_id: str
    location_id: str
    at: Interval
    modality: Modality
    room_id: str | None = None


@dataclass(frozen=True)
class RoomFacts:
    id: str
    location_id: str
    accessible: bool = True
    active: bool = True


@dataclass(frozen=True)
class Calendar:
    """What is known of the calendars that a change touches; may hold more than that, never less."""

    rules: tuple[HoursRule, ...] = ()
    deviations: tuple[Deviation, ...] = ()
    agreed: tuple[Agreed, ...] = ()
    rooms: tuple[RoomFacts, ...] = ()


# -- free time


def working_time(
    calendar: Calendar, clinician_id: str, from_utc: datetime, to_utc: datetime, location_id: str | None = None
) -> tuple[Interval, ...]:
    """When a clinician works by their rules, extra hours included, leave and the like taken away; appointments not.

    ``calendar.rules`` are this clinician's own. ``location_id`` None: at any place.
    """
    rules = [each for each in calendar.rules if location_id in (None, each.hours.location_id)]
    worked = [
        piece
        for rule in rules
        for piece in _without(_of_rule(rule, from_utc, to_utc), _taken_from(calendar, clinician_id, rule))
    ]
    extra = [
        piece
        for each in calendar.deviations
        if each.kind is ExceptionKind.EXTRA_HOURS
        and each.clinician_id == clinician_id
        and location_id in (None, each.location_id)
        for piece in _without([each.at], [gone.at for gone in _own_leave(calendar, clinician_id)])
    ]
    return _clipped(_union([*worked, *extra]), from_utc, to_utc)


def free_time(calendar: Calendar, clinician_id: str, from_utc: datetime, to_utc: datetime) -> tuple[Interval, ...]:
    """When a clinician works and has nothing agreed."""
    taken = [each.at for each in calendar.agreed if each.clinician_id == clinician_id]
    return tuple(_without(working_time(calendar, clinician_id, from_utc, to_utc), taken))


def _taken_from(calendar: Calendar, clinician_id: str, rule: HoursRule) -> list[Interval]:
    """What takes from one rule: the clinician's and the place's exceptions, and those of the room it is held in."""
    room = [
        each.at
        for each in calendar.deviations
        if each.room_id is not None and each.room_id == rule.room_id and each.kind is not ExceptionKind.EXTRA_HOURS
    ]
    return [*_away_of(calendar, clinician_id, rule.hours.location_id), *room]


def _away_of(calendar: Calendar, clinician_id: str, location_id: str) -> list[Interval]:
    return [each.at for each in _away(calendar, clinician_id, location_id)]


def _away(calendar: Calendar, clinician_id: str, location_id: str) -> list[Deviation]:
    return [
        each
        for each in calendar.deviations
        if each.kind is not ExceptionKind.EXTRA_HOURS and each.is_of(clinician_id, location_id)
    ]


def _own_leave(calendar: Calendar, clinician_id: str) -> list[Deviation]:
    """Extra hours are worked though the whole place is closed; leave of one's own stands."""
    return [each for each in _away(calendar, clinician_id, "") if each.clinician_id is not None]


def _of_rule(rule: HoursRule, from_utc: datetime, to_utc: datetime) -> list[Interval]:
    zone = ZoneInfo(rule.hours.zone)
    day, last = from_utc.astimezone(zone).date(), to_utc.astimezone(zone).date()
    found = []
    while day <= last:
        if day.weekday() == rule.hours.weekday and rule.holds_on(day):
            starts = datetime.combine(day, rule.hours.starts, zone).astimezone(UTC)
            ends = datetime.combine(day, rule.hours.ends, zone).astimezone(UTC)
            if starts < ends:
                found.append(Interval(starts, ends))
        day += timedelta(days=1)
    return found


def _union(pieces: Iterable[Interval]) -> list[Interval]:
    found: list[Interval] = []
    for piece in sorted(pieces, key=lambda each: (each.starts_at, each.ends_at)):
        if found and piece.starts_at <= found[-1].ends_at:
            found[-1] = Interval(found[-1].starts_at, max(found[-1].ends_at, piece.ends_at))
        else:
            found.append(piece)
    return found


def _without(pieces: Iterable[Interval], taken: Iterable[Interval]) -> list[Interval]:
    left = list(pieces)
    for gone in taken:
        left = [rest for piece in left for rest in _cut(piece, gone)]
    return left


def _cut(piece: Interval, gone: Interval) -> Iterator[Interval]:
    if not piece.overlaps(gone.starts_at, gone.ends_at):
        yield piece
        return
    if piece.starts_at < gone.starts_at:
        yield Interval(piece.starts_at, gone.starts_at)
    if gone.ends_at < piece.ends_at:
        yield Interval(gone.ends_at, piece.ends_at)


def _clipped(pieces: Iterable[Interval], from_utc: datetime, to_utc: datetime) -> tuple[Interval, ...]:
    return tuple(
        Interval(max(each.starts_at, from_utc), min(each.ends_at, to_utc))
        for each in pieces
        if each.overlaps(from_utc, to_utc)
    )


# -- conflicts


def overlapping_rules(rules: Iterable[HoursRule], from_on: date) -> tuple[Conflict, ...]:
    """Every pair of one clinician's rules that hold at the same moment at any time in the year after ``from_on``.

    Rules of places in different zones are compared by the moments they mean.
    """
    return tuple(
        Conflict(
            ConflictKind.RULES_OVERLAP,
            f"rule {one.id} ({one.words}) and rule {other.id} ({other.words}) hold at the same time",
            (str(one.id), str(other.id)),
        )
        for one, other in combinations(sorted(rules, key=lambda each: each.id), 2)
        if _overlap(one, other, from_on)
    )


def _overlap(one: HoursRule, other: HoursRule, from_on: date) -> bool:
    begins = max(each for each in (from_on, one.valid_from, other.valid_from) if each is not None)
    ends = min(each for each in (date.max, one.valid_to, other.valid_to) if each is not None)
    if ends < begins:
        return False
    from_utc = datetime.combine(begins, datetime.min.time(), UTC) - timedelta(days=1)
    last = min(begins + timedelta(weeks=A_YEAR), ends)
    to_utc = datetime.combine(last, datetime.min.time(), UTC) + timedelta(days=2)
    others = _of_rule(other, from_utc, to_utc)
    return any(
        piece.overlaps(each.starts_at, each.ends_at) for piece in _of_rule(one, from_utc, to_utc) for each in others
    )


def conflicts(
    wanted: Agreed, calendar: Calendar, *, needs_accessible: bool = False, within_hours: bool = True
) -> tuple[Conflict, ...]:
    """Everything that stands against this appointment; empty when it can be agreed.

    ``calendar.rules`` are the clinician's own. Where the place has no rooms on record, nobody asks for one. Without
    ``within_hours`` nobody asks whether the weekly hours cover it.
    """
    return (
        *_busy(wanted, calendar),
        *_not_working(wanted, calendar, within_hours),
        *_without_room(wanted, calendar, needs_accessible),
    )


def _busy(wanted: Agreed, calendar: Calendar) -> Iterator[Conflict]:
    for each in calendar.agreed:
        if each.id == wanted.id or not each.at.overlaps(wanted.at.starts_at, wanted.at.ends_at):
            continue
        if each.clinician_id == wanted.clinician_id:
            reason = f"the clinician has appointment {each.id} then"
            yield Conflict(ConflictKind.CLINICIAN_BUSY, reason, (each.id,))
        if each.patient_id == wanted.patient_id:
            yield Conflict(ConflictKind.PATIENT_BUSY, f"the patient has appointment {each.id} then", (each.id,))
        if wanted.room_id is not None and each.room_id == wanted.room_id and wanted.modality is not Modality.TELEHEALTH:
            reason = f"room {wanted.room_id} is taken by appointment {each.id}"
            yield Conflict(ConflictKind.ROOM_TAKEN, reason, (wanted.room_id, each.id))


def _not_working(wanted: Agreed, calendar: Calendar, within_hours: bool) -> Iterator[Conflict]:
    at = wanted.at
    away = [
        each
        for each in _away(calendar, wanted.clinician_id, wanted.location_id)
        if each.at.overlaps(at.starts_at, at.ends_at)
        and (each.clinician_id is not None or not _extra(wanted, calendar))
    ]
    for each in away:
        yield Conflict(ConflictKind.AWAY, f"exception {each.id} ({each.kind.value}) takes this time away", (each.id,))
    if away or not within_hours:
        return
    if not _covered(wanted, calendar, None):
        yield Conflict(ConflictKind.OUTSIDE_HOURS, "no weekly rule and no extra hours of the clinician cover this time")
    elif wanted.modality is not Modality.EITHER and not _covered(wanted, calendar, wanted.modality):
        reason = f"the clinician's hours then are not for {wanted.modality.value}"
        yield Conflict(ConflictKind.OTHER_WAY, reason, tuple(str(rule.id) for rule in _rules_then(wanted, calendar)))


def _extra(wanted: Agreed, calendar: Calendar) -> bool:
    """Whether it lies in extra hours of the clinician at that place."""
    return any(
        each.kind is ExceptionKind.EXTRA_HOURS
        and (each.clinician_id, each.location_id) == (wanted.clinician_id, wanted.location_id)
        and each.at.starts_at <= wanted.at.starts_at
        and wanted.at.ends_at <= each.at.ends_at
        for each in calendar.deviations
    )


def _covered(wanted: Agreed, calendar: Calendar, modality: Modality | None) -> bool:
    """Whether the working time at that place covers it; ``modality`` None: in whatever way."""
    rules = tuple(
        each for each in calendar.rules if modality is None or each.hours.modality in (Modality.EITHER, modality)
    )
    worked = working_time(
        replace(calendar, rules=rules), wanted.clinician_id, wanted.at.starts_at, wanted.at.ends_at, wanted.location_id
    )
    return any(each.starts_at <= wanted.at.starts_at and wanted.at.ends_at <= each.ends_at for each in worked)


def _rules_then(wanted: Agreed, calendar: Calendar) -> list[HoursRule]:
    return [
        rule
        for rule in calendar.rules
        if any(
            each.overlaps(wanted.at.starts_at, wanted.at.ends_at)
            for each in _of_rule(rule, wanted.at.starts_at, wanted.at.ends_at)
        )
    ]


def _without_room(wanted: Agreed, calendar: Calendar, needs_accessible: bool) -> Iterator[Conflict]:
    rooms = {each.id: each for each in calendar.rooms}
    if wanted.modality is Modality.TELEHEALTH:
        return
    if wanted.room_id is None:
        here = [each for each in rooms.values() if each.location_id == wanted.location_id]
        if wanted.modality is Modality.OFFICE and here and free_room(wanted, calendar, needs_accessible) is None:
            kind = "accessible room" if needs_accessible else "room"
            yield Conflict(
                ConflictKind.NO_ROOM, f"no {kind} of {wanted.location_id} is free then", (wanted.location_id,)
            )
        return
    room = rooms.get(wanted.room_id)
    if room is None or not room.active:
        yield Conflict(ConflictKind.ROOM_CLOSED, f"room {wanted.room_id} is not in use", (wanted.room_id,))
        return
    if room.location_id != wanted.location_id:
        reason = f"room {room.id} is at {room.location_id}, not at {wanted.location_id}"
        yield Conflict(ConflictKind.ROOM_ELSEWHERE, reason, (room.id,))
    if needs_accessible and not room.accessible:
        yield Conflict(ConflictKind.ROOM_NOT_ACCESSIBLE, f"room {room.id} has a step", (room.id,))
    for each in _closings(room.id, wanted.at, calendar):
        reason = f"exception {each.id} ({each.kind.value}) closes room {room.id}"
        yield Conflict(ConflictKind.ROOM_CLOSED, reason, (room.id, each.id))


def free_room(wanted: Agreed, calendar: Calendar, needs_accessible: bool) -> str | None:
    """A room of the place that is free then, the one that is wanted first, by id; None when there is none."""
    fitting = [
        each
        for each in calendar.rooms
        if each.location_id == wanted.location_id and each.active and (each.accessible or not needs_accessible)
    ]
    taken = {
        each.room_id
        for each in calendar.agreed
        if each.id != wanted.id and each.at.overlaps(wanted.at.starts_at, wanted.at.ends_at)
    }
    for room in sorted(fitting, key=lambda each: (each.id != wanted.room_id, each.id)):
        if room.id not in taken and not any(True for _ in _closings(room.id, wanted.at, calendar)):
            return room.id
    return None


def _closings(room_id: str, at: Interval, calendar: Calendar) -> Iterator[Deviation]:
    for each in calendar.deviations:
        closes = each.room_id == room_id and each.kind is not ExceptionKind.EXTRA_HOURS
        if closes and each.at.overlaps(at.starts_at, at.ends_at):
            yield each
