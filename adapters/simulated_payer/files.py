"""The files in which the simulated payer answers: whole ones, and the broken ones it sends now and then."""

from dataclasses import dataclass, field
from datetime import datetime

from adapters.simulated_payer.rules import Chance
from adapters.x12 import InterchangeHead
from models.claim_answers import SetError
from models.claim_form import Envelope
from models.errors import X12Broken

SENDER = "SIMPAYER"
SENDER_NAME = "SIMULATED PAYER NOT REAL"
SUFFIXES = {"999": "999", "277CA": "277", "835": "835", "271": "271"}


@dataclass(frozen=True)
class AnswerFile:
    """One file for our incoming folder; ``due_at`` is when it is to come."""

    name: str
    data: bytes = field(repr=False)
    due_at: datetime


def file_name(kind: str, number: int) -> str:
    """Names say that nothing in them is real."""
    return f"{SENDER}-{kind}-{number:09}.{SUFFIXES[kind]}"


def envelope_to(head: InterchangeHead, control_number: int, at: datetime) -> Envelope:
    """The envelope of an answer to whoever sent this."""
    return Envelope(
        sender_id=SENDER,
        receiver_id=head.sender_id,
        control_number=control_number,
        at=at,
        submitter_name=SENDER_NAME,
        contact_name=SENDER_NAME,
        contact_phone="5550100000",
        receiver_name=head.sender_id,
        receiver_qualifier=head.sender_qualifier,
        usage="T",
    )


def cut(data: bytes) -> bytes:
    """The first half, which ends within a segment."""
    return data[: len(data) // 2]


def garbage(chance: Chance, key: str) -> bytes:
    """Bytes that are no interchange, though some begin like one."""
    noise = bytes(int(chance.share("noise", key, str(place)) * 256) for place in range(64))
    return (b"ISA*00*" if chance.happens(0.5, "noise", key) else b"") + noise * 20


def error_found(broken: X12Broken, data: bytes) -> SetError:
    """What a 999 says of a fault that was found; a fault of the envelope is told at the set's first segment."""
    parts = _segments(data)
    place = broken.segment or 0
    if not 3 <= place <= len(parts):
        return SetError("ST", 1, "", "7", element="2")
    element = broken.element.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")[-2:].lstrip("0-")
    return SetError(_tag(parts[place - 1]), place - 2, "", "7" if element else "2", element=element)


def error_injected(data: bytes) -> SetError:
    """A fault that is none: the first service line's procedure is said to be invalid."""
    for place, part in enumerate(_segments(data), 1):
        if _tag(part) == "SV1":
            return SetError("SV1", place - 2, "2400", "I6", element="1-2")
    return SetError("ST", 1, "", "7", element="1")


def _segments(data: bytes) -> list[bytes]:
    return data.split(data[105:106] or b"~")


def _tag(segment: bytes) -> str:
    return segment.strip()[:3].split(b"*")[0].decode("ascii", errors="replace")
