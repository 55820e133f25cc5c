"""What runs by the clock starts once per turn."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters import prefect_runs
from tasks import schedule
from tasks.schedule import NIGHTLY_DEPLOYMENT, WATCH_DEPLOYMENT, Turn, start_scheduled, turns

THREE_ZONES = {"LOC-1": "America/Los_Angeles", "LOC-2": "America/Chicago", "LOC-3": "America/New_York"}


def at(
    hour: int, minute: int = 0, second: int = 0, *, day: int = 23, places: dict[str, str] | None = None
) -> list[Turn]:
    return turns(datetime(2026, 11, day, hour, minute, second, tzinfo=UTC), 60, places)


def watch(due: list[Turn]) -> str:
    (turn,) = [turn for turn in due if turn.deployment == WATCH_DEPLOYMENT]
    return turn.key


def nights(due: list[Turn]) -> list[str]:
    return [turn.key for turn in due if turn.deployment == NIGHTLY_DEPLOYMENT]


def test_watch_has_a_turn_a_minute() -> None:
    assert watch(at(12, 0, 59)) == watch(at(12))
    assert watch(at(12, 1)) != watch(at(12))


@pytest.mark.parametrize(("hour", "minute", "due"), [(10, 29, False), (10, 30, True), (23, 59, True)])
def test_night_begins_at_half_past_two_in_the_practices_zone(hour: int, minute: int, due: bool) -> None:
    assert bool(nights(at(hour, minute))) is due


def test_nightly_has_one_turn_a_local_date() -> None:
    assert nights(at(23)) == nights(at(7, 59, day=24)) == ["nightly-2026-11-23"]
    assert not nights(at(8, 1, day=24))


@pytest.mark.parametrize(
    ("hour", "minute", "due"),
    [
        (7, 29, ["nightly-2026-11-22"]),
        (7, 30, ["nightly-LOC-3-2026-11-23", "nightly-2026-11-22"]),
        (8, 29, ["nightly-LOC-3-2026-11-23"]),
        (8, 30, ["nightly-LOC-2-2026-11-23", "nightly-LOC-3-2026-11-23"]),
        (10, 30, ["nightly-LOC-2-2026-11-23", "nightly-LOC-3-2026-11-23", "nightly-2026-11-23"]),
    ],
)
def test_night_of_each_location_begins_at_its_own_half_past_two(hour: int, minute: int, due: list[str]) -> None:
    assert nights(at(hour, minute, places=THREE_ZONES)) == due


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        (datetime(2027, 3, 14, 9, 59, tzinfo=UTC), False),  # 01:59, and then it is 03:00: half past two is skipped
        (datetime(2027, 3, 14, 10, 0, tzinfo=UTC), True),
        (datetime(2027, 11, 7, 9, 29, tzinfo=UTC), False),  # 01:29 for the second time
        (datetime(2027, 11, 7, 10, 30, tzinfo=UTC), True),
    ],
)
def test_night_begins_once_on_the_days_the_clocks_change(moment: datetime, due: bool) -> None:
    assert bool(nights(turns(moment, 60, {"LOC-1": "America/Los_Angeles"}))) is due


def test_location_of_the_last_zone_is_in_the_night_of_the_practice() -> None:
    (turn,) = [turn for turn in at(10, 30, places={"LOC-1": THREE_ZONES["LOC-1"]}) if turn.parameters]
    assert turn.parameters == {"night": "2026-11-23", "location": "all"}


async def test_turn_is_started_once_and_tried_again_when_prefect_was_away(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def start(deployment: str, parameters: dict[str, Any], **given: Any) -> None:
        if not asked:
            asked.append("away")
            raise ConnectionError
        asked.append(given["idempotency_key"])

    monkeypatch.setattr(prefect_runs, "start_run", start)
    monkeypatch.setattr(schedule, "_started", set())
    monkeypatch.setattr(schedule, "utc_now", lambda: datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
    with pytest.raises(ConnectionError):
        await start_scheduled()
    assert await start_scheduled() == 1
    assert await start_scheduled() == 0
    assert len(asked) == 2 and asked[1].endswith(watch(at(9)))
