"""Comparisons of two versions: figures worked by hand, planned sizes, and that looking every day deceives nobody."""

from datetime import UTC, datetime, timedelta
from math import ceil, sqrt

import numpy as np
import pytest
from scipy import stats

from models.pilot_codes import Arm, LookVerdict, PilotMeasure
from rules import pilots
from rules.pilots import Comparison, Observed, Plan, compared, compared_pairs, does_harm, hours_to_sign, read

V, M = LookVerdict, PilotMeasure
A, B = Arm.A, Arm.B


def seen(difference: float, error: float = 0.01, units: int = 500) -> Comparison:
    return Comparison(units, units, units / 2, 0.2, 0.2 + difference, difference, error)


def plan(measure: PilotMeasure = M.NO_SHOWS, smallest: float = 0.05, units: int = 1000) -> Plan:
    return Plan(measure, smallest, pilots.planned_information(units, 0.5))


# -- figures


def test_two_places_are_compared_each_within_itself() -> None:
    """By hand: LOC-1 A 1,0,0,1 and B 0,0 (B-A -1/2, weight 8/6); LOC-2 A 1 and B 0,1,1,0,0,0 (-2/3, weight 6/7)."""
    told = {("LOC-1", A): "1001", ("LOC-1", B): "00", ("LOC-2", A): "1", ("LOC-2", B): "011000"}
    found = compared(Observed(arm, place, float(x)) for (place, arm), text in told.items() for x in text)
    weights = (8 / 6, 6 / 7)
    difference = (weights[0] * -1 / 2 + weights[1] * -2 / 3) / sum(weights)
    # spreads about each place's mean: A (4 x 1/4 + 0) / 3, B (0 + 4/9 x 2 + 1/9 x 4) / 6; steadied 4/7 and 3/10 apply
    spread_a, spread_b = max(1 / 3, 4 / 7 * 3 / 7), max((8 / 9 + 4 / 9) / 6, 3 / 10 * 7 / 10)
    variance = sum(
        (weight / sum(weights)) ** 2 * (spread_a / a + spread_b / b)
        for weight, a, b in ((weights[0], 4, 2), (weights[1], 1, 6))
    )
    assert (found.units_a, found.units_b) == (5, 8)
    assert (found.mean_a, found.mean_b) == (3 / 5, 2 / 8)
    assert found.information == pytest.approx(sum(weights))
    assert found.difference == pytest.approx(difference)
    assert found.error == pytest.approx(sqrt(variance))


def test_one_place_is_the_textbooks_comparison_of_two_means() -> None:
    """Against Welch's statistic, whose error is the same where each arm's spread is its own (scipy)."""
    a, b = [3.0, 5.0, 4.0, 8.0, 1.0, 6.0], [2.0, 2.5, 4.0, 1.0, 3.5]
    found = compared([*(Observed(A, "L", x) for x in a), *(Observed(B, "L", x) for x in b)])
    welch = stats.ttest_ind(b, a, equal_var=False)
    assert found.difference is not None and found.error is not None
    assert found.difference / found.error == pytest.approx(welch.statistic)


def test_place_that_misses_more_does_not_count_for_the_arm_it_has_more_of() -> None:
    """Simpson: in each place both arms miss alike, and B is mostly where more is missed."""
    told = [("L1", A, 80, 0.1), ("L1", B, 20, 0.1), ("L2", A, 20, 0.5), ("L2", B, 80, 0.5)]
    rows = [Observed(arm, place, float(n < count * rate)) for place, arm, count, rate in told for n in range(count)]
    found = compared(rows)
    assert found.mean_b is not None and found.mean_a is not None and found.mean_b - found.mean_a > 0.2
    assert found.difference == pytest.approx(0)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [Observed(A, "L", 1.0), Observed(A, "L", 2.0)],
        [Observed(A, "L1", 1.0), Observed(B, "L2", 2.0)],
        [Observed(A, "L", 2.0), Observed(A, "L", 2.0), Observed(B, "L", 2.0), Observed(B, "L", 2.0)],
    ],
    ids=["nothing", "one arm", "apart", "all alike"],
)
def test_too_little_has_no_error_and_is_too_early(rows: list[Observed]) -> None:
    found = compared(rows)
    assert found.error is None
    assert read(found, plan()).verdict == V.TOO_EARLY


def test_nobody_missing_a_session_is_not_certainty() -> None:
    found = compared(Observed(arm, "L", 0.0) for arm in (A, B) for _ in range(30))
    assert found.error == pytest.approx(sqrt(2 * (1 / 32 * 31 / 32) / 30))


def test_pairs_are_compared_each_with_itself() -> None:
    told = [(2.0, 1.0), (0.0, 0.0), (3.0, 1.0), (1.0, 1.0)]
    found = compared_pairs(told)
    paired = stats.ttest_rel([b for _, b in told], [a for a, _ in told])
    assert (found.mean_a, found.mean_b, found.difference) == (1.5, 0.75, -0.75)
    assert found.difference is not None and found.error is not None
    assert found.difference / found.error == pytest.approx(paired.statistic)
    assert compared_pairs([(1.0, 2.0)]).error is None


