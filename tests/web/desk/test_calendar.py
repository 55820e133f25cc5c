"""Does the calendar show a week as it is, and what a change would hit before it is made?"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from adapters.operational_store import reading
from models.codes import Modality, Role
from models.operational import Availability, CalendarException, Room, Series
from tests import factories
from tests.adapters.test_calendar_reading import calendar, event
from tests.calendars import MONDAY, Made, a_week_later, appointments, at, make_calendar, stop_the_clock, to_dos
from tests.web.desk.conftest import AtTheDesk

NEXT = a_week_later(MONDAY)
WEEK = f"?week={NEXT.isoformat()}"


@pytest.fixture
def made(home: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    stop_the_clock(monkeypatch)
    calendar = make_calendar()
    calendar.works()
    return calendar


@pytest.fixture
def coordinator(made: Made, at_the_desk: Any) -> AtTheDesk:
    return at_the_desk(Role.COORDINATOR, location=made.place)


@pytest.fixture
def base(made: Made) -> str:
    return f"/calendar/{made.clinician.id}"


def rows(record: Any) -> list[Any]:
    with reading() as db:
        return list(db.exec(select(record)).all())


def test_week_shows_what_is_agreed_free_and_taken_away(made: Made, coordinator: AtTheDesk, base: str):
    room = made.room(name="Blue room")
    patient = factories.make_patient(family_name="Vantongeren")
    case = made.in_care(patient)
    made.appointment(at(NEXT, 10), case, room_id=room.id, modality=Modality.OFFICE)
    sent = {"kind": "leave", "whose": "clinician", "starts": f"{NEXT}T15:00", "ends": f"{NEXT}T17:00"}
    assert coordinator.post(f"{base}/exceptions", **sent).status_code == 303
    shown = coordinator.get(f"{base}{WEEK}").text
    for said in ("Vantongeren", case.case_number, "Blue room", "10:00 AM", "Free", "Leave", "3:00 PM"):
        assert said in shown
    assert "Vantongeren" not in coordinator.get(f"{base}?week={a_week_later(NEXT)}").text.split("What you can do")[0]


def test_clinician_is_led_to_their_own_calendar_and_sees_no_other(made: Made, base: str, at_the_desk: Any):
    seated = at_the_desk(Role.CLINICIAN, location=made.place)
    assert seated.get("/calendar").headers["location"] == f"/calendar/{seated.staff.id}"
    assert seated.get(f"/calendar/{seated.staff.id}").status_code == 200
    for path in (base, f"{base}/export"):
        assert seated.get(path).status_code == 403
    assert seated.post(f"{base}/exceptions", kind="leave").status_code == 403


def test_coordinator_sees_the_calendars_of_their_places(made: Made, coordinator: AtTheDesk):
    other = make_calendar()
    shown = coordinator.get("/calendar").text
    assert made.clinician.id in shown and other.clinician.id not in shown
    assert coordinator.get(f"/calendar/{other.clinician.id}").status_code == 403
    assert coordinator.get("/calendar/ST-none").status_code == 409


def test_leave_over_appointments_shows_them_before_it_is_made(made: Made, coordinator: AtTheDesk, base: str):
    held = made.appointment(at(NEXT, 10))
    sent = {"kind": "leave", "whose": "clinician", "starts": f"{NEXT}T09:00", "ends": f"{NEXT}T12:00"}
    asked = coordinator.post(f"{base}/exceptions", **sent)
    assert asked.status_code == 422 and held.case_number in asked.text and "nothing is changed yet" in asked.text
    assert f'name="confirmed" value="{held.id}"' in asked.text
    assert rows(CalendarException) == []
    assert coordinator.post(f"{base}/exceptions", **sent, confirmed=held.id).status_code == 303
    assert [each.case_number for each in to_dos()] == [held.case_number]
    (leave,) = rows(CalendarException)
    assert (leave.starts_at, leave.ends_at) == (at(NEXT, 9), at(NEXT, 12))
    assert coordinator.post(f"{base}/exceptions/{leave.id}/remove").status_code == 303
    assert rows(CalendarException)[0].removed_at is not None


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"kind": ""}, "Choose what it is"),
        ({"kind": "imported"}, "Choose what it is"),
        ({"starts": ""}, "Say from when"),
        ({"ends": "soon"}, "Say until when"),
        ({"ends": f"{NEXT}T08:00"}, "end must be after"),
        ({"starts": "0001-01-01T00:00"}, "this century"),
        ({"kind": "extra_hours"}, "at which place"),
        ({"whose": "place:LOC-none"}, "whose time"),
        ({"whose": "room:RM-none"}, "whose time"),
    ],
)
def test_leave_that_cannot_be_keeps_what_was_typed(coordinator: AtTheDesk, base: str, wrong: dict, message: str):
    sent = {"kind": "leave", "whose": "clinician", "starts": f"{NEXT}T09:00", "ends": f"{NEXT}T12:00"} | wrong
    refused = coordinator.post(f"{base}/exceptions", **sent)
    assert refused.status_code == 422 and message in refused.text
    assert f'value="{sent["ends"]}"' in refused.text and rows(CalendarException) == []


def test_whole_place_and_rooms_are_closed_by_coordinators_alone(made: Made, coordinator: AtTheDesk, at_the_desk: Any):
    room = made.room()
    own = at_the_desk(Role.CLINICIAN, location=made.place)
    sent = {"kind": "blocked", "starts": f"{NEXT}T09:00", "ends": f"{NEXT}T12:00"}
    for whose in (f"place:{made.place.id}", f"room:{room.id}"):
        refused = own.post(f"/calendar/{own.staff.id}/exceptions", **sent, whose=whose)
        assert refused.status_code == 422 and "coordinator of the place" in refused.text
        assert coordinator.post(f"/calendar/{made.clinician.id}/exceptions", **sent, whose=whose).status_code == 303
    for each in rows(CalendarException):
        refused = own.post(f"/calendar/{own.staff.id}/exceptions/{each.id}/remove")
        assert refused.status_code == 422
    assert {(each.location_id, each.room_id) for each in rows(CalendarException)} == {
        (made.place.id, None),
        (None, room.id),
    }


HOURS = {"weekday": "2", "starts": "09:00", "ends": "12:00", "modality": "either", "minutes": "50"}


def test_weekly_hours_are_added_refused_and_ended(made: Made, coordinator: AtTheDesk, base: str):
    sent = HOURS | {"location": made.place.id}
    assert coordinator.post(f"{base}/hours", **sent).status_code == 303
    again = coordinator.post(f"{base}/hours", **sent)
    assert again.status_code == 422 and "hold at the same time" in again.text and 'value="09:00"' in again.text
    rule = next(each for each in rows(Availability) if each.weekday == 2)
    held = made.appointment(at(NEXT + timedelta(days=2), 10))
    asked = coordinator.post(f"{base}/hours/{rule.id}/end", last_on=MONDAY.isoformat())
    assert asked.status_code == 422 and held.case_number in asked.text
    ended = coordinator.post(f"{base}/hours/{rule.id}/end", last_on=MONDAY.isoformat(), confirmed=held.id)
    assert ended.status_code == 303
    other = make_calendar().works()
    assert coordinator.post(f"{base}/hours/{other.id}/end", last_on=MONDAY.isoformat()).status_code == 422


@pytest.mark.parametrize(
    "wrong",
    [
        {"weekday": "9"},
        {"starts": "9"},
        {"minutes": "fifty"},
        {"location": "LOC-none"},
        {"modality": ""},
        {"valid_to": "x"},
    ],
)
def test_hours_that_cannot_be_are_refused(made: Made, coordinator: AtTheDesk, base: str, wrong: dict):
    refused = coordinator.post(f"{base}/hours", **HOURS | {"location": made.place.id} | wrong)
    assert refused.status_code == 422 and 'role="alert"' in refused.text


def test_series_shows_its_conflicts_and_is_made_once_they_are_resolved(made: Made, coordinator: AtTheDesk, base: str):
    episode = made.in_care()
    made.appointment(at(NEXT, 18))
    sent = {"case": episode.case_number, "first": MONDAY.isoformat(), "at": "18:00", "modality": "telehealth"}
    asked = coordinator.post(f"{base}/series", **sent)
    assert asked.status_code == 422 and "Mon, Oct 26, 2026: the clinician has appointment AT-" in asked.text
    assert f'name="leave_out" value="{NEXT.isoformat()}"' in asked.text and rows(Series) == []
    assert coordinator.post(f"{base}/series", **sent, leave_out=NEXT.isoformat()).status_code == 303
    (series,) = rows(Series)
    assert len(appointments(series_id=series.id)) == 6
    shown = coordinator.get(base).text
    assert "Monday 18:00" in shown and series.id in shown
    assert coordinator.post(f"{base}/series/{series.id}/end", last_on=NEXT.isoformat()).status_code == 303
    assert len(appointments(series_id=series.id, status="booked")) == 1


def test_series_outside_the_hours_is_asked_for(made: Made, coordinator: AtTheDesk, base: str):
    sent = {"case": made.in_care().case_number, "first": MONDAY.isoformat(), "at": "20:00", "modality": "telehealth"}
    asked = coordinator.post(f"{base}/series", **sent)
    assert 'name="let_stand"' in asked.text and 'name="leave_out"' not in asked.text
    assert coordinator.post(f"{base}/series", **sent, let_stand="yes").status_code == 303


def test_series_of_somebody_elses_patient_is_refused(coordinator: AtTheDesk, base: str):
    other = make_calendar().in_care()
    sent = {"case": other.case_number, "first": MONDAY.isoformat(), "at": "18:00", "modality": "telehealth"}
    assert "in this clinician" in coordinator.post(f"{base}/series", **sent).text


def test_appointment_is_moved_and_cancelled(made: Made, coordinator: AtTheDesk, base: str):
    held = made.appointment(at(NEXT, 10))
    made.appointment(at(NEXT, 12))
    there = f"{base}/appointments/{held.id}"
    clash = coordinator.post(f"{there}/move", to=f"{NEXT}T12:00")
    assert clash.status_code == 422 and "the clinician has appointment" in clash.text.lower()
    beyond = coordinator.post(f"{there}/move", to=f"{NEXT}T20:00")
    assert "Move it all the same" in beyond.text
    assert coordinator.post(f"{there}/move", to=f"{NEXT}T20:00", let_stand="yes").status_code == 303
    (moved,) = appointments(replaces_id=held.id)
    assert moved.starts_at == at(NEXT, 20)
    assert coordinator.post(f"{base}/appointments/{moved.id}/cancel").status_code == 303
    assert coordinator.post(f"{there}/move", to=f"{NEXT}T11:00").status_code == 422
    assert [each.starts_at for each in appointments(status="booked")] == [at(NEXT, 12)]


@pytest.mark.parametrize("to", ["", "tomorrow", f"{NEXT}", f"{NEXT}T99:00"])
def test_move_to_no_time_is_refused(made: Made, coordinator: AtTheDesk, base: str, to: str):
    held = made.appointment(at(NEXT, 10))
    assert coordinator.post(f"{base}/appointments/{held.id}/move", to=to).status_code == 422


def test_acts_on_another_calendar_are_refused(made: Made, coordinator: AtTheDesk, base: str):
    other = make_calendar()
    held = other.appointment(at(NEXT, 10))
    for path, sent in (
        (f"appointments/{held.id}/move", {"to": f"{NEXT}T11:00"}),
        (f"appointments/{held.id}/cancel", {}),
    ):
        assert "another calendar" in coordinator.post(f"{base}/{path}", **sent).text


def upload(seated: AtTheDesk, base: str, raw: bytes, **fields: str) -> Any:
    data = {"csrf_token": seated.token, **fields}
    return seated.browser.post(f"{base}/import", data=data, files={"file": ("my.ics", raw)}, follow_redirects=False)


def test_calendar_file_is_taken_in_and_its_faults_are_named(made: Made, coordinator: AtTheDesk, base: str):
    held = made.appointment(at(NEXT, 10))
    good = event("a", "DTSTART;TZID=America/Chicago:20261026T100000", "DURATION:PT1H", "SUMMARY:Marker")
    found = upload(coordinator, base, calendar(good))
    assert found.status_code == 200 and "1 new" in found.text and held.case_number in found.text
    assert "Marker" not in found.text
    bad = upload(coordinator, base, calendar(good, event("b", "DTSTART:20261102T180000")))
    assert bad.status_code == 422 and "Event 2, DTSTART: has no time zone" in bad.text
    none = upload(coordinator, base, b"given_name,family_name")
    assert none.status_code == 422 and "no iCalendar file" in none.text
    large = upload(coordinator, base, b"BEGIN:VCALENDAR\r\n" + b"X" * (5 * 1024 * 1024))
    assert large.status_code == 422 and "larger than 5 MB" in large.text


def test_calendar_is_saved_as_a_file(made: Made, coordinator: AtTheDesk, base: str):
    held = made.appointment(at(NEXT, 10))
    answer = coordinator.get(f"{base}/export")
    assert answer.headers["content-type"].startswith("text/calendar")
    assert held.case_number in answer.text and answer.text.startswith("BEGIN:VCALENDAR")


def test_rooms_are_kept_by_coordinators(made: Made, coordinator: AtTheDesk, at_the_desk: Any):
    assert coordinator.post("/rooms", location=made.place.id, name="Blue", accessible="yes").status_code == 303
    assert coordinator.post("/rooms", location=made.place.id, name="Blue").status_code == 422
    assert coordinator.post("/rooms", location=make_calendar().place.id, name="Red").status_code == 422
    (room,) = rows(Room)
    held = made.appointment(at(NEXT, 10), room_id=room.id, modality=Modality.OFFICE)
    asked = coordinator.post(f"/rooms/{room.id}", name="Blue", accessible="yes")
    assert asked.status_code == 422 and held.case_number in asked.text
    assert coordinator.post(f"/rooms/{room.id}", name="Green", confirmed=held.id).status_code == 303
    assert (rows(Room)[0].name, rows(Room)[0].active, rows(Room)[0].accessible) == ("Green", False, False)
    elsewhere = make_calendar().room()
    assert coordinator.post(f"/rooms/{elsewhere.id}", name="X").status_code == 422
    clinician = at_the_desk(Role.CLINICIAN, location=made.place)
    assert "Green" in clinician.get("/rooms").text and "Add a room" not in clinician.get("/rooms").text


def test_ongoing_care_is_not_stopped_as_a_referral_is(made: Made, coordinator: AtTheDesk):
    episode = made.in_care()
    assert coordinator.post(f"/cases/{episode.case_number}/stop", exit="withdrawn", reason="x").status_code == 409


def test_to_do_about_an_appointment_is_settled(made: Made, coordinator: AtTheDesk, base: str):
    held = made.appointment(at(NEXT, 10))
    sent = {"kind": "leave", "starts": f"{NEXT}T09:00", "ends": f"{NEXT}T12:00", "confirmed": held.id}
    coordinator.post(f"{base}/exceptions", **sent)
    (to_do,) = to_dos()
    shown = coordinator.get(f"/to-dos/{to_do.id}").text
    assert "cannot be held as agreed" in shown and "It is settled with the patient" in shown
    assert coordinator.post(f"/to-dos/{to_do.id}/finish", outcome="time_settled").status_code == 303
    assert to_dos()[0].status == "done"
