"""The pages of emergency access: asking for it, and compliance looking at each."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import break_glass as acts
from adapters import case_views, desk_views
from models.errors import NotAllowed
from models.therapy_text import TherapyText
from rules.access import SHORTEST_REASON, may_see_case
from web.desk import evidence, words
from web.desk.members import Member, SignedIn
from web.desk.pages import page
from web.desk.proof import NOT_PROVED, prove_again

router = APIRouter()

WHERE = "desk:break-glass"


@router.get("/cases/{case_number}/break-glass", name="break_glass_page")
def break_glass_page(request: Request, me: SignedIn, case_number: str) -> Response:
    found = case_views.case(case_number)
    if may_see_case(me.viewer, found.facts).allowed or me.id in found.facts.opened_for:
        return RedirectResponse(words.case_address(case_number), status_code=303)
    return _ask(request, case_number)


def _ask(request: Request, case_number: str, *, typed: str = "", problem: str = "") -> HTMLResponse:
    """Names the case by its number alone: whoever asks has not been let in yet."""
    return page(
        request,
        "break_glass.html",
        status_code=422 if problem else 200,
        case_number=case_number,
        typed=typed,
        problem=problem,
        shortest=SHORTEST_REASON,
        hours=int(acts.OPEN_FOR.total_seconds() // 3600),
    )


@router.post("/cases/{case_number}/break-glass", name="break_glass")
def break_glass(
    request: Request,
    me: SignedIn,
    case_number: str,
    reason: Annotated[str, Form()] = "",
    current: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
) -> Response:
    found = case_views.case(case_number)
    if may_see_case(me.viewer, found.facts).allowed:
        return RedirectResponse(words.case_address(case_number), status_code=303)
    if len(reason.strip()) < SHORTEST_REASON:  # before the code is used up
        problem = f"Say in at least {SHORTEST_REASON} characters why you need this case now."
        return _ask(request, case_number, typed=reason, problem=problem)
    try:
        prove_again(me, current, code)
    except NotAllowed:
        return _ask(request, case_number, typed=reason, problem=NOT_PROVED)
    acts.break_glass(case_number, me.id, TherapyText(reason.replace("\r\n", "\n")))
    return RedirectResponse(words.case_address(case_number), status_code=303)


@router.get("/break-glass", name="openings")
def openings(request: Request, me: SignedIn) -> HTMLResponse:
    return page(request, "openings.html", openings=acts.all_openings(), names=desk_views.staff_names())


@router.get("/break-glass/{glass_id}", name="opening")
def opening(request: Request, me: SignedIn, glass_id: str) -> HTMLResponse:
    return _show(request, me, glass_id)


def _show(request: Request, me: Member, glass_id: str, *, problem: str = "") -> HTMLResponse:
    glass, events = acts.one_opening(glass_id)
    return page(
        request,
        "opening.html",
        status_code=422 if problem else 200,
        glass=glass,
        events=events,
        reason=evidence.break_glass_reason(glass.words_id, me, WHERE),
        names=desk_views.staff_names(),
        problem=problem,
    )


@router.post("/break-glass/{glass_id}/review", name="review_opening")
def review_opening(request: Request, me: SignedIn, glass_id: str) -> Response:
    try:
        acts.review(glass_id, me.id)
    except NotAllowed as refused:
        return _show(request, me, glass_id, problem=words.sentence(str(refused)) + ".")
    return RedirectResponse("/break-glass", status_code=303)
