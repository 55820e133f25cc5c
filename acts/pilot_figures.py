"""What the units of a pilot have shown so far: sessions missed, drafts changed, hours to sign, flags, times filled."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, or_, select

from acts.practice_clocks import reminder_policy
from models.codes import AppointmentStatus, ApprovalKind, DraftKind
from models.operational import (
    Appointment,
    Approval,
    Decision,
    Pilot,
    PilotEdits,
    PilotPlacing,
    PilotReading,
    PilotShadow,
    SessionNote,
    Slot,
    WaitlistOffer,
)
from models.pilot_codes import PilotMeasure, PilotUnit, TextKind
from models.scheduling_codes import WaitlistOfferStatus
from rules.pilots import Observed, hours_to_sign

HELD_OR_MISSED = (AppointmentStatus.ATTENDED, AppointmentStatus.NO_SHOW)


@dataclass(frozen=True)
class Outcome:
    """One outcome of one unit: of one session, note, case or freed time."""

    unit_id: str
    at: datetime
    value: float


@dataclass(frozen=True)
class Lost:
    """What a new version of the reader would not have raised: flags, and those of them that were confirmed."""

    flags: int
    confirmed: int
    failed: int


Labels = Mapping[str, Mapping[str, bool]]
"""What clinicians said of flags, by case and flag id."""


def observed(
    db: Session,
    pilot: Pilot,
    measure: PilotMeasure,
    labels: Labels,
    now: datetime,
    text_kind: TextKind | None = None,
) -> list[Observed]:
    """One figure for each unit that has an outcome: the mean of its outcomes since it was placed.

    ``text_kind``: of the risk reader, the flags in which texts; by default in those that the pilot is judged by.
    """
    placings = db.exec(select(PilotPlacing).where(PilotPlacing.pilot_id == pilot.id)).all()
    units = {each.unit_id: each for each in placings}
    if not units or pilot.started_at is None:
        return []
    values: dict[str, list[float]] = defaultdict(list)
    kind = text_kind or pilot.text_kind
    by_texts = _BY_TEXTS.get(measure)
    outcomes = by_texts(db, pilot, labels, kind) if by_texts else _OUTCOMES[measure](db, pilot, now)
    for outcome in outcomes:
        placed = units.get(outcome.unit_id)
        # what happened before a unit was placed is nothing that its arm did
        if placed is not None and outcome.at >= placed.at:
            values[outcome.unit_id].append(outcome.value)
    return [Observed(units[unit].arm, units[unit].location_id, sum(each) / len(each)) for unit, each in values.items()]


def pairs(db: Session, pilot: Pilot, text_kind: TextKind | None = None) -> list[tuple[float, float]]:
    """In shadow: how many flags the present and the new version raise in each case; between sessions in each text."""
    newest = [each for each in _newest(db, pilot, text_kind or pilot.text_kind) if not each.failed]
    return [(float(len(each.kept) + len(each.lost)), float(len(each.kept) + each.more)) for each in newest]


@dataclass(frozen=True)
class Alike:
    """In how many of so many both versions would have done exactly the same."""

    same: int
    of: int


def planned_pairs(db: Session, pilot: Pilot, _: TextKind | None = None) -> list[tuple[float, float]]:
    """In shadow: what the present and the new version would do, of each unit the mean: its sessions are alike."""
    units: dict[str, list[PilotShadow]] = defaultdict(list)
    for each in _shadows(db, pilot):
        units[each.unit_id].append(each)
    return [
        (sum(each.present for each in own) / len(own), sum(each.new for each in own) / len(own))
        for own in units.values()
    ]


def alike(db: Session, pilot: Pilot) -> Alike:
    """In how many sessions, drafts or freed times it would have made no difference."""
    rows = _shadows(db, pilot)
    return Alike(sum(each.same for each in rows), len(rows))


def _shadows(db: Session, pilot: Pilot) -> list[PilotShadow]:
    query = select(PilotShadow).where(PilotShadow.pilot_id == pilot.id).order_by(col(PilotShadow.subject_id))
    return list(db.exec(query).all())


def lost(db: Session, pilot: Pilot, labels: Labels, text_kind: TextKind | None = None) -> Lost:
    """The flags that the present version raised and the new one would not have, each counted once; ``text_kind``: in
    these texts alone, by default in all."""
    by_case: dict[str, set[str]] = defaultdict(set)
    failed = 0
    for each in _readings(db, pilot):
        if text_kind in (None, each.text_kind):
            by_case[each.case_number] |= set(each.lost)
            failed += each.failed
    confirmed = sum(labels.get(case, {}).get(flag, False) for case, flags in by_case.items() for flag in flags)
    return Lost(sum(map(len, by_case.values())), confirmed, failed)


def texts_read(db: Session, pilot: Pilot) -> dict[TextKind, int]:
    """How many readings of each kind of text are on record."""
    counts = Counter(each.text_kind for each in _readings(db, pilot))
    return {kind: counts[kind] for kind in TextKind if kind in counts}


def _newest(db: Session, pilot: Pilot, text_kind: TextKind) -> list[PilotReading]:
    """The newest reading of each referral or session, which holds what was read before; between sessions every text is
    read for itself."""
    of_kind = [each for each in _readings(db, pilot) if each.text_kind is text_kind]
    if text_kind is TextKind.CHECK_IN:
        return of_kind
    return list({each.case_number: each for each in of_kind}.values())


def _readings(db: Session, pilot: Pilot) -> list[PilotReading]:
    query = select(PilotReading).where(PilotReading.pilot_id == pilot.id).order_by(col(PilotReading.at))
    return list(db.exec(query).all())


def _unit_column(record: Any, pilot: Pilot) -> Any:
    names = {
        PilotUnit.CASE: "case_number",
        PilotUnit.PATIENT: "patient_id",
        PilotUnit.CLINICIAN: "clinician_id",
    }
    return col(getattr(record, names[pilot.unit]))


# -- outcomes by measure


def _no_shows(db: Session, pilot: Pilot, now: datetime) -> list[Outcome]:
    """Sessions held or missed whose reminders were planned in the pilot: booked since its start, or so far ahead then
    that nothing was planned for them yet. Cancelled ones count for neither, as in rules.metrics."""
    assert pilot.started_at is not None
    planned_ahead = pilot.started_at + timedelta(days=reminder_policy(db).ahead_days)
    rows = db.exec(
        select(_unit_column(Appointment, pilot), Appointment.starts_at, Appointment.status).where(
            col(Appointment.location_id).in_(pilot.location_ids),
            col(Appointment.status).in_(HELD_OR_MISSED),
            col(Appointment.reminders_for).is_not(None),
            Appointment.starts_at <= now,
            Appointment.starts_at > pilot.started_at,
            or_(col(Appointment.booked_at) >= pilot.started_at, col(Appointment.starts_at) >= planned_ahead),
        )
    ).all()
    return [Outcome(unit, at, float(status == AppointmentStatus.NO_SHOW)) for unit, at, status in rows]


def _notes(db: Session, pilot: Pilot) -> dict[str, tuple[str, datetime]]:
    """By case number, the unit of each session that was drafted in the pilot, and when its note first waited."""
    assert pilot.started_at is not None
    first = sa.func.min(col(Approval.opened_at))
    rows = db.exec(
        select(SessionNote.case_number, _unit_column(SessionNote, pilot), first)
        .join(Approval, col(Approval.case_number) == col(SessionNote.case_number))
        .where(
            Approval.kind == ApprovalKind.SESSION_NOTE,
            col(SessionNote.location_id).in_(pilot.location_ids),
            SessionNote.draft == DraftKind.DRAFTED,
        )
        .group_by(col(SessionNote.case_number), _unit_column(SessionNote, pilot))
        .having(first >= pilot.started_at)
    ).all()
    return {number: (unit, opened) for number, unit, opened in rows}


def _edits(db: Session, pilot: Pilot, now: datetime) -> list[Outcome]:
    notes = _notes(db, pilot)
    counted = db.exec(select(PilotEdits.case_number, PilotEdits.edits)).all()
    return [Outcome(*notes[number], float(edits)) for number, edits in counted if number in notes]


def _hours(db: Session, pilot: Pilot, now: datetime) -> list[Outcome]:
    """Notes whose 72 hours are over, signed or not."""
    notes = _notes(db, pilot)
    signed = dict(
        db.exec(
            select(SessionNote.case_number, Decision.at).join(
                Decision, col(Decision.id) == col(SessionNote.signed_decision_id)
            )
        ).all()
    )
    found = []
    for number, (unit, opened) in notes.items():
        hours = hours_to_sign(opened, signed.get(number), now)
        if hours is not None:
            found.append(Outcome(unit, opened, hours))
    return found


def _flags(db: Session, pilot: Pilot, _: Labels, text_kind: TextKind) -> list[Outcome]:
    return [Outcome(each.unit_id, each.at, float(each.raised)) for each in _newest(db, pilot, text_kind)]


def _confirmed(db: Session, pilot: Pilot, labels: Labels, text_kind: TextKind) -> list[Outcome]:
    """By case, the share of its labelled flags that were confirmed."""
    newest = {each.case_number: each for each in _newest(db, pilot, text_kind)}
    found = []
    for number, each in newest.items():
        said = list(labels.get(number, {}).values())
        if said:
            found.append(Outcome(each.unit_id, each.at, sum(said) / len(said)))
    return found


def _filled(db: Session, pilot: Pilot, now: datetime) -> list[Outcome]:
    """Freed times that were offered in the pilot and are over: whether one of their offers was accepted."""
    assert pilot.started_at is not None
    accepted = sa.func.max(sa.case((col(WaitlistOffer.status) == WaitlistOfferStatus.ACCEPTED, 1), else_=0))
    first = sa.func.min(col(WaitlistOffer.offered_at))
    rows = db.exec(
        select(Slot.clinician_id, first, accepted)
        .join(WaitlistOffer, col(WaitlistOffer.slot_id) == col(Slot.id))
        .where(col(Slot.location_id).in_(pilot.location_ids), Slot.starts_at <= now)
        .group_by(col(Slot.id), col(Slot.clinician_id))
        .having(first >= pilot.started_at)
    ).all()
    return [Outcome(unit, at, float(taken)) for unit, at, taken in rows]


_OUTCOMES: dict[PilotMeasure, Callable[[Session, Pilot, datetime], list[Outcome]]] = {
    PilotMeasure.NO_SHOWS: _no_shows,
    PilotMeasure.EDITS_PER_DRAFT: _edits,
    PilotMeasure.HOURS_TO_SIGN: _hours,
    PilotMeasure.TIMES_FILLED: _filled,
}
_BY_TEXTS: dict[PilotMeasure, Callable[[Session, Pilot, Labels, TextKind], list[Outcome]]] = {
    PilotMeasure.FLAGS_PER_CASE: _flags,
    PilotMeasure.FLAGS_CONFIRMED: _confirmed,
}
