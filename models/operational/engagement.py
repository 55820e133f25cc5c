"""Between two sessions: what a clinician asks a patient to answer or read, and what a person must decide about it."""

from datetime import date, datetime

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field

from models.codes import FollowUpStatus, RiskLevel
from models.columns import UtcDateTime, utc_now
from models.operational.base import OperationalRecord
from models.scheduling_codes import CheckInKind, CheckInStatus, FollowUpKind


class CheckInPlan(OperationalRecord, table=True):
    """What a clinician wants answered every ``every_days`` days; homework's own words lie in the therapy database."""

    __tablename__ = "check_in_plan"
    id: str = Field(primary_key=True)
    case_number: str = Field(foreign_key="episode.case_number", index=True)
    kind: CheckInKind
    every_days: int
    next_on: date = Field(index=True)
    until_on: date | None = None
    assigned_by: str = Field(foreign_key="staff.id")
    assigned_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CheckIn(OperationalRecord, table=True):
    """One time a patient is asked; the answers lie in the therapy database under its id."""

    __tablename__ = "check_in"
    __table_args__ = (UniqueConstraint("plan_id", "due_on"),)
    id: str = Field(primary_key=True)
    plan_id: str = Field(foreign_key="check_in_plan.id", index=True)
    case_number: str = Field(foreign_key="episode.case_number", index=True)
    kind: CheckInKind
    due_on: date
    status: CheckInStatus = Field(default=CheckInStatus.DUE, index=True)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answer_by: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class MaterialSent(OperationalRecord, table=True):
    """One piece of the library that a clinician sent to a patient, at the version that was reviewed."""

    __tablename__ = "material_sent"
    id: str = Field(primary_key=True)
    case_number: str = Field(foreign_key="episode.case_number", index=True)
    material: str
    version: int
    assigned_by: str = Field(foreign_key="staff.id")
    assigned_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    opened_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class FollowUp(OperationalRecord, table=True):
    """One case between two sessions that a clinician must decide: an escalation, or a message that would leave.

    ``episode_number`` is the care it belongs to, ``subject_id`` the check-in or message it is about. ``reasons`` are
    FollowUpReason values. The run's fields mean what they mean on a referral.
    """

    __tablename__ = "follow_up"
    case_number: str = Field(primary_key=True)
    unique_key: str = Field(unique=True)
    episode_number: str = Field(foreign_key="episode.case_number", index=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    clinician_id: str = Field(foreign_key="clinician.id", index=True)
    location_id: str = Field(foreign_key="location.id", index=True)
    kind: FollowUpKind
    subject_id: str = ""
    reasons: list[str] = Field(default_factory=list, sa_type=JSON)
    risk_level: RiskLevel | None = None
    requested_by: str = "system"
    opened_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    status: FollowUpStatus = Field(default=FollowUpStatus.RECEIVED, index=True)
    status_since: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    version: int = 0
    fence: int = 0
    run_id: str | None = None
    wake_wanted: bool = Field(default=False, index=True)
    wake_tried_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    run_generation: int = 0
    round: int = 0
    came_from: FollowUpStatus | None = None
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
