"""The table of denials: every fault by line and field, and the shipped one answers what payers say most."""

from datetime import date
from pathlib import Path

import pytest

from adapters.billing_tables import BrokenTables
from adapters.denial_routes import COLUMNS, load
from models.codes import CaseOwner
from models.denials import CorrectsBy, Denial
from rules.denials import route

SHIPPED = Path(__file__).parents[2] / "samples" / "billing" / "denial_routes.csv"
HEADER = ",".join(column.name for column in COLUMNS)
GOOD = {
    "carc": "197",
    "rarc": "",
    "group": "",
    "payer_code": "",
    "label": "no authorisation",
    "queue": "authorisation",
    "next_action": "Ask for one.",
    "days": "5",
    "owner": "coordinator",
    "corrects_by": "obtain_authorisation",
    "template": "authorisation",
    "valid_from": "2026-01-01",
    "valid_to": "",
    "source": "a test",
}


def text(*rows: dict[str, str]) -> str:
    return "\n".join([HEADER, *(",".join({**GOOD, **row}.values()) for row in rows)]) + "\n"


def broken(folder: Path, content: str | bytes) -> list[tuple[int, str, str]]:
    path = folder / "denial_routes.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BrokenTables) as refused:
        load(path)
    return [(each.line, each.field, each.words) for each in refused.value.faults]


def test_row_is_read_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "denial_routes.csv"
    path.write_text(text({}, {"carc": "B7", "rarc": "N570", "group": "CO", "payer_code": "nw", "template": ""}))
    routes = load(path)
    (first,), (second,) = routes.by_reason["197"], routes.by_reason["B7"]
    assert (first.owner, first.corrects_by, first.days, first.row) == (
        CaseOwner.COORDINATOR,
        CorrectsBy.OBTAIN_AUTHORISATION,
        5,
        2,
    )
    assert (first.valid_from, first.valid_to, first.label) == (date(2026, 1, 1), None, "no authorisation")
    assert (second.remark, second.group, second.payer_code, second.template, second.row) == ("N570", "CO", "NW", "", 3)


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        ("carc", "197x"),
        ("carc", "0"),
        ("rarc", "290"),
        ("group", "CR"),
        ("payer_code", "a b"),
        ("label", "x" * 81),
        ("queue", "My queue"),
        ("next_action", "x" * 201),
        ("days", "0"),
        ("days", "366"),
        ("days", "5.5"),
        ("owner", "system"),
        ("owner", "nobody"),
        ("corrects_by", "hope"),
        ("template", "../declined"),
        ("template", "declined"),
        ("valid_from", "01-01-26"),
        ("valid_to", "soon"),
    ],
)
def test_cell_that_cannot_be_is_named_by_line_and_field(tmp_path: Path, field: str, cell: str) -> None:
    faults = broken(tmp_path, text({}, {"carc": "198", field: cell}))
    assert [(line, name) for line, name, _ in faults] == [(3, field)]


@pytest.mark.parametrize("column", [each.name for each in COLUMNS])
def test_empty_cell_is_a_fault_where_something_must_be_said(tmp_path: Path, column: str) -> None:
    path = tmp_path / "denial_routes.csv"
    path.write_text(text({column: ""}))
    if column in ("rarc", "group", "payer_code", "template", "valid_to"):
        assert load(path).by_reason
    else:
        assert [fault[:2] for fault in broken(tmp_path, path.read_text())] == [(2, column)]


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    faults = broken(tmp_path, text({"carc": "x", "days": "0"}, {"owner": "me"}))
    assert [fault[:2] for fault in faults] == [(2, "carc"), (2, "days"), (3, "owner")]


@pytest.mark.parametrize(
    ("other", "fault"),
    [
        ({}, True),
        ({"valid_from": "2026-06-01"}, True),
        ({"valid_from": "2025-01-01", "valid_to": "2025-12-31"}, False),
        ({"valid_from": "2025-01-01", "valid_to": "2026-01-01"}, True),
        ({"rarc": "N54"}, False),
        ({"group": "PR"}, False),
        ({"payer_code": "NW"}, False),
    ],
)
def test_two_rows_for_the_same_on_one_date_are_a_fault(tmp_path: Path, other: dict[str, str], fault: bool) -> None:
    path = tmp_path / "denial_routes.csv"
    path.write_text(text({}, other))
    if fault:
        assert broken(tmp_path, path.read_text()) == [(3, "valid_from", "overlaps the dates of line 2")]
    else:
        assert len(load(path).by_reason["197"]) == 2