def test_pairs_that_are_all_alike_are_not_certainty() -> None:
    """One more that differs by one from the others is counted in."""
    found = compared_pairs([(2.0, 1.0)] * 24)
    assert found.difference == -1.0
    assert found.error == pytest.approx(sqrt(1 / 25 / 24))


@pytest.mark.parametrize(
    ("pairs", "verdict"),
    [
        ([(2.0, 1.0)] * 40, V.DIFFERS),
        ([(1.0, 2.0)] * 40, V.DIFFERS),
        ([(2.0, 2.0)] * 40, V.NO_DIFFERENCE),
        ([(2.0, 1.0)] * 19, V.TOO_EARLY),
        ([(2.0, 2.0), (2.0, 0.0), (0.0, 2.0), (1.0, 3.0)] * 10, V.UNDECIDED),
    ],
)
@pytest.mark.parametrize("measure", [M.REMINDERS_PLANNED, M.POINTS_OPEN, M.PATIENTS_ASKED])
def test_what_would_be_planned_differs_or_not_and_is_never_better(
    measure: M, pairs: list[tuple[float, float]], verdict: V
) -> None:
    assert read(compared_pairs(pairs), Plan(measure, 0.5, 40)).verdict == verdict


# -- how many


def test_planned_size_is_what_a_bisection_over_the_power_finds() -> None:
    """Missed sessions 15 %, 5 points fewer wanted: the smallest size whose last look finds it with 80 %."""
    boundary = stats.norm.ppf(1 - 0.05 / 4)

    def power(units: int) -> float:
        error = sqrt(0.15 * 0.85 / (units / 2) + 0.10 * 0.90 / (units / 2))
        return float(stats.norm.sf(boundary - 0.05 / error))

    units = pilots.planned_units(M.NO_SHOWS, 0.15, 0, 0.05, 0.5)
    assert power(units - 2) < 0.8 <= power(units)


def test_planned_size_of_a_mean_and_of_an_uneven_share() -> None:
    half = pilots.planned_units(M.EDITS_PER_DRAFT, 5, 3, 1, 0.5)
    assert half == ceil((stats.norm.ppf(0.9875) + stats.norm.ppf(0.8)) ** 2 * 9 * 4)
    assert pilots.planned_units(M.EDITS_PER_DRAFT, 5, 3, 1, 0.2) == pytest.approx(half * 0.25 / 0.16, rel=0.01)
    assert pilots.planned_units(M.TIMES_FILLED, 0.5, 0.3, 0.1, 0.5) == half, "of clinicians, who differ by 30 points"
    assert pilots.planned_pairs(3, 1) == pytest.approx(half / 4, rel=0.02)


@pytest.mark.parametrize(
    ("measure", "expected", "spread", "smallest"),
    [
        (M.NO_SHOWS, 0.15, 0, 0),
        (M.NO_SHOWS, 0.15, 0, 0.2),
        (M.NO_SHOWS, 0, 0, 0.05),
        (M.TIMES_FILLED, 0.98, 0, 0.05),
        (M.EDITS_PER_DRAFT, 5, 0, 1),
        (M.NO_SHOWS, 0.15, -1, 0.05),
        (M.NO_SHOWS, 0.5, 0, 0.0001),
    ],
)
def test_plan_that_cannot_be_is_refused(measure: PilotMeasure, expected: float, spread: float, smallest: float) -> None:
    with pytest.raises(ValueError):
        pilots.planned_units(measure, expected, spread, smallest, 0.5)


def test_boundary_is_left_with_five_per_cent() -> None:
    """The reflection principle's series for a motion that leaves either of two lines before the end."""
    c = pilots.BOUNDARY
    leaves = sum((-1) ** k * 4 * stats.norm.sf((2 * k + 1) * c) for k in range(4))
    assert c == pytest.approx(2.2414, abs=1e-4)
    assert leaves == pytest.approx(0.05, abs=1e-4) and leaves <= 0.05


# -- what is said


@pytest.mark.parametrize(
    ("difference", "error", "units", "verdict"),
    [
        (-0.10, 0.02, 500, V.B_BETTER),
        (+0.10, 0.02, 500, V.B_WORSE),
        (-0.02, 0.01, 500, V.NO_DIFFERENCE),
        (-0.04, 0.03, 500, V.UNDECIDED),
        (-0.04, 0.03, 499, V.TOO_EARLY),
        (-0.10, 0.02, 19, V.TOO_EARLY),
        (-0.90, 0.01, 49, V.TOO_EARLY),
        (-0.90, 0.01, 50, V.B_BETTER),
    ],
)
def test_verdict_follows_the_interval_and_the_planned_size(
    difference: float, error: float, units: int, verdict: LookVerdict
) -> None:
    assert read(seen(difference, error, units), plan()).verdict == verdict


