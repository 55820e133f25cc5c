"""How fast do cases run, and how much does an open one weigh? Beside it, the obvious Prefect way, in the same run.

``python -m benchmarks.cases`` starts a server of its own, takes N referrals through trigger → risk review → signed
→ closing letter → signed → done on the in-process worker, a few of the same on a stock process worker, then opens
many and leaves them waiting. It prints one JSON line; seconds and MiB. ``--flow tiny`` measures a flow that only
waits once: what is left is the cost of running cases at all. Referral texts are read by the rules alone (no consent),
so that a stock worker does not pay for loading the encoder at every start.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from prefect import Flow
from prefect.settings import temporary_settings
from sqlmodel import select

from acts.decisions import decide as decide_sign_off
from adapters import credentials, operational_store, prefect_runs, staff_secrets, therapy_store
from adapters.migrating import migrate_all
from adapters.prefect_client import patient_client
from adapters.sample_practice import seed_sample_practice
from adapters.settings import settings
from flows.referral_to_first_session import referral_to_first_session
from models.codes import ApprovalKind, ApprovalStatus, AuthenticatedHow, Verdict
from models.columns import utc_now
from models.errors import OutsideUnavailable
from models.operational import Approval, Location, Staff
from models.therapy_text import TherapyText
from tests.adapters import prefect_server
from tests.adapters.engine_flows import decide, waits_for_a_decision
from tests.factories import make_patient, make_referral

LOOK_SECONDS = 0.05
"""How often the server is asked where the cases are; the error of every latency below."""
MIB = 1024


@dataclass(frozen=True)
class Case:
    """What is measured: a flow that suspends once, and how a person's decision about one of its cases is given."""

    flow: "Flow[..., Any]"
    parameters: Callable[[str], Mapping[str, Any]]
    """The run's parameters, from the case's number."""
    decide: Callable[[str], Awaitable[None] | None]
    """Records the decision about this case outside Prefect; the run is woken afterwards."""
    worker: Sequence[str]
    """The command line of the worker under test; it serves the pool named ``ours``."""
    environment: Mapping[str, str]


def tiny_case(folder: Path) -> Case:
    """A case whose decision is a file: what is left is the cost of running cases at all."""
    return Case(
        flow=waits_for_a_decision,
        parameters=lambda number: {"case": number, "folder": str(folder)},
        decide=lambda number: decide(folder, number),
        worker=[
            *(sys.executable, "-m", "tests.adapters.worker_process", "ours", str(folder / "claims.db"), "ours", "15"),
            "tests/adapters/engine_flows.py:waits_for_a_decision",
        ],
        environment={},
    )


def referral_case(folder: Path) -> Case:
    """The real flow on a sample practice: a flagged referral is declined and its letter signed: two sign-offs."""
    os.environ["COUNTERSIGN_HOME"] = str(folder / "practice")
    settings.cache_clear()
    settings().make_folders()
    migrate_all()
    seed_sample_practice()
    return Case(
        flow=referral_to_first_session,
        parameters=_new_referral,
        decide=_sign_what_waits,
        worker=[sys.executable, "-m", "tests.flows.worker_process", "ours", "15"],
        environment={"COUNTERSIGN_HOME": str(folder / "practice")},
    )


def _new_referral(number: str) -> Mapping[str, str]:
    patient = make_patient()
    place = Location(id="LOC-1", name="", state="OR", time_zone="America/Los_Angeles", phone="")
    referral = make_referral(case_number=number, patient=patient, location=place)
    measures = (("phq9", dict.fromkeys(range(1, 9), 1) | {9: 2}), ("gad7", dict.fromkeys(range(1, 8), 1)))
    therapy_store.keep_intake(
        [
            therapy_store.IntakeContent(
                referral.case_number,
                TherapyText("The patient would like help with worry about work and would prefer mornings."),
                (),
                tuple((name, "1", answers, True, sum(answers.values()), None, utc_now()) for name, answers in measures),
            )
        ]
    )
    return {"case_number": number}


