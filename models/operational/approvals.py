"""What waits for a signature, what was decided, and what staff have to do by hand."""

from datetime import datetime

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field

from models.codes import (
    ApprovalKind,
    ApprovalStatus,
    AuthenticatedHow,
    RiskLevel,
    Role,
    ToDoKind,
    ToDoOutcome,
    ToDoStatus,
    Verdict,
)
from models.columns import UtcDateTime, utc_now
from models.operational.base import OperationalRecord


class Approval(OperationalRecord, table=True):
    """One thing to be signed; ``digest`` is the SHA-256 of the exact content kept in the therapy database.

    ``case_number`` is a referral's or a session note's: the gate is one for every workflow.

    ``attempt`` counts suspensions of the run at this gate, so that every wait has a key of its own.
    ``pages_sent`` counts the alarms for a risk review that nobody has seen.
    """

    __tablename__ = "approval"
    __table_args__ = (UniqueConstraint("case_number", "kind", "round"),)
    id: str = Field(primary_key=True)
    case_number: str = Field(index=True)
    kind: ApprovalKind
    round: int = 0
    digest: str
    why: str
    role: Role
    location_id: str = Field(foreign_key="location.id", index=True)
    assigned_to: str | None = Field(default=None, foreign_key="staff.id", index=True)
    requested_by: str = "system"
    level: RiskLevel | None = None
    status: ApprovalStatus = Field(default=ApprovalStatus.OPEN, index=True)
    opened_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime, index=True)
    seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    seen_by: str | None = None
    escalations: int = 0
    pages_sent: int = 0
    last_paged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempt: int = 0
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Decision(OperationalRecord, table=True):
    """One signature; the reason's words and any edited content lie in the therapy database."""

    __tablename__ = "decision"
    id: str = Field(primary_key=True)
    approval_id: str = Field(foreign_key="approval.id", unique=True)
    case_number: str = Field(index=True)
    staff_id: str = Field(foreign_key="staff.id")
    authenticated: AuthenticatedHow
    verdict: Verdict
    digest: str
    signed_digest: str
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class UnsignedAssignment(OperationalRecord, table=True):
    """An assignment that nobody signed, at the level live; never changed.

    ``rule`` let it go, by ``figures``: what was asked and how it stood, in numbers and enums. ``digest`` is of exactly
    what a coordinator would have been shown, in the ``round`` of the candidates it was taken from.
    """

    __tablename__ = "unsigned_assignment"
    __table_args__ = (UniqueConstraint("case_number", "round"),)
    id: str = Field(primary_key=True)
    case_number: str = Field(foreign_key="referral.case_number", index=True)
    round: int
    location_id: str = Field(foreign_key="location.id", index=True)
    clinician_id: str = Field(foreign_key="clinician.id")
    rule: str
    figures: dict = Field(default_factory=dict, sa_type=JSON)
    digest: str
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ToDo(OperationalRecord, table=True):
    """Something a person does by hand; minutes between claim and done are the admin minutes."""

    __tablename__ = "to_do"
    id: str = Field(primary_key=True)
    unique_key: str = Field(unique=True)
    case_number: str = Field(index=True)
    kind: ToDoKind
    role: Role
    location_id: str = Field(foreign_key="location.id", index=True)
    assigned_to: str | None = Field(default=None, foreign_key="staff.id")
    status: ToDoStatus = Field(default=ToDoStatus.OPEN, index=True)
    opened_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    claimed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    claimed_by: str | None = None
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_by: str | None = None
    outcome: ToDoOutcome | None = None
    escalations: int = 0
