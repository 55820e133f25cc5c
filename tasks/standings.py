"""Whether a case stands still because its workflow is held here, and what a person gets to do meanwhile."""

from sqlmodel import Session, select

from acts.case_to_dos import open_for_case
from adapters import held_places
from adapters import operational_store as store
from adapters.operational_store import CaseRecord
from models.codes import ApprovalStatus, CaseStatus, Role, ToDoKind
from models.governance_codes import Level, Workflow, workflow_of
from models.operational import Approval
from models.standing import HELD_LEVELS, goes_on_held
from tasks import shadow
from tasks.cases import Case
from tasks.sign_offs import KIND_AT

BY_HAND = (Workflow.REFERRAL, Workflow.NOTES, Workflow.FOLLOW_UP)
"""Whose cases somebody must carry on meanwhile; a claim waits on its own list, where its deadline is watched."""
HELD = "held"


def holds(case: Case, status: CaseStatus) -> str | None:
    """``held: off`` where this case may not be walked on now, else None. Opens the to-do to carry it on by hand.

    A gate that was open before goes on waiting for its signature: that is a person's act.
    """
    if goes_on_held(status):
        return None
    workflow = workflow_of(case.number)
    with store.reading() as db:
        found = store.one_case(db, case.number)
        level = held_places.runs_as(db, workflow, found.location_id)
        if level not in HELD_LEVELS or (status in KIND_AT and _gate_is_open(db, found)):
            return None
    if level is Level.SHADOW:
        shadow.note(case, status, found.location_id)
    if workflow in BY_HAND:
        with store.writing() as db:
            present = store.one_case(db, case.number)
            store.check_fence(present, case.fence)
            if present.version == found.version:
                key = f"{ToDoKind.CARRY_ON_BY_HAND.value}:{case.number}:{found.version}"
                open_for_case(db, present, ToDoKind.CARRY_ON_BY_HAND, key, role=Role.COORDINATOR)
    return f"{HELD}: {level.value}"


def _gate_is_open(db: Session, found: CaseRecord) -> bool:
    query = select(Approval.id).where(
        Approval.case_number == found.case_number,
        Approval.round == found.version,
        Approval.status == ApprovalStatus.OPEN,
    )
    return db.exec(query).first() is not None
