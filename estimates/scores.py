"""How good are estimates of whether appointments are missed: proper scores, order, calibration, sure gains."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LEAST = 1e-6
BINS = 10


def log_losses(estimated: Floats, missed: Floats) -> Floats:
    """The logarithmic loss of each estimate, in nats."""
    sure = np.clip(estimated, _LEAST, 1 - _LEAST)
    return -(missed * np.log(sure) + (1 - missed) * np.log1p(-sure))


def brier_scores(estimated: Floats, missed: Floats) -> Floats:
    return (estimated - missed) ** 2


def auroc(estimated: Floats, missed: Floats) -> float:
    """How often a missed appointment was estimated above a kept one, ties half; not a number without both."""
    order = np.argsort(estimated, kind="stable")
    ranks = np.empty(len(estimated))
    _, first, counts = np.unique(estimated[order], return_index=True, return_counts=True)
    ranks[order] = np.repeat(first + (counts + 1) / 2, counts)
    count = missed.sum()
    others = len(missed) - count
    if not count or not others:
        return float("nan")
    return float((ranks[missed == 1].sum() - count * (count + 1) / 2) / (count * others))


def calibration_error(estimated: Floats, missed: Floats) -> float:
    """The expected calibration error over ten bins of equal size: how far shares lie from what was estimated."""
    order = np.argsort(estimated, kind="stable")
    bins = [each for each in np.array_split(order, BINS) if len(each)]
    return float(sum(len(each) * abs(estimated[each].mean() - missed[each].mean()) for each in bins) / len(estimated))


def figures(estimated: Floats, missed: Floats) -> dict[str, float]:
    """What is kept of a comparison; ``missed`` is 1 for a missed appointment."""
    ranked = auroc(estimated, missed)
    return {
        "brier": round(float(brier_scores(estimated, missed).mean()), 5),
        "log_loss": round(float(log_losses(estimated, missed).mean()), 5),
        "auroc": round(ranked, 4) if np.isfinite(ranked) else 0.5,
        "calibration_error": round(calibration_error(estimated, missed), 4),
    }


@dataclass(frozen=True)
class Gain:
    """How much smaller the mean loss is, with the 95 % interval of a bootstrap over patients."""

    mean: float
    low: float
    high: float

    @property
    def is_sure(self) -> bool:
        return self.low > 0

    @property
    def is_surely_a_loss(self) -> bool:
        return self.high < 0

    def as_figures(self) -> list[float]:
        return [round(self.mean, 5), round(self.low, 5), round(self.high, 5)]


def gain(losses: Floats, losses_before: Floats, patients: NDArray[np.object_], *, draws: int = 1_000) -> Gain:
    """By how much the first losses lie below the second on the same appointments.

    Whole patients are drawn, because the appointments of one are alike. The draws are the same each time.
    """
    _, of_patient = np.unique(patients.astype(str), return_inverse=True)
    saved = np.bincount(of_patient, weights=losses_before - losses)
    counts = np.bincount(of_patient).astype(float)
    chance = np.random.default_rng(7)
    drawn = [chance.integers(0, len(saved), len(saved)) for _ in range(draws)]
    means = [saved[each].sum() / counts[each].sum() for each in drawn]
    low, high = np.percentile(means, [2.5, 97.5])
    return Gain(float(saved.sum() / counts.sum()), float(low), float(high))
