"""What staff do to calendars: leave, blocked time, extra hours, weekly hours, rooms; nobody is cancelled silently."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from acts.appointments import STANDING
from acts.calendar_book import CalendarBook, as_agreed, as_deviation, as_room, as_rule, read_book
from acts.case_to_dos import Asked, open_for_cases
from acts.fitted_times import FittedTimes, fit_times, horizon
from acts.occurrences import lock_calendars
from acts.series import Conflicted
from adapters.operational_store import audit, one, reading, writing
from adapters.slots import AHEAD, Times, not_agreed, open_slots, weekly_times
from models.codes import Modality, SlotStatus, ToDoKind
from models.columns import new_id, utc_now
from models.errors import MovedOn
from models.operational import Appointment, Availability, CalendarException, Clinician, Location, Room, Slot
from models.scheduling_codes import ExceptionKind
from rules.calendars import Conflict, ConflictKind, conflicts, overlapping_rules

LONGEST_EXCEPTION = timedelta(days=732)
LOOK_AHEAD = timedelta(weeks=53)
SHORTEST_SLOT, LONGEST_SLOT = 10, 480
LONGEST_NAME = 60
ABOUT_THE_CALENDAR = frozenset(
    {ConflictKind.AWAY, ConflictKind.OUTSIDE_HOURS, ConflictKind.OTHER_WAY, ConflictKind.ROOM_CLOSED}
)
"""What a change of a calendar, a rule or a room can bring about; the rest lies between appointments."""


@dataclass(frozen=True)
class Hit:
    """One standing appointment that a change would leave without its time, and why."""

    appointment_id: str
    case_number: str
    patient_id: str
    starts_at: datetime
    location_id: str
    reasons: tuple[str, ...]


class Unconfirmed(MovedOn):
    """The change would hit appointments that nobody has confirmed; ``hits`` are all of them, as they stand now."""

    def __init__(self, hits: Sequence[Hit]) -> None:
        super().__init__(f"{len(hits)} appointments lie there: look at them first")
        self.hits = tuple(hits)


@dataclass(frozen=True)
class Changed:
    """What a change has done: what was hit (a to-do each), what became of the bookable times."""

    id: str
    hits: tuple[Hit, ...]
    fitted: FittedTimes
    new_times: int = 0


@dataclass(frozen=True)
class NewException:
    """A stretch of time, UTC, as somebody asks for it: of a clinician, of a room, else of a whole place.

    Extra hours name the clinician and the place.
    """

    kind: ExceptionKind
    starts_at: datetime
    ends_at: datetime
    clinician_id: str | None = None
    location_id: str | None = None
    room_id: str | None = None


def hits_of_exception(new: NewException) -> tuple[Hit, ...]:
    """Which standing appointments it would hit; nothing is kept. Raises ValueError for what cannot be."""
    with reading() as db:
        return _hits_of(db, _checked(db, new, "preview"))


def add_exception(new: NewException, *, actor: str, confirmed: Collection[str] = ()) -> Changed:
    """Put a deviation on a calendar, bookable times included.

    Raises Unconfirmed, and keeps nothing, while it hits an appointment that is not among ``confirmed``; those get a
    to-do for a coordinator, and stand until somebody has settled them. The same one twice is once.
    """
    with writing() as db:
        wanted = _checked(db, new, actor)
        found = _same(db, wanted)
        if found is not None:
            return Changed(found.id, (), FittedTimes())
        lock_calendars(db, _clinicians_of(db, wanted))
        hits = _confirmed(_hits_of(db, wanted), confirmed)

        def change() -> None:
            db.add(wanted)
            db.flush()
            audit(db, actor, "calendar.exception_added", wanted, kind=wanted.kind.value)

        fitted, new_times = change_times(db, change, actor)
        ask_about(db, hits, wanted.id)
        return Changed(wanted.id, hits, fitted, new_times)


def remove_exception(exception_id: str, *, actor: str) -> Changed:
    """Take a deviation back: its times are bookable again. Appointments in extra hours get a to-do; twice is once."""
    with writing() as db:
        exception = one(db, CalendarException, exception_id)
        if exception.removed_at is not None:
            return Changed(exception_id, (), FittedTimes())
        lock_calendars(db, _clinicians_of(db, exception))

        def change() -> None:
            exception.removed_at = utc_now()
            db.add(exception)
            db.flush()
            audit(db, actor, "calendar.exception_removed", exception, kind=exception.kind.value)

        before = _book_of(db, exception)
        fitted, new_times = change_times(db, change, actor)
        hits = _hits(db, before, _book_of(db, exception), _standing_in(db, exception))
        ask_about(db, hits, f"removed-{exception.id}")
        return Changed(exception_id, hits, fitted, new_times)


def _checked(db: Session, new: NewException, actor: str) -> CalendarException:
    if new.ends_at <= new.starts_at:
        raise ValueError("its end must be after its start")
    if new.ends_at <= utc_now():
        raise ValueError("this time has passed")
    if new.ends_at - new.starts_at > LONGEST_EXCEPTION:
        raise ValueError("two years at most; leave without an end is ended weekly hours")
    if new.kind == ExceptionKind.EXTRA_HOURS and (new.clinician_id is None or new.location_id is None):
        raise ValueError("extra hours need a clinician and a place")
    for record, key in ((Clinician, new.clinician_id), (Location, new.location_id), (Room, new.room_id)):
        if key is not None:
            one(db, record, key)
    return CalendarException(id=new_id("CE"), recorded_by=actor, **vars(new))


def _same(db: Session, wanted: CalendarException) -> CalendarException | None:
    return db.exec(
        select(CalendarException).where(
            CalendarException.kind == wanted.kind,
            CalendarException.starts_at == wanted.starts_at,
            CalendarException.ends_at == wanted.ends_at,
            CalendarException.clinician_id == wanted.clinician_id,
            CalendarException.location_id == wanted.location_id,
            CalendarException.room_id == wanted.room_id,
            col(CalendarException.removed_at).is_(None),
        )
    ).first()


def _clinicians_of(db: Session, exception: CalendarException) -> list[str]:
    if exception.clinician_id is not None:
        return [exception.clinician_id]
    query = select(Availability.clinician_id).distinct()
    if exception.location_id is not None:
        query = query.where(Availability.location_id == exception.location_id)
    return list(db.exec(query).all())


def _hits_of(db: Session, wanted: CalendarException) -> tuple[Hit, ...]:
    before, after = _book_of(db, wanted), _book_of(db, wanted)
    after.add_deviation(replace(as_deviation(wanted), id="to be added"))
    return _hits(db, before, after, _standing_in(db, wanted))


def _standing_in(db: Session, exception: CalendarException) -> list[Appointment]:
    """The standing appointments to come that touch an exception and could be meant by it."""
    query = select(Appointment).where(
        col(Appointment.status).in_(STANDING),
        col(Appointment.starts_at) > utc_now(),
        col(Appointment.starts_at) > exception.starts_at - timedelta(minutes=LONGEST_SLOT),
        col(Appointment.starts_at) < exception.ends_at,
    )
    if exception.room_id is not None:
        query = query.where(Appointment.room_id == exception.room_id)
    elif exception.clinician_id is not None:
        query = query.where(Appointment.clinician_id == exception.clinician_id)
    elif exception.location_id is not None:
        query = query.where(Appointment.location_id == exception.location_id)
    found = db.exec(query.order_by(col(Appointment.starts_at), col(Appointment.id))).all()
    return [each for each in found if exception.starts_at < each.starts_at + timedelta(minutes=each.minutes)]


def _book_of(db: Session, exception: CalendarException) -> CalendarBook:
    ids = sorted({each.clinician_id for each in _standing_in(db, exception)})
    return read_book(db, clinician_ids=ids, from_utc=exception.starts_at, to_utc=exception.ends_at)


def _hits(
    db: Session, before: CalendarBook, after: CalendarBook, appointments: Iterable[Appointment]
) -> tuple[Hit, ...]:
    """The appointments against which the change brings something that was not against them before."""
    found = []
    for each in appointments:
        agreed = as_agreed(each)
        old = {conflict.kind for conflict in conflicts(agreed, before.around(agreed))}
        new = [
            conflict
            for conflict in conflicts(agreed, after.around(agreed))
            if conflict.kind in ABOUT_THE_CALENDAR - old
        ]
        if new:
            reasons = tuple(conflict.reason for conflict in new)
            found.append(Hit(each.id, each.case_number, each.patient_id, each.starts_at, each.location_id, reasons))
    return tuple(found)


def _confirmed(hits: tuple[Hit, ...], confirmed: Collection[str]) -> tuple[Hit, ...]:
    if {each.appointment_id for each in hits} - set(confirmed):
        raise Unconfirmed(hits)
    return hits


def hits_among(db: Session, clinician_id: str, before: set[str], after: set[str]) -> tuple[Hit, ...]:
    """The standing appointments of a clinician that exceptions of ``after`` hit, and none of ``before`` did."""
    held = _standing_with(db, clinician_id)
    if not held:
        return ()
    window = {"clinician_ids": [clinician_id], "from_utc": held[0].starts_at}
    book = read_book(db, **window, to_utc=held[-1].starts_at + timedelta(days=1))  # type: ignore[arg-type]
    found = []
    for each in held:
        agreed = as_agreed(each)
        away = [one for one in conflicts(agreed, book.around(agreed)) if one.kind is ConflictKind.AWAY]
        if away and not {key for one in away for key in one.ids} & before:
            reasons = tuple(one.reason for one in away if set(one.ids) & after)
            found.append(Hit(each.id, each.case_number, each.patient_id, each.starts_at, each.location_id, reasons))
    return tuple(each for each in found if each.reasons)


def ask_about(db: Session, hits: Iterable[Hit], change_id: str) -> None:
    """A coordinator has to do about each appointment that a change has hit; once a change."""
    asked = [
        Asked(each.case_number, each.location_id, f"calendar:{change_id}:{each.appointment_id}", each.starts_at)
        for each in hits
    ]
    open_for_cases(db, ToDoKind.MOVE_APPOINTMENT, asked)


def change_times(db: Session, change: Callable[[], None], actor: str) -> tuple[FittedTimes, int]:
    """Change a calendar and bring the bookable times along: gone ones close, those that came back open again."""
    now = utc_now()
    until = horizon(db, now)
    before = weekly_times(db, now, until)
    change()
    fitted = fit_times(db, before, _without_agreed(db, now, weekly_times(db, now, until)), actor)
    return fitted, open_slots(db, (now + AHEAD).date())


def _without_agreed(db: Session, now: datetime, times: Times) -> Times:
    """Without what a standing appointment lies across; the very time that it has booked stays as it is."""
    booked = set(db.exec(select(Slot.clinician_id, Slot.starts_at).where(Slot.status == SlotStatus.BOOKED)).all())
    free = not_agreed(db, now, times)
    return {key: slot for key, slot in times.items() if key in free or key in booked}


# -- weekly hours


@dataclass(frozen=True)
class NewHours:
    """One weekly rule as somebody asks for it; wall-clock times of its place, dates included, None = always."""

    clinician_id: str
    location_id: str
    weekday: int
    starts: time
    ends: time
    modality: Modality = Modality.EITHER
    minutes: int = 50
    room_id: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


def add_hours(new: NewHours, *, actor: str) -> Changed:
    """Put a weekly rule on record, bookable times included.

    Raises Conflicted when it holds at the same time as another rule of this clinician, ValueError for what cannot be.
    """
    with writing() as db:
        lock_calendars(db, [new.clinician_id])
        row = _checked_hours(db, new)
        _refuse_overlap(db, row)

        def change() -> None:
            db.add(row)
            db.flush()
            _audit_hours(db, actor, row.clinician_id, added=1, removed=0)

        fitted, new_times = change_times(db, change, actor)
        return Changed(str(row.id), (), fitted, new_times)


def _checked_hours(db: Session, new: NewHours) -> Availability:
    one(db, Clinician, new.clinician_id)
    one(db, Location, new.location_id)
    length = datetime.combine(date.min, new.ends) - datetime.combine(date.min, new.starts)
    if new.weekday not in range(7) or not SHORTEST_SLOT <= new.minutes <= LONGEST_SLOT:
        raise ValueError(f"weekly hours need a day and sessions of {SHORTEST_SLOT} to {LONGEST_SLOT} minutes")
    if length < timedelta(minutes=new.minutes):
        raise ValueError("the hours must leave room for one session; night hours are two rules")
    if new.valid_from is not None and new.valid_to is not None and new.valid_to < new.valid_from:
        raise ValueError("the last day must not be before the first")
    if new.room_id is not None:
        room = one(db, Room, new.room_id)
        if room.location_id != new.location_id or not room.active:
            raise ValueError(f"room {room.id} is not in use at {new.location_id}")
    return Availability(**vars(new))


def _refuse_overlap(db: Session, row: Availability) -> None:
    """The new one is rule 0, until it is on record."""
    zones = {place.id: place.time_zone for place in db.exec(select(Location)).all()}
    known = db.exec(select(Availability).where(Availability.clinician_id == row.clinician_id)).all()
    rules = [as_rule(each, zones[each.location_id]) for each in (*known, row)]
    found = [each for each in overlapping_rules(rules, utc_now().date()) if "0" in each.ids]
    if found:
        raise Conflicted(
            [Conflict(each.kind, each.reason.replace("rule 0", "the new one"), each.ids) for each in found]
        )


def _audit_hours(db: Session, actor: str, clinician_id: str, *, added: int, removed: int) -> None:
    audit(db, actor, "clinician.hours_changed", ("clinician", clinician_id), added=added, removed=removed)


def hits_of_ending(rule_id: int, last_on: date) -> tuple[Hit, ...]:
    """Which standing appointments lie in weekly hours that end; nothing is kept."""
    with reading() as db:
        return _hits_of_ending(db, _rule(db, rule_id), last_on)


def end_hours(rule_id: int, last_on: date, *, actor: str, confirmed: Collection[str] = ()) -> Changed:
    """Let a weekly rule end after a day; one that has ended is taken off the record.

    Raises Unconfirmed, and keeps nothing, while appointments lie in it that are not among ``confirmed``.
    """
    with writing() as db:
        row = _rule(db, rule_id)
        lock_calendars(db, [row.clinician_id])
        hits = _confirmed(_hits_of_ending(db, row, last_on), confirmed)
        today = utc_now().astimezone(ZoneInfo(one(db, Location, row.location_id).time_zone)).date()

        def change() -> None:
            if last_on < today or (row.valid_from is not None and last_on < row.valid_from):
                db.delete(row)
            else:
                row.valid_to = last_on
                db.add(row)
            db.flush()
            _audit_hours(db, actor, row.clinician_id, added=0, removed=1)

        fitted, new_times = change_times(db, change, actor)
        ask_about(db, hits, f"hours-{rule_id}-{last_on.isoformat()}")
        return Changed(str(rule_id), hits, fitted, new_times)


def clinician_of_rule(rule_id: int) -> str:
    """Whose weekly rule this is; raises MovedOn."""
    with reading() as db:
        return _rule(db, rule_id).clinician_id


def _rule(db: Session, rule_id: int) -> Availability:
    found = db.get(Availability, rule_id)
    if found is None:
        raise MovedOn(f"there is no weekly rule {rule_id}")
    return found


def _hits_of_ending(db: Session, row: Availability, last_on: date) -> tuple[Hit, ...]:
    zone = ZoneInfo(one(db, Location, row.location_id).time_zone)
    now = utc_now()
    window = {"clinician_ids": [row.clinician_id], "from_utc": now, "to_utc": now + LOOK_AHEAD}
    before, after = read_book(db, **window), read_book(db, **window)  # type: ignore[arg-type]
    after.drop_rule(row.clinician_id, row.id or 0)
    later = [
        each
        for each in _standing_with(db, row.clinician_id)
        if each.starts_at.astimezone(zone).date() > last_on and each.location_id == row.location_id
    ]
    return _hits(db, before, after, later)


def _standing_with(db: Session, clinician_id: str) -> Sequence[Appointment]:
    return db.exec(
        select(Appointment)
        .where(
            Appointment.clinician_id == clinician_id,
            col(Appointment.status).in_(STANDING),
            col(Appointment.starts_at) > utc_now(),
        )
        .order_by(col(Appointment.starts_at), col(Appointment.id))
    ).all()


# -- rooms


def add_room(location_id: str, name: str, *, accessible: bool, actor: str) -> str:
    """Put a room on record; returns its id. Raises ValueError for a name that is missing or taken at this place."""
    with writing() as db:
        one(db, Location, location_id)
        room = Room(id=new_id("RM"), location_id=location_id, name=_name(db, location_id, name), accessible=accessible)
        db.add(room)
        db.flush()
        audit(db, actor, "room.added", room, location=location_id)
        return room.id


def change_room(
    room_id: str, *, name: str, accessible: bool, active: bool, actor: str, confirmed: Collection[str] = ()
) -> tuple[Hit, ...]:
    """Rename a room, say whether it has a step, take it out of use or into use again.

    Raises Unconfirmed, and keeps nothing, while appointments are held in a room that goes out of use and are not
    among ``confirmed``.
    """
    with writing() as db:
        room = one(db, Room, room_id)
        lock_calendars(db, list(db.exec(select(Clinician.id)).all()))
        called = _name(db, room.location_id, name, but_not=room_id)
        hits = _confirmed(_hits_of_closing(db, room), confirmed) if room.active and not active else ()
        room.name, room.accessible, room.active = called, accessible, active
        db.add(room)
        db.flush()
        audit(db, actor, "room.changed", room, accessible=accessible, active=active)
        ask_about(db, hits, room_id)
        return hits


def _name(db: Session, location_id: str, name: str, but_not: str | None = None) -> str:
    called = " ".join(name.split())
    if not called or len(called) > LONGEST_NAME or not called.isprintable():
        raise ValueError(f"a room needs a name of at most {LONGEST_NAME} characters")
    taken = db.exec(select(Room).where(Room.location_id == location_id, Room.name == called)).first()
    if taken is not None and taken.id != but_not:
        raise ValueError("another room here has this name")
    return called


def _hits_of_closing(db: Session, room: Room) -> tuple[Hit, ...]:
    held = db.exec(
        select(Appointment)
        .where(
            Appointment.room_id == room.id,
            col(Appointment.status).in_(STANDING),
            col(Appointment.starts_at) > utc_now(),
        )
        .order_by(col(Appointment.starts_at), col(Appointment.id))
    ).all()
    if not held:
        return ()
    window = {
        "clinician_ids": sorted({each.clinician_id for each in held}),
        "from_utc": held[0].starts_at,
        "to_utc": held[-1].starts_at + timedelta(days=1),
    }
    before, after = read_book(db, **window), read_book(db, **window)  # type: ignore[arg-type]
    closed = as_room(room)
    after.add_room(replace(closed, active=False))
    return _hits(db, before, after, held)
