"""The gate's steps: open what is to be signed, read what was decided, take a decision from Prefect's own form."""

import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, select

from acts.decisions import decide
from acts.staff import clinicians_on_call
from adapters import operational_store as store
from adapters import prefect_runs, therapy_store
from adapters.letters import letter_draft
from adapters.operational_store import CaseRecord
from adapters.settings import settings
from models.codes import (
    ApprovalKind,
    ApprovalStatus,
    AuthenticatedHow,
    CaseStatus,
    ClaimStatus,
    FollowUpStatus,
    MessageChannel,
    NoteStatus,
    ReferralStatus,
    RiskLevel,
    Verdict,
)
from models.columns import utc_now
from models.errors import CountersignError, MovedOn, OutsideRefused, OutsideUnavailable
from models.operational import Approval, Claim, FollowUp, Location, Patient, Referral
from models.step_reads import a_persons_act
from models.therapy_text import TherapyText
from rules import clocks, sign_off
from rules.claim_sign_off import asked_in
from tasks.cases import Case
from tasks.claim_sign_offs import ASKED_BY, claim_content, refund_content, write_off_content
from tasks.follow_up_sign_offs import escalation_content, message_content
from tasks.matching import assignment_content
from tasks.own_words import carry_over
from tasks.people import who_may_sign
from tasks.practice import clock_policy
from tasks.risk import review_content
from tasks.session_drafts import note_content
from tasks.steps import in_its_name, step

logger = logging.getLogger(__name__)

KIND_AT: dict[CaseStatus, ApprovalKind] = {
    ReferralStatus.RISK_REVIEW: ApprovalKind.RISK_REVIEW,
    ReferralStatus.ASSIGNMENT: ApprovalKind.ASSIGNMENT,
    ReferralStatus.CLOSING_LETTER: ApprovalKind.CLOSING_LETTER,
    NoteStatus.NOTE_SIGNATURE: ApprovalKind.SESSION_NOTE,
    ClaimStatus.CLINICAL_SIGNATURE: ApprovalKind.CLAIM_CLINICAL,
    ClaimStatus.CLAIM_SIGNATURE: ApprovalKind.CLAIM,
    ClaimStatus.WRITE_OFF_SIGNATURE: ApprovalKind.WRITE_OFF,
    ClaimStatus.REFUND_SIGNATURE: ApprovalKind.REFUND,
    FollowUpStatus.ESCALATION: ApprovalKind.ESCALATION,
    FollowUpStatus.MESSAGE_SIGNATURE: ApprovalKind.MESSAGE,
}
LAID_OUT_BY: dict[ApprovalKind, str] = {
    ApprovalKind.RISK_REVIEW: "lay out a risk review",
    ApprovalKind.ASSIGNMENT: "lay out an assignment",
    ApprovalKind.CLOSING_LETTER: "lay out a closing letter",
    ApprovalKind.SESSION_NOTE: "lay out a note",
    ApprovalKind.CLAIM: "lay out a claim",
    ApprovalKind.CLAIM_CLINICAL: "lay out a claim",
    ApprovalKind.WRITE_OFF: "lay out a claim",
    ApprovalKind.REFUND: "lay out a claim",
    ApprovalKind.ESCALATION: "lay out a follow-up",
    ApprovalKind.MESSAGE: "lay out a follow-up",
}
"""In whose name the content of a sign-off is read: each lays out its own kind, so none reads what another shows."""
LEVELLED = sign_off.WORRYING_KINDS | {ApprovalKind.SESSION_NOTE}
"""Sign-offs that show how urgent a risk is."""


def _letter_content(case_number: str) -> dict[str, Any]:
    with store.reading() as db:
        referral = store.one(db, Referral, case_number)
        patient = store.one(db, Patient, referral.patient_id)
        location = store.one(db, Location, referral.location_id)
    exit_kind = referral.exit_kind.value if referral.exit_kind else "declined"
    return {
        "kind": "closing_letter",
        "case": case_number,
        "exit": exit_kind,
        "letter": letter_draft(exit_kind, patient=patient, location=location),
    }


def _level(case: CaseRecord) -> RiskLevel | None:
    return getattr(case, "risk_level", None)  # nobody's danger is part of a claim


