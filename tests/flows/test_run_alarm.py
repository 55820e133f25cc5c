"""Does a run that fails, on a real server with its automation, lead to one page and not to a flood?"""

from collections import Counter
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName
from prefect.states import Late
from sqlmodel import col, select

from acts.staff import staff_for_the_system
from adapters import operational_store as store
from adapters import prefect_runs
from adapters.prefect_client import patient_client
from flows.run_alarm import run_alarm
from models.codes import RunTrouble
from models.operational import AuditEvent, OutboxMessage
from tests.adapters.engine_flows import breaks
from tests.adapters.prefect_server import deploy
from tests.flows.conftest import working
from tests.flows.people import until


@pytest.fixture
async def failing(pool: str) -> str:
    """A deployment whose every run fails, watched by the automation."""
    deployment = await deploy(breaks, pool)
    assert await prefect_runs.ensure_alarm(pool, await deploy(run_alarm, pool, alarm_of(pool)), [pool])
    return deployment


def alarm_of(pool: str) -> str:
    return f"{pool}-alarm"


async def start(deployment: str, folder: Path) -> UUID:
    key = uuid4().hex
    parameters = {"case": key[:8], "folder": str(folder), "how": "fails"}
    return await prefect_runs.start_run(deployment, parameters, name=key, idempotency_key=key)


def pages() -> list[OutboxMessage]:
    with store.reading() as db:
        return list(db.exec(select(OutboxMessage).where(OutboxMessage.template == "page_run_trouble")).all())


def alarms(trouble: RunTrouble) -> list[str]:
    """The runs that the alarm was rung for, told or not."""
    with store.reading() as db:
        query = select(AuditEvent.subject_id).where(col(AuditEvent.action) == f"run.{trouble.value}")
        return list(db.exec(query.order_by(col(AuditEvent.id))).all())


async def alarm_runs(pool: str) -> list[UUID]:
    named = DeploymentFilter(name=DeploymentFilterName(any_=[alarm_of(pool)]))
    async with patient_client() as client:
        return [run.id for run in await client.read_flow_runs(deployment_filter=named)]


async def test_failing_run_pages_the_analysts_once_and_a_second_adds_nothing(
    pool: str, failing: str, tmp_path: Path
) -> None:
    async with working(pool):
        first = await start(failing, tmp_path)
        await until(lambda: alarms(RunTrouble.FAILED) == [str(first)])
        second = await start(failing, tmp_path)
        await until(lambda: alarms(RunTrouble.FAILED) == [str(first), str(second)])
    with store.reading() as db:
        analysts = [person.id for person in staff_for_the_system(db)]
    assert analysts
    assert Counter(page.to_staff_id for page in pages()) == Counter(analysts)
    assert {page.facts["run_id"] for page in pages()} == {str(first)}


async def test_late_run_rings_and_the_alarm_does_not_ring_for_itself(pool: str, failing: str, tmp_path: Path) -> None:
    late = await start(failing, tmp_path)
    async with patient_client() as client:
        await client.set_flow_run_state(late, Late(), force=True)
        for _ in range(600):
            if runs := await alarm_runs(pool):
                break
        await client.set_flow_run_state(runs[0], Late(), force=True)
    async with working(pool):
        # what failed is heard after what was late: had the alarm rung for itself, it would have rung by then
        await until(lambda: alarms(RunTrouble.FAILED) == [str(late)])
    assert alarms(RunTrouble.LATE) == [str(late)]
    assert len(await alarm_runs(pool)) == 2


async def test_alarm_made_again_is_one_alarm(pool: str, failing: str) -> None:
    assert not await prefect_runs.ensure_alarm(pool, f"run-alarm/{alarm_of(pool)}", [pool])
    async with patient_client() as client:
        assert len(await client.read_automations_by_name(pool)) == 1
