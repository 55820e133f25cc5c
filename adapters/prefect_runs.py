"""How does Countersign start, wake, name, stop and look at the Prefect runs of its cases?

Every call is bounded in time. A server that stays away is `OutsideUnavailable` (retry later); a server that says
no for good is `OutsideRefused` (a person looks). Only ids, enums and counts pass through here.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

import httpx
import orjson
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas import OrchestrationResult
from prefect.client.schemas.actions import DeploymentUpdate, WorkPoolCreate
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import SetStateStatus
from prefect.client.schemas.sorting import FlowRunSort
from prefect.events import AutomationCore, EventTrigger, Posture, ResourceSpecification, RunDeployment
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.states import Cancelling, Scheduled

from adapters.prefect_client import patient_client
from models.errors import NotDeployed, OutsideRefused, OutsideUnavailable

Answer = TypeVar("Answer")

CALL_SECONDS = 20.0
"""How long one question to Prefect may take, its retries included."""
ATTEMPTS = 3
PAGE = 200
"""Runs per page; the most that a stock Prefect server gives at once."""
BUSY_STATUSES = frozenset({408, 429, 502, 503, 504})


class Woken(StrEnum):
    """What a wake-up call met."""

    woken = "woken"
    not_waiting = "not_waiting"
    gone = "gone"


@dataclass(frozen=True)
class Run:
    """What Prefect knows about one run: its place, never its content."""

    run_id: UUID
    name: str
    state_type: str
    """Prefect's state type, e.g. ``PAUSED``."""
    state_name: str
    """Prefect's state name, e.g. ``Suspended``."""
    since: datetime | None
    """UTC time at which the run entered this state."""
    deployment_id: UUID | None
    tags: tuple[str, ...]
    pause_key: str | None
    """The key of the wait that the run is in, if it waits."""


async def start_run(
    deployment: str,
    parameters: Mapping[str, Any],
    *,
    name: str,
    idempotency_key: str,
    tags: Sequence[str] = (),
) -> UUID:
    """Which run does this case have? Starts it; the same idempotency key always gives the same run.

    ``deployment`` is "flow name/deployment name".
    """

    async def call(client: PrefectClient) -> UUID:
        try:
            found = await client.read_deployment_by_name(deployment)
        except ObjectNotFound:
            raise NotDeployed(f"Prefect does not know the deployment {deployment}") from None
        run = await client.create_flow_run_from_deployment(
            found.id, parameters=dict(parameters), name=name, idempotency_key=idempotency_key, tags=list(tags)
        )
        return run.id

    return await _ask(call)


async def wake(run_id: UUID) -> Woken:
    """Did the suspended run start again? Harmless when it is not waiting, and when called twice.

    The wake-up carries no input: the run reads its decision in our database.
    """

    async def call(client: PrefectClient) -> Woken:
        try:
            answer: OrchestrationResult[Any] = await client.resume_flow_run(run_id, run_input={})
        except httpx.HTTPStatusError as refusal:
            # Prefect 3.8 answers 500, not 404, when asked to resume a run that it does not have.
            if refusal.response.status_code in {404, 500} and not await _exists(client, run_id):
                return Woken.gone
            raise
        if answer.status == SetStateStatus.ACCEPT:
            return Woken.woken
        if answer.status == SetStateStatus.REJECT:
            return await _wake_past_its_form(client, run_id)
        return Woken.not_waiting

    return await _ask(call)


async def _wake_past_its_form(client: PrefectClient, run_id: UUID) -> Woken:
    # The form of the wait wants a field, or was never stored because the worker died between suspending and
    # storing it. A wake-up call must get through both ways: the run itself looks whether there is a decision.
    run = await client.read_flow_run(run_id)
    if run.state is None or not run.state.is_paused():
        return Woken.not_waiting
    answer: OrchestrationResult[Any] = await client.set_flow_run_state(run_id, Scheduled(name="Resuming"))
    return Woken.woken if answer.status == SetStateStatus.ACCEPT else Woken.not_waiting


async def _exists(client: PrefectClient, run_id: UUID) -> bool:
    try:
        await client.read_flow_run(run_id)
    except ObjectNotFound:
        return False
    return True


async def rename(run_id: UUID, name: str) -> None:
    """Shows the case's number and present wait as the run's name."""

    async def call(client: PrefectClient) -> None:
        await client.set_flow_run_name(run_id, name)

    await _ask(call)


