"""The closed vocabularies around a claim: files, submissions, who asked for a check, what an exception is about."""

from enum import StrEnum

CLEARINGHOUSE = "clearinghouse"
"""The kind of received file that a payer or the clearinghouse sent."""
"""Practice setting: the ids of the locations, separated by commas, whose clean claims may leave unsigned."""


class FileKind(StrEnum):
    """What kind of X12 file went out or came in; ``unknown`` where it cannot be told."""

    CLAIMS = "837P"
    COVERAGE_QUESTIONS = "270"
    COVERAGE_ANSWERS = "271"
    RECEIPT = "999"
    CLAIM_RECEIPT = "277CA"
    REMITTANCE = "835"
    UNKNOWN = "unknown"


class FileStatus(StrEnum):
    """How far a file is: ours is queued, then sent; a payer's is received, then taken in or refused.

    A refused one is put aside by a biller, once its sender has sent it anew.
    """

    QUEUED = "queued"
    SENT = "sent"
    ANSWERED = "answered"
    REJECTED = "rejected"
    RECEIVED = "received"
    TAKEN_IN = "taken_in"
    REFUSED = "refused"
    DUPLICATE = "duplicate"
    PUT_ASIDE = "put_aside"


class SubmissionStatus(StrEnum):
    """How far one submission of a claim is; each answer moves it on, never back."""

    QUEUED = "queued"
    SENT = "sent"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DECIDED = "decided"
    REVERSED = "reversed"
    REPLACED = "replaced"


class RemittanceOutcome(StrEnum):
    """What became of one claim of a remittance: posted to its thread, known already, or for a person."""

    POSTED = "posted"
    DUPLICATE = "duplicate"
    FOR_A_PERSON = "for_a_person"
    SETTLED_BY_HAND = "settled_by_hand"


class ExceptionQueue(StrEnum):
    """What kind of trouble a claim is in; the biller's queue is sorted by it."""

    COVERAGE = "coverage"
    MISSING_INFORMATION = "missing_information"
    CHECKS = "checks"
    REJECTION = "rejection"
    RETURNED = "returned"
    NO_ANSWER = "no_answer"
    REMITTANCE = "remittance"
    DENIAL = "denial"
    APPEAL = "appeal"
    CREDIT = "credit"
    FILE = "file"
