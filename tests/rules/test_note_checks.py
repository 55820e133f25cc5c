"""What a note lacks for medical necessity, and what keeps it from being signed."""

import pytest

from models.note_codes import FlagAction, NoteTopic
from models.note_content import FlagAnswer, NoteSentence
from rules.note_checks import (
    LONGEST_SENTENCE,
    SOURCES,
    UNMEASURED_GOAL,
    UNNAMED_INTERVENTION,
    NecessityElement,
    blocks_signature,
    lacking,
    necessity,
    tells_impairment,
)

SECTIONS = ("Subjective", "Objective", "Assessment", "Plan")
WHOLE = (
    ("concern", "Subjective", "The patient reports panic attacks and was late for work twice."),
    ("intervention", "Objective", "The clinician taught slow breathing."),
    ("response", "Assessment", "The patient felt calmer afterwards."),
    ("goal", "Assessment", "Riding the bus is easier than in October: progress toward the goal."),
    ("plan", "Plan", "The patient will ride the bus on three days."),
)


def sentence(text: str, topic: str = "", section: str = "Subjective", id: str = "s1") -> NoteSentence:
    return NoteSentence(id, topic, section, text)


def whole_note() -> list[NoteSentence]:
    return [sentence(text, topic, section, f"s{n}") for n, (topic, section, text) in enumerate(WHOLE)]


def met(element: NecessityElement, *sentences: NoteSentence) -> bool:
    return next(finding.met for finding in necessity(sentences, ["F41.0"]) if finding.element is element)


def test_whole_note_lacks_nothing() -> None:
    findings = necessity(whole_note(), ["F41.0"])
    assert [finding.element for finding in findings] == list(NecessityElement)
    assert lacking(findings) == ()


@pytest.mark.parametrize(
    ("without", "lacks"),
    [
        ("concern", {NecessityElement.SYMPTOMS, NecessityElement.IMPAIRMENT}),
        ("intervention", {NecessityElement.INTERVENTION}),
        ("response", {NecessityElement.RESPONSE}),
        ("goal", {NecessityElement.PROGRESS}),
        ("plan", {NecessityElement.PLAN}),
    ],
)
def test_note_without_a_part_lacks_its_element(without: str, lacks: set[NecessityElement]) -> None:
    note = [each for each in whole_note() if each.topic != without]
    missing = lacking(necessity(note, ["F41.0"]))
    assert {finding.element for finding in missing} == lacks
    assert all(finding.reason and finding.source == SOURCES[finding.element] for finding in missing)


def test_note_without_a_diagnosis_lacks_it() -> None:
    assert [finding.element for finding in lacking(necessity(whole_note(), []))] == [NecessityElement.DIAGNOSIS]


def test_empty_note_lacks_everything() -> None:
    assert len(lacking(necessity([], []))) == len(NecessityElement)


@pytest.mark.parametrize(
    ("text", "impaired"),
    [
        ("The patient was late for work on Monday.", True),
        ("The patient cannot concentrate at her job.", True),
        ("The patient can\u2019t sleep.", True),
        ("The patient missed three days of school.", True),
        ("The patient skips dinner most days.", True),
        ("The patient skips the news most days.", False),
        ("The patient had a fight with his wife.", True),
        ("The patient avoids the cafeteria.", True),
        ("The patient no longer sees her friends.", True),
        ("The patient stopped showering every day.", True),
        ("The patient is housebound.", True),
        ("The patient sleeps four hours a night.", True),
        ("The patient sleeps eight hours a night.", False),
        ("The patient works in an office.", False),
        ("The patient goes to work every day.", False),
        ("The patient has no trouble sleeping.", False),
        ("The patient does not have any difficulty at work.", False),
        ("The patient denies problems with sleep or trouble at work.", False),
        ("The patient denies side effects but struggles at work.", True),
        ("The patient has not missed work.", False),
        ("The patient is no longer avoiding family dinners.", False),
        ("The patient misses her mother.", False),
        ("The patient is sad.", False),
        ("", False),
    ],
)
def test_impairment_is_a_part_of_life_that_is_harder(text: str, impaired: bool) -> None:
    assert tells_impairment(text) is impaired


