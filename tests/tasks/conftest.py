"""What the tests of the steps share: a stand-in for Prefect, and the sample practice with its file received."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import FunctionType
from typing import Any
from uuid import UUID, uuid5

import pytest

from adapters import prefect_runs
from adapters.prefect_runs import Run, Woken
from adapters.settings import settings
from tasks import intake, nights, runs
from tasks.steps import in_its_name
from tests import conftest as shared

# The night does its parts in their names. Tests that call one themselves shall read in its name, too, or what it reads
# would be held against no declaration.
for part in nights.PARTS:
    if isinstance(part.do, FunctionType):
        setattr(sys.modules[part.do.__module__], part.do.__name__, in_its_name(part.does)(part.do))

SAMPLE = Path(__file__).parents[2] / "samples" / "referrals" / "referrals-2026-11.csv"
RUNS = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")


@dataclass
class FakePrefect:
    """Remembers everything that was handed to Prefect; the same idempotency key gives the same run."""

    started: list[dict[str, Any]] = field(default_factory=list)
    woken: list[UUID] = field(default_factory=list)
    names: list[tuple[UUID, str]] = field(default_factory=list)
    typed: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[UUID, Woken | Exception] = field(default_factory=dict)
    ended: dict[UUID, tuple[str, datetime]] = field(default_factory=dict)
    down: Exception | None = None

    async def start_run(self, deployment: str, parameters: dict[str, Any], **named: Any) -> UUID:
        if self.down:
            raise self.down
        self.started.append({"deployment": deployment, "parameters": parameters, **named})
        return uuid5(RUNS, named["idempotency_key"])

    async def wake(self, run_id: UUID) -> Woken:
        self.woken.append(run_id)
        answer = self.answers.get(run_id, Woken.woken)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def read_runs(self, run_ids: Sequence[UUID]) -> list[Run]:
        """The runs that are ``ended`` in that state since then; the others wait; those gone are not known."""
        there = [run_id for run_id in run_ids if self.answers.get(run_id) != Woken.gone]
        states = {run_id: self.ended.get(run_id, ("PAUSED", None)) for run_id in there}
        return [
            Run(run_id, "", state, state.title(), since, None, (), None) for run_id, (state, since) in states.items()
        ]

    async def rename(self, run_id: UUID, name: str) -> None:
        if self.down:
            raise self.down
        self.names.append((run_id, name))

    async def read_and_forget_input(self, run_id: UUID, key: str) -> dict[str, Any] | None:
        return self.typed.pop(key, None)


@pytest.fixture
def prefect(monkeypatch: pytest.MonkeyPatch) -> FakePrefect:
    fake = FakePrefect()
    for name in ("start_run", "wake", "read_runs", "rename", "read_and_forget_input"):
        monkeypatch.setattr(prefect_runs, name, getattr(fake, name))
    monkeypatch.setattr(runs, "_in_trouble", {})  # what one test said is news to the next
    return fake


@pytest.fixture(scope="session")
def received_installation(tmp_path_factory: pytest.TempPathFactory, seeded_installation: Path) -> Path:
    """The sample practice once its sample file has been received; made once, copied by each test."""
    folder = tmp_path_factory.mktemp("received") / "home"
    with pytest.MonkeyPatch.context() as patch, shared.copied(seeded_installation, folder, patch, keep=True):
        shutil.copy(SAMPLE, settings().intake_folder)
        for file_id in intake.collect.fn(settle_seconds=0):
            intake.receive.fn(file_id)
    return folder


@pytest.fixture
def received(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, received_installation: Path) -> Iterator[Path]:
    """The sample practice with its 40 rows received; throw-away."""
    with shared.copied(received_installation, tmp_path / "home", monkeypatch) as folder:
        yield folder
