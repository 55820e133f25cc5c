"""Signing in with password and one-time code, signing out, one's own account."""

import hmac
import secrets
from typing import Annotated

from fastapi import APIRouter, Cookie, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import signers
from adapters import desk_logins, desk_views
from adapters.settings import settings
from models.errors import NotAllowed
from web.desk.members import COOKIE, SignedIn
from web.desk.pages import page

public = APIRouter()
router = APIRouter()

FORM_COOKIE = "countersign_desk_form"
TRY_AGAIN = "These do not fit, or the account is locked for a while. A one-time code works once and for about a minute."


def local_address(wanted: str) -> str:
    """Where to go after signing in: only ever a page of this desk."""
    return wanted if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) else "/"


def _set(response: Response, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=settings().desk_url.startswith("https"),
        path="/",
    )


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
    _set(shown, FORM_COOKIE, token, 3600)
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
    cookie_token: Annotated[str, Cookie(alias=FORM_COOKIE)] = "",
) -> Response:
    wanted = local_address(next)
    if not cookie_token or not hmac.compare_digest(form_token, cookie_token):
        error = "This page was open too long. Please try once more."
        return _form(request, wanted=wanted, email=email, error=error, status_code=403)
    try:
        staff = signers.sign_in(email, password, code)
    except NotAllowed:
        return _form(request, wanted=wanted, email=email, error=TRY_AGAIN, status_code=403)
    answer = RedirectResponse(wanted, status_code=303)
    _set(answer, COOKIE, desk_logins.open_login(staff.id), int(desk_logins.LONGEST.total_seconds()))
    answer.delete_cookie(FORM_COOKIE, path="/")
    return answer


@router.post("/sign-out", name="sign_out")
def sign_out(request: Request, me: SignedIn) -> RedirectResponse:
    desk_logins.close_login(request.cookies.get(COOKIE, ""))
    answer = RedirectResponse("/sign-in", status_code=303)
    answer.delete_cookie(COOKIE, path="/")
    return answer


@router.get("/me", name="me")
def my_account(request: Request, me: SignedIn) -> HTMLResponse:
    return page(request, "me.html", places=desk_views.places())
