"""Labels of a practice whose clinicians confirm flags by a known law."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from language.feedback import Label
from language.risk_classifier import settings
from language.risk_signals import CLASSIFIER
from language.risk_values import SignalKind

KIND = SignalKind.SELF_HARM
FIRST = datetime(2026, 1, 5, 9, tzinfo=UTC)


def make_label(at: int = 0, passage: str = "", **given: object) -> Label:
    """``passage``: the whole text, and evidence in all of it."""
    facts: dict[str, object] = {
        "flag_id": f"FL-{at}",
        "kind": KIND,
        "raised_by": CLASSIFIER,
        "rule_id": "classifier.self_harm",
        "version": settings().version,
        "probability": 0.7,
        "confirmed": True,
        "decided_at": FIRST + timedelta(hours=at),
        "text": passage,
        "ends": len(passage),
    }
    return Label(**(facts | given))  # type: ignore[arg-type]


def make_labels(
    count: int, slope: float = 1.0, shift: float = 0.0, kinds: Sequence[SignalKind] = (KIND,), seed: int = 1
) -> list[Label]:
    """Flags whose true log-odds are ``slope`` times what was said, plus ``shift``; one a moment."""
    chance = np.random.default_rng(seed)
    labels = []
    for at in range(count):
        kind = kinds[at % len(kinds)]
        said = float(np.round(chance.uniform(settings().thresholds[kind] + 0.0001, 0.99), 4))
        truth = 1 / (1 + np.exp(-(slope * np.log(said / (1 - said)) + shift)))
        labels.append(make_label(at, kind=kind, probability=said, confirmed=bool(chance.random() < truth)))
    return labels
