"""What the lock judges by: proofs on this version, who is there to sign, how much went wrong lately."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case as when
from sqlalchemy import func, literal_column
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from acts.practice_clocks import lock_policy
from adapters.code_version import code_version
from adapters.operational_store import case_record_of
from models.claim_codes import SubmissionStatus
from models.codes import ApprovalKind, ApprovalStatus, MessageStatus, Role, ToDoKind, ToDoOutcome, Verdict
from models.governance_codes import Workflow
from models.operational import (
    Appointment,
    Approval,
    Claim,
    ClaimSubmission,
    Decision,
    Episode,
    FollowUp,
    Location,
    OutboxMessage,
    Referral,
    Staff,
    ToDo,
    WorkflowProof,
)
from models.standing import TEMPLATES, ProofKind
from rules.standing import Counted, Share, Staffing

Pair = tuple[Workflow, str]
Figures = dict[str, Counted]
"""By location."""
ALWAYS_LEAVE = {"waitlisted": Workflow.REFERRAL, "closing_letter": Workflow.REFERRAL}
"""Whose failures count although they are never held; every other such message is about an appointment."""
TO_DOS_OF_SCHEDULING = (ToDoKind.MOVE_APPOINTMENT, ToDoKind.TELL_PATIENT, ToDoKind.RECORD_OUTCOME)


@dataclass(frozen=True)
class Facts:
    """All of it, for every workflow and location at once; ``cases``: how many were seen in the window."""

    version: str
    places: list[str]
    proofs: Mapping[Workflow, dict[ProofKind, bool | None]]
    staffing: Mapping[str, Staffing]
    counted: Mapping[Pair, dict[Share, Counted]]
    cases: Mapping[Pair, int]


def gather(db: Session, now: datetime) -> Facts:
    """Count in a fixed number of queries, however many locations there are."""
    since = now - timedelta(days=lock_policy(db).window_days)
    version = code_version()
    places = list(db.exec(select(Location.id).order_by(Location.id)).all())
    seen: dict[Workflow, dict[str, tuple[int, int]]] = {each: _seen(db, each, since) for each in Workflow}
    overdue, undelivered = _overdue(db, since), _undelivered(db, since)
    mistakes = {each: _mistakes(db, each, since) for each in Workflow}
    counted: dict[Pair, dict[Share, Counted]] = {}
    for workflow in Workflow:
        for place in places:
            cases, lost = seen[workflow].get(place, (0, 0))
            found = mistakes[workflow]
            counted[workflow, place] = {
                Share.CRASHED: Counted(lost, cases if workflow.prefix else None),
                Share.OVERDUE: overdue.get((workflow, place), Counted()),
                Share.UNDELIVERED: undelivered.get((workflow, place), Counted()),
                Share.MISTAKES: Counted(of=None) if found is None else found.get(place, Counted()),
            }
    return Facts(
        version=version,
        places=places,
        proofs={each: proofs_of(db, each, version) for each in Workflow},
        staffing=_staffing(db, places),
        counted=counted,
        cases={(each, place): seen[each].get(place, (0, 0))[0] for each in Workflow for place in places},
    )


def proofs_of(db: Session, workflow: Workflow, version: str) -> dict[ProofKind, bool | None]:
    """What came of each proof on this version, the newest of each; None where there is none."""
    found = db.exec(
        select(WorkflowProof)
        .where(WorkflowProof.workflow == workflow, WorkflowProof.code_version == version)
        .order_by(col(WorkflowProof.at))
    ).all()
    return {kind: None for kind in ProofKind} | {each.kind: each.passed for each in found}


def _staffing(db: Session, places: list[str]) -> dict[str, Staffing]:
    people = db.exec(select(Staff).where(col(Staff.active).is_(True))).all()
    anywhere = Counter(person.role for person in people)
    here: dict[str, Counter[Role]] = {place: Counter() for place in places}
    for person in people:
        for place in person.location_ids:
            if place in here:
                here[place][person.role] += 1
    return {place: Staffing(here[place], anywhere) for place in places}


def _seen(db: Session, workflow: Workflow, since: datetime) -> dict[str, tuple[int, int]]:
    """By location how many cases moved in the window, and of them how many had lost a run; of scheduling, appointments
    that were made or changed."""
    if workflow.prefix is None:
        rows = db.exec(
            select(Appointment.location_id, func.count())
            .where(col(Appointment.changed_at) >= since)
            .group_by(col(Appointment.location_id))
        ).all()
        return {place: (number, 0) for place, number in rows}
    record = case_record_of(workflow.prefix)
    query = select(
        record.location_id, func.count(), func.sum(when((col(record.run_generation) > 0, 1), else_=0))
    ).where(col(record.status_since) >= since)
    return {place: (number, int(lost)) for place, number, lost in db.exec(query.group_by(record.location_id)).all()}


def _workflow_of_to_do(prefix: str, kind: ToDoKind) -> Workflow | None:
    if kind in TO_DOS_OF_SCHEDULING:
        return Workflow.SCHEDULING
    if kind is ToDoKind.CARRY_ON_BY_HAND:
        return None  # it is there because the workflow is held: it must not keep the workflow held
    return _by_prefix(prefix)


def _by_prefix(prefix: str) -> Workflow:
    return next((each for each in Workflow if each.prefix == prefix), Workflow.FOLLOW_UP)  # EP-: between two sessions


def _prefix(record: Any) -> Any:
    """The first letters of a case's number; figures spelled out, so that PostgreSQL sees one expression twice."""
    return func.substr(col(record.case_number), literal_column("1"), literal_column("3"))


