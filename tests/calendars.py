"""A clinician's calendar for tests: hours at a place, patients in care, appointments."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from adapters.operational_store import reading, writing
from models.codes import Modality
from models.columns import new_id
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
