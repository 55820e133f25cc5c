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
        ("What are you taking?", "Just Tylenol for my pain.", "MEDICATIONS", ["Tylenol for my pain."]),
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
