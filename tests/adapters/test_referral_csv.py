"""The referral spreadsheet: what is read, what is refused, and what goes back to the sender."""

import copy
import csv
import io
import json
import pickle
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.csv_table import rows_to_fix
from adapters.referral_csv import read_referral_table, referrals_from_table
from models.codes import Modality
from models.errors import ContractBroken
from models.referral_intake import Finding, ReferralIn
from models.referral_table import (
    read_day,
    read_email,
    read_focus_areas,
    read_item,
    read_language,
    read_member_id,
    read_moment,
    read_phone,
    read_preferred_times,
    read_state,
    read_yes_no,
    read_zone,
)
from models.therapy_text import TherapyText

SAMPLE = Path(__file__).parents[2] / "samples" / "referrals" / "referrals-2026-11.csv"
PLAIN = {
    "external_id": "R-1",
    "received_at": "2026-11-03T09:15:00-08:00",
    "given_name": "Ana",
    "family_name": "Quill",
    "birth_date": "1990-04-23",
    "email": "ana.quill@example.org",
    "phone": "(503) 555-0101",
    "location_id": "LOC-1",
}


def table_file(*rows: dict[str, str], delimiter: str = ",") -> bytes:
    out = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(out, names, delimiter=delimiter, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def one_referral(**cells: str) -> ReferralIn:
    return referrals_from_table(read_referral_table(table_file(PLAIN | cells)), [])[0]


# --- the table ---


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_table_reads_each_delimiter(delimiter: str) -> None:
    data = table_file(PLAIN | {"referral_text": "first, second; third\tfourth"}, delimiter=delimiter)
    table = read_referral_table(data)
    assert list(table["given_name"]) == ["Ana"]
    assert list(table["referral_text"]) == ["first, second; third\tfourth"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_table_reads_each_encoding(encoding: str) -> None:
    text = table_file(PLAIN | {"given_name": "Zoë", "family_name": "Nuñez"}).decode()
    table = read_referral_table(text.encode(encoding))
    assert (table["given_name"][0], table["family_name"][0]) == ("Zoë", "Nuñez")


def test_table_numbers_rows_as_a_spreadsheet_does() -> None:
    text = table_file(PLAIN | {"referral_text": "two\nlines"}, PLAIN).decode().splitlines()
    header, first, second, third = text
    with_blanks = "\r\n".join([header, "", first, second, "," * 8, third])
    assert list(read_referral_table(with_blanks.encode())["row"]) == [3, 5]


def test_table_knows_other_names_of_a_column() -> None:
    renamed = {
        "Referral ID": "R-1",
        "Date received": "2026-11-03T09:15:00-08:00",
        "First Name": "Ana",
        "SURNAME": "Quill",
        "DOB": "4/23/1990",
        "E-mail": "ana.quill@example.org",
        "Site": "LOC-1",
        "Favourite colour": "green",
    }
    table = read_referral_table(table_file(renamed))
    assert table["family_name"][0] == "Quill"
    assert "Favourite colour" not in table.columns
    assert table["phone"][0] == ""


def test_table_ignores_the_problem_column() -> None:
    table = read_referral_table(table_file(PLAIN | {"problem": "birth_date: must be a date"}))
    assert "problem" not in table.columns


@pytest.mark.parametrize("missing", ["external_id", "received_at", "given_name", "birth_date", "location_id"])
def test_table_refuses_a_file_without_a_required_column(missing: str) -> None:
    cells = {name: cell for name, cell in PLAIN.items() if name != missing}
    with pytest.raises(ContractBroken) as broken:
        read_referral_table(table_file(cells))
    assert (broken.value.row, broken.value.field) == (1, missing)


def test_table_needs_one_contact_column_but_not_both() -> None:
    only_phone = {name: cell for name, cell in PLAIN.items() if name != "email"}
    assert len(read_referral_table(table_file(only_phone))) == 1
    neither = {name: cell for name, cell in only_phone.items() if name != "phone"}
    with pytest.raises(ContractBroken):
        read_referral_table(table_file(neither))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \r\n\r\n",
        b"\xef\xbb\xbf",
        table_file(PLAIN).split(b"\r\n")[0],
        b"PK\x03\x04\x14\x00\x06\x00spreadsheet",
        b"\x81\x8d\x8f",
        table_file(PLAIN) + b'R-2,"never closed\r\n',
        table_file(PLAIN | {"dob": "1990-04-23"}),
        b"\xff\xfeodd",
    ],
    ids=[
        "empty",
        "blank",
        "mark only",
        "header only",
        "xlsx",
        "not text",
        "open quote",
        "twice",
        "half utf-16",
    ],
)
def test_table_refuses_a_file_it_cannot_trust(data: bytes) -> None:
    with pytest.raises(ContractBroken):
        read_referral_table(data)


