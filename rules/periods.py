"""Which days a report covers, and which days it is compared with."""

from datetime import date, timedelta

from models.periods import Period


def quarter_of(day: date) -> Period:
    """The calendar quarter that the day lies in."""
    first = date(day.year, day.month - (day.month - 1) % 3, 1)
    return Period(first, _months_on(first, 3) - timedelta(days=1))


def month_of(day: date) -> Period:
    """The calendar month that the day lies in."""
    first = day.replace(day=1)
    return Period(first, _months_on(first, 1) - timedelta(days=1))


def before(period: Period) -> Period:
    """The quarter before a quarter, the month before a month, else as many days directly before."""
    day_before = period.first - timedelta(days=1)
    for whole in (quarter_of, month_of):
        if whole(period.first) == period:
            return whole(day_before)
    return Period(period.first - timedelta(days=period.days), day_before)


def _months_on(first: date, months: int) -> date:
    month = first.month - 1 + months
    return date(first.year + month // 12, month % 12 + 1, 1)