async def cancel(run_id: UUID) -> bool:
    """Is the run stopped, or stopping? A waiting run stops at once, a running one when its worker notices."""

    async def call(client: PrefectClient) -> bool:
        try:
            answer: OrchestrationResult[Any] = await client.set_flow_run_state(run_id, Cancelling())
        except ObjectNotFound:
            return False
        return answer.state is not None and (answer.state.is_cancelling() or answer.state.is_cancelled())

    return await _ask(call)


async def read_run(run_id: UUID) -> Run | None:
    """Where is this run now? None when Prefect does not know it."""

    async def call(client: PrefectClient) -> Run | None:
        try:
            return run_from(await client.read_flow_run(run_id))
        except ObjectNotFound:
            return None

    return await _ask(call)


async def read_runs(run_ids: Sequence[UUID]) -> list[Run]:
    """Where are these runs now? Runs that Prefect does not know are left out."""
    if not run_ids:
        return []
    return await _runs({"id": {"any_": [str(run_id) for run_id in run_ids]}})


async def waiting_runs() -> list[Run]:
    """Which runs wait for a person?"""
    return await _runs({"state": {"type": {"any_": [StateType.PAUSED.value]}}})


async def _runs(which: Mapping[str, Any]) -> list[Run]:
    async def call(client: PrefectClient) -> list[Run]:
        found: dict[UUID, Run] = {}
        while True:
            page = await client.read_flow_runs(
                flow_run_filter=FlowRunFilter.model_validate(which),
                sort=FlowRunSort.START_TIME_ASC,
                limit=PAGE,
                offset=len(found),
            )
            found |= {run.id: run_from(run) for run in page}
            if len(page) < PAGE:
                return list(found.values())

    return await _ask(call)


async def read_and_forget_input(run_id: UUID, key: str) -> dict[str, Any] | None:
    """What was typed into Prefect's own Resume form for the wait called ``key``? None when nothing was.

    The answer is deleted from Prefect's database before it is returned: it may hold a one-time code.
    """
    stored_as = f"suspended-{key}-response"

    async def call(client: PrefectClient) -> dict[str, Any] | None:
        try:
            value = orjson.loads(await client.read_flow_run_input(run_id, stored_as))
            await client.delete_flow_run_input(run_id, stored_as)
        except httpx.HTTPStatusError as refusal:
            if refusal.response.status_code == 404:
                return None
            raise
        return dict(value)

    return await _ask(call)


async def set_choices(deployment: str, parameter: str, choices: Sequence[str]) -> None:
    """Makes ``parameter`` a dropdown of ``choices`` in Prefect's form; the server then refuses any other value."""

    async def call(client: PrefectClient) -> None:
        found = await client.read_deployment_by_name(deployment)
        schema = dict(found.parameter_openapi_schema or {"type": "object", "properties": {}})
        properties = dict(schema.get("properties", {}))
        if parameter not in properties:
            raise OutsideRefused(f"deployment {deployment} has no parameter {parameter}")
        properties[parameter] = {**properties[parameter], "enum": list(choices)}
        schema["properties"] = properties
        await client.update_deployment(
            found.id,
            DeploymentUpdate.model_validate({"parameter_openapi_schema": schema, "enforce_parameter_schema": True}),
        )

    await _ask(call)


PAUSED_BY_US = "**Paused by Countersign:** "


async def set_paused(deployment: str, reason: str | None) -> bool:
    """Pauses a deployment with ``reason`` before its description, or (None) lets it go on; says whether that was news.

    A deployment that a person paused in Prefect is left as it is: only what carries our reason is let go on.
    """

    async def call(client: PrefectClient) -> bool:
        try:
            found = await client.read_deployment_by_name(deployment)
        except ObjectNotFound:
            return False  # not deployed yet: the next look shows it
        said = found.description or ""
        ours = said.startswith(PAUSED_BY_US)
        own = said.partition("\n\n")[2] if ours else said
        if reason is None and not ours:
            return False
        wanted = own if reason is None else f"{PAUSED_BY_US}{reason}\n\n{own}"
        paused = reason is not None
        if (wanted, paused) == (said, found.paused):
            return False
        await client.update_deployment(
            found.id, DeploymentUpdate.model_validate({"description": wanted, "paused": paused})
        )
        return True

    return await _ask(call)


