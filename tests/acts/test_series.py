"""Is a recurring appointment made without collisions, moved date by date, ended with somebody told?"""

from datetime import date, time, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from acts import series as acts
from acts.series import Conflicted, NewSeries
from adapters.operational_store import reading, writing
from adapters.slots import extend_slots
from models.codes import AppointmentStatus, EpisodeStatus, Modality, ToDoStatus
from models.errors import MovedOn
from models.operational import Appointment, Episode, OutboxMessage, Series
from models.scheduling_codes import SeriesStatus
from rules.calendars import ConflictKind
from tests import factories
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
from tests.series import add_leave

NEXT = a_week_later(MONDAY)


@pytest.fixture
def made(home: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    stop_the_clock(monkeypatch)
    calendar = make_calendar()
    calendar.works()
    return calendar


def messages() -> list[OutboxMessage]:
    with reading() as db:
        return list(db.exec(select(OutboxMessage).order_by(OutboxMessage.id)).all())


def told_of(appointment: Appointment) -> list[str]:
    """What the patient is written about this appointment, reminders aside."""
    about = [each for each in messages() if each.facts["appointment_id"] == appointment.id]
    return [each.template for each in about if each.template != "appointment_reminder"]


def weekly(episode: Episode, **given) -> NewSeries:
    facts = {"case_number": episode.case_number, "from_on": MONDAY, "starts": time(18), "modality": Modality.TELEHEALTH}
    return NewSeries(**facts | given)


def test_series_keeps_its_evening_over_the_change_of_clocks(made: Made):
    series, booked = acts.make_series(weekly(made.in_care()), actor="ST-1")
    assert len(booked) == 7
    found = appointments(series_id=series.id)
    assert {each.starts_at.astimezone(ZONE).time() for each in found} == {time(18)}
    assert {each.starts_at.hour for each in found} == {23, 0}
    assert [each.occurs_on for each in found] == [a_week_later(MONDAY, n) for n in range(7)]
    assert (events("series.made"), events("series.extended")) == (1, 1)


def test_series_begins_later_today_but_never_in_the_past(made: Made):
    _, booked = acts.make_series(weekly(made.in_care(), starts=time(9)), actor="ST-1")
    assert booked[0].occurs_on == NEXT


def test_series_takes_its_times_from_those_to_be_booked(made: Made):
    extend_slots(NEXT)
    episode = made.in_care()
    acts.make_series(weekly(episode, starts=time(15)), actor="ST-1")
    acts.make_series(weekly(made.in_care(), starts=time(16, 30)), actor="ST-1")
    next_week = {each.starts_at: each for each in slots() if each.starts_at > at(NEXT, 0)}
    assert (next_week[at(NEXT, 15)].status, next_week[at(NEXT, 15)].case_number) == ("booked", episode.case_number)
    assert [next_week[at(NEXT, hour)].status for hour in (14, 16, 17, 18)] == ["open", "closed", "closed", "open"]
    taken = [each for each in appointments(starts_at=at(NEXT, 15))]
    assert taken[0].slot_id == next_week[at(NEXT, 15)].id
    assert extend_slots(NEXT) == 0


def test_cancelled_date_gives_back_what_it_took(made: Made):
    extend_slots(NEXT)
    acts.make_series(weekly(made.in_care(), starts=time(16, 30)), actor="ST-1")
    (held,) = appointments(starts_at=at(NEXT, 16, 30))
    acts.cancel_appointment(held.id, actor="ST-1")
    acts.cancel_appointment(held.id, actor="ST-1")
    found = {each.starts_at: each for each in slots()}
    assert [found[at(NEXT, hour)].status for hour in (16, 17)] == ["open", "open"]
    assert found[at(NEXT, 16)].case_number is None
    assert told_of(held) == ["booking_cancelled"]


def test_clinician_and_patient_are_never_at_two_places(made: Made):
    patient = factories.make_patient()
    acts.make_series(weekly(made.in_care(patient)), actor="ST-1")
    other = make_calendar()
    other.works()
    for new, kind in (
        (weekly(made.in_care(), starts=time(18, 30)), ConflictKind.CLINICIAN_BUSY),
        (weekly(other.in_care(patient)), ConflictKind.PATIENT_BUSY),
    ):
        with pytest.raises(Conflicted) as refused:
            acts.make_series(new, actor="ST-1", let_stand=True)
        assert kind in {each.kind for each in refused.value.conflicts}
        assert refused.value.conflicts[0].ids[0].startswith("AT-")
    with reading() as db:
        assert len(db.exec(select(Series)).all()) == 1


def test_series_that_begins_far_ahead_meets_another_one(made: Made):
    acts.make_series(weekly(made.in_care()), actor="ST-1")
    later = weekly(made.in_care(), from_on=a_week_later(MONDAY, 20))
    with pytest.raises(Conflicted, match="of series SR-"):
        acts.make_series(later, actor="ST-1")


def test_date_in_leave_is_shown_and_may_be_left_out(made: Made):
    add_leave(made, NEXT)
    new = weekly(made.in_care())
    shown = [each for each in acts.preview(new) if each.against]
    assert [each.occurrence.occurs_on for each in shown] == [NEXT]
    with pytest.raises(Conflicted):
        acts.make_series(new, actor="ST-1")
    assert appointments() == []
    series, booked = acts.make_series(new, actor="ST-1", leave_out=[NEXT])
    assert len(booked) == 6 and NEXT not in {each.occurs_on for each in booked}
    (decided,) = to_dos()
    assert (decided.status, decided.unique_key) == (ToDoStatus.DONE, f"series:{series.id}:{NEXT.isoformat()}")


@pytest.mark.parametrize("let_stand", [True, False])
def test_time_outside_the_hours_is_a_persons_choice(made: Made, let_stand: bool):
    new = weekly(made.in_care(), starts=time(20))
    if let_stand:
        acts.make_series(new, actor="ST-1", let_stand=True)
        return
    with pytest.raises(Conflicted, match="no weekly rule"):
        acts.make_series(new, actor="ST-1")


def test_office_series_takes_a_room_and_another_one_when_that_is_taken(made: Made):
    first, second = sorted((made.room(), made.room()), key=lambda each: each.id)
    made.appointment(at(NEXT, 18), room_id=first.id, clinician_id=make_calendar().clinician.id, modality="office")
    series, booked = acts.make_series(weekly(made.in_care(), modality=Modality.OFFICE), actor="ST-1")
    assert series.room_id == first.id
    assert [each.room_id for each in booked[:3]] == [first.id, second.id, first.id]


def test_who_needs_it_is_given_a_room_without_a_step(made: Made):
    made.room(accessible=False)
    case = factories.make_referral(needs_accessible=True, location=made.place)
    new = weekly(made.in_care(opened_by=case.case_number), modality=Modality.OFFICE)
    with pytest.raises(Conflicted, match="no accessible room"):
        acts.make_series(new, actor="ST-1")
    flat = made.room()
    assert acts.make_series(new, actor="ST-1")[0].room_id == flat.id


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"from_on": MONDAY - timedelta(days=1)}, "today or later"),
        ({"from_on": MONDAY + timedelta(weeks=26, days=1)}, "within 26 weeks"),
        ({"minutes": 9}, "10 to 480"),
        ({"minutes": 481}, "10 to 480"),
        ({"every_weeks": 0}, "every 1 to 8"),
        ({"every_weeks": 9}, "every 1 to 8"),
        ({"modality": Modality.EITHER}, "office or by video"),
        ({"until_on": MONDAY - timedelta(days=1)}, "before the first"),
        ({"starts": time(9), "until_on": MONDAY}, "still to come"),
    ],
)
def test_series_that_cannot_be_is_refused(made: Made, wrong: dict, message: str):
    with pytest.raises(ValueError, match=message):
        acts.make_series(weekly(made.in_care(), **wrong), actor="ST-1")


