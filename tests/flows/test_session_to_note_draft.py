"""The flows of a session's note on a real Prefect server: the day's batch, every verdict, every door of the gate."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.states import Scheduled
from sqlmodel import select

from acts import consent_papers, note_editing, to_dos
from acts.decisions import decide
from adapters import operational_store as store
from adapters import prefect_runs, therapy_store_sessions
from adapters.prefect_client import patient_client
from language.note_drafting import SessionToDraft
from language.note_values import DraftSentence, NoteDraft, Source, Topic
from language.session_risk import SessionReading
from models.codes import ApprovalStatus, AuthenticatedHow, NoteStatus, ToDoOutcome, TranscriptState, Verdict
from models.columns import utc_now
from models.note_codes import ConsentKind
from models.operational import Approval, AuditEvent, Decision, SessionNote
from models.therapy_text import TherapyText
from rules.note_editing import Change, add, fields_of, nothing_to_add
from tasks import session_drafts, session_gate, sessions
from tests.databases import written_in
from tests.exports import TALK, People, drop, session_of
from tests.factories import make_papers
from tests.flows.conftest import working
from tests.flows.people import code_of, coordinator_of, open_approval, open_to_do, password_of, until

N = NoteStatus
MARKER = "quillfathom"


@pytest.fixture(autouse=True)
def without_the_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the language models say is tested beside them."""

    def drafts(given: list[SessionToDraft], generator: object = None) -> list[NoteDraft]:
        said = DraftSentence("Subjective", "Reports sleeping five hours.", (Source(1, 0, 9),), Topic.CONCERN)
        return [NoteDraft(one.format, (said,), (), {}, "test-1") for one in given]

    monkeypatch.setattr(session_drafts, "draft_notes", drafts)
    monkeypatch.setattr(session_gate, "read_session", lambda *_, **__: SessionReading(True, "", (), "test-1"))


@pytest.fixture
def people(pool: str) -> People:
    made = People.of_the_sample_practice()
    make_papers(made.patient)
    return made


def now(key: str = "K1") -> SessionNote | None:
    with store.reading() as db:
        return db.exec(select(SessionNote).where(SessionNote.external_key == f"sessions:{key}")).first()


async def until_status(key: str, *statuses: NoteStatus) -> SessionNote:
    return await until(lambda: (found := now(key)) and found.status in statuses and found)  # type: ignore[no-any-return]


async def until_run(key: str, words: str, state: str) -> SessionNote:
    """The session's run has this wait or end for its name, in this state."""
    for _ in range(900):
        found = now(key)
        run = await prefect_runs.read_run(UUID(found.run_id)) if found and found.run_id else None
        if found and run and (run.name, run.state_name) == (f"{found.case_number} · {words}", state):
            return found
        await asyncio.sleep(0.1)
    pytest.fail(f"{run.name} is {run.state_name}" if run else "there is no run")


async def waiting(key: str = "K1") -> Approval:
    """The session's note waits for its signature, and its run sleeps."""
    session = await until_run(key, "note signature", "Suspended")
    found: Approval = await until(lambda: open_approval(session.case_number))
    return found


def decided(approval: Approval, verdict: Verdict, *changes: Change) -> Decision:
    who = str(approval.assigned_to)
    page = note_editing.on_screen(approval.id, actor=who, where="test")
    for what in changes:
        page = note_editing.change(approval.id, what, seen_edition=page.edition, staff_id=who, where="test")
    return decide(
        approval.id,
        staff_id=who,
        verdict=verdict,
        reason=TherapyText("" if verdict == Verdict.EDIT_AND_APPROVE else f"another patient's words {MARKER}"),
        seen_digest=page.pinned,
        how=AuthenticatedHow.DESK_PASSWORD_AND_CODE,
        code=code_of(who),
        password=password_of(who),
        edited=fields_of(page.note) if verdict == Verdict.EDIT_AND_APPROVE else None,
        on_screen=page.on_screen,
    )


