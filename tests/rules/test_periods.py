"""Periods and what they are compared with."""

from datetime import date

import pytest

from models.periods import Period
from rules.periods import before, month_of, quarter_of


def period(first: str, last: str) -> Period:
    return Period(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("day", "quarter", "month"),
    [
        ("2026-01-01", ("2026-01-01", "2026-03-31"), ("2026-01-01", "2026-01-31")),
        ("2026-06-30", ("2026-04-01", "2026-06-30"), ("2026-06-01", "2026-06-30")),
        ("2026-12-31", ("2026-10-01", "2026-12-31"), ("2026-12-01", "2026-12-31")),
        ("2028-02-29", ("2028-01-01", "2028-03-31"), ("2028-02-01", "2028-02-29")),
    ],
)
def test_calendar_periods(day: str, quarter: tuple[str, str], month: tuple[str, str]) -> None:
    assert quarter_of(date.fromisoformat(day)) == period(*quarter)
    assert month_of(date.fromisoformat(day)) == period(*month)


@pytest.mark.parametrize(
    ("now", "earlier"),
    [
        (("2026-01-01", "2026-03-31"), ("2025-10-01", "2025-12-31")),
        (("2026-03-01", "2026-03-31"), ("2026-02-01", "2026-02-28")),
        (("2026-03-02", "2026-03-31"), ("2026-01-31", "2026-03-01")),
        (("2026-03-02", "2026-03-02"), ("2026-03-01", "2026-03-01")),
    ],
)
def test_a_period_is_compared_with_the_like_before(now: tuple[str, str], earlier: tuple[str, str]) -> None:
    assert before(period(*now)) == period(*earlier)


@pytest.mark.parametrize("bad", [("2026-03-02", "2026-03-01"), ("2025-01-01", "2026-01-02")])
def test_impossible_periods_are_refused(bad: tuple[str, str]) -> None:
    with pytest.raises(ValueError):
        period(*bad)


def test_both_ends_count() -> None:
    march = period("2026-03-01", "2026-03-31")
    assert [march.holds(date(2026, 3, 1)), march.holds(date(2026, 3, 31)), march.days] == [True, True, 31]
    assert not any(march.holds(day) for day in (date(2026, 2, 28), date(2026, 4, 1), None))
