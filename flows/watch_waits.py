"""Watches every wait of every case, and reports who waits for whom."""

from prefect import flow

from models.codes import CaseFlow
from models.columns import utc_now
from tasks import lock, reports, runs, waiting, watch


@flow(name="watch-waits", persist_result=False)
async def watch_waits() -> dict[str, int]:
    """Pages for unseen risk reviews, passes overdue work on, reminds patients, wakes cases whose wake-up was lost,
    replaces runs that ended before their case.

    The desk shows an alarm when this has not run for three minutes.
    """
    counts = watch.watch()
    await runs.sweep_runs()
    await runs.tick()
    await runs.name_overdue(utc_now())
    await reports.publish_waiting(waiting.waiting(), utc_now())
    await lock.publish()
    return counts


@flow(name="report-waits", persist_result=False)
async def report_waits(location: str = "all", workflow: CaseFlow = CaseFlow.REFERRAL) -> int:
    """Lists which cases wait for whom, how long, and what is overdue, as an artifact.

    Args:
        location: Only this location, or all of them.
        workflow: Which workflow's cases to list.
    """
    waits = waiting.of_workflow(waiting.waiting(location), workflow)
    await reports.publish_waiting(waits, utc_now())
    return len(waits)
