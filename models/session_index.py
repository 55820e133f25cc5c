"""What each row of a session export says: who met whom, when, and in which file it was transcribed."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from models.codes import Modality


class SessionService(StrEnum):
    """What kind of session it was; decides which procedure codes can be asked of it."""

    EVALUATION = "evaluation"
    INDIVIDUAL = "individual"
    FAMILY = "family"
    FAMILY_WITHOUT_PATIENT = "family_without_patient"
    GROUP = "group"
    CRISIS = "crisis"


class NoteFormatCode(StrEnum):
    """The formats a therapy note may be written in; the same values as language.note_values.NoteFormat."""

    SOAP = "SOAP"
    DAP = "DAP"
    BIRP = "BIRP"
    GIRP = "GIRP"


@dataclass(frozen=True)
class SessionIn:
    """One session as a sender exported it; ``source_row`` is the spreadsheet's row (header = 1).

    ``session_key`` is the sender's own number of it. ``patient_state`` is where the patient was (USPS), None where the
    sender does not say. ``diagnoses`` (ICD-10-CM, with dots), ``plan_dated`` and ``plan_goals`` are the treatment
    plan's in force. Times are UTC. ``transcript_file`` is the bare name of a file in the same drop; None: not recorded.
    """

    source_row: int
    session_key: str
    patient_id: str
    clinician_id: str
    location_id: str
    started_at: datetime
    ended_at: datetime
    modality: Modality
    service: SessionService
    patient_state: str | None = None
    note_format: NoteFormatCode | None = None
    transcript_file: str | None = field(default=None, repr=False)
    appointment_id: str | None = None
    diagnoses: tuple[str, ...] = field(default=(), repr=False)
    plan_dated: date | None = None
    plan_goals: str = field(default="", repr=False)
