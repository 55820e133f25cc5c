"""The sessions of one patient's ongoing care: what is agreed, how it is reminded of, and how the last ones went."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import visits as acts
from adapters import case_views, desk_views, visit_views
from adapters.case_views import CaseView
from models.codes import ToDoOutcome
from models.errors import MovedOn, NotAllowed
from models.operational import Episode
from rules.access import STEERERS, may_see_case
from web.desk import words
from web.desk.members import Member, SignedIn, check_theirs, visible_case
from web.desk.pages import page

router = APIRouter()


@router.get("/care/{case_number}/visits", name="visits")
def visits(request: Request, me: SignedIn, case_number: str, done: str = "") -> HTMLResponse:
    return _show(request, me, _care(visible_case(me, case_number)), recorded=bool(done))


def _care(found: CaseView) -> CaseView:
    if not isinstance(found.referral, Episode):
        raise MovedOn(f"{found.referral.case_number} is not ongoing care")
    return found


def _show(
    request: Request,
    me: Member,
    found: CaseView,
    *,
    recorded: bool = False,
    problem: str | None = None,
    status_code: int = 200,
) -> HTMLResponse:
    coming, past = visit_views.visits(found.referral.case_number)
    return page(
        request,
        "visits.html",
        status_code=status_code,
        found=found,
        coming=coming,
        past=past,
        records=me.staff.role in STEERERS and may_see_case(me.viewer, found.facts).allowed,
        recorded=recorded,
        problem=problem,
        places=desk_views.places(),
        names=desk_views.staff_names(),
    )


@router.post("/care/{case_number}/visits/{appointment_id}", name="record_visit")
def record_visit(
    request: Request, me: SignedIn, case_number: str, appointment_id: str, outcome: Annotated[str, Form()] = ""
) -> Response:
    found = _care(case_views.case(case_number))
    check_theirs(me, found)
    try:
        if outcome not in (ToDoOutcome.ATTENDED, ToDoOutcome.NO_SHOW):
            raise ValueError("say whether the patient attended")
        if appointment_id not in {each.id for each in case_views.appointments(case_number)}:
            raise ValueError("choose one of these sessions")
        acts.record_visit(appointment_id, staff_id=me.id, outcome=ToDoOutcome(outcome))
    except (NotAllowed, MovedOn, ValueError) as refusal:
        problem = words.sentence(str(refusal)) + "."
        return _show(request, me, found, problem=problem, status_code=422)
    return RedirectResponse(f"/care/{case_number}/visits?done=recorded", status_code=303)
