"""The therapy records of a session: its transcript, the drafts, the copy being worked on, addenda, private notes."""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from models.columns import UtcDateTime, utc_now
from models.therapy.base import TherapyRecord, TherapyTextColumn


class SessionTranscript(TherapyRecord, table=True):
    """The transcript of a session, once it was allowed to be kept: ``turns`` is JSON text.

    ``edition`` grows when another transcript takes its place, so that a screening of the earlier one does not count.
    """

    __tablename__ = "session_transcript"
    case_number: str = Field(primary_key=True)
    turns: Any = Field(sa_type=TherapyTextColumn)
    edition: int = 1
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class SessionFacts(TherapyRecord, table=True):
    """What the treatment plan said when the session was exported: diagnoses, its date, goals; JSON text."""

    __tablename__ = "session_facts"
    case_number: str = Field(primary_key=True)
    plan: Any = Field(sa_type=TherapyTextColumn)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class SessionDraft(TherapyRecord, table=True):
    """What was proposed for one visit of a case to its drafting: JSON text; never changed afterwards."""

    __tablename__ = "session_draft"
    __table_args__ = (UniqueConstraint("case_number", "round"),)
    id: str = Field(primary_key=True)
    case_number: str = Field(index=True)
    round: int
    content: Any = Field(sa_type=TherapyTextColumn)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class NoteWorkingCopy(TherapyRecord, table=True):
    """What a clinician has made of a proposed note so far; ``edition`` grows with every change."""

    __tablename__ = "note_working_copy"
    approval_id: str = Field(primary_key=True)
    case_number: str = Field(index=True)
    content: Any = Field(sa_type=TherapyTextColumn)
    edition: int = 1
    changed_by: str
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class AddendumWords(TherapyRecord, table=True):
    """The words of a signed addendum."""

    __tablename__ = "addendum_words"
    addendum_id: str = Field(primary_key=True)
    case_number: str = Field(index=True)
    text: Any = Field(sa_type=TherapyTextColumn)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class PrivateNote(TherapyRecord, table=True):
    """A clinician's psychotherapy note about a session, kept apart (45 CFR 164.501): its author alone reads it.

    It is sealed with a key of its own, not the patient's, and is no content of the case.
    """

    __tablename__ = "private_note"
    id: str = Field(primary_key=True)
    author_id: str = Field(index=True)
    patient_id: str = Field(index=True)
    session_number: str = Field(index=True)
    text: Any = Field(sa_type=TherapyTextColumn)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    changed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
