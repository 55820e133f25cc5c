"""What each column of a referral table holds; the reader of the file and its contract agree here.

A cell reader takes the trimmed, non-blank text of one cell. It returns None for a text that it cannot read,
and never guesses: the contract turns that None into a finding for the sender.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import available_timezones

import phonenumbers

from models.codes import Modality

FOCUS_AREAS = (
    "anxiety", "depression", "trauma", "grief", "couples", "family", "adolescents", "ocd", "eating",
    "substance", "adhd", "life_transitions", "perinatal", "pain", "sleep",
)  # fmt: skip
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_PARTS = ("am", "pm", "eve")
CHANNELS = ("email", "sms", "phone")
STATES = frozenset(
    [
        "AL",
        "AK",
        "AZ",
        "AR",
        "CA",
        "CO",
        "CT",
        "DE",
        "DC",
        "FL",
        "GA",
        "HI",
        "ID",
        "IL",
        "IN",
        "IA",
        "KS",
        "KY",
        "LA",
        "ME",
        "MD",
        "MA",
        "MI",
        "MN",
        "MS",
        "MO",
        "MT",
        "NE",
        "NV",
        "NH",
        "NJ",
        "NM",
        "NY",
        "NC",
        "ND",
        "OH",
        "OK",
        "OR",
        "PA",
        "RI",
        "SC",
        "SD",
        "TN",
        "TX",
        "UT",
        "VT",
        "VA",
        "WA",
        "WV",
        "WI",
        "WY",
        "AS",
        "GU",
        "MP",
        "PR",
        "VI",
    ]
)
ITEM_VALUES = ("0", "1", "2", "3")
SELF_PAY_CODE = "SELF"
LATEST = timedelta(days=1)
"""How far after now a time may be said to lie: the sender's clock may be fast, and it may be tomorrow there."""

# Item number (10 is the unscored difficulty question) by column.
MEASURE_COLUMNS: dict[str, dict[str, int]] = {
    "phq9": {**{f"phq9_{item}": item for item in range(1, 10)}, "phq9_difficulty": 10},
    "gad7": {f"gad7_{item}": item for item in range(1, 8)},
}

_EMAIL = re.compile(r"[^@\s,;<>\"]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_US_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})([-_][A-Za-z0-9]{2,8})*")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}")
_YES, _NO = frozenset({"yes", "y", "true", "1"}), frozenset({"no", "n", "false", "0"})


def read_id(text: str) -> str | None:
    return text if _ID.fullmatch(text) else None


def read_member_id(text: str) -> str | None:
    """Cards print the number in groups; the spaces are not part of it."""
    return read_id(re.sub(r"\s+", "", text).upper())


def read_day(text: str) -> date | None:
    """1990-04-23, or 4/23/1990 as US spreadsheets write it; a two-digit year is refused."""
    if found := _ISO_DAY.fullmatch(text):
        year, month, day = found.groups()
    elif found := _US_DAY.fullmatch(text):
        month, day, year = found.groups()
    else:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def read_moment(text: str) -> datetime | None:
    """2026-11-03T09:15:00-08:00 as UTC; a time without an offset is refused, its zone would be a guess."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def read_email(text: str) -> str | None:
    return text.lower() if len(text) <= 254 and _EMAIL.fullmatch(text) else None


def read_phone(text: str) -> str | None:
    """A dialable number in E.164; the United States when no country is written."""
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def read_state(text: str) -> str | None:
    return text.upper() if text.upper() in STATES else None


# Looking through the zone files takes 30 ms, as long as all else that is asked of a row.
_zones = cache(available_timezones)


def read_zone(text: str) -> str | None:
    return text if "/" in text and text in _zones() else None


def read_language(text: str) -> str | None:
    """The BCP 47 primary subtag: ``es-MX`` is ``es``."""
    found = _LANGUAGE.fullmatch(text)
    return found[1].lower() if found else None


def read_channel(text: str) -> str | None:
    return text.lower() if text.lower() in CHANNELS else None


def read_yes_no(text: str) -> bool | None:
    word = text.lower()
    return True if word in _YES else False if word in _NO else None


def read_modality(text: str) -> Modality | None:
    return Modality(text.lower()) if text.lower() in set(Modality) else None


def read_code(text: str) -> str | None:
    code = text.upper()
    return code if re.fullmatch(r"[A-Z0-9_-]{1,32}", code) else None


def read_focus_areas(text: str) -> tuple[str, ...] | None:
    """Words of ``FOCUS_AREAS``, separated by ; or | or a comma."""
    areas = tuple(re.sub(r"[\s-]+", "_", part) for part in _parts(text))
    return areas if set(areas) <= set(FOCUS_AREAS) else None


def read_preferred_times(text: str) -> tuple[str, ...] | None:
    """Day and part of day, such as ``mon-am; thu-eve``."""
    times = tuple(_parts(text))
    known = {f"{day}-{part}" for day in DAYS for part in DAY_PARTS}
    return times if set(times) <= known else None


def read_item(text: str) -> int | None:
    return int(text) if text in ITEM_VALUES else None


def gentlest_channel(email: str | None, phone: str | None) -> str | None:
    """Where nobody stated a preference: a letter before a call, never a text message unasked."""
    return "email" if email else "phone" if phone else None


def _parts(text: str) -> list[str]:
    """The listed words, lower case, each once, in the sender's order."""
    words = (part.strip().lower() for part in re.split(r"[;|,]", text))
    return list(dict.fromkeys(word for word in words if word))


