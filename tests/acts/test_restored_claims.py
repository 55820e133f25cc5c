"""After a restore no claim leaves a second time by itself, and no number that a payer has seen is given out again."""

from datetime import timedelta

import pytest
from sqlmodel import select

from acts.restored_claims import SKIPPED, hold_back
from adapters.operational_store import next_number, one, reading, writing
from models.claim_codes import ExceptionQueue, FileKind, FileStatus, SubmissionStatus
from models.codes import ClaimStatus as C
from models.columns import utc_now
from models.governance_codes import Level, Workflow
from models.operational import (
    AuditEvent,
    Claim,
    ClaimSubmission,
    ClearinghouseFile,
    EligibilityCheck,
    WorkflowStanding,
)
from tests.factories import make_claim, make_file, make_submission

pytestmark = pytest.mark.usefixtures("home")


def now_of(claim: Claim) -> Claim:
    with reading() as db:
        return one(db, Claim, claim.case_number)


def file_now(file: ClearinghouseFile) -> ClearinghouseFile:
    with reading() as db:
        return one(db, ClearinghouseFile, file.id)


def test_claims_of_a_queued_file_wait_for_a_biller_and_a_receipt_is_still_heard() -> None:
    claim, file = make_claim(C.SENT), make_file(FileKind.CLAIMS, outgoing=True)
    submission = make_submission(claim, file)
    [finding] = hold_back(())
    assert finding.startswith("1 claims of 1 queued files and 0 that were ready may have left")
    held = now_of(claim)
    assert (held.status, held.queue) == (C.CORRECTION, ExceptionQueue.NO_ANSWER.value)
    assert held.findings[0]["message"].startswith("The backup is older than this file may be: ask the clearinghouse")
    assert file.name in held.findings[0]["suggestion"]
    assert (file_now(file).status, file_now(file).sent_at) == (FileStatus.SENT, None)
    with reading() as db:
        assert one(db, ClaimSubmission, submission.claim_control).status == SubmissionStatus.QUEUED
        actions = set(db.exec(select(AuditEvent.action)).all())
    assert {"file.held_back", "case.moved"} <= actions


def test_file_that_is_marked_as_sent_stays_as_it_is() -> None:
    claim, file = make_claim(C.SENT), make_file(FileKind.CLAIMS, outgoing=True)
    make_submission(claim, file)
    assert hold_back({file.name}) == []
    assert (now_of(claim).status, file_now(file).status) == (C.SENT, FileStatus.QUEUED)


@pytest.mark.parametrize("status", [C.CORRECTION, C.ACCEPTED, C.CLOSED_PAID])
def test_claim_that_has_moved_on_from_a_queued_file_is_left_where_it_is(status: C) -> None:
    claim, file = make_claim(status), make_file(FileKind.CLAIMS, outgoing=True)
    make_submission(claim, file)
    assert hold_back(()) == []
    assert (now_of(claim).status, now_of(claim).findings) == (status, [])


@pytest.mark.parametrize("status", [FileStatus.SENT, FileStatus.ANSWERED, FileStatus.REJECTED])
def test_file_that_had_left_is_no_question(status: FileStatus) -> None:
    claim, file = make_claim(C.SENT), make_file(FileKind.CLAIMS, outgoing=True, status=status)
    make_submission(claim, file)
    assert hold_back(()) == []
    assert (now_of(claim).status, file_now(file).problem) == (C.SENT, "")


def test_claim_that_was_ready_waits_for_a_biller_and_earlier_ones_for_a_signature() -> None:
    ready, building = make_claim(C.READY_TO_SEND), make_claim(C.READY_TO_BUILD)
    with writing() as db:
        live = {"workflow": Workflow.CLAIMS, "level": Level.LIVE, "runs_as": Level.LIVE}
        db.add(WorkflowStanding(location_id=ready.location_id, **live))
    assert len(hold_back(())) == 2
    assert (now_of(ready).status, now_of(ready).queue) == (C.CORRECTION, ExceptionQueue.FILE.value)
    assert now_of(building).status == C.READY_TO_BUILD
    with reading() as db:
        standing = db.get_one(WorkflowStanding, (Workflow.CLAIMS, ready.location_id))
        assert (standing.level, standing.runs_as) == (Level.ASSISTED, Level.ASSISTED)
    assert hold_back(()) == []


def test_question_of_a_queued_file_is_asked_anew() -> None:
    claim, file = make_claim(C.COVERAGE_ASKED), make_file(FileKind.COVERAGE_QUESTIONS, outgoing=True)
    with writing() as db:
        db.add(
            EligibilityCheck(
                id="EC-1",
                unique_key="EC-1",
                case_number=claim.case_number,
                patient_id=claim.patient_id,
                location_id=claim.location_id,
                clinician_id=claim.clinician_id,
                payer_code="AETNA",
                service_date=claim.service_date,
                file_id=file.id,
                not_before=utc_now() + timedelta(hours=1),
            )
        )
    assert hold_back(()) == []
    with reading() as db:
        check = one(db, EligibilityCheck, "EC-1")
    assert (check.file_id, check.not_before <= utc_now(), file_now(file).status) == (None, True, FileStatus.REJECTED)
    assert now_of(claim).status == C.COVERAGE_ASKED


def test_numbers_that_payers_see_go_on_far_behind_the_last() -> None:
    with writing() as db:
        assert (next_number(db, "interchange"), next_number(db, "case")) == (1, 1)
    hold_back(())
    with writing() as db:
        assert (next_number(db, "interchange"), next_number(db, "case")) == (SKIPPED + 2, 2)
        assert next_number(db, "claim") == 1
