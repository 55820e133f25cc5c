"""Does the encoder give one stable unit vector per text, whatever it is batched with?"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from language.encoder import EncoderUnavailable, batches_by_length, load_encoder, pinned_weights

CHECKOUT = Path(__file__).parents[2]
TEXTS = ["I sleep badly.", "We talked about work.", "I sleep badly.", "word " * 900, ""]


def test_encoder_gives_unit_vectors_in_the_order_given() -> None:
    vectors = load_encoder(threads=1).encode(TEXTS)
    assert vectors.shape == (5, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert np.array_equal(vectors[0], vectors[2])
    assert vectors[0] @ vectors[1] < 0.9


def test_encoder_gives_the_same_vectors_twice() -> None:
    encoder = load_encoder()
    assert np.array_equal(encoder.encode(TEXTS), encoder.encode(TEXTS))


def test_encoder_alone_and_in_a_batch_agree() -> None:
    encoder = load_encoder()
    together = encoder.encode(TEXTS)
    assert np.allclose(encoder.encode(TEXTS[:1])[0], together[0], atol=1e-5)


def test_encoder_of_nothing_is_empty() -> None:
    assert load_encoder().encode([]).shape == (0, 384)


def test_encoder_is_loaded_once_per_process() -> None:
    assert load_encoder() is load_encoder(pinned_weights())


def test_encoder_refuses_other_weights_in_the_pinned_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"other")
    monkeypatch.setattr("language.encoder.pinned_weights", lambda: tmp_path)
    with pytest.raises(EncoderUnavailable, match="not the pinned ones"):
        load_encoder()


def test_batches_by_length_hold_every_position_once_within_the_budget() -> None:
    lengths = [9, 1, 4, 4, 30, 2]
    batches = list(batches_by_length(lengths, 12))
    assert sorted(position for batch in batches for position in batch) == list(range(6))
    assert all(len(b) * max(lengths[i] for i in b) <= 12 or len(b) == 1 for b in batches)


@pytest.mark.parametrize(
    "code",
    [
        "import language, language.encoder, language.risk_signals",
        "from language.risk_signals import read_risk; assert read_risk('I want to die.', rules_only=True).present",
    ],
)
def test_language_without_the_classifier_loads_no_torch(code: str) -> None:
    check = f"{code}; import sys; assert 'torch' not in sys.modules and 'transformers' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", check], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