def _overdue(db: Session, since: datetime) -> dict[Pair, Counted]:
    """Of the sign-offs and to-dos opened in the window, how many had to be passed on because their clock ran out."""
    bad: Counter[Pair] = Counter()
    total: Counter[Pair] = Counter()
    late = func.sum(when((col(Approval.escalations) > 0, 1), else_=0))
    approvals = db.exec(
        select(_prefix(Approval), Approval.location_id, func.count(), late)
        .where(col(Approval.opened_at) >= since, Approval.status != ApprovalStatus.SUPERSEDED)
        .group_by(_prefix(Approval), col(Approval.location_id))
    ).all()
    for prefix, place, number, passed_on in approvals:
        pair = (_by_prefix(prefix), place)
        total[pair] += number
        bad[pair] += int(passed_on)
    late = func.sum(when((col(ToDo.escalations) > 0, 1), else_=0))
    asked: Any = (
        sa_select(_prefix(ToDo), col(ToDo.kind), col(ToDo.location_id), func.count(), late)
        .where(col(ToDo.opened_at) >= since)
        .group_by(_prefix(ToDo), col(ToDo.kind), col(ToDo.location_id))
    )
    for prefix, kind, place, number, passed_on in db.exec(asked).all():
        workflow = _workflow_of_to_do(prefix, ToDoKind(kind))
        if workflow is not None:
            total[workflow, place] += number
            bad[workflow, place] += int(passed_on)
    return {pair: Counted(bad[pair], total[pair]) for pair in total}


def _undelivered(db: Session, since: datetime) -> dict[Pair, Counted]:
    """Of the messages to patients that were written in the window and left or failed, how many failed."""
    bad: Counter[Pair] = Counter()
    total: Counter[Pair] = Counter()
    records: tuple[Any, ...] = (Referral, Episode, FollowUp, Claim)
    failed = func.sum(when((col(OutboxMessage.status) == MessageStatus.FAILED, 1), else_=0))
    for record in records:
        rows = db.exec(
            select(OutboxMessage.template, record.location_id, func.count(), failed)
            .join(record, col(record.case_number) == col(OutboxMessage.case_number))
            .where(
                col(OutboxMessage.created_at) >= since,
                col(OutboxMessage.to_patient_id).is_not(None),
                col(OutboxMessage.status).in_((MessageStatus.SENT, MessageStatus.FAILED)),
            )
            .group_by(col(OutboxMessage.template), record.location_id)
        ).all()
        for template, place, number, not_left in rows:
            workflow = TEMPLATES.get(template) or ALWAYS_LEAVE.get(template, Workflow.SCHEDULING)
            total[workflow, place] += number
            bad[workflow, place] += int(not_left)
    return {pair: Counted(bad[pair], total[pair]) for pair in total}


def _mistakes(db: Session, workflow: Workflow, since: datetime) -> Figures | None:
    """What people found to be wrong, of what they looked at; None where nobody looks for mistakes of this workflow.

    Referrals: unflagged intakes drawn by lot in which a clinician found a risk. Notes: proposed notes that their
    clinician refused. Claims: submissions that a payer's system did not take in.
    """
    rows: Any
    if workflow is Workflow.REFERRAL:
        wrong = func.sum(when((col(ToDo.outcome) == ToDoOutcome.RISK_MISSED, 1), else_=0))
        rows = db.exec(
            select(ToDo.location_id, wrong, func.count())
            .where(ToDo.kind == ToDoKind.REVIEW_UNFLAGGED, col(ToDo.done_at) >= since)
            .group_by(col(ToDo.location_id))
        ).all()
    elif workflow is Workflow.NOTES:
        wrong = func.sum(when((col(Decision.verdict) == Verdict.REJECT, 1), else_=0))
        rows = db.exec(
            select(Approval.location_id, wrong, func.count())
            .join(Decision, col(Decision.approval_id) == col(Approval.id))
            .where(Approval.kind == ApprovalKind.SESSION_NOTE, col(Decision.at) >= since)
            .group_by(col(Approval.location_id))
        ).all()
    elif workflow is Workflow.CLAIMS:
        wrong = func.sum(when((col(ClaimSubmission.status) == SubmissionStatus.REJECTED, 1), else_=0))
        rows = db.exec(
            select(Claim.location_id, wrong, func.count())
            .join(ClaimSubmission, col(ClaimSubmission.case_number) == col(Claim.case_number))
            .where(col(ClaimSubmission.at) >= since)
            .group_by(col(Claim.location_id))
        ).all()
    else:
        return None
    return {place: Counted(int(bad), number) for place, bad, number in rows}
