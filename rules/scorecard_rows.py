"""Which rows of the scorecard belong to a place, a team, an arm of a comparison, a workflow."""

from collections.abc import Callable, Collection
from dataclasses import fields, replace
from typing import Any

from models.governance_codes import PREFIXES, Workflow
from models.scorecard_rows import Tables


def of_places(tables: Tables, locations: Collection[str], members: Collection[str] | None = None) -> Tables:
    """The rows of these locations; of one team where ``members``, its clinicians, are given.

    Surveys know no team, so that nobody is known by an answer: of a team there are none.
    """

    def belongs(row: Any) -> bool:
        if row.location_id not in locations:
            return False
        return members is None or getattr(row, "clinician_id", None) in members

    return _kept(tables, belongs)


def only(tables: Tables, case_numbers: Collection[str]) -> Tables:
    """The rows of these cases alone, as an arm of a comparison; surveys belong to no case, so none is left."""
    return _kept(tables, lambda row: getattr(row, "case_number", "") in case_numbers)


def _kept(tables: Tables, belongs: Callable[[Any], bool]) -> Tables:
    kept: dict[str, Any] = {
        part.name: tuple(row for row in getattr(tables, part.name) if belongs(row))
        for part in fields(Tables)
        if part.name != "owed"
    }
    return replace(tables, **kept)


def workflow_of_work(case_number: str) -> Workflow:
    """The workflow that work on a case counts for; ongoing care is what scheduling looks after."""
    return next((flow for flow, prefix in PREFIXES.items() if case_number.startswith(prefix)), Workflow.SCHEDULING)
