"""Which ledger lines does a payer's decision make, if it may be posted without a person?

Sources: ASC X12N/005010X221A1 (835), section 1.10.2 (reversal and correction, interest, overpayment recovery, balance
forward); claim adjustment groups and reasons: X12 external code list 139.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from models.claim_answers import ProviderAdjustment, RemittedClaim
from models.claim_form import LineAdjustment, PayerRank
from models.ledger import (
    CONTRACTUAL_REASONS,
    COST_SHARE_REASONS,
    EARLIER_PAYER_REASONS,
    LedgerAccount,
    LedgerKind,
    LedgerLine,
    balances,
    standing,
)
from models.remittance import (
    AlreadyPosted,
    LineMatch,
    NeedsAPerson,
    PostingResult,
    Postings,
    RemittanceRef,
    SentLine,
)
from rules.remittance import REVERSAL, balance_claim

PROCESSED = frozenset({"1", "2", "3", "19", "20", "21"})
DENIED = "4"
LATER_PAYER = frozenset({"2", "3", "20", "21"})
NOT_POSTED = {
    "23": "the payer says that this is not its claim",
    "25": "this only says what would be paid; nothing was decided",
}
CAPITATION = "24"
INTEREST = "L6"
RECOVERY = "WO"
BALANCE_FORWARD = "FB"

DECIDED = frozenset(
    {LedgerKind.PAYER_PAYMENT, LedgerKind.CONTRACTUAL, LedgerKind.PATIENT_RESPONSIBILITY, LedgerKind.DENIAL}
)
"""What only a payer's decision posts."""
_OTHER_LEG = {
    LedgerKind.PATIENT_RESPONSIBILITY: LedgerAccount.PATIENT,
    LedgerKind.DENIAL: LedgerAccount.DENIED,
}


@dataclass(frozen=True)
class _Part:
    """One amount that a decision takes off what the payer owes; ``cents`` may be negative."""

    kind: LedgerKind
    cents: int
    group: str = ""
    reason: str = ""
    line_control: str = ""
    segment: int = 0


def kind_of(adjustment: LineAdjustment) -> LedgerKind:
    """What one adjustment is to the ledger: the patient's cost share, a reduction by contract, or a denial."""
    if adjustment.group == "PR":
        own_share = adjustment.reason in COST_SHARE_REASONS
        return LedgerKind.PATIENT_RESPONSIBILITY if own_share else LedgerKind.DENIAL
    return LedgerKind.CONTRACTUAL if adjustment.reason in CONTRACTUAL_REASONS else LedgerKind.DENIAL


def postings(
    remittance: RemittanceRef,
    claim: RemittedClaim,
    match: LineMatch,
    earlier: Sequence[LedgerLine],
    *,
    rank: PayerRank = PayerRank.PRIMARY,
    as_claim: str = "",
) -> PostingResult:
    """The ledger lines of one remitted claim; ``earlier`` is the claim's whole ledger so far.

    What may be wrong is never posted in part: it is for a person. ``rank`` is the one we sent the claim with;
    ``as_claim`` is the number the ledger knows it by, where that is not the one the payer returns (a claim that a payer
    has forwarded comes back from the next under the first one's number).

    An amount that a payer denies stays owed, on an account of its own, until somebody appeals or writes it off: also
    what the contract would take off a line of which nothing is paid, because the contract is applied anew when the
    denial falls. A line that was denied may be decided again; one of which anything was paid, taken off by contract or
    left to the patient must be reversed first.
    """
    refusal = _refused(claim, match, rank)
    if refusal:
        return refusal
    parts = _parts(claim, match)
    if isinstance(parts, NeedsAPerson):
        return parts
    number = as_claim or claim.claim_number
    source = f"{remittance.id}/{claim.claim_number}/{claim.payer_control}/{claim.status}"
    repeated = _repeated(source, _facts_of(parts), earlier, remittance.file_id, claim)
    if repeated:
        return repeated
    place = _Place(number, source, claim.payer_control, remittance.file_id, claim.segment)
    if claim.status == REVERSAL:
        return _undone(place, _facts_of(parts), earlier)
    return _decided(place, parts, earlier)


