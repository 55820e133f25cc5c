"""Received files, referrals, and what is offered to the patient."""

from datetime import datetime

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field

from models.codes import (
    ExitKind,
    LinkPurpose,
    Modality,
    OfferStatus,
    QuarantineStatus,
    ReferralStatus,
    RiskLevel,
    RowOutcome,
    SlotStatus,
)
from models.columns import UtcDateTime, utc_now
from models.operational.base import OperationalRecord


class IntakeFile(OperationalRecord, table=True):
    """One distinct file content that was received; the same bytes again change nothing.

    ``name`` is the sender's and may hold a person's name: it is never shown outside our own pages.
    """

    __tablename__ = "intake_file"
    id: str = Field(primary_key=True)
    digest: str = Field(unique=True)
    kind: str
    name: str = ""
    received_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    rows: int = 0
    refused_reason: str | None = None
    contract_docs: str | None = None


class IntakeRow(OperationalRecord, table=True):
    """What became of one row of a file."""

    __tablename__ = "intake_row"
    __table_args__ = (UniqueConstraint("file_id", "row"),)
    id: str = Field(primary_key=True)
    file_id: str = Field(foreign_key="intake_file.id", index=True)
    row: int
    external_key: str = Field(index=True)
    outcome: RowOutcome
    case_number: str | None = Field(default=None, index=True)


class QuarantinedRow(OperationalRecord, table=True):
    """One fault of one row; the row itself lies in the therapy database under ``content_id``.

    ``urgent``: its words or answers may hold a risk, so it must be read within the hour.
    """

    __tablename__ = "quarantined_row"
    __table_args__ = (UniqueConstraint("file_id", "row", "field", "rule"),)
    id: str = Field(primary_key=True)
    file_id: str = Field(foreign_key="intake_file.id", index=True)
    row: int
    field: str
    rule: str
    reason: str
    external_key: str = Field(index=True)
    content_id: str
    urgent: bool = False
    status: QuarantineStatus = QuarantineStatus.OPEN
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class Referral(OperationalRecord, table=True):
    """One case: a referral from receipt until the first attended session.

    ``fence`` grows with every leg that takes the case; a write with an older fence is refused.
    ``wake_wanted`` asks the worker to resume the suspended run; the leg that reads the status clears it.
    ``run_generation`` counts the Prefect runs this case has had: one that ended before its case gets a successor.
    ``risk_cleared`` is set only by a screening without flags or by a clinician's signature.
    """

    __tablename__ = "referral"
    case_number: str = Field(primary_key=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    location_id: str = Field(foreign_key="location.id", index=True)
    external_key: str = Field(unique=True)
    source: str
    received_at: datetime = Field(sa_type=UtcDateTime)
    modality: Modality = Modality.EITHER
    needs_accessible: bool = False
    preferred_times: list[str] = Field(default_factory=list, sa_type=JSON)
    referrer_name: str | None = None
    status: ReferralStatus = Field(default=ReferralStatus.RECEIVED, index=True)
    status_since: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    version: int = 0
    fence: int = 0
    run_id: str | None = None
    wake_wanted: bool = Field(default=False, index=True)
    wake_tried_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    run_generation: int = 0
    risk_level: RiskLevel | None = None
    risk_cleared: bool = False
    round: int = 0
    reminders_sent: int = 0
    came_from: ReferralStatus | None = None
    possible_patient_ids: list[str] = Field(default_factory=list, sa_type=JSON)
    exit_kind: ExitKind | None = None
    clinician_id: str | None = Field(default=None, foreign_key="clinician.id")
    coverage_status: str = "unknown"
    coverage_reason: str = "not checked yet"
    first_session_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class MatchCandidate(OperationalRecord, table=True):
    """One clinician considered for a case; reasons never name a clinical focus area."""

    __tablename__ = "match_candidate"
    __table_args__ = (UniqueConstraint("case_number", "round", "clinician_id"),)
    id: str = Field(primary_key=True)
    case_number: str = Field(foreign_key="referral.case_number", index=True)
    round: int
    rank: int | None = None
    clinician_id: str
    score: float = 0.0
    excluded: bool = False
    reasons_for: list[str] = Field(default_factory=list, sa_type=JSON)
    reasons_against: list[str] = Field(default_factory=list, sa_type=JSON)


class Slot(OperationalRecord, table=True):
    """One bookable time of one clinician; booked by compare-and-swap on ``status``."""

    __tablename__ = "slot"
    __table_args__ = (UniqueConstraint("clinician_id", "starts_at"),)
    id: str = Field(primary_key=True)
    clinician_id: str = Field(foreign_key="clinician.id", index=True)
    location_id: str = Field(foreign_key="location.id")
    starts_at: datetime = Field(sa_type=UtcDateTime, index=True)
    minutes: int
    modality: Modality
    status: SlotStatus = SlotStatus.OPEN
    case_number: str | None = None


class Offer(OperationalRecord, table=True):
    __tablename__ = "offer"
    __table_args__ = (UniqueConstraint("case_number", "round", "slot_id"),)
    id: str = Field(primary_key=True)
    case_number: str = Field(foreign_key="referral.case_number", index=True)
    round: int
    slot_id: str = Field(foreign_key="slot.id", index=True)
    status: OfferStatus = OfferStatus.OPEN
    offered_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class PortalLink(OperationalRecord, table=True):
    """A patient's signed link: one case, one purpose, until it expires, is used or is revoked.

    ``subject_id``: the one appointment, offer, check-in or piece of material it is about, where a case has several.
    """

    __tablename__ = "portal_link"
    id: str = Field(primary_key=True)
    case_number: str = Field(index=True)
    purpose: LinkPurpose
    subject_id: str | None = Field(default=None, index=True)
    round: int = 0
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked: bool = False
    failed_checks: int = 0
