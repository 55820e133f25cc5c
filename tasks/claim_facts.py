"""Gathers what a claim is made from: the signed note, the people, the coverage, and what stands around it."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from acts import billing
from acts.insurance import address_of, coverage_facts, coverage_in_force, local_date, person_of, split_name
from acts.signed_notes import signed_content
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
from models.operational import (
    Authorisation as AuthorisationRecord,
)
from models.operational import (
    Claim,
    ClaimSubmission,
    Clinician,
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


def next_submission(db: Session, case_number: str) -> int:
    return len(db.exec(select(ClaimSubmission.number).where(ClaimSubmission.case_number == case_number)).all()) + 1


def gather(claim: Claim) -> Gathered:
    """Everything one claim is made from and held against, as it stands now. Raises MovedOn or SignatureMismatch where
    the note is not what was signed."""
    decision, signed = signed_content(claim.session_number, actor="system", where=WHERE)
    changed = therapy_store_claims.changes(claim.case_number)
    with store.reading() as db:
        session = store.one(db, SessionNote, claim.session_number)
        patient = store.one(db, Patient, claim.patient_id)
        place = store.one(db, Location, claim.location_id)
        own = db.get(PatientBilling, patient.id)
        held = coverage_in_force(db, patient, claim.rank, claim.service_date)
        row = held or PatientCoverage(
            id="", patient_id=patient.id, rank=claim.rank, payer_code="", valid_from=date.min, recorded_by=""
        )
        clinician = store.one(db, Clinician, claim.clinician_id)
        staff = store.one(db, Staff, claim.clinician_id)
        number = next_submission(db, claim.case_number)
        address = address_of(own)
        authorisation = _authorisation(db, claim, row.payer_code, changed.get("authorisation"))
        context = _context(db, claim, decision.signed_digest, utc_now(), place.time_zone)
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


def _authorisation(db: Session, claim: Claim, payer_code: str, wanted: str | None) -> Authorisation | None:
    """The authorisation that fits this claim: the one somebody named, else the one in force with sessions left."""
    rows = db.exec(
        select(AuthorisationRecord)
        .where(AuthorisationRecord.patient_id == claim.patient_id, AuthorisationRecord.payer_code == payer_code)
        .order_by(col(AuthorisationRecord.valid_from).desc())
    ).all()
    fitting = [row for row in rows if row.valid_from <= claim.service_date <= row.valid_to]
    if wanted:
        fitting = [row for row in rows if row.number == wanted]
        if not fitting:
            return Authorisation(number=wanted)
    if not fitting:
        return None
    row = fitting[0]
    used = db.exec(
        select(Claim.case_number).where(
            Claim.patient_id == claim.patient_id,
            Claim.payer_code == payer_code,
            Claim.case_number != claim.case_number,
            col(Claim.service_date) >= row.valid_from,
            col(Claim.service_date) <= row.valid_to,
            col(Claim.status).not_in(NEVER_BILLED),
            col(Claim.first_sent_at).is_not(None),
        )
    ).all()
    return Authorisation(
        number=row.number,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        sessions_left=row.sessions - len(used),
        codes=tuple(row.procedure_codes),
    )


def _context(db: Session, claim: Claim, signed_digest: str, now: datetime, zone: str) -> ScrubContext:
    check = db.get(EligibilityCheck, claim.eligibility_id) if claim.eligibility_id else None
    licences = db.exec(select(Licence).where(Licence.clinician_id == claim.clinician_id)).all()
    panels = db.exec(select(PanelMembership).where(PanelMembership.clinician_id == claim.clinician_id)).all()
    return ScrubContext(
        today=local_date(now, zone),
        tables=billing.tables(),
        diagnoses=shipped_diagnosis_table(),
        signed_digest=signed_digest,
        coverage=coverage.status_from(check.status if check is not None else None),
        claims_made=_claims_made(db, claim),
        licences={each.state: each.expires_on for each in licences},
        panels=frozenset((each.payer_code, each.plan_code) for each in panels),
    )


def _claims_made(db: Session, claim: Claim) -> tuple[ClaimMade, ...]:
    """The patient's other claims of the day that were not refused; the thread's own earlier ones are its business."""
    others = db.exec(
        select(ClaimSubmission, Claim)
        .join(Claim, col(Claim.case_number) == col(ClaimSubmission.case_number))
        .where(
            Claim.patient_id == claim.patient_id,
            Claim.service_date == claim.service_date,
            Claim.case_number != claim.case_number,
            col(Claim.status).not_in(NEVER_BILLED),
            col(ClaimSubmission.status).not_in((SubmissionStatus.REJECTED, SubmissionStatus.REPLACED)),
        )
    ).all()
    return tuple(
        ClaimMade(
            claim_number=submission.claim_control,
            patient_id=other.patient_id,
            staff_id=other.clinician_id,
            service_date=other.service_date,
            codes=tuple(
                db.exec(
                    select(SubmittedLine.procedure_code).where(SubmittedLine.claim_control == submission.claim_control)
                ).all()
            ),
            payer_code=submission.payer_code,
            payer_claim_number=submission.payer_control,
        )
        for submission, other in others
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
