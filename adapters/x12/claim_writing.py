"""Writes claims as an 837P (005010X222A1)."""

from collections.abc import Iterable

from adapters.x12.segments import USUAL, Delimiters
from models.claim_form import ClaimForm, Envelope


def write_837(envelope: Envelope, claims: Iterable[ClaimForm], delimiters: Delimiters = USUAL) -> str:
    raise NotImplementedError
