"""What the rules say of a remittance: what is off, which lines belong together, what is posted, what comes next."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from models.claim_answers import RemittedLine
from models.ledger import LedgerLine


@dataclass(frozen=True)
class Imbalance:
    """``where`` (line, claim, charges, payments, file) is off by ``off_cents`` (what is stated less what it should be).

    ``segment`` is the file's segment that states it.
    """

    where: str
    off_cents: int
    segment: int

    @property
    def reason(self) -> str:
        return f"the {self.where} in segment {self.segment} is off by {self.off_cents} cents"


@dataclass(frozen=True)
class NeedsAPerson:
    """Why this is not decided by a rule; ids, amounts and segments only."""

    reason: str
    segment: int = 0


@dataclass(frozen=True)
class AlreadyPosted:
    """This decision is in the ledger, or was undone there: nothing is posted. ``file_id``: where it first came."""

    source: str
    file_id: str


@dataclass(frozen=True)
class RemittanceRef:
    """Which payment a claim was decided in, and the received file it was read from."""

    payer: str
    trace: str
    file_id: str

    @property
    def id(self) -> str:
        return f"{self.payer}:{self.trace}"


@dataclass(frozen=True)
class SentLine:
    """One service line as we sent it.

    ``earlier_cents``: the part of the charge that is not asked of this payer, because payers before it have paid it or
    taken it off; 0 on a primary claim.
    """

    control_number: str
    procedure_code: str
    modifiers: tuple[str, ...]
    charge_cents: int
    units: int = 1
    earlier_cents: int = 0
    service_date: date | None = None


class MatchedBy(StrEnum):
    CONTROL_NUMBER = "control_number"
    CODE_AND_MODIFIERS = "code_and_modifiers"
    CODE = "code"


@dataclass(frozen=True)
class MatchedLine:
    """A sent line with the remitted line, or the parts of one that the payer has split (``remitted`` > 1)."""

    sent: SentLine
    remitted: tuple[RemittedLine, ...]
    by: MatchedBy


@dataclass(frozen=True)
class LineMatch:
    """``unanswered``: sent lines that this claim of the remittance does not mention; not a problem by itself, because a
    payer may answer a claim in two parts. ``whole`` is the sum of all sent lines where the payer answers the claim
    without its lines. ``problems``: what a person must match."""

    lines: tuple[MatchedLine, ...] = ()
    unanswered: tuple[SentLine, ...] = ()
    problems: tuple[NeedsAPerson, ...] = ()
    whole: SentLine | None = None


@dataclass(frozen=True)
class Postings:
    """The ledger lines of one decision; ``attention``: what was posted as it was said and still wants a person's eye,
    such as an account that falls below zero."""

    lines: tuple[LedgerLine, ...]
    attention: tuple[NeedsAPerson, ...] = ()


PostingResult = Postings | AlreadyPosted | NeedsAPerson


class OutcomeKind(StrEnum):
    """How one decision leaves the claim."""

    PAID = "paid"
    PAID_IN_PART = "paid_in_part"
    DENIED = "denied"
    PATIENT_OWES = "patient_owes"
    REVERSED = "reversed"
    FORWARDED = "forwarded"
    NEEDS_A_PERSON = "needs_a_person"


@dataclass(frozen=True)
class ClaimOutcome:
    """What comes next on a claim after one decision.

    ``PAID``: the payer owes nothing more, whatever the patient owes; ``PATIENT_OWES``: nothing was paid because all
    that the contract allows is the patient's. Cents are this decision's: deductible (CARC 1), coinsurance (2), copay
    (3), ``other_share_cents`` further cost share. ``denied_lines`` are control numbers, "" for the whole claim.
    ``forwarded_to`` names the payer the claim was sent on to by the payer itself: no second claim of ours is due.
    """

    kind: OutcomeKind
    paid_cents: int = 0
    contractual_cents: int = 0
    denied_cents: int = 0
    deductible_cents: int = 0
    coinsurance_cents: int = 0
    copay_cents: int = 0
    other_share_cents: int = 0
    denied_lines: tuple[str, ...] = ()
    secondary_due: bool = False
    statement_due: bool = False
    forwarded_to: str = ""
    reason: str = ""

    @property
    def patient_cents(self) -> int:
        return self.deductible_cents + self.coinsurance_cents + self.copay_cents + self.other_share_cents
