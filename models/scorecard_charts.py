"""What the charts of the scorecard show, as plain values."""

from dataclasses import dataclass
from enum import StrEnum

NOW, BEFORE = "this period", "compared with"


class Chart(StrEnum):
    """One chart of the page, in its order."""

    WAITING = "waiting"
    MISSED = "missed"
    LEFT = "left"
    SHARES = "shares"


@dataclass(frozen=True)
class CurvePoint:
    """The share still waiting from this day on, with its interval."""

    when: str
    day: int
    waiting: float
    low: float
    high: float


@dataclass(frozen=True)
class SharePoint:
    """One share with its interval; ``name`` is what it is of."""

    when: str
    name: str
    share: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Bar:
    """How many, of what."""

    name: str
    count: int
