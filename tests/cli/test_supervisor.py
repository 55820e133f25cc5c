"""Does the supervisor keep its parts alive, stop them, and refuse to be in anybody's way?"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from adapters.monitoring import RESTARTED
from adapters.operational_store import reading, writing
from adapters.settings import settings
from cli import children, deploying, environment, supervisor
from cli.children import Child, ChildGaveUp
from models.codes import NoteStatus, ReferralStatus
from models.governance_codes import Level, Workflow
from models.operational import AuditEvent, WorkflowStanding
from tests.factories import make_case_at, make_clinician, make_location
from tests.note_factories import make_proposed_note, make_session

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
DIE = [sys.executable, "-c", "raise SystemExit(3)"]
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"


def eventually(true: Callable[[], bool]) -> bool:
    """Polled, for what another process brings about; False after ten seconds."""
    for _ in range(500):
        if true():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def sleeper(home: Path) -> Iterator[Child]:
    child = Child("sleeper", SLEEP, stop_seconds=2)
    child.start()
    yield child
    children.stop_all([child])


def test_living_child_is_left_alone(sleeper: Child):
    assert sleeper.process is not None
    pid = sleeper.process.pid
    assert not sleeper.restart_if_dead()
    assert sleeper.process.pid == pid


def test_killed_child_is_started_again(sleeper: Child):
    assert sleeper.process is not None
    os.kill(sleeper.process.pid, signal.SIGKILL)
    assert eventually(lambda: not sleeper.alive)
    assert sleeper.restart_if_dead()
    assert sleeper.alive


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that children see, in a list of one; a test moves them."""
    now = [1000.0]
    monkeypatch.setattr("cli.children.monotonic", lambda: now[0])
    return now


def dead(child: Child) -> Child:
    assert child.process is not None
    child.process.wait(10)
    return child


@pytest.fixture
def dier(home: Path, clock: list[float]) -> Iterator[Child]:
    child = Child("dier", DIE)
    child.start()
    yield child
    children.stop_all([child])


def start_again(child: Child, clock: list[float]) -> float:
    """Wait for its death and its pause; gives the pause in seconds."""
    dead(child).restart_if_dead()
    if child.died_at is not None:
        clock[0] += child.pause - 0.5
        assert not child.restart_if_dead()
        clock[0] += 0.5
        assert child.restart_if_dead()
    return child.pause


def test_child_that_dies_right_after_its_start_waits_longer_each_time(dier: Child, clock: list[float]):
    assert [start_again(dier, clock) for _ in range(9)] == [0, 1, 2, 4, 8, 16, 30, 30, 30]


def test_child_that_cannot_start_is_reported(dier: Child, clock: list[float]):
    for _ in range(children.MOST_FALSE_STARTS):
        start_again(dier, clock)
        dier.check_it_can_start()
    dead(dier).restart_if_dead()
    with pytest.raises(ChildGaveUp, match=r"dier died 6 times.*dier\.log"):
        dier.check_it_can_start()


def test_child_killed_twenty_times_is_started_at_once_each_time(sleeper: Child, clock: list[float]):
    """Somebody or something kills it; that is not its own habit, and nobody gives it up."""
    for _ in range(20):
        clock[0] += children.STEADY_SECONDS
        assert sleeper.process is not None
        os.kill(sleeper.process.pid, signal.SIGKILL)
        sleeper.process.wait(10)
        assert sleeper.restart_if_dead()
        sleeper.check_it_can_start()


