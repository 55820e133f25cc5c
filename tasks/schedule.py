"""Starts what runs by the clock: the watch over every wait each minute, each night's work once a night.

Prefect's own scheduler is not used: under SQLAlchemy 2.1 it makes no runs (docs/decisions/0006-own-clock.md). The
key of each run names its turn, so that two workers, or one that restarts, start it once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import select

from adapters import operational_store as store
from adapters import prefect_runs
from adapters.settings import settings
from models.columns import utc_now
from models.operational import Location

WATCH_DEPLOYMENT = "watch-waits/every-minute"
NIGHTLY_DEPLOYMENT = "nightly/nightly"
NIGHT_BEGINS = time(2, 30)
NIGHT_ZONE = ZoneInfo("America/Los_Angeles")
"""Where the practice's night is reckoned while no location is on record."""

_started: set[str] = set()


@dataclass(frozen=True)
class Turn:
    """One run that is due: its deployment, the key of the turn, what it is started with."""

    deployment: str
    key: str
    parameters: dict[str, Any] = field(default_factory=dict)


def turns(now: datetime, every_seconds: int, places: Mapping[str, str] | None = None) -> list[Turn]:
    """What is due: ``watch-29403`` by the minute; ``nightly-LOC-3-2026-11-23`` by the date of each location.

    ``places`` are the locations' time zones. The locations where the day begins last have no turn of their own: the
    night of the whole practice (``nightly-2026-11-23``) begins then, and is theirs.
    """
    due = [Turn(WATCH_DEPLOYMENT, f"watch-{int(now.timestamp()) // every_seconds}")]
    zones = {place: ZoneInfo(zone) for place, zone in (places or {}).items()}
    last = min(
        zones.values(), key=lambda zone: (now.astimezone(zone).replace(tzinfo=None), str(zone)), default=NIGHT_ZONE
    )
    offset = now.astimezone(last).utcoffset()
    for place, zone in sorted(zones.items()):
        local = now.astimezone(zone)
        if local.utcoffset() != offset and local.time() >= NIGHT_BEGINS:
            night = local.date().isoformat()
            due.append(Turn(NIGHTLY_DEPLOYMENT, f"nightly-{place}-{night}", {"night": night, "location": place}))
    local = now.astimezone(last)
    if local.time() >= NIGHT_BEGINS:
        night = local.date().isoformat()
        due.append(Turn(NIGHTLY_DEPLOYMENT, f"nightly-{night}", {"night": night, "location": "all"}))
    return due


async def start_scheduled() -> int:
    """Start the turns that are due and were not started by this process; returns how many."""
    now = utc_now()
    every = settings().watch_every_seconds
    if turns(now, every)[0].key in _started:
        return 0  # asked several times a second: whatever else is due waits for the next watch
    due = [turn for turn in turns(now, every, _places()) if turn.key not in _started]
    # the watch last: its key says that this minute's turns are all started
    for turn in sorted(due, key=lambda turn: turn.deployment == WATCH_DEPLOYMENT):
        place = turn.parameters.get("location", "all")
        await prefect_runs.start_run(
            turn.deployment,
            turn.parameters,
            name=" · ".join(
                [turn.deployment.split("/")[0], *([place] if place != "all" else []), f"{now:%Y-%m-%d %H:%M} UTC"]
            ),
            idempotency_key=f"{store.installation_id()}-{turn.key}",
        )
        _started.add(turn.key)
    if len(_started) > 1000:
        _started.intersection_update(turn.key for turn in turns(now, every, _places()))
    return len(due)


def _places() -> dict[str, str]:
    with store.reading() as db:
        return {place.id: place.time_zone for place in db.exec(select(Location)).all()}
