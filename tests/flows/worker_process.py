"""Runs our worker as a process of its own: ``python -m tests.flows.worker_process POOL LOST_AFTER_SECONDS``."""

import asyncio
import sys
from datetime import timedelta

from adapters.in_process_worker import serve
from adapters.run_claims import RunClaims
from models.step_reads import only_steps_from_now_on
from tasks import runs


async def nothing_by_the_clock() -> int:
    """What runs by the clock is not deployed beside this worker."""
    return 0


if __name__ == "__main__":
    only_steps_from_now_on()
    runs.start_scheduled = nothing_by_the_clock
    pool, lost_after = sys.argv[1], timedelta(seconds=float(sys.argv[2]))
    runs.CASE_DEPLOYMENT, runs.INTAKE_DEPLOYMENT = f"referral-to-first-session/{pool}", f"referral-intake/{pool}"
    runs.NOTE_DEPLOYMENT, runs.SESSIONS_DEPLOYMENT = f"session-note/{pool}", f"session-to-note-draft/{pool}"
    asyncio.run(
        serve(
            pool=pool,
            claims=RunClaims(),
            poll_seconds=0.1,
            worker_name="process",
            lost_after=lost_after,
            unclaimed_after=2 * lost_after,
            on_tick=runs.tick,
        )
    )
