"""What is on record of the practice's locations and staff, in the words of a roster."""

from collections import defaultdict
from typing import Any

from sqlmodel import Session, col, select

from adapters.operational_store import reading
from models.codes import Modality, Role
from models.operational import Availability, Clinician, Licence, Location, PanelMembership, Staff
from models.roster import (
    ClinicianEntry,
    HoursEntry,
    LicenceEntry,
    LocationEntry,
    OnRecord,
    PanelEntry,
    Roster,
    StaffEntry,
)

LOCATION_FACTS = ("name", "state", "time_zone", "phone", "accessible")
CLINICIAN_FACTS = (
    "npi", "credential", "gender", "min_age", "max_age", "modalities", "languages", "focus_areas",
    "caseload_limit", "caseload_now", "accepts_new",
)  # fmt: skip
"""Columns that are called in the record as in the entry."""


def roster_on_record() -> Roster:
    """The locations and the staff with an open account, as a roster says them."""
    with reading() as db:
        return on_record(db).roster


def on_record(db: Session) -> OnRecord:
    """What a roster is compared with."""
    places = db.exec(select(Location).order_by(col(Location.id))).all()
    staff = db.exec(select(Staff).order_by(col(Staff.role), col(Staff.name), col(Staff.id))).all()
    clinicians = _clinicians(db)
    return OnRecord(
        Roster(
            tuple(
                LocationEntry(place.id, **{name: getattr(place, name) for name in LOCATION_FACTS}) for place in places
            ),
            tuple(_entry(person, clinicians.get(person.id)) for person in staff if person.active),
        ),
        staff_ids={person.email: person.id for person in staff},
        closed=frozenset(person.email for person in staff if not person.active),
        npis={entry.npi: staff_id for staff_id, entry in clinicians.items()},
    )


def _entry(person: Staff, clinician: ClinicianEntry | None) -> StaffEntry:
    """Somebody who was a clinician counts as one for as long as they could be given a patient."""
    stilled = person.role != Role.CLINICIAN and clinician and not (clinician.accepts_new or clinician.hours)
    return StaffEntry(
        name=person.name,
        email=person.email,
        phone=person.phone,
        role=person.role,
        locations=tuple(sorted(person.location_ids)),
        team=person.team,
        on_call=person.on_call,
        clinician=None if stilled else clinician,
    )


def _clinicians(db: Session) -> dict[str, ClinicianEntry]:
    parts: dict[str, dict[str, list[Any]]] = defaultdict(lambda: {"licences": [], "panels": [], "hours": []})
    for licence in db.exec(select(Licence)).all():
        entry = LicenceEntry(licence.state, licence.number, licence.expires_on)
        parts[licence.clinician_id]["licences"].append(entry)
    for panel in db.exec(select(PanelMembership)).all():
        parts[panel.clinician_id]["panels"].append(PanelEntry(panel.payer_code, panel.plan_code))
    for hours in db.exec(select(Availability)).all():
        parts[hours.clinician_id]["hours"].append(hours_entry(hours))
    return {
        row.id: _clinician(row, {name: tuple(sorted(entries)) for name, entries in parts[row.id].items()})
        for row in db.exec(select(Clinician)).all()
    }


def _clinician(row: Clinician, parts: dict[str, Any]) -> ClinicianEntry:
    return ClinicianEntry(**{name: comparable(getattr(row, name)) for name in CLINICIAN_FACTS}, **parts)


def comparable(value: Any) -> Any:
    """A column's value as an entry holds it."""
    return tuple(sorted(value)) if isinstance(value, list) else value


def hours_entry(row: Availability) -> HoursEntry:
    """One row of weekly hours as a roster says it."""
    return HoursEntry(row.weekday, row.starts, row.ends, row.location_id, Modality(row.modality), row.minutes)