def _content(kind: ApprovalKind, case: CaseRecord) -> dict[str, Any]:
    makers: dict[ApprovalKind, Callable[[], dict[str, Any]]] = {
        ApprovalKind.RISK_REVIEW: lambda: review_content(case.case_number, (_level(case) or RiskLevel.MODERATE).value),
        ApprovalKind.ASSIGNMENT: lambda: assignment_content(case.case_number),
        ApprovalKind.CLOSING_LETTER: lambda: _letter_content(case.case_number),
        ApprovalKind.SESSION_NOTE: lambda: note_content(case.case_number),
        ApprovalKind.CLAIM: lambda: claim_content(case.case_number, kind),
        ApprovalKind.CLAIM_CLINICAL: lambda: claim_content(case.case_number, kind),
        ApprovalKind.WRITE_OFF: lambda: write_off_content(case.case_number),
        ApprovalKind.REFUND: lambda: refund_content(case.case_number),
        ApprovalKind.ESCALATION: lambda: escalation_content(case.case_number),
        ApprovalKind.MESSAGE: lambda: message_content(case.case_number),
    }
    return makers[kind]()


def approval_of(case: Case, status: CaseStatus) -> str | None:
    """The id of the approval that was opened for this visit to the status, if it was."""
    with store.reading() as db:
        found = store.one_case(db, case.number)
        store.check_fence(found, case.fence)
        return db.exec(
            select(Approval.id).where(
                Approval.case_number == case.number,
                Approval.kind == KIND_AT[status],
                Approval.round == found.version,
            )
        ).first()


@step("open sign-off")
def open_sign_off(case: Case, status: CaseStatus) -> str:
    """Open what this case is to be signed for, with its content, owner, clock and first alarm; returns its id."""
    kind = KIND_AT[status]
    with store.reading() as db:
        record = store.one_case(db, case.number)
        _check_stands(record, kind)
    found = approval_of(case, status)
    if found is not None:
        return found
    content = sign_off.canonical(in_its_name(LAID_OUT_BY[kind])(_content)(kind, record))
    approval_id = f"AP-{case.number}-{record.version}"
    therapy_store.keep_sign_off_content(approval_id, case.number, TherapyText(content))
    # a leg that died between the two writes kept its content: that one is pinned, not this one
    kept = therapy_store.sign_off_content(approval_id, actor="system", where="open sign-off")
    if kind is ApprovalKind.SESSION_NOTE:
        carry_over(case.number, approval_id, json.loads(kept.unwrap()))
    with store.writing() as db:
        present = store.one_case(db, case.number)
        store.check_fence(present, case.fence)
        _check_stands(present, kind)
        store.check_not_held(db, present)
        if present.version != record.version:
            raise MovedOn(f"case {case.number} has moved on")  # a person stopped or rerouted it meanwhile
        _save(db, present, kind, approval_id, sign_off.digest(kept.unwrap()))
    return approval_id


def _check_stands(case: CaseRecord, kind: ApprovalKind) -> None:
    """Refuse to open a gate in front of which the case does not stand: nobody could ever sign it."""
    if KIND_AT.get(case.status) is not kind:
        raise MovedOn(f"case {case.case_number} does not wait for {kind.value}")


def _save(db: Session, case: CaseRecord, kind: ApprovalKind, approval_id: str, digest: str) -> None:
    now = utc_now()
    patient = store.one(db, Patient, case.patient_id)
    location = store.one(db, Location, case.location_id)
    level = _level(case) if kind in LEVELLED else None
    fitting = who_may_sign(db, kind, case, patient, but_not=frozenset({_requested_by(kind, case)}))
    approval = Approval(
        id=approval_id,
        case_number=case.case_number,
        kind=kind,
        round=case.version,
        digest=digest,
        why=f"{kind.label} ({level.value} risk)" if level else kind.label,
        role=sign_off.SIGNING_ROLE[kind],
        location_id=case.location_id,
        requested_by=_requested_by(kind, case),
        assigned_to=fitting[0].id if fitting else None,
        level=level,
        opened_at=now,
        due_at=clocks.approval_due(kind, level, now, location.time_zone, clock_policy(db)),
    )
    db.add(approval)
    store.audit(
        db,
        "system",
        "approval.opened",
        approval,
        case.case_number,
        kind=kind.value,
        digest=digest,
        assigned_to=approval.assigned_to,
    )
    if level == RiskLevel.HIGH and kind in sign_off.WORRYING_KINDS:
        db.flush()
        page(db, approval, now=now)


