"""Watching every wait: alarms, escalation, reminders; nothing here decides anything."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from acts import break_glass
from acts.staff import staff_of
from acts.waitlist_offers import offered_by_waitlist
from adapters import operational_store as store
from adapters.held_places import is_held
from adapters.log_lines import log_of
from adapters.operational_store import CaseRecord
from models.codes import (
    AppointmentStatus,
    ApprovalKind,
    ApprovalStatus,
    FollowUpStatus,
    ReferralStatus,
    RiskLevel,
    Role,
    ToDoKind,
)
from models.columns import new_id, utc_now
from models.errors import MovedOn
from models.governance_codes import Workflow
from models.operational import Appointment, Approval, Location, Patient, QuarantinedRow, Referral, SessionNote, ToDo
from rules import clocks, messaging
from rules.clocks import ClockPolicy, PatientWaitStep
from rules.sign_off import WORRYING_KINDS
from tasks import quarantine, visits, waitlist
from tasks.claims_standing_still import claims_standing_still, wake_claim_and_tell
from tasks.follow_ups_standing_still import follow_ups_standing_still, wake_follow_up_and_tell
from tasks.matching import suitable_slots
from tasks.paging import page_about_session, page_clinicians, tell_of_overdue
from tasks.people import who_may_sign
from tasks.practice import clock_policy
from tasks.sign_offs import page
from tasks.standing_still import (
    question_due,
    sessions_standing_still,
    standing_still,
    wake_and_tell,
    wake_session_and_tell,
)
from tasks.steps import step
from tasks.unread import sweep_unread
from tasks.waits import LINK_AT, LIVE, send_link

log = log_of(__name__)

R = ReferralStatus
HEARTBEAT = "watch-waits"
HELD_UP = ((R.QUESTION_OPEN, R.RISK_REVIEW), (FollowUpStatus.QUESTION_OPEN, FollowUpStatus.ESCALATION))
"""Where a question stands between somebody who may be in danger and the clinician."""


@dataclass
class WatchCounts:
    """What one round of watching did."""

    pages: int = 0
    escalated: int = 0
    reminded: int = 0
    to_call: int = 0
    outcomes_asked: int = 0
    seen_held: int = 0
    offered_again: int = 0
    stuck: int = 0
    unread: int = 0
    holds_ended: int = 0
    times_offered: int = 0


@step("watch every wait")
def watch(now: datetime | None = None) -> dict[str, int]:
    """Sound the alarms and send the reminders that are due; each item in a transaction of its own, so that one
    broken item stops no other. Returns counts. Ends with the heartbeat that the desk watches."""
    moment = now or utc_now()
    counts = WatchCounts()
    _each(standing_still(moment), lambda key: _watch_standstill(key, moment, counts))
    _each(sessions_standing_still(moment), lambda key: _watch_session(key, moment, counts))
    _each(follow_ups_standing_still(moment), lambda key: _watch_follow_up(key, moment, counts))
    _each(claims_standing_still(moment), lambda key: _watch_claim(key, moment, counts))
    _each(_open_approvals(), lambda key: _watch_approval(key, moment, counts))
    _each(_open_to_dos(), lambda key: _watch_to_do(key, moment, counts))
    _each(_cases_in(*LINK_AT), lambda key: _watch_patient(key, moment, counts))
    _each(_ended_first_sessions(moment), lambda key: _ask_for_outcome(key, moment, counts))
    _each(["sessions of ongoing care"], lambda _: _watch_visits(moment, counts))
    _each(_cases_in(R.WAITLISTED), lambda key: _offer_if_free(key, moment, counts))
    rows = {row.id: row for row in quarantine.open_rows()}
    _each(list(rows), lambda key: _watch_row(rows[key], moment, counts))
    _each(_sessions_at_risk(), lambda key: _watch_session_risk(key, moment, counts))
    _each(["unread words"], lambda _: _watch_unread(moment, counts))
    _each(["waitlist"], lambda _: _watch_waitlist(moment, counts))
    _each(["emergency access"], lambda _: _watch_openings(moment, counts))
    with store.writing() as db:
        store.beat(db, HEARTBEAT)
    return asdict(counts)


def _each(keys: list[str], act: Callable[[str], None]) -> None:
    for key in keys:
        try:
            act(key)
        except MovedOn:
            continue
        except Exception as trouble:  # whatever it is, the other alarms must still sound; never its words
            log.error("a wait was not watched", subject=key, trouble=trouble)


def _watch_standstill(case_number: str, now: datetime, counts: WatchCounts) -> None:
    news, paged = wake_and_tell(case_number, now)
    counts.stuck += news
    counts.pages += paged


def _watch_session(case_number: str, now: datetime, counts: WatchCounts) -> None:
    counts.stuck += wake_session_and_tell(case_number, now)


def _watch_claim(case_number: str, now: datetime, counts: WatchCounts) -> None:
    counts.stuck += wake_claim_and_tell(case_number, now)


def _watch_follow_up(case_number: str, now: datetime, counts: WatchCounts) -> None:
    news, paged = wake_follow_up_and_tell(case_number, now)
    counts.stuck += news
    counts.pages += paged


def _watch_row(row: QuarantinedRow, now: datetime, counts: WatchCounts) -> None:
    counts.escalated += quarantine.remind(row, now)


def _watch_waitlist(now: datetime, counts: WatchCounts) -> None:
    done = waitlist.keep_moving(now)
    counts.holds_ended += done["expired"]
    counts.times_offered += done["offers"]


def _watch_openings(now: datetime, counts: WatchCounts) -> None:
    counts.escalated += break_glass.remind_of_unreviewed(now)


def _watch_unread(now: datetime, counts: WatchCounts) -> None:
    counts.unread += sweep_unread(now)


def _open_approvals() -> list[str]:
    with store.reading() as db:
        return list(db.exec(select(Approval.id).where(Approval.status == ApprovalStatus.OPEN)).all())


def _open_to_dos() -> list[str]:
    with store.reading() as db:
        return list(db.exec(select(ToDo.id).where(col(ToDo.status).in_(LIVE))).all())


def _cases_in(*statuses: ReferralStatus) -> list[str]:
    with store.reading() as db:
        return list(db.exec(select(Referral.case_number).where(col(Referral.status).in_(statuses))).all())


def _watch_approval(approval_id: str, now: datetime, counts: WatchCounts) -> None:
    """Page for an unseen risk review or escalation; pass an overdue sign-off on to the next person who may sign it."""
    with store.writing() as db:
        approval = store.one(db, Approval, approval_id)
        if approval.status != ApprovalStatus.OPEN:
            return
        case = store.one_case(db, approval.case_number)
        patient = store.one(db, Patient, case.patient_id)
        policy = clock_policy(db)
        owed = clocks.escalations_owed(approval.due_at, now, policy)
        if owed > approval.escalations:
            _pass_on(db, approval, case, patient, owed)
            counts.escalated += 1
        if approval.kind in WORRYING_KINDS and clocks.page_now(
            approval.level,
            opened_at=approval.opened_at,
            due_at=approval.due_at,
            seen_at=approval.seen_at,
            last_paged_at=approval.last_paged_at,
            now=now,
            policy=policy,
        ):
            page(db, approval, now=now)
            counts.pages += 1


def _pass_on(db: Session, approval: Approval, case: CaseRecord, patient: Patient, times: int) -> None:
    """Give an overdue sign-off to the next person who may sign it, and tell both; once, however many were missed."""
    old = approval.assigned_to
    others = who_may_sign(db, approval.kind, case, patient, but_not=frozenset({old or ""}))
    if approval.kind == ApprovalKind.SESSION_NOTE and old:
        others = []  # whoever held the session, or whom a person passed it on to: no clock gives it to another
    new = others[0].id if others else old
    approval.escalations = times
    approval.assigned_to = new
    approval.seen_at = approval.seen_by = None  # that the one before has looked at it is no longer enough
    db.add(approval)
    store.audit(
        db, "system", "approval.escalated", approval, approval.case_number, old=old, new=new, times=approval.escalations
    )
    told = {old or "", new or ""} - {""}
    if approval.kind == ApprovalKind.SESSION_NOTE:  # nobody else may sign it: a coordinator asks, or passes it on
        told |= {person.id for person in staff_of(db, Role.COORDINATOR, approval.location_id)}
    for staff_id in sorted(told):
        tell_of_overdue(
            db, f"overdue:{approval.id}:{approval.escalations}:{staff_id}", staff_id, approval.case_number, approval.id
        )


def _sessions_at_risk() -> list[str]:
    """The sessions whose flags nobody has looked at yet."""
    with store.reading() as db:
        unseen = select(SessionNote.case_number).where(
            col(SessionNote.risk_level).in_((RiskLevel.HIGH, RiskLevel.MODERATE)),
            col(SessionNote.risk_seen_at).is_(None),
            col(SessionNote.closed_at).is_(None),
        )
        return list(db.exec(unseen).all())


def _watch_session_risk(case_number: str, now: datetime, counts: WatchCounts) -> None:
    """Page again about a session's flags until its clinician has looked; they have the clock of a risk review."""
    with store.writing() as db:
        session = store.one(db, SessionNote, case_number)
        if session.risk_seen_at is not None or session.risk_raised_at is None:
            return
        location = store.one(db, Location, session.location_id)
        policy = clock_policy(db)
        raised_at, level = session.risk_raised_at, session.risk_level
        if clocks.page_now(
            level,
            opened_at=raised_at,
            due_at=clocks.approval_due(ApprovalKind.RISK_REVIEW, level, raised_at, location.time_zone, policy),
            seen_at=None,
            last_paged_at=session.risk_last_paged_at,
            now=now,
            policy=policy,
        ):
            page_about_session(db, session, now=now)
            counts.pages += 1


