"""The contract of a session export's index: what each session's cells must say, and what they must say together."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from data_contracts.table_contract import ContractResult, Record, Rule, TableContract, check_table, read_cell
from models.referral_intake import Finding
from models.session_table import COLUMNS, LONGEST_HOURS, OLDEST_DAYS, PAST_COLUMNS, REQUIRED_COLUMNS

Said = TypeVar("Said")

__all__ = ["ContractResult", "Finding", "check_session_table"]

_AFTER = "ended after it started"
_SHORT = "no longer than a session"
_RECENT = "started recently"


def check_session_table(
    table: pd.DataFrame, *, known_locations: Collection[str], docs_dir: Path | None, run_name: str
) -> ContractResult:
    """Every broken rule of the table, by row and field, in row order; see ``table_contract.check_table``.

    A blank ``patient_state`` keeps the contract: what may be done with that session is decided by its jurisdiction.
    Whether patient, clinician and appointment are on record is not asked here.
    """
    contract = TableContract(
        suite="session table",
        row_is="session",
        columns=COLUMNS,
        present=REQUIRED_COLUMNS,
        past=PAST_COLUMNS,
        free_texts=frozenset({"plan_goals"}),
        facts=_facts,
        rules=partial(_rules, known_locations, set(table.columns)),
    )
    return check_table(contract, table, docs_dir=docs_dir, run_name=run_name)


def _facts(records: list[Record], now: datetime) -> dict[str, list[Any]]:
    longest, oldest = timedelta(hours=LONGEST_HOURS), now - timedelta(days=OLDEST_DAYS)
    lasted = [_lasted(record) for record in records]
    started = [_moment(record, "started_at") for record in records]
    return {
        _AFTER: [_yes_or_no(each, lambda it: it > timedelta()) for each in lasted],
        _SHORT: [_yes_or_no(each, lambda it: it <= longest) for each in lasted],
        _RECENT: [_yes_or_no(each, lambda it: it >= oldest) for each in started],
    }


def _yes_or_no(said: Said | None, is_kept: Callable[[Said], bool]) -> str | None:
    """None while a time cannot be read."""
    return None if said is None else "yes" if is_kept(said) else "no"


def _moment(record: Record, name: str) -> datetime | None:
    said = read_cell(COLUMNS, record, name)
    return said if isinstance(said, datetime) else None


def _lasted(record: Record) -> timedelta | None:
    started, ended = _moment(record, "started_at"), _moment(record, "ended_at")
    return ended - started if started and ended else None


def _rules(known_locations: Collection[str], columns: Collection[str], rule: Rule) -> Iterator[Any]:
    in_set, unique = "ExpectColumnValuesToBeInSet", "ExpectColumnValuesToBeUnique"
    once = "session_key must occur only once in the file"
    yield rule(unique, "session_key", "unique", once, column="session_key")
    if "transcript_file" in columns:
        own = "transcript_file must be named by one session only; two sessions cannot share a transcript"
        yield rule(unique, "transcript_file", "unique", own, column="transcript_file")
    known = sorted(known_locations)
    where = f"location_id must be one of {', '.join(known)}"
    yield rule(in_set, "location_id", "known", where, column="location_id", value_set=known)
    after = "ended_at must lie after started_at"
    yield rule(in_set, "ended_at", "after_start", after, column=_AFTER, value_set=["yes"])
    short = f"ended_at must lie at most {LONGEST_HOURS} hours after started_at"
    yield rule(in_set, "ended_at", "not_too_long", short, column=_SHORT, value_set=["yes"])
    recent = f"started_at must lie at most {OLDEST_DAYS} days back"
    yield rule(in_set, "started_at", "recent", recent, column=_RECENT, value_set=["yes"])
