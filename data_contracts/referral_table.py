"""The contract of a referral table: which rows may come in, and what the sender must correct in the others.

Great Expectations checks it and writes the outcome as Data Docs, static pages that an analyst opens in a
browser. The pages and the results hold rule names, counts and row numbers; never a value, and the referral's
text is not even handed over (only its length is).
"""

import fcntl
import os
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from shutil import rmtree
from threading import Lock
from typing import Any

import pandas as pd

from models.columns import utc_now
from models.errors import ContractBroken
from models.referral_intake import Finding
from models.referral_table import (
    COLUMN_NAMES,
    COLUMNS,
    CONTACT_COLUMNS,
    ITEM_VALUES,
    LATEST,
    MEASURE_COLUMNS,
    PAST_COLUMNS,
    REQUIRED_COLUMNS,
    ROW_COLUMN,
    SELF_PAY_CODE,
    SURPLUS_COLUMN,
    Column,
)

__all__ = ["ContractResult", "Finding", "check_referral_table"]

# Read by Great Expectations when it is first imported, which happens inside the check: the import takes
# seconds.
os.environ["GX_ANALYTICS_ENABLED"] = "false"

SUITE = "referral table"
OLDEST_AGE_YEARS = 120
# The index page re-reads every kept result, so an unbounded history would slow each intake down.
KEPT_RUNS = 200

_AGE = "age in years"
_WAYS_TO_REACH = "ways to reach the patient"
_COVERAGE_NAMED = "payer or self-pay named"
_CHANNEL_GIVEN = "preferred channel has its contact"
_TEXT_LENGTH = "referral_text length"
_ITEMS = tuple(name for columns in MEASURE_COLUMNS.values() for name in columns)
# Great Expectations keeps one current project per process, so checks take turns.
_one_at_a_time = Lock()


@dataclass(frozen=True)
class ContractResult:
    """``docs_index`` is the start page of the Data Docs, ``docs_page`` this run's; None without docs."""

    findings: tuple[Finding, ...]
    checked_rows: int
    docs_index: Path | None
    expectation_count: int
    docs_page: Path | None = None


def check_referral_table(
    table: pd.DataFrame, *, known_locations: Collection[str], docs_dir: Path | None, run_name: str
) -> ContractResult:
    """Every broken rule of the table, by row and field, in row order.

    ``table`` is what the reader of the file gives: ``row``, ``surplus_cells`` and string columns.
    ``run_name`` must be opaque (an intake's number): it becomes a heading of the Data Docs. Results of
    earlier runs are kept beside ``docs_dir`` (in ``<docs_dir>-results``) and stay on its index. Safe to run
    twice at once, in threads or processes.
    """
    with _one_at_a_time, _quiet(), _turn_of(docs_dir):
        import great_expectations as gx

        context = _context(docs_dir)
        expectations = _expectations(set(table.columns), known_locations)
        suite = context.suites.add(gx.ExpectationSuite(SUITE, expectations=expectations))
        asset = context.data_sources.add_pandas("intake").add_dataframe_asset("referrals")
        definition = gx.ValidationDefinition(
            name=SUITE, data=asset.add_batch_definition_whole_dataframe("whole table"), suite=suite
        )
        outcome = context.validation_definitions.add(definition).run(
            batch_parameters={"dataframe": _as_checked(table)},
            result_format=_WITHOUT_VALUES,
            run_id=gx.RunIdentifier(run_name=run_name),
        )
        findings = _findings(outcome)
        page = _write_docs(context, run_name, docs_dir) if docs_dir else None
    index = docs_dir / "index.html" if docs_dir else None
    return ContractResult(findings, len(table), index, len(expectations), page)


# --- what Great Expectations is told --------------------------------------------------------------

_WITHOUT_VALUES = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": [ROW_COLUMN],
    "exclude_unexpected_values": True,
    "include_unexpected_rows": False,
    "return_unexpected_index_query": False,
}


def _as_checked(table: pd.DataFrame) -> pd.DataFrame:
    """The table with blanks as nulls, the text as its length, a column for each fact of several cells."""
    present = [name for name in COLUMN_NAMES if name in table.columns]
    checked = table.copy()
    for name in present:
        checked[name] = pd.Series(
            [text.strip() or None for text in table[name]], index=table.index, dtype=object
        )
    for column in COLUMNS:
        if column.name in present and column.reads:
            checked[_reading(column.name)] = [_yes_or_no(column, text) for text in checked[column.name]]
    latest = utc_now() + LATEST
    for name in PAST_COLUMNS:
        if name in present:
            checked[_past(name)] = [_lies_in_the_past(name, text, latest) for text in checked[name]]
    if "referral_text" in present:
        checked[_TEXT_LENGTH] = table["referral_text"].str.len()
        checked = checked.drop(columns="referral_text")
    records = table.to_dict("records")
    checked[_AGE] = pd.Series(
        [_age_when_received(record) for record in records], index=table.index, dtype=float
    )
    checked[_WAYS_TO_REACH] = [
        sum(1 for name in CONTACT_COLUMNS if _cell(record, name)) for record in records
    ]
    checked[_COVERAGE_NAMED] = ["yes" if _names_coverage(record) else "no" for record in records]
    checked[_CHANNEL_GIVEN] = ["yes" if _channel_can_be_used(record) else "no" for record in records]
    return checked


