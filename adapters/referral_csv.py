"""Reads a practice's referral spreadsheet, saved as CSV: a table of strings first, then its good rows."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, cast

import pandas as pd

from models.codes import Modality
from models.errors import ContractBroken
from models.referral_intake import Finding, MeasureAnswers, ReferralIn
from models.referral_table import (
    COLUMN_NAMES,
    COLUMNS,
    CONTACT_COLUMNS,
    MEASURE_COLUMNS,
    PROBLEM_COLUMN,
    REQUIRED_COLUMNS,
    ROW_COLUMN,
    SELF_PAY_CODE,
    SURPLUS_COLUMN,
    Column,
    gentlest_channel,
)
from models.therapy_text import TherapyText

HEADER_ROW = 1
MOST_ROWS = 20_000
"""Rows of one file, filled or not: each opens a case, and no practice receives more at once."""
_DELIMITERS = ",;\t"
_PACKED = {
    b"PK\x03\x04": "a ZIP archive or a workbook",
    b"PK\x05\x06": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF": "a PDF",
    b"Rar!": "an archive",
    b"7z\xbc\xaf": "an archive",
    b"BZh9": "an archive",
    b"\xfd7zXZ": "an archive",
    b"\xd0\xcf\x11\xe0": "a workbook",
}
"""Never unpacked, by the first bytes; so no archive can grow in our hands."""
_BINARY = re.compile("[\x00-\x08\x0e-\x1f]")
# A cell that a spreadsheet would run as a formula; a number with its sign, such as +1 503 555 0123, is left
# alone.
_FORMULA = re.compile(r"\s*(?:[=@\uff1d\uff20]|[+\-\uff0b\uff0d](?![\d\s().-]+$))|[\t\r\n]")
_DISARMED = re.compile(r"\A'(?=\s*[=@+\-\uff1d\uff20\uff0b\uff0d]|[\t\r\n])")
_NAME_OF_HEADER = {alias: column.name for column in COLUMNS for alias in (column.name, *column.aliases)}


def read_referral_table(data: bytes) -> pd.DataFrame:
    """The file's filled rows, every known column present, each cell a trimmed string and "" where it is
    blank.

    Columns: ``row`` (int, as a spreadsheet numbers it: header = 1), ``surplus_cells`` (int, filled cells
    beyond the header: a sign that the row's cells have shifted), then every name in ``COLUMN_NAMES``. Other
    columns are dropped. Raises ContractBroken when the file as a whole cannot be trusted: not text, empty, or
    a required column missing.
    """
    header, rows = _cells(data)
    names = _column_names(header)
    table = [_record(names, row, cells) for row, cells in rows if any(cell.strip() for cell in cells)]
    if not table:
        raise ContractBroken("the file has a header but no referral below it", row=HEADER_ROW)
    return pd.DataFrame(table, columns=[ROW_COLUMN, SURPLUS_COLUMN, *COLUMN_NAMES])


def referrals_from_table(table: pd.DataFrame, findings: Iterable[Finding]) -> list[ReferralIn]:
    """A referral for every row that no finding names, in the table's order.

    Raises ContractBroken if such a row still cannot be read, so a row that skipped its contract does not slip
    in.
    """
    broken = {finding.row for finding in findings}
    records = cast(list[dict[str, Any]], table.to_dict("records"))
    return [_referral(record) for record in records if record[ROW_COLUMN] not in broken]


def rows_to_fix(data: bytes, findings: Sequence[Finding]) -> bytes:
    """The broken rows in the file's own columns, with a last column ``problem`` that says what to correct.

    UTF-8 with a byte-order mark and the file's own delimiter, so that a spreadsheet opens it as it opened the
    first. Cells that would run as a formula get a leading apostrophe, which the reader takes off again.
    """
    header, rows = _cells(data)
    kept = [at for at, name in enumerate(header) if _plain(name) != PROBLEM_COLUMN]
    width = len(header)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=_delimiter(_text(data)), lineterminator="\r\n")
    writer.writerow([*(_disarmed(header[at]) for at in kept), PROBLEM_COLUMN])
    for row, cells in rows:
        problems = [f"{finding.field}: {finding.reason}" for finding in findings if finding.row == row]
        if problems:
            padded = [*cells, *[""] * (width - len(cells))]
            own = [_disarmed(padded[at]) for at in kept]
            writer.writerow([*own, "; ".join(problems), *map(_disarmed, padded[width:])])
    return out.getvalue().encode("utf-8-sig")


def _text(data: bytes) -> str:
    for mark, what in _PACKED.items():
        if data.startswith(mark):
            raise ContractBroken(f"the file is {what}: unpack it, save the table as CSV (UTF-8) and drop that")
    spreadsheet_unicode = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ["utf-16"] if spreadsheet_unicode else ["utf-8-sig", "cp1252"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as wrong:
            if encoding == "utf-8-sig" and not data[: wrong.start].isascii():
                raise ContractBroken(
                    "the file begins as UTF-8 and goes on in another encoding: save it as CSV (UTF-8), drop it again",
                    row=data.count(b"\n", 0, wrong.start) + HEADER_ROW,
                ) from None
            continue
        if _BINARY.search(text):
            break
        return text
    raise ContractBroken("the file is not text: save the spreadsheet as CSV (UTF-8) and drop it again")


def _delimiter(text: str) -> str:
    """The one that occurs most in the header, outside quotes."""
    first_line = re.sub(r'"[^"]*"', "", text.lstrip().split("\n", 1)[0])
    return max(_DELIMITERS, key=first_line.count)


def _cells(data: bytes) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header's cells, then each further spreadsheet row with its number."""
    text = _text(data)
    if not text.strip():
        raise ContractBroken("the file is empty")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        for row, cells in enumerate(reader, HEADER_ROW):
            if len(rows) > MOST_ROWS:
                raise ContractBroken(f"the file has more than {MOST_ROWS:,} rows: split it and drop the parts", row=row)
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


def _column_names(header: Sequence[str]) -> list[str | None]:
    """Our name for each of the file's columns, or None for one that we do not read."""
    names = [_NAME_OF_HEADER.get(_plain(cell)) for cell in header]
    for name, times in Counter(name for name in names if name).items():
        if times > 1:
            raise ContractBroken(f"two columns both mean {name}: keep one", row=HEADER_ROW, field=name)
    for name in REQUIRED_COLUMNS:
        if name not in names:
            raise ContractBroken(f"the column {name} is missing", row=HEADER_ROW, field=name)
    if not any(name in names for name in CONTACT_COLUMNS):
        raise ContractBroken("there is neither a column email nor a column phone", row=HEADER_ROW, field="email")
    return names


def _record(names: Sequence[str | None], row: int, cells: Sequence[str]) -> dict[str, object]:
    surplus = sum(1 for cell in cells[len(names) :] if cell.strip())
    record: dict[str, object] = {ROW_COLUMN: row, SURPLUS_COLUMN: surplus, **dict.fromkeys(COLUMN_NAMES, "")}
    for name, cell in zip(names, cells, strict=False):
        if name:
            record[name] = _DISARMED.sub("", cell.strip()).strip()
    return record


def _disarmed(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _value(column: Column, record: dict[str, Any]) -> Any:
    """The cell as its column reads it, None where it is blank."""
    text = record[column.name]
    if not text:
        if column.required:
            raise ContractBroken(f"{column.name} is empty", row=record[ROW_COLUMN], field=column.name)
        return None
    value = column.reads(text) if column.reads else text
    if value is None:
        raise ContractBroken(f"{column.name} cannot be read", row=record[ROW_COLUMN], field=column.name)
    return value


def _referral(record: dict[str, Any]) -> ReferralIn:
    said = {column.name: _value(column, record) for column in COLUMNS}
    channel = said["preferred_channel"] or gentlest_channel(said["email"], said["phone"])
    if channel is None:
        raise ContractBroken("email and phone are both empty", row=record[ROW_COLUMN], field="email")
    return ReferralIn(
        external_id=said["external_id"],
        source="csv",
        source_row=record[ROW_COLUMN],
        received_at=said["received_at"],
        given_name=said["given_name"],
        family_name=said["family_name"],
        birth_date=said["birth_date"],
        email=said["email"],
        phone=said["phone"],
        state=said["state"],
        time_zone=said["time_zone"],
        language=said["language"],
        preferred_channel=channel,
        payer_code=said["payer_code"],
        plan_code=said["plan_code"],
        member_id=said["member_id"],
        self_pay=bool(said["self_pay"]) or said["payer_code"] == SELF_PAY_CODE,
        modality=said["modality"] or Modality.EITHER,
        location_id=said["location_id"],
        needs_accessible=bool(said["needs_accessible"]),
        focus_areas=said["focus_areas"] or (),
        preferred_times=said["preferred_times"] or (),
        referrer_name=said["referrer_name"],
        referral_text=TherapyText(record["referral_text"]),
        consent_ai=said["consent_ai"],
        consent_ai_on=said["consent_ai_on"],
        answers=_answers(said),
    )


def _answers(said: dict[str, Any]) -> tuple[MeasureAnswers, ...]:
    """Each measure of which at least one item was answered."""
    authored_at: datetime = said["answered_at"] or said["received_at"]
    filled = []
    for measure, columns in MEASURE_COLUMNS.items():
        answers = {item: said[name] for name, item in columns.items() if said[name] is not None}
        if answers:
            version = said[f"{measure}_version"] or "unstated"
            filled.append(MeasureAnswers(measure, version, authored_at, answers))
    return tuple(filled)
