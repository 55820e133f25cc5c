"""Decisions that come too late, at desk and terminal: what was read has changed, or somebody else was quicker."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from acts import decisions
from adapters import operational_store
from adapters.operational_store import reading
from cli.app import app
from models.codes import ApprovalStatus, ReferralStatus, Role
from models.errors import MovedOn, SignatureMismatch
from models.operational import Approval, Decision, Referral, Staff
from tests import factories
from tests.web.desk.conftest import (  # noqa: F401
    PASSWORD,
    AtTheDesk,
    assignment,
    at_the_desk,
    desk,
    person,
    place,
    risk_review,
)

DIGEST = "0" * 64


def decided() -> list[Decision]:
    with reading() as db:
        return list(db.exec(select(Decision)).all())


def status_of(approval: Approval) -> tuple[ApprovalStatus, ReferralStatus]:
    with reading() as db:
        kept = db.get_one(Approval, approval.id)
        return kept.status, db.get_one(Referral, kept.case_number).status


def change_content(approval_id: str) -> None:
    """Somebody reaches into the record: what is pinned to be signed is no longer what was shown."""
    with operational_store.writing() as db:
        approval = db.get_one(Approval, approval_id)
        approval.digest = DIGEST
        db.add(approval)


@pytest.fixture
def coordinator(at_the_desk: Any) -> AtTheDesk:  # noqa: F811
    return at_the_desk(Role.COORDINATOR)


def test_desk_refuses_a_decision_on_content_that_changed_since_it_was_read(
    coordinator: AtTheDesk,
    assignment: Any,  # noqa: F811
) -> None:
    approval, _, _ = assignment(coordinator.staff)
    coordinator.get(f"/approvals/{approval.id}")
    seen = approval.digest
    change_content(approval.id)
    answer = coordinator.post(
        f"/approvals/{approval.id}", seen_digest=seen, verdict="approve", password=PASSWORD, code=coordinator.code()
    )
    assert answer.status_code == 422
    assert "What was on your screen is not what is to be signed" in answer.text
    assert decided() == []
    assert status_of(approval) == (ApprovalStatus.OPEN, ReferralStatus.ASSIGNMENT)


def at_the_terminal(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Any]:
    monkeypatch.setattr("cli.login.who", lambda: staff)

    def sign(approval_id: str, code: str) -> Any:
        return CliRunner().invoke(app, ["sign", approval_id], input=f"approve\n\n{PASSWORD}\n{code}\n")

    return sign


def test_terminal_refuses_a_decision_on_content_that_changes_while_it_is_read(
    coordinator: AtTheDesk,
    assignment: Any,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    approval, _, _ = assignment(coordinator.staff)
    monkeypatch.setattr(decisions, "mark_seen", lambda approval_id, staff_id: change_content(approval_id))
    ended = at_the_terminal(coordinator.staff, monkeypatch)(approval.id, coordinator.code())
    assert isinstance(ended.exception, SignatureMismatch)
    assert "what was seen is not what is to be signed" in str(ended.exception)
    assert decided() == []
    assert status_of(approval) == (ApprovalStatus.OPEN, ReferralStatus.ASSIGNMENT)


def test_desk_takes_one_of_two_decisions_made_at_once(at_the_desk: Any, assignment: Any) -> None:  # noqa: F811
    seated = [at_the_desk(Role.COORDINATOR) for _ in range(2)]
    approval, _, _ = assignment(None)
    shared = {"seen_digest": approval.digest, "password": PASSWORD, "reason": "both"}
    forms = [
        shared | {"code": each.code(), "verdict": verdict}
        for each, verdict in zip(seated, ("approve", "reject"), strict=True)
    ]
    together = Barrier(2)

    def sign(at: int) -> Any:
        together.wait(timeout=30)
        return seated[at].post(f"/approvals/{approval.id}", **forms[at])

    with ThreadPoolExecutor(2) as at_once:
        answers = list(at_once.map(sign, range(2)))
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    [late] = [answer for answer in answers if answer.status_code == 409]
    assert "This has moved on" in late.text
    [first] = decided()
    winner = next(at for at, answer in enumerate(answers) if answer.status_code == 303)
    assert first.staff_id == seated[winner].staff.id
    assert status_of(approval)[0] is ApprovalStatus.DECIDED


def test_terminal_hears_that_the_desk_was_quicker(
    at_the_desk: Any,  # noqa: F811
    assignment: Any,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quick, slow = at_the_desk(Role.COORDINATOR), at_the_desk(Role.COORDINATOR)
    approval, _, _ = assignment(None)

    def meanwhile(approval_id: str, staff_id: str) -> None:
        signed = quick.post(
            f"/approvals/{approval.id}",
            seen_digest=approval.digest,
            verdict="approve",
            password=PASSWORD,
            code=quick.code(),
        )
        assert signed.status_code == 303

    monkeypatch.setattr("cli.signing.decisions.mark_seen", meanwhile)
    ended = at_the_terminal(slow.staff, monkeypatch)(approval.id, slow.code())
    assert isinstance(ended.exception, MovedOn) and "no longer open" in str(ended.exception)
    assert [each.staff_id for each in decided()] == [quick.staff.id]


def test_two_people_taking_one_to_do_at_once_is_one(at_the_desk: Any, place: Any) -> None:  # noqa: F811
    from models.codes import ToDoKind, ToDoStatus
    from models.operational import ToDo

    seated = [at_the_desk(Role.COORDINATOR) for _ in range(2)]
    case = factories.make_referral(ReferralStatus.CONTACT_PATIENT, location=place)
    to_do = factories.make_to_do(case, ToDoKind.CALL_PATIENT)
    together = Barrier(2)

    def claim(at: int) -> int:
        together.wait(timeout=30)
        return seated[at].post(f"/to-dos/{to_do.id}/claim").status_code

    with ThreadPoolExecutor(2) as at_once:
        answers = list(at_once.map(claim, range(2)))
    assert sorted(answers) == [303, 409]
    with reading() as db:
        kept = db.get_one(ToDo, to_do.id)
    assert kept.status is ToDoStatus.CLAIMED
    assert kept.claimed_by == seated[answers.index(303)].staff.id
