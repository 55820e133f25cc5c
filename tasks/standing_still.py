"""Cases that stand still: no step moves them, or what their status needs was never made."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists
from sqlmodel import Session, and_, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from acts.staff import staff_of
from adapters import operational_store as store
from adapters.held_places import not_held
from models.codes import ApprovalStatus, CaseOwner, FollowUpStatus, NoteStatus, ReferralStatus, Role, ToDoKind
from models.columns import new_id
from models.governance_codes import Workflow
from models.operational import Approval, FollowUp, Referral, SessionNote, ToDo
from models.standing import held_statuses
from models.transitions import NOTE_OWNERS, REFERRAL_OWNERS
from rules import clocks
from rules.sign_off import WORRYING_KINDS
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
REVIEWED = tuple(status for status in KIND_AT if isinstance(status, ReferralStatus))
STEPS = tuple(status for status, owner in REFERRAL_OWNERS.items() if owner == CaseOwner.SYSTEM)


NOTE_STEPS = tuple(status for status, owner in NOTE_OWNERS.items() if owner == CaseOwner.SYSTEM)


def _sessions_standing_still(now: datetime) -> SelectOfScalar[SessionNote]:
    """Sessions that no step has moved for minutes, or whose sign-off or to-do was never made.

    One that the day's batch has lost gets a run of its own by itself; this is what that run does not move either.
    """
    number = col(SessionNote.case_number)
    unsigned = ~exists().where(
        col(Approval.case_number) == number,
        col(Approval.round) == col(SessionNote.version),
        col(Approval.status) == ApprovalStatus.OPEN,
    )
    unchecked = ~exists().where(col(ToDo.case_number) == number, col(ToDo.status).in_(LIVE))
    since = col(SessionNote.status_since)
    return select(SessionNote).where(
        col(SessionNote.run_id).is_not(None),
        or_(
            col(SessionNote.status).not_in(held_statuses(NoteStatus)), not_held(Workflow.NOTES, SessionNote.location_id)
        ),
        or_(
            and_(col(SessionNote.status).in_(NOTE_STEPS), since < now - UNMOVED_AFTER),
            and_(SessionNote.status == NoteStatus.NOTE_SIGNATURE, since < now - UNPROVIDED_AFTER, unsigned),
            and_(SessionNote.status == NoteStatus.CHECK_TRANSCRIPT, since < now - UNPROVIDED_AFTER, unchecked),
        ),
    )


def sessions_standing_still(now: datetime) -> list[str]:
    with store.reading() as db:
        return [session.case_number for session in db.exec(_sessions_standing_still(now)).all()]


def wake_session_and_tell(case_number: str, now: datetime) -> bool:
    """Wake the run of a session that stands still, and tell the coordinators where it goes on; says if it was news."""
    with store.writing() as db:
        found = _sessions_standing_still(now).where(SessionNote.case_number == case_number)
        session = db.exec(found).first()
        if session is None:
            return False
        news = not session.wake_wanted
        if news:
            session.wake_wanted = True
            db.add(session)
            store.audit(db, "system", "case.stuck", session, case_number, status=session.status.value)
        waited = now - session.status_since
        if session.status == NoteStatus.CHECK_TRANSCRIPT:
            _open_check(db, session, now)
        if waited >= TOLD_AFTER:
            for person in staff_of(db, Role.COORDINATOR, session.location_id):
                key = f"stuck:{case_number}:{session.version}:{waited.days}:{person.id}"
                tell_of_overdue(db, key, person.id, case_number, case_number)
        return news


def _open_check(db: Session, session: SessionNote, now: datetime) -> None:
    store.open_to_do(
        db,
        ToDo(
            id=new_id("TD"),
            unique_key=f"missing-check:{session.case_number}:{session.version}",
            case_number=session.case_number,
            kind=ToDoKind.CHECK_TRANSCRIPT,
            role=Role.COORDINATOR,
            location_id=session.location_id,
            due_at=clocks.to_do_due(ToDoKind.CHECK_TRANSCRIPT, now, clock_policy(db)),
        ),
    )


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
    stands_still_on_purpose = ~or_(
        col(Referral.status).not_in(held_statuses(R)), not_held(Workflow.REFERRAL, Referral.location_id)
    )
    return ~stands_still_on_purpose & or_(
        and_(col(Referral.status).in_(STEPS), since < now - UNMOVED_AFTER),
        and_(col(Referral.status).in_(REVIEWED), since < now - UNPROVIDED_AFTER, unsigned),
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


def question_due(db: Session, referral: Referral | FollowUp, due: datetime) -> datetime:
    """When a question must be answered: no later than the risk review or escalation that it holds up was due."""
    if referral.came_from not in (R.RISK_REVIEW, FollowUpStatus.ESCALATION):
        return due
    held_up = db.exec(
        select(Approval.due_at)
        .where(Approval.case_number == referral.case_number, col(Approval.kind).in_(WORRYING_KINDS))
        .order_by(col(Approval.opened_at).desc())
    ).first()
    return due if held_up is None else min(due, held_up)