def test_parts_left_behind_by_a_killed_supervisor_are_ended(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(children, "LEFTOVER_SECONDS", 0.3)
    stubborn = Child("stubborn", [sys.executable, "-c", STUBBORN])
    ended = Child("ended", DIE)
    for child in (stubborn, ended):
        child.start()
    dead(ended)
    assert children.end_leftovers() == ["stubborn"]
    assert eventually(lambda: not stubborn.alive)
    assert children.end_leftovers() == []


def test_process_that_has_taken_over_the_number_of_a_part_is_left_alone(home: Path, sleeper: Child):
    assert sleeper.process is not None
    note = children.parts_folder() / "sleeper"
    note.write_text(note.read_text().rpartition("/")[0] + "/1")  # started right after boot: another process
    assert children.end_leftovers() == []
    assert sleeper.alive


def test_stopping_ends_grandchildren_too(home: Path, tmp_path: Path):
    note = tmp_path / "grandchild"
    script = (
        "import subprocess, sys, signal, pathlib, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "one = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"pathlib.Path({str(note)!r}).write_text(str(one.pid))\n"
        "time.sleep(60)\n"
    )
    child = Child("stubborn", [sys.executable, "-c", script], stop_seconds=0.3)
    child.start()
    assert eventually(lambda: note.exists() and note.read_text() != "")
    grandchild = int(note.read_text())
    children.stop_all([child])
    assert not child.alive
    assert eventually(lambda: not _lives(grandchild))


def test_child_ends_when_its_parent_is_killed(home: Path, tmp_path: Path):
    note = tmp_path / "child"
    script = (
        "import pathlib, sys, time\n"
        "from cli.children import Child\n"
        f"child = Child('sleeper', {SLEEP!r})\n"
        "child.start()\n"
        f"pathlib.Path({str(note)!r}).write_text(str(child.process.pid))\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=children.CHECKOUT)
    try:
        assert eventually(lambda: note.exists() and note.read_text() != "")
    finally:
        parent.kill()
        parent.wait()
    assert eventually(lambda: not _lives(int(note.read_text())))


def _lives(pid: int) -> bool:
    """Whether a process runs; one that ended but was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_log_is_bounded_while_its_process_writes_on(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(children, "KEPT_LOG_BYTES", 200)
    child = Child("talker", [sys.executable, "-uc", "import time\nwhile True: print('x' * 60); time.sleep(0.01)"])
    child.start()
    try:
        for _ in range(children.KEPT_LOGS + 2):
            assert eventually(lambda: child.log.stat().st_size > 200)
            child.bound_log()
        assert eventually(lambda: child.log.stat().st_size > 0)
    finally:
        children.stop_all([child])
    kept = {path.name for path in child.log.parent.iterdir()}
    assert kept == {"talker.log", *(f"talker.log.{number}" for number in range(1, children.KEPT_LOGS + 1))}
    assert child.log.read_text().startswith("x"), "what is written after the emptying starts at its beginning"


def test_restart_stands_in_the_audit(home: Path):
    supervisor._note_restart(Child("desk", SLEEP))
    with reading() as db:
        event = db.exec(select(AuditEvent).where(AuditEvent.action == RESTARTED)).one()
    assert (event.subject_kind, event.subject_id) == ("process", "desk")


def test_restart_that_cannot_be_noted_stops_nothing(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COUNTERSIGN_OPERATIONAL_URL", f"sqlite:///{home / 'nowhere' / 'lost.db'}")
    settings.cache_clear()
    supervisor._note_restart(Child("desk", SLEEP))


def test_taken_port_is_named_with_the_setting_that_changes_it(home: Path, monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setenv("COUNTERSIGN_DESK_PORT", str(port))
        settings.cache_clear()
        with pytest.raises(supervisor.CannotStart, match=f"port {port} is taken.*COUNTERSIGN_DESK_PORT"):
            supervisor.check_ports()


def test_second_supervisor_on_one_home_is_refused(home: Path):
    with (
        supervisor._only_one(),
        pytest.raises(supervisor.CannotStart, match=f"process {os.getpid()}"),
        supervisor._only_one(),
    ):
        pytest.fail("two at once")
    with supervisor._only_one():
        assert (home / "running-process").read_text() == str(os.getpid())


def test_samples_are_dropped_whole_and_closed_to_others(home: Path):
    assert supervisor.drop_samples() == 7
    names = {path.name for path in settings().intake_folder.iterdir()}
    assert len(names) == 7
    assert not [name for name in names if name.endswith(".part")]
    assert all(path.stat().st_mode & 0o077 == 0 for path in settings().intake_folder.iterdir())


def test_progress_counts_cases_at_their_wait(home: Path):
    make_case_at(ReferralStatus.RISK_REVIEW)
    make_case_at(ReferralStatus.READY_TO_MATCH)
    assert supervisor.progress() == (2, 1, 1, 0)
    supervisor.drop_samples()
    assert supervisor.progress() == (2, 1, 1, 7)


def test_progress_counts_sessions_and_their_index(home: Path):
    place = make_location()
    clinician = make_clinician(location=place)
    for status in (NoteStatus.READY_TO_SCREEN, NoteStatus.NOTE_SIGNATURE, NoteStatus.CLOSED_SIGNED):
        make_session(clinician, place, status=status)
    assert supervisor.progress() == (3, 1, 0, 0), "a drafted note is at its wait once its sign-off is open"
    make_proposed_note(clinician, place)
    assert supervisor.progress() == (4, 2, 1, 0)
    for name in ("harbor-1120-1000.vtt", "sessions-2026-11.csv"):
        supervisor.drop(supervisor.SAMPLE_SESSIONS / name, settings().sessions_folder)
    assert supervisor.progress() == (4, 2, 1, 1)


def test_progress_waits_for_no_case_of_a_workflow_that_is_held(home: Path):
    place = make_location()
    make_session(make_clinician(location=place), place, status=NoteStatus.RECEIVED)
    with writing() as db:
        off = {"level": Level.OFF, "runs_as": Level.OFF}
        db.add(WorkflowStanding(workflow=Workflow.NOTES, location_id=place.id, **off))
    assert supervisor.progress() == (1, 1, 0, 0)


def test_environment_never_points_at_another_prefect(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PREFECT_API_URL", "https://elsewhere.example.org/api")
    assert environment.environment()["PREFECT_API_URL"] == settings().prefect_api_url
    assert environment.environment()["PREFECT_HOME"].startswith(str(home))


def test_environment_holds_prefects_sign_in_once_it_is_made(home: Path, monkeypatch: pytest.MonkeyPatch):
    assert "PREFECT_API_AUTH_STRING" not in environment.environment()
    words = settings().prefect_sign_in_words()
    for name in ("PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING"):
        monkeypatch.setenv(name, "somebody:else")
        assert environment.environment()[name] == words


@pytest.mark.parametrize("name", [name for name in environment.NOTHING_ELSE_LISTENS if name.endswith("HOST")])
def test_environment_lets_nothing_listen_off_loopback(home: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv(name, "0.0.0.0")
    assert environment.environment()[name] == "127.0.0.1"


@pytest.mark.parametrize("name", environment.ANALYTICS_OFF)
def test_environment_turns_every_outside_report_off(home: Path, name: str):
    assert environment.environment()[name] in {"1", "false"}


def test_environment_bounds_the_threads_that_torch_computes_with(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COUNTERSIGN_THREADS", "1")
    settings.cache_clear()
    done = subprocess.run(
        [sys.executable, "-c", "import torch; print(torch.get_num_threads())"],
        env={**os.environ, **environment.environment()},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "1"


def test_every_deployment_names_a_flow_that_loads():
    from adapters.in_process_worker import load_flow

    entries = deploying.deployments()
    flows = {f"{load_flow(entry['entrypoint']).name}/{entry['name']}" for entry in entries}
    assert flows == {
        "referral-intake/intake",
        "referral-to-first-session/case",
        "session-to-note-draft/sessions",
        "session-note/note",
        "eligibility-to-claim/claims",
        "claim/claim",
        "between-sessions/follow-up",
        "watch-waits/every-minute",
        "report-waits/on-demand",
        "nightly/nightly",
        "run-alarm/run-alarm",
    }
    assert all(entry["description"] and entry["tags"] for entry in entries)


def test_alarm_watches_every_deployment_but_its_own():
    names = {entry["name"] for entry in deploying.deployments()}
    assert set(deploying.watched_deployments()) == names - {"run-alarm"}


def test_deployed_digest_changes_with_the_locations(home: Path):
    before = deploying.deployed_digest()
    assert deploying.deployed_digest() == before
    make_case_at(ReferralStatus.RISK_REVIEW)
    assert deploying.deployed_digest() != before
