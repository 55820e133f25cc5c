"""What a clinician finds in a drawn intake: on record for good, and a missed risk is flagged, paged and reviewed."""

from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import select, text

from acts.to_dos import finish
from adapters import therapy_store
from adapters.operational_store import reading, writing
from models.codes import ApprovalKind, ReferralStatus, RiskLevel, Role, ToDoKind, ToDoOutcome
from models.errors import MovedOn, NotAllowed
from models.operational import Approval, AuditEvent, OutboxMessage, Referral, RiskFinding, ToDo
from models.safety_codes import SampleFinding
from models.therapy_text import TherapyText
from rules.triage import FlagKind
from tasks.cases import Case
from tasks.risk import screen
from tests.factories import make_clinician, make_location, make_patient, make_referral, make_signer, make_to_do

pytestmark = pytest.mark.usefixtures("home")

R, O = ReferralStatus, ToDoOutcome  # noqa: E741
PLAN = FlagKind.SUICIDE_PLAN_INTENT_OR_BEHAVIOUR


def drawn(status: ReferralStatus = R.ASSIGNMENT, **given: Any) -> tuple[Referral, ToDo, str]:
    """An unflagged intake that was drawn, and a clinician of its place who is on call."""
    place = make_location()
    case = make_referral(status, location=place, patient=make_patient(), risk_cleared=True, **given)
    therapy_store.add_text(case.case_number, "referral_text", TherapyText("sleeps badly"))
    who = make_clinician(location=place, on_call=True)
    return case, make_to_do(case, ToDoKind.REVIEW_UNFLAGGED, role=Role.CLINICIAN), who.id


def case_now(case: Referral) -> Referral:
    with reading() as db:
        return db.get_one(Referral, case.case_number)


def flags(case: Referral) -> list[therapy_store.RiskFlag]:
    return therapy_store.flags(case.case_number, actor="test", where="test")


@pytest.mark.parametrize(
    ("outcome", "finding"),
    [(O.NOTHING_MISSED, SampleFinding.NO_RISK), (O.CANNOT_SAY, SampleFinding.CANNOT_SAY)],
)
def test_finding_is_kept_and_moves_nothing(outcome: ToDoOutcome, finding: SampleFinding):
    case, to_do, clinician = drawn()
    finish(to_do.id, clinician, outcome)
    with reading() as db:
        [kept] = db.exec(select(RiskFinding)).all()
        [event] = db.exec(select(AuditEvent).where(AuditEvent.action == "risk_sample.answered")).all()
        assert db.exec(select(ToDo.id).where(ToDo.kind == ToDoKind.WARM_HANDOFF)).all() == []
    assert (kept.finding, kept.found_by, kept.case_number) == (finding, clinician, case.case_number)
    assert event.details == {"finding": finding.value}
    assert case_now(case).status is R.ASSIGNMENT and not flags(case)


def test_missed_risk_is_flagged_paged_and_screened_again_at_once():
    case, to_do, clinician = drawn()
    finish(to_do.id, clinician, O.RISK_MISSED, missed=[PLAN, FlagKind.SELF_HARM])
    found = {(each.kind, each.level, each.raised_by) for each in flags(case)}
    assert found == {(PLAN.value, "high", "clinician"), ("self_harm", "moderate", "clinician")}
    now = case_now(case)
    assert (now.status, now.risk_cleared, now.risk_level) == (R.READY_TO_SCREEN, False, RiskLevel.HIGH)
    assert now.wake_wanted
    with reading() as db:
        handoff = db.exec(select(ToDo).where(ToDo.kind == ToDoKind.WARM_HANDOFF)).one()
        pages = db.exec(select(OutboxMessage).where(OutboxMessage.to_staff_id == clinician)).all()
    assert handoff.role is Role.CLINICIAN
    assert [(page.template, page.urgent) for page in pages] == [("page_risk_review", True)]


def test_screening_after_a_missed_risk_opens_its_review():
    case, to_do, clinician = drawn()
    finish(to_do.id, clinician, O.RISK_MISSED, missed=[PLAN])
    level = screen.fn(Case(case.case_number, case_now(case).fence))
    assert level == "high" and case_now(case).status is R.RISK_REVIEW


def test_screening_that_looked_before_the_flag_was_there_must_look_again():
    case, to_do, clinician = drawn(R.READY_TO_SCREEN)
    version = case_now(case).version
    finish(to_do.id, clinician, O.RISK_MISSED, missed=[PLAN])
    assert case_now(case).version == version + 1


@pytest.mark.parametrize("status", [R.BOOKED, R.CLOSED_ATTENDED, R.CLOSING_LETTER])
def test_booked_or_ended_case_stays_where_it_is_and_a_clinician_is_asked(status: ReferralStatus):
    case, to_do, clinician = drawn(status)
    finish(to_do.id, clinician, O.RISK_MISSED, missed=[PLAN])
    assert case_now(case).status is status and len(flags(case)) == 1
    with reading() as db:
        assert db.exec(select(ToDo.role).where(ToDo.kind == ToDoKind.WARM_HANDOFF)).all() == [Role.CLINICIAN]
        assert db.exec(select(OutboxMessage.id)).all()


def test_open_review_is_replaced_by_one_that_lists_the_missed_risk():
    case, to_do, clinician = drawn(R.RISK_REVIEW)
    from tests.factories import make_approval

    old = make_approval(ApprovalKind.RISK_REVIEW, referral=case)
    finish(to_do.id, clinician, O.RISK_MISSED, missed=[PLAN])
    with reading() as db:
        assert db.get_one(Approval, old.id).status.value == "superseded"
    assert case_now(case).status is R.READY_TO_SCREEN


def test_missed_risk_of_no_kind_is_of_an_unknown_one_and_still_flagged():
    case, to_do, clinician = drawn()
    finish(to_do.id, clinician, O.RISK_MISSED)
    assert [(each.kind, each.level) for each in flags(case)] == [("unknown_signal", "moderate")]


def test_second_answer_is_refused_and_changes_nothing():
    case, to_do, clinician = drawn()
    finish(to_do.id, clinician, O.NOTHING_MISSED)
    with pytest.raises(MovedOn):
        finish(to_do.id, clinician, O.RISK_MISSED, missed=[PLAN])
    assert not flags(case)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.COORDINATOR])
def test_nobody_but_a_clinician_finds(role: Role):
    case, to_do, _ = drawn()
    with reading() as db:
        place = db.get_one(ToDo, to_do.id).location_id
    other = make_signer(role, location=make_location())
    with writing() as db:
        other.location_ids = [place]
        db.add(other)
    with pytest.raises(NotAllowed, match="clinician"):
        finish(to_do.id, other.id, O.NOTHING_MISSED)
    with reading() as db:
        assert db.exec(select(RiskFinding)).all() == []
    assert not flags(case)


def test_database_itself_refuses_a_change_of_a_finding():
    _, to_do, clinician = drawn()
    finish(to_do.id, clinician, O.NOTHING_MISSED)
    with pytest.raises(DBAPIError, match="append-only"), writing() as db:
        db.exec(text("UPDATE risk_finding SET finding = 'risk_missed'"))  # type: ignore[call-overload]
