"""The processes that `countersign run` starts: each with a log of its own, restarted when it dies, stopped for good."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from adapters.private_files import write_private
from adapters.processes import name_of, pid_in, provably_alive
from adapters.settings import CHECKOUT, settings

SERVER = "prefect"
POSTGRES = "postgresql"
REDIS = "redis"
STEADY_SECONDS = 10.0
"""A part that has lived this long started well: its next death is taken for an accident, not for its habit."""
MOST_FALSE_STARTS = 5
LONGEST_PAUSE_SECONDS = 30.0
LEFTOVER_SECONDS = 5.0
KEPT_LOG_BYTES = 10_000_000
KEPT_LOGS = 3
"""Older logs kept of each part."""
PR_SET_PDEATHSIG = 1


def logs_folder() -> Path:
    return settings().home / "logs"


def parts_folder() -> Path:
    """Which process each part is now, so that a supervisor finds what a killed one before it left behind."""
    return settings().home / "parts"


@dataclass
class Child:
    """One process in a session of its own, so that Ctrl-C reaches it through us, in order, and only once."""

    name: str
    command: list[str]
    stop_seconds: float = 10.0
    stop_signal: int = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    died_at: float | None = None
    false_starts: int = 0
    """Deaths in a row, each within STEADY_SECONDS of its start."""

    @property
    def log(self) -> Path:
        return logs_folder() / f"{self.name}.log"

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.bound_log()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
        self.started_at, self.died_at = monotonic(), None
        write_private(parts_folder() / self.name, name_of(self.process.pid).encode())

    @property
    def pause(self) -> float:
        """Seconds between its last death and its next start: none after an accident, growing while it cannot start."""
        return 0.0 if self.false_starts < 2 else min(2.0 ** (self.false_starts - 2), LONGEST_PAUSE_SECONDS)

    def bound_log(self) -> None:
        """Keep the log under a size: past it, what is there becomes ``.log.1``, the one before that ``.log.2``.

        The process keeps its open file, which is emptied under it; lines of that very moment may be lost.
        """
        if not self.log.exists() or self.log.stat().st_size <= KEPT_LOG_BYTES:
            return
        for number in range(KEPT_LOGS, 1, -1):
            older = self.log.with_suffix(f".log.{number - 1}")
            if older.exists():
                older.replace(self.log.with_suffix(f".log.{number}"))
        shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
        os.truncate(self.log, 0)

    def restart_if_dead(self) -> bool:
        """Start it again when it died and its pause is over; says whether it did. It is never given up here."""
        if self.alive:
            return False
        now = monotonic()
        if self.died_at is None:
            self.died_at = now
            self.false_starts = self.false_starts + 1 if now - self.started_at < STEADY_SECONDS else 0
        if now - self.died_at < self.pause:
            return False
        self.start()
        return True

    def check_it_can_start(self) -> None:
        """Raises ChildGaveUp when it has died right after its start, again and again."""
        if self.false_starts > MOST_FALSE_STARTS:
            raise ChildGaveUp(f"{self.name} died {self.false_starts} times; the last words are in {self.log}")

    def ask_to_stop(self) -> None:
        if self.alive and self.process is not None:
            self.process.send_signal(self.stop_signal)

    def stop(self) -> None:
        """Wait for it to end, then end its whole group, whatever is left of it."""
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(self.stop_seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        (parts_folder() / self.name).unlink(missing_ok=True)


class ChildGaveUp(Exception):
    """A process that cannot stay alive; the message names it and its log."""


def stop_all(children: list[Child]) -> None:
    """Stop the children together, but the Prefect server after them, because the worker still tells it how its runs
    ended, and what keeps their records last.
    """
    last = (SERVER, POSTGRES, REDIS)
    for names in ({one.name for one in children} - set(last), {SERVER}, {POSTGRES, REDIS}):
        group = [one for one in children if one.name in names]
        for one in group:
            one.ask_to_stop()
        for one in group:
            one.stop()


def end_leftovers() -> list[str]:
    """End the parts that a supervisor which was killed left behind; returns their names.

    They were asked to end when it died; what still lives after a moment is ended for good. That loses nothing: every
    part may be killed at any time.
    """
    left = {path: path.read_text() for path in parts_folder().glob("[!.]*")}
    deadline = monotonic() + LEFTOVER_SECONDS
    living = {path: name for path, name in left.items() if provably_alive(name)}
    ended = sorted(path.name for path in living)
    while living and monotonic() < deadline:
        sleep(0.05)
        living = {path: name for path, name in living.items() if provably_alive(name)}
    for name in living.values():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid_in(name), signal.SIGKILL)
    while any(provably_alive(name) for name in living.values()) and monotonic() < deadline + LEFTOVER_SECONDS:
        sleep(0.05)
    for path in left:
        path.unlink(missing_ok=True)
    return ended


def countersign(*words: str) -> list[str]:
    """The command line that runs one of our own commands in this environment."""
    return [sys.executable, "-m", "cli.app", *words]


def prefect(*words: str) -> list[str]:
    return [sys.executable, "-m", "prefect", *words]


def prefect_server(*options: str) -> list[str]:
    """Prefect's own server, with the log of its web server in our format."""
    return [sys.executable, "-m", "cli.prefect_server", "server", "start", *options]


def _end_with_parent() -> None:
    """Ask Linux to end this process when its parent dies without a word, so that no port stays taken."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
