"""Receives what was dropped into the intake folder, and starts a run for every new case."""

import asyncio

from prefect import flow, get_run_logger

from tasks import intake, reports, runs


@flow(name="referral-intake", persist_result=False)
async def receive_referrals(location: str = "all") -> dict[str, int]:
    """Takes the dropped referral files, checks them, and opens cases.

    Broken rows go to quarantine with their reason by row and field; the same file again changes nothing.

    Args:
        location: Take only the files dropped for this location, or all of them.
    """
    results = [await asyncio.to_thread(intake.receive, file_id) for file_id in intake.collect(location)]
    started = await runs.start_missing_runs()
    await reports.publish_intake(results)
    totals: dict[str, int] = {"files": len(results), "cases_started": started}
    for result in results:
        for name, count in result.counts.items():
            totals[name] = totals.get(name, 0) + count
    get_run_logger().info("intake: %s", totals)
    return totals
