"""A practice round: a made-up case that a clinician decides, and what it held."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import practice_rounds
from acts.practice_rounds import Told, case_of, waiting_for
from models.errors import MovedOn, NotAllowed
from web.desk import words
from web.desk.members import Member, SignedIn
from web.desk.pages import page
from web.desk.proof import NOT_PROVED, prove_again
from web.desk.safety import show_problem

router = APIRouter()

VERDICTS = ("sign", "send_back")


@router.get("/practice-round", name="practice_round")
def practice_round(request: Request, me: SignedIn) -> HTMLResponse:
    return _show(request, me)


def _show(
    request: Request, me: Member, *, told: Told | None = None, problem: str | None = None, status_code: int = 200
) -> HTMLResponse:
    waiting = waiting_for(me.id) if told is None else None
    case = told.case if told else case_of(waiting) if waiting else None
    return page(
        request, "practice_round.html", status_code=status_code, round=waiting, case=case, told=told, problem=problem
    )


@router.post("/practice-round", name="answer_practice_round")
def answer_practice_round(
    request: Request,
    me: SignedIn,
    round_id: Annotated[str, Form()] = "",
    verdict: Annotated[str, Form()] = "",
    named: Annotated[str, Form()] = "",
) -> Response:
    """Count the answer and say at once whether an error had been planted, and which; nothing keeps whose it was."""
    try:
        if verdict not in VERDICTS:
            raise ValueError("choose what you decide")
        told = practice_rounds.answer(round_id, me.id, sent_back=verdict == "send_back", named=named)
    except (MovedOn, ValueError) as refusal:
        return _show(request, me, problem=words.sentence(str(refusal)) + ".", status_code=422)
    return _show(request, me, told=told)


@router.post("/safety/practice-rounds", name="set_practice_rounds")
def set_practice_rounds(
    request: Request,
    me: SignedIn,
    percent: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
) -> Response:
    """Switch practice rounds on or off, with the owner's signature."""
    try:
        if not percent.strip().isdigit():
            raise ValueError("give the chance as a whole number of percent")
        wanted = int(percent)
        practice_rounds.check_rate(wanted)
    except ValueError as refusal:
        return show_problem(request, me, words.sentence(str(refusal)) + ".")
    try:
        prove_again(me, password, code)
    except NotAllowed:
        return show_problem(request, me, NOT_PROVED)
    practice_rounds.set_rate(wanted, me.id)
    return RedirectResponse("/safety?done=rate#rounds-rate", status_code=303)
