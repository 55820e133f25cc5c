"""The 999 (005010X231A1): does a file of ours follow its guide?"""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from adapters.x12.segments import USUAL, Delimiters
from models.claim_answers import GroupAcknowledgement
from models.claim_form import Envelope


def read_999(stream: BinaryIO) -> Iterator[GroupAcknowledgement]:
    raise NotImplementedError


def write_999(
    envelope: Envelope, acknowledgements: Iterable[GroupAcknowledgement], delimiters: Delimiters = USUAL
) -> str:
    raise NotImplementedError
