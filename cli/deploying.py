"""Brings Prefect to what prefect.yaml says: the pool, the deployments, the dropdowns."""

import hashlib
import subprocess
from typing import Any

import httpx
import yaml
from prefect.client.orchestration import get_client
from sqlmodel import select

from adapters import prefect_runs
from adapters.operational_store import reading
from adapters.settings import CHECKOUT, settings
from cli.children import logs_folder, prefect
from models.errors import OutsideRefused
from models.operational import Location

INTAKE = "referral-intake/intake"
SESSIONS = "session-to-note-draft/sessions"
CLAIMS = "eligibility-to-claim/claims"
RUN_ALARM = "run-alarm/run-alarm"
ALARM_NAME = "Countersign: a run failed, crashed or is late"
NIGHTLY = "nightly/nightly"
LOCATION_CHOICES = (INTAKE, SESSIONS, CLAIMS, NIGHTLY, "report-waits/on-demand")


def deploy() -> bool:
    """Deploy everything in prefect.yaml unless the server has exactly that already; says whether it deployed."""
    here = settings()
    prefect_runs.blocking(prefect_runs.ensure_work_pool(here.work_pool))
    done = here.home / "deployed-digest"
    digest = deployed_digest()
    known = done.exists() and done.read_text() == digest
    known = known and {entry["name"] for entry in deployments()} <= prefect_runs.blocking(_names_on_server())
    if not known:
        done.unlink(missing_ok=True)  # or half of it, after a crash, would look like all of it
        _deploy_all()
        _set_choices()
    prefect_runs.blocking(prefect_runs.ensure_alarm(ALARM_NAME, RUN_ALARM, watched_deployments()))
    done.write_text(digest)
    return not known


def deployed_digest() -> str:
    """One digest of everything a deployment is made from: prefect.yaml, the flows, the names of the locations."""
    files = [CHECKOUT / "prefect.yaml", *sorted((CHECKOUT / "flows").glob("*.py"))]
    text = "".join(f"{path.name}:{hashlib.sha256(path.read_bytes()).hexdigest()}\n" for path in files)
    return hashlib.sha256((text + ",".join(_locations())).encode()).hexdigest()


def deployments() -> list[dict[str, Any]]:
    """The deployments of prefect.yaml, as they stand there."""
    return list(yaml.safe_load((CHECKOUT / "prefect.yaml").read_text())["deployments"])


def watched_deployments() -> list[str]:
    """The deployments whose runs ring the alarm: all but the alarm's own."""
    return [entry["name"] for entry in deployments() if entry["name"] != RUN_ALARM.split("/")[1]]


async def _names_on_server() -> set[str]:
    try:
        async with get_client() as client:
            return {deployment.name for deployment in await client.read_deployments()}
    except httpx.HTTPError:
        return set()


def _deploy_all() -> None:
    log = logs_folder() / "deploy.log"
    with open(log, "wb") as out:
        ended = subprocess.run(
            prefect("--no-prompt", "deploy", "--all"), cwd=CHECKOUT, stdout=out, stderr=subprocess.STDOUT
        )
    if ended.returncode:
        raise OutsideRefused(f"prefect deploy failed; its words are in {log}")


def _set_choices() -> None:
    for deployment in LOCATION_CHOICES:
        prefect_runs.blocking(prefect_runs.set_choices(deployment, "location", ["all", *_locations()]))


def _locations() -> list[str]:
    with reading() as db:
        return list(db.exec(select(Location.id).order_by(Location.id)).all())
