"""One to-do: take it, do it, say what came of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import admin_time, duplicates, missed_risk
from acts import to_dos as acts
from adapters import case_views, claim_views, desk_views
from adapters.case_views import CaseView
from adapters.desk_views import CLAIM_TO_DOS, MONEY_TO_DOS
from adapters.undelivered import POST_KEY
from models.codes import OUTCOMES, Role, ToDoKind, ToDoOutcome, ToDoStatus
from models.errors import NotAllowed
from models.operational import Decision, ToDo
from models.therapy_text import TherapyText
from rules.access import may_read_content, may_see_to_do, sees_claim_names, sees_names
from rules.coverage import status_from
from rules.triage import FlagKind
from web.desk import claim_thread, claim_words, evidence, words
from web.desk.members import Member, SignedIn, reading
from web.desk.pages import page
from web.desk.queue import next_after

router = APIRouter()

WHERE = "desk:to-do"
QUESTIONS = (ToDoKind.ANSWER_QUESTION, ToDoKind.CHECK_TRANSCRIPT)


@router.get("/to-dos/{to_do_id}", name="to_do_page")
def to_do_page(request: Request, me: SignedIn, to_do_id: str, done: str = "") -> Response:
    to_do, found = case_views.to_do(to_do_id)
    if to_do.kind in CLAIM_TO_DOS:
        return RedirectResponse(desk_views.page_of_to_do(to_do), status_code=303)
    return _show(request, me, to_do, found, done=done)


def _show(
    request: Request,
    me: Member,
    to_do: ToDo,
    found: CaseView,
    *,
    problem: str | None = None,
    typed: str = "",
    outcome: str = "",
    same_as: str = "",
    missed: Sequence[str] = (),
    done: str = "",
    status_code: int = 200,
) -> HTMLResponse:
    _check(me, to_do, found)
    asks = me.staff.role == to_do.role and (to_do.kind in QUESTIONS or to_do.role == Role.CLINICIAN)
    posts = to_do.unique_key.startswith(POST_KEY) and me.staff.role == to_do.role
    compares = to_do.kind == ToDoKind.CHECK_DUPLICATE and sees_names(me.staff.role)
    return page(
        request,
        "to_do.html",
        status_code=status_code,
        to_do=to_do,
        found=found,
        title=words.title(to_do.kind, to_do.role, to_do.unique_key),
        script=words.script(to_do.kind, to_do.role, to_do.unique_key),
        letter=_letter_to_post(me, to_do) if posts else None,
        reads_content=may_read_content(me.viewer, found.facts).allowed,
        outcomes=OUTCOMES[to_do.kind],
        open=to_do.status in (ToDoStatus.OPEN, ToDoStatus.CLAIMED),
        held_by_me=to_do.claimed_by == me.id,
        question=evidence.to_do_question(to_do.id, me, WHERE) if asks else None,
        intake=_intake_to_read(me, to_do, found),
        missed_kinds=missed_risk.KINDS if to_do.kind == ToDoKind.REVIEW_UNFLAGGED else (),
        missed=missed,
        known=case_views.patients(found.referral.possible_patient_ids) if compares else [],
        names=desk_views.staff_names(),
        shows_names=sees_names(me.staff.role) or (to_do.kind in MONEY_TO_DOS and sees_claim_names(me.staff.role)),
        problem=problem,
        typed=typed,
        outcome=outcome,
        same_as=same_as,
        following=next_after(me, to_do.id) if done else None,
        check=claim_views.check_of(to_do) if to_do.kind == ToDoKind.COVERAGE_PROBLEM else None,
        minutes=admin_time.minutes_of(to_do),
        idle_cap=admin_time.idle_cap(),
        status_from=status_from,
        share=claim_thread.share,
        cw=claim_words,
        done=done,
    )


@dataclass(frozen=True)
class LetterToPost:
    """A signed letter as it goes into the envelope; ``text`` is ``None`` when what is kept is not what was signed."""

    text: str | None = field(repr=False)
    decision: Decision


def _letter_to_post(me: Member, to_do: ToDo) -> LetterToPost | None:
    _, _, decision = case_views.sign_off(to_do.unique_key.removeprefix(POST_KEY))
    if decision is None:
        return None
    return LetterToPost(evidence.signed_letter(decision, me, f"{WHERE}-letter"), decision)


def _intake_to_read(me: Member, to_do: ToDo, found: CaseView) -> evidence.Evidence | None:
    """Of a drawn intake all that was said and answered, for the clinician who reads it; the read is on record."""
    if to_do.kind != ToDoKind.REVIEW_UNFLAGGED or to_do.status not in (ToDoStatus.OPEN, ToDoStatus.CLAIMED):
        return None
    if not may_read_content(me.viewer, found.facts).allowed:
        return None
    with reading(me, found):
        return evidence.case_evidence(to_do.case_number, me, "desk:risk-sample")


def _check(me: Member, to_do: ToDo, found: CaseView) -> None:
    permission = may_see_to_do(me.viewer, found.facts, to_do.role)
    if not permission.allowed:
        raise NotAllowed("; ".join(permission.reasons))


def _act(request: Request, me: Member, to_do_id: str, done: str, act: Callable[[], None]) -> Response:
    to_do, found = case_views.to_do(to_do_id)
    _check(me, to_do, found)
    try:
        act()
    except NotAllowed as refusal:
        problem = words.sentence(str(refusal)) + "."
        return _show(request, me, to_do, found, problem=problem, status_code=422)
    return RedirectResponse(f"{desk_views.page_of_to_do(to_do)}?done={done}", status_code=303)


@router.post("/to-dos/{to_do_id}/claim", name="claim_to_do")
def claim_to_do(request: Request, me: SignedIn, to_do_id: str) -> Response:
    return _act(request, me, to_do_id, "claimed", lambda: acts.claim(to_do_id, me.id))


@router.post("/to-dos/{to_do_id}/give-back", name="give_back_to_do")
def give_back_to_do(request: Request, me: SignedIn, to_do_id: str) -> Response:
    return _act(request, me, to_do_id, "given_back", lambda: acts.give_back(to_do_id, me.id))


@router.post("/to-dos/{to_do_id}/finish", name="finish_to_do")
def finish_to_do(
    request: Request,
    me: SignedIn,
    to_do_id: str,
    outcome: Annotated[str, Form()] = "",
    said: Annotated[str, Form()] = "",
    same_as: Annotated[str, Form()] = "",
    missed: Annotated[list[str] | None, Form()] = None,
) -> Response:
    to_do, found = case_views.to_do(to_do_id)
    _check(me, to_do, found)
    try:
        if outcome not in tuple(ToDoOutcome):
            raise ValueError("choose what came of it")
        if outcome == ToDoOutcome.SAME_PERSON and to_do.kind == ToDoKind.CHECK_DUPLICATE:
            duplicates.choose_known(to_do.case_number, same_as, me.id)
        if outcome == ToDoOutcome.RISK_MISSED and not (missed and set(missed) <= set(missed_risk.KINDS)):
            raise ValueError("say which risk was missed")
        kinds = [FlagKind(each) for each in missed or ()] if outcome == ToDoOutcome.RISK_MISSED else []
        noted = said.replace("\r\n", "\n")
        acts.finish(to_do_id, me.id, ToDoOutcome(outcome), TherapyText(noted) if noted.strip() else None, kinds)
    except (NotAllowed, ValueError) as refusal:
        problem = words.sentence(str(refusal)) + "."
        typed = {"typed": said, "outcome": outcome, "same_as": same_as}
        return _show(request, me, to_do, found, problem=problem, missed=missed or (), status_code=422, **typed)
    return RedirectResponse(f"{desk_views.page_of_to_do(to_do)}?done=finished", status_code=303)
