"""How one run walks one case of any workflow: step after step, until the case waits for somebody or is closed."""

from collections.abc import Awaitable, Callable

from prefect.exceptions import Abort
from prefect.flow_runs import asuspend_flow_run
from prefect.runtime import flow_run

from models.codes import CaseStatus
from models.errors import Held, MovedOn, StaleLease
from tasks import cases, standings, waits
from tasks.cases import Case

Step = Callable[[Case, CaseStatus], Awaitable[None]]


async def walk(case_number: str, step: Step) -> str:
    """Take the case for this leg and walk it; returns the status it was closed with, or ``superseded``."""
    if cases.has_other_run(case_number, str(flow_run.id)):
        # this one was given up, then retried in Prefect: two runs of one case would leave one of them waiting for ever
        await waits.name_the_wait(str(flow_run.id), case_number, "superseded")
        return "superseded"
    case = cases.take(case_number)
    try:
        return await _step_by_step(case, step)
    except StaleLease as stale:
        # another leg has taken over: this one ends without a word to Prefect, which would spoil the other's state
        raise Abort(str(stale)) from stale


async def _step_by_step(case: Case, step: Step) -> str:
    while True:
        status = cases.status_now(case)
        if status.is_closed:
            await waits.name_the_wait(str(flow_run.id), case.number, status.label)
            return status.value
        if words := standings.holds(case, status):
            await _stand_still(case, words)
        try:
            await step(case, status)
        except Held:
            continue  # somebody took the workflow down while the step was at work: nothing of it was written
        except MovedOn:
            # a person stopped or rerouted the case meanwhile: go on from where it stands now
            if cases.status_now(case) == status:
                raise


async def _stand_still(case: Case, words: str) -> None:
    """Sleep until the workflow goes on here, or a person has moved the case; promotion wakes it."""
    await waits.name_the_wait(str(flow_run.id), case.number, words, between=" ")
    await asuspend_flow_run(timeout=None, key=f"held-{case.fence}")


async def wait_for_somebody(case: Case, status: CaseStatus) -> None:
    """Sleep until a patient or a member of staff has moved the case on."""
    waits.prepare(case, status)
    if cases.status_now(case) != status:
        return
    await waits.name_the_wait(str(flow_run.id), case.number, status.label)
    await asuspend_flow_run(timeout=None, key=f"{status.value.replace('_', '-')}-{case.fence}")
