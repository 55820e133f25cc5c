"""Setting up one's own password and authenticator app, at the first sign-in or with another app later."""

import io
from typing import Annotated

import segno
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import accounts
from adapters import credentials, staff_secrets
from models.errors import MovedOn
from web.desk.members import Member, SignedIn
from web.desk.pages import page
from web.desk.sign_in import let_in

router = APIRouter()


def needs_password(me: Member) -> bool:
    """Whether the password is still the one that somebody else made."""
    return me.staff.first_password_until is not None


@router.get("/enrol", name="enrol_page")
def enrol_page(request: Request, me: SignedIn) -> Response:
    """The step that is due: first the password, then the app; nothing where neither is."""
    if needs_password(me):
        return _password_page(request)
    if me.staff.must_enrol and not me.staff.totp_pending:
        accounts.begin_app(me.id)
        return RedirectResponse("/enrol", status_code=303)
    if not me.staff.totp_pending:
        return RedirectResponse("/me", status_code=303)
    return _app_page(request, me)


def _password_page(request: Request, problem: str = "") -> HTMLResponse:
    return page(request, "enrol_password.html", status_code=422 if problem else 200, problem=problem)


def _app_page(request: Request, me: Member, problem: str = "") -> HTMLResponse:
    secret = staff_secrets.opened_pending(me.staff)
    spelled = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return page(request, "enrol_app.html", status_code=422 if problem else 200, secret=spelled, problem=problem)


@router.post("/enrol/password", name="enrol_password")
def enrol_password(
    request: Request, me: SignedIn, password: Annotated[str, Form()] = "", again: Annotated[str, Form()] = ""
) -> Response:
    if not needs_password(me):
        raise MovedOn("your password is your own already")
    problem = set_password(me, password, again)
    if problem:
        return _password_page(request, problem)
    answer = RedirectResponse("/enrol", status_code=303)
    let_in(request, answer, me.staff)
    return answer


def set_password(me: Member, password: str, again: str) -> str:
    """Set one's own password, typed twice; what is wrong with it comes back in words. Ends every sign-in."""
    if password != again:
        return "The two are not the same. Type the password twice."
    try:
        accounts.choose_password(me.id, password)
    except ValueError as refused:
        return f"{str(refused)[:1].upper()}{str(refused)[1:]}."
    return ""


@router.get("/enrol/qr.svg", name="enrol_qr")
def enrol_qr(me: SignedIn) -> Response:
    """The QR code of the app that is being set up; an image of its own, so that no page needs an exception for it."""
    secret = staff_secrets.opened_pending(me.staff)
    if not secret or needs_password(me):
        raise MovedOn("no app is being set up")
    drawn = io.BytesIO()
    made = segno.make(credentials.totp_address(secret, me.staff.email), error="m", micro=False)
    made.save(drawn, kind="svg", scale=5, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None)
    return Response(drawn.getvalue(), media_type="image/svg+xml")


@router.post("/enrol/app", name="enrol_app")
def enrol_app(request: Request, me: SignedIn, code: Annotated[str, Form()] = "") -> Response:
    """Confirm the app by a code of it; then the recovery codes are shown, this once."""
    if needs_password(me) or not me.staff.totp_pending:
        raise MovedOn("no app is being set up")
    try:
        made = accounts.confirm_app(me.id, code)
    except ValueError:
        return _app_page(request, me, "That is not the code your app shows now. Wait for the next one and type that.")
    return show_recovery_codes(request, me, made, enrolled=True)


def show_recovery_codes(request: Request, me: Member, made: list[str], *, enrolled: bool) -> HTMLResponse:
    """The codes, in an answer that no browser keeps. Whoever set up an app has a new sign-in from here on."""
    answer = page(request, "recovery_codes.html", codes=made, enrolled=enrolled)
    if enrolled:
        let_in(request, answer, accounts.person(me.id))
    return answer
