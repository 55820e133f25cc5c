"""The flow of a referral on a real Prefect server: every exit, every door of the gate."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from prefect.states import Scheduled
from sqlmodel import select

from acts import cases, patient, to_dos
from adapters import operational_store as store
from adapters import prefect_runs
from adapters.outbox import send_due
from adapters.prefect_client import patient_client
from models.codes import (
    ApprovalKind,
    ApprovalStatus,
    AuthenticatedHow,
    ExitKind,
    LinkPurpose,
    Modality,
    Role,
    ToDoOutcome,
    Verdict,
)
from models.codes import ReferralStatus as R
from models.columns import utc_now
from models.governance_codes import Level, Workflow
from models.measures import Measure
from models.operational import (
    Appointment,
    Approval,
    AuditEvent,
    Decision,
    OutboxMessage,
    PracticeSetting,
    Referral,
    UnsignedAssignment,
    WorkflowStanding,
)
from models.therapy_text import TherapyText
from tests.flows.conftest import working
from tests.flows.people import (
    code_of,
    coordinator_of,
    drop,
    open_approval,
    open_to_do,
    patients_link,
    referral_row,
    sign,
    until,
    until_status,
)

RISK = {"phq9_9": "2"}
NO_FORMS = {f"phq9_{n}": "" for n in range(1, 10)} | {f"gad7_{n}": "" for n in range(1, 8)}


async def run_of(case: Referral) -> prefect_runs.Run:
    assert case.run_id is not None
    run = await prefect_runs.read_run(UUID(case.run_id))
    assert run is not None
    return run


async def until_run(case: Referral, name: str, state: str) -> None:
    for _ in range(300):
        run = await run_of(case)
        if run.name == name and run.state_name == state:
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"{run.name} is {run.state_name}")


async def ended(external_id: str, status: R) -> Referral:
    case = await until_status(external_id, status)
    await until_run(case, f"{case.case_number} · {status.label}", "Completed")
    return case


async def test_case_waits_at_the_risk_review_under_its_number_and_wait(pool: str) -> None:
    async with working(pool):
        drop(referral_row("A-1", **RISK))
        case = await until_status("A-1", R.RISK_REVIEW)
        await until_run(case, f"{case.case_number} · risk review", "Suspended")
    approval = open_approval(case.case_number)
    assert approval is not None and approval.level == "high"
    with store.reading() as db:
        paged = db.exec(select(OutboxMessage).where(OutboxMessage.template == "page_risk_review")).all()
    assert {message.case_number for message in paged} == {case.case_number}


async def test_resume_in_prefect_without_a_valid_code_changes_nothing(pool: str) -> None:
    async with working(pool):
        drop(referral_row("B-1", **RISK))
        case = await until_status("B-1", R.RISK_REVIEW)
        await until_run(case, f"{case.case_number} · risk review", "Suspended")
        approval = open_approval(case.case_number)
        assert approval is not None and approval.assigned_to is not None
        answers: list[dict[str, Any]] = [
            {},
            {"staff_id": approval.assigned_to, "one_time_code": "000000", "verdict": "approve"},
            {"staff_id": "ST-nobody", "one_time_code": code_of(approval.assigned_to), "verdict": "approve"},
            {"staff_id": approval.assigned_to, "one_time_code": code_of(approval.assigned_to)},
        ]
        for times, answer in enumerate(answers, start=2):
            await resume(case, answer)
            await until(lambda times=times: attempts(approval.id) == times)
            await until_run(case, f"{case.case_number} · risk review", "Suspended")
    with store.reading() as db:
        assert db.exec(select(Decision)).all() == []
        assert store.one(db, Referral, case.case_number).status == R.RISK_REVIEW


async def test_sign_off_in_prefect_with_a_code_decides_and_leaves_no_code_behind(pool: str) -> None:
    async with working(pool):
        drop(referral_row("C-1", **RISK))
        case = await until_status("C-1", R.RISK_REVIEW)
        await until_run(case, f"{case.case_number} · risk review", "Suspended")
        approval = open_approval(case.case_number)
        assert approval is not None and approval.assigned_to is not None
        code = code_of(approval.assigned_to)
        await resume(case, {"staff_id": approval.assigned_to, "one_time_code": code, "verdict": "approve"})
        await until_status("C-1", R.ASSIGNMENT)
        async with patient_client() as client:
            kept = await client.filter_flow_run_input(
                flow_run_id=UUID(str(case.run_id)), key_prefix="suspended", limit=50, exclude_keys=set()
            )
    assert not [entry.key for entry in kept if entry.key.endswith("-response") and code in str(entry.value)]
    with store.reading() as db:
        decision = db.exec(select(Decision)).one()
    assert decision.authenticated == "prefect_code" and decision.verdict == Verdict.APPROVE


async def test_failed_run_that_is_retried_waits_again_and_goes_on(pool: str) -> None:
    """The trap of a repeated wait key (409) must not catch a case that failed and was retried or restarted."""
    async with working(pool):
        drop(referral_row("D-1", **RISK))
        case = await until_status("D-1", R.RISK_REVIEW)
        name = f"{case.case_number} · risk review"
        await until_run(case, name, "Suspended")
        await resume(case, {})
        await until_run(case, name, "Suspended")
        for _ in range(2):
            async with patient_client() as client:
                await client.set_flow_run_state(UUID(str(case.run_id)), Scheduled(name="AwaitingRetry"), force=True)
            before = attempts(open_approval(case.case_number).id)  # type: ignore[union-attr]
            await until(lambda before=before: attempts(open_approval(case.case_number).id) > before)  # type: ignore[union-attr]
            await until_run(case, name, "Suspended")
        await sign(case.case_number)
        await until_status("D-1", R.ASSIGNMENT)


def first_session_begins(case_number: str) -> None:
    """The time of the booked first session has come."""
    with store.writing() as db:
        appointment = db.exec(select(Appointment).where(Appointment.case_number == case_number)).one()
        appointment.starts_at = utc_now() - timedelta(minutes=1)
        db.add(appointment)


async def test_attended_first_session_closes_the_case(pool: str) -> None:
    async with working(pool):
        drop(referral_row("E-1", **NO_FORMS))
        case = await until_status("E-1", R.QUESTIONNAIRES_REQUESTED)
        token, proof = await patients_link(case, LinkPurpose.QUESTIONNAIRES)
        asked = patient.questions(token, proof)
        assert asked is not None
        forms = {
            Measure.PHQ9: dict.fromkeys(range(1, 11), 0),
            Measure.GAD7: dict.fromkeys(range(1, 8), 0),
            Measure.CSSRS_SCREENER: {1: 0, 2: 0, 6: 0},
        }
        outcome = patient.answer(
            token,
            proof,
            forms,
            TherapyText("I would like some help with planning my week."),
            patient.IntakeChoices(
                preferred_times=(), modality=Modality.EITHER, language="en", needs_accessible=False, consent_ai=True
            ),
        )
        assert outcome.complete
        await until_status("E-1", R.ASSIGNMENT)
        await sign(case.case_number)
        case = await until_status("E-1", R.OFFERED)
        token, proof = await patients_link(case, LinkPurpose.CHOOSE_TIME)
        times = patient.offered_times(token, proof)
        assert 1 <= len(times) <= 3
        patient.choose(token, proof, times[0].offer_id)
        case = await until_status("E-1", R.BOOKED)
        await until_run(case, f"{case.case_number} · first session", "Suspended")
        first_session_begins(case.case_number)
        cases.record_outcome(case.case_number, staff_id=coordinator_of("LOC-1"), outcome=ToDoOutcome.ATTENDED)
        case = await ended("E-1", R.CLOSED_ATTENDED)
    assert case.first_session_at is not None and case.closed_at is not None


async def test_rejected_risk_review_ends_declined_with_the_signed_letter_sent(pool: str) -> None:
    async with working(pool):
        drop(referral_row("F-1", **RISK))
        case = await until_status("F-1", R.RISK_REVIEW)
        await sign(case.case_number, Verdict.REJECT)
        await until_status("F-1", R.CLOSING_LETTER)
        await sign(case.case_number, Verdict.EDIT_AND_APPROVE, letter="We are sorry that we cannot help here.")
        await ended("F-1", R.CLOSED_DECLINED)
        send_due(utc_now())
    with store.reading() as db:
        letter = db.exec(select(OutboxMessage).where(OutboxMessage.template == "closing_letter")).one()
    assert letter.status == "sent"


async def test_higher_level_of_care_ends_with_a_letter_and_a_warm_handoff(pool: str) -> None:
    async with working(pool):
        drop(referral_row("G-1", **RISK))
        case = await until_status("G-1", R.RISK_REVIEW)
        await sign(case.case_number, Verdict.EDIT_AND_APPROVE, disposition="higher_level_of_care", level="high")
        await until_status("G-1", R.CLOSING_LETTER)
        await sign(case.case_number)
        await ended("G-1", R.CLOSED_HIGHER_LEVEL_OF_CARE)
    handoff = open_to_do(case.case_number)
    assert handoff is not None and handoff.kind == "warm_handoff"


async def test_unreachable_patient_ends_with_a_signed_letter(pool: str) -> None:
    async with working(pool):
        drop(referral_row("H-1", **NO_FORMS, preferred_channel="phone", email=""))
        case = await until_status("H-1", R.CONTACT_PATIENT)
        call = await until(lambda: open_to_do(case.case_number))
        to_dos.finish(call.id, coordinator_of("LOC-1"), ToDoOutcome.UNREACHABLE)
        await until_status("H-1", R.CLOSING_LETTER)
        await sign(case.case_number)
        await ended("H-1", R.CLOSED_UNREACHABLE)


async def test_returned_review_comes_back_after_its_question_is_answered(pool: str) -> None:
    async with working(pool):
        drop(referral_row("I-1", **RISK))
        case = await until_status("I-1", R.RISK_REVIEW)
        first = await until(lambda: open_approval(case.case_number))
        await sign(case.case_number, Verdict.RETURN)
        await until_status("I-1", R.QUESTION_OPEN)
        question = await until(lambda: open_to_do(case.case_number))
        to_dos.finish(
            question.id, coordinator_of("LOC-1"), ToDoOutcome.ANSWERED, TherapyText("The patient has a safety plan.")
        )
        await until_status("I-1", R.RISK_REVIEW)
        again = await until(lambda: open_approval(case.case_number))
        assert first is not None and again.id != first.id
        await sign(case.case_number)
        await until_status("I-1", R.ASSIGNMENT)


async def test_withdrawn_and_duplicate_cases_close(pool: str) -> None:
    async with working(pool):
        drop(referral_row("J-1"), referral_row("J-2", phone="+1 503 555 0199", email=""))
        case = await until_status("J-1", R.ASSIGNMENT)
        await until_run(case, f"{case.case_number} · assignment", "Suspended")
        drop(referral_row("J-3", family_name="Sample J-1", email="other@example.org", phone=""))
        twin = await until_status("J-3", R.POSSIBLE_DUPLICATE)
        check = await until(lambda: open_to_do(twin.case_number))
        to_dos.finish(check.id, coordinator_of("LOC-1"), ToDoOutcome.SAME_PERSON)
        await ended("J-3", R.CLOSED_DUPLICATE)
        cases.stop(case.case_number, staff_id=coordinator_of("LOC-1"), reason=TherapyText("moved away"), exit_kind=None)
        await ended("J-1", R.CLOSED_WITHDRAWN)
    with store.reading() as db:
        left = db.exec(select(Approval).where(Approval.case_number == case.case_number)).all()
    assert [approval.status for approval in left] == [ApprovalStatus.SUPERSEDED]


async def test_two_patients_cannot_both_have_one_time(pool: str) -> None:
    async with working(pool):
        drop(referral_row("K-1"), referral_row("K-2", phone="+1 503 555 0198"))
        booked = []
        for name in ("K-1", "K-2"):
            case = await until_status(name, R.ASSIGNMENT)
            await until(lambda case=case: open_approval(case.case_number))
            await sign(case.case_number, Verdict.EDIT_AND_APPROVE, clinician_id="ST-101")
            booked.append(await until_status(name, R.OFFERED))
        links = [await patients_link(case, LinkPurpose.CHOOSE_TIME) for case in booked]
        times = [patient.offered_times(*link) for link in links]
        assert times[0][0].starts_at == times[1][0].starts_at
        patient.choose(*links[0], times[0][0].offer_id)
        with pytest.raises(patient.TimeTaken):
            patient.choose(*links[1], times[1][0].offer_id)
        await until_status("K-1", R.BOOKED)
    with store.reading() as db:
        assert len(db.exec(select(Appointment)).all()) == 1


async def test_stop_with_an_exit_goes_through_a_signature(pool: str) -> None:
    async with working(pool):
        drop(referral_row("L-1"))
        case = await until_status("L-1", R.ASSIGNMENT)
        cases.stop(
            case.case_number,
            staff_id=coordinator_of("LOC-1"),
            reason=TherapyText("outside what we offer"),
            exit_kind=ExitKind.DECLINED,
        )
        await until_status("L-1", R.CLOSING_LETTER)
        await sign(case.case_number)
        await ended("L-1", R.CLOSED_DECLINED)
    with store.reading() as db:
        moves = db.exec(
            select(AuditEvent).where(AuditEvent.case_number == case.case_number, AuditEvent.action == "case.moved")
        ).all()
    assert [move.details["new"] for move in moves][-2:] == ["closing_letter", "closed_declined"]


def attempts(approval_id: str) -> int:
    with store.reading() as db:
        return store.one(db, Approval, approval_id).attempt


async def resume(case: Referral, answer: dict[str, Any]) -> None:
    async with patient_client() as client:
        await client.resume_flow_run(UUID(str(case.run_id)), run_input=answer)


def proven_and_live(place: str) -> None:
    """Referrals run live at a location whose last twenty assignments were approved as proposed."""
    signer = coordinator_of(place)
    with store.writing() as db:
        live = {"level": Level.LIVE, "runs_as": Level.LIVE}
        db.merge(WorkflowStanding(workflow=Workflow.REFERRAL, location_id=place, **live))
        for number in range(20):
            at = utc_now() - timedelta(days=number + 1)
            approval = Approval(
                id=f"AP-BEFORE-{number}",
                case_number=f"RF-80{number:04d}",
                kind=ApprovalKind.ASSIGNMENT,
                digest="d",
                why="assignment",
                role=Role.COORDINATOR,
                location_id=place,
                status=ApprovalStatus.DECIDED,
                opened_at=at,
                due_at=at,
            )
            db.add(approval)
            db.flush()
            db.add(
                Decision(
                    id=f"DC-BEFORE-{number}",
                    approval_id=approval.id,
                    case_number=approval.case_number,
                    staff_id=signer,
                    authenticated=AuthenticatedHow.DESK_PASSWORD_AND_CODE,
                    verdict=Verdict.APPROVE,
                    digest="d",
                    signed_digest="d",
                    at=at,
                )
            )
        db.add(PracticeSetting(name="assignments", value='{"lead_at_least": 0.01}'))


ANY_TIME = ";".join(f"{day}-{part}" for day in ("mon", "tue", "wed", "thu", "fri") for part in ("am", "pm", "eve"))


async def test_clear_assignment_at_live_goes_from_referral_to_offer_with_nobodys_signature(pool: str) -> None:
    proven_and_live("LOC-1")
    clear = {"preferred_times": ANY_TIME, "self_pay": "yes", "payer_code": "", "plan_code": "", "member_id": ""}
    other = {"given_name": "Sasha", "birth_date": "1971-08-02", "phone": "+1 503 555 0199"}
    async with working(pool):
        drop(referral_row("L-1", **clear), referral_row("L-2", **clear | RISK | other))
        case = await until_status("L-1", R.OFFERED)
        risky = await until_status("L-2", R.RISK_REVIEW)
        await sign(risky.case_number)
        risky = await until_status("L-2", R.ASSIGNMENT)
        await until(lambda: open_approval(risky.case_number))
    assert case.clinician_id is not None
    with store.reading() as db:
        [unsigned] = db.exec(select(UnsignedAssignment)).all()
        assert unsigned.case_number == case.case_number
        assert db.exec(select(Approval).where(Approval.case_number == case.case_number)).all() == []
        offered = db.exec(select(OutboxMessage).where(OutboxMessage.case_number == case.case_number)).all()
        [told] = db.exec(select(AuditEvent).where(AuditEvent.action == "assignment.unsigned")).all()
        [asked] = db.exec(select(AuditEvent).where(AuditEvent.action == "assignment.to_sign")).all()
    assert [each.template for each in offered] == ["times_offered"]
    assert (told.case_number, told.details["rule"]) == (case.case_number, "clear_assignment_at_proven_location")
    assert asked.case_number == risky.case_number and "risk_raised" in asked.details["reasons"]
