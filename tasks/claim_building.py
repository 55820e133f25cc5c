"""The steps before a claim leaves: coverage on its date, the form, the checks, whose signature it needs."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlmodel import Session, col, select

from acts import billing
from acts.billing_records import PATIENT_FIELDS
from acts.insurance import coverage_in_force, local_date
from acts.patient_messages import channel_for
from adapters import operational_store as store
from adapters import therapy_store_claims
from adapters.claim_values import form_to_plain
from models.claim_codes import LIVE_LEVEL, ExceptionQueue, SubmissionStatus
from models.claim_findings import ClaimFinding, MissingFact, Severity, blocking
from models.claim_form import ClaimForm, ClaimFrequency, PayerRank, ServiceLine
from models.codes import CaseOwner, ClaimStatus, NoteStatus
from models.operational import (
    Claim,
    ClaimSubmission,
    Location,
    Patient,
    PracticeSetting,
    SessionNote,
)
from models.therapy_text import TherapyText
from rules import claim_building, claim_checks, claim_sign_off, deadlines, sign_off
from tasks.cases import Case
from tasks.claim_facts import (
    Gathered,
    as_summary,
    changes_against_note,
    gather,
)
from tasks.coverage_checks import ask
from tasks.steps import step

C = ClaimStatus
PROVEN = (SubmissionStatus.DECIDED, SubmissionStatus.REPLACED)


def notes_without_claim() -> Any:
    """The numbers of the signed sessions that are billed from here and have no claim yet, as a query."""
    return (
        select(SessionNote.case_number)
        .join(Patient, col(Patient.id) == col(SessionNote.patient_id))
        .outerjoin(Claim, col(Claim.session_number) == col(SessionNote.case_number))
        .where(SessionNote.status == NoteStatus.CLOSED_SIGNED, col(Claim.case_number).is_(None))
        .where(col(Patient.forgotten_at).is_(None))  # what their claim would be made from is gone
        .where(col(SessionNote.started_at) >= billing.began_at())
    )


@step("open claims")
def open_claims(location: str = "all", limit: int = 5000) -> int:
    """Open a claim for every signed session that has none; returns how many were opened."""
    if not billing.is_set_up():
        return 0
    query = notes_without_claim().order_by(col(SessionNote.case_number)).limit(limit)
    if location != "all":
        query = query.where(SessionNote.location_id == location)
    with store.reading() as db:
        numbers = db.exec(query).all()
    return sum(_open(number) for number in numbers)


def _open(session_number: str) -> int:
    with store.writing() as db:
        session = db.get_one(SessionNote, session_number, with_for_update=True)
        if db.exec(select(Claim.case_number).where(Claim.session_number == session_number)).first() is not None:
            return 0
        place = store.one(db, Location, session.location_id)
        claim = Claim(
            case_number=store.new_claim_number(db),
            session_number=session_number,
            patient_id=session.patient_id,
            clinician_id=session.clinician_id,
            location_id=session.location_id,
            service_date=local_date(session.started_at, place.time_zone),
            procedure_code=session.procedure_code or "",
        )
        db.add(claim)
        db.flush()
        store.audit(db, "system", "case.opened", claim, claim.case_number, session=session_number)
        return 1


@step("look at coverage")
def look_at_coverage(case: Case) -> None:
    """Send the claim on with the coverage answer for its date, or have the payer asked for one."""
    with store.writing() as db:
        claim = store.one(db, Claim, case.number)
        store.check_fence(claim, case.fence)
        if claim.status != C.RECEIVED:
            return
        patient = store.one(db, Patient, claim.patient_id)
        row = coverage_in_force(db, patient, claim.rank, claim.service_date)
        if row is None:
            _without_coverage(db, claim, case.fence, pays=patient.self_pay)
            return
        claim.payer_code = row.payer_code
        _set_deadline(claim)
        check = ask(db, patient, row, claim.service_date, claim.case_number, claim.location_id, claim.clinician_id)
        claim.eligibility_id = check.id
        db.add(claim)
        to = C.READY_TO_BUILD if check.answered_at is not None else C.COVERAGE_ASKED
        store.move_case(db, claim, to, actor="system", fence=case.fence, check=check.id)


def _without_coverage(db: Session, claim: Claim, fence: int, *, pays: bool) -> None:
    if pays and claim.first_sent_at is None:
        store.move_case(db, claim, C.CLOSED_NOT_BILLED, actor="system", fence=fence, why="self_pay")
        return
    finding = ClaimFinding(
        rule="insurance_on_record",
        severity=Severity.BLOCKING,
        field="coverage",
        segment="2010BA",
        message="No insurance of this patient is on record for the date of service.",
        suggestion="Put the insurance on record, or say that the patient pays.",
    )
    to_correction(db, claim, ExceptionQueue.MISSING_INFORMATION, [finding], fence=fence)


def _set_deadline(claim: Claim) -> None:
    contract = billing.tables().contract(claim.payer_code, claim.service_date)
    if contract is None:
        return
    decided = claim.decided_on
    kind = deadlines.FilingKind.CORRECTED if decided else deadlines.FilingKind.ORIGINAL
    if claim.rank != PayerRank.PRIMARY and claim.frequency == ClaimFrequency.ORIGINAL:
        kind = deadlines.FilingKind.SECONDARY
    claim.file_by = deadlines.filing_deadline(contract, claim.service_date, kind, decided_on=decided)


@step("build claim")
def build(case: Case) -> None:
    """Build the claim from its signed note, hold it against every rule, and send it to whoever must act next.

    What is built is kept first, under its own id: a leg that died between builds it again, the same.
    """
    with store.reading() as db:
        claim = store.one(db, Claim, case.number)
        store.check_fence(claim, case.fence)
    if claim.status != C.READY_TO_BUILD:
        return
    gathered = gather(claim)
    built = claim_building.build_claim(gathered.facts, gathered.context.tables)
    if built.form is None:
        _save_missing(case, built.missing)
        return
    form = _forced(built.form, gathered)
    findings = claim_checks.scrub(form, gathered.facts, gathered.context)
    with store.reading() as db:
        needed = _signatures(db, claim, form, gathered, findings)
    text = sign_off.canonical(_content(claim, form, gathered, findings, needed))
    content_id = f"{claim.case_number}-{claim.version}"
    therapy_store_claims.keep_content(content_id, claim.case_number, TherapyText(text))
    # a leg that died after keeping it and before moving on kept what stood then: that is what goes on
    kept = therapy_store_claims.content(content_id, actor="system", where="build claim").unwrap()
    if kept != text:
        content_id = f"{content_id}-{case.fence}"
        therapy_store_claims.keep_content(content_id, claim.case_number, TherapyText(text))
    _save_built(case, claim.version, content_id, sign_off.digest(text), form, gathered, findings, needed)


def _forced(form: ClaimForm, gathered: Gathered) -> ClaimForm:
    """The form with what a biller changed about it alone; a line with other modifiers has their price."""
    forced = gathered.forced
    if "place_of_service" in forced:
        form = replace(form, place_of_service=forced["place_of_service"])
    if "modifiers" in forced:
        beside = tuple(forced["modifiers"])
        lines = tuple(_priced(gathered, replace(line, modifiers=beside)) for line in form.lines)
        form = replace(form, lines=lines, charge_cents=sum(line.charge_cents for line in lines))
    return form


def _priced(gathered: Gathered, line: ServiceLine) -> ServiceLine:
    payer_code = gathered.facts.coverage.payer_code
    fee = gathered.context.tables.fee(payer_code, line.procedure_code, line.modifiers, line.service_date)
    return line if fee is None else replace(line, charge_cents=fee.charge_cents * line.units)


def _signatures(
    db: Session, claim: Claim, form: ClaimForm, gathered: Gathered, findings: tuple[ClaimFinding, ...]
) -> claim_sign_off.SignaturesNeeded:
    contract = gathered.context.tables.contract(gathered.facts.coverage.payer_code, claim.service_date)
    return claim_sign_off.signatures_needed(
        findings,
        pair_proven=_pair_proven(db, gathered.facts.coverage.payer_code, claim.clinician_id),
        pilot_allows=_may_leave_unsigned(db, claim.location_id),
        charge_cents=form.charge_cents,
        limit_cents=contract.sign_off_above_cents if contract is not None else 0,
        clinical_reasons=claim_sign_off.clinical_reasons(gathered.facts),
    )


def _pair_proven(db: Session, payer_code: str, clinician_id: str) -> bool:
    """Whether this payer has paid a claim of this clinician before."""
    return (
        db.exec(
            select(Claim.case_number)
            .join(ClaimSubmission, col(ClaimSubmission.case_number) == col(Claim.case_number))
            .where(
                Claim.clinician_id == clinician_id,
                ClaimSubmission.payer_code == payer_code,
                col(ClaimSubmission.status).in_(PROVEN),
                col(Claim.paid_cents) > 0,
            )
            .limit(1)
        ).first()
        is not None
    )


def _may_leave_unsigned(db: Session, location_id: str) -> bool:
    kept = db.get(PracticeSetting, LIVE_LEVEL)
    return kept is not None and location_id in {each.strip() for each in kept.value.split(",")}


def _content(
    claim: Claim,
    form: ClaimForm,
    gathered: Gathered,
    findings: tuple[ClaimFinding, ...],
    needed: claim_sign_off.SignaturesNeeded,
) -> dict[str, Any]:
    return {
        "case": claim.case_number,
        "session": claim.session_number,
        "form": form_to_plain(form),
        "facts": {**as_summary(gathered.facts), "session": claim.session_number},
        "findings": [each.as_plain() for each in findings],
        "changes": changes_against_note(gathered.facts),
        "biller": list(needed.biller),
        "clinician": list(needed.clinician),
        "rule": needed.rule,
    }


def _save_built(
    case: Case,
    version: int,
    content_id: str,
    digest: str,
    form: ClaimForm,
    gathered: Gathered,
    findings: tuple[ClaimFinding, ...],
    needed: claim_sign_off.SignaturesNeeded,
) -> None:
    with store.writing() as db:
        claim = store.one(db, Claim, case.number)
        store.check_fence(claim, case.fence)
        if claim.version != version or claim.status != C.READY_TO_BUILD:
            return
        claim.edition += 1
        claim.content_id, claim.content_digest = content_id, digest
        claim.signed_digest = gathered.facts.note.digest
        claim.procedure_code = gathered.facts.procedure_code
        claim.payer_code = gathered.facts.coverage.payer_code
        if claim.rank == "P" or not claim.charge_cents:
            claim.charge_cents = form.charge_cents
        _set_deadline(claim)
        claim.missing, claim.findings, claim.queue = [], [each.as_plain() for each in findings], ""
        db.add(claim)
        if needed.blocked:
            queue = _queue_of(findings)
            to_correction(db, claim, queue, findings, fence=case.fence)
            return
        to = C.CLAIM_SIGNATURE if needed.biller else C.READY_TO_SEND
        if needed.clinician:
            to = C.CLINICAL_SIGNATURE
        store.move_case(
            db, claim, to, actor="system", fence=case.fence, content=content_id, digest=digest, rule=needed.rule
        )


def _queue_of(findings: Iterable[ClaimFinding]) -> ExceptionQueue:
    blocking = [each for each in findings if each.blocks]
    return (
        ExceptionQueue.COVERAGE
        if blocking and all(each.rule.startswith("coverage") for each in blocking)
        else ExceptionQueue.CHECKS
    )


def _save_missing(case: Case, missing: tuple[MissingFact, ...]) -> None:
    """Ask the patient where the patient alone can say and can be written to; else it is a biller's to find out."""
    with store.writing() as db:
        claim = store.one(db, Claim, case.number)
        store.check_fence(claim, case.fence)
        if claim.status != C.READY_TO_BUILD:
            return
        patient = store.one(db, Patient, claim.patient_id)
        fields = sorted({field for each in missing for field in asked_fields(each.field)})
        theirs = all(each.owner is CaseOwner.PATIENT and asked_fields(each.field) for each in missing)
        claim.findings = [_missing_to_plain(each) for each in missing]
        claim.queue, claim.missing = ExceptionQueue.MISSING_INFORMATION.value, fields
        db.add(claim)
        to = C.MISSING_INFORMATION if theirs and channel_for(patient) is not None else C.CORRECTION
        store.move_case(db, claim, to, actor="system", fence=case.fence, fields=fields)