def _refused(claim: RemittedClaim, match: LineMatch, rank: PayerRank) -> NeedsAPerson | None:
    """Why this claim may not be posted whatever was posted before."""

    def person(reason: str) -> NeedsAPerson:
        return NeedsAPerson(reason, claim.segment)

    if claim.status not in PROCESSED | {DENIED, REVERSAL}:
        return person(NOT_POSTED.get(claim.status, f"the claim status {claim.status!r} is not known"))
    off = balance_claim(claim)
    if off:
        return NeedsAPerson("; ".join(each.reason for each in off), off[0].segment)
    if match.problems:
        return NeedsAPerson("; ".join(each.reason for each in match.problems), match.problems[0].segment)
    if claim.status in LATER_PAYER and rank is PayerRank.PRIMARY:
        return person("we sent the claim as the primary payer's; it was decided as that of a later one")
    sign = -1 if claim.status == REVERSAL else 1
    amounts = [claim.charge_cents, claim.paid_cents]
    amounts += [cents for line in claim.lines for cents in (line.charge_cents, line.paid_cents)]
    if any(sign * cents < 0 for cents in amounts):
        return person("a reversal adds to a payment" if sign < 0 else "an amount is negative outside a reversal")
    if claim.status == DENIED and claim.paid_cents:
        return person("the claim is denied and paid")
    return None


def _parts(claim: RemittedClaim, match: LineMatch) -> list[_Part] | NeedsAPerson:
    """All that the claim takes off what the payer owes, as if a reversal were the decision that it undoes.

    The sum is the charge less what is not asked of this payer.
    """
    sign = -1 if claim.status == REVERSAL else 1
    on_claim = _signed(claim.adjustments, sign)
    if match.whole is not None:
        return _of_line(match.whole, sign * claim.paid_cents, on_claim, claim.segment)
    found: list[_Part] = []
    on_lines = 0
    for matched in match.lines:
        paid = sign * sum(line.paid_cents for line in matched.remitted)
        adjustments = _signed((each for line in matched.remitted for each in line.adjustments), sign)
        parts = _of_line(matched.sent, paid, adjustments, matched.remitted[0].segment)
        if isinstance(parts, NeedsAPerson):
            return parts
        found += parts
        on_lines += paid
    # An adjustment of the whole claim lowers CLP04 below the sum of its lines' payments.
    found.append(_Part(LedgerKind.PAYER_PAYMENT, sign * claim.paid_cents - on_lines, segment=claim.segment))
    found += [_Part(kind_of(each), each.amount_cents, each.group, each.reason, "", claim.segment) for each in on_claim]
    return [part for part in found if part.cents]


def _signed(adjustments: Iterable[LineAdjustment], sign: int) -> list[LineAdjustment]:
    return [replace(each, amount_cents=sign * each.amount_cents) for each in adjustments]


def _of_line(
    sent: SentLine, paid: int, adjustments: Sequence[LineAdjustment], segment: int
) -> list[_Part] | NeedsAPerson:
    """One line's parts, without what earlier payers have settled already."""
    kept = _without_earlier(adjustments, sent.earlier_cents)
    if kept is None:
        return NeedsAPerson("the line leaves more to be paid than the payers before left", segment)
    parts = [_Part(kind_of(each), each.amount_cents, each.group, each.reason) for each in kept if each.amount_cents]
    if not paid and _says_no(sent, parts):
        parts = [
            replace(part, kind=LedgerKind.DENIAL) if part.kind is LedgerKind.CONTRACTUAL else part for part in parts
        ]
    if paid:
        parts.insert(0, _Part(LedgerKind.PAYER_PAYMENT, paid))
    return [replace(part, line_control=sent.control_number, segment=segment) for part in parts]


def _says_no(sent: SentLine, parts: Sequence[_Part]) -> bool:
    """Whether an unpaid line was denied: a payer says so, or calls the whole charge a reduction by contract."""
    if any(part.kind is LedgerKind.DENIAL for part in parts):
        return True
    by_contract = sum(part.cents for part in parts if part.kind is LedgerKind.CONTRACTUAL and part.reason != CAPITATION)
    return by_contract > 0 and by_contract == sent.charge_cents


