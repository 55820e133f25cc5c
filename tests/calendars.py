"""A clinician's calendar for tests: hours at a place, patients in care, appointments."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from acts import calendars as acts
from acts import series
from adapters.operational_store import reading, writing
from adapters.slots import holidays_of
from models.codes import Modality
from models.columns import new_id, utc_now
from models.operational import (
    Appointment,
    AuditEvent,
    Availability,
    Clinician,
    Episode,
    Location,
    Patient,
    Room,
    Slot,
    ToDo,
)
from models.scheduling_codes import ExceptionKind
from tests import factories

ZONE = ZoneInfo("America/Chicago")
NOW = datetime(2026, 10, 19, 15, 0, tzinfo=UTC)
"""A Monday at 10:00 in Chicago; the clocks go back on Sunday, November 1."""
MONDAY = date(2026, 10, 19)
_numbers = count(1)
CLOCKS = (
    "acts.calendars",
    "acts.series",
    "acts.occurrences",
    "acts.appointments",
    "acts.calendar_files",
    "acts.calendar_week",
    "acts.case_to_dos",
    "adapters.slots",
    "tasks.calendars",
)


def stop_the_clock(patch: Any, now: datetime = NOW) -> None:
    for module in CLOCKS:
        patch.setattr(f"{module}.utc_now", lambda: now)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A moment by the clock of the test's place."""
    return datetime.combine(day, time(hour, minute), ZONE).astimezone(UTC)


@dataclass
class Made:
    """One clinician with their place."""

    place: Location
    clinician: Clinician

    def works(self, weekday: int = 0, starts: int = 9, ends: int = 19, **given: Any) -> Availability:
        row = Availability(
            clinician_id=self.clinician.id,
            location_id=self.place.id,
            weekday=weekday,
            starts=time(starts),
            ends=time(ends),
            **given,
        )
        with writing() as db:
            db.add(row)
        return row

    def room(self, **given: Any) -> Room:
        number = next(_numbers)
        room = Room(**{"id": f"RM-T{number}", "location_id": self.place.id, "name": f"Room {number}"} | given)
        with writing() as db:
            db.add(room)
        return room

    def in_care(self, patient: Patient | None = None, **given: Any) -> Episode:
        patient_id = (patient or factories.make_patient()).id
        with writing() as db:
            return self.care_in(db, patient_id, **given)

    def care_in(self, db: Session, patient_id: str, **given: Any) -> Episode:
        facts = {
            "case_number": f"EP-{next(_numbers):06d}",
            "patient_id": patient_id,
            "clinician_id": self.clinician.id,
            "location_id": self.place.id,
            "started_on": date(2026, 9, 1),
        }
        db.add(episode := Episode(**facts | given))
        db.flush()
        return episode

    def appointment(self, starts_at: datetime, episode: Episode | None = None, **given: Any) -> Appointment:
        case = episode or self.in_care()
        facts = {
            "id": new_id("AT"),
            "case_number": case.case_number,
            "patient_id": case.patient_id,
            "clinician_id": self.clinician.id,
            "location_id": self.place.id,
            "starts_at": starts_at,
            "minutes": 50,
            "modality": Modality.TELEHEALTH,
        }
        made = Appointment(**facts | given)
        with writing() as db:
            db.add(made)
        return made


def make_calendar(**given: Any) -> Made:
    place = factories.make_location(state="IL", time_zone="America/Chicago", **given)
    return Made(place, factories.make_clinician(location=place))


def slots(status: str | None = None) -> list[Slot]:
    with reading() as db:
        query = select(Slot).order_by(col(Slot.starts_at))
        return list(db.exec(query if status is None else query.where(Slot.status == status)).all())


def starts(found: list[Slot] | list[Appointment]) -> list[datetime]:
    return [each.starts_at for each in found]


def appointments(**facts: Any) -> list[Appointment]:
    with reading() as db:
        found = db.exec(select(Appointment).order_by(col(Appointment.starts_at))).all()
    return [each for each in found if all(getattr(each, name) == value for name, value in facts.items())]


def to_dos() -> list[ToDo]:
    with reading() as db:
        return list(db.exec(select(ToDo).order_by(col(ToDo.opened_at), col(ToDo.unique_key))).all())


def events(action: str) -> int:
    with reading() as db:
        return len(db.exec(select(AuditEvent.id).where(AuditEvent.action == action)).all())


def a_week_later(day: date, weeks: int = 1) -> date:
    return day + timedelta(weeks=weeks)


@dataclass(frozen=True)
class FullCalendar:
    """A calendar on which there is something of everything; ``day`` has an appointment."""

    day: date


def full_calendar(place: Location, clinician_id: str) -> FullCalendar:
    """Hours, rooms, a recurring appointment, a single one, leave, extra hours and blocked time, from next week on."""
    zone = ZoneInfo(place.time_zone)
    today = utc_now().astimezone(zone).date()
    monday = today + timedelta(days=7 - today.weekday())
    made = Made(place, Clinician(id=clinician_id, npi="", credential=""))
    blue = made.room(name="Blue room")
    made.room(name="Corner room", accessible=False)
    for weekday in range(4):
        made.works(weekday=weekday, ends=17, room_id=blue.id if weekday == 1 else None)
    patients = [
        factories.make_patient(given_name=given, family_name=family)
        for given, family in (("Noor", "Vantongeren"), ("Ilse", "Marlowe-Quint"), ("Teo", "Abernathy"))
    ]
    care = [made.in_care(patient) for patient in patients]

    def local(day: int, hour: int) -> datetime:
        return datetime.combine(monday + timedelta(days=day), time(hour), zone).astimezone(UTC)

    for episode, day, hour in ((care[0], 0, 10), (care[1], 1, 11)):
        facts = {"from_on": monday + timedelta(days=day), "starts": time(hour), "modality": Modality.OFFICE}
        series.make_series(
            series.NewSeries(episode.case_number, **facts), actor="test", leave_out=_holidays(place, monday)
        )
    made.appointment(local(2, 14), care[2])
    for kind, day, begins, ends in (
        (ExceptionKind.BLOCKED, 0, 12, 13),
        (ExceptionKind.LEAVE, 3, 9, 17),
        (ExceptionKind.EXTRA_HOURS, 4, 9, 12),
    ):
        location_id = place.id if kind == ExceptionKind.EXTRA_HOURS else None
        new = acts.NewException(kind, local(day, begins), local(day, ends), clinician_id, location_id)
        acts.add_exception(new, actor="test")
    return FullCalendar(monday)


def _holidays(place: Location, monday: date) -> list[date]:
    return [day for year in (monday.year, monday.year + 1) for day in holidays_of(place.state, year)]
