"""When things are due, on both sides of every boundary."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.codes import ApprovalKind, RiskLevel, ToDoKind
from rules import clocks
from rules.clocks import ClockPolicy, PatientWaitStep
from rules.messaging import reminder_times

POLICY = ClockPolicy(holidays=frozenset({date(2026, 11, 26), date(2026, 12, 25)}))
PORTLAND = "America/Los_Angeles"
REVIEW = ApprovalKind.RISK_REVIEW
LOW, MODERATE, HIGH = RiskLevel.LOW, RiskLevel.MODERATE, RiskLevel.HIGH
SECOND = timedelta(seconds=1)


def at(text: str, zone: str = PORTLAND) -> datetime:
    """A wall-clock moment of a place, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def due(level: RiskLevel | None, opened: str, zone: str = PORTLAND, policy: ClockPolicy = POLICY) -> datetime:
    return clocks.approval_due(REVIEW, level, at(opened, zone), zone, policy)


@pytest.mark.parametrize("level", [HIGH, None])
@pytest.mark.parametrize("opened", ["2026-11-23 10:00", "2026-11-21 03:00", "2026-11-26 23:30"])
def test_high_or_unknown_risk_is_due_within_the_hour_round_the_clock(level: RiskLevel | None, opened: str) -> None:
    assert due(level, opened) == at(opened) + timedelta(minutes=60)


@pytest.mark.parametrize(
    ("opened", "expected"),
    [
        ("2026-11-23 08:00", "2026-11-23 17:00"),
        ("2026-11-23 15:59:59", "2026-11-23 17:00"),
        ("2026-11-23 16:00", "2026-11-23 17:00"),
        ("2026-11-23 16:00:01", "2026-11-23 17:00:01"),
        ("2026-11-23 16:59:59", "2026-11-23 17:59:59"),
        ("2026-11-23 17:00", "2026-11-24 05:00"),
        ("2026-11-23 17:00:01", "2026-11-24 05:00:01"),
        ("2026-11-20 18:00", "2026-11-21 06:00"),
        ("2026-11-21 10:00", "2026-11-21 22:00"),
        ("2026-11-26 10:00", "2026-11-26 22:00"),
    ],
    ids=[
        "morning",
        "hour left",
        "an hour left",
        "less",
        "last second",
        "at five",
        "after",
        "friday",
        "saturday",
        "holiday",
    ],
)
def test_moderate_risk_is_due_the_same_day(opened: str, expected: str) -> None:
    assert due(MODERATE, opened) == at(expected)


@pytest.mark.parametrize(
    ("opened", "expected"),
    [
        ("2026-11-23 00:00", "2026-11-24 12:00"),
        ("2026-11-23 23:59", "2026-11-24 12:00"),
        ("2026-11-20 09:00", "2026-11-23 12:00"),
        ("2026-11-21 09:00", "2026-11-23 12:00"),
        ("2026-11-22 09:00", "2026-11-23 12:00"),
        ("2026-11-25 09:00", "2026-11-27 12:00"),
        ("2026-12-24 09:00", "2026-12-28 12:00"),
    ],
    ids=["start of day", "end of day", "friday", "saturday", "sunday", "before a holiday", "holiday and weekend"],
)
def test_low_risk_is_due_the_next_working_day(opened: str, expected: str) -> None:
    assert due(LOW, opened) == at(expected)


def test_the_place_decides_which_day_it_is() -> None:
    late_in_new_york = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    assert clocks.approval_due(REVIEW, LOW, late_in_new_york, "America/New_York", POLICY) == datetime(
        2026, 11, 24, 17, 0, tzinfo=UTC
    )
    assert clocks.approval_due(REVIEW, LOW, late_in_new_york, "Europe/Berlin", POLICY) == datetime(
        2026, 11, 25, 11, 0, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("opened", "expected"),
    [
        (datetime(2026, 3, 6, 18, 0, tzinfo=UTC), datetime(2026, 3, 9, 19, 0, tzinfo=UTC)),
        (datetime(2026, 10, 30, 18, 0, tzinfo=UTC), datetime(2026, 11, 2, 20, 0, tzinfo=UTC)),
    ],
    ids=["clocks go forward", "clocks go back"],
)
def test_noon_stays_noon_when_the_clocks_change(opened: datetime, expected: datetime) -> None:
    found = clocks.approval_due(REVIEW, LOW, opened, PORTLAND, POLICY)
    assert found == expected
    assert found.astimezone(ZoneInfo(PORTLAND)).time() == time(12)


def test_high_risk_hour_is_an_elapsed_hour_when_the_clocks_change() -> None:
    before = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)  # 1:30 on the first of two such half hours
    assert clocks.approval_due(REVIEW, HIGH, before, PORTLAND, POLICY) - before == timedelta(hours=1)


@pytest.mark.parametrize(("kind", "hours"), [(ApprovalKind.ASSIGNMENT, 24), (ApprovalKind.CLOSING_LETTER, 48)])
def test_other_sign_offs_are_due_after_their_hours(kind: ApprovalKind, hours: int) -> None:
    opened = at("2026-11-21 10:00")
    assert clocks.approval_due(kind, HIGH, opened, PORTLAND, POLICY) == opened + timedelta(hours=hours)


