"""What a claim has brought in and what is still owed on it, to the cent: the lines of its ledger.

Sign: a positive amount is owed to the practice, a negative one lowers what is owed. An account's balance is the sum of
its lines, for one claim or for all. A move from one account to another is two lines that sum to nothing. Nothing is
ever changed or deleted: what was wrong is undone by lines that ``reverses`` it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class LedgerAccount(StrEnum):
    """Who owes it: the payer; the payer, who says no (until somebody appeals, bills or writes off); the patient.

    ``BEYOND_CLAIMS`` is what payers keep back from or add to a payment without saying it of a claim: it returns to 0
    once every recovery has ended. ``INTEREST`` is income that no claim asked for.
    """

    PAYER = "payer"
    DENIED = "denied"
    PATIENT = "patient"
    BEYOND_CLAIMS = "beyond_claims"
    INTEREST = "interest"


class LedgerKind(StrEnum):
    """What happened. Cash is ``PAYER_PAYMENT`` and ``PAYMENT_ADJUSTMENT`` (PLB) from payers, ``PATIENT_PAYMENT``, and
    ``REFUND``, which goes back to one of them."""

    CHARGE = "charge"
    PAYER_PAYMENT = "payer_payment"
    CONTRACTUAL = "contractual"
    PATIENT_RESPONSIBILITY = "patient_responsibility"
    DENIAL = "denial"
    TRANSFER = "transfer"
    WRITE_OFF = "write_off"
    PATIENT_PAYMENT = "patient_payment"
    PAYMENT_ADJUSTMENT = "payment_adjustment"
    REFUND = "refund"


FROM_PAYERS = frozenset({LedgerKind.PAYER_PAYMENT, LedgerKind.PAYMENT_ADJUSTMENT})
"""A remittance's lines of these kinds sum to minus BPR02."""

CASH = FROM_PAYERS | {LedgerKind.PATIENT_PAYMENT, LedgerKind.REFUND}
"""Money that has come in or gone back; what a payer has kept back itself is a refund on the claim and off what it
kept."""


@dataclass(frozen=True)
class LedgerLine:
    """One posting. ``source`` names the decision it comes from and ``part`` counts that decision's lines from 1.

    ``source`` of a remitted claim is payer, trace, claim, the payer's own number of it and CLP02, so that the same
    decision has the same source in whatever file it comes again; ``file_id`` and ``segment`` say where it stood.
    ``line_control`` is the service line's REF*6R, "" for what concerns the whole claim; ``group`` and ``reason`` are
    those of the CAS or PLB, "" for a payment. ``reverses`` is the ``key`` of the line that this one undoes.
    """

    claim_number: str
    account: LedgerAccount
    kind: LedgerKind
    amount_cents: int
    source: str
    part: int
    line_control: str = ""
    group: str = ""
    reason: str = ""
    payer_control: str = ""
    reverses: str | None = None
    file_id: str = ""
    segment: int = 0

    @property
    def key(self) -> str:
        """Unique in the ledger: a line with a key that is there already is not posted again."""
        return f"{self.source}#{self.part}"


@dataclass(frozen=True)
class Balances:
    """What is owed on one claim, or on many, in cents; a negative account is a credit."""

    payer_cents: int = 0
    denied_cents: int = 0
    patient_cents: int = 0

    @property
    def owed_cents(self) -> int:
        return self.payer_cents + self.denied_cents + self.patient_cents

    @property
    def settled(self) -> bool:
        return not (self.payer_cents or self.denied_cents or self.patient_cents)

    @property
    def credit_cents(self) -> int:
        """What the accounts below zero hold, as a positive amount: owed back, or posted to the wrong place."""
        return -sum(min(cents, 0) for cents in (self.payer_cents, self.denied_cents, self.patient_cents))


def balance_of(lines: Iterable[LedgerLine], account: LedgerAccount) -> int:
    """One account's balance in cents."""
    return sum(line.amount_cents for line in lines if line.account is account)


def balances(lines: Iterable[LedgerLine]) -> Balances:
    """What is owed according to these lines."""
    sums = dict.fromkeys(LedgerAccount, 0)
    for line in lines:
        sums[line.account] += line.amount_cents
    return Balances(sums[LedgerAccount.PAYER], sums[LedgerAccount.DENIED], sums[LedgerAccount.PATIENT])


def cash_from_payers(lines: Iterable[LedgerLine]) -> int:
    """What payers have paid according to these lines, in cents, reversals and PLB included."""
    return -sum(line.amount_cents for line in lines if line.kind in FROM_PAYERS)


def cash(lines: Iterable[LedgerLine]) -> int:
    """What is in the till according to these lines, in cents: paid by payers and patients, less what went back."""
    return -sum(line.amount_cents for line in lines if line.kind in CASH)


def paid_by_patient(lines: Iterable[LedgerLine]) -> int:
    """What the patient has paid according to these lines, less what went back to them."""
    return -sum(line.amount_cents for line in lines if line.kind in CASH and line.account is LedgerAccount.PATIENT)


def standing(lines: Iterable[LedgerLine]) -> tuple[LedgerLine, ...]:
    """The lines that nothing has undone, without those that undo."""
    known = tuple(lines)
    undone = {line.reverses for line in known if line.reverses}
    return tuple(line for line in known if line.reverses is None and line.key not in undone)


CONTRACTUAL_REASONS = frozenset(
    {"24", "44", "45", "59", "94", "104", "105", "131", "144", "161", "172", "223", "237", "253"}
)
"""CARC that lower (or raise) a payment as the contract or the law has it: capitation, prompt payment, fee schedule,
several procedures at once, more than billed, withholds, a negotiated discount, incentives, the clinician's specialty,
mandates, penalties, sequestration. In any other reason the payer says no, and somebody answers."""

COST_SHARE_REASONS = frozenset({"1", "2", "3", "66", "241"})
"""CARC that, in group PR, are the plan's own share of the patient: deductible, coinsurance, copay, blood deductible,
low-income copay. Any other reason in PR is a denial until a person bills the patient."""

EARLIER_PAYER_REASONS = frozenset({"23"})
"""CARC with which a later payer repeats what payers before it have paid or taken off."""
