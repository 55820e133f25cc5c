"""The administrator's pages of staff accounts."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import accounts as acts
from adapters import desk_logins, desk_views, oidc
from models.codes import Role
from models.columns import utc_now
from models.errors import NotAllowed
from web.desk import words
from web.desk.members import Member, SignedIn
from web.desk.pages import page

router = APIRouter()

DONE = {
    "changed": "Role, places and team are changed; they sign in anew. Compliance was told.",
    "unlocked": "They may try again now.",
    "closed": "The account is closed and signed out everywhere.",
    "reopened": "The account is open again.",
    "allowed": "Their next sign-in through the practice's service, with this e-mail address, ties the account to it.",
    "untied": "The practice's service opens this account no longer.",
    "ended": "They are signed out everywhere.",
}


@router.get("/accounts", name="accounts")
def accounts(request: Request, me: SignedIn) -> HTMLResponse:
    return _list(request)


def _list(request: Request, problem: str = "", typed: dict[str, str] | None = None) -> HTMLResponse:
    return page(
        request,
        "accounts.html",
        status_code=422 if problem else 200,
        people=acts.everybody(),
        places=desk_views.places(),
        roles=[role for role in Role if role != Role.CLINICIAN],
        problem=problem,
        typed=typed or {},
    )


@router.post("/accounts", name="add_account")
def add_account(
    request: Request,
    me: SignedIn,
    name: Annotated[str, Form()] = "",
    email: Annotated[str, Form()] = "",
    role: Annotated[str, Form()] = "",
    team: Annotated[str, Form()] = "",
    locations: Annotated[list[str] | None, Form()] = None,
) -> Response:
    try:
        if role not in tuple(Role):
            raise ValueError("choose a role")
        made = acts.add(name, email, Role(role), locations or [], team=team, actor=me.id)
    except ValueError as refused:
        typed = {"name": name, "email": email, "team": team, "role": role}
        return _list(request, words.sentence(str(refused)) + ".", typed)
    return _first_password(request, made)


def _first_password(request: Request, made: acts.NewSignIn) -> HTMLResponse:
    return page(request, "account_made.html", made=made, days=acts.FIRST_PASSWORD.days)


@router.get("/accounts/{staff_id}", name="account")
def account(request: Request, me: SignedIn, staff_id: str, done: str = "") -> HTMLResponse:
    return _show(request, staff_id, notice=DONE.get(done, ""))


def _show(request: Request, staff_id: str, *, notice: str = "", problem: str = "") -> HTMLResponse:
    person = acts.person(staff_id)
    now = utc_now()
    locks = (person.locked_until, person.browser_locked_until, person.prefect_locked_until)
    return page(
        request,
        "account.html",
        status_code=422 if problem else 200,
        person=person,
        notice=notice,
        problem=problem,
        places=desk_views.places(),
        roles=[role for role in Role if role != Role.CLINICIAN or person.role == Role.CLINICIAN],
        locked=any(until is not None and until > now for until in locks),
        logins=desk_logins.living_logins(staff_id),
        service=oidc.is_set_up(),
        recovery_left=acts.recovery_codes_left(staff_id),
    )


def _act(request: Request, me: Member, staff_id: str, done: str, act: Callable[[], object]) -> Response:
    try:
        act()
    except (NotAllowed, ValueError) as refused:
        return _show(request, staff_id, problem=words.sentence(str(refused)) + ".")
    return RedirectResponse(f"/accounts/{staff_id}?done={done}", status_code=303)


@router.post("/accounts/{staff_id}/rights", name="change_account")
def change_account(
    request: Request,
    me: SignedIn,
    staff_id: str,
    role: Annotated[str, Form()] = "",
    team: Annotated[str, Form()] = "",
    locations: Annotated[list[str] | None, Form()] = None,
) -> Response:
    def act() -> None:
        if role not in tuple(Role):
            raise ValueError("choose a role")
        acts.change_rights(staff_id, role=Role(role), location_ids=locations or [], team=team, actor=me.id)

    return _act(request, me, staff_id, "changed", act)


@router.post("/accounts/{staff_id}/reset", name="reset_account")
def reset_account(request: Request, me: SignedIn, staff_id: str) -> Response:
    try:
        made = acts.reset(staff_id, me.id)
    except NotAllowed as refused:
        return _show(request, staff_id, problem=words.sentence(str(refused)) + ".")
    return _first_password(request, made)


@router.post("/accounts/{staff_id}/unlock", name="unlock_account")
def unlock_account(request: Request, me: SignedIn, staff_id: str) -> Response:
    return _act(request, me, staff_id, "unlocked", lambda: acts.unlock(staff_id, me.id))


@router.post("/accounts/{staff_id}/close", name="close_account")
def close_account(request: Request, me: SignedIn, staff_id: str) -> Response:
    return _act(request, me, staff_id, "closed", lambda: acts.set_active(staff_id, False, me.id))


@router.post("/accounts/{staff_id}/reopen", name="reopen_account")
def reopen_account(request: Request, me: SignedIn, staff_id: str) -> Response:
    return _act(request, me, staff_id, "reopened", lambda: acts.set_active(staff_id, True, me.id))


@router.post("/accounts/{staff_id}/allow-service", name="allow_account_service")
def allow_account_service(request: Request, me: SignedIn, staff_id: str) -> Response:
    return _act(request, me, staff_id, "allowed", lambda: acts.allow_oidc(staff_id, True, me.id))


@router.post("/accounts/{staff_id}/untie-service", name="untie_account_service")
def untie_account_service(request: Request, me: SignedIn, staff_id: str) -> Response:
    return _act(request, me, staff_id, "untied", lambda: acts.allow_oidc(staff_id, False, me.id))


@router.post("/accounts/{staff_id}/end-sign-ins", name="end_account_sign_ins")
def end_account_sign_ins(request: Request, me: SignedIn, staff_id: str) -> Response:
    return _act(request, me, staff_id, "ended", lambda: acts.end_sign_ins(staff_id, me.id))
