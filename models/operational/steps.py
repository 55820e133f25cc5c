"""How often each automated step ran on a day, and which fields it read; counts only, nothing about a person."""

from datetime import date

from sqlmodel import Field

from models.operational.base import OperationalRecord


class StepRuns(OperationalRecord, table=True):
    """How often one step ran on one day (UTC)."""

    __tablename__ = "step_runs"
    day: date = Field(primary_key=True)
    step: str = Field(primary_key=True)
    runs: int = 0


class StepReads(OperationalRecord, table=True):
    """In how many runs of a day a step read one field (``table.field``), and in how many it was refused this content.

    Of a refusal, ``field`` is the kind of content: the name of its table.
    """

    __tablename__ = "step_reads"
    day: date = Field(primary_key=True)
    step: str = Field(primary_key=True)
    field: str = Field(primary_key=True)
    runs: int = 0
    refused: int = 0
