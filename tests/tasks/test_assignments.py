"""Assignments at the level live: one goes on with nobody's signature, every exception is signed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from acts import cases as steer
from adapters import case_views, therapy_store
from adapters.operational_store import reading, writing
from models.codes import (
    ApprovalKind,
    ApprovalStatus,
    AuthenticatedHow,
    ReferralStatus,
    RiskLevel,
    Role,
    ToDoKind,
    Verdict,
)
from models.columns import new_id, utc_now
from models.errors import MovedOn, StaleLease
from models.governance_codes import Level, Workflow
from models.operational import (
    Approval,
    AuditEvent,
    Clinician,
    Decision,
    EligibilityCheck,
    MatchCandidate,
    Offer,
    PanelMembership,
    Patient,
    PracticeSetting,
    Referral,
    ToDo,
    UnsignedAssignment,
)
from models.therapy_text import TherapyText
from rules.assignment_sign_off import BY_ITSELF, Why
from rules.scheduling import WEEKDAYS
from rules.sign_off import canonical, digest
from tasks import assignments, cases, matching, sign_offs
from tests.factories import MadeCase, make_case_at, make_patient, make_session, make_signer
from tests.tasks.test_held_batches import set_to

pytestmark = pytest.mark.usefixtures("home")

R = ReferralStatus
LET_GO = assignments.let_go.fn
YEARS_17 = timedelta(days=17 * 365)
ANY_TIME = [f"{day}-{part}" for day in WEEKDAYS for part in ("am", "pm", "eve")]


@pytest.fixture(autouse=True)
def no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The step itself, without a run that records it."""
    monkeypatch.setattr(assignments, "let_go", LET_GO)


def signed_here(case: MadeCase, *verdicts: Verdict) -> None:
    """So many assignments that somebody signed at this location before, the newest last."""
    with writing() as db:
        for number, verdict in enumerate(verdicts):
            at = utc_now() - timedelta(days=30) + timedelta(hours=number)
            approval = Approval(
                id=new_id("AP"),
                case_number=f"RF-8{number:05d}",
                kind=ApprovalKind.ASSIGNMENT,
                digest="d",
                why="assignment",
                role=Role.COORDINATOR,
                location_id=case.referral.location_id,
                status=ApprovalStatus.DECIDED,
                opened_at=at,
                due_at=at,
                decided_at=at,
            )
            db.add(approval)
            db.flush()
            db.add(
                Decision(
                    id=new_id("DC"),
                    approval_id=approval.id,
                    case_number=approval.case_number,
                    staff_id=case.coordinator.id,
                    authenticated=AuthenticatedHow.DESK_PASSWORD_AND_CODE,
                    verdict=verdict,
                    digest="d",
                    signed_digest="d",
                    at=at,
                )
            )


def at_live(proven: bool = True, person: dict[str, Any] | None = None, **given: Any) -> MadeCase:
    """A cleared case with two clinicians who fit, the first by far, where referrals run live and are proven."""
    made = make_case_at(
        R.READY_TO_MATCH,
        **{
            "patient": make_patient(**{"self_pay": True, **(person or {})}),
            "level": None,
            "risk_cleared": True,
            "to_do": False,
            "preferred_times": ANY_TIME,
            **given,
        },
    )
    make_signer(location=made.location)  # fits too, and has no free time at all
    set_to(Workflow.REFERRAL, made.referral.location_id, Level.LIVE)
    if proven:
        signed_here(made, *[Verdict.APPROVE] * 20)
    return made


def walked(case: MadeCase) -> bool:
    """Match the case, then come to its assignment; says whether it went on by itself."""
    matching.propose.fn(cases.take(case.number))
    return assignments.goes_by_itself(cases.take(case.number))


def now(case: MadeCase) -> Referral:
    with reading() as db:
        return db.get_one(Referral, case.number)


def unsigned() -> list[UnsignedAssignment]:
    with reading() as db:
        return list(db.exec(select(UnsignedAssignment)).all())


def events(action: str) -> list[AuditEvent]:
    with reading() as db:
        return list(db.exec(select(AuditEvent).where(AuditEvent.action == action)).all())


def change(record: type, key: str, **values: Any) -> None:
    with writing() as db:
        kept = db.get_one(record, key)
        for name, value in values.items():
            setattr(kept, name, value)
        db.add(kept)


