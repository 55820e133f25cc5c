"""Does a remittance add up, whose lines are these, and what is posted of it?

Source: ASC X12N/005010X221A1 (835), section 1.10.2 (balancing, reversal and correction, interest, overpayment recovery);
group and reason codes: X12 external code list 139.
"""

from collections.abc import Iterable, Sequence

from models.claim_answers import ProviderAdjustment, RemittanceHead, RemittedClaim, RemittedLine
from models.claim_form import EarlierPayment, PayerRank, Subscriber
from models.ledger import LedgerLine
from models.remittance import (
    ClaimOutcome,
    Imbalance,
    LineMatch,
    NeedsAPerson,
    PostingResult,
    Postings,
    RemittanceRef,
    SentLine,
)


def balance_line(line: RemittedLine) -> Imbalance | None:
    """By how much the line's charge less its adjustments misses what was paid; None if it balances."""
    raise NotImplementedError


def balance_claim(claim: RemittedClaim) -> tuple[Imbalance, ...]:
    """All that does not add up in a claim, in file order: each line, the claim, its lines' charges and payments."""
    raise NotImplementedError


def balance_file(
    head: RemittanceHead, claims_total_cents: int, adjustments: Iterable[ProviderAdjustment]
) -> Imbalance | None:
    """By how much BPR02 misses the sum of CLP04 less the sum of PLB; None if it balances."""
    raise NotImplementedError


def match_lines(claim: RemittedClaim, sent: Sequence[SentLine]) -> LineMatch:
    """Which sent line each remitted line answers: by REF*6R, then code, modifiers and charge, then code and charge."""
    raise NotImplementedError


def postings(
    remittance: RemittanceRef,
    claim: RemittedClaim,
    match: LineMatch,
    earlier: Sequence[LedgerLine],
    *,
    rank: PayerRank = PayerRank.PRIMARY,
) -> PostingResult:
    """The ledger lines of one remitted claim; ``earlier`` is that claim's whole ledger so far."""
    raise NotImplementedError


def payment_postings(
    remittance: RemittanceRef, adjustments: Sequence[ProviderAdjustment], earlier: Sequence[LedgerLine]
) -> Postings:
    """The ledger lines of a remittance's PLB; ``earlier`` is what was posted of them before."""
    raise NotImplementedError


def charges(claim_number: str, sent: Sequence[SentLine]) -> tuple[LedgerLine, ...]:
    """The lines that open a claim's ledger when it is first submitted."""
    raise NotImplementedError


def reopened(earlier: Sequence[LedgerLine], source: str) -> Postings | NeedsAPerson:
    """The lines that make the payer owe again what it has denied: a corrected claim or an appeal is on its way."""
    raise NotImplementedError


def moved_to_secondary(earlier: Sequence[LedgerLine], secondary_number: str, source: str) -> tuple[LedgerLine, ...]:
    """The lines that move what the patient owes on the primary claim to the secondary claim's payer."""
    raise NotImplementedError


def outcome_of(claim: RemittedClaim, result: PostingResult, *, has_secondary: bool = False) -> ClaimOutcome:
    """What comes next on the claim after this decision."""
    raise NotImplementedError


def earlier_payment(
    head: RemittanceHead,
    claim: RemittedClaim,
    match: LineMatch,
    numbers: dict[str, int],
    subscriber: Subscriber,
) -> EarlierPayment | NeedsAPerson:
    """What a secondary payer is told of this decision; ``numbers``: each sent line's number by its REF*6R."""
    raise NotImplementedError


def sent_to_secondary(match: LineMatch) -> tuple[SentLine, ...]:
    """The sent lines as the secondary claim carries them, each with what the primary payer has paid or taken off."""
    raise NotImplementedError
