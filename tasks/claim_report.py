"""How claims stand, in counts and cents: what an analyst reads in Prefect and a biller's day begins with."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from adapters import operational_store as store
from models.claim_codes import ExceptionQueue, FileStatus
from models.codes import CaseOwner
from models.columns import utc_now
from models.ledger import LedgerKind
from models.operational import Claim, ClearinghouseFile, EligibilityCheck, LedgerEntry
from models.transitions import CLAIM_OWNERS
from rules.coverage import CoverageStatus
from tasks.claim_figures import ClaimFigures, figures

AHEAD = timedelta(days=3)


@dataclass(frozen=True)
class ClaimsStanding:
    """Claims by status, by who must act and by kind of trouble; dollars by stage; coverage of the days ahead; files.

    ``cents_by_stage`` is what is still owed by payers and patients, by the claim's status.
    """

    by_status: dict[str, int]
    by_owner: dict[str, int]
    by_queue: dict[str, int]
    cents_by_stage: dict[str, int]
    coverage: dict[str, int] = field(default_factory=dict)
    figures: ClaimFigures | None = None
    files_refused: int = 0
    paid_cents: int = 0
    owed_cents: int = 0
    owed_back_cents: int = 0
    given_back_cents: int = 0


def standing(location: str = "all") -> ClaimsStanding:
    """How the claims of a location, or of all, stand now."""
    query: Any = select(Claim)
    checks = select(EligibilityCheck.status).where(
        col(EligibilityCheck.service_date) >= utc_now().date(),
        col(EligibilityCheck.service_date) <= (utc_now() + AHEAD).date(),
        col(EligibilityCheck.answered_at).is_not(None),
    )
    if location != "all":
        query = query.where(Claim.location_id == location)
        checks = checks.where(EligibilityCheck.location_id == location)
    back = (
        select(func.sum(LedgerEntry.amount_cents))
        .join(Claim, col(Claim.case_number) == col(LedgerEntry.case_number))
        .where(LedgerEntry.kind == LedgerKind.REFUND.value)
    )
    if location != "all":
        back = back.where(Claim.location_id == location)
    with store.reading() as db:
        given_back = db.exec(back).one()
        rows = [
            (claim.status, claim.queue, claim.payer_cents, claim.patient_cents, claim.paid_cents)
            for claim in db.exec(query).all()
        ]
        answers = db.exec(checks).all()
        refused = db.exec(
            select(ClearinghouseFile.id).where(
                col(ClearinghouseFile.outgoing).is_(False), ClearinghouseFile.status == FileStatus.REFUSED
            )
        ).all()
    cents: Counter[str] = Counter()
    for status, _, payer, patient, _ in rows:
        cents[status.label] += payer + patient
    return ClaimsStanding(
        by_status=dict(Counter(status.label for status, *_ in rows)),
        by_owner=dict(
            Counter(CLAIM_OWNERS[status].value for status, *_ in rows if CLAIM_OWNERS[status] is not CaseOwner.NOBODY)
        ),
        by_queue=dict(Counter(queue for status, queue, *_ in rows if queue and not status.is_closed)),
        cents_by_stage={stage: amount for stage, amount in cents.items() if amount},
        coverage=dict(Counter(CoverageStatus(status).label for status in answers)),
        figures=figures(location),
        files_refused=len(refused),
        paid_cents=sum(paid for *_, paid in rows),
        owed_cents=sum(payer + patient for _, _, payer, patient, _ in rows),
        owed_back_cents=-sum(
            min(payer, 0) + min(patient, 0)
            for _, queue, payer, patient, _ in rows
            if queue == ExceptionQueue.CREDIT  # what was paid at a visit is no credit before the payer decides
        ),
        given_back_cents=int(given_back or 0),
    )
