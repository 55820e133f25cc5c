"""The practice's billing tables are read whole, or every fault is told by file, line and field."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from adapters.billing_tables import BrokenTables, load, read_money
from adapters.sample_practice import CLINICIANS
from models.billing import BillingTables, DeadlineStart

SAMPLES = Path(__file__).parents[2] / "samples" / "billing"
DAY = date(2026, 11, 2)


@pytest.fixture(scope="module")
def tables() -> BillingTables:
    return load(SAMPLES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(SAMPLES, tmp_path / "billing")
    return tmp_path / "billing"


def faults(folder: Path) -> list[tuple[str, int, str]]:
    with pytest.raises(BrokenTables) as broken:
        load(folder)
    assert str(broken.value) and broken.value.row == broken.value.faults[0].line
    return [(each.file, each.line, each.field) for each in broken.value.faults]


def change(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text()
    assert text.count(old) == 1
    (folder / name).write_text(text.replace(old, new))


def test_samples_cover_every_sample_payer_and_clinician(tables: BillingTables) -> None:
    panels = {payer for each in CLINICIANS for payer, _ in each.panels}
    assert all(tables.payer(code, DAY) and tables.contract(code, DAY) for code in panels)
    assert all(tables.clinician(each.staff_id, DAY) for each in CLINICIANS)
    practice = tables.practice(DAY)
    assert practice is not None and practice.billing.npi not in {each.npi for each in CLINICIANS}
    assert (practice.write_off_limit_cents, practice.refund_days) == (10_000, 60)


@pytest.mark.parametrize(("said", "days"), [("    refund_days: 1\n", 1), ("", 60)])
def test_refund_days_are_the_practices_own(folder: Path, said: str, days: int) -> None:
    change(folder, "practice.yaml", "    refund_days: 60\n", said)
    practice = load(folder).practice(DAY)
    assert practice is not None and practice.refund_days == days


def test_samples_keep_what_held_before(tables: BillingTables) -> None:
    before, after = date(2025, 12, 31), date(2026, 1, 1)
    cigna = [tables.payer("CIGNA", on) for on in (before, after)]
    assert [each and each.telehealth_modifiers for each in cigna] == [("GT",), ("95",)]
    limits = [tables.contract("CIGNA", on) for on in (before, after)]
    assert [each and each.timely_filing_days for each in limits] == [180, 90]
    fees = [tables.fee("AETNA", "90834", (), on) for on in (before, after)]
    assert [each and (each.charge_cents, each.allowed_cents) for each in fees] == [(12_500, None), (13_000, 8_840)]
    uhc = tables.contract("UHC", DAY)
    assert uhc is not None and uhc.corrected_from is DeadlineStart.DECISION


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("120.00", 12_000), ("120", 12_000), ("0.05", 5), ("0", 0), ("-1.00", None), ("1.5", None), ("$1.00", None),
        ("1,000.00", None), ("1.000", None), ("", None), ("\u0661", None), ("9999999.99", 999_999_999),
        ("10000000", None),
    ],
)  # fmt: skip
def test_money_is_read_as_cents_or_refused(text: str, cents: int | None) -> None:
    assert read_money(text) == cents


@pytest.mark.parametrize(
    ("name", "old", "new", "fault"),
    [
        ("payers.csv", "SAMPLE02,SAMPLE02E,BL", "SAMPLE02,SAMPLE02E,XX", (3, "filing_code")),
        ("payers.csv", "UHC,UnitedHealthcare (sample)", "UHC,United*Healthcare", (6, "name")),
        ("payers.csv", "SAMPLE01,SAMPLE01,CI,11,10", "SAMPLE01,SAMPLE01,CI,11,1", (2, "place_telehealth_home")),
        ("payers.csv", "CI,11,02,02,02,GT,93,,,2025-01-01,2025-12-31", "CI,11,02,02,02,GT,93,,,2025-01-01,2026-01-01",
         (5, "valid_from")),
        ("payers.csv", "GT,93,,,2025-01-01,2025-12-31", "GT,93,,,2025-01-01,2024-12-31", (4, "valid_to")),
        ("payers.csv", "95,93,,LAKESHORE_BH", "95,93,,NOBODY", (8, "carve_out_payer")),
        ("payers.csv", "95,93,,LAKESHORE_BH", "95,93,,LAKESHORE", (8, "carve_out_payer")),
        ("payers.csv", "90837 90847", "90837 9084", (7, "authorisation_codes")),
        ("payers.csv", "90837 90847", "90837 90837", (7, "authorisation_codes")),
        ("payers.csv", "filing_code", "filingcode", (1, "filing_code")),
        ("contracts.csv", "AETNA,120", "AETN,120", (2, "payer_code")),
        ("contracts.csv", "AETNA,120", "AETNA,0", (2, "timely_filing_days")),
        ("contracts.csv", "AETNA,120", "AETNA,", (2, "timely_filing_days")),
        ("contracts.csv", "UHC,90,90,decision,service", "UHC,90,90,birth,service", (6, "corrected_from")),
        ("contracts.csv", "45,250.00", "45,-250.00", (7, "sign_off_above")),
        ("contracts.csv", "CIGNA,90,", "AETNA,90,", (5, "valid_from")),
        ("fees.csv", "*,90791,,220.00,", "*,90791,,-220.00,", (2, "charge")),
        ("fees.csv", "*,90791,,220.00,", "*,90791,,0.00,", (2, "charge")),
        ("fees.csv", "*,90791,,220.00,", "*,9079,,220.00,", (2, "procedure_code")),
        ("fees.csv", "*,90791,,220.00,", "X,90791,,220.00,", (2, "payer_code")),
        ("fees.csv", "UHC,90853,HQ,60.00", "UHC,90853,HQ HQ,60.00", (82, "modifiers")),
        ("fees.csv", "UHC,90853,HQ,60.00", "UHC,90853,,60.00", (82, "valid_from")),
        ("practice.yaml", "npi: 1000000996", "npi: 1000000997", (4, "npi")),
        ("practice.yaml", "tax_id: 001234567", "tax_id: 00-1234567", (6, "tax_id")),
        ("practice.yaml", "street: 100 Harbor Street", "street: P.O. Box 7", (8, "street")),
        ("practice.yaml", "zip_code: 972050100", "zip_code: 97205", (12, "zip_code")),
        ("practice.yaml", "    city: Portland\n", "", (3, "city")),
        ("practice.yaml", "    city: Portland\n", "    town: Portland\n", (3, "city")),
        ("practice.yaml", "write_off_limit: 100.00", "write_off_limit: a lot", (21, "write_off_limit")),
        ("practice.yaml", "refund_days: 60", "refund_days: 0", (22, "refund_days")),
        ("practice.yaml", "refund_days: 60", "refund_days: 61", (22, "refund_days")),
        ("practice.yaml", "ST-112, taxonomy: 101YM0800X", "ST-112, taxonomy: 101YM0800", (36, "taxonomy")),
        ("practice.yaml", "staff_id: ST-112", "staff_id: ST-111", (36, "valid_from")),
        ("practice.yaml", "clinicians:", "therapists:", (25, "therapists")),
    ],
)  # fmt: skip
def test_fault_is_told_by_file_line_and_field(
    folder: Path, name: str, old: str, new: str, fault: tuple[int, str]
) -> None:
    change(folder, name, old, new)
    assert (name, *fault) in faults(folder)


def test_every_fault_of_every_file_is_told_at_once(folder: Path) -> None:
    change(folder, "payers.csv", "SAMPLE02,SAMPLE02E,BL", "SAMPLE02,SAMPLE02E,XX")
    change(folder, "contracts.csv", "AETNA,120,180", "AETNA,none,some")
    change(folder, "fees.csv", "*,90791,,220.00,", "*,90791,,-220.00,")
    change(folder, "practice.yaml", "npi: 1000000996", "npi: 1000000997")
    assert faults(folder) == [
        ("payers.csv", 3, "filing_code"),  # its contract and fees still belong to a payer that is named
        ("contracts.csv", 2, "timely_filing_days"),
        ("contracts.csv", 2, "corrected_days"),
        ("fees.csv", 2, "charge"),
        ("practice.yaml", 4, "npi"),
    ]


@pytest.mark.parametrize("name", ["payers.csv", "contracts.csv", "fees.csv", "practice.yaml"])
def test_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert (name, 1, "") in faults(folder)


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("fees.csv", b"", (1, "charge")),
        ("fees.csv", b"PK\x03\x04", (1, "")),
        ("fees.csv", b'payer_code,"charge', (1, "")),
        ("fees.csv", b"payer_code,procedure_code,modifiers,charge,allowed,valid_from,valid_to\n*,90791,1\n", (2, "")),
        ("practice.yaml", b"", (1, "")),
        ("practice.yaml", b"practice: []\n", (1, "practice")),
        ("practice.yaml", b"practice: here\n", (1, "practice")),
        ("practice.yaml", b"practice: [here]\n", (1, "practice")),
        ("practice.yaml", b"practice: [{name: [1]}]\n", (1, "name")),
        ("practice.yaml", b"a: b: c\n", (1, "")),
        ("practice.yaml", b"\xff\xfe\x00", (1, "")),
    ],
)
def test_file_that_is_no_table_is_refused(folder: Path, name: str, content: bytes, fault: tuple[int, str]) -> None:
    (folder / name).write_bytes(content)
    assert (name, *fault) in faults(folder)


def test_message_of_a_fault_never_quotes_a_cell(folder: Path) -> None:
    change(folder, "practice.yaml", "tax_id: 001234567", "tax_id: 9911-SECRET")
    with pytest.raises(BrokenTables) as broken:
        load(folder)
    assert "SECRET" not in str(broken.value)
