"""What must hold whatever is written around a disclosure, however it is typed, and in whatever order it is told."""

import random
from functools import cache
from itertools import permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.disguises import WAYS, inside_a_long_text
from language.risk_signals import read_risk, read_risk_many
from language.risk_values import SignalStatus
from language.sentences import sentence_spans
from language.training.train_risk import in_development, own_texts

MOST_LOST = {way: 0.03 for way in WAYS} | {"slips_anywhere": 0.08}  # plain.py mends key words, and no others
LONG = (
    "The committee met on Tuesday to talk about the car park behind the library, and after an hour of going "
    "through the drawings it was agreed that the trees along the wall should stay, that the bins go to the other "
    "side, and that somebody asks the council about the lamp that has been out since spring.",
    "My cousin is learning to bake, so every weekend the kitchen is full of flour and there are three kinds of "
    "bread on the table, of which the dark one with seeds is by far the best, although she says that it needs "
    "another hour in the oven and a better tin than the one from the charity shop.",
    "We have been painting the hallway in a colour that was called oatmeal on the tin and looks like weak tea on "
    "the wall, and now everyone who visits has an opinion about it, so we bought a second tin that is called "
    "linen and put it in the shed until the weather is dry enough for another coat.",
)


def never_trained_on() -> list[str]:
    """Present texts of the development sixth, which trains nothing."""
    return [text.text for text in own_texts() if text.status == SignalStatus.PRESENT and in_development(text.text)]


@cache
def raised_as_written() -> tuple[tuple[str, bool], ...]:
    """One in fourteen of them, and whether it is raised."""
    texts = never_trained_on()[::14]
    return tuple(zip(texts, raised(texts), strict=True))


def raised(texts: list[str]) -> list[bool]:
    return [bool(reading.present) for reading in read_risk_many(texts)]


def test_long_sentences_beside_a_disclosure_do_not_silence_it() -> None:
    """A passage of several that is cut off before the disclosure says nothing about it."""
    found = [text for text, is_raised in raised_as_written() if is_raised and 8 <= len(text.split()) <= 20][:20]
    assert len(found) == 20
    before = raised([" ".join([*LONG, text]) for text in found])
    between = raised([" ".join([LONG[0], LONG[1], text, LONG[2]]) for text in found])
    assert before.count(False) == 0 == between.count(False)


@pytest.mark.parametrize("way", WAYS)
def test_no_disguise_costs_much_recall(way: str) -> None:
    as_written = sum(is_raised for _, is_raised in raised_as_written())
    texts = [text for text, _ in raised_as_written()]
    assert as_written > 0.75 * len(texts) > 70
    choose = random.Random(20261127)
    disguised = sum(raised([WAYS[way](text, choose) for text in texts]))
    assert disguised >= as_written - MOST_LOST[way] * len(texts)


def test_what_is_raised_alone_is_raised_inside_fifty_thousand_characters() -> None:
    texts = [text for text, is_raised in raised_as_written() if is_raised][:4:2]
    assert all(len(inside_a_long_text(text)) > 50_000 for text in texts)
    assert raised([inside_a_long_text(text) for text in texts]) == [True, True]


SAID = [
    ("I want to {}.", "I do not want to {}."),
    ("I am going to {} tonight.", "I am not going to {} tonight."),
    ("I think about wanting to {}.", "I never think about wanting to {}."),
    ("The patient says he wants to {}.", "The patient denies that he wants to {}."),
]
DEEDS = ("die", "kill myself", "end my life", "hurt myself", "cut myself", "kill him", "overdose")


@given(st.sampled_from(list(product(SAID, DEEDS))))
@settings(deadline=None)
def test_negating_a_present_statement_changes_its_status(pair: tuple[tuple[str, str], str]) -> None:
    (says, denies), deed = pair
    present = read_risk(says.format(deed), rules_only=True)
    assert present.present, says.format(deed)
    denied = read_risk(denies.format(deed), rules_only=True)
    assert not denied.present and {signal.status for signal in denied.signals} == {SignalStatus.NEGATED}


TURNS = (
    "I want to kill myself.",
    "My garden is doing well this year.",
    "Last night I cut myself with a razor.",
    "We watched the football with the neighbours.",
    "The bus was late again on Monday.",
)


def found_by_rules(turns: tuple[str, ...]) -> set[tuple[str, str]]:
    """Each present signal's kind and the words it points to."""
    text = "\n".join(turns)
    return {(s.kind, text[s.start : s.end]) for s in read_risk(text, rules_only=True).present}


UNRELATED = ("The bus was late.", "My garden is nice this year.", "We spoke about work.", "Lunch was soup.")


@pytest.mark.parametrize("put", ["{0} {1}", "{1} {0}", "{1} {0} {2}"], ids=["after", "before", "both"])
def test_an_unrelated_sentence_takes_hardly_any_flag_away(put: str) -> None:
    """Never a rule's; of the network's, which judges what sentences say together, at most three in a hundred."""
    found = [text for text, is_raised in raised_as_written() if is_raised]
    beside = [put.format(text, UNRELATED[at % 4], UNRELATED[(at + 1) % 4]) for at, text in enumerate(found)]
    assert raised(beside).count(False) <= 0.03 * len(found)
    by_rule = [at for at, text in enumerate(found) if read_risk(text, rules_only=True).present]
    assert len(by_rule) > 10
    assert all(read_risk(beside[at], rules_only=True).present for at in by_rule)


def test_order_of_turns_does_not_change_what_the_rules_point_to() -> None:
    found = {frozenset(found_by_rules(order)) for order in permutations(TURNS)}
    assert len(found) == 1 and len(next(iter(found))) == 2


def test_order_of_turns_does_not_change_what_the_classifier_points_to() -> None:
    """Its spans are whole sentences of one turn, wherever the turn stands."""
    told = [
        text
        for text, is_raised in raised_as_written()
        if is_raised and len(sentence_spans(text)) == 1 and not read_risk(text, rules_only=True).signals
    ][:2]
    assert len(told) == 2
    for turn in told:
        for order in list(permutations((turn, TURNS[1], TURNS[3], TURNS[4])))[::3]:
            text = "\n".join(order)
            signals = [signal for signal in read_risk(text).present if signal.raised_by == "classifier"]
            assert {text[signal.start : signal.end] for signal in signals} == {turn}, order