def test_ended_care_gets_no_series(made: Made):
    with pytest.raises(MovedOn):
        acts.make_series(weekly(made.in_care(status=EpisodeStatus.CLOSED_ENDED)), actor="ST-1")


# -- moved, ended


def test_moved_date_stays_the_same_date_of_its_series(made: Made):
    extend_slots(NEXT)
    series, _ = acts.make_series(weekly(made.in_care(), starts=time(15)), actor="ST-1")
    (old,) = appointments(starts_at=at(NEXT, 15))
    moved = acts.move_appointment(old.id, NEXT, time(17), actor="ST-1")
    assert (moved.series_id, moved.occurs_on, moved.replaces_id) == (series.id, NEXT, old.id)
    with reading() as db:
        assert db.get_one(Appointment, old.id).status == AppointmentStatus.CANCELLED
    found = {each.starts_at: each.status for each in slots()}
    assert (found[at(NEXT, 15)], found[at(NEXT, 17)]) == ("open", "booked")
    assert (told_of(old), told_of(moved)) == (["booking_cancelled"], ["booking_moved"])
    with pytest.raises(MovedOn):
        acts.move_appointment(old.id, NEXT, time(16), actor="ST-1")


@pytest.mark.parametrize(
    ("hour", "let_stand", "refused"),
    [(16, False, "appointment AT-"), (16, True, "appointment AT-"), (20, False, "no weekly rule"), (20, True, None)],
)
def test_move_into_a_conflict_is_refused(made: Made, hour: int, let_stand: bool, refused: str | None):
    held = made.appointment(at(NEXT, 10))
    made.appointment(at(NEXT, 16))
    if refused is None:
        acts.move_appointment(held.id, NEXT, time(hour), actor="ST-1", let_stand=let_stand)
        return
    assert acts.what_stands_against_moving(held.id, NEXT, time(hour))
    with pytest.raises(Conflicted, match=refused):
        acts.move_appointment(held.id, NEXT, time(hour), actor="ST-1", let_stand=let_stand)


