"""Does a calendar file become busy time once, and is what is written out the same calendar without a name?"""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
import recurring_ical_events
from icalendar import Calendar
from sqlmodel import select

from acts import calendar_files as acts
from acts import series as series_acts
from acts.calendars import remove_exception
from adapters.operational_store import reading
from adapters.slots import extend_slots
from models.errors import ContractBroken, MovedOn
from models.operational import CalendarException, Patient
from tests.adapters.test_calendar_reading import calendar, event
from tests.calendars import (
    MONDAY,
    ZONE,
    Made,
    a_week_later,
    appointments,
    at,
    events,
    make_calendar,
    slots,
    stop_the_clock,
    to_dos,
)
from tests.series import add_leave, weekly_series

NEXT = a_week_later(MONDAY)
BUSY = event(
    "gym",
    "DTSTART;TZID=America/Chicago:20261026T100000",
    "DURATION:PT1H",
    "SUMMARY:Marker",
    "RRULE:FREQ=WEEKLY;COUNT=2",
)
DENTIST = event("dentist", "DTSTART;TZID=America/Chicago:20261027T100000")


@pytest.fixture
def made(home: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    stop_the_clock(monkeypatch)
    made = make_calendar()
    made.works(ends=13)
    return made


def kept() -> list[CalendarException]:
    with reading() as db:
        return [each for each in db.exec(select(CalendarException)).all() if each.removed_at is None]


def test_imported_time_is_busy_and_importing_again_changes_nothing(made: Made):
    extend_slots(NEXT)
    first = acts.import_calendar(calendar(BUSY, DENTIST), made.clinician.id, actor="ST-1")
    assert (first.added, first.known, first.removed) == (3, 0, 0)
    assert at(NEXT, 10) not in [each.starts_at for each in slots("open")]
    again = acts.import_calendar(calendar(BUSY, DENTIST), made.clinician.id, actor="ST-1")
    assert (again.added, again.known, again.removed) == (0, 3, 0)
    assert (len(kept()), events("calendar.imported")) == (3, 1)


def test_nothing_of_a_title_is_kept(made: Made):
    acts.import_calendar(calendar(BUSY), made.clinician.id, actor="ST-1")
    assert not [each for each in kept() if "Marker" in str(each.model_dump()) or "gym" in str(each.model_dump())]


@pytest.mark.parametrize(("replace", "left"), [(False, 3), (True, 1)])
def test_what_left_the_file_is_taken_back_where_asked(made: Made, replace: bool, left: int):
    extend_slots(NEXT)
    acts.import_calendar(calendar(BUSY, DENTIST), made.clinician.id, actor="ST-1")
    found = acts.import_calendar(calendar(DENTIST), made.clinician.id, actor="ST-1", replace=replace)
    assert (found.removed, len(kept())) == (3 - left, left)
    assert (at(NEXT, 10) in [each.starts_at for each in slots("open")]) == replace


def test_longer_event_and_one_that_was_removed_are_taken_anew(made: Made):
    acts.import_calendar(calendar(DENTIST), made.clinician.id, actor="ST-1")
    longer = DENTIST.replace("PT1H", "PT2H")
    assert acts.import_calendar(calendar(longer), made.clinician.id, actor="ST-1").added == 1
    (row,) = kept()
    assert row.ends_at - row.starts_at == timedelta(hours=2)
    remove_exception(row.id, actor="ST-1")
    assert acts.import_calendar(calendar(longer), made.clinician.id, actor="ST-1").added == 1
    assert len(kept()) == 1


def test_appointment_under_imported_time_stands_and_is_asked_about(made: Made):
    held = made.appointment(at(NEXT, 10))
    made.appointment(at(NEXT, 11))
    found = acts.import_calendar(calendar(BUSY), made.clinician.id, actor="ST-1")
    assert [each.appointment_id for each in found.hits] == [held.id]
    assert [each.case_number for each in to_dos()] == [held.case_number]
    assert acts.import_calendar(calendar(BUSY), made.clinician.id, actor="ST-1").hits == ()


def test_file_with_a_fault_keeps_nothing(made: Made):
    found = acts.import_calendar(calendar(BUSY, event("b", "DTSTART:soon")), made.clinician.id, actor="ST-1")
    assert found.read.faults == ("event 2, DTSTART: cannot be read",) and kept() == []
    with pytest.raises(ContractBroken):
        acts.import_calendar(b"", made.clinician.id, actor="ST-1")
    with pytest.raises(MovedOn):
        acts.import_calendar(calendar(BUSY), "ST-none", actor="ST-1")


# -- export


def exported(made: Made) -> Calendar:
    raw = acts.export_calendar(made.clinician.id)
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    return Calendar.from_ical(raw)


def times_in(calendar: Calendar) -> dict[datetime, str]:
    found = recurring_ical_events.of(calendar).between(at(MONDAY, 0), at(a_week_later(MONDAY, 6), 23))
    return {each["DTSTART"].dt.astimezone(UTC): str(each["SUMMARY"]) for each in found}


def test_export_holds_every_appointment_by_case_number_alone(made: Made):
    made.works(weekday=1)
    series = weekly_series(made, starts=time(12))
    single = made.appointment(at(NEXT + timedelta(days=1), 9))
    add_leave(made, a_week_later(MONDAY, 2) + timedelta(days=2))
    with reading() as db:
        names = [each.family_name for each in db.exec(select(Patient)).all()]
    text = acts.export_calendar(made.clinician.id).decode()
    assert not [name for name in names if name in text]
    found = times_in(exported(made))
    held = {each.starts_at: each.case_number for each in appointments()}
    assert {when: what for when, what in found.items() if what != "Away"} == held
    assert {series.case_number, single.case_number, "Away"} == set(found.values())
    assert "BEGIN:VTIMEZONE" in text and "TZID:America/Chicago" in text


def test_recurring_appointment_is_one_event_on_its_wall_clock(made: Made):
    series = weekly_series(made, starts=time(12))
    masters = [each for each in exported(made).walk("VEVENT") if "RRULE" in each]
    assert [str(each["UID"]).split("@")[0] for each in masters] == [series.id]
    assert masters[0]["DTSTART"].params["TZID"] == "America/Chicago"
    assert {when.astimezone(ZONE).hour for when in times_in(exported(made))} == {12}
    assert len({when.hour for when in times_in(exported(made))}) == 2


def test_moved_cancelled_and_left_out_dates_are_written(made: Made):
    weekly_series(made, starts=time(12))
    moved, gone = appointments()[1:3]
    series_acts.move_appointment(moved.id, NEXT, time(9), actor="ST-1")
    series_acts.cancel_appointment(gone.id, actor="ST-1")
    assert set(times_in(exported(made))) == {each.starts_at for each in appointments(status="booked")}


def test_export_is_the_same_each_time_and_imports_as_nothing(made: Made):
    weekly_series(made, starts=time(12))
    made.appointment(at(NEXT, 9))
    raw = acts.export_calendar(made.clinician.id)
    assert acts.export_calendar(made.clinician.id) == raw
    found = acts.import_calendar(raw, made.clinician.id, actor="ST-1")
    assert (found.read.faults, found.added, kept()) == ((), 0, [])
    assert found.read.left_out == found.read.events == 2


def test_ended_series_ends_in_the_file(made: Made):
    series = weekly_series(made, starts=time(12))
    series_acts.end_series(series.id, NEXT, actor="ST-1")
    assert set(times_in(exported(made))) == {at(MONDAY, 12), at(NEXT, 12)}


def test_export_of_nobody_is_refused(home: Path):
    with pytest.raises(MovedOn):
        acts.export_calendar("ST-none")
