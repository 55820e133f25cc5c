"""How satisfied patients are: who was asked, and what was answered, which nothing ties together."""

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from models.columns import UtcDateTime, utc_now
from models.operational.base import OperationalRecord
from models.scheduling_codes import SurveyMoment


class SatisfactionSurvey(OperationalRecord, table=True):
    """One time a patient was asked how satisfied they are; ``case_number`` is their care's.

    ``answered``: whether, never how or when. ``no_more``: they do not want to be asked again.
    """

    __tablename__ = "satisfaction_survey"
    __table_args__ = (UniqueConstraint("case_number", "moment"),)
    id: str = Field(primary_key=True)
    case_number: str = Field(foreign_key="episode.case_number", index=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    location_id: str = Field(foreign_key="location.id", index=True)
    moment: SurveyMoment
    asked_on: date = Field(index=True)
    asked_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    answered: bool = False
    no_more: bool = False


class SatisfactionAnswer(OperationalRecord, table=True):
    """One answer, without whose it is: the place and the month it was asked in are all it knows.

    ``satisfied`` 1 to 5, ``recommends`` 0 to 10; None where that question was left open.
    """

    __tablename__ = "satisfaction_answer"
    id: str = Field(primary_key=True)
    location_id: str = Field(foreign_key="location.id", index=True)
    moment: SurveyMoment
    month: date = Field(index=True)
    satisfied: int | None = None
    recommends: int | None = None
