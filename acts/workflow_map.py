"""Looking at a workflow as its cases walked it."""

from collections.abc import Collection
from datetime import datetime

from adapters import workflow_views
from adapters.workflow_drawing import Walked
from models.governance_codes import Workflow
from rules import workflow_map
from rules.workflow_map import Map


def walked(workflow: Workflow, location_ids: Collection[str], as_of: datetime, begin: datetime | None = None) -> Map:
    """The map of a workflow at these locations; ``begin``: of the waits that ended since then or last at ``as_of``."""
    cases, moves, troubles = workflow_views.tables(workflow, location_ids, workflow_map.TROUBLES)
    return workflow_map.mine(workflow, cases, moves, troubles[troubles["at"] <= as_of], as_of, begin)


def as_drawn(found: Map, *, open_cases: int | None) -> Walked:
    """What of a map is drawn; ``open_cases`` None: they are too few to be told."""
    return Walked(
        workflow=found.workflow,
        edges=workflow_map.rows_of(found.edges),
        steps=workflow_map.rows_of(found.steps),
        cases=found.cases,
        moves=found.moves,
        open_cases=open_cases,
    )
