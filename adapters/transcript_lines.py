"""Takes a transcript of ``Speaker: text`` apart: whose words are whose, and from when, where the lines say so."""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from models.errors import ContractBroken
from models.person_names import plain_name

FIRST_LINE = 1
CLOCK = r"\d{1,3}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?"

IsKnown = Callable[[str], bool]
"""Whether a label means anybody, or at least is nothing but a label (a numbered speaker)."""


@dataclass(frozen=True, slots=True)
class Said:
    """Words as they stand in a file, with the file's line and, in JSON, the path there; times in seconds.

    ``labels`` are everything the file calls the speaker, () where it says nothing: the speaker before goes on. ``cue``
    is the same for words that share one pair of times. ``is_new`` is False for a further line of the words before.
    """

    line: int
    labels: tuple[str, ...]
    text: str
    starts: float | None = None
    ends: float | None = None
    cue: int = 0
    path: str = ""
    is_new: bool = True

    def broken(self, reason: str, field: str) -> ContractBroken:
        return ContractBroken(reason, row=self.line, field=f"{self.path}.{field}" if self.path else field)


_REACH = 160
"""Characters of a line within which a time and a label must end; what follows is never searched for them."""
_LABEL = re.compile(
    r"(?:[-\u2013\u2014\u2022>]{1,3}\s*)?(?:\*\*|__)?(?P<label>[^:\uff1a]{1,60}?)(?:\*\*|__)?\s*"
    r"[:\uff1a](?!//)(?:\*\*|__)?"
)
_PARTICLES = frozenset(
    {"de", "del", "della", "da", "di", "du", "la", "le", "van", "von", "der", "den", "of", "and", "y"}
)
_MOST_WORDS = 4
_STAMP = re.compile(
    rf"(?:[\[(]\s*(?P<starts>{CLOCK})(?:\s*(?:-->|-|\u2013|\u2014|to)\s*(?P<ends>{CLOCK}))?\s*[\])]"
    rf"|(?P<bare>{CLOCK})(?=\s|$))\s*(?:[-\u2013\u2014|]\s+)?"
)
_HEADINGS = frozenset(
    [
        "date", "session date", "time", "start", "start time", "end", "end time", "duration", "session", "session id",
        "session number", "location", "modality", "title", "participants", "transcript", "transcript of",
        "transcribed by", "recording", "file", "language",
    ]
)  # fmt: skip


class LineLabels:
    """Tells ``Name: text`` from words that happen to hold a colon.

    A prefix of up to four words is a label when it means somebody; and, though it means nobody, when it is a single
    word, when none of its words begins in lower case, or when it occurs again. Such a label is refused later on: the
    words of somebody unknown must not be laid into the mouth of whoever spoke before.
    """

    def __init__(self, is_known: IsKnown) -> None:
        self._is_known = is_known
        self._seen: dict[str, int] = {}

    def split(self, line: int, text: str) -> tuple[str | None, str]:
        """The label, or None, and the words."""
        text = text.lstrip()
        found = _LABEL.match(text[:_REACH])
        label = found["label"].strip(" *_\t") if found else ""
        if not found or not label:
            return None, text
        words = text[found.end() :]
        if label[-1].isdigit() and words[:1].isdigit():  # a time of day
            return None, text
        if self._is_known(label) or self._must_be(label, line):
            return label, words
        return None, text

    def _must_be(self, label: str, line: int) -> bool:
        words = label.split()
        if len(words) > _MOST_WORDS:
            return False
        first_line = self._seen.setdefault(plain_name(label), line)
        return len(words) == 1 or first_line != line or not any(map(_begins_low, words))


def _begins_low(word: str) -> bool:
    return word[0].islower() and word not in _PARTICLES


def said_in_lines(text: str, is_known: IsKnown) -> Iterator[Said]:
    """Every line's words; one without a label goes on with the words before, a time alone is the next label's.

    Before the first turn, headings such as ``Date: …`` are passed over. Raises ContractBroken with the line.
    """
    labels = LineLabels(is_known)
    begun = False
    waiting: tuple[float | None, float | None] = (None, None)
    for line, row in enumerate(io.StringIO(text), FIRST_LINE):
        row = row.strip()
        if not row:
            continue
        stamp = _STAMP.match(row[:_REACH])
        label, words = labels.split(line, row[stamp.end() :] if stamp else row)
        if stamp and stamp["bare"] and label is None and words:
            stamp, words = None, row  # "10:30 was when I left"
        times = _times(stamp, line) if stamp else (None, None)
        if label is None and not words:
            waiting = times
        elif label is None:
            if not begun:
                raise ContractBroken("words stand before the first speaker's label", row=line, field="speaker")
            yield Said(line, (), words, is_new=False)
        elif begun or plain_name(label) not in _HEADINGS:
            yield Said(line, (label,), words, *(times if stamp else waiting), cue=line)
            begun, waiting = True, (None, None)


def _times(stamp: re.Match[str], line: int) -> tuple[float | None, float | None]:
    starts = seconds(stamp["starts"] or stamp["bare"])
    ends = seconds(stamp["ends"]) if stamp["ends"] else None
    if starts is None or (stamp["ends"] and ends is None):
        raise ContractBroken("a time cannot be read: write it as 00:01:02", row=line, field="starts")
    return starts, ends


def seconds(clock: str) -> float | None:
    """``1:02:03.5``, ``00:01:02,500`` or ``01:02`` (minutes and seconds); None for 61 minutes of an hour."""
    *hours, minutes, rest = clock.replace(",", ".").split(":")
    if float(rest) >= 60 or (hours and int(minutes) >= 60):
        return None
    return round((int(hours[0]) if hours else 0) * 3600 + int(minutes) * 60 + float(rest), 3)
