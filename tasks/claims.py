"""Moves claims through the steps that need nobody: all that are new in one batch, before they have runs."""

from collections.abc import Sequence

from sqlmodel import col, select

from adapters import operational_store as store
from adapters.held_places import not_held
from adapters.log_lines import log_of
from models.codes import ClaimStatus
from models.errors import CountersignError, MovedOn, StaleLease
from models.governance_codes import Workflow
from models.operational import Claim
from tasks import cases, claim_building
from tasks.steps import step

log = log_of(__name__)

C = ClaimStatus
STEPS = {C.RECEIVED: claim_building.look_at_coverage, C.READY_TO_BUILD: claim_building.build}
"""What is done with a claim without anybody."""


@step("move new claims on")
def move_on(location: str = "all", limit: int = 5000) -> dict[str, int]:
    """Take every claim that has no run yet through its first steps; returns how many now stand where.

    One claim's trouble keeps no other from moving: it is left for a run of its own, which shows it.
    """
    query = (
        select(Claim.case_number)
        .where(col(Claim.status).in_(tuple(STEPS)), col(Claim.run_id).is_(None))
        .where(not_held(Workflow.CLAIMS, Claim.location_id))
        .order_by(col(Claim.file_by), col(Claim.case_number))
        .limit(limit)
    )
    if location != "all":
        query = query.where(Claim.location_id == location)
    with store.reading() as db:
        numbers = db.exec(query).all()
    counts: dict[str, int] = {}
    for start in range(0, len(numbers), claim_building.AT_ONCE):
        some = numbers[start : start + claim_building.AT_ONCE]
        try:
            _together(some)
        except (CountersignError, ValueError, LookupError) as trouble:
            log.error("claims are moved on one by one", case=some[0], trouble=trouble)
        for number in _left(some):
            if not _alone(number):
                counts["in_trouble"] = counts.get("in_trouble", 0) + 1
        with store.reading() as db:
            for status in db.exec(select(Claim.status).where(col(Claim.case_number).in_(some))).all():
                counts[str(status)] = counts.get(str(status), 0) + 1
    return counts


def _together(numbers: Sequence[str]) -> None:
    """Through both first steps in a fixed number of queries."""
    held = [cases.Case(number, fence) for number, fence in store.take_cases(Claim, numbers).items()]
    claim_building.look_at_all(held)
    claim_building.build_all(held)


def _left(numbers: Sequence[str]) -> Sequence[str]:
    """Those that stand where nobody is needed still: something about them is a trouble of their own."""
    with store.reading() as db:
        return db.exec(
            select(Claim.case_number)
            .where(
                col(Claim.case_number).in_(numbers), col(Claim.status).in_(tuple(STEPS)), col(Claim.run_id).is_(None)
            )
            .order_by(col(Claim.case_number))
        ).all()


def _alone(number: str) -> bool:
    try:
        drive(number)
    except StaleLease:
        return True  # its own run has taken it
    except (CountersignError, ValueError, LookupError) as trouble:
        log.error("a claim was left for its own run", case=number, trouble=trouble)
        return False
    return True


def drive(case_number: str) -> ClaimStatus:
    """Take a claim through every step that needs nobody; returns where it stands then."""
    case = cases.take(case_number)
    while True:
        status = cases.status_now(case)
        if not isinstance(status, ClaimStatus) or status not in STEPS:
            return ClaimStatus(status)
        try:
            STEPS[status].fn(case)
        except MovedOn:
            if cases.status_now(case) == status:
                raise
        if cases.status_now(case) == status:
            return status
