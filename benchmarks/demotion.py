"""How long after the click does the last thing happen at the location that was taken down? Against 10 seconds.

``python -m benchmarks.demotion`` starts a Prefect server and a worker of its own, drops N referrals at each of two
locations of a sample practice, takes the referral workflow of one down by one click while they are in flight, and
watches until everything has settled. It prints one JSON line: the seconds from the click until the last change that
the workflow made at that location (0 where none came after it), until the last of its runs slept under its held name,
and whether any case was lost: every one has gone on to its match after the promotion. What is recorded and screened
meanwhile, as at every level, is counted apart.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.settings import temporary_settings
from prefect.utilities.callables import parameter_schema
from sqlmodel import col, select

from acts import standings
from adapters import operational_store as store
from adapters import prefect_runs
from adapters.in_process_worker import serve
from adapters.migrating import migrate_all
from adapters.prefect_client import patient_client
from adapters.run_claims import RunClaims
from adapters.sample_practice import seed_sample_practice
from adapters.settings import settings
from flows.intake import receive_referrals
from flows.referral_to_first_session import referral_to_first_session
from models.codes import AuthenticatedHow
from models.codes import ReferralStatus as R
from models.columns import utc_now
from models.governance_codes import Level, Workflow
from models.operational import AuditEvent, Referral
from models.standing import DemotionReason, goes_on_held
from rules.sign_off import digest
from tasks import lock, runs
from tests.adapters import prefect_server
from tests.flows.people import drop, referral_row

DOWN, ON, OWNER = "LOC-1", "LOC-2", "ST-501"
LIMIT_SECONDS = 10.0
PATIENCE_SECONDS = 900.0
LOOK_SECONDS = 0.1


def cases_at(place: str) -> list[Referral]:
    with store.reading() as db:
        return list(db.exec(select(Referral).where(Referral.location_id == place)).all())


async def until(what: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError("it never became so")
        await asyncio.sleep(LOOK_SECONDS)


def changes_after(clicked: datetime) -> tuple[list[float], int]:
    """Seconds after the click of every change the workflow made there out of a status in which it must stand still,
    or of anything it wrote to a patient; and how many steps of recording and screening there were."""
    numbers = [case.case_number for case in cases_at(DOWN)]
    with store.reading() as db:
        events = db.exec(
            select(AuditEvent).where(col(AuditEvent.case_number).in_(numbers), AuditEvent.at > clicked)
        ).all()
    late, screened = [], 0
    for event in events:
        if event.action == "case.moved" and goes_on_held(R(event.details["old"])):
            screened += 1
        elif event.action in ("case.moved", "message.queued", "approval.opened", "offer.made"):
            late.append((event.at - clicked).total_seconds())
    return late, screened


async def names_settled(clicked: float) -> float:
    """Seconds from the click until every run of the location sleeps under its held name."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    held = [case for case in cases_at(DOWN) if case.status == R.READY_TO_MATCH]
    wanted = {case.run_id: f"{case.case_number} held: off" for case in held}
    while time.monotonic() < deadline:
        found = await prefect_runs.read_runs([UUID(str(run_id)) for run_id in wanted])
        if all(run.name == wanted[str(run.run_id)] and run.state_type == "PAUSED" for run in found):
            return time.monotonic() - clicked
        await asyncio.sleep(LOOK_SECONDS)
    raise TimeoutError("a run never slept under its held name")


def promote() -> None:
    shown = next(
        each
        for each in standings.overview()
        if (each.record.workflow, each.record.location_id) == (Workflow.REFERRAL, DOWN)
    )
    standings.promote(
        Workflow.REFERRAL,
        DOWN,
        Level.ASSISTED,
        staff_id=OWNER,
        how=AuthenticatedHow.DESK_PASSWORD_AND_CODE,
        seen_digest=digest(shown.content[Level.ASSISTED]),
    )


