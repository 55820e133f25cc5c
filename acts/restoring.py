"""Puts a backup into an empty place, proves that all of it is there, makes it ready to go on."""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import sqlalchemy as sa

from acts import forgetting, restored_claims
from adapters import audit_anchors, audit_chain, keyring, migrating
from adapters import operational_store as store
from adapters.audit_anchors import Anchor
from adapters.audit_chain import FaultKind
from adapters.backing_up import ANCHORS, CONTENT, folders
from adapters.backup_key import backup_keys
from adapters.backup_records import (
    Part,
    TableShape,
    Told,
    load_rows,
    records,
    set_sequences,
    tables_of,
    told,
)
from adapters.empty_place import connected, empty_place
from adapters.migrating import Database, url_of
from adapters.private_files import write_private
from adapters.sealed_stream import opened
from adapters.settings import settings
from models.audit_chain import CHAINS
from models.errors import BackupRefused

STAGING = ".restoring"
TOLD = (FaultKind.CUT_TAIL, FaultKind.SEAL_DIFFERS)
"""What is told and no reason to refuse the rest."""
HEADS = ("audit_head", "therapy_audit_head")


@dataclass(frozen=True)
class Restored:
    """What was put back; ``as_of`` is the moment of the backup: whatever happened later is lost.

    ``findings`` are things a person should look at, in words with ids only.
    """

    backup_id: str
    as_of: datetime
    rows: int
    files: int
    open_cases: int
    findings: tuple[str, ...]
    seconds: float


@dataclass
class _Read:
    """What has been read of a backup so far."""

    head: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, Told] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


def restore(path: Path, actor: str = "command line") -> Restored:
    """Put a backup into this installation, which must be empty; raises BackupRefused, and leaves nothing then.

    The rows go in at the revision they were written at, are counted and digested where they lie, then migrated.
    """
    started = time.monotonic()
    keys = backup_keys()
    with empty_place():
        staging = settings().home / STAGING
        shutil.rmtree(staging, ignore_errors=True)
        try:
            read = _load(path, records(opened(path, keys)), staging)
            for database in Database:
                migrating.migrate(database, url_of(database), restoring=True)
            ends, lost = _prove_audit(staging)
            rows = sum(end.rows for end in read.tables.values())
            as_of = datetime.fromisoformat(read.head["made_at"])
            open_cases, findings = _make_ready(read, staging)
            findings = [*lost, *findings]
            _audit(actor, read, rows=rows, open_cases=open_cases, findings=len(findings))
            _put_in_place(staging)
            _keep_anchors(staging, read.head["backup_id"], ends)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    seconds = round(time.monotonic() - started, 3)
    return Restored(read.head["backup_id"], as_of, rows, len(read.files), open_cases, tuple(findings), seconds)


def _load(path: Path, stream: Iterator[tuple[Part, bytes]], staging: Path) -> _Read:
    """Load every record in order, then compare what lies in the databases with the manifest."""
    read = _Read()
    part, body = next(stream, (None, b""))
    if part != Part.HEAD:
        raise BackupRefused(f"{path} does not begin as a backup does")
    read.head = orjson.loads(body)
    if read.head["content"] != CONTENT:
        raise BackupRefused(f"{path} holds content of version {read.head['content']}; this program reads {CONTENT}")
    for database in Database:
        revision = read.head["revisions"][database.value]
        if not migrating.knows(database, revision):
            raise BackupRefused(f"{path} is of revision {revision}, which this program does not know: use a newer one")
        migrating.migrate(database, url_of(database), to=revision, restoring=True)
    shapes = {database: _shapes(database) for database in Database}
    manifest: dict[str, Any] | None = None
    for part, body in stream:
        if manifest is not None:
            raise BackupRefused(f"{path}: something follows the manifest")
        if part == Part.TABLE:
            _load_table(path, orjson.loads(body), stream, shapes, read)
        elif part == Part.FILE:
            _load_file(path, orjson.loads(body), stream, staging, read)
        elif part == Part.MANIFEST:
            manifest = orjson.loads(body)
        else:
            raise BackupRefused(f"{path}: a record of kind {part.value} stands where none belongs")
    if manifest is None:
        raise BackupRefused(f"{path} has no manifest")
    _prove(path, manifest, read, shapes)
    return read


