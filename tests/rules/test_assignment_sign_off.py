"""When nobody signs an assignment: both sides of every boundary, and each exception by itself."""

from dataclasses import replace
from typing import Any

import pytest

from rules.assignment_sign_off import (
    BY_ITSELF,
    SIGNED,
    WHY_LABELS,
    AssignmentFacts,
    AssignmentPolicy,
    Why,
    assignment_signature,
    because,
)

CLEAR = AssignmentFacts(
    live=True,
    risk_cleared=True,
    risk_raised=False,
    unread=False,
    age=30,
    place_known=True,
    coverage_known=True,
    language_known=True,
    times_named=True,
    times_met=True,
    first_fits=True,
    scores=(0.9, 0.7, 0.5),
    matched_before=False,
    not_approved=False,
    by_hand=False,
    possible_duplicate=False,
    as_proposed=20,
    signed=20,
)
POLICY = AssignmentPolicy()


def test_clear_assignment_at_a_proven_location_goes_by_itself_and_says_by_what() -> None:
    found = assignment_signature(CLEAR, POLICY)
    assert (found.goes_by_itself, found.rule, found.reasons) == (True, BY_ITSELF, ())
    assert found.figures == {
        "fitting": 3, "lead": 0.2, "as_proposed": 20, "signed": 20,
        "last": 20, "approved_at_least": 0.95, "lead_at_least": 0.10, "adult_from": 18,
    }  # fmt: skip
    assert any("20 assignments that were signed here 20" in each for each in because(found.figures))


EXCEPTIONS: list[tuple[dict[str, Any], Why]] = [
    ({"live": False}, Why.LEVEL),
    ({"risk_cleared": False}, Why.RISK_NOT_CLEARED),
    ({"risk_raised": True}, Why.RISK_RAISED),
    ({"unread": True}, Why.UNREAD),
    ({"age": 17}, Why.MINOR),
    ({"age": None}, Why.MINOR),
    ({"place_known": False}, Why.PLACE_UNKNOWN),
    ({"coverage_known": False}, Why.COVERAGE_UNKNOWN),
    ({"language_known": False}, Why.LANGUAGE_UNKNOWN),
    ({"times_named": False, "times_met": False}, Why.TIMES_UNKNOWN),
    ({"times_met": False}, Why.TIMES_NOT_MET),
    ({"first_fits": False}, Why.NOT_FITTING),
    ({"scores": (0.9,)}, Why.ONE_FITS),
    ({"scores": ()}, Why.ONE_FITS),
    ({"scores": (0.9, 0.81)}, Why.CLOSE),
    ({"matched_before": True}, Why.MATCHED_BEFORE),
    ({"not_approved": True}, Why.NOT_APPROVED_BEFORE),
    ({"by_hand": True}, Why.BY_HAND_BEFORE),
    ({"possible_duplicate": True}, Why.POSSIBLE_DUPLICATE),
    ({"signed": 19, "as_proposed": 19}, Why.TOO_FEW_SIGNED),
    ({"as_proposed": 18}, Why.NOT_PROVEN),
]


@pytest.mark.parametrize(("changed", "why"), EXCEPTIONS)
def test_each_exception_alone_is_signed_and_named(changed: dict[str, Any], why: Why) -> None:
    found = assignment_signature(replace(CLEAR, **changed), POLICY)
    assert (found.reasons, found.rule, found.goes_by_itself) == ((why,), SIGNED, False)


def test_every_reason_is_an_exception_that_is_tried_and_has_its_words() -> None:
    assert {why for _, why in EXCEPTIONS} == set(Why) == set(WHY_LABELS)


@pytest.mark.parametrize(
    "changed",
    [
        {"age": 18},
        {"scores": (0.9, 0.8)},
        {"as_proposed": 19},  # 19 of 20 is exactly 95 percent
        {"signed": 20, "as_proposed": 20},
    ],
)
def test_exactly_at_a_boundary_nobody_needs_to_sign(changed: dict[str, Any]) -> None:
    assert assignment_signature(replace(CLEAR, **changed), POLICY).goes_by_itself


def test_practice_sets_its_own_figures() -> None:
    strict = AssignmentPolicy(last=30, approved_at_least=1.0, lead_at_least=0.5, adult_from=21)
    found = assignment_signature(replace(CLEAR, age=20), strict)
    assert found.reasons == (Why.MINOR, Why.CLOSE, Why.TOO_FEW_SIGNED)


@pytest.mark.parametrize(
    "given",
    [{"last": 0}, {"approved_at_least": 1.1}, {"lead_at_least": -0.1}, {"lead_at_least": 2}, {"adult_from": -1}],
)
def test_figures_that_cannot_be_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        AssignmentPolicy(**given)


def test_tie_of_scores_that_differ_by_rounding_alone_is_no_lead() -> None:
    assert Why.CLOSE in assignment_signature(replace(CLEAR, scores=(0.3 + 0.6, 0.9)), POLICY).reasons
