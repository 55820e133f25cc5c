"""How fast is the encoder? One JSON line beside sentence-transformers and a plain transformers pipeline, in one run.

    python -m benchmarks.encoder [threads]

Texts of 20, 80 and 256 tokens are cut from this project's own sentences. The three encoders run by turns, and between
them this machine's own matrix products are timed (`torch.mm` into a kept result): the four shapes of a MiniLM layer at
2,048 tokens, weighted by their work, and a square of 2,048. Figures are medians over the rounds, ratios and shares
medians of what was measured in one round. Memory is how far a child's peak rose above what it held once loaded and run;
the child keeps one of the six layers, which takes a sixth of the time and as much memory: each layer frees its own.
"""

import importlib.util
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from language.encoder import TEXTS_PER_SLICE, load_encoder, pinned_weights

CHECKOUT = Path(__file__).parents[1]
OWN_WORDS = CHECKOUT / "tests" / "data" / "risk" / "training.jsonl"
TEXTS = {20: 128, 80: 32, 256: 10}
"""How many texts of how many tokens."""
ROUNDS = 5
LAYERS, WIDTH, INNER = 6, 384, 1536
GEMM_ROWS = 2048
GEMM_SHAPES = ((WIDTH, WIDTH, 4), (WIDTH, INNER, 1), (INNER, WIDTH, 1))
"""In, out, and how many of them a layer has."""
SQUARE = 2048
FEW, MANY = 1_000, 100_000
SEED = 20261126

Encode = Callable[[Sequence[str]], NDArray[np.float32]]


def main(threads: int) -> None:
    """Print every figure in one line."""
    started, load_before = time.perf_counter(), os.getloadavg()
    figures: dict[str, object] = _loading(threads)
    ours = load_encoder(threads=threads)
    encoders: dict[str, Encode] = {"ours": ours.encode, "pipeline": _pipeline()}
    skipped: list[str] = []
    if importlib.util.find_spec("sentence_transformers"):
        encoders["sentence_transformers"] = _sentence_transformers()
    else:
        skipped.append("sentence_transformers")
    figures |= {"cpu": _cpu(), "threads": threads, "dtype": "bfloat16" if ours.bf16 else "float32"}
    figures |= _speed(encoders, ours.bf16) | {"memory_mb": json.loads(_child(_memory, threads)), "skipped": skipped}
    figures |= {"load_average": [round(load_before[0], 2), round(os.getloadavg()[0], 2)]}
    print(json.dumps(figures | {"seconds": round(time.perf_counter() - started, 1)}))


# What is compared


def _sentence_transformers() -> Encode:
    from sentence_transformers import SentenceTransformer

    network = SentenceTransformer(str(pinned_weights()), device="cpu")
    return lambda texts: network.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)


def _pipeline() -> Encode:
    """The pipeline gives the states of every token; their mean is taken here, as its users do."""
    from transformers import pipeline

    run = pipeline("feature-extraction", model=str(pinned_weights()), device="cpu")

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        states = run(list(texts), return_tensors=True, truncation=True, max_length=256)
        means = np.stack([each[0].mean(0).numpy() for each in states])
        return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True))

    return encode


