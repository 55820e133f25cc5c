"""Reads the practice's table of ICD-10-CM codes from its CSV; where the rows come from stands in the README beside it.

Source: CDC National Center for Health Statistics and CMS, ICD-10-CM, releases of 2020-10-01 to 2026-04-01.
"""

import csv
import io
from datetime import date
from functools import cache
from pathlib import Path

from models.errors import ContractBroken
from models.icd10 import DiagnosisCode, DiagnosisTable, diagnosis_table, dotted

SHIPPED = Path(__file__).parents[1] / "data_contracts" / "codes" / "icd10cm_behavioral_health.csv"
STARTS = date(2020, 10, 1)
CHECKED_UNTIL = date(2026, 9, 30)
"""The last day of the newest release that the shipped table was compared with (April 2026, FY2026)."""
COLUMNS = ("code", "label", "valid_from", "valid_to", "billable", "source")


@cache
def shipped_diagnosis_table() -> DiagnosisTable:
    """The table that comes with the project, read once."""
    return read_diagnosis_table(SHIPPED.read_text(encoding="utf-8"), starts=STARTS, checked_until=CHECKED_UNTIL)


def read_diagnosis_table(text: str, *, starts: date, checked_until: date) -> DiagnosisTable:
    """The codes of a CSV with the columns in ``COLUMNS``.

    Raises ContractBroken with the spreadsheet's row and the column.
    """
    reader = csv.DictReader(io.StringIO(text))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise ContractBroken(f"the columns must be {', '.join(COLUMNS)}", row=1)
    rows = [_code(row, number) for number, row in enumerate(reader, start=2)]
    try:
        return diagnosis_table(rows, starts=starts, checked_until=checked_until)
    except ValueError as overlap:
        raise ContractBroken(str(overlap), field="valid_from") from overlap


def _code(row: dict[str, str], number: int) -> DiagnosisCode:
    if None in row or None in row.values():
        raise ContractBroken("has more or fewer cells than there are columns", row=number)
    if dotted(row["code"]) != row["code"]:
        raise ContractBroken("is not an ICD-10-CM code with its dot", row=number, field="code")
    if row["billable"] not in ("0", "1"):
        raise ContractBroken("must be 0 or 1", row=number, field="billable")
    for required in ("label", "source"):
        if not row[required].strip():
            raise ContractBroken("must not be empty", row=number, field=required)
    valid_from = _date(row["valid_from"], number, "valid_from")
    valid_to = _date(row["valid_to"], number, "valid_to") if row["valid_to"] else None
    if valid_to is not None and valid_to < valid_from:
        raise ContractBroken("ends before it begins", row=number, field="valid_to")
    return DiagnosisCode(row["code"], row["label"], valid_from, valid_to, row["billable"] == "1", row["source"])


def _date(cell: str, number: int, field: str) -> date:
    try:
        return date.fromisoformat(cell)
    except ValueError as bad:
        raise ContractBroken("must be a date such as 2021-10-01", row=number, field=field) from bad
