"""The patients' portal: one signed link, the birth date, then one thing to do; every page works without scripts."""

import logging
from time import monotonic
from traceback import extract_tb

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.middleware.base import RequestResponseEndpoint

from acts.patient import LinkClosed
from adapters.settings import CHECKOUT, settings
from models.errors import ContractBroken, MovedOn, NotAllowed
from web.portal import appointment_pages, question_pages, text_messages, visit_pages
from web.portal.limits import RateLimit
from web.portal.page import Page
from web.portal.visit_pages import OtherSite

logger = logging.getLogger(__name__)

MOST_BYTES = 64 * 1024
CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # The address of a page is a key to it: it is told to no other site.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


def make_app() -> FastAPI:
    """The portal as an application; its rate limits live in this process."""
    app = FastAPI(title="Portal", docs_url=None, redoc_url=None, openapi_url=None)
    per_address, per_link = RateLimit(240, 60), RateLimit(120, 60)

    @app.middleware("http")
    async def guard(request: Request, call_next: RequestResponseEndpoint) -> Response:
        if not _allows(request, per_address, per_link):
            response: Response = Page(request).notice("too_fast_title", "too_fast", status=429)
        elif int(request.headers.get("content-length") or 0) > MOST_BYTES:
            response = Page(request).notice("broken_title", "again", status=413)
        else:
            response = await _answered(request, call_next)
        response.headers.update(HEADERS)
        if not request.url.path.startswith("/assets/"):
            response.headers["Cache-Control"] = "no-store"
        if settings().portal_url.startswith("https:"):
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response

    app.mount("/assets", StaticFiles(directory=CHECKOUT / "web" / "assets"), name="assets")
    for pages in (visit_pages, question_pages, appointment_pages, text_messages):
        app.include_router(pages.router)
    _answer_errors(app)

    @app.get("/healthz")
    def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok")

    @app.get("/robots.txt")
    def robots() -> PlainTextResponse:
        return PlainTextResponse("User-agent: *\nDisallow: /\n")

    return app


async def _answered(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """The page, or a page that says sorry: a trace in the log could quote what somebody wrote."""
    try:
        return await call_next(request)
    except Exception as error:
        place = extract_tb(error.__traceback__)[-1]
        logger.error("portal: %s in %s line %s", type(error).__name__, place.name, place.lineno)
        return Page(request).notice("broken_title", "broken", status=500)


def _allows(request: Request, per_address: RateLimit, per_link: RateLimit) -> bool:
    parts = request.url.path.split("/")
    if parts[1] in ("assets", "healthz"):
        return True
    now = monotonic()
    address = request.client.host if request.client else "unknown"
    link = parts[2] if parts[1] == "l" and len(parts) > 2 else None
    return per_address.allows(address, now) and (link is None or per_link.allows(link[:200], now))


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

    @app.exception_handler(404)
    def nothing_here(request: Request, error: Exception) -> Response:
        return Page(request).notice("closed_title", "closed_unknown", status=404)
