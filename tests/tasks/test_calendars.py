"""Are recurring appointments made ahead once, on whole tables, and is what finds no place asked about?"""

from collections.abc import Iterator
from datetime import date, time, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from acts import series as acts
from acts.calendars import remove_exception
from adapters.operational_store import engine_for, reading, writing
from adapters.settings import settings
from models.codes import AppointmentStatus, EpisodeStatus, Modality, SlotStatus, ToDoOutcome, ToDoStatus
from models.operational import Episode, Series, Slot, ToDo
from models.scheduling_codes import SeriesStatus
from tasks import calendars
from tasks.calendars import extend_series
from tests import factories
from tests.calendars import MONDAY, Made, a_week_later, appointments, at, events, make_calendar, stop_the_clock, to_dos
from tests.series import add_leave, weekly_series
from tests.statements import heard

NIGHT = a_week_later(MONDAY)
SEVENTH = a_week_later(MONDAY, 7)


@pytest.fixture
def made(home: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    stop_the_clock(monkeypatch)
    calendar = make_calendar()
    calendar.works()
    return calendar


def test_night_makes_the_week_that_has_come_into_view_once(made: Made):
    series = weekly_series(made)
    assert extend_series(NIGHT) == {"series": 1, "made": 1, "skipped": 0, "ended": 0}
    assert extend_series(NIGHT) == {"series": 1, "made": 0, "skipped": 0, "ended": 0}
    assert appointments(series_id=series.id)[-1].occurs_on == SEVENTH
    assert events("series.extended") == 2


def test_any_night_may_be_made_up_for(made: Made):
    weekly_series(made)
    assert extend_series(a_week_later(MONDAY, 3))["made"] == 3
    assert extend_series(a_week_later(MONDAY, 2))["made"] == 0


@pytest.mark.parametrize("place", ["all", "here", "elsewhere"])
def test_night_of_one_place_leaves_the_others(made: Made, place: str):
    weekly_series(made)
    chosen = {"all": "all", "here": made.place.id, "elsewhere": make_calendar().place.id}[place]
    assert extend_series(NIGHT, chosen)["made"] == (0 if place == "elsewhere" else 1)


def test_date_in_leave_is_asked_about_once_and_made_when_the_leave_is_taken_back(made: Made):
    weekly_series(made)
    leave = add_leave(made, SEVENTH)
    assert extend_series(NIGHT)["skipped"] == 1
    assert extend_series(NIGHT)["skipped"] == 0
    (to_do,) = to_dos()
    assert to_do.unique_key.endswith(SEVENTH.isoformat()) and to_do.due_at < at(SEVENTH, 18)
    remove_exception(leave.id, actor="ST-1")
    assert extend_series(NIGHT)["made"] == 1
    assert to_dos()[0].status == ToDoStatus.SUPERSEDED


def test_date_that_a_person_has_settled_stays_left_out(made: Made):
    weekly_series(made)
    leave = add_leave(made, SEVENTH)
    extend_series(NIGHT)
    with writing() as db:
        to_do = db.get_one(ToDo, to_dos()[0].id)
        to_do.status, to_do.outcome = ToDoStatus.DONE, ToDoOutcome.TIME_SETTLED
        db.add(to_do)
    remove_exception(leave.id, actor="ST-1")
    assert extend_series(NIGHT)["made"] == 0


def test_cancelled_date_is_not_made_again(made: Made):
    weekly_series(made)
    extend_series(NIGHT)
    acts.cancel_appointment(appointments(occurs_on=SEVENTH)[0].id, actor="ST-1")
    assert extend_series(NIGHT)["made"] == 0


def test_date_whose_time_is_taken_is_skipped(made: Made):
    weekly_series(made)
    made.appointment(at(SEVENTH, 18, 30))
    assert extend_series(NIGHT) == {"series": 1, "made": 0, "skipped": 1, "ended": 0}


def test_two_series_never_take_one_time_in_one_night(made: Made):
    first = weekly_series(made)
    second = weekly_series(made, starts=time(16))
    with writing() as db:
        db.get_one(Series, second.id).starts = first.starts
    assert extend_series(NIGHT) == {"series": 2, "made": 1, "skipped": 1, "ended": 0}


def test_hours_that_have_changed_do_not_stop_what_a_person_agreed(made: Made):
    weekly_series(made)
    with writing() as db:
        db.execute(sa.text("DELETE FROM availability"))
    assert extend_series(NIGHT)["made"] == 1


def test_bookable_time_is_taken_with_the_date(made: Made):
    weekly_series(made, starts=time(15))
    with writing() as db:
        facts = {"clinician_id": made.clinician.id, "location_id": made.place.id, "modality": Modality.EITHER}
        for number, hour in enumerate((14, 15, 16)):
            db.add(Slot(id=f"SL-{number}", starts_at=at(SEVENTH, hour), minutes=50, **facts))
    extend_series(NIGHT)
    with reading() as db:
        found = [db.get_one(Slot, f"SL-{number}").status for number in range(3)]
    assert found == [SlotStatus.OPEN, SlotStatus.BOOKED, SlotStatus.OPEN]


@pytest.mark.parametrize(
    ("until", "ended", "made_count"),
    [(NIGHT - timedelta(days=1), 1, 0), (NIGHT, 0, 0), (SEVENTH, 0, 1), (SEVENTH - timedelta(days=1), 0, 0)],
)
def test_series_ends_the_night_after_its_last_date(made: Made, until: date, ended: int, made_count: int):
    series = weekly_series(made)
    with writing() as db:
        db.get_one(Series, series.id).until_on = until
    found = extend_series(NIGHT)
    assert (found["ended"], found["made"]) == (ended, made_count)
    with reading() as db:
        status = db.get_one(Series, series.id).status
    assert status == (SeriesStatus.ENDED if ended else SeriesStatus.ACTIVE)
    assert events("series.ended") == ended


def test_series_of_ended_care_makes_nothing(made: Made):
    series = weekly_series(made)
    with writing() as db:
        db.get_one(Episode, series.case_number).status = EpisodeStatus.CLOSED_ENDED
    assert extend_series(NIGHT)["made"] == 0


def _many(made: Made, how_many: int) -> None:
    """Series of as many patients, each at a time of its own."""
    patients = [factories.make_patient().id for _ in range(how_many)]
    with writing() as db:
        for number, patient_id in enumerate(patients):
            episode = made.care_in(db, patient_id)
            facts = {
                "case_number": episode.case_number,
                "patient_id": episode.patient_id,
                "clinician_id": made.clinician.id,
                "location_id": made.place.id,
                "modality": Modality.TELEHEALTH,
                "zone": "America/Chicago",
                "made_by": "ST-1",
                "from_on": MONDAY,
                "minutes": 10,
            }
            db.add(Series(id=f"SR-{number:04d}", weekday=0, starts=time(9 + number // 6, number % 6 * 10), **facts))


def _few_then_many(made: Made) -> Iterator[int]:
    """So many series, and nothing of those before."""
    for how_many in (5, 25):
        with writing() as db:
            for table in ("appointment", "series", "episode", "to_do", "calendar_exception"):
                db.execute(sa.text(f"DELETE FROM {table}"))
        _many(made, how_many)
        yield how_many


def test_queries_do_not_grow_with_the_number_of_series(made: Made):
    counts = []
    for how_many in _few_then_many(made):
        with heard(engine_for(settings().operational_database)) as asked:
            assert extend_series(NIGHT)["made"] == how_many * 7
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_queries_do_not_grow_with_the_series_that_a_holiday_takes_a_date_from(made: Made):
    nights, withdrawn = [], []
    for how_many in _few_then_many(made):
        holiday = add_leave(made, SEVENTH)
        with heard(engine_for(settings().operational_database)) as asked:
            assert extend_series(NIGHT)["skipped"] == how_many
        nights.append(len(asked))
        remove_exception(holiday.id, actor="ST-1")
        with heard(engine_for(settings().operational_database)) as asked:
            assert extend_series(NIGHT)["made"] == how_many
        withdrawn.append(len(asked))
    assert nights[0] == nights[1]
    assert withdrawn[0] == withdrawn[1]


def test_queries_do_not_grow_with_the_appointments_that_a_holiday_hits(made: Made):
    counts = []
    for how_many in _few_then_many(made):
        extend_series(NIGHT)
        day = [each.id for each in appointments(occurs_on=SEVENTH)]
        with heard(engine_for(settings().operational_database)) as asked:
            assert len(add_leave(made, SEVENTH, confirmed=tuple(day)).hits) == how_many
        counts.append(len(asked))
        assert len(to_dos()) == how_many
    assert counts[0] == counts[1]


def test_chunks_are_taken_one_after_the_other(made: Made, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(calendars, "CHUNK", 2)
    _many(made, 5)
    assert extend_series(NIGHT) == {"series": 5, "made": 35, "skipped": 0, "ended": 0}
    assert {each.status for each in appointments()} == {AppointmentStatus.BOOKED}
    assert extend_series(NIGHT)["made"] == 0
