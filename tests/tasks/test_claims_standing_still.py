"""Claims that nothing moves: each is noticed on time, its run asked for, its to-do made, its billers told."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from adapters.operational_store import reading
from models.codes import ApprovalKind, ClaimStatus, Role, ToDoKind
from models.operational import AuditEvent, Claim, Location, OutboxMessage, ToDo
from tasks.claims_standing_still import claims_standing_still, wake_claim_and_tell
from tasks.watch import watch
from tests.factories import make_approval, make_claim, make_signer

pytestmark = pytest.mark.usefixtures("home")

C = ClaimStatus
SINCE = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("status", "run_id", "fine_until"),
    [
        (C.RECEIVED, "R-1", 5 * MINUTE),
        (C.READY_TO_BUILD, "R-1", 5 * MINUTE),
        (C.CLINICAL_SIGNATURE, "R-1", MINUTE),
        (C.CLAIM_SIGNATURE, "R-1", MINUTE),
        (C.WRITE_OFF_SIGNATURE, "R-1", MINUTE),
        (C.CORRECTION, "R-1", MINUTE),
        (C.REMITTANCE_REVIEW, "R-1", MINUTE),
        (C.DENIED, "R-1", MINUTE),
        (C.READY_TO_SEND, "R-1", 26 * HOUR),
        (C.READY_TO_SEND, None, 26 * HOUR),
    ],
)
def test_claim_stands_still_after_its_time(status: ClaimStatus, run_id: str | None, fine_until: timedelta) -> None:
    claim = make_claim(status, run_id=run_id, status_since=SINCE)
    assert claims_standing_still(SINCE + fine_until) == []
    assert claims_standing_still(SINCE + fine_until + MINUTE) == [claim.case_number]


@pytest.mark.parametrize(
    ("status", "run_id"),
    [
        *((status, "R-1") for status in (C.SENT, C.ACKNOWLEDGED, C.ACCEPTED, C.APPEALED, C.COVERAGE_ASKED)),
        *((status, "R-1") for status in (C.MISSING_INFORMATION, C.PATIENT_BALANCE, C.CLOSED_PAID)),
        *((status, None) for status in (C.RECEIVED, C.READY_TO_BUILD, C.CORRECTION, C.CLAIM_SIGNATURE)),
    ],
)
def test_claim_that_waits_for_others_or_gets_a_run_by_itself_does_not(status: ClaimStatus, run_id: str | None) -> None:
    make_claim(status, run_id=run_id, status_since=SINCE)
    assert claims_standing_still(SINCE + 99 * HOUR) == []


def test_claim_with_its_sign_off_open_does_not_stand_still() -> None:
    claim = make_claim(C.CLAIM_SIGNATURE, run_id="R-1", status_since=SINCE)
    make_approval(ApprovalKind.CLAIM, case=claim, round=claim.version)
    assert claims_standing_still(SINCE + HOUR) == []


def test_claim_is_asked_for_its_to_do_made_and_its_billers_told_once() -> None:
    claim = make_claim(C.DENIED, run_id="R-1", status_since=SINCE)
    with reading() as db:
        place = db.get_one(Location, claim.location_id)
    biller = make_signer(Role.BILLER, location=place)
    assert wake_claim_and_tell(claim.case_number, SINCE + 2 * MINUTE)
    with reading() as db:
        assert db.get_one(Claim, claim.case_number).wake_wanted
        [to_do] = db.exec(select(ToDo)).all()
        assert (to_do.kind, to_do.role) == (ToDoKind.ANSWER_DENIAL, Role.BILLER)
        assert db.exec(select(AuditEvent.case_number).where(AuditEvent.action == "case.stuck")).all() == [
            to_do.case_number
        ]
        assert db.exec(select(OutboxMessage)).all() == []
    assert not wake_claim_and_tell(claim.case_number, SINCE + 3 * MINUTE)
    still = make_claim(C.CLAIM_SIGNATURE, run_id="R-2", status_since=SINCE, location_id=claim.location_id)
    for minutes in (15, 16):
        wake_claim_and_tell(still.case_number, SINCE + minutes * MINUTE)
    with reading() as db:
        told = db.exec(select(OutboxMessage.to_staff_id).where(OutboxMessage.template == "overdue_sign_off")).all()
    assert told == [biller.id]


def test_watch_counts_claims_that_stand_still() -> None:
    make_claim(C.RECEIVED, run_id="R-1", status_since=SINCE)
    assert watch.fn(SINCE + HOUR)["stuck"] == 1
