"""What a workflow at the level shadow would have done: computed as always, noted as a digest, kept nowhere else."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlmodel import select

from adapters import operational_store as store
from adapters.log_lines import log_of
from models.codes import CaseStatus, ClaimStatus, NoteStatus, ReferralStatus
from models.columns import new_id
from models.governance_codes import workflow_of
from models.operational import ShadowAction
from models.standing import ShadowKind
from rules.sign_off import canonical, digest
from tasks import claim_building, matching, session_drafts
from tasks.cases import Case
from tasks.steps import in_its_name

log = log_of(__name__)


def _match(case: Case) -> dict[str, Any]:
    found = matching.ranked(case)
    return {
        "ranked": [[each.clinician_id, round(each.score, 3)] for each in found.ranked],
        "excluded": sorted(each.clinician_id for each in found.excluded),
    }


WOULD: Mapping[tuple[type, str], tuple[ShadowKind, Callable[[Case], dict[str, Any] | None]]] = {
    (ReferralStatus, "ready_to_match"): (ShadowKind.MATCH, _match),
    (NoteStatus, "ready_to_draft"): (ShadowKind.NOTE_DRAFT, session_drafts.would_draft),
    (ClaimStatus, "ready_to_build"): (ShadowKind.CLAIM, claim_building.built_content),
}
"""Where a case stands that a proposal can be made for without asking or telling anybody. What comes after needs an
answer that nobody gives in the shadow: at every other status, shadow is off."""


@in_its_name("note what the shadow would do")
def note(case: Case, status: CaseStatus, location_id: str) -> bool:
    """Note what would be proposed for this case now, once for each content; says whether it was new.

    What cannot be computed is logged and noted nowhere: the shadow must not disturb the staff it runs beside.
    """
    found = WOULD.get((type(status), status.value))
    if found is None:
        return False
    kind, propose = found
    try:
        content = propose(case)
    except Exception as trouble:  # never its words
        log.warning("nothing was noted in the shadow", case=case.number, trouble=trouble)
        return False
    return content is not None and _keep(case.number, kind, location_id, digest(canonical(content)))


def _keep(case_number: str, kind: ShadowKind, location_id: str, content_digest: str) -> bool:
    with store.writing() as db:
        known = select(ShadowAction.id).where(
            ShadowAction.case_number == case_number, ShadowAction.kind == kind, ShadowAction.digest == content_digest
        )
        if db.exec(known).first() is not None:
            return False
        action = ShadowAction(
            id=new_id("SH"),
            workflow=workflow_of(case_number),
            location_id=location_id,
            case_number=case_number,
            kind=kind,
            digest=content_digest,
        )
        db.add(action)
        store.audit(db, "system", "shadow.noted", action, case_number, kind=kind.value, digest=content_digest)
        return True
