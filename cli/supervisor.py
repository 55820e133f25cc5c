"""Starts everything with one command, shows what is waiting for whom, keeps it running, and stops it cleanly."""

import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import Any
from uuid import uuid4

import httpx
from filelock import FileLock, Timeout
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from adapters import audit_anchors, file_drop, private_postgres, private_redis
from adapters.held_places import not_held
from adapters.log_lines import log_of
from adapters.migrating import migrate_all
from adapters.monitoring import RESTARTED
from adapters.operational_store import audit, reading, writing
from adapters.sample_care import seed_sample_care
from adapters.sample_claims import seed_sample_billing
from adapters.sample_practice import seed_sample_practice
from adapters.sample_sessions import seed_sample_sessions
from adapters.settings import CHECKOUT, settings
from cli import environment, greeting
from cli.children import (
    MOST_FALSE_STARTS,
    POSTGRES,
    REDIS,
    SERVER,
    Child,
    ChildGaveUp,
    countersign,
    end_leftovers,
    logs_folder,
    prefect_server,
    stop_all,
)
from cli.environment import LOOPBACK
from models.codes import ApprovalStatus, CaseOwner, NoteStatus
from models.columns import utc_now
from models.errors import CountersignError
from models.governance_codes import Workflow
from models.operational import Approval, IntakeFile, Referral, SessionNote
from models.transitions import NOTE_OWNERS, REFERRAL_OWNERS

log = log_of(__name__)

SAMPLES = CHECKOUT / "samples" / "referrals"
SAMPLE_SESSIONS = CHECKOUT / "samples" / "sessions"
START_SECONDS = 180.0
SETTLE_SECONDS = 300.0
WATCH_SECONDS = 0.2
DEPLOY_ATTEMPTS = 5
DEPLOY_PAUSE_SECONDS = 3.0
WAITED_FOR: tuple[tuple[type[Referral] | type[SessionNote], Workflow, Mapping[Any, CaseOwner]], ...] = (
    (Referral, Workflow.REFERRAL, REFERRAL_OWNERS),
    (SessionNote, Workflow.NOTES, NOTE_OWNERS),
)
"""The cases that a start waits for, their workflow, and whose turn each of their statuses is."""


class CannotStart(CountersignError):
    """Something on this machine is in the way; the message says what, and how to go round it."""


class _Stopped(Exception):
    """Somebody pressed Ctrl-C or sent SIGTERM."""


def run(console: Console, *, on_postgres: bool = False) -> None:
    """Start everything and stay until Ctrl-C; raises CannotStart or ChildGaveUp.

    ``on_postgres`` makes a PostgreSQL server of this installation's own at the first run, and a Redis where one is
    installed, unless the settings name others; from then on every run of this home uses them.
    """
    started = float(os.environ.get("COUNTERSIGN_STARTED", "0")) or time.time()
    settings().make_folders()
    logs_folder().mkdir(exist_ok=True, mode=0o700)
    settings().prefect_sign_in_words()  # made at the first run; only then can the environment hold it
    settings().metrics_token()  # for the monitor to find, before it asks
    with _only_one(), _stop_on_signals():
        for name in end_leftovers():
            console.print(f"{name} was left behind by a run that was killed, and was ended.")
        if on_postgres:
            _choose_postgres()
            _choose_redis(console)
        environment.enter()
        check_ports()
        children: list[Child] = []
        try:
            if settings().private_postgres_file.exists():
                _start_postgres(console, children)
            if settings().private_redis_file.exists() and not settings().redis_url:
                _start_redis(console, children)
            _start(console, children, started)
            _stay(console, children)
        except _Stopped:
            console.print("\nStopping …")
        finally:
            stop_all([one for one in children if one.name != POSTGRES])
            note_audit_ends(console)  # while there is still a database to read them from
            stop_all([one for one in children if one.name == POSTGRES])
    console.print("Stopped. `make run` goes on where it was.")


