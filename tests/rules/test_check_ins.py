"""When a patient is asked between sessions, and which answers ask for a clinician: both sides of every boundary."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.codes import RiskLevel
from models.errors import ContractBroken
from models.scheduling_codes import CheckInKind, FollowUpReason
from rules import check_ins
from rules.check_ins import CheckInPolicy, Due, Escalation, from_answers
from rules.triage import Flag, FlagKind

K, R, L = CheckInKind, FollowUpReason, RiskLevel
MONDAY = date(2026, 11, 2)


def phq9(total: int, item_9: int = 0) -> dict[int, int]:
    """Answers with this total of which item 9 is this."""
    left, answers = total - item_9, {9: item_9}
    for item in range(1, 9):
        answers[item] = min(3, left)
        left -= answers[item]
    assert left == 0
    return answers


def gad7(total: int) -> dict[int, int]:
    answers = {}
    for item in range(1, 8):
        answers[item] = min(3, total - sum(answers.values()))
    return answers


@pytest.mark.parametrize(
    ("next_on", "every", "until", "today", "expected"),
    [
        (MONDAY, 7, None, date(2026, 11, 1), None),
        (MONDAY, 7, None, MONDAY, Due(MONDAY, date(2026, 11, 9))),
        (MONDAY, 7, None, date(2026, 11, 8), Due(MONDAY, date(2026, 11, 9))),
        # after an outage the latest is asked, not all that were missed
        (MONDAY, 7, None, date(2026, 11, 9), Due(date(2026, 11, 9), date(2026, 11, 16))),
        (MONDAY, 7, None, date(2026, 11, 30), Due(date(2026, 11, 30), date(2026, 12, 7))),
        (MONDAY, 1, None, date(2026, 11, 5), Due(date(2026, 11, 5), date(2026, 11, 6))),
        # the plan's last date is asked, the one after it is not
        (MONDAY, 7, date(2026, 11, 9), MONDAY, Due(MONDAY, date(2026, 11, 9))),
        (MONDAY, 7, date(2026, 11, 8), MONDAY, Due(MONDAY, None)),
        (MONDAY, 7, MONDAY, date(2026, 11, 20), Due(MONDAY, None)),
        (MONDAY, 7, date(2026, 11, 1), date(2026, 11, 20), None),
    ],
)
def test_check_in_is_due_on_its_day_and_once(
    next_on: date, every: int, until: date | None, today: date, expected: Due | None
) -> None:
    assert check_ins.due_on(next_on, every, until, today) == expected


@settings(max_examples=60)
@given(st.integers(0, 400), st.integers(1, 90))
def test_what_is_due_lies_in_the_series_and_the_next_lies_ahead(late: int, every: int) -> None:
    today = date.fromordinal(MONDAY.toordinal() + late)
    due = check_ins.due_on(MONDAY, every, None, today)
    assert due is not None and due.next_on is not None
    assert (due.due_on - MONDAY).days % every == 0
    assert due.due_on <= today < due.next_on


@pytest.mark.parametrize(
    ("day", "zone", "at"),
    [
        (date(2026, 10, 31), "America/Los_Angeles", datetime(2026, 10, 31, 16, tzinfo=UTC)),
        # the clocks go back in the night: nine stays nine
        (date(2026, 11, 1), "America/Los_Angeles", datetime(2026, 11, 1, 17, tzinfo=UTC)),
        (date(2026, 3, 7), "America/Los_Angeles", datetime(2026, 3, 7, 17, tzinfo=UTC)),
        (date(2026, 3, 8), "America/Los_Angeles", datetime(2026, 3, 8, 16, tzinfo=UTC)),
        (date(2026, 3, 8), "America/Phoenix", datetime(2026, 3, 8, 16, tzinfo=UTC)),
    ],
)
def test_check_in_leaves_at_nine_on_the_patients_clock(day: date, zone: str, at: datetime) -> None:
    assert check_ins.asked_at(day, zone) == at


@pytest.mark.parametrize(
    ("day", "every", "by"),
    [
        (date(2026, 10, 29), 7, datetime(2026, 11, 1, 7, tzinfo=UTC)),
        (date(2026, 10, 30), 7, datetime(2026, 11, 2, 8, tzinfo=UTC)),  # the day with 25 hours lies before it
        (date(2026, 3, 5), 7, datetime(2026, 3, 8, 8, tzinfo=UTC)),
        (date(2026, 3, 6), 7, datetime(2026, 3, 9, 7, tzinfo=UTC)),  # the day with 23 hours lies before it
        (date(2026, 10, 29), 1, datetime(2026, 10, 30, 7, tzinfo=UTC)),  # before the next is asked
    ],
)
def test_answer_is_in_time_until_the_end_of_a_day_of_the_patient(day: date, every: int, by: datetime) -> None:
    assert check_ins.answer_by(day, every, "America/Los_Angeles") == by


@pytest.mark.parametrize(("item_9", "level"), [(1, L.MODERATE), (2, L.HIGH), (3, L.HIGH)])
@pytest.mark.parametrize("alone", [True, False])
def test_phq9_item_9_asks_for_a_clinician_whatever_the_total(item_9: int, level: RiskLevel, alone: bool) -> None:
    answers = {9: item_9} if alone else phq9(item_9, item_9)
    found = from_answers(K.PHQ9, answers)
    assert found is not None
    assert (found.level, found.reasons) == (level, (R.SELF_HARM_ITEM,))
    assert found.why


def test_phq9_item_9_of_zero_asks_for_nobody() -> None:
    assert from_answers(K.PHQ9, phq9(24)) is None


@pytest.mark.parametrize(
    ("kind", "before", "now", "worse"),
    [
        (K.PHQ9, [10], 15, False),
        (K.PHQ9, [10], 16, True),
        (K.GAD7, [10], 13, False),
        (K.GAD7, [10], 14, True),
        (K.PHQ9, [], 24, False),
        # better, then back: since the last time
        (K.PHQ9, [12, 4], 9, False),
        (K.PHQ9, [12, 4], 10, True),
        # a slow slide: since the first time
        (K.PHQ9, [4, 6, 8], 9, False),
        (K.PHQ9, [4, 6, 8], 10, True),
        # the last time said so already
        (K.PHQ9, [4, 6, 10], 11, False),
        (K.PHQ9, [4, 6, 10], 16, True),
    ],
)
def test_reliable_worsening_is_told_once(kind: CheckInKind, before: list[int], now: int, worse: bool) -> None:
    make = phq9 if kind == K.PHQ9 else gad7
    found = from_answers(kind, make(now), [make(each) for each in before])
    assert (found is not None) is worse
    if found is not None:
        assert (found.reasons, found.level) == ((R.RELIABLE_WORSENING,), L.MODERATE)


def test_unfinished_forms_are_compared_with_nothing() -> None:
    unfinished = {1: 3, 2: 3}
    assert from_answers(K.PHQ9, phq9(20), [unfinished]) is None
    assert from_answers(K.PHQ9, unfinished, [phq9(0)]) is None


def test_several_reasons_are_one_escalation_at_the_most_urgent_level() -> None:
    found = from_answers(K.PHQ9, phq9(20, 3), [phq9(5)])
    assert found is not None
    assert (found.level, found.reasons) == (L.HIGH, (R.SELF_HARM_ITEM, R.RELIABLE_WORSENING))


@pytest.mark.parametrize(("mood", "low"), [(0, True), (1, True), (2, False), (10, False)])
def test_very_low_mood_asks_for_a_clinician(mood: int, low: bool) -> None:
    found = from_answers(K.MOOD, {1: mood})
    assert (found is not None) is low
    assert check_ins.shows_crisis_text(K.MOOD, {1: mood}) is low


def test_practice_sets_its_own_mood() -> None:
    policy = CheckInPolicy(low_mood=3, low_mood_level=L.LOW)
    found = from_answers(K.MOOD, {1: 3}, policy=policy)
    assert found is not None and found.level is L.LOW
    assert from_answers(K.MOOD, {1: 4}, policy=policy) is None


@pytest.mark.parametrize("done", [0, 1, 2])
def test_homework_not_done_is_nobodys_alarm(done: int) -> None:
    assert from_answers(K.HOMEWORK, {1: done}) is None


@pytest.mark.parametrize(
    ("in_a_row", "tells"), [(0, False), (1, False), (2, True), (3, False), (4, True), (5, False), (6, True)]
)
def test_two_unanswered_in_a_row_are_told_and_every_two_more(in_a_row: int, tells: bool) -> None:
    found = check_ins.from_silence(in_a_row)
    assert (found is not None) is tells
    if found is not None:
        assert (found.level, found.reasons) == (L.LOW, (R.TWO_UNANSWERED,))


def flag(kind: FlagKind, level: RiskLevel) -> Flag:
    return Flag(kind, level, "free text", "test-rule", "said so")


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ([], None),
        ([flag(FlagKind.SELF_HARM, L.MODERATE)], (L.MODERATE, (R.WORRYING_WORDS,))),
        ([flag(FlagKind.SELF_HARM, L.LOW)], (L.LOW, (R.WORRYING_WORDS,))),
        ([flag(FlagKind.UNREAD_TEXT, L.MODERATE)], (L.MODERATE, (R.WORDS_UNREAD,))),
        (
            [flag(FlagKind.UNREAD_TEXT, L.LOW), flag(FlagKind.HARM_TO_OTHERS, L.HIGH)],
            (L.HIGH, (R.WORDS_UNREAD, R.WORRYING_WORDS)),
        ),
    ],
)
def test_words_that_worry_or_that_nobody_could_read_ask_for_a_clinician(
    flags: list[Flag], expected: tuple[RiskLevel, tuple[FollowUpReason, ...]] | None
) -> None:
    found = check_ins.from_words(flags)
    assert (None if found is None else (found.level, found.reasons)) == expected


def test_reasons_are_not_printed() -> None:
    assert "said so" not in repr(Escalation(L.LOW, (R.WORRYING_WORDS,), ("said so",)))


@pytest.mark.parametrize(
    ("every", "until", "words", "kind", "said"),
    [
        (0, None, "x", K.MOOD, "every_days"),
        (91, None, "x", K.MOOD, "every_days"),
        (7, date(2026, 11, 1), "x", K.MOOD, "last date"),
        (7, None, " ", K.HOMEWORK, "homework"),
    ],
)
def test_plan_that_asks_nobody_is_refused(
    every: int, until: date | None, words: str, kind: CheckInKind, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        check_ins.check_plan(kind, every, MONDAY, until, words)


@pytest.mark.parametrize("every", [1, 90])
@pytest.mark.parametrize("until", [None, MONDAY])
def test_plan_within_its_bounds_is_taken(every: int, until: date | None) -> None:
    check_ins.check_plan(K.MOOD, every, MONDAY, until, "")


@pytest.mark.parametrize(
    ("kind", "answers", "fits"),
    [
        (K.MOOD, {1: 0}, True),
        (K.MOOD, {1: 10}, True),
        (K.MOOD, {1: 11}, False),
        (K.MOOD, {1: -1}, False),
        (K.MOOD, {2: 1}, False),
        (K.MOOD, {1: True}, False),
        (K.HOMEWORK, {1: 2}, True),
        (K.HOMEWORK, {1: 3}, False),
        (K.PHQ9, {9: 3}, True),
        (K.PHQ9, {9: 4}, False),
        (K.GAD7, {8: 1}, False),
    ],
)
def test_answer_is_one_that_the_question_offers(kind: CheckInKind, answers: dict[int, int], fits: bool) -> None:
    if fits:
        check_ins.check_answered(kind, answers)
    else:
        with pytest.raises(ContractBroken):
            check_ins.check_answered(kind, answers)


@pytest.mark.parametrize(
    ("kind", "answers", "left"),
    [(K.MOOD, {}, (1,)), (K.MOOD, {1: 5}, ()), (K.GAD7, gad7(3), ()), (K.GAD7, {1: 1}, (2, 3, 4, 5, 6, 7))],
)
def test_what_is_still_to_answer_is_named(kind: CheckInKind, answers: dict[int, int], left: tuple[int, ...]) -> None:
    assert check_ins.still_to_answer(kind, answers) == left