def _shapes(database: Database) -> dict[str, TableShape]:
    with connected(database) as connection:
        return {table.name: table for table in tables_of(connection)}


def _load_table(
    path: Path,
    said: dict[str, Any],
    stream: Iterator[tuple[Part, bytes]],
    shapes: dict[Database, dict[str, TableShape]],
    read: _Read,
) -> None:
    database, name = Database(said["database"]), str(said["table"])
    table = shapes[database].get(name)
    if table is None or [list(column) for column in table.columns] != said["columns"]:
        raise BackupRefused(f"{path}: the table {name} of the {database.value} database has another shape here")
    rows = 0
    with connected(database) as connection:
        if name not in HEADS and connection.execute(sa.select(table.described).limit(1)).first():
            connection.execute(sa.delete(table.described))  # what a migration has put there
        for part, body in stream:
            if part == Part.TABLE_END:
                break
            if part != Part.ROWS:
                raise BackupRefused(f"{path}: a record of kind {part.value} stands in the table {name}")
            if name in HEADS:
                rows += _load_head(connection, table, body)
            else:
                rows += load_rows(connection, table, body)
        else:
            raise BackupRefused(f"{path} ends in the table {name}")
        set_sequences(connection, [table])
    end = Told(**orjson.loads(body))
    if rows != end.rows:
        raise BackupRefused(f"{path}: the table {name} has {rows} rows, not {end.rows}")
    read.tables[f"{database.value}.{name}"] = end


def _load_head(connection: sa.Connection, table: TableShape, lines: bytes) -> int:
    """The head of the audit's chain may stand there already, made by a migration, and it only moves forward."""
    rows = [orjson.loads(line) for line in lines.split(b"\n")]
    head = table.described
    for row in rows:
        values = dict(zip((name for name, _ in table.columns), row, strict=True))
        there = connection.execute(sa.select(head).where(head.c.name == values["name"])).mappings().first()
        if there is None:
            connection.execute(sa.insert(head).values(values))
        elif dict(there) != values:
            connection.execute(sa.update(head).where(head.c.name == values["name"]).values(values))
    return len(rows)


def _load_file(
    path: Path, said: dict[str, Any], stream: Iterator[tuple[Part, bytes]], staging: Path, read: _Read
) -> None:
    """Write one file of a folder beside its place; raises BackupRefused for a name that would leave the place."""
    name = str(said["name"])
    folder, _, inside = name.partition("/")
    if folder not in (*folders(), ANCHORS) or not inside or ".." in Path(inside).parts or Path(inside).is_absolute():
        raise BackupRefused(f"{path} holds a file whose name leads elsewhere")
    target = staging / folder / inside
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest = hashlib.sha256()
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        end = _write_chunks(file, stream, digest)
        file.flush()
        os.fsync(file.fileno())
    if end is None or end["sha256"] != digest.hexdigest():
        raise BackupRefused(f"{path}: a file of the folder {folder} is not what it was")
    os.utime(target, (said["changed"], said["changed"]))
    read.files[name] = digest.hexdigest()


def _write_chunks(file: BinaryIO, stream: Iterator[tuple[Part, bytes]], digest: Any) -> dict[str, Any] | None:
    for part, body in stream:
        if part == Part.FILE_END:
            return dict(orjson.loads(body))
        if part != Part.CHUNK:
            return None
        digest.update(body)
        file.write(body)
    return None