def _start(console: Console, children: list[Child], started: float) -> None:
    with console.status("Bringing both databases up to date"):
        migrate_all()
        if settings().samples and seed_sample_practice():
            console.print("A sample practice was seeded: 3 locations, 12 clinicians, 8 other staff, all invented.")
    for child in parts():
        children.append(child)
        child.start()
    with console.status("Starting the Prefect server, the worker, the desk and the portal"):
        wait_until(
            lambda: _healthy(f"{settings().prefect_api_url}/health"),
            [one for one in children if one.name in (SERVER, POSTGRES, REDIS)],
        )
        # Only now: this imports Prefect, which takes its settings from the environment as it is then.
        from cli import deploying

        deploying.deploy()
        wait_until(lambda: _healthy(f"{settings().desk_url}/healthz"), children)
        wait_until(lambda: _healthy(f"{settings().portal_url}/healthz"), children)
    dropped = drop_samples() if settings().samples else 0
    if dropped:
        console.print(f"{dropped} sample files were dropped into the intake folder.")
    if settings().samples and drop_sample_sessions():
        console.print("A sample export of 8 sessions was dropped into the sessions folder.")
    if settings().samples and seed_sample_billing():
        console.print("Six notes that the sample's clinicians signed before are on their way to claims.")
    if settings().samples and seed_sample_care():
        from tasks.calendars import extend_series  # imports Prefect, like the deploying above

        extend_series(utc_now().date())  # the first night has begun without them
        console.print("Four of its patients are in care: recurring appointments, check-ins, one on the waitlist.")
    if any(each.is_file() for each in settings().intake_folder.rglob("*")):
        trigger_intake()
    first_case = _show_cases_arriving(console, children, started)
    greeting.show(console, took=time.time() - started, first_case=first_case if dropped else None)


def note_audit_ends(console: Console) -> None:
    """Anchor both audits as they end; what cannot be noted is said, and stopping goes on."""
    try:
        audit_anchors.write_anchors()
    except (SQLAlchemyError, CountersignError, LookupError, OSError) as trouble:
        console.print(f"The ends of the audit could not be noted ({type(trouble).__name__}).")


def _choose_postgres() -> None:
    """Make this home's own PostgreSQL, unless all three databases are named; raises CannotStart."""
    here = settings()
    named = [here.operational_url, here.therapy_url, here.prefect_database_url]
    if all(url.startswith("postgresql") for url in named):
        return
    if any(named):
        raise CannotStart(
            "Either all of COUNTERSIGN_OPERATIONAL_URL, COUNTERSIGN_THERAPY_URL and COUNTERSIGN_PREFECT_DATABASE_URL "
            "name PostgreSQL databases, or none is set and this installation makes a server of its own."
        )
    if (here.home / "operational.db").exists() and not here.private_postgres_file.exists():
        raise CannotStart(
            f"{here.home} holds SQLite databases, whose cases would be missing on PostgreSQL. "
            "Set COUNTERSIGN_HOME to another folder."
        )
    try:
        private_postgres.make()
    except private_postgres.NoPostgres as trouble:
        raise CannotStart(str(trouble)) from None


def _start_postgres(console: Console, children: list[Child]) -> None:
    server = Child(POSTGRES, private_postgres.command(), stop_seconds=30.0, stop_signal=signal.SIGINT)
    children.append(server)
    server.start()
    with console.status("Starting PostgreSQL"):
        wait_until(private_postgres.answers, children)
        private_postgres.make_databases()


def _choose_redis(console: Console) -> None:
    """Make this home's own Redis for the messages of Prefect's server, unless one is named or none is installed."""
    if settings().redis_url:
        return
    if private_redis.is_installed():
        private_redis.make()
        return
    if settings().private_redis_file.exists():
        raise CannotStart("The Redis of this home is not installed any more (Debian: apt-get install redis-server).")
    console.print(
        "No redis-server is installed: the messages of Prefect's server stay in its memory, which serves one server. "
        "For several: apt-get install redis-server, or name one with COUNTERSIGN_REDIS_URL."
    )


def _start_redis(console: Console, children: list[Child]) -> None:
    server = Child(REDIS, private_redis.command())
    children.append(server)
    server.start()
    with console.status("Starting Redis"):
        wait_until(private_redis.answers, [server])


def parts() -> list[Child]:
    """The processes of an installation, in the order they start."""
    port = str(settings().prefect_port)
    return [
        Child(SERVER, prefect_server("--host", LOOPBACK, "--port", port)),
        Child("worker", countersign("worker"), stop_seconds=30.0),
        Child("desk", countersign("desk")),
        Child("portal", countersign("portal")),
    ]


