"""The patients' portal: one signed link, the birth date, then one thing to do; every page works without scripts."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from acts.patient import LinkClosed
from adapters.settings import CHECKOUT, settings
from models.errors import ContractBroken, MovedOn, NotAllowed, OutsideUnavailable
from web import monitored
from web.bodies import LargestBody
from web.observed import Observed
from web.portal import (
    appointment_pages,
    billing_pages,
    check_in_pages,
    question_pages,
    reminder_pages,
    survey_pages,
    text_messages,
    visit_pages,
    waitlist_pages,
)
from web.portal.guard import Guard, PortalLimits
from web.portal.page import Page
from web.portal.visit_pages import OtherSite
from web.sources import read_networks

logger = logging.getLogger(__name__)

MOST_BYTES = 64 * 1024


def make_app() -> FastAPI:
    """The portal as an application; its limits live in this process. A wrong setting stops it here."""
    read_networks(settings().trusted_proxies)
    app = FastAPI(title="Portal", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.limits = PortalLimits()
    app.add_middleware(LargestBody, most=lambda scope: MOST_BYTES)
    app.add_middleware(Guard, limits=app.state.limits)
    app.mount("/assets", StaticFiles(directory=CHECKOUT / "web" / "assets"), name="assets")
    for pages in (
        visit_pages,
        question_pages,
        appointment_pages,
        reminder_pages,
        waitlist_pages,
        billing_pages,
        check_in_pages,
        survey_pages,
        text_messages,
    ):
        app.include_router(pages.router)
    app.include_router(monitored.router)
    app.add_middleware(Observed, part="portal")
    _answer_errors(app)

    @app.get("/healthz")
    def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok")

    @app.get("/robots.txt")
    def robots() -> PlainTextResponse:
        return PlainTextResponse("User-agent: *\nDisallow: /\n")

    return app


def _answer_errors(app: FastAPI) -> None:
    """Errors become pages in the patient's words; what is logged is a type, never a value."""

    @app.exception_handler(NotAllowed)
    @app.exception_handler(LinkClosed)
    def start_again(request: Request, error: Exception) -> RedirectResponse:
        """The link's first page says what can be done now, and asks for the birth date where that is needed."""
        return Page(request).go()

    @app.exception_handler(OtherSite)
    def not_our_form(request: Request, error: Exception) -> Response:
        return Page(request).notice("again_title", "again", status=403)

    @app.exception_handler(MovedOn)
    @app.exception_handler(ContractBroken)
    def does_not_fit(request: Request, error: Exception) -> Response:
        logger.warning("portal: %s", type(error).__name__)
        return Page(request).notice("again_title", "again", status=409)

    @app.exception_handler(OutsideUnavailable)
    @app.exception_handler(OSError)
    def not_now(request: Request, error: Exception) -> Response:
        """The records are locked or the disk is full: nothing of this was saved, and the next try may work."""
        logger.error("portal: %s", error if isinstance(error, OutsideUnavailable) else type(error).__name__)
        page = Page(request)
        try:
            response: Response = page.notice("not_now_title", "not_now", status=503)
        except (OutsideUnavailable, OSError):  # the page itself wants to read what the practice is called
            response = PlainTextResponse(page.words("not_now"), status_code=503)
        response.headers["Retry-After"] = "30"
        return response

    @app.exception_handler(RequestValidationError)
    def not_an_address(request: Request, error: Exception) -> Response:
        return Page(request).notice("closed_title", "closed_unknown", status=404)

    @app.exception_handler(HTTPException)
    def other(request: Request, error: HTTPException) -> Response:
        if error.status_code == 413:
            return Page(request).notice("too_large_title", "too_large", status=413)
        if error.status_code in (404, 405):
            return Page(request).notice("closed_title", "closed_unknown", status=error.status_code)
        return Page(request).notice("again_title", "again", status=error.status_code)
