"""How much a passage sounds like each kind of risk: MiniLM with its last layers trained for that, as raw scores.

The first layers are the pinned encoder's own; the trained ones and the seven heads are one file, written by
language.training.train_risk. torch and transformers are imported when the network is loaded.
"""

import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from language.encoder import DIMENSIONS, batches_by_length, pinned_weights, refuse_other_weights
from language.risk_values import SignalKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEIGHTS = Path(__file__).parent / "weights" / "risk_signals" / "network.safetensors"
TRAINED_LAYERS = 2
MAX_TOKENS = 96
TOKENS_PER_BATCH = 4096
PASSAGES_PER_SLICE = 2048
HEAD_WEIGHT, HEAD_BIAS = "head.weight", "head.bias"


class RiskNetwork:
    """The pinned MiniLM whose last layers are replaced, and one linear head per kind on the mean of its tokens."""

    def __init__(self, tensors: "dict[str, Any]") -> None:
        import torch
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()
        folder = pinned_weights()
        refuse_other_weights(folder)
        self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._network: Any = AutoModel.from_pretrained(folder, local_files_only=True).eval()
        layers = self._network.encoder.layer
        for number in range(len(layers) - TRAINED_LAYERS, len(layers)):
            prefix = f"layer.{number}."
            own = {name.removeprefix(prefix): t.float() for name, t in tensors.items() if name.startswith(prefix)}
            layers[number].load_state_dict(own)
        self._head: Any = torch.nn.Linear(DIMENSIONS, len(SignalKind))
        self._head.load_state_dict({"weight": tensors[HEAD_WEIGHT].float(), "bias": tensors[HEAD_BIAS].float()})
        self._running = threading.Lock()

    def scores(self, passages: Sequence[str]) -> "NDArray[np.float32]":
        """One row of raw scores per passage, columns in SignalKind order: float32 [n, 7]; 96 tokens count."""
        position: dict[str, int] = {}
        for passage in passages:
            position.setdefault(passage, len(position))
        distinct = list(position)
        scores = np.zeros((len(distinct), len(SignalKind)), dtype=np.float32)
        with self._running:
            for start in range(0, len(distinct), PASSAGES_PER_SLICE):
                self._score_slice(distinct[start : start + PASSAGES_PER_SLICE], scores[start:])
        return scores[[position[passage] for passage in passages]]

    def _score_slice(self, passages: list[str], scores: "NDArray[np.float32]") -> None:
        import torch

        tokens = self._tokenizer(passages, truncation=True, max_length=MAX_TOKENS)["input_ids"]
        with torch.inference_mode():
            for batch in batches_by_length([len(ids) for ids in tokens], TOKENS_PER_BATCH):
                inputs = self._tokenizer.pad({"input_ids": [tokens[i] for i in batch]}, return_tensors="pt")
                states = self._network(**inputs).last_hidden_state
                mask = inputs["attention_mask"].unsqueeze(-1).to(states.dtype)
                scores[batch] = self._head((states * mask).sum(1) / mask.sum(1)).numpy()


_loading = threading.Lock()


def load_network() -> RiskNetwork:
    """The network with the weights in force; loaded once per process and shared by its threads."""
    with _loading:
        return _loaded()


@cache
def _loaded() -> RiskNetwork:
    from safetensors.torch import load_file

    return RiskNetwork(load_file(WEIGHTS))
