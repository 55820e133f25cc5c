"""The figures of clinical safety as rows for a page or a file, and what of them may leave the practice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from models.small_cells import tells
from rules.intervals import Estimate

UNKNOWN = Estimate(None, None, None, 0)


class Unit(StrEnum):
    """What a value is measured in."""

    SHARE = "share"
    MINUTES = "minutes"
    INTAKES = "intakes"
    NONE = ""


@dataclass(frozen=True)
class Row:
    """One figure: ``count`` of ``of`` it rests on, its value with a 95 % interval, and its definition.

    ``group`` names rows that add up to a total which is shown too: of these one hidden alone would follow from the
    others. ``rests_on``: further counts that the value would give away.
    """

    section: str
    figure: str
    count: int | None
    definition: str
    of: int | None = None
    value: Estimate = UNKNOWN
    unit: Unit = Unit.NONE
    group: str = ""
    rests_on: tuple[int, ...] = ()
    hidden: bool = False


def suppressed(rows: Sequence[Row]) -> list[Row]:
    """The same rows without those that rest on 1 to 4, or that would give one of those away."""
    hide = {at for at, row in enumerate(rows) if _small(row)}
    for group in {row.group for row in rows if row.group}:
        members = [at for at, row in enumerate(rows) if row.group == group]
        hidden = [at for at in members if at in hide]
        others = sorted((rows[at].count or 0, at) for at in members if at not in hide and rows[at].count)
        if len(hidden) == 1 and others:
            hide.add(others[0][1])
    return [
        replace(row, count=None, of=None, value=UNKNOWN, rests_on=(), hidden=True) if at in hide else row
        for at, row in enumerate(rows)
    ]


def _small(row: Row) -> bool:
    counts = [row.count, row.of, *row.rests_on]
    if row.of is not None and row.count is not None:
        counts.append(row.of - row.count)
    return any(count is not None and tells(count) for count in counts)
