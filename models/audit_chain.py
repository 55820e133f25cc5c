"""The chained audit: each event carries the SHA-256 of the one before, so that nothing changes unseen.

Events are collected on the session while a transaction works and appended in its last moment, because whoever appends
holds the head of the chain until they commit. Ids are given without gaps, so a missing event is seen by its number.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import SessionTransaction
from sqlmodel import Session

from models.columns import UtcDateTime

VERSION = "1"
"""How a digest is made; it stands before each digest, so that a later way can live beside this one."""

HEAD = "audit"
FIELDS = (
    "id", "at", "actor", "action", "subject_kind", "subject_id", "case_number", "where", "purpose", "details",
)  # fmt: skip
"""What a digest covers, in this order: ``at`` as UTC text to the microsecond, ``details`` as JSON with sorted keys."""

_EVENTS, _CHAIN, _MARKS = "audit_events", "audit_chain", "audit_marks"


@dataclass(frozen=True)
class Chain:
    """One database's audit: its name and its two tables."""

    database: str
    events: str
    head: str

    @cached_property
    def events_table(self) -> sa.TableClause:
        typed: dict[str, Any] = {"id": sa.Integer(), "at": UtcDateTime(), "details": sa.JSON()}
        columns = (*FIELDS, "previous_digest", "digest")
        return sa.table(self.events, *(sa.column(name, typed.get(name, sa.String())) for name in columns))

    @cached_property
    def head_table(self) -> sa.TableClause:
        return sa.table(self.head, sa.column("name"), sa.column("last_id"), sa.column("last_digest"))


OPERATIONAL = Chain("operational", "audit_event", "audit_head")
THERAPY = Chain("therapy", "therapy_audit_event", "therapy_audit_head")
CHAINS = (OPERATIONAL, THERAPY)


def digest_of(chain: Chain, previous: str, facts: Sequence[Any]) -> str:
    """The digest of one event: ``facts`` in the order of FIELDS, ``at`` and ``details`` as the text that is stored.

    The table's name is part of it, so that no event passes for one of the other database. Raises ValueError when the
    details are no JSON.
    """
    *plain, details = facts
    body = orjson.dumps([VERSION, chain.events, previous, *plain, orjson.loads(details)], option=orjson.OPT_SORT_KEYS)
    return f"{VERSION}:{sha256(body).hexdigest()}"


def stored_time(at: datetime) -> str:
    """A moment as both databases give it back as text: ``2026-11-25 16:00:00.000000``, UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def facts_columns(dialect: str) -> list[str]:
    """How each fact of ``digest_of`` is read as the text it was made from, in the order of FIELDS; then two digests."""
    at, details = '"at"', '"details"'
    if dialect == "postgresql":
        at, details = "to_char(\"at\" AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')", "details::text"
    columns = [at if name == "at" else details if name == "details" else f'"{name}"' for name in FIELDS]
    return [*columns, "previous_digest", "digest"]


def facts_sql(chain: Chain, dialect: str) -> str:
    """The SELECT of ``facts_columns``, not yet ordered."""
    return f"SELECT {', '.join(facts_columns(dialect))} FROM {chain.events}"


class AuditedSession(Session):
    """A session that collects audit events, and forgets those of a savepoint that was rolled back."""


@event.listens_for(AuditedSession, "after_transaction_create")
def _mark(db: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        db.info.setdefault(_MARKS, {})[transaction] = len(db.info.get(_EVENTS, ()))


@event.listens_for(AuditedSession, "after_soft_rollback")
def _forget(db: Session, previous: SessionTransaction) -> None:
    if previous.nested and _EVENTS in db.info:
        del db.info[_EVENTS][db.info[_MARKS][previous] :]


def collect(db: Session, chain: Chain, **event_of: Any) -> None:
    """Keep one event for the end of this transaction; ``event_of`` holds every field but the id."""
    if not isinstance(db, AuditedSession):
        raise TypeError("only models.databases.writing() appends to the audit")
    db.info[_CHAIN] = chain
    db.info.setdefault(_EVENTS, []).append(event_of)


def collected(db: Session) -> list[dict[str, Any]]:
    """The events that this transaction will append."""
    return list(db.info.get(_EVENTS, ()))


def append(db: Session) -> int:
    """Append what was collected to the chain, holding its head until the commit; returns how many events.

    Everything else is written first, so that no other lock is waited for while the head is held.
    """
    events = db.info.pop(_EVENTS, None)
    if not events:
        return 0
    db.flush()
    chain: Chain = db.info[_CHAIN]
    head, connection = chain.head_table, db.connection()
    found = connection.execute(
        sa.select(head.c.last_id, head.c.last_digest).where(head.c.name == HEAD).with_for_update()
    ).one_or_none()
    if found is None:
        raise LookupError(f"the {chain.database} database has no head of the audit: run `countersign migrate`")
    last_id, last_digest = found
    rows = []
    for number, facts in enumerate(events, start=last_id + 1):
        spelled = {**facts, "id": number, "at": stored_time(facts["at"]), "details": json.dumps(facts["details"])}
        digest = digest_of(chain, last_digest, [spelled[name] for name in FIELDS])
        rows.append({**facts, "id": number, "previous_digest": last_digest, "digest": digest})
        last_digest = digest
    connection.execute(sa.insert(chain.events_table), rows)
    connection.execute(
        sa.update(head).where(head.c.name == HEAD).values(last_id=rows[-1]["id"], last_digest=last_digest)
    )
    return len(rows)
