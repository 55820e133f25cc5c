"""A practice's own version of the risk reader, made from the earlier of its clinicians' labels.

Labels exist only for what was raised. They say how often a flag was right; nothing here can learn what was missed.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from language.evaluation.on_labels import column_of, heard_in, logit, not_told, raised_of, raw_of, said_of, sigmoid
from language.feedback import SELECTION, Label
from language.manifests import CARD, MANIFEST, Manifest, content_of, digests, stored
from language.risk_classifier import THRESHOLDS, Settings, as_stored, settings
from language.risk_network import HEAD_BIAS, HEAD_WEIGHT, NETWORK, load_network
from language.risk_signals import CLASSIFIER, RULE
from language.risk_values import SignalKind

if TYPE_CHECKING:
    from language.evaluation.on_labels import Flags, Floats

FIT_SHARE = 0.7
FEWEST_OF_A_KIND = 30
FEWEST_TO_REFIT = 500
RULE_WEIGHS = 30
"""How many flags' worth of belief a rule's precision keeps."""
HOLDS = 5.0
"""How strongly what is fitted is held to what it was: a typical log-odds may move by a variance of 1 / 5."""
LEAST_SLOPE = 0.1


@dataclass(frozen=True)
class Candidate:
    """A version that was made and is not in force: its files, how many labels it saw, what stayed as it was and why."""

    version: str
    files: dict[str, bytes]
    labels: int
    untouched: dict[str, str]


@dataclass(frozen=True)
class _Seen:
    """The labels to fit on, the raw score of each (nan for a rule's), and whether the version in force raises it."""

    labels: Sequence[Label]
    raw: "Floats"
    raised: "Flags"

    def of(self, kind: SignalKind, raised_by: str) -> "Flags":
        return np.array([each.kind == kind and each.raised_by == raised_by for each in self.labels], dtype=bool)

    @property
    def confirmed(self) -> "Flags":
        return np.array([label.confirmed for label in self.labels], dtype=bool)


def earlier_and_later(labels: Sequence[Label]) -> tuple[list[Label], list[Label]]:
    """The first 70 % by time of decision, and what was decided after them; one moment is never on both sides."""
    ordered = sorted(labels, key=lambda label: label.decided_at)
    if not ordered:
        return [], []
    until = ordered[max(0, int(len(ordered) * FIT_SHARE) - 1)].decided_at
    return [each for each in ordered if each.decided_at <= until], [each for each in ordered if each.decided_at > until]


def recalibrated(
    earlier: Sequence[Label],
    in_force: Path,
    known: Mapping[str, Path],
    wanted: Mapping[SignalKind, float],
    *,
    refit: bool,
    now: datetime,
) -> Candidate:
    """A version made from the one in force and the earlier labels; ``known``: the folder of every version.

    The log-odds of each kind are moved by a line (Platt 1999) or, with ``refit``, by its head, held close to what they
    were; a rule's precision by its flags. Thresholds move along, so that no confirmed flag of these labels is lost.
    ``wanted``: thresholds that a person wants instead. Raises ValueError where nothing can be made, or a wish loses a
    confirmed flag.
    """
    seen = _usable(earlier, in_force, known, with_passage=refit)
    old = settings(in_force)
    new, stay = _rules_recalibrated(old, seen)
    network, raw = content_of(in_force, NETWORK), seen.raw
    enough = [kind for kind in SignalKind if not _why_too_few(seen, kind, CLASSIFIER)]
    stay |= {_name(kind, CLASSIFIER): _why_too_few(seen, kind, CLASSIFIER) for kind in SignalKind if kind not in enough}
    if refit:
        network, raw = _refitted(seen, in_force, enough)
        new = _keeping_what_was_confirmed(new, seen, raw)
    for kind in () if refit else enough:
        line = _moved(new, kind, seen)
        if line is None:
            stay[_name(kind, CLASSIFIER)] = "the surer the reader was, the less often it was right: look at its flags"
        else:
            new = _with_line(new, kind, *line)
    for kind, threshold in wanted.items():
        new = _with_threshold(new, kind, threshold, seen, raw, may_rise=kind in enough)
    if new == old and network == content_of(in_force, NETWORK):
        raise ValueError("these labels change nothing")
    return _candidate(new, network, old.version, seen.labels, stay, now)


def _usable(earlier: Sequence[Label], in_force: Path, known: Mapping[str, Path], *, with_passage: bool) -> _Seen:
    told = [label for label in earlier if label.raised_by != CLASSIFIER or label.passage or not with_passage]
    if with_passage and sum(bool(label.passage) for label in told) < FEWEST_TO_REFIT:
        raise ValueError(f"heads are refitted from {FEWEST_TO_REFIT} earlier labels with a text on; there are fewer")
    raw = raw_of(told, in_force, known)
    kept = ~not_told(told, raw)
    labels = [label for label, keep in zip(told, kept, strict=True) if keep]
    if not labels:
        raise ValueError("there is no label to learn from, or none of a version that is still here")
    of = settings(in_force)
    return _Seen(labels, raw[kept], raised_of(labels, said_of(labels, raw[kept], of), of))


def _why_too_few(seen: _Seen, kind: SignalKind, raised_by: str) -> str:
    truth = seen.confirmed[seen.of(kind, raised_by)]
    if len(truth) < FEWEST_OF_A_KIND:
        return f"fewer than {FEWEST_OF_A_KIND} labels"
    return "" if truth.any() and not truth.all() else "all labels say the same"


def _name(kind: SignalKind, raised_by: str) -> str:
    return f"{kind.value} by {raised_by}"


def with_thresholds(base: Path, wanted: Mapping[SignalKind, float], now: datetime) -> Candidate:
    """A version that raises flags from other probabilities on, to be tried beside ``base``: no label says it is better.

    Raises ValueError for a threshold that is none, or where nothing changes.
    """
    old = settings(base)
    if any(not 0 < threshold < 1 for threshold in wanted.values()):
        raise ValueError("a threshold lies between 0 and 1")
    new = replace(old, thresholds={**old.thresholds, **{kind: _floor(value) for kind, value in wanted.items()}})
    if new == old:
        raise ValueError("these thresholds are in force already")
    return _candidate(new, content_of(base, NETWORK), old.version, (), {}, now)


# -- what is fitted


def _rules_recalibrated(old: Settings, seen: _Seen) -> tuple[Settings, dict[str, str]]:
    precision, stay = dict(old.rule_precision), {}
    for kind in SignalKind:
        if why := _why_too_few(seen, kind, RULE):
            stay[_name(kind, RULE)] = why
            continue
        truth = seen.confirmed[seen.of(kind, RULE)]
        precision[kind] = round((float(truth.sum()) + RULE_WEIGHS * precision[kind]) / (len(truth) + RULE_WEIGHS), 4)
    return replace(old, rule_precision=precision), stay


def _moved(of: Settings, kind: SignalKind, seen: _Seen) -> tuple[float, float] | None:
    """Slope and shift of the raw score after a line through the log-odds; None where it would turn the order round."""
    chosen = seen.of(kind, CLASSIFIER)
    slope, shift = of.calibration[kind]
    odds = seen.raw[chosen] * slope + shift
    # turned about their middle, so that flags which all sound alike move the line and do not turn it
    middle = float(odds.mean())
    change = _fitted(np.column_stack([odds - middle, np.ones(len(odds))]), seen.confirmed[chosen], odds)
    turn, lift = 1 + float(change[0]), float(change[1] - change[0] * middle)
    return (turn * slope, turn * shift + lift) if turn >= LEAST_SLOPE else None


def _with_line(of: Settings, kind: SignalKind, slope: float, shift: float) -> Settings:
    """Another calibration of a kind, with its threshold at the same raw score."""
    old_slope, old_shift = of.calibration[kind]
    at = (float(logit(of.thresholds[kind])) - old_shift) / old_slope
    line = (round(slope, 4), round(shift, 4))
    threshold = _floor(float(sigmoid(np.array(at * line[0] + line[1]))))
    return replace(of, calibration={**of.calibration, kind: line}, thresholds={**of.thresholds, kind: threshold})


def _refitted(seen: _Seen, in_force: Path, kinds: Sequence[SignalKind]) -> tuple[bytes, "Floats"]:
    """The network with other heads for these kinds, and the raw score that it gives each label."""
    from safetensors.torch import load, save

    of = settings(in_force)
    tensors = load(content_of(in_force, NETWORK))
    heads, bias = tensors[HEAD_WEIGHT].double().numpy(), tensors[HEAD_BIAS].double().numpy()
    network = load_network(in_force)
    views = network.views([words for words, _ in heard_in(seen.labels, network, of)]).astype(np.float64)
    with_one = np.column_stack([views, np.ones(len(views))])
    weights = np.column_stack([heads, bias])
    for kind in kinds:
        chosen, (slope, shift) = seen.of(kind, CLASSIFIER), of.calibration[kind]
        odds = (with_one[chosen] @ weights[column_of(kind)]) * slope + shift
        weights[column_of(kind)] += _fitted(slope * with_one[chosen], seen.confirmed[chosen], odds)
    halves = weights.astype(np.float16)
    for name, values in ((HEAD_WEIGHT, halves[:, :-1]), (HEAD_BIAS, halves[:, -1])):
        tensors[name] = tensors[name].new_tensor(values.tolist())
    columns = np.array([column_of(label.kind) for label in seen.labels])
    raw = np.einsum("nd,nd->n", with_one, halves[columns].astype(np.float64))
    return save(tensors), np.where(np.isnan(seen.raw), np.nan, raw)


def _fitted(features: "Floats", truth: "Flags", odds: "Floats") -> "Floats":
    """The change of weights that makes the log-odds likelier, by Newton's method; it is held to zero, see HOLDS."""
    hold = HOLDS * float((features**2).sum(1).mean())

    def cost(change: "Floats") -> float:
        moved = odds + features @ change
        return float((np.logaddexp(0, moved) - truth * moved).sum() + hold / 2 * change @ change)

    change = np.zeros(features.shape[1])
    for _ in range(100):
        said = sigmoid(odds + features @ change)
        slope = features.T @ (said - truth) + hold * change
        curve = (features.T * (said * (1 - said))) @ features + hold * np.eye(len(change))
        step = np.linalg.solve(curve, slope)
        while cost(change - step) > cost(change) and np.abs(step).max() > 1e-9:
            step /= 2
        change -= step
        if np.abs(step).max() < 1e-9:
            break
    return change


# -- thresholds


def _keeping_what_was_confirmed(of: Settings, seen: _Seen, raw: "Floats") -> Settings:
    """Thresholds low enough for every confirmed flag that the version in force raises."""
    said = said_of(seen.labels, raw, of)
    lowest = dict(of.thresholds)
    for kind in SignalKind:
        if len(kept := said[seen.of(kind, CLASSIFIER) & seen.confirmed & seen.raised]):
            lowest[kind] = min(lowest[kind], _floor(float(kept.min())))
    return replace(of, thresholds=lowest)


def _with_threshold(
    of: Settings, kind: SignalKind, wanted: float, seen: _Seen, raw: "Floats", *, may_rise: bool
) -> Settings:
    if not 0 < wanted < 1:
        raise ValueError(f"{kind.value}: a threshold lies between 0 and 1")
    confirmed = said_of(seen.labels, raw, of)[seen.of(kind, CLASSIFIER) & seen.confirmed & seen.raised]
    if wanted > of.thresholds[kind]:
        if not may_rise:
            raise ValueError(f"{kind.value}: too few labels to raise its threshold of {of.thresholds[kind]}")
        if lost := int((confirmed < wanted).sum()):
            raise ValueError(f"{kind.value}: a threshold of {wanted} loses {lost} of {len(confirmed)} confirmed flags")
    return replace(of, thresholds={**of.thresholds, kind: _floor(wanted)})


def _floor(probability: float) -> float:
    """Four decimals, as a flag's probability is kept, and never higher."""
    return math.floor(probability * 1e4) / 1e4


# -- what is written


def _candidate(
    of: Settings, network: bytes, made_from: str, labels: Sequence[Label], stay: dict[str, str], now: datetime
) -> Candidate:
    weights = {NETWORK: network, THRESHOLDS: json.dumps(as_stored(of), indent=2).encode() + b"\n"}
    recorded = digests(weights)
    version = f"risk-{sha256(json.dumps(recorded).encode()).hexdigest()[:8]}"
    manifest = Manifest(
        version,
        f"the practice's own, made from {made_from}",
        recorded,
        made_from=made_from,
        made_at=now.isoformat(timespec="seconds"),
        labels=len(labels),
        labels_until=max(label.decided_at for label in labels).isoformat() if labels else "",
    )
    files = {**weights, MANIFEST: stored(manifest), CARD: _card(manifest, stay).encode()}
    return Candidate(version, files, len(labels), stay)


def _card(made: Manifest, stay: dict[str, str]) -> str:
    decisions = f"{made.labels} decisions of this practice's clinicians, the last of\n{made.labels_until}"
    learned = decisions if made.labels else "thresholds that a person chose"
    stayed = "\n".join(f"- {name}: {why}" for name, why in stay.items()) or "- nothing"
    return f"""# Risk-signal classifier, a practice's own version {made.version}

Made on {made.made_at} from {made.made_from} and {learned}.
What it does, what it must not be used for and where it fails: the card of {made.made_from}.

{SELECTION}

As in {made.made_from}:

{stayed}

Figures: `countersign models evaluate risk_signals {made.version}`
"""
