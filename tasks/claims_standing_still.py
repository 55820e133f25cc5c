"""Claims that stand still: no step moves them, what their status needs was never made, no round has sent them."""

from datetime import datetime, timedelta

from sqlalchemy import exists
from sqlmodel import and_, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from acts.staff import staff_of
from adapters import operational_store as store
from adapters.held_places import not_held
from models.codes import ApprovalStatus, ClaimStatus, Role
from models.governance_codes import Workflow
from models.operational import Approval, Claim, ToDo
from models.standing import held_statuses
from tasks.claim_waits import TO_DO_AT, open_to_do
from tasks.claims import STEPS
from tasks.paging import tell_of_overdue
from tasks.sign_offs import KIND_AT
from tasks.standing_still import TOLD_AFTER, UNMOVED_AFTER, UNPROVIDED_AFTER
from tasks.waits import LIVE

UNSENT_AFTER = timedelta(hours=26)
"""A round sends what is ready; one goes each night, so after this long none has."""
SIGNED_AT = tuple(status for status in KIND_AT if isinstance(status, ClaimStatus))


def _standing_still(now: datetime) -> SelectOfScalar[Claim]:
    number = col(Claim.case_number)
    unsigned = ~exists().where(
        col(Approval.case_number) == number,
        col(Approval.round) == col(Claim.version),
        col(Approval.status) == ApprovalStatus.OPEN,
    )
    undone = ~exists().where(
        col(ToDo.case_number) == number, col(ToDo.kind).in_(tuple(TO_DO_AT.values())), col(ToDo.status).in_(LIVE)
    )
    status, since = col(Claim.status), col(Claim.status_since)
    # one without gets a run by itself; one that is held is not woken, but one that should have left is still told of
    with_run = col(Claim.run_id).is_not(None) & or_(
        status.not_in(held_statuses(ClaimStatus)), not_held(Workflow.CLAIMS, Claim.location_id)
    )
    return select(Claim).where(
        or_(
            and_(with_run, status.in_(tuple(STEPS)), since < now - UNMOVED_AFTER),
            and_(with_run, status.in_(SIGNED_AT), since < now - UNPROVIDED_AFTER, unsigned),
            and_(with_run, status.in_(tuple(TO_DO_AT)), since < now - UNPROVIDED_AFTER, undone),
            and_(status == ClaimStatus.READY_TO_SEND, since < now - UNSENT_AFTER),
        )
    )


def claims_standing_still(now: datetime) -> list[str]:
    """The numbers of the claims that nothing moves, though nobody is asked to."""
    with store.reading() as db:
        return [claim.case_number for claim in db.exec(_standing_still(now)).all()]


def wake_claim_and_tell(case_number: str, now: datetime) -> bool:
    """Wake the claim's run, open the to-do it lacks, tell the billers where it goes on; says whether it was news."""
    with store.writing() as db:
        claim = db.exec(_standing_still(now).where(Claim.case_number == case_number)).first()
        if claim is None:
            return False
        news = not claim.wake_wanted
        if news:
            claim.wake_wanted = True
            db.add(claim)
            store.audit(db, "system", "case.stuck", claim, case_number, status=claim.status.value)
        if claim.status in TO_DO_AT:
            open_to_do(db, claim, TO_DO_AT[claim.status])
        waited = now - claim.status_since
        if waited >= TOLD_AFTER:
            for person in staff_of(db, Role.BILLER, claim.location_id):
                key = f"stuck:{case_number}:{claim.version}:{waited.days}:{person.id}"
                tell_of_overdue(db, key, person.id, case_number, case_number)
        return news
