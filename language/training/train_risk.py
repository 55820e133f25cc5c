"""Which weights the risk classifier has: trains the heads, calibrates them and sets their thresholds.

    python -m language.training.train_risk

Seeded and CPU-only, a few minutes. Writes head.safetensors and thresholds.json to
language/weights/risk_signals and prints the figures on held-out users and sentences.
"""

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from language import risk_classifier
from language.encoder import load_encoder
from language.risk_classifier import Vectors, scores_of_vectors, vectors_of
from language.risk_signals import read_risk, read_risk_many
from language.risk_values import SignalKind, SignalStatus
from language.training import risk_corpora
from language.training.risk_corpora import HELD_OUT, TRAIN, Sentence

SEED = 20261123
FOLDS = 5
MEDICAL_TALKS = 400
COMPOSED_DOCUMENTS = 400
SHARE_OF_A_POST_THAT_SPEAKS = 1 / 3
ROUNDS = 1
# The share of ordinary training documents that each classifier may flag; the rules come on top.
ORDINARY_FLAGS_ALLOWED = {SignalKind.SUICIDAL_IDEATION: 0.05}
ORDINARY_FLAGS_ALLOWED_ELSE = 0.004
SUICIDE = (SignalKind.SUICIDAL_IDEATION, SignalKind.SUICIDE_PLAN_INTENT_OR_BEHAVIOUR)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """A training document: its vectors, who or what it comes from, and the kinds that are present in it.

    `exact` means that every sentence of it carries the label; a post is labelled only as a whole.
    """

    vectors: Vectors
    group: str
    kinds: frozenset[SignalKind]
    source: str
    exact: bool
    for_ideation_only: bool


def main() -> None:
    """Train, write, measure."""
    load_encoder(threads=2)
    examples = _examples()
    weights = _fit(examples)
    out_of_fold = _out_of_fold(examples)
    weights |= _calibration(examples, out_of_fold)
    settings = {
        "version": f"risk-{_digest(weights)}",
        "thresholds": _thresholds(examples, out_of_fold, weights),
        "rule_precision": _rule_precision(),
    }
    save_file(
        {name: np.ascontiguousarray(w, dtype=np.float32) for name, w in weights.items()},
        risk_classifier.WEIGHTS,
    )
    risk_classifier.SETTINGS.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    risk_classifier.settings.cache_clear()
    risk_classifier._weights.cache_clear()
    print(json.dumps(settings | _held_out_figures(), indent=2))


# -- examples


def _examples() -> list[Example]:
    rows: list[tuple[str, str, frozenset[SignalKind], str, bool, bool]] = []
    sentences = [s for name in ("challenge", "ordinary", "training") for s in risk_corpora.hand_written(name)]
    own = [s for s in sentences if s.split == TRAIN]
    for at, sentence in enumerate(own):
        rows.append((sentence.text, f"own-{at}", _kinds(sentence), "own", True, False))
    for post in risk_corpora.posts():
        if post.split == TRAIN:
            kinds = frozenset(SUICIDE[:1]) if post.positive else frozenset()
            rows.append((post.text, post.user, kinds, "reddit", False, True))
    choose = random.Random(SEED)
    talks = choose.sample(risk_corpora.medical_talk("train"), MEDICAL_TALKS)
    # A consultation in which the rules find anything at all is no certain negative.
    rows += [
        (talk, f"talk-{at}", frozenset(), "medical", True, False)
        for at, talk in enumerate(talks)
        if not read_risk(talk, rules_only=True).signals
    ]
    rows += [
        (text, f"composed-{at}", kinds, "composed", False, True) for at, (text, kinds) in enumerate(_composed(own))
    ]
    vectors = vectors_of([row[0] for row in rows])
    return [Example(v, *row[1:]) for v, row in zip(vectors, rows, strict=True) if len(v.sentences)]


