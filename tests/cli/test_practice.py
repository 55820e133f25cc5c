"""`countersign practice`: does it name faults by their place, write once, show passwords once, show what it holds?"""

import shutil
from pathlib import Path

import pytest
from sqlmodel import select

from adapters.operational_store import reading
from adapters.practice import practice_name
from adapters.settings import settings
from models.operational import AuditEvent, Location, Staff
from tests.cli.conftest import Calls

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "roster.yaml"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A copy of the example in docs/, which a test may change."""
    copy = tmp_path / "roster.yaml"
    copy.write_text(EXAMPLE.read_text())
    return copy


def changed(file: Path, old: str, new: str) -> Path:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    return file


def staff() -> list[Staff]:
    with reading() as db:
        return list(db.exec(select(Staff)).all())


def test_check_of_the_example_writes_nothing(home: Path, call: Calls, example: Path):
    shown = call("practice", "check", str(example))
    assert shown.exit_code == 0
    assert "staff ines.calloway@example.org: new" in shown.output
    assert "7 entries would be written: 7 new." in shown.output
    assert "password" not in shown.output
    assert staff() == []


def test_apply_shows_each_first_password_once(home: Path, call: Calls, example: Path):
    shown = call("practice", "apply", str(example)).output
    assert shown.count("password: ") == len(staff()) == 5
    assert "bookable times opened" in shown
    again = call("practice", "apply", str(example)).output
    assert "password" not in again
    assert "No fault, and nothing to change." in again


@pytest.mark.parametrize("command", ["check", "apply"])
def test_every_fault_is_named_and_nothing_written(home: Path, call: Calls, example: Path, command: str):
    changed(example, "role: coordinator", "role: emperor")
    changed(example, "npi: 1234567893", "npi: 1234567890")
    changed(example, "state: WA", "state: WA\n    state: OR")
    shown = call("practice", command, str(example))
    assert shown.exit_code == 1
    assert "staff[3] role: must be one of" in shown.output
    assert "staff[4] clinician.npi: must be" in shown.output
    assert "locations[2] state: stands twice" in shown.output
    assert "3 faults; nothing was written" in shown.output
    assert staff() == []


def test_fault_is_told_with_its_line(home: Path, call: Calls, example: Path):
    changed(example, "role: coordinator", "role: emperor")
    line = next(at for at, text in enumerate(example.read_text().splitlines(), start=1) if "emperor" in text)
    assert f"line {line} · staff[3] role:" in call("practice", "check", str(example)).output


@pytest.mark.parametrize("text", ["", "a: [", "- 1", "locations: {}"])
def test_what_is_no_roster_is_refused(home: Path, call: Calls, example: Path, text: str):
    example.write_text(text)
    assert call("practice", "apply", str(example)).exit_code == 1


def test_changes_and_absences_are_told(home: Path, call: Calls, example: Path):
    call("practice", "apply", str(example))
    changed(example, "role: coordinator", "role: biller")
    changed(example, "starts: 12:00, ends: 20:00", "starts: 14:00, ends: 20:00")
    head, _, tail = example.read_text().partition("  - name: Lena Abernathy")
    example.write_text(head + tail[tail.index("  - name:") :])
    shown = call("practice", "apply", str(example)).output
    assert "staff tamsin.okoro@example.org: changed: role" in shown
    assert "staff ines.calloway@example.org: changed: clinician.hours" in shown
    assert "withdrawn" in shown
    assert "Not in the file, left as they are: lena.abernathy@example.org." in shown
    assert len(staff()) == 5


def test_show_writes_what_changes_nothing(home: Path, call: Calls, example: Path):
    call("practice", "apply", str(example))
    example.write_text(call("practice", "show").output)
    assert "No fault, and nothing to change." in call("practice", "check", str(example)).output


def test_sample_practice_is_shown_so_that_it_changes_nothing(sample_practice: Path, call: Calls, example: Path):
    example.write_text(call("practice", "show").output)
    shown = call("practice", "check", str(example)).output
    assert "No fault, and nothing to change." in shown
    assert "left as they are" not in shown
    assert example.read_text().count("clinician:") == 12


def test_show_of_an_empty_installation_is_a_roster(home: Path, call: Calls, example: Path):
    example.write_text(call("practice", "show").output)
    assert call("practice", "apply", str(example)).exit_code == 0
    with reading() as db:
        assert db.exec(select(Location)).all() == []


def test_users_add_names_the_command_for_clinicians(home: Path, call: Calls, example: Path):
    call("practice", "apply", str(example))
    with pytest.raises(ValueError, match="countersign practice apply"):
        call("users", "add", "Wanda Test", "wanda@example.org", "clinician")


def test_practice_is_renamed_once(home: Path, call: Calls):
    assert "Patients now read Maple Group." in call("practice", "rename", " Maple Group ").output
    call("practice", "rename", "Maple Group")
    with reading() as db:
        assert practice_name(db) == "Maple Group"
        events = db.exec(select(AuditEvent).where(AuditEvent.action == "practice.renamed")).all()
    assert len(events) == 1


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "two\nlines"])
def test_name_that_no_message_can_carry_is_refused(home: Path, call: Calls, name: str):
    with pytest.raises(ValueError, match="one line of 1 to 60 characters"):
        call("practice", "rename", name)


# -- billing tables


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A copy of the sample's billing tables, which a test may change."""
    copy = tmp_path / "billing"
    shutil.copytree(EXAMPLE.parents[2] / "samples" / "billing", copy)
    return copy


def test_sample_billing_tables_hold(home: Path, call: Calls, tables: Path):
    shown = call("practice", "billing", str(tables))
    assert shown.exit_code == 0
    assert "No fault. Rows: payers " in shown.output
    assert not list(settings().billing_folder.iterdir())


def test_billing_tables_in_force_are_checked_by_default(home: Path, call: Calls, tables: Path):
    assert call("practice", "billing").exit_code == 1
    shutil.copytree(tables, settings().billing_folder, dirs_exist_ok=True)
    assert call("practice", "billing").exit_code == 0


def test_every_fault_of_the_billing_tables_is_named(home: Path, call: Calls, tables: Path):
    changed(tables / "payers.csv", "SAMPLE01", "SAM*PLE01")
    changed(tables / "denial_routes.csv", ",biller,", ",emperor,")
    (tables / "fees.csv").unlink()
    shown = call("practice", "billing", str(tables))
    assert shown.exit_code == 1
    for words in (
        "payers.csv line 2 payer_id",
        "denial_routes.csv line 2 owner",
        "fees.csv line 1: there is no such file",
    ):
        assert words in shown.output


def test_practice_that_does_not_bill_today_is_told(home: Path, call: Calls, tables: Path):
    changed(tables / "practice.yaml", "valid_from: 20", "valid_from: 29")
    shown = call("practice", "billing", str(tables))
    assert (shown.exit_code, "Nobody bills today" in shown.output) == (0, True)


def test_figures_of_check_ins_are_shown_and_set(home: Path, call: Calls):
    assert "low_mood=1" in call("practice", "check-ins").output
    shown = call("practice", "check-ins", "low_mood=2", "unanswered_level=high").output
    assert "low_mood=2" in shown and "unanswered_level=high" in shown and "triage" not in shown
    refused = call("practice", "check-ins", "low_mood=9")
    assert refused.exit_code == 1 and "Nothing was set: low_mood is a whole number from 0 to 5." in refused.output
    with reading() as db:
        actions = db.exec(select(AuditEvent.action).where(AuditEvent.subject_id == "check_ins")).all()
    assert list(actions) == ["check_in_figures.set"]
