"""Ongoing care: whose patient, calendars and rooms, recurring appointments, the waitlist, no-show estimates."""

from datetime import date, datetime, time

from sqlalchemy import JSON, LargeBinary, UniqueConstraint, true
from sqlmodel import Field

from models.codes import AppointmentStatus, EpisodeStatus, MessageChannel, Modality
from models.columns import UtcDateTime, utc_now
from models.operational.base import OperationalRecord
from models.scheduling_codes import ExceptionKind, SeriesStatus, WaitlistOfferStatus, WaitlistStatus


class Episode(OperationalRecord, table=True):
    """One patient in the ongoing care of one clinician, from the first attended session until somebody ends it.

    It is the case of everything that happens between a first session and the end: appointments, reminders, check-ins,
    material. It has no run of its own; the run's fields are there because every case has them.
    ``opened_by`` is the case or the file it came from.
    """

    __tablename__ = "episode"
    case_number: str = Field(primary_key=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    clinician_id: str = Field(foreign_key="clinician.id", index=True)
    location_id: str = Field(foreign_key="location.id", index=True)
    modality: Modality = Modality.EITHER
    opened_by: str = ""
    started_on: date
    status: EpisodeStatus = Field(default=EpisodeStatus.ACTIVE, index=True)
    status_since: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    version: int = 0
    fence: int = 0
    run_id: str | None = None
    wake_wanted: bool = Field(default=False, index=True)
    wake_tried_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    run_generation: int = 0
    round: int = 0
    came_from: EpisodeStatus | None = None
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Room(OperationalRecord, table=True):
    """One room of a location; two appointments in it never overlap."""

    __tablename__ = "room"
    id: str = Field(primary_key=True)
    location_id: str = Field(foreign_key="location.id", index=True)
    name: str
    accessible: bool = True
    active: bool = Field(default=True, sa_column_kwargs={"server_default": true()})


class CalendarException(OperationalRecord, table=True):
    """A stretch of time, UTC, in which a calendar differs from its weekly rules; its end is free again.

    Of one clinician, of one room, or, where both are None, of the whole location. ``source_key``: the clinician
    and the digest of an imported event's UID with its start, so that importing again changes nothing. No words: a
    calendar's titles name people.
    """

    __tablename__ = "calendar_exception"
    id: str = Field(primary_key=True)
    source_key: str | None = Field(default=None, unique=True)
    clinician_id: str | None = Field(default=None, foreign_key="clinician.id", index=True)
    location_id: str | None = Field(default=None, foreign_key="location.id", index=True)
    room_id: str | None = Field(default=None, foreign_key="room.id", index=True)
    kind: ExceptionKind
    starts_at: datetime = Field(sa_type=UtcDateTime, index=True)
    ends_at: datetime = Field(sa_type=UtcDateTime, index=True)
    recorded_by: str
    recorded_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Series(OperationalRecord, table=True):
    """A recurring appointment: each ``weekday`` (0 = Monday) at ``starts`` on the wall clock of ``zone``.

    Every ``every_weeks`` weeks. Its appointments are made some weeks ahead; 18:00 stays 18:00 when the clocks change.
    ``until_on`` is the last date.
    """

    __tablename__ = "series"
    id: str = Field(primary_key=True)
    case_number: str = Field(foreign_key="episode.case_number", index=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    clinician_id: str = Field(foreign_key="clinician.id", index=True)
    location_id: str = Field(foreign_key="location.id")
    room_id: str | None = Field(default=None, foreign_key="room.id")
    modality: Modality
    weekday: int
    starts: time
    zone: str
    minutes: int = 50
    every_weeks: int = 1
    from_on: date
    until_on: date | None = None
    status: SeriesStatus = Field(default=SeriesStatus.ACTIVE, index=True)
    made_by: str
    made_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class WaitlistEntry(OperationalRecord, table=True):
    """One patient who would take an earlier or another time.

    ``priority`` 1 (soonest) to 3, set by a person and by nobody else. ``clinician_id`` None: any clinician who fits.
    ``wanted_times`` such as ``mon-am``; empty means any. ``from_appointment_id``: the later appointment that an
    accepted time replaces.
    """

    __tablename__ = "waitlist_entry"
    id: str = Field(primary_key=True)
    case_number: str = Field(index=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    location_id: str = Field(foreign_key="location.id", index=True)
    clinician_id: str | None = Field(default=None, foreign_key="clinician.id", index=True)
    modality: Modality = Modality.EITHER
    wanted_times: list[str] = Field(default_factory=list, sa_type=JSON)
    min_notice_hours: int = 4
    priority: int = 3
    priority_by: str
    from_appointment_id: str | None = Field(default=None, foreign_key="appointment.id")
    since: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    status: WaitlistStatus = Field(default=WaitlistStatus.WAITING, index=True)
    offers: int = 0
    last_offered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class WaitlistOffer(OperationalRecord, table=True):
    """One freed time offered to one waiting patient until ``hold_until``; ``batch`` counts the rounds of one time.

    Who lost it to somebody else may be offered it again in a later round, should it come free once more.
    ``rank`` and ``reasons`` are why this patient was chosen, for the fairness report. ``answered_at``: when it ended,
    by whatever.
    """

    __tablename__ = "waitlist_offer"
    __table_args__ = (UniqueConstraint("entry_id", "slot_id", "batch"),)
    id: str = Field(primary_key=True)
    entry_id: str = Field(foreign_key="waitlist_entry.id", index=True)
    case_number: str = Field(index=True)
    slot_id: str = Field(foreign_key="slot.id", index=True)
    batch: int
    rank: int
    reasons: list[str] = Field(default_factory=list, sa_type=JSON)
    status: WaitlistOfferStatus = Field(default=WaitlistOfferStatus.OPEN, index=True)
    offered_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    hold_until: datetime = Field(sa_type=UtcDateTime, index=True)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ReminderPreference(OperationalRecord, table=True):
    """How one patient wants to be reminded; an empty or missing value means the practice's plan."""

    __tablename__ = "reminder_preference"
    patient_id: str = Field(primary_key=True, foreign_key="patient.id")
    hours_before: list[int] = Field(default_factory=list, sa_type=JSON)
    channel: MessageChannel | None = None
    not_before_hour: int | None = None
    not_after_hour: int | None = None
    set_by: str
    set_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class PastAppointment(OperationalRecord, table=True):
    """One appointment of the time before Countersign, from the practice's own export; teaches the no-show network.

    ``lead_hours`` from booking to start. ``external_key`` is the row's identity in the practice's own system.
    """

    __tablename__ = "past_appointment"
    external_key: str = Field(primary_key=True)
    patient_key: str = Field(index=True)
    patient_id: str | None = Field(default=None, foreign_key="patient.id", index=True)
    location_id: str | None = Field(default=None, foreign_key="location.id")
    clinician_id: str | None = None
    booked_at: datetime = Field(sa_type=UtcDateTime)
    starts_at: datetime = Field(sa_type=UtcDateTime, index=True)
    minutes: int | None = None
    modality: Modality | None = None
    status: AppointmentStatus
    reminded: int | None = None
    confirmed: bool | None = None
    file_id: str = Field(foreign_key="intake_file.id", index=True)


class NoShowNetwork(OperationalRecord, table=True):
    """One trained no-show network of this practice; the one that estimates now has ``in_use_since`` and no end.

    ``weights`` is a safetensors file; ``figures`` holds what was measured on later appointments, and of what it was
    compared with. ``refused``: why it was not taken into use, empty where it was.
    """

    __tablename__ = "no_show_network"
    id: str = Field(primary_key=True)
    trained_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    trained_until: datetime = Field(sa_type=UtcDateTime)
    appointments: int
    weights: bytes = Field(sa_type=LargeBinary)
    figures: dict = Field(default_factory=dict, sa_type=JSON)
    refused: str = ""
    in_use_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    in_use_until: datetime | None = Field(default=None, sa_type=UtcDateTime)


class NoShowEstimate(OperationalRecord, table=True):
    """How likely an appointment is to be missed: a proportion with its interval, and what estimated it.

    ``network_id`` None: too little history, estimated from the lead time alone.
    """

    __tablename__ = "no_show_estimate"
    appointment_id: str = Field(primary_key=True, foreign_key="appointment.id")
    network_id: str | None = Field(default=None, foreign_key="no_show_network.id")
    probability: float
    low: float
    high: float
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