ASKED_AS = {
    "coverage.member_id": ("member_id",),
    "patient.birth_date": ("birth_date",),
    "patient.sex": ("sex",),
    "patient_address": ("line", "city", "state", "zip_code"),
    "coverage.subscriber": ("subscriber_family_name", "subscriber_given_name", "subscriber_birth_date"),
    "coverage.subscriber_address": ("line", "city", "state", "zip_code"),
}
"""A missing fact of ``rules.claim_building`` as the fields a patient is asked for."""


def asked_fields(missing: str) -> tuple[str, ...]:
    """The fields a patient would be asked for to know this; () where a patient cannot say."""
    name = missing.removeprefix("coverage.").removeprefix("patient.").replace(".", "_")
    return ASKED_AS.get(missing, (name,) if name in PATIENT_FIELDS else ())


def _missing_to_plain(each: MissingFact) -> dict[str, str]:
    suggestion = "Put it on record, or ask the patient for it."
    return blocking("missing", each.message, suggestion, field=each.field, owner=each.owner)


def to_correction(
    db: Session,
    claim: Claim,
    queue: ExceptionQueue,
    findings: Iterable[ClaimFinding | dict[str, str]],
    *,
    fence: int | None = None,
    actor: str = "system",
) -> None:
    """Give the claim to a biller with what is wrong; its clock starts when its run opens the to-do."""
    claim.queue = queue.value
    claim.findings = [each if isinstance(each, dict) else each.as_plain() for each in findings]
    db.add(claim)
    store.move_case(db, claim, C.CORRECTION, actor=actor, fence=fence, queue=queue.value)
