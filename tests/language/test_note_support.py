"""Is a sentence refused when it says a number, name, negation, medicine or date that its sources do not say?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.note_masking import MASK, masked, names_in
from language.note_support import Unsupported, supported
from language.note_values import Role, Turn

SOURCE = (
    "I've been taking sertraline, fifty milligrams, since last week, and I sleep two hours with my sister Megan there"
)


@pytest.mark.parametrize(
    ("sentence", "sources", "lacking"),
    [
        ("The patient sleeps 2 hours.", ["I sleep two hours"], set()),
        ("The patient sleeps 3 hours.", ["I sleep two hours"], {Unsupported.NUMBER}),
        ("The patient takes 50 mg of sertraline.", [SOURCE], set()),
        ("The patient takes 500 mg of sertraline.", [SOURCE], {Unsupported.NUMBER}),
        ("The patient takes fluoxetine.", ["I take sertraline"], {Unsupported.MEDICATION, Unsupported.WORDS}),
        ("The patient takes vortioxetine and sertraline again.", ["I take sertraline again"], {Unsupported.MEDICATION}),
        ("The patient met Anna.", ["I met Megan"], {Unsupported.NAME, Unsupported.WORDS}),
        ("The patient sleeps.", ["I do not sleep"], {Unsupported.NEGATION}),
        ("The patient does not sleep.", ["I sleep"], {Unsupported.NEGATION}),
        ("Denies trouble sleeping.", ["Any trouble sleeping?", "No."], set()),
        ("Reports trouble sleeping.", ["Any trouble sleeping?", "No."], {Unsupported.NEGATION}),
        ("The patient came on Monday.", ["I came on Tuesday"], {Unsupported.DATE, Unsupported.WORDS}),
        ("The patient came last week.", ["I came last month"], {Unsupported.DATE, Unsupported.WORDS}),
        ("The patient came on Mondays.", ["I came on Monday"], set()),
        ("The patient owns a yellow submarine.", ["I slept badly"], {Unsupported.WORDS}),
        ("The patient is 35 years old.", ["I'm thirty-five years old"], set()),
        ("The patient couldn't breathe.", ["I could not breathe"], set()),
    ],
)
def test_sentence_is_supported_only_by_what_was_said(
    sentence: str, sources: list[str], lacking: set[Unsupported]
) -> None:
    assert supported(sentence, sources) == lacking


WORDS = st.lists(
    st.sampled_from(["sleep", "work", "walk", "bus", "friend", "morning", "worry", "tired", "mother", "talk"]),
    min_size=1,
    max_size=8,
)


@given(WORDS)
def test_what_was_said_supports_itself(words: list[str]) -> None:
    text = " ".join(words)
    assert not supported(f"The patient reports {text}.", [f"i {text}"])


@given(WORDS, st.integers(min_value=13, max_value=99_999))
def test_number_that_nobody_said_is_refused(words: list[str], number: int) -> None:
    text = " ".join(words)
    assert Unsupported.NUMBER in supported(f"The patient reports {text} {number} times.", [f"i {text}"])


@given(WORDS, st.sampled_from(["not", "never", "no", "without", "cannot"]), st.booleans())
def test_negation_added_or_lost_is_refused(words: list[str], negation: str, added: bool) -> None:
    plain, denied = " ".join(words), f"{negation} {' '.join(words)}"
    sentence, source = (denied, plain) if added else (plain, denied)
    assert Unsupported.NEGATION in supported(f"The patient reports {sentence}.", [f"i {source}"])


@given(WORDS, st.sampled_from(["Zoloft", "olanzapine", "lithium", "Xanax", "temazepam", "escitalopram"]))
def test_medicine_that_nobody_named_is_refused(words: list[str], medicine: str) -> None:
    text = " ".join(words)
    assert Unsupported.MEDICATION in supported(f"The patient reports {text} with {medicine}.", [f"i {text}"])


@given(WORDS, st.sampled_from(["Anna", "Boston", "Dr. Ibarra", "Priya"]))
def test_name_that_nobody_said_is_refused(words: list[str], name: str) -> None:
    text = " ".join(words)
    assert Unsupported.NAME in supported(f"The patient reports {text} with {name}.", [f"i {text}"])


@pytest.mark.parametrize(
    ("said", "drafted", "masked_text"),
    [
        ("my boss, Karen, was annoyed", "Their boss, Karen, was annoyed.", "Their boss was annoyed."),
        ("My sister Megan came", "Megan came with them.", "The patient's sister came with them."),
        ("Dr. Patel raised it", "Dr. Patel raised it.", f"Dr. {MASK} raised it."),
        ("I see Marco there", "The patient sees Marco.", f"The patient sees {MASK}."),
        ("a girl called Xiomara smiled", "A girl called Xiomara smiled.", f"A girl called {MASK} smiled."),
        ("On Monday I went", "The patient went on Monday.", "The patient went on Monday."),
        ("I told Zelda that", "The patient told Zelda that.", f"The patient told {MASK} that."),
        ("And then Zelda laughs", "Zelda laughs.", f"{MASK} laughs."),
        ("My aunt Zoë came", "Zoë came.", "The patient's aunt came."),
        ("I called my neighbor, Junior Hatch", "Hatch came.", "The patient's neighbor came."),
        ("Not my mother. I did", "Not at work.", "Not at work."),
        ("With my sister it's fine", "With them it is fine.", "With them it is fine."),
        ("Nobody said so", "Nobody said so.", "Nobody said so."),
        ("The Bench says no", "The Bench says no.", "The Bench says no."),
        ("I told the doctor Zoloft helps", "Zoloft helps.", "Zoloft helps."),
        ("I called Mom", "The patient called Mom.", "The patient called Mom."),
        ("Work hit me. I hate work", "Work hit them.", "Work hit them."),
    ],
)
def test_third_party_is_masked(said: str, drafted: str, masked_text: str) -> None:
    assert masked(drafted, names_in([Turn("P", Role.PATIENT, said)])) == masked_text


def test_known_name_is_masked_even_misspelt() -> None:
    names = names_in([Turn("P", Role.PATIENT, "then Thorvaldson came")], known=["Ingrid Thorvaldsson"])
    assert masked("Then Thorvaldson came.", names) == f"Then {MASK} came."


def test_name_with_accents_is_found_in_its_source() -> None:
    assert not supported("The patient told José.", ["I told José"])
    assert supported("The patient told Zoë.", ["I told José"])
