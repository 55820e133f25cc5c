"""Does a change of a calendar show what it hits, and is nobody cancelled silently?"""

from datetime import time, timedelta
from pathlib import Path

import pytest

from acts import calendars
from acts.appointments import end_appointment
from acts.calendars import NewException, NewHours, Unconfirmed
from acts.series import Conflicted
from adapters.operational_store import reading, writing
from adapters.slots import extend_slots
from models.codes import AppointmentStatus, Modality, SlotStatus, ToDoKind
from models.errors import MovedOn
from models.operational import Appointment, Availability, Offer, Room
from models.scheduling_codes import ExceptionKind
from tests import factories
from tests.calendars import MONDAY, Made, a_week_later, at, events, make_calendar, slots, starts, stop_the_clock, to_dos

NEXT = a_week_later(MONDAY)


@pytest.fixture
def made(home: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    stop_the_clock(monkeypatch)
    return make_calendar()


def leave(made: Made, begins: int = 9, ends: int = 12, **given) -> NewException:
    facts = {"kind": ExceptionKind.LEAVE, "clinician_id": made.clinician.id}
    return NewException(starts_at=at(NEXT, begins), ends_at=at(NEXT, ends), **facts | given)


def test_leave_closes_the_times_in_it_and_its_removal_opens_them(made: Made):
    made.works(ends=13)
    extend_slots(NEXT)
    before = starts(slots("open"))
    changed = calendars.add_exception(leave(made), actor="ST-1")
    assert changed.fitted.withdrawn == 3
    assert next(each for each in starts(slots("open")) if each >= at(NEXT, 0)) == at(NEXT, 12)
    assert extend_slots(NEXT) == 0
    removed = calendars.remove_exception(changed.id, actor="ST-1")
    assert removed.fitted.opened_again == 3
    assert [each for each in starts(slots("open")) if each <= at(NEXT, 23)] == before
    assert calendars.remove_exception(changed.id, actor="ST-1").fitted.opened_again == 0
    assert (events("calendar.exception_added"), events("calendar.exception_removed")) == (1, 1)


@pytest.mark.parametrize(
    ("begins", "ends", "left"),
    [(9, 10, 3), (10, 11, 3), (8, 9, 4), (13, 14, 4), (9, 13, 0)],
)
def test_leave_takes_the_times_it_touches(made: Made, begins: int, ends: int, left: int):
    made.works(ends=13)
    extend_slots(NEXT)
    calendars.add_exception(leave(made, begins, ends), actor="ST-1")
    assert len([each for each in slots("open") if at(NEXT, 0) < each.starts_at < at(NEXT, 23)]) == left


def test_leave_over_an_appointment_is_refused_until_it_is_confirmed(made: Made):
    made.works()
    inside, after = made.appointment(at(NEXT, 10)), made.appointment(at(NEXT, 12))
    with pytest.raises(Unconfirmed) as refused:
        calendars.add_exception(leave(made), actor="ST-1")
    assert [each.appointment_id for each in refused.value.hits] == [inside.id]
    assert "leave" in refused.value.hits[0].reasons[0]
    assert (to_dos(), events("calendar.exception_added")) == ([], 0)
    assert calendars.hits_of_exception(leave(made)) == refused.value.hits

    changed = calendars.add_exception(leave(made), actor="ST-1", confirmed=[inside.id])
    (to_do,) = to_dos()
    assert (to_do.kind, to_do.role, to_do.case_number) == (ToDoKind.MOVE_APPOINTMENT, "coordinator", inside.case_number)
    assert to_do.unique_key == f"calendar:{changed.id}:{inside.id}"
    with reading() as db:
        assert {db.get_one(Appointment, each.id).status for each in (inside, after)} == {AppointmentStatus.BOOKED}


def test_appointment_booked_while_one_looks_is_shown_first(made: Made):
    made.works()
    seen = made.appointment(at(NEXT, 9))
    made.appointment(at(NEXT, 10))
    with pytest.raises(Unconfirmed) as refused:
        calendars.add_exception(leave(made), actor="ST-1", confirmed=[seen.id])
    assert len(refused.value.hits) == 2


def test_same_leave_twice_is_once(made: Made):
    first = calendars.add_exception(leave(made), actor="ST-1")
    assert calendars.add_exception(leave(made), actor="ST-2").id == first.id
    assert events("calendar.exception_added") == 1


def test_whole_place_is_closed_for_everybody_there(made: Made):
    other = Made(made.place, factories.make_clinician(location=made.place))
    for each in (made, other):
        each.works(ends=11)
        each.appointment(at(NEXT, 9))
    extend_slots(NEXT)
    closed = leave(made, kind=ExceptionKind.HOLIDAY, clinician_id=None, location_id=made.place.id)
    hits = calendars.hits_of_exception(closed)
    assert len(hits) == 2
    calendars.add_exception(closed, actor="ST-1", confirmed=[each.appointment_id for each in hits])
    assert not [each for each in slots("open") if at(NEXT, 0) < each.starts_at < at(NEXT, 23)]
    assert len(to_dos()) == 2


def test_extra_hours_make_times_and_their_removal_asks_about_what_was_booked_in_them(made: Made):
    extra = leave(made, 18, 20, kind=ExceptionKind.EXTRA_HOURS, location_id=made.place.id)
    changed = calendars.add_exception(extra, actor="ST-1")
    assert starts(slots("open")) == [at(NEXT, 18), at(NEXT, 19)]
    made.appointment(at(NEXT, 18))
    removed = calendars.remove_exception(changed.id, actor="ST-1")
    assert slots("open") == [] and len(removed.hits) == 1
    assert [each.unique_key.split(":")[1] for each in to_dos()] == [f"removed-{changed.id}"]


def test_offered_time_in_leave_is_withdrawn(made: Made):
    made.works(ends=10)
    extend_slots(NEXT)
    slot = next(each for each in slots("open") if each.starts_at == at(NEXT, 9))
    case = factories.make_referral(
        factories.ReferralStatus.OFFERED, location=made.place, clinician_id=made.clinician.id
    )
    offer = factories.make_offer(case, slot)
    calendars.add_exception(leave(made), actor="ST-1")
    with reading() as db:
        assert db.get_one(Offer, offer.id).status == "revoked"


def test_time_freed_in_leave_is_not_offered_again(made: Made):
    made.works(ends=10)
    extend_slots(NEXT)
    slot = next(each for each in slots("open") if each.starts_at == at(NEXT, 9))
    case = factories.make_referral(factories.ReferralStatus.BOOKED, location=made.place, clinician_id=made.clinician.id)
    booked = factories.make_appointment(case, slot)
    calendars.add_exception(leave(made), actor="ST-1", confirmed=[booked.id])
    with writing() as db:
        end_appointment(db, db.get_one(Appointment, booked.id), AppointmentStatus.CANCELLED, "ST-1")
    assert {each.status for each in slots() if each.id == slot.id} == {SlotStatus.CLOSED}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"ends_at": at(NEXT, 9)}, "end must be after"),
        ({"starts_at": at(MONDAY, 8), "ends_at": at(MONDAY, 9)}, "has passed"),
        ({"ends_at": at(NEXT, 9) + timedelta(days=733)}, "two years"),
        ({"kind": ExceptionKind.EXTRA_HOURS}, "clinician and a place"),
    ],
)
def test_exception_that_cannot_be_is_refused(made: Made, wrong: dict, message: str):
    with pytest.raises(ValueError, match=message):
        calendars.add_exception(NewException(**vars(leave(made)) | wrong), actor="ST-1")


