"""How long records are kept: holds, and the lists of what is over its time, that compliance signs."""

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from models.columns import UtcDateTime, utc_now
from models.operational.base import OperationalRecord
from models.retention_codes import RetentionOutcome


class LegalHold(OperationalRecord, table=True):
    """Nothing of this patient is destroyed until it is lifted; why lies in the therapy database (``words_id``)."""

    __tablename__ = "legal_hold"
    id: str = Field(primary_key=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    placed_by: str = Field(foreign_key="staff.id")
    placed_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    words_id: str
    lifted_by: str | None = Field(default=None, foreign_key="staff.id")
    lifted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RetentionList(OperationalRecord, table=True):
    """What was over its time on one day; ``digest`` is the SHA-256 of its lines, which is what is signed."""

    __tablename__ = "retention_list"
    id: str = Field(primary_key=True)
    made_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    made_by: str = Field(foreign_key="staff.id")
    digest: str
    signed_by: str | None = Field(default=None, foreign_key="staff.id")
    signed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RetentionItem(OperationalRecord, table=True):
    """One patient on a list: the last contact, until when and by which rule they were kept, what became of them."""

    __tablename__ = "retention_item"
    __table_args__ = (UniqueConstraint("list_id", "patient_id"),)
    id: str = Field(primary_key=True)
    list_id: str = Field(foreign_key="retention_list.id", index=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    last_contact_on: date
    kept_until: date
    rule: str
    outcome: RetentionOutcome = RetentionOutcome.LISTED
    said: str = ""
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
