"""What a question and its answer say together; what they do not say for certain is not composed."""

import re

import pytest

from language.note_drafting import heard
from language.note_grammar import THEY, tidy
from language.note_open_questions import has_verb
from language.note_statements import Style, statements
from language.note_support import supported
from language.note_values import Role, Turn
from language.note_wording import clinical, written


def told(question: str, answer: str, *, visit: bool = True, by: Role = Role.PATIENT) -> list[str]:
    """The supported statements of one question and one answer."""
    turns = [Turn("D", Role.CLINICIAN, question), Turn("P", by, answer)]
    made = statements(turns, Style(THEY, visit)).kept
    return [one.text for one in made if not supported(one.text, heard(one.sources, turns))]


@pytest.mark.parametrize("visit", [True, False])
@pytest.mark.parametrize(
    ("question", "answer", "statement"),
    [
        ("You had asthma as a child, correct?", "Yes.", "The patient had asthma as a child."),
        (
            "So you live with your husband and two kids?",
            "That is right.",
            "The patient lives with their husband and 2 kids.",
        ),
        ("I see here that you take lithium?", "Correct.", "The patient takes lithium."),
        ("So you feel guilty when she cries?", "Yeah.", "The patient feels guilty when she cries."),
        ("So you smoke?", "No.", "Denies smoking."),
    ],
)
def test_what_the_clinician_stated_and_the_patient_confirmed_is_the_patients(
    question: str, answer: str, statement: str, visit: bool
) -> None:
    assert told(question, answer, visit=visit) == [statement]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("You don't have a gun, do you?", "Yes."),
        ("You never drink?", "Right."),
        ("Are you married?", "I was."),
        ("Do you smoke?", "I did."),
        ("You mean the cough?", "Yes."),
    ],
)
def test_what_an_answer_does_not_say_for_certain_is_not_written(question: str, answer: str) -> None:
    assert told(question, answer) == []


@pytest.mark.parametrize(
    ("question", "answer", "statement"),
    [
        ("How old was he?", "Fifty two.", "He was 52."),
        ("How old are your kids?", "Six and nine.", "The patient's kids are six and nine."),
        ("When was the last time you drank?", "Last June.", "The last time the patient drank was last June."),
        ("When did you stop taking it?", "Last month.", "The patient stopped taking it last month."),
        ("How long has this been going on?", "Two weeks.", "This has been going on for 2 weeks."),
        ("Who do you live with?", "Alone.", "The patient lives alone."),
        ("Who do you live with?", "By myself.", "The patient lives by themselves."),
        ("How long have you smoked?", "Thirty years.", "The patient has smoked for 30 years."),
        ("How many kids do you have?", "Two.", "The patient has 2 kids."),
        ("How many kids do you have?", "Two boys and a girl.", "The patient has 2 boys and a girl."),
        ("How many cigarettes do you smoke a day?", "About ten.", "The patient smokes about 10 cigarettes a day."),
        ("How often would you say you exercise?", "Twice a week.", "The patient exercises twice a week."),
        ("Where do you live?", "In Boston.", "The patient lives in Boston."),
        ("Where is the pain?", "In my lower back.", "The pain is in their lower back."),
        ("Who do you live with?", "My wife.", "The patient lives with their wife."),
        ("How bad is the pain?", "Seven out of ten.", "The pain is 7/10."),
        ("What are you taking?", "Just lithium.", "The patient is taking lithium."),
        ("What kind of work do you do?", "Construction.", "Kind of work: construction."),
        ("What do you do for a living?", "Construction.", "For a living: construction."),
        ("What is your occupation?", "Teacher.", "The patient's occupation is teacher."),
        ("What about alcohol?", "Two beers a day.", "Alcohol: 2 beers a day."),
        ("What are you taking?", "Lithium. For my mood.", "The patient is taking lithium for their mood."),
    ],
)  # fmt: skip
def test_bare_answer_is_composed_with_its_question(question: str, answer: str, statement: str) -> None:
    assert told(question, answer) == [statement]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How old was he?", "I am not sure."),
        ("How many kids do you have?", "It depends."),
        ("Where do you live?", "Boston and it is cold."),
        ("What are you taking?", "Sorry?"),
        ("What do you think?", "Nothing."),
        ("How many pills?", "Ten."),
        ("How much do you believe it, right now, out of a hundred?", "Eighty."),
    ],
)
def test_answer_that_is_no_phrase_is_not_composed(question: str, answer: str) -> None:
    assert not any(re.search(r"lives|:| has ", text) for text in told(question, answer))


@pytest.mark.parametrize(
    ("question", "answer", "statements_"),
    [
        ("Do you smoke cigarettes or drink alcohol?", "No.", ["Denies smoking cigarettes or drinking alcohol."]),
        ("Before we begin, have you ever had fits?", "No.", ["Denies fits."]),
        ("How about alcohol, do you drink?", "Yes.", ["The patient drinks."]),
        ("What about alcohol?", "No.", ["Denies alcohol."]),
        ("What about blood in your stool?", "No.", ["Denies blood in their stool."]),
        ("What about suicide?", "No.", []),
        ("How about you?", "No.", []),
        ("Do you have any children?", "Yes.", ["The patient has children."]),
        ("Do you have any children?", "No.", ["The patient has no children."]),
        ("Any allergies I should know about?", "No.", ["Denies allergies."]),
        ("Any surgeries?", "Yes, I had a vasectomy.", ["The patient had a vasectomy."]),
        ("Any headaches?", "Yes, I take lithium.", ["Reports headaches.", "The patient takes lithium."]),
        ("Any fits, falls or fever?", "No.", ["Denies fits, falls or fever."]),
        ("Do you like it?", "Right now it hurts.", ["It hurts."]),
        ("You take it daily.", "No, I don't.", ['The patient said no to "you take it daily".']),
        ("You look thin.", "No, I am fine.", ['The patient said no to "you look thin".', "The patient is fine."]),
    ],
)
def test_answer_says_what_was_asked(question: str, answer: str, statements_: list[str]) -> None:
    assert told(question, answer) == statements_


