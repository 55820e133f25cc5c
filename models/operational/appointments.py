"""Booked sessions, the first one and every later one."""

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from models.codes import AppointmentStatus, MessageChannel, Modality
from models.columns import UtcDateTime, utc_now
from models.operational.base import OperationalRecord


class Appointment(OperationalRecord, table=True):
    """One session that is, or was, agreed.

    ``case_number`` is a referral's for the first session, an episode's for every later one. ``slot_id``: the bookable
    time it took, None where it was agreed outside them. ``series_id`` with ``occurs_on`` (the local date its rule gave)
    is which occurrence of a recurring appointment it is, wherever it was moved to. ``replaces_id``: the appointment it
    was moved from. ``reminders_for``: the start that its reminders were planned for, the ``reminder_round``-th time, on
    ``reminder_channel`` (None: a person calls) by ``reminder_plan``, such as ``72+24`` hours before.
    """

    __tablename__ = "appointment"
    __table_args__ = (UniqueConstraint("series_id", "occurs_on"),)
    id: str = Field(primary_key=True)
    case_number: str = Field(index=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    clinician_id: str = Field(foreign_key="clinician.id", index=True)
    location_id: str = Field(foreign_key="location.id")
    slot_id: str | None = Field(default=None, foreign_key="slot.id")
    series_id: str | None = Field(default=None, foreign_key="series.id", index=True)
    occurs_on: date | None = None
    room_id: str | None = Field(default=None, foreign_key="room.id")
    replaces_id: str | None = None
    starts_at: datetime = Field(sa_type=UtcDateTime, index=True)
    minutes: int
    modality: Modality
    status: AppointmentStatus = Field(default=AppointmentStatus.BOOKED)
    booked_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    changed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reminders_for: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reminder_round: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    reminder_channel: MessageChannel | None = None
    reminder_plan: str | None = None
