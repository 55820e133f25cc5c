"""Which Prefect run works on which case: runs are started, woken and replaced; the worker's tick does it."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import exists, update
from sqlmodel import col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from acts import billing, sending
from adapters import operational_store as store
from adapters import prefect_runs, step_counts
from adapters.clearinghouse import SETTLE_SECONDS
from adapters.file_drop import HALF_WRITTEN_SUFFIXES
from adapters.held_places import not_held
from adapters.log_lines import log_of
from adapters.operational_store import CaseRecord
from adapters.prefect_runs import Run, Woken
from adapters.settings import settings
from adapters.simulated_payer import work_here
from models.claim_codes import FileStatus
from models.codes import ClaimStatus, NoteStatus, RiskLevel, RowOutcome
from models.columns import utc_now
from models.errors import NotDeployed, OutsideUnavailable
from models.governance_codes import Workflow
from models.operational import (
    Claim,
    ClearinghouseFile,
    EligibilityCheck,
    FollowUp,
    IntakeFile,
    IntakeRow,
    Referral,
    SessionNote,
)
from models.step_reads import at_work, take_refusals_between_steps
from tasks import claim_building, claim_files, refused_reads, sessions
from tasks.intake import NOT_REFERRALS
from tasks.schedule import start_scheduled
from tasks.steps import in_its_name
from tasks.waiting import waiting

log = log_of(__name__)

CLAIM_DEPLOYMENT = "claim/claim"
CLAIMS_DEPLOYMENT = "eligibility-to-claim/claims"
CASE_DEPLOYMENT = "referral-to-first-session/case"
NOTE_DEPLOYMENT = "session-note/note"
FOLLOW_UP_DEPLOYMENT = "between-sessions/follow-up"
SESSIONS_DEPLOYMENT = "session-to-note-draft/sessions"
BEFORE_THE_BATCH = (ClaimStatus.RECEIVED, ClaimStatus.READY_TO_BUILD)
Lying = tuple[str, int, int]
LOST_BATCH_AFTER = timedelta(minutes=10)
TOGETHER = timedelta(seconds=10)
"""Claims that become ready within this time leave in one file."""
INTAKE_DEPLOYMENT = "referral-intake/intake"
STEERING = "steer the runs"
"""In whose name the worker reads what it looks at about once a second; what it sends it reads in another."""
OVERDUE = " · overdue"
FINAL_STATES = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
RUNS_AT_ONCE = 200
LONGEST_PAUSE = timedelta(minutes=15)
"""Between two runs of one case whose runs keep ending; a run that kills its worker must not do so every second."""
UNFINISHED_AFTER = timedelta(minutes=5)
SAID_AGAIN_SECONDS = 60.0
LOOK_EVERY, PAYER_EVERY = 5.0, 2.0
"""Seconds between two looks for claims to move, and for what the simulated payer has to answer."""

_in_trouble: dict[str, tuple[str, float]] = {}
_looked_at: dict[str, float] = {}


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
    return [run_id for record in store.CASES for run_id in _next_of(record, limit)]


def _next_of(record: type[Any], limit: int) -> list[str]:
    with store.reading() as db:
        wanted = db.exec(
            select(record.case_number, record.run_id)
            .where(col(record.wake_wanted).is_(True), col(record.run_id).is_not(None))
            .order_by(col(record.wake_tried_at).asc().nulls_first(), col(record.case_number))
            .limit(limit)
        ).all()
    if wanted:
        with store.writing() as db:
            these = col(record.case_number).in_([number for number, _ in wanted])
            db.exec(update(record).where(these).values(wake_tried_at=utc_now()))
    return [run_id for _, run_id in wanted if run_id is not None]


async def replace_ended_runs() -> int:
    """Free every open case from a run that has ended, whatever ended it, so that it gets a successor.

    A run that a person cancelled in Prefect is replaced too: cases are stopped on the desk.
    """
    with store.reading() as db:
        run_ids = [
            run_id
            for record in store.CASES
            for run_id in db.exec(
                select(record.run_id).where(col(record.closed_at).is_(None), col(record.run_id).is_not(None))
            ).all()
        ]
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
        for case in [
            each for record in store.CASES for each in db.exec(select(record).where(record.run_id == run_id)).all()
        ]:
            if case.closed_at is not None:
                case.wake_wanted = False
                db.add(case)
                continue
            pause = min(timedelta(minutes=case.run_generation), LONGEST_PAUSE)
            if run is not None and run.since is not None and now - run.since < pause:
                continue
            case.run_id = None
            case.run_generation += 1
            db.add(case)
            why = "gone" if run is None else run.state_type.lower()
            store.audit(db, "system", "run.ended", case, case.case_number, why=why, successor=case.run_generation)
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
        waiting_for_run: list[CaseRecord] = [
            *db.exec(
                select(Referral)
                .where(
                    col(Referral.run_id).is_(None),
                    col(Referral.closed_at).is_(None),
                    or_(col(Referral.run_generation) > 0, received),
                )
                .order_by(col(Referral.case_number))
                .limit(limit)
            ).all(),
            *db.exec(_sessions_without_run(utc_now()).limit(limit)).all(),
            *db.exec(_claims_without_run(utc_now()).limit(limit)).all(),
            *db.exec(_follow_ups_without_run().limit(limit)).all(),
        ]
    for case in waiting_for_run:
        await _start(case)
    return len(waiting_for_run)


def _sessions_without_run(now: datetime) -> SelectOfScalar[SessionNote]:
    """Sessions the day's batch has drafted, and those that a lost batch has left: their own run drafts them."""
    return (
        select(SessionNote)
        .where(
            col(SessionNote.run_id).is_(None),
            col(SessionNote.closed_at).is_(None),
            or_(
                col(SessionNote.run_generation) > 0,
                SessionNote.status == NoteStatus.NOTE_SIGNATURE,
                col(SessionNote.status_since) < now - LOST_BATCH_AFTER,
            ),
        )
        .order_by(col(SessionNote.case_number))
    )


