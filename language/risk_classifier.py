"""How much each passage of a text sounds like each kind of risk: a trained network, calibrated, a threshold per kind.

A passage is a few sentences that follow each other: what one leaves open, or makes past or another's, the others say.
Each sentence is also read alone, so that a sentence about something else does not drown it, and counts unless those
beside it take it back. Weights, calibration and thresholds are one version and lie in one folder, which never changes:
the shipped one is written by language.training.train_risk, a practice's own by language.recalibration.
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from language.manifests import content_of, read_manifest
from language.risk_values import SignalKind
from language.sentences import sentence_spans

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

SHIPPED = Path(__file__).parent / "weights" / "risk_signals"
THRESHOLDS = "thresholds.json"


@dataclass(frozen=True)
class Settings:
    """What may be tuned without new weights: calibration (slope and shift of the raw score) and threshold of each kind,
    what a rule's word is worth, and the raw score from which a passage of a whole session counts (none: the threshold).

    ``doubt_below``: a rule's find is doubted where the network gives every kind less than this share of its threshold
    (0: no find ever is, as in the versions before).
    ``together``: how many sentences a passage holds (two in versions that do not say). ``taken_back``: by how much less
    raw score a sentence must sound among those beside it for its sound alone not to count (0: it always counts).
    """

    version: str
    calibration: dict[SignalKind, tuple[float, float]]
    thresholds: dict[SignalKind, float]
    rule_precision: dict[SignalKind, float]
    session_raw: dict[SignalKind, float] = field(default_factory=dict)
    doubt_below: float = 0.0
    together: int = 2
    taken_back: float = 0.0

    def session_threshold(self, kind: SignalKind) -> float:
        """The probability from which a passage of a whole session is raised.

        A session has hundreds of passages, of which each has its chance to sound like something: what is measured on
        single texts would raise nearly every session. Kept as a raw score, so that it moves with the calibration.
        """
        if kind not in self.session_raw:
            return self.thresholds[kind]
        slope, shift = self.calibration[kind]
        return max(self.thresholds[kind], 1 / (1 + math.exp(-(self.session_raw[kind] * slope + shift))))


@dataclass(frozen=True)
class Passage:
    """A stretch of a text, and the first and last of its sentences by number."""

    start: int
    end: int
    first: int
    last: int


@cache
def settings(folder: Path = SHIPPED) -> Settings:
    """What a version says; every kind must have all of it, so a missing kind stops the reading instead of passing it.

    Raises WeightsDiffer when the folder does not hold what its manifest records.
    """
    stored = json.loads(content_of(folder, THRESHOLDS))
    return Settings(
        version=read_manifest(folder).version,
        calibration={
            kind: (float(slope), float(shift))
            for kind in SignalKind
            for slope, shift in [stored["calibration"][kind.value]]
        },
        thresholds={kind: float(stored["thresholds"][kind.value]) for kind in SignalKind},
        rule_precision={kind: float(stored["rule_precision"][kind.value]) for kind in SignalKind},
        session_raw={SignalKind(kind): float(raw) for kind, raw in stored.get("session_raw", {}).items()},
        doubt_below=float(stored.get("doubt_below", 0.0)),
        together=int(stored.get("together", 2)),
        taken_back=float(stored.get("taken_back", 0.0)),
    )


def as_stored(of: Settings) -> dict[str, object]:
    """What ``settings`` reads, as it stands in the file."""
    return {
        "calibration": {kind.value: list(line) for kind, line in of.calibration.items()},
        "thresholds": {kind.value: threshold for kind, threshold in of.thresholds.items()},
        "rule_precision": {kind.value: precision for kind, precision in of.rule_precision.items()},
        **({"session_raw": {kind.value: raw for kind, raw in of.session_raw.items()}} if of.session_raw else {}),
        **({"doubt_below": of.doubt_below} if of.doubt_below else {}),
        "together": of.together,
        "taken_back": of.taken_back,
    }


LONGEST_TOGETHER = 350
"""Characters that a passage of several sentences has at most: what the network surely reads, so that no passage speaks
of a sentence that it was cut off before. No passage over 120 characters had fewer than 2.78 a token, and 128 count.
Of marks in a row, such as a line of dashes, each is a token and counts for three characters.
"""
_MARKS = re.compile(r"(?:[^\w\s]\s*){4,}")


def passages_of(text: str, together: int) -> list[Passage]:
    """Each sentence, then as many as may be read at once of each ``together`` that follow each other, from two on.

    Where there are fewer, all of them are one passage. What lies inside another passage of several is none of its own.
    """
    spans = sentence_spans(text)
    single = [Passage(start, end, at, at) for at, (start, end) in enumerate(spans)]
    several: list[Passage] = []
    for first in single:
        fitting = [
            each
            for each in single[first.first : first.first + together]
            if _length_read(text, first.start, each.end) <= LONGEST_TOGETHER
        ]
        last = fitting[-1] if fitting else first
        if last.last > max(first.first, several[-1].last if several else 0):
            several.append(Passage(first.start, last.end, first.first, last.last))
    return single + several


def _length_read(text: str, start: int, end: int) -> int:
    if end - start > LONGEST_TOGETHER:
        return end - start
    return end - start + sum(2 * len(marks.group()) for marks in _MARKS.finditer(text, start, end))


def scores_of(texts: Sequence[str], folder: Path = SHIPPED) -> Iterator["Scores"]:
    """The calibrated probability of each kind (columns in SignalKind order) for each passage of each text."""
    from language.risk_network import load_network

    of = settings(folder)
    for raw in raw_of(texts, load_network(folder).scores, of.together, of.taken_back):
        yield calibrated(raw, of)


def raw_of(
    texts: Sequence[str],
    scores: "Callable[[Sequence[str]], NDArray[np.float32]]",
    together: int,
    taken_back: float,
) -> "Iterator[NDArray[np.float32]]":
    """The raw scores of each text's passages, as they are heard; ``scores`` reads the passages of all texts at once."""
    passages = [passages_of(text, together) for text in texts]
    raw = scores([text[one.start : one.end] for text, each in zip(texts, passages, strict=True) for one in each])
    at = 0
    for each in passages:
        yield as_heard(raw[at : at + len(each)], each, taken_back)
        at += len(each)


def as_heard(raw: "NDArray[np.float32]", passages: Sequence[Passage], taken_back: float) -> "NDArray[np.float32]":
    """Raw scores of one text's passages, where a sentence alone is no louder than those beside it leave it.

    "I wanted to die." "That was in 2009.": the two together sound so much less that the first alone does not count. A
    sentence about something else makes it a little less loud, and takes nothing back.
    """
    import numpy as np

    heard = np.array(raw)
    alone = sum(each.first == each.last for each in passages)
    if not taken_back or alone == len(passages):
        return heard
    among = np.full_like(raw[:alone], -np.inf)
    for passage, loud in zip(passages[alone:], raw[alone:], strict=True):
        beside = slice(passage.first, passage.last + 1)
        among[beside] = np.maximum(among[beside], loud)
    # A sentence too long to be read with another stands alone.
    takes = (raw[:alone] - among > taken_back) & np.isfinite(among)
    heard[:alone] = np.where(takes, among, raw[:alone])
    return heard


def calibrated(raw: "NDArray[np.float32]", of: Settings) -> "Scores":
    """Probabilities from raw scores."""
    import numpy as np

    slope, shift = np.array([of.calibration[kind] for kind in SignalKind], dtype=np.float64).T
    return np.asarray(1.0 / (1.0 + np.exp(-(raw.astype(np.float64) * slope + shift))))
