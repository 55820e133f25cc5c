"""The practice's roster: what is on record, what a file would change, and the change itself, whole or not at all."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, select

from acts import accounts
from acts.accounts import NewSignIn, PreparedAccount
from acts.fitted_times import FittedTimes, fit_times, horizon
from adapters.operational_store import audit, reading, writing
from adapters.roster_on_record import CLINICIAN_FACTS, LOCATION_FACTS, comparable, hours_entry, on_record
from adapters.slots import AHEAD, open_slots, weekly_times
from models.codes import Role
from models.columns import utc_now
from models.operational import Availability, Clinician, Licence, Location, PanelMembership, Staff
from models.roster import (
    ClinicianEntry,
    HoursEntry,
    LicenceEntry,
    LocationEntry,
    PanelEntry,
    Roster,
    StaffEntry,
)
from rules import roster as rules
from rules.roster import Checked

STAFF_FACTS = ("name", "phone", "on_call")


@dataclass(frozen=True)
class Applied:
    """What was done; ``sign_ins`` of new accounts, shown once. With faults nothing was done."""

    checked: Checked
    sign_ins: tuple[NewSignIn, ...] = field(default=(), repr=False)
    fitted: FittedTimes = field(default_factory=FittedTimes)
    new_times: int = 0


def check(content: object) -> Checked:
    """What is wrong with this roster, else what applying it would change."""
    with reading() as db:
        return _checked(db, content)


def _checked(db: Session, content: object) -> Checked:
    return rules.check(content, on_record(db), utc_now().date())


def apply(content: object, *, actor: str) -> Applied:
    """Bring what is on record to what this roster says, bookable times included, in one transaction.

    Applying again changes nothing. Nobody is removed by being absent. A roster with a fault changes nothing.
    """
    prepared = {change.key: accounts.prepare(change.key) for change in check(content).changes if _opens(change)}
    with writing() as db:
        checked = _checked(db, content)  # again: somebody may have changed accounts in the meantime
        if checked.roster is None or not checked.changes:
            return Applied(checked)
        now = utc_now()
        until = horizon(db, now)
        before = weekly_times(db, now, until)
        opened = _write(db, checked.roster, checked, prepared, actor)
        db.flush()
        fitted = fit_times(db, before, weekly_times(db, now, until), actor)
        new_times = open_slots(db, (now + AHEAD).date())
        audit(db, actor, "roster.applied", ("location", "all"), entries=len(checked.changes), accounts=len(opened))
    return Applied(checked, opened, fitted, new_times)


def _opens(change: rules.Change) -> bool:
    return change.new and change.kind == "staff"


def _write(
    db: Session, roster: Roster, checked: Checked, prepared: dict[str, PreparedAccount], actor: str
) -> tuple[NewSignIn, ...]:
    """Every changed entry, locations first; returns the sign-ins of the accounts that were opened."""
    changed = {change.key for change in checked.changes}
    for place in roster.locations:
        if place.id in changed:
            _write_location(db, place, actor)
    db.flush()
    opened = []
    for person in roster.staff:
        if person.email in changed:
            opened += _write_person(db, person, prepared, actor)
    return tuple(opened)


def _write_location(db: Session, entry: LocationEntry, actor: str) -> None:
    place = db.get(Location, entry.id)
    if place is None:
        db.add(place := Location(id=entry.id, **{name: getattr(entry, name) for name in LOCATION_FACTS}))
        audit(db, actor, "location.added", place)
    elif fields := _set(place, entry, LOCATION_FACTS):
        db.add(place)
        audit(db, actor, "location.changed", place, fields=fields)


def _write_person(db: Session, entry: StaffEntry, prepared: dict[str, PreparedAccount], actor: str) -> list[NewSignIn]:
    rights: dict[str, Any] = {
        "role": entry.role,
        "location_ids": list(entry.locations),
        "team": entry.team,
        "actor": actor,
    }
    staff = db.exec(select(Staff).where(Staff.email == entry.email)).first()
    if staff is None:
        fresh = prepared.get(entry.email) or accounts.prepare(entry.email)
        staff = accounts.open_account(db, fresh, name=entry.name, phone=entry.phone, **rights)
        staff.on_call = entry.on_call
        db.flush()
        _write_clinician(db, staff.id, entry.clinician, actor)
        return [fresh.sign_in]
    if fields := _set(staff, entry, STAFF_FACTS):
        db.add(staff)
        audit(db, actor, "staff.changed", staff, fields=fields)
    _write_clinician(db, staff.id, entry.clinician, actor)  # first: only somebody with licences becomes a clinician
    if _rights(staff.role, staff.location_ids, staff.team) != _rights(entry.role, entry.locations, entry.team):
        accounts.give_rights(db, staff, **rights)
    return []


def _rights(role: Role, places: list[str] | tuple[str, ...], team: str) -> tuple[Role, list[str], str]:
    return role, sorted(places), team


def _write_clinician(db: Session, staff_id: str, entry: ClinicianEntry | None, actor: str) -> None:
    """What matching knows of a clinician; somebody who is none any more takes nobody and has no hours."""
    clinician = db.get(Clinician, staff_id)
    if entry is None:
        if clinician is not None:
            _still(db, clinician, actor)
        return
    facts = {name: _stored(getattr(entry, name)) for name in CLINICIAN_FACTS}
    if clinician is None:
        db.add(clinician := Clinician(id=staff_id, **facts))
        db.flush()
        audit(db, actor, "clinician.added", clinician)
    elif fields := _set(clinician, entry, CLINICIAN_FACTS):
        db.add(clinician)
        audit(db, actor, "clinician.changed", clinician, fields=fields)
    _write_licences(db, clinician, entry.licences, actor)
    _write_panels(db, clinician, entry.panels, actor)
    _write_hours(db, clinician, entry.hours, actor)


def _still(db: Session, clinician: Clinician, actor: str) -> None:
    """Licences stay on record, so that the desk can make them a clinician again."""
    if clinician.accepts_new:
        clinician.accepts_new = False
        db.add(clinician)
        audit(db, actor, "clinician.changed", clinician, fields=["accepts_new"])
    _write_hours(db, clinician, (), actor)


def _write_licences(db: Session, clinician: Clinician, wanted: tuple[LicenceEntry, ...], actor: str) -> None:
    """One event for each licence, for it says whom its owner may treat and what they may sign."""
    known = {row.state: row for row in db.exec(select(Licence).where(Licence.clinician_id == clinician.id)).all()}
    for entry in wanted:
        row = known.pop(entry.state, None)
        if row is None:
            db.add(Licence(clinician_id=clinician.id, **vars(entry)))
            _audit_licence(db, actor, "licence.added", clinician, entry.state)
        elif fields := _set(row, entry, ("number", "expires_on")):
            db.add(row)
            _audit_licence(db, actor, "licence.changed", clinician, entry.state, fields=fields)
    for state, row in known.items():
        db.delete(row)
        _audit_licence(db, actor, "licence.removed", clinician, state)


def _audit_licence(db: Session, actor: str, action: str, clinician: Clinician, state: str, **details: Any) -> None:
    audit(db, actor, action, ("licence", f"{clinician.id}:{state}"), state=state, **details)


def _write_panels(db: Session, clinician: Clinician, wanted: tuple[PanelEntry, ...], actor: str) -> None:
    rows = db.exec(select(PanelMembership).where(PanelMembership.clinician_id == clinician.id)).all()
    added, removed = _replace(
        db,
        {PanelEntry(row.payer_code, row.plan_code): row for row in rows},
        wanted,
        lambda one: PanelMembership(clinician_id=clinician.id, payer_code=one.payer, plan_code=one.plan),
    )
    if added or removed:
        audit(db, actor, "clinician.panels_changed", clinician, added=added, removed=removed)


def _write_hours(db: Session, clinician: Clinician, wanted: tuple[HoursEntry, ...], actor: str) -> None:
    rows = db.exec(select(Availability).where(Availability.clinician_id == clinician.id)).all()
    added, removed = _replace(
        db,
        {hours_entry(row): row for row in rows},
        wanted,
        lambda one: Availability(
            clinician_id=clinician.id,
            location_id=one.location,
            weekday=one.weekday,
            starts=one.starts,
            ends=one.ends,
            minutes=one.minutes,
            modality=one.modality,
        ),
    )
    if added or removed:
        audit(db, actor, "clinician.hours_changed", clinician, added=added, removed=removed)


def _replace(
    db: Session, known: dict[Any, Any], wanted: tuple[Any, ...], made: Callable[[Any], Any]
) -> tuple[int, int]:
    """Delete the rows that are not wanted, add those that are missing; returns how many of each."""
    missing = [entry for entry in wanted if entry not in known]
    surplus = [row for entry, row in known.items() if entry not in wanted]
    for row in surplus:
        db.delete(row)
    db.flush()
    for entry in missing:
        db.add(made(entry))
    return len(missing), len(surplus)


def _set(record: Any, entry: Any, names: tuple[str, ...]) -> list[str]:
    """Take over what differs; returns the names of what did."""
    differing = []
    for name in names:
        wanted = getattr(entry, name)
        if comparable(getattr(record, name)) != wanted:
            setattr(record, name, _stored(wanted))
            differing.append(name)
    return differing


def _stored(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
