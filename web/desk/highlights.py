"""Cuts a text into parts so that overlapping evidence can be shown, linked and read."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Span:
    """Where one flag's evidence lies: character offsets, the end not included; ``rank`` 1 low to 3 high."""

    number: int
    starts: int
    ends: int
    rank: int


@dataclass(frozen=True)
class Part:
    """A stretch of text covered by the same flags; ``rank`` is the highest of theirs, 0 where there is none."""

    text: str
    rank: int
    flags: tuple[int, ...]
    begins: tuple[int, ...]
    ends: tuple[int, ...]

    def __repr__(self) -> str:
        return f"<part of {len(self.text)} characters, flags {self.flags}>"


def parts(text: str, spans: Sequence[Span]) -> tuple[Part, ...]:
    """The whole text in order, cut wherever a span begins or ends; a span outside the text is cut to it."""
    inside = [
        Span(span.number, max(0, span.starts), min(len(text), span.ends), span.rank)
        for span in spans
        if max(0, span.starts) < min(len(text), span.ends)
    ]
    cuts = sorted({0, len(text), *(span.starts for span in inside), *(span.ends for span in inside)})
    return tuple(_part(text, start, end, inside) for start, end in pairwise(cuts))


def _part(text: str, start: int, end: int, spans: Sequence[Span]) -> Part:
    over = [span for span in spans if span.starts <= start and end <= span.ends]
    return Part(
        text=text[start:end],
        rank=max((span.rank for span in over), default=0),
        flags=tuple(span.number for span in over),
        begins=tuple(span.number for span in over if span.starts == start),
        ends=tuple(span.number for span in over if span.ends == end),
    )
