"""Are sentences cut where a reader would cut them, with offsets into the text?"""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.sentences import MAX_WORDS, sentence_spans


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two!  Three?", ["One.", "Two!", "Three?"]),
        ("Seen by Dr. Example today. Sleeps badly.", ["Seen by Dr. Example today.", "Sleeps badly."]),
        ("PHQ-9 of 12.5 points", ["PHQ-9 of 12.5 points"]),
        ("first line\nsecond line", ["first line", "second line"]),
        ('She said "no." Then she left.', ['She said "no."', "Then she left."]),
        ("...", []),
        ("", []),
    ],
)
def test_sentence_spans_cut_text(text: str, sentences: list[str]) -> None:
    assert [text[start:end] for start, end in sentence_spans(text)] == sentences


def test_sentence_spans_cut_a_run_without_punctuation() -> None:
    assert len(sentence_spans("word " * MAX_WORDS)) == 1
    assert len(sentence_spans("word " * (MAX_WORDS + 1))) == 2


def test_sentence_spans_cut_a_long_run_where_clauses_join() -> None:
    text = "word " * 45 + "and " + "word " * 20
    assert [text[start:end].split()[0] for start, end in sentence_spans(text)] == ["word", "and"]


@given(st.text(max_size=300))
def test_sentence_spans_are_in_order_and_lose_no_word(text: str) -> None:
    spans = sentence_spans(text)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    assert sum(c.isalnum() for start, end in spans for c in text[start:end]) == sum(c.isalnum() for c in text)
