"""From a received referral to the first attended session: one run per case."""

from prefect import flow

from flows.case_run import wait_for_somebody, walk
from flows.sign_off import sign_off
from models.codes import CaseStatus
from models.codes import ReferralStatus as R
from tasks import assignments, coverage, matching, questionnaires, risk
from tasks.cases import Case


@flow(name="referral-to-first-session", persist_result=False)
async def referral_to_first_session(case_number: str) -> str:
    """Takes one referral through intake, sign-offs, booking and the first session.

    The run sleeps whenever a person must act and starts again here when they have; where the case stands is
    read from our own database each time.

    Args:
        case_number: The opaque number of the case, such as RF-000042.
    """
    return await walk(case_number, step)


async def step(case: Case, status: CaseStatus) -> None:
    """What the clinic's workflow does with a case in this status."""
    match status:
        case R.RECEIVED:
            questionnaires.begin(case)
        case R.READY_TO_SCREEN:
            risk.screen(case)
        case R.READY_TO_MATCH:
            if not questionnaires.ask_for_missing(case):
                coverage.check_coverage(case)
                matching.propose(case)
        case R.READY_TO_OFFER:
            matching.offer(case)
        case R.ASSIGNMENT:
            if not assignments.goes_by_itself(case):
                await sign_off(case, status)
        case R.RISK_REVIEW | R.CLOSING_LETTER:
            await sign_off(case, status)
        case _:
            await wait_for_somebody(case, status)