def _reading(name: str) -> str:
    return f"{name} can be read"


def _past(name: str) -> str:
    return f"{name} is past"


def _lies_in_the_past(name: str, text: str | None, latest: datetime) -> str | None:
    """None while there is nothing that can be read."""
    said = _read({name: text}, name) if text else None
    if isinstance(said, datetime):
        return "yes" if said <= latest else "no"
    return "yes" if isinstance(said, date) and said <= latest.date() else "no" if said else None


def _yes_or_no(column: Column, text: str | None) -> str | None:
    if text is None or column.reads is None:
        return None
    return "no" if column.reads(text) is None else "yes"


def _cell(record: dict[Any, Any], name: str) -> str:
    return str(record.get(name, "")).strip()


def _read(record: dict[Any, Any], name: str) -> object | None:
    text = _cell(record, name)
    reads = next(column.reads for column in COLUMNS if column.name == name)
    return reads(text) if text and reads else None


def _age_when_received(record: dict[Any, Any]) -> float | None:
    """Completed years on the day of receipt, -1 for a birth after it; None while a date cannot be read."""
    born, received = _read(record, "birth_date"), _read(record, "received_at")
    if not isinstance(born, date) or not isinstance(received, datetime):
        return None
    day = received.date()
    return float(day.year - born.year - ((day.month, day.day) < (born.month, born.day)))


def _names_coverage(record: dict[Any, Any]) -> bool:
    return bool(_cell(record, "payer_code")) or _read(record, "self_pay") is True


def _channel_can_be_used(record: dict[Any, Any]) -> bool:
    channel = _read(record, "preferred_channel")
    needed = {"email": "email", "sms": "phone", "phone": "phone"}.get(str(channel))
    return needed is None or bool(_cell(record, needed))


def _expectations(columns: set[str], known_locations: Collection[str]) -> list[Any]:
    """The contract. Each expectation carries the field, the rule's name and the sentence for the sender."""
    from great_expectations import expectations as gxe

    def rule(kind: str, field: str, name: str, reason: str, **wanted: Any) -> Any:
        meta = {"field": field, "rule": name, "reason": reason}
        return getattr(gxe, kind)(description=f"{field}: {reason}", meta=meta, **wanted)

    structure = [
        rule("ExpectColumnToExist", name, "column_present", f"the column {name} is missing", column=name)
        for name in (*REQUIRED_COLUMNS, *CONTACT_COLUMNS)
    ]
    structure.append(
        rule(
            "ExpectTableRowCountToBeBetween",
            "row",
            "has_rows",
            "there is no referral below the header",
            min_value=1,
        )
    )
    if not columns >= {ROW_COLUMN, SURPLUS_COLUMN, *REQUIRED_COLUMNS, *CONTACT_COLUMNS}:
        return structure
    return [*structure, *_row_expectations(rule, columns, known_locations)]


def _row_expectations(rule: Any, columns: set[str], known_locations: Collection[str]) -> Iterator[Any]:
    in_set, between = "ExpectColumnValuesToBeInSet", "ExpectColumnValuesToBeBetween"
    shifted = (
        "the row has more cells than the header; put text that contains the delimiter in quotation marks"
    )
    yield rule(in_set, "row", "cells_fit_header", shifted, column=SURPLUS_COLUMN, value_set=[0])
    for column in COLUMNS:
        if column.name not in columns:
            continue
        name, wanted = column.name, f"{column.name} must be {column.wanted}"
        if column.required:
            yield rule(
                "ExpectColumnValuesToNotBeNull", name, "filled", f"{name} is empty; {wanted}", column=name
            )
        if name in _ITEMS:
            yield rule(in_set, name, "in_range", wanted, column=name, value_set=list(ITEM_VALUES))
        elif column.reads:
            yield rule(in_set, name, "readable", wanted, column=_reading(name), value_set=["yes"])
        elif name == "referral_text":
            reason = f"{name} must be at most {column.longest} characters long"
            yield rule(between, name, "length", reason, column=_TEXT_LENGTH, max_value=column.longest)
        else:
            reason = f"{name} must be at most {column.longest} characters long"
            yield rule(
                "ExpectColumnValueLengthsToBeBetween",
                name,
                "length",
                reason,
                column=name,
                max_value=column.longest,
            )
    for name in PAST_COLUMNS:
        if name in columns:
            future = f"{name} must not lie in the future"
            yield rule(in_set, name, "past", future, column=_past(name), value_set=["yes"])
    once = "external_id must occur only once in the file"
    yield rule("ExpectColumnValuesToBeUnique", "external_id", "unique", once, column="external_id")
    known = sorted(known_locations)
    where = f"location_id must be one of {', '.join(known)}"
    yield rule(in_set, "location_id", "known", where, column="location_id", value_set=known)
    plausible = f"birth_date must make the patient 0 to {OLDEST_AGE_YEARS} years old on the day of receipt"
    yield rule(
        between,
        "birth_date",
        "plausible_age",
        plausible,
        column=_AGE,
        min_value=0,
        max_value=OLDEST_AGE_YEARS,
    )
    reach = "email and phone are both empty; at least one is needed to reach the patient"
    yield rule(between, "email", "can_be_reached", reach, column=_WAYS_TO_REACH, min_value=1)
    pays = (
        f"payer_code is empty and self_pay is not yes; name a payer, or write {SELF_PAY_CODE} or self_pay yes"
    )
    yield rule(in_set, "payer_code", "payer_or_self_pay", pays, column=_COVERAGE_NAMED, value_set=["yes"])
    channel = "preferred_channel needs its own contact: email for email, phone for sms or phone"
    yield rule(
        in_set, "preferred_channel", "contact_given", channel, column=_CHANNEL_GIVEN, value_set=["yes"]
    )


