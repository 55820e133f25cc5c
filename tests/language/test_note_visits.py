"""Does the draft of a visit read as such notes do: complaint, systems, problems, sections, who is spoken of?"""

import re

import pytest

from language.note_answers import Statement
from language.note_complaint import complaint
from language.note_corrections import corrected
from language.note_drafting import DraftSentence, NoteDraft, NoteFormat, Role, Turn, draft_note, heard, words_of_a_visit
from language.note_grammar import HE, SHE, THEY, Pronouns, tidy, to_third_person
from language.note_numbers import in_digits
from language.note_passages import as_a_pair
from language.note_problems import problem_and_rest
from language.note_speakers import rightly_named
from language.note_support import numbers, supported
from language.note_systems import by_system, system_of
from language.note_values import Source, Topic
from language.note_visit_sections import visit_section
from language.note_visits import as_written, says_nothing, straight
from language.note_wording import inside_by_pronoun, reported, written

VISIT = (
    Turn("D", Role.CLINICIAN, "Hi Anna, I'm Dr. Miller. Anna is a 50-year-old female who is here today for knee pain."),
    Turn("P", Role.PATIENT, "I hurt my right knee on Monday. I was playing tennis. I was running to the net."),
    Turn("D", Role.CLINICIAN, "Any fever or shortness of breath?"),
    Turn("P", Role.PATIENT, "No."),
    Turn("D", Role.CLINICIAN, "Your blood pressure today is one twenty eight over eighty eight."),
    Turn("D", Role.CLINICIAN, "On your heart exam I hear a two out of six systolic ejection murmur."),
    Turn("D", Role.CLINICIAN, "For your first problem, your knee pain, I want to order an MRI of the knee."),
    Turn("D", Role.CLINICIAN, "For your second problem, your hypertension, I'm going to increase your lisinopril to 40 milligrams a day."),
    Turn("D", Role.CLINICIAN, "Please come back and see me in two weeks, and call me if it gets worse."),
)  # fmt: skip


@pytest.fixture(scope="module")
def draft() -> NoteDraft:
    return draft_note(VISIT, NoteFormat.VISIT, SHE)


def of(draft: NoteDraft, section: str) -> list[tuple[str, str]]:
    return [(each.label, each.text) for each in draft.sentences if each.section == section]


def test_visit_has_its_parts_where_a_reader_looks(draft: NoteDraft) -> None:
    assert of(draft, "Chief complaint") == [("", "Knee pain.")]
    assert ("Constitutional", "Denies fever.") in of(draft, "Review of systems")
    assert ("Respiratory", "Denies shortness of breath.") in of(draft, "Review of systems")
    assert any("128/88" in text for _, text in of(draft, "Vitals"))
    assert [label for label, _ in of(draft, "Physical exam")] == ["Cardiovascular"]
    assert {label for label, _ in of(draft, "Assessment and plan")} >= {"Knee pain", "Hypertension"}
    assert any("weeks" in text for _, text in of(draft, "Instructions"))


def test_visit_sentences_are_all_supported_without_their_labels(draft: NoteDraft) -> None:
    assert draft.sentences
    for each in draft.sentences:
        assert not supported(each.text, heard(each.sources, VISIT)), each
        assert each.label not in each.text or each.label == ""


def test_visit_names_problem_once_and_not_again_in_the_sentence(draft: NoteDraft) -> None:
    text = draft.text()
    assert re.search(r"^Hypertension: .*increase (?:the patient's|her) lisinopril to 40 mg", text, re.M)
    assert "problem" not in text


def test_visit_speaks_of_the_patient_as_the_record_does(draft: NoteDraft) -> None:
    history = " ".join(text for _, text in of(draft, "History of present illness"))
    assert "The patient reports she " in history
    assert "hurt her right knee on Monday and was playing tennis" in history
    assert "I am dr" not in draft.text().lower()


def test_text_of_a_draft_writes_a_label_once_in_a_row() -> None:
    said = [("Skin", "Denies rash."), ("Skin", "Denies itching."), ("", "Denies that."), ("Skin", "Denies hives.")]
    sentences = tuple(DraftSentence("Review of systems", text, (), Topic.CONCERN, label) for label, text in said)
    lines = NoteDraft(NoteFormat.VISIT, sentences, (), {}, "").text().splitlines()
    assert lines[1:] == ["Skin: Denies rash.", "Denies itching.", "Denies that.", "Skin: Denies hives."]


