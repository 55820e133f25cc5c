"""Versions of what a practice can tune, pilots that try them, who was in which arm, what each look said."""

from datetime import datetime

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field

from models.codes import AuthenticatedHow, Role
from models.columns import UtcDateTime, utc_now
from models.operational.base import OperationalRecord
from models.pilot_codes import (
    Arm,
    EndedWhy,
    LookVerdict,
    PilotMeasure,
    PilotMode,
    PilotUnit,
    SignedAct,
    TextKind,
    VersionKind,
    WaitedWhy,
    WaitingKind,
)


class PracticeVersion(OperationalRecord, table=True):
    """One version of a template, plan, rule or set of thresholds; never changed once made.

    ``digest`` is the SHA-256 of ``content`` as canonical JSON; ``why`` is a staff member's reason, about no patient.
    """

    __tablename__ = "practice_version"
    id: str = Field(primary_key=True)
    kind: VersionKind = Field(index=True)
    content: dict = Field(default_factory=dict, sa_type=JSON)
    digest: str
    why: str
    made_by: str = Field(foreign_key="staff.id")
    made_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class Pilot(OperationalRecord, table=True):
    """A new version (B) beside the present one (A) at some locations; it runs from ``started_at`` to ``ended_at``.

    ``team`` "" = every team. ``share`` of the units goes to B. ``planned_units``: the planned size, of both arms
    together (in shadow: cases read by both), made for ``smallest``, the smallest difference of interest, from what is
    ``expected`` of A and its ``spread`` (standard deviation). ``most_harm``: how much worse B may look by
    ``harm_measure`` (None: the primary one alone is watched); ``most_lost``: how many confirmed flags B may miss.
    ``present``: digest by location of what was in force at the start. ``screens_less``: whether B may raise fewer
    flags than A; ``less_accepted``: a clinician has signed that it may. ``text_kind``: of the risk reader, in which
    texts its flags are what it is judged by; it reads all of them.
    """

    __tablename__ = "pilot"
    id: str = Field(primary_key=True)
    version_id: str = Field(foreign_key="practice_version.id", index=True)
    kind: VersionKind = Field(index=True)
    mode: PilotMode
    location_ids: list[str] = Field(default_factory=list, sa_type=JSON)
    team: str = ""
    unit: PilotUnit
    share: float = 0.5
    measure: PilotMeasure
    smallest: float
    expected: float
    spread: float
    planned_units: int
    harm_measure: PilotMeasure | None = None
    most_harm: float | None = None
    most_lost: int = 0
    text_kind: TextKind = Field(default=TextKind.REFERRAL, sa_column_kwargs={"server_default": "referral"})
    present: dict = Field(default_factory=dict, sa_type=JSON)
    screens_less: bool = False
    less_accepted: bool = False
    proposed_by: str = Field(foreign_key="staff.id")
    proposed_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: str | None = None
    ended_why: EndedWhy | None = None
    in_force_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PilotSignature(OperationalRecord, table=True):
    """One signature that starts a pilot or puts its version in force; ``digest`` is of the exact terms signed."""

    __tablename__ = "pilot_signature"
    __table_args__ = (UniqueConstraint("pilot_id", "act", "role"),)
    id: str = Field(primary_key=True)
    pilot_id: str = Field(foreign_key="pilot.id", index=True)
    act: SignedAct
    role: Role
    staff_id: str = Field(foreign_key="staff.id")
    authenticated: AuthenticatedHow
    digest: str
    accepts_less: bool = False
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class PilotPlacing(OperationalRecord, table=True):
    """Which arm one unit (case number, patient or clinician id) is in, for good."""

    __tablename__ = "pilot_placing"
    pilot_id: str = Field(primary_key=True, foreign_key="pilot.id")
    unit_id: str = Field(primary_key=True)
    arm: Arm
    location_id: str
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class PilotReading(OperationalRecord, table=True):
    """What both versions of the risk reader raised in one case, in counts and flag ids; nothing of what was said.

    ``read_digest``: of what was read, so that the same reading is kept once. ``raised``: flags that count;
    ``kept``: ids of flags that both raise, ``lost``: ids of flags that A alone raises; ``more``: how many B alone
    raises. ``failed``: B could not read it.
    """

    __tablename__ = "pilot_reading"
    pilot_id: str = Field(primary_key=True, foreign_key="pilot.id")
    case_number: str = Field(primary_key=True)
    read_digest: str = Field(primary_key=True)
    unit_id: str
    arm: Arm | None = None
    location_id: str
    raised: int
    kept: list[str] = Field(default_factory=list, sa_type=JSON)
    lost: list[str] = Field(default_factory=list, sa_type=JSON)
    more: int = 0
    failed: bool = False
    text_kind: TextKind = Field(default=TextKind.REFERRAL, sa_column_kwargs={"server_default": "referral"})
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class PilotShadow(OperationalRecord, table=True):
    """What both versions would do with one appointment, draft or freed time, in counts; the present one alone did it.

    ``subject_id``: the appointment, session or slot, counted once. ``present``, ``new``: how many reminders, open
    questions of a template, patients asked. ``same``: whether they would do exactly the same.
    """

    __tablename__ = "pilot_shadow"
    pilot_id: str = Field(primary_key=True, foreign_key="pilot.id")
    subject_id: str = Field(primary_key=True)
    unit_id: str
    location_id: str
    present: float
    new: float
    same: bool
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class PilotEdits(OperationalRecord, table=True):
    """How many sentences a clinician changed between one draft of a pilot and its signed note."""

    __tablename__ = "pilot_edits"
    case_number: str = Field(primary_key=True, foreign_key="session_note.case_number")
    decision_id: str = Field(foreign_key="decision.id")
    edits: int
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class PilotLook(OperationalRecord, table=True):
    """One look at a pilot: how many units, the estimate of B less A, its interval at that moment, what it says.

    ``number`` counts the looks of one pilot. ``of``: the planned units. The interval holds at every look at once.
    ``figures``: the secondary measures and harms of the same moment, as plain values.
    """

    __tablename__ = "pilot_look"
    pilot_id: str = Field(primary_key=True, foreign_key="pilot.id")
    number: int = Field(primary_key=True)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    units_a: int
    units_b: int
    of: int
    mean_a: float | None = None
    mean_b: float | None = None
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    verdict: LookVerdict
    figures: dict = Field(default_factory=dict, sa_type=JSON)


class WaitingVersion(OperationalRecord, table=True):
    """A version that somebody asks to be put in force without a pilot; it waits for its signatures.

    ``content`` is exactly what is signed: the version and its digest, where it would hold, what it replaces, the
    figures that speak for it; ``digest`` is its SHA-256 as canonical JSON. ``location_ids`` [] = everywhere.
    """

    __tablename__ = "waiting_version"
    id: str = Field(primary_key=True)
    kind: WaitingKind
    version: str
    location_ids: list[str] = Field(default_factory=list, sa_type=JSON)
    content: dict = Field(default_factory=dict, sa_type=JSON)
    digest: str
    proposed_by: str = Field(foreign_key="staff.id")
    proposed_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    ended_by: str | None = None
    ended_why: WaitedWhy | None = None


class VersionSignature(OperationalRecord, table=True):
    """One signature that a waiting version is put in force; ``digest`` is of exactly what was shown."""

    __tablename__ = "version_signature"
    __table_args__ = (UniqueConstraint("waiting_id", "role"),)
    id: str = Field(primary_key=True)
    waiting_id: str = Field(foreign_key="waiting_version.id", index=True)
    role: Role
    staff_id: str = Field(foreign_key="staff.id")
    authenticated: AuthenticatedHow
    digest: str
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