def _texts(tokens: int, count: int) -> list[str]:
    """Stretches of the project's own words, each as long as `tokens` together with the two marks around it."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(pinned_weights(), local_files_only=True)
    words = " ".join(json.loads(line)["text"] for line in OWN_WORDS.read_text().splitlines()).split()
    choose = random.Random(SEED)
    starts = [choose.randrange(len(words) - tokens) for _ in range(count)]
    ids = tokenizer([" ".join(words[at : at + tokens]) for at in starts], truncation=True, max_length=tokens)
    return [str(tokenizer.decode(each, skip_special_tokens=True)) for each in ids["input_ids"]]


# Speed


def _speed(encoders: dict[str, Encode], bf16: bool) -> dict[str, object]:
    """Texts a second of each encoder, ours beside the others, and ours beside the machine's matrix products."""
    texts = {tokens: _texts(tokens, count) for tokens, count in TEXTS.items()}
    vectors = {name: encode(texts[20]) for name, encode in encoders.items()}
    rates: dict[tuple[str, int], list[float]] = {}
    gemm: dict[str, list[float]] = {"shapes": [], "square": []}
    for _ in range(ROUNDS):
        for tokens, some in texts.items():
            for name, encode in encoders.items():
                rates.setdefault((name, tokens), []).append(len(some) / _seconds(partial(encode, some)))
        gemm["shapes"].append(_gemm_flops(GEMM_SHAPES, GEMM_ROWS, bf16))
        gemm["square"].append(_gemm_flops(((SQUARE, SQUARE, 1),), SQUARE, bf16))
    flops = [rate * _flops_of_text(256) for rate in rates["ours", 256]]
    return {
        "texts_per_second": {name: {tokens: _middle(rates[name, tokens]) for tokens in texts} for name in encoders},
        "times": {
            name: {tokens: _middle(_over(rates["ours", tokens], rates[name, tokens])) for tokens in texts}
            for name in encoders
            if name != "ours"
        },
        "gflops": {"ours_256": _middle(flops, 1e9), **{f"gemm_{name}": _middle(gemm[name], 1e9) for name in gemm}},
        "share_of_gemm_256": {name: _middle(_over(flops, gemm[name])) for name in gemm},
        "least_cosine": {
            name: round(float((vectors["ours"] * each).sum(1).min()), 6)
            for name, each in vectors.items()
            if name != "ours"
        },
    }


def _flops_of_text(tokens: int) -> int:
    """Of the matrix products alone: the linear layers, and attention's two."""
    linear = sum(2 * tokens * wide * out * many for wide, out, many in GEMM_SHAPES)
    return LAYERS * (linear + 4 * tokens * tokens * WIDTH)


def _gemm_flops(shapes: Sequence[tuple[int, int, int]], rows: int, bf16: bool) -> float:
    """Floating-point operations a second of products of these shapes, in the encoder's own type."""
    import torch

    dtype = torch.bfloat16 if bf16 else torch.float32
    work = seconds = 0.0
    for wide, out, many in shapes:
        left, right = torch.randn(rows, wide).to(dtype), torch.randn(wide, out).to(dtype)
        run = partial(torch.mm, left, right, out=torch.empty(rows, out, dtype=dtype))
        run()
        seconds += many * statistics.median(_seconds(run) for _ in range(5))
        work += many * 2 * rows * wide * out
    return work / seconds


def _seconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _over(these: Sequence[float], those: Sequence[float]) -> list[float]:
    return [this / that for this, that in zip(these, those, strict=True)]


def _middle(values: Sequence[float], unit: float = 1) -> float:
    return round(statistics.median(values) / unit, 2)


# In a process of its own


def _child(measure: Callable[[int], dict[str, float]], threads: int) -> str:
    code = f"import json; from benchmarks import encoder; print(json.dumps(encoder.{measure.__name__}({threads})))"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def _loading(threads: int) -> dict[str, object]:
    """The median of three new processes."""
    each = [json.loads(_child(_load, threads)) for _ in range(3)]
    return {name: _middle([one[name] for one in each]) for name in each[0]}


def _load(threads: int) -> dict[str, float]:
    """Seconds for torch and what transformers brings for a BERT, then for the weights, checked and ready."""
    imports = _seconds(partial(importlib.import_module, "transformers.models.bert.modeling_bert"))
    return {"import_seconds": imports, "load_seconds": _seconds(partial(load_encoder, threads=threads))}


def _memory(threads: int) -> dict[str, float]:
    """How far the peak rises with few texts, and with many, when no vectors are kept."""
    encoder = load_encoder(threads=threads)
    network = encoder._states.network
    network.encoder.layer = network.encoder.layer[:1]
    encoder.encode(list(_short_texts(TEXTS_PER_SLICE)))
    held = _status_mb("VmRSS")
    figures = {}
    for count in (FEW, MANY):
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        deque(encoder.encode_chunks(_short_texts(count)), maxlen=0)
        figures[str(count)] = round(_status_mb("VmHWM") - held, 1)
    return figures


def _short_texts(count: int) -> Iterator[str]:
    return (f"note {number}" for number in range(count))


def _status_mb(name: str) -> float:
    """What the kernel says of this process: VmRSS is what it holds now, VmHWM the most it held."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name)]
    return int(line.split()[1]) / 1024


def _cpu() -> str:
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else "unknown"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else len(os.sched_getaffinity(0)))
