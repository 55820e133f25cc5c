"""What the worker does about the lock: judges it, has workflows proved, and shows in Prefect what is held where."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from sqlmodel import col, select

from acts import standings as acts
from acts.standing_facts import proofs_of
from adapters import operational_store as store
from adapters import prefect_runs
from adapters.code_version import code_version
from adapters.log_lines import log_of
from adapters.operational_store import case_record_of
from adapters.settings import CHECKOUT, settings
from models.governance_codes import Workflow
from models.operational import Location, WorkflowStanding
from models.standing import HELD_LEVELS, held_statuses
from tasks import reports, runs
from tasks.sign_offs import KIND_AT
from tasks.standings import HELD

log = log_of(__name__)

JUDGE_EVERY = 60.0
LOOK_EVERY = 1.0
PROVE_AFTER = 30.0
"""Seconds after a worker's start until it has the deployed version proved: the first cases come first."""
RENAMED_AT_ONCE, NAME_EVERY = 50, 30.0
"""Runs named in one look; seconds until the sleeping runs are looked through again when none was left."""

_last: dict[str, float] = {}
_shown: dict[str, str] = {}
_proving: set[asyncio.Task[None]] = set()


def judge_before_the_first_run() -> None:
    """Judge once before a run is taken; what cannot be judged keeps no worker from its safety paths."""
    _last.clear()
    _last["began"] = time.monotonic()
    _judge()


def _judge() -> None:
    _last["judged"] = time.monotonic()
    try:
        log.info("workflows judged", count=acts.judge_all()["held"])
    except Exception as trouble:  # whatever it is, the levels stay as they were; never its words
        log.error("workflows were not judged", trouble=trouble)


async def tick() -> None:
    """Judge about once a minute, have the version proved once, show what has changed since it was shown last."""
    now = time.monotonic()
    if now - _last.get("judged", 0.0) >= JUDGE_EVERY:
        await asyncio.to_thread(_judge)
    if now - _last.get("looked", 0.0) < LOOK_EVERY:
        return
    _last["looked"] = now
    _prove_once(now)
    try:
        await show()
    except Exception as trouble:  # Prefect may be away: the holds hold all the same; never its words
        log.warning("what is held was not shown in Prefect", trouble=trouble)


# -- proofs


def _prove_once(now: float) -> None:
    """Start the proofs in a process of their own when this version has none; another worker may have done so."""
    if not settings().prove_by_itself or "proved" in _last or now - _last.setdefault("began", now) < PROVE_AFTER:
        return
    _last["proved"] = now
    with store.reading() as db:
        done = all(None not in proofs_of(db, each, code_version()).values() for each in Workflow)
    if not done:
        task = asyncio.get_running_loop().create_task(_prove())
        _proving.add(task)
        task.add_done_callback(_proving.discard)


async def _prove() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.app", "prove", "--quiet"),
        cwd=CHECKOUT,
        start_new_session=True,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        ended = await process.wait()
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # it and the scratch process it waits for
        raise
    log.info("workflows proved", failed=ended)
    _last.pop("judged", None)  # at the next look


# -- in Prefect


async def show(*, again: bool = False) -> None:
    """Pause what is held everywhere, let go on what is not, name what stands still; the same state is shown once."""
    standings = await asyncio.to_thread(_standings)
    state = repr([(each.workflow, each.location_id, each.runs_as, each.locked, each.reasons) for each in standings])
    if again or _shown.get("state") != state:
        for workflow, deployments in _deployments().items():
            reason = _held_everywhere(standings, workflow)
            for deployment in deployments:
                await prefect_runs.set_paused(deployment, reason)
        _shown["state"] = state
        _last.pop("named", None)
    held = any(each.runs_as in HELD_LEVELS for each in standings)
    is_time = time.monotonic() - _last.get("named", -NAME_EVERY) >= NAME_EVERY
    if held and is_time and await _name_what_stands_still(standings) < RENAMED_AT_ONCE:
        _last["named"] = time.monotonic()


async def publish() -> None:
    """The standings as an artifact, once for each change; called by the minute's flow, for an artifact needs a run."""
    standings = await asyncio.to_thread(_standings)
    rows = repr(reports.standing_rows(standings))
    if standings and _shown.get("published") != rows:
        await reports.publish_standings(standings)
        _shown["published"] = rows


def _deployments() -> Mapping[Workflow, Sequence[str]]:
    """The deployments that are a workflow's own. What takes in and screens is paused with none of them, nor is the
    watch or the night, in which scheduling is done."""
    return {
        Workflow.REFERRAL: (runs.CASE_DEPLOYMENT,),
        Workflow.NOTES: (runs.NOTE_DEPLOYMENT,),
        Workflow.CLAIMS: (runs.CLAIMS_DEPLOYMENT, runs.CLAIM_DEPLOYMENT),
        Workflow.FOLLOW_UP: (runs.FOLLOW_UP_DEPLOYMENT,),
    }


def _standings() -> list[WorkflowStanding]:
    with store.reading() as db:
        return list(
            db.exec(
                select(WorkflowStanding).order_by(col(WorkflowStanding.workflow), col(WorkflowStanding.location_id))
            ).all()
        )


def _held_everywhere(standings: Sequence[WorkflowStanding], workflow: Workflow) -> str | None:
    """Why a workflow is held at every location; None where it goes on at one."""
    here = [each for each in standings if each.workflow is workflow]
    with store.reading() as db:
        places = len(db.exec(select(Location.id)).all())
    if len(here) < places or not here or any(each.runs_as not in HELD_LEVELS for each in here):
        return None
    return "; ".join(f"{each.location_id}: {why(each)}" for each in here)


def why(standing: WorkflowStanding) -> str:
    """Why a workflow is held here, in words that name nobody."""
    if standing.reasons:
        return ", ".join(standing.reasons)
    return f"taken down to {standing.level.value}"


async def _name_what_stands_still(standings: Sequence[WorkflowStanding]) -> int:
    """Name sleeping runs whose cases stand still now; those that go on name themselves."""
    names = await asyncio.to_thread(_names_of_held, standings)
    renamed = 0
    for run in await prefect_runs.waiting_runs() if names else []:
        wanted = names.get(str(run.run_id))
        if wanted and run.name != wanted and renamed < RENAMED_AT_ONCE:
            await prefect_runs.rename(run.run_id, wanted)
            renamed += 1
    return renamed


def _names_of_held(standings: Sequence[WorkflowStanding]) -> dict[str, str]:
    """By run, what a sleeping run of a case that stands still is called."""
    names: dict[str, str] = {}
    with store.reading() as db:
        for each in standings:
            if each.runs_as not in HELD_LEVELS or each.workflow.prefix is None:
                continue
            record = case_record_of(each.workflow.prefix)
            # a gate that is open keeps its name: it still waits for its signature
            statuses = set(held_statuses(type(record.model_fields["status"].default))) - set(KIND_AT)
            rows = db.exec(
                select(record.case_number, record.run_id).where(
                    col(record.location_id) == each.location_id,
                    col(record.status).in_(statuses),
                    col(record.run_id).is_not(None),
                )
            ).all()
            names |= {run_id: f"{number} {HELD}: {each.runs_as.value}" for number, run_id in rows}
    return names