def test_exception_of_nobody_on_record_is_refused(made: Made):
    with pytest.raises(MovedOn):
        calendars.add_exception(leave(made, clinician_id="ST-none"), actor="ST-1")


# -- weekly hours


def hours(made: Made, **given) -> NewHours:
    facts = {"clinician_id": made.clinician.id, "location_id": made.place.id, "weekday": 0}
    return NewHours(**facts | {"starts": time(9), "ends": time(12)} | given)


def test_new_hours_open_times_within_their_dates(made: Made):
    calendars.add_hours(hours(made, valid_from=NEXT, valid_to=NEXT), actor="ST-1")
    assert starts(slots("open")) == [at(NEXT, 9), at(NEXT, 10), at(NEXT, 11)]


@pytest.mark.parametrize(("weekday", "refused"), [(0, True), (1, False)])
def test_hours_that_overlap_are_refused_with_the_rule(made: Made, weekday: int, refused: bool):
    known = made.works(ends=10)
    if refused:
        with pytest.raises(Conflicted, match=f"the new one .* and rule {known.id} "):
            calendars.add_hours(hours(made, weekday=weekday), actor="ST-1")
        assert slots() == []
    else:
        calendars.add_hours(hours(made, weekday=weekday), actor="ST-1")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"weekday": 7}, "need a day"),
        ({"minutes": 9}, "10 to 480"),
        ({"minutes": 200}, "room for one session"),
        ({"valid_from": NEXT, "valid_to": MONDAY}, "last day"),
    ],
)
def test_hours_that_cannot_be_are_refused(made: Made, wrong: dict, message: str):
    with pytest.raises(ValueError, match=message):
        calendars.add_hours(hours(made, **wrong), actor="ST-1")


