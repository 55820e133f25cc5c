"""Runs one worker of ours as a process of its own: ``python -m tests.adapters.worker_process POOL CLAIMS NAME``."""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from adapters.in_process_worker import serve
from tests.adapters.claims_file import FileClaims

if __name__ == "__main__":
    pool, claims, name, lost_after, *preload = sys.argv[1:]
    asyncio.run(
        serve(
            pool=pool,
            claims=FileClaims(Path(claims)),
            worker_name=name,
            preload=preload,
            lost_after=timedelta(seconds=float(lost_after)),
            grace_seconds=0.5,
        )
    )
