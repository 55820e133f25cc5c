"""A diagnosis on a note is known, specific enough and valid on the day; its plan is in force."""

from datetime import date, timedelta

import pytest

from models.icd10 import DiagnosisCode, DiagnosisTable, diagnosis_table, dotted
from rules.diagnoses import PLAN_DAYS, DiagnosisStatus, check_diagnosis, check_plan, hi_form

STARTS, CHECKED = date(2020, 10, 1), date(2026, 9, 30)
GRIEF = date(2022, 10, 1)


def row(code: str, billable: bool, valid_from: date = STARTS, valid_to: date | None = None) -> DiagnosisCode:
    return DiagnosisCode(code, f"title of {code}", valid_from, valid_to, billable, "test")


@pytest.fixture
def table() -> DiagnosisTable:
    return diagnosis_table(
        [
            row("F41", False),
            row("F41.1", True),
            row("F41.9", True),
            row("F43", False),
            row("F43.8", True, STARTS, GRIEF - timedelta(days=1)),
            row("F43.8", False, GRIEF),
            row("F43.81", True, GRIEF),
            row("F43.89", True, GRIEF),
            row("Z91.5", True, STARTS, date(2021, 9, 30)),
        ],
        starts=STARTS,
        checked_until=CHECKED,
    )


@pytest.mark.parametrize(
    ("code", "on", "status"),
    [
        ("F41.1", STARTS, DiagnosisStatus.OK),
        ("F41.1", STARTS - timedelta(days=1), DiagnosisStatus.BEFORE_TABLE),
        ("f411", STARTS, DiagnosisStatus.OK),
        ("F41", STARTS, DiagnosisStatus.NOT_SPECIFIC),
        ("F43.8", GRIEF - timedelta(days=1), DiagnosisStatus.OK),
        ("F43.8", GRIEF, DiagnosisStatus.NOT_SPECIFIC),
        ("F43.81", GRIEF - timedelta(days=1), DiagnosisStatus.NOT_VALID_ON_DATE),
        ("F43.81", GRIEF, DiagnosisStatus.OK),
        ("Z91.5", date(2021, 9, 30), DiagnosisStatus.OK),
        ("Z91.5", date(2021, 10, 1), DiagnosisStatus.NOT_VALID_ON_DATE),
        ("G47.00", GRIEF, DiagnosisStatus.NOT_IN_TABLE),
        ("F4.11", GRIEF, DiagnosisStatus.NOT_A_CODE),
        ("anxiety", GRIEF, DiagnosisStatus.NOT_A_CODE),
        ("", GRIEF, DiagnosisStatus.NOT_A_CODE),
    ],
)
def test_diagnosis_is_judged_on_the_day_of_the_session(
    table: DiagnosisTable, code: str, on: date, status: DiagnosisStatus
) -> None:
    finding = check_diagnosis(code, on, table)
    assert finding.status is status
    assert finding.may_be_claimed is (status is DiagnosisStatus.OK)
    assert finding.reason


def test_heading_lists_the_codes_below_it_on_the_day(table: DiagnosisTable) -> None:
    below = check_diagnosis("F43", GRIEF - timedelta(days=1), table).children
    assert [(code.code, code.billable) for code in below] == [("F43.8", True)]
    below = check_diagnosis("F43.8", GRIEF, table).children
    assert [code.code for code in below] == ["F43.81", "F43.89"]


def test_heading_that_was_a_leaf_says_since_when(table: DiagnosisTable) -> None:
    assert "since 2022-10-01" in check_diagnosis("F43.8", GRIEF, table).reason
    assert "since" not in check_diagnosis("F41", GRIEF, table).reason


@pytest.mark.parametrize(("on", "cautioned"), [(CHECKED, False), (CHECKED + timedelta(days=1), True)])
def test_finding_after_the_newest_release_is_cautioned(table: DiagnosisTable, on: date, cautioned: bool) -> None:
    finding = check_diagnosis("F41.1", on, table)
    assert finding.may_be_claimed
    assert (finding.caution is not None) is cautioned


def test_finding_shows_no_code_when_printed(table: DiagnosisTable) -> None:
    assert "F41" not in repr(check_diagnosis("F41", GRIEF, table))


@pytest.mark.parametrize(
    ("plan_days_ago", "stale"), [(0, False), (PLAN_DAYS, False), (PLAN_DAYS + 1, True), (-1, True), (None, True)]
)
def test_plan_is_stale_after_its_days_or_without_a_date(plan_days_ago: int | None, stale: bool) -> None:
    on = date(2026, 11, 2)
    dated = None if plan_days_ago is None else on - timedelta(days=plan_days_ago)
    assert check_plan(dated, on).stale is stale


@pytest.mark.parametrize(("age", "stale"), [(90, False), (91, True)])
def test_plan_days_can_be_set(age: int, stale: bool) -> None:
    on = date(2026, 11, 2)
    assert check_plan(on - timedelta(days=age), on, days=90).stale is stale


@pytest.mark.parametrize(
    ("code", "form"), [("F41.1", "F411"), ("F32.A", "F32A"), ("f01.a11", "F01A11"), ("F53", "F53"), ("F411", "F411")]
)
def test_claim_drops_the_dot(code: str, form: str) -> None:
    assert hi_form(code) == form


@pytest.mark.parametrize("code", ["", "41.1", "F4", "F41.12345", "F4.11", "F41..1"])
def test_what_is_no_code_has_no_form_on_a_claim(code: str) -> None:
    assert dotted(code) is None
    with pytest.raises(ValueError):
        hi_form(code)


def test_table_refuses_two_rows_that_hold_on_one_day() -> None:
    with pytest.raises(ValueError, match=r"F43\.8"):
        diagnosis_table(
            [row("F43.8", True, STARTS, GRIEF), row("F43.8", False, GRIEF)], starts=STARTS, checked_until=CHECKED
        )
