"""What comes next on a claim after a payer's decision: a secondary claim, a statement, or a person?

Source: ASC X12N/005010X221A1 (835): CLP02 (claim status), CLP05 (patient responsibility), NM1*TT (crossover carrier).
"""

from collections import defaultdict
from collections.abc import Mapping

from models.claim_answers import RemittanceHead, RemittedClaim
from models.claim_form import EarlierPayment, LineAdjustment, PayerName, Subscriber
from models.ledger import LedgerAccount, LedgerKind, LedgerLine
from models.remittance import ClaimOutcome, LineMatch, NeedsAPerson, OutcomeKind, Postings
from rules.remittance import REVERSAL, balance_claim

FORWARDED = frozenset({"19", "20", "21"})
DEDUCTIBLE, COINSURANCE, COPAY = "1", "2", "3"


def outcome_of(claim: RemittedClaim, result: Postings | NeedsAPerson, *, has_secondary: bool = False) -> ClaimOutcome:
    """What comes next on the claim, from what was posted of its decision.

    ``has_secondary``: the patient has another coverage that pays after this one. No secondary claim is due while a line
    is denied, because the primary payer has not spoken its last word, nor where the payer has forwarded the claim.
    """
    if isinstance(result, NeedsAPerson):
        return ClaimOutcome(OutcomeKind.NEEDS_A_PERSON, reason=result.reason)
    if claim.status == REVERSAL:
        return ClaimOutcome(OutcomeKind.REVERSED, paid_cents=claim.paid_cents)
    lines = [line for line in result.lines if line.account is LedgerAccount.PAYER and line.reverses is None]
    shares: defaultdict[str, int] = defaultdict(int)
    for line in lines:
        if line.kind is LedgerKind.PATIENT_RESPONSIBILITY:
            shares[line.reason] -= line.amount_cents
    patient = sum(shares.values())
    denied_cents = _taken(lines, LedgerKind.DENIAL)
    denied_lines = dict.fromkeys(line.line_control for line in lines if line.kind is LedgerKind.DENIAL)
    forwarded = claim.crossover is not None or claim.status in FORWARDED
    doubt = _doubt(claim)
    return ClaimOutcome(
        kind=_kind(claim, denied_cents, patient, forwarded),
        paid_cents=claim.paid_cents,
        contractual_cents=_taken(lines, LedgerKind.CONTRACTUAL),
        denied_cents=denied_cents,
        deductible_cents=shares[DEDUCTIBLE],
        coinsurance_cents=shares[COINSURANCE],
        copay_cents=shares[COPAY],
        other_share_cents=patient - shares[DEDUCTIBLE] - shares[COINSURANCE] - shares[COPAY],
        denied_lines=tuple(denied_lines),
        secondary_due=has_secondary and not forwarded and patient > 0 and not denied_lines,
        statement_due=not has_secondary and not forwarded and patient > 0 and not doubt,
        forwarded_to=claim.crossover.name if claim.crossover else "",
        reason=doubt,
    )


def _kind(claim: RemittedClaim, denied_cents: int, patient_cents: int, forwarded: bool) -> OutcomeKind:
    if denied_cents:
        something = claim.paid_cents or patient_cents
        return OutcomeKind.PAID_IN_PART if something else OutcomeKind.DENIED
    if forwarded:
        return OutcomeKind.FORWARDED
    return OutcomeKind.PATIENT_OWES if patient_cents and not claim.paid_cents else OutcomeKind.PAID


def _taken(lines: list[LedgerLine], kind: LedgerKind) -> int:
    return -sum(line.amount_cents for line in lines if line.kind is kind)


def _doubt(claim: RemittedClaim) -> str:
    """Why no statement goes out by itself: CLP05, where the payer fills it, is not what the adjustments say."""
    said = [*claim.adjustments, *(each for line in claim.lines for each in line.adjustments)]
    left = sum(each.amount_cents for each in said if each.group == "PR")
    if claim.patient_cents in (0, left):
        return ""
    return f"the payer leaves {claim.patient_cents} cents to the patient; its adjustments say {left}"


def earlier_payment(
    head: RemittanceHead,
    claim: RemittedClaim,
    match: LineMatch,
    numbers: Mapping[str, int],
    payer: PayerName,
    subscriber: Subscriber,
) -> EarlierPayment | NeedsAPerson:
    """What a secondary payer is told of this decision, which must balance line by line.

    ``numbers``: the secondary claim's line number of each sent line, by the sent line's REF*6R. ``payer`` is the
    primary payer as a claim names it, which a remittance need not do.
    """

    def person(reason: str) -> NeedsAPerson:
        return NeedsAPerson(reason, claim.segment)

    if claim.status == REVERSAL:
        return person("a reversal is no decision that another payer can be told")
    if balance_claim(claim) or match.problems:
        return person("the primary payer's decision does not balance or does not fit the claim")
    if match.whole is not None or claim.adjustments or match.unanswered:
        return person("the primary payer has not decided each line by itself")
    if any(matched.sent.control_number not in numbers for matched in match.lines):
        return person("the secondary claim lacks a line that the primary payer has decided")
    paid: dict[int, int] = {}
    adjustments: dict[int, tuple[LineAdjustment, ...]] = {}
    for matched in match.lines:
        number = numbers[matched.sent.control_number]
        paid[number] = sum(line.paid_cents for line in matched.remitted)
        adjustments[number] = _merged([each for line in matched.remitted for each in line.adjustments])
    return EarlierPayment(payer, subscriber, claim.paid_cents, head.paid_on, paid, adjustments)


def _merged(adjustments: list[LineAdjustment]) -> tuple[LineAdjustment, ...]:
    """One adjustment for each group and reason: the parts of a line that was split are told as one line."""
    sums: dict[tuple[str, str], int] = {}
    for each in adjustments:
        sums[each.group, each.reason] = sums.get((each.group, each.reason), 0) + each.amount_cents
    return tuple(LineAdjustment(group, reason, cents) for (group, reason), cents in sums.items() if cents)
