"""What keeps the system itself running: numbers handed out, heartbeats, runs claimed by workers."""

from datetime import date, datetime

from sqlalchemy import JSON
from sqlmodel import Field

from models.columns import UtcDateTime
from models.operational.base import OperationalRecord
from models.scheduling_codes import NightPartStatus


class NumberSequence(OperationalRecord, table=True):
    __tablename__ = "number_sequence"
    name: str = Field(primary_key=True)
    last: int = 0


class Heartbeat(OperationalRecord, table=True):
    """When a part of the system last said it lives; a stale one is shown on the desk (dead-man switch)."""

    __tablename__ = "heartbeat"
    name: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)


class RunClaim(OperationalRecord, table=True):
    """A Prefect flow run that a worker of ours is executing now."""

    __tablename__ = "run_claim"
    run_id: str = Field(primary_key=True)
    worker_id: str = Field(index=True)
    claimed_at: datetime = Field(sa_type=UtcDateTime)


class WorkerBeat(OperationalRecord, table=True):
    __tablename__ = "worker_beat"
    worker_id: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)


class PracticeSetting(OperationalRecord, table=True):
    """One configurable figure of the practice, by name, as JSON text; absent means the shipped default."""

    __tablename__ = "practice_setting"
    name: str = Field(primary_key=True)
    value: str


class NightPart(OperationalRecord, table=True):
    """One part of one night's work at one location (``all`` where it knows none); what is done stays done."""

    __tablename__ = "night_part"
    night: date = Field(primary_key=True)
    part: str = Field(primary_key=True)
    location_id: str = Field(primary_key=True)
    status: NightPartStatus
    attempts: int = 0
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    counts: dict = Field(default_factory=dict, sa_type=JSON)
    failure: str = ""
