"""Escalations and messages that stand still: no step moves them, or what their status needs was never made."""

from datetime import datetime, timedelta

from sqlalchemy import exists
from sqlmodel import Session, and_, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from acts.case_to_dos import open_for_case
from acts.staff import staff_of
from adapters import operational_store as store
from adapters.held_places import not_held
from models.codes import ApprovalStatus, CaseOwner, FollowUpStatus, Role, ToDoKind
from models.governance_codes import Workflow
from models.operational import Approval, FollowUp, ToDo
from models.scheduling_codes import FollowUpKind
from models.standing import held_statuses
from models.transitions import FOLLOW_UP_OWNERS
from rules import clocks
from tasks.paging import page_clinicians, tell_of_overdue
from tasks.practice import clock_policy
from tasks.sign_offs import KIND_AT
from tasks.standing_still import TOLD_AFTER, UNMOVED_AFTER, UNPROVIDED_AFTER, UNREVIEWED_AFTER, question_due
from tasks.waits import LIVE

F = FollowUpStatus
STEPS = tuple(status for status, owner in FOLLOW_UP_OWNERS.items() if owner == CaseOwner.SYSTEM)
SIGNED_AT = tuple(status for status in KIND_AT if isinstance(status, FollowUpStatus))


def _standing_still(now: datetime) -> SelectOfScalar[FollowUp]:
    """An escalation that nobody can be shown yet counts after a minute, with a run or without: Prefect may be away."""
    number = col(FollowUp.case_number)
    unsigned = ~exists().where(
        col(Approval.case_number) == number,
        col(Approval.round) == col(FollowUp.version),
        col(Approval.status) == ApprovalStatus.OPEN,
    )
    unasked = ~exists().where(
        col(ToDo.case_number) == number, col(ToDo.kind) == ToDoKind.ANSWER_QUESTION, col(ToDo.status).in_(LIVE)
    )
    status, since = col(FollowUp.status), col(FollowUp.status_since)
    escalates = col(FollowUp.kind) == FollowUpKind.ESCALATION
    return select(FollowUp).where(
        or_(status.not_in(held_statuses(F)), not_held(Workflow.FOLLOW_UP, FollowUp.location_id)),
        or_(
            and_(escalates, status == F.RECEIVED, since < now - UNPROVIDED_AFTER),
            and_(status.in_(STEPS), since < now - UNMOVED_AFTER),
            and_(status.in_(SIGNED_AT), since < now - UNPROVIDED_AFTER, unsigned),
            and_(status == F.QUESTION_OPEN, since < now - UNPROVIDED_AFTER, unasked),
        ),
    )


def follow_ups_standing_still(now: datetime) -> list[str]:
    """The numbers of the escalations and messages that nothing moves, though nobody is asked to."""
    with store.reading() as db:
        return [each.case_number for each in db.exec(_standing_still(now)).all()]


def wake_follow_up_and_tell(case_number: str, now: datetime) -> tuple[bool, bool]:
    """Wake its run, open the to-do it lacks, tell who can help; an escalation that cannot be opened pages.

    Returns whether the standstill was news, and whether somebody was paged anew.
    """
    with store.writing() as db:
        found = db.exec(_standing_still(now).where(FollowUp.case_number == case_number)).first()
        if found is None:
            return False, False
        news = not found.wake_wanted
        if news:
            found.wake_wanted = True
            db.add(found)
            store.audit(db, "system", "case.stuck", found, case_number, status=found.status.value)
        if found.status == F.QUESTION_OPEN:
            _ask_again(db, found, now)
        return news, _tell(db, found, now)


def _ask_again(db: Session, found: FollowUp, now: datetime) -> None:
    key = f"missing-question:{found.case_number}:{found.version}"
    due = clocks.to_do_due(ToDoKind.ANSWER_QUESTION, now, clock_policy(db))
    open_for_case(db, found, ToDoKind.ANSWER_QUESTION, key, by=question_due(db, found, due))


def _tell(db: Session, found: FollowUp, now: datetime) -> bool:
    """Says whether a clinician was paged anew."""
    waited, number, visit = now - found.status_since, found.case_number, found.version
    if found.kind == FollowUpKind.ESCALATION and found.status in (F.RECEIVED, F.ESCALATION):
        if waited >= UNREVIEWED_AFTER:
            again = timedelta(minutes=clock_policy(db).page_again_minutes)
            return page_clinicians(db, found, f"unopened:{number}:{visit}:{waited // again}")
    elif waited >= TOLD_AFTER:
        for person in staff_of(db, Role.COORDINATOR, found.location_id):
            tell_of_overdue(db, f"stuck:{number}:{visit}:{waited.days}:{person.id}", person.id, number, number)
    return False
