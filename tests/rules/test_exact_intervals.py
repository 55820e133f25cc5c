"""Exact intervals against scipy, hand-worked cases, and the share of draws in which they hold the truth."""

import numpy as np
import pytest
from scipy.stats import beta, hypergeom

from rules.exact_intervals import beta_below, exact_count, exact_share


@pytest.mark.parametrize(("part", "whole"), [(0, 1), (1, 1), (0, 30), (3, 30), (15, 30), (30, 30), (7, 1000), (2, 9)])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_share_has_the_interval_of_the_beta_distribution(part: int, whole: int, level: float):
    found = exact_share(part, whole, level)
    tail = (1 - level) / 2
    low = beta.ppf(tail, part, whole - part + 1) if part else 0.0
    high = beta.ppf(1 - tail, part + 1, whole - part) if part < whole else 1.0
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-10)
    assert found.value == part / whole


def test_beta_distribution_agrees_with_scipy_all_over():
    for a, b in [(0.5, 0.5), (1, 1), (3, 40.5), (120, 7), (2000, 3000)]:
        for x in (0.0, 1e-6, 0.02, 0.4, 0.5, 0.93, 1.0):
            assert beta_below(x, a, b) == pytest.approx(beta.cdf(x, a, b), abs=1e-11)


def test_share_of_nothing_is_unknown_and_impossible_parts_are_refused():
    assert exact_share(0, 0).value is None
    with pytest.raises(ValueError):
        exact_share(4, 3)


def test_no_finding_among_many_is_the_rule_of_three():
    # 1 - 0.025 ** (1 / 100) = 0.03622; of 100 000 it is all but the same
    assert exact_share(0, 100).high == pytest.approx(1 - 0.025 ** (1 / 100), abs=1e-12)
    low, high = exact_count([(100_000, 100)], 0)
    assert low == 0 and high == pytest.approx(3622, abs=4)


def test_counts_worked_by_hand():
    # of 10, 9 were drawn, none found: one can be left, missed with chance 1/10; two cannot
    assert exact_count([(10, 9)], 0) == (0, 1)
    # of 4, 2 were drawn, both found: there are 2 (chance 1/6) to 4
    assert exact_count([(4, 2)], 2) == (2, 4)
    # of 2 x 20, 1 was drawn of each and found in one: 1 (chance 1/20) up to everything but the other one
    assert exact_count([(20, 1), (20, 1)], 1) == (1, 39)


def test_one_stratum_has_the_inverted_hypergeometric_test():
    for whole, n, found in [(60, 15, 0), (60, 15, 4), (200, 150, 3), (33, 11, 11), (500, 5, 1)]:
        totals = np.arange(found, whole - (n - found) + 1)
        kept = totals[
            (hypergeom.cdf(found, whole, totals, n) >= 0.025) & (hypergeom.sf(found - 1, whole, totals, n) >= 0.025)
        ]
        assert exact_count([(whole, n)], found) == (kept[0], kept[-1])


@pytest.mark.parametrize(("strata", "found"), [([(5, 5)], 0), ([(5, 0)], 0), ([(5, 2)], 3), ([(5, 2)], -1)])
def test_impossible_counts_are_refused(strata: list[tuple[int, int]], found: int):
    with pytest.raises(ValueError):
        exact_count(strata, found)
