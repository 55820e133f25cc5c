"""What batches and the night leave alone where a workflow is held, and take up again when it goes on."""

from pathlib import Path

from sqlmodel import select

from adapters import operational_store as store
from models.claim_codes import FileKind, FileStatus
from models.codes import ClaimStatus as C
from models.codes import NoteStatus
from models.columns import utc_now
from models.governance_codes import Level, Workflow
from models.operational import Appointment, Claim, ClearinghouseFile, SessionNote, WorkflowStanding
from tasks import claim_files, claims, reminders, session_batch
from tests.billing_walk import claim_of
from tests.factories import make_session
from tests.visits import make_care, make_visit


def set_to(workflow: Workflow, place: str, level: Level) -> None:
    with store.writing() as db:
        row = db.get(WorkflowStanding, (workflow, place))
        row = row or WorkflowStanding(workflow=workflow, location_id=place, level=level, runs_as=level)
        row.level = row.runs_as = level
        db.add(row)


def to_build() -> Claim:
    with store.writing() as db:
        claim = db.get_one(Claim, claim_of().case_number)
        claim.status, claim.run_id = C.READY_TO_BUILD, None
        db.add(claim)
    return claim


def status_of(claim: Claim) -> C:
    with store.reading() as db:
        return db.get_one(Claim, claim.case_number).status


def test_round_of_claims_builds_and_sends_nothing_of_a_held_location(billed: Path) -> None:
    claim = to_build()
    set_to(Workflow.CLAIMS, claim.location_id, Level.OFF)
    claims.move_on.fn()
    assert status_of(claim) == C.READY_TO_BUILD
    set_to(Workflow.CLAIMS, claim.location_id, Level.LIVE)
    claims.move_on.fn()
    assert status_of(claim) == C.READY_TO_SEND
    set_to(Workflow.CLAIMS, claim.location_id, Level.SHADOW)
    claim_files.batch.fn()
    assert status_of(claim) == C.READY_TO_SEND
    set_to(Workflow.CLAIMS, claim.location_id, Level.LIVE)
    claim_files.batch.fn()
    assert status_of(claim) == C.SENT


def test_file_with_a_claim_of_a_held_location_waits_whole(billed: Path) -> None:
    claim = to_build()
    claims.move_on.fn()
    claim_files.batch.fn()
    assert status_of(claim) == C.SENT
    set_to(Workflow.CLAIMS, claim.location_id, Level.OFF)
    claim_files.send_queued.fn()
    assert queued() == 1
    set_to(Workflow.CLAIMS, claim.location_id, Level.ASSISTED)
    claim_files.send_queued.fn()
    assert queued() == 0


def queued() -> int:
    with store.reading() as db:
        waiting = select(ClearinghouseFile.id).where(
            ClearinghouseFile.kind == FileKind.CLAIMS, ClearinghouseFile.status == FileStatus.QUEUED
        )
        return len(db.exec(waiting).all())


def test_reminders_are_planned_where_scheduling_goes_on(home: Path) -> None:
    here, there = (make_visit(make_care(), hours_ahead=48) for _ in range(2))
    set_to(Workflow.SCHEDULING, here.location_id, Level.OFF)
    reminders.queue_reminders.fn(utc_now().date())
    with store.reading() as db:
        planned = [db.get_one(Appointment, each.id).reminders_for is not None for each in (here, there)]
    assert planned == [False, True]


def test_sessions_are_screened_and_not_drafted_where_notes_are_held(home: Path) -> None:
    note = make_session(NoteStatus.RECEIVED)
    set_to(Workflow.NOTES, note.location_id, Level.OFF)
    session_batch.take_in_and_screen("all", None)
    assert session_batch.draft_all("all", None) == 0
    with store.reading() as db:
        assert db.get_one(SessionNote, note.case_number).status == NoteStatus.READY_TO_DRAFT