def _requested_by(kind: ApprovalKind, case: CaseRecord) -> str:
    """Who wants it, where a person does: they may not sign it themselves."""
    if isinstance(case, FollowUp):
        return case.requested_by
    asked = asked_in(case.findings, ASKED_BY[kind]) if kind in ASKED_BY and isinstance(case, Claim) else {}
    return str(asked.get("asked_by", "system"))


def page(db: Session, approval: Approval, *, now: datetime) -> None:
    """Alarm the assigned clinician and whoever is on call; the message holds the case number and a link only."""
    approval.pages_sent += 1
    approval.last_paged_at = now
    db.add(approval)
    people = {person.id for person in clinicians_on_call(db, approval.location_id)} | {approval.assigned_to or ""}
    for staff_id in sorted(people - {""}):
        store.queue_message(
            db,
            unique_key=f"page:{approval.id}:{approval.pages_sent}:{staff_id}",
            channel=MessageChannel.PAGE,
            template="page_risk_review",
            case_number=approval.case_number,
            to_staff_id=staff_id,
            facts={"approval_id": approval.id},
            urgent=True,
        )


def next_wait_key(approval_id: str) -> str:
    """A key that no earlier wait at this gate had; a repeated key would make Prefect answer 409 for ever."""
    with store.writing() as db:
        approval = store.one(db, Approval, approval_id)
        approval.attempt += 1
        db.add(approval)
        return wait_key(approval_id, approval.attempt)


def wait_key(approval_id: str, attempt: int) -> str:
    return f"approval-{approval_id}-{attempt}".lower()  # Prefect takes lowercase letters, digits and dashes


def desk_link(approval_id: str) -> str:
    return f"{settings().desk_url}/approvals/{approval_id}"


def digest_of(approval_id: str) -> str:
    with store.reading() as db:
        return store.one(db, Approval, approval_id).digest


async def take_decision_from_prefect(approval_id: str, run_id: str) -> str:
    """Use what was typed into Prefect's Resume dialog, if anything: ``decided``, ``nothing``, or ``refused``.

    A code that does not fit changes nothing; the case waits on.
    """
    with store.reading() as db:
        approval = store.one(db, Approval, approval_id)
    if approval.attempt == 0:
        return "nothing"
    typed = await _typed(approval, run_id)
    if approval.status != ApprovalStatus.OPEN or not typed or not typed.get("staff_id"):
        return "nothing"
    try:
        with a_persons_act():
            decide(
                approval_id,
                staff_id=typed["staff_id"],
                verdict=Verdict(typed.get("verdict", "")),
                reason=TherapyText(str(typed.get("reason", "")).replace("_", " ")),
                seen_digest=approval.digest,
                how=AuthenticatedHow.PREFECT_CODE,
                code=typed.get("one_time_code", ""),
            )
    except (CountersignError, ValueError) as refusal:
        logger.warning("sign-off %s: not decided from Prefect (%s)", approval_id, type(refusal).__name__)
        with store.writing() as db:
            store.audit(
                db,
                "prefect",
                "decision.refused",
                ("approval", approval_id),
                approval.case_number,
                why=type(refusal).__name__,
            )
        return "refused"
    return "decided"


async def _typed(approval: Approval, run_id: str) -> dict[str, Any] | None:
    """What was typed at the latest wait, or at the one before when Prefect could not be asked then."""
    for attempt in range(approval.attempt, max(approval.attempt - 2, 0), -1):
        try:
            typed = await prefect_runs.read_and_forget_input(UUID(run_id), wait_key(approval.id, attempt))
        except (OutsideUnavailable, OutsideRefused) as trouble:  # the desk's decision must not hang on Prefect
            logger.warning("sign-off %s: Prefect's form was not read (%s)", approval.id, type(trouble).__name__)
            return None
        if typed:
            return typed
    return None
