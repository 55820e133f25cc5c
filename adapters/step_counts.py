"""Keeps how often each automated step ran, which fields it read, what it was refused; and gives the totals back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from adapters import operational_store as store
from adapters import therapy_store
from models import step_reads
from models.audit_chain import CHAINS, THERAPY
from models.columns import utc_now
from models.operational import StepReads, StepRuns

BY_ITSELF = ("system", "outbox", "prefect")
"""The actors of what no person did."""
MOVED = "case.moved"


@dataclass
class StepTotals:
    """What one step did in a period: runs, days on which it ran, runs in which it read each field, what was refused."""

    runs: int = 0
    days: int = 0
    fields: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)


def keep() -> int:
    """Add what this process has counted since the last call to the day's counts; returns how many rows that touched.

    What cannot be written now is counted again with the next.
    """
    counted = step_reads.take_counts()
    if not (counted.runs or counted.reads or counted.refused):
        return 0
    try:
        return _add(counted, utc_now().date())
    except BaseException:
        step_reads.put_back(counted)
        raise


def _add(counted: step_reads.Counted, day: date) -> int:
    runs: list[dict[str, Any]] = [
        {"day": day, "step": step, "runs": count} for step, count in sorted(counted.runs.items())
    ]
    reads: list[dict[str, Any]] = [
        {
            "day": day,
            "step": step,
            "field": name,
            "runs": counted.reads.get((step, name), 0),
            "refused": counted.refused.get((step, name), 0),
        }
        for step, name in sorted({*counted.reads, *counted.refused})
    ]
    with store.writing() as db:
        _upsert(db, StepRuns, runs, ("runs",))
        _upsert(db, StepReads, reads, ("runs", "refused"))
    return len(runs) + len(reads)


def _upsert(db: Session, record: type[Any], rows: list[dict[str, Any]], counts: Sequence[str]) -> None:
    """Insert the rows, or add their counts to those that are there."""
    if not rows:
        return
    table = record.__table__
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    added = insert(table)
    statement = added.on_conflict_do_update(
        index_elements=[column.name for column in table.primary_key.columns],
        set_={name: table.c[name] + added.excluded[name] for name in counts},
    )
    db.connection().execute(statement, rows)


def totals(first: date, last: date) -> dict[str, StepTotals]:
    """By step, over the days from first to last, both counted."""
    found: dict[str, StepTotals] = {}
    with store.reading() as db:
        for step, runs, days in db.exec(
            select(StepRuns.step, func.sum(StepRuns.runs), func.count())
            .where(col(StepRuns.day).between(first, last))
            .group_by(StepRuns.step)
        ).all():
            found[step] = StepTotals(int(runs), int(days))
        for step, name, read, refused in db.exec(
            select(StepReads.step, StepReads.field, func.sum(StepReads.runs), func.sum(StepReads.refused))
            .where(col(StepReads.day).between(first, last))
            .group_by(StepReads.step, StepReads.field)
        ).all():
            step_totals = found.setdefault(step, StepTotals())
            if read:
                step_totals.fields[name] = int(read)
            if refused:
                step_totals.refused[name] = int(refused)
    return found


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
        prefix = func.substr(func.coalesce(table.case_number, ""), 1, 3)
        here = sa.and_(table.at >= since, table.at < until, table.actor.in_(BY_ITSELF))
        door: Any = therapy_store if chain is THERAPY else store
        with door.reading() as db:
            connection = db.connection()
            if plain:
                query = sa.select(table.action, prefix, func.count()).where(here, table.action.in_(plain))
                for action, start, count in connection.execute(query.group_by(table.action, prefix)):
                    counts[action, start] = int(count)
            if moved:
                to = table.details["new"].as_string()
                query = sa.select(to, prefix, func.count()).where(here, table.action == MOVED, to.in_(moved))
                for status, start, count in connection.execute(query.group_by(to, prefix)):
                    counts[f"{MOVED}:{status}", start] = int(count)
    return counts
