"""The contract of a referral table: what each referral's cells must say, and what they must say together."""

from collections.abc import Collection, Iterator
from datetime import date, datetime
from functools import partial
from math import nan
from pathlib import Path
from typing import Any

import pandas as pd

from data_contracts.table_contract import ContractResult, Record, Rule, TableContract, cell, check_table, read_cell
from models.referral_intake import Finding
from models.referral_table import (
    COLUMNS,
    CONTACT_COLUMNS,
    ITEM_VALUES,
    MEASURE_COLUMNS,
    PAST_COLUMNS,
    REQUIRED_COLUMNS,
    SELF_PAY_CODE,
)

__all__ = ["ContractResult", "Finding", "check_referral_table"]

OLDEST_AGE_YEARS = 120

_AGE = "age in years"
_WAYS_TO_REACH = "ways to reach the patient"
_COVERAGE_NAMED = "payer or self-pay named"
_CHANNEL_GIVEN = "preferred channel has its contact"


def check_referral_table(
    table: pd.DataFrame, *, known_locations: Collection[str], docs_dir: Path | None, run_name: str
) -> ContractResult:
    """Every broken rule of the table, by row and field, in row order; see ``table_contract.check_table``."""
    contract = TableContract(
        suite="referral table",
        row_is="referral",
        columns=COLUMNS,
        present=(*REQUIRED_COLUMNS, *CONTACT_COLUMNS),
        past=PAST_COLUMNS,
        free_texts=frozenset({"referral_text"}),
        facts=_facts,
        rules=partial(_rules, known_locations),
        value_sets={name: ITEM_VALUES for columns in MEASURE_COLUMNS.values() for name in columns},
    )
    return check_table(contract, table, docs_dir=docs_dir, run_name=run_name)


def _facts(records: list[Record], now: datetime) -> dict[str, list[Any]]:
    return {
        _AGE: [_age_when_received(record) for record in records],
        _WAYS_TO_REACH: [sum(1 for name in CONTACT_COLUMNS if cell(record, name)) for record in records],
        _COVERAGE_NAMED: ["yes" if _names_coverage(record) else "no" for record in records],
        _CHANNEL_GIVEN: ["yes" if _channel_can_be_used(record) else "no" for record in records],
    }


def _age_when_received(record: Record) -> float:
    """Completed years on the day of receipt, -1 for a birth after it; not a number while a date cannot be read."""
    born, received = read_cell(COLUMNS, record, "birth_date"), read_cell(COLUMNS, record, "received_at")
    if not isinstance(born, date) or not isinstance(received, datetime):
        return nan
    day = received.date()
    return float(day.year - born.year - ((day.month, day.day) < (born.month, born.day)))


def _names_coverage(record: Record) -> bool:
    return bool(cell(record, "payer_code")) or read_cell(COLUMNS, record, "self_pay") is True


def _channel_can_be_used(record: Record) -> bool:
    channel = read_cell(COLUMNS, record, "preferred_channel")
    needed = {"email": "email", "sms": "phone", "phone": "phone"}.get(str(channel))
    return needed is None or bool(cell(record, needed))


def _rules(known_locations: Collection[str], rule: Rule) -> Iterator[Any]:
    in_set, between = "ExpectColumnValuesToBeInSet", "ExpectColumnValuesToBeBetween"
    once = "external_id must occur only once in the file"
    yield rule("ExpectColumnValuesToBeUnique", "external_id", "unique", once, column="external_id")
    known = sorted(known_locations)
    where = f"location_id must be one of {', '.join(known)}"
    yield rule(in_set, "location_id", "known", where, column="location_id", value_set=known)
    plausible = f"birth_date must make the patient 0 to {OLDEST_AGE_YEARS} years old on the day of receipt"
    oldest = OLDEST_AGE_YEARS
    yield rule(between, "birth_date", "plausible_age", plausible, column=_AGE, min_value=0, max_value=oldest)
    reach = "email and phone are both empty; at least one is needed to reach the patient"
    yield rule(between, "email", "can_be_reached", reach, column=_WAYS_TO_REACH, min_value=1)
    pays = f"payer_code is empty and self_pay is not yes; name a payer, or write {SELF_PAY_CODE} or self_pay yes"
    yield rule(in_set, "payer_code", "payer_or_self_pay", pays, column=_COVERAGE_NAMED, value_set=["yes"])
    channel = "preferred_channel needs its own contact: email for email, phone for sms or phone"
    yield rule(in_set, "preferred_channel", "contact_given", channel, column=_CHANNEL_GIVEN, value_set=["yes"])
