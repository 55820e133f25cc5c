"""Keeps how often each automated step ran, which fields it read, what it was refused; and gives the totals back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from adapters import operational_store as store
from models import step_reads
from models.columns import utc_now
from models.operational import StepReads, StepRuns


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