def test_clear_assignment_goes_on_with_nobodys_signature_and_the_audit_names_the_rule() -> None:
    case = at_live()
    matching.propose.fn(cases.take(case.number))
    content = matching.assignment_content(case.number)
    assert assignments.goes_by_itself(cases.take(case.number))
    assert (now(case).status, now(case).clinician_id) == (R.READY_TO_OFFER, case.clinician.id)
    [kept] = unsigned()
    assert (kept.clinician_id, kept.rule, kept.digest) == (case.clinician.id, BY_ITSELF, digest(canonical(content)))
    [told] = events("assignment.unsigned")
    assert told.actor == "system" and told.details["rule"] == BY_ITSELF
    assert {name: told.details[name] for name in ("as_proposed", "signed", "fitting")} == {
        "as_proposed": 20, "signed": 20, "fitting": 2,
    }  # fmt: skip
    assert told.details["lead"] >= told.details["lead_at_least"]
    with reading() as db:
        assert db.exec(select(Approval).where(Approval.case_number == case.number)).all() == []
    assert matching.offer.fn(cases.take(case.number)) > 0
    assert now(case).status is R.OFFERED


@pytest.mark.parametrize("level", [Level.OFF, Level.SHADOW, Level.ASSISTED])
def test_at_every_other_level_it_is_signed_without_a_step(level: Level) -> None:
    case = at_live()
    matching.propose.fn(cases.take(case.number))
    set_to(Workflow.REFERRAL, case.referral.location_id, level)
    assert not assignments.goes_by_itself(cases.take(case.number))
    assert (now(case).status, unsigned(), events("assignment.to_sign")) == (R.ASSIGNMENT, [], [])


def flag(case: MadeCase, reviewed: bool = False) -> None:
    record = therapy_store.RiskFlag(
        id="RF1",
        case_number=case.number,
        unique_key="k",
        kind="classifier_off",
        status="current",
        level="low",
        raised_by="rule",
        rule_id="r",
        why="w",
        version="1",
    )
    therapy_store.raise_flags(case.number, [record], [])
    if reviewed:
        [kept] = therapy_store.flags(case.number, actor="system", where="open risk review")
        therapy_store.mark_reviewed(case.number, [kept.id], "AP-1", "ST-1")


def decided(case: MadeCase, verdict: Verdict) -> None:
    """Something of this very case was decided, such as its closing letter."""
    with writing() as db:
        made = db.exec(select(Decision)).first()
        assert made is not None
        made.case_number, made.verdict = case.number, verdict
        db.add(made)


def reviewed_for_risk(case: MadeCase) -> None:
    with writing() as db:
        found = db.exec(select(Approval)).first()
        assert found is not None
        found.case_number, found.kind = case.number, ApprovalKind.RISK_REVIEW
        db.add(found)
        db.add(PracticeSetting(name="assignments", value='{"last": 19}'))


def to_do(case: MadeCase) -> None:
    with writing() as db:
        db.add(
            ToDo(
                id=new_id("TD"),
                unique_key=new_id("K"),
                case_number=case.number,
                kind=ToDoKind.WARM_HANDOFF,
                role=Role.COORDINATOR,
                location_id=case.referral.location_id,
                due_at=utc_now(),
            )
        )


def risk_in_a_session(case: MadeCase) -> None:
    make_session(patient_id=case.referral.patient_id, risk_level=RiskLevel.LOW)


def insured(case: MadeCase, **check: Any) -> None:
    """The first has a panel of the patient's plan; the payer was asked where ``check`` is given."""
    change(Patient, case.referral.patient_id, self_pay=False, payer_code="AETNA", plan_code="PPO")
    with writing() as db:
        for clinician in db.exec(select(Clinician.id)).all():
            db.add(PanelMembership(clinician_id=clinician, payer_code="AETNA", plan_code="*"))
        if check:
            db.add(
                EligibilityCheck(
                    **{
                        "id": "EC1",
                        "unique_key": "k",
                        "case_number": case.number,
                        "patient_id": case.referral.patient_id,
                        "location_id": case.referral.location_id,
                        "clinician_id": case.clinician.id,
                        "payer_code": "AETNA",
                        "service_date": utc_now().date(),
                        "answered_at": utc_now(),
                        "status": "active_mental_health",
                        **check,
                    }
                )
            )