# -- why the patient came


@pytest.mark.parametrize(
    ("role", "said", "expected"),
    [
        (Role.CLINICIAN, "Chief complaint is left arm pain. Hello.", "Left arm pain."),
        (Role.CLINICIAN, "he presents today , uh , for a routine follow-up with me", None),
        (Role.CLINICIAN, "he presents today , uh , for a routine follow-up with chronic conditions .", "Routine follow-up with chronic conditions."),
        (Role.CLINICIAN, "i see that you are experiencing some right foot pain could you tell me what happened", "Right foot pain."),
        (Role.CLINICIAN, "comes in for evaluation of a new right eye twitch karen is accompanied by her father", "New right eye twitch."),
        (Role.CLINICIAN, "I see you hurt your right ankle can you tell me what happened", "Hurt the right ankle."),
        (Role.CLINICIAN, "I see you have been having a good summer.", None),
        (Role.CLINICIAN, "She's here for left leg pain. Right leg pain, right leg pain?", None),
        (Role.CLINICIAN, "You're here for your hip today?", None),
        (Role.PATIENT, "I'm doing alright other than this ankle pain I've been having", "Ankle pain."),
        (Role.PATIENT, "I have a dog and a cat.", None),
        (Role.CLINICIAN, "Have you had chest pain?", None),
        (Role.PATIENT, "My brother came in for chest pain.", None),
        (Role.PATIENT, "I came in for chest pain.", "Chest pain."),
        (Role.PATIENT, "my big toe hurts and it's a little red", "Big toe hurts."),
    ],
)  # fmt: skip
def test_complaint_is_what_is_said_of_it_or_nothing(role: Role, said: str, expected: str | None) -> None:
    made = complaint([Turn("X", role, said)])
    assert (made.text if made else None) == expected
    if made is not None:
        source = made.sources[0]
        assert not supported(made.text, [said[source.start : source.end]])


def test_complaint_said_outright_goes_before_an_earlier_aside() -> None:
    turns = [
        Turn("P", Role.PATIENT, "I have a headache from the parking."),
        Turn("D", Role.CLINICIAN, "He is here today for back pain."),
    ]
    made = complaint(turns)
    assert made is not None and made.text == "Back pain."


# -- who spoke


def exchanged(many: int) -> list[Turn]:
    asks, tells = "Do you feel your knee when you walk?", "I feel my knee when I walk, it wakes me."
    return [Turn("A", Role.PATIENT, asks), Turn("B", Role.CLINICIAN, tells)] * many


def test_exchanged_speakers_are_put_right_only_on_enough_evidence() -> None:
    turns = exchanged(8)
    assert [turn.role for turn in rightly_named(turns)][:2] == [Role.CLINICIAN, Role.PATIENT]
    assert rightly_named(exchanged(2)) == exchanged(2)
    right = list(rightly_named(turns))
    assert rightly_named(right) == right


def test_exchanged_speakers_of_a_therapy_session_are_left_as_they_are() -> None:
    turns = exchanged(8)
    draft = draft_note(turns, NoteFormat.SOAP)
    assert any("clinician" in sentence.text.lower() for sentence in draft.sentences)
    assert not draft.speakers_exchanged


@pytest.mark.parametrize("form", [each for each in NoteFormat if each is not NoteFormat.VISIT])
def test_no_therapy_format_exchanges_speakers(form: NoteFormat) -> None:
    draft = draft_note(exchanged(8), form)
    assert not draft.speakers_exchanged
    by_clinician = [each.text for each in draft.sentences if {source.turn % 2 for source in each.sources} == {1}]
    assert all("clinician" in text.lower() for text in by_clinician), by_clinician


def test_draft_of_a_visit_says_that_speakers_were_exchanged() -> None:
    turns = exchanged(8)
    assert draft_note(turns, NoteFormat.VISIT).speakers_exchanged
    assert not draft_note(rightly_named(turns), NoteFormat.VISIT).speakers_exchanged


