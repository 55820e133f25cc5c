"""Checks a received table against its contract: which rows may come in, and what the sender must correct in the others.

Great Expectations checks it and writes the outcome as Data Docs, static pages that an analyst opens in a
browser. The pages and the results hold rule names, counts and row numbers; never a value, and a free text is not even
handed over (only its length is).
"""

import fcntl
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from shutil import rmtree
from threading import Lock
from typing import Any, cast

import pandas as pd

from models.columns import utc_now
from models.errors import ContractBroken
from models.referral_intake import Finding
from models.referral_table import LATEST, ROW_COLUMN, SURPLUS_COLUMN, Column

# Read by Great Expectations when it is first imported, which happens inside the check: the import takes
# seconds.
os.environ["GX_ANALYTICS_ENABLED"] = "false"

# The index page re-reads every kept result, so an unbounded history would slow each intake down.
KEPT_RUNS = 200
# Great Expectations keeps one current project per process, so checks take turns.
_one_at_a_time = Lock()

Rule = Callable[..., Any]
"""Makes one expectation: its kind, the field, the rule's name, the sentence for the sender, then what is wanted."""
Record = Mapping[str, Any]


@dataclass(frozen=True)
class TableContract:
    """What one kind of table must fulfil.

    ``present``: columns the file must have. ``past``: columns that must not lie in the future. ``free_texts``: content,
    of which only the length is looked at. ``value_sets``: what a cell may say, word for word. ``facts``: a further
    column for each thing that several cells say together, from the rows and the present time. ``rules``: the
    expectations of this table alone, from the columns that are there.
    """

    suite: str
    row_is: str
    columns: tuple[Column, ...]
    present: tuple[str, ...]
    past: tuple[str, ...]
    free_texts: frozenset[str]
    facts: Callable[[list[Record], datetime], dict[str, list[Any]]]
    rules: Callable[[Rule], Iterator[Any]]
    value_sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class ContractResult:
    """``docs_index`` is the start page of the Data Docs, ``docs_page`` this run's; None without docs."""

    findings: tuple[Finding, ...]
    checked_rows: int
    docs_index: Path | None
    expectation_count: int
    docs_page: Path | None = None


def check_table(
    contract: TableContract, table: pd.DataFrame, *, docs_dir: Path | None, run_name: str
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
        expectations = _expectations(contract, set(table.columns))
        suite = context.suites.add(gx.ExpectationSuite(contract.suite, expectations=expectations))
        asset = context.data_sources.add_pandas("intake").add_dataframe_asset(f"{contract.row_is}s")
        definition = gx.ValidationDefinition(
            name=contract.suite, data=asset.add_batch_definition_whole_dataframe("whole table"), suite=suite
        )
        outcome = context.validation_definitions.add(definition).run(
            batch_parameters={"dataframe": _as_checked(contract, table)},
            result_format=_WITHOUT_VALUES,
            run_id=gx.RunIdentifier(run_name=run_name),
        )
        findings = _findings(contract, outcome)
        page = _write_docs(context, contract.suite, run_name, docs_dir) if docs_dir else None
    index = docs_dir / "index.html" if docs_dir else None
    return ContractResult(findings, len(table), index, len(expectations), page)


def cell(record: Record, name: str) -> str:
    """One cell of a row, "" where it is blank or there is no such column."""
    return str(record.get(name, "")).strip()


def read_cell(columns: tuple[Column, ...], record: Record, name: str) -> object | None:
    """What a cell says, None where it is blank or cannot be read."""
    text = cell(record, name)
    reads = next(column.reads for column in columns if column.name == name)
    return reads(text) if text and reads else None


# --- what Great Expectations is told --------------------------------------------------------------

_WITHOUT_VALUES = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": [ROW_COLUMN],
    "exclude_unexpected_values": True,
    "include_unexpected_rows": False,
    "return_unexpected_index_query": False,
}


def _as_checked(contract: TableContract, table: pd.DataFrame) -> pd.DataFrame:
    """The table with blanks as nulls, free texts as their lengths, a column for each fact of several cells."""
    present = [column for column in contract.columns if column.name in table.columns]
    checked = table.copy()
    for column in present:
        texts = [text.strip() or None for text in table[column.name]]
        checked[column.name] = pd.Series(texts, index=table.index, dtype=object)
        if column.reads:
            checked[_reading(column.name)] = [_yes_or_no(column, text) for text in texts]
    now = utc_now()
    for column in present:
        if column.name in contract.past:
            checked[_past(column.name)] = [_lies_in_the_past(column, text, now) for text in checked[column.name]]
        if column.name in contract.free_texts:
            checked[_length(column.name)] = table[column.name].str.len()
            checked = checked.drop(columns=column.name)
    for name, values in contract.facts(cast(list[Record], table.to_dict("records")), now).items():
        checked[name] = values
    return checked


