"""Whose interchange is this, and what does it hold: the head of a file, without reading the rest of it."""

from dataclasses import dataclass
from typing import BinaryIO

from adapters.x12.elements import value
from adapters.x12.kinds import KINDS
from adapters.x12.segments import Segments


@dataclass(frozen=True)
class InterchangeHead:
    """ISA, the first GS and its first ST. ``control_number`` is ISA13, ``group_control`` GS06, ``version`` GS08.

    ``kind`` is 837P, 270, 271, 999, 277CA or 835; for a guide that is not spoken here ST01 with GS08, for an
    interchange without a group TA1 (the functional fields are then ""). ``usage`` is P (production) or T (test).
    """

    sender_qualifier: str
    sender_id: str
    receiver_qualifier: str
    receiver_id: str
    control_number: int
    usage: str
    kind: str
    functional_id: str = ""
    group_control: str = ""
    version: str = ""
    set_control: str = ""


def head_of(stream: BinaryIO) -> InterchangeHead:
    """What the file says of itself in its first segments; the stream is left where it was.

    Raises X12Broken where it is no interchange, or not of version 5010.
    """
    began = stream.tell()
    try:
        segments = Segments(stream)
        group: list[str] = []
        for _, elements in segments:
            if elements[0] == "GS":
                group = elements
            elif elements[0] in ("ST", "GE", "IEA"):
                return _head(segments.isa, group, elements if elements[0] == "ST" else [])
    finally:
        stream.seek(began)
    return _head(segments.isa, group, [])


def _head(isa: list[str], group: list[str], opened: list[str]) -> InterchangeHead:
    version, set_id = value(group, 8), value(opened, 1)
    known = (kind.name for kind in KINDS if version.startswith(kind.guide) and set_id == kind.set_id)
    return InterchangeHead(
        sender_qualifier=isa[5].strip(),
        sender_id=isa[6].strip(),
        receiver_qualifier=isa[7].strip(),
        receiver_id=isa[8].strip(),
        control_number=int(isa[13]),
        usage=isa[15],
        kind=next(known, f"{set_id} {version}".strip() or "TA1"),
        functional_id=value(group, 1),
        group_control=value(group, 6),
        version=version,
        set_control=value(opened, 2),
    )
