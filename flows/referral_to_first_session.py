"""From a received referral to the first attended session: one run per case."""

from prefect import flow
from prefect.exceptions import Abort
from prefect.flow_runs import asuspend_flow_run
from prefect.runtime import flow_run

from flows.sign_off import sign_off
from models.codes import ReferralStatus as R
from models.errors import MovedOn, StaleLease
from tasks import cases, coverage, matching, questionnaires, risk, waits
from tasks.cases import Case


@flow(name="referral-to-first-session", persist_result=False)
async def referral_to_first_session(case_number: str) -> str:
    """Takes one referral through intake, sign-offs, booking and the first session.

    The run sleeps whenever a person must act and starts again here when they have; where the case stands is
    read from our own database each time.

    Args:
        case_number: The opaque number of the case, such as RF-000042.
    """
    if cases.has_other_run(case_number, str(flow_run.id)):
        # this one was given up, then retried in Prefect: two runs of one case would leave one of them waiting for ever
        await waits.name_the_wait(str(flow_run.id), case_number, "superseded")
        return "superseded"
    case = cases.take(case_number)
    try:
        return await walk(case)
    except StaleLease as stale:
        # another leg has taken over: this one ends without a word to Prefect, which would spoil the other's state
        raise Abort(str(stale)) from stale


async def walk(case: Case) -> str:
    """Step after step, until the case waits for somebody or is closed."""
    while True:
        status = cases.status_now(case)
        if status.is_closed:
            await waits.name_the_wait(str(flow_run.id), case.number, status.label)
            return status.value
        try:
            await step(case, status)
        except MovedOn:
            # a person stopped or rerouted the case meanwhile: go on from where it stands now
            if cases.status_now(case) == status:
                raise


async def step(case: Case, status: R) -> None:
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
        case R.RISK_REVIEW | R.ASSIGNMENT | R.CLOSING_LETTER:
            await sign_off(case, status)
        case _:
            await wait_for_somebody(case, status)


async def wait_for_somebody(case: Case, status: R) -> None:
    """Sleep until a patient or a member of staff has moved the case on."""
    waits.prepare(case, status)
    if cases.status_now(case) != status:
        return
    await waits.name_the_wait(str(flow_run.id), case.number, status.label)
    await asuspend_flow_run(timeout=None, key=f"{status.value.replace('_', '-')}-{case.fence}")
