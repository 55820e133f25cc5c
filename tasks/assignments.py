"""Whether an assignment goes on without a signature: at the level live, where nothing about it is an exception."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from acts.practice_clocks import assignment_policy
from adapters import held_places, therapy_store
from adapters import operational_store as store
from models.codes import ApprovalKind, ReferralStatus, Verdict
from models.columns import new_id, utc_now
from models.errors import MovedOn
from models.governance_codes import Level, Workflow
from models.operational import (
    Approval,
    Decision,
    EligibilityCheck,
    FollowUp,
    Location,
    MatchCandidate,
    Patient,
    Referral,
    SessionNote,
    ToDo,
    UnsignedAssignment,
)
from rules import scheduling
from rules.assignment_sign_off import AssignmentFacts, AssignmentSignature, assignment_signature
from rules.coverage import CoverageStatus
from rules.matching import MatchResult, age_on
from rules.sign_off import canonical, digest
from tasks import matching
from tasks.cases import Case
from tasks.steps import step

R = ReferralStatus
COVERAGE_HOLDS = timedelta(days=31)
"""For how long before and after its date of service a payer's answer is taken for today's."""


def goes_by_itself(case: Case) -> bool:
    """Whether this assignment has just gone on without a signature. False at every other level, without a step."""
    with store.reading() as db:
        referral = store.one(db, Referral, case.number)
        store.check_fence(referral, case.fence)
        if not _is_live(db, referral) or _is_open(db, referral):
            return False
    return let_go(case)


@step("let an assignment go unsigned")
def let_go(case: Case) -> bool:
    """Assign the clinician who was put first where no signature is needed; says whether it did. The audit has the rule
    with its figures, or why somebody must sign.

    Everything is judged in the transaction that assigns, so that nothing can change between. A sign-off that is open
    is waited for.
    """
    with store.reading() as db:
        version = store.one(db, Referral, case.number).version
    # what takes long is read before, so that nobody waits for it who wants to write
    found = matching.ranked(case)
    content = matching.assignment_content(case.number)
    now = utc_now()
    times_met = _times_met(case.number, found, now)
    with store.writing() as db:
        referral = store.one(db, Referral, case.number)
        store.check_fence(referral, case.fence)
        if referral.status != R.ASSIGNMENT or referral.version != version:
            raise MovedOn(f"case {case.number} has moved on")
        if _is_open(db, referral):
            return False
        chosen = content["clinician_id"]
        policy = assignment_policy(db)
        needed = assignment_signature(_facts(db, referral, found, chosen, times_met, now, policy.last), policy)
        if not needed.goes_by_itself:
            why = [each.value for each in needed.reasons]
            store.audit(db, "system", "assignment.to_sign", referral, case.number, reasons=why)
            return False
        _assign(db, case, referral, chosen, needed, digest(canonical(content)), now)
        return True


def _assign(
    db: Session,
    case: Case,
    referral: Referral,
    clinician_id: str,
    needed: AssignmentSignature,
    content_digest: str,
    now: datetime,
) -> None:
    unsigned = UnsignedAssignment(
        id=new_id("UA"),
        case_number=referral.case_number,
        round=referral.version,
        location_id=referral.location_id,
        clinician_id=clinician_id,
        rule=needed.rule,
        figures=needed.figures,
        digest=content_digest,
        at=now,
    )
    db.add(unsigned)
    store.audit(
        db,
        "system",
        "assignment.unsigned",
        unsigned,
        case.number,
        rule=needed.rule,
        clinician=clinician_id,
        digest=content_digest,
        **needed.figures,
    )
    referral.clinician_id = clinician_id
    db.add(referral)
    store.move_case(db, referral, R.READY_TO_OFFER, actor="system", fence=case.fence, unsigned=unsigned.id)


def _is_live(db: Session, referral: Referral) -> bool:
    return held_places.runs_as(db, Workflow.REFERRAL, referral.location_id) is Level.LIVE


def _is_open(db: Session, referral: Referral) -> bool:
    """Whether this visit to the gate has its sign-off already: then it is a person's."""
    query = select(Approval.id).where(
        Approval.case_number == referral.case_number,
        Approval.kind == ApprovalKind.ASSIGNMENT,
        Approval.round == referral.version,
    )
    return db.exec(query).first() is not None


# -- what is known


