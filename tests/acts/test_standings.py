"""Levels on record: taken down at once, signed up by an owner, judged by the lock; and what then stands still."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import select

from acts import standings
from acts.sending import HELD, send_due
from adapters import therapy_store_sessions
from adapters.code_version import code_version
from adapters.operational_store import move_case, reading, writing
from models.codes import (
    AuthenticatedHow,
    MessageChannel,
    MessageStatus,
    NoteStatus,
    ReferralStatus,
    Role,
    ToDoKind,
    ToDoStatus,
)
from models.columns import new_id, utc_now
from models.errors import Held, MovedOn, NotAllowed
from models.governance_codes import Level, Workflow
from models.operational import (
    AuditEvent,
    LevelChange,
    Location,
    OutboxMessage,
    Referral,
    ShadowAction,
    ToDo,
    WorkflowProof,
    WorkflowStanding,
)
from models.standing import DemotionReason, ProofKind, ShadowKind
from rules.sign_off import digest
from tasks import cases, matching
from tasks import standings as walking
from tests.factories import MadeCase, make_case_at, make_message, make_session, make_staff

pytestmark = pytest.mark.usefixtures("home")

W, R = Workflow, ReferralStatus
WHY = DemotionReason.WRONG_RESULT


@pytest.fixture
def case() -> MadeCase:
    """A case that the system would take on: it is cleared, and waits to be matched."""
    return make_case_at(R.READY_TO_MATCH, risk_cleared=True)


def staff(case: MadeCase, role: Role = Role.OWNER, **given: Any) -> str:
    return make_staff(role=role, location=place_of(case), **given).id


def place_of(case: MadeCase) -> Location:
    return location_named(case.referral.location_id)


def location_named(location_id: str) -> Location:
    with reading() as db:
        return db.get_one(Location, location_id)


def staffed(case: MadeCase) -> None:
    """Everybody whom a workflow asks to sign at this location."""
    for role in (Role.CLINICIAN, Role.CLINICIAN, Role.COORDINATOR, Role.BILLER, Role.OWNER, Role.ADMIN):
        staff(case, role)


def proved(passed: bool = True, *workflows: Workflow) -> None:
    with writing() as db:
        for workflow in workflows or Workflow:
            for kind in ProofKind:
                db.add(
                    WorkflowProof(
                        id=new_id("WP"),
                        workflow=workflow,
                        code_version=code_version(),
                        kind=kind,
                        passed=passed,
                        why="",
                        seconds=0.1,
                    )
                )


def down(case: MadeCase, to: Level = Level.OFF, workflow: Workflow = W.REFERRAL, **given: Any) -> WorkflowStanding:
    by = given.pop("by", None) or staff(case)
    return standings.demote(workflow, case.referral.location_id, to, staff_id=by, reason=WHY)


def shown(case: MadeCase, to: Level, workflow: Workflow = W.REFERRAL) -> str:
    """The digest that the page shows of going up."""
    for each in standings.overview():
        if (each.record.workflow, each.record.location_id) == (workflow, case.referral.location_id):
            return digest(each.content[to])
    raise LookupError(workflow)


def up(case: MadeCase, to: Level, *, by: str, seen: str = "", workflow: Workflow = W.REFERRAL) -> WorkflowStanding:
    return standings.promote(
        workflow,
        case.referral.location_id,
        to,
        staff_id=by,
        how=AuthenticatedHow.DESK_PASSWORD_AND_CODE,
        seen_digest=seen or shown(case, to, workflow),
    )


def row(case: MadeCase, workflow: Workflow = W.REFERRAL) -> WorkflowStanding:
    with reading() as db:
        return db.get_one(WorkflowStanding, (workflow, case.referral.location_id))


def now(case: MadeCase) -> Referral:
    with reading() as db:
        return db.get_one(Referral, case.number)


def events(action: str) -> list[AuditEvent]:
    with reading() as db:
        return list(db.exec(select(AuditEvent).where(AuditEvent.action == action)).all())


def test_without_a_row_everything_is_as_it_was_shipped(case: MadeCase) -> None:
    assert walking.holds(cases.take(case.number), R.READY_TO_MATCH) is None
    assert {each.record.level for each in standings.overview()} == {Level.ASSISTED}
    with reading() as db:
        assert db.exec(select(WorkflowStanding)).all() == [], "a page that is looked at writes nothing"


def test_page_that_is_looked_at_takes_no_writers_turn(case: MadeCase) -> None:
    """Somebody else writes meanwhile, and is not kept waiting by whoever only looks."""
    standings.judge_all()
    with writing() as db:
        db.exec(sa.update(Referral).values(reminders_sent=1))
        assert len(standings.overview()) == len(Workflow)


def test_demoted_case_stands_still_and_goes_on_where_it_stood(case: MadeCase) -> None:
    staffed(case)
    owner = staff(case)
    down(case, by=owner)
    leg = cases.take(case.number)
    assert walking.holds(leg, R.READY_TO_MATCH) == "held: off"
    with pytest.raises(Held):
        matching.propose.fn(leg)
    assert now(case).status == R.READY_TO_MATCH
    with writing() as db:
        db.exec(sa.update(Referral).values(wake_wanted=False))
    up(case, Level.ASSISTED, by=owner)
    assert now(case).wake_wanted
    leg = cases.take(case.number)
    assert walking.holds(leg, R.READY_TO_MATCH) is None
    matching.propose.fn(leg)
    assert now(case).status == R.ASSIGNMENT


def test_step_at_work_when_it_is_demoted_writes_nothing(case: MadeCase) -> None:
    """The click meets a step half-way: its leg has begun before, and would write after."""
    leg = cases.take(case.number)
    down(case)
    with writing() as db, pytest.raises(Held):
        move_case(db, db.get_one(Referral, case.number), R.ASSIGNMENT, actor="system", fence=leg.fence)
    assert now(case).status == R.READY_TO_MATCH


@pytest.mark.parametrize("status", [R.RECEIVED, R.READY_TO_SCREEN, R.RISK_REVIEW, R.QUESTION_OPEN, R.CONTACT_PATIENT])
def test_safety_path_goes_on_at_every_level(status: ReferralStatus) -> None:
    case = make_case_at(status)
    down(case)
    assert walking.holds(cases.take(case.number), status) is None


def test_screening_writes_while_its_workflow_is_off() -> None:
    case = make_case_at(R.READY_TO_SCREEN)
    down(case)
    leg = cases.take(case.number)
    with writing() as db:
        move_case(db, db.get_one(Referral, case.number), R.RISK_REVIEW, actor="system", fence=leg.fence)
    assert now(case).status == R.RISK_REVIEW


def test_held_case_is_a_coordinators_to_carry_on_by_hand_once(case: MadeCase) -> None:
    owner = staff(case)
    down(case, by=owner)
    for _ in range(2):
        walking.holds(cases.take(case.number), R.READY_TO_MATCH)
    with reading() as db:
        [to_do] = db.exec(select(ToDo).where(ToDo.case_number == case.number)).all()
    assert (to_do.kind, to_do.role, to_do.status) == (ToDoKind.CARRY_ON_BY_HAND, Role.COORDINATOR, ToDoStatus.OPEN)
    staffed(case)
    up(case, Level.ASSISTED, by=owner)
    with reading() as db:
        assert db.get_one(ToDo, to_do.id).status == ToDoStatus.SUPERSEDED


def test_person_moves_a_held_case_by_hand(case: MadeCase) -> None:
    down(case)
    with writing() as db:
        move_case(db, db.get_one(Referral, case.number), R.CONTACT_PATIENT, actor="ST-1")
    assert now(case).status == R.CONTACT_PATIENT


def test_other_location_and_other_workflow_go_on(case: MadeCase) -> None:
    other = make_case_at(R.READY_TO_MATCH, risk_cleared=True)
    assert other.referral.location_id != case.referral.location_id
    down(case)
    down(other, workflow=W.CLAIMS)
    assert walking.holds(cases.take(other.number), R.READY_TO_MATCH) is None


@pytest.mark.parametrize("role", sorted(set(Role) - standings.GOES_DOWN_BY))
def test_who_may_not_take_it_down(case: MadeCase, role: Role) -> None:
    with pytest.raises(NotAllowed):
        down(case, by=staff(case, role))


def test_nobody_takes_down_another_locations(case: MadeCase) -> None:
    with pytest.raises(NotAllowed, match="another location"):
        down(case, by=make_staff(role=Role.OWNER).id)


def test_down_is_no_way_up(case: MadeCase) -> None:
    owner = staff(case)
    down(case, by=owner)
    with pytest.raises(ValueError, match="owner's signature"):
        down(case, Level.SHADOW, by=owner)
    version = row(case).version
    down(case, Level.OFF, by=owner)
    assert row(case).version == version, "pressed again it changes nothing"


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.OWNER}))
def test_only_an_owner_signs_it_up(case: MadeCase, role: Role) -> None:
    staffed(case)
    down(case)
    with pytest.raises(NotAllowed, match="owner signs"):
        up(case, Level.ASSISTED, by=staff(case, role))


def test_owner_signs_what_was_shown_and_that_is_on_record(case: MadeCase) -> None:
    staffed(case)
    proved()
    owner = staff(case)
    down(case, by=owner)
    seen = shown(case, Level.ASSISTED)
    up(case, Level.ASSISTED, by=owner, seen=seen)
    with reading() as db:
        change = db.exec(select(LevelChange).where(LevelChange.new == Level.ASSISTED)).one()
    assert (change.old, change.by, change.digest) == (Level.OFF, owner, seen)
    said = standings.signed(change)
    assert said["to"] == "assisted" and said["limits"]["window_days"] == 14 and said["checks"]["owners"] is True
    assert [event.details["digest"] for event in events("workflow.promoted")] == [seen]


def test_what_has_changed_since_it_was_shown_is_not_signed(case: MadeCase) -> None:
    staffed(case)
    owner = staff(case)
    down(case, by=owner)
    seen = shown(case, Level.ASSISTED)
    proved()
    with pytest.raises(MovedOn, match="look at them again"):
        up(case, Level.ASSISTED, by=owner, seen=seen)


def test_limits_that_are_not_met_are_named_and_nothing_goes_up(case: MadeCase) -> None:
    owner = staff(case)
    down(case, by=owner)
    with pytest.raises(NotAllowed, match="no second clinician"):
        up(case, Level.ASSISTED, by=owner)
    staffed(case)
    with pytest.raises(NotAllowed, match="live needs 20"):
        up(case, Level.LIVE, by=owner)
    assert row(case).level == Level.OFF


def test_lock_closes_tells_the_owners_once_and_opens_by_itself(case: MadeCase) -> None:
    owner = staff(case)
    counts = standings.judge_all()
    assert counts["locked"] == len(Workflow), "nobody is there to sign"
    assert (row(case).level, row(case).runs_as, row(case).locked) == (Level.ASSISTED, Level.OFF, True)
    assert standings.judge_all() == counts
    with reading() as db:
        pages = db.exec(select(OutboxMessage).where(OutboxMessage.template == "page_workflow_locked")).all()
    assert {page.to_staff_id for page in pages} == {owner} and len(pages) == len(Workflow)
    assert len(events("workflow.locked")) == len(Workflow)
    staffed(case)
    assert standings.judge_all() == {"held": 0, "locked": 0}
    assert (row(case).runs_as, row(case).locked, row(case).reasons) == (Level.ASSISTED, False, [])
    assert now(case).wake_wanted


def test_live_runs_as_assisted_until_this_version_is_proved(case: MadeCase) -> None:
    staffed(case)
    with writing() as db:
        place = case.referral.location_id
        db.add(WorkflowStanding(workflow=W.CLAIMS, location_id=place, level=Level.LIVE, runs_as=Level.LIVE))
    standings.judge_all()
    assert (row(case, W.CLAIMS).runs_as, row(case, W.CLAIMS).locked) == (Level.ASSISTED, False)
    proved()
    standings.judge_all()
    assert row(case, W.CLAIMS).runs_as == Level.LIVE


def test_failed_proof_locks_its_workflow_alone(case: MadeCase) -> None:
    staffed(case)
    proved(False, W.CLAIMS)
    standings.judge_all()
    assert (row(case, W.CLAIMS).runs_as, row(case).runs_as) == (Level.OFF, Level.ASSISTED)


def test_error_budget_is_counted_from_what_went_wrong_here(case: MadeCase) -> None:
    staffed(case)
    patient = case.referral.patient_id
    with writing() as db:
        for number in range(20):
            failed = number < 3
            db.add(
                OutboxMessage(
                    id=f"MS-{number}",
                    unique_key=f"m{number}",
                    case_number=case.number,
                    channel=MessageChannel.EMAIL,
                    to_patient_id=patient,
                    template="times_offered",
                    status=MessageStatus.FAILED if failed else MessageStatus.SENT,
                    created_at=utc_now() - timedelta(days=15 if number == 19 else 1),
                )
            )
    standings.judge_all()
    assert not row(case).locked, "nineteen in the window are too few to say"
    message_of(case, "times_offered", status=MessageStatus.SENT)
    standings.judge_all()
    assert row(case).locked and "3 of 20" in row(case).reasons[0]
    assert not row(case, W.SCHEDULING).locked


def message_of(case: MadeCase, template: str, **given: Any) -> OutboxMessage:
    return make_message(case.patient, template=template, case_number=case.number, **given)


def state(message: OutboxMessage) -> OutboxMessage:
    with reading() as db:
        return db.get_one(OutboxMessage, message.id)


def test_held_message_waits_and_leaves_when_it_goes_on(case: MadeCase) -> None:
    staffed(case)
    owner = staff(case)
    message = message_of(case, "waitlisted"), message_of(case, "no_times_yet")
    down(case, by=owner)
    send_due(utc_now())
    assert [state(each).status for each in message] == [MessageStatus.SENT, MessageStatus.QUEUED]
    assert state(message[1]).failure == HELD and state(message[1]).attempts == 0
    up(case, Level.ASSISTED, by=owner)
    send_due(utc_now())
    assert state(message[1]).status == MessageStatus.SENT


@pytest.mark.parametrize("table", [LevelChange, WorkflowProof, ShadowAction])
@pytest.mark.parametrize("change", [sa.update, sa.delete])
def test_history_cannot_be_changed(case: MadeCase, table: Any, change: Any) -> None:
    down(case)
    proved()
    with writing() as db:
        db.add(
            ShadowAction(
                id="SH-1",
                workflow=W.REFERRAL,
                location_id=case.referral.location_id,
                case_number=case.number,
                kind=ShadowKind.MATCH,
                digest="d",
            )
        )
    statement = change(table) if change is sa.delete else change(table).values(location_id="x")
    if table is WorkflowProof and change is sa.update:
        statement = change(table).values(passed=True)
    with pytest.raises(Exception, match="append-only"), writing() as db:
        db.exec(statement)


def test_shadow_notes_what_it_would_do_once_and_touches_nothing(case: MadeCase) -> None:
    down(case, Level.SHADOW)
    for _ in range(2):
        assert walking.holds(cases.take(case.number), R.READY_TO_MATCH) == "held: shadow"
    with reading() as db:
        [noted] = db.exec(select(ShadowAction)).all()
    assert (noted.workflow, noted.case_number, noted.kind) == (W.REFERRAL, case.number, ShadowKind.MATCH)
    assert noted.subject_id == case.number and set(noted.content) == {"ranked", "excluded"}
    assert now(case).status == R.READY_TO_MATCH
    assert [each.action for each in events("case.moved")] == []


def test_shadow_drafts_a_note_without_keeping_it() -> None:
    note = make_session(NoteStatus.READY_TO_DRAFT)
    standings.demote(
        W.NOTES,
        note.location_id,
        Level.SHADOW,
        staff_id=make_staff(role=Role.OWNER, location=location_named(note.location_id)).id,
        reason=WHY,
    )
    leg = cases.take(note.case_number)
    assert walking.holds(leg, NoteStatus.READY_TO_DRAFT) == "held: shadow"
    with reading() as db:
        assert [each.kind for each in db.exec(select(ShadowAction)).all()] == [ShadowKind.NOTE_DRAFT]
    assert therapy_store_sessions.newest_draft(note.case_number, actor="test", where="test") is None
