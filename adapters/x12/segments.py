"""Reads an interchange segment by segment, in chunks, and refuses an envelope that does not hold together."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from adapters.x12.elements import broken, needed, out_of_place, value
from adapters.x12.kinds import Kind
from models.errors import X12Broken

CHUNK_BYTES = 1 << 16
LONGEST_SEGMENT = 1 << 16
"""Characters; no segment of these guides comes near it, so a longer one is a file whose terminator is another."""

_ISA_BYTES = 106
_ISA_SEPARATORS = (3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103)
_VERSION = "00501"
_TAG = re.compile(r"[A-Z][A-Z0-9]{1,2}")
_SAYABLE_VERSION = re.compile(r"[0-9]{6}(X[0-9]{3}([A-Z][0-9])?)?")
_PRINTABLE = bytes(range(0x20, 0x7F))
_NOTHING: frozenset[str] = frozenset()
_ENVELOPE = frozenset({"ISA", "GS", "ST", "SE", "GE", "IEA", "TA1"})


@dataclass(frozen=True)
class Delimiters:
    """The four characters that cut an interchange up; ``repetition`` is "" where ISA11 names none."""

    element: str = "*"
    component: str = ":"
    repetition: str = "^"
    terminator: str = "~"

    def __str__(self) -> str:
        return self.element + self.component + self.repetition + self.terminator


USUAL = Delimiters()


class Segments:
    """The segments of one interchange: iterates once, as (number in the file, elements); ISA is number 1.

    ``elements[0]`` is the segment's identifier, so ``elements[3]`` is its third element; ISA, GS, ST and the trailers
    come as well. The ISA is read at once. Raises X12Broken where the envelope breaks: what was read of the file until
    then must not be kept.
    """

    def __init__(self, stream: BinaryIO, kind: Kind | None = None) -> None:
        self._stream = stream
        self._kind = kind
        self.delimiters, self.isa, self._rest = _read_isa(stream)
        kept = _PRINTABLE + str(self.delimiters).encode()
        self._dropped = bytes(range(256)).translate(None, kept)
        self._where = "ISA"
        self._groups: set[str] = set()
        self._sets: set[str] = set()
        self._group_control = self._set_control = ""
        self._set_began = 0
        self._plain: set[str] = set()

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        terminator, separator = self.delimiters.terminator, self.delimiters.element
        yield 1, self.isa
        rest, number = "", 1
        plain: frozenset[str] | set[str] = _NOTHING
        for chunk in self._chunks():
            text = rest + self._text(chunk, number, rest)
            parts = text.split(terminator)
            rest = parts.pop()
            before = number
            for number, part in enumerate(parts, before + 1):
                elements = part.split(separator)
                if elements[0] not in plain:
                    plain = self._look_at(number, elements)
                yield number, elements
            if len(rest) > LONGEST_SEGMENT:
                raise X12Broken(
                    f"segment {number + 1}: no terminator in {LONGEST_SEGMENT} characters; "
                    "is it another than the one after ISA16?",
                    segment=number + 1,
                )
        if rest.strip():
            raise X12Broken(f"segment {number + 1}: the file ends inside it", segment=number + 1)
        if self._where != "END":
            expected = {"ISA": "IEA", "GS": "GE", "ST": "SE"}[self._where]
            raise X12Broken(
                f"the file ends after segment {number}: {expected} was expected, the interchange is cut short",
                segment=number,
            )

    def _chunks(self) -> Iterator[bytes]:
        if self._rest:
            yield self._rest
            self._rest = b""
        while chunk := self._stream.read(CHUNK_BYTES):
            yield chunk

    def _text(self, chunk: bytes, number: int, rest: str) -> str:
        """The chunk without line ends; line ends are no part of any value, wherever a sender wraps."""
        terminator = self.delimiters.terminator
        kept = chunk.translate(None, self._dropped)
        if len(kept) == len(chunk):
            return kept.decode("ascii")
        if strange := chunk.translate(None, _PRINTABLE + b"\r\n" + str(self.delimiters).encode()):
            before = (rest + chunk[: chunk.index(strange[:1])].decode("ascii")).split(terminator)
            at, elements = number + len(before), before[-1].lstrip("\r\n").split(self.delimiters.element)
            tag = elements[0] if _TAG.fullmatch(elements[0]) and len(elements) > 1 else ""
            what = "a character outside ASCII" if strange[0] > 0x7E else "a control character"
            element = f"{tag}{len(elements) - 1:02}" if tag else ""
            raise X12Broken(f"segment {at}{tag and f', {element}'}: {what} stands in it", segment=at, element=element)
        return kept.decode("ascii")

    def _look_at(self, number: int, elements: list[str]) -> frozenset[str] | set[str]:
        """Checks what belongs to the envelope; says which identifiers need no look from here on."""
        tag = elements[0]
        if tag not in _ENVELOPE:
            if _TAG.fullmatch(tag) is None:
                raise X12Broken(
                    f"segment {number}: no segment identifier (two or three capitals and digits) begins it",
                    segment=number,
                )
            if self._where != "ST":
                raise out_of_place(number, elements, {"ISA": "GS", "GS": "ST", "END": "nothing but ISA"}[self._where])
            self._plain.add(tag)
            return self._plain
        if tag == "ISA":
            raise X12Broken(
                f"segment {number} (ISA): a second interchange begins"
                + ("; a file must hold one" if self._where == "END" else " before IEA has closed the first"),
                segment=number,
            )
        if self._where == "END":
            raise X12Broken(f"segment {number} ({tag}): nothing may follow IEA", segment=number)
        getattr(self, f"_{tag.lower()}")(number, elements)
        return self._plain if self._where == "ST" else _NOTHING

    def _ta1(self, number: int, elements: list[str]) -> None:
        self._must_be("ISA", number, elements)

    def _gs(self, number: int, elements: list[str]) -> None:
        self._must_be("ISA", number, elements)
        self._group_control = needed(number, elements, 6, "a control number")
        if self._group_control in self._groups:
            raise broken(number, elements, 6, "a control number that no other group of the file has")
        check_version(number, elements, self._kind)
        self._groups.add(self._group_control)
        self._sets = set()
        self._where = "GS"

    def _st(self, number: int, elements: list[str]) -> None:
        self._must_be("GS", number, elements)
        self._set_control = needed(number, elements, 2, "a control number")
        if self._kind and value(elements, 1) != self._kind.set_id:
            raise broken(number, elements, 1, f"transaction set {self._kind.set_id}")
        if self._kind and not (value(elements, 3) or self._kind.guide).startswith(self._kind.guide):
            raise broken(number, elements, 3, f"version {self._kind.version}")
        if self._set_control in self._sets:
            raise broken(number, elements, 2, "a control number that no other set of the group has")
        self._sets.add(self._set_control)
        self._set_began = number
        self._where = "ST"

    def _se(self, number: int, elements: list[str]) -> None:
        self._must_be("ST", number, elements)
        self._count(number, elements, number - self._set_began + 1, "the count of segments from ST to SE")
        self._same(number, elements, self._set_control, "ST02")
        self._where = "GS"

    def _ge(self, number: int, elements: list[str]) -> None:
        self._must_be("GS", number, elements)
        self._count(number, elements, len(self._sets), "the count of transaction sets")
        self._same(number, elements, self._group_control, "GS06")
        self._where = "ISA"

    def _iea(self, number: int, elements: list[str]) -> None:
        self._must_be("ISA", number, elements)
        self._count(number, elements, len(self._groups), "the count of groups")
        self._same(number, elements, self.isa[13].strip(), "ISA13")
        self._where = "END"

    def _must_be(self, where: str, number: int, elements: list[str]) -> None:
        if self._where == where:
            return
        if self._where == "ST":
            raise out_of_place(number, elements, "SE")
        if self._where == "GS":
            raise out_of_place(number, elements, "ST or GE" if elements[0] == "SE" else "GE")
        raise out_of_place(number, elements, "GS")

    def _count(self, number: int, elements: list[str], counted: int, what: str) -> None:
        said = value(elements, 1)
        if not said.isdigit() or int(said) != counted:
            raise broken(number, elements, 1, f"{what} ({counted})")

    def _same(self, number: int, elements: list[str], control: str, opened_by: str) -> None:
        said = value(elements, 2)
        if said != control and not (said.isdigit() and control.isdigit() and int(said) == int(control)):
            raise broken(number, elements, 2, f"the control number of {opened_by}")


def check_version(number: int, elements: list[str], kind: Kind | None) -> None:
    """Refuses a group (GS) of another guide than ``kind``'s, or of another release than 5010, naming its version."""
    version = value(elements, 8)
    wanted = kind.guide if kind else "005010"
    if not version.startswith(wanted):
        found = f", not {version}" if _SAYABLE_VERSION.fullmatch(version) else ""
        raise broken(number, elements, 8, f"version {kind.version if kind else wanted}{found},")
    if kind and value(elements, 1) != kind.functional_id:
        raise broken(number, elements, 1, f"functional group {kind.functional_id}")


