"""The worker that runs flows in its own process, on a real Prefect server."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.logging.handlers import APILogHandler
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings
from prefect.states import Pending, Running, Scheduled

from adapters import in_process_worker, prefect_runs
from adapters.in_process_worker import MOST_RECOVERIES, RECOVERIES, load_flow, serve
from adapters.prefect_client import patient_client
from models.errors import OutsideUnavailable
from tests.adapters import engine_flows, prefect_server
from tests.adapters.claims_file import FileClaims
from tests.adapters.engine_flows import decide, diary

Deploy = Callable[[Any], Awaitable[str]]
PATIENCE = 200


@pytest.fixture
def claims(tmp_path: Path) -> FileClaims:
    return FileClaims(tmp_path / "claims.db")


@asynccontextmanager
async def working(pool: str, claims: FileClaims, **options: Any) -> AsyncIterator[None]:
    """A worker of ours beside the test, stopped at the end of the block."""
    stop = asyncio.Event()
    given = {"poll_seconds": 0.05, "worker_name": "ours", "grace_seconds": 5.0, **options}
    worker = asyncio.create_task(serve(pool=pool, claims=claims, stop=stop, **given))
    try:
        yield
    finally:
        stop.set()
        await worker


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Looks again and again; fails the test when it stays untrue."""
    for _ in range(PATIENCE):
        if await true():
            return
        await asyncio.sleep(0.05)
    pytest.fail("it never became true")


async def until_state(run_id: UUID, *names: str) -> None:
    async def reached() -> bool:
        run = await prefect_runs.read_run(run_id)
        return run is not None and run.state_name in names

    await until(reached)


async def until_free(claims: FileClaims) -> None:
    async def free() -> bool:
        return claims.held() == []

    await until(free)


async def start(deployment: str, **parameters: Any) -> UUID:
    return await prefect_runs.start_run(deployment, parameters, name="RF-1", idempotency_key=uuid4().hex)


async def test_case_waits_without_a_claim_and_ends_after_its_decision(
    deploy: Deploy, pool: str, claims: FileClaims, tmp_path: Path
) -> None:
    deployment = await deploy(engine_flows.waits_for_a_decision)
    async with working(pool, claims):
        run_id = await start(deployment, case="RF-1", folder=str(tmp_path))
        await until_state(run_id, "Suspended")
        await until_free(claims)
        decide(tmp_path, "RF-1")
        await prefect_runs.wake(run_id)
        await until_state(run_id, "Completed")
    assert diary(tmp_path, "RF-1") == ["began", "asked", "began", "done"]


async def test_lines_and_parameters_of_a_leg_are_found_in_prefect(
    deploy: Deploy, pool: str, claims: FileClaims, tmp_path: Path
) -> None:
    deployment = await deploy(engine_flows.works_for_a_while)
    async with working(pool, claims):
        run_id = await start(deployment, case="RF-1", folder=str(tmp_path), seconds=0)
        await until_state(run_id, "Completed")
    await APILogHandler.aflush()
    async with patient_client() as client:
        lines = await client.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run_id])))
        run = await client.read_flow_run(run_id)
    assert "Finished in state Completed()" in [line.message for line in lines]
    assert run.parameters["case"] == "RF-1"
    assert run.deployment_id is not None


async def test_case_resumed_without_a_decision_waits_again(
    deploy: Deploy, pool: str, claims: FileClaims, tmp_path: Path
) -> None:
    deployment = await deploy(engine_flows.waits_for_a_decision)
    async with working(pool, claims):
        run_id = await start(deployment, case="RF-1", folder=str(tmp_path))
        await until_state(run_id, "Suspended")
        await prefect_runs.wake(run_id)

        async def asked_twice() -> bool:
            return diary(tmp_path, "RF-1").count("asked") == 2

        await until(asked_twice)
        await until_state(run_id, "Suspended")
    assert "done" not in diary(tmp_path, "RF-1")


async def test_form_of_a_fresh_attempt_is_never_refused_after_failure_and_retry(
    deploy: Deploy, pool: str, claims: FileClaims, tmp_path: Path
) -> None:
    deployment = await deploy(engine_flows.waits_for_a_form)

    async def resume(run_id: UUID, **typed: str) -> None:
        await until_state(run_id, "Suspended")
        await until_free(claims)
        async with patient_client() as client:
            answer = await client.resume_flow_run(run_id, run_input=typed)
        assert answer.status.value == "ACCEPT"

    async with working(pool, claims):
        run_id = await start(deployment, case="RF-1", folder=str(tmp_path))
        await resume(run_id, verdict="", code="")
        await resume(run_id, verdict="return", code="111111")
        await until_state(run_id, "Failed")
        async with patient_client() as client:
            await client.set_flow_run_state(run_id, Scheduled(name="AwaitingRetry"))
        await resume(run_id, verdict="approve", code="222222")
        await until_state(run_id, "Completed")
    assert diary(tmp_path, "RF-1") == [
        *("began", "asked"),
        *("began", "read-", "asked"),
        *("began", "read-return", "asked"),
        *("began", "read-nothing", "asked"),
        *("began", "read-approve"),
    ]


