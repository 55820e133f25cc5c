"""Does the encoder give one stable unit vector per text, whatever it is batched with?"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from language.encoder import (
    TEXTS_PER_SLICE,
    Encoder,
    EncoderUnavailable,
    TokenStates,
    batches_by_length,
    computes_bf16,
    encode_on,
    load_encoder,
    pinned_weights,
)

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
    encoder = Encoder(pinned_weights(), bf16=False)  # load_encoder gives what was loaded before, in whatever type
    together = encoder.encode(TEXTS)
    assert np.allclose(encoder.encode(TEXTS[:1])[0], together[0], atol=1e-5)


def test_encoder_in_bf16_agrees_with_float32_and_with_itself() -> None:
    half = Encoder(pinned_weights(), bf16=True)
    texts = [*TEXTS, "No.", "I have never wanted to die.", "My brother died by suicide; I take 50 mg, twice a day."]
    vectors = half.encode(texts)
    assert vectors.dtype == np.float32
    assert (vectors * Encoder(pinned_weights(), bf16=False).encode(texts)).sum(axis=1).min() > 0.999
    assert np.array_equal(half.encode(texts), vectors)
    assert half.encode(texts[:1])[0] @ vectors[0] > 0.999


@pytest.mark.parametrize(
    ("features", "has_it"),
    [
        ({"avx2": True, "avx512_bf16": False, "amx_bf16": False}, False),
        ({"avx512_bf16": True}, True),
        ({"amx_bf16": True}, True),
        ({"architecture": "aarch64"}, False),
    ],
)
def test_bf16_is_used_where_the_cpu_multiplies_it(
    features: dict[str, object], has_it: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: features)
    assert computes_bf16() is has_it


def test_bf16_can_be_refused_where_the_cpu_has_it_and_what_is_loaded_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("language.encoder.computes_bf16", lambda: True)
    monkeypatch.setattr("language.encoder._loaded", {})
    refused = load_encoder(bf16=False)
    assert not refused.bf16
    assert load_encoder() is refused
    monkeypatch.setattr("language.encoder._loaded", {})
    assert load_encoder().bf16


def test_token_states_are_float32_on_every_cpu_unless_bf16_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    # the risk network's thresholds were fitted on float32
    monkeypatch.setattr("language.encoder.computes_bf16", lambda: True)
    assert {str(each.dtype) for each in TokenStates(pinned_weights(), 96).network.parameters()} == {"torch.float32"}


def test_encoder_in_chunks_gives_the_same_vectors_and_asks_for_texts_as_it_needs_them() -> None:
    asked = 0

    def texts() -> Iterator[str]:
        nonlocal asked
        for asked in range(1, TEXTS_PER_SLICE + 2):
            yield TEXTS[asked % 2]

    chunks = load_encoder().encode_chunks(texts())
    first = next(chunks)
    assert asked == TEXTS_PER_SLICE == len(first)
    (last,) = chunks
    assert np.allclose(
        np.concatenate([first[:3], last]), load_encoder().encode([TEXTS[i] for i in (1, 0, 1, 1)]), atol=1e-5
    )
    assert list(load_encoder().encode_chunks([])) == []


def test_workers_of_a_cluster_give_the_same_vectors_in_order_and_are_not_flooded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    distributed = pytest.importorskip("distributed", reason="prefect-dask is not installed")
    monkeypatch.setattr("language.encoder.TEXTS_PER_SLICE", 2)
    many = [f"{text} {number}" for number in range(5) for text in TEXTS]
    asked = 0

    def texts() -> Iterator[str]:
        nonlocal asked
        for text in many:
            asked += 1
            yield text

    with distributed.Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None) as client:
        chunks = encode_on(client, texts(), ahead=2)
        first = next(chunks)
        assert asked == 4 and len(first) == 2
        vectors = np.concatenate([first, *chunks])
        assert list(encode_on(client, [])) == []
    expected = load_encoder().encode(many)
    assert vectors.shape == expected.shape and (vectors * expected).sum(1).min() > 0.999


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
