"""What a monitor reads about this installation: counts and ages by role and kind, never by person or case.

Every figure is one aggregate of the database, so a reading costs the same few statements however many cases there are.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import inf
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy import case, func, text
from sqlmodel import Session, col, select

from adapters.audit_status import chains
from adapters.desk_views import WAITING_TO_DO, beats
from adapters.health import health
from adapters.operational_store import reading
from models.claim_codes import FileStatus
from models.codes import (
    ApprovalKind,
    ApprovalStatus,
    MessageChannel,
    MessageStatus,
    NoteStatus,
    QuarantineStatus,
    Role,
    RunTrouble,
)
from models.columns import utc_now
from models.operational import (
    Approval,
    AuditEvent,
    Claim,
    ClearinghouseFile,
    OutboxMessage,
    QuarantinedRow,
    Referral,
    SessionNote,
    ToDo,
)
from models.transitions import owner_of

AGES = (
    ("under_1h", timedelta(hours=1)),
    ("1h_to_4h", timedelta(hours=4)),
    ("4h_to_1d", timedelta(days=1)),
    ("1d_to_3d", timedelta(days=3)),
)
OLDEST = "over_3d"
RESTARTED = "process.restarted"


class InstallationCollector:
    """Reads the figures anew at every scrape."""

    def collect(self) -> Iterator[Metric]:
        checks = GaugeMetricFamily("countersign_healthy", "1 when this check of /health holds.", labels=["check"])
        for name, holds in health().checks.items():
            checks.add_metric([name], float(holds))
        yield checks
        if health().checks["operational_database"] and health().checks["migrations"]:
            now = utc_now()
            yield from _silences(now)
            with reading() as db:
                yield _open_approvals(db, now)
                yield from _oldest_and_overdue(db, now)
                yield from _outbox(db, now)
                yield _counted(db, "countersign_cases", "Cases by status.", Referral.status, "status")
                yield _counted(db, "countersign_sessions", "Session notes by status.", SessionNote.status, "status")
                yield from _open_sessions(db, now)
                yield _counted(db, "countersign_claims", "Claims by status.", Claim.status, "status")
                yield from _clearinghouse(db, now)
                yield _quarantine(db)
                yield from _audited(db)
            yield from _chains(now)


def _silences(now: datetime) -> Iterator[Metric]:
    """The dead-man timers; infinite for what has never been heard of."""
    found = beats()
    for name, what, at in (
        ("watch", "the watch over every wait last ran", found.watched_at),
        ("worker", "a worker last said that it lives", found.worker_at),
    ):
        silence = inf if at is None else max((now - at).total_seconds(), 0.0)
        yield GaugeMetricFamily(f"countersign_{name}_silence_seconds", f"Seconds since {what}.", value=silence)


def _open_approvals(db: Session, now: datetime) -> Metric:
    opened = col(Approval.opened_at)
    # grouped by its name: PostgreSQL takes the same expression with other placeholders for another one
    age = case(*((opened > now - limit, name) for name, limit in AGES), else_=OLDEST).label("age")
    found = db.exec(
        select(Approval.role, Approval.kind, age, func.count())
        .where(Approval.status == ApprovalStatus.OPEN)
        .group_by(col(Approval.role), col(Approval.kind), text("age"))
    ).all()
    family = GaugeMetricFamily(
        "countersign_open_approvals", "Sign-offs that wait, by the role that owes them.", labels=["role", "kind", "age"]
    )
    for role, kind, bucket, count in found:
        family.add_metric([Role(role).value, ApprovalKind(kind).value, str(bucket)], count)
    return family


def _oldest_and_overdue(db: Session, now: datetime) -> Iterator[Metric]:
    oldest = GaugeMetricFamily(
        "countersign_oldest_open_approval_seconds", "Age of the oldest sign-off that waits.", labels=["role"]
    )
    overdue = GaugeMetricFamily(
        "countersign_overdue", "Sign-offs and to-dos past their due time.", labels=["what", "role"]
    )
    waiting: tuple[tuple[str, Any, tuple[Any, ...]], ...] = (
        ("approval", Approval, (ApprovalStatus.OPEN,)),
        ("to_do", ToDo, WAITING_TO_DO),
    )
    for what, table, statuses in waiting:
        for role, first, late in db.exec(
            select(table.role, func.min(table.opened_at), func.sum(case((table.due_at < now, 1), else_=0)))
            .where(table.status.in_(statuses))
            .group_by(table.role)
        ).all():
            overdue.add_metric([what, role.value], late)
            if what == "approval":
                oldest.add_metric([role.value], max((now - first).total_seconds(), 0.0))
    yield oldest
    yield overdue


def _outbox(db: Session, now: datetime) -> Iterator[Metric]:
    """``lag`` counts from the time a message was to leave; one that waits for the morning is not late."""
    messages = GaugeMetricFamily(
        "countersign_outbox_messages", "Messages that have not left, by channel.", labels=["channel", "status"]
    )
    lag = GaugeMetricFamily("countersign_outbox_lag_seconds", "How late the message that waits longest is.", value=None)
    unsent = (MessageStatus.QUEUED, MessageStatus.FAILED)
    for channel, status, count in db.exec(
        select(OutboxMessage.channel, OutboxMessage.status, func.count())
        .where(col(OutboxMessage.status).in_(unsent))
        .group_by(col(OutboxMessage.channel), col(OutboxMessage.status))
    ).all():
        messages.add_metric([MessageChannel(channel).value, MessageStatus(status).value], count)
    due = db.exec(
        select(func.min(OutboxMessage.not_before)).where(
            OutboxMessage.status == MessageStatus.QUEUED, col(OutboxMessage.not_before) <= now
        )
    ).one()
    lag.add_metric([], 0.0 if due is None else (now - due).total_seconds())
    yield messages
    yield lag


def _counted(db: Session, name: str, words: str, column: Any, label: str) -> Metric:
    family = GaugeMetricFamily(name, words, labels=[label])
    for value, count in db.exec(select(column, func.count()).group_by(column)).all():
        family.add_metric([value.value], count)
    return family


def _open_sessions(db: Session, now: datetime) -> Iterator[Metric]:
    """Session notes that are not closed, by whose turn it is; overdue counts those whose signature is late."""
    waiting = {owner_of(status): 0 for status in NoteStatus if not status.is_closed}
    statuses = select(SessionNote.status, func.count()).where(col(SessionNote.closed_at).is_(None))
    for status, count in db.exec(statuses.group_by(col(SessionNote.status))).all():
        waiting[owner_of(NoteStatus(status))] += count
    owners = GaugeMetricFamily(
        "countersign_open_sessions", "Session notes that are not closed, by whose turn it is.", labels=["owner"]
    )
    for owner, count in waiting.items():
        owners.add_metric([owner.value], count)
    yield owners
    late = db.exec(
        select(func.count()).where(
            Approval.kind == ApprovalKind.SESSION_NOTE,
            Approval.status == ApprovalStatus.OPEN,
            col(Approval.due_at) < now,
        )
    ).one()
    yield GaugeMetricFamily("countersign_overdue_sessions", "Session notes whose signature is overdue.", value=late)


def _clearinghouse(db: Session, now: datetime) -> Iterator[Metric]:
    """Files that were refused, and for how long one that is to leave has not."""
    refused, queued = db.exec(
        select(
            func.sum(case((col(ClearinghouseFile.status) == FileStatus.REFUSED, 1), else_=0)),
            func.min(
                case(
                    (
                        (col(ClearinghouseFile.status) == FileStatus.QUEUED)
                        & (col(ClearinghouseFile.not_before) <= now),
                        ClearinghouseFile.at,
                    )
                )
            ),
        )
    ).one()
    yield GaugeMetricFamily(
        "countersign_clearinghouse_files_refused", "Files of payers that wait for a biller.", value=refused or 0
    )
    yield GaugeMetricFamily(
        "countersign_clearinghouse_lag_seconds",
        "Age of the oldest file that should have left for the clearinghouse.",
        value=0.0 if queued is None else max((now - queued).total_seconds(), 0.0),
    )


def _quarantine(db: Session) -> Metric:
    family = GaugeMetricFamily(
        "countersign_quarantined_rows", "Received rows that wait to be corrected.", labels=["urgent"]
    )
    # a row may have several faults, each a record of its own
    rows = (
        select(QuarantinedRow.file_id, QuarantinedRow.row, func.max(_as_number(QuarantinedRow.urgent)).label("urgent"))
        .where(QuarantinedRow.status == QuarantineStatus.OPEN)
        .group_by(col(QuarantinedRow.file_id), col(QuarantinedRow.row))
        .subquery()
    )
    found = db.exec(select(rows.c.urgent, func.count()).group_by(rows.c.urgent)).all()
    counts = {bool(urgent): count for urgent, count in found}
    for urgent in (False, True):
        family.add_metric([str(urgent).lower()], counts.get(urgent, 0))
    return family


def _chains(now: datetime) -> Iterator[Metric]:
    """How the two audit chains stood when they were last verified, which the night's work does."""
    age = GaugeMetricFamily(
        "countersign_audit_verified_age_seconds", "Seconds since an audit chain was verified.", labels=["database"]
    )
    faults = GaugeMetricFamily(
        "countersign_audit_faults", "Faults that the last verification of a chain found.", labels=["database"]
    )
    for chain in chains():
        verified = chain.verified_at
        age.add_metric([chain.database], inf if verified is None else max((now - verified).total_seconds(), 0.0))
        faults.add_metric([chain.database], chain.faults)
    yield age
    yield faults


def _as_number(flag: Any) -> Any:
    return case((flag.is_(True), 1), else_=0)


def _audited(db: Session) -> Iterator[Metric]:
    """What has happened since the installation began, as the audit counts it."""
    runs = CounterMetricFamily("countersign_run_alarms", "Runs that failed, crashed or were late.", labels=["trouble"])
    actions = {f"run.{trouble.value}": trouble.value for trouble in RunTrouble}
    counts = dict(
        db.exec(
            select(AuditEvent.action, func.count())
            .where(col(AuditEvent.action).in_(actions))
            .group_by(AuditEvent.action)
        ).all()
    )
    for action, trouble in actions.items():
        runs.add_metric([trouble], counts.get(action, 0))
    yield runs
    restarts = CounterMetricFamily("countersign_restarts", "Parts that died and were started again.", labels=["part"])
    for part, count in db.exec(
        select(AuditEvent.subject_id, func.count())
        .where(AuditEvent.action == RESTARTED)
        .group_by(AuditEvent.subject_id)
    ).all():
        restarts.add_metric([part], count)
    yield restarts
