"""What every request to the desk and the portal leaves behind: a request id, a line in the log, its duration."""

from secrets import token_hex
from time import perf_counter
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Histogram
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.log_lines import log_of

log = log_of(__name__)

REGISTRY = CollectorRegistry()
SECONDS = Histogram(
    "countersign_http_request_seconds",
    "Duration of requests by the template of their route.",
    ["part", "method", "route", "status"],
    registry=REGISTRY,
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"})
ASKED_OFTEN = frozenset({"/healthz", "/health", "/metrics", "/assets"})
"""Whose lines would say nothing but that a monitor or a browser asked."""


class Observed:
    """Names each request by a random id that its answer and its log lines carry; never by its address.

    An address holds a patient's link or a case number, so only the template of its route is kept.
    """

    def __init__(self, app: ASGIApp, *, part: str) -> None:
        self.app = app
        self.part = part

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id, status, began = token_hex(8), 500, perf_counter()

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, named)
            finally:
                self._note(scope, status, perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in METHODS else "other"
        route = template_of(scope)
        SECONDS.labels(self.part, method, route, str(status)).observe(seconds)
        if route not in ASKED_OFTEN:
            log.info("answered", method=method, route=route, status=status, milliseconds=round(seconds * 1000))


def template_of(scope: Scope) -> str:
    """``/approvals/{approval_id}``; the mount of files as one; ``none`` for an address that no route has."""
    route: Any = scope.get("route")
    if route is not None:
        return str(route.path)
    return "/assets" if scope["path"].startswith("/assets/") else "none"
