"""Stands before every page of the portal: limits, the methods that change nothing, headers, errors without words."""

import logging
from dataclasses import dataclass, field
from math import ceil
from time import monotonic
from traceback import extract_tb

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.portal_links import read_token
from adapters.settings import settings
from models.errors import NotAllowed
from web.portal.limits import RateLimit
from web.portal.page import Page
from web.sources import source_of

logger = logging.getLogger(__name__)

CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # The address of a page is a key to it: it is told to no other site. Told to nobody at all, browsers would also
    # hide from us where a form comes from.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
ALLOWED = "GET, HEAD, POST, OPTIONS"
UNLIMITED = ("assets", "healthz", "health", "metrics")


@dataclass
class PortalLimits:
    """What one source and one link may do; counted in this process.

    ``wrong_dates``: birth dates that did not fit, from one source over all links. A link's own five are counted in
    the database.
    """

    per_source: RateLimit = field(default_factory=lambda: RateLimit(240, 60))
    per_link: RateLimit = field(default_factory=lambda: RateLimit(120, 60))
    unknown_links: RateLimit = field(default_factory=lambda: RateLimit(30, 600))
    wrong_dates: RateLimit = field(default_factory=lambda: RateLimit(15, 3600))

    def seconds_to_wait(self, request: Request, now: float) -> float:
        """Count this request against its source and its link; how long it should have waited, 0 when it may pass."""
        parts = request.url.path.split("/")
        if parts[1] in UNLIMITED:
            return 0.0
        source = source_of(request)
        wait = self.per_source.take(source, now)
        if wait or parts[1] != "l" or len(parts) < 3:
            return wait
        try:
            return self.per_link.take(read_token(parts[2]).link_id, now)
        except NotAllowed:
            return self.unknown_links.take(source, now)


class Guard:
    """The outermost part of the portal."""

    def __init__(self, app: ASGIApp, *, limits: PortalLimits) -> None:
        self.app = app
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        answer = _Answer(send, scope)
        wait = self.limits.seconds_to_wait(request, monotonic())
        if wait:
            page = Page(request).notice("too_fast_title", "too_fast", status=429)
            page.headers["Retry-After"] = str(ceil(wait))
            await page(scope, receive, answer.send)
        elif request.method == "OPTIONS":
            await Response(status_code=204, headers={"Allow": ALLOWED})(scope, receive, answer.send)
        else:
            await self._pass_on(request, receive, answer)

    async def _pass_on(self, request: Request, receive: Receive, answer: "_Answer") -> None:
        """The page, or a page that says sorry: a trace in the log could quote what somebody wrote."""
        scope = request.scope
        if request.method == "HEAD":
            scope = {**scope, "method": "GET"}
        try:
            await self.app(scope, receive, answer.send)
        except Exception as error:
            place = extract_tb(error.__traceback__)[-1]
            logger.error("portal: %s in %s line %s", type(error).__name__, place.name, place.lineno)
            if not answer.started:
                sorry = Page(request).notice("broken_title", "broken", status=500)
                await sorry(request.scope, receive, answer.send)


class _Answer:
    """Sends an answer with the headers that every answer has, and without its body where only those were asked for."""

    def __init__(self, send: Send, scope: Scope) -> None:
        self._send = send
        self._kept = scope["path"].startswith("/assets/")
        self._bodiless = scope["method"] == "HEAD"
        self.started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            headers.update(HEADERS)
            if not self._kept:
                headers["Cache-Control"] = "no-store"
            if settings().portal_url.startswith("https:"):
                headers["Strict-Transport-Security"] = "max-age=31536000"
        elif self._bodiless and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)
