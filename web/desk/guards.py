"""What stands before every page of the desk: no post from another site, no answer without its headers."""

import logging
from traceback import extract_tb
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.settings import settings
from web.desk.pages import page

logger = logging.getLogger(__name__)

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OURS = frozenset({"same-origin", "none"})


class OwnSiteOnly:
    """Refuses whatever would change something and was sent by a page of another site.

    Browsers say where a post comes from (``Sec-Fetch-Site``, ``Origin``); what says neither is no browser, holds no
    cookie by accident, and still needs the form's token.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE or sent_by_us(Headers(scope=scope)):
            await self.app(scope, receive, send)
            return
        message = "This was sent by another site, so nothing was done"
        answer = page(Request(scope), "stopped.html", status_code=403, title="Not from here", message=message)
        await answer(scope, receive, send)


def sent_by_us(headers: Headers) -> bool:
    if headers.get("sec-fetch-site", "none") not in OURS:
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc in {urlsplit(settings().desk_url).netloc, headers.get("host")}


class SaysSorry:
    """Turns a fault of ours into a page with headers like any other; a trace in the log could quote what was typed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def noting(message: object) -> None:
            nonlocal started
            started = True
            await send(message)  # type: ignore[arg-type]

        try:
            await self.app(scope, receive, noting)
        except Exception as fault:
            place = extract_tb(fault.__traceback__)[-1]
            logger.error("desk: %s in %s line %s", type(fault).__name__, place.name, place.lineno)
            if started:
                raise
            await _sorry(Request(scope))(scope, receive, send)


def _sorry(request: Request) -> Response:
    message = "Something on our side is broken. Nothing you typed was kept; the log of the desk names the place"
    return page(request, "stopped.html", status_code=500, title="That did not work", message=message)
