"""The outbox: what is to leave, written in the same transaction as the change that causes it."""

from datetime import datetime

from sqlalchemy import JSON, Index
from sqlmodel import Field

from models.codes import MessageChannel, MessageStatus
from models.columns import UtcDateTime, utc_now
from models.operational.base import OperationalRecord


class OutboxMessage(OperationalRecord, table=True):
    """One message that leaves exactly once per ``unique_key``.

    The words are rendered from ``template`` when it is sent; ``facts`` holds ids and plain facts only.
    A message with an ``approval_id`` leaves only while the signed digest still equals its content's digest.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (Index("ix_outbox_message_to_patient_id", "to_patient_id", "not_before"),)
    id: str = Field(primary_key=True)
    unique_key: str = Field(unique=True)
    case_number: str | None = Field(default=None, index=True)
    channel: MessageChannel
    to_patient_id: str | None = None
    to_staff_id: str | None = None
    template: str
    facts: dict = Field(default_factory=dict, sa_type=JSON)
    approval_id: str | None = None
    urgent: bool = False
    status: MessageStatus = Field(default=MessageStatus.QUEUED, index=True)
    not_before: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    attempts: int = 0
    leased_by: str | None = None
    """Name of the process that is sending it now; what a dead one held is sent by the next without waiting."""
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failure: str | None = None
