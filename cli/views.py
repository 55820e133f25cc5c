"""What the command line shows, as plain rows of ids, enums, counts and times."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from adapters.operational_store import CaseRecord, one, one_case, reading
from models.codes import ApprovalStatus, MessageStatus, QuarantineStatus, ReferralStatus, ToDoStatus
from models.columns import utc_now
from models.operational import (
    Appointment,
    Approval,
    AuditEvent,
    Heartbeat,
    OutboxMessage,
    PortalLink,
    QuarantinedRow,
    Referral,
    Staff,
    ToDo,
    WorkerBeat,
)
from models.transitions import owner_of

OPEN_TO_DO = (ToDoStatus.OPEN, ToDoStatus.CLAIMED)


@dataclass(frozen=True)
class CaseRow:
    """One case: where it stands, who must act, since when, due when."""

    case_number: str
    status: str
    label: str
    owner: str
    location: str
    since: datetime
    due_at: datetime | None
    risk_level: str | None
    assigned_to: str | None

    def overdue(self, now: datetime) -> bool:
        return self.due_at is not None and self.due_at < now


def cases(status: ReferralStatus | None = None, location: str | None = None) -> list[CaseRow]:
    """Every case, by number; a case that waits for staff carries the due time of what it waits for."""
    with reading() as db:
        query = select(Referral).order_by(Referral.case_number)
        if status is not None:
            query = query.where(Referral.status == status)
        if location is not None:
            query = query.where(Referral.location_id == location)
        due = _due_times(db)
        return [_case_row(referral, due) for referral in db.exec(query).all()]


def _due_times(db: Session) -> dict[str, tuple[datetime, str | None]]:
    approvals = db.exec(select(Approval).where(Approval.status == ApprovalStatus.OPEN)).all()
    to_dos = db.exec(select(ToDo).where(col(ToDo.status).in_(OPEN_TO_DO)).order_by(col(ToDo.due_at).desc())).all()
    due: dict[str, tuple[datetime, str | None]] = {
        to_do.case_number: (to_do.due_at, to_do.claimed_by or to_do.assigned_to) for to_do in to_dos
    }
    return due | {approval.case_number: (approval.due_at, approval.assigned_to) for approval in approvals}


def _case_row(referral: CaseRecord, due: dict[str, tuple[datetime, str | None]]) -> CaseRow:
    due_at, assigned = due.get(referral.case_number, (None, None))
    level = getattr(referral, "risk_level", None)  # nobody's danger is part of a claim
    return CaseRow(
        case_number=referral.case_number,
        status=referral.status.value,
        label=referral.status.label,
        owner=owner_of(referral.status).value,
        location=referral.location_id,
        since=referral.status_since,
        due_at=due_at,
        risk_level=level.value if level else None,
        assigned_to=assigned,
    )


def timeline(case_number: str) -> tuple[CaseRow, list[tuple[datetime, str, str, dict[str, Any]]]]:
    """One case and its audit, oldest first: when, who, what, with which ids; raises MovedOn when there is none."""
    with reading() as db:
        referral = one_case(db, case_number)
        events = db.exec(
            select(AuditEvent).where(AuditEvent.case_number == case_number).order_by(col(AuditEvent.id))
        ).all()
        return _case_row(referral, _due_times(db)), [(e.at, e.actor, e.action, e.details) for e in events]


def open_sign_offs() -> list[Approval]:
    """Every open sign-off, the first due first."""
    with reading() as db:
        return list(
            db.exec(select(Approval).where(Approval.status == ApprovalStatus.OPEN).order_by(col(Approval.due_at))).all()
        )


def open_to_dos() -> list[ToDo]:
    with reading() as db:
        return list(db.exec(select(ToDo).where(col(ToDo.status).in_(OPEN_TO_DO)).order_by(col(ToDo.due_at))).all())


def case_of_to_do(to_do_id: str) -> str:
    with reading() as db:
        return one(db, ToDo, to_do_id).case_number


def staff() -> list[Staff]:
    with reading() as db:
        return list(db.exec(select(Staff).order_by(Staff.id)).all())


def quarantined(everything: bool = False) -> list[QuarantinedRow]:
    """The faults of quarantined rows: open ones, or all."""
    with reading() as db:
        query = select(QuarantinedRow).order_by(QuarantinedRow.file_id, col(QuarantinedRow.row))
        if not everything:
            query = query.where(QuarantinedRow.status == QuarantineStatus.OPEN)
        return list(db.exec(query).all())


def messages(case_number: str | None = None, limit: int = 50) -> list[OutboxMessage]:
    """The newest messages, newest first."""
    with reading() as db:
        query = select(OutboxMessage).order_by(col(OutboxMessage.created_at).desc()).limit(limit)
        if case_number is not None:
            query = query.where(OutboxMessage.case_number == case_number)
        return list(db.exec(query).all())


def usable_link(case_number: str) -> PortalLink | None:
    """The newest link of a case that its patient can still use."""
    with reading() as db:
        return db.exec(
            select(PortalLink)
            .where(
                PortalLink.case_number == case_number,
                col(PortalLink.revoked).is_(False),
                col(PortalLink.used_at).is_(None),
                col(PortalLink.expires_at) > utc_now(),
            )
            .order_by(col(PortalLink.created_at).desc())
        ).first()


def health() -> dict[str, Any]:
    """When each part last said it lives, what waits, what is late; times in UTC."""
    now = utc_now()
    with reading() as db:
        beats = {beat.name: beat.at.isoformat() for beat in db.exec(select(Heartbeat)).all()}
        worker = db.exec(select(func.max(WorkerBeat.at))).one()
        statuses = Counter(ReferralStatus(status).label for status in db.exec(select(Referral.status)).all())
        queued = db.exec(
            select(func.count()).select_from(OutboxMessage).where(OutboxMessage.status == MessageStatus.QUEUED)
        ).one()
        failed = db.exec(
            select(func.count()).select_from(OutboxMessage).where(OutboxMessage.status == MessageStatus.FAILED)
        ).one()
        booked = db.exec(select(func.count()).select_from(Appointment)).one()
    late = [row.case_number for row in cases() if row.overdue(now)]
    return {
        "worker_last_seen": worker.isoformat() if worker else None,
        "heartbeats": beats,
        "cases_by_status": dict(sorted(statuses.items())),
        "open_sign_offs": len(open_sign_offs()),
        "open_to_dos": len(open_to_dos()),
        "overdue_cases": late,
        "messages_queued": queued,
        "messages_failed": failed,
        "appointments": booked,
        "quarantined_rows": len({(row.file_id, row.row) for row in quarantined()}),
    }