@dataclass(frozen=True)
class Column:
    """One column: ``wanted`` finishes the sentence "<name> must be …"; ``longest`` is in characters."""

    name: str
    wanted: str
    reads: Callable[[str], object | None] | None = None
    required: bool = False
    longest: int = 100
    aliases: tuple[str, ...] = ()


_ITEM_COLUMNS = tuple(
    Column(name, "a whole number from 0 to 3, or empty if it was not answered", read_item)
    for columns in MEASURE_COLUMNS.values()
    for name in columns
)

COLUMNS: tuple[Column, ...] = (
    Column("external_id", "your own number for this referral: letters, digits and . _ : / -", read_id,
           required=True, aliases=("id", "referral_id", "referral_number", "external_identifier")),
    Column("received_at", "the date and time with its offset, such as 2026-11-03T09:15:00-08:00", read_moment,
           required=True, aliases=("received", "received_on", "referral_date", "date_received")),
    Column("given_name", "the patient's given name", required=True,
           aliases=("first_name", "first", "forename")),
    Column("family_name", "the patient's family name", required=True,
           aliases=("last_name", "last", "surname")),
    Column("birth_date", "a date that exists, written 1990-04-23 or 4/23/1990", read_day, required=True,
           aliases=("dob", "date_of_birth", "birthdate", "birthday")),
    Column("email", "one address such as name@example.org", read_email, longest=254,
           aliases=("email_address", "e_mail", "mail")),
    Column("phone", "one number with its area code and no extension", read_phone,
           aliases=("phone_number", "mobile", "mobile_phone", "cell", "telephone", "tel")),
    Column("state", "the two-letter USPS code of the state the patient is in", read_state,
           aliases=("patient_state", "state_code", "st")),
    Column("time_zone", "an IANA zone name such as America/Chicago", read_zone, aliases=("timezone", "tz")),
    Column("language", "a language code such as en or es", read_language,
           aliases=("preferred_language", "lang", "language_code")),
    Column("preferred_channel", "email, sms or phone", read_channel,
           aliases=("contact_preference", "preferred_contact", "channel")),
    Column("payer_code", "the payer's code in letters, digits, - and _", read_code,
           aliases=("payer", "insurance", "insurer", "payor")),
    Column("plan_code", "the plan's code in letters, digits, - and _", read_code,
           aliases=("plan", "insurance_plan", "plan_type")),
    Column("member_id", "the member number on the insurance card", read_member_id,
           aliases=("member_number", "subscriber_id", "insurance_id", "policy_number")),
    Column("self_pay", "yes or no", read_yes_no, aliases=("selfpay", "self_paying", "cash")),
    Column("modality", "office, telehealth or either", read_modality, aliases=("visit_type", "session_type")),
    Column("location_id", "the id of one of the practice's locations", required=True, longest=64,
           aliases=("location", "site", "office_location")),
    Column("needs_accessible", "yes or no", read_yes_no,
           aliases=("accessible", "accessibility", "needs_accessible_room", "step_free")),
    Column("focus_areas", "words from: " + ", ".join(FOCUS_AREAS), read_focus_areas, longest=300,
           aliases=("focus", "concerns", "focus_area", "reasons")),
    Column("preferred_times", "times such as mon-am; thu-eve (mon to sun; am, pm or eve)",
           read_preferred_times, longest=300, aliases=("availability", "times", "preferred_time")),
    Column("referrer_name", "the name of the person or service that refers", longest=200,
           aliases=("referrer", "referred_by", "referring_clinician", "referral_source")),
    Column("referral_text", "the referral's text", longest=20_000,
           aliases=("text", "notes", "reason_for_referral", "referral_notes", "message", "letter")),
    Column("consent_ai", "yes or no, or empty if the patient was not asked", read_yes_no,
           aliases=("ai_consent", "consent_to_ai")),
    Column("consent_ai_on", "a date that exists, written 2026-11-03 or 11/3/2026", read_day,
           aliases=("ai_consent_date", "consent_ai_date", "consent_date")),
    Column("answered_at", "the date and time with its offset, such as 2026-11-03T09:15:00-08:00", read_moment,
           aliases=("answered_on", "questionnaires_at", "measures_at")),
    Column("phq9_version", "the version of the form, in letters, digits and . _ : / -", read_id),
    Column("gad7_version", "the version of the form, in letters, digits and . _ : / -", read_id),
    *_ITEM_COLUMNS,
)  # fmt: skip

COLUMN_NAMES = tuple(column.name for column in COLUMNS)
REQUIRED_COLUMNS = tuple(column.name for column in COLUMNS if column.required)
CONTACT_COLUMNS = ("email", "phone")
PAST_COLUMNS = ("received_at", "consent_ai_on", "answered_at")
PROBLEM_COLUMN = "problem"
ROW_COLUMN = "row"
SURPLUS_COLUMN = "surplus_cells"
