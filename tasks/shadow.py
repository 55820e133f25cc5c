"""What a workflow at the level shadow would have done with a case: computed as always, noted, done nowhere."""

from collections.abc import Callable, Mapping
from typing import Any

from acts.shadow_notes import Would, keep
from adapters import operational_store as store
from adapters.log_lines import log_of
from models.codes import CaseStatus, ClaimStatus, NoteStatus, ReferralStatus
from models.columns import utc_now
from models.operational import Referral
from models.standing import ShadowKind
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


def _times(case: Case) -> dict[str, Any]:
    with store.reading() as db:
        slots = matching.suitable_slots(db, store.one(db, Referral, case.number), utc_now())
    return {"slots": [slot.id for slot in slots]}


WOULD: Mapping[tuple[type, str], tuple[ShadowKind, Callable[[Case], dict[str, Any] | None]]] = {
    (ReferralStatus, "ready_to_match"): (ShadowKind.MATCH, _match),
    (ReferralStatus, "ready_to_offer"): (ShadowKind.TIMES, _times),
    (NoteStatus, "ready_to_draft"): (ShadowKind.NOTE_DRAFT, session_drafts.would_draft),
    (ClaimStatus, "ready_to_build"): (ShadowKind.CLAIM, claim_building.built_content),
}
"""Where a case stands that a proposal can be made for without asking or telling anybody. What comes after needs an
answer that nobody gives in the shadow: at every other status a case's step is off. What is done to many at once at
night is noted by ``tasks.shadow_night``."""


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
    if content is None:
        return False
    with store.writing() as db:
        return bool(keep(db, [Would(kind, case.number, case.number, location_id, content)]))