# -- body systems


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Denies chest pain, nausea, or vomiting.", [("Cardiovascular", "Denies chest pain."), ("Gastrointestinal", "Denies nausea or vomiting.")]),
        ("Denies fever and chest pain.", [("Constitutional", "Denies fever and chest pain.")]),
        ("Denies nausea or vomiting when she has chest pain.", [("Gastrointestinal", "Denies nausea or vomiting when she has chest pain.")]),
        ("Denies fever or anything unusual.", [("Constitutional", "Denies fever or anything unusual.")]),
        ("Reports cough or fever.", [("Respiratory", "Reports cough or fever.")]),
        ("Denies difficulty swallowing or breathing.", [("Ears, nose, mouth and throat", "Denies difficulty swallowing or breathing.")]),
        ("Denies blood in the urine or stool.", [("Genitourinary", "Denies blood in the urine or stool.")]),
        ("Denies numbness in the arms, legs or feet.", [("Neurological", "Denies numbness in the arms, legs or feet.")]),
        ("Denies new headaches or nausea.", [("Neurological", "Denies new headaches or nausea.")]),
    ],
)  # fmt: skip
def test_denial_is_parted_by_system_only_where_each_part_was_denied(text: str, expected: list[tuple[str, str]]) -> None:
    assert list(by_system(text)) == expected


def test_system_is_the_first_named_and_none_is_guessed() -> None:
    assert system_of("The lungs are clear, and the abdomen is soft.") == "Respiratory"
    assert system_of("She is doing well.") == ""


# -- problems


@pytest.mark.parametrize(
    ("said", "problem", "rest"),
    [
        ("for your second problem, your hypertension, I do not believe it is well controlled", "Hypertension", "I do not believe it is well controlled"),
        ("for your first problem of nicotine dependence first of all I want to start", "Nicotine dependence", "first of all I want to start"),
        ("for your first problem, I think you have an acute lumbar strain.", "Acute lumbar strain", "I think you have an acute lumbar strain."),
        ("for your back pain, stay on the neurontin", "Back pain", "stay on the neurontin"),
        ("in terms of your hyperthyroidism, how are you doing", "", "in terms of your hyperthyroidism, how are you doing"),
        ("for your next visit, I want to see the labs", "", "for your next visit, I want to see the labs"),
    ],
)  # fmt: skip
def test_problem_becomes_a_heading_where_it_is_turned_to(said: str, problem: str, rest: str) -> None:
    assert problem_and_rest(said) == (problem, rest)


# -- sections


@pytest.mark.parametrize(
    ("text", "role", "topic", "section"),
    [
        ("The patient takes metformin 500 mg daily.", Role.PATIENT, Topic.CONCERN, "Medications"),
        ("The patient's mother had breast cancer.", Role.PATIENT, Topic.HISTORY, "Family history"),
        ("The patient smokes a pack a day.", Role.PATIENT, Topic.CONCERN, "Social history"),
        ("She plays with the kids.", Role.PATIENT, Topic.CONCERN, "History of present illness"),
        ("She is allergic to penicillin.", Role.PATIENT, Topic.HISTORY, "Allergies"),
        ("She had a knee replacement.", Role.PATIENT, Topic.HISTORY, "Surgical history"),
        ("The x-ray shows no fracture.", Role.CLINICIAN, Topic.CONCERN, "Results"),
        ("We will order an x-ray.", Role.CLINICIAN, Topic.PLAN, "Assessment and plan"),
        ("We will see the patient back in 2 weeks.", Role.CLINICIAN, Topic.PLAN, "Instructions"),
        ("She is a 50-year-old female here for follow-up in 2 weeks.", Role.CLINICIAN, Topic.PLAN, "History of present illness"),
        ("Blood pressure is 115/75.", Role.CLINICIAN, Topic.CONCERN, "Vitals"),
    ],
)  # fmt: skip
def test_statement_stands_in_the_section_its_words_name(text: str, role: Role, topic: Topic, section: str) -> None:
    assert visit_section(Statement(text, (Source(0, 0, 1),), role, text), topic) == section


# -- what says nothing, and what is said straight


