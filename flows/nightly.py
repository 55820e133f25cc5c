"""What runs at night with nobody watching: the parts of tasks/nights.py, one after the other."""

import asyncio
from datetime import date
from typing import Any

from prefect import flow, get_run_logger
from prefect.states import Failed, State

from tasks import claim_report, night_report, nights, reports, spreading, waitlist


@flow(name="nightly", persist_result=False)
async def nightly(night: date | None = None, location: str = "all") -> dict[str, int] | State[Any]:
    """Does each part of the night that is not done yet, shows how far it is, and says what a person must know.

    A part that fails is tried again, stops no other and is named; the run then ends as failed, so that somebody is
    told. The same night again does only what is missing.

    Args:
        night: The date of the night; today's, where the location is, unless another is named.
        location: The night of this location alone, or of the whole practice.
    """
    log = get_run_logger()
    date_of_it = await asyncio.to_thread(nights.night_of, night, location)
    parts = nights.parts_of(location)
    bar = await reports.begin_progress()
    counts: dict[str, int] = {}
    failed: list[str] = []
    with spreading.machines() as machines:
        for number, part in enumerate(parts, 1):
            done, trouble = await asyncio.to_thread(machines.carry_out, part, date_of_it, location)
            counts |= {f"{part.name}_{name}": count for name, count in done.items()}
            failed += trouble
            log.info("night %s: %s: %s", date_of_it, part.name, "; ".join(trouble) or done or "nothing new")
            await reports.show_progress(bar, number, len(parts), part.does)
    if location == nights.EVERYWHERE:
        await reports.publish_claims(await asyncio.to_thread(claim_report.standing))
        await reports.publish_fairness(await asyncio.to_thread(waitlist.fairness))
    await reports.publish_night(await asyncio.to_thread(night_report.summary, date_of_it, location))
    if failed:
        return Failed(message=f"{'; '.join(failed)} failed; the rest of the night is done")
    return counts
