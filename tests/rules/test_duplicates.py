"""Same person, another person, or a question for a person."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.duplicates import Agreement, DuplicateVerdict, PersonFacts, compare, normalise_name

BORN = date(1990, 3, 14)
KNOWN = PersonFacts("P-1", "Maria José", "García-López", BORN, "+15035550101", "mjg@example.org")
NEW, DUPLICATE, AMBIGUOUS = DuplicateVerdict.NEW, DuplicateVerdict.DUPLICATE, DuplicateVerdict.AMBIGUOUS


@pytest.mark.parametrize(
    ("given_name", "family_name", "normal"),
    [
        ("Maria José", "García-López", "maria jose garcia lopez"),
        ("MARIA JOSE", "GARCIA LOPEZ", "maria jose garcia lopez"),
        ("  Ann ", " O'Brien ", "ann obrien"),
        ("Ann", "O\u2019Brien", "ann obrien"),
        ("Søren", "Łukasz", "soren lukasz"),
        ("Jürgen", "Weiß", "jurgen weiss"),
        ("Lee", "Park Jr.", "lee park jr"),
        ("", "", ""),
        ("明", "李", "明 李"),
    ],
)
def test_name_is_compared_without_accents_case_or_punctuation(given_name: str, family_name: str, normal: str) -> None:
    assert normalise_name(given_name, family_name) == normal


@given(st.text(max_size=30), st.text(max_size=30))
def test_normal_name_stays_as_it_is_when_normalised_again(given_name: str, family_name: str) -> None:
    once = normalise_name(given_name, family_name)
    assert normalise_name(once, "") == once


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, DUPLICATE),
        ({"given_name": "MARIA JOSE", "family_name": "Garcia Lopez"}, DUPLICATE),
        ({"phone": None}, DUPLICATE),
        ({"email": None}, DUPLICATE),
        ({"email": "MJG@Example.org ", "phone": "+15035550199"}, DUPLICATE),
        ({"phone": "+15035550199", "email": "other@example.org"}, AMBIGUOUS),
        ({"phone": None, "email": None}, AMBIGUOUS),
        ({"given_name": "Ana"}, AMBIGUOUS),
        ({"birth_date": date(1990, 3, 15)}, AMBIGUOUS),
        ({"birth_date": None}, AMBIGUOUS),
        ({"birth_date": None, "phone": None, "email": None}, NEW),
        ({"birth_date": date(1990, 3, 15), "phone": None, "email": "x@example.org"}, NEW),
        ({"given_name": "Ana", "phone": None, "email": None}, NEW),
        ({"given_name": "Ana", "birth_date": date(2012, 1, 1)}, NEW),
        ({"given_name": "", "family_name": ""}, AMBIGUOUS),
    ],
)
def test_verdict_by_how_many_of_three_agree(changes: dict, verdict: DuplicateVerdict) -> None:
    finding = compare(replace(KNOWN, person_id="P-2", **changes), [KNOWN])
    assert finding.verdict is verdict
    assert finding.reasons


def test_absent_facts_never_agree() -> None:
    bare = PersonFacts("P-2", "", "", None)
    assert compare(replace(bare, person_id="P-3"), [bare]).verdict is NEW


def test_twins_are_a_question_never_a_duplicate() -> None:
    twin = replace(KNOWN, person_id="P-2", given_name="Lucia")
    finding = compare(twin, [KNOWN])
    assert finding.verdict is AMBIGUOUS
    assert finding.matches[0].agrees == (Agreement.BIRTH_DATE, Agreement.PHONE, Agreement.EMAIL)


def test_second_referral_of_a_twin_finds_the_right_one() -> None:
    twin = replace(KNOWN, person_id="P-2", given_name="Lucia")
    finding = compare(replace(twin, person_id="P-3"), [KNOWN, twin])
    assert finding.verdict is DUPLICATE
    assert [match.person_id for match in finding.matches] == ["P-2", "P-1"]


def test_agreement_with_several_known_people_is_a_question() -> None:
    again = replace(KNOWN, person_id="P-2")
    finding = compare(replace(KNOWN, person_id="P-3"), [again, KNOWN])
    assert finding.verdict is AMBIGUOUS
    assert [match.person_id for match in finding.matches] == ["P-1", "P-2"]


def test_nobody_known_is_new() -> None:
    assert compare(KNOWN, []).verdict is NEW


def test_neither_facts_nor_finding_show_the_person() -> None:
    printed = repr(KNOWN) + repr(compare(replace(KNOWN, person_id="P-2"), [KNOWN]))
    assert not any(fact in printed for fact in ("Maria", "Garc", "1990", "555", "example.org"))
