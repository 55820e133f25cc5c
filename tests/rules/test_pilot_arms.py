"""Arms: the same for ever, even in number, computed again by anybody, and no unit is left without one."""

import hashlib

import pytest

from models.pilot_codes import Arm
from rules import pilot_arms

UNITS = [f"PT-{number:05d}" for number in range(4000)]


def arms(pilot: str = "PI-1", place: str = "LOC-1", share: float = 0.5) -> dict[str, Arm]:
    return {unit: pilot_arms.arm_of("IN-1", pilot, place, unit, share) for unit in UNITS}


def test_arm_is_what_anybody_computes_from_the_ids() -> None:
    spelled = "IN-1\x1fPI-1\x1fLOC-1\x1fPT-00007"
    fraction = int(hashlib.sha256(spelled.encode()).hexdigest()[:16], 16) / 2**64
    assert pilot_arms.fraction_of("IN-1", "PI-1", "LOC-1", "PT-00007") == fraction
    assert pilot_arms.arm_of("IN-1", "PI-1", "LOC-1", "PT-00007", 0.5) == (Arm.B if fraction < 0.5 else Arm.A)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 0.95])
def test_share_of_the_units_is_in_the_new_arm(share: float) -> None:
    in_b = sum(arm == Arm.B for arm in arms(share=share).values())
    # four standard deviations of a fair draw
    assert abs(in_b - share * len(UNITS)) < 4 * (len(UNITS) * share * (1 - share)) ** 0.5


@pytest.mark.parametrize("other", [{"pilot": "PI-2"}, {"place": "LOC-2"}])
def test_another_pilot_or_place_draws_anew(other: dict[str, str]) -> None:
    one, another = arms(), arms(**other)
    same = sum(one[unit] == another[unit] for unit in UNITS[:400])
    assert 150 < same < 250


def test_a_larger_share_takes_nobody_out_of_the_new_arm() -> None:
    small, large = arms(share=0.2), arms(share=0.5)
    assert all(large[unit] == Arm.B for unit, arm in small.items() if arm == Arm.B)


@pytest.mark.parametrize(
    ("count", "share", "in_b"), [(0, 0.5, 0), (2, 0.5, 1), (5, 0.2, 1), (4, 0.95, 3), (3, 0.05, 1)]
)
def test_few_known_units_are_never_all_in_one_arm(count: int, share: float, in_b: int) -> None:
    found = pilot_arms.arms_of_known("IN-1", "PI-1", "LOC-1", UNITS[:count], share)
    assert len(found) == count and sum(arm == Arm.B for arm in found.values()) == in_b


def test_known_units_are_placed_alike_in_whatever_order_they_come() -> None:
    forth = pilot_arms.arms_of_known("IN-1", "PI-1", "LOC-1", UNITS[:9], 0.5)
    assert pilot_arms.arms_of_known("IN-1", "PI-1", "LOC-1", reversed(UNITS[:9]), 0.5) == forth


@pytest.mark.parametrize("share", [0.0, 0.04, 0.96, 1.0, float("nan")])
def test_share_that_leaves_an_arm_empty_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="between 5 and 95"):
        pilot_arms.arm_of("IN-1", "PI-1", "LOC-1", "PT-1", share)