def _kinds(sentence: Sentence) -> frozenset[SignalKind]:
    if sentence.status != SignalStatus.PRESENT or sentence.kind is None:
        return frozenset()
    kind = SignalKind(sentence.kind)
    # Whoever has a plan has the thoughts as well.
    return frozenset(SUICIDE) if kind is SUICIDE[1] else frozenset({kind})


def _composed(own: list[Sentence]) -> Iterator[tuple[str, frozenset[SignalKind]]]:
    """Referral-like texts: some ordinary sentences, and in every fourth of them one disclosure."""
    choose = random.Random(SEED)
    ordinary = [s.text for s in own if s.kind is None]
    disclosures = [s.text for s in own if SUICIDE[0] in _kinds(s)]
    for at in range(COMPOSED_DOCUMENTS):
        parts = choose.sample(ordinary, choose.randint(2, 7))
        if at % 4 == 0:
            parts.insert(choose.randint(0, len(parts)), choose.choice(disclosures))
        yield " ".join(parts), frozenset(SUICIDE[:1]) if at % 4 == 0 else frozenset()


# -- heads


def _fit(examples: list[Example]) -> dict[str, Floats]:
    heads = [_sentence_head(examples, kind) for kind in SignalKind]
    document, bias = _document_head([e for e in examples if e.for_ideation_only or e.source == "medical"])
    return {
        "sentence": np.vstack([head for head, _ in heads]),
        "sentence_bias": np.array([bias for _, bias in heads]),
        "document": document,
        "document_bias": np.array([bias]),
    }


def _sentence_head(examples: list[Example], kind: SignalKind) -> tuple[Floats, float]:
    """One kind's weights on a sentence; a post's own sentences are chosen by the head of the round before."""
    exact = [e for e in examples if e.exact]
    head = _logistic(*_rows(exact, kind, None))
    if kind is not SUICIDE[0]:
        return head
    posts = [e for e in examples if e.source == "reddit"]
    for _ in range(ROUNDS):
        head = _logistic(*_rows(exact + posts, kind, head))
    return head


def _rows(
    examples: list[Example], kind: SignalKind, head: tuple[Floats, float] | None
) -> tuple[Floats, NDArray[np.bool_], Floats]:
    x, y, weight = [], [], []
    for example in examples:
        sentences = example.vectors.sentences
        positive = kind in example.kinds
        if positive and not example.exact and head is not None:
            score = sentences @ head[0] + head[1]
            keep = max(1, int(np.ceil(len(sentences) * SHARE_OF_A_POST_THAT_SPEAKS)))
            sentences = sentences[np.argsort(-score, kind="stable")[:keep]]
        x.append(sentences)
        y += [positive] * len(sentences)
        # A hand-written sentence is surely right and in this domain; a post's sentence is neither.
        weight += [6.0 if example.source == "own" else 1.0] * len(sentences)
    return np.vstack(x).astype(np.float64), np.array(y), np.array(weight)


def _document_head(examples: list[Example]) -> tuple[Floats, float]:
    x = np.array([e.vectors.document for e in examples], dtype=np.float64)
    y = np.array([SUICIDE[0] in e.kinds for e in examples])
    return _logistic(x, y, np.ones(len(y)))


def _logistic(x: Floats, y: NDArray[np.bool_], weight: Floats) -> tuple[Floats, float]:
    head = LogisticRegression(C=1.0, max_iter=2000, class_weight="balanced").fit(x, y, sample_weight=weight)
    return head.coef_[0], float(head.intercept_[0])


# -- calibration and thresholds


def _out_of_fold(examples: list[Example]) -> tuple[list[Floats], Floats]:
    """Each example's sentence scores per kind and its document score, from heads that never saw its group."""
    sentence: list[Floats] = [np.zeros((0, 0))] * len(examples)
    document = np.zeros(len(examples))
    groups = [e.group for e in examples]
    for fit, test in GroupKFold(FOLDS).split(groups, groups=groups):
        heads = _fit([examples[i] for i in fit])
        for i in test:
            sentence[i] = examples[i].vectors.sentences @ heads["sentence"].T + heads["sentence_bias"]
            document[i] = examples[i].vectors.document @ heads["document"] + heads["document_bias"][0]
    return sentence, document