@pytest.mark.parametrize("leads", ["Before we begin, ", "okay perfect now "])
def test_statement_rests_on_what_was_asked_without_what_leads_to_it(leads: str) -> None:
    turns = [Turn("D", Role.CLINICIAN, f"{leads}have you ever had fits?"), Turn("P", Role.PATIENT, "No.")]
    (made,) = statements(turns, Style(THEY, True)).kept
    assert heard(made.sources, turns) == ["have you ever had fits?", "No."]


@pytest.mark.parametrize("visit", [True, False])
@pytest.mark.parametrize("said", ["You are thinking of killing yourself.", "You want to hurt yourself."])
def test_what_a_clinician_says_of_risk_and_the_patient_denies_is_not_the_patients(said: str, visit: bool) -> None:
    (made,) = told(said, "No.", visit=visit)
    assert made == f'The patient said no to "{said[0].lower()}{said[1:-1]}".'


def test_whole_question_is_the_source_where_nothing_leads_to_it() -> None:
    turns = [Turn("D", Role.CLINICIAN, "Would you say you sleep well, or do you not?"), Turn("P", Role.PATIENT, "No.")]
    for made in statements(turns, Style(THEY, True)).kept:
        assert made.sources[0].start == 0


def test_clause_behind_a_bare_answer_stays_its_own() -> None:
    said = ["Kind of car: a van.", "The truck stopped."]
    assert told("What kind of car was it?", "A van. The truck stopped.") == said


@pytest.mark.parametrize(
    ("said", "verb"), [("Job sites.", False), ("It goes on.", True), ("Weed.", False), ("I used it.", True)]
)
def test_verb_is_known_by_its_form(said: str, verb: bool) -> None:
    assert has_verb(said) is verb


@pytest.mark.parametrize(
    ("question", "answer", "statements_"),
    [
        ("Any fever?", "No.", ["No fever."]),
        ("Does he have a cough?", "Yes.", ["He has a cough."]),
        ("Do you smoke?", "No.", []),
    ],
)
def test_relative_answers_for_the_patient_and_denies_nothing(
    question: str, answer: str, statements_: list[str]
) -> None:
    assert told(question, answer, by=Role.OTHER) == statements_
    assert told(question, answer, by=Role.OTHER, visit=False) == []


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("No swelling.", ["No swelling."]),
        ("No idea.", []),
        ("My dad died of a stroke.", ["The patient's dad died of a stroke."]),
        ("She also suffers from asthma.", ["She also suffers from asthma."]),
        ("It goes into my toes.", ["It goes into the patient's toes."]),
        ("One of them is sick.", ["One of them is sick."]),
        ("I drink one or two beers.", ["The patient drinks 1 or 2 beers."]),
    ],
)
def test_clause_with_a_verb_is_kept(said: str, kept: list[str]) -> None:
    assert told("Okay.", said) == kept


@pytest.mark.parametrize(
    ("said", "tidied"),
    [
        ("I have a U T I now", "I have a UTI now"),
        ("I was given I V drugs", "I was given IV drugs"),
        ("vitamin D I take", "vitamin D I take"),
        ("at eight A M I wake", "at eight AM I wake"),
        ("H I V or S T Ds", "HIV or STDs"),
        ("a C section", "a C section"),
        ("No, sir, I don't.", "No, I do not."),
        ("Do you drink, ma'am?", "Do you drink?"),
        ("a nurse, doctor, and friend", "a nurse, doctor, and friend"),
        ("I miss my mother", "I miss my mother"),
        ("what kind of work is it", "what kind of work is it"),
        ("it is kind of hard", "it is hard"),
    ],
)
def test_spelt_letters_are_a_word_and_forms_of_address_are_none(said: str, tidied: str) -> None:
    assert tidy(said) == tidied


@pytest.mark.parametrize(
    ("said", "year"),
    [
        ("It was in nineteen ninety two", "It was in 1992."),
        ("It was in two thousand and seven", "It was in 2007."),
        ("It was in twenty twelve", "It was in 2012."),
        ("He is nineteen years old", "He is 19 years old."),
        ("In the nineteen nineties", "In the nineteen nineties."),
    ],
)
def test_year_said_in_words_is_written_in_digits_and_supported(said: str, year: str) -> None:
    assert written(said) == year
    assert not supported(year, [said])


@pytest.mark.parametrize(
    ("said", "term"),
    [
        ("Her mom has high blood pressure.", "Her mother has hypertension."),
        ("The patient had their appendix out in 1988.", "The patient had appendectomy in 1988."),
        ("Has a bellyache.", "Has abdominal pain."),
        ('The patient said, "My mom left."', 'The patient said, "My mom left."'),
        ("The blood pressure was high.", "The blood pressure was high."),
    ],
)
def test_clinical_term_stands_only_for_exactly_the_same(said: str, term: str) -> None:
    assert clinical(said) == term
    assert not supported(term, [said])
    assert supported("The patient has hypertension.", ["My blood pressure is low"])
