"""The steps before a claim leaves: coverage on its date, the form, the checks, whose signature it needs."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlmodel import Session, col, select

from acts import billing
from acts.billing_records import PATIENT_FIELDS
from acts.insurance import in_force, insurances_of, local_date
from acts.patient_messages import channel_for
from adapters import operational_store as store
from adapters import therapy_store_claims
from adapters.claim_values import form_to_plain
from adapters.held_places import not_held, places_at
from models.claim_codes import ExceptionQueue, SubmissionStatus
from models.claim_findings import ClaimFinding, MissingFact, Severity, blocking
from models.claim_form import ClaimForm, ClaimFrequency, PayerRank, ServiceLine
from models.codes import CaseOwner, ClaimStatus, NoteStatus
from models.errors import CountersignError, MovedOn
from models.governance_codes import Level, Workflow
from models.operational import (
    Claim,
    ClaimSubmission,
    Location,
    Patient,
    PatientCoverage,
    SessionNote,
)
from models.therapy_text import TherapyText
from rules import claim_building, claim_checks, claim_sign_off, deadlines, sign_off
from tasks.cases import Case
from tasks.claim_facts import (
    Gathered,
    as_summary,
    changes_against_note,
    gather_all,
)
from tasks.coverage_checks import Question, ask_all
from tasks.steps import step

C = ClaimStatus
AT_ONCE = 500
"""Claims in one transaction."""
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
    return sum(_open_all(numbers[start : start + AT_ONCE]) for start in range(0, len(numbers), AT_ONCE))


def _open_all(session_numbers: Sequence[str]) -> int:
    with store.writing() as db:
        billed = db.exec(select(Claim.session_number).where(col(Claim.session_number).in_(session_numbers))).all()
        sessions = db.exec(
            select(SessionNote)
            .where(col(SessionNote.case_number).in_(set(session_numbers) - set(billed)))
            .order_by(col(SessionNote.case_number))
            .with_for_update()
        ).all()
        if not sessions:
            return 0
        zones = {place.id: place.time_zone for place in db.exec(select(Location)).all()}
        for number, session in zip(store.new_claim_numbers(db, len(sessions)), sessions, strict=True):
            claim = Claim(
                case_number=number,
                session_number=session.case_number,
                patient_id=session.patient_id,
                clinician_id=session.clinician_id,
                location_id=session.location_id,
                service_date=local_date(session.started_at, zones[session.location_id]),
                procedure_code=session.procedure_code or "",
            )
            db.add(claim)
            store.audit(db, "system", "case.opened", claim, number, session=session.case_number)
        return len(sessions)


@step("look at coverage")
def look_at_coverage(case: Case) -> None:
    """Send the claim on with the coverage answer for its date, or have the payer asked for one."""
    trouble = look_at_all([case]).get(case.number)
    if trouble is not None:
        raise trouble


Troubles = dict[str, CountersignError]
"""Why some claims could not be moved on, by case; the others were."""


def _held(db: Session, cases: Sequence[Case], status: ClaimStatus, troubles: Troubles) -> list[tuple[Claim, int]]:
    """Those of these claims that still stand there, each with the leg's token; a stale leg's is a trouble.

    Claims of a location where the workflow is held are left out: they stand still.
    """
    numbers = [case.number for case in cases]
    found = {each.case_number: each for each in db.exec(select(Claim).where(col(Claim.case_number).in_(numbers))).all()}
    going = set(db.exec(select(Location.id).where(not_held(Workflow.CLAIMS, Location.id))).all())
    held = []
    for case in cases:
        claim = found.get(case.number)
        try:
            if claim is None:
                raise MovedOn(f"there is no Claim {case.number}")
            store.check_fence(claim, case.fence)
        except CountersignError as trouble:
            troubles[case.number] = trouble
            continue
        if claim.status == status and claim.location_id in going:
            held.append((claim, case.fence))
    return held


def look_at_all(cases: Sequence[Case]) -> Troubles:
    """The same of many, in a fixed number of queries; who has no insurance on record takes some of their own."""
    troubles: Troubles = {}
    with store.writing() as db:
        held = _held(db, cases, C.RECEIVED, troubles)
        ids = {claim.patient_id for claim, _ in held}
        patients = {each.id: each for each in db.exec(select(Patient).where(col(Patient.id).in_(ids))).all()}
        insurances = insurances_of(db, ids)
        insured: list[tuple[Claim, PatientCoverage]] = []
        for claim, fence in held:
            patient = patients[claim.patient_id]
            row = in_force(insurances, patient, claim.rank, claim.service_date)
            if row is None:
                _without_coverage(db, claim, fence, pays=patient.self_pay)
                continue
            claim.payer_code = row.payer_code
            _set_deadline(claim)
            insured.append((claim, row))
        checks = ask_all(db, [_question(claim, row) for claim, row in insured])
        by_status: dict[ClaimStatus, list[Claim]] = {C.READY_TO_BUILD: [], C.COVERAGE_ASKED: []}
        details = {}
        for (claim, _), check in zip(insured, checks, strict=True):
            claim.eligibility_id = check.id
            db.add(claim)
            by_status[C.READY_TO_BUILD if check.answered_at is not None else C.COVERAGE_ASKED].append(claim)
            details[claim.case_number] = {"check": check.id}
        for to, claims in by_status.items():
            store.move_cases(db, claims, to, actor="system", details=details, by_nobody=True)
    return troubles


def _question(claim: Claim, row: PatientCoverage) -> Question:
    return Question(row, claim.service_date, claim.case_number, claim.patient_id, claim.location_id, claim.clinician_id)


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
    trouble = build_all([case]).get(case.number)
    if trouble is not None:
        raise trouble


@dataclass(frozen=True)
class _Built:
    """One claim as it was built and kept, until it is saved."""

    case: Case
    version: int
    content_id: str
    text: str
    form: ClaimForm
    gathered: Gathered
    findings: tuple[ClaimFinding, ...]
    needed: claim_sign_off.SignaturesNeeded


def build_all(cases: Sequence[Case]) -> Troubles:
    """The same of many, in a fixed number of queries; what is missing of a claim takes some of its own."""
    troubles: Troubles = {}
    with store.reading() as db:
        claims = [claim for claim, _ in _held(db, cases, C.READY_TO_BUILD, troubles)]
    if not claims:
        return troubles
    by_number = {case.number: case for case in cases}
    gathered = gather_all(claims)
    with store.reading() as db:
        proven = _proven_pairs(db, claims)
        alone = places_at(db, Workflow.CLAIMS, Level.LIVE)
    built: list[_Built] = []
    for claim in claims:
        case, facts = by_number[claim.case_number], gathered[claim.case_number]
        if isinstance(facts, CountersignError):
            troubles[case.number] = facts
            continue
        made = claim_building.build_claim(facts.facts, facts.context.tables)
        if made.form is None:
            _save_missing(case, made.missing)
            continue
        form = _forced(made.form, facts)
        findings = claim_checks.scrub(form, facts.facts, facts.context)
        needed = _signatures(claim, form, facts, findings, proven, alone)
        text = sign_off.canonical(_content(claim, form, facts, findings, needed))
        content_id = f"{claim.case_number}-{claim.version}"
        built.append(_Built(case, claim.version, content_id, text, form, facts, findings, needed))
    troubles |= _save_built(_kept(built))
    return troubles


def built_content(case: Case) -> dict[str, Any] | None:
    """What would be built of this claim now, in codes, figures and a digest; keeps nothing. None where it has moved on
    or lacks something."""
    with store.reading() as db:
        claim = store.one(db, Claim, case.number)
        if claim.status != C.READY_TO_BUILD:
            return None
        proven, alone = _proven_pairs(db, [claim]), places_at(db, Workflow.CLAIMS, Level.LIVE)
    facts = gather_all([claim])[case.number]
    if isinstance(facts, CountersignError):
        return None
    made = claim_building.build_claim(facts.facts, facts.context.tables)
    if made.form is None:
        return None
    form = _forced(made.form, facts)
    findings = claim_checks.scrub(form, facts.facts, facts.context)
    needed = _signatures(claim, form, facts, findings, proven, alone)
    return {
        "built": sign_off.digest(sign_off.canonical(_content(claim, form, facts, findings, needed))),
        "procedure_code": facts.facts.procedure_code,
        "payer_code": facts.facts.coverage.payer_code,
        "charge_cents": form.charge_cents,
        "lines": len(form.lines),
        "rule": needed.rule,
    }


def _kept(built: list[_Built]) -> list[_Built]:
    """The same, each under the id that its content is kept under."""
    if not built:
        return []
    therapy_store_claims.keep_contents([(each.content_id, each.case.number, TherapyText(each.text)) for each in built])
    # a leg that died after keeping it and before moving on kept what stood then: what is new is kept beside it
    texts = therapy_store_claims.contents([each.content_id for each in built], actor="system", where="build claim")
    kept, again = [], []
    for each in built:
        if texts[each.content_id].unwrap() == each.text:
            kept.append(each)
            continue
        again.append(replace(each, content_id=f"{each.content_id}-{each.case.fence}"))
    if again:
        therapy_store_claims.keep_contents(
            [(each.content_id, each.case.number, TherapyText(each.text)) for each in again]
        )
    return kept + again


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
    claim: Claim,
    form: ClaimForm,
    gathered: Gathered,
    findings: tuple[ClaimFinding, ...],
    proven: Collection[tuple[str, str]],
    alone: Collection[str],
) -> claim_sign_off.SignaturesNeeded:
    contract = gathered.context.tables.contract(gathered.facts.coverage.payer_code, claim.service_date)
    return claim_sign_off.signatures_needed(
        findings,
        pair_proven=(gathered.facts.coverage.payer_code, claim.clinician_id) in proven,
        pilot_allows=claim.location_id in alone,
        charge_cents=form.charge_cents,
        limit_cents=contract.sign_off_above_cents if contract is not None else 0,
        clinical_reasons=claim_sign_off.clinical_reasons(gathered.facts),
    )


def _proven_pairs(db: Session, claims: Sequence[Claim]) -> set[tuple[str, str]]:
    """Which payers have paid a claim of which of these claims' clinicians before."""
    found = db.exec(
        select(ClaimSubmission.payer_code, Claim.clinician_id)
        .join(Claim, col(ClaimSubmission.case_number) == col(Claim.case_number))
        .where(
            col(Claim.clinician_id).in_({claim.clinician_id for claim in claims}),
            col(ClaimSubmission.status).in_(PROVEN),
            col(Claim.paid_cents) > 0,
        )
        .distinct()
    ).all()
    return set(found)


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


