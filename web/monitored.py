"""The pages for a monitor: is this part alive, is the installation healthy, what are its figures."""

import hmac
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from adapters.health import health, newest_revision
from adapters.migrating import Database
from adapters.monitoring import InstallationCollector
from adapters.settings import settings
from web.observed import REGISTRY

REGISTRY.register(InstallationCollector())
for _each in Database:
    newest_revision(_each)  # as the programs stand now; an upgrade of the files under a running process is not its own

router = APIRouter()


@router.get("/health", name="health")
def health_page() -> JSONResponse:
    """Whether every part of the installation is well: 200 or 503, and which check does not hold."""
    found = health()
    status = "ok" if found.ok else "failing"
    return JSONResponse({"status": status, "checks": found.checks}, status_code=200 if found.ok else 503)


@router.get("/metrics", name="metrics")
def metrics_page(authorization: Annotated[str, Header()] = "") -> Response:
    """The figures for Prometheus, for whoever brings the token; to others this address does not exist.

    Not by address: behind a proxy on this machine every caller comes from loopback.
    """
    wanted = f"Bearer {settings().metrics_token()}"
    if not hmac.compare_digest(authorization.encode("latin-1", "replace"), wanted.encode()):
        raise HTTPException(404)
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)
