"""Puts segments together into one interchange: the envelope, its counts, and values that cannot break the syntax.

What a file may say is the basic and extended character set of X12. Names, addresses and messages are written in
capitals without accents (Ü is U, ß is SS), as payers keep them; codes and control numbers go as they are. What cannot
be folded, a delimiter inside a value, and a value longer than its element are refused with the element's name: a claim
that was signed is never quietly cut or altered in meaning.
"""

import re
import unicodedata
from datetime import date
from functools import lru_cache

from adapters.x12.kinds import Kind
from adapters.x12.segments import USUAL, Delimiters
from models.claim_form import Envelope
from models.errors import X12Broken

Element = str | int | tuple[str, ...] | list[str]
"""A tuple is a composite, a list the repetitions of one element; money goes through ``elements.money`` first."""

_TEXTS: dict[str, tuple[int, ...]] = {
    "EB": (5,),
    "MSG": (1,),
    "N1": (2,),
    "N3": (1, 2),
    "N4": (1,),
    "NM1": (3, 4, 5),
    "PER": (2,),
    "STC": (12,),
}
_LONGEST: dict[str, tuple[int, ...]] = {
    "AAA": (1, 2, 3, 1),
    "AK1": (2, 9, 12),
    "AK2": (3, 9, 12),
    "AMT": (3, 18),
    "BHT": (4, 2, 50),
    "CLM": (20, 18),
    "CLP": (38, 2, 18, 18, 18, 2, 50),
    "DMG": (3, 8, 1),
    "EB": (3, 3, 0, 3, 50, 2, 18, 10, 2, 15, 1, 1),
    "IK3": (3, 10, 4, 3),
    "IK4": (0, 4, 3, 99),
    "MSG": (264,),
    "N1": (3, 60, 2, 80),
    "N3": (55, 55),
    "N4": (30, 2, 15),
    "NM1": (3, 1, 60, 35, 25, 10, 10, 2, 80),
    "PER": (2, 60, 2, 256),
    "PLB": (50,),
    "PRV": (3, 3, 50),
    "REF": (3, 50),
    "SBR": (1, 2, 50, 60, 3, 1, 1, 2, 2),
    "STC": (0, 8, 2, 18, 18, 8, 3, 8, 16, 0, 0, 264),
    "SVD": (80, 18),
    "TRN": (2, 50, 10, 50),
}
_LETTERS: dict[str, str] = {
    **{"ß": "SS", "ẞ": "SS", "Æ": "AE", "æ": "AE", "Œ": "OE", "œ": "OE", "Þ": "TH", "þ": "TH"},
    **{"Ø": "O", "ø": "O", "Ł": "L", "ł": "L", "Đ": "D", "đ": "D", "Ð": "D", "ð": "D", "\u0131": "I"},
    **dict.fromkeys("\u2018\u2019\u02bc", "'"),
    **dict.fromkeys("\u201c\u201d", '"'),
    **dict.fromkeys("\u2010\u2011\u2013\u2014", "-"),
}
"""Letters and marks that no decomposition folds."""

_LETTER_TABLE = str.maketrans(_LETTERS)
_NOT_IN_X12 = re.compile(r"""[^A-Za-z0-9 !"&'()*+,\-./:;?=%~@\[\]_{}\\|<>#$^`]""")