@pytest.mark.parametrize(
    ("element", "topic", "text", "shown"),
    [
        (NecessityElement.SYMPTOMS, "concern", "The patient reports panic.", True),
        (NecessityElement.SYMPTOMS, "concern", "The patient denies panic.", False),
        (NecessityElement.SYMPTOMS, "concern", "The patient has a number on the fridge.", False),
        (NecessityElement.SYMPTOMS, "plan", "The patient will note each panic attack.", False),
        (NecessityElement.SYMPTOMS, "", "Panic was not assessed.", False),
        (NecessityElement.IMPAIRMENT, "history", "The patient lost her job.", True),
        (NecessityElement.IMPAIRMENT, "goal", "The patient wants to stop avoiding work.", False),
        (NecessityElement.INTERVENTION, "intervention", "The clinician did a role play.", True),
        (NecessityElement.INTERVENTION, "intervention", "The clinician asked about the week.", False),
        (NecessityElement.INTERVENTION, "", "Used cognitive restructuring.", True),
        (NecessityElement.INTERVENTION, "", "Her husband is supportive.", False),
        (NecessityElement.INTERVENTION, "concern", "The patient tried breathing.", False),
        (NecessityElement.INTERVENTION, "intervention", "ACT exercise on values.", True),
        (NecessityElement.INTERVENTION, "intervention", "The clinician asked how to act.", False),
        (NecessityElement.RESPONSE, "response", "The patient nodded.", True),
        (NecessityElement.RESPONSE, "", "Was receptive to the idea.", True),
        (NecessityElement.RESPONSE, "plan", "Was receptive to the idea.", False),
        (NecessityElement.PROGRESS, "goal", "Two of three weekly walks: improved.", True),
        (NecessityElement.PROGRESS, "goal", "The goal is to improve sleep.", False),
        (NecessityElement.PROGRESS, "response", "Mood is unchanged.", True),
        (NecessityElement.PROGRESS, "concern", "It feels better than nothing.", False),
        (NecessityElement.PROGRESS, "concern", "She is sleeping better.", True),
        (NecessityElement.PROGRESS, "plan", "Progress will be measured.", False),
        (NecessityElement.PLAN, "plan", "Thursday at ten.", True),
        (NecessityElement.PLAN, "", "Continue weekly sessions.", True),
        (NecessityElement.PLAN, "history", "Took classes weekly.", False),
    ],
)
def test_element_is_shown_by_topic_and_words(element: NecessityElement, topic: str, text: str, shown: bool) -> None:
    assert met(element, sentence(text, topic)) is shown


def test_finding_names_the_sentences_that_show_it() -> None:
    note = [sentence("Works.", "concern", id="a"), sentence("Late for work.", "concern", id="b")]
    by_element = {finding.element: finding for finding in necessity(note, [])}
    assert by_element[NecessityElement.IMPAIRMENT].sentence_ids == ("b",)
    assert by_element[NecessityElement.PLAN].sentence_ids == ()


def test_what_is_there_but_unnamed_gets_its_own_reason() -> None:
    note = [sentence("The clinician asked.", "intervention", id="a"), sentence("To ride a bus.", "goal", id="b")]
    reasons = {finding.element: finding.reason for finding in necessity(note, [])}
    assert reasons[NecessityElement.INTERVENTION] == UNNAMED_INTERVENTION
    assert reasons[NecessityElement.PROGRESS] == UNMEASURED_GOAL


def blocked(note: list[NoteSentence], **more) -> list[str]:
    return [block.field for block in blocks_signature(note, SECTIONS, **more)]


def test_whole_note_without_flags_may_be_signed() -> None:
    assert blocked(whole_note()) == []


@pytest.mark.parametrize("action", list(FlagAction))
def test_flag_is_addressed_by_any_action(action: FlagAction) -> None:
    assert action.label
    assert blocked(whole_note(), flags=[FlagAnswer("f1", action)]) == []


def test_every_flag_without_an_action_blocks() -> None:
    flags = [FlagAnswer("f1"), FlagAnswer("f2", FlagAction.HISTORICAL), FlagAnswer("f3", None, "talked about it")]
    assert blocked(whole_note(), flags=flags) == ["flag:f1", "flag:f3"]


@pytest.mark.parametrize("note", [[], [sentence(" \n", section="Plan")]])
def test_empty_note_blocks_even_where_everything_is_marked(note: list[NoteSentence]) -> None:
    assert "note" in blocked(note, nothing_to_add=SECTIONS)


def test_section_needs_a_sentence_or_a_mark() -> None:
    note = [each for each in whole_note() if each.section != "Plan"]
    assert blocked(note) == ["section:Plan"]
    assert blocked(note, nothing_to_add=["Plan"]) == []


def test_blank_sentence_fills_no_section() -> None:
    note = [each for each in whole_note() if each.section != "Plan"]
    assert blocked([*note, sentence("  ", section="Plan", id="x")]) == ["section:Plan", "sentence:x"]


@pytest.mark.parametrize(("length", "fields"), [(LONGEST_SENTENCE, []), (LONGEST_SENTENCE + 1, ["sentence:x"])])
def test_sentence_may_have_two_thousand_characters(length: int, fields: list[str]) -> None:
    assert blocked([*whole_note(), sentence("a" * length, id="x")]) == fields


def test_sentence_under_a_heading_of_another_format_blocks() -> None:
    assert blocked([*whole_note(), sentence("Something.", section="Behavior", id="x")]) == ["sentence:x"]


def test_reasons_hold_nothing_of_the_note() -> None:
    note = [sentence("marker phrase " * 200, NoteTopic.CONCERN, "Nowhere")]
    said = [block.reason for block in blocks_signature(note, SECTIONS, flags=[FlagAnswer("f1", None, "marker phrase")])]
    said += [finding.reason for finding in necessity(note, [])]
    assert "marker" not in " ".join(said)
