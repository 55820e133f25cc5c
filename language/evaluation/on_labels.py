"""How a version of the risk reader does on flags that clinicians decided on, alone or beside another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from language import risk_classifier
from language.evaluation.calibration import LEAST, calibration_error, log_loss
from language.feedback import FEWEST, Label, Precision, precision_by
from language.manifests import read_manifest
from language.plain import Plain, plain
from language.risk_classifier import Settings, passages_of, settings
from language.risk_network import NETWORK, RiskNetwork, load_network
from language.risk_signals import CLASSIFIER
from language.risk_values import SignalKind
from language.sentences import sentence_spans

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Figures:
    """What one version says of some flags that were raised; ``raised``: the precision of those that it raises itself.

    ``left_out``: labels it cannot be told of, because the network that raised them is another one and no text was
    kept. ``by_kind``: as ``raised``, of kinds with at least 30 of them; fewer would tell which cases they are of.
    """

    labels: int
    left_out: int
    log_loss: float
    calibration_error: float
    raised: Precision | None
    by_kind: dict[SignalKind, Precision]


@dataclass(frozen=True)
class Verdict:
    """The version in force and a candidate on the same labels.

    ``confirmed``: confirmed flags that the version in force raises; ``lost``: those that the candidate does not.
    """

    in_force: Figures
    candidate: Figures
    confirmed: int
    lost: int


def figures_of(labels: Sequence[Label], folder: Path, known: Mapping[str, Path]) -> Figures | None:
    """The figures of one version; None where it can be told of no label. ``known``: the folder of every version."""
    raw = raw_of(labels, folder, known)
    usable = ~not_told(labels, raw)
    ours = _chosen(labels, usable)
    left_out = len(labels) - len(ours)
    return _figures(ours, left_out, *_outcome(ours, raw[usable], folder)) if ours else None


def judged(labels: Sequence[Label], in_force: Path, candidate: Path, known: Mapping[str, Path]) -> Verdict | None:
    """Two versions side by side; None where no label can be compared."""
    raw = [raw_of(labels, folder, known) for folder in (in_force, candidate)]
    usable = ~(not_told(labels, raw[0]) | not_told(labels, raw[1]))
    ours = _chosen(labels, usable)
    if not ours:
        return None
    before, after = (_outcome(ours, r[usable], f) for r, f in zip(raw, (in_force, candidate), strict=True))
    confirmed = before[1] & _truth(ours)
    left_out = len(labels) - len(ours)
    return Verdict(
        _figures(ours, left_out, *before),
        _figures(ours, left_out, *after),
        confirmed=int(confirmed.sum()),
        lost=int((confirmed & ~after[1]).sum()),
    )


def _chosen(labels: Sequence[Label], which: "Flags") -> list[Label]:
    return [label for label, chosen in zip(labels, which, strict=True) if chosen]


def _truth(labels: Sequence[Label]) -> "Flags":
    return np.array([label.confirmed for label in labels], dtype=bool)


def _outcome(labels: Sequence[Label], raw: "Floats", folder: Path) -> "tuple[Floats, Flags]":
    said = said_of(labels, raw, settings(folder))
    return said, raised_of(labels, said, settings(folder))


def _figures(labels: Sequence[Label], left_out: int, said: "Floats", raised: "Flags") -> Figures:
    truth, own = _truth(labels), _chosen(labels, raised)
    return Figures(
        len(labels),
        left_out,
        round(log_loss(said, truth), 4),
        round(calibration_error(said, truth), 4),
        precision_by(own, lambda _: True).get(True),
        {kind: each for kind, each in precision_by(own, lambda label: label.kind).items() if each.flags >= FEWEST},
    )


def raw_of(labels: Sequence[Label], folder: Path, known: Mapping[str, Path]) -> "Floats":
    """The raw score that a version's network gives each flag of the classifier: [n]; nan for others, or not known.

    Where the version that raised the flag has the same network, from what it said; else from the text.
    """
    raw = np.full(len(labels), np.nan)
    to_read = []
    for at, label in enumerate(labels):
        if label.raised_by != CLASSIFIER:
            continue
        if label.version in known and network_of(known[label.version]) == network_of(folder):
            slope, shift = settings(known[label.version]).calibration[label.kind]
            raw[at] = (float(logit(label.probability)) - shift) / slope
        elif label.passage:
            to_read.append(at)
    heard = heard_in([labels[at] for at in to_read], load_network(folder), settings(folder)) if to_read else []
    raw[to_read] = [loud for _, loud in heard]
    return raw


def heard_in(labels: Sequence[Label], network: RiskNetwork, of: Settings) -> list[tuple[str, float]]:
    """Of the passages that hold a flag's evidence the one in which its kind is loudest, made plain, and its raw score.

    Read as a text is read: a flag may come from what several sentences say together, and of a sentence that these take
    back their score is left, so they are named. Empty, and nan, for a rule's flag and without the text.
    """
    made_plain = cache(plain)  # a text may hold several flags
    parts = [
        _around(label, made_plain(label.text), of.together) if label.raised_by == CLASSIFIER else NOWHERE
        for label in labels
    ]
    scores = risk_classifier.raw_of([text for text, _ in parts], network.scores, of.together, of.taken_back)
    heard = []
    for label, (text, evidence), raw in zip(labels, parts, scores, strict=True):
        column = column_of(label.kind)
        holding = [
            (float(raw[row, column]), text[each.start : each.end])
            for row, each in enumerate(passages_of(text, of.together))
            if each.start < evidence[1] and evidence[0] < each.end
        ]
        loud, words = max(reversed(holding), key=lambda one: one[0], default=(float("nan"), ""))
        heard.append((words, loud))
    return heard


NOWHERE = ("", (0, 0))


def _around(label: Label, text: Plain, together: int) -> tuple[str, tuple[int, int]]:
    """The stretch of a text, made plain, that is read with a flag's evidence, and where the evidence is in it."""
    spans = sentence_spans(text.text)
    holding = [
        at
        for at, span in enumerate(spans)
        if (original := text.span(*span))[0] < label.ends and label.starts < original[1]
    ]
    if not holding:
        return NOWHERE
    first, last = max(0, holding[0] - together + 1), min(len(spans), holding[-1] + together) - 1
    start = spans[first][0]
    return text.text[start : spans[last][1]], (spans[holding[0]][0] - start, spans[holding[-1]][1] - start)


