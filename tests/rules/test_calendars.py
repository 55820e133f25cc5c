"""Is a conflict named before it happens, with the rule and the records it is with?"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.codes import Modality
from models.scheduling_codes import ExceptionKind
from rules.calendars import (
    MAY_STAND,
    Agreed,
    Calendar,
    ConflictKind,
    Deviation,
    HoursRule,
    RoomFacts,
    conflicts,
    free_room,
    free_time,
    overlapping_rules,
    working_time,
)
from rules.scheduling import Interval, WeeklyHours

K = ConflictKind
CHICAGO, NEW_YORK = "America/Chicago", "America/New_York"
MONDAY = date(2026, 11, 30)


def at(hour: int, minute: int = 0, *, day: date = MONDAY, zone: str = CHICAGO) -> datetime:
    return datetime.combine(day, time(hour, minute), ZoneInfo(zone)).astimezone(UTC)


def between(begins: int, ends: int, **more) -> Interval:
    return Interval(at(begins, **more), at(ends, **more))


def rule(number: int = 1, starts: int = 9, ends: int = 17, **given) -> HoursRule:
    facts = {"weekday": 0, "zone": CHICAGO, "location_id": "L1", "modality": Modality.EITHER, "minutes": 50}
    own = {name: given.pop(name) for name in ("room_id", "valid_from", "valid_to") if name in given}
    return HoursRule(number, WeeklyHours(starts=time(starts), ends=time(ends), **facts | given), **own)


def off(kind: ExceptionKind = ExceptionKind.LEAVE, begins: int = 12, ends: int = 13, **given) -> Deviation:
    whose = given or {"clinician_id": "C1"}
    return Deviation("X1", kind, between(begins, ends), **whose)


def agreed(number: str = "A1", begins: int = 10, ends: int = 11, **given) -> Agreed:
    facts = {"clinician_id": "C1", "patient_id": "P1", "location_id": "L1", "modality": Modality.OFFICE}
    return Agreed(number, at=between(begins, ends), **facts | given)


WORKS = Calendar(rules=(rule(),))


def kinds(wanted: Agreed, calendar: Calendar, **more) -> list[ConflictKind]:
    return [each.kind for each in conflicts(wanted, calendar, **more)]


def hours_of(pieces: tuple[Interval, ...]) -> list[tuple[int, int]]:
    zone = ZoneInfo(CHICAGO)
    return [(each.starts_at.astimezone(zone).hour, each.ends_at.astimezone(zone).hour) for each in pieces]


# -- free time

DAY = (at(0), at(23))


@pytest.mark.parametrize(
    ("deviations", "expected"),
    [
        ((), [(9, 17)]),
        ((off(),), [(9, 12), (13, 17)]),
        ((off(begins=7, ends=9),), [(9, 17)]),
        ((off(begins=8, ends=10),), [(10, 17)]),
        ((off(begins=16, ends=18),), [(9, 16)]),
        ((off(begins=8, ends=18),), []),
        ((off(ExceptionKind.HOLIDAY, location_id="L1"),), [(9, 12), (13, 17)]),
        ((off(ExceptionKind.HOLIDAY, location_id="L2"),), [(9, 17)]),
        ((off(ExceptionKind.BLOCKED, clinician_id="C2"),), [(9, 17)]),
        ((off(ExceptionKind.IMPORTED),), [(9, 12), (13, 17)]),
        ((off(room_id="R1"),), [(9, 17)]),
        ((off(ExceptionKind.EXTRA_HOURS, 17, 20, clinician_id="C1", location_id="L1"),), [(9, 20)]),
        ((off(ExceptionKind.EXTRA_HOURS, 19, 20, clinician_id="C1", location_id="L1"),), [(9, 17), (19, 20)]),
        ((off(ExceptionKind.EXTRA_HOURS, 19, 20, clinician_id="C2", location_id="L1"),), [(9, 17)]),
    ],
)
def test_working_time_is_hours_and_extra_hours_without_what_takes_away(deviations, expected):
    assert hours_of(working_time(Calendar((rule(),), deviations), "C1", *DAY)) == expected


def test_extra_hours_are_worked_though_the_place_is_closed_but_not_in_leave():
    extra = off(ExceptionKind.EXTRA_HOURS, 18, 20, clinician_id="C1", location_id="L1")
    holiday = off(ExceptionKind.HOLIDAY, 0, 23, location_id="L1")
    assert hours_of(working_time(Calendar((rule(),), (extra, holiday)), "C1", *DAY)) == [(18, 20)]
    assert hours_of(working_time(Calendar((rule(),), (extra, off(begins=0, ends=19))), "C1", *DAY)) == [(19, 20)]
    assert kinds(agreed(begins=18, ends=19), Calendar((rule(),), (extra, holiday))) == []
    assert kinds(agreed(begins=10, ends=11), Calendar((rule(),), (extra, holiday))) == [K.AWAY]


def test_room_that_is_closed_takes_the_hours_that_are_held_in_it():
    closed = off(room_id="R1")
    assert hours_of(working_time(Calendar((rule(room_id="R1"),), (closed,)), "C1", *DAY)) == [(9, 12), (13, 17)]


@pytest.mark.parametrize(
    ("valid", "works"),
    [
        ({}, True),
        ({"valid_from": MONDAY}, True),
        ({"valid_from": MONDAY + timedelta(days=1)}, False),
        ({"valid_to": MONDAY}, True),
        ({"valid_to": MONDAY - timedelta(days=1)}, False),
    ],
)
def test_rule_holds_on_its_first_and_last_day(valid: dict, works: bool):
    assert bool(working_time(Calendar((rule(**valid),)), "C1", *DAY)) == works


def test_free_time_is_what_nothing_is_agreed_in():
    calendar = Calendar((rule(),), agreed=(agreed(), agreed("A2", 14, 15, clinician_id="C2")))
    assert hours_of(free_time(calendar, "C1", *DAY)) == [(9, 10), (11, 17)]


def test_working_time_keeps_the_wall_clock_over_the_change_of_clocks():
    calendar = Calendar((rule(weekday=6),))
    for day in (date(2026, 10, 25), date(2026, 11, 1), date(2027, 3, 14)):
        assert hours_of(working_time(calendar, "C1", at(0, day=day), at(23, day=day))) == [(9, 17)]


# -- rules that overlap


@pytest.mark.parametrize(
    ("other", "overlap"),
    [
        (rule(2, 16, 18), True),
        (rule(2, 17, 18), False),
        (rule(2, 9, 17), True),
        (rule(2, 16, 18, weekday=1), False),
        (rule(2, 16, 18, location_id="L2"), True),
        (rule(2, 16, 18, valid_to=date(2026, 11, 29)), False),
        (rule(2, 16, 18, valid_to=date(2026, 11, 30)), True),
        (rule(2, 16, 18, valid_from=date(2027, 6, 1)), True),
        (rule(2, 17, 18, zone=NEW_YORK, location_id="L2"), True),  # 16:00 in Chicago
        (rule(2, 18, 19, zone=NEW_YORK, location_id="L2"), False),
        (rule(2, 17, 18, zone="America/Phoenix", location_id="L2"), False),
        (rule(2, 6, 8, zone="America/Phoenix", location_id="L2"), True),  # until 9:00 in winter, but 10:00 in summer
    ],
)
def test_overlapping_rules_are_named(other: HoursRule, overlap: bool):
    found = overlapping_rules([rule(), other], MONDAY)
    assert bool(found) == overlap
    if found:
        assert found[0].kind is K.RULES_OVERLAP and found[0].ids == ("1", "2")
        assert "rule 1 (Monday 09:00-17:00)" in found[0].reason


def test_rules_that_never_hold_together_do_not_overlap():
    early, late = rule(1, valid_to=date(2026, 12, 31)), rule(2, valid_from=date(2027, 1, 1))
    assert overlapping_rules([early, late], date(2026, 11, 2)) == ()


# -- appointments


@pytest.mark.parametrize(
    ("begins", "ends", "clash"), [(9, 10, False), (11, 12, False), (10, 11, True), (9, 11, True), (9, 12, True)]
)
def test_two_at_once_of_a_clinician_or_a_patient_clash(begins: int, ends: int, clash: bool):
    standing = agreed()
    of_clinician = agreed("new", begins, ends, patient_id="P2")
    of_patient = agreed("new", begins, ends, clinician_id="C2")
    calendar = Calendar((rule(),), agreed=(standing,))
    assert kinds(of_clinician, calendar) == ([K.CLINICIAN_BUSY] if clash else [])
    assert kinds(of_patient, calendar) == ([K.PATIENT_BUSY] if clash else [])
    assert kinds(agreed("A1", begins, ends), calendar) == []


def test_conflict_names_what_it_is_with():
    (found,) = conflicts(agreed("new", patient_id="P2"), Calendar((rule(),), agreed=(agreed("A7"),)))
    assert found.ids == ("A7",) and "A7" in found.reason


@pytest.mark.parametrize(
    ("wanted", "calendar", "expected"),
    [
        (agreed(), WORKS, []),
        (agreed(begins=9, ends=10), WORKS, []),
        (agreed(begins=16, ends=17), WORKS, []),
        (agreed(begins=8, ends=10), WORKS, [K.OUTSIDE_HOURS]),
        (agreed(begins=16, ends=18), WORKS, [K.OUTSIDE_HOURS]),
        (agreed(location_id="L2"), WORKS, [K.OUTSIDE_HOURS]),
        (agreed(begins=12, ends=13), Calendar((rule(),), (off(),)), [K.AWAY]),
        (agreed(begins=11, ends=12), Calendar((rule(),), (off(),)), []),
        (agreed(begins=13, ends=14), Calendar((rule(),), (off(),)), []),
        (agreed(modality=Modality.TELEHEALTH), Calendar((rule(modality=Modality.OFFICE),)), [K.OTHER_WAY]),
        (agreed(modality=Modality.OFFICE), Calendar((rule(modality=Modality.TELEHEALTH),)), [K.OTHER_WAY]),
        (agreed(modality=Modality.TELEHEALTH), Calendar((rule(modality=Modality.TELEHEALTH),)), []),
        (agreed(modality=Modality.EITHER), Calendar((rule(modality=Modality.OFFICE),)), []),
        (
            agreed(begins=17, ends=18, modality=Modality.TELEHEALTH),
            Calendar((), (off(ExceptionKind.EXTRA_HOURS, 17, 18, clinician_id="C1", location_id="L1"),)),
            [],
        ),
    ],
)
def test_appointment_is_held_in_the_hours_and_in_their_way(wanted: Agreed, calendar: Calendar, expected: list):
    assert kinds(wanted, calendar) == expected


def test_two_rules_that_touch_cover_one_appointment():
    assert kinds(agreed(begins=11, ends=13), Calendar((rule(1, 9, 12), rule(2, 12, 17)))) == []


def test_only_what_lies_outside_the_hours_may_stand():
    assert {K.OUTSIDE_HOURS, K.OTHER_WAY} == MAY_STAND


# -- rooms

R1, R2, STEP = RoomFacts("R1", "L1"), RoomFacts("R2", "L1"), RoomFacts("R3", "L1", accessible=False)
ELSEWHERE, SHUT = RoomFacts("R4", "L2"), RoomFacts("R5", "L1", active=False)


def in_rooms(*rooms: RoomFacts, taken: tuple[Agreed, ...] = (), closed: tuple[Deviation, ...] = ()) -> Calendar:
    return Calendar((rule(),), closed, taken, rooms)


def other_in(room_id: str, **more) -> Agreed:
    return agreed(f"in {room_id}", clinician_id="C9", patient_id="P9", room_id=room_id, **more)


@pytest.mark.parametrize(
    ("wanted", "calendar", "expected"),
    [
        (agreed(), in_rooms(), []),
        (agreed(), in_rooms(R1), []),
        (agreed(), in_rooms(R1, taken=(other_in("R1"),)), [K.NO_ROOM]),
        (agreed(), in_rooms(R1, R2, taken=(other_in("R1"),)), []),
        (agreed(), in_rooms(SHUT, ELSEWHERE), [K.NO_ROOM]),
        (agreed(), in_rooms(ELSEWHERE), []),
        (agreed(modality=Modality.TELEHEALTH), in_rooms(R1, taken=(other_in("R1"),)), []),
        (agreed(room_id="R1"), in_rooms(R1), []),
        (agreed(room_id="R1"), in_rooms(R1, R2, taken=(other_in("R1"),)), [K.ROOM_TAKEN]),
        (agreed(room_id="R1"), in_rooms(R1, taken=(other_in("R1", begins=11, ends=12),)), []),
        (agreed(room_id="R5"), in_rooms(R1, SHUT), [K.ROOM_CLOSED]),
        (agreed(room_id="R9"), in_rooms(R1), [K.ROOM_CLOSED]),
        (agreed(room_id="R4"), in_rooms(R1, ELSEWHERE), [K.ROOM_ELSEWHERE]),
        (agreed(room_id="R1"), in_rooms(R1, closed=(off(begins=10, ends=11, room_id="R1"),)), [K.ROOM_CLOSED]),
        (agreed(), in_rooms(R1, closed=(off(begins=10, ends=11, room_id="R1"),)), [K.NO_ROOM]),
    ],
)
def test_office_appointment_needs_a_free_room_of_its_place(wanted: Agreed, calendar: Calendar, expected: list):
    assert kinds(wanted, calendar) == expected


@pytest.mark.parametrize(
    ("room_id", "rooms", "expected"),
    [("R3", (STEP,), [K.ROOM_NOT_ACCESSIBLE]), ("R1", (R1,), []), (None, (STEP,), [K.NO_ROOM]), (None, (STEP, R1), [])],
)
def test_who_needs_it_gets_a_room_without_a_step(room_id: str | None, rooms: tuple, expected: list):
    assert kinds(agreed(room_id=room_id), in_rooms(*rooms), needs_accessible=True) == expected
    assert K.ROOM_NOT_ACCESSIBLE not in kinds(agreed(room_id=room_id), in_rooms(*rooms))


def test_free_room_is_the_wanted_one_first():
    assert free_room(agreed(room_id="R2"), in_rooms(R1, R2), False) == "R2"
    assert free_room(agreed(), in_rooms(R2, R1), False) == "R1"
    assert free_room(agreed(), in_rooms(STEP), True) is None
