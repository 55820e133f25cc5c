"""What runs by the clock starts once per turn."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters import prefect_runs
from tasks import schedule
from tasks.schedule import NIGHTLY_DEPLOYMENT, WATCH_DEPLOYMENT, start_scheduled, turns


def test_watch_has_a_turn_a_minute() -> None:
    first = turns(datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC), 60)[WATCH_DEPLOYMENT]
    assert turns(datetime(2026, 11, 23, 12, 0, 59, tzinfo=UTC), 60)[WATCH_DEPLOYMENT] == first
    assert turns(datetime(2026, 11, 23, 12, 1, 0, tzinfo=UTC), 60)[WATCH_DEPLOYMENT] != first


@pytest.mark.parametrize(("hour", "minute", "due"), [(10, 29, False), (10, 30, True), (23, 59, True)])
def test_night_begins_at_half_past_two_in_the_practices_zone(hour: int, minute: int, due: bool) -> None:
    now = datetime(2026, 11, 23, hour, minute, tzinfo=UTC)
    assert (NIGHTLY_DEPLOYMENT in turns(now, 60)) is due


def test_nightly_has_one_turn_a_local_date() -> None:
    evening = turns(datetime(2026, 11, 23, 23, 0, tzinfo=UTC), 60)[NIGHTLY_DEPLOYMENT]
    assert turns(datetime(2026, 11, 24, 7, 59, tzinfo=UTC), 60)[NIGHTLY_DEPLOYMENT] == evening
    assert NIGHTLY_DEPLOYMENT not in turns(datetime(2026, 11, 24, 8, 1, tzinfo=UTC), 60)


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
    assert len(asked) == 2 and asked[1].endswith(turns(datetime(2026, 11, 23, 9, 0, tzinfo=UTC), 60)[WATCH_DEPLOYMENT])