def _reading(name: str) -> str:
    return f"{name} can be read"


def _past(name: str) -> str:
    return f"{name} is past"


def _length(name: str) -> str:
    return f"{name} length"


def _lies_in_the_past(column: Column, text: str | None, now: datetime) -> str | None:
    """None while there is nothing that can be read."""
    said, latest = column.reads(text) if text and column.reads else None, now + LATEST
    if isinstance(said, datetime):
        return "yes" if said <= latest else "no"
    return "yes" if isinstance(said, date) and said <= latest.date() else "no" if said else None


def _yes_or_no(column: Column, text: str | None) -> str | None:
    if text is None or column.reads is None:
        return None
    return "no" if column.reads(text) is None else "yes"


def _rule(kind: str, field: str, name: str, reason: str, **wanted: Any) -> Any:
    """An expectation that carries the field, the rule's name and the sentence for the sender."""
    from great_expectations import expectations as gxe

    meta = {"field": field, "rule": name, "reason": reason}
    return getattr(gxe, kind)(description=f"{field}: {reason}", meta=meta, **wanted)


def _expectations(contract: TableContract, columns: set[str]) -> list[Any]:
    structure = [
        _rule("ExpectColumnToExist", name, "column_present", f"the column {name} is missing", column=name)
        for name in contract.present
    ]
    some = f"there is no {contract.row_is} below the header"
    structure.append(_rule("ExpectTableRowCountToBeBetween", "row", "has_rows", some, min_value=1))
    if not columns >= {ROW_COLUMN, SURPLUS_COLUMN, *contract.present}:
        return structure
    return [*structure, *_cell_expectations(contract, columns), *contract.rules(_rule)]


def _cell_expectations(contract: TableContract, columns: set[str]) -> Iterator[Any]:
    in_set = "ExpectColumnValuesToBeInSet"
    shifted = "the row has more cells than the header; put text that contains the delimiter in quotation marks"
    yield _rule(in_set, "row", "cells_fit_header", shifted, column=SURPLUS_COLUMN, value_set=[0])
    for column in contract.columns:
        if column.name not in columns:
            continue
        name, wanted = column.name, f"{column.name} must be {column.wanted}"
        short = f"{name} must be at most {column.longest} characters long"
        if column.required:
            yield _rule("ExpectColumnValuesToNotBeNull", name, "filled", f"{name} is empty; {wanted}", column=name)
        if name in contract.value_sets:
            words = list(contract.value_sets[name])
            yield _rule(in_set, name, "in_range", wanted, column=name, value_set=words)
        elif column.reads:
            yield _rule(in_set, name, "readable", wanted, column=_reading(name), value_set=["yes"])
        elif name in contract.free_texts:
            between = "ExpectColumnValuesToBeBetween"
            yield _rule(between, name, "length", short, column=_length(name), max_value=column.longest)
        else:
            lengths = "ExpectColumnValueLengthsToBeBetween"
            yield _rule(lengths, name, "length", short, column=name, max_value=column.longest)
        if name in contract.past:
            future = f"{name} must not lie in the future"
            yield _rule(in_set, name, "past", future, column=_past(name), value_set=["yes"])


# --- what it answers ------------------------------------------------------------------------------


def _findings(contract: TableContract, outcome: Any) -> tuple[Finding, ...]:
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
            found |= {Finding(row, meta["field"], meta["rule"], meta["reason"]) for row in _rows(result.result)}
    order = {column.name: at for at, column in enumerate(contract.columns)}
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
        sites["contracts"] = {
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


def _write_docs(context: Any, suite: str, run_name: str, docs_dir: Path) -> Path | None:
    """Writes this run's page and the index of all kept runs; returns this run's page."""
    from great_expectations.data_context.types.resource_identifiers import ExpectationSuiteIdentifier

    _forget_oldest(docs_dir)
    this_run = [key for key in context.validation_results_store.list_keys() if key.run_id.run_name == run_name]
    context.build_data_docs(resource_identifiers=[ExpectationSuiteIdentifier(name=suite), *this_run])
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
