"""The steps of each workflow: its statuses, the moves its table allows, who owns each, for every map of them."""

from collections.abc import Mapping
from typing import Any

from models.codes import CaseOwner, ClaimStatus, FollowUpStatus, NoteStatus, ReferralStatus
from models.governance_codes import Workflow
from models.transitions import OWNERS, TABLES

STATUSES: Mapping[Workflow, Any] = {
    Workflow.REFERRAL: ReferralStatus,
    Workflow.NOTES: NoteStatus,
    Workflow.CLAIMS: ClaimStatus,
    Workflow.FOLLOW_UP: FollowUpStatus,
}
"""The statuses that the cases of a workflow go through; scheduling has no cases."""


def mapped(workflow: Workflow) -> list[tuple[str, str]]:
    """Every move that the transition table allows, in the order of the workflow."""
    table = TABLES[STATUSES[workflow]]
    order = list(STATUSES[workflow])
    return [(old.value, new.value) for old in order for new in sorted(table[old], key=order.index)]


def owner_at(workflow: Workflow, status: str) -> str:
    """Who must act next there; a status that the workflow does not know is nobody's."""
    known = {member.value: owner for member, owner in OWNERS[STATUSES[workflow]].items()}
    return str(known.get(status, CaseOwner.NOBODY))
