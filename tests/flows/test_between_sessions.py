"""The flow between two sessions on a real Prefect server: every verdict, resumed early, killed half-way."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.states import Scheduled
from sqlmodel import col, select

from acts import check_in_answers, follow_ups, patient_reading, to_dos
from acts.decisions import decide
from adapters import operational_store as store
from adapters import outbox, prefect_runs
from adapters.portal_links import make_proof, token_of
from adapters.prefect_client import patient_client
from adapters.settings import settings
from models.codes import AuthenticatedHow, FollowUpStatus, LinkPurpose, MessageStatus, ToDoOutcome, Verdict
from models.columns import utc_now
from models.operational import (
    Approval,
    AuditEvent,
    Decision,
    Episode,
    FollowUp,
    Location,
    OutboxMessage,
    PortalLink,
    Staff,
)
from models.therapy_text import TherapyText
from tasks import follow_ups as steps
from tests.databases import written_in
from tests.factories import make_check_in, make_episode, make_patient
from tests.flows.conftest import working
from tests.flows.people import code_of, coordinator_of, open_approval, open_to_do, password_of, until
from tests.rules.test_check_ins import phq9

F = FollowUpStatus
MARKER = "wrenhollow"


@pytest.fixture
def episode(pool: str) -> Episode:
    with store.reading() as db:
        place, clinician = db.get_one(Location, "LOC-1"), db.get_one(Staff, "ST-101")
    return make_episode(patient=make_patient(given_name=MARKER), clinician=clinician, location=place)


def now(number: str) -> FollowUp:
    with store.reading() as db:
        return db.get_one(FollowUp, number)


def escalate(episode: Episode) -> str:
    _, token, proof = make_check_in(episode)
    check_in_answers.answer(token, proof, phq9(9, 2), TherapyText(f"It rained. {MARKER}"))
    with store.reading() as db:
        return db.exec(select(FollowUp.case_number).order_by(col(FollowUp.case_number).desc())).first() or ""


def write(episode: Episode) -> str:
    said = TherapyText(f"Until Monday. {MARKER}")
    return follow_ups.write_message(episode.case_number, staff_id="ST-101", words=said, form_id="m1")


async def until_run(number: str, words: str, state: str) -> FollowUp:
    """The follow-up's run has this wait or end for its name, in this state."""
    for _ in range(900):
        found = now(number)
        run = await prefect_runs.read_run(UUID(found.run_id)) if found.run_id else None
        if run and (run.name, run.state_name) == (f"{number} · {words}", state):
            return found
        await asyncio.sleep(0.1)
    pytest.fail(f"{run.name} is {run.state_name}" if run else "there is no run")


async def waiting(number: str, words: str = "escalation") -> Approval:
    await until_run(number, words, "Suspended")
    found: Approval = await until(lambda: open_approval(number))
    return found


def decided(approval: Approval, verdict: Verdict, **edited: Any) -> Decision:
    who = str(approval.assigned_to)
    return decide(
        approval.id,
        staff_id=who,
        verdict=verdict,
        reason=TherapyText("" if verdict == Verdict.APPROVE else f"as discussed {MARKER}"),
        seen_digest=approval.digest,
        how=AuthenticatedHow.DESK_PASSWORD_AND_CODE,
        code=code_of(who),
        password=password_of(who),
        edited=edited or None,
    )


async def resumed(number: str, approval: Approval, **typed: Any) -> None:
    """Somebody presses Resume in Prefect's own page; the run waits again at the same gate."""
    before = attempts(approval.id)
    async with patient_client() as client:
        await client.resume_flow_run(UUID(str(now(number).run_id)), run_input=typed)
    await until(lambda: attempts(approval.id) > before)
    assert (await waiting(number)).id == approval.id


def attempts(approval_id: str) -> int:
    with store.reading() as db:
        return store.one(db, Approval, approval_id).attempt


