"""The figures of the claims, computed on whole tables: clean, denied, days in receivables, ageing, dollars by stage."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from sqlmodel import col, select

from adapters import operational_store as store
from models.claim_codes import SubmissionStatus
from models.codes import ClaimStatus
from models.columns import utc_now
from models.ledger import LedgerAccount, LedgerKind
from models.operational import Claim, ClaimSubmission, LedgerEntry
from rules import claim_metrics
from rules.claim_metrics import Ageing, ClaimRow, DaysToPayment, DenialCount, DenialRate, Share

ACCEPTED = (SubmissionStatus.ACCEPTED, SubmissionStatus.DECIDED, SubmissionStatus.REVERSED, SubmissionStatus.REPLACED)


@dataclass(frozen=True)
class ClaimFigures:
    """All of the day's figures; a rate without anything to count is None."""

    clean: Share
    accepted_first: Share
    denied: DenialRate
    denials: tuple[DenialCount, ...]
    days_in_receivables: Fraction | None
    payer_ageing: dict[str, Ageing]
    patient_ageing: Ageing
    cents_by_stage: dict[str, int]
    days_to_payment: DaysToPayment


def rows(location: str = "all") -> list[ClaimRow]:
    """One row for each claim that was billed or may still be, from three queries whatever their number."""
    query: Any = select(Claim).where(Claim.status != ClaimStatus.CLOSED_NOT_BILLED)
    if location != "all":
        query = query.where(Claim.location_id == location)
    with store.reading() as db:
        claims = db.exec(query).all()
        submissions = db.exec(select(ClaimSubmission).order_by(col(ClaimSubmission.number))).all()
        entries = db.exec(select(LedgerEntry).where(col(LedgerEntry.case_number).is_not(None))).all()
    first: dict[str, ClaimSubmission] = {}
    for submission in submissions:
        first.setdefault(submission.case_number, submission)
    posted: defaultdict[str, list[LedgerEntry]] = defaultdict(list)
    for entry in entries:
        posted[entry.case_number or ""].append(entry)
    return [_row(claim, first.get(claim.case_number), posted[claim.case_number]) for claim in claims]


def _row(claim: Claim, first: ClaimSubmission | None, posted: list[LedgerEntry]) -> ClaimRow:
    paid = [entry.at for entry in posted if entry.kind == LedgerKind.PAYER_PAYMENT and entry.amount_cents < 0]
    left = [entry.at for entry in posted if entry.account == LedgerAccount.PATIENT and entry.amount_cents > 0]
    denied: dict[str, int] = {}
    for entry in posted:
        if entry.account == LedgerAccount.DENIED and entry.amount_cents > 0 and entry.reverses is None:
            denied[entry.reason] = denied.get(entry.reason, 0) + entry.amount_cents
    accepted = None
    if first is not None and first.status == SubmissionStatus.REJECTED:
        accepted = False
    elif first is not None and (first.accepted_at is not None or first.status in ACCEPTED):
        accepted = True
    return ClaimRow(
        claim_number=claim.case_number,
        payer_code=claim.payer_code,
        stage=claim.status.label,
        charge_cents=claim.charge_cents,
        service_date=claim.service_date,
        submitted_on=claim.first_sent_at.date() if claim.first_sent_at else None,
        touched=claim.touched,
        first_accepted=accepted,
        decided_on=claim.decided_on,
        denied=denied,
        paid_on=min(paid).date() if paid else None,
        payer_cents=claim.payer_cents,
        patient_cents=claim.patient_cents,
        patient_since=min(left).date() if left else None,
    )


def figures(location: str = "all", as_of: date | None = None) -> ClaimFigures:
    """The figures of a location, or of all, up to a day."""
    day = as_of or utc_now().date()
    found = rows(location)
    owed = sum(row.payer_cents + row.patient_cents for row in found)
    credit = -sum(min(row.payer_cents, 0) + min(row.patient_cents, 0) for row in found)
    charged = [(row.service_date, row.charge_cents) for row in found if row.submitted_on is not None]
    return ClaimFigures(
        clean=claim_metrics.clean_claim_rate(found),
        accepted_first=claim_metrics.first_pass_acceptance(found),
        denied=claim_metrics.denial_rate(found),
        denials=claim_metrics.denials_by_reason(found),
        days_in_receivables=claim_metrics.days_in_receivables(
            owed + credit, credit, claim_metrics.gross_charges(charged, day)
        ),
        payer_ageing=claim_metrics.payer_ageing(found, day),
        patient_ageing=claim_metrics.patient_ageing(found, day),
        cents_by_stage=claim_metrics.cents_by_stage(found),
        days_to_payment=claim_metrics.days_to_payment(found, day),
    )