def _without_earlier(adjustments: Sequence[LineAdjustment], earlier: int) -> list[LineAdjustment] | None:
    """The adjustments less what payers before have settled: those that repeat it first, then contract, then denials.

    None where the adjustments, cost share apart, do not reach what was settled.
    """
    kept = list(adjustments)

    def turn(at: int) -> int:
        if kept[at].reason in EARLIER_PAYER_REASONS:
            return 0
        return 1 if kind_of(kept[at]) is LedgerKind.CONTRACTUAL else 2

    for at in sorted(range(len(kept)), key=turn):
        if kind_of(kept[at]) is not LedgerKind.PATIENT_RESPONSIBILITY and kept[at].amount_cents > 0:
            taken = min(earlier, kept[at].amount_cents)
            kept[at] = replace(kept[at], amount_cents=kept[at].amount_cents - taken)
            earlier -= taken
    return None if earlier else kept


Facts = Mapping[tuple[str, str, str], int]
"""Cents by line, group and reason, as they lower what the payer owes: what a decision says, whatever we make of it."""


def _facts_of(parts: Iterable[_Part]) -> Facts:
    return _summed(((part.line_control, part.group, part.reason), part.cents) for part in parts)


def _facts_in(lines: Iterable[LedgerLine]) -> Facts:
    return _summed(
        ((line.line_control, line.group, line.reason), -line.amount_cents)
        for line in lines
        if line.account is LedgerAccount.PAYER
    )


def _summed(amounts: Iterable[tuple[tuple[str, str, str], int]]) -> Facts:
    sums: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    for key, cents in amounts:
        sums[key] += cents
    return {key: cents for key, cents in sums.items() if cents}


def _repeated(
    source: str, facts: Facts, earlier: Iterable[LedgerLine], file_id: str, claim: RemittedClaim
) -> AlreadyPosted | NeedsAPerson | None:
    """Whether this decision has been posted, from this file or another."""
    posted = [line for line in earlier if line.source == source]
    if not posted:
        return None
    if claim.status == REVERSAL:
        said = {key: -cents for key, cents in _facts_in(posted).items()}
    else:
        said = dict(_facts_in(line for line in posted if line.reverses is None))
    if said != dict(facts):
        return NeedsAPerson("the same payment said something else of this claim before", claim.segment)
    here = {claim.segment, *(line.segment for line in claim.lines)}
    if posted[0].file_id == file_id and posted[0].segment not in here:
        return NeedsAPerson(f"the file says this twice, first in segment {posted[0].segment}", claim.segment)
    return AlreadyPosted(source, posted[0].file_id)


@dataclass(frozen=True)
class _Place:
    """Where new lines go and what they come from."""

    claim_number: str
    source: str
    payer_control: str = ""
    file_id: str = ""
    segment: int = 0

    def undoing(self, lines: Iterable[LedgerLine], first_part: int = 1) -> Iterator[LedgerLine]:
        for part, line in enumerate(lines, first_part):
            yield replace(
                line,
                amount_cents=-line.amount_cents,
                source=self.source,
                part=part,
                payer_control=self.payer_control or line.payer_control,
                reverses=line.key,
                file_id=self.file_id,
                segment=self.segment,
            )

    def deciding(self, parts: Iterable[_Part], first_part: int) -> Iterator[LedgerLine]:
        at = first_part
        for part in parts:
            legs = [(LedgerAccount.PAYER, -part.cents)]
            if part.kind in _OTHER_LEG:
                legs.append((_OTHER_LEG[part.kind], part.cents))
            for account, cents in legs:
                yield LedgerLine(
                    self.claim_number,
                    account,
                    part.kind,
                    cents,
                    source=self.source,
                    part=at,
                    line_control=part.line_control,
                    group=part.group,
                    reason=part.reason,
                    payer_control=self.payer_control,
                    file_id=self.file_id,
                    segment=part.segment,
                )
                at += 1


def _decisions(lines: Iterable[LedgerLine]) -> dict[str, list[LedgerLine]]:
    """The payers' decisions among these lines, by source."""
    found: defaultdict[str, list[LedgerLine]] = defaultdict(list)
    for line in lines:
        if line.kind in DECIDED:
            found[line.source].append(line)
    return found


