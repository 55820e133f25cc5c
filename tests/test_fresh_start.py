"""Does one command bring a fresh home to cases waiting for people, stop cleanly, and resume without duplicates?"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.databases import ON_POSTGRES
from tests.listening import listening_addresses

ROOT = Path(__file__).parents[1]
UP = "Everything up after"
START_SECONDS = 600
OWN_SERVER = ["--postgres"] if ON_POSTGRES else []
"""On PostgreSQL the newcomer types `make run-postgres`."""
OPENS_UP_ELSEWHERE = {
    "HOST": "0.0.0.0",
    "UVICORN_HOST": "0.0.0.0",
    "COUNTERSIGN_HOST": "0.0.0.0",
    "PREFECT_SERVER_API_HOST": "0.0.0.0",
    "PREFECT_CLIENT_METRICS_ENABLED": "true",
    "PREFECT_API_AUTH_STRING": "",
    "PREFECT_SERVER_API_AUTH_STRING": "",
}
"""What opens other programs of this kind to the network; here it must change nothing."""


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@dataclass
class Installation:
    """One home and its ports, run as a newcomer runs it: by the command, from outside."""

    home: Path
    ports: list[int]
    outputs: list[Path] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None
    database_port: int = field(default_factory=lambda: free_ports(1)[0])
    """Of the PostgreSQL of its own, where it has one."""
    messages_port: int = field(default_factory=lambda: free_ports(1)[0])
    """Of the Redis beside it."""

    @property
    def environment(self) -> dict[str, str]:
        prefect, desk, portal = map(str, self.ports)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "COUNTERSIGN_"))}
        return {
            **kept,
            **OPENS_UP_ELSEWHERE,
            "COUNTERSIGN_HOME": str(self.home),
            "COUNTERSIGN_PREFECT_PORT": prefect,
            "COUNTERSIGN_DESK_PORT": desk,
            "COUNTERSIGN_PORTAL_PORT": portal,
            "COUNTERSIGN_POSTGRES_PORT": str(self.database_port),
            "COUNTERSIGN_REDIS_PORT": str(self.messages_port),
        }

    def start(self) -> str:
        """Run until everything is up; returns what was printed."""
        output = self.home.parent / f"run-{len(self.outputs)}.txt"
        self.outputs.append(output)
        with open(output, "wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cli.app", "run", *OWN_SERVER],
                cwd=ROOT,
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS
        while UP not in output.read_text():
            assert self.process.poll() is None, output.read_text()
            assert time.monotonic() < deadline, output.read_text()
            time.sleep(0.5)
        return output.read_text()

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(90)

    def ask(self, *words: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "cli.app", *words],
            cwd=ROOT,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def ask_prefect(self, method: str, path: str, **more: Any) -> Any:
        """Prefect's API as an analyst's own program calls it: with the sign-in from the file in the home."""
        name, _, password = (self.home / "prefect-sign-in").read_text().partition(":")
        url = f"http://127.0.0.1:{self.ports[0]}/api{path}"
        return httpx.request(method, url, auth=(name, password), **more).raise_for_status().json()

    def cases(self) -> dict[str, str]:
        return {row["case_number"]: row["status"] for row in json.loads(self.ask("cases", "--json"))}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = Installation(tmp_path_factory.mktemp("fresh") / "home", free_ports(3))
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.send_signal(signal.SIGTERM)
        made.process.wait(90)


@pytest.fixture(scope="module")
def first_run(installation: Installation) -> str:
    return installation.start()


def test_first_run_tells_where_to_go_and_how_to_sign_in(installation: Installation, first_run: str):
    for port in installation.ports:
        assert f"http://127.0.0.1:{port}" in first_run
    assert "What is waiting for whom" in first_run
    assert "First case waiting for a signature" in first_run
    for role in ("clinician", "coordinator", "biller", "analyst", "owner", "compliance", "admin"):
        assert role in first_run


def test_every_part_answers(installation: Installation, first_run: str):
    report = json.loads(installation.ask("status", "--json"))
    assert report["parts"] == {"prefect": True, "desk": True, "portal": True}
    assert report["worker_last_seen"] is not None


def test_nothing_listens_off_loopback(installation: Installation, first_run: str):
    assert installation.process is not None
    found = listening_addresses(installation.process.pid)
    assert {port for _, port in found} == {*installation.ports, *([installation.database_port] if OWN_SERVER else [])}
    assert all(address.is_loopback for address, _ in found)


def test_prefect_answers_nobody_without_its_sign_in(installation: Installation, first_run: str):
    api = f"http://127.0.0.1:{installation.ports[0]}/api"
    for sign_in in (None, ("analyst", "wrong"), ("analyst", "")):
        assert httpx.post(f"{api}/flow_runs/filter", json={}, auth=sign_in).status_code == 401
        assert httpx.get(f"{api}/admin/settings", auth=sign_in).status_code == 401
    assert installation.ask_prefect("POST", "/flow_runs/filter", json={})
    kept = installation.home / "prefect-sign-in"
    assert kept.stat().st_mode & 0o077 == 0
    password = kept.read_text().partition(":")[2]
    said = [first_run, *(path.read_text() for path in (installation.home / "logs").iterdir())]
    assert str(kept) in first_run
    assert not any(password in one for one in said)


def test_four_sample_rows_are_quarantined_with_row_field_and_reason(installation: Installation, first_run: str):
    report = json.loads(installation.ask("status", "--json"))
    assert report["quarantined_rows"] == 5  # the fifth is a session that ends before it begins
    shown = installation.ask("quarantine")
    for field_name in ("birth_date", "email", "phq9_4", "location_id", "ended_at"):
        assert field_name in shown
    fixes = list((installation.home / "to-fix").glob("*.csv"))
    assert len(fixes) == 2
    assert all(each.stat().st_mode & 0o077 == 0 for each in fixes)


def test_samples_reach_different_waits_and_none_is_stuck(installation: Installation, first_run: str):
    counts = Counter(installation.cases().values())
    assert not {"received", "ready_to_screen", "ready_to_match", "ready_to_offer"} & set(counts)
    assert {"risk_review", "assignment", "questionnaires_requested", "possible_duplicate"} <= set(counts)
    # 46 rows: 4 broken, 1 exact repeat of an earlier row.
    assert sum(counts.values()) == 41


def test_watch_over_every_wait_runs_by_itself(installation: Installation, first_run: str):
    """The alarms hang on it; a system in which it never starts looks healthy otherwise."""
    wanted = {"deployments": {"name": {"any_": ["every-minute"]}}}
    deadline = time.monotonic() + 90
    while not installation.ask_prefect("POST", "/flow_runs/filter", json=wanted):
        assert time.monotonic() < deadline, "no watch was started"
        time.sleep(1)


def test_location_parameter_is_a_list_to_choose_from(installation: Installation, first_run: str):
    intake = installation.ask_prefect("GET", "/deployments/name/referral-intake/intake")
    assert intake["parameter_openapi_schema"]["properties"]["location"]["enum"] == ["all", "LOC-1", "LOC-2", "LOC-3"]
    assert intake["enforce_parameter_schema"]


def test_runs_are_named_by_case_and_wait(installation: Installation, first_run: str):
    paused = {"flow_runs": {"state": {"type": {"any_": ["PAUSED"]}}}, "limit": 200}
    named = {run["name"] for run in installation.ask_prefect("POST", "/flow_runs/filter", json=paused)}
    names = {name for name in named if not name.startswith("CL-")}
    open_cases = {number for number, status in installation.cases().items() if not status.startswith("closed")}
    sessions = json.loads(installation.ask("sessions", "--json"))
    open_cases |= {row["session"] for row in sessions if not row["status"].startswith("closed")}
    assert {name.split(" · ")[0] for name in names} == open_cases
    assert any(name.endswith("· risk review") for name in names)


def test_signed_notes_become_claims_with_runs_that_wait(installation: Installation, first_run: str):
    assert "Six notes that the sample's clinicians signed before are on their way to claims." in first_run
    assert {path.name for path in (installation.home / "billing").iterdir()} >= {"practice.yaml", "payers.csv"}
    wanted = {"flow_runs": {"name": {"like_": "CL-"}}, "limit": 200}
    deadline = time.monotonic() + 90
    while len({name.split(" · ")[0] for name in _names(installation, wanted)}) < 6:
        assert time.monotonic() < deadline, "a claim has no run"
        time.sleep(1)


def _names(installation: Installation, wanted: dict[str, Any]) -> set[str]:
    return {run["name"] for run in installation.ask_prefect("POST", "/flow_runs/filter", json=wanted)}


def test_stopping_ends_everything_and_running_again_duplicates_nothing(installation: Installation, first_run: str):
    before = installation.cases()
    files_before = {path.name for path in (installation.home / "received").iterdir()}
    assert installation.stop() == 0
    for port in installation.ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))

    said = installation.start()
    assert "sample files were dropped" not in said
    assert "A sample practice was seeded" not in said
    assert installation.cases() == before
    # the sample's payer may have answered meanwhile
    assert {path.name for path in (installation.home / "received").iterdir()} >= files_before
    assert installation.stop() == 0
