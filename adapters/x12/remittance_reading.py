"""Reads an 835 (005010X221A1) as a stream: what was paid, for which claim and line, and why not more."""

from collections.abc import Iterator
from typing import BinaryIO

from models.claim_answers import RemittancePart


def read_835(stream: BinaryIO) -> Iterator[RemittancePart]:
    raise NotImplementedError
