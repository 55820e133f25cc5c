"""The one place where a sign-off is decided, whoever brings it: the desk, the command line, Prefect's dialog."""

import json
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from acts import claim_money, refunds
from acts.case_to_dos import open_for_case
from acts.signers import prove, prove_by_service, signer_facts
from adapters import therapy_store, therapy_store_sessions
from adapters.operational_store import (
    CaseRecord,
    audit,
    case_record_of,
    move_case,
    one,
    one_case,
    queue_message,
    reading,
    set_status,
    writing,
)
from adapters.undelivered import POST_KEY
from models.claim_codes import ExceptionQueue
from models.claim_findings import blocking
from models.codes import (
    SIGNED,
    ApprovalKind,
    ApprovalStatus,
    AuthenticatedHow,
    ClaimStatus,
    FollowUpStatus,
    MessageChannel,
    NoteStatus,
    RiskLevel,
    Role,
    ToDoKind,
    Verdict,
)
from models.columns import new_id, utc_now
from models.errors import MovedOn, NotAllowed, SignatureMismatch
from models.ledger import balances
from models.operational import (
    Approval,
    Claim,
    Clinician,
    Decision,
    FollowUp,
    Location,
    Patient,
    Referral,
    SessionNote,
    Staff,
)
from models.session_index import NoteFormatCode
from models.therapy_text import TherapyText
from rules import labels, note_editing, note_signing, sign_off
from rules.sign_off import Consequence


def decide(
    approval_id: str,
    *,
    staff_id: str,
    verdict: Verdict,
    reason: TherapyText,
    seen_digest: str,
    how: AuthenticatedHow,
    code: str,
    password: str | None = None,
    edited: dict[str, Any] | None = None,
    confirmed: Mapping[str, bool] | None = None,
    login: str = "",
    on_screen: str = "",
) -> Decision:
    """Record one signature and what it does to the case.

    ``seen_digest`` is the digest of what the person had before their eyes; ``confirmed`` holds their labels by flag id,
    whatever the verdict; ``login`` is the browser's sign-in, where the proof is the practice's sign-in service's.
    ``on_screen``: the digest of the edited content as the person saw it, where a page showed it; another is refused.
    Everything that can be refused is checked before the one-time code is used up. Raises NotAllowed,
    SignatureMismatch, MovedOn, or ValueError naming what is missing.
    """
    where = f"sign:{how.value}"
    with reading() as db:
        approval = one(db, Approval, approval_id)
        case = one_case(db, approval.case_number)
        patient = one(db, Patient, case.patient_id)
    if approval.status != ApprovalStatus.OPEN:
        raise MovedOn(f"sign-off {approval_id} is no longer open")
    signer = signer_facts(staff_id, utc_now().date())
    permission = sign_off.may_sign(
        approval.kind,
        approval.status,
        location_id=approval.location_id,
        assigned_to=approval.assigned_to,
        requested_by=approval.requested_by,
        patient_state=state_of(case, patient),
        signer=signer,
    )
    if not permission.allowed:
        raise NotAllowed("; ".join(permission.reasons))
    if sign_off.needs_reason(verdict, approval.kind) and not reason.unwrap().strip():
        raise ValueError("a reason is needed")
    signs = verdict in SIGNED
    if approval.kind == ApprovalKind.SESSION_NOTE and signs and not on_screen:
        # other doors show neither the transcript nor the changes that were made to the proposal
        raise NotAllowed("a session's note is signed on the desk, where it stands beside its transcript")
    content = therapy_store.sign_off_content(approval_id, actor=staff_id, where=where)
    if sign_off.digest(content.unwrap()) != approval.digest or seen_digest != approval.digest:
        raise SignatureMismatch(f"sign-off {approval_id}: what was seen is not what is to be signed")
    if approval.kind == ApprovalKind.SESSION_NOTE and verdict == Verdict.APPROVE:
        _nothing_was_changed(approval_id, content, staff_id, where)
    changes = edited if verdict == Verdict.EDIT_AND_APPROVE else None
    signed = sign_off.edited_content(approval.kind, json.loads(content.unwrap()), changes)
    if on_screen and sign_off.digest(sign_off.canonical(signed)) != on_screen:
        raise SignatureMismatch(f"sign-off {approval_id}: what was seen is not what is to be signed")
    signed = labels.labelled(signed, confirmed or {})
    outcome = sign_off.consequence(approval.kind, verdict, signed)
    if outcome.clinician_id is not None:
        _must_see_patients(outcome.clinician_id)
    # whoever signs sits at a browser or terminal where they have signed in
    if how == AuthenticatedHow.DESK_OIDC:
        prove_by_service(staff_id, login)
    else:
        prove(staff_id, code=code, password=password, how=how, known=True)

    signed_text = sign_off.canonical(signed)
    decision = Decision(
        id=new_id("DC"),
        approval_id=approval_id,
        case_number=approval.case_number,
        staff_id=staff_id,
        authenticated=how,
        verdict=verdict,
        digest=approval.digest,
        signed_digest=sign_off.digest(signed_text),
    )
    therapy_store.keep_decision_words(
        decision.id,
        approval_id,
        approval.case_number,
        reason,
        TherapyText(signed_text),
        staff_id,
        _decided_flags(decision, signed),
    )
    question_id = f"TD-{decision.id}" if outcome.question else None
    if question_id:
        therapy_store.keep_to_do_words(question_id, approval.case_number, question=reason, actor=staff_id)
    with writing() as db:
        _save(db, decision, outcome, question_id, signed)
    if outcome.risk_cleared or outcome.status in (NoteStatus.CLOSED_SIGNED, FollowUpStatus.CLOSED_ANSWERED):
        # after the decision stands: of two at once the later one must not close flags that nobody cleared, and
        # a crash here only brings the review back
        flag_ids = [flag["id"] for flag in signed.get("flags", ())]
        about = case.episode_number if isinstance(case, FollowUp) else approval.case_number
        therapy_store.mark_reviewed(about, flag_ids, approval_id, staff_id)
    return decision