def _stay(console: Console, children: list[Child]) -> None:
    """Restart what dies until somebody stops us; a part that cannot stay alive is tried again for ever, ever slower."""
    while True:
        time.sleep(WATCH_SECONDS)
        for child in children:
            child.bound_log()
            if child.restart_if_dead():
                _tell_of_restart(console, child)
                _note_restart(child)
                if child.name == SERVER:
                    threading.Thread(target=_deploy_again, args=(console,), daemon=True).start()


def _tell_of_restart(console: Console, child: Child) -> None:
    console.print(f"{child.name} died and was started again; its last words are in {child.log}")
    if child.false_starts > MOST_FALSE_STARTS:
        console.print(
            f"{child.name} has died {child.false_starts} times in a row right after its start: a person must look. "
            f"It is tried again every {child.pause:.0f} s."
        )


def _deploy_again(console: Console) -> None:
    """A server that came back with another database knows no deployment; nothing would ever start there again."""
    from cli import deploying

    for _ in range(DEPLOY_ATTEMPTS):
        if not _answers_within(f"{settings().prefect_api_url}/health", START_SECONDS):
            break
        try:
            if deploying.deploy():
                console.print("The Prefect server came back without our deployments; they were made again.")
            return
        except (CountersignError, OSError, RuntimeError):
            time.sleep(DEPLOY_PAUSE_SECONDS)
    console.print("The deployments on the Prefect server could not be checked: stop everything and start it again.")


