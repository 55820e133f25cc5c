"""Does 18:00 stay 18:00, and does a series fall on its own dates alone?"""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.recurrence import SeriesTimes, WallClock, first_date, moment, occurrences

NEW_YORK = "America/New_York"
SUNDAY, MONDAY, THURSDAY = 6, 0, 3


def times(**given) -> SeriesTimes:
    facts = {"weekday": MONDAY, "starts": time(18), "zone": NEW_YORK, "minutes": 50, "from_on": date(2026, 10, 19)}
    return SeriesTimes(**facts | given)


@pytest.mark.parametrize(
    ("from_on", "to_on", "hours"),
    [
        (date(2026, 10, 19), date(2026, 11, 9), [22, 22, 23, 23]),  # the clocks go back on November 1
        (date(2027, 3, 1), date(2027, 3, 22), [23, 23, 22, 22]),  # and forward on March 14
    ],
)
def test_evening_stays_evening_when_the_clocks_change(from_on: date, to_on: date, hours: list[int]):
    found = occurrences(times(), from_on, to_on)
    assert [each.starts_at.hour for each in found] == hours
    assert {each.starts_at.astimezone(ZoneInfo(NEW_YORK)).time() for each in found} == {time(18)}
    assert {each.clock for each in found} == {WallClock.PLAIN}


@pytest.mark.parametrize(
    ("day", "at", "zone", "utc", "clock"),
    [
        (date(2027, 3, 14), time(1, 59), NEW_YORK, datetime(2027, 3, 14, 6, 59), WallClock.PLAIN),
        (date(2027, 3, 14), time(2, 0), NEW_YORK, datetime(2027, 3, 14, 7, 0), WallClock.SKIPPED),
        (date(2027, 3, 14), time(2, 59), NEW_YORK, datetime(2027, 3, 14, 7, 59), WallClock.SKIPPED),
        (date(2027, 3, 14), time(3, 0), NEW_YORK, datetime(2027, 3, 14, 7, 0), WallClock.PLAIN),
        (date(2026, 11, 1), time(0, 59), NEW_YORK, datetime(2026, 11, 1, 4, 59), WallClock.PLAIN),
        (date(2026, 11, 1), time(1, 0), NEW_YORK, datetime(2026, 11, 1, 5, 0), WallClock.REPEATED),
        (date(2026, 11, 1), time(1, 59), NEW_YORK, datetime(2026, 11, 1, 5, 59), WallClock.REPEATED),
        (date(2026, 11, 1), time(2, 0), NEW_YORK, datetime(2026, 11, 1, 7, 0), WallClock.PLAIN),
        (date(2026, 11, 1), time(1, 30), "America/Phoenix", datetime(2026, 11, 1, 8, 30), WallClock.PLAIN),
    ],
)
def test_time_that_is_skipped_or_shown_twice_has_one_moment(day, at, zone, utc, clock):
    assert moment(day, at, zone) == (utc.replace(tzinfo=UTC), clock)


def test_occurrence_lasts_its_minutes_over_the_change():
    (found,) = occurrences(
        times(weekday=SUNDAY, starts=time(1, 30)), from_on=date(2026, 11, 1), to_on=date(2026, 11, 1)
    )
    assert found.ends_at - found.starts_at == timedelta(minutes=50)


@pytest.mark.parametrize(
    ("from_on", "weekday", "first"),
    [
        (date(2026, 10, 19), MONDAY, date(2026, 10, 19)),
        (date(2026, 10, 20), MONDAY, date(2026, 10, 26)),
        (date(2026, 10, 19), SUNDAY, date(2026, 10, 25)),
    ],
)
def test_first_date_is_the_next_such_weekday(from_on: date, weekday: int, first: date):
    assert first_date(times(from_on=from_on, weekday=weekday)) == first


@pytest.mark.parametrize("every", [1, 2, 3])
def test_weeks_are_counted_from_the_first_date_wherever_one_looks_from(every: int):
    series = times(every_weeks=every)
    whole = [each.occurs_on for each in occurrences(series, date(2026, 10, 19), date(2027, 3, 1))]
    assert {(b - a).days for a, b in pairwise(whole)} == {7 * every}
    for offset in range(1, 30):
        since = date(2026, 10, 19) + timedelta(days=offset)
        assert [each.occurs_on for each in occurrences(series, since, date(2027, 3, 1))] == [
            d for d in whole if d >= since
        ]


@pytest.mark.parametrize(
    ("until", "count"), [(date(2026, 10, 18), None), (date(2026, 10, 25), 1), (date(2026, 10, 26), 2), (None, 5)]
)
def test_last_date_is_included(until: date | None, count: int | None):
    if count is None:
        with pytest.raises(ValueError, match="end before it begins"):
            times(until_on=until)
        return
    assert len(occurrences(times(until_on=until), date(2026, 10, 19), date(2026, 11, 16))) == count


@pytest.mark.parametrize("wrong", [{"weekday": 7}, {"weekday": -1}, {"minutes": 0}, {"every_weeks": 0}])
def test_series_without_a_form_is_refused(wrong: dict):
    with pytest.raises(ValueError, match="a series needs"):
        times(**wrong)


@settings(max_examples=50, deadline=None, derandomize=True, database=None)
@given(
    weekday=st.integers(0, 6),
    minute=st.integers(0, 24 * 60 - 1),
    zone=st.sampled_from([NEW_YORK, "America/Los_Angeles", "America/Phoenix", "Australia/Lord_Howe", "Asia/Kolkata"]),
    every=st.integers(1, 8),
    offset=st.integers(0, 800),
)
def test_wall_clock_and_weekday_hold_in_every_zone(weekday, minute, zone, every, offset):
    at = time(minute // 60, minute % 60)
    series = times(weekday=weekday, starts=at, zone=zone, every_weeks=every)
    since = date(2026, 10, 19) + timedelta(days=offset)
    for each in occurrences(series, since, since + timedelta(days=120)):
        local = each.starts_at.astimezone(ZoneInfo(zone))
        assert each.occurs_on.weekday() == weekday and each.occurs_on >= since
        assert local.time() == at or each.clock is WallClock.SKIPPED
