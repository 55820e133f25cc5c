"""The pages of one sign-off: read it, decide it, see the case move on, pass it to a colleague."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import decisions, signers
from adapters import case_views, desk_views
from adapters.case_views import CaseView
from models.codes import ApprovalKind, ApprovalStatus, CaseOwner, Verdict
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed, SignatureMismatch
from models.operational import Approval
from models.therapy_text import TherapyText
from models.transitions import owner_of
from rules import sign_off
from rules.access import looks_in_emergency, may_read_content, may_see_sign_off
from web.desk import claim_evidence, claim_words, evidence, words
from web.desk.members import Member, SignedIn, check_theirs, check_visible, reading
from web.desk.pages import fragment, page
from web.desk.queue import next_after

router = APIRouter()

WHERE = "desk:sign-off"
STOP_POLLING = 286
TEMPLATES = {
    ApprovalKind.RISK_REVIEW: "risk_review.html",
    ApprovalKind.ASSIGNMENT: "assignment.html",
    ApprovalKind.CLOSING_LETTER: "closing_letter.html",
    ApprovalKind.CLAIM: "claim_sign_off.html",
    ApprovalKind.CLAIM_CLINICAL: "claim_sign_off.html",
    ApprovalKind.WRITE_OFF: "claim_sign_off.html",
    ApprovalKind.REFUND: "claim_sign_off.html",
    ApprovalKind.ESCALATION: "escalation.html",
    ApprovalKind.MESSAGE: "message.html",
}
NEEDED = {
    "a reason is needed": "reason",
    "choose what is done about it": "done",
    "say why nothing is needed": "done_words",
}
LABEL = "label-"
CONFIRMED = {"confirmed": True, "in_error": False}
LEFT_OPEN = ""


def _permission(approval: Approval, found: CaseView, me: Member) -> sign_off.Permission:
    if looks_in_emergency(me.viewer, found.facts):
        return sign_off.Permission(False, ("you opened this case in an emergency, to read it",))
    return sign_off.may_sign(
        approval.kind,
        approval.status,
        location_id=approval.location_id,
        assigned_to=approval.assigned_to,
        requested_by=approval.requested_by,
        patient_state=found.patient.state,
        signer=signers.signer_facts(me.id, utc_now().date()),
    )


def _check_kind(approval: Approval, me: Member) -> None:
    """Whoever signs claims or write-offs sees those alone."""
    permission = may_see_sign_off(me.staff.role, approval.kind)
    if not permission.allowed:
        raise NotAllowed("; ".join(permission.reasons))


def _check_readable(approval: Approval, found: CaseView, me: Member) -> None:
    """An assignment names no clinical content and a claim is read by who signs it; the rest by clinicians alone."""
    check_visible(me, found)
    _check_kind(approval, me)
    if approval.kind in sign_off.CLAIM_KINDS:
        return
    if approval.kind != ApprovalKind.ASSIGNMENT:
        permission = may_read_content(me.viewer, found.facts)
        if not permission.allowed:
            raise NotAllowed("; ".join(permission.reasons))
    elif me.staff.role != sign_off.SIGNING_ROLE[approval.kind]:
        raise NotAllowed("a coordinator reads this")


@router.get("/approvals/{approval_id}", name="approval_page")
def approval_page(request: Request, me: SignedIn, approval_id: str) -> Response:
    approval, found, decision = case_views.sign_off(approval_id)
    _check_readable(approval, found, me)
    if approval.kind == ApprovalKind.SESSION_NOTE:
        return RedirectResponse(desk_views.page_of(approval), status_code=303)
    if decision is not None:
        return RedirectResponse(f"/approvals/{approval_id}/signed", status_code=303)
    if _permission(approval, found, me).allowed:
        decisions.mark_seen(approval_id, me.id)
    with reading(me, found):
        return _show(request, me, approval, found, typed={}, errors={})


def _show(
    request: Request,
    me: Member,
    approval: Approval,
    found: CaseView,
    *,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    status_code: int = 200,
) -> HTMLResponse:
    content, seen_digest = _content(approval, me)
    facts: dict[str, Any] = {
        "approval": approval,
        "found": found,
        "content": content,
        "seen_digest": seen_digest,
        "permission": _permission(approval, found, me),
        "names": desk_views.staff_names(),
        "colleagues": _colleagues(approval, me),
        "earlier": _earlier(approval, me),
        "typed": typed,
        "errors": errors,
    }
    if approval.kind == ApprovalKind.RISK_REVIEW:
        facts["evidence"] = evidence.risk_evidence(content, me, WHERE)
    if approval.kind == ApprovalKind.ESCALATION:
        facts["evidence"] = evidence.escalation_evidence(content, me, WHERE)
        facts["own_answers"] = words.own_answers(content["measures"])
    if approval.kind in sign_off.CLAIM_KINDS:
        facts["shown"] = claim_evidence.claim_to_sign(content)
        facts["cw"] = claim_words
    if approval.kind == ApprovalKind.ASSIGNMENT:
        facts["clinicians"] = case_views.clinicians()
        facts["excluded"] = {each["clinician_id"]: each["reasons"] for each in content["excluded"]}
    return page(request, TEMPLATES[approval.kind], status_code=status_code, **facts)


def _content(approval: Approval, me: Member) -> tuple[dict[str, Any], str]:
    """What is to be signed and its digest; a claim's is read for payment, all else for treatment."""
    if approval.kind in sign_off.CLAIM_KINDS:
        return claim_evidence.content_to_sign(approval.id, me)
    return evidence.content_to_sign(approval.id, me, WHERE)


