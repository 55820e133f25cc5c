"""The audit of the operational database: one event per change, in the same transaction as the change."""

from datetime import datetime

from sqlalchemy import JSON
from sqlmodel import Field

from models.columns import UtcDateTime, utc_now
from models.operational.base import OperationalRecord


class AuditEvent(OperationalRecord, table=True):
    """Who did what to which record; ``details`` holds ids, enums and counts only.

    ``where`` and ``purpose`` say on which step or page and why, for reads; the digests are models.audit_chain's.
    """

    __tablename__ = "audit_event"
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)
    actor: str
    action: str = Field(index=True)
    subject_kind: str
    subject_id: str = Field(index=True)
    case_number: str | None = Field(default=None, index=True)
    where: str = ""
    purpose: str = ""
    details: dict = Field(default_factory=dict, sa_type=JSON)
    previous_digest: str
    digest: str


class AuditHead(OperationalRecord, table=True):
    """The newest event of the chain; whoever appends holds this row until they commit."""

    __tablename__ = "audit_head"
    name: str = Field(primary_key=True)
    last_id: int = 0
    last_digest: str = ""
