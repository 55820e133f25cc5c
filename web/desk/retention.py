"""How long records are kept: the policy, who is over their time, holds, and the lists that compliance signs."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import retention
from adapters import desk_views
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed, SignatureMismatch
from models.therapy_text import TherapyText
from rules.access import SHORTEST_REASON
from rules.retention import RULES
from web.desk import words
from web.desk.members import SignedIn
from web.desk.pages import page
from web.desk.proof import NOT_PROVED, prove_again

router = APIRouter()

DONE = {"held": "The hold is in force.", "lifted": "The hold is lifted.", "applied": "The list is signed and applied."}


@router.get("/retention", name="retention")
def show_retention(request: Request, me: SignedIn, done: str = "") -> HTMLResponse:
    return _show(request, notice=DONE.get(done, ""))


def _show(request: Request, *, notice: str = "", problem: str = "", typed: str = "") -> HTMLResponse:
    return page(
        request,
        "retention.html",
        status_code=422 if problem else 200,
        rules=RULES,
        due=retention.due_now(utc_now()),
        holds=retention.holds(),
        lists=retention.lists(),
        names=desk_views.staff_names(),
        shortest=SHORTEST_REASON,
        notice=notice,
        problem=problem,
        typed=typed,
    )


@router.post("/retention", name="make_retention_list")
def make_list(request: Request, me: SignedIn) -> Response:
    """List whoever is over their time now, for a person to sign."""
    try:
        list_id = retention.make_list(me.id)
    except ValueError as refusal:
        return _show(request, problem=words.sentence(str(refusal)) + ".")
    return RedirectResponse(f"/retention/{list_id}", status_code=303)


@router.post("/retention/holds", name="place_hold")
def place_hold(
    request: Request, me: SignedIn, case: Annotated[str, Form()] = "", reason: Annotated[str, Form()] = ""
) -> Response:
    """Keep a patient's records whatever their time; the patient is named by a case of theirs."""
    if len(reason.strip()) < SHORTEST_REASON:
        problem = f"Say in at least {SHORTEST_REASON} characters who asked for the hold and why."
        return _show(request, problem=problem, typed=reason)
    try:
        patient_id = retention.patient_of(case.strip().upper())
        retention.place_hold(patient_id, staff_id=me.id, reason=TherapyText(reason.replace("\r\n", "\n")))
    except MovedOn as refusal:
        return _show(request, problem=words.sentence(str(refusal)) + ".", typed=reason)
    return RedirectResponse("/retention?done=held", status_code=303)


@router.post("/retention/holds/{hold_id}/lift", name="lift_hold")
def lift_hold(request: Request, me: SignedIn, hold_id: str) -> Response:
    retention.lift_hold(hold_id, staff_id=me.id)
    return RedirectResponse("/retention?done=lifted", status_code=303)


@router.get("/retention/{list_id}", name="retention_list")
def show_list(request: Request, me: SignedIn, list_id: str, done: str = "") -> HTMLResponse:
    return _list(request, list_id, notice=DONE.get(done, ""))


def _list(request: Request, list_id: str, *, notice: str = "", problem: str = "") -> HTMLResponse:
    found = retention.shown(list_id)
    return page(
        request,
        "retention_list.html",
        status_code=422 if problem else 200,
        found=found,
        waiting=sum(each.done_at is None for each in found.items),
        names=desk_views.staff_names(),
        notice=notice,
        problem=problem,
    )


@router.post("/retention/{list_id}", name="sign_retention_list")
def sign_list(
    request: Request,
    me: SignedIn,
    list_id: str,
    seen_digest: Annotated[str, Form()] = "",
    current: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
) -> Response:
    """Sign the list as it was shown and destroy what is on it; what was left over is taken up again likewise."""
    retention.shown(list_id)
    try:
        prove_again(me, current, code)
    except NotAllowed:
        return _list(request, list_id, problem=NOT_PROVED)
    try:
        retention.sign(list_id, staff_id=me.id, seen_digest=seen_digest)
    except SignatureMismatch as refusal:
        return _list(request, list_id, problem=words.sentence(str(refusal)) + ".")
    retention.apply(list_id, staff_id=me.id)
    return RedirectResponse(f"/retention/{list_id}?done=applied", status_code=303)
