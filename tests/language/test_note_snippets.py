"""Sections of a visit from snippets of it."""

import pytest

from language.note_drafting import Role, Turn
from language.note_snippets import draft_section


def test_snippet_becomes_a_section_of_its_kind() -> None:
    turns = [Turn("D", Role.CLINICIAN, "Do you smoke?"), Turn("P", Role.PATIENT, "No, never.")]
    assert draft_section(turns, "FAM/SOCHX") == ["Denies smoking."]


@pytest.mark.parametrize(
    ("question", "answer", "header", "section"),
    [
        ("Are you allergic to any medications?", "Nope.", "ALLERGY", ["No known drug allergies."]),
        ("Any past medical history I should be aware of?", "Nope.", "PASTMEDICALHX", ["None."]),
        ("Anybody else sick in your family?", "No.", "FAM/SOCHX", ["Noncontributory."]),
        ("What are you taking?", "Just Tylenol for my pain.", "MEDICATIONS", ["Tylenol for their pain."]),
        ("What are you taking?", "Sorry?", "MEDICATIONS", []),
    ],
)
def test_section_of_bare_answers_names_what_they_name(
    question: str, answer: str, header: str, section: list[str]
) -> None:
    turns = [Turn("D", Role.CLINICIAN, question), Turn("P", Role.PATIENT, answer)]
    assert draft_section(turns, header) == section


def test_section_leaves_out_who_of_the_family_said_it() -> None:
    turns = [Turn("D", Role.CLINICIAN, "What is wrong?"), Turn("G", Role.OTHER, "He has a cough and a fever.")]
    assert draft_section(turns, "GENHX") == ["He has a cough and a fever."]


def section(header: str, *lines: tuple[str, str]) -> list[str]:
    roles = {"D": Role.CLINICIAN, "P": Role.PATIENT, "M": Role.OTHER}
    return draft_section([Turn(who, roles[who], said) for who, said in lines], header)


def test_family_history_names_the_relative_alone() -> None:
    lines = [("D", "Does anyone in your family have cancer?"), ("P", "My mom had breast cancer.")]
    assert section("FAM/SOCHX", *lines) == ["Mother had breast cancer."]


def test_social_history_is_one_sentence_of_the_patient_and_another_of_anybody_else() -> None:
    lines = [("P", "I smoke daily. I have two sons. My brother drinks. I work at night.")]
    told = ["The patient smokes daily; has 2 sons.", "Brother drinks.", "The patient works at night."]
    assert section("FAM/SOCHX", *lines) == told


def test_statement_that_another_says_as_well_or_that_tells_nothing_is_left_out() -> None:
    lines = [("D", "Do you smoke?"), ("P", "Yes, I do. I smoke a pack a day. It is alright. I know.")]
    assert section("FAM/SOCHX", *lines) == ["The patient smokes a pack a day."]


@pytest.mark.parametrize(
    ("remark", "kept"),
    [("It could be anything from diabetes to cancer.", False), ("Your chart shows asthma.", True)],
)
def test_history_keeps_of_a_clinician_what_they_know_of_the_patient(remark: str, kept: bool) -> None:
    told = " ".join(section("PASTMEDICALHX", ("D", remark), ("P", "I have gout.")))
    assert "out" in told and (any(word in told for word in ("asthma", "cancer"))) is kept


def test_denial_with_an_exception_or_of_one_thing_does_not_speak_for_the_section() -> None:
    asked = ("D", "Do you have any allergies besides penicillin?")
    assert section("ALLERGY", asked, ("P", "No.")) == ["Denies allergies besides penicillin."]
    assert section("PASTMEDICALHX", ("D", "Any asthma?"), ("P", "No.")) == ["Denies asthma."]


def test_what_a_relative_noticed_is_theirs() -> None:
    lines = [("M", "Hi, I am her mother. I noticed a rash on Monday. We took my daughter to a clinic.")]
    assert section("GENHX", *lines) == ["The mother noticed a rash on Monday.", "They took the patient to a clinic."]


def test_item_keeps_a_verb_that_has_no_thing_behind_it() -> None:
    assert section("MEDICATIONS", ("P", "I take it daily. I take lithium.")) == ["Takes it daily.", "Lithium."]


@pytest.mark.parametrize(
    ("header", "lines", "nothing"),
    [
        ("PASTSURGICAL", [("D", "Any major surgeries?"), ("P", "Not many, but a stent was put in. Nope.")], False),
        ("PASTSURGICAL", [("D", "Any major surgeries?"), ("P", "Nope."), ("D", "Sure?"), ("P", "Yes.")], True),
        ("FAM/SOCHX", [("D", "Do you use tobacco, cigars?"), ("P", "Never that.")], False),
        ("PROCEDURES", [("D", "Any surgery?"), ("P", "A thyroid removal in June. I had no problems with it.")], False),
    ],
)
def test_section_says_nothing_only_where_all_was_denied(
    header: str, lines: list[tuple[str, str]], nothing: bool
) -> None:
    assert (section(header, *lines) in (["None."], ["Noncontributory."])) is nothing


def test_no_about_another_does_not_take_what_the_patient_has() -> None:
    turns = [
        Turn("P", Role.PATIENT, "I have asthma."),
        Turn("D", Role.CLINICIAN, "Any asthma in your family?"),
        Turn("P", Role.PATIENT, "No."),
    ]
    assert any(
        "asthma" in text.lower() and "denies" not in text.lower() for text in draft_section(turns, "PASTMEDICALHX")
    )
