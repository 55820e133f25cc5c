"""How much a passage sounds like each kind of risk: MiniLM with its last layers trained for that, as raw scores.

The first layers are the pinned encoder's own; the trained ones and the seven heads are one file, written by
language.training.train_risk. torch and transformers are imported when the network is loaded.
"""

import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from language.encoder import DIMENSIONS, TokenMeans, pinned_weights, refuse_other_weights
from language.manifests import content_of
from language.risk_values import SignalKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NETWORK = "network.safetensors"
TRAINED_LAYERS = 2
MAX_TOKENS = 96
HEAD_WEIGHT, HEAD_BIAS = "head.weight", "head.bias"


class RiskNetwork:
    """The pinned MiniLM whose last layers are replaced, and one linear head per kind on the mean of its tokens."""

    def __init__(self, tensors: "dict[str, Any]") -> None:
        import torch

        folder = pinned_weights()
        refuse_other_weights(folder)
        self._means = TokenMeans(folder, MAX_TOKENS)
        layers = self._means.network.encoder.layer
        for number in range(len(layers) - TRAINED_LAYERS, len(layers)):
            prefix = f"layer.{number}."
            own = {name.removeprefix(prefix): t.float() for name, t in tensors.items() if name.startswith(prefix)}
            layers[number].load_state_dict(own)
        self._head: Any = torch.nn.Linear(DIMENSIONS, len(SignalKind))
        self._head.load_state_dict({"weight": tensors[HEAD_WEIGHT].float(), "bias": tensors[HEAD_BIAS].float()})

    def scores(self, passages: Sequence[str]) -> "NDArray[np.float32]":
        """One row of raw scores per passage, columns in SignalKind order: float32 [n, 7]; 96 tokens count."""
        return self._means.rows(passages, len(SignalKind), self._head)

    def means(self, passages: Sequence[str]) -> "NDArray[np.float32]":
        """What the heads read of each passage: float32 [n, 384]."""
        return self._means.rows(passages, DIMENSIONS, lambda means: means)


_loading = threading.Lock()


def load_network(folder: Path) -> RiskNetwork:
    """The network of the version in a folder; loaded once per process and shared by its threads.

    Raises WeightsDiffer when the folder does not hold what its manifest records.
    """
    with _loading:
        return _loaded(folder)


@lru_cache(maxsize=2)  # the version in force, and the one that takes its place or is compared with it
def _loaded(folder: Path) -> RiskNetwork:
    from safetensors.torch import load

    return RiskNetwork(load(content_of(folder, NETWORK)))
