"""What each column of a session export's index holds; the reader of the file and its contract agree here.

Cells are read as in ``models.referral_table``: the trimmed text of one cell, None for what cannot be read.
"""

import re
import unicodedata

from models.codes import Modality
from models.referral_table import Column, read_day, read_id, read_moment, read_state
from models.session_index import NoteFormatCode, SessionService

LONGEST_HOURS = 6
OLDEST_DAYS = 400
"""A session further back than this is taken for an old export, dropped by mistake."""
MOST_DIAGNOSES = 12
"""A professional claim holds no more (NUCC, 1500 Claim Form Reference Instruction Manual, item 21)."""
LONGEST_FILE_NAME = 120

_ICD = re.compile(r"([A-Z]\d[0-9A-Z])\.?([0-9A-Z]{0,4})")
_NO_FOLDER = re.compile(r'[^/\\:*?"<>|]+')


def read_met_in(text: str) -> Modality | None:
    """office or telehealth; a session that took place did not take place in either."""
    return Modality(text.lower()) if text.lower() in (Modality.OFFICE, Modality.TELEHEALTH) else None


def read_service(text: str) -> SessionService | None:
    word = re.sub(r"[\s-]+", "_", text.lower())
    return SessionService(word) if word in set(SessionService) else None


def read_note_format(text: str) -> NoteFormatCode | None:
    return NoteFormatCode(text.upper()) if text.upper() in set(NoteFormatCode) else None


def read_file_name(text: str) -> str | None:
    """The bare name of a file that is not hidden: no folder, and nothing in it that cannot be seen."""
    if len(text) > LONGEST_FILE_NAME or text.startswith(".") or text.endswith((".", " ")):
        return None
    if not _NO_FOLDER.fullmatch(text) or any(unicodedata.category(char)[0] in "CZ" and char != " " for char in text):
        return None
    return text


def read_diagnoses(text: str) -> tuple[str, ...] | None:
    """ICD-10-CM codes, separated by ; or |, each once and with its dot: ``f411`` is ``F41.1``.

    Three characters, then up to four more behind the dot (CDC/NCHS, ICD-10-CM Official Guidelines, section I.B.2).
    Whether a code exists is not asked here.
    """
    found = [_ICD.fullmatch(part.strip().upper()) for part in re.split(r"[;|]", text) if part.strip()]
    codes = [f"{it[1]}.{it[2]}" if it[2] else it[1] for it in found if it]
    distinct = tuple(dict.fromkeys(codes))
    return distinct if len(codes) == len(found) and 0 < len(distinct) <= MOST_DIAGNOSES else None


_MOMENT = "the date and time with its offset, such as 2026-11-03T09:15:00-08:00"
_ID = "in letters, digits and . _ : / -"

COLUMNS: tuple[Column, ...] = (
    Column("session_key", f"your own number for this session {_ID}", read_id, required=True,
           aliases=("session_id", "session_number", "session", "external_id", "id")),
    Column("patient_id", f"the patient's number here, {_ID}", read_id, required=True,
           aliases=("patient", "patient_number", "client_id")),
    Column("clinician_id", f"the clinician's staff id here, {_ID}", read_id, required=True,
           aliases=("clinician", "therapist", "therapist_id", "provider_id", "staff_id")),
    Column("location_id", "the id of one of the practice's locations", required=True, longest=64,
           aliases=("location", "site", "office_location")),
    Column("started_at", _MOMENT, read_moment, required=True,
           aliases=("started", "start", "starts_at", "start_time", "session_start")),
    Column("ended_at", _MOMENT, read_moment, required=True,
           aliases=("ended", "end", "ends_at", "end_time", "session_end")),
    Column("modality", "office or telehealth", read_met_in, required=True,
           aliases=("visit_type", "session_type")),
    Column("service", "one of " + ", ".join(SessionService), read_service, required=True,
           aliases=("service_type", "session_service")),
    Column("patient_state", "the two-letter USPS code of the state the patient was in", read_state,
           aliases=("state", "patient_location", "state_code")),
    Column("note_format", "one of " + ", ".join(NoteFormatCode), read_note_format, aliases=("format", "note_type")),
    Column("transcript_file", f"a bare file name of at most {LONGEST_FILE_NAME} characters, without a folder",
           read_file_name, aliases=("transcript", "transcript_name", "file_name", "file")),
    Column("appointment_id", f"the appointment's number here, {_ID}", read_id,
           aliases=("appointment", "appointment_number")),
    Column("diagnoses", f"ICD-10-CM codes such as F41.1; F33.0, at most {MOST_DIAGNOSES}", read_diagnoses,
           aliases=("diagnosis", "diagnosis_codes", "icd10", "icd_10")),
    Column("plan_dated", "a date that exists, written 2026-11-03 or 11/3/2026", read_day,
           aliases=("plan_date", "treatment_plan_date", "treatment_plan_dated")),
    Column("plan_goals", "the treatment plan's goals", longest=4_000,
           aliases=("goals", "treatment_goals", "treatment_plan_goals")),
)  # fmt: skip

COLUMN_NAMES = tuple(column.name for column in COLUMNS)
REQUIRED_COLUMNS = tuple(column.name for column in COLUMNS if column.required)
PAST_COLUMNS = ("started_at", "plan_dated")
