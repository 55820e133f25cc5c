"""The 270 (005010X279A1): asks payers what persons are covered for."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from adapters.x12.segments import USUAL, Delimiters
from models.claim_form import Envelope
from models.eligibility import EligibilityRequest


def read_270(stream: BinaryIO) -> Iterator[EligibilityRequest]:
    raise NotImplementedError


def write_270(envelope: Envelope, requests: Iterable[EligibilityRequest], delimiters: Delimiters = USUAL) -> str:
    raise NotImplementedError
