"""One's own account: password, authenticator app, recovery codes, where one is signed in."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import accounts
from adapters import desk_logins, desk_views
from adapters.operational_store import writing
from models.errors import NotAllowed
from web.desk.enrolment import set_password, show_recovery_codes
from web.desk.members import Member, SignedIn
from web.desk.pages import page
from web.desk.proof import NOT_PROVED, prove_again
from web.desk.sign_in import let_in

router = APIRouter()

DONE = {
    "password": "Your password is changed. You are signed out everywhere else.",
    "revoked": "That browser is signed out.",
    "others": "You are signed out everywhere else.",
    "enrolled": "Your app is set up.",
}


@router.get("/me", name="me")
def my_account(request: Request, me: SignedIn, done: str = "") -> HTMLResponse:
    return _show(request, me, notice=DONE.get(done, ""))


def _show(request: Request, me: Member, *, notice: str = "", problem: str = "") -> HTMLResponse:
    return page(
        request,
        "me.html",
        status_code=422 if problem else 200,
        places=desk_views.places(),
        notice=notice,
        problem=problem,
        logins=desk_logins.living_logins(me.id),
        this_one=me.login.login.token_digest,
        recovery_left=accounts.recovery_codes_left(me.id),
    )


@router.post("/me/password", name="change_password")
def change_password(
    request: Request,
    me: SignedIn,
    current: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    try:
        prove_again(me, current, code)
    except NotAllowed:
        return _show(request, me, problem=NOT_PROVED)
    problem = set_password(me, password, again)
    if problem:
        return _show(request, me, problem=problem)
    answer = RedirectResponse("/me?done=password", status_code=303)
    let_in(request, answer, accounts.person(me.id))
    return answer


@router.post("/me/app", name="begin_app")
def begin_app(
    request: Request, me: SignedIn, current: Annotated[str, Form()] = "", code: Annotated[str, Form()] = ""
) -> Response:
    """Another app; the present one works until the new one is confirmed. A recovery code will do for a lost phone."""
    try:
        prove_again(me, current, code, recovery=True)
    except NotAllowed:
        return _show(request, me, problem=NOT_PROVED)
    accounts.begin_app(me.id)
    return RedirectResponse("/enrol", status_code=303)


@router.post("/me/recovery-codes", name="make_recovery_codes")
def make_recovery_codes(
    request: Request, me: SignedIn, current: Annotated[str, Form()] = "", code: Annotated[str, Form()] = ""
) -> Response:
    try:
        prove_again(me, current, code)
    except NotAllowed:
        return _show(request, me, problem=NOT_PROVED)
    return show_recovery_codes(request, me, accounts.new_recovery_codes(me.id), enrolled=False)


@router.post("/me/logins/revoke", name="revoke_login")
def revoke_login(me: SignedIn, login: Annotated[str, Form()] = "") -> Response:
    """Sign one of one's own browsers out; another person's, or none, is left alone without a word."""
    desk_logins.close_one(me.id, login, me.id)
    return RedirectResponse("/me?done=revoked", status_code=303)


@router.post("/me/logins/revoke-others", name="revoke_other_logins")
def revoke_other_logins(me: SignedIn) -> Response:
    with writing() as db:
        desk_logins.close_all(db, me.id, me.id, but=me.login.login.token_digest)
    return RedirectResponse("/me?done=others", status_code=303)
