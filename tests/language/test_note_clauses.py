"""What opens as a clause may be reported; what does not is quoted."""

import pytest

from language.note_clauses import opens_as_clause
from language.note_grammar import THEY
from language.note_statements import Style, statements
from language.note_values import Role, Turn


@pytest.mark.parametrize(
    "said",
    [
        "my brother was annoyed with me",
        "my brother, Karl, was annoyed with me",
        "both are true",
        "it used to be worse",
        "when it comes, it goes again",
        "work is fine",
        "peanut butter I can do",
        "this week, one time, you send that sentence",
        "on Tuesday it was a shoe",
        "each time you leave, the fear drops",
        "before, in the summer, it was about six",
        "sleep has been bad",
        "people always talk",
        "what I want is quiet",
        "my brothers fight",
    ],
)
def test_clause_is_known_by_who_does_what(said: str) -> None:
    assert opens_as_clause(said)


@pytest.mark.parametrize(
    "said",
    [
        "tired of it all, but no",
        "two things, and tell me if it is too much",
        "something to eat in the car",
        "when it comes, tell me",
        "funny, it is only a bit of paper",
        "the review, I suppose",
        "relieved, and then furious that I am relieved",
        "no falls",
        "a tremble in the hands in the mornings",
        "half a tablet at night to start, then none",
        "see her after class",
        "let me say what I hear",
        "what it is like",
        "something he needs",
        "do not do the voice",
        "bad day, bad night, wanted to die",
        "in May, the wedding",
        "a can of beer, and then sleep",
        "because I have to sign it",
        "since I lost my job in March",
        "a great deal about medicines",
        "to sleep, not to harm myself",
        "before we do anything with that, tell me about him",
    ],
)
def test_fragment_and_command_are_no_clause(said: str) -> None:
    assert not opens_as_clause(said)


@pytest.mark.parametrize(
    ("role", "said", "statement"),
    [
        (Role.PATIENT, "Relieved, then furious that I was.", 'The patient said, "Relieved, then furious that I was."'),
        (Role.PATIENT, "Cut myself.", 'The patient said, "Cut myself."'),
        (Role.PATIENT, "Overdosed again.", 'The patient said, "Overdosed again."'),
        (Role.PATIENT, "Bad day, wanted to die.", 'The patient said, "Bad day, wanted to die."'),
        (Role.PATIENT, "I nonetheless go.", "The patient nonetheless goes."),
        (Role.PATIENT, "My boss, Karl, was annoyed.", "The patient reports that their boss, Karl, was annoyed."),
        (Role.PATIENT, "Because I have to sign it.", 'The patient said, "Because I have to sign it."'),
        (Role.PATIENT, "When I was ten, I moved.", "When the patient was ten, they moved."),
        (Role.CLINICIAN, "One of you goes quiet.", 'The clinician said, "One of you goes quiet."'),
        (Role.CLINICIAN, "It sounds like a toy he likes.", "The clinician said that it sounds like a toy he likes."),
        (Role.CLINICIAN, "It sounds like it hurts.", "The clinician reflected that it hurts."),
        (Role.CLINICIAN, "He's told me about it.", "The clinician said that he has told the clinician about it."),
        (Role.PATIENT, "I push until it's done.", "The patient pushes until it is done."),
        (Role.PATIENT, "I eat it, 'cause who knows.", "The patient eats it, because who knows."),
        (Role.PATIENT, 'I had to redo it all."', "The patient had to redo it all."),
        (Role.PATIENT, "I am, it, - we fought.", 'The patient said, "I am, it, - we fought."'),
        (Role.PATIENT, "I confess that I took it twice.", "The patient confesses that they took it twice."),
        (Role.CLINICIAN, "Something to eat before you go.", 'The clinician said, "Something to eat before you go."'),
        (Role.CLINICIAN, "The plan is five minutes of it.", "The clinician said that the plan is 5 minutes of it."),
    ],
)  # fmt: skip
def test_only_a_clause_is_reported_in_a_therapy_note(role: Role, said: str, statement: str) -> None:
    made = statements([Turn("X", role, said)], Style(THEY, visit=False)).kept
    assert [one.text for one in made] == [statement]


def test_question_of_no_words_is_not_quoted() -> None:
    turns = [Turn("C", Role.CLINICIAN, "Yeah?"), Turn("P", Role.PATIENT, "Tell them I will be late.")]
    assert not any('"?' in one.text for one in statements(turns, Style(THEY, visit=False)).kept)