REST = tuple(nothing_to_add(section, True) for section in ("Objective", "Assessment", "Plan"))


async def test_dropped_export_is_drafted_in_one_batch_and_each_session_waits_in_a_run_of_its_own(
    pool: str, people: People
) -> None:
    async with working(pool):
        drop(people.row("K1"), people.row("K2", days=3, transcript_file=""))
        first, second = await waiting("K1"), await waiting("K2")
    assert (first.assigned_to, second.assigned_to) == ("ST-101", "ST-101")
    drafts = [session_of(key).draft for key in ("K1", "K2")]
    assert drafts == ["drafted", "plain_no_transcript"]
    with store.reading() as db:
        opened = db.exec(select(AuditEvent).where(AuditEvent.action == "approval.opened")).all()
    assert len(opened) == 2
    run = await prefect_runs.read_run(UUID(str(session_of("K1").run_id)))
    assert run is not None and set(run.tags) >= {"note"}


async def test_signed_note_ends_its_run(pool: str, people: People) -> None:
    async with working(pool):
        drop(people.row("K1"))
        made = decided(await waiting(), Verdict.EDIT_AND_APPROVE, add("Plan", "Meets in a week.", "S9"), *REST[:2])
        session = await until_run("K1", "closed, note signed", "Completed")
    assert (session.status, session.signed_decision_id, session.closed_at is not None) == (
        N.CLOSED_SIGNED,
        made.id,
        True,
    )


async def test_refused_note_ends_its_run_without_one(pool: str, people: People) -> None:
    async with working(pool):
        drop(people.row("K1"))
        decided(await waiting(), Verdict.REJECT)
        session = await until_run("K1", "closed, no note from here", "Completed")
    assert session.signed_decision_id is None


async def test_run_resumed_early_or_signed_in_prefect_waits_again(pool: str, people: People) -> None:
    async with working(pool):
        drop(people.row("K1"))
        approval = await waiting()
        code = code_of("ST-101")
        answers: list[dict[str, Any]] = [{}, {"staff_id": "ST-101", "one_time_code": code, "verdict": "approve"}]
        for times, answer in enumerate(answers, start=2):
            async with patient_client() as client:
                await client.resume_flow_run(UUID(str(session_of().run_id)), run_input=answer)
            await until(lambda times=times: attempts(approval.id) == times)
            assert (await waiting()).id == approval.id
    with store.reading() as db:
        assert db.exec(select(Decision)).all() == []
    assert session_of().status is N.NOTE_SIGNATURE


def attempts(approval_id: str) -> int:
    with store.reading() as db:
        return store.one(db, Approval, approval_id).attempt


async def test_returned_draft_is_checked_drafted_again_and_signed(pool: str, people: People) -> None:
    async with working(pool):
        drop(people.row("K1"))
        first = await waiting()
        decided(first, Verdict.RETURN)
        session = await until_run("K1", "check transcript", "Suspended")
        check = await until(lambda: open_to_do(session.case_number))
        to_dos.finish(check.id, coordinator_of("LOC-1"), ToDoOutcome.DRAFT_AGAIN, TherapyText("it is the right one"))
        await until(lambda: (found := open_approval(session.case_number)) and found.id != first.id)
        second = await waiting()
        assert second.id != first.id
        decided(second, Verdict.EDIT_AND_APPROVE, *REST)
        await until_run("K1", "closed, note signed", "Completed")


async def test_another_transcript_for_a_returned_session_wakes_its_run(pool: str, people: People) -> None:
    async with working(pool):
        drop(people.row("K1"))
        decided(await waiting(), Verdict.RETURN)
        session = await until_run("K1", "check transcript", "Suspended")
        drop(people.row("K1"), K1=TALK + "Patient: The right one.\n")
        approval = await until(lambda: open_approval(session.case_number))
        await waiting()
    page = note_editing.on_screen(approval.id, actor="ST-101", where="test")
    assert page.note["transcript"]["edition"] == 2
    assert open_to_do(session.case_number) is None


