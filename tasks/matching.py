"""Proposing clinicians for a case, and offering the patient times of the one who was assigned."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from acts.matching_facts import clinicians_on, request_of
from adapters import operational_store as store
from adapters import therapy_store
from models.codes import Modality, OfferStatus, ReferralStatus, Role, SlotStatus
from models.columns import new_id, utc_now
from models.operational import (
    Clinician,
    Location,
    MatchCandidate,
    Offer,
    Patient,
    Referral,
    Slot,
    Staff,
    WaitlistOffer,
)
from models.scheduling_codes import WaitlistOfferStatus
from rules import matching, scheduling
from rules.matching import CandidateClinician, MatchRequest, MatchResult, Way
from rules.scheduling import OfferPreferences, SlotTime
from tasks.cases import Case
from tasks.steps import step

R = ReferralStatus
PROPOSED = 3
HOW_MANY_TIMES = 3
LEAD = timedelta(hours=24)


@step("propose clinicians")
def propose(case: Case) -> int:
    """Rank the clinicians who may take the case, with reasons; returns how many fit. The case goes to be assigned."""
    result = ranked(case)
    with store.writing() as db:
        referral = store.one(db, Referral, case.number)
        store.move_case(db, referral, R.ASSIGNMENT, actor="system", fence=case.fence, fitting=len(result.ranked))
        for rank, fitting in enumerate(result.ranked, start=1):
            db.add(
                _candidate(
                    referral,
                    fitting.clinician_id,
                    rank=rank,
                    score=fitting.score,
                    reasons_for=[reason.text for reason in fitting.reasons_for],
                    reasons_against=[reason.text for reason in fitting.reasons_against],
                )
            )
        for out in result.excluded:
            db.add(
                _candidate(
                    referral, out.clinician_id, excluded=True, reasons_against=[reason.text for reason in out.reasons]
                )
            )
    return len(result.ranked)


def ranked(case: Case) -> MatchResult:
    """Who fits the case and who does not, with reasons; writes nothing."""
    focus = therapy_store.focus(case.number, actor="system", where="propose clinicians")
    now = utc_now()
    with store.reading() as db:
        referral = store.one(db, Referral, case.number)
        request = match_request(db, referral, now, frozenset(focus))
        candidates = candidate_clinicians(db, now)
    return matching.match(request, candidates, now)


def match_request(db: Session, referral: Referral, now: datetime, focus: frozenset[str] = frozenset()) -> MatchRequest:
    """What this referral asks for, as matching sees it; a patient seen here before keeps their clinician in sight."""
    patient = store.one(db, Patient, referral.patient_id)
    before = db.exec(
        select(Referral.clinician_id).where(
            Referral.patient_id == patient.id,
            Referral.case_number != referral.case_number,
            col(Referral.clinician_id).is_not(None),
        )
    ).first()
    return request_of(
        patient,
        now.date(),
        modality=referral.modality,
        needs_accessible=referral.needs_accessible,
        focus_areas=focus,
        location_id=referral.location_id,
        preferred_times=frozenset(referral.preferred_times),
        previous_clinician_id=before,
    )


def _candidate(referral: Referral, clinician_id: str, **facts: Any) -> MatchCandidate:
    return MatchCandidate(
        id=new_id("MC"),
        case_number=referral.case_number,
        round=referral.version,
        clinician_id=clinician_id,
        **facts,
    )


def candidate_clinicians(db: Session, now: datetime) -> list[CandidateClinician]:
    """Every clinician who takes new patients, as matching sees them."""
    zones = {place.id: place.time_zone for place in db.exec(select(Location)).all()}
    next_free: dict[str, datetime] = {}
    free_times: dict[str, set[str]] = defaultdict(set)
    for slot in open_slots(db, now + LEAD, None):
        next_free[slot.clinician_id] = min(slot.starts_at, next_free.get(slot.clinician_id, slot.starts_at))
        free_times[slot.clinician_id].add(scheduling.time_code(slot.starts_at, zones[slot.location_id]))
    taken = Counter(
        db.exec(
            select(Referral.clinician_id).where(
                col(Referral.clinician_id).is_not(None), col(Referral.closed_at).is_(None)
            )
        ).all()
    )
    places = {
        clinician.id: clinician.caseload_limit - clinician.caseload_now - taken[clinician.id]
        for clinician, staff in db.exec(select(Clinician, Staff).where(col(Clinician.id) == col(Staff.id))).all()
        if clinician.accepts_new and staff.active and staff.role == Role.CLINICIAN
    }
    return [
        replace(
            one,
            open_places=places.get(one.clinician_id, 0),
            next_free=next_free.get(one.clinician_id),
            free_times=frozenset(free_times[one.clinician_id]),
        )
        for one in clinicians_on(db, now.date())
    ]


def open_slots(db: Session, after: datetime, clinician_id: str | None) -> list[Slot]:
    """The free times from then on, but for those that patients on the waitlist hold."""
    held = select(WaitlistOffer.slot_id).where(WaitlistOffer.status == WaitlistOfferStatus.OPEN)
    query = select(Slot).where(Slot.status == SlotStatus.OPEN, col(Slot.starts_at) >= after, col(Slot.id).not_in(held))
    if clinician_id is not None:
        query = query.where(Slot.clinician_id == clinician_id)
    return list(db.exec(query.order_by(col(Slot.starts_at))).all())


def assignment_content(case_number: str) -> dict[str, Any]:
    """Exactly what a coordinator signs in an assignment: the best clinician, three candidates, everyone left out."""
    with store.reading() as db:
        referral = store.one(db, Referral, case_number)
        newest = db.exec(
            select(MatchCandidate.round)
            .where(MatchCandidate.case_number == case_number)
            .order_by(col(MatchCandidate.round).desc())
        ).first()
        rows = db.exec(
            select(MatchCandidate)
            .where(MatchCandidate.case_number == case_number, MatchCandidate.round == newest)
            .order_by(col(MatchCandidate.rank), col(MatchCandidate.clinician_id))
        ).all()
    fitting = [row for row in rows if not row.excluded][:PROPOSED]
    return {
        "kind": "assignment",
        "case": case_number,
        "clinician_id": fitting[0].clinician_id if fitting else None,
        "candidates": [
            {
                "clinician_id": row.clinician_id,
                "score": round(row.score, 3),
                "reasons_for": row.reasons_for,
                "reasons_against": row.reasons_against,
            }
            for row in fitting
        ],
        "excluded": [
            {"clinician_id": row.clinician_id, "reasons": row.reasons_against} for row in rows if row.excluded
        ],
        "coverage": {"status": referral.coverage_status, "reason": referral.coverage_reason},
    }


@step("offer times")
def offer(case: Case) -> int:
    """Offer the patient a few times of the assigned clinician; none free: the case joins the waitlist.

    Nothing is held: whoever accepts first has the slot (compare-and-swap on its row).
    """
    now = utc_now()
    with store.writing() as db:
        referral = store.one(db, Referral, case.number)
        slots = suitable_slots(db, referral, now)
        to = R.OFFERED if slots else R.WAITLISTED
        store.move_case(db, referral, to, actor="system", fence=case.fence, times=len(slots))
        for slot in slots:
            offered = Offer(
                id=new_id("OF"),
                case_number=case.number,
                round=referral.version,
                slot_id=slot.id,
                status=OfferStatus.OPEN,
            )
            db.add(offered)
            store.audit(db, "system", "offer.made", offered, case.number, slot=slot.id)
    return len(slots)


def suitable_slots(db: Session, referral: Referral, now: datetime, clinician_id: str | None = None) -> list[Slot]:
    """The times worth offering, few and spread: only where and how the clinician may lawfully see this patient.

    ``clinician_id``: of somebody who is not assigned yet.
    """
    whose = clinician_id or referral.clinician_id
    if whose is None:
        return []
    clinician = next((one for one in candidate_clinicians(db, now) if one.clinician_id == whose), None)
    if clinician is None:
        return []
    ways = matching.lawful_ways(match_request(db, referral, now), clinician)
    slots = {
        slot.starts_at: slot for slot in open_slots(db, now + LEAD, whose) if any(_fits(slot, way) for way in ways)
    }
    patient = store.one(db, Patient, referral.patient_id)
    chosen = scheduling.choose_offers(
        [SlotTime(slot.starts_at, slot.minutes, slot.location_id, slot.modality) for slot in slots.values()],
        patient_zone=patient.time_zone or store.one(db, Location, referral.location_id).time_zone,
        preferences=OfferPreferences(
            times=frozenset(referral.preferred_times), modality=referral.modality, location_id=referral.location_id
        ),
        now=now,
        min_lead=LEAD,
        n=HOW_MANY_TIMES,
    )
    return [slots[one.slot.starts_at] for one in chosen]


def _fits(slot: Slot, way: Way) -> bool:
    if slot.modality not in (way.modality, Modality.EITHER):
        return False
    return way.modality == Modality.TELEHEALTH or slot.location_id == way.location_id
