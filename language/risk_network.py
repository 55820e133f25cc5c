"""How much a passage sounds like each kind of risk: MiniLM with its last layers trained for that, as raw scores.

The first layers are the pinned encoder's own; the trained ones and the seven heads are one file, written by
language.training.train_risk. torch and transformers are imported when the network is loaded.
"""

import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from language.encoder import DIMENSIONS, TokenStates, mean_of, pinned_weights, refuse_other_weights
from language.manifests import content_of
from language.risk_values import SignalKind

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

NETWORK = "network.safetensors"
MAX_TOKENS = 128
HEAD_WEIGHT, HEAD_BIAS = "head.weight", "head.bias"


class RiskNetwork:
    """The pinned MiniLM with the layers of a version in the place of its own, and one linear head per kind.

    Which layers they are and what the heads read is told by the file: heads of 768 numbers read the mean and the
    highest of the tokens; those of 384 (versions before risk-f257561b, and what practices made of them) the mean alone.
    """

    def __init__(self, tensors: "dict[str, Any]") -> None:
        import torch

        folder = pinned_weights()
        refuse_other_weights(folder)
        self._states = TokenStates(folder, MAX_TOKENS)
        for number, layer in enumerate(self._states.network.encoder.layer):
            if own := layer_in(tensors, number):
                layer.load_state_dict(own)
        self._width = tensors[HEAD_WEIGHT].shape[1]
        self._view = mean_of if self._width == DIMENSIONS else mean_and_highest
        self._head: Any = torch.nn.Linear(self._width, len(SignalKind))
        self._head.load_state_dict(heads_in(tensors))

    def scores(self, passages: Sequence[str]) -> "NDArray[np.float32]":
        """One row of raw scores per passage, columns in SignalKind order: float32 [n, 7]; 128 tokens count."""
        return self._states.rows(passages, len(SignalKind), lambda states, mask: self._head(self._view(states, mask)))

    def views(self, passages: Sequence[str]) -> "NDArray[np.float32]":
        """What the heads read of each passage: float32 [n, 768], or [n, 384] of an older version."""
        return self._states.rows(passages, self._width, self._view)


def layer_in(tensors: "Mapping[str, torch.Tensor]", number: int) -> "dict[str, torch.Tensor]":
    """One layer of a version's file, by its number in the whole network; empty where the file does not hold it."""
    prefix = f"layer.{number}."
    return {name.removeprefix(prefix): t.float() for name, t in tensors.items() if name.startswith(prefix)}


def heads_in(tensors: "Mapping[str, torch.Tensor]") -> "dict[str, torch.Tensor]":
    """The heads of a version's file."""
    return {"weight": tensors[HEAD_WEIGHT].float(), "bias": tensors[HEAD_BIAS].float()}


def mean_and_highest(states: "torch.Tensor", mask: "torch.Tensor") -> "torch.Tensor":
    """The mean of each text's tokens beside the highest of them in each dimension: [n, 768]."""
    import torch

    highest = states.masked_fill(mask[..., None] == 0, torch.finfo(states.dtype).min).amax(1)
    return torch.cat([mean_of(states, mask), highest], dim=1)


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
