"""From a patient's coverage to the money of a signed session: the day's claims move in one batch, each has a run."""

import asyncio

from prefect import flow, get_run_logger

from flows.case_run import wait_for_somebody, walk
from flows.sign_off import sign_off
from models.codes import CaseStatus
from models.codes import ClaimStatus as C
from tasks import (
    claim_building,
    claim_files,
    claim_report,
    claim_waits,
    claims,
    coverage_checks,
    reports,
    runs,
    unpaid_balances,
)
from tasks.cases import Case


@flow(name="eligibility-to-claim", persist_result=False)
async def eligibility_to_claim(location: str = "all", days_ahead: int = 3) -> dict[str, int]:
    """Takes in what payers sent, asks about coverage, builds and checks claims, and sends what may leave.

    Whatever cannot go on waits for somebody by name. The same files and claims again change nothing.

    Args:
        location: Open, build and send only the claims of this location, or of all of them.
        days_ahead: For how many days of appointments coverage is asked in advance.
    """
    return await asyncio.to_thread(move_all, location, days_ahead) | {"runs_started": await end(location)}


def move_all(location: str, days_ahead: int) -> dict[str, int]:
    """One round: in, on, out; what is sent leaves with the round that made it ready."""
    taken = claim_files.take_in_all()
    opened = claim_building.open_claims(location)
    coverage_checks.ask_ahead(location, days_ahead)
    claims.move_on(location)
    asked = coverage_checks.batch()
    claims.move_on(location)  # those whose payer cannot be asked
    sent = claim_files.batch(location)
    files = claim_files.send_queued()
    late = claim_waits.find_silence() + coverage_checks.find_silence() + unpaid_balances.follow()
    return {
        "files_taken_in": sum(taken.values()),
        "claims_opened": opened,
        "coverage_asked": asked,
        "claims_sent": sent,
        "files_sent": files,
        "overdue": late,
    }


async def end(location: str) -> int:
    """Start the runs of claims that wait for somebody, and publish how claims stand."""
    started = await runs.start_missing_runs()
    await reports.publish_claims(claim_report.standing(location))
    get_run_logger().info("claims: %d runs", started)
    return started


@flow(name="claim", persist_result=False)
async def claim(case_number: str) -> str:
    """Takes one claim to its money; the run sleeps while a payer, a patient or somebody at the practice is to act.

    Args:
        case_number: The opaque number of the case, such as CL-000042.
    """
    return await walk(case_number, step)


async def step(case: Case, status: CaseStatus) -> None:
    """What becomes of a claim in this status; what leaves or comes back is the batch's work."""
    match status:
        case C.RECEIVED:
            claim_building.look_at_coverage(case)
        case C.READY_TO_BUILD:
            claim_building.build(case)
        case C.CLINICAL_SIGNATURE | C.CLAIM_SIGNATURE | C.WRITE_OFF_SIGNATURE | C.REFUND_SIGNATURE:
            await sign_off(case, status)
        case _:
            await wait_for_somebody(case, status)
