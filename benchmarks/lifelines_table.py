"""Makes tests/data/waits/lifelines.json: waits and what lifelines says of them, for the suite to compare with.

lifelines cannot be installed beside pandas 3, so it runs in an environment of its own:
``python -m venv /tmp/lifelines && /tmp/lifelines/bin/pip install lifelines==0.30.3`` and then, from the checkout,
``/tmp/lifelines/bin/python benchmarks/lifelines_table.py``.
"""

import json
import random
from importlib.metadata import version
from pathlib import Path

from lifelines import KaplanMeierFitter
from lifelines.utils import qth_survival_times

TARGET = Path(__file__).parents[1] / "tests" / "data" / "waits" / "lifelines.json"
QUANTILES = (0.5, 0.9)


def waits(seed, size, still_waiting):
    """Days and whether they ended in a session, of a synthetic practice; some wait, some have left."""
    draw = random.Random(seed)
    return [(int(draw.weibullvariate(30, 1.3)), draw.random() >= still_waiting) for _ in range(size)]


def said_of(observed):
    curve = KaplanMeierFitter(alpha=0.05).fit([days for days, _ in observed], [ended for _, ended in observed])
    survival, interval = curve.survival_function_, curve.confidence_interval_survival_function_
    events = {days for days, ended in observed if ended}
    return {
        "waits": [[days, int(ended)] for days, ended in observed],
        "curve": [
            [int(day), float(survival.loc[day].iloc[0]), *(float(bound) for bound in interval.loc[day])]
            for day in survival.index
            if day in events
        ],
        "quantiles": {
            str(quantile): [
                finite(qth_survival_times(1 - quantile, survival)),
                *(finite(bound) for bound in qth_survival_times(1 - quantile, interval).iloc[0]),
            ]
            for quantile in QUANTILES
        },
    }


def finite(day):
    return None if day == float("inf") else float(day)


def main():
    table = {
        "made_by": "benchmarks/lifelines_table.py",
        "lifelines": version("lifelines"),
        "alpha": 0.05,
        "cases": {
            "few": said_of(waits(1, 12, 0.2)),
            "many": said_of(waits(2, 300, 0.3)),
            "most still wait": said_of(waits(3, 80, 0.7)),
            "nobody waits": said_of(waits(4, 61, 0.0)),
        },
    }
    TARGET.write_text(json.dumps(table, separators=(",", ":")).replace('],"curve"', '],\n"curve"') + "\n")


if __name__ == "__main__":
    main()
