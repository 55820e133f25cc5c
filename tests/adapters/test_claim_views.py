"""Is a claim's next day the nearest one that something is lost by, on its page as in the biller's queue?"""

from datetime import date, timedelta

import pytest

from adapters import claim_views
from adapters import operational_store as store
from models.claim_findings import REFUND_BY
from models.codes import ClaimStatus as C
from models.columns import utc_now
from models.operational import Claim
from tests.acts.test_claim_money import NUMBER
from tests.billing_walk import Payer, claim_of
from tests.claim_acts import deny

FILING, EARLY, LATE = date(2026, 3, 1), date(2026, 6, 1), date(2026, 6, 2)


def claim(
    status: C, appeal_by: date | None = None, refund_by: date | None = None, file_by: date | None = FILING
) -> Claim:
    findings = [{"rule": "credit", REFUND_BY: refund_by.isoformat()}] if refund_by else []
    return Claim(
        case_number=NUMBER,
        session_number="NT-1",
        patient_id="PT-1",
        clinician_id="ST-1",
        location_id="LOC-1",
        service_date=date(2026, 1, 5),
        status=status,
        appeal_by=appeal_by,
        file_by=file_by,
        findings=findings,
    )


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (claim(C.DENIED, EARLY, LATE), (EARLY, "appeal")),
        (claim(C.DENIED, LATE, EARLY), (EARLY, "refund")),
        (claim(C.DENIED, EARLY, EARLY), (EARLY, "appeal")),
        (claim(C.DENIED, EARLY), (EARLY, "appeal")),
        (claim(C.DENIED), (FILING, "filing")),
        (claim(C.REMITTANCE_REVIEW, EARLY, LATE), (LATE, "refund")),
        (claim(C.REMITTANCE_REVIEW, EARLY), (FILING, "filing")),
        (claim(C.REMITTANCE_REVIEW, file_by=None), None),
        (claim(C.CLOSED_PAID, EARLY, LATE), None),
    ],
)
def test_deadline_is_the_nearest_day_that_counts(found: Claim, expected: tuple[date, str] | None) -> None:
    assert claim_views.deadline(found) == expected


@pytest.mark.parametrize(("days", "what"), [(-1, "refund"), (1, "appeal")])
def test_queue_says_the_same_day_as_the_claims_page(payer: Payer, days: int, what: str) -> None:
    form = deny(payer)
    appeal_by = claim_of().appeal_by
    assert appeal_by is not None
    with store.writing() as db:
        denied = db.get_one(Claim, NUMBER)
        refund_by = appeal_by + timedelta(days=days)
        denied.findings = [{**denied.findings[0], REFUND_BY: refund_by.isoformat()}]
        denied.patient_cents = -2_000
        db.add(denied)
    [row] = [each for each in claim_views.exceptions(["LOC-1"], utc_now(), timedelta(60)) if each.number == NUMBER]
    assert (row.deadline, row.deadline_of) == claim_views.deadline(claim_of()) == (min(appeal_by, refund_by), what)
    assert row.amount_cents == (2_000 if what == "refund" else form.charge_cents)