def _calibration(examples: list[Example], out_of_fold: tuple[list[Floats], Floats]) -> dict[str, Floats]:
    scale, document_scale, shift = (np.zeros(len(SignalKind)) for _ in range(3))
    best = np.array([scores.max(0) for scores in out_of_fold[0]])
    for column, kind in enumerate(SignalKind):
        rows = [i for i, e in enumerate(examples) if kind is SUICIDE[0] or not e.for_ideation_only]
        y = np.array([kind in examples[i].kinds for i in rows])
        x = best[rows, column : column + 1]
        if kind is SUICIDE[0]:
            x = np.column_stack([x, out_of_fold[1][rows]])
        platt = LogisticRegression(C=1e3).fit(x, y)
        scale[column], shift[column] = platt.coef_[0][0], platt.intercept_[0]
        if kind is SUICIDE[0]:
            document_scale[column] = platt.coef_[0][1]
    return {"scale": scale, "document_scale": document_scale, "shift": shift}


def _thresholds(
    examples: list[Example], out_of_fold: tuple[list[Floats], Floats], weights: dict[str, Floats]
) -> dict[str, float]:
    score = np.array([s.max(0) for s in out_of_fold[0]]) * weights["scale"] + weights["shift"]
    score += out_of_fold[1][:, None] * weights["document_scale"]
    ordinary = [i for i, e in enumerate(examples) if not e.kinds and e.source in ("own", "medical", "composed")]
    thresholds = {}
    for column, kind in enumerate(SignalKind):
        allowed = ORDINARY_FLAGS_ALLOWED.get(kind, ORDINARY_FLAGS_ALLOWED_ELSE)
        probability = 1 / (1 + np.exp(-score[ordinary, column]))
        thresholds[kind.value] = round(float(np.quantile(probability, 1 - allowed)), 4)
    return thresholds


def _rule_precision() -> dict[str, float]:
    """The share of a kind's present rule signals that were right on the training sentences (with one miss added)."""
    sentences = [
        s for n in ("challenge", "ordinary", "training") for s in risk_corpora.hand_written(n) if s.split == TRAIN
    ]
    precision = {}
    for kind in SignalKind:
        raised = [
            s for s in sentences if kind in {signal.kind for signal in read_risk(s.text, rules_only=True).present}
        ]
        right = sum(s.status == SignalStatus.PRESENT for s in raised)
        precision[kind.value] = round((right + 1) / (len(raised) + 2), 4)
    return precision


# -- figures


def _held_out_figures() -> dict[str, object]:
    posts = [p for p in risk_corpora.posts() if p.split == HELD_OUT]
    vectors = vectors_of([p.text for p in posts])
    weights = risk_classifier._weights()
    score = [max(scores_of_vectors(v, weights)[:, 0], default=0.0) for v in vectors]
    flagged = [bool(reading.present) for reading in read_risk_many([p.text for p in posts])]
    ordinary = [s.text for s in risk_corpora.hand_written("ordinary") if s.split == HELD_OUT]
    return {
        "held_out_users": len({p.user for p in posts}),
        "posts_auroc": round(float(roc_auc_score([p.positive for p in posts], score)), 4),
        "posts_recall": _share([f for f, p in zip(flagged, posts, strict=True) if p.positive]),
        "posts_flags_on_negatives": _share([f for f, p in zip(flagged, posts, strict=True) if not p.positive]),
        "ordinary_flags": _share([bool(r.present) for r in read_risk_many(ordinary)]),
    }


def _share(flags: list[bool]) -> float:
    return round(sum(flags) / max(1, len(flags)), 4)


def _digest(weights: dict[str, Floats]) -> str:
    rounded = b"".join(np.round(weights[name], 4).astype(np.float32).tobytes() for name in sorted(weights))
    return hashlib.sha256(rounded).hexdigest()[:8]


if __name__ == "__main__":
    main()
