"""Where each sentence of a note stands, what keeps a note from being signed, which fields its signer writes."""

from typing import Any

import pytest

from models.note_codes import FlagAction
from rules import note_signing
from tests.notes import SENTENCES, flag, note_content, sentence


def against(**given: Any) -> list[str]:
    return [block.field for block in note_signing.against_signing(note_content(**given))]


def test_whole_note_may_be_signed() -> None:
    assert against() == []


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"sentences": []}, "note"),
        ({"sentences": SENTENCES[:3]}, "section:Plan"),
        ({"sentences": [*SENTENCES, sentence(6, "plan", " ")]}, "sentence:S6"),
        ({"sentences": [*SENTENCES, sentence(6, "plan", "x", origin="typed")]}, "note"),
        ({"sentences": [*SENTENCES, sentence(6, "plan", "x", sources=[[1, 5, 2]])]}, "note"),
        ({"flags": [flag()]}, "flag:FL-1"),
        ({"flags": [flag()], "flag_actions": {"FL-1": {"action": "looked_at", "words": ""}}}, "flag:FL-1"),
        ({"flags": [flag()], "flag_actions": {"FL-2": {"action": "historical", "words": ""}}}, "flag:FL-1"),
        ({"flags": [flag(), flag("FL-2")], "flag_actions": {"FL-1": {"action": "escalated"}}}, "flag:FL-2"),
    ],
)
def test_note_is_kept_from_signing_by_the_field_that_lacks(given: dict[str, Any], where: str) -> None:
    assert where in against(**given)


@pytest.mark.parametrize("action", list(FlagAction))
def test_every_answer_to_a_flag_lets_the_note_be_signed(action: FlagAction) -> None:
    assert against(flags=[flag()], flag_actions={"FL-1": {"action": action.value, "words": ""}}) == []


def test_heading_marked_as_having_nothing_may_be_empty() -> None:
    without = [each for each in SENTENCES if each["topic"] != "plan"]
    assert against(sentences=without) == ["section:Plan"]
    assert against(sentences=without, nothing_to_add=["Plan"]) == []


@pytest.mark.parametrize(
    ("count", "said"), [(note_signing.MOST_SENTENCES, []), (note_signing.MOST_SENTENCES + 1, ["note"])]
)
def test_note_has_at_most_so_many_sentences(count: int, said: list[str]) -> None:
    more = [sentence(number, "plan", "One more.") for number in range(10, 10 + count - len(SENTENCES))]
    assert against(sentences=[*SENTENCES, *more]) == said


def test_sentence_stands_where_the_present_format_has_its_subject() -> None:
    placed = note_signing.settled(note_content(format="DAP"))
    assert [each["section"] for each in placed["sentences"]] == ["Data", "Data", "Data", "Data", "Plan"]
    back = note_signing.settled({**placed, "format": "SOAP"})
    assert back["sentences"] == SENTENCES


def test_subject_that_no_heading_has_stands_under_the_first() -> None:
    assert note_signing.section_of(note_content(), "") == "Subjective"


def test_mark_of_a_heading_that_the_format_lacks_is_not_signed() -> None:
    assert note_signing.settled(note_content(nothing_to_add=["Data", "Plan"]))["nothing_to_add"] == ["Plan"]


def test_note_reads_by_heading_with_the_empty_ones() -> None:
    read = note_signing.by_section(note_content(sentences=SENTENCES[:2]))
    assert {title: [each.id for each in own] for title, own in read.items()} == {
        "Subjective": ["S1", "S2"],
        "Objective": [],
        "Assessment": [],
        "Plan": [],
    }


def test_answer_to_a_flag_that_is_not_there_is_found() -> None:
    answers = {"FL-1": {"action": "historical"}, "FL-9": {"action": "historical"}}
    assert note_signing.unknown_flags(note_content(flags=[flag()], flag_actions=answers)) == ["FL-9"]


def test_signer_writes_nothing_of_what_was_proposed_and_from_what() -> None:
    proposed = {"case", "draft", "drafted_by", "transcript", "permission", "consents", "flags", "templates", "dropped"}
    assert not note_signing.NOTE_FIELDS & proposed
    assert set(note_content()) >= note_signing.NOTE_FIELDS


@pytest.mark.parametrize(
    ("listed", "more"),
    [
        ({"SOAP": ["sleep"], "DAP": []}, False),
        ({"SOAP": [], "DAP": []}, False),
        ({"SOAP": ["sleep", "mood"], "DAP": []}, True),
        ({"SOAP": [], "DAP": ["sleep"]}, True),
        ({"SOAP": []}, True),
    ],
)
def test_note_lists_no_more_as_not_assessed_than_its_draft(listed: dict[str, list[str]], more: bool) -> None:
    assert note_signing.lists_more(note_content(), note_content(not_assessed=listed)) is more
