"""Where the estimates of a pilot's looks and their intervals stand in a picture."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.operational import Pilot, PilotLook
from models.pilot_codes import PilotMode
from web.desk.pilot_words import amount

WIDTH, HEIGHT = 720, 300
LEFT, RIGHT, TOP, BOTTOM = 78, 14, 16, 44
MOST_LOOKS = 120
"""The picture shows the newest of them."""


@dataclass(frozen=True)
class Mark:
    """One look in the picture: its place, its estimate, the ends of its interval."""

    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True)
class Chart:
    """A picture of ``width`` by ``height``: marks, the line of no difference, the band of no interest, the labels."""

    marks: tuple[Mark, ...]
    zero: float
    band: tuple[float, float]
    ticks: tuple[tuple[float, str], ...]
    steps: tuple[tuple[float, str], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def drawn(pilot: Pilot, looks: Sequence[PilotLook]) -> Chart | None:
    """None where no look has an interval yet. Across: how many units; up: the difference of B from A."""
    known = [
        each
        for each in looks[-MOST_LOOKS:]
        if each.estimate is not None and each.low is not None and each.high is not None
    ]
    if not known:
        return None
    # early intervals are so wide that they would flatten all later ones: what is beyond is cut
    widest = max(4 * pilot.smallest, *(abs(each.estimate or 0.0) * 1.5 for each in known))
    last = max(pilot.planned_units, *(units(pilot, each) for each in known))

    def down(value: float) -> float:
        cut = max(-widest, min(widest, value))
        return round(TOP + (HEIGHT - BOTTOM - TOP) * (widest - cut) / (2 * widest), 1)

    def across(count: float) -> float:
        return round(LEFT + (WIDTH - RIGHT - LEFT) * count / last, 1)

    marks = tuple(
        Mark(across(units(pilot, each)), down(each.estimate or 0.0), down(each.low or 0.0), down(each.high or 0.0))
        for each in known
    )
    values = (-widest, -widest / 2, 0.0, widest / 2, widest)
    return Chart(
        marks,
        down(0.0),
        (down(pilot.smallest), down(-pilot.smallest)),
        tuple((down(each), _tick(each, pilot)) for each in values),
        tuple((across(last * part), f"{round(last * part):,}") for part in (0, 0.25, 0.5, 0.75, 1)),
    )


def _tick(value: float, pilot: Pilot) -> str:
    return amount(value, pilot.measure, signed=True).replace(" points", "") if value else "0"


def units(pilot: Pilot, look: PilotLook) -> int:
    return look.units_b if pilot.mode == PilotMode.SHADOW else look.units_a + look.units_b
