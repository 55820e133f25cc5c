"""When and how a patient is reminded: wishes, what has worked, the estimate, quiet hours, the cap, clock changes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.codes import MessageChannel, Modality
from rules.outgoing import MessagePolicy
from rules.reminders import (
    ReminderPlan,
    ReminderPolicy,
    ReminderWish,
    Visit,
    Worked,
    plan_reminders,
    read_plan,
    spelled,
)

PORTLAND = "America/Los_Angeles"
EMAIL, SMS = MessageChannel.EMAIL, MessageChannel.SMS
OFFICE = Modality.OFFICE
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
SHIPPED, CAP = ReminderPolicy(), MessagePolicy()


def at(*when: int, zone: str = PORTLAND) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[misc, arg-type]


STARTS = at(2026, 11, 26, 14, 0)


def planned(
    *worked: Worked,
    since: datetime = LONG_AGO,
    policy: ReminderPolicy = SHIPPED,
    messages: MessagePolicy = CAP,
    **given: object,
) -> ReminderPlan:
    facts = {"starts_at": STARTS, "modality": OFFICE, "zone": PORTLAND, "channels": (EMAIL,), **given}
    return plan_reminders(Visit(**facts), since, policy, messages, worked)  # type: ignore[arg-type]


def hours(plan: ReminderPlan) -> list[int]:
    return [reminder.hours for reminder in plan.reminders]


def times(plan: ReminderPlan) -> list[datetime]:
    return [reminder.at for reminder in plan.reminders]


def test_practice_plan_is_three_days_and_one_day_before() -> None:
    plan = planned()
    assert times(plan) == [at(2026, 11, 23, 14, 0), at(2026, 11, 25, 14, 0)]
    assert plan.channel == EMAIL
    assert plan.reasons[:2] == ("hours: the practice plan", "email: the usual channel")


@pytest.mark.parametrize(("before", "left"), [(73, [72, 24]), (72, [24]), (25, [24]), (24, []), (2, [])])
def test_reminder_whose_time_has_passed_is_left_out(before: int, left: list[int]) -> None:
    plan = planned(since=STARTS - timedelta(hours=before))
    assert hours(plan) == left
    assert len(plan.left_out) == 2 - len(left)


def test_early_appointment_is_reminded_when_sending_hours_open() -> None:
    plan = planned(starts_at=at(2026, 11, 26, 7, 0))
    assert times(plan) == [at(2026, 11, 23, 8, 0), at(2026, 11, 25, 8, 0)]


def test_reminder_that_could_only_go_after_the_start_is_left_out() -> None:
    plan = planned(starts_at=at(2026, 11, 26, 7, 30), wish=ReminderWish((2,)))
    assert plan.reminders == ()
    assert plan.left_out == ("2 h: no sending hour is left before the start",)


@pytest.mark.parametrize(
    ("starts", "first", "second"),
    [
        # the clocks go forward on March 8, back on November 1: 24 elapsed hours are another hour of the wall clock
        ((2026, 3, 8, 18, 0), (2026, 3, 5, 17, 0), (2026, 3, 7, 17, 0)),
        ((2026, 11, 1, 18, 0), (2026, 10, 29, 19, 0), (2026, 10, 31, 19, 0)),
        # and what would leave in the night waits for 8:00 of the wall clock on both days
        ((2026, 3, 9, 6, 0), (2026, 3, 6, 8, 0), (2026, 3, 8, 8, 0)),
        ((2026, 11, 2, 6, 0), (2026, 10, 30, 8, 0), (2026, 11, 1, 8, 0)),
    ],
)
def test_plan_keeps_elapsed_hours_and_wall_clock_sending_hours_when_the_clocks_change(
    starts: tuple, first: tuple, second: tuple
) -> None:
    assert times(planned(starts_at=at(*starts))) == [at(*first), at(*second)]


def test_wish_goes_before_everything() -> None:
    wish = ReminderWish((2, 48), SMS, (17, 20))
    plan = planned(Worked(OFFICE, EMAIL, (72, 24), 900, 100), channels=(EMAIL, SMS), wish=wish)
    assert (plan.channel, plan.hours_before) == (SMS, (48, 2))
    assert times(plan) == [at(2026, 11, 24, 17, 0)]  # two hours before would be noon, before the wished-for hours
    assert "between 17:00 and 20:00: the patient wants it so" in plan.reasons


def test_wished_channel_that_is_not_possible_leaves_the_usual_one_and_says_so() -> None:
    plan = planned(channels=(EMAIL,), wish=ReminderWish(channel=SMS))
    assert plan.channel == EMAIL
    assert "sms is wanted and not possible now" in plan.reasons


@pytest.mark.parametrize(
    ("wanted", "first"),
    [((18, 22), 18), ((6, 9), 14 + 18), ((21, 23), 14), ((0, 8), 14), ((20, 24), 20)],
)
def test_wished_hours_count_as_far_as_they_lie_in_sending_hours(wanted: tuple[int, int], first: int) -> None:
    plan = planned(wish=ReminderWish((48,), hours_of_day=wanted))
    assert times(plan) == [at(2026, 11, 24, 0, 0) + timedelta(hours=first)]


@pytest.mark.parametrize(("risk", "extra"), [(None, False), (0.0, False), (0.2999, False), (0.3, True), (0.9, True)])
def test_high_estimate_adds_one_reminder_and_changes_nothing_else(risk: float | None, extra: bool) -> None:
    plan = planned(risk=risk)
    assert hours(plan) == ([72, 24, 4] if extra else [72, 24])
    assert plan.hours_before == (72, 24)
    assert (plan.channel, times(plan)[:2]) == (EMAIL, times(planned()))


def test_nobody_to_write_to_is_a_call() -> None:
    plan = planned(channels=())
    assert (plan.channel, plan.reminders) == (None, ())


# -- what has worked


def seen(n: int, confirmed: int, plan: tuple[int, ...] = (72, 24), channel: MessageChannel = EMAIL) -> Worked:
    return Worked(OFFICE, channel, plan, n, confirmed)


@pytest.mark.parametrize(
    ("now", "other", "chosen"),
    [
        (seen(400, 200), seen(400, 260, (48, 24)), (48, 24)),
        (seen(99, 10), seen(400, 390, (48, 24)), (72, 24)),  # too little is known of the present plan
        (seen(400, 200), seen(99, 99, (48, 24)), (72, 24)),  # or of the other
        (seen(100, 50), seen(100, 80, (48, 24)), (48, 24)),
        (seen(400, 200), seen(400, 216, (48, 24)), (72, 24)),  # four points are fewer than five
        (seen(400, 200), seen(100, 58, (48, 24)), (72, 24)),  # eight may be chance in a hundred
        (seen(400, 200), seen(400, 390, (9,)), (72, 24)),  # the practice does not offer this plan
    ],
)
def test_plan_that_confirmed_clearly_more_is_chosen(now: Worked, other: Worked, chosen: tuple[int, ...]) -> None:
    plan = planned(now, other)
    assert plan.hours_before == chosen
    assert any("similar appointments" in reason for reason in plan.reasons)


def test_reason_says_what_was_counted() -> None:
    plan = planned(seen(400, 200), seen(300, 195, (48, 24)))
    assert plan.reasons[0] == (
        "email 48+24 h: 65% of 300 similar appointments were confirmed, with email 72+24 h 50% of 400"
    )


def test_other_kinds_of_appointments_teach_nothing() -> None:
    other = Worked(Modality.TELEHEALTH, EMAIL, (48, 24), 900, 900)
    assert planned(seen(400, 200), other).hours_before == (72, 24)


@pytest.mark.parametrize(("channels", "chosen"), [((SMS, EMAIL), EMAIL), ((SMS,), SMS)])
def test_only_a_channel_that_the_patient_accepts_is_chosen(channels: tuple, chosen: MessageChannel) -> None:
    plan = planned(seen(400, 200, channel=SMS), seen(400, 300, channel=EMAIL), channels=channels)
    assert plan.channel == chosen


@pytest.mark.parametrize("wish", [ReminderWish(channel=SMS), ReminderWish((72, 24), SMS)])
def test_what_has_worked_never_goes_against_a_wish(wish: ReminderWish) -> None:
    plan = planned(seen(400, 200, channel=SMS), seen(400, 300, channel=EMAIL), channels=(SMS, EMAIL), wish=wish)
    assert plan.channel == SMS


# -- the frequency cap


@pytest.mark.parametrize(("others", "left"), [(2, [72, 24]), (3, [24])])
def test_day_that_is_full_takes_no_reminder(others: int, left: list[int]) -> None:
    plan = planned(others=(at(2026, 11, 23, 9, 0),) * others)
    assert hours(plan) == left
    assert plan.left_out == (() if left == [72, 24] else ("72 h: frequency cap",))


def test_day_is_the_patients_own() -> None:
    late = at(2026, 11, 22, 23, 30)  # already the 23rd in UTC
    assert hours(planned(others=(late,) * 3)) == [72, 24]


def test_earlier_reminders_of_the_plan_go_first_where_not_all_fit() -> None:
    messages = MessagePolicy(most_per_day=1, most_per_week=1)
    assert hours(planned(messages=messages)) == [72]


# -- what a setting or a wish may not say


@pytest.mark.parametrize("wrong", [(1,), (169,), (24, 24), (2, 3, 4, 5, 6)])
def test_hours_that_cannot_be_are_refused(wrong: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"reminder"):
        ReminderWish(wrong)
    with pytest.raises(ValueError, match=r"reminder"):
        ReminderPolicy(hours_before=wrong)


@pytest.mark.parametrize("right", [(2,), (168,), (2, 3, 4, 5)])
def test_hours_at_the_edge_are_taken(right: tuple[int, ...]) -> None:
    assert ReminderWish(right).hours_before == right


@pytest.mark.parametrize(
    "wrong", [{"sending_hours": (7, 21)}, {"sending_hours": (8, 22)}, {"ahead_days": 3}, {"extra_hours": 1}]
)
def test_practice_cannot_set_what_the_law_or_the_plan_forbids(wrong: dict) -> None:
    with pytest.raises(ValueError, match=r"hours|planned"):
        ReminderPolicy(**wrong)


def test_plan_is_spelled_and_read_back() -> None:
    assert read_plan(spelled((24, 72))) == (72, 24)


@settings(max_examples=60, deadline=None)
@given(
    st.datetimes(datetime(2026, 2, 20), datetime(2026, 12, 1), timezones=st.just(UTC)),
    st.sampled_from([PORTLAND, "America/New_York", "America/Phoenix", "America/St_Johns"]),
    st.sets(st.integers(2, 168), min_size=1, max_size=4),
    st.lists(st.integers(0, 200), max_size=8),
)
def test_every_reminder_is_in_sending_hours_before_the_start_and_under_the_cap(
    starts: datetime, zone: str, wished: set[int], others: list[int]
) -> None:
    before = tuple(starts - timedelta(hours=each) for each in others)
    plan = planned(starts_at=starts, zone=zone, wish=ReminderWish(tuple(wished)), others=before)
    assert len(plan.reminders) + len(plan.left_out) == len(wished)
    days: dict[object, int] = {}
    for moment in [*before, *times(plan)]:
        days[moment.astimezone(ZoneInfo(zone)).date()] = days.get(moment.astimezone(ZoneInfo(zone)).date(), 0) + 1
    for moment in times(plan):
        local = moment.astimezone(ZoneInfo(zone))
        assert 8 <= local.hour < 21
        assert moment < starts
        assert days[local.date()] <= 3
