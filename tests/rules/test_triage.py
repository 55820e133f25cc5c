"""Levels of risk review: C-SSRS triage, flags from answers, flags from signals in text."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.codes import RiskLevel
from models.errors import ContractBroken
from models.measures import Measure
from rules.triage import (
    CssrsLevel,
    Flag,
    FlagKind,
    Signal,
    TriageLevels,
    cssrs_level,
    flags_from_measures,
    flags_from_signals,
    level_from_signals,
    level_of_signal,
    urgency,
)

NO_FURTHER = {3: 0, 4: 0, 5: 0, 6: 0}
CALM_PHQ9 = {number: 0 for number in range(1, 10)}
HIGH, MODERATE, LOW = RiskLevel.HIGH, RiskLevel.MODERATE, RiskLevel.LOW


def level_of(answers: dict[int, int]) -> RiskLevel | None:
    return urgency(flags_from_measures({Measure.CSSRS_SCREENER: answers}))


@pytest.mark.parametrize(
    ("answers", "level"),
    [
        ({1: 0, 2: 0, 6: 0}, CssrsLevel.NONE),
        ({1: 1, 2: 0, 6: 0}, CssrsLevel.LOW),
        ({1: 0, 2: 1, **NO_FURTHER}, CssrsLevel.LOW),
        ({1: 1, 2: 1, **NO_FURTHER}, CssrsLevel.LOW),
        ({1: 1, 2: 1, **NO_FURTHER, 3: 1}, CssrsLevel.MODERATE),
        ({1: 0, 2: 0, 6: 1, 7: 0}, CssrsLevel.MODERATE),
        ({1: 0, 2: 0, 6: 1, 7: 1}, CssrsLevel.HIGH),
        ({1: 1, 2: 1, **NO_FURTHER, 4: 1}, CssrsLevel.HIGH),
        ({1: 1, 2: 1, **NO_FURTHER, 5: 1}, CssrsLevel.HIGH),
        ({1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1}, CssrsLevel.HIGH),
    ],
)
def test_cssrs_level_is_the_highest_answer(answers: dict[int, int], level: CssrsLevel) -> None:
    found = cssrs_level(answers)
    assert (found.level, found.at_least, found.to_ask) == (level, level, ())
    assert found.reasons


@pytest.mark.parametrize(
    ("answers", "at_least", "to_ask"),
    [
        ({}, CssrsLevel.NONE, (1, 2)),
        ({1: 0}, CssrsLevel.NONE, (2,)),
        ({1: 0, 2: 0}, CssrsLevel.NONE, (6,)),
        ({1: 1}, CssrsLevel.LOW, (2,)),
        ({1: 1, 2: 1}, CssrsLevel.LOW, (3, 4, 5, 6)),
        ({1: 1, 2: 1, 3: 1}, CssrsLevel.MODERATE, (4, 5, 6)),
        ({1: 0, 2: 0, 6: 1}, CssrsLevel.MODERATE, (7,)),
    ],
)
def test_cssrs_with_a_question_open_is_incomplete(
    answers: dict[int, int], at_least: CssrsLevel, to_ask: tuple[int, ...]
) -> None:
    found = cssrs_level(answers)
    assert (found.level, found.at_least, found.to_ask) == (CssrsLevel.INCOMPLETE, at_least, to_ask)


@pytest.mark.parametrize("answers", [{4: 1}, {1: 0, 2: 0, 5: 1}, {6: 0, 7: 1}, {1: 1, 2: 1, 4: 1}])
def test_cssrs_high_needs_no_further_answer(answers: dict[int, int]) -> None:
    assert cssrs_level(answers).level is CssrsLevel.HIGH


def test_cssrs_reasons_name_every_answer_of_the_level() -> None:
    assert cssrs_level({1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1}).reasons == (
        "yes to question 4",
        "yes to question 5",
        "yes to question 6, within the past 3 months",
    )
    assert cssrs_level({1: 0, 2: 0, 6: 1, 7: 0}).reasons == ("yes to question 6, longer ago than 3 months",)
    assert cssrs_level({1: 0, 2: 0, 6: 1}).reasons[0] == "yes to question 6, when is not known"


def test_cssrs_level_never_falls_when_an_answer_turns_to_yes() -> None:
    order = [CssrsLevel.NONE, CssrsLevel.LOW, CssrsLevel.MODERATE, CssrsLevel.HIGH]
    for values in product((0, 1), repeat=7):
        answers = dict(enumerate(values, start=1))
        for number in range(1, 8):
            more = cssrs_level(answers | {number: 1}).at_least
            assert order.index(more) >= order.index(cssrs_level(answers).at_least)


def test_cssrs_answer_that_is_no_option_breaks_the_contract() -> None:
    with pytest.raises(ContractBroken, match="cssrs_screener item 4"):
        cssrs_level({4: 9})


@pytest.mark.parametrize(
    ("answers", "level"),
    [
        ({}, None),
        ({1: 0, 2: 0}, None),
        ({1: 0, 2: 0, 6: 0}, None),
        ({1: 1, 2: 0, 6: 0}, LOW),
        ({1: 1}, MODERATE),
        ({1: 1, 2: 1}, MODERATE),
        ({1: 0, 2: 0, 6: 1, 7: 0}, MODERATE),
        ({1: 0, 2: 0, 6: 1}, HIGH),
        ({1: 1, 2: 1, **NO_FURTHER, 4: 1}, HIGH),
    ],
)
def test_cssrs_flag_level(answers: dict[int, int], level: RiskLevel | None) -> None:
    assert level_of(answers) == level


@pytest.mark.parametrize(("answer", "level"), [(0, None), (1, MODERATE), (2, HIGH), (3, HIGH)])
@pytest.mark.parametrize("others", [{}, {number: 0 for number in range(1, 9)}])
def test_phq9_item_9_opens_a_review_whatever_the_total(
    answer: int, level: RiskLevel | None, others: dict[int, int]
) -> None:
    flags = flags_from_measures({Measure.PHQ9: others | {9: answer}})
    assert urgency(flags) == level
    assert all((flag.source, flag.kind) == ("phq9 item 9", FlagKind.SUICIDAL_IDEATION) for flag in flags)


@pytest.mark.parametrize(("total", "flagged"), [(19, False), (20, True)])
def test_phq9_severe_total_is_a_moderate_flag(total: int, flagged: bool) -> None:
    answers = CALM_PHQ9 | {number: 3 for number in range(1, 7)} | {7: total - 18}
    flags = flags_from_measures({Measure.PHQ9: answers})
    assert [(flag.kind, flag.level) for flag in flags] == ([(FlagKind.SEVERE_SYMPTOMS, MODERATE)] if flagged else [])


def test_incomplete_phq9_raises_no_total_flag() -> None:
    assert flags_from_measures({Measure.PHQ9: {number: 3 for number in range(1, 8)}}) == ()


def test_gad7_alone_raises_no_flag() -> None:
    assert flags_from_measures({Measure.GAD7: {number: 3 for number in range(1, 8)}}) == ()


def test_practice_may_set_its_own_levels() -> None:
    strict = TriageLevels(phq9_item_9={1: HIGH, 2: HIGH, 3: HIGH}, phq9_severe_from=15, phq9_severe=HIGH)
    flags = flags_from_measures({Measure.PHQ9: CALM_PHQ9 | {9: 1}}, strict)
    assert [flag.level for flag in flags] == [HIGH]
    severe = CALM_PHQ9 | {number: 3 for number in range(1, 6)}
    assert [flag.level for flag in flags_from_measures({Measure.PHQ9: severe}, strict)] == [HIGH]


@pytest.mark.parametrize(
    ("kind", "status", "level"),
    [
        ("suicide_plan_intent_or_behaviour", "present", HIGH),
        ("harm_to_others", "present", HIGH),
        ("suicidal_ideation", "present", MODERATE),
        ("self_harm", "present", MODERATE),
        ("psychosis_or_mania", "present", MODERATE),
        ("abuse_or_safeguarding", "present", MODERATE),
        ("substance_crisis", "present", MODERATE),
        ("suicidal_ideation", "historical", LOW),
        ("suicide_plan_intent_or_behaviour", "historical", LOW),
        ("suicidal_ideation", "doubted", LOW),
        ("harm_to_others", "doubted", LOW),
        ("suicidal_ideation", "negated", None),
        ("suicidal_ideation", "someone_else", None),
        ("abuse_or_safeguarding", "someone_else", MODERATE),
        ("suicidal_ideation", "idiom", None),
        ("suicidal_ideation", "quoted", None),
        ("suicidal_ideation", "hypothetical", None),
        ("a_kind_of_later", "present", MODERATE),
        ("suicidal_ideation", "a_status_of_later", MODERATE),
    ],
)
def test_signal_level(kind: str, status: str, level: RiskLevel | None) -> None:
    assert level_of_signal(kind, status) == level
    assert level_from_signals([Signal(kind, status)], readable=True) == level


def test_unfamiliar_signal_becomes_a_flag_of_its_own_kind() -> None:
    (flag,) = flags_from_signals([Signal("a_kind_of_later", "present")], readable=True)
    assert flag.kind is FlagKind.UNKNOWN_SIGNAL


def test_unreadable_text_asks_a_person_even_without_signals() -> None:
    (flag,) = flags_from_signals([], readable=False)
    assert (flag.kind, flag.level, flag.reason) == (FlagKind.UNREAD_TEXT, MODERATE, "a person must read it")


def test_unreadable_text_does_not_hide_a_higher_signal() -> None:
    assert level_from_signals([Signal("harm_to_others", "present")], readable=False) == HIGH


def test_readable_text_without_signals_claims_nothing() -> None:
    assert flags_from_signals([], readable=True) == ()
    assert level_from_signals([], readable=True) is None


@given(st.lists(st.sampled_from(list(RiskLevel))))
def test_urgency_is_the_highest_flag(levels: list[RiskLevel]) -> None:
    flags = [Flag(FlagKind.SELF_HARM, level, "free text", "rule", "") for level in levels]
    highest = next((level for level in (HIGH, MODERATE, LOW) if level in levels), None)
    assert urgency(flags) == highest


def test_printed_flag_does_not_show_its_reason() -> None:
    (flag,) = flags_from_measures({Measure.PHQ9: {9: 3}})
    assert "thoughts" in flag.reason and "thoughts" not in repr(flag)
