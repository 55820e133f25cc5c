"""Letters to a payer that answer a denial, from the clinic's templates; a biller reads each before it leaves.

A letter holds identifiers, dates and amounts; what a payer must read of the treatment is attached by a person, never
written here.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from adapters.settings import CHECKOUT
from models.denials import AppealFacts

FOLDER = CHECKOUT / "templates" / "letters"

TITLES: Mapping[str, str] = {
    "authorisation": "Request for an authorisation after the fact",
    "necessity": "Appeal: medical necessity",
    "timely_filing": "Appeal: the claim was filed in time",
    "duplicate": "Appeal: the claim is not a duplicate",
    "wrong_payer": "Request to process: carved-out services",
    "missing_information": "Corrected information",
}
"""The letters by name, as a page lists them."""

ALWAYS = ("practice_name", "practice_address", "npi", "payer_name", "claim_number", "patient_name", "member_id",
          "dates_of_service", "denied_on", "reason", "written_on")  # fmt: skip
NEEDED: Mapping[str, tuple[str, ...]] = {
    "authorisation": ("procedure_codes",),
    "necessity": ("procedure_codes", "attached"),
    "timely_filing": ("sent_on", "accepted_on", "acceptance_number"),
    "duplicate": ("procedure_codes", "other_claim_number"),
    "wrong_payer": ("other_payer_name",),
    "missing_information": ("corrected",),
}
"""What each letter cannot do without."""


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["day"] = _day
    environment.filters["dollars"] = _dollars
    return environment


def _day(on: date) -> str:
    return f"{on:%B} {on.day}, {on.year}"


def _dollars(cents: int) -> str:
    return f"${cents // 100:,}.{cents % 100:02d}"


def missing_facts(template: str, facts: AppealFacts) -> tuple[str, ...]:
    """The names of the facts this letter needs and has not. Raises ValueError for a template that there is not."""
    if template not in TITLES:
        raise ValueError("there is no such letter")
    return tuple(name for name in (*ALWAYS, *NEEDED[template]) if not getattr(facts, name))


def appeal_letter(template: str, facts: AppealFacts) -> str:
    """One letter as plain text.

    Raises ValueError for a template that there is not, or naming the facts that are missing: a letter is never sent
    with a gap in it.
    """
    missing = missing_facts(template, facts)
    if missing:
        raise ValueError(f"the letter needs {', '.join(missing)}")
    known = {each.name: getattr(facts, each.name) for each in fields(facts)}
    letter = _environment().get_template(f"appeal_{template}.txt.j2").render(title=TITLES[template], **known)
    return letter.strip() + "\n"
