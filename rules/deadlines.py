"""By when a claim, a correction or an appeal must be filed, and which answer is overdue.

Every limit is the contract's: published tables contradict each other, and a rejection (277CA) does not stop the clock.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from models.billing import Contract, DeadlineStart


class FilingKind(StrEnum):
    ORIGINAL = "original"
    CORRECTED = "corrected"
    SECONDARY = "secondary"
    APPEAL = "appeal"


class Awaited(StrEnum):
    """Which answer to a claim file is waited for."""

    ACKNOWLEDGEMENT = "999"
    CLAIM_ACKNOWLEDGEMENT = "277CA"
    REMITTANCE = "835"


@dataclass(frozen=True)
class Overdue:
    """An answer that should have come by ``due_at`` (UTC) and did not."""

    awaited: Awaited
    due_at: datetime


def filing_deadline(
    contract: Contract, service_date: date, kind: FilingKind, *, decided_on: date | None = None
) -> date | None:
    """The last day on which the payer must have it; None where it is counted from a decision that is not known.

    ``contract`` is the one in force on the date of service. ``decided_on`` is the date of the payer's remittance, of a
    secondary claim the earlier payer's. While nothing is decided a correction is still a first filing: a rejected claim
    never reached the payer's books.
    """
    filed_first = service_date + timedelta(days=contract.timely_filing_days)
    if kind is FilingKind.APPEAL:
        return None if decided_on is None else decided_on + timedelta(days=contract.appeal_days)
    if kind is FilingKind.SECONDARY and contract.secondary_from is DeadlineStart.DECISION:
        return None if decided_on is None else decided_on + timedelta(days=contract.timely_filing_days)
    if kind is FilingKind.CORRECTED and decided_on is not None:
        start = decided_on if contract.corrected_from is DeadlineStart.DECISION else service_date
        return start + timedelta(days=contract.corrected_days)
    return filed_first


def days_left(deadline: date, today: date) -> int:
    """Whole days until the deadline: 0 on its day, negative once it has passed."""
    return (deadline - today).days


def answer_due(contract: Contract, awaited: Awaited, sent_at: datetime) -> datetime:
    """The moment until which an answer may take; UTC as ``sent_at`` is."""
    if awaited is Awaited.ACKNOWLEDGEMENT:
        return sent_at + timedelta(hours=contract.overdue_999_hours)
    days = contract.overdue_277ca_days if awaited is Awaited.CLAIM_ACKNOWLEDGEMENT else contract.overdue_835_days
    return sent_at + timedelta(days=days)


def overdue(contract: Contract, awaited: Awaited, sent_at: datetime, now: datetime) -> Overdue | None:
    """The answer that is overdue; at the due moment itself it is not yet."""
    due_at = answer_due(contract, awaited, sent_at)
    return Overdue(awaited, due_at) if now > due_at else None


def appeal_overdue(contract: Contract, decided_on: date, today: date) -> bool:
    """Whether the last day to appeal a decision has passed."""
    return today > decided_on + timedelta(days=contract.appeal_days)
