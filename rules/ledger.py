"""Which ledger lines does the practice itself post: what it charges, moves, writes off and takes from patients?"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from models.ledger import CASH, CONTRACTUAL_REASONS, LedgerAccount, LedgerKind, LedgerLine, standing
from models.remittance import NeedsAPerson, SentLine

EVENED = "evened"
"""The practice's own word for what was set off between two sendings of one claim."""
OWN_LOSS = "CO"
"""The group of what the contract forbids to ask of the patient (X12 external code list 139, CAS01)."""
NOT_INSURED = frozenset({"26", "27", "31", "32", "33", "34", "200"})
"""CARC by which the payer does not insure the patient on that date: then no contract speaks for them."""

_REFERENCE = re.compile(r"[A-Za-z0-9 .-]{1,40}")


def read_reference(typed: str) -> str:
    """The number of a check, a receipt or a transfer, by which a payment or a refund counts once, without the blanks
    around it. Raises ValueError."""
    reference = typed.strip()
    if not _REFERENCE.fullmatch(reference):
        raise ValueError("reference may hold letters, digits, dots and dashes only")
    return reference


def charges(claim_number: str, sent: Sequence[SentLine]) -> tuple[LedgerLine, ...]:
    """The lines that open a primary claim's ledger when it is first sent; a secondary claim's are those moved to it."""
    opening = LedgerLine(claim_number, LedgerAccount.PAYER, LedgerKind.CHARGE, 0, f"{claim_number}/charge", 1)
    return tuple(
        replace(opening, amount_cents=line.charge_cents, part=part, line_control=line.control_number)
        for part, line in enumerate(sent, 1)
    )


def withdrawn(earlier: Sequence[LedgerLine], source: str) -> tuple[LedgerLine, ...] | NeedsAPerson:
    """The lines that empty the ledger of a claim that another one replaces, or that is void.

    Only a claim that was not decided, or wholly denied, or whose decision is reversed can be emptied; of any other the
    payer's reversal comes first.
    """
    # what a patient has paid stays theirs, whatever is sent anew
    here = [line for line in standing(earlier) if not _patients_cash(line)]
    if any(line.kind not in (LedgerKind.CHARGE, LedgerKind.DENIAL) for line in here):
        return NeedsAPerson("something was paid, written off or left to the patient, and it was not reversed")
    return tuple(_undoing(here, source))


def _patients_cash(line: LedgerLine) -> bool:
    return line.account is LedgerAccount.PATIENT and line.kind in CASH


def reopened(earlier: Sequence[LedgerLine], source: str) -> tuple[LedgerLine, ...]:
    """The lines that make the payer owe again what it has denied and nobody has given up: an appeal is on its way."""
    return tuple(_undoing((line for line in standing(earlier) if line.kind is LedgerKind.DENIAL), source))


def _undoing(lines: Iterable[LedgerLine], source: str) -> Iterator[LedgerLine]:
    for part, line in enumerate(lines, 1):
        yield replace(
            line,
            amount_cents=-line.amount_cents,
            source=source,
            part=part,
            reverses=line.key,
            payer_control="",
            file_id="",
            segment=0,
        )


def written_off(
    claim_number: str,
    account: LedgerAccount,
    amount_cents: int,
    source: str,
    *,
    reason: str,
    line_control: str = "",
) -> LedgerLine:
    """What is given up of one account of a claim, or of one of its lines; ``reason`` is the practice's own word."""
    if amount_cents <= 0:
        raise ValueError("only what is owed can be written off")
    return LedgerLine(
        claim_number, account, LedgerKind.WRITE_OFF, -amount_cents, source, 1, line_control, reason=reason
    )


def patient_payment(claim_number: str, amount_cents: int, source: str) -> LedgerLine:
    """What a patient has paid for one claim, before or after the payer decided; ``source`` names the receipt."""
    return LedgerLine(claim_number, LedgerAccount.PATIENT, LedgerKind.PATIENT_PAYMENT, -amount_cents, source, 1)


