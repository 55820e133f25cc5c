"""How well the risk reader reads: one JSON line with its figures beside a lexicon-only and a TF-IDF baseline.

    python -m benchmarks.risk

Everything is measured on held-out sentences and held-out users. A public set that is absent is named in `skipped`.
"""

import json
import time
from collections.abc import Callable, Sequence

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline

from language import risk_classifier
from language.encoder import load_encoder
from language.risk_signals import SignalStatus, read_risk_many
from language.training import risk_corpora
from language.training.risk_corpora import HELD_OUT, TRAIN, Sentence

Flags = Callable[[Sequence[str]], list[bool]]
ORDINARY_FLAGS_OF_BASELINE = 0.03


def main() -> None:
    """Print the figures of the three readers in one line."""
    load_encoder(threads=2)
    started = time.perf_counter()
    skipped: list[str] = []
    baseline = _tfidf(skipped)
    readers: dict[str, Flags] = {
        "hybrid": lambda texts: [bool(r.present) for r in read_risk_many(texts)],
        "lexicon_only": lambda texts: [bool(r.present) for r in read_risk_many(texts, rules_only=True)],
        "tfidf_lr": lambda texts: [p >= baseline[1] for p in baseline[0].predict_proba(texts)[:, 1]],
    }
    figures: dict[str, object] = {"version": risk_classifier.settings().version}
    for name, flags in readers.items():
        figures[name] = _challenge(flags) | _probes(flags) | _public(flags)
    figures["challenge_status_right"] = _status_right()
    figures |= _auroc(baseline[0])
    skipped += [str(p.name) for p in (risk_corpora.HARD_CASES, risk_corpora.MEDICAL_TALK) if not p.exists()]
    print(json.dumps(figures | {"skipped": skipped, "seconds": round(time.perf_counter() - started, 1)}))


def _challenge(flags: Flags) -> dict[str, object]:
    sentences = [s for s in risk_corpora.hand_written("challenge") if s.split == HELD_OUT]
    ordinary = [s.text for s in risk_corpora.hand_written("ordinary") if s.split == HELD_OUT]
    raised = dict(zip(sentences, flags([s.text for s in sentences]), strict=True))
    return {
        "challenge_recall": _share(raised, lambda s: s.status == SignalStatus.PRESENT),
        "challenge_false_flags": _share(raised, lambda s: s.status != SignalStatus.PRESENT),
        "false_flags_by_status": _by_status(raised),
        "recall_by_kind": _by_kind(raised),
        "ordinary_flags": _ratio(flags(ordinary)),
    }


def _probes(flags: Flags) -> dict[str, object]:
    """The sentences that no rule was written on; what the rules were written on would only flatter them."""
    sentences = [s for s in risk_corpora.hand_written("probes") if s.split == risk_corpora.UNSEEN]
    raised = dict(zip(sentences, flags([s.text for s in sentences]), strict=True))
    return {
        "probes_recall": _share(raised, lambda s: s.status == SignalStatus.PRESENT),
        "probes_false_flags": _share(raised, lambda s: s.status != SignalStatus.PRESENT),
    }


def _by_status(raised: dict[Sentence, bool]) -> dict[str, str]:
    return {
        status.value: _ratio([flag for sentence, flag in raised.items() if sentence.status == status])
        for status in SignalStatus
        if status is not SignalStatus.PRESENT
    }


def _by_kind(raised: dict[Sentence, bool]) -> dict[str, str]:
    present = {sentence: flag for sentence, flag in raised.items() if sentence.status == SignalStatus.PRESENT}
    return {
        kind: _ratio([flag for sentence, flag in present.items() if sentence.kind == kind])
        for kind in sorted({sentence.kind for sentence in present if sentence.kind})
    }


def _public(flags: Flags) -> dict[str, object]:
    figures: dict[str, object] = {}
    if risk_corpora.HARD_CASES.exists():
        cases = risk_corpora.hard_cases()
        right = [flag == expected for flag, (_, expected) in zip(flags([t for t, _ in cases]), cases, strict=True)]
        figures["hard_cases_right"] = f"{sum(right)}/{len(right)}"
    if risk_corpora.MEDICAL_TALK.exists():
        figures["medical_talk_flags"] = _ratio(flags(risk_corpora.medical_talk("valid")))
    if risk_corpora.REDDIT.exists():
        posts = [p for p in risk_corpora.posts() if p.split == HELD_OUT]
        raised = list(zip(flags([p.text for p in posts]), posts, strict=True))
        figures["posts_recall"] = _ratio([flag for flag, post in raised if post.positive])
        figures["posts_flags_on_negatives"] = _ratio([flag for flag, post in raised if not post.positive])
    return figures


def _status_right() -> str:
    """How many held-out negated, historical and third-person sentences are reported with that status, none present."""
    statuses = (SignalStatus.NEGATED, SignalStatus.HISTORICAL, SignalStatus.SOMEONE_ELSE)
    sentences = [s for s in risk_corpora.hand_written("challenge") if s.split == HELD_OUT and s.status in statuses]
    readings = read_risk_many([s.text for s in sentences])
    right = [
        not reading.present and any(signal.status == s.status for signal in reading.signals)
        for s, reading in zip(sentences, readings, strict=True)
    ]
    return _ratio(right)


def _auroc(baseline: LogisticRegression) -> dict[str, object]:
    if not risk_corpora.REDDIT.exists():
        return {}
    posts = [p for p in risk_corpora.posts() if p.split == HELD_OUT]
    truth = [p.positive for p in posts]
    scores = [max(s[:, 0], default=0.0) for s in risk_classifier.scores_of([p.text for p in posts])]
    return {
        "posts_auroc": {
            "classifier": round(float(roc_auc_score(truth, scores)), 4),
            "tfidf_lr": round(float(roc_auc_score(truth, baseline.predict_proba([p.text for p in posts])[:, 1])), 4),
        },
        "held_out_users": len({p.user for p in posts}),
    }


def _tfidf(skipped: list[str]) -> tuple[LogisticRegression, float]:
    """The baseline, trained on the same training texts, with a threshold that flags 3 % of ordinary training text."""
    own = [
        s for name in ("challenge", "ordinary", "training") for s in risk_corpora.hand_written(name) if s.split == TRAIN
    ]
    texts = [s.text for s in own]
    labels = [s.status == SignalStatus.PRESENT for s in own]
    if risk_corpora.REDDIT.exists():
        posts = [p for p in risk_corpora.posts() if p.split == TRAIN]
        texts += [p.text for p in posts]
        labels += [p.positive for p in posts]
    else:
        skipped.append(risk_corpora.REDDIT.parent.name)
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    model = make_pipeline(words, LogisticRegression(C=10, max_iter=2000, class_weight="balanced")).fit(texts, labels)
    ordinary = sorted(model.predict_proba([s.text for s in own if s.kind is None and s.status == "ordinary"])[:, 1])
    return model, float(ordinary[int(len(ordinary) * (1 - ORDINARY_FLAGS_OF_BASELINE))])


def _share(raised: dict[Sentence, bool], chosen: Callable[[Sentence], bool]) -> str:
    return _ratio([flag for sentence, flag in raised.items() if chosen(sentence)])


def _ratio(flags: Sequence[bool]) -> str:
    return f"{sum(flags)}/{len(flags)}"


if __name__ == "__main__":
    main()
