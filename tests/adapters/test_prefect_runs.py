"""Starting, waking, naming and stopping runs, on a real Prefect server."""

from collections.abc import Awaitable, Callable
from typing import Any, Literal
from uuid import UUID, uuid4

import pytest
from prefect.input import RunInput
from prefect.input.run_input import keyset_from_paused_state
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings
from prefect.states import Pending, Running, Suspended

from adapters import prefect_runs
from adapters.prefect_client import patient_client
from adapters.prefect_runs import Woken
from models.errors import OutsideRefused, OutsideUnavailable
from tests.adapters import prefect_server
from tests.adapters.engine_flows import Decision, takes_a_choice, waits_for_a_decision

Deploy = Callable[[Any], Awaitable[str]]


class NeedsAField(RunInput):
    """A form that an empty wake-up call cannot fill."""

    verdict: Literal["approve", "return"]


async def _started(deploy: Deploy, **parameters: str) -> UUID:
    deployment = await deploy(waits_for_a_decision)
    filled = {"case": "RF-1", "folder": "unused", **parameters}
    return await prefect_runs.start_run(deployment, filled, name="RF-1", idempotency_key=uuid4().hex)


async def _suspend(run_id: UUID, form: type[RunInput] | None = None, *, store_form: bool = True) -> None:
    """Puts the run where a flow's own suspend call would."""
    suspended = Suspended(timeout_seconds=None, pause_key="approval-1-1")
    async with patient_client() as client:
        await client.set_flow_run_state(run_id, Pending())
        await client.set_flow_run_state(run_id, Running())
        if form is not None:
            suspended.state_details.run_input_keyset = keyset_from_paused_state(suspended)
        await client.set_flow_run_state(run_id, suspended)
        if form is not None and store_form:
            await form.asave(keyset_from_paused_state(suspended), run_id)


async def test_start_run_twice_with_one_key_is_one_run(deploy: Deploy) -> None:
    deployment = await deploy(waits_for_a_decision)
    parameters = {"case": "RF-1", "folder": "unused"}
    first = await prefect_runs.start_run(deployment, parameters, name="RF-1", idempotency_key="one", tags=["intake"])
    again = await prefect_runs.start_run(deployment, parameters, name="RF-1", idempotency_key="one")
    other = await prefect_runs.start_run(deployment, parameters, name="RF-2", idempotency_key="two")
    assert first == again
    assert other != first
    run = await prefect_runs.read_run(first)
    assert run is not None
    assert (run.name, run.tags, run.state_type, run.pause_key) == ("RF-1", ("intake",), "SCHEDULED", None)


async def test_start_run_of_an_unknown_deployment_is_refused(connected: str) -> None:
    with pytest.raises(OutsideRefused):
        await prefect_runs.start_run("no-such/deployment", {}, name="RF-1", idempotency_key="x")


@pytest.mark.parametrize(
    ("form", "store_form"),
    [(None, False), (Decision, True), (NeedsAField, True), (Decision, False)],
    ids=["no form", "form with defaults", "form with a required field", "form lost with its worker"],
)
async def test_wake_gets_through_every_kind_of_wait(
    deploy: Deploy, form: type[RunInput] | None, store_form: bool
) -> None:
    run_id = await _started(deploy)
    await _suspend(run_id, form, store_form=store_form)
    assert await prefect_runs.wake(run_id) is Woken.woken
    run = await prefect_runs.read_run(run_id)
    assert run is not None and run.state_name == "Resuming"


async def test_wake_of_a_run_that_does_not_wait_changes_nothing(deploy: Deploy) -> None:
    run_id = await _started(deploy)
    assert await prefect_runs.wake(run_id) is Woken.not_waiting
    await _suspend(run_id)
    assert await prefect_runs.wake(run_id) is Woken.woken
    assert await prefect_runs.wake(run_id) is Woken.not_waiting


async def test_wake_of_an_unknown_run_says_gone(connected: str) -> None:
    assert await prefect_runs.wake(uuid4()) is Woken.gone


async def test_rename_shows_in_the_run(deploy: Deploy) -> None:
    run_id = await _started(deploy)
    await prefect_runs.rename(run_id, "RF-1 · risk review")
    run = await prefect_runs.read_run(run_id)
    assert run is not None and run.name == "RF-1 · risk review"


