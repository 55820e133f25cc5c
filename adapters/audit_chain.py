"""Does the audit still say what was written? Recomputes both chains and compares them with their heads and anchors.

One event is in memory at a time, whatever their number (of sealed fields: a line for each); the databases may be in use
meanwhile.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain as joined
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from adapters import therapy_store_check
from adapters.audit_anchors import Anchor, BrokenAnchor, read_anchors, url_of
from models.audit_chain import CHAINS, FIELDS, HEAD, THERAPY, Chain, digest_of, facts_sql
from models.audit_guards import missing_guards
from models.databases import open_engine

FETCHED_AT_ONCE = 2000
NAMED_AT_MOST = 1000
"""Faults that are named one by one; a chain that was rewritten whole has as many as it has events."""
SUSPECTS = 200
"""Changed events that are tried at each other's place, to tell a swap from a change."""


class FaultKind(StrEnum):
    """What is wrong, in the words of the report."""

    CHANGED = "changed"
    MOVED = "moved"
    BROKEN_LINK = "broken_link"
    MISSING = "missing"
    CUT_TAIL = "cut_tail"
    HEAD_DIFFERS = "head_differs"
    NO_HEAD = "no_head"
    ANCHOR_DIFFERS = "anchor_differs"
    ANCHOR_UNREADABLE = "anchor_unreadable"
    UNGUARDED = "unguarded"
    SEAL_DIFFERS = "seal_differs"
    COUNT_DIFFERS = "count_differs"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: in which database, at which event, what."""

    database: str
    kind: FaultKind
    event_id: int | None
    words: str

    def __str__(self) -> str:
        at = f" event {self.event_id}" if self.event_id is not None else ""
        return f"{self.database}{at}: {self.words}"


@dataclass(frozen=True)
class Verdict:
    """What a verification of one chain found; ``fault_count`` counts also what is not named in ``faults``.

    ``part_of``: the events were picked out of so many; None for a chain, or a stretch of one.
    """

    database: str
    events: int
    last_id: int
    last_digest: str
    anchors: int
    faults: list[Fault]
    fault_count: int
    part_of: int | None = None


@dataclass
class _Found:
    """The faults of one chain, the first of them by name."""

    database: str
    named: list[Fault] = field(default_factory=list)
    count: int = 0

    def add(self, kind: FaultKind, event_id: int | None, words: str) -> None:
        self.count += 1
        if len(self.named) < NAMED_AT_MOST:
            self.named.append(Fault(self.database, kind, event_id, words))


def verify_all(anchors: Path | None = None) -> list[Fault]:
    """Every fault of both audits, none when nothing was touched; ``anchors`` is another folder of anchors."""
    return [fault for verdict in verify(anchors) for fault in verdict.faults]


def verify(anchors: Path | None = None, chains: Sequence[Chain] = CHAINS) -> list[Verdict]:
    """Recompute the chains of this installation."""
    return [verify_chain(chain, url_of(chain), anchors) for chain in chains]


def _begun(chain: Chain, anchors: Path | None) -> tuple[_Found, list[Anchor]]:
    """No fault yet, and the anchors to hold the chain against; none where they cannot be read, which is a fault."""
    found = _Found(chain.database)
    try:
        return found, read_anchors(chain, anchors)
    except BrokenAnchor as trouble:
        found.add(FaultKind.ANCHOR_UNREADABLE, None, str(trouble))
        return found, []


def verify_chain(chain: Chain, url: str, anchors: Path | None = None) -> Verdict:
    """Recompute one chain; everything is read in one snapshot of the database.

    In the therapy database what was sealed is compared with what the audit says of it, too.
    """
    found, known = _begun(chain, anchors)
    engine = open_engine(url)
    try:
        with snapshot(engine) as connection:
            for name in missing_guards(connection, chain):
                found.add(FaultKind.UNGUARDED, None, f"the trigger {name} is gone")
            head = connection.execute(
                sa.select(chain.head_table.c.last_id, chain.head_table.c.last_digest).where(
                    chain.head_table.c.name == HEAD
                )
            ).first()
            count, last_id, last_digest = _walk(chain, rows_of(connection, chain), known, found)
            if chain == THERAPY:
                for words in therapy_store_check.differences(connection):
                    found.add(FaultKind.SEAL_DIFFERS, None, words)
    finally:
        engine.dispose()
    _compare_head(found, None if head is None else (head[0], head[1]), last_id, last_digest)
    _compare_tail(found, known, last_id)
    return Verdict(chain.database, count, last_id, last_digest, len(known), found.named, found.count)


def verify_rows(chain: Chain, rows: Iterator[Sequence[Any]], anchors: Path | None, *, from_the_start: bool) -> Verdict:
    """Recompute rows of ``rows_of`` that were taken out of the database: an export. No head is known then, so a cut
    tail is seen by the anchors alone, and only of an export that begins at the start."""
    found, known = _begun(chain, anchors)
    first = next(rows, None)
    before = (0, "") if from_the_start or first is None else (int(first[0]) - 1, str(first[-2]))
    all_rows = rows if first is None else joined([first], rows)
    count, last_id, last_digest = _walk(chain, all_rows, known, found, before)
    if from_the_start:
        _compare_tail(found, known, last_id)
    return Verdict(chain.database, count, last_id, last_digest, len(known), found.named, found.count)


def verify_picked(
    chain: Chain, rows: Iterator[Sequence[Any]], anchors: Path | None, *, said: int, part_of: int
) -> Verdict:
    """Recompute events that a search picked out of a chain of ``part_of``: each by its own digest, its link where its
    neighbour is there too, its anchor where one names it; and that there are as many as were ``said``.

    An event that was left out and not counted is seen by the whole chain alone.
    """
    found, known = _begun(chain, anchors)
    count, last_id, last_digest = _walk(chain, rows, known, found, picked=True)
    if count != said:
        found.add(FaultKind.COUNT_DIFFERS, None, f"the export says {said} events, {count} are in it")
    return Verdict(chain.database, count, last_id, last_digest, len(known), found.named, found.count, part_of)


def _compare_tail(found: _Found, known: Sequence[Anchor], last_id: int) -> None:
    for anchor in known:
        if anchor.last_id > last_id:
            found.add(
                FaultKind.CUT_TAIL,
                anchor.last_id,
                f"the chain ends at event {last_id}, but event {anchor.last_id} was anchored on {anchor.date}",
            )


def snapshot(engine: sa.Engine) -> sa.Connection:
    """A connection that sees one state of the database, however long the reading takes."""
    if engine.dialect.name == "sqlite":
        return engine.connect()
    return engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def rows_of(connection: sa.Connection, chain: Chain) -> Iterator[Sequence[Any]]:
    """The stored facts of each event in the order of ids, two digests behind them, some thousand at a time."""
    raw: Any = connection.connection.dbapi_connection
    sql = f"{facts_sql(chain, connection.dialect.name)} ORDER BY id"
    if connection.dialect.name == "sqlite":
        cursor = raw.cursor()
    else:
        cursor = raw.cursor(name="countersign_audit")
        cursor.itersize = FETCHED_AT_ONCE
    try:
        cursor.execute(sql)
        while rows := cursor.fetchmany(FETCHED_AT_ONCE):
            yield from rows
    finally:
        cursor.close()


def _walk(
    chain: Chain,
    rows: Iterator[Sequence[Any]],
    anchors: Sequence[Anchor],
    found: _Found,
    before: tuple[int, str] = (0, ""),
    *,
    picked: bool = False,
) -> tuple[int, int, str]:
    """Recompute event after event; returns how many there are, and the id and digest of the last.

    ``before``: the id and digest of the event before the first, where rows are a part of the chain. ``picked``: events
    were picked out, so that numbers between them are not missing; they must rise all the same.
    """
    anchored: dict[int, list[Anchor]] = {}
    for anchor in anchors:
        anchored.setdefault(anchor.last_id, []).append(anchor)
    suspects: list[Sequence[Any]] = []
    count, (last_id, last_digest), whole = 0, before, True
    for row in rows:
        count += 1
        number, previous, digest = row[0], row[-2], row[-1]
        last_whole, whole = whole, _recomputed(chain, previous, row[:-2]) == digest
        if picked and number > last_id + 1:
            pass
        elif number != last_id + 1:
            gone = f"event {last_id + 1} is" if number == last_id + 2 else f"events {last_id + 1} to {number - 1} are"
            found.add(FaultKind.MISSING, last_id + 1, f"{gone} missing")
        elif previous != last_digest and whole and last_whole:
            found.add(FaultKind.BROKEN_LINK, number, f"event {number} does not follow on event {last_id} as it is now")
        if not whole and len(suspects) < SUSPECTS:
            suspects.append(row)
        elif not whole:
            _changed(found, number)
        for anchor in anchored.get(number, ()):
            if anchor.last_digest != digest:
                found.add(FaultKind.ANCHOR_DIFFERS, number, f"event {number} is not what was anchored on {anchor.date}")
        last_id, last_digest = number, digest
    _tell_swapped(chain, suspects, found)
    return count, last_id, last_digest


def _recomputed(chain: Chain, previous: Any, facts: Sequence[Any]) -> str:
    """The digest these facts have, or an empty text when they are no facts at all."""
    try:
        return digest_of(chain, previous, facts)
    except (ValueError, TypeError):
        return ""


def _changed(found: _Found, number: int) -> None:
    found.add(FaultKind.CHANGED, number, f"event {number} is not what was written")


def _tell_swapped(chain: Chain, suspects: Sequence[Sequence[Any]], found: _Found) -> None:
    """Say of each changed event whether it is another one's content, or simply not what was written."""
    for row in suspects:
        own = next((other[0] for other in suspects if other is not row and _stood_at(chain, row, other)), None)
        if own is None:
            _changed(found, row[0])
        else:
            found.add(FaultKind.MOVED, row[0], f"event {own} stands where event {row[0]} was written")


def _stood_at(chain: Chain, row: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether this row's content is right at the other's number: with its own links, or with the other's."""
    facts = [other[0], *row[1 : len(FIELDS)]]
    return any(_recomputed(chain, links[-2], facts) == links[-1] for links in (row, other))


def _compare_head(found: _Found, head: tuple[int, str] | None, last_id: int, last_digest: str) -> None:
    if head is None:
        found.add(FaultKind.NO_HEAD, None, "the head of the chain is gone")
    elif head[0] > last_id:
        found.add(FaultKind.CUT_TAIL, head[0], f"the chain ends at event {last_id}, its head names event {head[0]}")
    elif head[0] < last_id:
        found.add(FaultKind.HEAD_DIFFERS, head[0], f"the head names event {head[0]}, but event {last_id} was written")
    elif head[1] != last_digest:
        found.add(FaultKind.HEAD_DIFFERS, head[0], f"the head holds another digest than event {last_id}")