def _prove(path: Path, manifest: dict[str, Any], read: _Read, shapes: dict[Database, dict[str, TableShape]]) -> None:
    """Read every table back from where it was put, and compare counts and digests with the manifest."""
    if manifest["files"] != read.files:
        raise BackupRefused(f"{path}: its manifest names other files than it holds")
    if set(manifest["tables"]) != {f"{database.value}.{name}" for database in Database for name in shapes[database]}:
        raise BackupRefused(f"{path}: its manifest names other tables than it holds")
    for database in Database:
        with connected(database) as connection:
            for name, table in shapes[database].items():
                want, found = Told(**manifest["tables"][f"{database.value}.{name}"]), told(connection, table)
                if found != want:
                    raise BackupRefused(
                        f"the table {name} of the {database.value} database holds {found.rows} rows that are not the "
                        f"{want.rows} of the backup"
                    )


def _prove_audit(staging: Path) -> tuple[dict[str, int], list[str]]:
    """Recompute both chains; compare them with their heads, the anchors of this place, and those in the backup.

    Raises BackupRefused when anything of them is not what was written. Anchors of this place that are newer than the
    backup say what is lost; so does sealed content that is not what the audit says. Returns the last event of each
    chain, and what is lost in words.
    """
    ends: dict[str, int] = {}
    lost = []
    for folder in (settings().anchors_folder, staging / ANCHORS):
        for verdict in audit_chain.verify(folder):
            wrong = [fault for fault in verdict.faults if fault.kind not in TOLD]
            if wrong:
                raise BackupRefused(f"the audit in the backup does not verify: {wrong[0]}")
            ends[verdict.database] = verdict.last_id
            if folder != settings().anchors_folder:
                continue
            lost += [str(fault) for fault in verdict.faults if fault.kind == FaultKind.SEAL_DIFFERS]
            newest = max((fault.event_id or 0 for fault in verdict.faults), default=0)
            if newest:
                lost.append(
                    f"{newest - verdict.last_id} events of the {verdict.database} audit came after the backup and are "
                    f"lost: it ended at event {newest}, and ends at {verdict.last_id} now"
                )
    return ends, lost


def _keep_anchors(staging: Path, backup_id: str, ends: dict[str, int]) -> None:
    """Go on with the anchors of this place, or else those of the backup.

    Anchors of events that are lost would contradict what is written from now on; they are kept in a file of their own.
    """
    for chain in CHAINS:
        own = audit_anchors.file_of(chain)
        known = audit_anchors.read_anchors(chain) or audit_anchors.read_anchors(chain, staging / ANCHORS)
        end = ends[chain.database]
        stands = [anchor for anchor in known if anchor.last_id <= end]
        if gone := [anchor for anchor in known if anchor.last_id > end]:
            write_private(own.with_name(f"{chain.database}.lost-by-{backup_id}"), _spelled(gone))
        write_private(own, _spelled(stands))
    audit_anchors.write_anchors()


def _spelled(anchors: list[Anchor]) -> bytes:
    return "".join(f"{json.dumps(asdict(anchor))}\n" for anchor in anchors).encode()


def _make_ready(read: _Read, staging: Path) -> tuple[int, list[str]]:
    """Give what was restored to a system that starts anew; returns the open cases, and what a person should look at."""
    again = forgetting.reapply()  # first: their master key may be gone for good, and is not needed
    _must_have_the_keys()
    with connected(Database.OPERATIONAL) as connection:
        open_cases = _forget_runs(connection)
        received = {
            digest: done for digest, done in connection.execute(sa.text("SELECT digest, finished_at FROM intake_file"))
        }
    left = {path.name for path in (staging / "clearinghouse-sent").glob("*")}
    findings = [*_take_again(received, staging), *_pieces_that_miss(), *restored_claims.hold_back(left)]
    if again:
        findings.append(f"{again} data keys that were destroyed after the backup are destroyed again")
    return open_cases, findings


def _must_have_the_keys() -> None:
    """Open every data key; raises KeyMissing or SealBroken, because content without its master key is no content."""
    with connected(Database.THERAPY) as connection:
        wrapped = sa.text("SELECT id, owner_id, master_key_id, wrapped FROM content_key WHERE wrapped <> ''")
        for row in connection.execute(wrapped):
            keyring.unwrap_data_key(*row)
    with connected(Database.OPERATIONAL) as connection:
        for secret in connection.execute(sa.text("SELECT totp_secret FROM staff")).scalars():
            if keyring.is_sealed(secret):
                keyring.master_key(secret.split(".")[1])


