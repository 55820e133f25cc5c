"""The index of a session export: what is read, what is refused, and what goes back to the sender."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.csv_table import MOST_ROWS, rows_to_fix
from adapters.session_csv import read_session_table, sessions_from_table
from models.codes import Modality
from models.errors import ContractBroken
from models.referral_intake import Finding
from models.session_index import NoteFormatCode, SessionIn, SessionService
from models.session_table import (
    LONGEST_FILE_NAME,
    MOST_DIAGNOSES,
    REQUIRED_COLUMNS,
    read_diagnoses,
    read_file_name,
    read_met_in,
    read_note_format,
    read_service,
)

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
FULL = PLAIN | {
    "patient_state": "or",
    "note_format": "dap",
    "transcript_file": "2026-11-03 S-1.vtt",
    "appointment_id": "AP-9",
    "diagnoses": "F41.1; f33.0",
    "plan_dated": "10/1/2026",
    "plan_goals": "Sleep through the night; return to choir",
}


def table_file(*rows: dict[str, str], delimiter: str = ",") -> bytes:
    out = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(out, names, delimiter=delimiter, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def one_session(**cells: str) -> SessionIn:
    return sessions_from_table(read_session_table(table_file(PLAIN | cells)), [])[0]


# --- the table ---


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_table_reads_each_delimiter_and_encoding(delimiter: str, encoding: str) -> None:
    data = table_file(FULL | {"plan_goals": "café; choir, walks"}, delimiter=delimiter).decode().encode(encoding)
    assert list(read_session_table(data)["plan_goals"]) == ["café; choir, walks"]


def test_table_knows_other_names_of_a_column() -> None:
    renamed = {
        "Session ID": "S-1",
        "Patient": "PT-1",
        "Therapist": "ST-1",
        "Site": "LOC-1",
        "Start": PLAIN["started_at"],
        "End time": PLAIN["ended_at"],
        "Session type": "office",
        "Service type": "crisis",
        "ICD-10": "F41.1",
        "Transcript": "one.srt",
        "Room": "4",
    }
    [session] = sessions_from_table(read_session_table(table_file(renamed)), [])
    assert (session.session_key, session.clinician_id, session.service) == ("S-1", "ST-1", SessionService.CRISIS)
    assert (session.diagnoses, session.transcript_file) == (("F41.1",), "one.srt")


@pytest.mark.parametrize("missing", REQUIRED_COLUMNS)
def test_table_refuses_a_file_without_a_required_column(missing: str) -> None:
    with pytest.raises(ContractBroken) as broken:
        read_session_table(table_file({name: cell for name, cell in PLAIN.items() if name != missing}))
    assert (broken.value.row, broken.value.field) == (1, missing)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "the file is empty"),
        (table_file(PLAIN).split(b"\r\n")[0], "no session below it"),
        (b"PK\x03\x04workbook", "a ZIP archive or a workbook: unpack it"),
        (table_file(PLAIN | {"Transcript": "a.vtt", "transcript_file": "b.vtt"}), "two columns both mean"),
        (table_file(FULL | {"plan_goals": "Zoë"}) + b"S-2,\xe9\r\n", "goes on in another encoding"),
        (table_file(PLAIN) + b"\r\n" * (MOST_ROWS + 1), f"more than {MOST_ROWS:,} rows"),
        (table_file(PLAIN) + b'S-2,"PT', "a quotation mark"),
    ],
)
def test_table_refuses_a_file_it_cannot_trust(data: bytes, says: str) -> None:
    with pytest.raises(ContractBroken, match=says):
        read_session_table(data)


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=200).map(lambda tail: table_file(FULL) + tail))
def test_table_answers_or_refuses_whatever_it_is_given(data: bytes) -> None:
    try:
        table = read_session_table(data)
    except ContractBroken:
        return
    assert all(isinstance(cell, str) for cell in table["session_key"])


# --- the cells ---

ELEVEN = ";".join(f"F{at}.0" for at in range(10, 10 + MOST_DIAGNOSES - 1))


@pytest.mark.parametrize(
    ("reads", "text", "value"),
    [
        (read_met_in, "Office", Modality.OFFICE),
        (read_met_in, "telehealth", Modality.TELEHEALTH),
        (read_met_in, "either", None),
        (read_met_in, "phone", None),
        (read_service, "Family without patient", SessionService.FAMILY_WITHOUT_PATIENT),
        (read_service, "family-without-patient", SessionService.FAMILY_WITHOUT_PATIENT),
        (read_service, "group", SessionService.GROUP),
        (read_service, "couple", None),
        (read_note_format, "girp", NoteFormatCode.GIRP),
        (read_note_format, "visit", None),
        (read_file_name, "session 1 (b).vtt", "session 1 (b).vtt"),
        (read_file_name, "Zoë.srt", "Zoë.srt"),
        (read_file_name, "a" * LONGEST_FILE_NAME, "a" * LONGEST_FILE_NAME),
        (read_file_name, "a" * (LONGEST_FILE_NAME + 1), None),
        (read_file_name, "transcripts/one.vtt", None),
        (read_file_name, "..\\one.vtt", None),
        (read_file_name, "..", None),
        (read_file_name, ".hidden.vtt", None),
        (read_file_name, "C:one.vtt", None),
        (read_file_name, "one.vtt.", None),
        (read_file_name, "one\u202etxt.vtt", None),
        (read_file_name, "one\u200b.vtt", None),
        (read_file_name, "one\u00a0two.vtt", None),
        (read_file_name, "one\n.vtt", None),
        (read_diagnoses, "F41.1", ("F41.1",)),
        (read_diagnoses, "f411|F41.1; Z63.0 ;", ("F41.1", "Z63.0")),
        (read_diagnoses, "F42", ("F42",)),
        (read_diagnoses, "S06.0X1A", ("S06.0X1A",)),
        (read_diagnoses, "S06.0X1AB", None),
        (read_diagnoses, "anxiety", None),
        (read_diagnoses, "F4", None),
        (read_diagnoses, "F41.1, F33.0", None),
        (read_diagnoses, "F41.1; worried", None),
        (read_diagnoses, ";", None),
        (read_diagnoses, f"{ELEVEN};F99", (*ELEVEN.split(";"), "F99")),
        (read_diagnoses, f"{ELEVEN};F99;F98.5", None),
    ],
)
def test_cell_is_read_or_refused(reads: Callable[[str], object], text: str, value: object) -> None:
    assert reads(text) == value


# --- the sessions ---


def test_session_holds_what_the_sheet_says() -> None:
    assert one_session(**FULL) == SessionIn(
        source_row=2,
        session_key="S-1",
        patient_id="PT-1",
        clinician_id="ST-1",
        location_id="LOC-1",
        started_at=datetime(2026, 11, 3, 17, tzinfo=UTC),
        ended_at=datetime(2026, 11, 3, 17, 53, tzinfo=UTC),
        modality=Modality.TELEHEALTH,
        service=SessionService.INDIVIDUAL,
        patient_state="OR",
        note_format=NoteFormatCode.DAP,
        transcript_file="2026-11-03 S-1.vtt",
        appointment_id="AP-9",
        diagnoses=("F41.1", "F33.0"),
        plan_dated=date(2026, 10, 1),
        plan_goals="Sleep through the night; return to choir",
    )


def test_session_says_unknown_where_the_sheet_is_silent() -> None:
    session = one_session()
    assert (session.patient_state, session.note_format, session.transcript_file) == (None,) * 3
    assert (session.appointment_id, session.plan_dated, session.diagnoses, session.plan_goals) == (None, None, (), "")


def test_session_prints_nothing_that_was_planned_or_said() -> None:
    shown = repr(one_session(**FULL))
    assert not any(FULL[name] in shown for name in ("plan_goals", "transcript_file")) and "F41.1" not in shown


def test_sessions_leave_out_the_rows_with_findings() -> None:
    table = read_session_table(table_file(PLAIN, PLAIN | {"session_key": "S-2", "service": "tea"}))
    kept = sessions_from_table(table, [Finding(3, "service", "readable", "…")])
    assert [it.source_row for it in kept] == [2]


@pytest.mark.parametrize(("name", "cell"), [("started_at", "yesterday"), ("patient_id", ""), ("diagnoses", "sadness")])
def test_sessions_refuse_a_broken_row_that_skipped_its_contract(name: str, cell: str) -> None:
    with pytest.raises(ContractBroken) as broken:
        one_session(**{name: cell})
    assert (broken.value.row, broken.value.field) == (2, name)
    assert not cell or cell not in str(broken.value)


def test_rows_to_fix_hold_the_broken_rows_in_their_own_columns() -> None:
    data = table_file(PLAIN, FULL | {"session_key": "S-2", "service": "tea"})
    fix = rows_to_fix(data, [Finding(3, "service", "readable", "must be one of …")])
    [row] = csv.DictReader(io.StringIO(fix.decode("utf-8-sig")))
    assert (row["session_key"], row["problem"]) == ("S-2", "service: must be one of …")
    corrected = read_session_table(fix.replace(b"tea", b"group"))
    assert sessions_from_table(corrected, [])[0].service is SessionService.GROUP
