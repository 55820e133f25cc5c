"""A practice of the sample staff, run by `countersign run` as child processes, whose parts somebody may kill."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import func, select

from adapters import operational_store as store
from adapters import therapy_store
from adapters.migrating import migrate_all
from adapters.processes import pid_in, provably_alive
from adapters.sample_practice import seed_sample_practice
from adapters.settings import settings
from adapters.slots import extend_slots
from models.columns import utc_now
from models.operational import AuditEvent, Clinician
from tests.test_fresh_start import ROOT, UP, free_ports

PATIENCE_SECONDS = 900
PARTS = ("prefect", "worker", "desk", "portal")
PLACES_FOR_EVERYBODY = 1000


def seed_roomy_practice() -> None:
    """The sample practice with room for every case, so that the order of arrival decides no case's end."""
    assert seed_sample_practice()
    with store.writing() as db:
        db.exec(update(Clinician).values(caseload_limit=PLACES_FOR_EVERYBODY, caseload_now=0))
    extend_slots((utc_now() + timedelta(weeks=26)).date())


@dataclass
class Parts:
    """The processes of one installation, started by the supervisor as a newcomer starts them."""

    home: Path
    ports: list[int] = field(default_factory=lambda: free_ports(3))
    supervisor: subprocess.Popen[bytes] | None = None
    kills: list[str] = field(default_factory=list)
    more: dict[str, str] = field(default_factory=dict)
    """Settings of this installation besides the ones below."""

    @property
    def said(self) -> Path:
        return self.home.parent / "said.txt"

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "COUNTERSIGN_"))}
        prefect, desk, portal = map(str, self.ports)
        return kept | {
            "COUNTERSIGN_HOME": str(self.home),
            "COUNTERSIGN_SAMPLES": "false",
            "COUNTERSIGN_PROVE_BY_ITSELF": "false",  # a minute of the cores; tests/tasks/test_proofs.py proves
            "COUNTERSIGN_WATCH_EVERY_SECONDS": "10",
            "COUNTERSIGN_PREFECT_PORT": prefect,
            "COUNTERSIGN_DESK_PORT": desk,
            "COUNTERSIGN_PORTAL_PORT": portal,
            **self.more,
        }

    @property
    def desk(self) -> str:
        return f"http://127.0.0.1:{self.ports[1]}"

    @property
    def portal(self) -> str:
        return f"http://127.0.0.1:{self.ports[2]}"

    def start(self) -> None:
        """Run until everything is up."""
        before = self.said.stat().st_size if self.said.exists() else 0
        with open(self.said, "ab") as out:
            self.supervisor = subprocess.Popen(
                [sys.executable, "-m", "cli.app", "run"],
                cwd=ROOT,
                env=self.environment(),
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self.wait_for("everything to be up", lambda: UP in self.said.read_text()[before:], pause=0.5)

    def stop(self) -> None:
        if self.supervisor is not None and self.supervisor.poll() is None:
            self.supervisor.send_signal(signal.SIGTERM)
            assert self.supervisor.wait(120) == 0

    def wait_for(self, what: str, true: Callable[[], Any], *, pause: float = 0.2) -> Any:
        """The first truthy answer; fails with the supervisor's words when there is none for long, or it has ended.

        A part that does not answer just now is asked again.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            with suppress(httpx.HTTPError):
                if found := true():
                    return found
            assert self.supervisor is not None and self.supervisor.poll() is None, self.said.read_text()
            assert time.monotonic() < deadline, f"{what} never came\n{self.said.read_text()[-3000:]}"
            time.sleep(pause)

    def process_of(self, part: str) -> int | None:
        """The living process of a part; None between its death and its next start."""
        try:
            name = (self.home / "parts" / part).read_text()
        except FileNotFoundError:
            return None
        return pid_in(name) if provably_alive(name) else None

    def kill(self, part: str) -> None:
        """``kill -9`` of whatever the part is now."""
        pid = self.wait_for(f"a living {part}", lambda: self.process_of(part), pause=0.05)
        os.kill(pid, signal.SIGKILL)
        self.kills.append(part)

    def ask_prefect(self, path: str, **asked: Any) -> Any:
        name, _, password = (self.home / "prefect-sign-in").read_text().partition(":")
        url = f"http://127.0.0.1:{self.ports[0]}/api{path}"
        answer = httpx.post(url, json=asked, auth=(name, password), timeout=60)
        return answer.raise_for_status().json()

    def runs(self) -> list[dict[str, Any]]:
        """Every run that Prefect knows."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.ask_prefect("/flow_runs/filter", limit=200, offset=len(found), sort="START_TIME_ASC")
            found += page
            if len(page) < 200:
                return found


def events() -> int:
    """How much has happened so far: audit events of the operational database."""
    with store.reading() as db:
        return int(db.exec(select(func.count()).select_from(AuditEvent)).one())


@contextmanager
def running(home: Path, **more: str) -> Iterator[Parts]:
    """An installation of its own on SQLite, seeded and started; this process sees what its parts see.

    ``more``: further settings, by the name of their variable.
    """
    parts = Parts(home, more=more)
    with pytest.MonkeyPatch.context() as patch:
        kept = {name for name in os.environ if name.startswith("COUNTERSIGN_")}
        for name in kept:
            patch.delenv(name)
        for name, value in parts.environment().items():
            if name.startswith("COUNTERSIGN_"):
                patch.setenv(name, value)
        settings.cache_clear()
        settings().make_folders()
        migrate_all()
        seed_roomy_practice()
        try:
            yield from _started(parts)
        finally:
            store.engine_for(settings().operational_database).dispose()
            therapy_store.engine_for(settings().therapy_database).dispose()
            settings.cache_clear()


def _started(parts: Parts) -> Iterator[Parts]:
    try:
        parts.start()
        yield parts
    finally:
        if parts.supervisor is not None and parts.supervisor.poll() is None:
            parts.supervisor.send_signal(signal.SIGTERM)
            parts.supervisor.wait(120)
