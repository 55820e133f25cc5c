"""The shipped table of diagnosis codes is whole, and a broken one is refused with its row and column."""

from datetime import date

import pytest

from adapters.icd10 import CHECKED_UNTIL, COLUMNS, STARTS, read_diagnosis_table, shipped_diagnosis_table
from models.errors import ContractBroken
from rules.diagnoses import DiagnosisStatus, check_diagnosis

HEADER = ",".join(COLUMNS)
GOOD = "F41.1,Generalized anxiety disorder,2020-10-01,,1,test"


@pytest.mark.parametrize(
    ("code", "on", "status"),
    [
        ("F32.A", date(2021, 9, 30), DiagnosisStatus.NOT_VALID_ON_DATE),
        ("F32.A", date(2021, 10, 1), DiagnosisStatus.OK),
        ("F43.8", date(2022, 9, 30), DiagnosisStatus.OK),
        ("F43.8", date(2022, 10, 1), DiagnosisStatus.NOT_SPECIFIC),
        ("F43.81", date(2022, 10, 1), DiagnosisStatus.OK),
        ("F50.01", date(2024, 9, 30), DiagnosisStatus.OK),
        ("F50.01", date(2024, 10, 1), DiagnosisStatus.NOT_SPECIFIC),
        ("F50.011", date(2024, 10, 1), DiagnosisStatus.OK),
        ("Z59.86", date(2025, 9, 30), DiagnosisStatus.OK),
        ("Z59.86", date(2025, 10, 1), DiagnosisStatus.NOT_SPECIFIC),
        ("F33", date(2026, 1, 1), DiagnosisStatus.NOT_SPECIFIC),
        ("F41.1", date(2026, 1, 1), DiagnosisStatus.OK),
        ("T74.A1XA", date(2023, 4, 1), DiagnosisStatus.OK),
        ("T74.A1XA", date(2023, 3, 31), DiagnosisStatus.NOT_VALID_ON_DATE),
    ],
)
def test_shipped_table_knows_when_codes_changed(code: str, on: date, status: DiagnosisStatus) -> None:
    assert check_diagnosis(code, on, shipped_diagnosis_table()).status is status


@pytest.mark.parametrize(
    "on", [STARTS, date(2021, 10, 1), date(2022, 10, 1), date(2023, 4, 1), date(2024, 10, 1), CHECKED_UNTIL]
)
def test_shipped_headings_have_codes_below_them_and_leaves_have_none(on: date) -> None:
    table = shipped_diagnosis_table()
    valid = {row.code: row for code in table.rows if (row := table.valid(code, on)) is not None}
    parents = {code[:end] for code in valid for end in range(3, len(code))} & set(valid)
    assert {code for code, row in valid.items() if not row.billable} == parents
    assert len(valid) > 1500


def test_table_reads_a_good_row() -> None:
    table = read_diagnosis_table(f"{HEADER}\n{GOOD}\n", starts=STARTS, checked_until=CHECKED_UNTIL)
    row = table.valid("F41.1", STARTS)
    assert row is not None
    assert (row.label, row.billable, row.valid_to) == ("Generalized anxiety disorder", True, None)


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("F411,title,2020-10-01,,1,test", "code"),
        ("F41.1,,2020-10-01,,1,test", "label"),
        ("F41.1,title,2020-10-01,,1,", "source"),
        ("F41.1,title,10/01/2020,,1,test", "valid_from"),
        ("F41.1,title,2020-10-01,never,1,test", "valid_to"),
        ("F41.1,title,2020-10-01,2020-09-30,1,test", "valid_to"),
        ("F41.1,title,2020-10-01,,yes,test", "billable"),
        ("F41.1,title,2020-10-01,,1", None),
        ("F41.1,title,2020-10-01,,1,test,more", None),
    ],
)
def test_table_names_the_row_and_column_that_break_it(line: str, field: str | None) -> None:
    with pytest.raises(ContractBroken) as broken:
        read_diagnosis_table(f"{HEADER}\n{GOOD}\n{line}\n", starts=STARTS, checked_until=CHECKED_UNTIL)
    assert (broken.value.row, broken.value.field) == (3, field)


def test_table_refuses_other_columns_and_rows_that_overlap() -> None:
    with pytest.raises(ContractBroken):
        read_diagnosis_table("code,label\nF41.1,x\n", starts=STARTS, checked_until=CHECKED_UNTIL)
    with pytest.raises(ContractBroken):
        read_diagnosis_table(f"{HEADER}\n{GOOD}\n{GOOD}\n", starts=STARTS, checked_until=CHECKED_UNTIL)
