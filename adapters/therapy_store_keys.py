"""Work on all data keys at once: seal what lies open, wrap anew under another master key, destroy for good."""

import json
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from adapters import keyring, therapy_store
from adapters import operational_store as store
from adapters import therapy_store_seals as seals
from adapters.settings import settings
from models.columns import utc_now
from models.errors import KeyMissing
from models.operational import Staff
from models.therapy import CaseKey, ContentKey, ContentSeal, content_fields
from models.therapy_text import TherapyText

BATCH = 200
SECRETS: tuple[tuple[type[Any], str, str], ...] = ((Staff, "totp_secret", "totp"), (Staff, "totp_pending", "totp"))
"""Sealed secrets of the operational database: record, field, purpose."""


# -- content that was written before there were seals


def sealed_mark() -> Path:
    """A file beside the keys: from its making on, content that lies open in the database is refused, not sealed."""
    return settings().keys_folder / "content-sealed"


def seal_what_lies_open() -> int:
    """Seal every content field that was stored before there were seals; returns how many records that were.

    Safe to kill and to call again. What SQLite still holds of the open text in freed pages and in its log is wiped
    before the mark is set.
    """
    if sealed_mark().exists():
        return 0
    count = sum(_seal_table(record_type) for record_type in therapy_store.ALL_CONTENT)
    if count:
        wipe_freed_pages()
    settings().keys_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    sealed_mark().touch(mode=0o600)
    return count


def _seal_table(record_type: type[Any]) -> int:
    done = 0
    while batch := _seal_batch(record_type):
        done += batch
    return done


def _seal_batch(record_type: type[Any]) -> int:
    """Seal the next records of one table that have a content field without an entry in the ledger."""
    [key] = record_type.__table__.primary_key.columns
    with therapy_store.writing() as db:
        open_ones = sa.or_(
            *(
                sa.and_(record_type.__table__.c[name].is_not(None), ~_has_seal(record_type, key, name))
                for name in content_fields(record_type)
            )
        )
        records = db.exec(select(record_type).where(open_ones).order_by(key).limit(BATCH)).all()
        for record in records:
            known = {
                seal.field
                for seal in db.exec(
                    select(ContentSeal).where(
                        ContentSeal.record_table == record_type.__tablename__,
                        ContentSeal.record_id == getattr(record, key.name),
                    )
                ).all()
            }
            for name in content_fields(record_type):
                value = getattr(record, name)
                if value is not None and name not in known:
                    setattr(record, name, TherapyText(value.sealed_form))
            if isinstance(record, therapy_store.SealedFlag):
                flag_key = json.loads(record.facts.unwrap())["key"]
                record.unique_key = seals.key_of_case(db, record.case_number).mark(flag_key)
            db.add(record)
        if records:
            db.flush()
            what = str(record_type.__tablename__)
            therapy_store.audit(db, "system", "content.sealed_at_rest", what, "", None, count=len(records))
        return len(records)


