"""Sessions on their way to a signed note, what a patient agreed to in writing, and what was added after a signature."""

from datetime import date, datetime

from sqlalchemy import UniqueConstraint, false
from sqlmodel import Field

from models.codes import AuthenticatedHow, DraftKind, Modality, NoteStatus, RiskLevel, TranscriptState
from models.columns import UtcDateTime, utc_now
from models.operational.base import OperationalRecord
from models.session_index import NoteFormatCode, SessionService


class SessionNote(OperationalRecord, table=True):
    """One case: a held session from its export until its note is signed.

    The run's fields (``fence`` to ``run_generation``) mean what they mean on a referral. ``minutes`` are whole
    face-to-face minutes. ``patient_state`` is where the patient was; None where nobody said. ``risk_level`` is the
    highest level raised in the session, ``risk_seen_at`` when its clinician first looked. ``transcript_file_id`` is
    the received file, sealed as it came; ``transcript_reason`` says why it was not used, by line and field.
    ``procedure_code`` is the one the signature set; the diagnoses lie in the therapy database.
    """

    __tablename__ = "session_note"
    case_number: str = Field(primary_key=True)
    external_key: str = Field(unique=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    clinician_id: str = Field(foreign_key="clinician.id", index=True)
    location_id: str = Field(foreign_key="location.id", index=True)
    appointment_id: str | None = None
    source: str
    received_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime = Field(sa_type=UtcDateTime, index=True)
    ended_at: datetime = Field(sa_type=UtcDateTime)
    minutes: int
    modality: Modality
    service: SessionService
    patient_state: str | None = None
    note_format: NoteFormatCode
    transcript: TranscriptState = TranscriptState.NONE
    transcript_reason: str = ""
    transcript_file_id: str | None = None
    draft: DraftKind | None = None
    risk_level: RiskLevel | None = None
    risk_raised_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    risk_seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    risk_seen_by: str | None = None
    risk_pages_sent: int = 0
    risk_last_paged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    procedure_code: str | None = None
    signed_decision_id: str | None = None
    status: NoteStatus = Field(default=NoteStatus.RECEIVED, index=True)
    status_since: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    version: int = 0
    fence: int = 0
    run_id: str | None = None
    wake_wanted: bool = Field(default=False, index=True)
    wake_tried_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    run_generation: int = 0
    came_from: NoteStatus | None = None
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PatientConsent(OperationalRecord, table=True):
    """What a patient agreed to in writing, or took back: one row per paper; ``kind`` is a models.note_codes value.

    ``purpose`` is the specific purpose the paper names, as a code. ``document_id`` is where the practice keeps it.
    """

    __tablename__ = "patient_consent"
    id: str = Field(primary_key=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    kind: str
    purpose: str
    given_on: date
    written: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    document_id: str = ""
    recorded_by: str
    recorded_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    revoked_on: date | None = None
    revoked_by: str | None = None
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class NoteAddendumSigned(OperationalRecord, table=True):
    """One addendum to a signed note, under a signature of its own; its words lie in the therapy database."""

    __tablename__ = "note_addendum"
    __table_args__ = (UniqueConstraint("case_number", "number"),)
    id: str = Field(primary_key=True)
    case_number: str = Field(foreign_key="session_note.case_number", index=True)
    number: int
    staff_id: str = Field(foreign_key="staff.id")
    authenticated: AuthenticatedHow
    digest: str
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
