"""What each field of a roster may say, read from plain values; every fault is kept, and reading goes on.

A field that is left out means its default, never "as it was": a file says the whole of what it names. Only
``accessible`` may be left unsaid, because a wrong yes would send somebody to stairs.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import TypeVar

from models.codes import Modality, Role
from models.referral_table import (
    DAYS,
    FOCUS_AREAS,
    SELF_PAY_CODE,
    read_code,
    read_email,
    read_language,
    read_phone,
    read_state,
    read_yes_no,
    read_zone,
)
from models.roster import (
    EVERYWHERE,
    GENDERS,
    ClinicianEntry,
    HoursEntry,
    LicenceEntry,
    LocationEntry,
    PanelEntry,
    Path,
    Remark,
    Roster,
    StaffEntry,
    read_npi,
)
from rules.matching import EVERY_PLAN

LOCATION_FIELDS = ("id", "name", "state", "time_zone", "phone", "accessible")
STAFF_FIELDS = ("name", "email", "phone", "role", "locations", "team", "on_call", "clinician")
CLINICIAN_FIELDS = (
    "npi", "credential", "gender", "ages", "modalities", "languages", "focus_areas", "caseload", "accepts_new",
    "licences", "panels", "hours",
)  # fmt: skip
LICENCE_FIELDS = ("state", "number", "expires_on")
PANEL_FIELDS = ("payer", "plan")
HOURS_FIELDS = ("weekday", "starts", "ends", "location", "modality", "minutes")

OLDEST = 120
ADULT = 18
LARGEST_CASELOAD = 500
SLOT_MINUTES = 50
SHORTEST_SLOT, LONGEST_SLOT = 10, 480
LONGEST_TEXT = 100
ABSENT = ("", "~", "null")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Value = TypeVar("Value")


@dataclass
class _Said:
    """One mapping of the file while it is read: a fault is kept, and reading goes on with something in its place."""

    path: Path
    values: Mapping[str, object]
    faults: list[Remark]

    def fault(self, name: str, words: str) -> None:
        self.faults.append(Remark((*self.path, name), words))

    def has(self, name: str) -> bool:
        said = self.values.get(name)
        return said is not None and not (isinstance(said, str) and said.strip().lower() in ABSENT)

    def one(
        self, name: str, reads: Callable[[str], Value | None], wanted: str, instead: Value, *, required: bool = True
    ) -> Value:
        """What this field says; ``instead`` where it says nothing or cannot be read."""
        if not self.has(name):
            if required:
                self.fault(name, f"is missing; it must be {wanted}")
            return instead
        said = self.values[name]
        value = reads(said.strip()) if isinstance(said, str) else None
        if value is None:
            self.fault(name, f"must be {wanted}")
        return instead if value is None else value

    def words(
        self, name: str, reads: Callable[[str], str | None], wanted: str, *, required: bool = True
    ) -> tuple[str, ...]:
        """A list of codes, or one alone; sorted, each once."""
        said = self.values.get(name) if self.has(name) else []
        listed = said if isinstance(said, list) else [said]
        if required and not listed:
            self.fault(name, f"is missing; it must be a list, each {wanted}")
        found = set()
        for at, each in enumerate(listed):
            value = reads(each.strip()) if isinstance(each, str) else None
            if value is None:
                self.faults.append(Remark((*self.path, name, at), f"must be {wanted}"))
            else:
                found.add(value)
        return tuple(sorted(found))

    def inner(self, name: str, known: tuple[str, ...]) -> "_Said":
        """The mapping in this field; one without anything where there is none."""
        said = self.values.get(name) if self.has(name) else {}
        return _mapping(said, (*self.path, name), known, self.faults)

    def entries(self, name: str, known: tuple[str, ...]) -> Iterator["_Said"]:
        """Each mapping in the list of this field."""
        said = self.values.get(name) if self.has(name) else []
        if not isinstance(said, list):
            self.fault(name, f"must be a list; each entry says {', '.join(known)}")
            return
        for at, each in enumerate(said):
            yield _mapping(each, (*self.path, name, at), known, self.faults)


def _mapping(said: object, path: Path, known: tuple[str, ...], faults: list[Remark]) -> _Said:
    if not isinstance(said, dict):
        faults.append(Remark(path, f"must say {', '.join(known)}"))
        return _Said(path, {}, [])  # one fault says enough
    for name in said:
        if name not in known:
            faults.append(Remark((*path, str(name)), f"is no field here; there are {', '.join(known)}"))
    return _Said(path, said, faults)


def read_roster(content: object, faults: list[Remark]) -> Roster:
    """What lists, mappings and text say, in their order; something stands in the place of what has a fault."""
    said = _mapping(content, (), ("locations", "staff"), faults)
    return Roster(
        tuple(_location(each) for each in said.entries("locations", LOCATION_FIELDS)),
        tuple(_person(each) for each in said.entries("staff", STAFF_FIELDS)),
    )


def _location(said: _Said) -> LocationEntry:
    accessible = said.one(
        "accessible", read_yes_no, "yes or no: can it be entered without a step", False, required=False
    )
    return LocationEntry(
        id=said.one("id", _read_id, f"letters, digits and . _ -, at most 32, and not {EVERYWHERE}", ""),
        name=said.one("name", _read_text, _TEXT, ""),
        state=said.one("state", read_state, "the two-letter USPS code of a state", ""),
        time_zone=said.one("time_zone", read_zone, "an IANA zone name such as America/Chicago", ""),
        phone=said.one("phone", read_phone, _PHONE, ""),
        accessible=accessible if said.has("accessible") else None,
    )


def _person(said: _Said) -> StaffEntry:
    role = said.one("role", _read_role, f"one of {', '.join(Role)}", None)
    entry = StaffEntry(
        name=said.one("name", _read_text, _TEXT, ""),
        email=said.one("email", read_email, "one address such as name@example.org", ""),
        phone=said.one("phone", read_phone, _PHONE, None, required=False),
        role=role or Role.COORDINATOR,
        locations=said.words("locations", _read_id, "the id of a location, such as LOC-1"),
        team=said.one("team", _read_text, _TEXT, "", required=False),
        on_call=said.one("on_call", read_yes_no, "yes or no", False, required=False),
    )
    if role is Role.CLINICIAN and not said.has("clinician"):
        said.fault("clinician", f"is missing; a clinician's entry says {', '.join(CLINICIAN_FIELDS)}")
    elif role in (Role.CLINICIAN, None) and said.has("clinician"):  # a mistyped role must not hide other faults
        return replace(entry, clinician=_clinician(said.inner("clinician", CLINICIAN_FIELDS)))
    elif said.has("clinician"):
        said.fault("clinician", f"is for clinicians; this role is {role}")
    if role not in (Role.CLINICIAN, None) and entry.on_call:
        said.fault("on_call", f"is for clinicians, who are paged about risk; this role is {role}")
    return entry


def _clinician(said: _Said) -> ClinicianEntry:
    ages = said.inner("ages", ("min", "max"))
    load = said.inner("caseload", ("limit", "now"))
    years, places = _whole(0, OLDEST), _whole(0, LARGEST_CASELOAD)
    entry = ClinicianEntry(
        npi=said.one(
            "npi", read_npi, "a National Provider Identifier: ten digits, whose last one checks the others", ""
        ),
        credential=said.one("credential", _read_text, f"a credential such as LCSW, {_TEXT}", ""),
        gender=said.one("gender", _one_of(GENDERS), f"one of {', '.join(GENDERS)}", None, required=False),
        min_age=ages.one("min", years, f"whole years from 0 to {OLDEST}", ADULT, required=False),
        max_age=ages.one("max", years, f"whole years from 0 to {OLDEST}", OLDEST, required=False),
        modalities=said.words("modalities", _one_of((Modality.OFFICE, Modality.TELEHEALTH)), "office or telehealth"),
        languages=said.words("languages", read_language, "a language code such as en or es"),
        focus_areas=said.words(
            "focus_areas", _one_of(FOCUS_AREAS), f"a word from: {', '.join(FOCUS_AREAS)}", required=False
        ),
        caseload_limit=load.one("limit", places, f"a whole number from 0 to {LARGEST_CASELOAD}", 0),
        caseload_now=load.one("now", places, f"a whole number from 0 to {LARGEST_CASELOAD}", 0),
        accepts_new=said.one("accepts_new", read_yes_no, "yes or no", True, required=False),
        licences=tuple(_licence(each) for each in said.entries("licences", LICENCE_FIELDS)),
        panels=tuple(_panel(each) for each in said.entries("panels", PANEL_FIELDS)),
        hours=tuple(_hours(each) for each in said.entries("hours", HOURS_FIELDS)),
    )
    if entry.min_age > entry.max_age:
        ages.fault("min", "must not be above max")
    if not said.has("licences") or said.values.get("licences") == []:
        said.fault("licences", "is missing; a clinician needs at least one licence")
    _no_doubles(said, "licences", [one.state for one in entry.licences])
    _no_doubles(said, "panels", [(one.payer, one.plan) if one.payer and one.plan else "" for one in entry.panels])
    return entry


def _no_doubles(said: _Said, name: str, keys: Sequence[object]) -> None:
    for at, key in enumerate(keys):
        if key and key in keys[:at]:
            said.faults.append(Remark((*said.path, name, at), f"says the same as {name}[{keys.index(key) + 1}]"))


def _licence(said: _Said) -> LicenceEntry:
    return LicenceEntry(
        state=said.one("state", read_state, "the two-letter USPS code of a state", ""),
        number=said.one("number", _read_text, _TEXT, ""),
        expires_on=said.one("expires_on", _read_date, "a date that exists, written 2027-06-30", date.min),
    )


def _panel(said: _Said) -> PanelEntry:
    codes = "letters, digits, - and _, as referrals write it"
    entry = PanelEntry(
        payer=said.one("payer", read_code, f"the payer's code in {codes}", ""),
        plan=said.one("plan", _read_plan, f"the plan's code in {codes}, or {EVERY_PLAN} in quotes for every plan", ""),
    )
    if entry.payer == SELF_PAY_CODE:
        said.fault("payer", f"{SELF_PAY_CODE} is no payer; who pays themselves needs no panel")
    return entry


def _hours(said: _Said) -> HoursEntry:
    entry = HoursEntry(
        weekday=said.one("weekday", _read_weekday, f"one of {', '.join(DAYS)}", 0),
        starts=said.one("starts", _read_clock, "a time of day such as 09:00", time.min),
        ends=said.one("ends", _read_clock, "a time of day such as 17:00", time.max),
        location=said.one("location", _read_id, "the id of a location", ""),
        modality=said.one("modality", _read_modality, f"one of {', '.join(Modality)}", Modality.EITHER, required=False),
        minutes=said.one(
            "minutes",
            _whole(SHORTEST_SLOT, LONGEST_SLOT),
            f"whole minutes of one slot, from {SHORTEST_SLOT} to {LONGEST_SLOT}",
            SLOT_MINUTES,
            required=False,
        ),
    )
    if _minutes_between(entry.starts, entry.ends) < entry.minutes:
        said.fault("ends", f"must leave room for one slot of {entry.minutes} minutes; night hours are two entries")
    return entry


def _minutes_between(starts: time, ends: time) -> int:
    day = date.min
    return int((datetime.combine(day, ends) - datetime.combine(day, starts)).total_seconds() // 60)


_TEXT = f"text of at most {LONGEST_TEXT} characters in one line"
_PHONE = "one number with its area code and no extension"


def _read_id(text: str) -> str | None:
    return text if _ID.fullmatch(text) and text.lower() != EVERYWHERE else None


def _read_text(text: str) -> str | None:
    return text if len(text) <= LONGEST_TEXT and text.isprintable() else None


def _read_role(text: str) -> Role | None:
    return Role(text.lower()) if text.lower() in tuple(Role) else None


def _read_modality(text: str) -> Modality | None:
    return Modality(text.lower()) if text.lower() in tuple(Modality) else None


def _read_date(text: str) -> date | None:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _read_clock(text: str) -> time | None:
    found = _CLOCK.fullmatch(text)
    return time(int(found[1]), int(found[2])) if found else None


def _read_weekday(text: str) -> int | None:
    word = text.lower()
    word = word[:3] if word in _DAY_NAMES else word
    return DAYS.index(word) if word in DAYS else None


def _read_plan(text: str) -> str | None:
    return text if text == EVERY_PLAN else read_code(text)


def _one_of(known: Iterable[str]) -> Callable[[str], str | None]:
    words = {str(each): str(each) for each in known}
    return lambda text: words.get(text.lower())


def _whole(least: int, most: int) -> Callable[[str], int | None]:
    def read(text: str) -> int | None:
        return int(text) if re.fullmatch(r"[0-9]{1,4}", text) and least <= int(text) <= most else None

    return read
