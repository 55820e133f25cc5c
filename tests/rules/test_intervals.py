"""Intervals against published examples, scipy, lifelines, and how often they hold what is true."""

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from rules.intervals import (
    Difference,
    Estimate,
    Verdict,
    band,
    difference,
    mean,
    net_promoter,
    ratio,
    share,
    t_of,
    wait_quantile,
    z_of,
)
from rules.metrics import survival

TABLE = Path(__file__).parents[1] / "data" / "waits" / "lifelines.json"


@cache
def by_lifelines() -> dict[str, Any]:
    return json.loads(TABLE.read_text())["cases"]


@pytest.mark.parametrize(("part", "whole"), [(0, 10), (1, 10), (5, 10), (10, 10), (3, 7), (48, 80), (900, 10_000)])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_share_has_wilsons_interval(part: int, whole: int, level: float) -> None:
    expected = stats.binomtest(part, whole).proportion_ci(level, method="wilson")
    found = share(part, whole, level)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert (found.value, found.n) == (part / whole, whole)


def test_share_of_nothing_is_not_known() -> None:
    assert share(0, 0) == Estimate(None, None, None, 0)


@pytest.mark.parametrize(("part", "whole"), [(-1, 3), (4, 3)])
def test_share_refuses_a_part_outside_the_whole(part: int, whole: int) -> None:
    with pytest.raises(ValueError):
        share(part, whole)


@pytest.mark.parametrize(
    ("after", "before", "low", "high"),
    # Newcombe 1998, Stat Med 17:873-890, table II, method 10
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_difference_of_shares_is_newcombes(
    after: tuple[int, int], before: tuple[int, int], low: float, high: float
) -> None:
    found = difference(share(*before), share(*after))
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.01, 0.2, Verdict.HIGHER),
        (0.0, 0.2, Verdict.CANNOT_TELL),
        (-0.1, 0.2, Verdict.CANNOT_TELL),
        (-0.2, 0.0, Verdict.CANNOT_TELL),
        (-0.2, -0.01, Verdict.LOWER),
        (None, 0.2, Verdict.CANNOT_TELL),
        (0.01, None, Verdict.HIGHER),
        (None, -0.01, Verdict.LOWER),
        (None, None, Verdict.CANNOT_TELL),
    ],
)
def test_verdict_needs_an_interval_without_no_change(low: float | None, high: float | None, verdict: Verdict) -> None:
    assert Difference(0.0, low, high).verdict is verdict


def test_difference_without_a_side_says_nothing() -> None:
    assert difference(share(0, 0), share(1, 2)) == Difference(None, None, None)


@pytest.mark.parametrize(("degrees", "within"), [(1, 1e-9), (2, 1e-9), (3, 5e-3), (4, 2e-3), (9, 5e-5), (300, 1e-6)])
def test_students_deviate(degrees: int, within: float) -> None:
    assert t_of(0.95, degrees) == pytest.approx(stats.t.ppf(0.975, degrees), abs=within)
    assert z_of(0.95) == pytest.approx(stats.norm.ppf(0.975))


def test_mean_has_students_interval() -> None:
    values = [0.5, 1.0, 0.0, 2.5, 0.25, 0.75, 3.0, 0.0]
    found = mean(values)
    expected = stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=stats.sem(values))
    assert found.value == pytest.approx(np.mean(values))
    assert (found.low, found.high) == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize(("n", "known"), [(4, False), (5, True)])
def test_few_values_have_no_interval(n: int, known: bool) -> None:
    found = mean([float(value) for value in range(n)])
    assert found.value is not None
    assert (found.low is not None) is known


def test_ratio_by_hand() -> None:
    """Sums 20 and 10: 2. The rests are 0, 1, -1, 1, -1: spread 4/4 = 1, so t(4) * sqrt(5 * 1) / 10 to either side."""
    found = ratio([(4, 2), (5, 2), (3, 2), (5, 2), (3, 2)])
    assert found.value == 2
    assert found.high == pytest.approx(2 + stats.t.ppf(0.975, 4) * math.sqrt(5) / 10, abs=1e-3)
    assert ratio([]) == Estimate(None, None, None, 0)


