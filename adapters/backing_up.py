"""Makes one sealed file of both databases and the folders beside them, while everything runs."""

import hashlib
import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import col, func, select

from adapters import operational_store as store
from adapters.backup_key import active_backup_key
from adapters.backup_records import Part, Sink, put, put_table, tables_of
from adapters.migrating import Database, head_of
from adapters.one_moment import one_moment
from adapters.sealed_stream import sealing
from adapters.settings import settings
from models.columns import new_id, utc_now
from models.errors import BackupRefused
from models.operational import AuditEvent

CONTENT = 1
"""Version of what is inside; the sealed form has its own."""
CHUNK_BYTES = 1 << 18
ANCHORS = "anchors"
"""The folder that says how the audit's chains ended; a restore asks it, and never puts it over what is there."""
ABANDONED_SECONDS = 24 * 3600
"""After so long without a byte nobody writes a backup any more."""
NAME = "countersign-{:%Y%m%dT%H%M%SZ}.backup"


@dataclass(frozen=True)
class BackupMade:
    """What a backup holds: ``bytes`` is the size of the sealed file, ``sha256`` its digest."""

    backup_id: str
    path: Path
    made_at: datetime
    rows: int
    files: int
    bytes: int
    sha256: str
    seconds: float


def folders() -> dict[str, Path]:
    """The folders a backup takes along, in an order in which a file that is moved meanwhile is met again.

    What lies for the clearinghouse to fetch is left out: put back, it would be fetched twice.
    """
    here = settings()
    return {
        "intake": here.intake_folder,
        "sessions": here.sessions_folder,
        "received": here.received_folder,
        "to-fix": here.to_fix_folder,
        "outbox": here.outbox_folder,
        "contract-docs": here.contract_docs_folder,
        "models": here.models_folder,
        "billing": here.billing_folder,
        "clearinghouse-incoming": here.clearinghouse_folder / "incoming",
        "clearinghouse-sent": here.clearinghouse_folder / "sent",
    }


def back_up(path: Path, actor: str = "command line") -> BackupMade:
    """Write a backup; raises BackupRefused or OutsideUnavailable, and leaves nothing under this name then.

    The databases are as they stood at one moment. The folders are read after it: a file that came later is in the
    backup without a row in the databases, and a restore puts it back into the intake folder.
    """
    started, backup_id = time.monotonic(), new_id("BU")
    key = active_backup_key()
    with one_moment() as connections, sealing(path, key, made_at := utc_now()) as out:
        installation = _installation(connections[Database.OPERATIONAL])
        revisions = {database.value: _revision(each) for database, each in connections.items()}
        _be_of_this_program(revisions)
        head = {
            "content": CONTENT,
            "backup_id": backup_id,
            "made_at": made_at.isoformat(),
            "installation": installation,
            "revisions": revisions,
        }
        put(out, Part.HEAD, head)
        taken = {**folders(), ANCHORS: settings().anchors_folder}
        tables = {
            f"{database.value}.{table.name}": put_table(out, database.value, connection, table)
            for database, connection in connections.items()
            for table in tables_of(connection)
        }
        files = {name: digest for folder, where in taken.items() for name, digest in _put_files(out, folder, where)}
        put(out, Part.MANIFEST, {"tables": {name: end._asdict() for name, end in tables.items()}, "files": files})
    rows = sum(end.rows for end in tables.values())
    made = BackupMade(
        backup_id, path, made_at, rows, len(files), out.size, out.digest, round(time.monotonic() - started, 3)
    )
    with store.writing() as db:
        store.audit(
            db,
            actor,
            "backup.made",
            ("backup", backup_id),
            rows=rows,
            files=len(files),
            bytes=made.bytes,
            sha256=made.sha256,
            as_of=made_at.isoformat(),
        )
    return made


def _installation(connection: sa.Connection) -> str:
    found = connection.execute(sa.text("SELECT value FROM practice_setting WHERE name = 'installation_id'")).scalar()
    return str(found or "")


def _revision(connection: sa.Connection) -> str:
    return str(connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one())


def _be_of_this_program(revisions: dict[str, str]) -> None:
    """Refuse what this program could not write its own act into: half a backup is worse than a clear word."""
    for database in Database:
        here, wanted = revisions[database.value], head_of(database)
        if here != wanted:
            raise BackupRefused(
                f"the {database.value} database is of revision {here} and this program of {wanted}: "
                "back up with the program that wrote it, or start this one, which migrates it"
            )


def _put_files(out: Sink, folder: str, where: Path) -> Iterator[tuple[str, str]]:
    """Write every plain file below a folder; yields its name in the backup and its SHA-256."""
    for path in sorted(where.rglob("*")) if where.is_dir() else ():
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:  # moved on since it was listed, or a link
            continue
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            continue
        with os.fdopen(descriptor, "rb") as file:
            name, digest = f"{folder}/{path.relative_to(where).as_posix()}", hashlib.sha256()
            put(out, Part.FILE, {"name": name, "changed": os.fstat(descriptor).st_mtime})
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
                put(out, Part.CHUNK, chunk)
            put(out, Part.FILE_END, {"sha256": digest.hexdigest()})
        yield name, digest.hexdigest()


def back_up_into(folder: Path, keep: int, actor: str = "system") -> BackupMade:
    """Write a backup named by its moment into a folder, then remove the oldest beyond the newest ``keep``."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _clear_unfinished(folder)
    made = back_up(folder / NAME.format(utc_now()), actor)
    kept = sorted(folder.glob("countersign-*Z.backup"), reverse=True)
    for old in kept[max(keep, 1) :]:
        old.unlink()
    return made


def _clear_unfinished(folder: Path) -> None:
    """Remove what killed backups have left; one that is being written now is younger."""
    for unfinished in folder.glob(".countersign-*Z.backup.*.part"):
        with suppress(FileNotFoundError):
            if time.time() - unfinished.stat().st_mtime > ABANDONED_SECONDS:
                unfinished.unlink()


def back_up_by_setting(actor: str = "command line") -> BackupMade:
    """Write a backup into the folder that the settings name; raises BackupRefused when they name none."""
    folder = settings().backup_folder
    if folder is None:
        raise BackupRefused("name a file, or set COUNTERSIGN_BACKUP_FOLDER")
    return back_up_into(folder, settings().backup_keep, actor)


def newest_backup_at() -> datetime | None:
    """When the newest backup was made that this installation knows of; None when there was none."""
    with store.reading() as db:
        return db.exec(select(func.max(AuditEvent.at)).where(col(AuditEvent.action) == "backup.made")).one()