async def test_escalation_waits_through_an_early_resume_and_ends_with_what_is_done(pool: str, episode: Episode) -> None:
    async with working(pool):
        number = escalate(episode)
        approval = await waiting(number)
        assert approval.assigned_to == "ST-101"
        await resumed(number, approval)
        # Prefect's form cannot say what is done: nothing is decided there
        await resumed(number, approval, staff_id="ST-101", one_time_code=code_of("ST-101"), verdict="approve")
        decided(approval, Verdict.EDIT_AND_APPROVE, done="call", done_words="")
        closed = await until_run(number, "closed, a clinician has decided", "Completed")
    assert closed.status == F.CLOSED_ANSWERED and closed.closed_at is not None


async def test_returned_escalation_comes_back_with_its_answer_and_may_be_raised_in_error(
    pool: str, episode: Episode
) -> None:
    async with working(pool):
        number = escalate(episode)
        first = await waiting(number)
        decided(first, Verdict.RETURN)
        await until_run(number, "question to answer", "Suspended")
        asked = await until(lambda: open_to_do(number))
        assert asked.due_at <= first.due_at
        to_dos.finish(asked.id, coordinator_of("LOC-1"), ToDoOutcome.ANSWERED, TherapyText("the second number"))
        await until(lambda: (found := open_approval(number)) and found.id != first.id)
        decided(await waiting(number), Verdict.REJECT)
        await until_run(number, "closed, a clinician has decided", "Completed")


async def test_signed_message_leaves_once_behind_its_link_even_if_its_worker_dies(
    pool: str, episode: Episode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in the step that sends, then once more at the gate."""
    died: list[str] = []
    real = steps.tell_patient

    def dies_once(*given: Any, **named: Any) -> Any:
        told = real(*given, **named)
        if not died:
            died.append("send")
            raise RuntimeError("the worker was killed here")
        return told

    monkeypatch.setattr(steps, "tell_patient", dies_once)
    async with working(pool):
        number = write(episode)
        approval = await waiting(number, "message signature")
        before = attempts(approval.id)
        async with patient_client() as client:
            await client.set_flow_run_state(UUID(str(now(number).run_id)), Scheduled(name="AwaitingRetry"), force=True)
        await until(lambda: attempts(approval.id) > before)
        decided(await waiting(number, "message signature"), Verdict.APPROVE)
        await until_run(number, "closed, message sent", "Completed")
    outbox.send_due(utc_now() + timedelta(days=1))
    with store.reading() as db:
        sent = db.exec(select(OutboxMessage).where(OutboxMessage.template == "message_waits")).all()
        links = db.exec(select(PortalLink).where(PortalLink.purpose == LinkPurpose.MESSAGE)).all()
        events = [event.action for event in db.exec(select(AuditEvent)).all()]
    assert died == ["send"] and events.count("approval.opened") == 1
    assert [(message.status, message.approval_id) for message in sent] == [(MessageStatus.SENT, approval.id)]
    (link,) = links
    assert MARKER in patient_reading.message(token_of(link), make_proof(link.id)).unwrap()
    left = "".join(path.read_text() for path in settings().outbox_folder.rglob(f"{sent[0].id}.*"))
    assert token_of(link) in left.replace("=\n", "") and "Until Monday" not in left


async def test_refused_message_ends_its_run_and_prefect_holds_nothing_that_was_said(
    pool: str, episode: Episode, prefect_home: Path
) -> None:
    async with working(pool):
        number, other = write(episode), escalate(episode)
        decided(await waiting(number, "message signature"), Verdict.REJECT)
        await until_run(number, "closed, message not sent", "Completed")
        decided(await waiting(other), Verdict.EDIT_AND_APPROVE, done="nothing_needed", done_words=f"well {MARKER}")
        await until_run(other, "closed, a clinician has decided", "Completed")
    with store.reading() as db:
        assert db.exec(select(OutboxMessage).where(OutboxMessage.template == "message_waits")).all() == []
    written = written_in(prefect_home, "prefect")
    assert number in written, "the search can find"
    assert MARKER not in written.lower()