def test_the_practices_own_figures_are_used() -> None:
    own = ClockPolicy(high_minutes=30, moderate_by=time(15), low_by=time(9), assignment_hours=4, warm_handoff_hours=1)
    opened = at("2026-11-23 10:00")
    assert due(HIGH, "2026-11-23 10:00", policy=own) == opened + timedelta(minutes=30)
    assert due(MODERATE, "2026-11-23 10:00", policy=own) == at("2026-11-23 15:00")
    assert due(MODERATE, "2026-11-23 14:45", policy=own) == at("2026-11-23 15:15")
    assert due(LOW, "2026-11-23 10:00", policy=own) == at("2026-11-24 09:00")
    assert clocks.approval_due(ApprovalKind.ASSIGNMENT, None, opened, PORTLAND, own) == opened + timedelta(hours=4)
    assert clocks.to_do_due(ToDoKind.WARM_HANDOFF, opened, own) == opened + timedelta(hours=1)


@pytest.mark.parametrize("kind", list(ToDoKind))
def test_to_dos_are_due_in_a_day_and_a_handoff_in_two_hours(kind: ToDoKind) -> None:
    opened = at("2026-11-23 10:00")
    hours = 2 if kind == ToDoKind.WARM_HANDOFF else 24
    assert clocks.to_do_due(kind, opened, POLICY) == opened + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 20), True),
        (date(2026, 11, 21), False),
        (date(2026, 11, 22), False),
        (date(2026, 11, 23), True),
        (date(2026, 11, 26), False),
    ],
)
def test_working_days_leave_out_weekends_and_holidays(day: date, works: bool) -> None:
    assert clocks.is_working_day(day, POLICY) is works


OPENED = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
DUE = OPENED + timedelta(hours=9)
PAGED = OPENED + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("level", "now", "seen", "paged", "expected"),
    [
        (HIGH, OPENED, None, None, True),
        (HIGH, PAGED + timedelta(minutes=15) - SECOND, None, PAGED, False),
        (HIGH, PAGED + timedelta(minutes=15), None, PAGED, True),
        (HIGH, DUE - SECOND, PAGED, PAGED, False),
        (HIGH, DUE, PAGED, PAGED, True),
        (HIGH, DUE + timedelta(minutes=14), DUE, DUE, False),
        (HIGH, DUE + timedelta(minutes=15), DUE, DUE, True),
        (HIGH, OPENED, OPENED, None, False),
        (MODERATE, DUE - SECOND, None, None, False),
        (MODERATE, DUE, None, None, True),
        (MODERATE, DUE + timedelta(minutes=14), None, DUE, False),
        (MODERATE, DUE + timedelta(minutes=15), None, DUE, True),
        (MODERATE, DUE, DUE - SECOND, None, False),
        (LOW, DUE - SECOND, None, None, False),
        (LOW, DUE, None, None, True),
        (None, DUE - SECOND, None, None, False),
        (None, DUE, None, None, True),
    ],
)
def test_paging_goes_on_until_seen(
    level: RiskLevel | None, now: datetime, seen: datetime | None, paged: datetime | None, expected: bool
) -> None:
    found = clocks.page_now(
        level, opened_at=OPENED, due_at=DUE, seen_at=seen, last_paged_at=paged, now=now, policy=POLICY
    )
    assert found is expected


@pytest.mark.parametrize(
    ("after", "owed"),
    [
        (-SECOND, 0),
        (timedelta(0), 1),
        (timedelta(days=1) - SECOND, 1),
        (timedelta(days=1), 2),
        (timedelta(days=2) - SECOND, 2),
        (timedelta(days=9), 10),
    ],
)
def test_an_overdue_item_is_passed_on_at_once_and_every_day_after(after: timedelta, owed: int) -> None:
    assert clocks.escalations_owed(DUE, DUE + after, POLICY) == owed


@pytest.mark.parametrize(
    ("after", "sent", "step"),
    [
        (timedelta(hours=48) - SECOND, 0, PatientWaitStep.NOTHING),
        (timedelta(hours=48), 0, PatientWaitStep.REMIND),
        (timedelta(hours=48), 1, PatientWaitStep.NOTHING),
        (timedelta(days=5) - SECOND, 1, PatientWaitStep.NOTHING),
        (timedelta(days=5), 1, PatientWaitStep.REMIND),
        (timedelta(days=5), 0, PatientWaitStep.REMIND),
        (timedelta(days=5), 2, PatientWaitStep.NOTHING),
        (timedelta(days=7) - SECOND, 2, PatientWaitStep.NOTHING),
        (timedelta(days=7), 2, PatientWaitStep.CALL),
        (timedelta(days=7), 0, PatientWaitStep.CALL),
    ],
)
def test_a_patient_is_reminded_twice_and_then_called(after: timedelta, sent: int, step: PatientWaitStep) -> None:
    assert clocks.patient_wait_step(reminder_times(OPENED), sent, OPENED + after) is step


@pytest.mark.parametrize(
    ("after", "owed"),
    [
        (timedelta(hours=48) - SECOND, 0),
        (timedelta(hours=48), 1),
        (timedelta(days=5) - SECOND, 1),
        (timedelta(days=5), 2),
        (timedelta(days=9), 2),
    ],
)
def test_reminders_owed_counts_those_whose_time_has_come(after: timedelta, owed: int) -> None:
    assert clocks.reminders_owed(reminder_times(OPENED), OPENED + after) == owed