def _facts(
    db: Session,
    referral: Referral,
    found: MatchResult,
    chosen: str | None,
    times_met: bool,
    now: datetime,
    last: int,
) -> AssignmentFacts:
    number = referral.case_number
    patient = store.one(db, Patient, referral.patient_id)
    as_proposed, signed = _signed_here(db, referral.location_id, last)
    first = found.ranked[0].clinician_id if found.ranked else None
    return AssignmentFacts(
        live=_is_live(db, referral),
        risk_cleared=referral.risk_cleared,
        risk_raised=_risk_raised(db, referral),
        # asked in this transaction, so that words kept after this look meet a case that has been assigned
        unread=bool(therapy_store.unread(number)),
        age=age_on(patient.birth_date, now.date()) if patient.birth_date else None,
        place_known=patient.state is not None,
        coverage_known=_coverage_known(db, patient, now),
        language_known=bool(patient.language),
        times_named=bool(referral.preferred_times),
        times_met=times_met,
        first_fits=first is not None and first == chosen,
        scores=tuple(each.score for each in found.ranked),
        matched_before=_rounds(db, number) > 1 or referral.clinician_id is not None,
        not_approved=_not_approved(db, number),
        by_hand=db.exec(select(ToDo.id).where(ToDo.case_number == number)).first() is not None,
        possible_duplicate=bool(referral.possible_patient_ids),
        as_proposed=as_proposed,
        signed=signed,
    )


def _risk_raised(db: Session, referral: Referral) -> bool:
    """Whether anything about a risk of this patient is on record, in this case or in another one of theirs."""
    if referral.risk_level is not None or therapy_store.ever_flagged(referral.case_number):
        return True
    reviewed = select(Approval.id).where(
        Approval.case_number == referral.case_number, Approval.kind == ApprovalKind.RISK_REVIEW
    )
    if db.exec(reviewed).first() is not None:
        return True
    return any(
        db.exec(
            select(record.case_number).where(
                record.patient_id == referral.patient_id, col(record.risk_level).is_not(None)
            )
        ).first()
        is not None
        for record in (Referral, SessionNote, FollowUp)
    )


def _coverage_known(db: Session, patient: Patient, now: datetime) -> bool:
    if patient.self_pay:
        return True
    covered = select(EligibilityCheck.id).where(
        EligibilityCheck.patient_id == patient.id,
        EligibilityCheck.payer_code == patient.payer_code,
        EligibilityCheck.status == CoverageStatus.ACTIVE_MENTAL_HEALTH.value,
        col(EligibilityCheck.answered_at).is_not(None),
        col(EligibilityCheck.service_date).between((now - COVERAGE_HOLDS).date(), (now + COVERAGE_HOLDS).date()),
    )
    return db.exec(covered).first() is not None


def _times_met(case_number: str, found: MatchResult, now: datetime) -> bool:
    """Whether one of the times that the first would offer is one the patient has named."""
    if not found.ranked:
        return False
    with store.reading() as db:
        referral = store.one(db, Referral, case_number)
        patient = store.one(db, Patient, referral.patient_id)
        zone = patient.time_zone or store.one(db, Location, referral.location_id).time_zone
        slots = matching.suitable_slots(db, referral, now, found.ranked[0].clinician_id)
    return any(scheduling.time_code(slot.starts_at, zone) in referral.preferred_times for slot in slots)


def _rounds(db: Session, case_number: str) -> int:
    return len(db.exec(select(MatchCandidate.round).where(MatchCandidate.case_number == case_number).distinct()).all())


def _not_approved(db: Session, case_number: str) -> bool:
    otherwise = select(Decision.id).where(Decision.case_number == case_number, Decision.verdict != Verdict.APPROVE)
    return db.exec(otherwise).first() is not None


def _signed_here(db: Session, location_id: str, last: int) -> tuple[int, int]:
    """Of the newest assignments that somebody signed here, or that were undone after nobody had, how many were approved
    as proposed: so many, of so many."""
    signed = db.exec(
        select(Decision.at, Decision.verdict)
        .join(Approval, col(Approval.id) == col(Decision.approval_id))
        .where(Approval.kind == ApprovalKind.ASSIGNMENT, Approval.location_id == location_id)
        .order_by(col(Decision.at).desc())
        .limit(last)
    ).all()
    judged = [(at, verdict == Verdict.APPROVE) for at, verdict in signed]
    judged += [(at, False) for at in _undone(db, location_id, last)]
    newest = sorted(judged, reverse=True)[:last]
    return sum(approved for _, approved in newest), len(newest)


def _undone(db: Session, location_id: str, last: int) -> Sequence[datetime]:
    """When the newest unsigned assignments were made that did not stand: matched again, or given to somebody else."""
    again = (
        select(MatchCandidate.id)
        .where(
            MatchCandidate.case_number == UnsignedAssignment.case_number,
            MatchCandidate.round > UnsignedAssignment.round,
        )
        .exists()
    )
    return db.exec(
        select(UnsignedAssignment.at)
        .join(Referral, col(Referral.case_number) == col(UnsignedAssignment.case_number))
        .where(
            UnsignedAssignment.location_id == location_id,
            again | (col(Referral.clinician_id) != col(UnsignedAssignment.clinician_id)),
        )
        .order_by(col(UnsignedAssignment.at).desc())
        .limit(last)
    ).all()
