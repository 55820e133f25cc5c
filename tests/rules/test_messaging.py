"""Sending hours, reminders, opt-outs, and words that must not leave."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.messaging import (
    appointment_reminder_times,
    contains_sensitive_words,
    is_opt_out,
    next_send_time,
    reminder_times,
    sensitive_words,
)

PORTLAND = "America/Los_Angeles"
ZONES = [PORTLAND, "America/New_York", "America/Phoenix", "Pacific/Honolulu", "America/St_Johns"]


def at(zone: str, *when: int) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ((2026, 11, 23, 7, 59), (2026, 11, 23, 8, 0)),
        ((2026, 11, 23, 8, 0), (2026, 11, 23, 8, 0)),
        ((2026, 11, 23, 12, 30), (2026, 11, 23, 12, 30)),
        ((2026, 11, 23, 20, 59), (2026, 11, 23, 20, 59)),
        ((2026, 11, 23, 21, 0), (2026, 11, 24, 8, 0)),
        ((2026, 11, 23, 23, 59), (2026, 11, 24, 8, 0)),
        ((2026, 11, 30, 22, 0), (2026, 12, 1, 8, 0)),
        # The nights on which the clock changes: 8:00 is still 8:00 on the patient's clock.
        ((2026, 3, 7, 22, 0), (2026, 3, 8, 8, 0)),
        ((2026, 10, 31, 22, 0), (2026, 11, 1, 8, 0)),
    ],
)
def test_message_waits_for_sending_hours_on_the_patients_clock(asked: tuple, sent: tuple) -> None:
    assert next_send_time(at(PORTLAND, *asked), PORTLAND) == at(PORTLAND, *sent)


def test_same_moment_is_open_in_one_zone_and_closed_in_another() -> None:
    moment = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
    assert next_send_time(moment, "America/New_York") == moment
    assert next_send_time(moment, PORTLAND) == datetime(2026, 11, 23, 16, 0, tzinfo=UTC)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)), st.sampled_from(ZONES))
def test_send_time_is_in_hours_and_the_first_such_moment(now: datetime, zone: str) -> None:
    sent = next_send_time(now, zone)
    local = sent.astimezone(ZoneInfo(zone))
    assert sent >= now and sent.utcoffset() == timedelta(0)
    assert time(8) <= local.time() < time(21)
    if sent > now:
        before = (sent - timedelta(minutes=1)).astimezone(ZoneInfo(zone))
        assert before.hour < 8 and sent - now <= timedelta(hours=12)
    assert next_send_time(sent, zone) == sent


def test_questionnaire_reminders_end_with_a_call() -> None:
    asked = datetime(2026, 11, 2, 17, 0, tzinfo=UTC)
    plan = reminder_times(asked)
    assert plan.reminders == (
        datetime(2026, 11, 4, 17, 0, tzinfo=UTC),
        datetime(2026, 11, 7, 17, 0, tzinfo=UTC),
    )
    assert plan.call_due == datetime(2026, 11, 9, 17, 0, tzinfo=UTC)


def test_appointment_reminders_three_days_and_one_day_before() -> None:
    starts = at(PORTLAND, 2026, 11, 26, 14, 0)
    booked = at(PORTLAND, 2026, 11, 10, 9, 0)
    assert appointment_reminder_times(starts, PORTLAND, booked_at=booked) == (
        at(PORTLAND, 2026, 11, 23, 14, 0),
        at(PORTLAND, 2026, 11, 25, 14, 0),
    )


def test_early_appointment_is_reminded_when_sending_hours_open() -> None:
    starts = at(PORTLAND, 2026, 11, 26, 7, 0)
    times = appointment_reminder_times(starts, PORTLAND, booked_at=at(PORTLAND, 2026, 11, 1, 9, 0))
    assert times == (at(PORTLAND, 2026, 11, 23, 8, 0), at(PORTLAND, 2026, 11, 25, 8, 0))


@pytest.mark.parametrize(("hours", "reminders"), [(73, 2), (72, 1), (25, 1), (24, 0), (2, 0)])
def test_reminder_due_before_the_booking_is_left_out(hours: int, reminders: int) -> None:
    starts = at(PORTLAND, 2026, 11, 26, 14, 0)
    times = appointment_reminder_times(starts, PORTLAND, booked_at=starts - timedelta(hours=hours))
    assert len(times) == reminders


def test_reminder_that_could_only_go_after_the_start_is_left_out() -> None:
    starts = at(PORTLAND, 2026, 11, 26, 7, 30)
    booked = at(PORTLAND, 2026, 11, 1, 9, 0)
    assert appointment_reminder_times(starts, PORTLAND, booked_at=booked, hours_before=(2,)) == ()


@pytest.mark.parametrize(
    "text",
    [
        *(
            "stop",
            "STOP",
            " Stop. ",
            "Stop!!",
            "stop please",
            "Please stop",
            "STOP NOW",
            "s t o p",
            "st\u200bop",
        ),
        *("quit", "end", "End.", "revoke", "opt out", "OPT-OUT", "optout", "cancel", "CANCEL", "unsubscribe"),
        *("stop all", "STOPALL", "remove", "alto", "no más", "Basta"),
        "please stop texting me",
        "stop sending me messages",
        "Stop all the texts",
        "stop contacting me",
        "Don't text me again",
        "don\u2019t send me any more of these",
        "do not email me",
        "no more texts please",
        "I don't want to get these messages",
        "I do not want any more emails",
        "remove me from your list",
        "take me off this list",
        "Please take my number off",
        "I want to unsubscribe from this",
        "I'd like to opt out",
        "I revoke my consent",
        "I withdraw consent",
        "leave me alone",
        "wrong number",
        "No me envíen más mensajes",
    ],
)
def test_opt_out_is_understood(text: str) -> None:
    assert is_opt_out(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yes",
        "C",
        "1",
        "Thanks!",
        "cancel my appointment on Tuesday",
        "Can we cancel and find another day?",
        "I need to stop by the pharmacy first",
        "I'm at the bus stop",
        "the end of the week works",
        "weekend is better",
        "please don't stop the reminders",
        "do not unsubscribe me",
        "I can't stop texting my ex",
        "Can you take me on Tuesday?",
        "text me please",
        "can you remove the 3pm one?",
        "I quit my job so mornings are fine",
        "who is this?",
    ],
)
def test_ordinary_reply_is_not_an_opt_out(text: str) -> None:
    assert is_opt_out(text) is False


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Your therapy appointment", ("therapy",)),
        ("Psychotherapy with a psychologist", ("psychotherapy", "psychologist")),
        ("teletherapist", ("teletherapist",)),
        ("Counseling or counselling", ("counseling", "counselling")),
        ("Harbor Mental Health", ("mental",)),
        ("behavioral health", ("behavioral",)),
        ("behavioural health", ("behavioural",)),
        ("your PHQ-9 and GAD-7", ("phq", "gad")),
        ("PHQ9 form", ("phq",)),
        ("your depression, DEPRESSION", ("depression",)),
        ("about anxiety and panic", ("anxiety", "panic")),
        ("suicide risk", ("suicide",)),
        ("self-harm", ("self-harm",)),
        ("substance use treatment", ("substance", "treatment")),
        ("psychiatric medication", ("psychiatric", "medication")),
        ("C-SSRS", ("c-ssrs",)),
    ],
)
def test_sensitive_word_is_found(text: str, words: tuple[str, ...]) -> None:
    assert sensitive_words(text) == words
    assert contains_sensitive_words(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "",
        "You have an appointment on Tue Nov 24 at 2:00 PM. Reply C to confirm. Reply STOP to opt out.",
        "Harbor Street office: please choose a time with this link https://example.org/p/abc",
        "Please fill in a short form before your visit.",
        "Call us at 503-555-0101.",
        "Your gadget is ready; bring your contact lenses",
        "fundamental paperwork",
    ],
)
def test_neutral_text_may_leave(text: str) -> None:
    assert contains_sensitive_words(text) is False
