"""Bookable times after weekly hours have changed: free ones follow the hours, booked ones stand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, func, select

from acts.booking import revoke_offers
from adapters.operational_store import audit, set_status
from adapters.slots import AHEAD, Times
from models.codes import SlotStatus
from models.operational import Slot

WHY = "hours_changed"


@dataclass
class FittedTimes:
    """How many free times were withdrawn, moved to another place or way, or opened again.

    ``standing``: the cases with a booked time that the hours no longer have; it stands until a person moves it.
    """

    withdrawn: int = 0
    changed: int = 0
    opened_again: int = 0
    standing: list[str] = field(default_factory=list)


def horizon(db: Session, now: datetime) -> date:
    """The last day on which there may be a time."""
    last = db.exec(select(func.max(Slot.starts_at))).one()
    return max((now + AHEAD).date(), last.date() if last else date.min)


def fit_times(db: Session, before: Times, after: Times, actor: str) -> FittedTimes:
    """Bring the times on record from the old weekly hours to the new ones, in the caller's transaction.

    Only what the two disagree on is touched, so a time that was closed or opened by hand stays so. Whoever was
    offered a free time that is withdrawn or moved is offered others. Missing times are not made here.
    """
    fitted = FittedTimes()
    differing = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    slots = _slots_at(db, differing)
    for key in differing:
        if key in slots:
            _fit(db, slots[key], after.get(key), key not in before, actor, fitted)
    return fitted


def _slots_at(db: Session, keys: Sequence[tuple[str, datetime]]) -> dict[tuple[str, datetime], Slot]:
    """The times on record of these clinicians at these moments, in one query."""
    if not keys:
        return {}
    moments = [moment for _, moment in keys]
    found = db.exec(
        select(Slot).where(
            col(Slot.clinician_id).in_({clinician for clinician, _ in keys}),
            col(Slot.starts_at) >= min(moments),
            col(Slot.starts_at) <= max(moments),
        )
    ).all()
    return {(slot.clinician_id, slot.starts_at): slot for slot in found}


def _fit(db: Session, slot: Slot, wanted: dict[str, Any] | None, is_new: bool, actor: str, fitted: FittedTimes) -> None:
    fits = wanted is not None and _facts(slot) == _wanted_facts(wanted)
    if slot.status == SlotStatus.BOOKED:
        if not fits and slot.case_number:
            fitted.standing.append(slot.case_number)
    elif slot.status == SlotStatus.OPEN and wanted is None:
        set_status(db, slot, SlotStatus.CLOSED, actor, why=WHY)
        revoke_offers(db, slot, why=WHY)
        fitted.withdrawn += 1
    elif slot.status == SlotStatus.OPEN and wanted is not None and not fits:
        _move(db, slot, wanted, actor)
        revoke_offers(db, slot, why=WHY)
        fitted.changed += 1
    elif slot.status == SlotStatus.CLOSED and wanted is not None and is_new:
        if not fits:
            _move(db, slot, wanted, actor)
        set_status(db, slot, SlotStatus.OPEN, actor, why=WHY)
        fitted.opened_again += 1


def _facts(slot: Slot) -> tuple[object, ...]:
    return slot.location_id, slot.minutes, slot.modality


def _wanted_facts(wanted: dict[str, Any]) -> tuple[object, ...]:
    return wanted["location_id"], wanted["minutes"], wanted["modality"]


def _move(db: Session, slot: Slot, wanted: dict[str, Any], actor: str) -> None:
    """The same moment at another place, in another way or for another length."""
    slot.location_id, slot.minutes, slot.modality = wanted["location_id"], wanted["minutes"], wanted["modality"]
    db.add(slot)
    audit(db, actor, "slot.changed", slot, why=WHY, location=slot.location_id, minutes=slot.minutes)
