"""The no-show estimate from the lead time alone, which a network must beat before it is used."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DAYS = (1.0, 3.0, 7.0, 14.0, 28.0)
"""The ends of the groups of days between booking and start; the last group has none."""
USUAL = 0.12
"""Where nothing is known: our assumption, not a finding. It is worth twenty appointments, so it fades soon."""
_WORTH = 20.0
_TWO_SIDED = 1.96


@dataclass(frozen=True)
class LeadTimeTable:
    """Of each group of lead times how many appointments were missed, of how many."""

    missed: tuple[float, ...]
    counted: tuple[float, ...]

    def estimates(self, lead_hours: Floats) -> tuple[Floats, Floats, Floats]:
        """The share of missed appointments with such a lead time, and its 95 % interval (Wilson's): each [n].

        A group of few is drawn towards the practice's own rate, and that towards ``USUAL``.
        """
        missed, counted = np.asarray(self.missed), np.asarray(self.counted)
        rate = (missed.sum() + _WORTH * USUAL) / (counted.sum() + _WORTH)
        weight = counted + _WORTH
        share = (missed + _WORTH * rate) / weight
        squared = _TWO_SIDED**2
        middle = (share + squared / (2 * weight)) / (1 + squared / weight)
        half = _TWO_SIDED * np.sqrt(share * (1 - share) / weight + squared / (4 * weight**2)) / (1 + squared / weight)
        group = group_of(lead_hours)
        return share[group], (middle - half)[group], (middle + half)[group]


def group_of(lead_hours: Floats) -> NDArray[np.intp]:
    """Which group of lead times each belongs to; a group's end is the next one's beginning."""
    return np.searchsorted(np.asarray(DAYS) * 24, lead_hours, side="right")


def lead_time_table(lead_hours: Floats, missed: Floats) -> LeadTimeTable:
    """Count past appointments; ``missed`` is 1 for a missed one, 0 for a kept one."""
    group, groups = group_of(lead_hours), len(DAYS) + 1
    return LeadTimeTable(
        tuple(np.bincount(group, weights=missed, minlength=groups)),
        tuple(np.bincount(group, minlength=groups).astype(float)),
    )
