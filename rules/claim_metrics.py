"""How well claims turn into money: clean and accepted at once, denied, waiting, and for how long.

All figures are exact: counts, cents, and fractions of them. Days in accounts receivable as practices report it (Medical
Group Management Association); ageing by the usual thirty days. What is not yet decided, answered or paid is left out of
a rate and stays in the wait, where it counts as still waiting.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from rules.metrics import days_until_share

YEAR = timedelta(days=365)
BUCKETS = ((30, "0-30"), (60, "31-60"), (90, "61-90"), (120, "91-120"))
OLDEST = "over 120"


@dataclass(frozen=True)
class ClaimRow:
    """One claim as it stands, whatever was sent for it. Cents are owed now; below zero they are a credit.

    ``submitted_on``: the first sending, None before it. ``touched``: a person has changed the claim after it was first
    built. ``first_accepted``: the first acknowledgement (999 or 277CA), None while there is none. ``decided_on`` and
    ``denied``: the first decision with what it denied, cents by CARC. ``paid_on``: the payer's first payment.
    ``patient_since``: when the payer first left something to the patient. ``payer_cents`` holds what is denied too.
    """

    claim_number: str
    payer_code: str
    stage: str
    charge_cents: int
    service_date: date
    submitted_on: date | None = None
    touched: bool = False
    first_accepted: bool | None = None
    decided_on: date | None = None
    denied: Mapping[str, int] = field(default_factory=dict)
    paid_on: date | None = None
    payer_cents: int = 0
    patient_cents: int = 0
    patient_since: date | None = None


@dataclass(frozen=True)
class Share:
    """``part`` of ``whole``, in claims or in cents."""

    part: int
    whole: int

    @property
    def rate(self) -> Fraction | None:
        """Between 0 and 1; None where there is nothing to count."""
        return Fraction(self.part, self.whole) if self.whole else None


@dataclass(frozen=True)
class DenialRate:
    """Decided claims of which something was denied, and the denied cents of the decided charges."""

    claims: Share
    cents: Share


@dataclass(frozen=True)
class DenialCount:
    """How often and for how much one payer gave one reason; a claim with two reasons counts under both."""

    payer_code: str
    reason: str
    claims: int
    cents: int


@dataclass(frozen=True)
class Ageing:
    """What is owed, by days waited; ``credit_cents`` is what accounts below zero hold, counted in no bucket."""

    cents: Mapping[str, int]
    credit_cents: int = 0

    @property
    def total_cents(self) -> int:
        return sum(self.cents.values())


@dataclass(frozen=True)
class DaysToPayment:
    """Calendar days from the first sending to the payer's first payment; None where too many still wait to say."""

    submitted: int
    paid: int
    median_days: int | None
    p90_days: int | None


def clean_claim_rate(rows: Iterable[ClaimRow]) -> Share:
    """Claims that nobody has touched after their first creation, of those submitted."""
    submitted = [row for row in rows if row.submitted_on is not None]
    return Share(sum(1 for row in submitted if not row.touched), len(submitted))


def first_pass_acceptance(rows: Iterable[ClaimRow]) -> Share:
    """Claims whose first acknowledgement accepted them, of those acknowledged."""
    answered = [row for row in rows if row.first_accepted is not None]
    return Share(sum(1 for row in answered if row.first_accepted), len(answered))


def denial_rate(rows: Iterable[ClaimRow]) -> DenialRate:
    """What the first decision denied, of the claims decided: by count and by dollars."""
    decided = [row for row in rows if row.decided_on is not None]
    return DenialRate(
        Share(sum(1 for row in decided if sum(row.denied.values())), len(decided)),
        Share(sum(sum(row.denied.values()) for row in decided), sum(row.charge_cents for row in decided)),
    )


