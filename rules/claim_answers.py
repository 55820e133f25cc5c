"""What does a 999 or a 277CA say of a claim, and what is to be done?"""

from dataclasses import dataclass
from enum import StrEnum

from models.claim_answers import ClaimAcknowledgement, SetAcknowledgement


class Received(StrEnum):
    """How far a claim has got; only a rejected or unknown one needs somebody."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Fault:
    """One thing that was found wrong, as a sentence; ``where`` is our segment, loop and element, or the answer's
    segment; ``next_action`` what to do about it."""

    sentence: str
    next_action: str
    where: str = ""
    code: str = ""


@dataclass(frozen=True)
class Answer:
    """``needs_a_person`` is true for whatever is neither received nor accepted. A rejected claim was never filed: its
    filing clock runs on."""

    received: Received
    faults: tuple[Fault, ...] = ()

    @property
    def needs_a_person(self) -> bool:
        return self.received in (Received.REJECTED, Received.UNKNOWN)


def read_set(answer: SetAcknowledgement) -> Answer:
    """What a 999 says of one of our sets: accepted or rejected, with a sentence for each error."""
    raise NotImplementedError


def read_claim(answer: ClaimAcknowledgement) -> Answer:
    """What a 277CA says of one claim: received, accepted, rejected, or unknown, as when its notes contradict."""
    raise NotImplementedError