def test_row_that_ends_before_it_begins_is_a_fault(tmp_path: Path) -> None:
    assert broken(tmp_path, text({"valid_to": "2025-12-31"})) == [(2, "valid_to", "ends before it begins")]
    (tmp_path / "one_day.csv").write_text(text({"valid_to": "2026-01-01"}))
    assert load(tmp_path / "one_day.csv").by_reason


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", (1, "", "the file is empty")),
        (text({}).replace("carc", "code", 1), (1, "carc", "the column is missing")),
        (text({}).replace("rarc", "carc", 1), (1, "carc", "stands twice")),
        (text({}) + "1,2\n", (3, "", "has 2 cells where the header has 14")),
        (text({}) + '"open\n', (1, "", "a quotation mark is opened or closed in the wrong place")),
    ],
)
def test_file_that_is_no_such_table_is_refused(tmp_path: Path, content: str, fault: tuple[int, str, str]) -> None:
    assert fault in broken(tmp_path, content)


def test_missing_file_and_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenTables, match="there is no such file"):
        load(tmp_path / "nothing.csv")
    assert broken(tmp_path, b"\x00\x01\xff\xfe")[0][0] == 1


@pytest.mark.parametrize(
    ("reason", "remarks", "payer", "corrects_by", "owner"),
    [
        ("4", (), "AETNA", "resubmit", "biller"),
        ("11", (), "AETNA", "resubmit", "clinician"),
        ("15", (), "AETNA", "resubmit", "coordinator"),
        ("16", (), "AETNA", "resubmit", "biller"),
        ("16", ("N382",), "AETNA", "resubmit", "coordinator"),
        ("16", ("M76",), "AETNA", "resubmit", "clinician"),
        ("18", (), "AETNA", "appeal", "biller"),
        ("22", (), "AETNA", "bill_other_payer", "coordinator"),
        ("27", (), "AETNA", "bill_other_payer", "coordinator"),
        ("29", (), "AETNA", "appeal", "biller"),
        ("50", (), "AETNA", "appeal", "clinician"),
        ("96", (), "AETNA", "call_payer", "biller"),
        ("109", (), "AETNA", "bill_other_payer", "coordinator"),
        ("119", (), "AETNA", "call_payer", "coordinator"),
        ("197", (), "AETNA", "obtain_authorisation", "coordinator"),
        ("197", (), "LAKESHORE", "bill_other_payer", "coordinator"),
        ("204", (), "AETNA", "call_payer", "coordinator"),
        ("9999", (), "AETNA", "review", "biller"),
    ],
)
def test_shipped_table_answers_what_payers_say_most(
    reason: str, remarks: tuple[str, ...], payer: str, corrects_by: str, owner: str
) -> None:
    found, _ = route(Denial("CO", reason, 1, remarks), load(SHIPPED), payer, date(2026, 11, 20))
    assert (found.corrects_by, found.owner) == (corrects_by, owner)


@pytest.mark.parametrize("reason", ["96", "119", "204"])
def test_shipped_table_bills_the_patient_only_in_the_group_of_the_patient(reason: str) -> None:
    routes = load(SHIPPED)
    ways = {group: route(Denial(group, reason, 1), routes, "AETNA", date(2026, 11, 20))[0] for group in ("CO", "PR")}
    assert ways["PR"].corrects_by is CorrectsBy.BILL_PATIENT
    assert ways["CO"].corrects_by is not CorrectsBy.BILL_PATIENT


def test_shipped_table_names_a_letter_for_every_appeal() -> None:
    rows = [row for rows in load(SHIPPED).by_reason.values() for row in rows]
    assert [row.row for row in rows if row.appealable and not row.template] == []
