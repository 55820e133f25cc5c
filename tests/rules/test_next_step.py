"""Which step is automated next, and why the others are not: both sides of every boundary."""

from dataclasses import replace

import pytest

from models.automated_steps import Scale
from rules.next_step import FEWEST, Candidate, judge, ranked

FIT = Candidate("post_statement", 12, 4.0, Scale.LOW, Scale.MODERATE, on_record=True, undone_by="a corrected one")


@pytest.mark.parametrize(
    ("changed", "against"),
    [
        ({}, ""),
        ({"kept_by": "a clinician decides"}, "stays with a person: a clinician decides"),
        ({"clinical": Scale.NONE}, ""),
        ({"clinical": Scale.MODERATE}, "its clinical risk is moderate"),
        ({"clinical": Scale.HIGH}, "its clinical risk is high"),
        ({"compliance": Scale.NONE}, ""),
        ({"compliance": Scale.HIGH}, "its compliance complexity is high"),
        ({"on_record": False}, "nothing on record would say what was done"),
        ({"undone_by": ""}, "nobody could put a wrong outcome right"),
        ({"times": FEWEST}, ""),
        ({"times": FEWEST - 1}, "done fewer than 5 times in the period: too few to say"),
        ({"minutes_each": None}, "done fewer than 5 times in the period: too few to say"),
        # the weightiest reason is the one that is given
        ({"kept_by": "the law", "clinical": Scale.HIGH, "times": 0}, "stays with a person: the law"),
        ({"clinical": Scale.HIGH, "compliance": Scale.HIGH}, "its clinical risk is high"),
    ],
)
def test_what_stands_against_a_candidate(changed: dict, against: str):
    assert judge(replace(FIT, **changed)) == against


def test_most_minutes_come_first_then_the_less_risky_then_the_name():
    many = replace(FIT, name="many", times=100, minutes_each=1.0)  # 100 minutes
    longer = replace(FIT, name="longer", times=10, minutes_each=12.0)  # 120
    safer = replace(longer, name="safer", clinical=Scale.NONE)
    alike = replace(safer, name="alike")
    placed = ranked([many, longer, safer, alike])
    assert [(each.place, each.candidate.name) for each in placed] == [
        (1, "alike"), (2, "safer"), (3, "longer"), (4, "many"),
    ]  # fmt: skip
    assert placed[3].reason == (
        "100 minutes in the period, low clinical risk, moderate compliance complexity; put right by: a corrected one"
    )


def test_what_a_person_keeps_never_has_a_place_however_much_it_takes():
    kept = replace(FIT, name="kept", times=10_000, minutes_each=30.0, kept_by="the law")
    [first, last] = ranked([kept, FIT])
    assert (first.candidate, first.place) == (FIT, 1)
    assert (last.candidate, last.place, last.reason) == (kept, None, "stays with a person: the law")