def test_interval_at_half_the_size_is_twice_as_wide_as_at_the_end_would_be() -> None:
    """Half the information: the boundary is sqrt 2 higher, so the same error reaches sqrt 2 further."""
    half, whole = read(seen(-0.1, 0.02, 250), plan()), read(seen(-0.1, 0.02, 500), plan())
    assert (half.fraction, whole.fraction) == (0.5, 1.0)
    assert whole.high == pytest.approx(-0.1 + 2.2414 * 0.02, abs=1e-5)
    assert half.high == pytest.approx(-0.1 + sqrt(2) * 2.2414 * 0.02, abs=1e-5)


def test_more_is_better_where_it_is() -> None:
    assert read(seen(+0.1, 0.02), plan(M.TIMES_FILLED)).verdict == V.B_BETTER
    assert read(seen(-0.1, 0.02), plan(M.TIMES_FILLED)).verdict == V.B_WORSE


def test_a_gain_smaller_than_what_is_worth_having_is_no_winner() -> None:
    assert read(seen(-0.03, 0.005), plan()).verdict == V.NO_DIFFERENCE


@pytest.mark.parametrize(
    ("difference", "error", "units", "harm"),
    [
        (0.10, 0.02, 20, True),
        (0.10, 0.02, 19, False),
        (0.10, 0.05, 20, False),
        (0.04, 0.01, 20, False),
        (-0.1, 0.02, 20, False),
    ],
)
def test_harm_needs_both_its_size_and_its_certainty(difference: float, error: float, units: int, harm: bool) -> None:
    assert does_harm(seen(difference, error, units), 0.05, M.NO_SHOWS) is harm
    assert does_harm(seen(-difference, error, units), 0.05, M.TIMES_FILLED) is harm


def test_first_verdict_stands_and_a_stop_overrules_it() -> None:
    assert pilots.standing([]) == V.TOO_EARLY
    assert pilots.standing([V.TOO_EARLY, V.B_BETTER, V.TOO_EARLY, V.UNDECIDED]) == V.B_BETTER
    assert pilots.standing([V.B_BETTER, V.HARM]) == V.HARM


NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("signed_after", "looked_after", "hours"),
    [(5, 71.9, None), (5, 72, 5.0), (None, 71.9, None), (None, 72, 72.0), (100, 120, 72.0)],
)
def test_note_counts_once_its_hours_are_over_signed_or_not(
    signed_after: float | None, looked_after: float, hours: float | None
) -> None:
    signed = None if signed_after is None else NOON + timedelta(hours=signed_after)
    assert hours_to_sign(NOON, signed, NOON + timedelta(hours=looked_after)) == hours


# -- looking every day


TRIALS, DAYS = 600, 60


def daily_looks(in_a: float, in_b: float) -> tuple[float, float, float]:
    """Of many pilots that are looked at every day until their planned size: how often a winner was called by the rule,
    by a plain 95 % interval, and how often the rule called B the winner."""
    size = pilots.planned_units(M.NO_SHOWS, 0.15, 0, 0.05, 0.5) // 2
    rng = np.random.default_rng(20261126)
    ends = np.linspace(size / DAYS, size, DAYS).astype(int)
    missed_a, missed_b = (
        rng.binomial(np.diff(ends, prepend=0), rate, (TRIALS, DAYS)).cumsum(axis=1) for rate in (in_a, in_b)
    )
    errors = np.zeros((TRIALS, DAYS))
    for missed in (missed_a, missed_b):
        share, steadied = missed / ends, (missed + 1) / (ends + 2)
        errors += np.maximum(share * (1 - share) * ends / (ends - 1), steadied * (1 - steadied)) / ends
    errors, differences = np.sqrt(errors), (missed_b - missed_a) / ends
    terms = plan(units=2 * size)
    called, for_b = 0, 0
    for trial in range(TRIALS):
        said = [
            read(Comparison(n, n, n / 2, 0.0, 0.0, float(d), float(e)), terms).verdict
            for n, d, e in zip(ends.tolist(), differences[trial], errors[trial], strict=True)
        ]
        first = pilots.standing(said)
        called += first in (V.B_BETTER, V.B_WORSE)
        for_b += first == V.B_BETTER
    plain = (np.abs(differences[:, 1:]) > 1.96 * errors[:, 1:]).any(axis=1).mean()
    return called / TRIALS, float(plain), for_b / TRIALS


def test_looking_every_day_calls_a_winner_where_there_is_none_in_at_most_five_per_cent() -> None:
    called, plain, _ = daily_looks(0.15, 0.15)
    assert called <= 0.05
    assert plain > 0.2, "a plain 95 % interval, looked at every day, must show that the test can fail"


def test_looking_every_day_finds_what_is_there_as_often_as_planned() -> None:
    _, _, for_b = daily_looks(0.15, 0.10)
    assert for_b >= 0.78