def _claims_without_run(now: datetime) -> SelectOfScalar[Claim]:
    """Claims that wait for somebody, and those a lost batch has left; one that a batch has just opened needs none."""
    return (
        select(Claim)
        .where(
            col(Claim.run_id).is_(None),
            col(Claim.closed_at).is_(None),
            or_(
                col(Claim.run_generation) > 0,
                col(Claim.status).not_in(BEFORE_THE_BATCH),
                col(Claim.status_since) < now - LOST_BATCH_AFTER,
            ),
        )
        .order_by(col(Claim.case_number))
    )


def _follow_ups_without_run() -> SelectOfScalar[FollowUp]:
    """Every open escalation and message, the most urgent first: somebody may be in danger."""
    return (
        select(FollowUp)
        .where(col(FollowUp.run_id).is_(None), col(FollowUp.closed_at).is_(None))
        .order_by(col(FollowUp.risk_level) != RiskLevel.HIGH, col(FollowUp.case_number))
    )


def _deployment_of(case: CaseRecord) -> tuple[str, str]:
    """The deployment a case of this kind runs as, and the tag of its runs."""
    if isinstance(case, Claim):
        return CLAIM_DEPLOYMENT, "claim"
    if isinstance(case, FollowUp):
        return FOLLOW_UP_DEPLOYMENT, "follow-up"
    return (CASE_DEPLOYMENT, "referral") if isinstance(case, Referral) else (NOTE_DEPLOYMENT, "note")


async def _start(case: CaseRecord) -> None:
    number, generation = case.case_number, case.run_generation
    deployment, tag = _deployment_of(case)
    run_id = await prefect_runs.start_run(
        deployment,
        {"case_number": number},
        name=f"{number} · {case.status.label}",
        idempotency_key=f"{store.installation_id()}-{number}-{generation}",
        tags=[tag],
    )
    record: type[Any] = type(case)
    with store.writing() as db:
        db.exec(
            update(record)
            .where(
                col(record.case_number) == number,
                col(record.run_id).is_(None),
                col(record.run_generation) == generation,
            )
            .values(run_id=str(run_id))
        )
        if generation:
            store.audit(db, "system", "run.replaced", case, number, generation=generation)


async def start_intake() -> int:
    """Start an intake when whole files lie in the intake folder, or when the intake that took some out of it was lost.

    The same files start one run in five minutes.
    """
    root = settings().intake_folder
    if not root.is_dir():
        return 0
    found = _lying(path for path in root.rglob("*") if path.suffix not in HALF_WRITTEN_SUFFIXES)
    found += [(file_id, 0, 0) for file_id in _unfinished_files(utc_now())]
    if not found:
        return 0
    return await _start_for(found, INTAKE_DEPLOYMENT, "intake", f"intake · {len(found)} files")


