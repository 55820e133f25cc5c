"""The 277CA (005010X214): which claims a payer's front end took in, and which it rejected."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from adapters.x12.segments import USUAL, Delimiters
from models.claim_answers import ClaimAcknowledgement
from models.claim_form import Envelope


def read_277ca(stream: BinaryIO) -> Iterator[ClaimAcknowledgement]:
    raise NotImplementedError


def write_277ca(
    envelope: Envelope, acknowledgements: Iterable[ClaimAcknowledgement], delimiters: Delimiters = USUAL
) -> str:
    raise NotImplementedError