def moved_to_secondary(
    earlier: Sequence[LedgerLine], secondary_number: str, controls: Mapping[str, str], source: str
) -> tuple[LedgerLine, ...] | NeedsAPerson:
    """The lines that make the secondary payer owe what the primary payer has left to the patient.

    ``controls``: the secondary claim's REF*6R of each primary one. What is left of the whole claim, and not of one of
    its lines, is for a person.
    """
    left: defaultdict[tuple[str, str], int] = defaultdict(int)
    for line in standing(earlier):
        moved = line.kind is LedgerKind.TRANSFER or line.kind is LedgerKind.PATIENT_RESPONSIBILITY
        # what was evened out between two sendings is the patient's own money, no part of what the payer decided
        if line.account is LedgerAccount.PATIENT and moved and line.reason != EVENED:
            left[line.claim_number, line.line_control] += line.amount_cents
    if any(control not in controls for (_, control), cents in left.items() if cents):
        return NeedsAPerson("what is left to the patient is not said of a line that the secondary claim has")
    lines: list[LedgerLine] = []
    for (number, control), cents in left.items():
        if cents > 0:
            taken = LedgerLine(
                number, LedgerAccount.PATIENT, LedgerKind.TRANSFER, -cents, source, len(lines) + 1, control
            )
            given = replace(
                taken,
                claim_number=secondary_number,
                account=LedgerAccount.PAYER,
                amount_cents=cents,
                part=taken.part + 1,
                line_control=controls[control],
            )
            lines += [taken, given]
    return tuple(lines)


def sent_to_secondary(sent: Sequence[SentLine], moved: Iterable[LedgerLine]) -> tuple[SentLine, ...]:
    """The secondary claim's lines, each with the part of its charge that is not asked of the secondary payer.

    ``moved`` are the lines of ``moved_to_secondary``.
    """
    asked: defaultdict[str, int] = defaultdict(int)
    for line in moved:
        if line.account is LedgerAccount.PAYER:
            asked[line.line_control] += line.amount_cents
    return tuple(replace(line, earlier_cents=line.charge_cents - asked[line.control_number]) for line in sent)


def billed_to_patient(earlier: Sequence[LedgerLine], source: str) -> tuple[LedgerLine, ...] | NeedsAPerson:
    """The lines that make the patient owe what the payer has denied and nobody has given up; () where nothing is.

    What the contract would have taken off (CO with a reason of contract) is given up. Any other denial in group CO is
    the practice's own loss and for a person, unless the payer does not insure the patient at all.
    """
    here = standing(earlier)
    denied = [line for line in here if line.account is LedgerAccount.DENIED]
    if any(line.kind is not LedgerKind.DENIAL for line in denied):
        return NeedsAPerson("a part of what was denied has been moved or given up before")
    insured = not any(line.reason in NOT_INSURED for line in denied)
    lines: list[LedgerLine] = []
    for line in denied:
        by_contract = insured and line.group == OWN_LOSS and line.reason in CONTRACTUAL_REASONS
        if insured and line.group == OWN_LOSS and not by_contract:
            said = f"{line.group}-{line.reason}"
            return NeedsAPerson(f"the payer has denied it as the practice's own loss ({said}): appeal or write it off")
        kind = LedgerKind.WRITE_OFF if by_contract else LedgerKind.TRANSFER
        taken = LedgerLine(
            line.claim_number,
            LedgerAccount.DENIED,
            kind,
            -line.amount_cents,
            source,
            len(lines) + 1,
            line.line_control,
            reason="contract" if by_contract else "",
        )
        lines.append(taken)
        if not by_contract:
            given = replace(taken, account=LedgerAccount.PATIENT, amount_cents=line.amount_cents, part=taken.part + 1)
            lines.append(given)
    return tuple(lines)


def evened(earlier: Iterable[LedgerLine], payer_of: Mapping[str, str], source: str) -> tuple[LedgerLine, ...]:
    """The lines that set what one sending of a claim holds too much against what another is still owed by one payer,
    or by the patient.

    A payer may decide a sending that another has replaced. ``payer_of``: the payer of each number of the ledger.
    """
    sums: defaultdict[tuple[str, LedgerAccount], int] = defaultdict(int)
    for line in earlier:
        if line.account in (LedgerAccount.PAYER, LedgerAccount.DENIED, LedgerAccount.PATIENT):
            sums[line.claim_number, line.account] += line.amount_cents
    lines: list[LedgerLine] = []
    for place, cents in sorted(sums.items()):
        for other, owed in sorted(sums.items()):
            part = min(-sums[place], sums[other])
            patients = place[1] is other[1] is LedgerAccount.PATIENT
            payers = LedgerAccount.PATIENT not in (place[1], other[1])
            one_payer = payers and payer_of.get(place[0]) == payer_of.get(other[0], "")
            if cents < 0 < owed and part > 0 and (patients or one_payer):
                for (number, account), amount in ((place, part), (other, -part)):
                    part_of = len(lines) + 1
                    lines.append(
                        LedgerLine(number, account, LedgerKind.TRANSFER, amount, source, part_of, reason=EVENED)
                    )
                    sums[number, account] += amount
    return tuple(lines)