async def test_cancel_stops_a_waiting_run_at_once(deploy: Deploy) -> None:
    run_id = await _started(deploy)
    await _suspend(run_id)
    assert await prefect_runs.cancel(run_id)
    run = await prefect_runs.read_run(run_id)
    assert run is not None and run.state_type == "CANCELLED"
    assert await prefect_runs.wake(run_id) is Woken.not_waiting


async def test_cancel_of_an_unknown_run_is_false(connected: str) -> None:
    assert not await prefect_runs.cancel(uuid4())


async def test_read_run_of_an_unknown_run_is_none(connected: str) -> None:
    assert await prefect_runs.read_run(uuid4()) is None


async def test_read_runs_leaves_out_what_prefect_does_not_know(deploy: Deploy) -> None:
    known = await _started(deploy)
    assert [run.run_id for run in await prefect_runs.read_runs([known, uuid4()])] == [known]
    assert await prefect_runs.read_runs([]) == []


async def test_waiting_runs_names_the_wait(deploy: Deploy) -> None:
    waiting, not_waiting = await _started(deploy), await _started(deploy)
    await _suspend(waiting)
    found = {run.run_id: run for run in await prefect_runs.waiting_runs()}
    assert found[waiting].pause_key == "approval-1-1"
    assert found[waiting].since is not None
    assert not_waiting not in found


async def test_waiting_runs_reads_past_the_first_page(deploy: Deploy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefect_runs, "PAGE", 2)
    waiting = [await _started(deploy) for _ in range(3)]
    for run_id in waiting:
        await _suspend(run_id)
    assert set(waiting) <= {run.run_id for run in await prefect_runs.waiting_runs()}


async def test_input_is_read_once_and_then_gone_from_prefect(deploy: Deploy) -> None:
    run_id = await _started(deploy)
    await _suspend(run_id, Decision)
    async with patient_client() as client:
        await client.resume_flow_run(run_id, run_input={"verdict": "approve", "code": "000000"})
    typed = await prefect_runs.read_and_forget_input(run_id, "approval-1-1")
    assert typed == {"verdict": "approve", "code": "000000"}
    assert await prefect_runs.read_and_forget_input(run_id, "approval-1-1") is None


async def test_choices_are_kept_and_enforced_by_the_server(deploy: Deploy) -> None:
    deployment = await deploy(takes_a_choice)
    await prefect_runs.set_choices(deployment, "place", ["LOC-1", "LOC-2"])
    async with patient_client() as client:
        schema = (await client.read_deployment_by_name(deployment)).parameter_openapi_schema
    assert schema is not None and schema["properties"]["place"]["enum"] == ["LOC-1", "LOC-2"]
    await prefect_runs.start_run(deployment, {"place": "LOC-2"}, name="a", idempotency_key=uuid4().hex)
    with pytest.raises(OutsideRefused):
        await prefect_runs.start_run(deployment, {"place": "LOC-3"}, name="b", idempotency_key=uuid4().hex)


async def test_choices_for_an_unknown_parameter_are_refused(deploy: Deploy) -> None:
    with pytest.raises(OutsideRefused):
        await prefect_runs.set_choices(await deploy(takes_a_choice), "no_such", ["LOC-1"])


async def test_work_pool_made_twice_is_one_pool(pool: str) -> None:
    await prefect_runs.ensure_work_pool(pool)
    async with patient_client() as client:
        assert (await client.read_work_pool(pool)).type == "process"


async def test_server_is_up_only_where_one_answers(connected: str) -> None:
    assert await prefect_runs.server_is_up(connected)
    assert not await prefect_runs.server_is_up(f"http://127.0.0.1:{prefect_server.free_port()}/api")


def test_blocking_answers_a_caller_without_a_loop(connected: str) -> None:
    assert prefect_runs.blocking(prefect_runs.wake(uuid4())) is Woken.gone


async def test_server_that_stays_away_is_unavailable(prefect_home: Any) -> None:
    nobody = f"http://127.0.0.1:{prefect_server.free_port()}/api"
    with (
        temporary_settings({PREFECT_API_URL: nobody, PREFECT_HOME: prefect_home}),
        pytest.raises(OutsideUnavailable),
    ):
        await prefect_runs.wake(uuid4())
