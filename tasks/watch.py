"""Watching every wait: alarms, escalation, reminders, lost wake-ups; nothing here decides anything."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from adapters import operational_store as store
from adapters import outbox, prefect_runs
from adapters.file_drop import HALF_WRITTEN_SUFFIXES
from adapters.prefect_runs import Woken
from adapters.settings import settings
from models.codes import (
    AppointmentStatus,
    ApprovalKind,
    ApprovalStatus,
    MessageChannel,
    ReferralStatus,
    Role,
    RowOutcome,
    ToDoKind,
    ToDoStatus,
)
from models.columns import new_id, utc_now
from models.errors import CountersignError, MovedOn, OutsideRefused, OutsideUnavailable
from models.operational import Appointment, Approval, IntakeFile, IntakeRow, Patient, Referral, ToDo
from rules import clocks, messaging
from rules.clocks import PatientWaitStep
from tasks import quarantine
from tasks.matching import suitable_slots
from tasks.people import staff_of, who_may_sign
from tasks.practice import clock_policy
from tasks.sign_offs import page
from tasks.steps import step
from tasks.waits import LINK_AT, send_link

logger = logging.getLogger(__name__)

R = ReferralStatus
CASE_DEPLOYMENT = "referral-to-first-session/case"
INTAKE_DEPLOYMENT = "referral-intake/intake"
HEARTBEAT = "watch-waits"
OVERDUE = " · overdue"


@dataclass
class WatchCounts:
    """What one round of watching did."""

    pages: int = 0
    escalated: int = 0
    reminded: int = 0
    to_call: int = 0
    outcomes_asked: int = 0
    offered_again: int = 0


@step("watch every wait")
def watch(now: datetime | None = None) -> dict[str, int]:
    """Sound the alarms and send the reminders that are due; each item in a transaction of its own, so that one
    broken item stops no other. Returns counts. Ends with the heartbeat that the desk watches."""
    moment = now or utc_now()
    counts = WatchCounts()
    _each(_open_approvals(), lambda key: _watch_approval(key, moment, counts))
    _each(_open_to_dos(), lambda key: _watch_to_do(key, moment, counts))
    _each(_cases_in(*LINK_AT), lambda key: _watch_patient(key, moment, counts))
    _each(_ended_appointments(moment), lambda key: _ask_for_outcome(key, moment, counts))
    _each(_cases_in(R.WAITLISTED), lambda key: _offer_if_free(key, moment, counts))
    for row in quarantine.open_rows():
        counts.escalated += quarantine.remind(row, moment)
    with store.writing() as db:
        store.beat(db, HEARTBEAT)
    return asdict(counts)


def _each(keys: list[str], act: Callable[[str], None]) -> None:
    for key in keys:
        try:
            act(key)
        except MovedOn:
            continue
        except CountersignError as trouble:
            logger.error("watching %s: %s", key, type(trouble).__name__)


def _open_approvals() -> list[str]:
    with store.reading() as db:
        return list(db.exec(select(Approval.id).where(Approval.status == ApprovalStatus.OPEN)).all())


def _open_to_dos() -> list[str]:
    with store.reading() as db:
        return list(db.exec(select(ToDo.id).where(col(ToDo.status).in_((ToDoStatus.OPEN, ToDoStatus.CLAIMED)))).all())


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
        if approval.kind == ApprovalKind.RISK_REVIEW and clocks.page_now(
            approval.level,
            opened_at=approval.opened_at,
            due_at=approval.due_at,
            seen_at=approval.seen_at,
            last_paged_at=approval.last_paged_at,
            now=now,
            policy=policy,
        ):
            page(db, approval, patient, now=now)
            counts.pages += 1
        owed = clocks.escalations_owed(approval.due_at, now, policy)
        if owed > approval.escalations:
            _pass_on(db, approval, referral, patient, owed)
            counts.escalated += 1


def _pass_on(db: Session, approval: Approval, referral: Referral, patient: Patient, times: int) -> None:
    """Give an overdue sign-off to the next person who may sign it, and tell both; once, however many were missed."""
    old = approval.assigned_to
    others = who_may_sign(db, approval.kind, referral, patient, but_not=frozenset({old or ""}))
    new = others[0].id if others else old
    approval.escalations = times
    approval.assigned_to = new
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
        if to_do.status not in (ToDoStatus.OPEN, ToDoStatus.CLAIMED):
            return
        owed = clocks.escalations_owed(to_do.due_at, now, clock_policy(db))
        if owed <= to_do.escalations:
            return
        to_do.escalations = owed
        db.add(to_do)
        store.audit(db, "system", "to_do.overdue", to_do, to_do.case_number, times=to_do.escalations)
        for person in staff_of(db, to_do.role, to_do.location_id):
            _notify(db, f"overdue:{to_do.id}:{to_do.escalations}:{person.id}", person.id, to_do.case_number, to_do.id)
        counts.escalated += 1


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
            for t in db.exec(select(ToDo).where(col(ToDo.status).in_((ToDoStatus.OPEN, ToDoStatus.CLAIMED)))).all()
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
    """Resume the runs of cases that somebody has moved on; the flag stays until a leg has read the new status."""
    with store.reading() as db:
        wanted = db.exec(
            select(Referral.run_id)
            .where(col(Referral.wake_wanted).is_(True), col(Referral.run_id).is_not(None))
            .limit(limit)
        ).all()
    woken = 0
    for run_id in filter(None, wanted):
        try:
            answer = await prefect_runs.wake(UUID(run_id))
        except OutsideRefused as refused:  # one run's trouble must not keep the others asleep
            logger.error("run %s could not be woken: %s", run_id, refused)
            continue
        woken += answer == Woken.woken
        if answer == Woken.gone:
            _forget_run(run_id)
    return woken


def _forget_run(run_id: str) -> None:
    """A run that somebody deleted in Prefect: its case gets a new one."""
    with store.writing() as db:
        for referral in db.exec(select(Referral).where(Referral.run_id == run_id)).all():
            referral.run_id = None
            db.add(referral)
            store.audit(db, "system", "run.gone", referral, referral.case_number)


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
    """Start a run for every accepted case that has none; the same case never gets two (idempotency key)."""
    with store.reading() as db:
        numbers = db.exec(
            select(Referral.case_number)
            .join(IntakeRow, col(IntakeRow.case_number) == col(Referral.case_number))
            .join(IntakeFile, col(IntakeFile.id) == col(IntakeRow.file_id))
            .where(
                col(Referral.run_id).is_(None),
                col(Referral.closed_at).is_(None),
                # a later file may name the case as a duplicate while the file that opened it is unfinished
                col(IntakeRow.outcome).in_((RowOutcome.ACCEPTED, RowOutcome.AMBIGUOUS)),
                col(IntakeFile.finished_at).is_not(None),
            )
            .order_by(col(Referral.case_number))
            .distinct()
            .limit(limit)
        ).all()
    for number in numbers:
        run_id = await prefect_runs.start_run(
            CASE_DEPLOYMENT,
            {"case_number": number},
            name=f"{number} · received",
            idempotency_key=f"{store.installation_id()}-{number}",
            tags=["referral"],
        )
        with store.writing() as db:
            referral = store.one(db, Referral, number)
            referral.run_id = str(run_id)
            db.add(referral)
    return len(numbers)


async def start_intake() -> int:
    """Start an intake when whole files lie in the intake folder; the same files start one run in five minutes."""
    root = settings().intake_folder
    if not root.is_dir():
        return 0
    found = [
        (path.name, path.stat().st_mtime_ns, path.stat().st_size)
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.name.startswith((".", "~$")) and path.suffix not in HALF_WRITTEN_SUFFIXES
    ]
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


async def tick() -> None:
    """What the worker does about once a second: start and wake cases, send what is due; trouble waits for the next."""
    for act in (start_intake, start_missing_runs, wake_wanted, _send_due):
        await _quietly(act)


async def _send_due() -> int:
    counts = await asyncio.to_thread(outbox.send_due, utc_now())
    return counts.sent


async def _quietly(act: Callable[[], Awaitable[int]]) -> None:
    try:
        await act()
    except OutsideUnavailable as trouble:
        logger.warning("%s: %s", getattr(act, "__name__", "tick"), trouble)
