"""Trains the last layers of the risk network: the layers below are run once, their outputs kept, the rest learns.

That makes minutes on two CPU cores out of hours. Seeded; the same machine gives the same weights.
"""

import copy
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from language.encoder import DIMENSIONS, batches_by_length
from language.risk_network import HEAD_BIAS, HEAD_WEIGHT, MAX_TOKENS, TRAINED_LAYERS
from language.risk_values import SignalKind

EPOCHS = 5
LAYERS_RATE = 3e-4
HEAD_RATE = 3e-3
WARM_UP_STEPS = 100
DROPOUT = 0.1
TOKENS_PER_STEP = 2500
PASSAGES_PER_SHUFFLE = 600
POSITIVES_WEIGH = 2.0

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Passage:
    """One training text: how much each kind is in it (0 or 1), how far each of that is known (0 or 1), its weight."""

    text: str
    kinds: tuple[float, ...]
    known: tuple[float, ...]
    weight: float


class Trunk:
    """The layers that stay as they are: passages to their states [tokens, 384], kept in half precision."""

    def __init__(self, tokenizer: Any, network: Any) -> None:
        self.tokenizer = tokenizer
        self.network = network

    def states(self, texts: Sequence[str]) -> "list[torch.Tensor]":
        tokens = self.tokenizer(list(texts), truncation=True, max_length=MAX_TOKENS)["input_ids"]
        states: list[torch.Tensor] = [torch.zeros(0)] * len(texts)
        kept_below = len(self.network.encoder.layer) - TRAINED_LAYERS
        with torch.inference_mode():
            for batch in batches_by_length([len(ids) for ids in tokens], TOKENS_PER_STEP):
                inputs = self.tokenizer.pad({"input_ids": [tokens[i] for i in batch]}, return_tensors="pt")
                below = self.network(**inputs, output_hidden_states=True).hidden_states[kept_below]
                for row, i in enumerate(batch):
                    states[i] = below[row, : len(tokens[i])].half().clone()
        return states


class Top(torch.nn.Module):
    """The layers that learn, and one head per kind on the mean of the tokens."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.layers = copy.deepcopy(network.encoder.layer[-TRAINED_LAYERS:])
        self.head = torch.nn.Linear(DIMENSIONS, len(SignalKind))
        self.dropout = torch.nn.Dropout(DROPOUT)
        torch.nn.init.zeros_(self.head.weight)
        torch.nn.init.constant_(self.head.bias, -2.0)  # most of what is read holds nothing

    def forward(self, states: "torch.Tensor", mask: "torch.Tensor") -> "torch.Tensor":
        hidden = (1.0 - mask[:, None, None, :]) * torch.finfo(states.dtype).min
        for layer in self.layers:
            out = layer(states, attention_mask=hidden)
            states = out[0] if isinstance(out, tuple) else out
        mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return self.head(self.dropout(mean))  # type: ignore[no-any-return]


def trained(trunk: Trunk, passages: Sequence[Passage], seed: int) -> Top:
    """The top after EPOCHS rounds over the passages."""
    torch.manual_seed(seed)
    choose = random.Random(seed)
    top = Top(trunk.network)
    states = trunk.states([passage.text for passage in passages])
    kinds, known = (torch.tensor([getattr(p, name) for p in passages]) for name in ("kinds", "known"))
    weight = torch.tensor([p.weight for p in passages])[:, None]
    rounds = [list(_steps([len(s) for s in states], choose)) for _ in range(EPOCHS)]
    total = sum(map(len, rounds))
    learner = torch.optim.AdamW(
        [{"params": top.layers.parameters(), "lr": LAYERS_RATE}, {"params": top.head.parameters(), "lr": HEAD_RATE}],
        weight_decay=0.01,
    )
    rate = torch.optim.lr_scheduler.LambdaLR(
        learner, lambda step: min(1.0, (step + 1) / WARM_UP_STEPS) * (1 - step / total)
    )
    positives = torch.full((len(SignalKind),), POSITIVES_WEIGH)
    top.train()
    for step in (step for each in rounds for step in each):
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            top(*padded([states[i] for i in step])), kinds[step], pos_weight=positives, reduction="none"
        )
        learner.zero_grad()
        ((loss * known[step] * weight[step]).sum() / len(step)).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(top.parameters(), 1.0)
        learner.step()
        rate.step()
    return top.eval()


def _steps(lengths: Sequence[int], choose: random.Random) -> Iterator[list[int]]:
    """Batches of about the same length each, in random order, over a random order of the passages."""
    order = list(range(len(lengths)))
    choose.shuffle(order)
    steps = []
    for start in range(0, len(order), PASSAGES_PER_SHUFFLE):
        some = order[start : start + PASSAGES_PER_SHUFFLE]
        steps += [[some[i] for i in batch] for batch in batches_by_length([lengths[i] for i in some], TOKENS_PER_STEP)]
    choose.shuffle(steps)
    yield from steps


def padded(states: "Sequence[torch.Tensor]") -> "tuple[torch.Tensor, torch.Tensor]":
    """States of several passages as one tensor [n, tokens, 384], and its mask [n, tokens]."""
    longest = max(len(each) for each in states)
    together = torch.zeros(len(states), longest, DIMENSIONS)
    mask = torch.zeros(len(states), longest)
    for row, each in enumerate(states):
        together[row, : len(each)] = each.float()
        mask[row, : len(each)] = 1.0
    return together, mask


def scores(trunk: Trunk, top: Top, texts: Sequence[str]) -> Floats:
    """Raw scores [n, 7] of texts."""
    states = trunk.states(texts)
    out = np.zeros((len(texts), len(SignalKind)), dtype=np.float32)
    with torch.inference_mode():
        for batch in batches_by_length([len(each) for each in states], TOKENS_PER_STEP):
            out[batch] = top(*padded([states[i] for i in batch])).numpy()
    return out


def tensors_of(top: Top, layers_below: int) -> "dict[str, torch.Tensor]":
    """The trained layers by their number in the whole network, and the head; half precision."""
    tensors = {HEAD_WEIGHT: top.head.weight, HEAD_BIAS: top.head.bias}
    for number, layer in enumerate(top.layers):
        tensors |= {f"layer.{layers_below + number}.{name}": t for name, t in layer.state_dict().items()}
    return {name: tensor.detach().half().contiguous() for name, tensor in tensors.items()}
