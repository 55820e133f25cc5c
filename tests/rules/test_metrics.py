"""Waiting times with censoring, and missed appointments."""

from datetime import date, timedelta
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.codes import AppointmentStatus
from rules.metrics import Wait, days_until_share, no_show_rate, time_to_first_appointment

FIRST = date(2026, 11, 1)
AS_OF = date(2026, 12, 31)


def attended_after(days: int) -> Wait:
    return Wait(FIRST, FIRST + timedelta(days=days))


def test_wait_percentiles_without_censoring() -> None:
    found = time_to_first_appointment([attended_after(days) for days in range(1, 11)], AS_OF)
    assert (found.referrals, found.attended, found.still_waiting) == (10, 10, 0)
    assert (found.median_days, found.p90_days) == (5, 9)


def test_those_still_waiting_are_censored_not_dropped() -> None:
    """By hand: 4 of 8 attended on days 2, 4, 6, 8 and 4 wait for 10 days: half on day 8, not on day 4."""
    waits = [attended_after(days) for days in (2, 4, 6, 8)]
    waiting = [Wait(AS_OF - timedelta(days=10))] * 4
    found = time_to_first_appointment([*waits, *waiting], AS_OF)
    assert (found.median_days, found.p90_days, found.still_waiting) == (8, None, 4)
    assert time_to_first_appointment(waits, AS_OF).median_days == 4


def test_censored_before_an_event_leaves_the_risk_set() -> None:
    """Day 1: 1 of 4. One leaves on day 2. Day 3: 1 of 2, so 3/4 x 1/2 = 3/8 still wait: median day 3."""
    waits = [
        attended_after(1),
        Wait(FIRST, left_on=FIRST + timedelta(days=2)),
        attended_after(3),
        Wait(FIRST),
    ]
    found = time_to_first_appointment(waits, AS_OF)
    assert (found.median_days, found.p90_days) == (3, None)
    assert (found.attended, found.left_without, found.still_waiting) == (2, 1, 1)


def test_someone_censored_on_the_day_of_an_event_was_still_at_risk() -> None:
    assert days_until_share([(3, True), (3, False)], Fraction(1, 2)) == 3
    assert days_until_share([(3, True), (3, False), (3, False)], Fraction(1, 2)) is None


@pytest.mark.parametrize(("events", "reached"), [(8, False), (9, True), (10, True)])
def test_share_reached_exactly_counts(events: int, reached: bool) -> None:
    observed = [(day, day <= events) for day in range(1, 11)]
    assert (days_until_share(observed, Fraction(9, 10)) is not None) is reached


def test_no_referral_at_all_says_nothing() -> None:
    found = time_to_first_appointment([], AS_OF)
    assert (found.referrals, found.median_days, found.p90_days) == (0, None, None)


def test_past_day_is_reported_as_it_was_then() -> None:
    waits = [attended_after(1), attended_after(30), Wait(FIRST + timedelta(days=20))]
    found = time_to_first_appointment(waits, FIRST + timedelta(days=10))
    assert (found.referrals, found.attended, found.still_waiting, found.median_days) == (2, 1, 1, 1)


def test_attended_on_the_day_of_receipt_is_a_wait_of_zero() -> None:
    assert time_to_first_appointment([attended_after(0)], AS_OF).median_days == 0


@pytest.mark.parametrize("wait", [Wait(FIRST, FIRST - timedelta(1)), Wait(FIRST, None, FIRST - timedelta(1))])
def test_end_before_receipt_is_refused(wait: Wait) -> None:
    with pytest.raises(ValueError, match="before it was received"):
        time_to_first_appointment([wait], AS_OF)


@given(st.lists(st.integers(0, 60), min_size=1, max_size=40), st.sampled_from([Fraction(1, 2), Fraction(9, 10)]))
def test_without_censoring_it_is_the_ordinary_quantile(days: list[int], share: Fraction) -> None:
    assert days_until_share([(day, True) for day in days], share) == sorted(days)[ceil(len(days) * share) - 1]


@given(st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=1, max_size=40))
def test_counting_the_waiting_never_shortens_the_wait(observed: list[tuple[int, bool]]) -> None:
    without = days_until_share(observed, Fraction(1, 2))
    with_one_more = days_until_share([*observed, (61, False)], Fraction(1, 2))
    assert with_one_more is None or (without is not None and with_one_more >= without)


@pytest.mark.parametrize(("attended", "missed", "rate"), [(0, 0, None), (4, 0, 0.0), (0, 2, 1.0), (3, 1, 0.25)])
def test_no_show_rate_counts_only_kept_and_missed(attended: int, missed: int, rate: float | None) -> None:
    statuses = [AppointmentStatus.ATTENDED] * attended + [AppointmentStatus.NO_SHOW] * missed
    apart = [AppointmentStatus.LATE_CANCELLED] * 2 + [AppointmentStatus.CANCELLED] * 3
    pending = [AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED]
    found = no_show_rate([*statuses, *apart, *pending])
    assert (found.attended, found.no_shows, found.late_cancelled, found.cancelled) == (attended, missed, 2, 3)
    assert found.rate == rate