def denials_by_reason(rows: Iterable[ClaimRow]) -> tuple[DenialCount, ...]:
    """Denials by payer and CARC, the largest sum first."""
    claims: Counter[tuple[str, str]] = Counter()
    cents: Counter[tuple[str, str]] = Counter()
    for row in rows:
        for reason, amount in row.denied.items():
            if row.decided_on is not None and amount:
                claims[row.payer_code, reason] += 1
                cents[row.payer_code, reason] += amount
    found = [DenialCount(payer, reason, claims[payer, reason], amount) for (payer, reason), amount in cents.items()]
    return tuple(sorted(found, key=lambda each: (-each.cents, each.payer_code, each.reason)))


def gross_charges(charged: Iterable[tuple[date, int]], as_of: date) -> int:
    """The cents charged in the 365 days that end on ``as_of``; pairs of the date of service and the charge."""
    return sum(cents for on, cents in charged if as_of - YEAR < on <= as_of)


def days_in_receivables(owed_cents: int, credit_cents: int, year_charges_cents: int) -> Fraction | None:
    """Days of charges that are still owed: (receivables less credits) / (charges of twelve months / 365).

    ``owed_cents``: the sum of the accounts above zero; ``credit_cents``: of those below, as a positive amount. None
    where nothing was charged.
    """
    if not year_charges_cents:
        return None
    return Fraction((owed_cents - credit_cents) * YEAR.days, year_charges_cents)


def bucket_of(days: int) -> str:
    """The bucket of a wait of so many days; a wait that begins later is no wait yet."""
    return next((name for last, name in BUCKETS if days <= last), OLDEST)


def payer_ageing(rows: Iterable[ClaimRow], as_of: date) -> dict[str, Ageing]:
    """What each payer owes, denied or not, by days since the date of service."""
    by_payer: defaultdict[str, list[tuple[date, int]]] = defaultdict(list)
    for row in rows:
        by_payer[row.payer_code].append((row.service_date, row.payer_cents))
    return {payer: _ageing(owed, as_of) for payer, owed in sorted(by_payer.items()) if any(cents for _, cents in owed)}


def patient_ageing(rows: Iterable[ClaimRow], as_of: date) -> Ageing:
    """What patients owe, by days since the payer left it to them; where that is not known, since the service."""
    return _ageing([(row.patient_since or row.service_date, row.patient_cents) for row in rows], as_of)


def _ageing(owed: Iterable[tuple[date, int]], as_of: date) -> Ageing:
    cents = {name: 0 for _, name in BUCKETS} | {OLDEST: 0}
    credit = 0
    for since, amount in owed:
        if amount < 0:
            credit -= amount
        else:
            cents[bucket_of((as_of - since).days)] += amount
    return Ageing(cents, credit)


def cents_by_stage(rows: Iterable[ClaimRow]) -> dict[str, int]:
    """What payers and patients owe, by the stage of the claim; credits lower it."""
    cents: Counter[str] = Counter()
    for row in rows:
        cents[row.stage] += row.payer_cents + row.patient_cents
    return {stage: amount for stage, amount in sorted(cents.items()) if amount}


def days_to_payment(rows: Sequence[ClaimRow], as_of: date) -> DaysToPayment:
    """Median and 90th percentile of the wait for money on ``as_of``; what was not paid still waits, it is not dropped.

    Only what had happened by ``as_of`` counts. ValueError where a payment precedes its sending.
    """
    observed: list[tuple[int, bool]] = []
    for row in rows:
        if row.submitted_on is None or row.submitted_on > as_of:
            continue
        if row.paid_on is not None and row.paid_on < row.submitted_on:
            raise ValueError("a claim cannot be paid before it was sent")
        paid = row.paid_on is not None and row.paid_on <= as_of
        end = row.paid_on if paid and row.paid_on is not None else as_of
        observed.append(((end - row.submitted_on).days, paid))
    return DaysToPayment(
        submitted=len(observed),
        paid=sum(1 for _, paid in observed if paid),
        median_days=days_until_share(observed, Fraction(1, 2)),
        p90_days=days_until_share(observed, Fraction(9, 10)),
    )
