"""Between draft and signed note every sentence is kept, edited, moved, dropped or added, and counted once."""

from dataclasses import replace

import pytest

from models.note_codes import SentenceOrigin
from models.note_content import NoteSentence
from rules.note_edits import EditKind, note_edits


def sentence(id: str, text: str = "Sleeps badly.", section: str = "Subjective") -> NoteSentence:
    return NoteSentence(id, "concern", section, text, ((0, 0, 5),))


@pytest.mark.parametrize(
    ("changes", "kind", "changed_section"),
    [
        ({}, EditKind.KEPT, False),
        ({"text": "Sleeps badly"}, EditKind.EDITED, False),
        ({"section": "Objective"}, EditKind.MOVED, True),
        ({"text": "Sleeps well.", "section": "Objective"}, EditKind.EDITED, True),
        ({"origin": SentenceOrigin.EDITED}, EditKind.KEPT, False),
    ],
)
def test_sentence_is_compared_by_text_and_section(changes: dict, kind: EditKind, changed_section: bool) -> None:
    old = sentence("a")
    (edit,) = note_edits([old], [replace(old, **changes)]).edits
    assert (edit.kind, edit.changed_section) == (kind, changed_section)
    assert edit.old is old


def test_note_lists_its_own_order_then_what_was_dropped() -> None:
    draft = [sentence("a"), sentence("b"), sentence("c"), sentence("d")]
    signed = [sentence("d", section="Plan"), sentence("x", "New."), sentence("b", "Sleeps.")]
    result = note_edits(draft, signed)
    assert [(edit.sentence_id, edit.kind.value) for edit in result.edits] == [
        ("d", "moved"),
        ("x", "added"),
        ("b", "edited"),
        ("a", "dropped"),
        ("c", "dropped"),
    ]
    assert result.counts == {
        EditKind.KEPT: 0,
        EditKind.EDITED: 1,
        EditKind.MOVED: 1,
        EditKind.DROPPED: 2,
        EditKind.ADDED: 1,
    }
    assert (result.proposed, result.signed, result.unchanged) == (4, 3, False)


def test_added_and_dropped_sentences_have_one_side() -> None:
    dropped, added = note_edits([sentence("a")], []).edits + note_edits([], [sentence("b")]).edits
    assert (dropped.new, added.old) == (None, None)
    assert not dropped.changed_section


@pytest.mark.parametrize(("draft", "unchanged"), [([sentence("a")], True), ([], False)])
def test_unchanged_note_says_so(draft: list[NoteSentence], unchanged: bool) -> None:
    assert note_edits(draft, [sentence("a")]).unchanged is unchanged


def test_order_within_a_section_is_no_change() -> None:
    assert note_edits([sentence("a"), sentence("b")], [sentence("b"), sentence("a")]).unchanged


def test_two_sentences_with_one_id_are_refused() -> None:
    twice = [sentence("a"), sentence("a", "Other.")]
    for draft, signed in ((twice, []), ([], twice)):
        with pytest.raises(ValueError, match="same id"):
            note_edits(draft, signed)


def test_edits_print_no_words_of_the_note() -> None:
    assert "Sleeps" not in repr(note_edits([sentence("a")], [sentence("a", "Sleeps.")]))
