"""What the waitlist's pages and its report show: who waits, what is offered, who got times."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlmodel import Session, col, select

from adapters.desk_views import case_facts
from adapters.operational_store import CaseRecord, reading
from models.case_facts import CaseFacts
from models.codes import AppointmentStatus, EpisodeStatus, ReferralStatus, SlotStatus
from models.operational import (
    Appointment,
    Episode,
    Patient,
    Referral,
    Slot,
    WaitlistEntry,
    WaitlistOffer,
)
from models.scheduling_codes import WaitlistOfferStatus, WaitlistStatus

STANDING = (AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED)
SELF_PAY = "pays themselves"
COLUMNS = ("wait_days", "language", "payer", "location", "offers", "filled")


@dataclass(frozen=True)
class WaitingRow:
    """One entry of the list with whom it is about and what they are offered now, and their later appointment."""

    entry: WaitlistEntry
    patient: Patient
    case: Any
    facts: CaseFacts
    offers: tuple[tuple[WaitlistOffer, Slot], ...]
    later: Appointment | None

    @property
    def waits_by_itself(self) -> bool:
        """Whether this is a referral that has no time yet, which is on the list by its status."""
        return bool(self.case.status == ReferralStatus.WAITLISTED)


def waiting_rows(location_ids: Collection[str]) -> list[WaitingRow]:
    """Everybody who waits at these locations, in no order."""
    with reading() as db:
        found = db.exec(
            select(WaitlistEntry, Patient)
            .join(Patient, col(Patient.id) == col(WaitlistEntry.patient_id))
            .where(WaitlistEntry.status == WaitlistStatus.WAITING, col(WaitlistEntry.location_id).in_(location_ids))
        ).all()
        entries = [entry for entry, _ in found]
        cases = _cases(db, [entry.case_number for entry in entries])
        facts = case_facts(db, cases.values())
        offers = open_offers(db, WaitlistOffer.entry_id, [entry.id for entry in entries])
        later = _appointments(db, [entry.from_appointment_id for entry in entries if entry.from_appointment_id])
    return [
        WaitingRow(
            entry=entry,
            patient=patient,
            case=cases[entry.case_number],
            facts=facts[entry.case_number],
            offers=tuple(offers[entry.id]),
            later=later.get(entry.from_appointment_id or ""),
        )
        for entry, patient in found
        if entry.case_number in cases
    ]


def _cases(db: Session, numbers: Sequence[str]) -> dict[str, CaseRecord]:
    kinds: tuple[Any, ...] = (Referral, Episode)
    return {
        case.case_number: case
        for record in kinds
        for case in db.exec(select(record).where(record.case_number.in_(numbers))).all()
    }


def _appointments(db: Session, ids: Sequence[str]) -> dict[str, Appointment]:
    return {one.id: one for one in db.exec(select(Appointment).where(col(Appointment.id).in_(ids))).all()}


def open_offers(db: Session, of: Any, ids: Sequence[str]) -> dict[str, list[tuple[WaitlistOffer, Slot]]]:
    """The open offers of these entries or slots, by what ``of`` names, soonest time first."""
    found: dict[str, list[tuple[WaitlistOffer, Slot]]] = defaultdict(list)
    for offer, slot in db.exec(
        select(WaitlistOffer, Slot)
        .join(Slot, col(Slot.id) == col(WaitlistOffer.slot_id))
        .where(WaitlistOffer.status == WaitlistOfferStatus.OPEN, of.in_(ids))
        .order_by(col(Slot.starts_at), col(WaitlistOffer.batch), col(WaitlistOffer.rank))
    ).all():
        found[getattr(offer, of.key)].append((offer, slot))
    return found


@dataclass(frozen=True)
class MayJoin:
    """One case that could be put on the list, with the appointments to come that a new time may replace."""

    case_number: str
    patient_id: str
    patient_name: str
    location_id: str
    facts: CaseFacts
    appointments: tuple[Appointment, ...]


def may_join(location_ids: Collection[str], now: datetime, number: str) -> MayJoin | None:
    """The case of this number where it may join the list; None where there is none, or none that may."""
    with reading() as db:
        case = _cases(db, [number.strip().upper()]).get(number.strip().upper())
        if case is None or case.location_id not in location_ids:
            return None
        if case.status not in (ReferralStatus.BOOKED, EpisodeStatus.ACTIVE):
            return None
        patient = db.get_one(Patient, case.patient_id)
        appointments = db.exec(
            select(Appointment)
            .where(
                Appointment.case_number == case.case_number,
                col(Appointment.status).in_(STANDING),
                Appointment.starts_at > now,
            )
            .order_by(col(Appointment.starts_at))
        ).all()
        return MayJoin(
            case_number=case.case_number,
            patient_id=patient.id,
            patient_name=f"{patient.given_name} {patient.family_name}",
            location_id=case.location_id,
            facts=case_facts(db, [case])[case.case_number],
            appointments=tuple(appointments),
        )


def open_slots(location_ids: Collection[str], after: datetime, limit: int) -> list[Slot]:
    """The free times of these locations, soonest first."""
    with reading() as db:
        query = select(Slot).where(
            Slot.status == SlotStatus.OPEN, Slot.starts_at > after, col(Slot.location_id).in_(location_ids)
        )
        return list(db.exec(query.order_by(col(Slot.starts_at), col(Slot.id)).limit(limit)).all())


def entries_table(begin: datetime, end: datetime, location_ids: Collection[str] | None = None) -> pd.DataFrame:
    """One row per entry that waited between two moments: ``COLUMNS``, and nobody's name or number."""
    query = (
        select(WaitlistEntry, Patient.language, Patient.payer_code, Patient.self_pay)
        .join(Patient, col(Patient.id) == col(WaitlistEntry.patient_id))
        .where(
            WaitlistEntry.since < end,
            col(WaitlistEntry.ended_at).is_(None) | (col(WaitlistEntry.ended_at) >= begin),
        )
    )
    if location_ids is not None:
        query = query.where(col(WaitlistEntry.location_id).in_(location_ids))
    with reading() as db:
        rows = [
            (
                ((entry.ended_at or end) - entry.since).days,
                language,
                SELF_PAY if self_pay else payer,
                entry.location_id,
                entry.offers,
                entry.status == WaitlistStatus.FILLED,
            )
            for entry, language, payer, self_pay in db.exec(query).all()
        ]
    return pd.DataFrame(rows, columns=list(COLUMNS))
