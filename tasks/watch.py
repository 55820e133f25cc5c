"""Watching every wait: alarms, escalation, reminders, lost wake-ups; nothing here decides anything."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, exists, update
from sqlmodel import Session, and_, col, or_, select

from acts import break_glass
from acts.staff import clinicians_on_call, staff_of
from adapters import operational_store as store
from adapters import outbox, prefect_runs
from adapters.file_drop import HALF_WRITTEN_SUFFIXES
from adapters.log_lines import log_of
from adapters.prefect_runs import Run, Woken
from adapters.settings import settings
from models.codes import (
    AppointmentStatus,
    ApprovalKind,
    ApprovalStatus,
    CaseOwner,
    MessageChannel,
    ReferralStatus,
    RiskLevel,
    Role,
    RowOutcome,
    ToDoKind,
    ToDoStatus,
)
from models.columns import new_id, utc_now
from models.errors import MovedOn, NotDeployed, OutsideUnavailable
from models.operational import Appointment, Approval, IntakeFile, IntakeRow, Patient, QuarantinedRow, Referral, ToDo
from models.transitions import REFERRAL_OWNERS
from rules import clocks, messaging
from rules.clocks import ClockPolicy, PatientWaitStep
from tasks import quarantine
from tasks.matching import suitable_slots
from tasks.people import who_may_sign
from tasks.practice import clock_policy
from tasks.schedule import start_scheduled
from tasks.sign_offs import KIND_AT, page
from tasks.steps import step
from tasks.unread import sweep_unread
from tasks.waits import LINK_AT, TO_DO_AT, open_case_to_do, send_link

log = log_of(__name__)

R = ReferralStatus
CASE_DEPLOYMENT = "referral-to-first-session/case"
INTAKE_DEPLOYMENT = "referral-intake/intake"
HEARTBEAT = "watch-waits"
OVERDUE = " · overdue"
FINAL_STATES = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
RUNS_AT_ONCE = 200
LONGEST_PAUSE = timedelta(minutes=15)
"""Between two runs of one case whose runs keep ending; a run that kills its worker must not do so every second."""
UNPROVIDED_AFTER = timedelta(minutes=1)
UNREVIEWED_AFTER = timedelta(minutes=2)
UNMOVED_AFTER = timedelta(minutes=5)
TOLD_AFTER = timedelta(minutes=15)
UNFINISHED_AFTER = timedelta(minutes=5)
TO_DO_NEEDED = {**TO_DO_AT, R.QUESTION_OPEN: ToDoKind.ANSWER_QUESTION}
STEPS = tuple(status for status, owner in REFERRAL_OWNERS.items() if owner == CaseOwner.SYSTEM)
SAID_AGAIN_SECONDS = 60.0
LIVE = (ToDoStatus.OPEN, ToDoStatus.CLAIMED)


_in_trouble: dict[str, tuple[str, float]] = {}


@dataclass
class WatchCounts:
    """What one round of watching did."""

    pages: int = 0
    escalated: int = 0
    reminded: int = 0
    to_call: int = 0
    outcomes_asked: int = 0
    offered_again: int = 0
    stuck: int = 0
    unread: int = 0


@step("watch every wait")
def watch(now: datetime | None = None) -> dict[str, int]:
    """Sound the alarms and send the reminders that are due; each item in a transaction of its own, so that one
    broken item stops no other. Returns counts. Ends with the heartbeat that the desk watches."""
    moment = now or utc_now()
    counts = WatchCounts()
    _each(_standing_still(moment), lambda key: _watch_standstill(key, moment, counts))
    _each(_open_approvals(), lambda key: _watch_approval(key, moment, counts))
    _each(_open_to_dos(), lambda key: _watch_to_do(key, moment, counts))
    _each(_cases_in(*LINK_AT), lambda key: _watch_patient(key, moment, counts))
    _each(_ended_appointments(moment), lambda key: _ask_for_outcome(key, moment, counts))
    _each(_cases_in(R.WAITLISTED), lambda key: _offer_if_free(key, moment, counts))
    rows = {row.id: row for row in quarantine.open_rows()}
    _each(list(rows), lambda key: _watch_row(rows[key], moment, counts))
    _each(["unread words"], lambda _: _watch_unread(moment, counts))
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


def _watch_row(row: QuarantinedRow, now: datetime, counts: WatchCounts) -> None:
    counts.escalated += quarantine.remind(row, now)


def _watch_openings(now: datetime, counts: WatchCounts) -> None:
    counts.escalated += break_glass.remind_of_unreviewed(now)


def _watch_unread(now: datetime, counts: WatchCounts) -> None:
    counts.unread += sweep_unread(now)


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


def _standing_still(now: datetime) -> list[str]:
    with store.reading() as db:
        return list(db.exec(select(Referral.case_number).where(_stands_still(now))).all())


def _watch_standstill(case_number: str, now: datetime, counts: WatchCounts) -> None:
    """Wake the case's run so that it makes what is missing; say so where the wait goes on.

    A risk review that cannot even be opened pages whoever is on call; everything else tells the coordinators.
    """
    with store.writing() as db:
        found = select(Referral).where(Referral.case_number == case_number, _stands_still(now))
        referral = db.exec(found).first()
        if referral is None:
            return
        if not referral.wake_wanted:
            referral.wake_wanted = True
            db.add(referral)
            store.audit(db, "system", "case.stuck", referral, case_number, status=referral.status.value)
            counts.stuck += 1
        kind = TO_DO_NEEDED.get(referral.status)
        if kind is not None:
            _open_again(db, referral, kind, now)
        _tell_of_standstill(db, referral, now, counts)


def _open_again(db: Session, referral: Referral, kind: ToDoKind, now: datetime) -> None:
    """Open the to-do that the run would open, or another where that one is done and the case has stayed."""
    if kind in TO_DO_AT.values() and open_case_to_do(db, referral, kind):
        return
    earlier = db.exec(select(ToDo.id).where(ToDo.case_number == referral.case_number, ToDo.kind == kind)).all()
    policy = clock_policy(db)
    due = clocks.to_do_due(kind, now, policy)
    if kind == ToDoKind.ANSWER_QUESTION:
        due = _question_due(db, referral, due)
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


def _tell_of_standstill(db: Session, referral: Referral, now: datetime, counts: WatchCounts) -> None:
    waited = now - referral.status_since
    number, visit = referral.case_number, referral.version
    if referral.status == R.RISK_REVIEW:
        if waited >= UNREVIEWED_AFTER:
            again = timedelta(minutes=clock_policy(db).page_again_minutes)
            counts.pages += _page_clinicians(db, referral, f"unopened:{number}:{visit}:{waited // again}")
    elif waited >= TOLD_AFTER:
        for person in staff_of(db, Role.COORDINATOR, referral.location_id):
            _notify(db, f"stuck:{number}:{visit}:{waited.days}:{person.id}", person.id, number, number)


def _page_clinicians(db: Session, referral: Referral, key: str) -> bool:
    """Page whoever is on call, once per key; says whether anybody was paged anew."""
    return any(
        [
            store.queue_message(
                db,
                unique_key=f"{key}:{person.id}",
                channel=MessageChannel.PAGE,
                template="page_risk_review",
                case_number=referral.case_number,
                to_staff_id=person.id,
                urgent=True,
            )
            for person in clinicians_on_call(db, referral.location_id)
        ]
    )


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
    """Page for an unseen risk review; pass an overdue sign-off on to the next person who may sign it."""
    with store.writing() as db:
        approval = store.one(db, Approval, approval_id)
        if approval.status != ApprovalStatus.OPEN:
            return
        referral = store.one(db, Referral, approval.case_number)
        patient = store.one(db, Patient, referral.patient_id)
        policy = clock_policy(db)
        owed = clocks.escalations_owed(approval.due_at, now, policy)
        if owed > approval.escalations:
            _pass_on(db, approval, referral, patient, owed)
            counts.escalated += 1
        if approval.kind == ApprovalKind.RISK_REVIEW and clocks.page_now(
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


def _pass_on(db: Session, approval: Approval, referral: Referral, patient: Patient, times: int) -> None:
    """Give an overdue sign-off to the next person who may sign it, and tell both; once, however many were missed."""
    old = approval.assigned_to
    others = who_may_sign(db, approval.kind, referral, patient, but_not=frozenset({old or ""}))
    new = others[0].id if others else old
    approval.escalations = times
    approval.assigned_to = new
    approval.seen_at = approval.seen_by = None  # that the one before has looked at it is no longer enough
    db.add(approval)
    store.audit(
        db, "system", "approval.escalated", approval, approval.case_number, old=old, new=new, times=approval.escalations
    )
    for staff_id in sorted({old or "", new or ""} - {""}):
        _notify(
            db, f"overdue:{approval.id}:{approval.escalations}:{staff_id}", staff_id, approval.case_number, approval.id
        )


def _notify(db: Session, unique_key: str, staff_id: str, case_number: str, subject_id: str) -> None:
    store.queue_message(
        db,
        unique_key=unique_key,
        channel=MessageChannel.PAGE,
        template="overdue_sign_off",
        case_number=case_number,
        to_staff_id=staff_id,
        facts={"approval_id": subject_id, "why": "overdue"},
    )


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
            _notify(db, f"overdue:{to_do.id}:{to_do.escalations}:{person.id}", person.id, to_do.case_number, to_do.id)
        counts.escalated += 1


def _page_for_question(db: Session, to_do: ToDo, now: datetime, policy: ClockPolicy) -> bool:
    """A question that holds up a risk review is the clinicians' concern too, once the review would be overdue."""
    referral = store.one(db, Referral, to_do.case_number)
    if referral.status != R.QUESTION_OPEN or referral.came_from != R.RISK_REVIEW:
        return False
    late = now - _question_due(db, referral, to_do.due_at)
    if late < timedelta(0) or referral.risk_level == RiskLevel.LOW:
        return False
    again = timedelta(days=1)
    if referral.risk_level != RiskLevel.MODERATE:
        again = timedelta(minutes=policy.page_again_minutes)
    return _page_clinicians(db, referral, f"question:{to_do.id}:{late // again}")


