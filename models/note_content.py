"""What a note consists of while it is drafted, edited and signed: sentences with where they stand and came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models.errors import ContractBroken
from models.note_codes import FlagAction, NoteTopic, SentenceOrigin

_TEXT_FIELDS = ("id", "topic", "section", "text")
_FIELDS = frozenset((*_TEXT_FIELDS, "sources", "origin"))

SourceSpan = tuple[int, int, int]
"""Characters ``start`` to ``end`` of the transcript's turn with this index: (turn, start, end)."""


@dataclass(frozen=True)
class NoteSentence:
    """One sentence of a note. ``topic`` is a NoteTopic's value, "" where a clinician's own sentence has none.

    ``id`` stays with the sentence through every edit and change of format. ``sources`` is empty where a clinician
    wrote it.
    """

    id: str
    topic: str
    section: str
    text: str = field(repr=False)
    sources: tuple[SourceSpan, ...] = ()
    origin: SentenceOrigin = SentenceOrigin.DRAFTED


@dataclass(frozen=True)
class FlagAnswer:
    """What was done about one risk flag; ``action`` is None while nobody has answered, ``words`` are optional."""

    flag_id: str
    action: FlagAction | None = None
    words: str = field(default="", repr=False)


def sentence_to_plain(sentence: NoteSentence) -> dict[str, Any]:
    """The sentence as plain JSON values; ``sentence_from_plain`` reads it back unchanged."""
    return {
        "id": sentence.id,
        "topic": sentence.topic,
        "section": sentence.section,
        "text": sentence.text,
        "sources": [list(source) for source in sentence.sources],
        "origin": sentence.origin.value,
    }


def sentence_from_plain(plain: Mapping[str, Any]) -> NoteSentence:
    """The sentence that plain JSON values say. Raises ContractBroken naming the field, never its value."""
    if set(plain) != _FIELDS:
        raise ContractBroken("a sentence of a note has other fields than it should", field="sentence")
    for name in _TEXT_FIELDS:
        if not isinstance(plain[name], str):
            raise ContractBroken("must be text", field=name)
    if not plain["id"]:
        raise ContractBroken("must not be empty", field="id")
    if plain["topic"] and plain["topic"] not in tuple(NoteTopic):
        raise ContractBroken("is not a topic of a note", field="topic")
    if plain["origin"] not in tuple(SentenceOrigin):
        raise ContractBroken("must be drafted, edited or added", field="origin")
    if not isinstance(plain["sources"], list | tuple):
        raise ContractBroken("must be a list", field="sources")
    return NoteSentence(
        id=plain["id"],
        topic=plain["topic"],
        section=plain["section"],
        text=plain["text"],
        sources=tuple(_source(source) for source in plain["sources"]),
        origin=SentenceOrigin(plain["origin"]),
    )


def _source(plain: Any) -> SourceSpan:
    if (
        not isinstance(plain, list | tuple)
        or len(plain) != 3
        or any(not isinstance(number, int) or isinstance(number, bool) or number < 0 for number in plain)
        or plain[1] > plain[2]
    ):
        raise ContractBroken("must be turn, start and end, from 0 on, start not after end", field="sources")
    turn, start, end = plain
    return turn, start, end
