"""Free times over clock changes, which of them to offer, and cancellations."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.codes import AppointmentStatus, Modality
from rules.scheduling import (
    Interval,
    OfferPreferences,
    PartOfDay,
    SlotTime,
    WeeklyHours,
    choose_offers,
    free_slots,
    outcome_of_cancellation,
    part_of_day,
    time_code,
)

PORTLAND = "America/Los_Angeles"
ALBANY = "America/New_York"
MONDAY, SUNDAY = 0, 6
NO_WISH = OfferPreferences()


def hours(
    starts: time,
    ends: time,
    *,
    weekday: int = MONDAY,
    zone: str = PORTLAND,
    minutes: int = 60,
    modality: Modality = Modality.EITHER,
    location_id: str = "LOC-1",
    break_minutes: int = 0,
) -> WeeklyHours:
    return WeeklyHours(weekday, starts, ends, zone, location_id, modality, minutes, break_minutes)


def utc(*when: int) -> datetime:
    return datetime(*when, tzinfo=UTC)  # type: ignore[misc, arg-type]


def found(
    rules: list[WeeklyHours],
    first: datetime,
    last: datetime,
    *,
    holidays: tuple[date, ...] = (),
    taken: tuple[Interval, ...] = (),
) -> tuple[SlotTime, ...]:
    return free_slots(rules, holidays=holidays, taken=taken, from_utc=first, to_utc=last)


def local_starts(slots: tuple[SlotTime, ...], zone: str) -> list[str]:
    return [slot.starts_at.astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M") for slot in slots]


MONDAY_MORNING = hours(time(9), time(12))
WEEK = (utc(2026, 11, 23), utc(2026, 11, 30))


def test_weekly_hours_become_utc_slots() -> None:
    assert [slot.starts_at for slot in found([MONDAY_MORNING], *WEEK)] == [
        utc(2026, 11, 23, 17),
        utc(2026, 11, 23, 18),
        utc(2026, 11, 23, 19),
    ]


@pytest.mark.parametrize(("minutes", "count"), [(50, 3), (60, 3), (61, 2), (90, 2), (180, 1), (181, 0)])
def test_only_whole_slots_fit_into_hours(minutes: int, count: int) -> None:
    assert len(found([hours(time(9), time(12), minutes=minutes)], *WEEK)) == count


@pytest.mark.parametrize(
    ("minutes", "rest", "expected"),
    [
        (50, 10, ["09:00", "10:00", "11:00"]),
        (60, 15, ["09:00", "10:15"]),
        (55, 7, ["09:00", "10:02", "11:04"]),
    ],
)
def test_break_lies_between_slots_and_is_not_needed_after_the_last(
    minutes: int, rest: int, expected: list[str]
) -> None:
    slots = found([hours(time(9), time(12), minutes=minutes, break_minutes=rest)], *WEEK)
    assert local_starts(slots, PORTLAND) == [f"11-23 {start}" for start in expected]


def test_clock_time_stays_when_daylight_saving_ends() -> None:
    slots = found([MONDAY_MORNING], utc(2026, 10, 26), utc(2026, 11, 3))
    assert local_starts(slots, PORTLAND)[::3] == ["10-26 09:00", "11-02 09:00"]
    assert slots[3].starts_at - slots[0].starts_at == timedelta(days=7, hours=1)


def test_clock_time_stays_when_daylight_saving_begins() -> None:
    slots = found([MONDAY_MORNING], utc(2026, 3, 2), utc(2026, 3, 10))
    assert local_starts(slots, PORTLAND)[::3] == ["03-02 09:00", "03-09 09:00"]
    assert slots[3].starts_at - slots[0].starts_at == timedelta(days=7, hours=-1)


@pytest.mark.parametrize(
    ("starts", "ends", "expected"),
    [
        (time(1), time(4), ["03-08 01:00", "03-08 03:00"]),
        (time(2), time(3), []),
        (time(1), time(3), ["03-08 01:00"]),
        (time(3), time(4), ["03-08 03:00"]),
    ],
)
def test_skipped_hour_gives_no_slot(starts: time, ends: time, expected: list[str]) -> None:
    rule = hours(starts, ends, weekday=SUNDAY, zone=ALBANY)
    assert local_starts(found([rule], utc(2026, 3, 8), utc(2026, 3, 9)), ALBANY) == expected


def test_hours_that_end_in_the_skipped_hour_never_run_past_their_end() -> None:
    """01:30 to 02:00 ends at the jump to 03:00, past 02:30 on the clock: left out, not offered too late."""
    rule = hours(time(1), time(2, 30), weekday=SUNDAY, zone=ALBANY, minutes=30)
    assert local_starts(found([rule], utc(2026, 3, 8), utc(2026, 3, 9)), ALBANY) == ["03-08 01:00"]


def test_repeated_hour_gives_both_slots() -> None:
    rule = hours(time(0), time(3), weekday=SUNDAY, zone=ALBANY)
    slots = found([rule], utc(2026, 11, 1), utc(2026, 11, 2))
    assert local_starts(slots, ALBANY) == ["11-01 00:00", "11-01 01:00", "11-01 01:00", "11-01 02:00"]
    assert [slot.starts_at for slot in slots] == [utc(2026, 11, 1, hour) for hour in (4, 5, 6, 7)]


def test_evening_hours_reach_past_midnight_utc() -> None:
    """A practice west of Greenwich has its evenings on the next UTC day; they must not vanish."""
    evening = hours(time(17), time(20))
    slots = found([evening], utc(2026, 11, 23, 12), utc(2026, 11, 24, 12))
    assert local_starts(slots, PORTLAND) == ["11-23 17:00", "11-23 18:00", "11-23 19:00"]
    assert slots[0].starts_at == utc(2026, 11, 24, 1)


@pytest.mark.parametrize(
    ("first", "last", "count"),
    [
        (utc(2026, 11, 23, 17), utc(2026, 11, 23, 20), 3),
        (utc(2026, 11, 23, 17, 1), utc(2026, 11, 23, 20), 2),
        (utc(2026, 11, 23, 17), utc(2026, 11, 23, 19, 59), 2),
        (utc(2026, 11, 23, 17), utc(2026, 11, 23, 17), 0),
    ],
)
def test_slots_lie_wholly_in_the_span_asked_for(first: datetime, last: datetime, count: int) -> None:
    assert len(found([MONDAY_MORNING], first, last)) == count


@pytest.mark.parametrize(
    ("busy", "left"),
    [
        ((utc(2026, 11, 23, 18), utc(2026, 11, 23, 19)), [17, 19]),
        ((utc(2026, 11, 23, 18, 59), utc(2026, 11, 23, 19)), [17, 19]),
        ((utc(2026, 11, 23, 18, 59), utc(2026, 11, 23, 19, 1)), [17]),
        ((utc(2026, 11, 23, 16), utc(2026, 11, 23, 17)), [17, 18, 19]),
        ((utc(2026, 11, 23, 20), utc(2026, 11, 23, 21)), [17, 18, 19]),
        ((utc(2026, 11, 22), utc(2026, 11, 25)), []),
    ],
)
def test_taken_time_removes_what_it_overlaps_and_nothing_that_it_touches(
    busy: tuple[datetime, datetime], left: list[int]
) -> None:
    slots = found([MONDAY_MORNING], *WEEK, taken=(Interval(*busy),))
    assert [slot.starts_at.hour for slot in slots] == left


def test_holiday_is_a_local_date() -> None:
    evening = hours(time(17), time(20))
    assert found([evening], *WEEK, holidays=(date(2026, 11, 23),)) == ()
    assert len(found([evening], *WEEK, holidays=(date(2026, 11, 24),))) == 3


def test_two_rules_over_the_same_hours_give_a_slot_each_and_the_same_rule_twice_one() -> None:
    office = hours(time(9), time(10), modality=Modality.OFFICE)
    remote = hours(time(9), time(10), modality=Modality.TELEHEALTH)
    assert len(found([office, remote, office], *WEEK)) == 2


@pytest.mark.parametrize(
    ("starts", "ends", "weekday", "minutes", "rest"),
    [
        (time(9), time(9), 0, 50, 0),
        (time(12), time(9), 0, 50, 0),
        (time(9), time(12), 7, 50, 0),
        (time(9), time(12), -1, 50, 0),
        (time(9), time(12), 0, 0, 0),
        (time(9), time(12), 0, 50, -1),
    ],
)
def test_impossible_weekly_hours_are_refused(starts: time, ends: time, weekday: int, minutes: int, rest: int) -> None:
    with pytest.raises(ValueError, match="weekly hours"):
        hours(starts, ends, weekday=weekday, minutes=minutes, break_minutes=rest)


@given(
    st.integers(0, 6),
    st.integers(0, 20),
    st.integers(1, 3),
    st.integers(15, 120),
    st.sampled_from([PORTLAND, ALBANY, "America/Chicago", "America/Phoenix"]),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
)
def test_every_slot_lies_in_its_hours_on_the_local_clock(
    weekday: int, opens: int, length: int, minutes: int, zone: str, first: datetime
) -> None:
    rule = hours(time(opens), time(opens + length), weekday=weekday, zone=zone, minutes=minutes)
    for slot in found([rule], first, first + timedelta(days=15)):
        start, end = (moment.astimezone(ZoneInfo(zone)) for moment in (slot.starts_at, slot.ends_at))
        assert start.weekday() == weekday
        assert rule.starts <= start.time() and end.time() <= rule.ends
        assert slot.starts_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("hour", "minute", "part"),
    [
        (8, 0, PartOfDay.MORNING),
        (11, 59, PartOfDay.MORNING),
        (12, 0, PartOfDay.AFTERNOON),
        (16, 59, PartOfDay.AFTERNOON),
        (17, 0, PartOfDay.EVENING),
    ],
)
def test_part_of_day_on_the_local_clock(hour: int, minute: int, part: PartOfDay) -> None:
    moment = datetime(2026, 11, 23, hour, minute, tzinfo=ZoneInfo(PORTLAND)).astimezone(UTC)
    assert part_of_day(moment, PORTLAND) is part
    assert time_code(moment, PORTLAND) == f"mon-{part}"


def slot(*when: int, modality: Modality = Modality.EITHER, location_id: str = "LOC-1") -> SlotTime:
    starts = datetime(*when, tzinfo=ZoneInfo(PORTLAND)).astimezone(UTC)  # type: ignore[misc, arg-type]
    return SlotTime(starts, 50, location_id, modality)


NOW = utc(2026, 11, 20, 16)
DAY = timedelta(days=1)
MON_9, MON_10, MON_14 = slot(2026, 11, 23, 9), slot(2026, 11, 23, 10), slot(2026, 11, 23, 14)
TUE_9, TUE_14, WED_18 = slot(2026, 11, 24, 9), slot(2026, 11, 24, 14), slot(2026, 11, 25, 18)
ALL = (MON_9, MON_10, MON_14, TUE_9, TUE_14, WED_18)


def chosen(slots: tuple[SlotTime, ...], preferences: OfferPreferences = NO_WISH, n: int = 3) -> list[SlotTime]:
    offers = choose_offers(slots, patient_zone=PORTLAND, preferences=preferences, now=NOW, min_lead=DAY, n=n)
    assert all(offer.reasons for offer in offers)
    return [offer.slot for offer in offers]


def test_offers_spread_over_days_and_parts_of_the_day() -> None:
    assert chosen(ALL) == [MON_9, TUE_14, WED_18]


def test_offers_on_one_day_take_another_part_of_the_day() -> None:
    assert chosen((MON_9, MON_10, MON_14), n=2) == [MON_9, MON_14]


def test_wished_times_come_before_spreading() -> None:
    assert chosen(ALL, OfferPreferences(times=frozenset({"mon-am"}))) == [MON_9, MON_10, TUE_14]


def test_offer_says_whether_it_is_a_wished_time() -> None:
    wishes = OfferPreferences(times=frozenset({"tue-am"}), location_id="LOC-2")
    first, second = choose_offers((MON_14, TUE_9), patient_zone=PORTLAND, preferences=wishes, now=NOW, min_lead=DAY)
    assert first.reasons == ("no preferred time left: next best", "at another location")
    assert second.reasons == ("at a preferred time", "at another location")


def test_patients_clock_decides_what_a_morning_is() -> None:
    """9:00 in Portland is noon in Albany, so a patient who lives there gets it as an afternoon."""
    wishes = OfferPreferences(times=frozenset({"mon-pm"}))
    offers = choose_offers((MON_9,), patient_zone=ALBANY, preferences=wishes, now=NOW, min_lead=DAY)
    assert offers[0].reasons == ("at a preferred time",)


@pytest.mark.parametrize(("lead", "offered"), [(timedelta(hours=73), True), (timedelta(hours=73, minutes=1), False)])
def test_offer_keeps_the_lead_time(lead: timedelta, offered: bool) -> None:
    offers = choose_offers((MON_9,), patient_zone=PORTLAND, preferences=NO_WISH, now=NOW, min_lead=lead)
    assert bool(offers) is offered


@pytest.mark.parametrize(
    ("asked", "slot_modality", "offered"),
    [
        (Modality.EITHER, Modality.OFFICE, True),
        (Modality.OFFICE, Modality.EITHER, True),
        (Modality.OFFICE, Modality.OFFICE, True),
        (Modality.OFFICE, Modality.TELEHEALTH, False),
        (Modality.TELEHEALTH, Modality.OFFICE, False),
    ],
)
def test_modality_asked_for_is_kept_to(asked: Modality, slot_modality: Modality, offered: bool) -> None:
    only = slot(2026, 11, 23, 9, modality=slot_modality)
    assert chosen((only,), OfferPreferences(modality=asked)) == ([only] if offered else [])


def test_two_offers_never_overlap() -> None:
    office = slot(2026, 11, 23, 9, modality=Modality.OFFICE)
    later = slot(2026, 11, 23, 9, 49)
    touching = slot(2026, 11, 23, 9, 50)
    assert chosen((office, MON_9, later, touching)) == [MON_9, touching]


def test_preferred_location_wins_among_equals() -> None:
    far, near = slot(2026, 11, 23, 9, location_id="LOC-1"), slot(2026, 11, 23, 9, location_id="LOC-2")
    assert chosen((far, near), OfferPreferences(location_id="LOC-2"), n=1) == [near]


def test_nothing_free_offers_nothing() -> None:
    assert chosen(()) == []


@given(st.permutations(ALL), st.integers(0, 7))
def test_offers_do_not_depend_on_the_order_of_slots(slots: list[SlotTime], n: int) -> None:
    offers = chosen(tuple(slots), n=n)
    assert offers == chosen(ALL, n=n) == sorted(offers)
    assert len(offers) == min(n, len(ALL))


@pytest.mark.parametrize(
    ("notice", "outcome"),
    [
        (timedelta(hours=24, seconds=1), AppointmentStatus.CANCELLED),
        (timedelta(hours=24), AppointmentStatus.CANCELLED),
        (timedelta(hours=23, minutes=59, seconds=59), AppointmentStatus.LATE_CANCELLED),
        (timedelta(0), AppointmentStatus.LATE_CANCELLED),
        (timedelta(hours=-1), AppointmentStatus.LATE_CANCELLED),
    ],
)
def test_cancellation_is_late_inside_the_window(notice: timedelta, outcome: AppointmentStatus) -> None:
    starts = utc(2026, 11, 23, 17)
    assert outcome_of_cancellation(starts - notice, starts) is outcome


def test_practice_sets_its_own_window() -> None:
    starts = utc(2026, 11, 23, 17)
    assert outcome_of_cancellation(starts - timedelta(hours=30), starts, 48) is AppointmentStatus.LATE_CANCELLED
