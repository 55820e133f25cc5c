"""What the scorecard is counted from: plain rows of ids, local dates, codes and cents."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from models.codes import AppointmentStatus, ReferralStatus


class Step(StrEnum):
    """One thing that a person did by hand before, and that is counted in the records."""

    REFERRAL_TAKEN_IN = "referral_taken_in"
    TIME_CHOSEN_ONLINE = "time_chosen_online"
    REMINDER_SENT = "reminder_sent"
    FREED_TIME_OFFERED = "freed_time_offered"
    CHECK_IN_SCORED = "check_in_scored"
    NOTE_DRAFTED = "note_drafted"
    CLAIM_BUILT = "claim_built"
    DECISION_POSTED = "decision_posted"


@dataclass(frozen=True, slots=True)
class ReferralRow:
    """One referral that is no duplicate. ``left_from``: the last status it waited in, "" while it is open.

    ``reworked``: what had to be done again, each once (``returned``, ``corrected``, ``rerouted``).
    """

    case_number: str
    patient_id: str
    location_id: str
    clinician_id: str
    received_on: date
    first_attended_on: date | None
    closed_on: date | None
    status: ReferralStatus
    left_from: str = ""
    reworked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AppointmentRow:
    """One appointment, first or later."""

    appointment_id: str
    case_number: str
    patient_id: str
    location_id: str
    clinician_id: str
    on: date
    status: AppointmentStatus


@dataclass(frozen=True, slots=True)
class DoneRow:
    """One to-do that a person took and finished."""

    to_do_id: str
    case_number: str
    patient_id: str
    location_id: str
    clinician_id: str
    on: date
    claimed_at: datetime
    done_at: datetime


@dataclass(frozen=True, slots=True)
class NoteRow:
    """One signed note. ``reworked``: ``returned``, ``drafted again``, ``addendum``, each once."""

    case_number: str
    location_id: str
    clinician_id: str
    on: date
    reworked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BilledRow:
    """One claim. ``denied_cents`` by the payer's decision of ``decided_on``; ``sent_again``: how often besides once."""

    case_number: str
    location_id: str
    clinician_id: str
    service_on: date
    charge_cents: int
    submitted_on: date | None = None
    touched: bool = False
    decided_on: date | None = None
    denied_cents: int = 0
    sent_again: int = 0


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message that has left for a patient; ``attempts`` counts the tries, the one that succeeded too."""

    message_id: str
    case_number: str
    location_id: str
    clinician_id: str
    on: date
    attempts: int


@dataclass(frozen=True, slots=True)
class StepRow:
    """One time that an automated step was done."""

    subject: str
    case_number: str
    location_id: str
    clinician_id: str
    on: date
    step: Step


@dataclass(frozen=True, slots=True)
class AskedRow:
    """One survey that has reached its patient, and whether it was answered; ``month``: the first day of its month."""

    location_id: str
    month: date
    answered: bool


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One answer to a survey, which nothing here ties to its patient; ``month``: in which it was asked."""

    location_id: str
    month: date
    satisfied: int | None
    recommends: int | None


@dataclass(frozen=True)
class Tables:
    """Everything the scorecard is counted from. ``owed``: cents owed by claim, at the end of each day asked for."""

    referrals: tuple[ReferralRow, ...] = ()
    appointments: tuple[AppointmentRow, ...] = ()
    done: tuple[DoneRow, ...] = ()
    notes: tuple[NoteRow, ...] = ()
    claims: tuple[BilledRow, ...] = ()
    messages: tuple[MessageRow, ...] = ()
    steps: tuple[StepRow, ...] = ()
    asked: tuple[AskedRow, ...] = ()
    answers: tuple[AnswerRow, ...] = ()
    owed: Mapping[date, Mapping[str, int]] = field(default_factory=dict)