def test_hours_in_a_room_of_another_place_are_refused(made: Made):
    elsewhere = make_calendar().room()
    with pytest.raises(ValueError, match="not in use at"):
        calendars.add_hours(hours(made, room_id=elsewhere.id), actor="ST-1")


def test_end_of_hours_shows_what_lies_in_them_and_withdraws_free_times(made: Made):
    rule = made.works(ends=11)
    extend_slots(NEXT)
    held = made.appointment(at(NEXT, 9))
    with pytest.raises(Unconfirmed):
        calendars.end_hours(rule.id, MONDAY, actor="ST-1")
    changed = calendars.end_hours(rule.id, MONDAY, actor="ST-1", confirmed=[held.id])
    assert [each.appointment_id for each in changed.hits] == [held.id]
    assert not [each for each in slots("open") if each.starts_at > at(NEXT, 0)]
    assert len(to_dos()) == 1
    with reading() as db:
        assert db.get_one(Availability, rule.id).valid_to == MONDAY


def test_hours_that_end_in_the_past_leave_the_record(made: Made):
    rule = made.works()
    calendars.end_hours(rule.id, MONDAY - timedelta(days=1), actor="ST-1")
    with reading() as db:
        assert db.get(Availability, rule.id) is None
    with pytest.raises(MovedOn):
        calendars.end_hours(rule.id, MONDAY, actor="ST-1")


def test_hours_beyond_the_clinicians_own_are_no_hit(made: Made):
    rule = made.works(ends=11)
    made.appointment(at(NEXT, 20))
    assert calendars.hits_of_ending(rule.id, MONDAY) == ()


# -- rooms


def test_room_is_added_renamed_and_taken_out_of_use(made: Made):
    made.works()
    room_id = calendars.add_room(made.place.id, "  Blue   room ", accessible=False, actor="ST-1")
    held = made.appointment(at(NEXT, 10), room_id=room_id, modality=Modality.OFFICE)
    change = {"name": "Blue", "accessible": True, "actor": "ST-1"}
    assert calendars.change_room(room_id, active=True, **change) == ()
    with pytest.raises(Unconfirmed):
        calendars.change_room(room_id, active=False, **change)
    hits = calendars.change_room(room_id, active=False, confirmed=[held.id], **change)
    assert [each.appointment_id for each in hits] == [held.id] and len(to_dos()) == 1
    with reading() as db:
        room = db.get_one(Room, room_id)
        assert (room.name, room.accessible, room.active) == ("Blue", True, False)


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\x00b", "Blue"])
def test_room_needs_a_name_of_its_own(made: Made, name: str):
    made.room(name="Blue")
    with pytest.raises(ValueError):
        calendars.add_room(made.place.id, name, accessible=True, actor="ST-1")


def test_room_may_keep_its_name(made: Made):
    room = made.room(name="Blue")
    calendars.change_room(room.id, name="Blue", accessible=True, active=True, actor="ST-1")


def test_exception_of_a_room_hits_what_is_held_in_it(made: Made):
    made.works()
    room = made.room()
    held = made.appointment(at(NEXT, 10), room_id=room.id, modality=Modality.OFFICE)
    made.appointment(at(NEXT, 9))
    blocked = leave(made, kind=ExceptionKind.BLOCKED, clinician_id=None, room_id=room.id)
    assert [each.appointment_id for each in calendars.hits_of_exception(blocked)] == [held.id]