def _decided_flags(decision: Decision, signed: Mapping[str, Any]) -> list[therapy_store.DecidedFlag]:
    """The reader's flags that a signed review lists, each with its label if it was given one."""
    return [
        therapy_store.DecidedFlag(
            id=new_id("DF"),
            case_number=decision.case_number,
            decision_id=decision.id,
            at=decision.at,
            flag_id=flag_id,
            kind=flag["kind"],
            raised_by=flag["raised_by"],
            rule_id=flag["rule_id"],
            version=flag["version"],
            probability=flag["probability"],
            text_id=flag["text_id"],
            edition=flag.get("edition"),
            starts=flag["starts"],
            ends=flag["ends"],
            confirmed=signed.get("labels", {}).get(flag_id),
        )
        for flag_id, flag in labels.offered(signed).items()
    ]


def _nothing_was_changed(approval_id: str, content: TherapyText, staff_id: str, where: str) -> None:
    """A note is signed as its page shows it: one that was changed there is not approved as it was proposed."""
    copy = therapy_store_sessions.working_copy(approval_id, actor=staff_id, where=where)
    proposed = json.loads(content.unwrap())
    if copy is not None and note_editing.is_changed({**proposed, **copy.fields}, proposed):
        raise SignatureMismatch(f"sign-off {approval_id}: the note was changed on the desk: sign it there")


def _must_see_patients(clinician_id: str) -> None:
    with reading() as db:
        staff = db.get(Staff, clinician_id)
        if db.get(Clinician, clinician_id) is None or staff is None or not staff.active:
            raise ValueError("clinician_id must be a clinician of the practice")


def state_of(case: CaseRecord, patient: Patient) -> str | None:
    """Where the patient was for what is signed: a session has its own place, else the patient's record says it."""
    held_in = case.patient_state if isinstance(case, SessionNote) else None
    return held_in or patient.state


