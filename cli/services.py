"""The long-running parts, each in its own process: the worker, the desk, the portal."""

import asyncio
import os
import socket
import time

from adapters import log_lines
from adapters.settings import settings
from cli.environment import LOOPBACK
from models.errors import OutsideUnavailable
from models.step_reads import only_steps_from_now_on

SERVER_WAIT_SECONDS = 180.0
PRELOAD = (
    "flows/referral_to_first_session.py:referral_to_first_session",
    "flows/intake.py:receive_referrals",
    "flows/watch_waits.py:watch_waits",
    "flows/watch_waits.py:report_waits",
    "flows/nightly.py:nightly",
    "flows/run_alarm.py:run_alarm",
)


def run_worker() -> None:
    """Run the flows of every case in this process until SIGTERM."""
    log_lines.configure("worker")
    asyncio.run(_work())


async def _work() -> None:
    from adapters import in_process_worker, prefect_runs
    from adapters.run_claims import RunClaims
    from tasks import lock

    only_steps_from_now_on()
    here = settings()
    for entrypoint in PRELOAD:
        in_process_worker.load_flow(entrypoint)
    deadline = time.monotonic() + SERVER_WAIT_SECONDS
    while not await prefect_runs.server_is_up(here.prefect_api_url):
        if time.monotonic() > deadline:
            raise OutsideUnavailable(f"no Prefect server at {here.prefect_api_url}")
        await asyncio.sleep(0.2)
    await prefect_runs.ensure_work_pool(here.work_pool)
    await asyncio.to_thread(lock.judge_before_the_first_run)
    await in_process_worker.serve(
        pool=here.work_pool,
        claims=RunClaims(),
        concurrency=here.concurrency,
        poll_seconds=here.poll_seconds,
        preload=PRELOAD,
        worker_name=f"countersign-{socket.gethostname()}-{os.getpid()}",
        on_tick=_tick,
        tick_seconds=here.tick_seconds,
    )


async def _tick() -> None:
    """What the worker does beside its runs; the lock last, for whatever it holds is held in the database already."""
    from tasks import lock, runs

    await runs.tick()
    await lock.tick()


def run_desk() -> None:
    """Serve the sign-off desk on loopback until SIGTERM."""
    log_lines.configure("desk")
    from web.desk.app import make_app

    _serve(make_app(), settings().desk_port)


def run_portal() -> None:
    """Serve the patients' portal on loopback until SIGTERM."""
    log_lines.configure("portal")
    from web.portal.app import make_app

    _serve(make_app(), settings().portal_port)


def _serve(app: object, port: int) -> None:
    import uvicorn

    # No access log: an address of the portal holds a patient's link. Whose word about the visitor's address is
    # believed is settled in one place, web/sources.py, and not here.
    quiet = {"access_log": False, "server_header": False, "proxy_headers": False, "log_config": None}
    uvicorn.run(app, host=LOOPBACK, port=port, **quiet)  # type: ignore[arg-type]
