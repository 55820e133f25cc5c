"""Signing in with password and one-time code, signing out."""

import hmac
import secrets
from datetime import datetime
from time import monotonic
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import signers
from adapters import desk_logins, known_browsers, oidc
from models.errors import NotAllowed
from models.operational import Staff
from web.desk import cookies
from web.desk.address_delays import AddressDelays
from web.desk.browsers import name_of
from web.desk.members import SignedIn
from web.desk.pages import page
from web.sources import source_of

public = APIRouter()
router = APIRouter()

ATTEMPTS = AddressDelays()
TRY_AGAIN = (
    "These do not fit, or signing in is locked for a while. A one-time code works once and for about a minute; after "
    "several failures each further one makes the wait longer."
)


def local_address(wanted: str) -> str:
    """Where to go after signing in: only ever a page of this desk."""
    return wanted if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) else "/"


def _form(request: Request, *, wanted: str, email: str, error: str | None, status_code: int) -> HTMLResponse:
    token = secrets.token_urlsafe(24)
    shown = page(
        request,
        "sign_in.html",
        status_code=status_code,
        wanted=wanted,
        email=email,
        error=error,
        form_token=token,
        service=oidc.is_set_up(),
    )
    cookies.put(shown, cookies.FORM, token, cookies.FORM_SECONDS)
    return shown


def show_form(request: Request, *, wanted: str, error: str, status_code: int) -> HTMLResponse:
    """The sign-in page saying why somebody who came another way is not in."""
    return _form(request, wanted=wanted, email="", error=error, status_code=status_code)


@public.get("/sign-in", name="sign_in_page")
def sign_in_page(request: Request, next: str = "/") -> HTMLResponse:
    return _form(request, wanted=local_address(next), email="", error=None, status_code=200)


@public.post("/sign-in", name="sign_in")
def sign_in(
    request: Request,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
    form_token: Annotated[str, Form()] = "",
) -> Response:
    wanted = local_address(next)
    cookie_token = cookies.read(request, cookies.FORM)
    if not cookie_token or not hmac.compare_digest(form_token.encode(), cookie_token.encode()):
        error = "This page was open too long. Please try once more."
        return _form(request, wanted=wanted, email=email, error=error, status_code=403)
    known_as = known_browsers.staff_of(cookies.read(request, cookies.KNOWN))
    address = source_of(request)
    if not known_as and ATTEMPTS.wait(address, monotonic()) > 0:
        return _form(request, wanted=wanted, email=email, error=TRY_AGAIN, status_code=429)
    try:
        staff = signers.sign_in(email, password, code, known_as=known_as, enrols=True)
    except NotAllowed:
        ATTEMPTS.failed(address, monotonic())
        return _form(request, wanted=wanted, email=email, error=TRY_AGAIN, status_code=403)
    answer = RedirectResponse(wanted, status_code=303)
    let_in(request, answer, staff)
    cookies.take_back(answer, cookies.FORM)
    return answer


def let_in(
    request: Request, answer: Response, staff: Staff, *, how: str = "password", proved_at: datetime | None = None
) -> None:
    """Give the browser a login of its own in the place of any it had, and know it again."""
    desk_logins.close_login(cookies.read(request, cookies.LOGIN))  # whoever sat here before is gone
    browser = name_of(request.headers.get("user-agent", ""))
    token = desk_logins.open_login(staff.id, how=how, browser=browser, proved_at=proved_at)
    cookies.put(answer, cookies.LOGIN, token, int(desk_logins.LONGEST.total_seconds()))
    if not staff.must_enrol:
        cookies.put(answer, cookies.KNOWN, known_browsers.mark_of(staff), known_browsers.SECONDS)


@router.post("/sign-out", name="sign_out")
def sign_out(request: Request, me: SignedIn) -> RedirectResponse:
    desk_logins.close_login(cookies.read(request, cookies.LOGIN))
    answer = RedirectResponse("/sign-in", status_code=303)
    cookies.take_back(answer, cookies.LOGIN)
    return answer
