"""How well the risk reader reads: one JSON line with its figures beside a lexicon-only and a TF-IDF baseline.

    python -m benchmarks.risk

Everything is measured on held-out texts and held-out users. A public set that is absent is named in `skipped`. The
baseline's threshold is set so that it flags as many unseen ordinary texts as the reader: then their recall compares.
"""

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline

from benchmarks import disguises
from language import risk_classifier
from language.evaluation.calibration import calibration_error
from language.risk_signals import SignalKind, SignalStatus, read_risk_many
from language.training import risk_corpora
from language.training.risk_corpora import HELD_OUT, TRAIN, UNSEEN, Sentence
from language.training.train_risk import kinds_of, own_texts

Flags = Callable[[Sequence[str]], list[bool]]
SEED = 20261125


@dataclass(frozen=True)
class Baseline:
    """TF-IDF and logistic regression on the reader's own training texts."""

    model: LogisticRegression
    threshold: float

    def score(self, texts: Sequence[str]) -> NDArray[np.float64]:
        return np.asarray(self.model.predict_proba(texts)[:, 1])

    def flags(self, texts: Sequence[str]) -> list[bool]:
        return [bool(score >= self.threshold) for score in self.score(texts)]


def main() -> None:
    """Print the figures of the three readers in one line."""
    started = time.perf_counter()
    challenge, ordinary = risk_corpora.hand_written("unseen_challenge"), risk_corpora.hand_written("unseen_ordinary")
    flagged = sum(_hybrid([text.text for text in ordinary]))
    baseline = _baseline([text.text for text in ordinary], flagged)
    readers: dict[str, Flags] = {"hybrid": _hybrid, "lexicon_only": _lexicon, "tfidf_lr": baseline.flags}
    figures: dict[str, object] = {"version": risk_classifier.settings().version}
    for name, flags in readers.items():
        figures[name] = _unseen(flags, challenge, ordinary) | _older(flags) | _public(flags)
    figures["unseen_status_right"] = _status_right(challenge)
    figures["ece"] = _calibration_error([*challenge, *ordinary])
    figures["flags_without_evidence"] = _without_evidence(challenge)
    figures["disguised"] = _disguised(challenge)
    figures |= _auroc(baseline, [*challenge, *ordinary])
    public = (risk_corpora.HARD_CASES, risk_corpora.MEDICAL_TALK, risk_corpora.REDDIT)
    figures["skipped"] = [path.name for path in public if not path.exists()]
    print(json.dumps(figures | {"seconds": round(time.perf_counter() - started, 1)}))


def _hybrid(texts: Sequence[str]) -> list[bool]:
    return [bool(reading.present) for reading in read_risk_many(texts)]


def _lexicon(texts: Sequence[str]) -> list[bool]:
    return [bool(reading.present) for reading in read_risk_many(texts, rules_only=True)]


def _baseline(ordinary: Sequence[str], flagged: int) -> Baseline:
    texts = [text.text for text in own_texts()]
    labels = [bool(kinds_of(text)) for text in own_texts()]
    if risk_corpora.REDDIT.exists():
        posts = [post for post in risk_corpora.posts() if post.split == TRAIN]
        texts += [post.text for post in posts]
        labels += [post.positive for post in posts]
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    model = make_pipeline(words, LogisticRegression(C=10, max_iter=2000, class_weight="balanced")).fit(texts, labels)
    scores = sorted(model.predict_proba(ordinary)[:, 1], reverse=True)
    return Baseline(model, float(scores[flagged]) if flagged < len(scores) else 0.0)


# -- texts that neither rules nor weights have seen


def _unseen(flags: Flags, challenge: Sequence[Sentence], ordinary: Sequence[Sentence]) -> dict[str, object]:
    raised = dict(zip(challenge, flags([text.text for text in challenge]), strict=True))
    of_ordinary = dict(zip(ordinary, flags([text.text for text in ordinary]), strict=True))
    return {
        "unseen_recall": _share(raised, lambda text: text.status == SignalStatus.PRESENT),
        "unseen_false_flags": _share(raised, lambda text: text.status != SignalStatus.PRESENT),
        "unseen_false_flags_by_status": _by_status(raised),
        "unseen_recall_by_kind": _by_kind(raised),
        "unseen_ordinary_flags": _ratio(list(of_ordinary.values())),
        "unseen_ordinary_flags_of_long": _share(of_ordinary, lambda text: len(text.text.split()) > LONG_WORDS),
    }


LONG_WORDS = 45
"""Counselling questions, referral letters and pieces of sessions have more words than this."""


def _older(flags: Flags) -> dict[str, object]:
    """The held-out halves and unseen probes of the sets that the rules were written beside."""
    challenge = [text for text in risk_corpora.hand_written("challenge") if text.split == HELD_OUT]
    probes = [text for text in risk_corpora.hand_written("probes") if text.split == UNSEEN]
    ordinary = [text.text for text in risk_corpora.hand_written("ordinary") if text.split == HELD_OUT]
    figures: dict[str, object] = {"ordinary_flags": _ratio(flags(ordinary))}
    for name, texts in (("challenge", challenge), ("probes", probes)):
        raised = dict(zip(texts, flags([text.text for text in texts]), strict=True))
        figures[f"{name}_recall"] = _share(raised, lambda text: text.status == SignalStatus.PRESENT)
        figures[f"{name}_false_flags"] = _share(raised, lambda text: text.status != SignalStatus.PRESENT)
    return figures


