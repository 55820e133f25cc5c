"""Are the heavy parts of a night done on a Dask cluster's workers, by the same code, each location once?"""

import asyncio
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from sqlmodel import select

from adapters import operational_store as store
from adapters.settings import settings
from models.operational import NightPart
from tasks import nights, spreading
from tests import factories
from tests.adapters.conftest import connected, prefect_home, prefect_url

__all__ = ["connected", "prefect_home", "prefect_url"]

pytest.importorskip("prefect_dask", reason="prefect-dask is not installed")
THE_NIGHT = date(2026, 11, 24)


@pytest.fixture
def two_workers(home: Path) -> Iterator[str]:
    """The scheduler of a cluster of two worker processes on loopback, which import this checkout."""
    import distributed

    with distributed.LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=2,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address=None,
        silence_logs=40,
        env={"COUNTERSIGN_HOME": os.environ["COUNTERSIGN_HOME"]},
    ) as cluster:
        yield cluster.scheduler_address


# Dask and Prefect's client leave sockets of their threads to the end of the process
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_heavy_parts_are_done_on_two_workers_each_location_once(
    connected: str, home: Path, two_workers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOC-1", "LOC-2", "LOC-3"):
        factories.make_location(id=name)
    monkeypatch.setenv("COUNTERSIGN_DASK", two_workers)
    settings.cache_clear()
    parts = [part for part in nights.PARTS if part.name in ("coverage", "claims", "figures")]
    assert [part.heavy for part in parts] == [True, True, False]

    @flow
    async def night() -> list[Any]:
        with spreading.machines() as machines:
            return [await asyncio.to_thread(machines.carry_out, part, THE_NIGHT, "all") for part in parts]

    done = asyncio.run(night())
    assert [failed for _, failed in done] == [[], [], []]
    assert done[0][0] == {"asked": 0, "overdue": 0}
    with store.reading() as db:
        rows = db.exec(select(NightPart.part, NightPart.location_id, NightPart.status, NightPart.attempts)).all()
    assert sorted(rows) == [
        *(("claims", f"LOC-{n}", "done", 1) for n in (1, 2, 3)),
        *(("coverage", f"LOC-{n}", "done", 1) for n in (1, 2, 3)),
        ("figures", "all", "done", 1),
    ]
    assert [nights.missing(part, THE_NIGHT, "all", split=True) for part in parts] == [[], [], []]


def test_night_is_done_in_this_process_where_no_setting_names_a_cluster(home: Path) -> None:
    with spreading.machines() as machines:
        assert machines._runner is None
