"""From which score does a passage of a whole session count, in the shipped version and in one that was recalibrated?"""

from dataclasses import replace

import pytest

from language.risk_classifier import Settings, as_stored, settings
from language.risk_values import SignalKind

KIND = SignalKind.SELF_HARM
PLAIN = settings()


def _with(raw: float | None, slope: float = 1.0, shift: float = 0.0, threshold: float = 0.2) -> Settings:
    return replace(
        PLAIN,
        calibration={**PLAIN.calibration, KIND: (slope, shift)},
        thresholds={**PLAIN.thresholds, KIND: threshold},
        session_raw={} if raw is None else {KIND: raw},
    )


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (_with(None), 0.2),
        (_with(0.0), 0.5),
        (_with(-3.0), 0.2),
        (_with(0.0, shift=-1.0), 0.2689),
        (_with(2.0, slope=0.5), 0.7311),
    ],
    ids=["none kept", "higher", "never lower than a text's", "moves with the shift", "moves with the slope"],
)
def test_session_threshold(of: Settings, expected: float) -> None:
    assert of.session_threshold(KIND) == pytest.approx(expected, abs=1e-4)


def test_shipped_version_asks_more_of_a_passage_of_a_session() -> None:
    assert all(PLAIN.session_threshold(kind) >= PLAIN.thresholds[kind] for kind in SignalKind)
    assert any(PLAIN.session_threshold(kind) > PLAIN.thresholds[kind] for kind in SignalKind)


def test_session_scores_are_stored_with_a_version() -> None:
    assert "session_raw" not in as_stored(_with(None))
    assert as_stored(_with(1.5))["session_raw"] == {KIND.value: 1.5}