def _has_seal(record_type: type[Any], key: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    return (
        sa.select(col(ContentSeal.version))
        .where(
            col(ContentSeal.record_table) == record_type.__tablename__,
            col(ContentSeal.record_id) == key,
            col(ContentSeal.field) == name,
        )
        .exists()
    )


def wipe_freed_pages() -> None:
    """Rewrite the therapy database without what was deleted or replaced in it; needs a moment without readers.

    On PostgreSQL, freed rows are cleared; what its write-ahead log and its own backups hold is the operator's to end.
    """
    engine = therapy_store.engine_for(settings().therapy_database)
    with engine.connect() as connection:
        alone = connection.execution_options(isolation_level="AUTOCOMMIT")
        if engine.dialect.name == "sqlite":
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            raw.execute("VACUUM")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            alone.execute(sa.text("VACUUM"))


# -- another master key


@dataclass(frozen=True)
class Rotation:
    """What one rotation did: the master key now active, what was moved to it, which old keys are still known."""

    active: str
    data_keys: int
    secrets: int
    dropped: tuple[str, ...]
    still_known: tuple[str, ...]


def rotate_master_key(actor: str, *, drop_old: bool = False) -> Rotation:
    """Make a new master key (where keys live in our file), wrap every data key anew, seal every secret anew.

    The system may run meanwhile: readers know both keys. After a kill, the next call goes on under the key that is
    active already. ``drop_old`` takes keys that nothing needs any more out of the file; a backup made
    before needs them.
    """
    if keyring.source() == keyring.KeySource.FILE and not _left_to_move():
        keyring.add_master_key()
    active = keyring.active_master_key().id
    data_keys = sum(_wrap_batches(active))
    moved = sum(_reseal_secrets(*each) for each in SECRETS)
    with therapy_store.writing() as db:
        therapy_store.audit(
            db, actor, "keys.rotated", "master_key", active, None, "rotate-keys", data_keys=data_keys, secrets=moved
        )
    with store.writing() as db:
        store.audit(db, actor, "keys.rotated", ("master_key", active), data_keys=data_keys, secrets=moved)
    dropped = _drop_unused(actor) if drop_old else []
    known = tuple(key.id for key in keyring.master_keys()[1:])
    return Rotation(active, data_keys, moved, tuple(dropped), known)


def _left_to_move() -> bool:
    """Whether an earlier rotation was cut off: something is still under another key than the active one."""
    return bool(used_master_keys() - {keyring.active_master_key().id})


def used_master_keys() -> set[str]:
    """The ids of the master keys that some data key or secret is under."""
    with therapy_store.reading() as db:
        used = set(db.exec(select(ContentKey.master_key_id).where(ContentKey.wrapped != "").distinct()).all())
    with store.reading() as db:
        return used | _secret_keys(db)


def _secret_keys(db: Session) -> set[str]:
    sealed = [value for kind, name, _ in SECRETS for value in db.exec(select(getattr(kind, name))).all()]
    return {value.split(".")[1] for value in sealed if value and keyring.is_sealed(value)}


def _wrap_batches(active: str) -> Iterator[int]:
    """Wrap data keys anew, some per transaction, until none is under an old master key."""
    while True:
        with therapy_store.writing() as db:
            keys = db.exec(
                select(ContentKey)
                .where(ContentKey.wrapped != "", ContentKey.master_key_id != active)
                .order_by(ContentKey.id)
                .limit(BATCH)
                .with_for_update()
            ).all()
            for key in keys:
                secret = keyring.unwrap_data_key(key.id, key.owner_id, key.master_key_id, key.wrapped)
                key.master_key_id, key.wrapped = keyring.wrap_data_key(key.id, key.owner_id, secret)
                db.add(key)
        if not keys:
            return
        yield len(keys)


def _reseal_secrets(kind: type[Any], name: str, purpose: str) -> int:
    moved = 0
    with store.reading() as db:
        ids = db.exec(select(kind.id).where(getattr(kind, name) != "")).all()
    for each in ids:
        with store.writing() as db:
            record = db.get(kind, each, with_for_update=True)
            sealed = getattr(record, name) if record is not None else ""
            if not sealed or not keyring.is_sealed(sealed):
                continue
            anew = keyring.resealed(purpose, each, sealed)
            if anew != sealed:
                setattr(record, name, anew)
                db.add(record)
                moved += 1
    return moved


def _drop_unused(actor: str) -> list[str]:
    """Take the old master keys that nothing is under out of the file, while nobody can wrap under one."""
    if keyring.source() != keyring.KeySource.FILE:
        raise KeyMissing(f"the master keys come from {keyring.source().value}: take the old one out there")
    # operational first, like everything that holds both
    with store.writing() as others, therapy_store.writing() as db:
        _hold(db, "content_key")
        _hold(others, "staff")
        used = set(db.exec(select(ContentKey.master_key_id).where(ContentKey.wrapped != "")).all())
        used |= _secret_keys(others)
        unused = [key.id for key in keyring.master_keys()[1:] if key.id not in used]
        therapy_store.audit(db, actor, "keys.dropped", "master_key", "", None, "rotate-keys", dropped=unused)
        return keyring.drop_master_keys(unused)


def _hold(db: Session, table: str) -> None:
    """Wait for those who write to this table and keep others from it; SQLite's writer is alone anyway."""
    if db.get_bind().dialect.name == "postgresql":
        db.connection().execute(sa.text(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"))


# -- destroying


def forgotten_list() -> Path:
    """Which keys were destroyed, outside the databases: a backup that is put back does not bring them back."""
    return settings().keys_folder / "forgotten"


def note_forgetting(owner_ids: Collection[str]) -> None:
    """Write these owners down as forgotten, on the disk before any key is destroyed."""
    known = set(forgotten_owners())
    lines = [
        json.dumps({"owner": owner, "at": utc_now().isoformat()}) + "\n" for owner in sorted(set(owner_ids) - known)
    ]
    settings().keys_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(forgotten_list(), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "a") as file:
        file.write("".join(lines))
        file.flush()
        os.fsync(file.fileno())


def forgotten_owners() -> list[str]:
    """The owners whose keys were destroyed; a last line that a crash cut off counts as not written."""
    try:
        lines = forgotten_list().read_text().splitlines()
    except FileNotFoundError:
        return []
    owners = []
    for number, line in enumerate(lines, start=1):
        try:
            owners.append(str(json.loads(line)["owner"]))
        except ValueError:
            if number != len(lines):
                raise KeyMissing(f"keys/forgotten: line {number} cannot be read") from None
    return owners


def destroy_keys(owner_ids: Collection[str], actor: str, where: str) -> int:
    """Destroy the data keys of these owners; returns how many still stood. Their content can never be read again."""
    note_forgetting(owner_ids)
    return _destroy(owner_ids, actor, where)


def _destroy(owner_ids: Collection[str], actor: str, where: str) -> int:
    with therapy_store.writing() as db:
        keys: Sequence[ContentKey] = db.exec(
            select(ContentKey)
            .where(col(ContentKey.owner_id).in_(owner_ids), ContentKey.wrapped != "")
            .with_for_update()
        ).all()
        for key in keys:
            key.wrapped, key.destroyed_at = "", utc_now()
            db.add(key)
            therapy_store.audit(db, actor, "key.destroyed", "content_key", key.id, None, where, owner=key.owner_id)
    if keys:
        wipe_freed_pages()
    return len(keys)


def reapply_forgettings() -> int:
    """Destroy again what a restored database still holds of the forgotten; returns how many keys that were."""
    owners = forgotten_owners()
    return _destroy(owners, "system", "restore") if owners else 0


def cases_under_keys_of(owner_ids: Collection[str]) -> list[str]:
    """The cases whose content is sealed with a key of one of these owners."""
    with therapy_store.reading() as db:
        found = db.exec(
            select(CaseKey.case_number)
            .join(ContentKey, col(ContentKey.id) == col(CaseKey.key_id))
            .where(col(ContentKey.owner_id).in_(owner_ids))
        ).all()
    return sorted(found)