def _question_due(db: Session, referral: Referral, due: datetime) -> datetime:
    """When a question must be answered: no later than the risk review that it holds up was due."""
    if referral.came_from != R.RISK_REVIEW:
        return due
    held_up = db.exec(
        select(Approval.due_at)
        .where(Approval.case_number == referral.case_number, Approval.kind == ApprovalKind.RISK_REVIEW)
        .order_by(col(Approval.opened_at).desc())
    ).first()
    return due if held_up is None else min(due, held_up)


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
        elif step == PatientWaitStep.REMIND:
            # after an outage the latest one leaves, not all that were missed
            owed = clocks.reminders_owed(plan, now)
            referral.reminders_sent, referral.round = owed, referral.version
            db.add(referral)
            send_link(db, referral, f"reminder-{owed}")
            counts.reminded += 1


def _ended_appointments(now: datetime) -> list[str]:
    with store.reading() as db:
        found = db.exec(
            select(Appointment).where(
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
        if suitable_slots(db, referral, now):
            store.move_case(db, referral, R.READY_TO_OFFER, actor="system", why="times_free")
            counts.offered_again += 1


@dataclass(frozen=True)
class Waiting:
    """One open wait, as the orchestrator may show it: ids, roles, times."""

    case_number: str
    wait: str
    owner: str
    who: str
    location_id: str
    since: datetime
    due_at: datetime | None


def waiting(location: str = "all") -> list[Waiting]:
    """Every open wait: for whom, since when, due when; the most overdue first."""
    with store.reading() as db:
        found = [
            Waiting(
                a.case_number,
                a.kind.label,
                a.role.value,
                a.assigned_to or "nobody",
                a.location_id,
                a.opened_at,
                a.due_at,
            )
            for a in db.exec(select(Approval).where(Approval.status == ApprovalStatus.OPEN)).all()
        ]
        found += [
            Waiting(
                t.case_number,
                t.kind.label,
                t.role.value,
                t.claimed_by or "anyone",
                t.location_id,
                t.opened_at,
                t.due_at,
            )
            for t in db.exec(select(ToDo).where(col(ToDo.status).in_(LIVE))).all()
        ]
        found += [
            Waiting(r.case_number, r.status.label, "patient", "the patient", r.location_id, r.status_since, None)
            for r in db.exec(
                select(Referral).where(col(Referral.status).in_((R.QUESTIONNAIRES_REQUESTED, R.OFFERED, R.BOOKED)))
            ).all()
        ]
    found += [
        Waiting(
            row.file_id,
            f"row {row.row} to correct",
            Role.COORDINATOR.value,
            "anyone",
            "",
            row.at,
            quarantine.due_at(row),
        )
        for row in quarantine.open_rows()
    ]
    found = [one for one in found if location in ("all", one.location_id)]
    return sorted(found, key=lambda one: (one.due_at is None, one.due_at or one.since, one.case_number))


async def wake_wanted(limit: int = 50) -> int:
    """Resume the runs of cases that somebody has moved on; the flag stays until a leg has read the new status.

    Those not tried for longest come first, so that runs which cannot be woken keep no other asleep. A run that has
    ended, or is gone, gives its case up to a successor.
    """
    woken, asleep = 0, []
    for run_id in _next_to_wake(limit):
        try:
            answer = await prefect_runs.wake(UUID(run_id))
        except OutsideUnavailable:
            raise
        except Exception as trouble:  # one run's trouble must not keep the others asleep
            log.error("a run could not be woken", run=run_id, trouble=trouble)
            asleep.append(run_id)
            continue
        woken += answer == Woken.woken
        if answer != Woken.woken:
            asleep.append(run_id)
    await _replace_ended(asleep, utc_now())
    return woken


def _next_to_wake(limit: int) -> list[str]:
    with store.reading() as db:
        wanted = db.exec(
            select(Referral.case_number, Referral.run_id)
            .where(col(Referral.wake_wanted).is_(True), col(Referral.run_id).is_not(None))
            .order_by(col(Referral.wake_tried_at).asc().nulls_first(), col(Referral.case_number))
            .limit(limit)
        ).all()
    if wanted:
        with store.writing() as db:
            these = col(Referral.case_number).in_([number for number, _ in wanted])
            db.exec(update(Referral).where(these).values(wake_tried_at=utc_now()))
    return [run_id for _, run_id in wanted if run_id is not None]


async def replace_ended_runs() -> int:
    """Free every open case from a run that has ended, whatever ended it, so that it gets a successor.

    A run that a person cancelled in Prefect is replaced too: cases are stopped on the desk.
    """
    with store.reading() as db:
        run_ids = db.exec(
            select(Referral.run_id).where(col(Referral.closed_at).is_(None), col(Referral.run_id).is_not(None))
        ).all()
    return await _replace_ended([run_id for run_id in run_ids if run_id is not None], utc_now())


async def _replace_ended(run_ids: list[str], now: datetime) -> int:
    replaced = 0
    for start in range(0, len(run_ids), RUNS_AT_ONCE):
        some = run_ids[start : start + RUNS_AT_ONCE]
        known = {str(run.run_id): run for run in await prefect_runs.read_runs([UUID(run_id) for run_id in some])}
        for run_id in some:
            run = known.get(run_id)
            if run is None or run.state_type in FINAL_STATES:
                replaced += _give_up_run(run_id, run, now)
    return replaced


def _give_up_run(run_id: str, run: Run | None, now: datetime) -> int:
    """Part an open case from its run; the more runs it has lost, the longer until its next one.

    A closed case needs no run any more, and nobody needs to wake it.
    """
    replaced = 0
    with store.writing() as db:
        for referral in db.exec(select(Referral).where(Referral.run_id == run_id)).all():
            if referral.closed_at is not None:
                referral.wake_wanted = False
                db.add(referral)
                continue
            pause = min(timedelta(minutes=referral.run_generation), LONGEST_PAUSE)
            if run is not None and run.since is not None and now - run.since < pause:
                continue
            referral.run_id = None
            referral.run_generation += 1
            db.add(referral)
            why = "gone" if run is None else run.state_type.lower()
            store.audit(
                db, "system", "run.ended", referral, referral.case_number, why=why, successor=referral.run_generation
            )
            replaced += 1
    return replaced


async def name_overdue(now: datetime) -> int:
    """Say in the run's name that its wait is overdue, so that an analyst sees it in Prefect's list of runs."""
    overdue = {one.case_number for one in waiting() if one.due_at is not None and one.due_at < now}
    renamed = 0
    for run in await prefect_runs.waiting_runs() if overdue else []:
        if run.name.split(" · ")[0] in overdue and not run.name.endswith(OVERDUE):
            await prefect_runs.rename(run.run_id, run.name + OVERDUE)
            renamed += 1
    return renamed


async def start_missing_runs(limit: int = 200) -> int:
    """Start a run for every accepted case that has none; the same case never gets two (idempotency key).

    A case whose run has ended gets its successor under a key of its own.
    """
    # a later file may name the case as a duplicate while the file that opened it is unfinished
    received = exists().where(
        col(IntakeRow.case_number) == col(Referral.case_number),
        col(IntakeFile.id) == col(IntakeRow.file_id),
        col(IntakeRow.outcome).in_((RowOutcome.ACCEPTED, RowOutcome.AMBIGUOUS)),
        col(IntakeFile.finished_at).is_not(None),
    )
    with store.reading() as db:
        waiting_for_run = db.exec(
            select(Referral)
            .where(
                col(Referral.run_id).is_(None),
                col(Referral.closed_at).is_(None),
                or_(col(Referral.run_generation) > 0, received),
            )
            .order_by(col(Referral.case_number))
            .limit(limit)
        ).all()
    for referral in waiting_for_run:
        number, generation = referral.case_number, referral.run_generation
        run_id = await prefect_runs.start_run(
            CASE_DEPLOYMENT,
            {"case_number": number},
            name=f"{number} · {referral.status.label}",
            idempotency_key=f"{store.installation_id()}-{number}-{generation}",
            tags=["referral"],
        )
        with store.writing() as db:
            db.exec(
                update(Referral)
                .where(
                    col(Referral.case_number) == number,
                    col(Referral.run_id).is_(None),
                    col(Referral.run_generation) == generation,
                )
                .values(run_id=str(run_id))
            )
            if generation:
                store.audit(db, "system", "run.replaced", referral, number, generation=generation)
    return len(waiting_for_run)


async def start_intake() -> int:
    """Start an intake when whole files lie in the intake folder, or when the intake that took some out of it was lost.

    The same files start one run in five minutes.
    """
    root = settings().intake_folder
    if not root.is_dir():
        return 0
    found: list[tuple[str, int, int]] = [
        (path.name, path.stat().st_mtime_ns, path.stat().st_size)
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.name.startswith((".", "~$")) and path.suffix not in HALF_WRITTEN_SUFFIXES
    ]
    found += [(file_id, 0, 0) for file_id in _unfinished_files(utc_now())]
    if not found:
        return 0
    # the folder's state names the run, so that neither two workers nor two ticks start two intakes for it
    state = hashlib.sha256(repr((found, int(time.time() // 300))).encode()).hexdigest()[:24]
    await prefect_runs.start_run(
        INTAKE_DEPLOYMENT,
        {"location": "all"},
        name=f"intake · {len(found)} files",
        idempotency_key=f"intake-{store.installation_id()}-{state}",
    )
    return 1


def _unfinished_files(now: datetime) -> list[str]:
    """Files whose intake has been under way for so long that it must have been lost; not those that are gone."""
    with store.reading() as db:
        found = db.exec(
            select(IntakeFile)
            .where(col(IntakeFile.finished_at).is_(None), col(IntakeFile.received_at) < now - UNFINISHED_AFTER)
            .order_by(col(IntakeFile.id))
        ).all()
    return [file.id for file in found if any(settings().received_folder.glob(f"{file.digest[:32]}.*"))]


async def tick() -> None:
    """What the worker does about once a second: send what is due, start and wake cases; trouble waits for the next.

    Sending comes first: a page must not wait behind a Prefect that does not answer.
    """
    for act in (_send_due, start_scheduled, start_intake, start_missing_runs, wake_wanted):
        await _quietly(act)


async def _send_due() -> int:
    counts = await asyncio.to_thread(outbox.send_due, utc_now())
    return counts.sent


async def sweep_runs() -> None:
    """Replace what has ended, once a minute; trouble with Prefect waits for the next round."""
    await _quietly(replace_ended_runs)


async def _quietly(act: Callable[[], Awaitable[int]]) -> None:
    name = getattr(act, "__name__", "tick")
    try:
        await act()
    except NotDeployed as trouble:  # at a start the worker is there before what it starts
        _say_once(name, trouble, log.info)
    except OutsideUnavailable as trouble:
        _say_once(name, trouble, log.warning)
    except Exception as trouble:  # one broken act must not stop the others; never its words
        _say_once(name, trouble, log.error)
    else:
        _in_trouble.pop(name, None)


def _say_once(name: str, trouble: Exception, say: Callable[..., None]) -> None:
    """The same trouble of the same act is said once a minute, not four times a second."""
    kind, now = type(trouble).__name__, time.monotonic()
    known, said_at = _in_trouble.get(name, ("", 0.0))
    if kind != known or now - said_at >= SAID_AGAIN_SECONDS:
        _in_trouble[name] = (kind, now)
        say("not done this time", act=name, trouble=trouble)
