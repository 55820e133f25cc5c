"""The anchors of the audit: a file outside the databases that says, day by day, how each chain ended.

Whoever cuts the end off a chain, rewrites it or puts an older copy of a database back is found by them, as long as the
file is out of their reach: docs/operations.md says how to ship it.
"""

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from filelock import FileLock

from adapters.settings import settings
from models.audit_chain import CHAINS, HEAD, Chain
from models.columns import utc_now


@dataclass(frozen=True)
class Anchor:
    """How one chain ended at one moment; ``date`` is UTC."""

    date: str
    at: str
    database: str
    last_id: int
    last_digest: str


class BrokenAnchor(ValueError):
    """A line of an anchor file cannot be read."""

    def __init__(self, file: Path, line: int) -> None:
        super().__init__(f"line {line} of {file.name} is no anchor")
        self.line = line


def file_of(chain: Chain, folder: Path | None = None) -> Path:
    return (folder or settings().anchors_folder) / f"{chain.database}.jsonl"


def write_anchors(now: datetime | None = None) -> list[Anchor]:
    """Anchor both chains as they end now; returns what was written. The same end on the same day is written once."""
    moment = now or utc_now()
    return [anchor for chain in CHAINS if (anchor := _anchor(chain, moment)) is not None]


def _anchor(chain: Chain, now: datetime) -> Anchor | None:
    last_id, last_digest = read_head(chain)
    anchor = Anchor(now.date().isoformat(), now.isoformat(), chain.database, last_id, last_digest)
    file = file_of(chain)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(file.with_suffix(".lock"), timeout=30, mode=0o600):
        latest = last_anchor(chain)
        if latest is not None and (latest.date, latest.last_id, latest.last_digest) == (
            anchor.date,
            last_id,
            last_digest,
        ):
            return None
        _append(file, json.dumps(asdict(anchor)))
    return anchor


def read_head(chain: Chain) -> tuple[int, str]:
    """The id and digest of the newest event; raises LookupError when the chain has no head."""
    head = chain.head_table
    engine = sa.create_engine(url_of(chain), hide_parameters=True, poolclass=sa.NullPool)
    with engine.connect() as connection:
        found = connection.execute(sa.select(head.c.last_id, head.c.last_digest).where(head.c.name == HEAD)).first()
    if found is None:
        raise LookupError(f"the {chain.database} audit has no head")
    return int(found[0]), str(found[1])


def url_of(chain: Chain) -> str:
    here = settings()
    return here.operational_database if chain.database == "operational" else here.therapy_database


def read_anchors(chain: Chain, folder: Path | None = None) -> list[Anchor]:
    """Every anchor of a chain, oldest first; raises BrokenAnchor for a line that is none."""
    file = file_of(chain, folder)
    if not file.exists():
        return []
    found = []
    for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            anchor = Anchor(**json.loads(line))
            found.append(Anchor(anchor.date, anchor.at, anchor.database, int(anchor.last_id), str(anchor.last_digest)))
        except (ValueError, TypeError):
            raise BrokenAnchor(file, number) from None
    return found


def last_anchor(chain: Chain, folder: Path | None = None) -> Anchor | None:
    """The newest anchor of a chain, if there is any that can be read."""
    try:
        return next(reversed(read_anchors(chain, folder)), None)
    except BrokenAnchor:
        return None


def _append(file: Path, line: str) -> None:
    """Add one line and see it on the disk; a half line that a crash left stays by itself."""
    fresh = not file.exists()
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(handle).st_size
        torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        os.write(handle, (("\n" if torn else "") + line + "\n").encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    if fresh:
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
