"""Either audit for a person to look into: one page after the other of what was done, and how often nobody did it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters import operational_store, therapy_store
from models.audit_chain import CHAINS, THERAPY, Chain

PAGE = 100
BY_ITSELF = ("system", "outbox", "prefect")
"""The actors of what no person did."""
MOVED = "case.moved"


@dataclass(frozen=True)
class Wanted:
    """Which events; what is empty is no limit. ``actor``: how it begins; ``begin`` ≤ time < ``end``, UTC."""

    case: str = ""
    actor: str = ""
    action: str = ""
    begin: datetime | None = None
    end: datetime | None = None


def events(chain: Chain, wanted: Wanted, before: int | None = None) -> Sequence[sa.Row[Any]]:
    """One page, newest first; ``before`` is the id the page before ended with."""
    table = chain.events_table
    query = sa.select(table)
    if wanted.case:
        query = query.where(table.c.case_number == wanted.case.strip().upper())
    if wanted.actor:
        query = query.where(table.c.actor.startswith(wanted.actor.strip(), autoescape=True))
    if wanted.action:
        query = query.where(table.c.action == wanted.action)
    if wanted.begin is not None:
        query = query.where(table.c.at >= wanted.begin)
    if wanted.end is not None:
        query = query.where(table.c.at < wanted.end)
    if before is not None:
        query = query.where(table.c.id < before)
    with _reading(chain) as db:
        return db.connection().execute(query.order_by(table.c.id.desc()).limit(PAGE)).all()


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
