"""Takes a transcript in JSON apart, turn by turn, so that each turn has its line and its path in the file."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from adapters.transcript_lines import CLOCK, FIRST_LINE, Said, seconds
from models.errors import ContractBroken

_SPACE = re.compile(r"[ \t\n]*")
_LISTS = ("turns", "segments", "transcript")
_LABELS = ("speaker", "name", "role")
_TEXTS = ("text", "content")
_STARTS = ("start", "start_time", "starts")
_ENDS = ("end", "end_time", "ends")
_CLOCK = re.compile(CLOCK)
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?")
_MOST_SECONDS = 1e9
_HIGHEST_NUMBER = 999
"""Of a speaker who has no name but a number."""


def said_in_json(text: str) -> Iterator[Said]:
    """The turns of a list, or of the list ``turns``, ``segments`` or ``transcript`` of an object.

    A turn has ``speaker``, ``name`` or ``role``, ``text`` and, where known, ``start`` and ``end``, as seconds or as
    00:01:02.500. Raises ContractBroken with the line and the path, such as ``turns[3].start``.
    """
    return _Reading(text).said()


class _Reading:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._line, self._counted = FIRST_LINE, 0
        self._decoder = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_no_number)

    def said(self) -> Iterator[Said]:
        if self._next() == "[":
            yield from self._list("turns")
        else:
            yield from self._object()
        if self._next():
            raise self._broken()

    def _object(self) -> Iterator[Said]:
        self._take("{")
        names: set[str] = set()
        while self._next() != "}":
            if names:
                self._take(",")
            if self._next() != '"':
                raise self._broken()
            name = str(self._value())
            self._take(":")
            if name in names:
                raise self._broken()
            if name in _LISTS and self._next() == "[":
                if names & {f"[{each}]" for each in _LISTS}:
                    raise ContractBroken("the file holds two lists of turns: keep one", row=self._row(), field=name)
                names.add(f"[{name}]")
                yield from self._list(name)
            else:
                self._value()
            names.add(name)
        self._take("}")

    def _list(self, name: str) -> Iterator[Said]:
        self._take("[")
        at = 0
        while self._next() != "]":
            if at:
                self._take(",")
                self._next()
            line = self._row()
            yield from _turn(self._value(), line, f"{name}[{at}]")
            at += 1
        self._take("]")

    def _next(self) -> str:
        """The character that follows, "" at the end."""
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at
        return self._text[self._at : self._at + 1]

    def _take(self, wanted: str) -> None:
        if self._next() != wanted:
            raise self._broken()
        self._at += 1

    def _value(self) -> Any:
        self._next()
        value, failed = None, None
        try:
            value, self._at = self._decoder.raw_decode(self._text, self._at)
        except RecursionError:
            failed = ContractBroken("the file is nested too deeply", row=self._row(), field="file")
        except ValueError as wrong:
            self._at = wrong.pos if isinstance(wrong, json.JSONDecodeError) else self._at
            failed = self._broken()
        if failed:
            raise failed  # here, so that it does not carry the decoder's error, which holds the whole text
        return value

    def _row(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = max(self._counted, self._at)
        return self._line

    def _broken(self) -> ContractBroken:
        return ContractBroken("the file is not valid JSON from here on", row=self._row(), field="file")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """One object's members; what is null is absent. What stands twice can be read in two ways, and is not read."""
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name stands twice")
    return {name: value for name, value in pairs if value is not None}


def _no_number(name: str) -> float:
    raise ValueError("no number")


def _turn(turn: Any, line: int, path: str) -> Iterator[Said]:
    """The turn, or none where nothing was said."""
    if not isinstance(turn, dict):
        raise ContractBroken("a turn must be an object with speaker and text", row=line, field=path)
    name, text = _first(turn, _TEXTS)
    if not isinstance(text, str):
        raise ContractBroken("a turn's text must be text", row=line, field=f"{path}.{name}")
    if not text.strip():
        return
    labels = tuple(_label(turn[name], line, f"{path}.{name}") for name in _LABELS if name in turn)
    if not any(labels):
        raise ContractBroken("a turn does not say who speaks", row=line, field=f"{path}.speaker")
    starts, ends = (_time(*_first(turn, names), line, path) for names in (_STARTS, _ENDS))
    yield Said(line, tuple(label for label in labels if label), text, starts, ends, path=path)


def _first(turn: dict[str, Any], names: tuple[str, ...]) -> tuple[str, Any]:
    return next(((name, turn[name]) for name in names if name in turn), (names[0], None))


def _label(value: Any, line: int, field: str) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _HIGHEST_NUMBER:
        return str(value)
    raise ContractBroken("a turn's speaker must be text", row=line, field=field)


def _time(name: str, value: Any, line: int, path: str) -> float | None:
    found = _seconds_of(value)
    if found is None and value is not None:
        reason = "a time must be seconds from the beginning, or hours, minutes and seconds such as 00:01:02.500"
        raise ContractBroken(reason, row=line, field=f"{path}.{name}")
    return found


def _seconds_of(value: Any) -> float | None:
    if isinstance(value, str):
        text = value.strip()
        if _CLOCK.fullmatch(text):
            return seconds(text)
        return float(text) if _NUMBER.fullmatch(text) else None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < _MOST_SECONDS and math.isfinite(value) else None