def _watch_to_do(to_do_id: str, now: datetime, counts: WatchCounts) -> None:
    with store.writing() as db:
        to_do = store.one(db, ToDo, to_do_id)
        if to_do.status not in LIVE:
            return
        policy = clock_policy(db)
        if to_do.kind == ToDoKind.ANSWER_QUESTION:
            counts.pages += _page_for_question(db, to_do, now, policy)
        owed = clocks.escalations_owed(to_do.due_at, now, policy)
        if owed <= to_do.escalations:
            return
        to_do.escalations = owed
        db.add(to_do)
        store.audit(db, "system", "to_do.overdue", to_do, to_do.case_number, times=to_do.escalations)
        for person in staff_of(db, to_do.role, to_do.location_id):
            key = f"overdue:{to_do.id}:{to_do.escalations}:{person.id}"
            tell_of_overdue(db, key, person.id, to_do.case_number, to_do.id)
        counts.escalated += 1


def _page_for_question(db: Session, to_do: ToDo, now: datetime, policy: ClockPolicy) -> bool:
    """A question that holds up a risk review is the clinicians' concern too, once the review would be overdue."""
    referral = store.one_case(db, to_do.case_number)
    if (referral.status, referral.came_from) not in HELD_UP:
        return False
    late = now - question_due(db, referral, to_do.due_at)
    if late < timedelta(0) or referral.risk_level == RiskLevel.LOW:
        return False
    again = timedelta(days=1)
    if referral.risk_level != RiskLevel.MODERATE:
        again = timedelta(minutes=policy.page_again_minutes)
    return page_clinicians(db, referral, f"question:{to_do.id}:{late // again}")