def test_table_counts_cells_beyond_the_header() -> None:
    shifted = table_file(PLAIN).rstrip() + b",stray,,more\r\n"
    assert list(read_referral_table(shifted)["surplus_cells"]) == [2]


@settings(deadline=None, max_examples=200)
@given(st.one_of(st.binary(max_size=300), st.binary(max_size=200).map(lambda tail: table_file(PLAIN) + tail)))
def test_table_answers_or_refuses_whatever_it_is_given(data: bytes) -> None:
    try:
        table = read_referral_table(data)
    except ContractBroken:
        return
    assert all(isinstance(cell, str) for cell in table["given_name"])


# --- the cells ---


@pytest.mark.parametrize(
    ("reads", "text", "value"),
    [
        (read_day, "1990-04-23", date(1990, 4, 23)),
        (read_day, "4/23/1990", date(1990, 4, 23)),
        (read_day, "2024-02-29", date(2024, 2, 29)),
        (read_day, "2023-02-29", None),
        (read_day, "23/4/1990", None),
        (read_day, "4/23/90", None),
        (read_day, "1990-04", None),
        (read_moment, "2026-11-03T09:15:00-08:00", datetime(2026, 11, 3, 17, 15, tzinfo=UTC)),
        (read_moment, "2026-11-03T09:15:00Z", datetime(2026, 11, 3, 9, 15, tzinfo=UTC)),
        (read_moment, "2026-11-03T09:15:00", None),
        (read_moment, "2026-11-03", None),
        (read_moment, "0001-01-01T00:00:00+14:00", None),
        (read_email, "Ana.Quill@Example.org", "ana.quill@example.org"),
        (read_email, "ana.quill@example", None),
        (read_email, "ana@example.org, b@example.org", None),
        (read_phone, "503.555.0101", "+15035550101"),
        (read_phone, "+44 20 7946 0958", "+442079460958"),
        (read_phone, "555-0101", None),
        (read_phone, "503 555 0101 x7", None),
        (read_phone, "ask for Ana", None),
        (read_state, "or", "OR"),
        (read_state, "DC", "DC"),
        (read_state, "Oregon", None),
        (read_state, "ZZ", None),
        (read_zone, "America/Chicago", "America/Chicago"),
        (read_zone, "CST", None),
        (read_language, "es-MX", "es"),
        (read_language, "Spanish", None),
        (read_yes_no, "No", False),
        (read_yes_no, "maybe", None),
        (read_member_id, "w12 345", "W12345"),
        (read_focus_areas, "Life transitions; pain", ("life_transitions", "pain")),
        (read_focus_areas, "astrology", None),
        (read_preferred_times, "mon-am|THU-eve, mon-am", ("mon-am", "thu-eve")),
        (read_preferred_times, "mon-night", None),
        (read_item, "0", 0),
        (read_item, "3", 3),
        (read_item, "4", None),
        (read_item, "-1", None),
        (read_item, "2.5", None),
    ],
)
def test_cell_is_read_or_refused(reads: object, text: str, value: object) -> None:
    assert reads(text) == value  # type: ignore[operator]


# --- the referrals ---


def test_referral_says_unknown_where_the_sheet_is_silent() -> None:
    referral = one_referral()
    assert (referral.state, referral.time_zone, referral.language, referral.consent_ai) == (None,) * 4
    assert (referral.payer_code, referral.plan_code, referral.member_id) == (None,) * 3
    assert (referral.modality, referral.answers, referral.referrer_name) == (Modality.EITHER, (), None)
    assert not (referral.self_pay or referral.needs_accessible) and referral.referral_text.is_blank


def test_referral_time_is_utc() -> None:
    assert one_referral().received_at == datetime(2026, 11, 3, 17, 15, tzinfo=UTC)
    assert one_referral().received_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("cells", "channel"),
    [
        ({"preferred_channel": "SMS"}, "sms"),
        ({}, "email"),
        ({"email": ""}, "phone"),
    ],
)
def test_referral_channel_is_never_an_unasked_text_message(cells: dict[str, str], channel: str) -> None:
    assert one_referral(**cells).preferred_channel == channel


@pytest.mark.parametrize(
    ("cells", "self_pay"),
    [
        ({"self_pay": "yes"}, True),
        ({"payer_code": "self"}, True),
        ({"payer_code": "AETNA"}, False),
        ({}, False),
    ],
)
def test_referral_self_pay(cells: dict[str, str], self_pay: bool) -> None:
    assert one_referral(**cells).self_pay is self_pay


def test_referral_keeps_only_answered_items() -> None:
    cells = {f"phq9_{item}": "1" for item in range(1, 9)} | {
        "phq9_9": "",
        "phq9_difficulty": "2",
        "gad7_7": "0",
    }
    phq9, gad7 = one_referral(**cells, answered_at="2026-11-02T10:00:00Z", phq9_version="2.77").answers
    assert dict(phq9.answers) == {**dict.fromkeys(range(1, 9), 1), 10: 2}
    assert (phq9.measure, phq9.version) == ("phq9", "2.77")
    assert phq9.authored_at == datetime(2026, 11, 2, 10, tzinfo=UTC)
    assert (gad7.measure, gad7.version, dict(gad7.answers)) == ("gad7", "unstated", {7: 0})