def _sign_what_waits(number: str) -> None:
    """The assigned clinician declines the referral, then signs the letter; codes are made usable again at once."""
    with operational_store.writing() as db:
        approval = db.exec(
            select(Approval).where(Approval.case_number == number, Approval.status == ApprovalStatus.OPEN)
        ).one()
        staff = operational_store.one(db, Staff, approval.assigned_to or "")
        staff.totp_last_step = 0
        db.add(staff)
    risk_review = approval.kind == ApprovalKind.RISK_REVIEW
    decide_sign_off(
        approval.id,
        staff_id=staff.id,
        verdict=Verdict.REJECT if risk_review else Verdict.APPROVE,
        reason=TherapyText("outside what we offer"),
        seen_digest=approval.digest,
        how=AuthenticatedHow.PREFECT_CODE,
        code=credentials.totp_now(staff_secrets.opened(staff), utc_now()),
    )


async def walk(case: Case, deployment: str, count: int) -> dict[str, Any]:
    """Takes ``count`` cases, all triggered at once, to their end; decides each whenever it waits.

    ``decision_to_done`` runs from a case's last decision, ``decision_to_next_wait`` from the earlier ones.
    """
    numbers: dict[UUID, str] = {}
    triggered: dict[UUID, float] = {}
    decided: dict[UUID, float] = {}
    to_waiting: dict[UUID, float] = {}
    to_done: dict[UUID, float] = {}
    between: list[float] = []
    decided_wait: dict[UUID, datetime | None] = {}
    began = time.monotonic()

    async def trigger() -> None:
        for _ in range(count):
            number, at = f"rf-{uuid4().hex[:10]}", time.monotonic()
            run_id = await prefect_runs.start_run(
                deployment, case.parameters(number), name=number, idempotency_key=number
            )
            numbers[run_id], triggered[run_id] = number, at

    async def follow() -> None:
        while len(to_done) < count:
            for run_id, run in (await _runs(list(triggered.keys() - to_done.keys()))).items():
                now, state = time.monotonic(), run.state_name
                if state == "Suspended" and (run_id not in decided or run.since != decided_wait[run_id]):
                    if run_id in decided:
                        between.append(now - decided[run_id])
                    to_waiting.setdefault(run_id, now - triggered[run_id])
                    if (recorded := case.decide(numbers[run_id])) is not None:
                        await recorded
                    decided[run_id], decided_wait[run_id] = time.monotonic(), run.since
                    await _wake_until_heard(run_id)
                elif state == "Completed":
                    to_done[run_id] = now - decided[run_id]
                elif state in {"Failed", "Crashed"}:
                    raise RuntimeError(f"a case ended {state}")
            await asyncio.sleep(LOOK_SECONDS)

    await asyncio.gather(trigger(), follow())
    return {
        "cases": count,
        "cases_per_s": round(count / (time.monotonic() - began), 3),
        "trigger_to_waiting": _spread(to_waiting.values()),
        "decision_to_done": _spread(to_done.values()),
        **({"decision_to_next_wait": _spread(between)} if between else {}),
    }


async def walk_one_by_one(case: Case, deployment: str, count: int) -> dict[str, Any]:
    """The same on an idle system: one case at a time."""
    walks = [await walk(case, deployment, 1) for _ in range(count)]
    return {
        "cases": count,
        "trigger_to_waiting": _spread([each["trigger_to_waiting"]["median"] for each in walks]),
        "decision_to_done": _spread([each["decision_to_done"]["median"] for each in walks]),
    }


async def open_many(case: Case, deployment: str, count: int) -> None:
    """Leaves ``count`` more cases waiting for a decision."""
    already = len(await prefect_runs.waiting_runs())
    for _ in range(count):
        number = f"rf-{uuid4().hex[:10]}"
        await prefect_runs.start_run(deployment, case.parameters(number), name=number, idempotency_key=number)
    while len(await prefect_runs.waiting_runs()) < already + count:
        await asyncio.sleep(1.0)