async def test_run_that_waits_after_a_retry_in_process_is_found_again(
    deploy: Deploy, pool: str, claims: FileClaims, tmp_path: Path
) -> None:
    deployment = await deploy(engine_flows.waits_after_a_retry)
    async with working(pool, claims):
        run_id = await start(deployment, case="RF-1", folder=str(tmp_path))
        await until_state(run_id, "Suspended")
        await until_free(claims)
        decide(tmp_path, "RF-1")
        await prefect_runs.wake(run_id)
        await until_state(run_id, "Completed")
    assert diary(tmp_path, "RF-1") == ["began", "began", "asked", "began", "done"]


async def test_plain_flow_runs_too(deploy: Deploy, pool: str, claims: FileClaims, tmp_path: Path) -> None:
    deployment = await deploy(engine_flows.works_without_async)
    async with working(pool, claims):
        run_id = await start(deployment, case="RF-1", folder=str(tmp_path))
        await until_state(run_id, "Completed")
    assert diary(tmp_path, "RF-1") == ["began", "done"]


@pytest.mark.parametrize(("how", "state"), [("fails", "Failed"), ("exits", "Crashed")])
async def test_run_that_breaks_is_reported_and_the_next_still_runs(
    deploy: Deploy, pool: str, claims: FileClaims, tmp_path: Path, how: str, state: str
) -> None:
    breaking = await deploy(engine_flows.breaks)
    sound = await deploy(engine_flows.works_for_a_while)
    async with working(pool, claims):
        broken = await start(breaking, case="RF-1", folder=str(tmp_path), how=how)
        await until_state(broken, state)
        await until_state(await start(sound, case="RF-2", folder=str(tmp_path), seconds=0), "Completed")
        await until_free(claims)
    assert diary(tmp_path, "RF-1") == ["began"]


async def test_flow_that_cannot_be_loaded_stops_for_a_person(
    deploy: Deploy, pool: str, claims: FileClaims, tmp_path: Path
) -> None:
    deployment = await deploy(engine_flows.works_for_a_while)
    async with patient_client() as client:
        found = await client.read_deployment_by_name(deployment)
        await client.request("PATCH", f"/deployments/{found.id}", json={"entrypoint": "tests/adapters/gone.py:gone"})
    async with working(pool, claims):
        run_id = await start(deployment, case="RF-1", folder=str(tmp_path), seconds=0)
        await until_state(run_id, "Crashed")
        await until_free(claims)


async def test_runs_at_once_stay_within_the_bound(
    deploy: Deploy, pool: str, claims: FileClaims, tmp_path: Path
) -> None:
    deployment = await deploy(engine_flows.works_for_a_while)
    runs = [await start(deployment, case="all", folder=str(tmp_path), seconds=0.3) for _ in range(5)]
    async with working(pool, claims, concurrency=2):
        for run_id in runs:
            await until_state(run_id, "Completed")
    open_now, most = 0, 0
    for line in diary(tmp_path, "all"):
        open_now += 1 if line == "began" else -1
        most = max(most, open_now)
    assert most == 2


async def test_woken_case_overtakes_a_backlog(deploy: Deploy, pool: str, claims: FileClaims, tmp_path: Path) -> None:
    waiting = await deploy(engine_flows.waits_for_a_decision)
    busy = await deploy(engine_flows.works_for_a_while)
    async with working(pool, claims, concurrency=1):
        run_id = await start(waiting, case="RF-1", folder=str(tmp_path))
        await until_state(run_id, "Suspended")
        backlog = [await start(busy, case="all", folder=str(tmp_path), seconds=0.5) for _ in range(6)]
        decide(tmp_path, "RF-1")
        await prefect_runs.wake(run_id)
        await until_state(run_id, "Completed")
        assert diary(tmp_path, "all").count("done") < len(backlog)
        for each in backlog:
            await until_state(each, "Completed")


async def test_rescheduled_run_never_runs_beside_its_old_leg(
    deploy: Deploy, pool: str, claims: FileClaims, tmp_path: Path
) -> None:
    deployment = await deploy(engine_flows.works_for_a_while)
    async with working(pool, claims), working(pool, claims, worker_name="other"):
        # long enough to be at work still when it is scheduled again, on a slow machine too
        run_id = await start(deployment, case="RF-1", folder=str(tmp_path), seconds=5.0)
        await until_state(run_id, "Running")
        async with patient_client() as client:
            await client.set_flow_run_state(run_id, Scheduled(), force=True)
        await until_state(run_id, "Completed")
        await until_free(claims)
    assert diary(tmp_path, "RF-1") == ["began", "done"]