@pytest.mark.parametrize(
    ("text", "role", "empty"),
    [
        ("I am doing okay.", Role.CLINICIAN, True),
        ("I am more of a fall person.", Role.CLINICIAN, True),
        ("I recommend physical therapy.", Role.CLINICIAN, False),
        ("I am concerned.", Role.CLINICIAN, False),
        ("Do anything to loosen up his back.", Role.CLINICIAN, True),
        ("She is going to help the patient get checked out.", Role.CLINICIAN, True),
        ("She got her skin checked out.", Role.PATIENT, False),
        ("He had to try.", Role.PATIENT, True),
        ("The patient feels good.", Role.PATIENT, False),
        ("The patient feels not too good.", Role.PATIENT, False),
        ("It seems to be.", Role.PATIENT, True),
        ("My plan for the patient.", Role.CLINICIAN, True),
        ("Let me know if the patient needs a letter.", Role.CLINICIAN, False),
        ("The patient has back pain.", Role.PATIENT, False),
    ],
)
def test_visit_leaves_out_what_says_nothing(text: str, role: Role, empty: bool) -> None:
    assert says_nothing(text, role) is empty


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("what we are going to do is order an MRI", "we will order an MRI"),
        ("what i would like to do is, i want you to rest", "i want you to rest"),
        ("what we do is something called a transfusion", "what we do is something called a transfusion"),
    ],
)
def test_plan_is_said_straight(said: str, expected: str) -> None:
    assert straight(said) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("treat you with penicillin or, i am sorry, amoxicillin", "treat you with amoxicillin"),
        ("pain in the left or sorry right knee", "pain in the right knee"),
        ("in a couple weeks, or, i am sorry, a couple months", "in a couple months"),
        ("i walked, i am sorry, slowly", "i walked, i am sorry, slowly"),
        ("it was twenty five, i mean, thirty", "it was thirty"),
        ("it was five, i mean, twenty five", "it was twenty five"),
        ("it was thirty five, i mean, six", "it was thirty five, i mean, six"),
        ("it was 120/80, sorry, 130/80", "it was 120/80, sorry, 130/80"),
        ("it was 1.5, i mean, 2", "it was 1.5, i mean, 2"),
        ("it was 4, i mean, 3.5", "it was 4, i mean, 3.5"),
        ("I am all right, i mean left alone", "I am all right, i mean left alone"),
    ],
)
def test_correction_stands_only_where_both_are_of_one_kind(said: str, expected: str) -> None:
    assert corrected(said) == expected


def test_false_start_and_side_survive_tidying_as_they_should() -> None:
    assert tidy("I you have an ulcer") == "you have an ulcer"
    assert tidy("I think you have an ulcer") == "I think you have an ulcer"
    assert tidy("She, I think, was depressed").startswith("She")
    assert tidy("They, I am sure, will hurt me").startswith("They")
    assert tidy("it hurts on the right.").rstrip(".") == "it hurts on the right"
    assert tidy("right knee hurts") == "right knee hurts"
    assert tidy("it started Monday, right?").startswith("it started Monday") and "right" not in tidy("it hurts, right?")


def test_you_after_said_is_the_patient_themselves() -> None:
    assert to_third_person("you said you lift a lot of weights", Role.CLINICIAN, HE) == (
        "The patient said he lifts a lot of weights."
    )


# -- wording


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("one twenty eight over eighty eight", "128/88"),
        ("an a1c of eight point two", "an a1c of 8.2"),
        ("at one point two people came", "at one point two people came"),
        ("in twenty eighteen", "in 2018"),
        ("in twenty thirty minutes", "in twenty thirty minutes"),
        ("one plus edema", "1+ edema"),
        ("two over five weeks", "two over five weeks"),
        ("one thirty over twenty minutes", "one thirty over twenty minutes"),
        ("a dose of eight point two five", "a dose of 8.25"),
        ("eight point oh two", "8.02"),
        ("six point five weeks", "6.5 weeks"),
        ("it was six point five three months ago", "it was 6.5 three months ago"),
        ("nineteen ten people", "nineteen ten people"),
        ("since nineteen ten", "since 1910"),
        ("nineteen oh two", "1902"),
        ("since twenty fifteen", "since 2015"),
    ],
)
def test_numbers_said_in_several_words(said: str, expected: str) -> None:
    assert in_digits(said) == expected


def test_number_said_in_several_words_is_supported_and_another_is_not() -> None:
    assert {"128", "88"} <= numbers("it is one twenty eight over eighty eight")
    said = ["your blood pressure is one twenty eight over eighty eight"]
    assert not supported("The patient's blood pressure is 128/88.", said)
    assert not supported("I hear a 2/6 murmur.", ["I hear a two out of six murmur"])
    assert supported("I hear a murmur on 2/6.", ["I hear two or six murmurs"])
    assert supported("The patient's blood pressure is 138/88.", said)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We will start the patient on lasix.", "We will start her on lasix."),
        ("I think the patient has asthma.", "I think she has asthma."),
        ("We will get the patient started on it.", "We will get her started on it."),
        ("On the patient's exam the lungs are clear.", "On her exam the lungs are clear."),
        ("Her sister told the patient to come.", "Her sister told the patient to come."),
        ("I told the mother the patient has asthma.", "I told the mother the patient has asthma."),
        ("Amy thinks the patient has asthma.", "Amy thinks the patient has asthma."),
    ],
)
def test_patient_inside_a_sentence_by_pronoun_where_nobody_else_can_be_meant(text: str, expected: str) -> None:
    assert inside_by_pronoun(text, SHE) == expected
    assert inside_by_pronoun(text, THEY) == text


