"""What the safety officer looks at: which intakes were drawn, what was found, tests of the alarm, practice rounds."""

from datetime import date, datetime

from sqlmodel import Field

from models.columns import UtcDateTime, utc_now
from models.operational.base import OperationalRecord
from models.safety_codes import PracticeKind, SampleFinding


class RiskDraw(OperationalRecord, table=True):
    """One night's draw of unflagged intakes at a location (``all``: the whole practice); never changed.

    ``intakes`` stood in it, and each of them was drawn with the chance ``drawn`` / ``intakes``.
    """

    __tablename__ = "risk_draw"
    id: str = Field(primary_key=True)
    night: date = Field(index=True)
    location_id: str
    wanted: int
    intakes: int
    drawn: int
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class RiskDrawCase(OperationalRecord, table=True):
    """One intake that stood in a draw, once in its life, and its to-do if it was drawn; never changed."""

    __tablename__ = "risk_draw_case"
    case_number: str = Field(primary_key=True, foreign_key="referral.case_number")
    draw_id: str = Field(foreign_key="risk_draw.id", index=True)
    location_id: str = Field(foreign_key="location.id")
    to_do_id: str | None = Field(default=None, foreign_key="to_do.id", unique=True)


class RiskFinding(OperationalRecord, table=True):
    """What a clinician found in a drawn intake; never changed. Which risk it was lies in the therapy database alone."""

    __tablename__ = "risk_finding"
    to_do_id: str = Field(primary_key=True, foreign_key="to_do.id")
    case_number: str = Field(foreign_key="referral.case_number", index=True)
    finding: SampleFinding
    found_by: str = Field(foreign_key="staff.id")
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class AlarmTest(OperationalRecord, table=True):
    """One test of the alarm: raised by a person, carried like a real page, acknowledged by whoever it reached."""

    __tablename__ = "alarm_test"
    id: str = Field(primary_key=True)
    location_id: str = Field(foreign_key="location.id", index=True)
    raised_by: str = Field(foreign_key="staff.id")
    raised_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    paged: int = 0
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_by: str | None = Field(default=None, foreign_key="staff.id")


class PracticeRound(OperationalRecord, table=True):
    """An invitation to decide a made-up case; it is deleted with the answer, so that who answered what is kept nowhere.

    It belongs to no case, no patient and no sign-off: nothing of it can be booked, billed or sent. One for each person.
    """

    __tablename__ = "practice_round"
    id: str = Field(primary_key=True)
    for_staff_id: str = Field(foreign_key="staff.id", unique=True)
    kind: PracticeKind
    variant: int
    opened_on: date


class PracticeTally(OperationalRecord, table=True):
    """How many answers the rounds of a month had, all people's together, and how many found what was to be found.

    ``caught`` of rounds without a planted error: how many were sent back all the same.
    """

    __tablename__ = "practice_tally"
    id: str = Field(primary_key=True)
    month: str = Field(index=True)
    kind: PracticeKind
    planted: bool
    answers: int = 0
    caught: int = 0