def _save(
    db: Session, decision: Decision, outcome: Consequence, question_id: str | None, signed: Mapping[str, Any]
) -> None:
    """Write the decision and its consequence in one transaction."""
    # two at once queue here, so that the later one hears that it is decided
    approval, case = _locked(db, decision.approval_id, decision.case_number)
    actor = decision.staff_id
    approval.decided_at = decision.at
    set_status(db, approval, ApprovalStatus.DECIDED, actor, verdict=decision.verdict.value)
    db.add(decision)
    audit(
        db,
        actor,
        "decision.signed",
        decision,
        decision.case_number,
        verdict=decision.verdict.value,
        digest=decision.digest,
        signed_digest=decision.signed_digest,
        how=decision.authenticated.value,
    )
    if isinstance(case, SessionNote):
        _apply_note(db, case, decision, outcome, signed)
    elif isinstance(case, Claim):
        _apply_claim(db, case, approval.kind, decision, outcome, signed)
    elif not isinstance(case, FollowUp):
        _apply_facts(case, outcome)
    db.add(case)
    move_case(db, case, outcome.status, actor=actor, approval=approval.id)
    if outcome.send_letter:
        _queue_letter(db, decision, case)
    if question_id:
        # a question must not buy time: what it asks about was due when the review was
        by = approval.due_at if approval.level in (RiskLevel.HIGH, RiskLevel.MODERATE) else None
        kind = ToDoKind.CHECK_TRANSCRIPT if isinstance(case, SessionNote) else ToDoKind.ANSWER_QUESTION
        open_for_case(db, case, kind, f"question:{approval.id}", to_do_id=question_id, by=by)
    if outcome.warm_handoff:
        open_for_case(db, case, ToDoKind.WARM_HANDOFF, f"handoff:{approval.id}")


def _locked(db: Session, approval_id: str, case_number: str) -> tuple[Approval, Any]:
    """The case's row, then the sign-off's: whoever moves a case takes them in this order, so nobody waits in a ring."""
    case = db.get_one(case_record_of(case_number), case_number, with_for_update=True)
    return db.get_one(Approval, approval_id, with_for_update=True), case


def _apply_note(
    db: Session, session: SessionNote, decision: Decision, outcome: Consequence, signed: Mapping[str, Any]
) -> None:
    """A signed note is what eligibility → claim begins with: its event names the session, its codes and the digest.

    Whoever decides has had the flags before their eyes, whatever they decide.
    """
    if session.risk_level is not None and session.risk_seen_at is None:
        session.risk_seen_at, session.risk_seen_by = decision.at, decision.staff_id
        audit(db, decision.staff_id, "session_risk.seen", session, session.case_number)
    if outcome.status != NoteStatus.CLOSED_SIGNED:
        return
    session.signed_decision_id = decision.id
    session.procedure_code = signed["procedure_code"] or None
    session.note_format = NoteFormatCode(signed["format"])
    audit(
        db,
        decision.staff_id,
        "note.signed",
        session,
        session.case_number,
        decision=decision.id,
        procedure_code=session.procedure_code,
        addons=[list(pair) for pair in note_signing.addons(signed)],
        signed_digest=decision.signed_digest,
    )


def _apply_claim(
    db: Session,
    claim: Claim,
    kind: ApprovalKind,
    decision: Decision,
    outcome: Consequence,
    signed: Mapping[str, Any],
) -> None:
    """A signed write-off or refund is posted with its signature; what was not approved says so to its biller.

    No more is given up than was signed: raises MovedOn where the ledger has changed meanwhile.
    """
    if outcome.status == ClaimStatus.CLOSED_WRITTEN_OFF:
        if claim_money.could_give_up(db, claim.case_number) != signed["cents"]:
            raise MovedOn(f"what is owed on claim {claim.case_number} has changed since this was asked")
        if balances(claim_money.lines_of_case(db, claim.case_number)).credit_cents:
            raise MovedOn(f"on claim {claim.case_number} something is owed back now: refund it first")
        claim_money.post_write_off(db, claim, source=f"write-off:{decision.approval_id}", actor=decision.staff_id)
    elif kind == ApprovalKind.REFUND and outcome.status != ClaimStatus.CORRECTION:
        refunds.post_signed(db, claim, signed, actor=decision.staff_id)
    elif outcome.status == ClaimStatus.CORRECTION:
        claim.queue, claim.touched = ExceptionQueue.RETURNED.value, True
        claim.findings = [
            blocking(
                "returned",
                f"The {kind.label} sign-off was not approved ({decision.verdict.value}).",
                "Read the reason with the sign-off, correct the claim, have it built again.",
            )
        ]