def test_move_to_where_it_is_changes_nothing(made: Made):
    held = made.appointment(at(NEXT, 10))
    assert acts.move_appointment(held.id, NEXT, time(10), actor="ST-1").id == held.id
    assert acts.what_stands_against_moving(held.id, NEXT, time(10, 20)) == ()


@pytest.mark.parametrize("day", [MONDAY - timedelta(days=7), MONDAY + timedelta(weeks=27)])
def test_move_to_a_time_that_cannot_be_is_refused(made: Made, day: date):
    held = made.appointment(at(NEXT, 10))
    with pytest.raises(ValueError, match="still to come"):
        acts.move_appointment(held.id, day, time(10), actor="ST-1")


def test_first_session_is_not_moved_here(made: Made):
    case = factories.make_referral(location=made.place)
    held = made.appointment(at(NEXT, 10), case_number=case.case_number)
    with pytest.raises(ValueError, match="first session"):
        acts.move_appointment(held.id, NEXT, time(11), actor="ST-1")


def test_end_cancels_later_dates_and_asks_somebody_to_tell_the_patient(made: Made):
    series, _ = acts.make_series(weekly(made.in_care()), actor="ST-1")
    last = a_week_later(MONDAY, 3)
    gone = acts.end_series(series.id, last, actor="ST-1")
    assert len(gone) == 3
    assert [each.occurs_on for each in appointments(status=AppointmentStatus.BOOKED)][-1] == last
    assert len(to_dos()) == 1 and to_dos()[0].status == ToDoStatus.OPEN
    with reading() as db:
        assert (db.get_one(Series, series.id).status, db.get_one(Series, series.id).until_on) == ("active", last)


@pytest.mark.parametrize(("last_on", "left"), [(MONDAY - timedelta(days=1), 0), (MONDAY - timedelta(days=30), 0)])
def test_end_in_the_past_ends_it_at_once(made: Made, last_on: date, left: int):
    series, _ = acts.make_series(weekly(made.in_care()), actor="ST-1")
    assert len(acts.end_series(series.id, last_on, actor="ST-1")) == 7
    assert acts.end_series(series.id, last_on, actor="ST-1") == []
    with reading() as db:
        assert db.get_one(Series, series.id).status == SeriesStatus.ENDED
    assert len(appointments(status=AppointmentStatus.BOOKED)) == left


def test_end_of_care_ends_every_series(made: Made):
    episode = made.in_care()
    acts.make_series(weekly(episode), actor="ST-1")
    acts.make_series(weekly(episode, starts=time(14), every_weeks=2), actor="ST-1")
    with writing() as db:
        acts.end_all_of(db, episode.case_number, MONDAY, "ST-1")
    assert {each.starts_at for each in appointments(status=AppointmentStatus.BOOKED)} == {
        at(MONDAY, 14),
        at(MONDAY, 18),
    }