def _colleagues(approval: Approval, me: Member) -> list[Any]:
    role = sign_off.SIGNING_ROLE[approval.kind]
    return case_views.colleagues(role, approval.location_id, but_not=approval.assigned_to)


def _earlier(approval: Approval, me: Member) -> list[dict[str, Any]]:
    """The case's earlier decisions of the same kind, with the words they were given with."""
    signed = [
        (before, decision)
        for before, decision in case_views.earlier_sign_offs(approval.case_number)
        if decision is not None and before.kind == approval.kind
    ]
    ids = [decision.id for _, decision in signed]
    if approval.kind in sign_off.CLAIM_KINDS:
        reasons = claim_evidence.decision_reasons(ids, me)
    else:
        reasons = evidence.decision_reasons(ids, me, WHERE)
    return [{"decision": decision, "reason": reasons.get(decision.id)} for _, decision in signed]


def edits(kind: ApprovalKind, content: Mapping[str, Any], posted: Mapping[str, str]) -> dict[str, Any]:
    """The editable fields that were posted with another value than the content proposes."""
    changed: dict[str, Any] = {}
    for field in sign_off.EDITABLE[kind]:
        value = posted.get(field)
        if value is None or (field == "clinician_id" and not value):
            continue
        value = value.replace("\r\n", "\n")
        if value != (content[field] or ""):
            changed[field] = value
    return changed


def check_form(
    verdict: str,
    changed: Mapping[str, Any],
    reason: str,
    password: str,
    code: str,
    kind: ApprovalKind | None = None,
) -> dict[str, str]:
    """What is missing or contradicts itself in a decision form, by field."""
    errors = {}
    if verdict not in tuple(Verdict):
        errors["verdict"] = "Choose what you decide."
    elif verdict == Verdict.EDIT_AND_APPROVE and not changed:
        unchosen = {"done": "Choose what is done about it."}
        unchanged = {"verdict": "Nothing is changed. Change something, or approve as proposed."}
        errors |= unchosen if kind == ApprovalKind.ESCALATION else unchanged
    elif verdict == Verdict.APPROVE and changed:
        errors["verdict"] = "You changed what is proposed. Choose “edit”, or set it back."
    elif sign_off.needs_reason(Verdict(verdict), kind) and not reason.strip():
        errors["reason"] = "Write down why, or your question."
    if not password:
        errors["password"] = "Your password is part of the signature."
    if not code.strip():
        errors["code"] = "The six digits from your authenticator app."
    return errors


async def posted_labels(request: Request) -> dict[str, str]:
    """What was chosen beside each flag, by the name of its field."""
    return {name: str(value) for name, value in (await request.form()).items() if name.startswith(LABEL)}


def labels_of(posted: Mapping[str, str]) -> dict[str, bool]:
    """Flag id → whether it is confirmed, of the flags that were not left open; raises ValueError for another choice."""
    if not set(posted.values()) <= {*CONFIRMED, LEFT_OPEN}:
        raise ValueError("a flag is confirmed, raised in error or left open")
    return {name.removeprefix(LABEL): CONFIRMED[value] for name, value in posted.items() if value != LEFT_OPEN}


