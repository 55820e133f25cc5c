"""Gathers what a claim is made from: the signed note, the people, the coverage, and what stands around it."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import inspect
from sqlmodel import Session, col, func, select

from acts import billing
from acts.insurance import (
    Insurances,
    address_of,
    coverage_facts,
    in_force,
    insurances_of,
    local_date,
    person_of,
    split_name,
)
from acts.signed_notes import signed_contents
from adapters import operational_store as store
from adapters import therapy_store_claims
from adapters.claim_values import earlier_from_plain
from adapters.icd10 import shipped_diagnosis_table
from models.claim_codes import SubmissionStatus
from models.claim_facts import (
    Authorisation,
    ClaimFacts,
    ClaimMade,
    ClinicianFacts,
    NoteFacts,
)
from models.claim_form import ClaimFrequency, PayerRank
from models.codes import ClaimStatus
from models.columns import utc_now
from models.errors import CountersignError, MovedOn, SignatureMismatch
from models.operational import (
    Authorisation as AuthorisationRecord,
)
from models.operational import (
    Claim,
    ClaimSubmission,
    Clinician,
    Decision,
    EligibilityCheck,
    Licence,
    Location,
    PanelMembership,
    Patient,
    PatientBilling,
    PatientCoverage,
    SessionNote,
    Staff,
    SubmittedLine,
)
from rules import coverage
from rules.claim_checks import ScrubContext

WHERE = "build claim"
C = ClaimStatus
NEVER_BILLED = (C.CLOSED_NOT_BILLED, C.CLOSED_VOID)
CHANGEABLE = ("place_of_service", "modifiers")


@dataclass(frozen=True)
class Gathered:
    """What ``rules.claim_building`` and ``rules.claim_checks`` ask for; ``forced`` are changes to the form itself."""

    facts: ClaimFacts
    context: ScrubContext
    forced: dict[str, Any]


def gather(claim: Claim) -> Gathered:
    """Everything one claim is made from and held against, as it stands now. Raises MovedOn or SignatureMismatch where
    the note is not what was signed."""
    found = gather_all([claim])[claim.case_number]
    if isinstance(found, CountersignError):
        raise found
    return found


@dataclass(frozen=True)
class _Known:
    """The records that some claims are made from, read together; by their own keys unless said otherwise."""

    sessions: dict[str, SessionNote]
    patients: dict[str, Patient]
    places: dict[str, Location]
    addresses: dict[str, PatientBilling]
    insurances: Insurances
    clinicians: dict[str, Clinician]
    staff: dict[str, Staff]
    checks: dict[str, EligibilityCheck]
    licences: dict[str, list[Licence]]
    panels: dict[str, list[PanelMembership]]
    authorisations: dict[str, list[AuthorisationRecord]]
    """By patient, the newest first."""
    sent: dict[str, list[Claim]]
    """By patient who has an authorisation: what was sent of theirs."""
    submissions: dict[str, int]
    """By case: how often it was sent."""
    others: dict[tuple[str, date], list[tuple[ClaimSubmission, Claim, tuple[str, ...]]]]
    """By patient and date of service: what stands of other claims, with its codes."""


def gather_all(claims: Sequence[Claim]) -> dict[str, Gathered | MovedOn | SignatureMismatch]:
    """The same of many claims, or why one cannot be gathered, by case, in a fixed number of queries."""
    signed = signed_contents([claim.session_number for claim in claims], actor="system", where=WHERE)
    changed = therapy_store_claims.changes_of([claim.case_number for claim in claims])
    with store.reading() as db:
        known = _read(db, claims)
    now = utc_now()
    found: dict[str, Gathered | MovedOn | SignatureMismatch] = {}
    for claim in claims:
        note = signed[claim.session_number]
        found[claim.case_number] = (
            note
            if isinstance(note, CountersignError)
            else _gathered(claim, *note, changed[claim.case_number], known, now)
        )
    return found


def _read(db: Session, claims: Sequence[Claim]) -> _Known:
    patient_ids = {claim.patient_id for claim in claims}
    clinician_ids = {claim.clinician_id for claim in claims}
    numbers = [claim.case_number for claim in claims]
    checks = [claim.eligibility_id for claim in claims if claim.eligibility_id]
    authorisations = _grouped(
        "patient_id",
        db.exec(
            select(AuthorisationRecord)
            .where(col(AuthorisationRecord.patient_id).in_(patient_ids))
            .order_by(col(AuthorisationRecord.valid_from).desc())
        ).all(),
    )
    sent = select(Claim).where(
        col(Claim.patient_id).in_(list(authorisations)),
        col(Claim.status).not_in(NEVER_BILLED),
        col(Claim.first_sent_at).is_not(None),
    )
    counts = (
        select(ClaimSubmission.case_number, func.count())
        .where(col(ClaimSubmission.case_number).in_(numbers))
        .group_by(col(ClaimSubmission.case_number))
    )
    by_id: dict[Any, dict[str, Any]] = {}
    for record, ids in (
        (SessionNote, {claim.session_number for claim in claims}),
        (Patient, patient_ids),
        (Location, {claim.location_id for claim in claims}),
        (PatientBilling, patient_ids),
        (Clinician, clinician_ids),
        (Staff, clinician_ids),
        (EligibilityCheck, set(checks)),
    ):
        key = inspect(record).primary_key[0]
        by_id[record] = {getattr(each, key.name): each for each in db.exec(select(record).where(key.in_(ids))).all()}
    return _Known(
        sessions=by_id[SessionNote],
        patients=by_id[Patient],
        places=by_id[Location],
        addresses=by_id[PatientBilling],
        insurances=insurances_of(db, patient_ids),
        clinicians=by_id[Clinician],
        staff=by_id[Staff],
        checks=by_id[EligibilityCheck],
        licences=_grouped(
            "clinician_id", db.exec(select(Licence).where(col(Licence.clinician_id).in_(clinician_ids))).all()
        ),
        panels=_grouped(
            "clinician_id",
            db.exec(select(PanelMembership).where(col(PanelMembership.clinician_id).in_(clinician_ids))).all(),
        ),
        authorisations=authorisations,
        sent=_grouped("patient_id", db.exec(sent).all()) if authorisations else {},
        submissions=dict(db.exec(counts).all()),
        others=_others(db, claims),
    )


def _grouped(name: str, rows: Iterable[Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, name)].append(row)
    return groups


def _others(
    db: Session, claims: Sequence[Claim]
) -> dict[tuple[str, date], list[tuple[ClaimSubmission, Claim, tuple[str, ...]]]]:
    """What was sent for these patients on these dates and was not refused."""
    rows = db.exec(
        select(ClaimSubmission, Claim)
        .join(Claim, col(Claim.case_number) == col(ClaimSubmission.case_number))
        .where(
            col(Claim.patient_id).in_({claim.patient_id for claim in claims}),
            col(Claim.service_date).in_({claim.service_date for claim in claims}),
            col(Claim.status).not_in(NEVER_BILLED),
            col(ClaimSubmission.status).not_in((SubmissionStatus.REJECTED, SubmissionStatus.REPLACED)),
        )
    ).all()
    controls = [submission.claim_control for submission, _ in rows]
    codes: dict[str, list[str]] = defaultdict(list)
    if controls:
        for control, code in db.exec(
            select(SubmittedLine.claim_control, SubmittedLine.procedure_code).where(
                col(SubmittedLine.claim_control).in_(controls)
            )
        ).all():
            codes[control].append(code)
    found: dict[tuple[str, date], list[tuple[ClaimSubmission, Claim, tuple[str, ...]]]] = defaultdict(list)
    for submission, other in rows:
        found[other.patient_id, other.service_date].append((submission, other, tuple(codes[submission.claim_control])))
    return found


def _gathered(
    claim: Claim, decision: Decision, signed: dict[str, Any], changed: dict[str, Any], known: _Known, now: datetime
) -> Gathered:
    session, patient = known.sessions[claim.session_number], known.patients[claim.patient_id]
    place, own = known.places[claim.location_id], known.addresses.get(claim.patient_id)
    held = in_force(known.insurances, patient, claim.rank, claim.service_date)
    row = held or PatientCoverage(
        id="", patient_id=patient.id, rank=claim.rank, payer_code="", valid_from=date.min, recorded_by=""
    )
    clinician, staff = known.clinicians[claim.clinician_id], known.staff[claim.clinician_id]
    number = known.submissions.get(claim.case_number, 0) + 1
    address = address_of(own)
    authorisation = _authorisation(claim, row.payer_code, changed.get("authorisation"), known)
    context = _context(claim, decision.signed_digest, now, place.time_zone, known)
    earlier = tuple(earlier_from_plain(each) for each in changed.get("earlier_payments", ()))
    family, given = split_name(staff.name)
    note = NoteFacts(
        digest=decision.signed_digest,
        signed_at=decision.at,
        minutes=session.minutes,
        procedure_code=signed["procedure_code"] or "",
        addons=tuple((str(code), int(units)) for code, units in signed.get("addons", ())),
        diagnoses=tuple(signed["diagnoses"]),
    )
    facts = ClaimFacts(
        claim_number=f"{claim.case_number}-{number}",
        patient_id=patient.id,
        service_date=claim.service_date,
        service=session.service,
        modality=session.modality,
        procedure_code=changed.get("procedure_code", note.procedure_code),
        note=note,
        clinician=ClinicianFacts(staff.id, family, given, clinician.npi),
        patient=person_of(patient, own),
        coverage=coverage_facts(row, address),
        addons=tuple((code, units) for code, units in changed["addons"]) if "addons" in changed else note.addons,
        diagnoses=tuple(changed.get("diagnoses", note.diagnoses)),
        patient_address=address,
        patient_state=session.patient_state or patient.state,
        authorisation=authorisation,
        frequency=ClaimFrequency(claim.frequency),
        decided_on=claim.decided_on,
        original_number=claim.payer_control if claim.frequency != ClaimFrequency.ORIGINAL else "",
        earlier_payments=earlier if claim.rank != PayerRank.PRIMARY else (),
    )
    return Gathered(facts, context, {name: changed[name] for name in CHANGEABLE if name in changed})


def _authorisation(claim: Claim, payer_code: str, wanted: str | None, known: _Known) -> Authorisation | None:
    """The authorisation that fits this claim: the one somebody named, else the one in force with sessions left."""
    rows = [row for row in known.authorisations.get(claim.patient_id, ()) if row.payer_code == payer_code]
    fitting = [row for row in rows if row.valid_from <= claim.service_date <= row.valid_to]
    if wanted:
        fitting = [row for row in rows if row.number == wanted]
        if not fitting:
            return Authorisation(number=wanted)
    if not fitting:
        return None
    row = fitting[0]
    used = [
        each
        for each in known.sent.get(claim.patient_id, ())
        if each.payer_code == payer_code
        and each.case_number != claim.case_number
        and row.valid_from <= each.service_date <= row.valid_to
    ]
    return Authorisation(
        number=row.number,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        sessions_left=row.sessions - len(used),
        codes=tuple(row.procedure_codes),
    )


def _context(claim: Claim, signed_digest: str, now: datetime, zone: str, known: _Known) -> ScrubContext:
    check = known.checks.get(claim.eligibility_id or "")
    return ScrubContext(
        today=local_date(now, zone),
        tables=billing.tables(),
        diagnoses=shipped_diagnosis_table(),
        signed_digest=signed_digest,
        coverage=coverage.status_from(check.status if check is not None else None),
        claims_made=_claims_made(claim, known),
        licences={each.state: each.expires_on for each in known.licences.get(claim.clinician_id, ())},
        panels=frozenset((each.payer_code, each.plan_code) for each in known.panels.get(claim.clinician_id, ())),
    )


def _claims_made(claim: Claim, known: _Known) -> tuple[ClaimMade, ...]:
    """The patient's other claims of the day that were not refused; the thread's own earlier ones are its business."""
    return tuple(
        ClaimMade(
            claim_number=submission.claim_control,
            patient_id=other.patient_id,
            staff_id=other.clinician_id,
            service_date=other.service_date,
            codes=codes,
            payer_code=submission.payer_code,
            payer_claim_number=submission.payer_control,
        )
        for submission, other, codes in known.others.get((claim.patient_id, claim.service_date), ())
        if other.case_number != claim.case_number
    )


def as_summary(facts: ClaimFacts) -> dict[str, Any]:
    """What a signer is shown beside the form: what the note says, what the session was."""
    return {
        "minutes": facts.note.minutes,
        "service": facts.service.value,
        "modality": facts.modality.value,
        "note_digest": facts.note.digest,
        "note_code": facts.note.procedure_code,
        "note_addons": [list(each) for each in facts.note.addons],
        "note_diagnoses": list(facts.note.diagnoses),
    }


def changes_against_note(facts: ClaimFacts) -> list[list[str]]:
    """What differs from the signed note: field, what the note says, what the claim says."""
    pairs = (
        ("procedure code", facts.note.procedure_code, facts.procedure_code),
        ("add-on codes", json.dumps(facts.note.addons), json.dumps(facts.addons)),
        ("diagnoses", ", ".join(facts.note.diagnoses), ", ".join(facts.diagnoses)),
    )
    return [[name, said, claimed] for name, said, claimed in pairs if said != claimed]
