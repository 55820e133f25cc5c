"""Takes in remittances (835): read whole, held against their own sums, posted to the cent."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from sqlmodel import Session, col, select

from acts.claim_books import line_of
from acts.claim_money import post
from acts.remitted_claims import post_decisions
from adapters import operational_store as store
from adapters import x12
from models.claim_answers import ProviderAdjustment, RemittanceEnd, RemittanceHead, RemittedClaim
from models.claim_codes import RemittanceOutcome
from models.columns import new_id
from models.errors import X12Broken
from models.ledger import LedgerLine
from models.operational import LedgerEntry, RemittanceFigures, RemittedClaimRecord
from models.remittance import NeedsAPerson, Postings, RemittanceRef
from rules import posting, remittance

AT_ONCE = 200
"""Claims posted in one transaction."""


@dataclass
class _Set:
    """One payment while its claims are read."""

    head: RemittanceHead
    claims: int = 0
    claims_cents: int = 0
    adjustments: list[ProviderAdjustment] = field(default_factory=list)


def take(file_id: str, stream: BinaryIO, now: datetime) -> int:
    """Post every claim of a file; returns how many it holds.

    The file is read to its end before anything is posted: one that is cut short, or whose payments are not the sum of
    their claims less what was kept back, is refused whole. Raises X12Broken naming the segment.
    """
    for each in _sets(stream):
        off = remittance.balance_file(each.head, each.claims_cents, each.adjustments)
        if off is not None:
            raise X12Broken(f"segment {off.segment} (BPR): {off.reason}", segment=off.segment, element="BPR02")
    stream.seek(0)
    return _post(file_id, stream, now)


def _sets(stream: BinaryIO) -> Iterator[_Set]:
    """The payments of a file in sums, one at a time."""
    present: _Set | None = None
    for part in x12.read_835(stream):
        if isinstance(part, RemittanceHead):
            present = _Set(part)
        elif present is None:
            raise X12Broken("segment 3 (ST): a claim stands before its payment", segment=3, element="BPR")
        elif isinstance(part, RemittedClaim):
            present.claims += 1
            present.claims_cents += part.paid_cents
        elif isinstance(part, ProviderAdjustment):
            present.adjustments.append(part)
        else:
            yield present


def _post(file_id: str, stream: BinaryIO, now: datetime) -> int:
    total = 0
    head: RemittanceHead | None = None
    claims: list[RemittedClaim] = []
    sums = None
    for part in x12.read_835(stream):
        if isinstance(part, RemittanceHead):
            head, sums = part, _Set(part)
        elif head is None or sums is None:
            continue
        elif isinstance(part, RemittedClaim):
            total += 1
            sums.claims += 1
            sums.claims_cents += part.paid_cents
            claims.append(part)
        elif isinstance(part, ProviderAdjustment):
            sums.adjustments.append(part)
        if head is not None and claims and (len(claims) >= AT_ONCE or isinstance(part, RemittanceEnd)):
            with store.writing() as db:
                post_decisions(db, head, claims, file_id, at=now)
            claims = []
        if isinstance(part, RemittanceEnd) and sums is not None:
            with store.writing() as db:
                _close(db, file_id, sums, now)
    return total


def _close(db: Session, file_id: str, sums: _Set, now: datetime) -> None:
    """What the payer kept back or added without saying it of a claim, and the payment in sums."""
    head = sums.head
    key = f"{head.payer.payer_id}:{head.trace}"
    known = db.exec(select(RemittanceFigures).where(RemittanceFigures.unique_key == key)).first()
    if known is not None:
        return
    ref = RemittanceRef(payer=head.payer.payer_id, trace=head.trace, file_id=file_id)
    postings = posting.payment_postings(
        ref, sums.adjustments, _posted_of(db, ref), reversed_controls=_reversed(db, head.payer.payer_id)
    )
    problems: tuple[NeedsAPerson, ...] = ()
    if isinstance(postings, Postings):
        post(db, postings.lines, case_number=None, payer_code=head.payer.payer_id, at=now)
        problems = postings.attention
    elif isinstance(postings, NeedsAPerson):
        problems = (postings,)
    kept_back = sum(each.amount_cents for each in sums.adjustments)
    figures = RemittanceFigures(
        id=new_id("RM"),
        unique_key=key,
        file_id=file_id,
        payer_id=head.payer.payer_id,
        trace=head.trace,
        paid_on=head.paid_on,
        paid_cents=head.paid_cents,
        claims_cents=sums.claims_cents,
        kept_back_cents=kept_back,
        off_cents=head.paid_cents - sums.claims_cents + kept_back,
        claims=sums.claims,
        problem="; ".join(each.reason for each in problems)[:500],
    )
    db.add(figures)
    store.audit(db, "system", "remittance.taken_in", figures, file=file_id, claims=sums.claims, cents=head.paid_cents)


def _posted_of(db: Session, ref: RemittanceRef) -> list[LedgerLine]:
    """What was posted of this payment without a claim."""
    found = db.exec(
        select(LedgerEntry)
        .where(col(LedgerEntry.case_number).is_(None), LedgerEntry.source == f"{ref.id}/PLB")
        .order_by(col(LedgerEntry.part))
    ).all()
    return [line_of(entry) for entry in found]


def _reversed(db: Session, payer_id: str) -> set[str]:
    """The payer's own numbers of claims whose reversal is posted."""
    found = db.exec(
        select(RemittedClaimRecord.payer_control).where(
            RemittedClaimRecord.payer_id == payer_id,
            RemittedClaimRecord.status == "22",
            RemittedClaimRecord.outcome == RemittanceOutcome.POSTED,
        )
    ).all()
    return set(found)