def _undone(place: _Place, facts: Facts, earlier: Sequence[LedgerLine]) -> PostingResult:
    """The lines that undo the one decision which a reversal repeats with a minus."""
    standing_now = _decisions(standing(earlier))
    same = [lines for lines in standing_now.values() if _facts_in(lines) == facts]
    if len(same) > 1:
        same = [lines for lines in same if lines[0].payer_control == place.payer_control]
    if len(same) == 1:
        return _with_attention(tuple(place.undoing(same[0])), earlier, place.segment)
    undone_by_us = [
        lines
        for source, lines in _decisions(line for line in earlier if line.reverses is None).items()
        if source not in standing_now
        and _facts_in(lines) == facts
        and not any(line.kind is LedgerKind.PAYER_PAYMENT for line in lines)
    ]
    if undone_by_us and not same:
        return AlreadyPosted(undone_by_us[-1][0].source, undone_by_us[-1][0].file_id)
    if not standing_now:
        return NeedsAPerson("this reverses a claim of which nothing was posted", place.segment)
    return NeedsAPerson("this reverses something else than what was posted of the claim", place.segment)


def _decided(place: _Place, parts: Sequence[_Part], earlier: Sequence[LedgerLine]) -> PostingResult:
    """The lines of a new decision, and those that undo a denial which it replaces."""
    about = {part.line_control for part in parts}
    before = [
        line
        for line in standing(earlier)
        if line.kind in DECIDED and (line.line_control in about or not line.line_control or "" in about)
    ]
    if any(line.kind is not LedgerKind.DENIAL for line in before):
        return NeedsAPerson("this was decided before, and that decision was not reversed", place.segment)
    undoing = tuple(place.undoing(before))
    return _with_attention((*undoing, *place.deciding(parts, len(undoing) + 1)), earlier, place.segment)


def _with_attention(lines: tuple[LedgerLine, ...], earlier: Sequence[LedgerLine], segment: int) -> Postings:
    before, after = balances(earlier), balances((*earlier, *lines))
    if after.credit_cents > before.credit_cents:
        reason = f"after this the claim has a credit of {after.credit_cents} cents"
        return Postings(lines, (NeedsAPerson(reason, segment),))
    return Postings(lines)


def payment_postings(
    remittance: RemittanceRef,
    adjustments: Sequence[ProviderAdjustment],
    earlier: Sequence[LedgerLine],
    *,
    reversed_controls: Collection[str] = (),
) -> Postings | AlreadyPosted | NeedsAPerson:
    """The ledger lines of a remittance's PLB, which belong to no claim; the reference stands as ``payer_control``.

    ``earlier``: what was posted of this remittance. ``reversed_controls``: the payer's own numbers of claims whose
    reversal is posted; a recovery (WO) for any other claim is posted, because it is money, and wants a person's eye,
    as does every reason but interest (L6) and a balance forward (FB).
    """
    source = f"{remittance.id}/PLB"
    lines = tuple(
        LedgerLine(
            "",
            LedgerAccount.INTEREST if each.reason == INTEREST else LedgerAccount.BEYOND_CLAIMS,
            LedgerKind.PAYMENT_ADJUSTMENT,
            each.amount_cents,
            source=source,
            part=part,
            group="PLB",
            reason=each.reason,
            payer_control=each.reference,
            file_id=remittance.file_id,
            segment=each.segment,
        )
        for part, each in enumerate(adjustments, 1)
    )
    posted = [line for line in earlier if line.source == source]
    if posted:
        same = [(line.key, line.amount_cents, line.reason, line.payer_control) for line in posted]
        if same != [(line.key, line.amount_cents, line.reason, line.payer_control) for line in lines]:
            return NeedsAPerson("the same payment was adjusted otherwise before", lines[0].segment if lines else 0)
        return AlreadyPosted(source, posted[0].file_id)
    seen = (_why_to_look(line, reversed_controls) for line in lines)
    attention = [NeedsAPerson(why, line.segment) for line, why in zip(lines, seen, strict=True) if why]
    return Postings(lines, tuple(attention))


def _why_to_look(line: LedgerLine, reversed_controls: Collection[str]) -> str:
    if line.reason in (INTEREST, BALANCE_FORWARD):
        return ""
    if line.reason != RECOVERY:
        return f"the payment is adjusted by {line.amount_cents} cents for reason {line.reason}"
    if line.payer_control in reversed_controls:
        return ""
    return f"{line.amount_cents} cents are kept back for a claim that was not reversed"