async def test_cancelled_run_is_broken_off(deploy: Deploy, pool: str, claims: FileClaims, tmp_path: Path) -> None:
    deployment = await deploy(engine_flows.works_for_a_while)
    async with working(pool, claims):
        run_id = await start(deployment, case="RF-1", folder=str(tmp_path), seconds=60)
        await until_state(run_id, "Running")
        assert await prefect_runs.cancel(run_id)
        await until_state(run_id, "Cancelled")
        await until_free(claims)
    assert diary(tmp_path, "RF-1") == ["began"]


async def test_run_cancelled_during_a_short_leg_ends_cancelled(
    deploy: Deploy, pool: str, claims: FileClaims, tmp_path: Path
) -> None:
    deployment = await deploy(engine_flows.works_for_a_while)
    async with working(pool, claims):
        run_id = await start(deployment, case="RF-1", folder=str(tmp_path), seconds=1.0)
        await until_state(run_id, "Running")
        assert await prefect_runs.cancel(run_id)
        await until_state(run_id, "Cancelled")


async def test_worker_that_is_stopped_finishes_its_legs(
    deploy: Deploy, pool: str, claims: FileClaims, tmp_path: Path
) -> None:
    deployment = await deploy(engine_flows.works_for_a_while)
    async with working(pool, claims):
        run_id = await start(deployment, case="RF-1", folder=str(tmp_path), seconds=0.5)
        await until_state(run_id, "Running")
    run = await prefect_runs.read_run(run_id)
    assert run is not None and run.state_name == "Completed"


async def test_leg_longer_than_the_grace_is_put_back(
    deploy: Deploy, pool: str, claims: FileClaims, tmp_path: Path
) -> None:
    deployment = await deploy(engine_flows.works_for_a_while)
    async with working(pool, claims, grace_seconds=0.5):
        run_id = await start(deployment, case="RF-1", folder=str(tmp_path), seconds=60)
        await until_state(run_id, "Running")
    run = await prefect_runs.read_run(run_id)
    assert run is not None and run.state_type == "SCHEDULED"
    assert claims.held() == []


async def test_run_of_a_killed_worker_ends_on_another(
    deploy: Deploy, pool: str, claims: FileClaims, tmp_path: Path, connected: str, prefect_home: Path
) -> None:
    deployment = await deploy(engine_flows.works_for_a_while)
    command = [sys.executable, "-m", "tests.adapters.worker_process", pool, str(tmp_path / "claims.db"), "doomed", "2"]
    with prefect_server.child(command, prefect_server.environment(prefect_home, connected)) as doomed:
        runs = [await start(deployment, case=f"RF-{n}", folder=str(tmp_path), seconds=1.0) for n in range(3)]

        async def all_began() -> bool:
            return all(diary(tmp_path, f"RF-{n}") == ["began"] for n in range(3))

        await until(all_began)
        os.kill(doomed.pid, signal.SIGKILL)
        doomed.wait()
    async with working(pool, claims, lost_after=timedelta(seconds=2)):
        for run_id in runs:
            await until_state(run_id, "Completed")
        await until_free(claims)
    assert [diary(tmp_path, f"RF-{n}") for n in range(3)] == [["began", "began", "done"]] * 3


async def test_worker_stops_on_sigterm_and_puts_its_run_back(
    deploy: Deploy, pool: str, claims: FileClaims, tmp_path: Path, connected: str, prefect_home: Path
) -> None:
    deployment = await deploy(engine_flows.works_for_a_while)
    command = [sys.executable, "-m", "tests.adapters.worker_process", pool, str(tmp_path / "claims.db"), "told", "15"]
    with prefect_server.child(command, prefect_server.environment(prefect_home, connected)) as told:
        run_id = await start(deployment, case="RF-1", folder=str(tmp_path), seconds=60)
        await until_state(run_id, "Running")
        os.kill(told.pid, signal.SIGTERM)
        assert await asyncio.to_thread(told.wait, 20) == 0
    run = await prefect_runs.read_run(run_id)
    assert run is not None and run.state_type == "SCHEDULED"
    assert claims.held() == []


