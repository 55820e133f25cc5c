"""Starts what runs by the clock: the watch over every wait each minute, the night's work once a night.

Prefect's own scheduler is not used: under SQLAlchemy 2.1 it makes no runs (docs/decisions/0006-own-clock.md). The
key of each run names its turn, so that two workers, or one that restarts, start it once.
"""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from adapters import operational_store as store
from adapters import prefect_runs
from adapters.settings import settings
from models.columns import utc_now

WATCH_DEPLOYMENT = "watch-waits/every-minute"
NIGHTLY_DEPLOYMENT = "nightly/nightly"
NIGHT_BEGINS = time(2, 30)
NIGHT_ZONE = ZoneInfo("America/Los_Angeles")

_started: set[str] = set()


def turns(now: datetime, every_seconds: int) -> dict[str, str]:
    """The turn that is due of each deployment: ``watch-29403`` by the minute, ``nightly-2026-11-23`` by the date."""
    due = {WATCH_DEPLOYMENT: f"watch-{int(now.timestamp()) // every_seconds}"}
    local = now.astimezone(NIGHT_ZONE)
    if local.time() >= NIGHT_BEGINS:
        due[NIGHTLY_DEPLOYMENT] = f"nightly-{local.date().isoformat()}"
    return due


async def start_scheduled() -> int:
    """Start the turns that are due and were not started by this process; returns how many."""
    now = utc_now()
    due = {name: turn for name, turn in turns(now, settings().watch_every_seconds).items() if turn not in _started}
    for deployment, turn in due.items():
        await prefect_runs.start_run(
            deployment,
            {},
            name=f"{deployment.split('/')[0]} · {now:%Y-%m-%d %H:%M} UTC",
            idempotency_key=f"{store.installation_id()}-{turn}",
        )
        _started.add(turn)
    if len(_started) > 1000:
        _started.intersection_update(turns(now, settings().watch_every_seconds).values())
    return len(due)
