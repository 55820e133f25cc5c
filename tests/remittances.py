"""Remitted claims to test with: balanced unless a test says otherwise."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from models.claim_answers import RemittanceHead, RemittedClaim, RemittedLine
from models.claim_form import LineAdjustment, PayerName
from models.ledger import LedgerLine
from models.remittance import PostingResult, Postings, RemittanceRef, SentLine
from rules.posting import postings
from rules.remittance import match_lines

PAYER = PayerName("Northwind Health", "NW001")
ON = date(2026, 11, 20)


def cas(*said: tuple[str, str, int]) -> tuple[LineAdjustment, ...]:
    return tuple(LineAdjustment(group, reason, cents) for group, reason, cents in said)


def sent(control: str = "L1", code: str = "90837", charge: int = 15_000, **said: Any) -> SentLine:
    return SentLine(control, code, said.pop("modifiers", ()), charge, **said)


def line(
    *said: tuple[str, str, int],
    control: str = "L1",
    code: str = "90837",
    charge: int = 15_000,
    paid: int | None = None,
    segment: int = 20,
    **more: Any,
) -> RemittedLine:
    """A line with these adjustments; it pays what they leave of the charge."""
    adjustments = cas(*said)
    left = charge - sum(each.amount_cents for each in adjustments)
    return RemittedLine(
        procedure_code=code,
        modifiers=more.pop("modifiers", ()),
        charge_cents=charge,
        paid_cents=left if paid is None else paid,
        units=more.pop("units", 1),
        adjustments=adjustments,
        control_number=control,
        segment=segment,
        **more,
    )


def claim(*lines: RemittedLine, status: str = "1", segment: int = 10, **more: Any) -> RemittedClaim:
    """A claim of these lines; its charge and payment are theirs."""
    adjustments: tuple[LineAdjustment, ...] = more.pop("adjustments", ())
    taken = sum(each.amount_cents for each in adjustments)
    return RemittedClaim(
        claim_number=more.pop("claim_number", "C100"),
        status=status,
        charge_cents=more.pop("charge", sum(each.charge_cents for each in lines)),
        paid_cents=more.pop("paid", sum(each.paid_cents for each in lines) - taken),
        patient_cents=more.pop("patient", 0),
        payer_control=more.pop("payer_control", "P1"),
        adjustments=adjustments,
        lines=lines,
        segment=segment,
        **more,
    )


def reversal(of: RemittedClaim, segment: int = 30) -> RemittedClaim:
    """The claim that undoes this one: every amount with a minus."""

    def turned(said: Sequence[LineAdjustment]) -> tuple[LineAdjustment, ...]:
        return tuple(LineAdjustment(each.group, each.reason, -each.amount_cents) for each in said)

    lines = [
        RemittedLine(
            each.procedure_code,
            each.modifiers,
            -each.charge_cents,
            -each.paid_cents,
            -each.units,
            turned(each.adjustments),
            control_number=each.control_number,
            segment=segment + at,
        )
        for at, each in enumerate(of.lines, 1)
    ]
    return claim(
        *lines,
        status="22",
        segment=segment,
        charge=-of.charge_cents,
        paid=-of.paid_cents,
        adjustments=turned(of.adjustments),
        claim_number=of.claim_number,
        payer_control=of.payer_control,
    )


def head(paid: int = 0, **more: Any) -> RemittanceHead:
    return RemittanceHead("0001", paid, more.pop("trace", "T1"), "ACH", ON, PAYER, segment=4, **more)


def payment(trace: str = "T1", file_id: str = "F1") -> RemittanceRef:
    return RemittanceRef(PAYER.payer_id, trace, file_id)


def posted(
    said: RemittedClaim,
    lines: Sequence[SentLine],
    earlier: Sequence[LedgerLine] = (),
    *,
    trace: str = "T1",
    file_id: str = "F1",
    **more: Any,
) -> PostingResult:
    return postings(payment(trace, file_id), said, match_lines(said, lines), earlier, **more)


def lines_of(result: PostingResult) -> tuple[LedgerLine, ...]:
    assert isinstance(result, Postings), result
    return result.lines
