"""Which sentences of a note are its clinician's own."""

from typing import Any

import pytest

from rules.note_own_words import own_sentences
from tests.notes import sentence

SAID = ["Well, I sleep about five hours a night, and I don\u2019t like it.", "No."]
DRAFTED = ["Reports sleeping five hours."]


def added(text: str, **given: Any) -> dict[str, Any]:
    return sentence(9, "plan", text, **{"origin": "added", "sources": [], **given})


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Meets again in a week.", True),
        ("About five hours a day of work are too much.", True),  # four words in a row
        ("SLEEP: about five hours a; that is all.", False),  # six, whatever stands between them
        ("Said: \u201cI sleep about five\u201d hours.", False),
        ("I sleep about five", False),  # shorter than a quotation, and said as a whole
        ("I don't like it", False),  # however the apostrophe is typed
        ("Don't like", False),
        ("No", False),
        ("No plan", True),
        ("Not now", True),  # no word that is part of another is meant
        ("Reports sleeping five hours.", False),
        ("The patient reports sleeping five hours at most.", True),
        ("The patient reports sleeping five hours. It is short.", True),
    ],
)
def test_sentence_is_its_clinicians_own_where_it_repeats_nothing(text: str, own: bool) -> None:
    assert bool(own_sentences([added(text)], [*SAID, *DRAFTED])) is own
    assert own_sentences([added(text)], []) == [added(text)]


@pytest.mark.parametrize("given", [{"origin": "drafted"}, {"origin": "edited"}, {"sources": [[0, 0, 4]]}])
def test_sentence_that_was_drafted_or_rests_on_the_transcript_is_not(given: dict[str, Any]) -> None:
    assert own_sentences([added("Meets again in a week.", **given)], []) == []


def test_own_sentences_keep_their_order() -> None:
    both = [added("Second.", id="S-b"), sentence(1, "plan", "Drafted."), added("First.", id="S-a")]
    assert [each["id"] for each in own_sentences(both, SAID)] == ["S-b", "S-a"]