def _watch_patient(case_number: str, now: datetime, counts: WatchCounts) -> None:
    """Remind a patient who has not answered; after that a person calls."""
    with store.writing() as db:
        referral = store.one(db, Referral, case_number)
        if referral.status not in LINK_AT:
            return
        plan = messaging.reminder_times(referral.status_since)
        sent = referral.reminders_sent if referral.round == referral.version else 0
        step = clocks.patient_wait_step(plan, sent, now)
        if step == PatientWaitStep.CALL:
            store.move_case(db, referral, R.CONTACT_PATIENT, actor="system", why="no_answer")
            counts.to_call += 1
        elif step == PatientWaitStep.REMIND and not is_held(db, Workflow.REFERRAL, referral.location_id):
            # after an outage the latest one leaves, not all that were missed
            owed = clocks.reminders_owed(plan, now)
            referral.reminders_sent, referral.round = owed, referral.version
            db.add(referral)
            send_link(db, referral, f"reminder-{owed}")
            counts.reminded += 1


def _watch_visits(now: datetime, counts: WatchCounts) -> None:
    """A session of ongoing care that is on record was held; of another somebody says whether it took place."""
    counts.seen_held += visits.end_held(now)
    counts.outcomes_asked += visits.ask_about_others(now)


def _ended_first_sessions(now: datetime) -> list[str]:
    with store.reading() as db:
        found = db.exec(
            select(Appointment)
            .join(Referral, col(Referral.case_number) == col(Appointment.case_number))
            .where(
                col(Appointment.status).in_((AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED)),
                col(Appointment.starts_at) < now,
            )
        ).all()
    return [one.id for one in found if one.starts_at + timedelta(minutes=one.minutes) <= now]


def _ask_for_outcome(appointment_id: str, now: datetime, counts: WatchCounts) -> None:
    """A first session whose time has passed: somebody says whether it took place."""
    with store.writing() as db:
        appointment = store.one(db, Appointment, appointment_id)
        referral = store.one(db, Referral, appointment.case_number)
        counts.outcomes_asked += store.open_to_do(
            db,
            ToDo(
                id=new_id("TD"),
                unique_key=f"outcome:{appointment.id}",
                case_number=referral.case_number,
                kind=ToDoKind.RECORD_OUTCOME,
                role=Role.COORDINATOR,
                location_id=referral.location_id,
                due_at=clocks.to_do_due(ToDoKind.RECORD_OUTCOME, now, clock_policy(db)),
            ),
        )


def _offer_if_free(case_number: str, now: datetime, counts: WatchCounts) -> None:
    """A waitlisted case whose clinician has free times again is offered them."""
    with store.writing() as db:
        referral = store.one(db, Referral, case_number)
        if referral.status != R.WAITLISTED or not referral.risk_cleared:
            return
        if referral.came_from == R.OFFERED:
            return  # the patient declined the times there were; a coordinator asks what would suit
        if is_held(db, Workflow.REFERRAL, referral.location_id):
            return
        if offered_by_waitlist(db, case_number):
            return  # they are thinking about a time that came free: it must not be taken from their hands
        if suitable_slots(db, referral, now):
            store.move_case(db, referral, R.READY_TO_OFFER, actor="system", why="times_free")
            counts.offered_again += 1
