"""What the simulated payer decides about one claim: its front end's checks, then the price of every line."""

import re
from dataclasses import dataclass, field, replace
from datetime import date

from adapters.simulated_payer.book import BookLine
from adapters.simulated_payer.plans import Plan
from adapters.simulated_payer.rules import DENIALS, OTHER_FEE_PERCENT, PayerRules
from models.claim_answers import StatusNote
from models.claim_form import ClaimForm, LineAdjustment, PayerRank, ServiceLine

_MEMBER = re.compile(r"[A-Z0-9-]{3,30}", re.IGNORECASE)
_PROCESSED = {PayerRank.PRIMARY: "1", PayerRank.SECONDARY: "2", PayerRank.TERTIARY: "3"}
DENIED = "4"

INJECTED_REJECTIONS = {("A7", "164", "IL"): 4, ("A3", "33", "IL"): 2, ("A7", "562", "82"): 1, ("A7", "158", "IL"): 1}
"""What it says of a claim that it rejects for no reason of its own: member number, not found, NPI, birth date."""


@dataclass(frozen=True)
class Decision:
    """``status`` is CLP02, ``reason`` the CARC that a denial turned on, ``deductible_cents`` what it used up of it."""

    status: str
    lines: tuple[BookLine, ...]
    reason: str = ""
    deductible_cents: int = 0
    remarks: tuple[str, ...] = field(default=())


def front_end_refusal(claim: ClaimForm, rules: PayerRules, today: date) -> tuple[str, str, str] | None:
    """Why a claim does not get in (category, status, entity), None where it does."""
    person = claim.subscriber.person
    if not claim.payer.payer_id.startswith(rules.payer_ids):
        return "A3", "116", "PR"
    if not _is_npi(claim.billing.npi):
        return "A7", "562", "85"
    if not _is_npi(claim.rendering.npi):
        return "A7", "562", "82"
    if not _MEMBER.fullmatch(claim.subscriber.member_id):
        return "A7", "164", "IL"
    if claim.subscriber.is_patient and person.birth_date is None:
        return "A7", "158", "IL"
    if claim.charge_cents != sum(line.charge_cents for line in claim.lines):
        return "A7", "178", ""
    if any(line.service_date > today for line in claim.lines):
        return "A7", "187", ""
    return None


def refused(why: tuple[str, str, str], claim: ClaimForm) -> StatusNote:
    category, status, entity = why
    return StatusNote(category, status, entity, action="U", amount_cents=claim.charge_cents)


def accepted(claim: ClaimForm) -> StatusNote:
    return StatusNote("A2", "20", "PR", action="WQ", amount_cents=claim.charge_cents)


def denied(claim: ClaimForm, carc: str) -> Decision:
    """Nothing is paid on any line."""
    return Decision(DENIED, tuple(_denied_line(line, carc) for line in claim.lines), carc)


def priced(
    claim: ClaimForm, rules: PayerRules, plan: Plan, deductible_left: int, *, denied_line: str = "", percent: int = 100
) -> Decision:
    """What is paid by the fee schedule. With ``denied_line``, a CARC, the last line is denied, or a sole one is halved.

    ``percent`` of the schedule is allowed. After another payer it pays what that one left to the patient, as far as
    its own fee reaches.
    """
    lines: list[BookLine] = []
    copay, used = plan.copay_cents, 0
    for line in claim.lines:
        if denied_line and line is claim.lines[-1] and len(claim.lines) > 1:
            lines.append(_denied_line(line, denied_line))
            continue
        allowed = _allowed(line, rules, percent)
        if claim.earlier_payments:
            lines.append(_after_another(claim, line, allowed))
            continue
        reductions = [LineAdjustment("CO", "45", line.charge_cents - allowed)]
        if denied_line and len(claim.lines) == 1:
            reductions.append(LineAdjustment("CO", "222", allowed - allowed // 2))
            allowed //= 2
        deductible = min(allowed, deductible_left - used)
        share = _percent_of(allowed - deductible, plan.coinsurance_percent)
        paid_by_copay = min(allowed - deductible - share, copay)
        copay, used = copay - paid_by_copay, used + deductible
        patient = (("1", deductible), ("2", share), ("3", paid_by_copay))
        reductions += [LineAdjustment("PR", reason, amount) for reason, amount in patient]
        lines.append(_paid_line(line, reductions))
    return Decision(_PROCESSED[claim.subscriber.rank], tuple(lines), denied_line, used)


def undone(line: BookLine) -> BookLine:
    """The line with every amount turned round."""
    return replace(
        line,
        charge_cents=-line.charge_cents,
        paid_cents=-line.paid_cents,
        adjustments=tuple(replace(each, amount_cents=-each.amount_cents) for each in line.adjustments),
    )


def _allowed(line: ServiceLine, rules: PayerRules, percent: int) -> int:
    fee = rules.fees.get(line.procedure_code)
    whole = _percent_of(line.charge_cents, OTHER_FEE_PERCENT) if fee is None else fee * line.units
    return min(line.charge_cents, _percent_of(whole, percent))


def _after_another(claim: ClaimForm, line: ServiceLine, allowed: int) -> BookLine:
    before = sum(each.line_paid.get(line.number, 0) for each in claim.earlier_payments)
    last = claim.earlier_payments[-1].line_adjustments.get(line.number, ())
    left = max(0, min(sum(each.amount_cents for each in last if each.group == "PR"), line.charge_cents - before))
    paid = max(0, min(left, allowed - before))
    return _paid_line(
        line, [LineAdjustment("OA", "23", line.charge_cents - left), LineAdjustment("PR", "2", left - paid)]
    )


def _paid_line(line: ServiceLine, adjustments: list[LineAdjustment]) -> BookLine:
    real = tuple(each for each in adjustments if each.amount_cents)
    paid = line.charge_cents - sum(each.amount_cents for each in real)
    return BookLine(
        line.control_number, line.procedure_code, line.modifiers, line.charge_cents, line.units, paid, real,
        service_date=line.service_date,
    )  # fmt: skip


def _denied_line(line: ServiceLine, carc: str) -> BookLine:
    group, remark = DENIALS.get(carc, ("CO", ""))
    adjustment = LineAdjustment(group, carc, line.charge_cents)
    return BookLine(
        line.control_number, line.procedure_code, line.modifiers, line.charge_cents, line.units, 0, (adjustment,),
        remark=remark, service_date=line.service_date,
    )  # fmt: skip


def _percent_of(cents: int, percent: int) -> int:
    """Half a cent counts as one."""
    return (cents * percent + 50) // 100


def _is_npi(number: str) -> bool:
    """CMS, NPI check digit: Luhn over 80840 and the ten digits."""
    if len(number) != 10 or not number.isascii() or not number.isdigit() or number[0] not in "12":
        return False
    total = 0
    for place, digit in enumerate(reversed("80840" + number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
