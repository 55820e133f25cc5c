"""One week of a clinician's calendar as it is shown: what is agreed, what is free, what is taken away."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, or_, select

from acts.appointments import STANDING
from acts.calendar_book import PUBLIC_HOLIDAY, as_agreed, as_rule, read_book
from adapters.operational_store import one, reading
from models.codes import AppointmentStatus, EpisodeStatus
from models.columns import utc_now
from models.operational import (
    Appointment,
    Availability,
    CalendarException,
    Clinician,
    Episode,
    Location,
    Patient,
    Room,
    Series,
    Staff,
)
from models.scheduling_codes import ExceptionKind, SeriesStatus
from rules.calendars import Conflict, conflicts, free_time, overlapping_rules

SHOWN = (*STANDING, AppointmentStatus.ATTENDED, AppointmentStatus.NO_SHOW)
MOST_EXCEPTIONS = 60


@dataclass(frozen=True)
class Entry:
    """One line of a day, UTC: an appointment, free time, or what takes time away (or adds it)."""

    starts_at: datetime
    ends_at: datetime
    appointment: Appointment | None = None
    exception: CalendarException | None = None
    against: tuple[Conflict, ...] = ()


@dataclass(frozen=True)
class Day:
    day: date
    entries: tuple[Entry, ...]
    holiday: bool = False


@dataclass(frozen=True)
class WeekView:
    """A clinician's week and what it is made of; ``patients`` by id, for those who see names."""

    clinician_id: str
    name: str
    zone: str
    monday: date
    today: date
    days: tuple[Day, ...]
    places: tuple[Location, ...]
    hours: tuple[Availability, ...]
    overlapping: tuple[Conflict, ...]
    series: tuple[Series, ...]
    exceptions: tuple[CalendarException, ...]
    imported: int
    rooms: dict[str, Room]
    in_care: tuple[Episode, ...]
    patients: dict[str, Patient] = field(repr=False)


@dataclass(frozen=True)
class Whose:
    """A clinician whose calendar may be opened."""

    id: str
    name: str
    location_ids: frozenset[str]


def whose(clinician_id: str) -> Whose:
    """The clinician of this id; raises MovedOn."""
    with reading() as db:
        one(db, Clinician, clinician_id)
        staff = one(db, Staff, clinician_id)
        return Whose(staff.id, staff.name, frozenset(staff.location_ids))


def everybody(location_ids: Collection[str]) -> list[Whose]:
    """The active clinicians of these places, by name."""
    with reading() as db:
        found = db.exec(
            select(Staff)
            .join(Clinician, col(Clinician.id) == col(Staff.id))
            .where(col(Staff.active).is_(True))
            .order_by(col(Staff.name), col(Staff.id))
        ).all()
    return [
        Whose(each.id, each.name, frozenset(each.location_ids))
        for each in found
        if set(each.location_ids) & set(location_ids)
    ]


def week_of(clinician_id: str, day: date | None = None) -> WeekView:
    """The week, Monday to Sunday of their first place, that holds this day; None: today's. Raises MovedOn."""
    with reading() as db:
        one(db, Clinician, clinician_id)
        staff = one(db, Staff, clinician_id)
        places = {place.id: place for place in db.exec(select(Location).order_by(Location.id)).all()}
        hours = _hours(db, clinician_id)
        own = [places[each] for each in staff.location_ids if each in places]
        own += [places[each] for each in sorted({row.location_id for row in hours}) if places[each] not in own]
        zone = own[0].time_zone
        today = utc_now().astimezone(ZoneInfo(zone)).date()
        monday = (day or today) - timedelta(days=(day or today).weekday())
        series = _series(db, clinician_id)
        in_care = _in_care(db, clinician_id)
        days, patient_ids = _days(db, clinician_id, monday, ZoneInfo(zone))
        patient_ids |= {each.patient_id for each in series} | {each.patient_id for each in in_care}
        exceptions, imported = _exceptions(db, clinician_id, [place.id for place in own])
        return WeekView(
            clinician_id=clinician_id,
            name=staff.name,
            zone=zone,
            monday=monday,
            today=today,
            days=days,
            places=tuple(own),
            hours=hours,
            overlapping=overlapping_rules([as_rule(row, places[row.location_id].time_zone) for row in hours], today),
            series=series,
            exceptions=exceptions,
            imported=imported,
            rooms={room.id: room for room in db.exec(select(Room).order_by(Room.location_id, Room.name)).all()},
            in_care=in_care,
            patients={each.id: each for each in db.exec(select(Patient).where(col(Patient.id).in_(patient_ids))).all()},
        )


def _hours(db: Session, clinician_id: str) -> tuple[Availability, ...]:
    query = select(Availability).where(Availability.clinician_id == clinician_id)
    return tuple(db.exec(query.order_by(col(Availability.weekday), col(Availability.starts))).all())


