"""A worker that dies in the middle of its work loses no case and does nothing twice."""

import asyncio
import os
import signal
import sys
from collections import Counter

from prefect.settings import PREFECT_HOME
from sqlmodel import select

from adapters import operational_store as store
from adapters.prefect_client import patient_client
from models.codes import ReferralStatus as R
from models.operational import Approval, IntakeRow, OutboxMessage, Referral
from tests.adapters.prefect_server import child, environment
from tests.flows.people import drop, referral_row, until

CASES = 8
KILLS = 3


def open_cases() -> list[Referral]:
    with store.reading() as db:
        return list(db.exec(select(Referral)).all())


async def states() -> Counter[str]:
    run_ids = {case.run_id for case in open_cases() if case.run_id}
    async with patient_client() as client:
        runs = await client.read_flow_runs(limit=200)
    return Counter(run.state_name for run in runs if str(run.id) in run_ids)


async def until_all_wait() -> None:
    for _ in range(2400):
        if all(case.status == R.RISK_REVIEW for case in open_cases()) and (await states())["Suspended"] == CASES:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{Counter(case.status for case in open_cases())}, {await states()}")


async def test_killed_worker_loses_no_case_and_does_nothing_twice(pool: str, connected: str) -> None:
    drop(*(referral_row(f"Z-{n}", phone=f"+1 503 555 01{n:02d}", phq9_9="2") for n in range(CASES)))
    command = [sys.executable, "-m", "tests.flows.worker_process", pool, "2"]
    env = environment(PREFECT_HOME.value(), connected, {"COUNTERSIGN_HOME": os.environ["COUNTERSIGN_HOME"]})
    for kill in range(KILLS):
        with child(command, env) as worker:
            # each time a little further into the intake and its legs
            await until(lambda kill=kill: len([case for case in open_cases() if case.fence]) > 2 * kill)
            await asyncio.sleep(0.15 * kill)
            os.killpg(worker.pid, signal.SIGKILL)
    with child(command, env):
        await until_all_wait()
    with store.reading() as db:
        approvals = Counter(approval.case_number for approval in db.exec(select(Approval)).all())
        rows = Counter(row.external_key for row in db.exec(select(IntakeRow)).all())
        pages = Counter(message.unique_key for message in db.exec(select(OutboxMessage)).all())
    assert len(approvals) == CASES and set(approvals.values()) == {1}
    assert len(rows) == CASES and set(rows.values()) == {1}
    assert set(pages.values()) == {1}