@dataclass(frozen=True)
class Credit:
    """What is owed back of one claim, to a payer or (``payer_code`` "") to the patient; ``by_number``: cents above 0 by
    number of the ledger."""

    payer_code: str
    by_number: tuple[tuple[str, int], ...]

    @property
    def account(self) -> LedgerAccount:
        return LedgerAccount.PAYER if self.payer_code else LedgerAccount.PATIENT

    @property
    def cents(self) -> int:
        return sum(cents for _, cents in self.by_number)


def owed_back(lines: Sequence[LedgerLine], payer_of: Mapping[str, str]) -> tuple[Credit, ...]:
    """What payers and the patient have paid more than they owe on a claim: never more than their accounts hold below 0,
    nor than they have paid under the number where it is too much.

    A payer's or the patient's excess on one sending first makes up for what they owe on another. What a payer denies it
    does not owe. ``payer_of``: the payer of each number of the ledger; a number without one counts by itself.
    """
    sums: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    paid: defaultdict[tuple[LedgerAccount, str], int] = defaultdict(int)
    for line in lines:
        if line.account not in (LedgerAccount.PATIENT, LedgerAccount.PAYER):
            continue
        patients = line.account is LedgerAccount.PATIENT
        whose = "" if patients else payer_of.get(line.claim_number) or line.claim_number
        sums[whose][line.claim_number] += line.amount_cents
        if line.kind in CASH:
            paid[line.account, line.claim_number] -= line.amount_cents
    found = []
    for payer_code, by_number in sorted(sums.items()):
        left, parts = -sum(by_number.values()), []
        account = LedgerAccount.PAYER if payer_code else LedgerAccount.PATIENT
        for number, cents in sorted(by_number.items()):
            part = min(left, -cents, paid[account, number])
            if part > 0:
                parts.append((number, part))
                left -= part
        if parts:
            found.append(Credit(payer_code, tuple(parts)))
    return tuple(found)


def refunded(credit: Credit, cents: int, source: str, *, method: str, reference: str) -> tuple[LedgerLine, ...]:
    """The lines by which so much of a credit goes back; raises ValueError for more than the credit, or for nothing."""
    if not 0 < cents <= credit.cents:
        raise ValueError("cents must be more than 0 and no more than what is owed back")
    lines: list[LedgerLine] = []
    for number, most in credit.by_number:
        part = min(cents, most)
        if part > 0:
            line = LedgerLine(number, credit.account, LedgerKind.REFUND, part, source, len(lines) + 1, reason=method)
            lines.append(replace(line, payer_control=reference))
            cents -= part
    return tuple(lines)


def taken_off_with(earlier: Sequence[LedgerLine], refund: Sequence[LedgerLine], source: str) -> tuple[LedgerLine, ...]:
    """What the contract took off a sending that a payer has paid twice, undone once all it paid there has gone back.

    Only where nothing else is left of that sending; anything else stays a person's.
    """
    lines: list[LedgerLine] = []
    for number in sorted({line.claim_number for line in refund}):
        here = [line for line in (*earlier, *refund) if line.claim_number == number]
        payers = [line for line in here if line.account is LedgerAccount.PAYER]
        left = sum(line.amount_cents for line in payers)
        cash_left = sum(line.amount_cents for line in payers if line.kind in CASH)
        by_contract = [line for line in standing(here) if line.kind is LedgerKind.CONTRACTUAL]
        if left < 0 and not cash_left and sum(line.amount_cents for line in by_contract) == left:
            lines += _undoing(by_contract, f"{source}/{number}")
    return tuple(lines)


def kept_back_for(refund: Sequence[LedgerLine], source: str) -> LedgerLine:
    """The other side of a refund that the payer has kept back itself (PLB): what it kept is told of a claim now."""
    last = refund[-1]
    return replace(
        last,
        claim_number="",
        account=LedgerAccount.BEYOND_CLAIMS,
        amount_cents=-sum(line.amount_cents for line in refund),
        source=source,
        part=last.part + 1,
    )
