"""What a roster says: the practice's locations and staff, as its administrator writes them in one file.

Entries hold what is on record in the same words as the file, sorted, so that two rosters are compared by ``==``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time

from models.codes import Modality, Role

GENDERS = ("woman", "man", "nonbinary")
EVERYWHERE = "all"
"""What Prefect's dropdown of locations says for every one of them, so that no location is called so."""

Path = tuple[str | int, ...]
"""Where something stands in the file: ``("staff", 2, "email")``; positions count from 0."""


@dataclass(frozen=True)
class LocationEntry:
    """``state`` is the USPS code, ``phone`` E.164; ``accessible`` (step-free) None means that the file does not say."""

    id: str
    name: str
    state: str
    time_zone: str
    phone: str
    accessible: bool | None = None


@dataclass(frozen=True, order=True)
class LicenceEntry:
    state: str
    number: str = field(repr=False)
    expires_on: date


@dataclass(frozen=True, order=True)
class PanelEntry:
    """A payer's panel; plan ``*`` means every plan of that payer."""

    payer: str
    plan: str


@dataclass(frozen=True, order=True)
class HoursEntry:
    """Weekly hours in the location's local time; weekday 0 = Monday; ``minutes`` is the length of one slot."""

    weekday: int
    starts: time
    ends: time
    location: str
    modality: Modality
    minutes: int


@dataclass(frozen=True)
class ClinicianEntry:
    """What matching needs to know of a clinician; every tuple is sorted."""

    npi: str
    credential: str
    gender: str | None
    min_age: int
    max_age: int
    modalities: tuple[str, ...]
    languages: tuple[str, ...]
    focus_areas: tuple[str, ...]
    caseload_limit: int
    caseload_now: int
    accepts_new: bool
    licences: tuple[LicenceEntry, ...]
    panels: tuple[PanelEntry, ...]
    hours: tuple[HoursEntry, ...]


@dataclass(frozen=True)
class StaffEntry:
    """One member of staff, known by their e-mail address; ``clinician`` is what clinicians have besides."""

    name: str = field(repr=False)
    email: str = field(repr=False)
    phone: str | None = field(repr=False)
    role: Role
    locations: tuple[str, ...]
    team: str
    on_call: bool
    clinician: ClinicianEntry | None = None


@dataclass(frozen=True)
class Roster:
    locations: tuple[LocationEntry, ...]
    staff: tuple[StaffEntry, ...]


@dataclass(frozen=True)
class OnRecord:
    """What this installation holds already: its roster, and of its accounts what no file says.

    ``staff_ids`` by e-mail address, of everybody; ``closed`` the addresses of closed accounts, which are not in the
    roster; ``npis`` whose staff id an NPI belongs to.
    """

    roster: Roster
    staff_ids: Mapping[str, str] = field(repr=False)
    closed: frozenset[str] = field(repr=False)
    npis: Mapping[str, str]


@dataclass(frozen=True)
class Remark:
    """One thing to say about one place of the file: a fault, or something its writer should know."""

    path: Path
    words: str


@dataclass(frozen=True)
class Change:
    """One entry that differs from what is on record; a new one names no fields.

    ``key`` is the location's id or the person's e-mail address.
    """

    kind: str
    key: str = field(repr=False)
    new: bool
    fields: tuple[str, ...] = ()


def spelled(path: Path) -> str:
    """A place of the file as a person reads it, entries counted from 1: ``staff[3] clinician.licences[1].state``."""
    words = ""
    for part in path:
        words += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    head, entry, rest = words.removeprefix(".").partition("]")
    return f"{head}{entry} {rest.removeprefix('.')}".strip() or "the file"


def read_npi(text: str) -> str | None:
    """Ten digits whose last one checks the others.

    CMS, "Requirements for National Provider Identifier (NPI) and NPI Check Digit": Luhn over 80840 and the number.
    """
    if len(text) != 10 or not (text.isascii() and text.isdigit()) or text[0] not in "12":
        return None
    digits = [int(each) for each in reversed(f"80840{text}")]
    total = sum(digit if at % 2 == 0 else sum(divmod(2 * digit, 10)) for at, digit in enumerate(digits))
    return text if total % 10 == 0 else None
