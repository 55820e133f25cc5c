"""The fictional sessions of tests/data/notes as values: turns, facts, reference notes, what their headers say."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from language.note_values import NoteDraft, NoteFormat, Role, Turn

OWN = Path(__file__).parents[1] / "tests" / "data" / "notes"
SEEN = ("01", "02", "03")
"""Sessions that were read while rules were written; the others were only counted."""
COUNTED_BEFORE = ("04", "05", "06")
"""Counted only; like the first three by the author of the rules, the later ones by two others who had not seen them."""


@dataclass(frozen=True)
class Fact:
    """What a reader should find in a draft, and the words one sentence of it must hold for that."""

    said: str
    needs: tuple[str, ...]

    def recalled(self, draft: NoteDraft) -> bool:
        """Whether one sentence of the draft holds all the words."""
        return self.recalled_by([sentence.text for sentence in draft.sentences])

    def recalled_by(self, texts: Iterable[str]) -> bool:
        """The same of any lines."""
        return any(self._in(text) for text in texts)

    def _in(self, text: str) -> bool:
        return all(_holds(text, need.removeprefix("!")) != need.startswith("!") for need in self.needs)


def _holds(text: str, need: str) -> bool:
    """Whether a text holds one of the alternatives, each from the beginning of a word; a number only as a whole."""
    either = "|".join(_pattern(one.strip()) for one in need.split("|"))
    return bool(re.search(rf"(?<![a-z0-9])(?:{either})", text, re.I))


def _pattern(words: str) -> str:
    exact = r"\s+".join(re.escape(word) for word in words.split())
    return exact + (r"(?![0-9]|\.[0-9])" if words[-1:].isdigit() else "")


@dataclass(frozen=True)
class Session:
    """A fictional session; `said` holds its headers (`risk`, `minutes`, …), `notes` the reference notes by format."""

    name: str
    format: NoteFormat
    turns: tuple[Turn, ...]
    facts: tuple[Fact, ...]
    said: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[NoteFormat, str] = field(default_factory=dict)

    @property
    def number(self) -> str:
        return self.name[:2]

    @property
    def kind(self) -> str:
        """`seen`, `counted_before` or `new`."""
        return "seen" if self.number in SEEN else "counted_before" if self.number in COUNTED_BEFORE else "new"

    @property
    def words(self) -> int:
        return sum(len(turn.text.split()) for turn in self.turns)


_SPEAKERS = {"C": Role.CLINICIAN, "P": Role.PATIENT, "O": Role.OTHER}


def own_sessions() -> list[Session]:
    """The sessions that were written for this project, in order of their names."""
    return [session_of(path.stem, path.read_text(encoding="utf-8")) for path in sorted(OWN.glob("*.txt"))]


def training_sessions() -> list[Session]:
    """Those that were written for training: read while rules are written, never counted."""
    paths = sorted((OWN / "training").glob("*.txt"))
    return [session_of(path.stem, path.read_text(encoding="utf-8")) for path in paths]


def session_of(name: str, text: str) -> Session:
    """One file; raises ValueError, with the line's number alone, where a line is neither turn, fact nor header."""
    first, *lines = text.splitlines()
    turns: list[Turn] = []
    facts: list[Fact] = []
    said: dict[str, str] = {}
    notes: dict[NoteFormat, list[str]] = {}
    part = "turns"
    for number, line in enumerate(lines, start=2):
        if line.startswith("---"):
            part = line.removeprefix("---").strip()
        elif not line.strip():
            continue
        elif part == "facts":
            facts.append(_fact(line, number))
        elif part.startswith("note "):
            notes.setdefault(NoteFormat(part.removeprefix("note ").strip()), []).append(line.strip())
        elif part == "turns" and line.startswith("#"):
            key, _, value = line.removeprefix("#").partition(":")
            said[key.strip()] = value.strip()
        elif part == "turns":
            turns.append(_turn(line, number))
    format = NoteFormat(first.removeprefix("#").strip())
    texts = {each: "\n".join(written) for each, written in notes.items()}
    return Session(name, format, tuple(turns), tuple(facts), said, texts)


def _turn(line: str, number: int) -> Turn:
    speaker, colon, text = line.partition(":")
    if not colon or speaker not in _SPEAKERS:
        raise ValueError(f"line {number} has no speaker")
    return Turn(speaker, _SPEAKERS[speaker], text.strip())


def _fact(line: str, number: int) -> Fact:
    said, separator, needs = line.partition(" :: ")
    if not separator:
        raise ValueError(f"line {number} is no fact")
    return Fact(said, tuple(need.strip() for need in needs.split(";")))


def sentences_of(note: str) -> list[str]:
    """The lines of a reference note without its headings."""
    return [line for line in note.splitlines() if line != line.upper()]