@router.post("/approvals/{approval_id}", name="decide")
def decide(
    request: Request,
    me: SignedIn,
    approval_id: str,
    labels: Annotated[dict[str, str], Depends(posted_labels)],
    seen_digest: Annotated[str, Form()] = "",
    verdict: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
    level: Annotated[str | None, Form()] = None,
    disposition: Annotated[str | None, Form()] = None,
    safety_note: Annotated[str | None, Form()] = None,
    clinician_id: Annotated[str | None, Form()] = None,
    letter: Annotated[str | None, Form()] = None,
    done: Annotated[str | None, Form()] = None,
    done_words: Annotated[str | None, Form()] = None,
) -> Response:
    approval, found, decision = case_views.sign_off(approval_id)
    check_theirs(me, found)
    _check_readable(approval, found, me)
    if decision is not None or approval.status != ApprovalStatus.OPEN:
        raise MovedOn(f"sign-off {approval_id} is no longer open")
    if approval.kind == ApprovalKind.SESSION_NOTE:
        raise MovedOn("a session's note is signed on its own page, which shows it beside the transcript")
    fields = {
        "level": level,
        "disposition": disposition,
        "safety_note": safety_note,
        "clinician_id": clinician_id,
        "letter": letter,
        "done": done,
        "done_words": done_words,
    }
    posted = {name: value for name, value in fields.items() if value is not None}
    content, _ = _content(approval, me)
    changed = edits(approval.kind, content, posted)
    errors = check_form(verdict, changed, reason, password, code, approval.kind)
    if me.by_service:
        errors = {name: message for name, message in errors.items() if name not in ("password", "code")}
    if not errors:
        errors = _try_to_sign(
            approval_id, me, Verdict(verdict), reason, seen_digest, password, code, changed or None, labels
        )
    if not errors:
        return RedirectResponse(f"/approvals/{approval_id}/signed", status_code=303)
    typed = posted | labels | {"verdict": verdict, "reason": reason}
    return _show(request, me, approval, found, typed=typed, errors=errors, status_code=422)


def _try_to_sign(
    approval_id: str,
    me: Member,
    verdict: Verdict,
    reason: str,
    seen_digest: str,
    password: str,
    code: str,
    edited: dict[str, Any] | None,
    labels: Mapping[str, str],
) -> dict[str, str]:
    """Sign; what refuses it comes back as words beside the field it is about. Raises MovedOn."""
    try:
        decisions.decide(
            approval_id,
            staff_id=me.id,
            verdict=verdict,
            reason=TherapyText(reason.replace("\r\n", "\n")),
            seen_digest=seen_digest,
            how=me.signs_how,
            login=me.login_id,
            code=code.strip(),
            password=password,
            edited=edited if verdict == Verdict.EDIT_AND_APPROVE else None,
            confirmed=labels_of(labels),
        )
    except SignatureMismatch:
        return {"form": "What was on your screen is not what is to be signed. It is shown anew: please read it again."}
    except NotAllowed as refusal:
        if str(refusal) == signers.REFUSED and me.by_service:
            return {"form": "Prove once more at the practice's sign-in service who you are, then sign."}
        if str(refusal) == signers.REFUSED:
            return {
                "code": "The password or the code does not fit, the code was used before, or the account is locked "
                "for a while. Wait for a new code and try again."
            }
        return {"form": f"You may not sign this: {refusal}."}
    except ValueError as missing:
        field = next((name for name in ("level", "disposition", "letter") if name in str(missing)), None)
        field = field or NEEDED.get(str(missing)) or ("clinician_id" if "clinician" in str(missing) else "form")
        return {field: words.sentence(str(missing)) + "."}
    return {}


@router.get("/approvals/{approval_id}/signed", name="signed_page")
def signed_page(request: Request, me: SignedIn, approval_id: str) -> Response:
    approval, found, decision = case_views.sign_off(approval_id)
    check_visible(me, found)
    _check_kind(approval, me)
    if decision is None:
        return RedirectResponse(f"/approvals/{approval_id}", status_code=303)
    return page(
        request,
        "signed.html",
        approval=approval,
        found=found,
        decision=decision,
        following=next_after(me, approval_id),
        names=desk_views.staff_names(),
        **_progress(found, decision),
    )


def _progress(found: CaseView, decision: Any) -> dict[str, Any]:
    status = found.referral.status
    return {
        "moves": case_views.moves_since(found.referral.case_number, decision.at),
        "status": status,
        "owner": owner_of(status),
        "settled": owner_of(status) != CaseOwner.SYSTEM,
        "closed": status.is_closed,
    }


@router.get("/approvals/{approval_id}/progress", name="case_progress")
def case_progress(me: SignedIn, approval_id: str) -> Response:
    """Where the case has got to since the signature; asked again until somebody else must act."""
    approval, found, decision = case_views.sign_off(approval_id)
    check_visible(me, found)
    _check_kind(approval, me)
    facts = _progress(found, decision) if decision else {}
    if not facts:
        return Response(status_code=204)
    code = STOP_POLLING if facts["settled"] else 200
    return fragment("progress.html", status_code=code, approval=approval, found=found, decision=decision, **facts)
