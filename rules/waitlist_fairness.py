"""Who on the waitlist is offered times and who gets them, by how long they wait, language, payer and location.

A table is a pandas DataFrame; counts below ``FEWEST`` are hidden before it leaves the people who may see names.
"""

from datetime import timedelta
from typing import Any

import pandas as pd

from models.small_cells import FEWEST

PERIOD = timedelta(days=90)
"""How far back the report looks."""
DIMENSIONS = ("wait", "language", "payer", "location")
COUNTS = ("waiting", "offered", "offers", "filled")
RATES = {"offered_rate": ("offered", "waiting"), "filled_rate": ("filled", "waiting")}
WAIT_BANDS = ((14, "under 2 weeks"), (28, "2 to 4 weeks"), (56, "4 to 8 weeks"))
LONGEST_BAND = "8 weeks and more"
UNKNOWN = "not known"


def wait_band(days: int) -> str:
    """The band of whole days waited; 14 days are "2 to 4 weeks"."""
    return next((name for limit, name in WAIT_BANDS if days < limit), LONGEST_BAND)


def fairness(entries: pd.DataFrame) -> pd.DataFrame:
    """Counts and rates of each group of each dimension.

    ``entries``: one row per entry of the waitlist, with ``wait_days`` (until its end or now), ``language``, ``payer``,
    ``location``, ``offers`` and ``filled`` (whether an offer was accepted). Columns of the answer: ``dimension``,
    ``group``, ``COUNTS``, ``RATES`` (0 to 1).
    """
    table = entries.assign(
        wait=entries["wait_days"].map(wait_band),
        waiting=1,
        offered=(entries["offers"] > 0).astype(int),
        filled=entries["filled"].astype(int),
    )
    parts = [_of_dimension(table, dimension) for dimension in DIMENSIONS]
    return _rated(pd.concat(parts, ignore_index=True))


def _of_dimension(table: pd.DataFrame, dimension: str) -> pd.DataFrame:
    groups = table[dimension].fillna(UNKNOWN)
    counted = table.groupby(groups)[list(COUNTS)].sum().astype("Int64")
    if dimension == "wait":
        named = [name for _, name in WAIT_BANDS] + [LONGEST_BAND]
        counted = counted.reindex([name for name in named if name in counted.index])
    counted = counted.rename_axis("group").reset_index()
    counted.insert(0, "dimension", dimension)
    return counted


def _rated(counted: pd.DataFrame) -> pd.DataFrame:
    rates = {name: counted[part].astype("Float64") / counted[whole] for name, (part, whole) in RATES.items()}
    return counted.assign(**rates)


def suppressed(table: pd.DataFrame) -> pd.DataFrame:
    """The same without small counts, as missing values: none from 1 to 4, nor the one that would give it away.

    Every dimension adds up to the same total, so a group hidden alone would follow from the others: then the next
    smallest one is hidden with it. A rate goes with either of its counts.
    """
    shown = table.copy()
    for count in COUNTS:
        for _, rows in table.groupby("dimension"):
            hidden = set(rows.index[(rows[count] > 0) & (rows[count] < FEWEST)])
            others = rows.loc[~rows.index.isin(hidden) & (rows[count] > 0), count].sort_values()
            if len(hidden) == 1 and len(others):
                hidden.add(others.index[0])
            shown.loc[sorted(hidden), count] = pd.NA
    return _rated(shown)


def rows_of(table: pd.DataFrame, dimension: str) -> list[dict[str, Any]]:
    """The groups of one dimension as they are shown; None for what is hidden."""
    rows = table[table["dimension"] == dimension].to_dict(orient="records")
    return [{str(name): None if pd.isna(value) else value for name, value in row.items()} for row in rows]
