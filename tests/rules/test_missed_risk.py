"""The estimate of missed risks: hand-worked, with what has no answer, and how often its interval holds the truth."""

import numpy as np
import pytest

from rules.exact_intervals import exact_count
from rules.intervals import Estimate
from rules.missed_risk import Stratum, missed_risk, sensitivity


def test_each_draw_counts_by_its_weight():
    # 2 of 10 drawn, 1 missed -> 5; 5 of 5 drawn, 1 missed -> 1; 4 of 20 drawn, none -> 0: 6 of 35
    found = missed_risk([Stratum(10, 2, 1, 1), Stratum(5, 5, 4, 1), Stratum(20, 4, 4, 0)])
    assert (found.in_all.value, found.rate.value) == (6.0, pytest.approx(6 / 35))
    assert (found.intakes, found.drawn, found.no_risk, found.missed) == (35, 11, 9, 2)
    low, high = exact_count([(10, 2), (20, 4)], 1)
    assert (found.in_all.low, found.in_all.high) == (1 + low, 1 + high)
    assert found.best == found.rate == found.worst, "everything was answered"


def test_everything_read_leaves_no_doubt():
    found = missed_risk([Stratum(4, 4, 4, 0), Stratum(3, 3, 2, 1)])
    assert (found.rate.low, found.rate.value, found.rate.high) == (1 / 7, 1 / 7, 1 / 7)


def test_no_miss_still_has_an_upper_limit():
    found = missed_risk([Stratum(100, 10, 10, 0)])
    assert (found.rate.value, found.rate.low) == (0.0, 0.0)
    # C(71, 10) / C(100, 10) = 0.0268 and C(70, 10) / C(100, 10) = 0.0229: 29 is still likely enough, 30 is not
    assert found.in_all.high == 29


def test_what_was_not_answered_is_shown_and_bounded():
    found = missed_risk([Stratum(10, 5, no_risk=2, missed=1, cannot_say=1)])
    assert (found.unanswered, found.cannot_say) == (1, 1)
    assert found.best.value == pytest.approx(1 / 5)
    assert found.rate.value == pytest.approx(1 / 3)
    assert found.worst.value == pytest.approx(3 / 5)
    assert found.best.low <= found.rate.low and found.rate.high <= found.worst.high


def test_draw_without_an_answer_is_taken_with_the_next_one():
    found = missed_risk([Stratum(10, 2), Stratum(10, 2, 1, 1), Stratum(6, 2)])
    assert found.rate.value == pytest.approx(0.5)
    assert found.rate.n == 2 and found.unanswered == 4
    assert (found.best.value, found.worst.value) == (pytest.approx(5 / 26), pytest.approx(21 / 26))


def test_nothing_drawn_or_nothing_answered_says_nothing():
    assert missed_risk([]).rate.value is None
    none = missed_risk([Stratum(8, 0), Stratum(8, 3)])
    assert none.rate.value is None and none.not_drawn_from == 8
    assert (none.best.value, none.worst.value) == (0.0, 1.0)


@pytest.mark.parametrize("facts", [(3, 4), (5, 2, 2, 1), (5, 2, -1)])
def test_impossible_draws_are_refused(facts: tuple[int, ...]):
    with pytest.raises(ValueError):
        Stratum(*facts)


def test_sensitivity_is_the_interval_of_what_was_missed_turned_round():
    found = sensitivity(40, 0, Estimate(10.0, 2.0, 40.0, 100))
    assert (found.value, found.low, found.high) == (pytest.approx(0.8), pytest.approx(0.5), pytest.approx(40 / 42))
    unsure = sensitivity(40, 10, Estimate(10.0, 2.0, 40.0, 100))
    assert (unsure.low, unsure.high) == (pytest.approx(0.5), pytest.approx(50 / 52))
    assert sensitivity(0, 0, Estimate(0.0, 0.0, 3.0, 9)).value is None
    assert sensitivity(3, 0, Estimate(None, None, None, 0)).low is None


NIGHTS = [6] * 20 + [9] * 20 + [14] * 10 + [40] * 5 + [3] * 10


@pytest.mark.parametrize("share", [0.004, 0.02, 0.1])
@pytest.mark.parametrize("where", ["everywhere", "busy nights", "quiet nights"])
def test_interval_holds_the_truth_in_93_of_100_draws_at_least(share: float, where: str):
    """65 nights of 5 draws each; the missed intakes lie anywhere, or where the draw sees least or most of a night."""
    chance = np.random.default_rng(20261126)
    whole = np.array(NIGHTS)
    drawn = np.minimum(whole, 5)
    weight = {"everywhere": whole, "busy nights": whole**3, "quiet nights": 1 / whole}[where]
    wanted = np.minimum(np.round(share * whole.sum() * weight / weight.sum()), whole).astype(int)
    wanted[np.argmax(weight)] += wanted.sum() == 0
    seen = chance.hypergeometric(wanted, whole - wanted, drawn, size=(20_000, len(whole)))
    doubtful = drawn < whole
    counts = seen[:, doubtful].sum(axis=1)
    strata = [(int(n), int(k)) for n, k in zip(whole[doubtful], drawn[doubtful], strict=True)]
    limits = {int(count): exact_count(strata, int(count)) for count in np.unique(counts)}
    truth = int(wanted[doubtful].sum())
    held = np.mean([limits[int(count)][0] <= truth <= limits[int(count)][1] for count in counts])
    assert held >= 0.93


@pytest.mark.parametrize("found", [0, 2, 9])
def test_alike_nights_tell_as_much_as_one_draw_of_all(found: int):
    """Limits that hold too often would be too wide to be of use."""
    low, high = exact_count([(50, 5)] * 60, found)
    one_low, one_high = exact_count([(3000, 300)], found)
    assert one_high <= high <= 1.05 * one_high
    assert 0.9 * one_low <= low <= one_low
