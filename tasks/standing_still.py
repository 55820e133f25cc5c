"""Cases that stand still: no step moves them, or what their status needs was never made."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists
from sqlmodel import Session, and_, col, or_, select

from acts.staff import staff_of
from adapters import operational_store as store
from models.codes import ApprovalKind, ApprovalStatus, CaseOwner, ReferralStatus, Role, ToDoKind
from models.columns import new_id
from models.operational import Approval, Referral, ToDo
from models.transitions import REFERRAL_OWNERS
from rules import clocks
from tasks.paging import page_clinicians, tell_of_overdue
from tasks.practice import clock_policy
from tasks.sign_offs import KIND_AT
from tasks.waits import LIVE, TO_DO_AT, open_case_to_do

R = ReferralStatus
UNPROVIDED_AFTER = timedelta(minutes=1)
UNREVIEWED_AFTER = timedelta(minutes=2)
UNMOVED_AFTER = timedelta(minutes=5)
TOLD_AFTER = timedelta(minutes=15)
TO_DO_NEEDED = {**TO_DO_AT, R.QUESTION_OPEN: ToDoKind.ANSWER_QUESTION}
STEPS = tuple(status for status, owner in REFERRAL_OWNERS.items() if owner == CaseOwner.SYSTEM)


def _stands_still(now: datetime) -> ColumnElement[bool]:
    """An open case that lacks the record its status needs, or that no step has moved for minutes."""
    of_case = col(Referral.case_number)
    unsigned = ~exists().where(
        col(Approval.case_number) == of_case,
        col(Approval.round) == col(Referral.version),
        col(Approval.status) == ApprovalStatus.OPEN,
    )
    undone = [
        and_(
            col(Referral.status) == status,
            ~exists().where(col(ToDo.case_number) == of_case, col(ToDo.kind) == kind, col(ToDo.status).in_(LIVE)),
        )
        for status, kind in TO_DO_NEEDED.items()
    ]
    since = col(Referral.status_since)
    return or_(
        and_(col(Referral.status).in_(STEPS), since < now - UNMOVED_AFTER),
        and_(col(Referral.status).in_(tuple(KIND_AT)), since < now - UNPROVIDED_AFTER, unsigned),
        and_(since < now - UNPROVIDED_AFTER, or_(*undone)),
    )


def standing_still(now: datetime) -> list[str]:
    with store.reading() as db:
        return list(db.exec(select(Referral.case_number).where(_stands_still(now))).all())


def wake_and_tell(case_number: str, now: datetime) -> tuple[bool, bool]:
    """Wake the case's run so that it makes what is missing; say so where the wait goes on.

    A risk review that cannot even be opened pages whoever is on call; everything else tells the coordinators.
    Returns whether the standstill was news, and whether somebody was paged anew.
    """
    with store.writing() as db:
        found = select(Referral).where(Referral.case_number == case_number, _stands_still(now))
        referral = db.exec(found).first()
        if referral is None:
            return False, False
        news = not referral.wake_wanted
        if news:
            referral.wake_wanted = True
            db.add(referral)
            store.audit(db, "system", "case.stuck", referral, case_number, status=referral.status.value)
        kind = TO_DO_NEEDED.get(referral.status)
        if kind is not None:
            _open_again(db, referral, kind, now)
        return news, _tell(db, referral, now)


def _open_again(db: Session, referral: Referral, kind: ToDoKind, now: datetime) -> None:
    """Open the to-do that the run would open, or another where that one is done and the case has stayed."""
    if kind in TO_DO_AT.values() and open_case_to_do(db, referral, kind):
        return
    earlier = db.exec(select(ToDo.id).where(ToDo.case_number == referral.case_number, ToDo.kind == kind)).all()
    policy = clock_policy(db)
    due = clocks.to_do_due(kind, now, policy)
    if kind == ToDoKind.ANSWER_QUESTION:
        due = question_due(db, referral, due)
    store.open_to_do(
        db,
        ToDo(
            id=new_id("TD"),
            unique_key=f"missing-{kind.value}:{referral.case_number}:{referral.version}:{len(earlier)}",
            case_number=referral.case_number,
            kind=kind,
            role=Role.COORDINATOR,
            location_id=referral.location_id,
            due_at=due,
        ),
    )


def _tell(db: Session, referral: Referral, now: datetime) -> bool:
    """Says whether a clinician was paged anew."""
    waited = now - referral.status_since
    number, visit = referral.case_number, referral.version
    if referral.status == R.RISK_REVIEW:
        if waited >= UNREVIEWED_AFTER:
            again = timedelta(minutes=clock_policy(db).page_again_minutes)
            return page_clinicians(db, referral, f"unopened:{number}:{visit}:{waited // again}")
    elif waited >= TOLD_AFTER:
        for person in staff_of(db, Role.COORDINATOR, referral.location_id):
            tell_of_overdue(db, f"stuck:{number}:{visit}:{waited.days}:{person.id}", person.id, number, number)
    return False


def question_due(db: Session, referral: Referral, due: datetime) -> datetime:
    """When a question must be answered: no later than the risk review that it holds up was due."""
    if referral.came_from != R.RISK_REVIEW:
        return due
    held_up = db.exec(
        select(Approval.due_at)
        .where(Approval.case_number == referral.case_number, Approval.kind == ApprovalKind.RISK_REVIEW)
        .order_by(col(Approval.opened_at).desc())
    ).first()
    return due if held_up is None else min(due, held_up)
