"""The processes that `countersign run` starts: each with a log of its own, restarted when it dies, stopped for good."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from adapters.settings import CHECKOUT, settings

SERVER = "prefect"
MOST_RESTARTS = 5
RESTART_WINDOW_SECONDS = 600.0
KEPT_LOG_BYTES = 10_000_000
PR_SET_PDEATHSIG = 1


def logs_folder() -> Path:
    return settings().home / "logs"


@dataclass
class Child:
    """One process in a session of its own, so that Ctrl-C reaches it through us, in order, and only once."""

    name: str
    command: list[str]
    stop_seconds: float = 10.0
    process: subprocess.Popen[bytes] | None = None
    restarts: deque[float] = field(default_factory=deque)

    @property
    def log(self) -> Path:
        return logs_folder() / f"{self.name}.log"

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.log.exists() and self.log.stat().st_size > KEPT_LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
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

    def restart_if_dead(self) -> bool:
        """Start it again when it died, each time after a longer pause; says whether it did.

        Raises ChildGaveUp when it dies again and again.
        """
        if self.alive:
            return False
        now = monotonic()
        while self.restarts and now - self.restarts[0] > RESTART_WINDOW_SECONDS:
            self.restarts.popleft()
        if len(self.restarts) >= MOST_RESTARTS:
            raise ChildGaveUp(f"{self.name} died {MOST_RESTARTS + 1} times; the last words are in {self.log}")
        if self.restarts and now - self.restarts[-1] < 2 ** len(self.restarts):
            return False
        self.restarts.append(now)
        self.start()
        return True

    def ask_to_stop(self) -> None:
        if self.alive and self.process is not None:
            self.process.terminate()

    def stop(self) -> None:
        """Wait for it to end, then end its whole group, whatever is left of it."""
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(self.stop_seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class ChildGaveUp(Exception):
    """A process that cannot stay alive; the message names it and its log."""


def stop_all(children: list[Child]) -> None:
    """Stop the children together, but the Prefect server last: the worker still tells it how its runs ended."""
    for group in ([one for one in children if one.name != SERVER], [one for one in children if one.name == SERVER]):
        for one in group:
            one.ask_to_stop()
        for one in group:
            one.stop()


def countersign(*words: str) -> list[str]:
    """The command line that runs one of our own commands in this environment."""
    return [sys.executable, "-m", "cli.app", *words]


def prefect(*words: str) -> list[str]:
    return [sys.executable, "-m", "prefect", *words]


def _end_with_parent() -> None:
    """Ask Linux to end this process when its parent dies without a word, so that no port stays taken."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
