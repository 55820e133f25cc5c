"""Where a workflow is held now: the question every step, batch and message asks before it acts."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from models.governance_codes import Level, Workflow
from models.operational import WorkflowStanding
from models.standing import HELD_LEVELS, SHIPPED


def runs_as(db: Session, workflow: Workflow, location_id: str) -> Level:
    """The level a workflow runs at here, the lock applied; where nobody has set one, as it is shipped."""
    found = db.exec(
        select(WorkflowStanding.runs_as).where(
            WorkflowStanding.workflow == workflow, WorkflowStanding.location_id == location_id
        )
    ).first()
    return SHIPPED[workflow] if found is None else Level(found)


def is_held(db: Session, workflow: Workflow, location_id: str) -> bool:
    return runs_as(db, workflow, location_id) in HELD_LEVELS


def held_places(db: Session, workflow: Workflow) -> set[str]:
    """The locations where this workflow is held."""
    return set(db.exec(_held(workflow)).all())


def places_at(db: Session, workflow: Workflow, level: Level) -> set[str]:
    """The locations where this workflow runs at exactly this level, the lock applied."""
    query = select(WorkflowStanding.location_id).where(
        WorkflowStanding.workflow == workflow, WorkflowStanding.runs_as == level
    )
    return set(db.exec(query).all())


def shadow_places(db: Session, workflow: Workflow, location_id: str = "all") -> list[str]:
    """Of one location or of all, those where this workflow runs in the shadow."""
    found = places_at(db, workflow, Level.SHADOW)
    return sorted(found if location_id == "all" else found & {location_id})


def not_held(workflow: Workflow, location_id: Any) -> ColumnElement[bool]:
    """The same as a condition of a query over many rows: this column names no location where the workflow is held."""
    return col(location_id).not_in(_held(workflow))


def _held(workflow: Workflow) -> Any:
    return select(WorkflowStanding.location_id).where(
        WorkflowStanding.workflow == workflow, col(WorkflowStanding.runs_as).in_(HELD_LEVELS)
    )
