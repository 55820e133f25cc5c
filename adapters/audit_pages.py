"""Either audit for a person to look into: one page after the other of what was done, and how often nobody did it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters import operational_store, therapy_store
from adapters.audit_search import Wanted, conditions
from models.audit_chain import CHAINS, THERAPY, Chain

PAGE = 100
READS_AT_ONCE = 20_000
BY_ITSELF = ("system", "outbox", "prefect")
"""The actors of what no person did."""
MOVED = "case.moved"


@dataclass(frozen=True)
class Found:
    """One page of the events that fit, newest first, and how many fit on all pages."""

    events: Sequence[sa.Row[Any]]
    how_many: int


def found(chain: Chain, wanted: Wanted, until: int, before: int | None = None) -> Found:
    """What fits up to event ``until``; ``before`` is the id the page before ended with."""
    table = chain.events_table
    with _reading(chain) as db:
        connection = db.connection()
        fitting = conditions(chain, wanted, until, connection.dialect.name)
        query = sa.select(table).where(*fitting)
        if before is not None:
            query = query.where(table.c.id < before)
        events = connection.execute(query.order_by(table.c.id.desc()).limit(PAGE)).all()
        return Found(events, _count(connection, chain, fitting))


def how_many(chain: Chain, wanted: Wanted, until: int) -> int:
    """How many events up to number ``until`` fit."""
    with _reading(chain) as db:
        connection = db.connection()
        return _count(connection, chain, conditions(chain, wanted, until, connection.dialect.name))


def _count(connection: sa.Connection, chain: Chain, fitting: Sequence[sa.ColumnElement[bool]]) -> int:
    query = sa.select(sa.func.count()).select_from(chain.events_table).where(*fitting)
    return int(connection.execute(query).scalar_one())


def reads(
    begin: datetime | None, end: datetime | None, case_numbers: Collection[str] | None, reader: str
) -> Sequence[sa.Row[Any]]:
    """Who read therapy content, newest first and at most ``READS_AT_ONCE``; ``None`` and "" are no limit."""
    table = THERAPY.events_table
    query = sa.select(table).where(table.c.action == therapy_store.READ)
    if begin is not None:
        query = query.where(table.c.at >= begin)
    if end is not None:
        query = query.where(table.c.at < end)
    if case_numbers is not None:
        query = query.where(table.c.case_number.in_(case_numbers))
    if reader:
        query = query.where(table.c.actor == reader.strip())
    with _reading(THERAPY) as db:
        return db.connection().execute(query.order_by(table.c.id.desc()).limit(READS_AT_ONCE)).all()


def events_of(chain: Chain, case_numbers: Collection[str], patient_ids: Collection[str]) -> Sequence[sa.Row[Any]]:
    """Every event of these cases or about these patients, oldest first."""
    table = chain.events_table
    about = (table.c.subject_kind == "patient") & table.c.subject_id.in_(patient_ids)
    query = sa.select(table).where(table.c.case_number.in_(case_numbers) | about).order_by(table.c.id)
    with _reading(chain) as db:
        return db.connection().execute(query).all()


def actions(chain: Chain) -> list[str]:
    """Every action that this audit has met."""
    with _reading(chain) as db:
        return sorted(db.connection().execute(sa.select(chain.events_table.c.action).distinct()).scalars())


def done_by_itself(
    actions: Mapping[str, Sequence[str]], since: datetime, until: datetime
) -> dict[tuple[str, str], int]:
    """How often each action stands in the audit as nobody's own act in [since, until), by action and case prefix.

    ``actions``: to the chain's database, its actions; ``case.moved:sent`` is a move to that status.
    """
    counts: dict[tuple[str, str], int] = {}
    for chain in CHAINS:
        table = chain.events_table.c
        wanted = actions.get(chain.database, ())
        plain = [each for each in wanted if ":" not in each]
        moved = [each.partition(":")[2] for each in wanted if each.startswith(f"{MOVED}:")]
        # grouped by their names: PostgreSQL would take the same expression with other parameters for another
        prefix = sa.func.substr(sa.func.coalesce(table.case_number, ""), 1, 3).label("case_start")
        here = sa.and_(table.at >= since, table.at < until, table.actor.in_(BY_ITSELF))
        with _reading(chain) as db:
            connection = db.connection()
            if plain:
                query = sa.select(table.action, prefix, sa.func.count()).where(here, table.action.in_(plain))
                for action, start, count in connection.execute(query.group_by(table.action, "case_start")):
                    counts[action, start] = int(count)
            if moved:
                to = table.details["new"].as_string()
                query = sa.select(to.label("to_status"), prefix, sa.func.count()).where(
                    here, table.action == MOVED, to.in_(moved)
                )
                for status, start, count in connection.execute(query.group_by("to_status", "case_start")):
                    counts[f"{MOVED}:{status}", start] = int(count)
    return counts


def _reading(chain: Chain) -> Any:
    store: Any = therapy_store if chain is THERAPY else operational_store
    return store.reading()
