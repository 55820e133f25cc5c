"""The figures of clinical safety against what was put in, and against queries of their own."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import select, text

from acts import safety
from acts.safety import asked_for
from acts.to_dos import finish
from adapters import therapy_store
from adapters.operational_store import reading, writing
from models.codes import ApprovalKind, ReferralStatus, RiskLevel, Role, ToDoKind, ToDoOutcome
from models.columns import utc_now
from models.operational import Approval, Location, SessionNote, ToDo
from rules.flag_review import FlagSource, Truth
from rules.intervals import LEVEL
from rules.triage import FlagKind
from tasks.risk_sample import draw
from tests import factories

pytestmark = pytest.mark.usefixtures("home")

R = ReferralStatus
BY_RULE = {"raised_by": "rule", "rule_id": "plan.have"}
BY_ANSWER = {"raised_by": "item", "rule_id": "phq9-item-9"}
UNREAD = {"raised_by": "rule", "rule_id": "unread-text"}


@pytest.fixture
def place() -> Location:
    return factories.make_location()


def flagged(place: Location, *flags: dict[str, str], at: datetime | None = None) -> tuple[Approval, list[str]]:
    """An intake whose review was opened for these flags, and their ids."""
    raised = at or utc_now() - timedelta(minutes=30)
    case = factories.make_referral(R.RISK_REVIEW, location=place)
    made = [
        therapy_store.RiskFlag(
            id=f"FL-{case.case_number}-{n}", case_number=case.case_number, unique_key=str(n), kind="self_harm",
            status="present", level="high", why="", version="1", at=raised, **facts,
        )
        for n, facts in enumerate(flags)
    ]  # fmt: skip
    therapy_store.raise_flags(case.case_number, made)
    approval = factories.make_approval(
        ApprovalKind.RISK_REVIEW, referral=case, level=RiskLevel.HIGH, opened_at=raised + timedelta(seconds=1)
    )
    return approval, [flag.id for flag in made]


def label(approval: Approval, flag_id: str, confirmed: bool | None) -> None:
    """A signed review of this flag, with what its signer said of it."""
    decision_id = f"DC-{flag_id}"
    said = factories.make_decided_flag(
        approval.case_number, flag_id=flag_id, confirmed=confirmed, decision_id=decision_id
    )
    factories.make_decision(approval, factories.make_staff(role=Role.CLINICIAN), "{}", [said], id=decision_id)


def figures(place: Location) -> safety.Safety:
    return safety.standing(asked_for([place.id], "", None, None, utc_now()), actor="ST-1")


def test_flagged_intakes_count_by_what_is_known_of_them(place: Location):
    for said in (True, False, None):
        approval, [flag_id] = flagged(place, BY_RULE)
        label(approval, flag_id, said)
    flagged(place, BY_ANSWER)
    flagged(place, UNREAD)
    flagged(factories.make_location(), BY_ANSWER)
    found = figures(place)
    assert found.flagged == {Truth.RISK: 2, Truth.NO_RISK: 1, Truth.UNDECIDED: 1, Truth.NOT_DETECTED: 1}


def test_estimate_and_sensitivity_are_those_of_a_query_of_its_own(place: Location):
    clinician = factories.make_clinician(location=place)
    for _ in range(8):
        factories.make_referral(R.ASSIGNMENT, location=place, risk_cleared=True)
    draw(utc_now().date())
    with reading() as db:
        to_dos = db.exec(select(ToDo).where(ToDo.kind == ToDoKind.REVIEW_UNFLAGGED).order_by(ToDo.id)).all()
    for to_do, outcome in zip(to_dos, [ToDoOutcome.RISK_MISSED, *[ToDoOutcome.NOTHING_MISSED] * 3], strict=False):
        finish(to_do.id, clinician.id, outcome, missed=[FlagKind.SELF_HARM] * (outcome == ToDoOutcome.RISK_MISSED))
    flagged(place, BY_ANSWER)
    found = figures(place)
    with reading() as db:
        [(there, drawn, read, missed)] = db.exec(
            text(
                "SELECT count(*), count(c.to_do_id),"
                " sum(CASE WHEN f.finding IN ('no_risk', 'risk_missed') THEN 1 ELSE 0 END),"
                " sum(CASE WHEN f.finding = 'risk_missed' THEN 1 ELSE 0 END)"
                " FROM risk_draw_case c LEFT JOIN risk_finding f ON f.to_do_id = c.to_do_id"
            )  # type: ignore[call-overload]
        ).all()
    assert (there, drawn, read, missed) == (8, 5, 4, 1)
    assert (found.sample.intakes, found.sample.drawn, found.sample.unanswered) == (8, 5, 1)
    assert found.sample.in_all.value == there * missed / read == 2
    assert found.sensitivity.value == pytest.approx(1 / (1 + 2)) and found.sensitivity.flagged_with_risk == 1
    assert LEVEL == 0.95 and found.sensitivity.low < 1 / 3 < found.sensitivity.high
    assert safety.sample_standing(utc_now()).rate == found.sample.rate


def test_flag_is_seen_in_a_review_opened_after_it_and_not_in_one_before(place: Location):
    old, _ = flagged(place, BY_ANSWER, at=utc_now() - timedelta(hours=3))
    with writing() as db:
        approval = db.get_one(Approval, old.id)
        approval.decided_at = utc_now() - timedelta(hours=2)
        db.add(approval)
    later = therapy_store.RiskFlag(
        id="FL-LATER", case_number=old.case_number, unique_key="later", kind="self_harm", status="present",
        level="high", why="", version="1", at=utc_now() - timedelta(minutes=90), **BY_RULE,
    )  # fmt: skip
    therapy_store.raise_flags(old.case_number, [later])
    rows = {row.source: row for row in figures(place).seen}
    assert (rows[FlagSource.PHQ9_ITEM_9].not_yet, rows[FlagSource.PHQ9_ITEM_9].median.value) == (0, 60)
    assert rows[FlagSource.TEXT_RULES].not_yet == 1, "that review was opened before this flag was raised"
    assert rows[FlagSource.TEXT_RULES].late_count == 1, "high: within the hour"
    assert rows[None].flags == 2


def test_flag_of_a_session_is_seen_when_its_note_was_opened(place: Location):
    note, raised = factories.make_session(location=place), utc_now() - timedelta(hours=1)
    with writing() as db:
        session = db.get_one(SessionNote, note.case_number)
        session.risk_seen_at, session.risk_seen_by = raised + timedelta(minutes=45), "ST-1"
        db.add(session)
    flag = therapy_store.RiskFlag(
        id="FL-S", case_number=note.case_number, unique_key="s", kind="self_harm", status="present", level="moderate",
        why="", version="1", at=raised, **BY_RULE,
    )  # fmt: skip
    therapy_store.raise_flags(note.case_number, [flag])
    [total, _] = figures(place).seen
    assert (total.flags, total.not_yet, total.median.value) == (1, 0, 45)


def test_minutes_on_a_sign_off_come_from_its_openings_on_the_desk(place: Location):
    for _ in range(5):
        approval, _ids = flagged(place, BY_ANSWER)
        signer = factories.make_signer(Role.CLINICIAN, location=place)
        therapy_store.sign_off_content(approval.id, actor=signer.id, where="desk:sign-off")
        therapy_store.sign_off_content(approval.id, actor=signer.id, where="sign:desk_password_and_code")
        factories.make_decision(approval, signer, "{}", at=utc_now() + timedelta(minutes=4))
    found = safety.standing(
        asked_for([place.id], "", None, utc_now() + timedelta(days=1), utc_now()), actor="ST-1"
    ).quality[ApprovalKind.RISK_REVIEW]
    assert (found.decisions, found.people, found.timed) == (5, 5, 5)
    assert found.minutes == pytest.approx(4, abs=0.1) and found.in_a_moment.value == 0
