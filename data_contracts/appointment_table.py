"""The contract of an appointment history: what each past appointment's cells must say, alone and together."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from data_contracts.table_contract import ContractResult, Record, Rule, TableContract, cell, check_table, read_cell
from models.appointment_table import (
    COLUMNS,
    LONGEST_LEAD,
    OLDEST_YEARS,
    REQUIRED_COLUMNS,
    Places,
    key_of,
    on_the_clock_of,
)
from models.referral_intake import Finding

Said = TypeVar("Said")

__all__ = ["ContractResult", "Finding", "check_appointment_table"]

_TOLD = "{} tells its moment"
_BOOKED_FIRST = "booked before it began"
_SHORT_LEAD = "booked not too long before"
_OVER = "over by now"
_RECENT = "not too long ago"
_WHICH = "which appointment"
_MOMENTS = ("booked_at", "starts_at")


def check_appointment_table(
    table: pd.DataFrame, *, places: Places, docs_dir: Path | None, run_name: str
) -> ContractResult:
    """Every broken rule of the table, by row and field, in row order; see ``table_contract.check_table``.

    Whether a patient is on record is not asked here: a history teaches all the same.
    """
    contract = TableContract(
        suite="appointment table",
        row_is="appointment",
        columns=COLUMNS,
        present=REQUIRED_COLUMNS,
        past=(),
        free_texts=frozenset(),
        facts=partial(_facts, places),
        rules=partial(_rules, places),
    )
    return check_table(contract, table, docs_dir=docs_dir, run_name=run_name)


def _facts(places: Places, records: list[Record], now: datetime) -> dict[str, list[Any]]:
    booked, starts = ([_moment(places, record, name) for record in records] for name in _MOMENTS)
    leads = [start - book if start and book else None for book, start in zip(booked, starts, strict=True)]
    oldest = now - timedelta(days=OLDEST_YEARS * 366)
    return {
        **{
            _TOLD.format(name): [
                _is_told(places, record, name, moment) for record, moment in zip(records, found, strict=True)
            ]
            for name, found in zip(_MOMENTS, (booked, starts), strict=True)
        },
        _BOOKED_FIRST: [_yes_or_no(lead, lambda it: it >= timedelta()) for lead in leads],
        _SHORT_LEAD: [_yes_or_no(lead, lambda it: it <= LONGEST_LEAD) for lead in leads],
        _OVER: [_yes_or_no(start, lambda it: it <= now) for start in starts],
        _RECENT: [_yes_or_no(start, lambda it: it >= oldest) for start in starts],
        _WHICH: [_which(record, start) for record, start in zip(records, starts, strict=True)],
    }


def _moment(places: Places, record: Record, name: str) -> datetime | None:
    said = read_cell(COLUMNS, record, name)
    return on_the_clock_of(said, places.zone_of(cell(record, "location_id"))) if isinstance(said, datetime) else None


def _is_told(places: Places, record: Record, name: str, moment: datetime | None) -> str | None:
    """None while the cell cannot be read at all or the location is not ours, which other rules say."""
    place = cell(record, "location_id")
    if moment is None and (read_cell(COLUMNS, record, name) is None or (place and place not in places.zones)):
        return None
    return "no" if moment is None else "yes"


def _yes_or_no(said: Said | None, is_kept: Callable[[Said], bool]) -> str | None:
    """None while a time cannot be told."""
    return None if said is None else "yes" if is_kept(said) else "no"


def _which(record: Record, starts: datetime | None) -> str | None:
    number = cell(record, "appointment_id")
    return (
        key_of(number, cell(record, "patient_id"), starts) if starts else f"appointments:{number}" if number else None
    )


def _rules(places: Places, rule: Rule) -> Iterator[Any]:
    in_set, unique = "ExpectColumnValuesToBeInSet", "ExpectColumnValuesToBeUnique"
    once = "appointment_id must occur only once in the file; without it, one patient has one appointment at a time"
    yield rule(unique, "appointment_id", "unique", once, column=_WHICH)
    known = sorted(places.zones)
    where = f"location_id must be empty or one of {', '.join(known)}"
    yield rule(in_set, "location_id", "known", where, column="location_id", value_set=known)
    for name in _MOMENTS:
        told = (
            f"{name} has no offset, and it cannot be told from the clock of its location: that is not named or has no"
            " such time on that day, or has it twice; write the offset, such as 2026-03-02T09:15:00-08:00"
        )
        yield rule(in_set, name, "moment_told", told, column=_TOLD.format(name), value_set=["yes"])
    first = "booked_at must not lie after starts_at"
    yield rule(in_set, "booked_at", "before_start", first, column=_BOOKED_FIRST, value_set=["yes"])
    lead = f"booked_at must lie at most {LONGEST_LEAD.days} days before starts_at"
    yield rule(in_set, "booked_at", "not_too_early", lead, column=_SHORT_LEAD, value_set=["yes"])
    over = "starts_at must not lie in the future: a history holds what is over"
    yield rule(in_set, "starts_at", "past", over, column=_OVER, value_set=["yes"])
    recent = f"starts_at must lie at most {OLDEST_YEARS} years back"
    yield rule(in_set, "starts_at", "recent", recent, column=_RECENT, value_set=["yes"])