def _forget_runs(connection: sa.Connection) -> int:
    """Prefect starts empty, so each open case gets a new run; whoever was signed in signs in again."""
    for table in ("run_claim", "worker_beat"):
        connection.execute(sa.text(f"DELETE FROM {table}"))
    connection.execute(sa.text("UPDATE staff_login SET revoked = true WHERE NOT revoked"))
    # a generation of its own: a Prefect that is still there must not answer with the run of before
    open_cases = 0
    for record in store.CASES:
        table = record.__tablename__
        forgotten = sa.text(
            f"UPDATE {table} SET run_id = NULL, wake_wanted = false, wake_tried_at = NULL, "
            "run_generation = run_generation + 1 WHERE closed_at IS NULL AND run_id IS NOT NULL"
        )
        connection.execute(forgotten)
        open_cases += connection.execute(sa.text(f"SELECT count(*) FROM {table} WHERE closed_at IS NULL")).scalar_one()
    return open_cases


def _take_again(received: dict[str, Any], staging: Path) -> list[str]:
    """A received file the databases do not know came after their moment: back into the folder it was taken from."""
    known = {digest[:32]: finished for digest, finished in received.items()}
    findings, there = [], set()
    for path in sorted((staging / "received").glob("*")) if (staging / "received").is_dir() else ():
        there.add(path.stem)
        if path.stem not in known:
            target = staging / ("clearinghouse-incoming" if _is_x12(path) else "intake") / path.name
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.rename(target)
            findings.append(f"file {path.stem[:16]} was received after the backup's moment: it is taken in again")
    for dropped_into in ("intake", "sessions", "clearinghouse-incoming"):
        waiting = (staging / dropped_into).rglob("*") if (staging / dropped_into).is_dir() else ()
        there |= {hashlib.sha256(path.read_bytes()).hexdigest()[:32] for path in waiting if path.is_file()}
    missing = [digest for digest, finished in known.items() if finished is None and digest not in there]
    return [*findings, *(f"file {digest[:16]} was not yet taken in and is gone: drop it again" for digest in missing)]


def _is_x12(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(64).lstrip().startswith(b"ISA")


PIECES = (
    ("SELECT id FROM approval WHERE status = 'open'", "SELECT approval_id FROM sign_off_content", "sign-off"),
    ("SELECT id FROM decision", "SELECT decision_id FROM decision_words", "decision"),
    ("SELECT content_id FROM quarantined_row WHERE status = 'open'", "SELECT id FROM quarantined_content", "content"),
    (
        "SELECT content_id FROM claim WHERE content_id <> '' AND closed_at IS NULL",
        "SELECT id FROM claim_content",
        "claim",
    ),
)
"""What the operational database names, where the therapy database has it, what to call it."""


def _pieces_that_miss() -> list[str]:
    """What the operational database names and the therapy database lacks."""
    findings = []
    with connected(Database.OPERATIONAL) as operational, connected(Database.THERAPY) as therapy:
        for named, kept, kind in PIECES:
            there = set(therapy.execute(sa.text(kept)).scalars())
            gone = sorted(set(operational.execute(sa.text(named)).scalars()) - there)
            findings += [f"{kind} {key} has no content in the therapy database" for key in gone]
    return findings


def _audit(actor: str, read: _Read, **figures: Any) -> None:
    with store.writing() as db:
        store.audit(
            db,
            actor,
            "restore.done",
            ("backup", read.head["backup_id"]),
            as_of=read.head["made_at"],
            files=len(read.files),
            **figures,
        )


def _put_in_place(staging: Path) -> None:
    """Move the files into their folders; again after a crash does no harm."""
    for name, folder in folders().items():
        source = staging / name
        for path in sorted(source.rglob("*")) if source.is_dir() else ():
            if path.is_file():
                target = folder / path.relative_to(source)
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                os.replace(path, target)
