"""Trains the last layers of the risk network and its heads, on a GPU where there is one, else on the CPU.

Seeded: the same CPU gives the same weights again; a GPU, which adds up in no fixed order, gives nearly the same, and so
does another CPU: products are in bf16 where it multiplies that itself, in two thirds of the time.
"""

import copy
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from language.encoder import DIMENSIONS, batches_by_length, computes_bf16
from language.risk_network import HEAD_BIAS, HEAD_WEIGHT, MAX_TOKENS, heads_in, layer_in, mean_and_highest
from language.risk_values import SignalKind

TRAINED_LAYERS = 4
WARM_UP = 0.1
DROPOUT = 0.1
TOKENS_PER_STEP = 4000
PASSAGES_PER_SHUFFLE = 800
POSITIVES_WEIGH = 2.0
NUDGE = 1.0
"""How far a passage's token vectors, all of them together, are moved to where it is judged worst."""

Floats = NDArray[np.float32]
Step = tuple["torch.Tensor", "torch.Tensor", "torch.Tensor", "torch.Tensor", "torch.Tensor"]


@dataclass(frozen=True)
class Rates:
    """How fast the layers and the heads learn, at most; whether each batch is also learned moved against its labels."""

    layers: float
    heads: float
    nudged: bool = True


FROM_MINILM = Rates(2e-4, 2e-3)
# Not nudged: half the time, and the mean with the network before keeps what that learned so.
GOING_ON = Rates(1e-4, 5e-4, nudged=False)


@dataclass(frozen=True)
class Passage:
    """One training text: how much each kind is in it (0 or 1), how far each of that is known (0 or 1), its weight."""

    text: str
    kinds: tuple[float, ...]
    known: tuple[float, ...]
    weight: float


class Learner(torch.nn.Module):
    """The pinned MiniLM with its last layers free to learn, and one head per kind on the mean and the highest of the
    tokens.
    """

    def __init__(self, network: Any) -> None:
        super().__init__()
        own = copy.deepcopy(network)
        self.embeddings = own.embeddings.requires_grad_(False)
        self.below = own.encoder.layer[:-TRAINED_LAYERS].requires_grad_(False)
        # They start as they will be kept, in half precision.
        self.layers = own.encoder.layer[-TRAINED_LAYERS:].half().float()
        self.head = torch.nn.Linear(2 * DIMENSIONS, len(SignalKind))
        self.dropout = torch.nn.Dropout(DROPOUT)
        torch.nn.init.zeros_(self.head.weight)
        torch.nn.init.constant_(self.head.bias, -2.0)  # most of what is read holds nothing

    def train(self, mode: bool = True) -> "Learner":
        super().train(mode)
        self.embeddings.eval()
        self.below.eval()
        return self

    def forward(self, vectors: "torch.Tensor", mask: "torch.Tensor") -> "torch.Tensor":
        """Raw scores [n, 7] from the embeddings of the tokens [n, tokens, 384] and their mask [n, tokens]."""
        hidden = (1.0 - mask[:, None, None, :]) * torch.finfo(vectors.dtype).min
        states = vectors
        for layer in (*self.below, *self.layers):
            out = layer(states, attention_mask=hidden)
            states = out[0] if isinstance(out, tuple) else out
        return self.head(self.dropout(mean_and_highest(states, mask)))  # type: ignore[no-any-return]


def beginning_with(network: Any, tensors: "Mapping[str, torch.Tensor]") -> Learner:
    """What was learned before, ready to go on: the reverse of ``tensors_of``."""
    learner = Learner(network)
    for number, layer in enumerate(learner.layers, start=len(learner.below)):
        layer.load_state_dict(layer_in(tensors, number))
    learner.head.load_state_dict(heads_in(tensors))
    return learner


def trained(
    tokenizer: Any,
    learner: Learner,
    rounds: Sequence[Sequence[Passage]],
    seed: int,
    rates: Rates = FROM_MINILM,
) -> Learner:
    """The learner, after the passages of each round, one round after another."""
    torch.manual_seed(seed)
    if _device().type == "cuda":
        torch.set_float32_matmul_precision("high")  # TF32
    choose = random.Random(seed)
    learner = learner.to(_device())
    steps = [step for passages in rounds for step in _steps(tokenizer, passages, choose)]
    optimiser = torch.optim.AdamW(
        [
            {"params": learner.layers.parameters(), "lr": rates.layers},
            {"params": learner.head.parameters(), "lr": rates.heads},
        ],
        weight_decay=0.01,
    )
    rate = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda at: min(1.0, (at + 1) / (WARM_UP * len(steps))) * (1 - at / len(steps))
    )
    learner.train()
    for step in steps:
        optimiser.zero_grad()
        _learn(learner, *(each.to(_device()) for each in step), nudged=rates.nudged)
        torch.nn.utils.clip_grad_norm_([p for p in learner.parameters() if p.requires_grad], 1.0)
        optimiser.step()
        rate.step()
    return learner.eval()