@pytest.mark.parametrize("last_state", ["Pending", "Running"])
async def test_run_that_nobody_claims_is_put_back(
    deploy: Deploy, pool: str, claims: FileClaims, tmp_path: Path, last_state: str
) -> None:
    deployment = await deploy(engine_flows.works_for_a_while)
    run_id = await start(deployment, case="RF-1", folder=str(tmp_path), seconds=0)
    async with patient_client() as client:
        await client.set_flow_run_state(run_id, Pending())
        if last_state == "Running":
            await client.set_flow_run_state(run_id, Running())
    async with working(pool, claims, lost_after=timedelta(seconds=2), unclaimed_after=timedelta(0)):
        await until_state(run_id, "Completed")
    assert diary(tmp_path, "RF-1") == ["began", "done"]


async def test_run_of_a_stock_worker_is_left_to_it(
    deploy: Deploy, pool: str, claims: FileClaims, tmp_path: Path
) -> None:
    deployment = await deploy(engine_flows.works_for_a_while)
    theirs = await start(deployment, case="RF-1", folder=str(tmp_path), seconds=0)
    async with patient_client() as client:
        await client.set_flow_run_state(theirs, Pending())
        await client.update_flow_run(theirs, infrastructure_pid="host:1")
    lost = await start(deployment, case="RF-2", folder=str(tmp_path), seconds=0)
    async with patient_client() as client:
        await client.set_flow_run_state(lost, Pending())
    async with working(pool, claims, lost_after=timedelta(seconds=2), unclaimed_after=timedelta(0)):
        await until_state(lost, "Completed")
    run = await prefect_runs.read_run(theirs)
    assert run is not None and run.state_name == "Pending"


@pytest.mark.parametrize(("times", "state"), [(MOST_RECOVERIES - 1, "Completed"), (MOST_RECOVERIES, "Crashed")])
async def test_run_that_keeps_losing_its_worker_stops_for_a_person(
    deploy: Deploy, pool: str, claims: FileClaims, tmp_path: Path, times: int, state: str
) -> None:
    deployment = await deploy(engine_flows.works_for_a_while)
    run_id = await start(deployment, case="RF-1", folder=str(tmp_path), seconds=0)
    async with patient_client() as client:
        await client.update_flow_run_labels(run_id, {RECOVERIES: times})
        await client.set_flow_run_state(run_id, Pending())
    claims.claim(run_id, "dead", lost_after=timedelta(seconds=2))
    async with working(pool, claims, lost_after=timedelta(seconds=2)):
        await until_state(run_id, state)


async def test_worker_is_shown_in_prefect_and_ticks(pool: str, claims: FileClaims) -> None:
    ticks = asyncio.Event()

    async def tick() -> None:
        ticks.set()
        raise RuntimeError("a tick that fails must not stop the worker")

    async with working(pool, claims, on_tick=tick, worker_name="front-desk"):
        await asyncio.wait_for(ticks.wait(), 20)

        async def shown() -> bool:
            async with patient_client() as client:
                workers = await client.read_workers_for_work_pool(pool)
            return [worker.name for worker in workers] == ["front-desk"]

        await until(shown)


async def test_worker_without_a_server_says_so(claims: FileClaims, prefect_home: Path) -> None:
    nobody = f"http://127.0.0.1:{prefect_server.free_port()}/api"
    with (
        temporary_settings({PREFECT_API_URL: nobody, PREFECT_HOME: prefect_home}),
        pytest.raises(OutsideUnavailable),
    ):
        await serve(pool="any", claims=claims, worker_name="lonely")


@pytest.mark.parametrize("entrypoint", ["tests/adapters/engine_flows.py:breaks", "tests.adapters.engine_flows:breaks"])
def test_entrypoint_names_a_flow_both_ways(entrypoint: str) -> None:
    assert load_flow(entrypoint) is engine_flows.breaks


def test_entrypoint_that_names_no_flow_is_refused() -> None:
    with pytest.raises(TypeError):
        load_flow("tests/adapters/engine_flows.py:note")


def test_claim_of_a_living_worker_stands_and_of_a_dead_one_is_taken(claims: FileClaims) -> None:
    run_id, lost_after = uuid4(), timedelta(seconds=60)
    claims.beat("alive")
    assert claims.claim(run_id, "alive", lost_after=lost_after)
    assert claims.claim(run_id, "alive", lost_after=lost_after)
    assert not claims.claim(run_id, "other", lost_after=lost_after)
    assert claims.orphans(lost_after) == []
    assert claims.orphans(timedelta(0)) == [run_id]
    assert claims.claim(run_id, "other", lost_after=timedelta(0))
    claims.release(run_id, "alive")
    assert claims.held() == [run_id]
    claims.release(run_id, "other")
    assert claims.held() == []


async def test_loop_that_swallows_a_cancellation_still_ends() -> None:
    cancellations = 0

    async def stubborn() -> None:
        nonlocal cancellations
        while cancellations < 2:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancellations += 1

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await in_process_worker._cancel([task])
    assert task.done() and cancellations == 2