def network_of(folder: Path) -> str:
    """The digest of a version's network."""
    return read_manifest(folder).files[NETWORK]


def not_told(labels: Sequence[Label], raw: "Floats") -> "Flags":
    """Whether a version's score of a classifier's flag is not known."""
    return np.array([label.raised_by == CLASSIFIER for label in labels], dtype=bool) & np.isnan(raw)


def said_of(labels: Sequence[Label], raw: "Floats", of: Settings) -> "Floats":
    """The probability that a version gives each flag; for a rule's flag, what the rule's word is worth."""
    lines = np.array([of.calibration[label.kind] for label in labels]).reshape(len(labels), 2)
    by_rule = np.array([label.raised_by != CLASSIFIER for label in labels], dtype=bool)
    worth = np.array([of.rule_precision[label.kind] for label in labels])
    return np.where(by_rule, worth, sigmoid(raw * lines[:, 0] + lines[:, 1]))


def raised_of(labels: Sequence[Label], said: "Floats", of: Settings) -> "Flags":
    """Whether a version raises each flag; a rule raises whatever the probability."""
    # what was said is kept to four decimals
    pairs = zip(labels, said.round(4), strict=True)
    return np.array([each.raised_by != CLASSIFIER or p >= of.thresholds[each.kind] for each, p in pairs], dtype=bool)


def column_of(kind: SignalKind) -> int:
    return tuple(SignalKind).index(kind)


def sigmoid(value: "Floats") -> "Floats":
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * value)))


def logit(probability: "Floats | float") -> "Floats":
    kept = np.clip(probability, LEAST, 1 - LEAST)
    return np.asarray(np.log(kept / (1 - kept)))