def test_referrals_leave_out_the_rows_with_findings() -> None:
    table = read_referral_table(table_file(PLAIN, PLAIN | {"external_id": "R-2", "birth_date": "31/31/1990"}))
    assert [it.source_row for it in referrals_from_table(table, [Finding(3, "birth_date", "readable", "…")])] == [2]


@pytest.mark.parametrize("cells", [{"birth_date": "never"}, {"given_name": ""}, {"email": "", "phone": ""}])
def test_referrals_refuse_a_broken_row_that_skipped_its_contract(cells: dict[str, str]) -> None:
    with pytest.raises(ContractBroken) as broken:
        one_referral(**cells)
    assert broken.value.row == 2
    assert "never" not in str(broken.value)


def test_sample_holds_36_good_rows() -> None:
    table = read_referral_table(SAMPLE.read_bytes())
    broken = [Finding(row, "", "", "") for row in (12, 19, 24, 30)]
    referrals = referrals_from_table(table, broken)
    assert (len(table), len(referrals)) == (40, 36)
    assert len({it.external_id for it in referrals}) == 36


def test_sample_phone_numbers_are_reserved_ones() -> None:
    table = read_referral_table(SAMPLE.read_bytes())
    assert all("555-01" in phone for phone in table["phone"] if phone)


# --- nothing about a person shows ---


def test_referral_prints_source_and_row_only() -> None:
    referral = one_referral(focus_areas="grief", referral_text="a secret", phq9_9="3")
    assert repr(referral) == str(referral) == "<referral csv row 2>"
    assert [repr(it) for it in referral.answers] == ["<measure answers>"]


def test_therapy_text_shows_only_when_unwrapped() -> None:
    text = TherapyText("a secret")
    assert {str(text), repr(text), f"{text}", f"{text:>40}", "%s" % text} == {"<therapy text>"}  # noqa: UP031
    assert text.unwrap() == "a secret"
    assert "a secret" not in repr({"text": [text]})


def test_therapy_text_is_not_serialised_by_accident() -> None:
    with pytest.raises(TypeError):
        json.dumps({"text": TherapyText("a secret")})
    with pytest.raises(TypeError):
        pickle.dumps(TherapyText("a secret"))
    with pytest.raises(TypeError):
        vars(TherapyText("a secret"))


def test_therapy_text_compares_by_content() -> None:
    assert TherapyText("a") == TherapyText("a") == copy.deepcopy(TherapyText("a"))
    assert len({TherapyText("a"), TherapyText("a"), TherapyText("b")}) == 2
    assert TherapyText("a") != "a"


def test_therapy_text_knows_blank() -> None:
    assert TherapyText(" \n").is_blank and not TherapyText(" a ").is_blank


# --- rows to fix ---


def test_rows_to_fix_hold_the_broken_rows_in_their_own_columns() -> None:
    data = SAMPLE.read_bytes()
    findings = [
        Finding(12, "birth_date", "readable", "must be a date"),
        Finding(12, "state", "readable", "must be"),
    ]
    header, *rows = csv.reader(io.StringIO(rows_to_fix(data, findings).decode("utf-8-sig")))
    original_header, *original = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    assert header == [*original_header, "problem"]
    assert rows == [[*original[10], "birth_date: must be a date; state: must be"]]


def test_rows_to_fix_can_be_corrected_and_dropped_again() -> None:
    broken = PLAIN | {"birth_date": "31/31/1990", "given_name": "=Ana", "phone": "+1 503 555 0101"}
    fix = rows_to_fix(table_file(PLAIN, broken, delimiter=";"), [Finding(3, "birth_date", "readable", "…")])
    corrected = read_referral_table(fix.replace(b"31/31/1990", b"4/23/1990"))
    assert len(corrected) == 1
    assert (corrected["given_name"][0], corrected["phone"][0]) == ("=Ana", "+1 503 555 0101")
    again = rows_to_fix(fix, [Finding(2, "birth_date", "readable", "still wrong")]).decode("utf-8-sig")
    assert again.splitlines()[0].count("problem") == 1


@pytest.mark.parametrize(("cell", "written"), [("=1+1", "'=1+1"), ("@x", "'@x"), ("-x", "'-x"), ("-5", "-5")])
def test_rows_to_fix_run_no_formula(cell: str, written: str) -> None:
    data = table_file(PLAIN | {"referral_text": cell})
    fix = rows_to_fix(data, [Finding(2, "email", "", "")]).decode("utf-8-sig")
    row = next(csv.DictReader(io.StringIO(fix)))
    assert row["referral_text"] == written
    assert row["problem"] == "email: "