# --- what it answers ------------------------------------------------------------------------------


def _findings(outcome: Any) -> tuple[Finding, ...]:
    found: set[Finding] = set()
    for result in outcome.results:
        meta = result.expectation_config.meta
        if result.exception_info.get("raised_exception") or any(
            isinstance(info, dict) and info.get("raised_exception") for info in result.exception_info.values()
        ):
            # Its message can quote a cell, so it is not passed on; an unchecked rule must never count as
            # kept.
            raise ContractBroken("a rule of the contract could not be checked", field=meta["field"]) from None
        if not result.success:
            found |= {
                Finding(row, meta["field"], meta["rule"], meta["reason"]) for row in _rows(result.result)
            }
    order = {name: at for at, name in enumerate(COLUMN_NAMES)}
    return tuple(sorted(found, key=lambda it: (it.row, order.get(it.field, -1), it.rule)))


def _rows(result: dict[str, Any]) -> Iterator[int]:
    """The rows an expectation found fault with; the header's where it looked at the table as a whole."""
    listed = [int(row) for entry in result.get("unexpected_index_list") or () for row in entry[ROW_COLUMN]]
    yield from listed or [1]


# --- the docs -------------------------------------------------------------------------------------


def _results_dir(docs_dir: Path) -> Path:
    return docs_dir.with_name(f"{docs_dir.name}-results")


def _context(docs_dir: Path | None) -> Any:
    """A context that lives in memory; only results and pages go to disk, where docs are asked for."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import DataContextConfig

    memory = {"class_name": "InMemoryStoreBackend"}
    results: dict[str, Any] = memory
    sites: dict[str, Any] = {}
    if docs_dir:
        results = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(_results_dir(docs_dir)),
                   "filepath_suffix": ".json"}  # fmt: skip
        pages = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs_dir)}
        sites["referrals"] = {
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "store_backend": pages,
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        }
    config: Any = DataContextConfig(
        config_version=4.0,
        expectations_store_name="expectations_store",
        validation_results_store_name="validation_results_store",
        checkpoint_store_name="checkpoint_store",
        stores={
            "expectations_store": {"class_name": "ExpectationsStore", "store_backend": memory},
            "checkpoint_store": {"class_name": "CheckpointStore", "store_backend": memory},
            "validation_definition_store": {
                "class_name": "ValidationDefinitionStore",
                "store_backend": memory,
            },
            "validation_results_store": {"class_name": "ValidationResultsStore", "store_backend": results},
        },
        data_docs_sites=sites,
        analytics_enabled=False,
        progress_bars={"globally": False},  # type: ignore[arg-type]
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _write_docs(context: Any, run_name: str, docs_dir: Path) -> Path | None:
    """Writes this run's page and the index of all kept runs; returns this run's page."""
    from great_expectations.data_context.types.resource_identifiers import ExpectationSuiteIdentifier

    _forget_oldest(docs_dir)
    this_run = [
        key for key in context.validation_results_store.list_keys() if key.run_id.run_name == run_name
    ]
    context.build_data_docs(resource_identifiers=[ExpectationSuiteIdentifier(name=SUITE), *this_run])
    pages = sorted(docs_dir.glob(f"validations/*/{run_name}/*/*.html"))
    return pages[-1] if pages else None


def _forget_oldest(docs_dir: Path) -> None:
    """Keeps the newest ``KEPT_RUNS`` results; which row was broken is in the database, not here."""
    runs = sorted(_results_dir(docs_dir).glob("*/*/*/"), key=lambda folder: folder.name)
    for folder in runs[:-KEPT_RUNS]:
        rmtree(folder)


@contextmanager
def _turn_of(docs_dir: Path | None) -> Iterator[None]:
    """One process at a time writes one site: its index is read, changed and written again."""
    if docs_dir is None:
        yield
        return
    docs_dir.mkdir(parents=True, exist_ok=True)
    with docs_dir.with_name(f".{docs_dir.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _quiet() -> Iterator[None]:
    """Great Expectations warns about its own dependencies; that is nobody's concern here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
