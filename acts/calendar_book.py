"""What is on record of the calendars of several clinicians, read once and asked often."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_
from sqlmodel import Session, col, select

from acts.appointments import STANDING
from adapters.slots import holidays_of
from models.operational import Appointment, Availability, CalendarException, Location, Room
from models.scheduling_codes import ExceptionKind
from rules.calendars import Agreed, Calendar, Deviation, HoursRule, RoomFacts
from rules.scheduling import Interval, WeeklyHours

LONGEST = timedelta(hours=8)
"""No appointment is longer; where to begin looking for one that still lasts."""
PUBLIC_HOLIDAY = "public holiday of "


class CalendarBook:
    """Calendars by clinician, patient and room; ``around`` gives a rule the few that matter to one appointment."""

    def __init__(self) -> None:
        self.places: dict[str, Location] = {}
        self._rules: dict[str, list[HoursRule]] = defaultdict(list)
        self._deviations: dict[tuple[str, str | None], list[Deviation]] = defaultdict(list)
        self._agreed: dict[tuple[str, str], list[Agreed]] = defaultdict(list)
        self._rooms: dict[str, list[RoomFacts]] = defaultdict(list)

    def add_rule(self, clinician_id: str, rule: HoursRule) -> None:
        self._rules[clinician_id].append(rule)

    def drop_rule(self, clinician_id: str, rule_id: int) -> None:
        self._rules[clinician_id] = [each for each in self._rules[clinician_id] if each.id != rule_id]

    def add_deviation(self, deviation: Deviation) -> None:
        if deviation.room_id is not None:
            self._deviations["room", deviation.room_id].append(deviation)
        elif deviation.clinician_id is not None:
            self._deviations["clinician", deviation.clinician_id].append(deviation)
        else:
            self._deviations["location", deviation.location_id].append(deviation)

    def add_room(self, room: RoomFacts) -> None:
        rooms = self._rooms[room.location_id]
        rooms[:] = [each for each in rooms if each.id != room.id] + [room]

    def agree(self, agreed: Agreed) -> None:
        """Put down an appointment, so that the next one finds it."""
        for key in self._keys(agreed):
            self._agreed[key].append(agreed)

    def forget(self, agreed_id: str) -> None:
        """Leave an appointment out, because it is to be moved."""
        for each in self._agreed.values():
            each[:] = [one for one in each if one.id != agreed_id]

    def _keys(self, agreed: Agreed) -> Iterator[tuple[str, str]]:
        yield "clinician", agreed.clinician_id
        yield "patient", agreed.patient_id
        if agreed.room_id is not None:
            yield "location", agreed.location_id

    def rules_of(self, clinician_id: str) -> tuple[HoursRule, ...]:
        return tuple(self._rules[clinician_id])

    def rooms_at(self, location_id: str) -> tuple[RoomFacts, ...]:
        return tuple(self._rooms.get(location_id, ()))

    def room(self, room_id: str | None) -> RoomFacts | None:
        return next((each for rooms in self._rooms.values() for each in rooms if each.id == room_id), None)

    def agreed_with(self, clinician_id: str) -> tuple[Agreed, ...]:
        return tuple(self._agreed.get(("clinician", clinician_id), ()))

    def around(self, wanted: Agreed) -> Calendar:
        """What bears on this appointment."""
        near = {
            each.id: each
            for key in (*self._keys(wanted), ("location", wanted.location_id))
            for each in self._agreed.get(key, ())
            if each.at.overlaps(wanted.at.starts_at, wanted.at.ends_at)
        }
        rooms = self._rooms.get(wanted.location_id, [])
        elsewhere = self.room(wanted.room_id)
        return Calendar(
            rules=self.rules_of(wanted.clinician_id),
            deviations=self.deviations_of(wanted.clinician_id, wanted.location_id, [room.id for room in rooms]),
            agreed=tuple(near.values()),
            rooms=(*rooms, *((elsewhere,) if elsewhere is not None and elsewhere not in rooms else ())),
        )

    def deviations_of(self, clinician_id: str, location_id: str, room_ids: Iterable[str]) -> tuple[Deviation, ...]:
        keys = [("clinician", clinician_id), ("location", location_id), ("location", None)]
        keys += [("room", room_id) for room_id in room_ids]
        return tuple(each for key in keys for each in self._deviations.get(key, ()))

    def calendar_of(self, clinician_id: str) -> Calendar:
        """Everything of one clinician, at all their places."""
        places = {rule.hours.location_id for rule in self._rules[clinician_id]}
        keys: list[tuple[str, str | None]] = [("clinician", clinician_id), ("location", None)]
        keys += [("location", place) for place in sorted(places)]
        keys += [("room", rule.room_id) for rule in self._rules[clinician_id] if rule.room_id is not None]
        deviations = {each.id: each for key in keys for each in self._deviations.get(key, ())}
        return Calendar(self.rules_of(clinician_id), tuple(deviations.values()), self.agreed_with(clinician_id))


def read_book(
    db: Session,
    *,
    clinician_ids: Collection[str],
    patient_ids: Collection[str] = (),
    location_ids: Collection[str] = (),
    from_utc: datetime,
    to_utc: datetime,
) -> CalendarBook:
    """The calendars of these clinicians and patients, and of all rooms of these places, in five queries.

    Of appointments and exceptions those that touch [from, to).
    """
    book = CalendarBook()
    book.places = {each.id: each for each in db.exec(select(Location)).all()}
    for row in db.exec(select(Availability).where(col(Availability.clinician_id).in_(clinician_ids))).all():
        book.add_rule(row.clinician_id, as_rule(row, book.places[row.location_id].time_zone))
    for room in db.exec(select(Room)).all():
        book.add_room(as_room(room))
    for exception in db.exec(
        select(CalendarException).where(
            col(CalendarException.removed_at).is_(None),
            col(CalendarException.starts_at) < to_utc,
            col(CalendarException.ends_at) > from_utc,
            or_(
                col(CalendarException.clinician_id).in_(clinician_ids),
                col(CalendarException.clinician_id).is_(None),
            ),
        )
    ).all():
        book.add_deviation(as_deviation(exception))
    for holiday in public_holidays(book.places.values(), from_utc, to_utc):
        book.add_deviation(holiday)
    for appointment in _standing(db, clinician_ids, patient_ids, location_ids, from_utc, to_utc):
        book.agree(as_agreed(appointment))
    return book


def _standing(
    db: Session,
    clinician_ids: Collection[str],
    patient_ids: Collection[str],
    location_ids: Collection[str],
    from_utc: datetime,
    to_utc: datetime,
) -> Iterable[Appointment]:
    return db.exec(
        select(Appointment).where(
            col(Appointment.status).in_(STANDING),
            col(Appointment.starts_at) > from_utc - LONGEST,
            col(Appointment.starts_at) < to_utc,
            or_(
                col(Appointment.clinician_id).in_(clinician_ids),
                col(Appointment.patient_id).in_(patient_ids),
                col(Appointment.room_id).is_not(None) & col(Appointment.location_id).in_(location_ids),
            ),
        )
    ).all()


def as_rule(row: Availability, zone: str) -> HoursRule:
    hours = WeeklyHours(
        weekday=row.weekday,
        starts=row.starts,
        ends=row.ends,
        zone=zone,
        location_id=row.location_id,
        modality=row.modality,
        minutes=row.minutes,
    )
    return HoursRule(row.id or 0, hours, row.room_id, row.valid_from, row.valid_to)


def as_room(row: Room) -> RoomFacts:
    return RoomFacts(row.id, row.location_id, row.accessible, row.active)


def as_deviation(row: CalendarException) -> Deviation:
    at = Interval(row.starts_at, row.ends_at)
    return Deviation(row.id, row.kind, at, row.clinician_id, row.location_id, row.room_id)


def as_agreed(row: Appointment) -> Agreed:
    ends = row.starts_at + timedelta(minutes=row.minutes)
    return Agreed(
        id=row.id,
        clinician_id=row.clinician_id,
        patient_id=row.patient_id,
        location_id=row.location_id,
        at=Interval(row.starts_at, ends),
        modality=row.modality,
        room_id=row.room_id,
    )


def public_holidays(places: Iterable[Location], from_utc: datetime, to_utc: datetime) -> Iterator[Deviation]:
    """Each public holiday of each place, from one midnight there to the next."""
    for place in places:
        zone = ZoneInfo(place.time_zone)
        first, last = from_utc.astimezone(zone).date(), to_utc.astimezone(zone).date()
        for year in range(first.year, last.year + 1):
            for day in sorted(holidays_of(place.state, year)):
                if first <= day <= last:
                    yield _closed_all_day(place.id, day, zone)


def _closed_all_day(location_id: str, day: date, zone: ZoneInfo) -> Deviation:
    starts = datetime.combine(day, time.min, zone).astimezone(UTC)
    ends = datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC)
    name = f"{PUBLIC_HOLIDAY}{day.isoformat()}"
    return Deviation(name, ExceptionKind.HOLIDAY, Interval(starts, ends), location_id=location_id)