async def _wake_until_heard(run_id: UUID) -> None:
    """A wake-up that a busy server did not answer is repeated, as the worker repeats it; the waiting counts."""
    while True:
        try:
            await prefect_runs.wake(run_id)
            return
        except OutsideUnavailable:
            continue


async def _runs(run_ids: list[UUID]) -> dict[UUID, prefect_runs.Run]:
    return {run.run_id: run for run in await prefect_runs.read_runs(run_ids)}


def _spread(seconds: Any) -> dict[str, float]:
    values = sorted(seconds)
    return {
        "median": round(statistics.median(values), 3),
        "p95": round(values[min(len(values) - 1, int(len(values) * 0.95))], 3),
    }


def rss_mib(pid: int) -> float:
    """Resident memory of one process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / MIB
    raise LookupError(f"process {pid} shows no memory")


def cpu_seconds(pid: int) -> float:
    """Processor time that one process and its ended children have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:15]) / 100


@contextmanager
def _cpu_of(*pids: int) -> Iterator[dict[str, float]]:
    used: dict[str, float] = {}
    before = sum(map(cpu_seconds, pids))
    yield used
    used["s"] = sum(map(cpu_seconds, pids)) - before


async def measure(
    case: Case, *, home: Path, url: str, server_pid: int, cases: int, obvious_cases: int, open_cases: int
) -> dict[str, Any]:
    """All figures of one run; the obvious way first, on the same server, then ours."""
    env = prefect_server.environment(home, url, case.environment)
    result: dict[str, Any] = {"flow": case.flow.name}
    async with patient_client():
        if obvious_cases:
            await prefect_runs.ensure_work_pool("stock")
            deployment = await prefect_server.deploy(case.flow, "stock")
            stock = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "stock", "--type", "process"]
            with prefect_server.child(stock, env) as worker:
                await asyncio.sleep(8.0)  # its own start is not what is compared
                with _cpu_of(server_pid, worker.pid) as cpu:
                    obvious = await walk(case, deployment, obvious_cases)
            result["obvious"] = {**obvious, "cpu_s_per_case": round(cpu["s"] / obvious_cases, 2)}
        await prefect_runs.ensure_work_pool("ours")
        deployment = await prefect_server.deploy(case.flow, "ours")
        with prefect_server.child(list(case.worker), env) as worker:
            await walk(case, deployment, 1)  # its own start is not what is compared
            result["idle"] = await walk_one_by_one(case, deployment, 10)
            with _cpu_of(server_pid, worker.pid) as cpu:
                result |= await walk(case, deployment, cases)
            result["cpu_s_per_case"] = round(cpu["s"] / cases, 2)
            if open_cases:
                before = rss_mib(server_pid) + rss_mib(worker.pid)
                await open_many(case, deployment, open_cases)
                after = rss_mib(server_pid) + rss_mib(worker.pid)
                waiting = {"open": open_cases, "mib_before": round(before, 1), "mib_after": round(after, 1)}
                result["open_cases"] = {**waiting, **{"idle": await walk_one_by_one(case, deployment, 5)}}
    if obvious_cases:
        result["times_the_obvious_cases_per_s"] = round(result["cases_per_s"] / result["obvious"]["cases_per_s"], 1)
    return result


def main() -> None:
    """Prints one JSON line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cases", type=int, default=40)
    arguments.add_argument("--obvious-cases", type=int, default=6)
    arguments.add_argument("--open-cases", type=int, default=1000)
    arguments.add_argument("--flow", choices=("referral", "tiny"), default="referral")
    given = arguments.parse_args()
    make_case = {"referral": referral_case, "tiny": tiny_case}[given.flow]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with (
            prefect_server.server(home) as (url, server_pid),
            temporary_settings(prefect_server.talks_to(url, home)),
        ):
            figures = measure(
                make_case(home),
                home=home,
                url=url,
                server_pid=server_pid,
                cases=given.cases,
                obvious_cases=given.obvious_cases,
                open_cases=given.open_cases,
            )
            print(json.dumps(asyncio.run(figures)))


if __name__ == "__main__":
    main()