async def _start_for(found: list[Lying], deployment: str, key: str, name: str) -> int:
    """Start one run for what lies there: the folder's state names it, so that neither two workers nor two ticks start
    two."""
    state = hashlib.sha256(repr((found, int(time.time() // 300))).encode()).hexdigest()[:24]
    await prefect_runs.start_run(
        deployment, {"location": "all"}, name=name, idempotency_key=f"{key}-{store.installation_id()}-{state}"
    )
    return 1


def _lying(paths: Iterable[Path]) -> list[Lying]:
    """Each whole file among these: its name, when it changed, its size; hidden ones are not taken."""
    return [
        (path.name, path.stat().st_mtime_ns, path.stat().st_size)
        for path in sorted(paths)
        if path.is_file() and not path.name.startswith((".", "~$"))
    ]


def _settled(found: list[Lying]) -> list[Lying]:
    """Those that a batch would take: one started for a file that may be half written leaves it lying, and the same
    state starts no other."""
    now = time.time()
    return [each for each in found if not 0 <= now - each[1] / 1e9 < SETTLE_SECONDS]


async def start_sessions() -> int:
    """Start the day's batch when an index lies in a sessions folder; the same one starts one run in five minutes."""
    indexes = [path for path in settings().sessions_folder.rglob("*") if path.suffix.lower() == sessions.INDEX_SUFFIX]
    if not indexes:
        return 0  # before the places are asked for: the worker looks several times a second
    folders = set(sessions.folders_of(sessions.EVERYWHERE))
    found = _lying(path for path in indexes if path.parent in folders)
    if not found:
        return 0
    return await _start_for(found, SESSIONS_DEPLOYMENT, "sessions", f"sessions · {len(found)} exports")


async def answer_as_payer() -> int:
    """In the sample practice alone: let the simulated payer answer what lies in the clearinghouse's folder."""
    if not settings().simulates_payer or not _is_time("payer", PAYER_EVERY):
        return 0
    return len(await asyncio.to_thread(work_here, utc_now()))


def _is_time(what: str, every: float) -> bool:
    """Whether this was not looked at for so many seconds; the worker looks several times a second."""
    now = time.monotonic()
    if now - _looked_at.get(what, -every) < every:
        return False
    _looked_at[what] = now
    return True


async def start_claims() -> int:
    """Start a batch of claims when something is ready: a signed note without a claim, a claim or question to send, a
    file that came. The same state starts one run in five minutes."""
    if not billing.is_set_up() or not _is_time("claims", LOOK_EVERY):
        return 0
    incoming = settings().clearinghouse_folder / "incoming"
    found = _settled(_lying(incoming.iterdir())) if incoming.is_dir() else []
    with store.reading() as db:
        found += [(number, 0, version) for number, version in db.exec(_claims_to_move()).all()]
        found += [(number, 0, 0) for number in db.exec(claim_building.notes_without_claim().limit(RUNS_AT_ONCE)).all()]
        found += [(check_id, 0, tries) for check_id, tries in db.exec(_questions_to_ask(utc_now())).all()]
        found += [(file_id, 0, tries) for file_id, tries in db.exec(_files_to_send(utc_now())).all()]
    if not found:
        return 0
    return await _start_for(found, CLAIMS_DEPLOYMENT, "claims", f"claims · {len(found)} to move")


def _claims_to_move() -> Any:
    """Claims that only a batch moves on, once they have stood for a moment, so that a burst goes in one file."""
    settled = utc_now() - TOGETHER
    return (
        select(Claim.case_number, Claim.version)
        .where(Claim.status == ClaimStatus.READY_TO_SEND, col(Claim.status_since) < settled)
        .where(not_held(Workflow.CLAIMS, Claim.location_id))
        .limit(RUNS_AT_ONCE)
    )


def _questions_to_ask(now: datetime) -> Any:
    """Questions about coverage that no batch has put into a file: a claim's own run asks too, and a payer whose system
    was away is asked again."""
    return (
        select(EligibilityCheck.id, EligibilityCheck.attempts)
        .where(
            col(EligibilityCheck.file_id).is_(None),
            col(EligibilityCheck.answered_at).is_(None),
            col(EligibilityCheck.not_before) <= now - TOGETHER,
            not_held(Workflow.CLAIMS, EligibilityCheck.location_id),
        )
        .limit(RUNS_AT_ONCE)
    )


def _files_to_send(now: datetime) -> Any:
    return select(ClearinghouseFile.id, ClearinghouseFile.attempts).where(
        col(ClearinghouseFile.outgoing).is_(True),
        ClearinghouseFile.status == FileStatus.QUEUED,
        col(ClearinghouseFile.not_before) <= now - TOGETHER,
        col(ClearinghouseFile.id).not_in(claim_files.of_held_places()),
    )


def _unfinished_files(now: datetime) -> list[str]:
    """Files whose intake has been under way for so long that it must have been lost; not those that are gone."""
    with store.reading() as db:
        found = db.exec(
            select(IntakeFile)
            .where(
                col(IntakeFile.finished_at).is_(None),
                col(IntakeFile.received_at) < now - UNFINISHED_AFTER,
                col(IntakeFile.kind).not_in(NOT_REFERRALS),
            )
            .order_by(col(IntakeFile.id))
        ).all()
    return [file.id for file in found if any(settings().received_folder.glob(f"{file.digest[:32]}.*"))]


async def tick() -> None:
    """What the worker does about once a second: send what is due, start and wake cases; trouble waits for the next.

    Sending comes first: a page must not wait behind a Prefect that does not answer.
    """
    for act in (
        _send_due,
        start_scheduled,
        start_intake,
        start_sessions,
        answer_as_payer,
        start_claims,
        start_missing_runs,
        wake_wanted,
    ):
        await _quietly(act)


async def _send_due() -> int:
    counts = await asyncio.to_thread(in_its_name("send what is due")(sending.send_due), utc_now())
    return counts.sent


async def sweep_runs() -> None:
    """Replace what has ended and keep what was counted, once a minute; trouble waits for the next round."""
    await _quietly(replace_ended_runs)
    await _quietly(keep_step_counts)


async def keep_step_counts() -> int:
    """Add what this process has counted of its steps to the day's counts; what nobody was told of is told."""
    if refused := take_refusals_between_steps():
        await asyncio.to_thread(in_its_name("tell of a refused read")(refused_reads.tell), refused)
    return await asyncio.to_thread(step_counts.keep)


async def _quietly(act: Callable[[], Awaitable[int]]) -> None:
    name = getattr(act, "__name__", "tick")
    try:
        with at_work(STEERING):
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
