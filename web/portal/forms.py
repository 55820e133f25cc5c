"""Reads what a browser sent back: dates, answers, choices; anything unexpected counts as not answered."""

from collections.abc import Mapping
from datetime import date

from starlette.datastructures import FormData

from acts.patient import IntakeChoices
from models.codes import Modality
from models.measures import DEFINITIONS, Measure
from models.referral_table import DAY_PARTS, DAYS
from web.portal.strings import SPOKEN

YES_NO = {"yes": True, "no": False}


def one_value(form: FormData, name: str) -> str:
    """One field as text without NULs, which PostgreSQL cannot hold; a file or an absent field is empty."""
    value = form.get(name)
    return value.replace("\x00", "").strip() if isinstance(value, str) else ""


def read_birth_date(form: FormData, before: str = "") -> date | None:
    """The date in three fields, whose names may begin with something."""
    try:
        return date(*(int(one_value(form, f"{before}{name}")) for name in ("year", "month", "day")))
    except (ValueError, OverflowError):
        return None


def read_answers(form: FormData, measure: Measure) -> dict[int, int]:
    """The answers on one page by item number; whether a value is an option of its item is checked by the rules."""
    given: dict[int, int] = {}
    for item in DEFINITIONS[measure].items:
        value = one_value(form, f"item_{item.number}")
        if value.isdecimal() and len(value) == 1:
            given[item.number] = int(value)
    return given


def read_asked(form: FormData) -> frozenset[int]:
    """Which items stood on the page that was sent."""
    asked = (value for value in form.getlist("asked") if isinstance(value, str))
    return frozenset(int(value) for value in asked if value.isdecimal() and len(value) <= 2)


def read_choices(form: FormData, before: IntakeChoices) -> IntakeChoices:
    """The practical wishes on the last page; a field that is missing stays as it was."""
    times = {value for value in form.getlist("times") if isinstance(value, str)}
    modality, language = one_value(form, "modality"), one_value(form, "language")
    return IntakeChoices(
        preferred_times=tuple(f"{day}-{part}" for day in DAYS for part in DAY_PARTS if f"{day}-{part}" in times),
        modality=Modality(modality) if modality in set(Modality) else before.modality,
        language=language if language in spoken_choices(before.language) else before.language,
        needs_accessible=one_value(form, "access") == "yes",
        consent_ai=YES_NO.get(one_value(form, "consent"), before.consent_ai),
    )


def spoken_choices(present: str) -> Mapping[str, str]:
    """The languages to choose from; the patient's present one is always among them."""
    return SPOKEN if present in SPOKEN else {**SPOKEN, present: present}
