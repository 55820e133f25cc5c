"""One to-do: take it, do it, say what came of it."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import to_dos as acts
from adapters import case_views, desk_views
from adapters.case_views import CaseView
from models.codes import OUTCOMES, ToDoKind, ToDoOutcome, ToDoStatus
from models.errors import NotAllowed
from models.operational import ToDo
from models.therapy_text import TherapyText
from rules.access import sees_names
from web.desk import evidence, words
from web.desk.members import Member, SignedIn, check_visible
from web.desk.pages import page
from web.desk.queue import next_after

router = APIRouter()

WHERE = "desk:to-do"


@router.get("/to-dos/{to_do_id}", name="to_do_page")
def to_do_page(request: Request, me: SignedIn, to_do_id: str, done: str = "") -> HTMLResponse:
    to_do, found = case_views.to_do(to_do_id)
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
    done: str = "",
    status_code: int = 200,
) -> HTMLResponse:
    check_visible(me, found)
    asks = to_do.kind == ToDoKind.ANSWER_QUESTION and me.staff.role == to_do.role
    compares = to_do.kind == ToDoKind.CHECK_DUPLICATE and sees_names(me.staff.role)
    return page(
        request,
        "to_do.html",
        status_code=status_code,
        to_do=to_do,
        found=found,
        script=words.SCRIPTS[to_do.kind],
        outcomes=OUTCOMES[to_do.kind],
        open=to_do.status in (ToDoStatus.OPEN, ToDoStatus.CLAIMED),
        held_by_me=to_do.claimed_by == me.id,
        question=evidence.to_do_question(to_do.id, me, WHERE) if asks else None,
        known=case_views.patients(found.referral.possible_patient_ids) if compares else [],
        names=desk_views.staff_names(),
        problem=problem,
        typed=typed,
        outcome=outcome,
        following=next_after(me, to_do.id) if done else None,
        done=done,
    )


def _act(request: Request, me: Member, to_do_id: str, done: str, act: Callable[[], None]) -> Response:
    to_do, found = case_views.to_do(to_do_id)
    check_visible(me, found)
    try:
        act()
    except NotAllowed as refusal:
        problem = words.sentence(str(refusal)) + "."
        return _show(request, me, to_do, found, problem=problem, status_code=422)
    return RedirectResponse(f"/to-dos/{to_do_id}?done={done}", status_code=303)


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
) -> Response:
    to_do, found = case_views.to_do(to_do_id)
    check_visible(me, found)
    try:
        if outcome not in tuple(ToDoOutcome):
            raise ValueError("choose what came of it")
        noted = said.replace("\r\n", "\n")
        acts.finish(to_do_id, me.id, ToDoOutcome(outcome), TherapyText(noted) if noted.strip() else None)
    except (NotAllowed, ValueError) as refusal:
        problem = words.sentence(str(refusal)) + "."
        return _show(request, me, to_do, found, problem=problem, typed=said, outcome=outcome, status_code=422)
    return RedirectResponse(f"/to-dos/{to_do_id}?done=finished", status_code=303)
