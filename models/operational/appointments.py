"""Booked first sessions."""

from datetime import datetime

from sqlmodel import Field

from models.codes import AppointmentStatus, Modality
from models.columns import UtcDateTime, utc_now
from models.operational.base import OperationalRecord


class Appointment(OperationalRecord, table=True):
    __tablename__ = "appointment"
    id: str = Field(primary_key=True)
    case_number: str = Field(foreign_key="referral.case_number", index=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    clinician_id: str = Field(foreign_key="clinician.id", index=True)
    location_id: str = Field(foreign_key="location.id")
    slot_id: str = Field(foreign_key="slot.id")
    starts_at: datetime = Field(sa_type=UtcDateTime, index=True)
    minutes: int
    modality: Modality
    status: AppointmentStatus = AppointmentStatus.BOOKED
    booked_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    changed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
