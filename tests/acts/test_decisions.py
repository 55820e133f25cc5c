"""One signature: what it writes, what refuses it, and that two at once are one."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlmodel import Session, select

from acts import decisions
from acts.decisions import decide, mark_seen, reassign
from adapters import therapy_store
from adapters.operational_store import move_case, reading, writing
from models.codes import (
    ApprovalKind,
    ApprovalStatus,
    AuthenticatedHow,
    ExitKind,
    MessageStatus,
    ReferralStatus,
    RiskLevel,
    Role,
    ToDoKind,
    ToDoStatus,
    Verdict,
)
from models.columns import new_id
from models.errors import MovedOn, NotAllowed, SignatureMismatch
from models.operational import Approval, AuditEvent, Decision, OutboxMessage, PracticeSetting, Referral, Staff, ToDo
from models.therapy_text import TherapyText
from rules import sign_off
from tests.factories import (
    MadeCase,
    assignment_words,
    fresh_code,
    letter_words,
    make_case_at,
    make_location,
    make_patient,
    make_signer,
    review_words,
    spelled,
)

pytestmark = pytest.mark.usefixtures("home")

R, V, K = ReferralStatus, Verdict, ApprovalKind
REASON = TherapyText("agreed on the phone with the patient")


def signer_of(case: MadeCase) -> Staff:
    assert case.approval is not None
    return case.coordinator if case.approval.kind == K.ASSIGNMENT else case.clinician


def sign(case: MadeCase, verdict: Verdict = V.APPROVE, **given: Any) -> Decision:
    assert case.approval is not None
    facts: dict[str, Any] = {
        "staff_id": signer_of(case).id,
        "reason": REASON,
        "seen_digest": case.approval.digest,
        "how": AuthenticatedHow.PREFECT_CODE,
    }
    facts |= given
    code = facts.pop("code", None) or fresh_code(facts["staff_id"])
    return decide(case.approval.id, verdict=verdict, code=code, **facts)


def case_now(case: MadeCase) -> Referral:
    with reading() as db:
        return db.get_one(Referral, case.number)


def rows(record: type, **where: object) -> list[Any]:
    with reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def last_step(staff: Staff) -> int:
    with reading() as db:
        return db.get_one(Staff, staff.id).totp_last_step


def raised(case: MadeCase, *keys: str) -> list[str]:
    """Flags on this case; returns their ids."""
    flags = [
        therapy_store.RiskFlag(
            id=new_id("FL"),
            case_number=case.number,
            unique_key=key,
            kind="self_harm",
            status="present",
            level="moderate",
            raised_by="item",
            rule_id="test",
            why="test",
            version="1",
        )
        for key in keys
    ]
    ids = [flag.id for flag in flags]
    therapy_store.raise_flags(case.number, flags)
    return ids


def open_flags(case: MadeCase) -> set[str]:
    found = therapy_store.flags(case.number, actor="test", where="test")
    return {flag.id for flag in found if flag.reviewed_by_approval is None}


@pytest.mark.parametrize(
    ("status", "content", "verdict", "edited", "to", "facts"),
    [
        (R.RISK_REVIEW, review_words(), V.APPROVE, None, R.READY_TO_MATCH, {"risk_cleared": True}),
        (
            R.RISK_REVIEW,
            review_words(),
            V.EDIT_AND_APPROVE,
            {"level": "low", "safety_note": "sister is with her"},
            R.READY_TO_MATCH,
            {"risk_cleared": True, "risk_level": RiskLevel.LOW},
        ),
        (
            R.RISK_REVIEW,
            review_words(),
            V.EDIT_AND_APPROVE,
            {"disposition": "higher_level_of_care"},
            R.CLOSING_LETTER,
            {"risk_cleared": False, "exit_kind": ExitKind.HIGHER_LEVEL_OF_CARE},
        ),
        (
            R.RISK_REVIEW,
            review_words(disposition="decline"),
            V.APPROVE,
            None,
            R.CLOSING_LETTER,
            {"risk_cleared": False, "exit_kind": ExitKind.DECLINED},
        ),
        (R.RISK_REVIEW, review_words(), V.RETURN, None, R.QUESTION_OPEN, {"risk_cleared": False}),
        (R.RISK_REVIEW, review_words(), V.REJECT, None, R.CLOSING_LETTER, {"exit_kind": ExitKind.DECLINED}),
        (R.ASSIGNMENT, None, V.APPROVE, None, R.READY_TO_OFFER, {}),
        (R.ASSIGNMENT, None, V.RETURN, None, R.QUESTION_OPEN, {"clinician_id": None}),
        (
            R.ASSIGNMENT,
            None,
            V.REJECT,
            None,
            R.CLOSING_LETTER,
            {"clinician_id": None, "exit_kind": ExitKind.DECLINED},
        ),
        (R.CLOSING_LETTER, letter_words("declined"), V.APPROVE, None, R.CLOSED_DECLINED, {}),
        (
            R.CLOSING_LETTER,
            letter_words("higher_level_of_care"),
            V.EDIT_AND_APPROVE,
            {"letter": "Dear Alex, see you."},
            R.CLOSED_HIGHER_LEVEL_OF_CARE,
            {"exit_kind": ExitKind.HIGHER_LEVEL_OF_CARE},
        ),
        (R.CLOSING_LETTER, letter_words("unreachable"), V.APPROVE, None, R.CLOSED_UNREACHABLE, {}),
        (R.CLOSING_LETTER, letter_words(), V.RETURN, None, R.QUESTION_OPEN, {}),
        (R.CLOSING_LETTER, letter_words(), V.REJECT, None, R.CONTACT_PATIENT, {"closed_at": None}),
    ],
)
def test_decision_moves_the_case_where_the_rule_says(
    status: ReferralStatus,
    content: dict[str, Any] | None,
    verdict: Verdict,
    edited: dict[str, Any] | None,
    to: ReferralStatus,
    facts: dict[str, Any],
) -> None:
    case = make_case_at(status, content=content)
    assert case.approval is not None
    made = sign(case, verdict, edited=edited)
    found = case_now(case)
    assert (found.status, found.came_from, found.wake_wanted) == (to, status, True)
    assert {name: getattr(found, name) for name in facts} == facts
    assert (found.closed_at is not None) is to.is_closed
    decision, approval = rows(Decision)[0], rows(Approval, id=case.approval.id)[0]
    assert (decision.id, decision.verdict, decision.staff_id) == (made.id, verdict, signer_of(case).id)
    assert (approval.status, approval.decided_at) == (ApprovalStatus.DECIDED, decision.at)
    actions = [event.action for event in rows(AuditEvent, case_number=case.number)]
    assert [actions.count(each) for each in ("approval.decided", "decision.signed", "case.moved")] == [1, 1, 1]


@pytest.mark.parametrize("status", [R.RISK_REVIEW, R.ASSIGNMENT, R.CLOSING_LETTER])
def test_plain_approval_pins_the_digest_that_was_shown(status: ReferralStatus) -> None:
    case = make_case_at(status)
    assert case.approval is not None
    made = sign(case, reason=TherapyText(""))
    assert made.digest == made.signed_digest == case.approval.digest


def test_edited_approval_pins_the_digest_of_what_was_signed() -> None:
    case = make_case_at(R.RISK_REVIEW)
    made = sign(case, V.EDIT_AND_APPROVE, edited={"level": "high", "safety_note": "safe today"})
    words = therapy_store.decision_words(made.id, actor="test", where="test")
    signed = words.signed_content.unwrap()
    assert json.loads(signed) == review_words("high", safety_note="safe today")
    assert made.signed_digest == sign_off.digest(signed) != made.digest
    assert case_now(case).risk_level is RiskLevel.HIGH


def test_edits_count_only_when_they_are_what_is_approved() -> None:
    case = make_case_at(R.RISK_REVIEW)
    made = sign(case, V.APPROVE, edited={"level": "low"})
    assert made.signed_digest == made.digest
    assert case_now(case).risk_level is RiskLevel.MODERATE


def test_the_reason_is_kept_in_the_therapy_database_alone() -> None:
    case = make_case_at(R.RISK_REVIEW)
    made = sign(case, V.REJECT, reason=TherapyText("needs more than we have"))
    words = therapy_store.decision_words(made.id, actor="test", where="test")
    assert words.reason == TherapyText("needs more than we have")
    assert not any("needs more" in str(event.details) for event in rows(AuditEvent))


def test_wrong_digest_is_a_mismatch_and_leaves_the_code_unused() -> None:
    case = make_case_at(R.RISK_REVIEW)
    with pytest.raises(SignatureMismatch):
        sign(case, seen_digest="0" * 64)
    assert last_step(case.clinician) == 0
    assert (case_now(case).status, rows(Decision)) == (R.RISK_REVIEW, [])


def test_changed_content_is_a_mismatch_even_with_the_pinned_digest() -> None:
    case = make_case_at(R.RISK_REVIEW)
    assert case.approval is not None
    with therapy_store.writing() as db:
        kept = db.get_one(therapy_store.SignOffContent, case.approval.id)
        kept.content = TherapyText(spelled(review_words("low")))
        db.add(kept)
    with pytest.raises(SignatureMismatch):
        sign(case)
    assert last_step(case.clinician) == 0


def test_decided_once_is_decided() -> None:
    case = make_case_at(R.RISK_REVIEW)
    sign(case)
    with pytest.raises(MovedOn):
        sign(case, V.REJECT)
    assert len(rows(Decision)) == 1
    assert last_step(case.clinician) == 0


@pytest.mark.parametrize("verdict", [V.EDIT_AND_APPROVE, V.RETURN, V.REJECT])
@pytest.mark.parametrize("reason", ["", " \n"])
def test_missing_reason_is_named_and_leaves_the_code_unused(verdict: Verdict, reason: str) -> None:
    case = make_case_at(R.RISK_REVIEW)
    with pytest.raises(ValueError, match="a reason is needed"):
        sign(case, verdict, reason=TherapyText(reason), edited={"level": "low"})
    assert (last_step(case.clinician), rows(Decision)) == (0, [])


@pytest.mark.parametrize(
    ("status", "content", "verdict", "edited", "said"),
    [
        (R.RISK_REVIEW, review_words(), V.EDIT_AND_APPROVE, {"flags": []}, "flags cannot be edited"),
        (R.RISK_REVIEW, review_words(), V.EDIT_AND_APPROVE, {"level": "awful"}, "level must be"),
        (R.CLOSING_LETTER, letter_words(), V.EDIT_AND_APPROVE, {"letter": " "}, "letter must not be empty"),
        (R.ASSIGNMENT, assignment_words(None), V.APPROVE, None, "choose a clinician"),
        (R.ASSIGNMENT, assignment_words(None), V.EDIT_AND_APPROVE, {"clinician_id": "ST-none"}, "clinician_id must be"),
    ],
)
def test_content_that_cannot_be_signed_is_named_and_leaves_the_code_unused(
    status: ReferralStatus, content: dict[str, Any], verdict: Verdict, edited: dict[str, Any] | None, said: str
) -> None:
    case = make_case_at(status, content=content)
    with pytest.raises(ValueError, match=said):
        sign(case, verdict, edited=edited)
    assert (last_step(signer_of(case)), case_now(case).status) == (0, status)


def test_assignment_to_a_clinician_who_has_left_is_refused() -> None:
    case = make_case_at(R.ASSIGNMENT)
    gone = make_signer(location=case.location, active=False)
    with pytest.raises(ValueError, match="clinician_id must be"):
        sign(case, V.EDIT_AND_APPROVE, edited={"clinician_id": gone.id})


def test_assignment_to_another_clinician_is_the_coordinators_to_sign() -> None:
    case = make_case_at(R.ASSIGNMENT)
    other = make_signer(location=case.location)
    sign(case, V.EDIT_AND_APPROVE, edited={"clinician_id": other.id})
    assert (case_now(case).clinician_id, case_now(case).status) == (other.id, R.READY_TO_OFFER)


def test_person_whom_the_rule_refuses_signs_nothing_and_keeps_their_code() -> None:
    case = make_case_at(R.RISK_REVIEW)
    for person in (
        case.coordinator,
        make_signer(location=make_location()),
        make_signer(location=case.location, states=()),
    ):
        with pytest.raises(NotAllowed):
            sign(case, staff_id=person.id)
        assert last_step(person) == 0
    assert (case_now(case).status, rows(Decision)) == (R.RISK_REVIEW, [])


def test_wrong_code_signs_nothing() -> None:
    case = make_case_at(R.RISK_REVIEW)
    with pytest.raises(NotAllowed):
        sign(case, code="12345x")
    assert (case_now(case).status, rows(Decision)) == (R.RISK_REVIEW, [])
    assert rows(Approval)[0].status is ApprovalStatus.OPEN


def test_case_that_was_stopped_while_a_person_signed_stays_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    case = make_case_at(R.RISK_REVIEW)
    proving = decisions.prove

    def stopped_meanwhile(*given: Any, **named: Any) -> Staff:
        with writing() as db:
            move_case(db, db.get_one(Referral, case.number), R.CLOSED_WITHDRAWN, actor="test")
        return proving(*given, **named)

    monkeypatch.setattr(decisions, "prove", stopped_meanwhile)
    with pytest.raises(MovedOn):
        sign(case)
    assert (case_now(case).status, case_now(case).risk_cleared, rows(Decision)) == (R.CLOSED_WITHDRAWN, False, [])


def both_at_once(monkeypatch: pytest.MonkeyPatch, case: MadeCase, verdicts: list[Verdict]) -> list[str]:
    """Two clinicians sign at the same moment, both after everything that can be refused was checked."""
    signers = [case.clinician, make_signer(location=case.location)]
    proving, both_proven = decisions.prove, Barrier(2)

    def proven_together(*given: Any, **named: Any) -> Staff:
        staff = proving(*given, **named)
        both_proven.wait(20)
        return staff

    monkeypatch.setattr(decisions, "prove", proven_together)
    codes = [fresh_code(person.id) for person in signers]

    def one_signs(at: int) -> str:
        try:
            return sign(case, verdicts[at], staff_id=signers[at].id, code=codes[at]).id
        except MovedOn:
            return "moved on"

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one_signs, range(2)))


@pytest.mark.parametrize("other", [V.APPROVE, V.RETURN, V.REJECT])
def test_two_clinicians_at_once_make_one_decision(monkeypatch: pytest.MonkeyPatch, other: Verdict) -> None:
    case = make_case_at(R.RISK_REVIEW)
    outcomes = both_at_once(monkeypatch, case, [V.APPROVE, other])
    assert outcomes.count("moved on") == 1
    [decision] = rows(Decision)
    assert decision.id in outcomes
    expected = {V.APPROVE: R.READY_TO_MATCH, V.RETURN: R.QUESTION_OPEN, V.REJECT: R.CLOSING_LETTER}
    assert case_now(case).status is expected[decision.verdict]


def test_flags_stay_open_when_the_approval_that_would_clear_them_comes_too_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = make_case_at(R.RISK_REVIEW)
    flag_ids = raised(case, "one")
    save = decisions._save

    def overtaken(db: Any, decision: Decision, *rest: Any) -> None:
        raise MovedOn("another decision came first")

    monkeypatch.setattr(decisions, "_save", overtaken)
    with pytest.raises(MovedOn):
        sign(case)
    assert open_flags(case) == set(flag_ids)
    monkeypatch.setattr(decisions, "_save", save)


@pytest.mark.parametrize(
    ("verdict", "disposition", "still_open"),
    [
        (V.APPROVE, "continue_intake", {"late"}),
        (V.APPROVE, "decline", {"listed", "late"}),
        (V.APPROVE, "higher_level_of_care", {"listed", "late"}),
        (V.REJECT, "continue_intake", {"listed", "late"}),
        (V.RETURN, "continue_intake", {"listed", "late"}),
    ],
)
def test_only_a_clearing_signature_closes_flags_and_only_those_it_listed(
    verdict: Verdict, disposition: str, still_open: set[str]
) -> None:
    shown = {"id": "FL-listed", "level": "moderate", "raised_by": "item"}
    case = make_case_at(R.RISK_REVIEW, content=review_words(disposition=disposition, flags=[shown]))
    flags = [
        therapy_store.RiskFlag(
            id=f"FL-{name}",
            case_number=case.number,
            unique_key=name,
            kind="self_harm",
            status="present",
            level="moderate",
            raised_by="item",
            rule_id="test",
            why="test",
            version="1",
        )
        for name in ("listed", "late")
    ]
    therapy_store.raise_flags(case.number, flags)
    sign(case, verdict)
    assert open_flags(case) == {f"FL-{name}" for name in still_open}


def test_signed_letter_is_queued_once_with_its_approval() -> None:
    case = make_case_at(R.CLOSING_LETTER)
    assert case.approval is not None
    sign(case)
    [message] = rows(OutboxMessage)
    assert (message.template, message.approval_id, message.to_patient_id, message.status) == (
        "closing_letter",
        case.approval.id,
        case.patient.id,
        MessageStatus.QUEUED,
    )
    assert message.facts == {}


def test_signed_letter_to_a_patient_without_an_address_becomes_a_to_do() -> None:
    case = make_case_at(R.CLOSING_LETTER, patient=make_patient(email=None))
    sign(case)
    assert rows(OutboxMessage) == []
    [to_do] = rows(ToDo)
    assert (to_do.kind, to_do.status) == (ToDoKind.WARM_HANDOFF, ToDoStatus.OPEN)


@pytest.mark.parametrize("verdict", [V.RETURN, V.REJECT])
def test_letter_that_was_not_signed_does_not_leave(verdict: Verdict) -> None:
    case = make_case_at(R.CLOSING_LETTER)
    sign(case, verdict)
    assert rows(OutboxMessage) == []


@pytest.mark.parametrize("status", [R.RISK_REVIEW, R.ASSIGNMENT, R.CLOSING_LETTER])
def test_return_opens_a_to_do_with_the_question(status: ReferralStatus) -> None:
    case = make_case_at(status)
    sign(case, V.RETURN, reason=TherapyText("since when?"))
    [to_do] = rows(ToDo)
    assert (to_do.kind, to_do.role, to_do.location_id) == (
        ToDoKind.ANSWER_QUESTION,
        Role.COORDINATOR,
        case.location.id,
    )
    words = therapy_store.to_do_words(to_do.id, actor="test", where="test")
    assert words is not None
    assert (words.question, words.answer) == (TherapyText("since when?"), None)


@pytest.mark.parametrize(
    ("verdict", "disposition", "handed_over"),
    [
        (V.APPROVE, "continue_intake", 0),
        (V.APPROVE, "higher_level_of_care", 1),
        (V.APPROVE, "decline", 1),
        (V.REJECT, "continue_intake", 1),
        (V.RETURN, "continue_intake", 0),
    ],
)
def test_risk_review_that_ends_intake_asks_for_a_warm_handoff(
    verdict: Verdict, disposition: str, handed_over: int
) -> None:
    case = make_case_at(R.RISK_REVIEW, content=review_words(disposition=disposition))
    sign(case, verdict)
    assert len(rows(ToDo, kind=ToDoKind.WARM_HANDOFF)) == handed_over


def test_unknown_sign_off_has_moved_on() -> None:
    case = make_case_at(R.RISK_REVIEW)
    with pytest.raises(MovedOn):
        decide(
            "AP-none",
            staff_id=case.clinician.id,
            verdict=V.APPROVE,
            reason=REASON,
            seen_digest="",
            how=AuthenticatedHow.PREFECT_CODE,
            code="000000",
        )


def test_first_person_to_open_a_sign_off_is_remembered() -> None:
    case = make_case_at(R.RISK_REVIEW)
    assert case.approval is not None
    mark_seen(case.approval.id, case.clinician.id)
    mark_seen(case.approval.id, make_signer(location=case.location).id)
    [approval] = rows(Approval)
    assert (approval.seen_by, approval.seen_at is not None) == (case.clinician.id, True)
    assert len(rows(AuditEvent, action="approval.seen")) == 1


def test_decided_sign_off_is_not_seen_any_more() -> None:
    case = make_case_at(R.RISK_REVIEW)
    assert case.approval is not None
    sign(case)
    mark_seen(case.approval.id, case.clinician.id)
    assert rows(Approval)[0].seen_at is None


def test_reassigned_sign_off_is_unseen_again_and_its_new_owner_is_told() -> None:
    case = make_case_at(R.RISK_REVIEW)
    assert case.approval is not None
    mark_seen(case.approval.id, case.clinician.id)
    other = make_signer(location=case.location)
    reassign(case.approval.id, to_staff_id=other.id, by_staff_id=case.coordinator.id, reason=REASON)
    [approval] = rows(Approval)
    assert (approval.assigned_to, approval.seen_at, approval.seen_by) == (other.id, None, None)
    [message] = rows(OutboxMessage)
    assert (message.to_staff_id, message.facts) == (other.id, {"approval_id": approval.id, "why": "reassigned"})
    [event] = rows(AuditEvent, action="approval.reassigned")
    words = therapy_store.to_do_words(event.details["words"], actor="test", where="test")
    assert words is not None and words.answer == REASON


def test_sign_off_is_not_given_to_somebody_who_may_not_sign_it() -> None:
    case = make_case_at(R.RISK_REVIEW)
    assert case.approval is not None
    for person in (
        case.coordinator,
        make_signer(location=case.location, states=()),
        make_signer(location=case.location, active=False),
    ):
        with pytest.raises(NotAllowed):
            reassign(case.approval.id, to_staff_id=person.id, by_staff_id=case.coordinator.id, reason=REASON)
    assert rows(Approval)[0].assigned_to is None


def test_sign_off_is_not_reassigned_by_somebody_who_steers_nothing_here() -> None:
    case = make_case_at(R.RISK_REVIEW)
    assert case.approval is not None
    elsewhere = make_signer(Role.COORDINATOR, location=make_location())
    for person in (
        make_signer(Role.BILLER, location=case.location),
        make_signer(Role.COORDINATOR, location=case.location, active=False),
        elsewhere,
    ):
        with pytest.raises(NotAllowed):
            reassign(case.approval.id, to_staff_id=case.clinician.id, by_staff_id=person.id, reason=REASON)


def test_decided_sign_off_is_not_reassigned() -> None:
    case = make_case_at(R.RISK_REVIEW)
    assert case.approval is not None
    sign(case)
    with pytest.raises(NotAllowed, match="no longer open"):
        reassign(
            case.approval.id,
            to_staff_id=make_signer(location=case.location).id,
            by_staff_id=case.coordinator.id,
            reason=REASON,
        )


@pytest.mark.parametrize(
    ("level", "hours", "due"),
    [
        (RiskLevel.HIGH, 1, 1),
        (RiskLevel.MODERATE, 2, 2),
        (RiskLevel.MODERATE, 48, 24),
        (RiskLevel.LOW, 1, 24),
    ],
)
def test_question_about_a_risk_is_due_no_later_than_the_review(level: RiskLevel, hours: int, due: int) -> None:
    case = make_case_at(R.RISK_REVIEW, level=level, content=review_words(level=level.value))
    assert case.approval is not None
    start = case.approval.opened_at
    with writing() as db:
        approval = db.get_one(Approval, case.approval.id)
        approval.due_at = start + timedelta(hours=hours)
        db.add(approval)
    sign(case, V.RETURN)
    [to_do] = rows(ToDo, kind=ToDoKind.ANSWER_QUESTION)
    assert timedelta(0) <= to_do.due_at - start - timedelta(hours=due) < timedelta(minutes=5)


def test_to_do_of_a_decision_keeps_the_practices_own_clock() -> None:
    case = make_case_at(R.RISK_REVIEW, level=RiskLevel.LOW, content=review_words(level="low"))
    with writing() as db:
        db.add(PracticeSetting(name="clocks", value='{"to_do_hours": 5}'))
    sign(case, V.RETURN)
    [to_do] = rows(ToDo, kind=ToDoKind.ANSWER_QUESTION)
    assert abs(to_do.due_at - to_do.opened_at - timedelta(hours=5)) < timedelta(minutes=1)


@pytest.mark.parametrize("act", ["decide", "mark_seen", "reassign"])
def test_case_is_locked_before_its_sign_off(monkeypatch: pytest.MonkeyPatch, act: str) -> None:
    """The order of every move of a case, lest two transactions wait for each other."""
    case = make_case_at(R.RISK_REVIEW)
    colleague = make_signer(location=case.location)
    locked: list[type] = []
    really = Session.get_one

    def noted(self: Session, record: Any, key: Any, **options: Any) -> Any:
        if options.get("with_for_update"):
            locked.append(record)
        return really(self, record, key, **options)

    monkeypatch.setattr(Session, "get_one", noted)
    assert case.approval is not None
    if act == "decide":
        sign(case)
    elif act == "mark_seen":
        mark_seen(case.approval.id, case.clinician.id)
    else:
        reassign(case.approval.id, to_staff_id=colleague.id, by_staff_id=case.clinician.id, reason=REASON)
    assert locked == [Referral, Approval]
