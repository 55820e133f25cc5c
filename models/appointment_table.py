"""What each column of a practice's own appointment history holds; the reader of the file and its contract agree here.

Cells are read as in ``models.referral_table``: the trimmed text of one cell, None for what cannot be read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from models.codes import AppointmentStatus, Modality
from models.referral_table import Column, read_id, read_modality, read_yes_no

MOST_ROWS = 200_000
OLDEST_YEARS = 10
LONGEST_LEAD = timedelta(days=2 * 366)
LONGEST_MINUTES = 360
MOST_REMINDERS = 20

_ENDINGS = {
    AppointmentStatus.ATTENDED: (
        "attended", "kept", "completed", "complete", "arrived", "fulfilled", "seen", "show", "checked_out",
    ),
    AppointmentStatus.NO_SHOW: ("no_show", "noshow", "missed", "dna", "did_not_attend", "failed_to_attend"),
    AppointmentStatus.CANCELLED: ("cancelled", "canceled", "cancelled_in_time", "canceled_in_time"),
    AppointmentStatus.LATE_CANCELLED: (
        "late_cancelled", "late_canceled", "late_cancel", "late_cancellation", "cancelled_late", "canceled_late",
    ),
}  # fmt: skip
_ENDING_OF = {word: ending for ending, words in _ENDINGS.items() for word in words}
_US_MOMENT = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}),? +(\d{1,2}):(\d{2})(?::(\d{2}))?(?: *([AaPp])\.?[Mm]\.?)?")


def read_moment_or_clock(text: str) -> datetime | None:
    """A moment in UTC where an offset is written, else what the clock of the place showed, without a zone.

    2026-03-02T09:15:00-08:00, 2026-03-02 09:15, or 3/2/2026 9:15 AM as US spreadsheets write it; a day alone is
    refused.
    """
    try:
        if found := _US_MOMENT.fullmatch(text):
            month, day, year, hour, minute, second, half = found.groups()
            return datetime(int(year), int(month), int(day), _hour(int(hour), half), int(minute), int(second or 0))
        if ":" not in text:
            return None
        said = datetime.fromisoformat(text)
        return said.astimezone(UTC) if said.tzinfo else said
    except (ValueError, OverflowError):
        return None


def _hour(hour: int, half: str | None) -> int:
    """The hour of the day; ValueError for 13 PM."""
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError("no such hour on a clock with two halves")
    return hour % 12 + (12 if half in "Pp" else 0)


def on_the_clock_of(said: datetime, zone: str | None) -> datetime | None:
    """The moment in UTC that a clock in ``zone`` showed so; a moment stays what it is.

    None where no zone is known, and where the clock skipped that time or showed it twice: it would be a guess.
    """
    if said.tzinfo is not None:
        return said.astimezone(UTC)
    if zone is None:
        return None
    first, second = (said.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    return first.astimezone(UTC) if first.utcoffset() == second.utcoffset() else None


def read_ending(text: str) -> AppointmentStatus | None:
    """How the appointment ended, in the words that practices' systems use; a coming one has not ended."""
    return _ENDING_OF.get(re.sub(r"[^a-z]+", "_", text.lower()).strip("_"))


def read_count(text: str, most: int) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,3}", text) and int(text) <= most else None


def read_minutes(text: str) -> int | None:
    found = read_count(text, LONGEST_MINUTES)
    return found or None


def read_reminders(text: str) -> int | None:
    return read_count(text, MOST_REMINDERS)


def read_met(text: str) -> Modality | None:
    """office, telehealth or either, and what exports call them."""
    words = {"in_person": Modality.OFFICE, "inperson": Modality.OFFICE, "video": Modality.TELEHEALTH,
             "phone": Modality.TELEHEALTH, "virtual": Modality.TELEHEALTH}  # fmt: skip
    return words.get(re.sub(r"[^a-z]+", "_", text.lower())) or read_modality(text)


_MOMENT = "a date and time such as 2026-03-02T09:15:00-08:00 or, on the clock of its location, 2026-03-02 09:15"
_ID = "in letters, digits and . _ : / -"

COLUMNS: tuple[Column, ...] = (
    Column("patient_id", f"the patient's number here or in your own system, {_ID}", read_id, required=True,
           aliases=("patient", "patient_number", "client_id", "mrn")),
    Column("booked_at", _MOMENT, read_moment_or_clock, required=True,
           aliases=("booked", "created_at", "created", "scheduled_on", "booking_time")),
    Column("starts_at", _MOMENT, read_moment_or_clock, required=True,
           aliases=("start_at", "start", "started_at", "start_time", "appointment_time", "appointment_date")),
    Column("status", "attended, no_show, cancelled or late_cancelled; leave out appointments still to come",
           read_ending, required=True, aliases=("outcome", "appointment_status")),
    Column("appointment_id", f"your own number for this appointment {_ID}", read_id,
           aliases=("appointment", "appointment_number", "id", "external_id")),
    Column("minutes", f"a whole number from 1 to {LONGEST_MINUTES}", read_minutes, aliases=("duration", "length")),
    Column("modality", "office, telehealth or either", read_met,
           aliases=("visit_type", "session_type", "appointment_type")),
    Column("clinician_id", f"the clinician's number, {_ID}", read_id,
           aliases=("clinician", "therapist", "therapist_id", "provider_id", "staff_id")),
    Column("location_id", "the id of one of the practice's locations", longest=64,
           aliases=("location", "site", "office_location")),
    Column("reminders", f"how many reminders were sent: a whole number from 0 to {MOST_REMINDERS}", read_reminders,
           aliases=("reminders_sent", "reminder_count")),
    Column("confirmed", "yes or no, or empty if nobody was asked", read_yes_no, aliases=("patient_confirmed",)),
)  # fmt: skip

COLUMN_NAMES = tuple(column.name for column in COLUMNS)
REQUIRED_COLUMNS = tuple(column.name for column in COLUMNS if column.required)


@dataclass(frozen=True)
class Places:
    """The practice's locations with their zones, to tell what a clock in a row showed."""

    zones: Mapping[str, str] = field(default_factory=dict)

    def zone_of(self, location_id: str | None) -> str | None:
        """The location's zone; of a row that names none, the one that all locations share."""
        if location_id:
            return self.zones.get(location_id)
        shared = set(self.zones.values())
        return shared.pop() if len(shared) == 1 else None


@dataclass(frozen=True)
class AppointmentIn:
    """One past appointment as a row of a history says it; times UTC."""

    source_row: int
    patient_id: str
    booked_at: datetime
    starts_at: datetime
    status: AppointmentStatus
    appointment_id: str | None = None
    minutes: int | None = None
    modality: Modality | None = None
    clinician_id: str | None = None
    location_id: str | None = None
    reminders: int | None = None
    confirmed: bool | None = None

    @property
    def key(self) -> str:
        """What tells this appointment from every other: the practice's own number, else who and when."""
        return key_of(self.appointment_id, self.patient_id, self.starts_at)


def key_of(appointment_id: str | None, patient_id: str, starts_at: datetime) -> str:
    if appointment_id:
        return f"appointments:{appointment_id}"
    return f"appointments:at:{sha256(f'{patient_id} {starts_at.isoformat()}'.encode()).hexdigest()[:24]}"
