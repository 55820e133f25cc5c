"""The referral table's contract: each rule on both sides, and not one value in what it leaves behind."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

from adapters.referral_csv import read_referral_table, referrals_from_table
from data_contracts.referral_table import ContractResult, check_referral_table
from models.referral_table import COLUMN_NAMES

CHECKOUT = Path(__file__).parents[2]
SAMPLE = CHECKOUT / "samples" / "referrals" / "referrals-2026-11.csv"
LOCATIONS = frozenset({"LOC-1", "LOC-2", "LOC-3"})
MARKER = "Zanzibarius"
PLAIN = {
    "external_id": "R-1",
    "received_at": "2026-11-03T09:15:00-08:00",
    "given_name": "Ana",
    "family_name": "Quill",
    "birth_date": "1990-05-17",
    "email": "ana.quill@example.org",
    "phone": "(503) 555-0101",
    "payer_code": "AETNA",
    "location_id": "LOC-1",
}


def table_of(*rows: dict[str, str]) -> pd.DataFrame:
    blank = dict.fromkeys(COLUMN_NAMES, "")
    filled = [{**blank, **cells, "row": at, "surplus_cells": 0} for at, cells in enumerate(rows, 2)]
    return pd.DataFrame(filled)


def check(table: pd.DataFrame, docs_dir: Path | None = None, run_name: str = "IN-000001") -> ContractResult:
    return check_referral_table(table, known_locations=LOCATIONS, docs_dir=docs_dir, run_name=run_name)


def rules_broken(table: pd.DataFrame) -> set[tuple[int, str, str]]:
    return {(it.row, it.field, it.rule) for it in check(table).findings}


# One table checks every case in one run: (cells that differ from PLAIN, the rules they break).
CASES: list[tuple[dict[str, str], set[tuple[str, str]]]] = [
    ({}, set()),
    ({"external_id": ""}, {("external_id", "filled")}),
    ({"external_id": "a" * 64}, set()),
    ({"external_id": "a" * 65}, {("external_id", "readable")}),
    ({"external_id": "two words"}, {("external_id", "readable")}),
    ({"received_at": "2026-11-03"}, {("received_at", "readable")}),
    ({"received_at": ""}, {("received_at", "filled")}),
    ({"given_name": ""}, {("given_name", "filled")}),
    ({"given_name": "a" * 100}, set()),
    ({"given_name": "a" * 101}, {("given_name", "length")}),
    ({"family_name": "  "}, {("family_name", "filled")}),
    ({"birth_date": ""}, {("birth_date", "filled")}),
    ({"birth_date": "1990-02-30"}, {("birth_date", "readable")}),
    ({"birth_date": "2/28/1990"}, set()),
    ({"birth_date": "1905-11-04"}, set()),
    ({"birth_date": "1905-11-03"}, {("birth_date", "plausible_age")}),
    ({"birth_date": "2026-11-03"}, set()),
    ({"birth_date": "2026-11-04"}, {("birth_date", "plausible_age")}),
    ({"email": ""}, set()),
    ({"phone": ""}, set()),
    ({"email": "", "phone": ""}, {("email", "can_be_reached")}),
    ({"email": "ana at example"}, {("email", "readable")}),
    ({"phone": "555-0101"}, {("phone", "readable")}),
    ({"state": "or"}, set()),
    ({"state": "ZZ"}, {("state", "readable")}),
    ({"time_zone": "PST"}, {("time_zone", "readable")}),
    ({"language": "Spanish"}, {("language", "readable")}),
    ({"preferred_channel": "fax"}, {("preferred_channel", "readable")}),
    ({"preferred_channel": "sms"}, set()),
    ({"preferred_channel": "sms", "phone": ""}, {("preferred_channel", "contact_given")}),
    ({"preferred_channel": "email", "email": ""}, {("preferred_channel", "contact_given")}),
    ({"payer_code": ""}, {("payer_code", "payer_or_self_pay")}),
    ({"payer_code": "", "self_pay": "no"}, {("payer_code", "payer_or_self_pay")}),
    ({"payer_code": "", "self_pay": "yes"}, set()),
    ({"payer_code": "SELF"}, set()),
    ({"self_pay": "perhaps"}, {("self_pay", "readable")}),
    ({"modality": "zoom"}, {("modality", "readable")}),
    ({"location_id": "LOC-9"}, {("location_id", "known")}),
    ({"location_id": ""}, {("location_id", "filled")}),
    ({"focus_areas": "grief; luck"}, {("focus_areas", "readable")}),
    ({"preferred_times": "noon"}, {("preferred_times", "readable")}),
    ({"referral_text": "a" * 20_000}, set()),
    ({"referral_text": "a" * 20_001}, {("referral_text", "length")}),
    ({"consent_ai": "signed"}, {("consent_ai", "readable")}),
    ({"consent_ai_on": "2026-13-01"}, {("consent_ai_on", "readable")}),
    ({"phq9_9": "0"}, set()),
    ({"phq9_9": "3"}, set()),
    ({"phq9_9": "4"}, {("phq9_9", "in_range")}),
    ({"phq9_difficulty": "-1"}, {("phq9_difficulty", "in_range")}),
    ({"gad7_7": "1.5"}, {("gad7_7", "in_range")}),
    ({"gad7_1": "4", "state": "ZZ"}, {("gad7_1", "in_range"), ("state", "readable")}),
]


@pytest.fixture(scope="module")
def broken_in_cases() -> dict[int, set[tuple[str, str]]]:
    table = table_of(*(PLAIN | {"external_id": f"R-{at}"} | cells for at, (cells, _) in enumerate(CASES)))
    broken: dict[int, set[tuple[str, str]]] = {at: set() for at in range(len(CASES))}
    for row, field, rule in rules_broken(table):
        broken[row - 2].add((field, rule))
    return broken


@pytest.mark.parametrize("at", range(len(CASES)), ids=lambda at: f"{at}")
def test_contract_breaks_exactly_where_it_should(broken_in_cases: dict[int, set[tuple[str, str]]], at: int) -> None:
    assert broken_in_cases[at] == CASES[at][1], f"cells {sorted(CASES[at][0])}"


def test_contract_and_reader_agree() -> None:
    table = table_of(*(PLAIN | {"external_id": f"R-{at}"} | cells for at, (cells, _) in enumerate(CASES)))
    good = referrals_from_table(table, check(table).findings)
    assert [it.source_row - 2 for it in good] == [at for at, (_, broken) in enumerate(CASES) if not broken]


def test_contract_wants_an_external_id_once() -> None:
    found = rules_broken(table_of(PLAIN, PLAIN | {"external_id": "R-2"}, PLAIN))
    assert found == {(2, "external_id", "unique"), (4, "external_id", "unique")}


def test_contract_sees_shifted_cells() -> None:
    assert rules_broken(table_of(PLAIN).assign(surplus_cells=1)) == {(2, "row", "cells_fit_header")}


def test_contract_names_a_missing_column_on_the_header_row() -> None:
    found = rules_broken(table_of(PLAIN).drop(columns=["birth_date", "phone"]))
    assert found == {(1, "birth_date", "column_present"), (1, "phone", "column_present")}


def test_contract_wants_at_least_one_row() -> None:
    assert rules_broken(table_of(PLAIN).iloc[:0]) == {(1, "row", "has_rows")}


def test_sample_has_four_broken_rows_with_different_faults() -> None:
    result = check(read_referral_table(SAMPLE.read_bytes()))
    assert [(it.row, it.field, it.rule) for it in result.findings] == [
        (12, "birth_date", "readable"),
        (19, "email", "can_be_reached"),
        (24, "phq9_4", "in_range"),
        (30, "location_id", "known"),
    ]
    assert result.checked_rows == 40
    assert result.expectation_count >= len(COLUMN_NAMES)
    assert result.docs_index is None and result.docs_page is None


def test_reasons_name_the_field_and_what_is_wanted() -> None:
    result = check(table_of(PLAIN | {"birth_date": "1990-02-30", "location_id": "LOC-9"}))
    reasons = {it.field: it.reason for it in result.findings}
    assert reasons["birth_date"] == "birth_date must be a date that exists, written 1990-04-23 or 4/23/1990"
    assert reasons["location_id"] == "location_id must be one of LOC-1, LOC-2, LOC-3"


def test_docs_and_results_hold_no_value_of_a_person(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    marked = [{name: f"{MARKER}{at}"} for at, name in enumerate(COLUMN_NAMES)]
    rows = [PLAIN | {"external_id": f"R-{at}"} | cells for at, cells in enumerate(marked)]
    rows.append({name: f"{MARKER}{at}" * 300 for at, name in enumerate(COLUMN_NAMES)})
    result = check(table_of(*rows), tmp_path / "docs")
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(result.findings) > len(COLUMN_NAMES) and any(path.suffix == ".html" for path in written)
    personal = [MARKER, "Quill", "ana.quill", "555-0101", PLAIN["birth_date"]]
    assert [path for path in written if any(value.encode() in path.read_bytes() for value in personal)] == []
    assert not any(value in repr(result) + caplog.text for value in personal)


def test_docs_keep_the_runs_before(tmp_path: Path) -> None:
    first = check(table_of(PLAIN), tmp_path / "docs", "IN-000001")
    page = first.docs_page
    again = check(table_of(PLAIN | {"state": "ZZ"}), tmp_path / "docs", "IN-000002")
    assert page and page.exists() and again.docs_page and again.docs_page != page
    assert again.docs_index
    index = again.docs_index.read_text(encoding="utf-8")
    assert "IN-000001" in index and "IN-000002" in index
    assert "state must be the two-letter USPS code" in again.docs_page.read_text(encoding="utf-8")


def test_docs_of_the_same_run_twice_do_not_break(tmp_path: Path) -> None:
    first, second = (check(table_of(PLAIN), tmp_path / "docs") for _ in range(2))
    assert first.findings == second.findings == ()
    assert second.docs_page and second.docs_page.exists()


def test_docs_forget_only_the_oldest_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data_contracts.table_contract.KEPT_RUNS", 2)
    results = [check(table_of(PLAIN), tmp_path / "docs", f"IN-{at}") for at in (3, 1, 2)]
    assert results[-1].docs_index
    index = results[-1].docs_index.read_text(encoding="utf-8")
    assert "IN-3" not in index and "IN-1" in index and "IN-2" in index


def test_checks_at_the_same_time_in_threads_do_not_mix(tmp_path: Path) -> None:
    tables = [
        table_of(*(PLAIN | {"external_id": f"R-{at}", "state": "ZZ"} for at in range(size))) for size in (1, 2, 3)
    ]
    with ThreadPoolExecutor(3) as pool:
        runs = pool.map(lambda at: check(tables[at], tmp_path / "docs", f"IN-{at}"), range(3))
        assert [len(it.findings) for it in runs] == [1, 2, 3]
    index = (tmp_path / "docs" / "index.html").read_text(encoding="utf-8")
    assert all(f"IN-{at}" in index for at in range(3))


CHECK_IN_A_PROCESS = """
import sys
from pathlib import Path
import pandas as pd
from data_contracts.referral_table import check_referral_table
table = pd.read_json(sys.argv[2], dtype=False, convert_dates=False)
docs_dir, run_name = Path(sys.argv[1]), sys.argv[3]
result = check_referral_table(table, known_locations={"LOC-1"}, docs_dir=docs_dir, run_name=run_name)
print(len(result.findings))
"""


def test_checks_at_the_same_time_in_processes_keep_each_other_s_pages(tmp_path: Path) -> None:
    table_of(PLAIN | {"state": "ZZ"}).to_json(tmp_path / "table.json")
    runs = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                CHECK_IN_A_PROCESS,
                tmp_path / "docs",
                tmp_path / "table.json",
                f"IN-{at}",
            ],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for at in range(2)
    ]
    assert [run.communicate()[0].strip() for run in runs] == ["1", "1"]
    index = (tmp_path / "docs" / "index.html").read_text(encoding="utf-8")
    assert "IN-0" in index and "IN-1" in index


def test_contract_is_imported_without_great_expectations() -> None:
    code = "import data_contracts.referral_table, sys; print('great_expectations' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_contract_does_not_write_to_the_terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    check(table_of(PLAIN), tmp_path / "docs")
    assert capsys.readouterr() == ("", "")
