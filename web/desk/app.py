"""The sign-off desk: where staff read, decide and sign."""

import logging
from typing import Any
from urllib.parse import quote

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from adapters.calendar_reading import MOST_BYTES
from adapters.settings import settings
from models.errors import Forgotten, KeyMissing, MovedOn, NotAllowed, OutsideUnavailable, SealBroken
from rules.access import PUBLIC, ROUTES
from web import monitored
from web.bodies import LargestBody
from web.desk import (
    accounts,
    approvals,
    audit,
    break_glass,
    calendar,
    care,
    cases,
    claim_coverage,
    claim_files,
    claims,
    contract_docs,
    enrolment,
    governance,
    intake,
    me,
    note_changes,
    note_drafts,
    note_exports,
    notes,
    oidc_pages,
    patient_consents,
    patient_file,
    patient_reminders,
    pilots,
    practice_round,
    private_notes,
    queue,
    reader,
    retention,
    safety,
    scorecard,
    shadow,
    sign_in,
    steps,
    to_dos,
    versions,
    visits,
    waitlist,
    workflow_map,
    workflows,
)
from web.desk.assets import ASSETS
from web.desk.cookies import over_https
from web.desk.guards import OwnSiteOnly, SaysSorry
from web.desk.headers import SecurityHeaders
from web.desk.members import EnrolFirst, NotTheirs, SignInNeeded, member
from web.desk.pages import page
from web.desk.words import sentence
from web.observed import Observed

logger = logging.getLogger(__name__)

MOST_FORM = 1024 * 1024
"""Bytes of a form: the longest referral's text, three times over for its spelling in a form."""
ROUTERS = (
    queue,
    approvals,
    to_dos,
    cases,
    waitlist,
    claims,
    claim_coverage,
    claim_files,
    care,
    notes,
    note_drafts,
    note_changes,
    note_exports,
    private_notes,
    patient_consents,
    patient_reminders,
    visits,
    calendar,
    intake,
    contract_docs,
    governance,
    workflows,
    shadow,
    workflow_map,
    scorecard,
    reader,
    steps,
    safety,
    practice_round,
    pilots,
    versions,
    audit,
    patient_file,
    retention,
    me,
    enrolment,
    accounts,
    break_glass,
    oidc_pages,
    sign_in,
)


