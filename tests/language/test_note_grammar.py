"""Does what somebody said become a statement about them, in person, number and tense?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.note_answers import polarity, statement_from
from language.note_grammar import HE, SHE, THEY, Pronouns, agreeing, gerund, third_singular, tidy, to_third_person
from language.note_statements import broken
from language.note_utterances import utterances, why_empty
from language.note_values import Dropped, Role, Turn
from language.note_wording import by_pronoun, written


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("um, I, I think I was, you know, really tired", "I think I was really tired"),
        ("So, I usually wake up, okay?", "I usually wake up"),
        ("it was n't too , too bad", "it was not too bad"),
        ("I'm gon na call y- you", "I am going to call you"),
        ("it's been helping", "it has been helping"),
        ("it's worse", "it is worse"),
        ("I'd been drinking", "I had been drinking"),
        ("I'd like that", "I would like that"),
        ("okay , all right .", ""),
    ],
)
def test_tidy_leaves_the_words_that_carry_something(said: str, left: str) -> None:
    assert tidy(said).rstrip(".") == left


@pytest.mark.parametrize(
    ("said", "written_down"),
    [
        ("I usually wake up and check the clock", "The patient usually wakes up and checks the clock."),
        ("I am scared of my boss and he yells at me", "The patient is scared of their boss and he yells at them."),
        ("I thought I was dying", "The patient thought they were dying."),
        ("I do not sleep", "The patient does not sleep."),
        ("I went to my sister's", "The patient went to their sister's."),
        ("I feel like I am failing", "The patient feels like they are failing."),
        ("I can try that", "The patient can try that."),
        ("my heart was racing", "The patient's heart was racing."),
        ("I blame myself", "The patient blames themselves."),
    ],
)
def test_patient_is_told_of_in_the_third_person(said: str, written_down: str) -> None:
    assert to_third_person(said, Role.PATIENT) == written_down


@pytest.mark.parametrize(
    ("pronouns", "written_down"),
    [
        (THEY, "The patient thinks they were wrong about their sister."),
        (SHE, "The patient thinks she was wrong about her sister."),
        (HE, "The patient thinks he was wrong about his sister."),
    ],
)
def test_verbs_agree_with_the_pronoun(pronouns: Pronouns, written_down: str) -> None:
    assert to_third_person("I think I was wrong about my sister", Role.PATIENT, pronouns) == written_down


@pytest.mark.parametrize(
    ("said", "written_down"),
    [
        ("you are holding your breath", "The patient is holding their breath."),
        ("I would like you to call", "The clinician would like the patient to call."),
        ("it helps you sleep", "It helps the patient sleep."),
        ("you seem a bit weaker", "The patient seems a bit weaker."),
    ],
)
def test_you_of_a_clinician_is_the_patient(said: str, written_down: str) -> None:
    assert to_third_person(said, Role.CLINICIAN) == written_down


def test_you_of_a_patient_is_left_to_the_caller() -> None:
    assert to_third_person("you never know with him", Role.PATIENT) is None


@given(st.text(alphabet=st.characters(codec="ascii", exclude_categories=("Cc",)), max_size=120))
def test_grammar_takes_any_text(text: str) -> None:
    for role in Role:
        to_third_person(tidy(text), role)
    written(tidy(text))


@pytest.mark.parametrize("verb", ["go", "have", "watch", "carry", "play", "sleep", "do"])
def test_third_singular_is_what_agreement_gives(verb: str) -> None:
    assert agreeing(verb, True) == third_singular(verb)
    assert agreeing(verb, False) == verb


@pytest.mark.parametrize(
    ("verb", "form"), [("smoke", "smoking"), ("get", "getting"), ("drink", "drinking"), ("lie", "lying")]
)
def test_gerund_is_spelled_right(verb: str, form: str) -> None:
    assert gerund(verb) == form


@pytest.mark.parametrize(
    ("text", "shorter"),
    [
        ("We will start Lasix 20 milligrams a day.", "We will start Lasix 20 mg daily."),
        ("The patient drinks two beers.", "The patient drinks 2 beers."),
        ("Pain is six out of ten.", "Pain is 6/10."),
        ("They took six hundred milligrams.", "They took 600 mg."),
        ("The patient is thirty-five years old.", "The patient is 35 years old."),
        ("This one helped.", "This one helped."),
        ("The patient is calmer, their shoulders dropped.", "The patient is calmer; their shoulders dropped."),
        ("If it rains, they are sad.", "If it rains, they are sad."),
    ],
)
def test_numbers_and_units_are_written_as_notes_write_them(text: str, shorter: str) -> None:
    assert written(text) == shorter


@pytest.mark.parametrize(
    ("text", "pronouns", "again"),
    [
        ("The patient was late.", THEY, "They were late."),
        ("The patient never sleeps.", THEY, "They never sleep."),
        ("The patient was late.", SHE, "She was late."),
        ("The patient's sleep is poor.", HE, "His sleep is poor."),
        ("Denies headaches.", THEY, "Denies headaches."),
    ],
)
def test_patient_named_before_is_a_pronoun(text: str, pronouns: Pronouns, again: str) -> None:
    assert by_pronoun(text, pronouns) == again


# -- questions and answers


def answered(question: str, answer: str) -> str | None:
    said = utterances([Turn("C", Role.CLINICIAN, question), Turn("P", Role.PATIENT, answer)])
    asked = [one for one in said if one.role is Role.CLINICIAN][-1]
    made = statement_from(asked, [one for one in said if one.role is Role.PATIENT]).statement
    return made.text if made else None


@pytest.mark.parametrize(
    ("question", "answer", "statement"),
    [
        ("Any trouble sleeping?", "Yeah, most nights.", "Reports trouble sleeping most nights."),
        ("Any trouble sleeping?", "No, not really.", "Denies trouble sleeping."),
        ("Do you smoke?", "No.", "Denies smoking."),
        ("Do you smoke?", "Yeah, about a pack a day.", "The patient smokes about a pack a day."),
        ("Are you taking your medication?", "Yes.", "The patient is taking their medication."),
        (
            "Have you had any thoughts of hurting yourself?",
            "No, nothing like that.",
            "Denies thoughts of hurting themselves.",
        ),
        ("Do you want to die?", "No.", "Denies wanting to die."),
        ("Do you feel safe there?", "Yes, I do.", "The patient feels safe there."),
        ("How's your sleep been?", "It's been terrible.", "The patient's sleep has been terrible."),
        ("How often do you drink?", "About twice a week.", "The patient drinks about twice a week."),
        ("When did the panic attacks start?", "About two months ago.", "The panic attacks started about 2 months ago."),
        ("Is it worse at night?", "Yes.", "It is worse at night."),
        ("Any fever, chills, cough?", "No.", "Denies fever, chills, or cough."),
        ("Any thoughts of hurting yourself?", "No. Well, sometimes at night.", None),
        ("Any thoughts of hurting yourself?", "No, but I wish I were dead.", None),
        ("Any thoughts of hurting yourself?", "Not anymore.", None),
        ("You are not sleeping?", "No.", None),
        ("Any trouble sleeping?", "I dreamed of the sea.", None),
    ],
)
def test_question_and_answer_make_a_statement(question: str, answer: str, statement: str | None) -> None:
    assert answered(question, answer) == statement


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("Nope.", False),
        ("um, no", False),
        ("Yes.", True),
        ("Sometimes.", True),
        ("I don't know.", None),
        ("Blue.", None),
    ],
)
def test_polarity_is_read_only_where_it_is_said(answer: str, says: bool | None) -> None:
    assert polarity(answer) is says


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("Hey, dragon, show me the blood pressure.", Dropped.COMMAND),
        ("Take a deep breath.", Dropped.COMMAND),
        ("Good morning, how are you?", Dropped.SMALL_TALK),
        ("Thanks for coming in.", Dropped.SMALL_TALK),
        ("Mm-hmm.", Dropped.EMPTY),
        ("I have not slept since Sunday.", None),
        ("His brother took his own life.", None),
        ("I'll see you on Tuesday at four.", None),
        ("I'll see you then.", Dropped.SMALL_TALK),
        ("I wrote back, thanks for the offer but no.", None),
    ],
)
def test_small_talk_and_commands_are_told_apart_from_content(said: str, reason: Dropped | None) -> None:
    assert next(why_empty(one) for one in utterances([Turn("C", Role.CLINICIAN, said)])) is reason


@pytest.mark.parametrize(
    ("text", "faulty"),
    [
        ("The patient was she has not slept.", True),
        ("Of these medications.", True),
        ("The patient is on the.", True),
        ("The patient was late.", False),
        ('They said, "it is and."', False),
    ],
)
def test_broken_sentence_is_seen(text: str, faulty: bool) -> None:
    assert broken(text) is faulty


def test_clause_with_its_subject_before_its_verb_asks_nothing() -> None:
    said = [one.asks for one in utterances([Turn("P", Role.PATIENT, "When I was in bed it went down. When was that?")])]
    assert said == [False, True]


def test_had_and_would_are_told_apart() -> None:
    assert tidy("I'd kept quiet") == "I had kept quiet"
    assert tidy("I'd need it") == "I would need it"
