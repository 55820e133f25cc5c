"""Is the process that wrote its name into the database still alive?

A lease runs out in the end, whoever held it. But a process of this very machine that is provably dead need not be
waited for. The proof: its number belongs to nobody now, or to a process that started at another time. Names from
another machine, another boot or another container prove nothing here, so their leases run out by the clock.
"""

import os
import socket
from functools import cache
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

START_FIELD = 19
"""Place of the start time (clock ticks since boot) among the fields of /proc/PID/stat that follow the name."""
ENDED = frozenset("ZX")


def name_of(pid: int) -> str:
    """A name for this process that no other one ever has: random part, place, process id, start time."""
    return f"{uuid4()}/{_here()}/{pid}/{_started(pid) or ''}"


@cache
def _own(pid: int) -> str:
    return name_of(pid)


def own_name() -> str:
    """The name under which this process holds its leases."""
    return _own(os.getpid())


def provably_dead(name: str) -> bool:
    """True only when the process of this name was of this machine and boot, and lives no more."""
    return _lives(name) is False


def provably_alive(name: str) -> bool:
    """True only when the process that has this number here and now is the one that has this name."""
    return _lives(name) is True


def _lives(name: str) -> bool | None:
    """None where nothing can be proved."""
    parts = name.split("/")
    if len(parts) != 4 or not parts[1] or parts[1] != _here() or not parts[2].isdecimal() or not parts[3]:
        return None
    pid = int(parts[2])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return None  # somebody has this number, and we may not look who
    started = _started(pid)
    return None if started is None else started == parts[3]


def pid_in(name: str) -> int:
    """The process id in a name."""
    return int(name.split("/")[2])


def _started(pid: int) -> str | None:
    """When this process started, in ticks since boot; "ended" for one that only waits to be buried, None if hidden."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return "ended" if fields[0] in ENDED else fields[START_FIELD]


@cache
def _here() -> str:
    """This boot of this machine, as seen from this process's own space of process ids; "" where it cannot be told."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        numbers = os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
    return sha256(f"{boot} {numbers} {socket.gethostname()}".encode()).hexdigest()[:16]
