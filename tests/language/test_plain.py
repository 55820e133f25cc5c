"""Disguised and misspelt words become plain, ordinary ones stay, and every character is traced to its origin."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.plain import plain


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("su1c1de", "suicide"),
        ("h0pe is l0st, I am @lone", "hope is lost, I am alone"),
        ("p1ll5 and a kn1fe", "pills and a knife"),
        ("k*ll", "kill"),
        ("k i l l", "kill"),
        ("k.i.l.l", "kill"),
        ("I want to k i l l m y s e l f tonight", "I want to kill myself tonight"),
        ("d i e", "die"),
        ("sucide", "suicide"),
        ("suicdie", "suicide"),
        ("overdsoe", "overdose"),
        ("mysellf", "myself"),
        ("killlll", "kill"),
        ("Sucide is on my mind", "suicide is on my mind"),
        ("OVERDOSEE", "overdose"),
    ],
)
def test_disguised_and_misspelt_words_are_made_plain(written: str, meant: str) -> None:
    assert plain(written).text == meant


@pytest.mark.parametrize(
    "text",
    [
        "A B C D grades, P T S D, and my A 1 C was fine",
        "20mg at 8am on the 4th floor, b12, covid19, mp3, 100k",
        "Killian and Stabler went to Overdosia",
        "Three diets, a jumpy cat and a lively kitten",
        "Shaving before jogging, the joggers tried Aleve near the kiln",
        "I'm s o t i r e d",
        "He said hi! And bye!",
        "My mother's car, the neighbour's dogs, they'd've gone",
        "Ärger über Möbel, niño, façade",
    ],
)
def test_ordinary_words_stay_as_they_are(text: str) -> None:
    assert plain(text).text == text


def test_spans_point_at_what_was_written() -> None:
    written = "Today I want to k i l l m y s e l f, 1 swear"
    made = plain(written)
    at = made.text.index("kill myself")
    start, end = made.span(at, at + len("kill myself"))
    assert written[start:end] == "k i l l m y s e l f"


@given(st.text(alphabet=st.sampled_from("abcdeikloqrsuy 01345@$!*.,'\u2019\n😔É"), max_size=60))
def test_every_plain_character_has_a_place_and_they_keep_their_order(text: str) -> None:
    made = plain(text)
    assert len(made.origin) == len(made.text) + 1 and made.origin[-1] == len(text)
    assert list(made.origin) == sorted(made.origin)
    assert len(made.low) == len(made.text)
    for start in range(len(made.text)):
        first, last = made.span(start, start + 1)
        assert 0 <= first < last <= len(text)


@given(st.text(max_size=80))
def test_plain_text_is_plain_already(text: str) -> None:
    once = plain(text).text
    assert plain(once).text == once
