"""Gathers what a claim is made from: the signed note, the people, the coverage, and what stands around it."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from acts import billing
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
    CoverageFacts,
    NoteFacts,
)
from models.claim_form import ClaimFrequency, PayerRank, PersonName, PostalAddress
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


def coverage_in_force(db: Session, patient: Patient, rank: str, on: date) -> PatientCoverage | None:
    """The patient's insurance of this rank on a date: on record by itself, or what the referral said of it."""
    found = [
        row
        for row in db.exec(
            select(PatientCoverage).where(PatientCoverage.patient_id == patient.id, PatientCoverage.rank == rank)
        ).all()
        if row.valid_from <= on and (row.valid_to is None or on <= row.valid_to)
    ]
    if found:
        return max(found, key=lambda row: (row.valid_from, row.recorded_at))
    known = db.exec(select(PatientCoverage.id).where(PatientCoverage.patient_id == patient.id)).first()
    if rank != PayerRank.PRIMARY or known is not None or not patient.payer_code:
        return None
    return PatientCoverage(
        id=f"PV-{patient.id}",
        patient_id=patient.id,
        payer_code=patient.payer_code,
        plan_code=patient.plan_code or "",
        member_id=patient.member_id or "",
        valid_from=date.min,
        recorded_by="referral",
    )


def address_of(billing_row: PatientBilling | None) -> PostalAddress | None:
    """The patient's postal address; None while it is not whole."""
    if billing_row is None or not all((billing_row.line, billing_row.city, billing_row.state, billing_row.zip_code)):
        return None
    return PostalAddress(
        line=billing_row.line,
        city=billing_row.city,
        state=billing_row.state,
        zip_code=billing_row.zip_code,
        second_line=billing_row.second_line,
    )


def person_of(patient: Patient, billing_row: PatientBilling | None) -> PersonName:
    return PersonName(
        family_name=patient.family_name,
        given_name=patient.given_name,
        birth_date=patient.birth_date,
        sex=billing_row.sex if billing_row is not None else "",
    )


def coverage_facts(row: PatientCoverage, address: PostalAddress | None) -> CoverageFacts:
    """The coverage as claims and eligibility questions say it; another subscriber lives where the patient does."""
    own = row.relationship == "18"
    subscriber = PersonName(
        family_name=row.subscriber_family_name,
        given_name=row.subscriber_given_name,
        birth_date=row.subscriber_birth_date,
        sex=row.subscriber_sex,
    )
    return CoverageFacts(
        payer_code=row.payer_code,
        member_id=row.member_id,
        relationship=row.relationship,
        group_number=row.group_number,
        plan_code=row.plan_code,
        subscriber=None if own else subscriber,
        subscriber_address=None if own else address,
        rank=PayerRank(row.rank),
    )


def split_name(name: str) -> tuple[str, str]:
    """Family and given name of a member of staff, whose name is kept in one."""
    given, _, family = name.strip().rpartition(" ")
    return family, given


def local_date(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


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
        original_number=claim.payer_control if claim.frequency != ClaimFrequency.ORIGINAL else "",
        earlier_payments=tuple(earlier_from_plain(each) for each in changed.get("earlier_payments", ())),
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