@lru_cache(maxsize=16_384)
def folded(text: str) -> str:
    """The text in capitals, without accents, single blanks: what a name looks like in a file."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(_LETTER_TABLE))
        text = "".join(letter for letter in text if not unicodedata.combining(letter))
    return " ".join(text.split()).upper()


class InterchangeWriter:
    """One interchange with one functional group, written segment by segment.

    Raises X12Broken, with the number the segment would have had and the element's name, for a value it cannot hold.
    """

    def __init__(self, envelope: Envelope, kind: Kind, delimiters: Delimiters = USUAL) -> None:
        if not 1 <= envelope.control_number <= 999_999_999:
            raise X12Broken("the interchange's control number has one to nine digits", element="ISA13")
        self.envelope, self.kind, self.delimiters = envelope, kind, delimiters
        self._segments: list[str] = []
        self._forbidden = re.compile("[" + re.escape(str(delimiters)) + "]|" + _NOT_IN_X12.pattern)
        self._sets = 0
        self._control = ""
        self._set_began = 0
        self._hierarchy = 0
        self._open()

    @property
    def count(self) -> int:
        """How many segments are written: the number of the last one."""
        return len(self._segments)

    def add(self, tag: str, *elements: Element) -> int:
        """Writes one segment; empty elements at its end are left out. Returns its number in the file."""
        parts = [tag]
        for index, element in enumerate(elements, 1):
            if isinstance(element, tuple):
                parts.append(self._joined(tag, index, element, self.delimiters.component))
            elif isinstance(element, list):
                parts.append(self._joined(tag, index, element, self.delimiters.repetition))
            else:
                parts.append(self._text(tag, index, str(element)))
        while len(parts) > 1 and not parts[-1]:
            parts.pop()
        self._segments.append(self.delimiters.element.join(parts))
        return self.count

    def add_level(self, parent: int | None, code: str, has_children: bool | None) -> int:
        """Writes HL: the next number of this set under its parent (``has_children`` None: HL04 is left out)."""
        self._hierarchy += 1
        children = "" if has_children is None else str(int(has_children))
        self.add("HL", self._hierarchy, "" if parent is None else parent, code, children)
        return self._hierarchy

    def open_set(self, control: str = "", with_version: bool = True) -> None:
        """Writes ST; without a control number of its own the set takes the interchange's, padded to four digits."""
        self._control = control or f"{self.envelope.control_number:04}"
        self._sets += 1
        self._hierarchy = 0
        self._set_began = self.add("ST", self.kind.set_id, self._control, self.kind.version if with_version else "")

    def close_set(self) -> None:
        """Writes SE with the set's count of segments."""
        self.add("SE", self.count + 1 - self._set_began + 1, self._control)

    def finished(self) -> str:
        """The whole file, closed by GE and IEA."""
        self.add("GE", self._sets, self.envelope.control_number)
        self.add("IEA", 1, f"{self.envelope.control_number:09}")
        end = self.delimiters.terminator
        return end.join(self._segments) + end

    def refused(self, tag: str, index: int, why: str) -> X12Broken:
        """The refusal of a value of the segment that would come next."""
        element = f"{tag}{index:02}"
        return X12Broken(f"segment {self.count + 1}, {element}: {why}", segment=self.count + 1, element=element)

    def _open(self) -> None:
        envelope, marks = self.envelope, self.delimiters
        parties = []
        for index, qualifier, name in (
            (5, envelope.sender_qualifier, envelope.sender_id),
            (7, envelope.receiver_qualifier, envelope.receiver_id),
        ):
            if len(qualifier) != 2:
                raise self.refused("ISA", index, "two characters were expected")
            if not 2 <= len(name) <= 15:
                raise self.refused("ISA", index + 1, "two to fifteen characters fit")
            parties += [qualifier, name.ljust(15)]
        blank = " " * 10
        self.add(
            *("ISA", "00", blank, "00", blank, *parties),
            *(f"{envelope.at:%y%m%d}", f"{envelope.at:%H%M}"),
        )
        # ISA11 and ISA16 name delimiters, so they cannot pass the check that keeps delimiters out of values.
        self._segments[0] += marks.element + marks.element.join(
            (marks.repetition or "U", "00501", f"{envelope.control_number:09}", "0", envelope.usage, marks.component)
        )
        self.add(
            *("GS", self.kind.functional_id, envelope.sender_id, envelope.receiver_id, written(envelope.at.date())),
            *(f"{envelope.at:%H%M}", envelope.control_number, "X", self.kind.version),
        )

    def _text(self, tag: str, index: int, text: str) -> str:
        if index in _TEXTS.get(tag, ()):
            text = folded(text)
        elif tag != "ISA":
            text = text.strip()
        limits = _LONGEST.get(tag, ())
        if index <= len(limits) and 0 < limits[index - 1] < len(text):
            raise self.refused(tag, index, f"at most {limits[index - 1]} characters fit")
        if self._forbidden.search(text):
            raise self.refused(tag, index, "a delimiter, or a character that X12 does not have, stands in the value")
        return text

    def _joined(self, tag: str, index: int, values: tuple[str, ...] | list[str], mark: str) -> str:
        texts = [self._text(tag, index, text) for text in values]
        while texts and not texts[-1]:
            texts.pop()
        if len(texts) > 1 and not mark:
            raise self.refused(tag, index, "a repetition separator is needed")
        return mark.join(texts)


def written(on: date | None) -> str:
    """A date as CCYYMMDD, "" for none."""
    return "" if on is None else f"{on.year:04}{on.month:02}{on.day:02}"