def _learn(
    learner: Learner,
    ids: "torch.Tensor",
    kinds: "torch.Tensor",
    known: "torch.Tensor",
    weight: "torch.Tensor",
    mask: "torch.Tensor",
    *,
    nudged: bool,
) -> None:
    """Adds the gradients of a batch as it is and, `nudged`, where each passage is moved against its label.

    The move is that of Miyato, Dai and Goodfellow (2017, arXiv 1605.07725): along the gradient, of a fixed length.
    """
    positives = torch.full((len(SignalKind),), POSITIVES_WEIGH, device=ids.device)

    def learned_from(vectors: "torch.Tensor") -> None:
        with _products():
            raw = learner(vectors, mask)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            raw.float(), kinds, pos_weight=positives, reduction="none"
        )
        ((loss * known * weight[:, None]).sum() / len(ids)).backward()  # type: ignore[no-untyped-call]

    vectors = learner.embeddings(input_ids=ids).detach().requires_grad_(nudged)
    learned_from(vectors)
    if not nudged:
        return
    slope = vectors.grad
    assert slope is not None
    learned_from(vectors.detach() + NUDGE * slope / (slope.norm(dim=(1, 2), keepdim=True) + 1e-9))


def _device() -> "torch.device":
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _products() -> AbstractContextManager[object]:
    return torch.autocast("cpu", torch.bfloat16) if _device().type == "cpu" and computes_bf16() else nullcontext()


def _steps(tokenizer: Any, passages: Sequence[Passage], choose: random.Random) -> Iterator[Step]:
    """Batches of about the same length each, in random order, over a random order of the passages."""
    tokens = _tokens(tokenizer, [passage.text for passage in passages])
    order = list(range(len(passages)))
    choose.shuffle(order)
    steps = []
    for start in range(0, len(order), PASSAGES_PER_SHUFFLE):
        shuffled = order[start : start + PASSAGES_PER_SHUFFLE]
        lengths = [len(tokens[i]) for i in shuffled]
        steps += [[shuffled[at] for at in batch] for batch in batches_by_length(lengths, TOKENS_PER_STEP)]
    choose.shuffle(steps)
    for step in steps:
        ids, mask = _padded([tokens[i] for i in step])
        some = [passages[i] for i in step]
        kinds, known = (torch.tensor([getattr(passage, name) for passage in some]) for name in ("kinds", "known"))
        yield ids, kinds, known, torch.tensor([passage.weight for passage in some]), mask


def _tokens(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    return list(tokenizer(list(texts), truncation=True, max_length=MAX_TOKENS)["input_ids"])


def _padded(tokens: Sequence[Sequence[int]]) -> "tuple[torch.Tensor, torch.Tensor]":
    """Ids [n, longest] and mask [n, longest]."""
    ids = torch.zeros(len(tokens), max(map(len, tokens)), dtype=torch.long)
    mask = torch.zeros(ids.shape)
    for row, each in enumerate(tokens):
        ids[row, : len(each)] = torch.tensor(each)
        mask[row, : len(each)] = 1.0
    return ids, mask


def averaged(learners: Sequence[Learner]) -> Learner:
    """One network whose weights are the mean of several trained from the same start (Wortsman et al. 2022)."""
    # one may have been trained on a GPU, and one just been read
    states = [{name: tensor.cpu() for name, tensor in learner.state_dict().items()} for learner in learners]
    mean = copy.deepcopy(learners[0]).cpu()
    mean.load_state_dict(
        {
            name: torch.stack([state[name] for state in states]).mean(0) if tensor.is_floating_point() else tensor
            for name, tensor in states[0].items()
        }
    )
    return mean.eval()


def scores(tokenizer: Any, learner: Learner, texts: Sequence[str]) -> Floats:
    """Raw scores [n, 7] of texts."""
    learner = learner.to(_device())
    tokens = _tokens(tokenizer, texts)
    out = np.zeros((len(texts), len(SignalKind)), dtype=np.float32)
    with torch.inference_mode():
        for batch in batches_by_length([len(each) for each in tokens], TOKENS_PER_STEP):
            ids, mask = (each.to(_device()) for each in _padded([tokens[i] for i in batch]))
            out[batch] = learner(learner.embeddings(input_ids=ids), mask).float().cpu().numpy()
    return out


def tensors_of(learner: Learner) -> "dict[str, torch.Tensor]":
    """The trained layers by their number in the whole network, and the heads; half precision."""
    tensors = {HEAD_WEIGHT: learner.head.weight, HEAD_BIAS: learner.head.bias}
    for number, layer in enumerate(learner.layers, start=len(learner.below)):
        tensors |= {f"layer.{number}.{name}": tensor for name, tensor in layer.state_dict().items()}
    return {name: tensor.detach().half().cpu().contiguous() for name, tensor in tensors.items()}