def _apply_facts(referral: Referral, outcome: Consequence) -> None:
    if outcome.risk_cleared is not None:
        referral.risk_cleared = outcome.risk_cleared
    if outcome.risk_level is not None:
        referral.risk_level = outcome.risk_level
    if outcome.clinician_id is not None:
        referral.clinician_id = outcome.clinician_id
    if outcome.exit_kind is not None:
        referral.exit_kind = outcome.exit_kind


def _queue_letter(db: Session, decision: Decision, referral: Referral) -> None:
    """The signed letter leaves through the outbox, which compares digests once more before it sends."""
    patient = one(db, Patient, referral.patient_id)
    if patient.email is None:
        open_for_case(db, referral, ToDoKind.WARM_HANDOFF, f"{POST_KEY}{decision.approval_id}")
        return
    queue_message(
        db,
        unique_key=f"closing-letter:{decision.approval_id}",
        channel=MessageChannel.EMAIL,
        template="closing_letter",
        case_number=referral.case_number,
        to_patient_id=patient.id,
        approval_id=decision.approval_id,
    )


def mark_seen(approval_id: str, staff_id: str) -> None:
    """Record who opened a sign-off first; that ends the paging of an unseen risk review."""
    with writing() as db:
        approval, _ = _locked(db, approval_id, one(db, Approval, approval_id).case_number)
        if approval.seen_at is None and approval.status == ApprovalStatus.OPEN:
            approval.seen_at, approval.seen_by = utc_now(), staff_id
            db.add(approval)
            audit(db, staff_id, "approval.seen", approval, approval.case_number)


def reassign(approval_id: str, *, to_staff_id: str, by_staff_id: str, reason: TherapyText) -> None:
    """Give an open sign-off to somebody else who may sign it; raises NotAllowed naming why they may not."""
    with reading() as db:
        approval = one(db, Approval, approval_id)
        case = one_case(db, approval.case_number)
        patient = one(db, Patient, case.patient_id)
        by = one(db, Staff, by_staff_id)
        one(db, Location, approval.location_id)
    if by.role not in (Role.COORDINATOR, Role.CLINICIAN, Role.ADMIN) or not by.active:
        raise NotAllowed("a coordinator or clinician reassigns")
    if approval.location_id not in by.location_ids:
        raise NotAllowed("it belongs to another location")
    permission = sign_off.may_sign(
        approval.kind,
        approval.status,
        location_id=approval.location_id,
        assigned_to=to_staff_id,
        requested_by=approval.requested_by,
        patient_state=state_of(case, patient),
        signer=signer_facts(to_staff_id, utc_now().date()),
    )
    if not permission.allowed:
        raise NotAllowed("; ".join(permission.reasons))
    note_id = new_id("RA")
    therapy_store.keep_to_do_words(note_id, approval.case_number, answer=reason, actor=by_staff_id)
    with writing() as db:
        approval, _ = _locked(db, approval_id, approval.case_number)
        if approval.status != ApprovalStatus.OPEN:
            raise MovedOn(f"sign-off {approval_id} is no longer open")
        old = approval.assigned_to
        approval.assigned_to, approval.seen_at, approval.seen_by = to_staff_id, None, None
        db.add(approval)
        audit(
            db,
            by_staff_id,
            "approval.reassigned",
            approval,
            approval.case_number,
            old=old,
            new=to_staff_id,
            words=note_id,
        )
        queue_message(
            db,
            unique_key=f"reassigned:{approval_id}:{note_id}",
            channel=MessageChannel.PAGE,
            template="overdue_sign_off",
            case_number=approval.case_number,
            to_staff_id=to_staff_id,
            facts={"approval_id": approval_id, "why": "reassigned"},
        )
