"""Between two sessions: an escalation or a message, until a clinician has signed what becomes of it."""

from prefect import flow

from flows.case_run import wait_for_somebody, walk
from flows.sign_off import sign_off
from models.codes import CaseStatus
from models.codes import FollowUpStatus as F
from tasks import follow_ups
from tasks.cases import Case


@flow(name="between-sessions", persist_result=False)
async def between_sessions(case_number: str) -> str:
    """Takes one escalation or message to its clinician; the run sleeps until it is signed, returned or refused.

    Args:
        case_number: The opaque number of the case, such as BS-000042.
    """
    return await walk(case_number, step)


async def step(case: Case, status: CaseStatus) -> None:
    """What becomes of a follow-up in this status; nothing leaves before its signature."""
    match status:
        case F.RECEIVED:
            follow_ups.begin(case)
        case F.ESCALATION | F.MESSAGE_SIGNATURE:
            await sign_off(case, status)
        case F.READY_TO_SEND:
            follow_ups.send(case)
        case _:
            await wait_for_somebody(case, status)