async def measure(cases: int) -> dict[str, Any]:
    """Drop, click in the middle, watch, promote."""
    rows = [
        referral_row(
            f"{place}-{number}",
            location_id=place,
            phone=f"+1 503 555 {1000 + number + (5000 if place == ON else 0):04d}",
            family_name=f"{place}{number}",
            consent_ai="no",
            state="OR",
        )
        for number in range(cases)
        for place in (DOWN, ON)
    ]
    for row in rows:
        row.pop("referral_text")  # nothing to read: what is measured is the stop, not the reader
    drop(*rows)
    await until(lambda: any(case.status == R.ASSIGNMENT for case in cases_at(DOWN)))
    clicked, moment = time.monotonic(), utc_now()
    standings.demote(Workflow.REFERRAL, DOWN, Level.OFF, staff_id=OWNER, reason=DemotionReason.WRONG_RESULT)
    took = time.monotonic() - clicked
    gone_before = [case.case_number for case in cases_at(DOWN) if case.status == R.ASSIGNMENT]
    in_flight = 2 * cases - len(gone_before)
    await until(lambda: len(cases_at(DOWN)) == cases and len(cases_at(ON)) == cases)
    await until(
        lambda: (
            all(case.status in (R.READY_TO_MATCH, R.ASSIGNMENT) for case in cases_at(DOWN))
            and all(case.status == R.ASSIGNMENT for case in cases_at(ON))
        )
    )
    await lock.show(again=True)
    named = await names_settled(clicked)
    late, screened = changes_after(moment)
    stood_still = [case for case in cases_at(DOWN) if case.status == R.READY_TO_MATCH]
    promote()
    await until(lambda: all(case.status == R.ASSIGNMENT for case in cases_at(DOWN)))
    return {
        "benchmark": "demotion",
        "cases_in_flight": in_flight,
        "click_s": round(took, 3),
        "last_change_after_click_s": round(max(late, default=0.0), 3),
        "changes_after_click": len(late),
        "limit_s": LIMIT_SECONDS,
        "all_sleep_under_their_held_name_s": round(named, 1),
        "stood_still": len(stood_still),
        "recorded_and_screened_meanwhile": screened,
        "lost": 2 * cases - sum(case.status == R.ASSIGNMENT for case in (*cases_at(DOWN), *cases_at(ON))),
    }


async def run(cases: int) -> dict[str, Any]:
    """The worker beside the measuring, on a pool of its own."""
    await prefect_runs.ensure_work_pool("demotion")
    async with patient_client() as client:
        for flow in (receive_referrals, referral_to_first_session):
            await client.create_deployment(
                await client.create_flow(flow),
                name="demotion",
                work_pool_name="demotion",
                entrypoint=f"{flow.fn.__module__.replace('.', '/')}.py:{flow.fn.__name__}",
                parameter_openapi_schema=parameter_schema(flow.fn).model_dump_for_openapi(),
            )
    runs.CASE_DEPLOYMENT = "referral-to-first-session/demotion"
    runs.INTAKE_DEPLOYMENT = "referral-intake/demotion"
    stop = asyncio.Event()
    worker = asyncio.create_task(
        serve(
            pool="demotion",
            claims=RunClaims(),
            stop=stop,
            poll_seconds=0.1,
            worker_name="ours",
            grace_seconds=5.0,
            on_tick=_tick,
            tick_seconds=0.25,
        )
    )
    try:
        return await measure(cases)
    finally:
        stop.set()
        await worker


async def _tick() -> None:
    """What the worker does beside its runs, without what runs by the clock."""
    for act in (runs.start_intake, runs.start_missing_runs, runs.wake_wanted):
        await act()


def main() -> None:
    """Prints one JSON line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cases", type=int, default=20, help="at each of the two locations")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        os.environ["COUNTERSIGN_HOME"] = str(home / "practice")
        settings.cache_clear()
        settings().make_folders()
        migrate_all()
        seed_sample_practice()
        with (
            prefect_server.server(home) as (url, _),
            temporary_settings(prefect_server.talks_to(url, home)),
        ):
            print(json.dumps(asyncio.run(run(given.cases))))


if __name__ == "__main__":
    main()
