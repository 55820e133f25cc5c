"""How far probabilities agree with what came true: log loss and expected calibration error."""

import numpy as np
from numpy.typing import NDArray

BINS = 10
LEAST = 1e-6


def log_loss(said: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """The mean of minus the log of the probability given to what came true."""
    kept = np.clip(said, LEAST, 1 - LEAST)
    return float(-np.log(np.where(truth, kept, 1 - kept)).mean())


def calibration_error(said: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """Expected calibration error over ten bins of equal width."""
    bins = np.minimum((said * BINS).astype(int), BINS - 1)
    inside = [bins == each for each in range(BINS) if (bins == each).any()]
    return sum(float(each.mean()) * abs(float(truth[each].mean() - said[each].mean())) for each in inside)
