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
FEWEST = 30
"""Fewer flags than this say nothing, and those of a kind would tell which cases they are of."""
SELECTION = (
    "Labels exist only for what was raised: nothing can be learnt from them about what was missed, and no figure here "
    "says anything about it."
)


@dataclass(frozen=True)
class Label:
    """One flag that the reader raised from a text, and whether a clinician confirmed it when signing the risk review.

    ``probability`` is what the reader said of it, ``version`` the reader's (rules, or rules and classifier);
    ``text`` what it was raised from, which is therapy content and may be left empty; the evidence in it ``starts`` and
    ``ends`` where they say.
    """

    flag_id: str
    kind: SignalKind
    raised_by: str
    rule_id: str
    version: str
    probability: float
    confirmed: bool
    decided_at: datetime
    text: str = field(default="", repr=False)
    starts: int = 0
    ends: int = 0

    @property
    def passage(self) -> str:
        """The evidence; empty where the text was not asked for."""
        return self.text[self.starts : self.ends]


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share. Source: Wilson 1927, J. Am. Stat. Assoc. 22:209-212."""
    p = hits / of
    middle = p + Z_95**2 / (2 * of)
    half = Z_95 * sqrt(p * (1 - p) / of + Z_95**2 / (4 * of**2))
    scale = 1 + Z_95**2 / of
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


@dataclass(frozen=True)
class Precision:
    """How many of some flags were confirmed: the share, with Wilson's 95 % interval."""

    flags: int
    confirmed: int

    @property
    def share(self) -> float:
        return self.confirmed / self.flags

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.confirmed, self.flags)


def precision_by(labels: Iterable[Label], group: Callable[[Label], Group]) -> dict[Group, Precision]:
    """The precision of each group of flags, e.g. by who raised them, or by rule; groups without a flag are absent."""
    decided: dict[Group, list[bool]] = defaultdict(list)
    for label in labels:
        decided[group(label)].append(label.confirmed)
    return {key: Precision(len(each), sum(each)) for key, each in decided.items()}
