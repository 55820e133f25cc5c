"""The list of cases, and one case: its course, what it waits for, and what staff do to it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import cases as steer
from acts import consent, decisions
from acts.booking import WAY_TO_BOOKED
from adapters import case_views, desk_views
from adapters.case_views import CaseView
from models.codes import ExitKind, ReferralStatus, Role, ToDoOutcome
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed
from models.therapy_text import TherapyText
from models.transitions import REFERRAL_OWNERS
from rules.access import CLAIM_READERS, SIGNERS, STEERERS, may_read_content, may_see_case, may_see_to_do
from rules.assignment_sign_off import because
from rules.sign_off import SIGNING_ROLE
from web.desk import claims, evidence, notes, words
from web.desk.members import Member, SignedIn, check_theirs, reading, visible_case
from web.desk.pages import page
from web.desk.workflows import held_here

router = APIRouter()

WHERE = "desk:case"
EXITS = {
    "withdrawn": "Withdrawn: the patient no longer wants this (closes at once)",
    "declined": "Declined: a closing letter goes to be signed",
    "higher_level_of_care": "Higher level of care: a closing letter goes to be signed",
    "unreachable": "Unreachable: a closing letter goes to be signed",
}
DONE = {
    "reassigned": "The sign-off has been given to your colleague.",
    "stopped": "The case has been stopped.",
    "rerouted": "The case goes on where you sent it.",
    "booked": "The time is booked; the patient is told.",
    "recorded": "The outcome is on record.",
    "consent": "The patient's choice is on record and holds from now on.",
    "claimed": "This to-do is yours now.",
    "given_back": "The to-do waits for whoever takes it next.",
    "finished": "The to-do is done.",
}


@router.get("/cases", name="cases")
def cases(
    request: Request,
    me: SignedIn,
    number: str = "",
    status: str = "",
    location: str = "",
    overdue: bool = False,
    closed: bool = False,
) -> Response:
    if words.is_claim(number.strip().upper()) and me.staff.role in CLAIM_READERS:
        return RedirectResponse(f"/claims/all?{urlencode({'q': number.strip()})}", status_code=303)
    if words.is_note(number.strip().upper()):
        return RedirectResponse(f"/notes?{urlencode({'q': number.strip(), 'scope': 'all'})}", status_code=303)
    chosen = [location] if location in me.staff.location_ids else me.staff.location_ids
    wanted = status if status in tuple(ReferralStatus) else ""
    found = desk_views.cases(chosen, number=number, status=wanted, open_only=not closed)
    now = utc_now()
    return page(
        request,
        "cases.html",
        rows=[
            row
            for row in found
            if may_see_case(me.viewer, row.facts).allowed
            and (not overdue or (row.due_at is not None and row.due_at <= now))
        ],
        cut=len(found) == desk_views.CASES_SHOWN,
        statuses=tuple(ReferralStatus),
        places=desk_views.places(),
        names=desk_views.staff_names(),
        asked={"number": number, "status": wanted, "location": location, "overdue": overdue, "closed": closed},
    )


@router.get("/cases/{case_number}", name="case_page")
def case_page(request: Request, me: SignedIn, case_number: str, done: str = "") -> Response:
    if words.case_address(case_number) != f"/cases/{case_number}":
        return RedirectResponse(words.case_address(case_number), status_code=303)
    return _show(request, me, visible_case(me, case_number), notice=DONE.get(done))


def _show(
    request: Request,
    me: Member,
    found: CaseView,
    *,
    notice: str | None = None,
    problem: str | None = None,
    typed_reason: str = "",
    status_code: int = 200,
) -> HTMLResponse:
    referral = found.referral
    number = referral.case_number
    theirs = may_see_case(me.viewer, found.facts).allowed
    steers = theirs and me.staff.role in STEERERS and not referral.status.is_closed
    approval = case_views.open_sign_off(number)
    appointment = case_views.standing_appointment(number)
    signs = approval is not None and me.staff.role == SIGNING_ROLE[approval.kind]
    unsigned = case_views.unsigned_assignment(referral)
    books = theirs and me.staff.role in (Role.COORDINATOR, Role.CLINICIAN) and _bookable(found)
    return page(
        request,
        "case.html",
        status_code=status_code,
        found=found,
        notice=notice,
        problem=problem,
        typed_reason=typed_reason,
        owner=REFERRAL_OWNERS[referral.status],
        held=held_here(referral.status, referral),
        unsigned=unsigned,
        because=because(unsigned.figures) if unsigned is not None else (),
        approval=approval,
        signs=signs,
        colleagues=(
            case_views.colleagues(approval.role, approval.location_id, but_not=approval.assigned_to)
            if approval and steers
            else []
        ),
        to_dos=[
            each
            for each in case_views.open_to_dos_of(number)
            if may_see_to_do(me.viewer, found.facts, each.role).allowed
        ],
        consents=theirs and me.staff.role in SIGNERS,
        timeline=case_views.timeline(number),
        messages=case_views.messages(number),
        appointments=case_views.appointments(number),
        appointment=appointment,
        steers=steers,
        exits=EXITS,
        targets=steer.reroute_targets(referral) if steers else (),
        slots=case_views.open_slots_of(referral.clinician_id) if books and referral.clinician_id else [],
        records=steers and appointment is not None and referral.status == ReferralStatus.BOOKED,
        reads_content=may_read_content(me.viewer, found.facts).allowed,
        names=desk_views.staff_names(),
        places=desk_views.places(),
    )


def _bookable(found: CaseView) -> bool:
    return found.referral.status in WAY_TO_BOOKED and found.referral.risk_cleared


@router.get("/cases/{case_number}/content", name="case_content")
def case_content(request: Request, me: SignedIn, case_number: str) -> Response:
    """What the patient and the referrer said, and why it was decided as it was: clinicians only."""
    if words.case_address(case_number) != f"/cases/{case_number}":
        return RedirectResponse(words.case_address(case_number), status_code=303)
    found = visible_case(me, case_number)
    permission = may_read_content(me.viewer, found.facts)
    if not permission.allowed:
        raise NotAllowed("; ".join(permission.reasons))
    with reading(me, found):
        return _content(request, me, found)


def _content(request: Request, me: Member, found: CaseView) -> HTMLResponse:
    case_number = found.referral.case_number
    where = f"{WHERE}-content"
    signed = [(a, d) for a, d in case_views.earlier_sign_offs(case_number) if d is not None]
    return page(
        request,
        "case_content.html",
        found=found,
        evidence=evidence.case_evidence(case_number, me, where),
        signed=signed,
        reasons=evidence.decision_reasons([decision.id for _, decision in signed], me, where),
        notes=_notes(me, case_number, where),
        names=desk_views.staff_names(),
    )


@dataclass(frozen=True)
class StepNote:
    """The words that go with one to-do or one step of a case; ``by`` is who finished or took it."""

    at: datetime
    what: str
    by: str
    note: evidence.Note


def _notes(me: Member, case_number: str, where: str) -> list[StepNote]:
    """Every question, note and reason of the case that went with no signature, oldest first."""
    steps = {
        str(event.details["words"]): (event.at, words.event(event), event.actor)
        for event in case_views.timeline(case_number)
        if "words" in event.details
    }
    for to_do in case_views.to_dos_of(case_number):
        what = words.title(to_do.kind, to_do.role, to_do.unique_key)
        steps[to_do.id] = (to_do.done_at or to_do.opened_at, words.sentence(what), to_do.done_by or "")
    kept = evidence.notes(list(steps), me, where)
    return sorted((StepNote(*steps[each], note) for each, note in kept.items()), key=lambda step: step.at)


def _act(request: Request, me: Member, found: CaseView, done: str, reason: str, act: Callable[[], None]) -> Response:
    """Do it and show the case; what refuses it is shown on the case's page beside what was typed."""
    check_theirs(me, found)
    try:
        act()
    except (NotAllowed, MovedOn, ValueError) as refusal:
        if words.case_address(found.referral.case_number).startswith("/care/"):
            raise MovedOn("ongoing care is steered on its own page") from refusal
        anew = case_views.case(found.referral.case_number)
        problem = words.sentence(str(refusal)) + "."
        if words.is_note(found.referral.case_number):
            return notes.show_refusal(request, me, anew, problem, reason)
        if words.is_claim(found.referral.case_number):
            return claims.show_refusal(request, me, anew, problem)
        return _show(request, me, anew, problem=problem, typed_reason=reason, status_code=422)
    return RedirectResponse(f"{words.case_address(found.referral.case_number)}?done={done}", status_code=303)


