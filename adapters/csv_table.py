"""Reads a spreadsheet saved as CSV into a table of strings, by the columns that one kind of table has."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd

from adapters.file_text import text_of
from models.errors import ContractBroken
from models.referral_intake import Finding
from models.referral_table import PROBLEM_COLUMN, ROW_COLUMN, SURPLUS_COLUMN, Column

HEADER_ROW = 1
MOST_ROWS = 20_000
"""Rows of one file, filled or not: each opens a case or a session, and no practice receives more at once."""
_DELIMITERS = ",;\t"
# A cell that a spreadsheet would run as a formula; a number with its sign, such as +1 503 555 0123, is left
# alone.
_FORMULA = re.compile(r"\s*(?:[=@\uff1d\uff20]|[+\-\uff0b\uff0d](?![\d\s().-]+$))|[\t\r\n]")
_DISARMED = re.compile(r"\A'(?=\s*[=@+\-\uff1d\uff20\uff0b\uff0d]|[\t\r\n])")


def read_table(
    data: bytes,
    columns: Sequence[Column],
    row_is: str,
    *,
    at_least_one_of: Sequence[str] = (),
    most_rows: int = MOST_ROWS,
) -> pd.DataFrame:
    """The file's filled rows, every known column present, each cell a trimmed string and "" where it is blank.

    Columns: ``row`` (int, as a spreadsheet numbers it: header = 1), ``surplus_cells`` (int, filled cells beyond the
    header: a sign that the row's cells have shifted), then every name in ``columns``. Other columns are dropped.
    ``row_is`` is what a row holds, such as "referral"; ``at_least_one_of``: columns of which the file must have one.
    Raises ContractBroken when the file as a whole cannot be trusted: not text, empty, or a required column missing.
    """
    header, rows = _cells(data, most_rows)
    names = _column_names(header, columns, at_least_one_of)
    known = [column.name for column in columns]
    table = [_record(names, known, row, cells) for row, cells in rows if any(cell.strip() for cell in cells)]
    if not table:
        raise ContractBroken(f"the file has a header but no {row_is} below it", row=HEADER_ROW)
    return pd.DataFrame(table, columns=[ROW_COLUMN, SURPLUS_COLUMN, *known])


def cell_value(column: Column, record: dict[str, Any]) -> Any:
    """One cell of a row as its column reads it, None where it is blank.

    Raises ContractBroken where a required cell is blank or a cell cannot be read: that row skipped its contract.
    """
    text = record[column.name]
    if not text:
        if column.required:
            raise ContractBroken(f"{column.name} is empty", row=record[ROW_COLUMN], field=column.name)
        return None
    value = column.reads(text) if column.reads else text
    if value is None:
        raise ContractBroken(f"{column.name} cannot be read", row=record[ROW_COLUMN], field=column.name)
    return value


def rows_to_fix(data: bytes, findings: Sequence[Finding], most_rows: int = MOST_ROWS) -> bytes:
    """The broken rows in the file's own columns, with a last column ``problem`` that says what to correct.

    UTF-8 with a byte-order mark and the file's own delimiter, so that a spreadsheet opens it as it opened the
    first. Cells that would run as a formula get a leading apostrophe, which the reader takes off again.
    """
    header, rows = _cells(data, most_rows)
    of_row: dict[int, list[str]] = {}
    for finding in findings:
        of_row.setdefault(finding.row, []).append(f"{finding.field}: {finding.reason}")
    kept = [at for at, name in enumerate(header) if _plain(name) != PROBLEM_COLUMN]
    width = len(header)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=_delimiter(_text(data)), lineterminator="\r\n")
    writer.writerow([*(_disarmed(header[at]) for at in kept), PROBLEM_COLUMN])
    for row, cells in rows:
        if problems := of_row.get(row):
            padded = [*cells, *[""] * (width - len(cells))]
            own = [_disarmed(padded[at]) for at in kept]
            writer.writerow([*own, "; ".join(problems), *map(_disarmed, padded[width:])])
    return out.getvalue().encode("utf-8-sig")


def _text(data: bytes) -> str:
    return text_of(data, "table", "CSV (UTF-8)")


def _delimiter(text: str) -> str:
    """The one that occurs most in the header, outside quotes."""
    first_line = re.sub(r'"[^"]*"', "", text.lstrip().split("\n", 1)[0])
    return max(_DELIMITERS, key=first_line.count)


def _cells(data: bytes, most_rows: int) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header's cells, then each further spreadsheet row with its number."""
    text = _text(data)
    if not text.strip():
        raise ContractBroken("the file is empty")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        for row, cells in enumerate(reader, HEADER_ROW):
            if len(rows) > most_rows:
                raise ContractBroken(f"the file has more than {most_rows:,} rows: split it and drop the parts", row=row)
            rows.append((row, cells))
    except csv.Error as broken:
        if "field limit" in str(broken):
            reason = f"a cell is longer than {csv.field_size_limit():,} characters"
        else:
            reason = "a quotation mark is opened or closed in the wrong place, so the rows below cannot be told apart"
        raise ContractBroken(reason, row=len(rows) + HEADER_ROW) from None
    return rows[0][1], rows[1:]


def _plain(header: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", header.strip().lower()).strip("_")


def _column_names(header: Sequence[str], columns: Sequence[Column], at_least_one_of: Sequence[str]) -> list[str | None]:
    """Our name for each of the file's columns, or None for one that we do not read."""
    name_of_header = {alias: column.name for column in columns for alias in (column.name, *column.aliases)}
    names = [name_of_header.get(_plain(cell)) for cell in header]
    for name, times in Counter(name for name in names if name).items():
        if times > 1:
            raise ContractBroken(f"two columns both mean {name}: keep one", row=HEADER_ROW, field=name)
    for column in columns:
        if column.required and column.name not in names:
            raise ContractBroken(f"the column {column.name} is missing", row=HEADER_ROW, field=column.name)
    if at_least_one_of and not any(name in names for name in at_least_one_of):
        wanted = " nor a column ".join(at_least_one_of)
        raise ContractBroken(f"there is neither a column {wanted}", row=HEADER_ROW, field=at_least_one_of[0])
    return names


def _record(names: Sequence[str | None], known: Sequence[str], row: int, cells: Sequence[str]) -> dict[str, object]:
    surplus = sum(1 for cell in cells[len(names) :] if cell.strip())
    record: dict[str, object] = {ROW_COLUMN: row, SURPLUS_COLUMN: surplus, **dict.fromkeys(known, "")}
    for name, cell in zip(names, cells, strict=False):
        if name:
            record[name] = _DISARMED.sub("", cell.strip()).strip()
    return record


def _disarmed(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell
