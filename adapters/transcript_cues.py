"""Takes a transcript in WebVTT or SRT apart: each cue's words by the speaker it names, with the cue's times.

Source: W3C, WebVTT: The Web Video Text Tracks Format (Candidate Recommendation, 4 April 2019), sections 4 and 6. SRT
has no standard; a comma or a point before the milliseconds is taken, and so is no fraction at all.
"""

import html
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from adapters.transcript_lines import CLOCK, FIRST_LINE, IsKnown, LineLabels, Said, seconds
from models.errors import ContractBroken

TIMING = re.compile(rf"^[ \t]*({CLOCK})[ \t]*-->[ \t]*({CLOCK})(?=\s|\Z)", re.MULTILINE)
_ARROW = "-->"
_VOICE = re.compile(r"<v(?:\.[^\s<>]{0,100})?(?:[ \t]([^<>]{0,200}))?>")
_VOICES = re.compile(r"<v[. \t][^<>]{0,300}>")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>|</>|<\d[\d:.]{0,20}>")
_SRT_STYLE = re.compile(r"\{\\[^{}]{0,100}\}")
_PASSED_OVER = re.compile(r"(?:WEBVTT|NOTE|STYLE|REGION)(?=\s|\Z)")
_DASHES = ("-", "\u2013", "\u2014")
_CHANGE = ">>"
Row = tuple[int, str]


@dataclass(frozen=True, slots=True)
class _Cue:
    line: int
    starts: float
    ends: float
    rows: list[Row]

    def said(self, line: int, label: str | None, words: str) -> Said:
        return Said(line, (label,) if label is not None else (), words, self.starts, self.ends, cue=self.line)


def said_in_cues(text: str, is_known: IsKnown, *, is_webvtt: bool) -> Iterator[Said]:
    """Each cue's words by speaker; raises ContractBroken with the line.

    A file with voice tags must have one on every cue, since a tag speaks for its own cue alone. In a file of
    ``Name: text`` a cue without a name goes on with the speaker before, as captions do; but not where it says itself,
    by dashes or ``>>``, that somebody else speaks.
    """
    voiced = bool(_VOICES.search(text))
    labels = LineLabels(is_known)
    for cue in _cues(text, is_webvtt):
        yield from _by_voice(cue) if voiced else _by_line(cue, labels, is_webvtt)


def _by_voice(cue: _Cue) -> Iterator[Said]:
    before, *pieces = _VOICE.split("\n".join(row for _, row in cue.rows))
    if _words(before, is_webvtt=True).strip():
        raise ContractBroken("the cue does not say who speaks, while others do", row=cue.line, field="speaker")
    for name, words in zip(pieces[::2], pieces[1::2], strict=True):
        yield cue.said(cue.line, html.unescape(name or "").strip(), _words(words, is_webvtt=True))


def _by_line(cue: _Cue, labels: LineLabels, is_webvtt: bool) -> Iterator[Said]:
    rows = [(line, _words(row, is_webvtt).strip()) for line, row in cue.rows]
    changes = (_CHANGE, *_DASHES) if sum(1 for _, row in rows if row.startswith(_DASHES)) > 1 else (_CHANGE,)
    begun, speaker, words = cue.line, None, list[str]()
    for line, row in rows:
        label, rest = labels.split(line, row)
        if label is None and row.startswith(changes):
            raise ContractBroken("a cue changes speakers without saying who speaks", row=line, field="speaker")
        if label is not None:
            if words or speaker is not None:
                yield cue.said(begun, speaker, " ".join(words))
            begun, speaker, words = line, label, []
        words.append(rest)
    yield cue.said(begun, speaker, " ".join(words))


def _words(text: str, is_webvtt: bool) -> str:
    """Without markup; entities are WebVTT's alone, and are read last, so that ``&lt;3`` stays what was said."""
    plain = _TAG.sub("", text)
    return html.unescape(plain) if is_webvtt else _SRT_STYLE.sub("", plain)


def _cues(text: str, is_webvtt: bool) -> Iterator[_Cue]:
    for block in _blocks(text):
        is_passed_over = is_webvtt and _PASSED_OVER.match(block[0][1])
        timings = [at for at, (_, row) in enumerate(block) if _ARROW in row]
        # a cue may have one line before its times, its number or name
        if (not timings or timings[0] > 1) and not is_passed_over:
            raise ContractBroken("words stand outside the cues", row=block[0][0], field="text")
        for at, following in zip(timings, [*timings[1:], len(block)], strict=False):
            rows = block[at + 1 : following]
            if following < len(block) and rows and rows[-1][1].strip().isdigit():
                rows = rows[:-1]  # the next cue's number, where the blank line before it is missing
            yield _cue(block[at], rows)


def _cue(timing: Row, rows: list[Row]) -> _Cue:
    line, row = timing
    found = TIMING.match(row)
    starts, ends = map(seconds, found.groups()) if found else (None, None)
    if starts is None or ends is None:
        raise ContractBroken("a cue's times cannot be read", row=line, field="starts")
    return _Cue(line, starts, ends, rows)


def _blocks(text: str) -> Iterator[list[Row]]:
    """The rows between blank lines, with their numbers."""
    block: list[Row] = []
    for line, row in enumerate(io.StringIO(text), FIRST_LINE):
        if row.strip():
            block.append((line, row.rstrip("\n")))
        elif block:
            yield block
            block = []
    if block:
        yield block