def test_account_is_reported_once() -> None:
    assert reported("The patient has pain.", HE) == "The patient reports he has pain."
    assert reported("The patient's knee hurts.", HE) == "The patient's knee hurts."
    assert reported("The patient reports that he has pain.", HE) == "The patient reports that he has pain."


def test_short_sentences_pair_only_with_one_subject() -> None:
    assert as_a_pair("She is tired.", "She sleeps badly.") == "She is tired and sleeps badly."
    assert as_a_pair("She is tired.", "He sleeps badly.") is None
    assert as_a_pair("She is not tired.", "She sleeps badly.") is None
    assert as_a_pair("The patient reports he fell.", "He broke it.") == "The patient reports he fell and broke it."


@pytest.fixture
def in_one_section(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("language.note_drafting.visit_section", lambda one, topic: "History of present illness")


@pytest.mark.usefixtures("in_one_section")
@pytest.mark.parametrize("pronouns", [SHE, HE])
def test_brother_of_the_patient_never_lends_them_his_sentence(pronouns: Pronouns) -> None:
    said = "I have a brother. He broke his arm."
    draft = draft_note([Turn("P", Role.PATIENT, said)], NoteFormat.VISIT, pronouns, most_words=400)
    assert "He broke his arm." in [each.text for each in draft.sentences]


@pytest.mark.usefixtures("in_one_section")
def test_patient_is_named_again_after_somebody_else() -> None:
    said = [
        "We will start you on lasix.",
        "Your sister should come with you.",
        "We will refer you to physical therapy.",
    ]
    turns = [Turn("D", Role.CLINICIAN, each) for each in said]
    with_sister, without = (
        draft_note(those, NoteFormat.VISIT, SHE, most_words=400).text() for those in (turns, turns[::2])
    )
    assert "refer her" in without
    assert "sister" in with_sister and "refer the patient" in with_sister


def test_score_of_two_words_is_the_score_that_was_said() -> None:
    assert not supported("The patient scored 27/30.", ["You scored twenty seven out of thirty"])
    assert not supported("The patient scored 27 out of 30.", ["You scored twenty seven out of thirty"])
    assert supported("The patient scored 28/30.", ["You scored twenty seven out of thirty"])


@pytest.mark.parametrize(
    ("stated", "answer", "never"),
    [
        ("It says here you have diabetes.", "No, I don't.", "has diabetes"),
        ("You are taking lisinopril.", "No, I stopped.", "is taking"),
        ("I see you have diabetes.", "No.", "has diabetes"),
        ("Okay, no fever or chills.", "Yes, I did have a fever.", "No fever"),
    ],
)
def test_what_a_clinician_supposed_and_the_patient_contradicts_is_not_stated(
    stated: str, answer: str, never: str
) -> None:
    turns = [Turn("D", Role.CLINICIAN, stated), Turn("P", Role.PATIENT, answer)]
    assert never not in draft_note(turns, NoteFormat.VISIT, SHE).text()


def test_finding_stands_where_the_patient_is_only_dismayed() -> None:
    turns = [Turn("D", Role.CLINICIAN, "You have a fracture of the wrist."), Turn("P", Role.PATIENT, "Oh no.")]
    assert "fracture" in draft_note(turns, NoteFormat.VISIT, SHE).text()


def test_a_little_bit_of_something() -> None:
    assert written("The patient has a little bit of fluid.") == "The patient has a little fluid."
    assert as_written("We will continue her on metformin we will.") == "We will continue her on metformin."
    assert as_written("On the heart exam it is regular, which is good.") == "On the heart examination it is regular."


def test_note_grows_more_slowly_than_what_was_said() -> None:
    short, long = ([Turn("P", Role.PATIENT, "word " * many)] for many in (600, 1200))
    assert words_of_a_visit(short) < words_of_a_visit(long) < 2 * words_of_a_visit(short)