async def test_consent_taken_back_before_the_signature_brings_a_plain_template(pool: str, people: People) -> None:
    async with working(pool):
        drop(people.row("K1"))
        first = await waiting()
        consent_papers.revoke(people.patient.id, ConsentKind.RECORDING_AND_TRANSCRIPTION, coordinator_of("LOC-1"))
        session = session_of()
        await until(lambda: (found := open_approval(session.case_number)) and found.id != first.id)
        second = await waiting()
        page = note_editing.on_screen(second.id, actor="ST-101", where="test")
        assert (page.note["draft"], page.note["sentences"]) == ("plain_no_consent", [])
        decided(second, Verdict.EDIT_AND_APPROVE, add("Subjective", "Written by hand.", "S9"), *REST)
        await until_run("K1", "closed, note signed", "Completed")
    with store.reading() as db:
        assert store.one(db, Approval, first.id).status is ApprovalStatus.SUPERSEDED
    assert session.transcript is not TranscriptState.NONE
    assert therapy_store_sessions.transcript(session.case_number, actor="test", where="test") is None


async def test_session_that_its_batch_lost_is_read_and_drafted_by_its_own_run(pool: str, people: People) -> None:
    drop(people.row("K1"))
    for file_id in sessions.collect.fn(settle_seconds=0):
        sessions.receive.fn(file_id)
    with store.writing() as db:
        lost = store.one(db, SessionNote, session_of().case_number)
        lost.status_since = utc_now() - timedelta(minutes=11)
        db.add(lost)
    async with working(pool):
        approval = await waiting()
    assert session_of().draft == "drafted" and approval.assigned_to == "ST-101"


async def test_run_that_dies_in_a_step_goes_on_in_its_next_leg_with_nothing_twice(
    pool: str, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the draft was kept and before the case was moved; then once more at the gate."""
    died: list[str] = []
    real_move = session_drafts.move

    def dies_once(*given: Any, **named: Any) -> Any:
        if not died:
            died.append("move")
            raise RuntimeError("the worker was killed here")
        return real_move(*given, **named)

    monkeypatch.setattr(session_drafts, "move", dies_once)
    async with working(pool):
        drop(people.row("K1"))
        approval = await waiting()
        for _ in range(2):
            before = attempts(approval.id)
            async with patient_client() as client:
                await client.set_flow_run_state(
                    UUID(str(session_of().run_id)), Scheduled(name="AwaitingRetry"), force=True
                )
            await until(lambda before=before: attempts(approval.id) > before)
            assert (await waiting()).id == approval.id
        decided(approval, Verdict.EDIT_AND_APPROVE, *REST)
        await until_run("K1", "closed, note signed", "Completed")
    with store.reading() as db:
        events = [event.action for event in db.exec(select(AuditEvent)).all()]
    assert died == ["move"]
    assert [events.count(each) for each in ("note.proposed", "approval.opened", "note.signed")] == [1, 1, 1]


async def test_prefect_holds_nothing_that_was_said(pool: str, people: People, prefect_home: Path) -> None:
    async with working(pool):
        drop(
            people.row("K1", plan_goals=f"less {MARKER}", transcript_file=f"{MARKER} talk.txt"),
            people.row("K2", days=3, transcript_file=f"{MARKER} missing.txt"),
            index=f"{MARKER}.csv",
            K1=TALK + f"Patient: It is the {MARKER}.\n",
            K2=TALK.replace("Patient:", f"{MARKER}:"),
        )
        decided(await waiting("K1"), Verdict.RETURN)
        await until_run("K1", "check transcript", "Suspended")
        await waiting("K2")
    assert session_of("K2").transcript == "unreadable"
    case_number = session_of("K1").case_number
    written = written_in(prefect_home, "prefect")
    assert case_number in written, "the search can find"
    assert MARKER not in written.lower()
    files = [path for path in prefect_home.rglob("*") if path.is_file()]
    assert [path.name for path in files if MARKER.encode() in path.read_bytes().lower()] == []
