"""How much each sentence sounds like each kind of risk: calibrated logistic heads on frozen sentence vectors.

The suicidal-ideation head also sees the document around the sentence. Weights, thresholds and calibration are files
of one version, written by language.training.train_risk.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from language.risk_values import SignalKind
from language.sentences import sentence_spans

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

FOLDER = Path(__file__).parent / "weights" / "risk_signals"
WEIGHTS = FOLDER / "head.safetensors"
SETTINGS = FOLDER / "thresholds.json"


@dataclass(frozen=True)
class Settings:
    """What may be tuned without new weights: the threshold of each kind, and what a rule's word is worth."""

    version: str
    thresholds: dict[SignalKind, float]
    rule_precision: dict[SignalKind, float]


@dataclass(frozen=True)
class Vectors:
    """A text as vectors: one row per sentence, and one row for the document (whole, mean and maximum: 3 x 384)."""

    sentences: "NDArray[np.float32]"
    document: "NDArray[np.float32]"


@cache
def settings() -> Settings:
    """The thresholds in force; every kind must have one, so a missing kind stops the reading instead of passing it."""
    stored = json.loads(SETTINGS.read_text(encoding="utf-8"))
    return Settings(
        version=stored["version"],
        thresholds={kind: float(stored["thresholds"][kind.value]) for kind in SignalKind},
        rule_precision={kind: float(stored["rule_precision"][kind.value]) for kind in SignalKind},
    )


def vectors_of(texts: Sequence[str]) -> Iterator[Vectors]:
    """The sentence and document vectors of each text, encoded in one run."""
    import numpy as np

    from language.encoder import load_encoder

    sentences = [[text[start:end] for start, end in sentence_spans(text)] for text in texts]
    pieces = [piece for parts in sentences for piece in parts]
    # A text of one sentence is its own document; only longer ones are encoded once more as a whole.
    wholes = [text for text, parts in zip(texts, sentences, strict=True) if len(parts) > 1]
    encoded = load_encoder().encode([*pieces, *wholes])
    at, whole_at = 0, len(pieces)
    for parts in sentences:
        rows = encoded[at : at + len(parts)]
        at += len(parts)
        if not parts:
            yield Vectors(rows, np.zeros(0, dtype=np.float32))
            continue
        whole = rows[0] if len(parts) == 1 else encoded[whole_at]
        whole_at += len(parts) > 1
        yield Vectors(rows, np.concatenate([whole, rows.mean(0), rows.max(0)]))


def scores_of(texts: Sequence[str]) -> Iterator["Scores"]:
    """The calibrated probability of each kind (columns in SignalKind order) for each sentence of each text."""
    return (scores_of_vectors(vectors, _weights()) for vectors in vectors_of(texts))


def scores_of_vectors(vectors: Vectors, weights: dict[str, "NDArray[np.float32]"]) -> "Scores":
    """The same from vectors: sigmoid of the kind's sentence score, the document's score and their calibration."""
    import numpy as np

    sentence = vectors.sentences.astype(np.float64) @ weights["sentence"].T + weights["sentence_bias"]
    if not len(sentence):
        return sentence
    document = float(vectors.document @ weights["document"] + weights["document_bias"][0])
    score = sentence * weights["scale"] + document * weights["document_scale"] + weights["shift"]
    return np.asarray(1.0 / (1.0 + np.exp(-score)))


@cache
def _weights() -> dict[str, "NDArray[np.float32]"]:
    from safetensors.numpy import load_file

    return dict(load_file(WEIGHTS))
