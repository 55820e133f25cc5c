"""Runs our worker as a process of its own, to be killed: ``python -m tests.flows.worker_process POOL``."""

import asyncio
import sys
from datetime import timedelta

from adapters.in_process_worker import serve
from adapters.run_claims import RunClaims
from tasks import watch

if __name__ == "__main__":
    pool = sys.argv[1]
    watch.CASE_DEPLOYMENT, watch.INTAKE_DEPLOYMENT = f"referral-to-first-session/{pool}", f"referral-intake/{pool}"
    asyncio.run(
        serve(
            pool=pool,
            claims=RunClaims(),
            poll_seconds=0.1,
            worker_name="killed",
            lost_after=timedelta(seconds=2),
            unclaimed_after=timedelta(seconds=4),
            on_tick=watch.tick,
        )
    )
