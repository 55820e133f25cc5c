"""Four ways to copy about as many words of a transcript as a note may have, without knowing anything of notes."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from language.encoder import load_encoder
from language.note_values import Turn

Floats = NDArray[np.float32]
Copies = Callable[[Sequence[str], Floats, int], list[str]]


def vectors_of(talks: Sequence[Sequence[Turn]]) -> list[Floats]:
    """The vector of each turn of each transcript, all of them read in one batch."""
    vectors = load_encoder().encode([turn.text for turns in talks for turn in turns])
    ends = np.cumsum([len(turns) for turns in talks])
    return [vectors[end - len(turns) : end] for turns, end in zip(talks, ends, strict=True)]


def lead(texts: Sequence[str], vectors: Floats, words: int) -> list[str]:
    """The transcript's first turns."""
    return _until(range(len(texts)), texts, words)


def longest(texts: Sequence[str], vectors: Floats, words: int) -> list[str]:
    """Its longest turns, in the order said."""
    return _until(sorted(range(len(texts)), key=lambda i: (-len(texts[i].split()), i)), texts, words)


LEXRANK_THRESHOLD = 0.1
LEXRANK_ROUNDS = 50


def lexrank(texts: Sequence[str], vectors: Floats, words: int) -> list[str]:
    """The most central turns by LexRank on the sentence vectors, in the order said."""
    if not len(texts):
        return []
    alike = np.where(vectors @ vectors.T > LEXRANK_THRESHOLD, vectors @ vectors.T, 0.0)
    moves = alike / np.maximum(1e-9, alike.sum(1, keepdims=True))
    rank = np.full(len(texts), 1 / len(texts))
    for _ in range(LEXRANK_ROUNDS):
        rank = 0.15 / len(texts) + 0.85 * rank @ moves
    return _until((int(i) for i in np.argsort(-rank, kind="stable")), texts, words)


MMR_RELEVANCE = 0.7


def mmr(texts: Sequence[str], vectors: Floats, words: int) -> list[str]:
    """Turns near the transcript's mean and far from those already taken (maximal marginal relevance), as said."""
    return _until(_by_mmr(vectors), texts, words)


def _by_mmr(vectors: Floats) -> Iterable[int]:
    if not len(vectors):
        return
    mean = vectors.mean(0)
    relevance = vectors @ (mean / max(1e-9, float(np.linalg.norm(mean))))
    taken = np.zeros(len(vectors))
    left = np.ones(len(vectors), dtype=bool)
    for _ in range(len(vectors)):
        worth = np.where(left, MMR_RELEVANCE * relevance - (1 - MMR_RELEVANCE) * taken, -np.inf)
        best = int(worth.argmax())
        left[best] = False
        taken = np.maximum(taken, vectors @ vectors[best])
        yield best


BASELINES: dict[str, Copies] = {"lead": lead, "longest": longest, "lexrank": lexrank, "mmr": mmr}


def _until(order: Iterable[int], texts: Sequence[str], words: int) -> list[str]:
    """Turns in this order until there are more words than asked for, as the drafter counts them; in the order said."""
    kept, used = [], 0
    for index in order:
        if used > words:
            break
        kept.append(index)
        used += len(texts[index].split())
    return [texts[index] for index in sorted(kept)]
