"""Whether a queued message may leave: consent, truth, quiet hours, frequency cap, in this order."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from models.codes import MessageChannel
from rules.outgoing import CAPPED, DropReason, Leave, MessagePolicy, Outgoing, WaitReason, first_under_cap, may_leave

PORTLAND = "America/Los_Angeles"
SMS, EMAIL = MessageChannel.SMS, MessageChannel.EMAIL
CAP = MessagePolicy()


def at(*when: int) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(PORTLAND)).astimezone(UTC)  # type: ignore[misc, arg-type]


NOON = at(2026, 11, 23, 12, 0)
STARTS = at(2026, 11, 25, 14, 0)


def asked(now: datetime = NOON, policy: MessagePolicy = CAP, **given: object) -> Leave:
    facts: dict = {
        "template": "appointment_reminder",
        "channel": SMS,
        "zone": PORTLAND,
        "accepts_texts": True,
        "sms_stopped": False,
        "forgotten": False,
        "is_reminder": True,
        "starts_at": STARTS,
        "promised": STARTS,
        **given,
    }
    return may_leave(Outgoing(**facts), now, policy)


def about_a_change(now: datetime = NOON, **given: object) -> Leave:
    return asked(now, template="booking_cancelled", is_reminder=False, starts_at=None, promised=None, **given)


def test_message_that_nothing_speaks_against_leaves() -> None:
    assert asked().now and about_a_change().now


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"forgotten": True, "channel": EMAIL}, DropReason.FORGOTTEN),
        ({"sms_stopped": True}, DropReason.SMS_STOPPED),
        ({"sms_stopped": True, "channel": EMAIL}, None),
        ({"accepts_texts": False}, DropReason.NO_CONSENT_TO_TEXTS),
        ({"accepts_texts": False, "channel": EMAIL}, None),
        ({"starts_at": None}, DropReason.NOT_STANDING),
        ({"promised": STARTS - timedelta(hours=1)}, DropReason.MOVED),
        ({"promised": None}, None),
        ({"starts_at": NOON, "promised": NOON}, DropReason.TOO_LATE),
        ({"starts_at": NOON + timedelta(minutes=1), "promised": NOON + timedelta(minutes=1)}, None),
    ],
)
def test_message_without_consent_or_truth_is_dropped_with_its_reason(given: dict, reason: DropReason | None) -> None:
    assert asked(**given).dropped == reason


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (at(2026, 11, 23, 7, 59), at(2026, 11, 23, 8, 0)),
        (at(2026, 11, 23, 8, 0), None),
        (at(2026, 11, 23, 20, 59), None),
        (at(2026, 11, 23, 21, 0), at(2026, 11, 24, 8, 0)),
        (at(2026, 3, 7, 22, 0), at(2026, 3, 8, 8, 0)),
        (at(2026, 10, 31, 22, 0), at(2026, 11, 1, 8, 0)),
    ],
)
def test_text_message_waits_for_the_end_of_quiet_hours(now: datetime, until: datetime | None) -> None:
    answer = about_a_change(now)
    assert (answer.waits, answer.until) == ((WaitReason.QUIET_HOURS, until) if until else (None, None))
    assert about_a_change(now, channel=EMAIL).now


def test_reminder_waits_for_the_patients_own_hours_by_email_too() -> None:
    answer = asked(channel=EMAIL, hours=(17, 20))
    assert (answer.waits, answer.until) == (WaitReason.QUIET_HOURS, at(2026, 11, 23, 17, 0))


@pytest.mark.parametrize(("starts", "dropped"), [(at(2026, 11, 24, 8, 0), True), (at(2026, 11, 24, 8, 1), False)])
def test_reminder_that_would_wait_beyond_its_appointment_is_dropped(starts: datetime, dropped: bool) -> None:
    answer = asked(at(2026, 11, 23, 22, 0), starts_at=starts, promised=starts)
    assert answer.dropped == (DropReason.TOO_LATE if dropped else None)


@pytest.mark.parametrize(("sent", "waits"), [(2, False), (3, True)])
def test_reminder_beyond_the_days_cap_waits_for_the_next_morning(sent: int, waits: bool) -> None:
    answer = asked(sent=[NOON - timedelta(hours=1)] * sent)
    assert answer.now is not waits
    if waits:
        assert (answer.waits, answer.until) == (WaitReason.FREQUENCY_CAP, at(2026, 11, 24, 8, 0))


@pytest.mark.parametrize(("sent", "waits"), [(9, False), (10, True)])
def test_reminder_beyond_the_weeks_cap_waits_until_one_is_a_week_old(sent: int, waits: bool) -> None:
    long_ago = NOON - timedelta(days=6)
    answer = asked(sent=[long_ago] * sent, starts_at=STARTS + timedelta(days=3), promised=STARTS + timedelta(days=3))
    assert answer.now is not waits
    assert answer.until == (at(2026, 11, 25, 8, 0) if waits else None)


def test_reminder_that_the_cap_would_hold_beyond_its_appointment_is_dropped_with_that_reason() -> None:
    tonight = at(2026, 11, 23, 19, 0)
    assert asked(sent=[NOON] * 3, starts_at=tonight, promised=tonight).dropped == DropReason.FREQUENCY_CAP


def test_change_of_an_appointment_is_never_capped() -> None:
    assert about_a_change(sent=[NOON] * 50).now


def test_cap_looks_no_further_than_a_week() -> None:
    others = [NOON] * 30
    assert first_under_cap(NOON, others, PORTLAND, MessagePolicy()) - NOON <= timedelta(days=8)


@pytest.mark.parametrize("wrong", [(0, 5), (5, 4)])
def test_cap_that_cannot_be_is_refused(wrong: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="cap"):
        MessagePolicy(*wrong)


def test_every_capped_message_has_its_words() -> None:
    words = Path(__file__).parents[2] / "templates" / "messages"
    assert {name for name in CAPPED if not (words / f"{name}.en.txt.j2").exists()} == set()