async def ensure_work_pool(name: str, type: str = "process") -> None:
    """Makes the work pool unless it is there; a stock Prefect worker of this type can serve it too."""
    from prefect.workers.process import ProcessWorker  # takes a second to import; wanted once per installation

    template = ProcessWorker.get_default_base_job_template() if type == ProcessWorker.type else {}

    async def call(client: PrefectClient) -> None:
        try:
            await client.create_work_pool(WorkPoolCreate(name=name, type=type, base_job_template=template))
        except ObjectAlreadyExists:
            return

    await _ask(call)


async def ensure_alarm(name: str, deployment: str, watched: Sequence[str]) -> bool:
    """Makes Prefect start ``deployment`` for each run that fails, crashes or is late; says whether it was missing.

    ``watched`` are names of deployments; the alarm's own must not be among them, or it would ring for itself. An
    automation of this name that is there already is brought to the same, and one of several is kept.
    """

    async def call(client: PrefectClient) -> bool:
        found = await client.read_deployment_by_name(deployment)
        wanted = AutomationCore(
            name=name,
            description="Pages the analysts; made by Countersign at its start, and made again when it is missing.",
            trigger=EventTrigger(
                expect={"prefect.flow-run.Failed", "prefect.flow-run.Crashed", "prefect.flow-run.Late"},
                match=ResourceSpecification.model_validate({"prefect.resource.id": "prefect.flow-run.*"}),
                match_related=ResourceSpecification.model_validate(
                    {"prefect.resource.role": "deployment", "prefect.resource.name": list(watched)}
                ),
                for_each={"prefect.resource.id"},
                posture=Posture.Reactive,
                threshold=1,
                within=timedelta(0),
            ),
            actions=[
                RunDeployment(
                    source="selected",
                    deployment_id=found.id,
                    parameters={
                        "run_id": _from_event("event.resource.id.split('.') | last"),
                        "trouble": _from_event("event.event.split('.') | last | lower"),
                    },
                )
            ],
        )
        known = await client.read_automations_by_name(name)
        if not known:
            await client.create_automation(wanted)
            return True
        await client.update_automation(known[0].id, wanted)
        for double in known[1:]:
            await client.delete_automation(double.id)
        return False

    return await _ask(call)


def _from_event(expression: str) -> dict[str, str]:
    return {"__prefect_kind": "jinja", "template": "{{ " + expression + " }}"}


async def server_is_up(url: str) -> bool:
    """Does a Prefect server answer at this API address (…/api)?"""
    try:
        async with httpx.AsyncClient(timeout=2.0) as client:
            return (await client.get(f"{url.rstrip('/')}/health")).status_code == 200
    except httpx.HTTPError:
        return False


def blocking(question: Coroutine[Any, Any, Answer]) -> Answer:
    """The answer to one of this module's questions, for a caller without an event loop (the CLI, a plain page)."""
    return asyncio.run(question)


def run_from(run: FlowRun) -> Run:
    """A Prefect run as the value the rest of Countersign reads."""
    state = run.state
    return Run(
        run_id=run.id,
        name=run.name,
        state_type=state.type.value if state else "",
        state_name=(state.name or "") if state else "",
        since=state.timestamp if state else None,
        deployment_id=run.deployment_id,
        tags=tuple(run.tags),
        pause_key=state.state_details.pause_key if state and state.is_paused() else None,
    )


async def _ask(call: Callable[[PrefectClient], Awaitable[Answer]]) -> Answer:
    try:
        async with asyncio.timeout(CALL_SECONDS):
            return await _ask_again_when_busy(call)
    except TimeoutError as silence:
        raise OutsideUnavailable(f"Prefect did not answer within {CALL_SECONDS:.0f} s") from silence


async def _ask_again_when_busy(call: Callable[[PrefectClient], Awaitable[Answer]]) -> Answer:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            async with patient_client() as client:
                return await call(client)
        except ObjectNotFound as refusal:
            raise OutsideRefused("Prefect does not know the deployment or run") from refusal
        except httpx.HTTPStatusError as refusal:
            status = refusal.response.status_code
            if status not in BUSY_STATUSES:
                # The body may repeat the parameters we sent, so only the status travels on.
                raise OutsideRefused(f"Prefect answered {status}") from None
            if attempt == ATTEMPTS:
                raise OutsideUnavailable(f"Prefect answered {status} {attempt} times") from None
        except httpx.TransportError as broken:
            if attempt == ATTEMPTS:
                raise OutsideUnavailable(f"no connection to Prefect after {attempt} attempts") from broken
        await asyncio.sleep(random.uniform(0.2, 0.6) * attempt)
    raise AssertionError("unreachable: the last attempt returns or raises")