def _public(flags: Flags) -> dict[str, object]:
    figures: dict[str, object] = {}
    if risk_corpora.HARD_CASES.exists():
        cases = risk_corpora.hard_cases()
        right = [flag == expected for flag, (_, expected) in zip(flags([t for t, _ in cases]), cases, strict=True)]
        figures["hard_cases_right"] = _ratio(right)
    if risk_corpora.MEDICAL_TALK.exists():
        figures["medical_talk_flags"] = _ratio(flags(risk_corpora.medical_talk("valid")))
    if risk_corpora.REDDIT.exists():
        posts = [post for post in risk_corpora.posts() if post.split == HELD_OUT]
        raised = list(zip(flags([post.text for post in posts]), posts, strict=True))
        figures["posts_recall"] = _ratio([flag for flag, post in raised if post.positive])
        figures["posts_recall_of_behaviour_or_attempt"] = _ratio([flag for flag, post in raised if post.severe])
        figures["posts_flags_on_negatives"] = _ratio([flag for flag, post in raised if not post.positive])
    return figures


# -- beyond "is it raised?"


def _status_right(challenge: Sequence[Sentence]) -> str:
    """How many negated, historical and third-person texts are reported with that status, none present."""
    statuses = (SignalStatus.NEGATED, SignalStatus.HISTORICAL, SignalStatus.SOMEONE_ELSE)
    texts = [text for text in challenge if text.status in statuses]
    readings = read_risk_many([text.text for text in texts])
    return _ratio(
        [
            not reading.present and any(signal.status == text.status for signal in reading.signals)
            for text, reading in zip(texts, readings, strict=True)
        ]
    )


def _without_evidence(challenge: Sequence[Sentence]) -> int:
    readings = read_risk_many([text.text for text in challenge])
    return sum(
        not text.text[signal.start : signal.end].strip()
        for text, reading in zip(challenge, readings, strict=True)
        for signal in reading.present
    )


def _calibration_error(texts: Sequence[Sentence]) -> dict[str, float]:
    """Expected calibration error of each kind's highest probability in a text, ten bins of equal width."""
    best = np.array([scores.max(0) for scores in risk_classifier.scores_of([text.text for text in texts])])
    return {
        kind.value: round(calibration_error(best[:, column], np.array([kind in kinds_of(text) for text in texts])), 4)
        for column, kind in enumerate(SignalKind)
    }


def _disguised(challenge: Sequence[Sentence]) -> dict[str, str]:
    """Recall on the present texts, each disguised or mistyped in one way, or beside what is unrelated to it.

    A few of them stand inside a very long text.
    """
    present = [text.text for text in challenge if text.status == SignalStatus.PRESENT]
    figures = {"as_written": _ratio(_hybrid(present))}
    for name, way in disguises.WAYS.items():
        figures[name] = _ratio(_hybrid([way(text, random.Random(SEED + at)) for at, text in enumerate(present)]))
    unrelated = [text.text for text in risk_corpora.hand_written("ordinary") if text.split == HELD_OUT]
    for name, put in (
        ("unrelated_after", "{0} {1}"),
        ("unrelated_before", "{1} {0}"),
        ("on_both_sides", "{1} {0} {2}"),
    ):
        choose = random.Random(SEED)
        figures[name] = _ratio(_hybrid([put.format(text, *choose.sample(unrelated, 2)) for text in present]))
    some = present[:: len(present) // LONG_TEXTS][:LONG_TEXTS]
    figures["as_written_some"] = _ratio(_hybrid(some))
    figures["inside_50000_characters"] = _ratio(_hybrid([disguises.inside_a_long_text(text) for text in some]))
    return figures


LONG_TEXTS = 10


def _auroc(baseline: Baseline, texts: Sequence[Sentence]) -> dict[str, object]:
    figures: dict[str, object] = {
        "unseen_auroc": _both([bool(kinds_of(text)) for text in texts], [text.text for text in texts], baseline, None)
    }
    if risk_corpora.REDDIT.exists():
        posts = [post for post in risk_corpora.posts() if post.split == HELD_OUT]
        figures["posts_auroc"] = _both([p.positive for p in posts], [p.text for p in posts], baseline, 0)
        figures["posts_auroc_of_behaviour_or_attempt"] = _both(
            [p.severe for p in posts], [p.text for p in posts], baseline, None
        )
        figures["held_out_users"] = len({post.user for post in posts})
    return figures


def _both(truth: list[bool], texts: list[str], baseline: Baseline, column: int | None) -> dict[str, float]:
    scores = [each if len(each) else np.zeros((1, len(SignalKind))) for each in risk_classifier.scores_of(texts)]
    best = [float(each.max() if column is None else each[:, column].max()) for each in scores]
    return {
        "classifier": round(float(roc_auc_score(truth, best)), 4),
        "tfidf_lr": round(float(roc_auc_score(truth, baseline.score(texts))), 4),
    }


def _by_status(raised: dict[Sentence, bool]) -> dict[str, str]:
    return {
        status.value: _share(raised, lambda text, status=status: text.status == status)  # type: ignore[misc]
        for status in SignalStatus
        if status not in (SignalStatus.PRESENT, SignalStatus.DOUBTED)  # a reading, not what a text says
    }


def _by_kind(raised: dict[Sentence, bool]) -> dict[str, str]:
    return {
        kind.value: _share(raised, lambda t, kind=kind: t.status == SignalStatus.PRESENT and t.kind == kind)  # type: ignore[misc]
        for kind in SignalKind
    }


def _share(raised: dict[Sentence, bool], chosen: Callable[[Sentence], bool]) -> str:
    return _ratio([flag for text, flag in raised.items() if chosen(text)])


def _ratio(flags: Sequence[bool]) -> str:
    return f"{sum(flags)}/{len(flags)}"


if __name__ == "__main__":
    main()
