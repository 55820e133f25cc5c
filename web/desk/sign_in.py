"""Signing in with password and one-time code, signing out, one's own account."""

import hmac
import secrets
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import signers
from adapters import desk_logins, desk_views
from models.errors import NotAllowed
from web.desk import cookies
from web.desk.browsers import name_of
from web.desk.members import SignedIn
from web.desk.pages import page

public = APIRouter()
router = APIRouter()

TRY_AGAIN = "These do not fit, or the account is locked for a while. A one-time code works once and for about a minute."


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
    )
    cookies.put(shown, cookies.FORM, token, cookies.FORM_SECONDS)
    return shown


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
    try:
        staff = signers.sign_in(email, password, code)
    except NotAllowed:
        return _form(request, wanted=wanted, email=email, error=TRY_AGAIN, status_code=403)
    desk_logins.close_login(cookies.read(request, cookies.LOGIN))  # whoever sat here before is gone
    answer = RedirectResponse(wanted, status_code=303)
    let_in(answer, desk_logins.open_login(staff.id, browser=name_of(request.headers.get("user-agent", ""))))
    cookies.take_back(answer, cookies.FORM)
    return answer


def let_in(answer: Response, token: str) -> None:
    """Give the browser its login."""
    cookies.put(answer, cookies.LOGIN, token, int(desk_logins.LONGEST.total_seconds()))


@router.post("/sign-out", name="sign_out")
def sign_out(request: Request, me: SignedIn) -> RedirectResponse:
    desk_logins.close_login(cookies.read(request, cookies.LOGIN))
    answer = RedirectResponse("/sign-in", status_code=303)
    cookies.take_back(answer, cookies.LOGIN)
    return answer


@router.get("/me", name="me")
def my_account(request: Request, me: SignedIn) -> HTMLResponse:
    return page(request, "me.html", places=desk_views.places())
