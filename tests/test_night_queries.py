"""Does a night of twice as many patients ask the databases as often, and no more?"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from prefect.logging import disable_run_logger
from sqlalchemy import event

from adapters.settings import settings
from adapters.simulated_payer import CLEAN, SimulatedPayer
from benchmarks import generated_group
from models.columns import utc_now
from tasks import claim_files, nights
from tests.conftest import copied

FEW, TWICE = 120, 240
ROW_BY_ROW = {"referrals", "sessions", "transcripts"}
"""Parts whose files have a person's words in them: each row is held against the people on record by itself."""


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Every statement of both databases, by what stands in ``counts.part``."""
    counts: Counter[str] = Counter()
    part = [""]

    def count(*_: Any) -> None:
        counts[part[0]] += 1

    counts.at = part  # type: ignore[attr-defined]
    event.listen(sa.Engine, "before_cursor_execute", count)
    try:
        yield counts
    finally:
        event.remove(sa.Engine, "before_cursor_execute", count)


def queries_of_two_nights(patients: int) -> Counter[str]:
    """What goes out one night and what comes back the next, by part."""
    now = utc_now()
    generated_group.make(patients, now)
    payer = SimulatedPayer(1, CLEAN, settings().home / "payer")
    with counted() as counts, disable_run_logger():
        for night in (now.date(), now.date() + timedelta(days=1)):
            for part in nights.PARTS:
                if part.name in ROW_BY_ROW:
                    continue
                counts.at[0] = f"{part.name} of the {'first' if night == now.date() else 'second'} night"
                nights.do_part(part.name, night, "all")
            counts.at[0] = "the payer"
            payer.work(settings().clearinghouse_folder, now + timedelta(days=1))
            settled(settings().clearinghouse_folder / "incoming")
    del counts["the payer"]
    return counts


def settled(folder: Path) -> None:
    past = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    for path in folder.iterdir():
        os.utime(path, (past, past))


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, migrated_installation: Path) -> list[Counter[str]]:
    monkeypatch.setenv("COUNTERSIGN_SIMULATED_PAYER", "true")
    found = []
    for size in (FEW, TWICE):
        with copied(migrated_installation, tmp_path / str(size), monkeypatch):
            found.append(queries_of_two_nights(size))
    return found


def test_number_of_queries_does_not_grow_with_the_rows(both: list[Counter[str]]) -> None:
    few, twice = both
    assert few["claims of the first night"] > 10 and few["clearinghouse of the second night"] > 10
    assert {part: (few[part], twice[part]) for part in few | twice if twice[part] > few[part]} == {}


def test_a_batch_is_bounded_and_goes_on_until_nothing_is_left(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim_files, "MOST_IN_A_FILE", 4)
    generated_group.make(FEW // 2, utc_now())
    with disable_run_logger():
        done = nights.do_part("claims", utc_now().date(), "all")
    assert done == {"opened": 6, "sent": 6, "in_trouble": 0}
