"""Which sentences of a note are its clinician's own: nothing that was drafted, nothing that repeats what was said."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from models.note_codes import SentenceOrigin

QUOTED_WORDS = 5
"""So many words in a row that were said or drafted before are a quotation; a shorter sentence is one as a whole."""
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")


def own_sentences(sentences: Sequence[Mapping[str, Any]], derived: Iterable[str]) -> list[dict[str, Any]]:
    """The sentences that were added by hand and repeat nothing of ``derived``, in their order.

    ``derived``: every turn of the transcript, and every sentence that was drafted from it.
    """
    told = [f" {' '.join(_words(text))} " for text in derived]
    return [
        dict(plain)
        for plain in sentences
        if plain["origin"] == SentenceOrigin.ADDED and not plain["sources"] and not _repeats(plain["text"], told)
    ]


def _repeats(text: str, told: Sequence[str]) -> bool:
    return any(f" {run} " in each for run in _runs(_words(text)) for each in told)


def _runs(words: Sequence[str]) -> Iterator[str]:
    for at in range(max(1, len(words) - QUOTED_WORDS + 1)):
        yield " ".join(words[at : at + QUOTED_WORDS])


def _words(text: str) -> list[str]:
    return [word.replace("\u2019", "'") for word in _WORD.findall(text.casefold())]
