"""Which version holds for a case: the present one, or the one of a pilot in whose arm the case is."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from adapters.missing_rows import insert_unless_there
from adapters.operational_store import audit
from models.columns import utc_now
from models.operational import Pilot, PilotPlacing, PracticeSetting, PracticeVersion, Staff
from models.pilot_codes import Arm, PilotMode, PilotUnit, VersionKind
from rules import pilot_arms

RISK = (VersionKind.RISK_THRESHOLD, VersionKind.RISK_WEIGHTS)
INSTALLATION = "installation_id"


@dataclass(frozen=True)
class Subject:
    """What a version is looked up for; ``clinician_id`` None where nobody is assigned yet."""

    location_id: str
    case_number: str = ""
    patient_id: str = ""
    clinician_id: str | None = None

    def unit_id(self, unit: PilotUnit) -> str:
        """Its id as the unit that a pilot assigns; "" where it has none."""
        found = {
            PilotUnit.CASE: self.case_number,
            PilotUnit.PATIENT: self.patient_id,
            PilotUnit.CLINICIAN: self.clinician_id,
        }[unit]
        return found or ""


@dataclass(frozen=True)
class Placed:
    """A pilot that a subject is part of; ``arm`` None in shadow, where everybody has the present version."""

    pilot: Pilot
    version: PracticeVersion
    unit_id: str
    arm: Arm | None

    @property
    def has_new(self) -> bool:
        return self.arm == Arm.B


def same_kind(kind: VersionKind) -> tuple[VersionKind, ...]:
    """The kinds that change the same thing, so that no two of them are tried at one place at once."""
    return RISK if kind.reads_risk else (kind,)


def running(db: Session, kinds: Collection[VersionKind]) -> list[tuple[Pilot, PracticeVersion]]:
    """The pilots of these kinds that run now, each with its version."""
    query = (
        select(Pilot, PracticeVersion)
        .join(PracticeVersion, col(PracticeVersion.id) == col(Pilot.version_id))
        .where(
            col(Pilot.kind).in_(kinds),
            col(Pilot.started_at).is_not(None),
            col(Pilot.ended_at).is_(None),
        )
        .order_by(col(Pilot.id))
    )
    return [(pilot, version) for pilot, version in db.exec(query).all()]


def placed(
    db: Session, kinds: Collection[VersionKind], subjects: Sequence[Subject], *, keep: bool = True
) -> list[Placed | None]:
    """For each subject the pilot it is part of, or None, in a fixed number of queries.

    Whoever has an arm keeps it; others get theirs by digest, on record with ``keep`` (which needs a writing session).
    """
    pilots = running(db, kinds)
    if not pilots or not subjects:
        return [None] * len(subjects)
    teams = _teams(db, subjects) if any(pilot.team for pilot, _ in pilots) else {}
    found: list[Placed | None] = [None] * len(subjects)
    for pilot, version in pilots:
        part = [
            (at, subject)
            for at, subject in enumerate(subjects)
            if found[at] is None and _takes_part(pilot, subject, teams) and subject.unit_id(pilot.unit)
        ]
        if pilot.mode == PilotMode.SHADOW:
            for at, subject in part:
                found[at] = Placed(pilot, version, subject.unit_id(pilot.unit), None)
            continue
        arms = _arms(db, pilot, [subject for _, subject in part], keep)
        for at, subject in part:
            unit = subject.unit_id(pilot.unit)
            found[at] = Placed(pilot, version, unit, arms[unit])
    return found


def _teams(db: Session, subjects: Iterable[Subject]) -> dict[str, str]:
    ids = {subject.clinician_id for subject in subjects if subject.clinician_id}
    return dict(db.exec(select(Staff.id, Staff.team).where(col(Staff.id).in_(ids))).all())


def _takes_part(pilot: Pilot, subject: Subject, teams: dict[str, str]) -> bool:
    if subject.location_id not in pilot.location_ids:
        return False
    return not pilot.team or teams.get(subject.clinician_id or "") == pilot.team


def _arms(db: Session, pilot: Pilot, subjects: Sequence[Subject], keep: bool) -> dict[str, Arm]:
    """The arm of each unit: the one on record, else the one its digest says."""
    places = {subject.unit_id(pilot.unit): subject for subject in reversed(subjects)}
    if not places:
        return {}
    known = db.exec(
        select(PilotPlacing.unit_id, PilotPlacing.arm).where(
            PilotPlacing.pilot_id == pilot.id, col(PilotPlacing.unit_id).in_(places)
        )
    ).all()
    arms = {unit: Arm(arm) for unit, arm in known}
    installation = installation_of(db)
    new = {
        unit: pilot_arms.arm_of(installation, pilot.id, subject.location_id, unit, pilot.share)
        for unit, subject in places.items()
        if unit not in arms
    }
    if keep and new:
        record(db, pilot, {unit: (arm, places[unit].location_id) for unit, arm in new.items()})
    return arms | new


def installation_of(db: Session) -> str:
    """The name of this installation, which was made when the pilot was started."""
    return db.get_one(PracticeSetting, INSTALLATION).value


def record(db: Session, pilot: Pilot, new: dict[str, tuple[Arm, str]]) -> None:
    """Put on record which arm and location each unit has; a unit that is on record stays as it is."""
    now = utc_now()
    rows = [
        {"pilot_id": pilot.id, "unit_id": unit, "arm": arm, "location_id": place, "at": now}
        for unit, (arm, place) in sorted(new.items())
    ]
    db.flush()
    insert_unless_there(db, PilotPlacing, rows)
    for unit, (arm, _) in sorted(new.items()):
        audit(db, "system", "pilot.placed", ("pilot", pilot.id), unit=unit, arm=arm.value)