@router.post("/approvals/{approval_id}/reassign", name="reassign")
def reassign(
    request: Request,
    me: SignedIn,
    approval_id: str,
    to_staff_id: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    _, found, _ = case_views.sign_off(approval_id)

    def act() -> None:
        _need(to_staff_id, "choose a colleague")
        _need(reason, "a reason is needed")
        decisions.reassign(approval_id, to_staff_id=to_staff_id, by_staff_id=me.id, reason=TherapyText(reason))

    return _act(request, me, found, "reassigned", reason, act)


def _need(value: Any, message: str) -> None:
    if not str(value).strip():
        raise ValueError(message)


@router.post("/cases/{case_number}/stop", name="stop_case")
def stop_case(
    request: Request,
    me: SignedIn,
    case_number: str,
    exit: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    def act() -> None:
        if exit not in EXITS:
            raise ValueError("choose how the case ends")
        kind = None if exit == "withdrawn" else ExitKind(exit)
        steer.stop(case_number, staff_id=me.id, reason=TherapyText(reason), exit_kind=kind)

    return _act(request, me, case_views.case(case_number), "stopped", reason, act)


@router.post("/cases/{case_number}/reroute", name="reroute_case")
def reroute_case(
    request: Request,
    me: SignedIn,
    case_number: str,
    to: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    def act() -> None:
        if to not in tuple(ReferralStatus):
            raise ValueError("choose where the case goes")
        steer.reroute(case_number, to=ReferralStatus(to), staff_id=me.id, reason=TherapyText(reason))

    return _act(request, me, case_views.case(case_number), "rerouted", reason, act)


@router.post("/cases/{case_number}/book", name="book_by_hand")
def book_by_hand(request: Request, me: SignedIn, case_number: str, slot_id: Annotated[str, Form()] = "") -> Response:
    def act() -> None:
        _need(slot_id, "choose a time")
        steer.book_by_hand(case_number, slot_id=slot_id, staff_id=me.id)

    return _act(request, me, case_views.case(case_number), "booked", "", act)


@router.post("/cases/{case_number}/outcome", name="record_outcome")
def record_outcome(request: Request, me: SignedIn, case_number: str, outcome: Annotated[str, Form()] = "") -> Response:
    def act() -> None:
        if outcome not in (ToDoOutcome.ATTENDED, ToDoOutcome.NO_SHOW):
            raise ValueError("say whether the patient attended")
        steer.record_outcome(case_number, staff_id=me.id, outcome=ToDoOutcome(outcome))

    return _act(request, me, case_views.case(case_number), "recorded", "", act)


@router.post("/cases/{case_number}/consent", name="set_ai_consent")
def set_ai_consent(request: Request, me: SignedIn, case_number: str, agreed: Annotated[str, Form()] = "") -> Response:
    """Whether the patient agrees to automated reading, as they say it now."""

    def act() -> None:
        if agreed not in ("yes", "no"):
            raise ValueError("say whether the patient agrees")
        consent.set_ai_consent(case_number, me.id, agreed == "yes")

    return _act(request, me, case_views.case(case_number), "consent", "", act)