EXCEPTIONS: list[tuple[str, dict[str, Any], Callable[[MadeCase], Any] | None, Why]] = [
    ("the risk gate was not passed", {"risk_cleared": False}, None, Why.RISK_NOT_CLEARED),
    ("a risk level stands", {"level": RiskLevel.LOW}, None, Why.RISK_RAISED),
    ("a flag was raised", {}, flag, Why.RISK_RAISED),
    ("a flag was raised and reviewed", {}, lambda case: flag(case, reviewed=True), Why.RISK_RAISED),
    ("a risk review was held", {}, reviewed_for_risk, Why.RISK_RAISED),
    ("a session of the patient raised a risk", {}, risk_in_a_session, Why.RISK_RAISED),
    (
        "words came that nobody has read",
        {},
        lambda case: therapy_store.add_text(case.number, "referral", TherapyText("More words.")),
        Why.UNREAD,
    ),
    (
        "the patient is a minor",
        {"person": {"birth_date": utc_now().date() - timedelta(days=17 * 365)}},
        None,
        Why.MINOR,
    ),
    ("nobody knows where the patient is", {"person": {"state": None}}, None, Why.PLACE_UNKNOWN),
    ("no payer has answered", {}, insured, Why.COVERAGE_UNKNOWN),
    ("the payer covers something else", {}, lambda case: insured(case, status="carve_out"), Why.COVERAGE_UNKNOWN),
    (
        "the payer's answer is old",
        {},
        lambda case: insured(case, service_date=utc_now().date() - timedelta(days=32)),
        Why.COVERAGE_UNKNOWN,
    ),
    ("the payer has not answered yet", {}, lambda case: insured(case, answered_at=None), Why.COVERAGE_UNKNOWN),
    ("nobody knows the language", {"person": {"language": None}}, None, Why.LANGUAGE_UNKNOWN),
    ("the patient has named no times", {"preferred_times": []}, None, Why.TIMES_UNKNOWN),
    ("none of the times is free", {"slots": 0}, None, Why.TIMES_NOT_MET),
    (
        "the case was matched before",
        {},
        lambda case: change(Referral, case.number, clinician_id=case.clinician.id),
        Why.MATCHED_BEFORE,
    ),
    ("something was rejected", {}, lambda case: decided(case, Verdict.REJECT), Why.NOT_APPROVED_BEFORE),
    ("something was returned", {}, lambda case: decided(case, Verdict.RETURN), Why.NOT_APPROVED_BEFORE),
    ("something was edited", {}, lambda case: decided(case, Verdict.EDIT_AND_APPROVE), Why.NOT_APPROVED_BEFORE),
    ("somebody has to do something", {}, to_do, Why.BY_HAND_BEFORE),
    ("the patient may be on record twice", {"possible_patient_ids": ["PT-1"]}, None, Why.POSSIBLE_DUPLICATE),
]


@pytest.mark.parametrize(("what", "given", "happens", "why"), EXCEPTIONS, ids=[each[0] for each in EXCEPTIONS])
def test_exception_is_signed_and_the_audit_says_why(
    what: str, given: dict[str, Any], happens: Callable[[MadeCase], Any] | None, why: Why
) -> None:
    case = at_live(**given)
    if happens is not None:
        happens(case)
    assert not walked(case)
    assert (now(case).status, unsigned()) == (R.ASSIGNMENT, [])
    [told] = events("assignment.to_sign")
    assert why.value in told.details["reasons"]
    assert sign_offs.open_sign_off.fn(cases.take(case.number), R.ASSIGNMENT)


def test_payer_that_says_so_lately_is_as_good_as_a_patient_who_pays() -> None:
    case = at_live()
    insured(case, service_date=utc_now().date() - timedelta(days=31))
    assert walked(case)


def test_one_who_fits_alone_is_signed() -> None:
    case = at_live()
    with writing() as db:
        for other in db.exec(select(Clinician).where(Clinician.id != case.clinician.id)).all():
            other.accepts_new = False
            db.add(other)
    assert not walked(case)
    assert events("assignment.to_sign")[0].details["reasons"] == [Why.ONE_FITS.value]


