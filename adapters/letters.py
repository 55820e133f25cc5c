"""Drafts of closing letters from the clinic's templates; a clinician edits and signs each before it leaves."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from models.operational import Location, Patient

TEMPLATES = Path(__file__).resolve().parents[1] / "templates" / "letters"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=False, trim_blocks=True
    )


def letter_draft(exit_kind: str, *, patient: Patient, location: Location) -> str:
    """The draft of one closing letter as plain text."""
    return (
        _environment()
        .get_template(f"{exit_kind}.txt.j2")
        .render(given_name=patient.given_name, family_name=patient.family_name, location=location)
        .strip()
    )