def _answers_within(url: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not _healthy(url):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def _note_restart(child: Child) -> None:
    """Into the audit, where the monitor counts it; a database that is the cause of it must not stop us."""
    try:
        with writing() as db:
            audit(db, "supervisor", RESTARTED, ("process", child.name))
    except (SQLAlchemyError, CountersignError) as trouble:
        log.error("a restart was not noted", part=child.name, error=trouble)


@contextmanager
def _only_one() -> Iterator[None]:
    """Refuse to run twice on one home; the lock goes with the process, however it ends."""
    pid_file = settings().home / "running-process"
    lock = FileLock(settings().home / "running.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        pid = pid_file.read_text() if pid_file.exists() else "unknown"
        raise CannotStart(
            f"Countersign already runs on {settings().home} (process {pid}). "
            "Stop that one first, or set COUNTERSIGN_HOME to another folder."
        ) from None
    try:
        pid_file.write_text(str(os.getpid()))
        yield
    finally:
        pid_file.unlink(missing_ok=True)
        lock.release()


@contextmanager
def _stop_on_signals() -> Iterator[None]:
    """The first Ctrl-C, SIGTERM or closed terminal stops everything in order; later ones do not disturb that."""
    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(_number: int, _frame: FrameType | None) -> None:
        for each in wanted:
            signal.signal(each, signal.SIG_IGN)
        raise _Stopped

    before = {each: signal.signal(each, stop) for each in wanted}
    try:
        yield
    finally:
        for each, reaction in before.items():
            signal.signal(each, reaction)


def check_ports() -> None:
    """Raises CannotStart naming each port that somebody else has, and the setting that changes it."""
    here = settings()
    wanted = {"PREFECT": here.prefect_port, "DESK": here.desk_port, "PORTAL": here.portal_port}
    if here.private_postgres_file.exists():
        wanted["POSTGRES"] = here.postgres_port
    if here.private_redis_file.exists() and not here.redis_url:
        wanted["REDIS"] = here.redis_port
    taken = [(name, port) for name, port in wanted.items() if not _free(port)]
    if taken:
        words = "; ".join(f"port {port} is taken, choose another with COUNTERSIGN_{name}_PORT" for name, port in taken)
        raise CannotStart(words)


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def wait_until(ready: Callable[[], bool], children: list[Child], seconds: float = START_SECONDS) -> None:
    """Wait for a part to answer; raises ChildGaveUp when a process dies meanwhile or nothing answers in time."""
    deadline = time.monotonic() + seconds
    while not ready():
        for child in children:
            child.restart_if_dead()
            child.check_it_can_start()
        if time.monotonic() > deadline:
            raise ChildGaveUp(f"no answer after {seconds:.0f} s; the logs are in {logs_folder()}")
        time.sleep(0.2)


def _healthy(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2.0).status_code == 200
    except httpx.HTTPError:
        return False


def drop_samples() -> int:
    """Copy the sample referrals into the intake folder, each content once ever; returns how many were new."""
    with reading() as db:
        known = set(db.exec(select(IntakeFile.digest)).all())
    files = [path for path in sorted(SAMPLES.rglob("*")) if path.suffix in (".csv", ".json")]
    new = [path for path in files if sha256(path.read_bytes()).hexdigest() not in known]
    for path in new:
        drop(path)
    return len(new)


def drop_sample_sessions() -> int:
    """Copy the sample session export into the sessions folder once ever, its index last; returns how many files."""
    if not seed_sample_sessions():
        return 0
    files = sorted(SAMPLE_SESSIONS.iterdir(), key=lambda path: (path.suffix == ".csv", path.name))
    for path in files:
        drop(path, settings().sessions_folder)
    return len(files)


def drop(path: Path, folder: Path | None = None) -> Path:
    """Copy one file into the intake folder, whole or not at all, and over no other file that waits there."""
    folder = folder or settings().intake_folder
    half = folder / f".{uuid4().hex}.part"
    shutil.copyfile(path, half)
    half.chmod(0o600)
    return file_drop.free_name(folder, file_drop.takeable_name(path.name), half)


def trigger_intake() -> None:
    """Ask Prefect to run the intake now; raises OutsideUnavailable when it cannot be asked."""
    from adapters import prefect_runs
    from cli.deploying import INTAKE

    key = uuid4().hex
    prefect_runs.blocking(
        prefect_runs.start_run(INTAKE, {"location": "all"}, name=f"intake {key[:8]}", idempotency_key=key)
    )


def _show_cases_arriving(console: Console, children: list[Child], started: float) -> float | None:
    """Show the cases reaching their waits; returns seconds from the start to the first open sign-off, if any."""
    first: float | None = None
    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=console
    )
    deadline = time.monotonic() + SETTLE_SECONDS
    with bar:
        shown = bar.add_task("Cases at their wait", total=None)
        while time.monotonic() < deadline:
            for child in children:
                child.restart_if_dead()
            total, settled, signable, files_open = progress()
            if signable and first is None:
                first = time.time() - started
            bar.update(shown, total=total or None, completed=settled)
            if not files_open and settled == total:
                return first
            time.sleep(0.2)
    console.print("Some cases are still on their way; `countersign status` shows them.")
    return first


def _drafted_and_not_opened() -> SelectOfScalar[int]:
    """Counts the notes whose batch is done and whose own run has not opened the sign-off yet: nobody sees them."""
    opened = select(Approval.case_number).where(Approval.status == ApprovalStatus.OPEN)
    return (
        select(func.count())
        .select_from(SessionNote)
        .where(
            SessionNote.status == NoteStatus.NOTE_SIGNATURE,
            not_held(Workflow.NOTES, SessionNote.location_id),
            col(SessionNote.case_number).not_in(opened),
        )
    )


def progress() -> tuple[int, int, int, int]:
    """Referrals and sessions in all, those that wait or are closed, open sign-offs, files still being taken in."""
    waiting_files = sum(1 for each in settings().intake_folder.rglob("*") if each.is_file())
    # a transcript of a refused row stays in its folder; an index does not
    waiting_files += sum(1 for each in settings().sessions_folder.rglob("*.csv") if each.is_file())
    with reading() as db:
        total = moving = 0
        for record, workflow, owners in WAITED_FOR:
            of_system = [status for status, owner in owners.items() if owner == CaseOwner.SYSTEM]
            every = select(func.count()).select_from(record)
            total += db.exec(every).one()
            # where a workflow is held, its cases stay where they are: nobody is to wait for them
            moves = every.where(col(record.status).in_(of_system), not_held(workflow, record.location_id))
            moving += db.exec(moves).one()
        moving += db.exec(_drafted_and_not_opened()).one()
        signable = db.exec(
            select(func.count()).select_from(Approval).where(Approval.status == ApprovalStatus.OPEN)
        ).one()
        unfinished = db.exec(
            select(func.count()).select_from(IntakeFile).where(col(IntakeFile.finished_at).is_(None))
        ).one()
    return total, total - moving, signable, waiting_files + unfinished
