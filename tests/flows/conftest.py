"""The whole system under one roof: sample practice, Prefect server, deployments, worker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from prefect.utilities.callables import parameter_schema

from adapters import prefect_runs
from adapters.in_process_worker import serve
from adapters.prefect_client import patient_client
from adapters.run_claims import RunClaims
from flows.between_sessions import between_sessions
from flows.intake import receive_referrals
from flows.referral_to_first_session import referral_to_first_session
from flows.session_to_note_draft import session_note, session_to_note_draft
from tasks import runs
from tests.adapters.conftest import connected, prefect_home, prefect_url
from tests.adapters.prefect_server import ROOT

__all__ = ["connected", "prefect_home", "prefect_url"]


FLOWS = (receive_referrals, referral_to_first_session, session_to_note_draft, session_note, between_sessions)


@pytest.fixture
def pool(connected: str, sample_practice: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A pool of this test's own, with the real flows deployed to it."""
    name = f"pool-{uuid4().hex[:8]}"
    asyncio.run(_deploy(name))
    monkeypatch.setattr(runs, "CASE_DEPLOYMENT", f"referral-to-first-session/{name}")
    monkeypatch.setattr(runs, "INTAKE_DEPLOYMENT", f"referral-intake/{name}")
    monkeypatch.setattr(runs, "NOTE_DEPLOYMENT", f"session-note/{name}")
    monkeypatch.setattr(runs, "FOLLOW_UP_DEPLOYMENT", f"between-sessions/{name}")
    monkeypatch.setattr(runs, "SESSIONS_DEPLOYMENT", f"session-to-note-draft/{name}")
    monkeypatch.setattr(runs, "start_scheduled", nothing_by_the_clock)
    return name


async def _deploy(pool: str) -> None:
    await prefect_runs.ensure_work_pool(pool)
    async with patient_client() as client:
        for flow in (
            receive_referrals,
            referral_to_first_session,
            session_to_note_draft,
            session_note,
            between_sessions,
        ):
            await client.create_deployment(
                await client.create_flow(flow),
                name=pool,
                work_pool_name=pool,
                entrypoint=f"{flow.fn.__module__.replace('.', '/')}.py:{flow.fn.__name__}",
                pull_steps=[{"prefect.deployments.steps.set_working_directory": {"directory": str(ROOT)}}],
                parameter_openapi_schema=parameter_schema(flow.fn).model_dump_for_openapi(),
                enforce_parameter_schema=True,
            )


async def nothing_by_the_clock() -> int:
    """What runs by the clock is not deployed here."""
    return 0


@asynccontextmanager
async def working(pool: str) -> AsyncIterator[None]:
    """Our worker beside the test, with what it does every second."""
    stop = asyncio.Event()
    worker = asyncio.create_task(
        serve(
            pool=pool,
            claims=RunClaims(),
            stop=stop,
            poll_seconds=0.1,
            worker_name="ours",
            grace_seconds=5.0,
            on_tick=runs.tick,
        )
    )
    try:
        yield
    finally:
        stop.set()
        await worker