def _series(db: Session, clinician_id: str) -> tuple[Series, ...]:
    query = select(Series).where(Series.clinician_id == clinician_id, Series.status == SeriesStatus.ACTIVE)
    return tuple(db.exec(query.order_by(col(Series.weekday), col(Series.starts), col(Series.id))).all())


def _in_care(db: Session, clinician_id: str) -> tuple[Episode, ...]:
    query = select(Episode).where(Episode.clinician_id == clinician_id, Episode.status == EpisodeStatus.ACTIVE)
    return tuple(db.exec(query.order_by(col(Episode.case_number))).all())


def _exceptions(db: Session, clinician_id: str, location_ids: list[str]) -> tuple[tuple[CalendarException, ...], int]:
    """What still lies ahead: of the clinician, of their places and rooms; of what was imported only how much."""
    rooms = select(Room.id).where(col(Room.location_id).in_(location_ids))
    found = db.exec(
        select(CalendarException)
        .where(
            col(CalendarException.removed_at).is_(None),
            col(CalendarException.ends_at) > utc_now(),
            or_(
                CalendarException.clinician_id == clinician_id,
                col(CalendarException.room_id).in_(rooms),
                col(CalendarException.clinician_id).is_(None)
                & col(CalendarException.room_id).is_(None)
                & col(CalendarException.location_id).in_(location_ids),
            ),
        )
        .order_by(col(CalendarException.starts_at), col(CalendarException.id))
    ).all()
    own = tuple(each for each in found if each.kind != ExceptionKind.IMPORTED)
    return own[:MOST_EXCEPTIONS], len(found) - len(own)


def _days(db: Session, clinician_id: str, monday: date, zone: ZoneInfo) -> tuple[tuple[Day, ...], set[str]]:
    from_utc, to_utc = _midnight(monday, zone), _midnight(monday + timedelta(days=7), zone)
    agreed = db.exec(
        select(Appointment)
        .where(
            Appointment.clinician_id == clinician_id,
            col(Appointment.status).in_(SHOWN),
            Appointment.starts_at >= from_utc,
            Appointment.starts_at < to_utc,
        )
        .order_by(col(Appointment.starts_at), col(Appointment.id))
    ).all()
    book = read_book(
        db,
        clinician_ids=[clinician_id],
        patient_ids=[each.patient_id for each in agreed],
        location_ids=sorted({each.location_id for each in agreed}),
        from_utc=from_utc,
        to_utc=to_utc,
    )
    calendar = book.calendar_of(clinician_id)
    entries = [Entry(each.starts_at, each.ends_at) for each in free_time(calendar, clinician_id, from_utc, to_utc)]
    for each in agreed:
        own = as_agreed(each)
        against = conflicts(own, book.around(own)) if each.status in STANDING else ()
        entries.append(Entry(each.starts_at, own.at.ends_at, appointment=each, against=against))
    known = {each.id for each in calendar.deviations}
    taken = db.exec(select(CalendarException).where(col(CalendarException.id).in_(known))).all()
    holidays = {each.at.starts_at for each in calendar.deviations if each.id.startswith(PUBLIC_HOLIDAY)}
    days = []
    for offset in range(7):
        day = monday + timedelta(days=offset)
        begins, ends = _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
        away = [
            Entry(max(each.starts_at, begins), min(each.ends_at, ends), exception=each)
            for each in taken
            if each.starts_at < ends and begins < each.ends_at
        ]
        of_day = [*away, *(each for each in entries if begins <= each.starts_at < ends)]
        of_day.sort(key=lambda each: (each.starts_at, each.exception is None, each.ends_at))
        days.append(Day(day, tuple(of_day), holiday=any(begins <= each < ends for each in holidays)))
    return tuple(days), {each.patient_id for each in agreed}


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def rooms_of(location_ids: Collection[str]) -> list[Room]:
    """The rooms of these places, in use or not."""
    with reading() as db:
        query = select(Room).where(col(Room.location_id).in_(location_ids))
        return list(db.exec(query.order_by(col(Room.location_id), col(Room.name))).all())


def clinician_of_appointment(appointment_id: str) -> str:
    with reading() as db:
        return one(db, Appointment, appointment_id).clinician_id


def clinician_of_series(series_id: str) -> str:
    with reading() as db:
        return one(db, Series, series_id).clinician_id


def exception_of(exception_id: str) -> CalendarException:
    with reading() as db:
        return one(db, CalendarException, exception_id)


def care(case_number: str) -> Episode:
    with reading() as db:
        return one(db, Episode, case_number)


def room_of(room_id: str) -> Room:
    with reading() as db:
        return one(db, Room, room_id)