def test_close_second_is_signed() -> None:
    case = at_live()
    with writing() as db:
        db.add(PracticeSetting(name="assignments", value='{"lead_at_least": 1.0}'))
    assert not walked(case)
    assert events("assignment.to_sign")[0].details["reasons"] == [Why.CLOSE.value]


def test_whoever_was_put_first_and_does_not_fit_any_more_is_signed() -> None:
    case = at_live()
    matching.propose.fn(cases.take(case.number))
    change(Clinician, case.clinician.id, accepts_new=False)
    assert not assignments.goes_by_itself(cases.take(case.number))
    assert Why.NOT_FITTING.value in events("assignment.to_sign")[0].details["reasons"]


@pytest.mark.parametrize(
    ("verdicts", "goes"),
    [
        ([Verdict.APPROVE] * 19, False),
        ([Verdict.APPROVE] * 20, True),
        ([Verdict.APPROVE] * 19 + [Verdict.EDIT_AND_APPROVE], True),
        ([Verdict.APPROVE] * 18 + [Verdict.EDIT_AND_APPROVE, Verdict.RETURN], False),
        ([Verdict.REJECT] * 5 + [Verdict.APPROVE] * 20, True),  # only the last twenty are asked
    ],
)
def test_location_is_proven_by_its_last_signed_assignments(verdicts: list[Verdict], goes: bool) -> None:
    case = at_live(proven=False)
    signed_here(case, *verdicts)
    assert walked(case) is goes


def test_what_was_signed_at_another_location_proves_nothing_here() -> None:
    elsewhere = at_live()
    case = at_live(proven=False)
    assert elsewhere.referral.location_id != case.referral.location_id
    assert not walked(case)
    assert Why.TOO_FEW_SIGNED.value in events("assignment.to_sign")[0].details["reasons"]


def test_sign_off_that_is_open_is_waited_for() -> None:
    case = at_live(proven=False)
    assert not walked(case)
    sign_offs.open_sign_off.fn(cases.take(case.number), R.ASSIGNMENT)
    signed_here(case, *[Verdict.APPROVE] * 20)
    assert not assignments.goes_by_itself(cases.take(case.number))
    assert not LET_GO(cases.take(case.number))
    assert now(case).status is R.ASSIGNMENT


def test_again_changes_nothing() -> None:
    case = at_live()
    assert walked(case)
    with pytest.raises(MovedOn):
        LET_GO(cases.take(case.number))
    assert len(unsigned()) == 1


def test_overtaken_leg_assigns_nobody() -> None:
    case = at_live()
    matching.propose.fn(cases.take(case.number))
    older = cases.take(case.number)
    cases.take(case.number)
    with pytest.raises(StaleLease):
        assignments.goes_by_itself(older)
    with pytest.raises(StaleLease):
        LET_GO(older)
    assert unsigned() == []


def test_it_is_undone_as_a_signed_one_is_and_the_next_is_signed() -> None:
    case = at_live()
    assert walked(case)
    matching.offer.fn(cases.take(case.number))
    assert case_views.unsigned_assignment(now(case)) is not None
    steer.reroute(
        case.number, to=R.READY_TO_MATCH, staff_id=case.coordinator.id, reason=TherapyText("Somebody else fits better.")
    )
    assert now(case).status is R.READY_TO_MATCH
    with reading() as db:
        assert {each.status.value for each in db.exec(select(Offer)).all()} == {"revoked"}
    assert not walked(case)
    assert Why.MATCHED_BEFORE.value in events("assignment.to_sign")[0].details["reasons"]


def test_unsigned_assignment_that_was_undone_counts_against_the_location() -> None:
    case = at_live()
    assert walked(case)
    steer.reroute(case.number, to=R.READY_TO_MATCH, staff_id=case.coordinator.id, reason=TherapyText("Not this one."))
    matching.propose.fn(cases.take(case.number))
    with reading() as db:
        assert assignments._signed_here(db, case.referral.location_id, 20) == (19, 20)
        assert len(db.exec(select(MatchCandidate.round).distinct()).all()) == 2


def test_record_of_an_unsigned_assignment_is_never_changed() -> None:
    case = at_live()
    assert walked(case)
    with pytest.raises(Exception, match="append-only"):
        change(UnsignedAssignment, unsigned()[0].id, rule="another")
