"""Writes an 835 (005010X221A1), as a payer would."""

from collections.abc import Iterable

from adapters.x12.segments import USUAL, Delimiters
from models.claim_answers import RemittancePart
from models.claim_form import Envelope


def write_835(envelope: Envelope, parts: Iterable[RemittancePart], delimiters: Delimiters = USUAL) -> str:
    raise NotImplementedError
