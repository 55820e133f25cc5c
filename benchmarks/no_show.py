"""How good are no-show estimates where the true chance of missing is known, beside the lead time alone?

The history is generated (estimates/generated_history.py) and invented: the figures say how well the method finds what
is there, nothing about any practice. The split is by time, as in a practice: trained and calibrated on the first 85 %,
measured on the rest. ``truth`` is what the true chances themselves score, which no estimate can surpass but by luck.
``ratio`` is the network's expected log loss above the truth's over the lead-time table's: under 1 is better. Both are
reckoned against the true chance, not against what happened to happen. Means over the seeds; one JSON line.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas as pd

from estimates import scores
from estimates.features import KNOWN_BEFORE, before_any_reminder, features, history_before, lead_hours
from estimates.generated_history import generated_history
from estimates.lead_time import lead_time_table
from estimates.learning import CALIBRATED_UNTIL, Learned, labelled, learn

SIZES = (2_000, 8_000, 40_000)
SEEDS = (11, 12, 13)


def expected_log_loss(estimated: np.ndarray, truth: np.ndarray) -> float:
    """The mean logarithmic loss over everything that could have happened."""
    ones = np.ones_like(truth)
    losses = truth * scores.log_losses(estimated, ones) + (1 - truth) * scores.log_losses(estimated, 0 * ones)
    return float(losses.mean())


def measured(history: pd.DataFrame, learned: Learned) -> dict[str, Any]:
    """One network's figures on the later part of its history."""
    known = labelled(history)
    second = int(len(known) * CALIBRATED_UNTIL)
    before, later = known.iloc[:second], known.iloc[second:]
    rows = features(
        before_any_reminder(later), history_before(history).loc[later.index], later["starts_at"] - KNOWN_BEFORE
    )
    share, low, high = learned.ensemble.estimates(rows)
    missed, truth = (later["status"] == "no_show").to_numpy(float), later["truth"].to_numpy(float)
    table = lead_time_table(lead_hours(before), (before["status"] == "no_show").to_numpy(float))
    by_lead = table.estimates(lead_hours(later))[0]
    floor = expected_log_loss(truth, truth)
    above = [expected_log_loss(each, truth) - floor for each in (share, by_lead)]
    return {
        **{
            f"{name}_{figure}": value
            for name, each in (("network", share), ("lead_time", by_lead), ("truth", truth))
            for figure, value in scores.figures(each, missed).items()
        },
        "network_squared_error_of_chance": float(((share - truth) ** 2).mean()),
        "lead_time_squared_error_of_chance": float(((by_lead - truth) ** 2).mean()),
        "interval_holds_truth": float(((low <= truth) & (truth <= high)).mean()),
        "ratio": above[0] / above[1],
        "taken": float(not learned.refused),
    }


def main() -> None:
    found: dict[str, Any] = {"benchmark": "no_show", "generated": True, "seeds": len(SEEDS)}
    learn(generated_history(1_500, seed=1))  # torch is loaded before the clock starts
    for size in SIZES:
        of_size = []
        for seed in SEEDS:
            history = generated_history(size, seed=seed)
            started = time.perf_counter()
            learned = learn(history)
            seconds = time.perf_counter() - started
            assert learned is not None
            of_size.append({**measured(history, learned), "seconds": seconds, "past": float(learned.appointments)})
        means = pd.DataFrame(of_size).mean()
        found[str(size)] = {str(name): round(float(value), 4) for name, value in means.items()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