def _save_built(built: Sequence[_Built]) -> Troubles:
    troubles: Troubles = {}
    if not built:
        return troubles
    of_case = {each.case.number: each for each in built}
    by_status: dict[ClaimStatus, list[Claim]] = {C.CLAIM_SIGNATURE: [], C.READY_TO_SEND: [], C.CLINICAL_SIGNATURE: []}
    details = {}
    with store.writing() as db:
        for claim, fence in _held(db, [each.case for each in built], C.READY_TO_BUILD, troubles):
            each = of_case[claim.case_number]
            if claim.version != each.version:
                continue
            digest = sign_off.digest(each.text)
            claim.edition += 1
            claim.content_id, claim.content_digest = each.content_id, digest
            claim.signed_digest = each.gathered.facts.note.digest
            claim.procedure_code = each.gathered.facts.procedure_code
            claim.payer_code = each.gathered.facts.coverage.payer_code
            if claim.rank == "P" or not claim.charge_cents:
                claim.charge_cents = each.form.charge_cents
            _set_deadline(claim)
            claim.missing, claim.findings, claim.queue = [], [one.as_plain() for one in each.findings], ""
            db.add(claim)
            if each.needed.blocked:
                to_correction(db, claim, _queue_of(each.findings), each.findings, fence=fence)
                continue
            to = C.CLAIM_SIGNATURE if each.needed.biller else C.READY_TO_SEND
            by_status[C.CLINICAL_SIGNATURE if each.needed.clinician else to].append(claim)
            details[claim.case_number] = {"content": each.content_id, "digest": digest, "rule": each.needed.rule}
        for to, claims in by_status.items():
            store.move_cases(db, claims, to, actor="system", details=details, by_nobody=True)
    return troubles


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
