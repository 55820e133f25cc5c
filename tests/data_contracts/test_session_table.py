"""The session index's contract: each rule on both sides, and not one value in what it leaves behind."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from adapters.session_csv import sessions_from_table
from data_contracts.referral_table import check_referral_table
from data_contracts.session_table import ContractResult, check_session_table
from models.referral_table import COLUMN_NAMES as REFERRAL_COLUMNS
from models.session_table import COLUMN_NAMES, LONGEST_FILE_NAME

LOCATIONS = frozenset({"LOC-1", "LOC-2"})
MARKER = "Zanzibarius"
NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
PLAIN = {
    "session_key": "S-1",
    "patient_id": "PT-1",
    "clinician_id": "ST-1",
    "location_id": "LOC-1",
    "started_at": "2026-11-03T09:00:00-08:00",
    "ended_at": "2026-11-03T09:53:00-08:00",
    "modality": "telehealth",
    "service": "individual",
}


@pytest.fixture(autouse=True, scope="module")
def _at_noon() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("data_contracts.table_contract.utc_now", lambda: NOW)
        yield


def at(**away: float) -> dict[str, str]:
    """A session of an hour that starts so far from now."""
    started = NOW + timedelta(**away)
    return {"started_at": started.isoformat(), "ended_at": (started + timedelta(hours=1)).isoformat()}


def table_of(*rows: dict[str, str]) -> pd.DataFrame:
    blank = dict.fromkeys(COLUMN_NAMES, "")
    return pd.DataFrame([{**blank, **cells, "row": at, "surplus_cells": 0} for at, cells in enumerate(rows, 2)])


def check(table: pd.DataFrame, docs_dir: Path | None = None, run_name: str = "SI-000001") -> ContractResult:
    return check_session_table(table, known_locations=LOCATIONS, docs_dir=docs_dir, run_name=run_name)


def rules_broken(table: pd.DataFrame) -> set[tuple[int, str, str]]:
    return {(it.row, it.field, it.rule) for it in check(table).findings}


# One table checks every case in one run: (cells that differ from PLAIN, the rules they break).
CASES: list[tuple[dict[str, str], set[tuple[str, str]]]] = [
    ({}, set()),
    ({"session_key": ""}, {("session_key", "filled")}),
    ({"session_key": "a" * 64}, set()),
    ({"session_key": "a" * 65}, {("session_key", "readable")}),
    ({"patient_id": ""}, {("patient_id", "filled")}),
    ({"patient_id": "Ana Quill"}, {("patient_id", "readable")}),
    ({"clinician_id": " "}, {("clinician_id", "filled")}),
    ({"location_id": "LOC-2"}, set()),
    ({"location_id": "LOC-9"}, {("location_id", "known")}),
    ({"location_id": ""}, {("location_id", "filled")}),
    ({"started_at": "2026-11-03T09:00:00"}, {("started_at", "readable")}),
    ({"started_at": ""}, {("started_at", "filled")}),
    ({"ended_at": "09:53"}, {("ended_at", "readable")}),
    ({"ended_at": PLAIN["started_at"]}, {("ended_at", "after_start")}),
    ({"ended_at": "2026-11-03T17:00:00Z"}, {("ended_at", "after_start")}),
    ({"ended_at": "2026-11-03T17:00:01Z"}, set()),
    ({"ended_at": "2026-11-03T15:00:00-08:00"}, set()),
    ({"ended_at": "2026-11-03T15:00:01-08:00"}, {("ended_at", "not_too_long")}),
    (at(days=1), set()),
    (at(days=1, seconds=1), {("started_at", "past")}),
    (at(days=-400), set()),
    (at(days=-400, seconds=-1), {("started_at", "recent")}),
    ({"modality": "office"}, set()),
    ({"modality": "either"}, {("modality", "readable")}),
    ({"modality": ""}, {("modality", "filled")}),
    ({"service": "Family without patient"}, set()),
    ({"service": "massage"}, {("service", "readable")}),
    ({"service": ""}, {("service", "filled")}),
    ({"patient_state": "IL"}, set()),
    ({"patient_state": ""}, set()),
    ({"patient_state": "Illinois"}, {("patient_state", "readable")}),
    ({"note_format": "birp"}, set()),
    ({"note_format": "essay"}, {("note_format", "readable")}),
    ({"transcript_file": "one.vtt"}, set()),
    ({"transcript_file": "folder/two.vtt"}, {("transcript_file", "readable")}),
    ({"transcript_file": "a" * (LONGEST_FILE_NAME + 1)}, {("transcript_file", "readable")}),
    ({"appointment_id": "AP 9"}, {("appointment_id", "readable")}),
    ({"diagnoses": "F41.1|F33.0"}, set()),
    ({"diagnoses": "worry"}, {("diagnoses", "readable")}),
    ({"plan_dated": "2026-11-11"}, set()),
    ({"plan_dated": "2026-11-12"}, {("plan_dated", "past")}),
    ({"plan_dated": "2026-02-30"}, {("plan_dated", "readable")}),
    ({"plan_goals": "a" * 4_000}, set()),
    ({"plan_goals": "a" * 4_001}, {("plan_goals", "length")}),
    ({"modality": "zoom", "diagnoses": "?"}, {("modality", "readable"), ("diagnoses", "readable")}),
]


def case_table() -> pd.DataFrame:
    return table_of(*(PLAIN | {"session_key": f"S-{at}"} | cells for at, (cells, _) in enumerate(CASES)))


@pytest.fixture(scope="module")
def result_of_cases() -> ContractResult:
    return check(case_table())


@pytest.mark.parametrize("at", range(len(CASES)))
def test_contract_breaks_exactly_where_it_should(result_of_cases: ContractResult, at: int) -> None:
    broken = {(it.field, it.rule) for it in result_of_cases.findings if it.row == at + 2}
    assert broken == CASES[at][1], f"cells {sorted(CASES[at][0])}"


def test_contract_and_reader_agree(result_of_cases: ContractResult) -> None:
    good = sessions_from_table(case_table(), result_of_cases.findings)
    assert [it.source_row - 2 for it in good] == [at for at, (_, broken) in enumerate(CASES) if not broken]


def test_contract_wants_a_session_and_a_transcript_once() -> None:
    one, two = PLAIN | {"transcript_file": "one.vtt"}, PLAIN | {"session_key": "S-2", "transcript_file": "one.vtt"}
    three = PLAIN | {"session_key": "S-3"}
    assert rules_broken(table_of(one, two, three, three | {"patient_state": "OR"})) == {
        (2, "transcript_file", "unique"),
        (3, "transcript_file", "unique"),
        (4, "session_key", "unique"),
        (5, "session_key", "unique"),
    }


def test_contract_sees_shifted_cells_where_no_time_can_be_read() -> None:
    shifted = table_of(PLAIN | {"started_at": "x", "ended_at": "y"}).assign(surplus_cells=1)
    assert rules_broken(shifted) == {
        (2, "row", "cells_fit_header"),
        (2, "started_at", "readable"),
        (2, "ended_at", "readable"),
    }


def test_contract_names_a_missing_column_on_the_header_row() -> None:
    found = rules_broken(table_of(PLAIN).drop(columns=["service", "transcript_file"]))
    assert found == {(1, "service", "column_present")}


def test_contract_does_without_a_column_that_is_not_required() -> None:
    assert rules_broken(table_of(PLAIN).drop(columns=["transcript_file", "plan_goals"])) == set()


def test_contract_wants_at_least_one_row() -> None:
    assert rules_broken(table_of(PLAIN).iloc[:0]) == {(1, "row", "has_rows")}


def test_reasons_name_the_field_and_what_is_wanted() -> None:
    result = check(table_of(PLAIN | {"modality": "zoom", "location_id": "LOC-9", "diagnoses": "worry"}))
    assert {it.field: it.reason for it in result.findings} == {
        "modality": "modality must be office or telehealth",
        "location_id": "location_id must be one of LOC-1, LOC-2",
        "diagnoses": "diagnoses must be ICD-10-CM codes such as F41.1; F33.0, at most 12",
    }
    assert (result.checked_rows, result.docs_index, result.docs_page) == (1, None, None)


def test_docs_and_results_hold_no_value_of_a_person(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = [
        PLAIN | {"session_key": f"S-{at}", name: f"{MARKER} / {at}" * 400}
        for at, name in enumerate(COLUMN_NAMES)
        if name != "session_key"
    ]
    goals = PLAIN | {"transcript_file": f"{MARKER}.vtt", "plan_goals": MARKER}
    result = check(table_of(*rows, goals, goals), tmp_path / "docs")
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {it.field for it in result.findings} == set(COLUMN_NAMES)
    assert any(path.suffix == ".html" for path in written)
    assert [path for path in written if MARKER.encode() in path.read_bytes()] == []
    assert MARKER not in repr(result) + caplog.text


def test_docs_of_sessions_and_of_referrals_share_one_site(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    blank = dict.fromkeys(REFERRAL_COLUMNS, "") | {"row": 2, "surplus_cells": 0}
    check_referral_table(pd.DataFrame([blank]), known_locations=LOCATIONS, docs_dir=docs, run_name="IF-000007")
    result = check(table_of(PLAIN | {"modality": "zoom"}), docs)
    assert result.docs_index and result.docs_page
    index = result.docs_index.read_text(encoding="utf-8")
    assert "IF-000007" in index and "SI-000001" in index
    assert "modality must be office or telehealth" in result.docs_page.read_text(encoding="utf-8")
