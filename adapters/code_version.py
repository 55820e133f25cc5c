"""Which version of the code, templates and weights is deployed here: one digest, so that a proof is of this one."""

import hashlib
from functools import cache
from pathlib import Path

from adapters import risk_versions
from adapters.settings import CHECKOUT

ROOMS = (
    "acts", "adapters", "cli", "data_contracts", "estimates", "flows", "language", "models", "rules", "tasks", "web",
)  # fmt: skip
"""Every room of the checkout; a change of one line is another version."""


def code_version() -> str:
    """The version that runs here now; a practice's own version of the reader is a part of it."""
    return hashlib.sha256(f"{_shipped()}{risk_versions.pointed_at()}".encode()).hexdigest()[:16]


@cache
def _shipped() -> str:
    """Read once by each process, when it first asks: a process runs what it was started from."""
    files = [path for room in ROOMS for path in (CHECKOUT / room).rglob("*.py")]
    files += [path for path in (CHECKOUT / "templates").rglob("*") if path.is_file()]
    files += (CHECKOUT / "language" / "weights").rglob("manifest.json")
    whole = hashlib.sha256()
    for path in sorted(files):
        whole.update(f"{path.relative_to(CHECKOUT)}:{_digest(path)}\n".encode())
    return whole.hexdigest()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
