"""What is found wrong with a claim before it leaves, and what a claim lacks to be made at all."""

import dataclasses
from dataclasses import asdict, dataclass
from enum import StrEnum

from models.codes import CaseOwner

REFUND_BY = "refund_by"
"""What a finding says beside the others of what is owed back: the last day for it to go back."""


class Severity(StrEnum):
    """A blocking finding keeps the claim here; a warning asks for a person's eyes."""

    BLOCKING = "blocking"
    WARNING = "warning"


@dataclass(frozen=True)
class ClaimFinding:
    """One thing wrong. ``rule`` names the check, ``field`` the fact, ``segment`` where it stands in the file.

    ``owner`` is who can put it right: patient, clinician or biller. Messages hold codes, counts and dates of service.
    """

    rule: str
    severity: Severity
    field: str
    segment: str
    message: str = dataclasses.field(repr=False)
    suggestion: str = dataclasses.field(repr=False)
    owner: CaseOwner = CaseOwner.BILLER

    @property
    def blocks(self) -> bool:
        return self.severity is Severity.BLOCKING

    def as_plain(self) -> dict[str, str]:
        """The finding as it is kept with a claim: every field as text."""
        return {name: str(value) for name, value in asdict(self).items()}


def blocking(
    rule: str,
    message: str,
    suggestion: str,
    *,
    field: str = "",
    segment: str = "",
    owner: CaseOwner = CaseOwner.BILLER,
) -> dict[str, str]:
    """What keeps a claim here that no check of the form has found, as it is kept with the claim."""
    return ClaimFinding(rule, Severity.BLOCKING, field, segment, message, suggestion, owner).as_plain()


@dataclass(frozen=True)
class MissingFact:
    """One fact without which no claim can be made, and who can give it."""

    field: str
    message: str
    owner: CaseOwner
