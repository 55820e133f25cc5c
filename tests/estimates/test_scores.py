"""The scores of estimates: each on cases that can be reckoned by hand."""

import math

import numpy as np
import pytest

from estimates.scores import Gain, auroc, brier_scores, calibration_error, gain, log_losses


@pytest.mark.parametrize(
    ("estimated", "missed", "ranked"),
    [
        ([0.1, 0.9], [0, 1], 1.0),
        ([0.9, 0.1], [0, 1], 0.0),
        ([0.5, 0.5], [0, 1], 0.5),
        ([0.1, 0.4, 0.4, 0.8], [0, 1, 0, 1], 0.875),
    ],
)
def test_auroc_counts_pairs(estimated: list[float], missed: list[int], ranked: float):
    assert auroc(np.array(estimated), np.array(missed, float)) == ranked


def test_auroc_of_one_kind_is_no_number():
    assert math.isnan(auroc(np.array([0.1, 0.2]), np.array([0.0, 0.0])))


def test_losses_are_the_proper_ones():
    estimated, missed = np.array([0.25, 1.0]), np.array([1.0, 0.0])
    assert brier_scores(estimated, missed).tolist() == [0.5625, 1.0]
    losses = log_losses(estimated, missed)
    assert losses[0] == pytest.approx(math.log(4)) and 10 < losses[1] < 20


def test_calibration_error_is_the_distance_of_shares():
    missed = np.array([1.0, 0.0] * 50)
    assert calibration_error(np.full(100, 0.5), missed) == 0
    assert calibration_error(np.full(100, 0.8), missed) == pytest.approx(0.3)


def test_gain_is_sure_only_where_patients_agree():
    patients = np.array([f"P{n}" for n in range(200)], object)
    worse, better = np.full(200, 0.5), np.full(200, 0.4)
    assert gain(better, worse, patients).is_sure and gain(worse, better, patients).is_surely_a_loss
    one_patient = np.where(np.arange(200) < 100, 0.1, 0.5)
    all_of_one = np.array(["P0"] * 100 + [f"P{n}" for n in range(100)], object)
    assert not gain(one_patient, worse, all_of_one).is_sure


@pytest.mark.parametrize(
    ("low", "high", "sure", "loss"), [(0.0, 1.0, False, False), (0.001, 1.0, True, False), (-1.0, -0.001, False, True)]
)
def test_gain_at_its_boundaries(low: float, high: float, sure: bool, loss: bool):
    found = Gain(0.0, low, high)
    assert (found.is_sure, found.is_surely_a_loss) == (sure, loss)
