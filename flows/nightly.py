"""What runs at night with nobody watching."""

import asyncio
from typing import Any

from prefect import flow, get_run_logger
from prefect.states import Failed, State

from flows.eligibility_to_claim import move_all
from models.columns import utc_now
from tasks import backups, claim_report, held_transcripts, reports, waiting, watch
from tasks import nightly as steps

DAYS_AHEAD = 3


@flow(name="nightly", persist_result=False)
async def nightly() -> dict[str, int] | State[Any]:
    """Opens times ahead, goes one round of claims, looks after every wait, destroys transcripts nobody agreed to,
    verifies and anchors the audit, reports the day, and backs up.

    A round of claims that fails stops nothing else; the run then ends as failed and names it, so that somebody is told.
    """
    opened = steps.open_times_ahead()
    held_transcripts.destroy_held()
    claims, trouble = await round_of_claims()  # before the backup, which then knows what has left
    watch.watch()
    faults = steps.verify_audit()
    steps.anchor_audit()
    figures = steps.first_appointment_figures()
    await reports.publish_waiting(waiting.waiting(), utc_now())
    await reports.publish_figures(figures)
    backed_up = backups.back_up()
    if trouble:
        return Failed(message=f"the round of claims failed ({trouble}); the rest of the night is done")
    return {"times_opened": opened, "audit_faults": faults, "backup_bytes": backed_up, **claims}


async def round_of_claims() -> tuple[dict[str, int], str]:
    """One round of every location's claims in counts, and what kind of failure has ended it, "" where none did."""
    try:
        counts = await asyncio.to_thread(move_all, "all", DAYS_AHEAD)
        await reports.publish_claims(claim_report.standing())
    except Exception as failure:  # whatever it is, the rest of the night must still be done; never its words
        get_run_logger().error("the round of claims failed: %s", type(failure).__name__)
        return {}, type(failure).__name__
    return counts, ""
