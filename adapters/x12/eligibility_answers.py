"""The 271 (005010X279A1): what a payer says a person is covered for."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from adapters.x12.segments import USUAL, Delimiters
from models.claim_form import Envelope
from models.eligibility import EligibilityAnswer


def read_271(stream: BinaryIO) -> Iterator[EligibilityAnswer]:
    raise NotImplementedError


def write_271(envelope: Envelope, answers: Iterable[EligibilityAnswer], delimiters: Delimiters = USUAL) -> str:
    raise NotImplementedError
