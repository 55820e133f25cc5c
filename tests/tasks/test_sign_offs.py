"""The gate's steps: what is opened, once; and what Prefect's own form may do."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import select

from acts.cases import stop
from adapters import therapy_store
from adapters.operational_store import reading, writing
from models.codes import (
    ApprovalKind,
    ApprovalStatus,
    ExitKind,
    MessageChannel,
    ReferralStatus,
    RiskLevel,
    Role,
    ToDoKind,
    Verdict,
)
from models.columns import utc_now
from models.errors import MovedOn, OutsideRefused, OutsideUnavailable, StaleLease
from models.operational import Approval, AuditEvent, Decision, OutboxMessage, Referral, Staff, ToDo
from models.step_reads import a_persons_act
from models.therapy_text import TherapyText
from rules import sign_off
from tasks import cases, sign_offs
from tasks.sign_offs import approval_of, next_wait_key, open_sign_off, take_decision_from_prefect, wait_key
from tests.factories import MadeCase, fresh_code, make_case_at, make_signer
from tests.tasks.conftest import FakePrefect

pytestmark = pytest.mark.usefixtures("home")

R = ReferralStatus
RUN = str(uuid4())


def unopened(status: ReferralStatus, **given: Any) -> MadeCase:
    """A case that has just come to a gate: nothing is opened yet."""
    case = make_case_at(status, **given)
    with writing() as db:
        assert case.approval is not None
        db.delete(db.get_one(Approval, case.approval.id))
    case.approval = None
    return case


def rows(record: type, **where: object) -> list[Any]:
    with reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def opened(case: MadeCase, status: ReferralStatus) -> Approval:
    approval_id = open_sign_off.fn(cases.take(case.number), status)
    [approval] = rows(Approval, id=approval_id)
    return approval  # type: ignore[no-any-return]


def content_of(approval: Approval) -> str:
    return therapy_store.sign_off_content(approval.id, actor="test", where="test").unwrap()


@pytest.mark.parametrize(
    ("status", "role", "due"),
    [
        (R.RISK_REVIEW, Role.CLINICIAN, None),
        (R.ASSIGNMENT, Role.COORDINATOR, timedelta(hours=24)),
        (R.CLOSING_LETTER, Role.CLINICIAN, timedelta(hours=48)),
    ],
)
def test_gate_opens_with_content_owner_and_clock(status: ReferralStatus, role: Role, due: timedelta | None) -> None:
    case = unopened(status)
    approval = opened(case, status)
    assert (approval.kind.value, approval.role, approval.status) == (status.value, role, ApprovalStatus.OPEN)
    assert approval.assigned_to == (case.coordinator.id if role == Role.COORDINATOR else case.clinician.id)
    assert approval.digest == sign_off.digest(content_of(approval))
    assert json.loads(content_of(approval))["case"] == case.number
    assert approval.due_at > approval.opened_at
    if due is not None:
        assert approval.due_at - approval.opened_at == due


@pytest.mark.parametrize("status", [R.RISK_REVIEW, R.ASSIGNMENT, R.CLOSING_LETTER])
def test_gate_opens_once(status: ReferralStatus) -> None:
    case = unopened(status)
    first, second = opened(case, status), opened(case, status)
    assert (first.id, first.digest) == (second.id, second.digest)
    assert len(rows(Approval)) == 1
    assert len(rows(AuditEvent, action="approval.opened")) == 1


def test_gate_of_an_earlier_visit_is_not_this_ones() -> None:
    case = unopened(R.RISK_REVIEW)
    first = opened(case, R.RISK_REVIEW)
    with writing() as db:
        referral = db.get_one(Referral, case.number)
        referral.version += 2
        db.add(referral)
    assert approval_of(cases.take(case.number), R.RISK_REVIEW) is None
    assert opened(case, R.RISK_REVIEW).id != first.id


def test_crash_between_the_two_writes_is_made_up_with_the_same_content(monkeypatch: pytest.MonkeyPatch) -> None:
    case = unopened(R.RISK_REVIEW)

    def crash(*_: Any) -> None:
        raise RuntimeError("the worker died")

    with monkeypatch.context() as patch:
        patch.setattr(sign_offs, "_save", crash)
        with pytest.raises(RuntimeError):
            opened(case, R.RISK_REVIEW)
    assert rows(Approval) == []
    with therapy_store.reading() as db:
        found = therapy_store.SignOffContent
        kept = therapy_store.opened(
            db,
            db.exec(select(found).where(found.approval_id.startswith(f"AP-{case.number}-"))).all(),  # type: ignore[attr-defined]
        )
    # what would be proposed now differs, but what was kept is what is pinned
    therapy_store.add_text(case.number, "patient_words", TherapyText("new words since"))
    approval = opened(case, R.RISK_REVIEW)
    assert [one.content.unwrap() for one in kept] == [content_of(approval)]
    assert approval.digest == sign_off.digest(content_of(approval))
    assert json.loads(content_of(approval))["texts"] == []


def test_case_stopped_while_its_gate_is_opened_leaves_no_gate_open(monkeypatch: pytest.MonkeyPatch) -> None:
    case = unopened(R.RISK_REVIEW)
    make = sign_offs._content

    def stopped_meanwhile(*given: Any) -> dict[str, Any]:
        with a_persons_act():
            stop(case.number, staff_id=case.coordinator.id, reason=TherapyText("asked"), exit_kind=None)
        return make(*given)

    monkeypatch.setattr(sign_offs, "_content", stopped_meanwhile)
    with pytest.raises(MovedOn):
        opened(case, R.RISK_REVIEW)
    assert rows(Approval) == []


@pytest.mark.parametrize("status", [R.READY_TO_MATCH, R.ASSIGNMENT, R.CLOSED_WITHDRAWN])
def test_gate_where_the_case_does_not_stand_is_not_opened(status: ReferralStatus) -> None:
    case = make_case_at(status)
    with pytest.raises(MovedOn):
        open_sign_off.fn(cases.take(case.number), R.RISK_REVIEW)
    assert rows(Approval, kind=ApprovalKind.RISK_REVIEW) == []


def test_overtaken_leg_opens_no_gate() -> None:
    case = unopened(R.RISK_REVIEW)
    older = cases.take(case.number)
    cases.take(case.number)
    with pytest.raises(StaleLease):
        open_sign_off.fn(older, R.RISK_REVIEW)
    assert rows(Approval) == []


@pytest.mark.parametrize(
    ("level", "paged"), [(RiskLevel.HIGH, True), (RiskLevel.MODERATE, False), (RiskLevel.LOW, False)]
)
def test_high_risk_pages_who_is_on_call_at_once(level: RiskLevel, paged: bool) -> None:
    case = unopened(R.RISK_REVIEW, level=level)
    second = make_signer(location=case.location, on_call=True)
    make_signer(location=case.location)
    approval = opened(case, R.RISK_REVIEW)
    opened(case, R.RISK_REVIEW)
    messages = rows(OutboxMessage)
    expected = sorted([case.clinician.id, second.id]) if paged else []
    assert sorted(message.to_staff_id for message in messages) == expected
    assert all(
        (message.channel, message.template, message.urgent) == (MessageChannel.PAGE, "page_risk_review", True)
        for message in messages
    )
    assert (approval.pages_sent, approval.last_paged_at is not None) == (int(paged), paged)


def test_nobody_on_call_means_every_clinician_is_paged() -> None:
    case = unopened(R.RISK_REVIEW, level=RiskLevel.HIGH)
    other = make_signer(location=case.location)
    with writing() as db:
        staff = db.get_one(Staff, case.clinician.id)
        staff.on_call = False
        db.add(staff)
    opened(case, R.RISK_REVIEW)
    assert {message.to_staff_id for message in rows(OutboxMessage)} == {case.clinician.id, other.id}


def test_closing_letter_is_drafted_for_its_exit() -> None:
    for exit_kind in ExitKind:
        case = unopened(R.CLOSING_LETTER, exit_kind=exit_kind)
        content = json.loads(content_of(opened(case, R.CLOSING_LETTER)))
        assert (content["kind"], content["exit"]) == (ApprovalKind.CLOSING_LETTER.value, exit_kind.value)
        assert case.patient.given_name in content["letter"]


def test_every_wait_at_a_gate_has_a_key_of_its_own() -> None:
    case = make_case_at(R.RISK_REVIEW)
    assert case.approval is not None
    keys = [next_wait_key(case.approval.id) for _ in range(3)]
    assert len(set(keys)) == 3
    assert keys[-1] == wait_key(case.approval.id, 3) == keys[-1].lower()


# -- Prefect's own form


def typed(case: MadeCase, prefect: FakePrefect, **given: str) -> str:
    """Somebody typed this into Prefect's form at the present wait; returns the wait's key."""
    assert case.approval is not None
    key = next_wait_key(case.approval.id)
    prefect.typed[key] = {
        "staff_id": case.clinician.id,
        "one_time_code": fresh_code(case.clinician.id),
        "verdict": "approve",
        "reason": "as_proposed",
        **given,
    }
    return key


async def taken(case: MadeCase) -> str:
    assert case.approval is not None
    return await take_decision_from_prefect(case.approval.id, RUN)


def case_now(case: MadeCase) -> Referral:
    with reading() as db:
        return db.get_one(Referral, case.number)


async def test_nothing_typed_decides_nothing(prefect: FakePrefect) -> None:
    case = make_case_at(R.RISK_REVIEW)
    assert await taken(case) == "nothing"
    typed(case, prefect, staff_id="")
    assert await taken(case) == "nothing"
    assert case_now(case).status is R.RISK_REVIEW
    assert prefect.typed == {}


@pytest.mark.parametrize(
    ("verdict", "reason", "to"),
    [
        (Verdict.APPROVE, "as_proposed", R.READY_TO_MATCH),
        (Verdict.RETURN, "more_information_needed", R.QUESTION_OPEN),
        (Verdict.REJECT, "outside_our_scope", R.CLOSING_LETTER),
    ],
)
async def test_valid_code_decides(prefect: FakePrefect, verdict: Verdict, reason: str, to: ReferralStatus) -> None:
    case = make_case_at(R.RISK_REVIEW)
    typed(case, prefect, verdict=verdict.value, reason=reason)
    assert await taken(case) == "decided"
    assert case_now(case).status is to
    [decision] = rows(Decision)
    assert (decision.verdict, decision.staff_id) == (verdict, case.clinician.id)
    words = therapy_store.decision_words(decision.id, actor="test", where="test")
    assert words.reason == TherapyText(reason.replace("_", " "))
    assert prefect.typed == {}


@pytest.mark.parametrize(
    "given",
    [
        {"one_time_code": ""},
        {"one_time_code": "12345"},
        {"staff_id": "ST-nobody"},
        {"verdict": "not_decided"},
        {"verdict": "edit_and_approve"},
        {"verdict": "release"},
    ],
)
async def test_what_does_not_fit_changes_nothing_and_leaves_no_code(
    prefect: FakePrefect, given: dict[str, str]
) -> None:
    case = make_case_at(R.RISK_REVIEW)
    typed(case, prefect, reason="", **given)
    assert await taken(case) == "refused"
    assert (case_now(case).status, rows(Decision), prefect.typed) == (R.RISK_REVIEW, [], {})
    assert len(rows(AuditEvent, action="decision.refused")) == 1
    assert await taken(case) == "nothing"


async def test_person_who_may_not_sign_is_refused(prefect: FakePrefect) -> None:
    case = make_case_at(R.RISK_REVIEW)
    typed(case, prefect, staff_id=case.coordinator.id, one_time_code=fresh_code(case.coordinator.id))
    assert await taken(case) == "refused"
    assert case_now(case).status is R.RISK_REVIEW


async def test_code_typed_for_a_sign_off_that_is_decided_is_forgotten(prefect: FakePrefect) -> None:
    case = make_case_at(R.RISK_REVIEW)
    typed(case, prefect)
    with writing() as db:
        assert case.approval is not None
        approval = db.get_one(Approval, case.approval.id)
        approval.status, approval.decided_at = ApprovalStatus.DECIDED, utc_now()
        db.add(approval)
    assert await taken(case) == "nothing"
    assert (prefect.typed, rows(Decision)) == ({}, [])


async def test_code_does_not_decide_twice(prefect: FakePrefect) -> None:
    case = make_case_at(R.RISK_REVIEW)
    typed(case, prefect, verdict="return", reason="more_information_needed")
    assert await taken(case) == "decided"
    assert await taken(case) == "nothing"
    assert len(rows(ToDo, kind=ToDoKind.ANSWER_QUESTION)) == 1


@pytest.mark.parametrize("trouble", [OutsideUnavailable, OutsideRefused])
async def test_prefect_that_does_not_answer_decides_nothing_and_is_asked_again(
    prefect: FakePrefect, monkeypatch: pytest.MonkeyPatch, trouble: type[Exception]
) -> None:
    case = make_case_at(R.RISK_REVIEW)
    typed(case, prefect)

    async def away(*_: Any) -> Any:
        raise trouble("no connection to Prefect")

    with monkeypatch.context() as patch:
        patch.setattr("adapters.prefect_runs.read_and_forget_input", away)
        assert await taken(case) == "nothing"
    assert case.approval is not None
    next_wait_key(case.approval.id)
    assert await taken(case) == "decided"
    assert prefect.typed == {}
