"""Do the calendar commands say what they did, and stop at a fault?"""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import app
from models.errors import MovedOn
from tests.adapters.test_calendar_reading import calendar, event
from tests.calendars import MONDAY, Made, a_week_later, at, make_calendar, stop_the_clock

NEXT = a_week_later(MONDAY)
BUSY = event("a", "DTSTART;TZID=America/Chicago:20261026T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY")


@pytest.fixture
def made(home: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    stop_the_clock(monkeypatch)
    return make_calendar()


def say(*words: str) -> tuple[int, str]:
    ended = CliRunner().invoke(app, ["calendar", *words], catch_exceptions=True)
    if isinstance(ended.exception, MovedOn):
        raise ended.exception
    return ended.exit_code, ended.output


def test_calendar_is_imported_with_what_is_to_be_looked_at(made: Made, tmp_path: Path):
    held = made.appointment(at(NEXT, 10))
    file = tmp_path / "my.ics"
    file.write_bytes(calendar(BUSY))
    code, said = say("import", str(file), "--clinician", made.clinician.id)
    assert code == 0 and "busy times: 52 new, 0 known, 0 taken back." in said
    assert "event 1, RRULE: has no end" in said and held.case_number in said
    assert "0 new, 52 known" in say("import", str(file), "--clinician", made.clinician.id)[1]
    file.write_bytes(calendar())
    assert "52 taken back" in say("import", str(file), "--clinician", made.clinician.id, "--replace")[1]


def test_fault_stops_the_import(made: Made, tmp_path: Path):
    file = tmp_path / "my.ics"
    file.write_bytes(calendar(BUSY, event("b", "DTSTART;TZID=Nowhere/Here:20261026T100000")))
    code, said = say("import", str(file), "--clinician", made.clinician.id)
    assert code == 1 and "event 2, DTSTART: its time zone is not known" in said and "nothing was kept" in said
    with pytest.raises(MovedOn):
        say("import", str(file), "--clinician", "ST-none")


def test_calendar_is_exported_to_a_file_or_the_terminal(made: Made, tmp_path: Path):
    held = made.appointment(at(NEXT, 10))
    code, said = say("export", "--clinician", made.clinician.id)
    assert code == 0 and held.case_number in said
    file = tmp_path / "out.ics"
    assert "1 events" in say("export", "--clinician", made.clinician.id, "--to", str(file))[1]
    assert held.case_number in file.read_text()
