"""Signing in through the practice's own sign-in service, and proving anew there who one is."""

from dataclasses import astuple
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from itsdangerous import BadData

from acts import signers
from adapters import oidc
from adapters.known_browsers import kept_for_browser
from models.errors import MovedOn, NotAllowed, OutsideUnavailable
from web.desk import cookies
from web.desk.members import SignedIn, recognised
from web.desk.sign_in import let_in, local_address, show_form

public = APIRouter()
router = APIRouter()

MINUTES = 10
NOBODY = (
    "The practice's sign-in service knows you, but no account here is yours yet. Ask your administrator to let your "
    "account be used with it."
)
NOT_BELIEVED = "The sign-in service's answer does not fit what you were sent there with. Please try once more."
AWAY = "The sign-in service does not answer. Try again in a minute, or sign in with password and code."


@public.get("/oidc/sign-in", name="oidc_sign_in")
def oidc_sign_in(request: Request, next: str = "/") -> Response:
    return _send(request, local_address(next), again=False)


@router.get("/oidc/again", name="oidc_again")
def oidc_again(request: Request, me: SignedIn, next: str = "/") -> Response:
    """Prove anew at the service who one is: before a signature, or an emergency."""
    return _send(request, local_address(next), again=True)


def _send(request: Request, wanted: str, *, again: bool) -> Response:
    if not oidc.is_set_up():
        raise MovedOn("this practice has no sign-in service of its own")
    try:
        address, question = oidc.ask(again=again)
    except (OutsideUnavailable, NotAllowed):
        return show_form(request, wanted=wanted, error=AWAY, status_code=503)
    answer = RedirectResponse(address, status_code=303)
    kept = kept_for_browser("question").dumps([wanted, *astuple(question)])
    cookies.put(answer, cookies.QUESTION, str(kept), MINUTES * 60)
    return answer


@public.get("/oidc/back", name="oidc_back")
def oidc_back(
    request: Request,
    state: str = "",
    code: str = "",
    issuer: Annotated[str, Query(alias="iss")] = "",
) -> Response:
    """Where the service sends a browser back to; a return without its question opens nothing."""
    answer = _come_back(request, state, code, issuer)
    cookies.take_back(answer, cookies.QUESTION)  # a question has one answer
    return answer


def _come_back(request: Request, state: str, code: str, issuer: str) -> Response:
    try:
        kept = kept_for_browser("question").loads(cookies.read(request, cookies.QUESTION), max_age=MINUTES * 60)
        wanted, question = kept[0], oidc.Question(*kept[1:])
        identity = oidc.answer(question, state=state, code=code, issuer=issuer)
    except (BadData, NotAllowed):
        return show_form(request, wanted="/", error=NOT_BELIEVED, status_code=403)
    except OutsideUnavailable:
        return show_form(request, wanted="/", error=AWAY, status_code=503)
    before = recognised(request)
    try:
        staff = signers.sign_in_by_service(identity, only=before.staff.id if question.again and before else None)
    except NotAllowed:
        return show_form(request, wanted="/", error=NOBODY, status_code=403)
    answer = RedirectResponse(local_address(wanted), status_code=303)
    # what the service does not date is not fresh
    let_in(request, answer, staff, how=signers.BY_SERVICE, proved_at=datetime.fromtimestamp(identity.proved_at, UTC))
    return answer