def make_app() -> FastAPI:
    """The desk as an ASGI application; every route but those of ``rules.access.PUBLIC`` asks who it is.

    Raises RouteUnlisted when a route is in no table: a page nobody thought about is not served.
    """
    app = FastAPI(title="Countersign desk", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(LargestBody, most=_most_bytes)
    app.add_middleware(OwnSiteOnly)
    app.add_middleware(SaysSorry)
    app.add_middleware(SecurityHeaders, https=over_https())
    app.add_middleware(Observed, part="desk")
    app.include_router(sign_in.public)
    app.include_router(oidc_pages.public)
    for room in ROUTERS:
        app.include_router(room.router, dependencies=[Depends(member)])
    app.add_api_route("/healthz", healthz, name="healthz")
    app.include_router(monitored.router)
    app.mount("/assets", StaticFiles(directory=ASSETS), name="assets")
    app.add_exception_handler(SignInNeeded, _ask_to_sign_in)
    app.add_exception_handler(EnrolFirst, _enrol)
    app.add_exception_handler(NotAllowed, _refused)
    app.add_exception_handler(MovedOn, _moved_on)
    app.add_exception_handler(OutsideUnavailable, _not_now)
    app.add_exception_handler(OSError, _not_now)
    app.add_exception_handler(Forgotten, _forgotten)
    app.add_exception_handler(SealBroken, _seal_broken)
    app.add_exception_handler(KeyMissing, _key_missing)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(HTTPException, _other)
    check_routes(app)
    return app


class RouteUnlisted(Exception):
    """A route of the desk stands in no table of ``rules.access``, or is closed and asks nobody who they are."""


def check_routes(app: FastAPI) -> None:
    """Every route has its entry, and whatever is not public asks who it is."""
    for route in iter_route_contexts(app.routes):
        if route.name in PUBLIC:
            continue
        asks = isinstance(route.original_route, APIRoute) and any(
            each.call is member for each in route.dependant.dependencies
        )
        if route.name not in ROUTES or not asks:
            raise RouteUnlisted(f"{route.name} ({route.path})")


def healthz() -> JSONResponse:
    return JSONResponse({"status": "ok"})


def _ask_to_sign_in(request: Request, _: Any) -> Response:
    """To the sign-in page and back again; a part of a page that refreshes itself sends the whole page there."""
    wanted = request.url.path if request.method == "GET" else "/"
    if request.headers.get("hx-request"):
        return Response(status_code=204, headers={"HX-Redirect": "/sign-in"})
    return RedirectResponse(f"/sign-in?next={quote(wanted)}", status_code=303)


def _enrol(request: Request, _: Any) -> Response:
    if request.headers.get("hx-request"):
        return Response(status_code=204, headers={"HX-Redirect": "/enrol"})
    return RedirectResponse("/enrol", status_code=303)


def _refused(request: Request, refusal: Any) -> Response:
    """Who may not see a case is told, if they may, how it is opened in an emergency."""
    number = refusal.case_number if isinstance(refusal, NotTheirs) else None
    return page(request, "stopped.html", status_code=403, title="Not for you", message=str(refusal), number=number)


def _moved_on(request: Request, moved: Any) -> Response:
    return page(request, "stopped.html", status_code=409, title="This has moved on", message=str(moved))


NOT_NOW = (
    "the practice's records take nothing at the moment: the disk is full, or something else holds them. "
    "What you just sent was not saved. Please try again in a minute, and tell whoever looks after this computer "
    "if it stays like this"
)


def _not_now(request: Request, trouble: Any) -> Response:
    # our own words hold no path and no value; an OSError's do
    logger.error("desk: %s", trouble if isinstance(trouble, OutsideUnavailable) else type(trouble).__name__)
    try:
        answer: Response = page(request, "stopped.html", status_code=503, title="Not now", message=NOT_NOW)
    except (OutsideUnavailable, OSError):
        answer = PlainTextResponse(sentence(NOT_NOW) + ".", status_code=503)
    answer.headers["Retry-After"] = "30"
    return answer


def _forgotten(request: Request, _: Any) -> Response:
    message = "what this person said was made unreadable on purpose, and nobody can bring it back"
    return page(request, "stopped.html", status_code=410, title="This was forgotten", message=message)


def _seal_broken(request: Request, broken: Any) -> Response:
    message = f"what is stored is not what was sealed: {broken}. Do not work on with it; tell compliance"
    return page(request, "stopped.html", status_code=500, title="A seal is broken", message=message)


def _key_missing(request: Request, _: Any) -> Response:
    message = "the key to what people said is not here, so it cannot be shown. Nothing is lost; tell the administrator"
    return page(request, "stopped.html", status_code=503, title="The key is missing", message=message)


def _not_understood(request: Request, _: Any) -> Response:
    message = "something in the form could not be read"
    return page(request, "stopped.html", status_code=422, title="Not understood", message=message)


def _other(request: Request, error: Any) -> Response:
    title = "There is no such page" if error.status_code == 404 else "That did not work"
    message = ""
    if error.status_code == 413:
        most = _most_bytes(request.scope) // 1024 // 1024
        message = f"What was sent is larger than {most} MB; nothing of it was kept."
    return page(request, "stopped.html", status_code=error.status_code, title=title, message=message)


def _most_bytes(scope: Scope) -> int:
    """How large a request may be: a referral file on the intake page, a calendar on its own, else a form."""
    if scope["path"].startswith("/calendar/") and scope["path"].endswith("/import"):
        return MOST_BYTES + MOST_FORM
    return settings().largest_file + MOST_FORM if scope["path"] == "/intake" else MOST_FORM