def test_net_promoter_by_hand() -> None:
    """60 of 100 promoters, 15 detractors; with three more answers 60.75 and 15.75 of 103: 45/103."""
    found = net_promoter(60, 15, 100)
    up, down = 60.75 / 103, 15.75 / 103
    reach = 1.959964 * math.sqrt((up + down - (up - down) ** 2) / 103)
    assert found.value == pytest.approx(0.45)
    assert (found.low, found.high) == pytest.approx((45 / 103 - reach, 45 / 103 + reach), abs=1e-6)


@pytest.mark.parametrize(("up", "down", "n"), [(5, 0, 5), (0, 5, 5), (0, 0, 5), (200, 0, 200), (1, 0, 1)])
def test_net_promoter_lies_in_its_interval(up: int, down: int, n: int) -> None:
    found = net_promoter(up, down, n)
    assert -1 <= (found.low or 0) <= (found.value or 0) <= (found.high or 0) <= 1


@pytest.mark.parametrize("case", ["few", "many", "most still wait", "nobody waits"])
def test_curve_is_lifelines(case: str) -> None:
    known = by_lifelines()[case]
    points = survival([(days, bool(ended)) for days, ended in known["waits"]])
    assert [point.day for point in points] == [day for day, *_ in known["curve"]]
    for point, (_, waiting, low, high) in zip(points, known["curve"], strict=True):
        assert point.waiting == pytest.approx(waiting, abs=1e-9)
        assert band(point.waiting, point.greenwood) == pytest.approx((low, high), abs=1e-9)


@pytest.mark.parametrize("case", ["few", "many", "most still wait", "nobody waits"])
@pytest.mark.parametrize("quantile", [0.5, 0.9])
def test_wait_quantile_is_lifelines(case: str, quantile: float) -> None:
    known = by_lifelines()[case]
    found = wait_quantile([(days, bool(ended)) for days, ended in known["waits"]], quantile)
    value, low, high = known["quantiles"][str(quantile)]
    assert (found.value, found.low, found.high) == (value, *sorted((low, high), key=lambda day: day or math.inf))


@pytest.mark.parametrize("case", ["few", "many", "most still wait"])
def test_curve_is_scipys(case: str) -> None:
    waits = by_lifelines()[case]["waits"]
    data = stats.CensoredData(
        uncensored=[days for days, ended in waits if ended], right=[days for days, ended in waits if not ended]
    )
    curve = stats.ecdf(data).sf
    for point in survival([(days, bool(ended)) for days, ended in waits]):
        assert point.waiting == pytest.approx(curve.evaluate(point.day), abs=1e-9)


@pytest.mark.parametrize("bad", [0.0, 1.0])
def test_impossible_quantile_is_refused(bad: float) -> None:
    with pytest.raises(ValueError):
        wait_quantile([(1, True)], bad)


def test_nobody_seen_yet_has_no_median() -> None:
    assert wait_quantile([], 0.5) == Estimate(None, None, None, 0)
    assert wait_quantile([(3, False)], 0.5) == Estimate(None, None, None, 1)


def test_intervals_of_differences_hold_no_change_as_often_as_they_say() -> None:
    """Two arms that are alike, 400 times: a change is claimed in about one of twenty, for medians as for means."""
    draw = np.random.default_rng(8)
    claimed = {"median": 0, "mean": 0, "net promoter": 0}
    for _ in range(400):
        one, other = (
            [
                (int(days), bool(seen))
                for days, seen in zip(draw.weibull(1.3, 70) * 30, draw.random(70) > 0.2, strict=True)
            ]
            for _ in range(2)
        )
        hours = [mean(draw.exponential(1.0, 60)) for _ in range(2)]
        scores = [draw.multinomial(60, (0.5, 0.3, 0.2)) for _ in range(2)]
        found = {
            "median": difference(wait_quantile(one, 0.5), wait_quantile(other, 0.5)),
            "mean": difference(*hours),
            "net promoter": difference(*(net_promoter(int(up), int(down), 60) for up, _, down in scores)),
        }
        for name, each in found.items():
            claimed[name] += each.verdict is not Verdict.CANNOT_TELL
    assert all(4 <= times <= 32 for times in claimed.values()), claimed
