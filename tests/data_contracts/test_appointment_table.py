"""The contract of an appointment history: each rule on both sides, and the clock of a place, which is never guessed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from adapters.appointment_csv import appointments_from_table, read_appointment_table
from data_contracts.appointment_table import check_appointment_table
from models.appointment_table import (
    COLUMN_NAMES,
    LONGEST_LEAD,
    Places,
    on_the_clock_of,
    read_ending,
    read_moment_or_clock,
)
from models.codes import AppointmentStatus, Modality
from models.errors import ContractBroken

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
PLACES = Places({"LOC-1": "America/Los_Angeles", "LOC-2": "America/Chicago"})
PLAIN = {
    "patient_id": "PT-1",
    "booked_at": "2026-10-20T09:00:00-07:00",
    "starts_at": "2026-11-03T09:00:00-08:00",
    "status": "attended",
}


@pytest.fixture(autouse=True, scope="module")
def _at_noon() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("data_contracts.table_contract.utc_now", lambda: NOW)
        yield


def table_of(*rows: dict[str, str]) -> pd.DataFrame:
    blank = dict.fromkeys(COLUMN_NAMES, "")
    return pd.DataFrame([{**blank, **cells, "row": at, "surplus_cells": 0} for at, cells in enumerate(rows, 2)])


def rules_broken(table: pd.DataFrame, places: Places = PLACES) -> set[tuple[int, str, str]]:
    found = check_appointment_table(table, places=places, docs_dir=None, run_name="HF-1").findings
    return {(it.row, it.field, it.rule) for it in found}


def started(**away: float) -> dict[str, str]:
    at = NOW + timedelta(**away)
    return {"starts_at": at.isoformat(), "booked_at": (at - timedelta(days=3)).isoformat()}


START = datetime.fromisoformat(PLAIN["starts_at"])
# One table checks every case in one run: (cells that differ from PLAIN, the rules they break).
CASES: list[tuple[dict[str, str], set[tuple[str, str]]]] = [
    ({}, set()),
    ({"patient_id": ""}, {("patient_id", "filled")}),
    ({"patient_id": "Ana Quill"}, {("patient_id", "readable")}),
    ({"booked_at": ""}, {("booked_at", "filled")}),
    ({"booked_at": "2026-10-20"}, {("booked_at", "readable")}),
    ({"booked_at": "2026-10-20 09:00", "location_id": "LOC-1"}, set()),
    ({"booked_at": "2026-10-20 09:00"}, {("booked_at", "moment_told")}),
    ({"starts_at": "2026-02-30T09:00:00-08:00"}, {("starts_at", "readable")}),
    ({"starts_at": "11/3/2026 9:00 AM", "location_id": "LOC-1"}, set()),
    ({"starts_at": "11/3/2026 9:00 AM"}, {("starts_at", "moment_told")}),
    ({"starts_at": "11/3/26 9:00 AM", "location_id": "LOC-1"}, {("starts_at", "readable")}),
    # the hour that 8 March skips, the hour that 1 November repeats, and the minutes beside them
    ({"starts_at": "2026-03-08 02:30", "booked_at": "2026-02-01 09:00", "location_id": "LOC-1"},
     {("starts_at", "moment_told")}),
    ({"starts_at": "2026-03-08 03:00", "booked_at": "2026-02-01 09:00", "location_id": "LOC-1"}, set()),
    ({"starts_at": "2026-11-01 01:30", "location_id": "LOC-1"}, {("starts_at", "moment_told")}),
    ({"starts_at": "2026-11-01T01:30:00-08:00", "location_id": "LOC-1"}, set()),
    ({"starts_at": "2026-11-01 02:00", "location_id": "LOC-1"}, set()),
    ({"booked_at": PLAIN["starts_at"]}, set()),
    ({"booked_at": (START + timedelta(seconds=1)).isoformat()}, {("booked_at", "before_start")}),
    ({"booked_at": (START - LONGEST_LEAD).isoformat()}, set()),
    ({"booked_at": (START - LONGEST_LEAD - timedelta(seconds=1)).isoformat()}, {("booked_at", "not_too_early")}),
    (started(), set()),
    (started(seconds=1), {("starts_at", "past")}),
    (started(days=-3660), set()),
    (started(days=-3660, seconds=-1), {("starts_at", "recent")}),
    ({"status": ""}, {("status", "filled")}),
    ({"status": "Scheduled"}, {("status", "readable")}),
    ({"status": "No-Show"}, set()),
    ({"location_id": "LOC-9"}, {("location_id", "known")}),
    ({"location_id": "LOC-9", "starts_at": "2026-11-03 09:00"}, {("location_id", "known")}),
    ({"minutes": "50"}, set()),
    ({"minutes": "0"}, {("minutes", "readable")}),
    ({"minutes": "360"}, set()),
    ({"minutes": "361"}, {("minutes", "readable")}),
    ({"modality": "Video"}, set()),
    ({"modality": "by letter"}, {("modality", "readable")}),
    ({"reminders": "0"}, set()),
    ({"reminders": "20"}, set()),
    ({"reminders": "21"}, {("reminders", "readable")}),
    ({"reminders": "-1"}, {("reminders", "readable")}),
    ({"confirmed": "maybe"}, {("confirmed", "readable")}),
    ({"clinician_id": "Dr Robin Example"}, {("clinician_id", "readable")}),
]  # fmt: skip


def test_each_rule_on_both_sides():
    """Every row is another patient's, so that none is taken for another's."""
    rows = [{**PLAIN, "patient_id": f"PT-{number}", **cells} for number, (cells, _) in enumerate(CASES)]
    expected = {(row, *fault) for row, (_, faults) in enumerate(CASES, 2) for fault in faults}
    assert rules_broken(table_of(*rows)) == expected


def test_appointment_is_told_apart_by_its_number_else_by_who_and_when():
    twice = [PLAIN, PLAIN]
    assert rules_broken(table_of(*twice)) == {(row, "appointment_id", "unique") for row in (2, 3)}
    numbered = [{**PLAIN, "appointment_id": number} for number in ("A", "B")]
    assert rules_broken(table_of(*numbered)) == set()
    same = [{**PLAIN, "appointment_id": "A"}, {**PLAIN, "patient_id": "PT-2", "appointment_id": "A"}]
    assert rules_broken(table_of(*same)) == {(row, "appointment_id", "unique") for row in (2, 3)}
    same_moment = {**PLAIN, "starts_at": "2026-11-03T17:00:00Z"}
    assert {
        fault for _, *fault in map(list, rules_broken(table_of(PLAIN, same_moment))) for fault in [tuple(fault)]
    } == {("appointment_id", "unique")}


@pytest.mark.parametrize(("zones", "told"), [({"LOC-1": "America/Los_Angeles"}, True), (PLACES.zones, False)])
def test_row_without_a_location_has_the_zone_that_all_locations_share(zones: dict[str, str], told: bool):
    cells = {**PLAIN, "starts_at": "2026-11-03 09:00"}
    assert (rules_broken(table_of(cells), Places(zones)) == set()) == told


def test_no_finding_repeats_a_value():
    marker = "Zanzibarius"
    broken = dict.fromkeys(COLUMN_NAMES, f"{marker} {marker}")
    found = check_appointment_table(table_of(broken), places=PLACES, docs_dir=None, run_name="HF-1").findings
    assert found and marker not in repr(found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-03-02T09:15:00-08:00", datetime(2026, 3, 2, 17, 15, tzinfo=UTC)),
        ("2026-03-02T17:15Z", datetime(2026, 3, 2, 17, 15, tzinfo=UTC)),
        ("2026-03-02 09:15", datetime(2026, 3, 2, 9, 15)),
        ("3/2/2026 9:15 AM", datetime(2026, 3, 2, 9, 15)),
        ("3/2/2026 12:05 am", datetime(2026, 3, 2, 0, 5)),
        ("3/2/2026, 12:05 p.m.", datetime(2026, 3, 2, 12, 5)),
        ("3/2/2026 21:15", datetime(2026, 3, 2, 21, 15)),
        ("3/2/2026 13:15 PM", None),
        ("3/2/2026 24:15", None),
        ("13/2/2026 9:15", None),
        ("3/2/2026", None),
        ("20260302", None),
        ("yesterday", None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_moment_is_read(text: str, said: datetime | None):
    assert read_moment_or_clock(text) == said


def test_clock_that_shows_a_time_twice_or_never_tells_no_moment():
    zone = "America/New_York"
    assert on_the_clock_of(datetime(2026, 3, 8, 2, 0), zone) is None
    assert on_the_clock_of(datetime(2026, 3, 8, 1, 59), zone) == datetime(2026, 3, 8, 6, 59, tzinfo=UTC)
    assert on_the_clock_of(datetime(2026, 11, 1, 1, 0), zone) is None
    assert on_the_clock_of(datetime(2026, 11, 1, 0, 59), zone) == datetime(2026, 11, 1, 4, 59, tzinfo=UTC)
    assert on_the_clock_of(datetime(2026, 7, 1, 9, 0), None) is None


@pytest.mark.parametrize(
    ("text", "ending"),
    [
        ("Attended", AppointmentStatus.ATTENDED),
        ("NO SHOW", AppointmentStatus.NO_SHOW),
        ("Did not attend", AppointmentStatus.NO_SHOW),
        ("canceled", AppointmentStatus.CANCELLED),
        ("Late cancel", AppointmentStatus.LATE_CANCELLED),
        ("booked", None),
        ("confirmed", None),
        ("rescheduled", None),
    ],
)
def test_ending_is_read(text: str, ending: AppointmentStatus | None):
    assert read_ending(text) is ending


def test_file_gives_its_appointments():
    data = (
        "Client ID,Created,Start,Outcome,Visit type,Reminders sent,Location,Name\n"
        "77,10/20/2026 9:00 AM,11/3/2026 9:00 AM,No show,Video,2,LOC-2,Ana Quill\n"
    )
    [one] = appointments_from_table(read_appointment_table(data.encode()), [], PLACES)
    assert (one.patient_id, one.status, one.modality, one.reminders) == (
        "77", AppointmentStatus.NO_SHOW, Modality.TELEHEALTH, 2,
    )  # fmt: skip
    assert one.starts_at == datetime(2026, 11, 3, 15, tzinfo=UTC) and one.booked_at.hour == 14
    assert "Quill" not in repr(one)


def test_row_that_skipped_its_contract_does_not_slip_in():
    with pytest.raises(ContractBroken, match="cannot be told"):
        appointments_from_table(table_of({**PLAIN, "starts_at": "2026-11-03 09:00"}), [], PLACES)


@pytest.mark.parametrize("column", ["patient_id", "booked_at", "starts_at", "status"])
def test_file_without_a_needed_column_is_refused(column: str):
    header = ",".join(name for name in PLAIN if name != column)
    with pytest.raises(ContractBroken, match=column):
        read_appointment_table(f"{header}\n1,2,3\n".encode())
