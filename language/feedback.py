"""What clinicians made of the flags that were raised: the labels a practice measures and tunes its reader with."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from math import sqrt
from typing import TypeVar

from language.risk_values import SignalKind

Group = TypeVar("Group")

Z_95 = 1.96


@dataclass(frozen=True)
class Label:
    """One flag that the reader raised from a text, and whether a clinician confirmed it when signing the risk review.

    ``probability`` is what the reader said of it, ``version`` the reader's (rules, or rules and classifier);
    ``passage`` the evidence itself, which is therapy content and may be left empty.
    """

    flag_id: str
    kind: SignalKind
    raised_by: str
    rule_id: str
    version: str
    probability: float
    confirmed: bool
    decided_at: datetime
    passage: str = field(default="", repr=False)


@dataclass(frozen=True)
class Precision:
    """How many of some flags were confirmed: the share, with Wilson's 95 % interval.

    Source: Wilson 1927, J. Am. Stat. Assoc. 22:209-212.
    """

    flags: int
    confirmed: int

    @property
    def share(self) -> float:
        return self.confirmed / self.flags

    @property
    def interval(self) -> tuple[float, float]:
        n, p = self.flags, self.share
        middle = p + Z_95**2 / (2 * n)
        half = Z_95 * sqrt(p * (1 - p) / n + Z_95**2 / (4 * n**2))
        scale = 1 + Z_95**2 / n
        return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def precision_by(labels: Iterable[Label], group: Callable[[Label], Group]) -> dict[Group, Precision]:
    """The precision of each group of flags, e.g. by who raised them, or by rule; groups without a flag are absent."""
    decided: dict[Group, list[bool]] = defaultdict(list)
    for label in labels:
        decided[group(label)].append(label.confirmed)
    return {key: Precision(len(each), sum(each)) for key, each in decided.items()}
