"""How much each passage of a text sounds like each kind of risk: a trained network, calibrated, a threshold per kind.

A passage is a sentence, or two that follow each other: what one leaves open the other often says. No passage is judged
by what stands elsewhere, so that no unrelated sentence added before or after can take a flag away. Weights, calibration
and thresholds are one version and lie in one folder, which never changes: the shipped one is written by
language.training.train_risk, a practice's own by language.recalibration.
"""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
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
    """

    version: str
    calibration: dict[SignalKind, tuple[float, float]]
    thresholds: dict[SignalKind, float]
    rule_precision: dict[SignalKind, float]
    session_raw: dict[SignalKind, float] = field(default_factory=dict)
    doubt_below: float = 0.0

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
    )


def as_stored(of: Settings) -> dict[str, object]:
    """What ``settings`` reads, as it stands in the file."""
    return {
        "calibration": {kind.value: list(line) for kind, line in of.calibration.items()},
        "thresholds": {kind.value: threshold for kind, threshold in of.thresholds.items()},
        "rule_precision": {kind.value: precision for kind, precision in of.rule_precision.items()},
        **({"session_raw": {kind.value: raw for kind, raw in of.session_raw.items()}} if of.session_raw else {}),
        **({"doubt_below": of.doubt_below} if of.doubt_below else {}),
    }


def passages_of(text: str) -> list[Passage]:
    """Each sentence, then each two neighbours."""
    spans = sentence_spans(text)
    single = [Passage(start, end, at, at) for at, (start, end) in enumerate(spans)]
    return single + [Passage(a.start, b.end, a.first, b.last) for a, b in pairwise(single)]


def scores_of(texts: Sequence[str], folder: Path = SHIPPED) -> Iterator["Scores"]:
    """The calibrated probability of each kind (columns in SignalKind order) for each passage of each text."""
    from language.risk_network import load_network

    passages = [[text[each.start : each.end] for each in passages_of(text)] for text in texts]
    raw = load_network(folder).scores([words for each in passages for words in each])
    at = 0
    for each in passages:
        yield calibrated(raw[at : at + len(each)], settings(folder))
        at += len(each)


def calibrated(raw: "NDArray[np.float32]", of: Settings) -> "Scores":
    """Probabilities from raw scores."""
    import numpy as np

    slope, shift = np.array([of.calibration[kind] for kind in SignalKind], dtype=np.float64).T
    return np.asarray(1.0 / (1.0 + np.exp(-(raw.astype(np.float64) * slope + shift))))