def _read_isa(stream: BinaryIO) -> tuple[Delimiters, list[str], bytes]:
    """The delimiters, the ISA's elements, and the bytes that were read after it."""
    data = b""
    while len(data) < _ISA_BYTES + 1 and (more := stream.read(CHUNK_BYTES)):
        data += more
    if not data.strip():
        raise X12Broken("the file is empty", segment=1)
    if data[:3] != b"ISA":
        raise X12Broken(
            "segment 1: ISA was expected; this is no X12 interchange, or its beginning is missing", segment=1
        )
    head = data[:_ISA_BYTES]
    if not head.isascii():
        raise X12Broken("segment 1 (ISA): a character outside ASCII stands in it", segment=1)
    if len(head) < _ISA_BYTES:
        raise X12Broken(f"segment 1 (ISA): the file ends inside it ({_ISA_BYTES} bytes were expected)", segment=1)
    text = head.decode("ascii")
    separator = text[3]
    for index, at in enumerate(_ISA_SEPARATORS, 1):
        if text[at] != separator:
            raise broken(1, ["ISA"], max(index - 1, 1), f"the fixed width of ISA, a separator at byte {at},")
    delimiters = Delimiters(separator, text[104], "" if _is_word(text[82]) else text[82], text[105])
    if delimiters.terminator == "\r" and data[_ISA_BYTES : _ISA_BYTES + 1] == b"\n":
        delimiters = Delimiters(separator, text[104], delimiters.repetition, "\n")
    _check(delimiters)
    isa = text[:105].split(separator)
    if isa[12] != _VERSION:
        found = f", not {isa[12]}" if isa[12].isdigit() else ""
        raise broken(1, isa, 12, f"version {_VERSION}{found},")
    if not isa[13].strip().isdigit():
        raise broken(1, isa, 13, "a control number of nine digits")
    rest = data[_ISA_BYTES:]
    if text[105] == "\r" and delimiters.terminator == "\n":
        rest = rest[1:]
    return delimiters, isa, rest


def _is_word(character: str) -> bool:
    return character.isalnum() or character == " "


def _check(delimiters: Delimiters) -> None:
    if _is_word(delimiters.element):
        raise broken(1, ["ISA"], 1, "an element separator at byte 3")
    seen = {delimiters.element}
    for delimiter, index, which in (
        (delimiters.component, 16, "a component separator of its own"),
        (delimiters.repetition, 11, "a repetition separator of its own"),
        (delimiters.terminator, 16, "a segment terminator of its own after it"),
    ):
        if delimiter and (_is_word(delimiter) or delimiter in seen):
            raise broken(1, ["ISA"], index, which)
        seen.add(delimiter)
