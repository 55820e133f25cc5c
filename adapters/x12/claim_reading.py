"""Reads an 837P (005010X222A1) back into the claims it holds."""

from collections.abc import Iterator
from typing import BinaryIO

from models.claim_form import ClaimForm


def read_837(stream: BinaryIO) -> Iterator[ClaimForm]:
    raise NotImplementedError
