"""The therapy records of a claim: what it says, since that names diagnoses, and what a biller changed about it."""

from datetime import datetime
from typing import Any

from sqlmodel import Field

from models.columns import UtcDateTime, utc_now
from models.therapy.base import TherapyRecord, TherapyTextColumn


class ClaimContent(TherapyRecord, table=True):
    """One edition of a claim: the form and the facts it was built from, as JSON text; never changed afterwards.

    The id is the case number with the edition: ``CL-000001-2``.
    """

    __tablename__ = "claim_content"
    id: str = Field(primary_key=True)
    case_number: str = Field(index=True)
    content: Any = Field(sa_type=TherapyTextColumn)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ClaimChanges(TherapyRecord, table=True):
    """What people changed about a claim against its note and the practice's tables: field to value, JSON text."""

    __tablename__ = "claim_changes"
    case_number: str = Field(primary_key=True)
    fields: Any = Field(sa_type=TherapyTextColumn)
    changed_by: str
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ClaimLetter(TherapyRecord, table=True):
    """A letter to a payer about a claim, exactly as it was sent."""

    __tablename__ = "claim_letter"
    id: str = Field(primary_key=True)
    case_number: str = Field(index=True)
    text: Any = Field(sa_type=TherapyTextColumn)
    written_by: str
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
