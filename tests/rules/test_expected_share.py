"""What is a patient asked for at the visit: only what nothing can change before the payer decides?"""

from typing import Any

import pytest

from rules.cost_shares import ExpectedShare, expected_share
from rules.coverage import CoverageStatus as S

COPAY = {"kind": "copay", "cents": 2_500, "in_network": True, "segment": 14}


def share(kind: str, segment: int = 20, **figure: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "cents": None,
        "percent": None,
        "visits": None,
        "in_network": True,
        "segment": segment,
    } | figure


@pytest.mark.parametrize(
    "beside",
    [
        [],
        [share("coinsurance", percent=0)],
        [share("deductible_remaining", cents=0)],
        [share("visits_left", visits=1)],
        [share("out_of_pocket_remaining", cents=2_500)],
        [share("coinsurance", percent=4_000, in_network=False), share("copay", cents=9_000, in_network=False)],
    ],
)
def test_copay_that_nothing_can_change_is_asked_for_with_its_segment(beside: list[dict[str, Any]]):
    found = expected_share(S.ACTIVE_MENTAL_HEALTH, [COPAY, *beside], second_payer=False)
    assert found == ExpectedShare(2_500, 14, "copay")


@pytest.mark.parametrize(
    ("beside", "segment", "why"),
    [
        ([share("coinsurance", percent=2_000)], 20, "coinsurance"),
        ([share("deductible_remaining", cents=1)], 20, "deductible"),
        ([share("visits_left", visits=0)], 20, "no visit is left"),
        ([share("out_of_pocket_remaining", cents=2_499)], 20, "out-of-pocket"),
        ([{"kind": "told_differently", "segment": 16}], None, "different shares"),
    ],
)
def test_what_may_change_the_patients_part_leaves_it_unknown(beside: list[dict[str, Any]], segment: int, why: str):
    found = expected_share(S.ACTIVE_MENTAL_HEALTH, [COPAY, *beside], second_payer=False)
    assert (found.cents, found.segment) == (None, segment) and why in found.reason


@pytest.mark.parametrize("status", [each for each in S if each is not S.ACTIVE_MENTAL_HEALTH])
def test_no_other_answer_says_what_to_ask_for(status: S):
    assert expected_share(status, [COPAY], second_payer=False).cents is None


def test_second_payer_leaves_it_unknown():
    assert expected_share(S.ACTIVE_MENTAL_HEALTH, [COPAY], second_payer=True).cents is None


def test_no_copay_is_not_a_copay_of_nothing():
    assert expected_share(S.ACTIVE_MENTAL_HEALTH, [], second_payer=False).cents is None
    nothing = expected_share(S.ACTIVE_MENTAL_HEALTH, [COPAY | {"cents": 0}], second_payer=False)
    assert nothing == ExpectedShare(0, 14, "copay")
