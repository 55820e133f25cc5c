"""Who runs the cases? One process that claims runs from a Prefect work pool and runs their flows inside itself.

A stock Prefect worker starts a process for every leg of a run and pays the imports each time; here they are paid
once. The pool stays an ordinary one, so a stock worker can serve the same deployments beside this one. Why, and
what it costs: docs/decisions/0003-in-process-worker.md.
"""

import asyncio
import concurrent.futures
import contextvars
import importlib
import logging
import os
import signal
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import PurePath
from typing import Any, Protocol
from uuid import UUID

import httpx
from prefect import Flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterNextScheduledStartTime,
    FlowRunFilterState,
    FlowRunFilterStateName,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.context import SyncClientContext
from prefect.exceptions import Abort, ObjectNotFound, Pause, TerminationSignal
from prefect.flow_engine import run_flow
from prefect.states import Cancelled, Crashed, Pending, Scheduled
from prefect.utilities.engine import propose_state

from adapters.prefect_client import patient_client
from adapters.processes import name_of
from models.errors import OutsideUnavailable

logger = logging.getLogger(__name__)

LOST_AFTER = timedelta(seconds=15)
"""A worker that has not beaten for this long is taken to be dead; one that is provably dead, at once."""
UNCLAIMED_AFTER = timedelta(seconds=60)
"""A run that nobody claims is nobody's only after this long: a stock worker needs seconds to start its process."""
FULL_POLL_SECONDS = 10.0
"""How often the pool is asked the expensive way, which also shows its queues and deployments as ready."""
LEAVE_ALONE_SECONDS = 1.0
"""How long due runs that the pool did not hand out (it is paused or full) are not asked for again."""
TICK_SECONDS = 1.0
CANCEL_CHECK_SECONDS = 2.0
HEARTBEAT_SECONDS = 30
MOST_RECOVERIES = 5
"""A run that lost this many workers is suspected of killing them, and stops for a person."""
RECOVERIES = "countersign.recoveries"


class Claims(Protocol):
    """Which worker process runs which run, kept outside Prefect; every method is one transaction.

    Called from threads, so an implementation opens its connection per call or takes it from a pool.
    """

    def claim(self, run_id: UUID, worker_id: str, *, lost_after: timedelta) -> bool:
        """True when the claim is now this worker's: it was free, already its own, or held by a dead worker."""

    def release(self, run_id: UUID, worker_id: str) -> None:
        """Drops the claim if it is this worker's."""

    def beat(self, worker_id: str) -> None:
        """Records that this worker lives."""

    def orphans(self, lost_after: timedelta) -> list[UUID]:
        """Runs claimed by workers that are provably dead or have not beaten for ``lost_after``."""


async def serve(
    *,
    pool: str,
    claims: Claims,
    concurrency: int = 4,
    poll_seconds: float = 0.2,
    preload: Sequence[str] = (),
    worker_name: str,
    on_tick: Callable[[], Awaitable[None]] | None = None,
    tick_seconds: float = TICK_SECONDS,
    stop: asyncio.Event | None = None,
    grace_seconds: float = 20.0,
    lost_after: timedelta = LOST_AFTER,
    unclaimed_after: timedelta = UNCLAIMED_AFTER,
) -> None:
    """Serves the pool until SIGTERM, SIGINT or ``stop``; then finishes the legs that run, up to ``grace_seconds``.

    ``preload`` are entrypoints ("flows/x.py:fn") whose imports are paid before the first run. ``on_tick`` is
    called every ``tick_seconds`` or so on this event loop, and never twice at once.
    """
    for entrypoint in preload:
        load_flow(entrypoint)
    stop = stop or asyncio.Event()
    with _Legs() as legs:
        async with _stopped_by_signals(stop), patient_client() as client:
            worker = _Worker(
                client=client,
                legs=legs,
                claims=claims,
                pool=pool,
                worker_name=worker_name,
                concurrency=concurrency,
                lost_after=lost_after,
                unclaimed_after=unclaimed_after,
            )
            ticks = None if on_tick is None else _repeat("tick", on_tick, tick_seconds)
            await worker.serve(stop, poll_seconds=poll_seconds, ticks=ticks, grace_seconds=grace_seconds)


def load_flow(entrypoint: str) -> Flow[..., Any]:
    """The flow that a deployment's entrypoint names, imported by its absolute name from the checkout, once.

    "flows/x.py:fn" and "flows.x:fn" name the same flow.
    """
    place, _, name = entrypoint.partition(":")
    path = PurePath(place)
    module = ".".join(path.with_suffix("").parts) if path.suffix == ".py" else place
    found = getattr(importlib.import_module(module), name)
    if not isinstance(found, Flow):
        raise TypeError(f"{entrypoint} is not a flow")
    return found


@dataclass
class _Worker:
    client: PrefectClient
    legs: "_Legs"
    claims: Claims
    pool: str
    worker_name: str
    concurrency: int
    lost_after: timedelta
    unclaimed_after: timedelta
    # A name outlives a restart, an id does not: what a dead process claimed must not look alive again.
    worker_id: str = field(default_factory=lambda: name_of(os.getpid()))
    running: "dict[UUID, _Leg]" = field(default_factory=dict)
    due: deque[FlowRun] = field(default_factory=deque)
    leg_ended: asyncio.Event = field(default_factory=asyncio.Event)
    unsettled: set[UUID] = field(default_factory=set)
    settling: set[UUID] = field(default_factory=set)
    leave_as: dict[UUID, State[Any]] = field(default_factory=dict)
    entrypoints: dict[UUID, str] = field(default_factory=dict)
    last_beat: float = 0.0
    last_full_poll: float = 0.0
    found_nothing: bool = False

    async def serve(
        self,
        stop: asyncio.Event,
        *,
        poll_seconds: float,
        ticks: Coroutine[Any, Any, None] | None,
        grace_seconds: float,
    ) -> None:
        await self._beat()
        lost = self.lost_after.total_seconds()
        beat = asyncio.create_task(_repeat("beat", self._beat, lost / 5))
        loops = [
            self._poll_until_cancelled(poll_seconds),
            _repeat("heartbeat", self._show_in_prefect, HEARTBEAT_SECONDS),
            _repeat("recovery", self._recover, lost / 3),
            _repeat("cancel check", self._stop_cancelled, CANCEL_CHECK_SECONDS),
        ]
        if ticks is not None:
            loops.append(ticks)
        tasks = [asyncio.create_task(each) for each in loops]
        logger.info("worker %s serves pool %s, %d at a time", self.worker_id, self.pool, self.concurrency)
        try:
            await stop.wait()
        finally:
            await _cancel(tasks)
            # The beat goes on while the last legs finish: a silent worker would lose them to another.
            await self._finish(grace_seconds)
            await _cancel([beat])
        logger.info("worker %s stopped", self.worker_id)

    # -- finding and claiming

    async def _poll_until_cancelled(self, poll_seconds: float) -> None:
        while True:
            try:
                await self._fill()
            except Exception as trouble:
                # Whatever it was, the next turn asks again: a worker that no longer polls looks alive and is not.
                logger.warning("poll failed: %s", type(trouble).__name__)
            # Not wait_for: on Python 3.11 it swallows a cancellation that meets the event it waits for.
            with suppress(TimeoutError):
                async with asyncio.timeout(poll_seconds):
                    await self.leg_ended.wait()
            self.leg_ended.clear()

    async def _fill(self) -> None:
        """Starts due runs while there are free places."""
        if self._full():
            return
        if not self.due:
            self.due.extend(await self._due_runs())
        while self.due and not self._full():
            await self._take(self.due.popleft())

    def _full(self) -> bool:
        # Without a beat other workers take our runs over; then nothing new is begun.
        trusted = time.monotonic() - self.last_beat < self.lost_after.total_seconds() / 2
        return len(self.running) >= self.concurrency or not trusted

    async def _due_runs(self) -> list[FlowRun]:
        since = time.monotonic() - self.last_full_poll
        if since < FULL_POLL_SECONDS and not await self._something_is_due():
            return []
        if self.found_nothing and since < LEAVE_ALONE_SECONDS:
            return []  # what is due is not for us now: its pool is paused or full
        self.last_full_poll = time.monotonic()
        # The pool's own question knows its limits, priorities and pauses, but writes on every asking.
        answer = await self.client.request(
            "POST",
            "/work_pools/{name}/get_scheduled_flow_runs",
            path_params={"name": self.pool},
            json={"scheduled_before": datetime.now(UTC).isoformat(), "limit": self.concurrency},
        )
        runs = [FlowRun.model_validate(entry["flow_run"]) for entry in answer.json()]
        self.found_nothing = not runs
        return runs if len(runs) < self.concurrency else await self._woken_first(runs)

    async def _woken_first(self, runs: list[FlowRun]) -> list[FlowRun]:
        # A person who has just decided waits for the case to move; a night's intake before it can wait.
        resuming = FlowRunFilter(state=FlowRunFilterState(name=FlowRunFilterStateName(any_=["Resuming"])))
        woken = await self.client.read_flow_runs(
            flow_run_filter=resuming, work_pool_filter=_in_pool(self.pool), limit=self.concurrency
        )
        first = {run.id for run in woken}
        return [*woken, *(run for run in runs if run.id not in first)]

    async def _something_is_due(self) -> bool:
        due = _in_states(StateType.SCHEDULED)
        due.next_scheduled_start_time = FlowRunFilterNextScheduledStartTime(before_=datetime.now(UTC))
        return bool(await self.client.count_flow_runs(flow_run_filter=due, work_pool_filter=_in_pool(self.pool)))

    async def _take(self, flow_run: FlowRun) -> None:
        """Starts a leg of this run unless one of its legs still lives, here or in another process."""
        if flow_run.id in self.running or flow_run.id in self.settling or not await self._claim(flow_run.id):
            return
        leg = self.legs.start(self._leg(flow_run))
        self.running[flow_run.id] = leg
        loop = asyncio.get_running_loop()
        leg.outcome.add_done_callback(lambda _: loop.call_soon_threadsafe(self._ended, flow_run.id, leg))

    def _ended(self, run_id: UUID, leg: "_Leg") -> None:
        del self.running[run_id]
        self.leave_as.pop(run_id, None)
        self.leg_ended.set()
        if trouble := leg.outcome.exception():
            # What Prefect heard last is unknown here: the claim is kept until the run's state is settled.
            logger.warning("leg of run %s broke off: %s", run_id, type(trouble).__name__)
            self.unsettled.add(run_id)

    async def _claim(self, run_id: UUID) -> bool:
        return await asyncio.to_thread(self.claims.claim, run_id, self.worker_id, lost_after=self.lost_after)

    async def _release(self, run_id: UUID) -> None:
        await asyncio.to_thread(self.claims.release, run_id, self.worker_id)

    async def _beat(self) -> None:
        sent = time.monotonic()
        await asyncio.to_thread(self.claims.beat, self.worker_id)
        self.last_beat = sent

    async def _show_in_prefect(self) -> None:
        await self.client.send_worker_heartbeat(self.pool, self.worker_name, HEARTBEAT_SECONDS)

    # -- one leg, on the legs' own loop

    async def _leg(self, flow_run: FlowRun) -> None:
        client = get_client()
        if await _may_begin(client, flow_run):
            await self._run_leg(client, flow_run)
        await self._release(flow_run.id)

    async def _run_leg(self, client: PrefectClient, flow_run: FlowRun) -> None:
        try:
            flow = load_flow(await self._entrypoint(client, flow_run))
        except (ImportError, AttributeError, LookupError, TypeError) as broken:
            reason = f"The flow cannot be loaded: {type(broken).__name__}"
            await client.set_flow_run_state(flow_run.id, Crashed(message=reason), force=True)
            return
        try:
            state = await _run(flow, flow_run)
        except asyncio.CancelledError:
            await client.set_flow_run_state(flow_run.id, self.leave_as[flow_run.id], force=True)
            return
        if state is not None and state.is_cancelling():
            await client.set_flow_run_state(flow_run.id, Cancelled(), force=True)
        elif state is None and flow.retries:
            await _let_pool_see(client, flow_run.id)

    async def _entrypoint(self, client: PrefectClient, flow_run: FlowRun) -> str:
        deployment_id = flow_run.deployment_id
        if deployment_id is None:
            raise LookupError("a run without a deployment names no flow")
        if deployment_id not in self.entrypoints:
            deployment = await client.read_deployment(deployment_id)
            if deployment.entrypoint is None:
                raise LookupError("the deployment names no flow")
            self.entrypoints[deployment_id] = deployment.entrypoint
        return self.entrypoints[deployment_id]

    # -- what was lost

    async def _recover(self) -> None:
        """Puts back what dead workers, and legs that broke off here, left Pending or Running."""
        orphans = await asyncio.to_thread(self.claims.orphans, self.lost_after)
        for run_id in {*self.unsettled, *orphans, *await self._nobodys_runs()}:
            await self._settle(run_id)

    async def _settle(self, run_id: UUID) -> None:
        # The claim is the lock: of two workers that see the same lost run, one puts it back.
        if run_id in self.running:
            return
        self.settling.add(run_id)  # or a new leg begins before the old claim is dropped, and loses it
        try:
            if await self._claim(run_id):
                await _put_back(self.client, run_id)
                self.unsettled.discard(run_id)
                await self._release(run_id)
        finally:
            self.settling.discard(run_id)

    async def _nobodys_runs(self) -> list[UUID]:
        runs = await self.client.read_flow_runs(
            flow_run_filter=_in_states(StateType.PENDING, StateType.RUNNING, StateType.CANCELLING),
            work_pool_filter=_in_pool(self.pool),
        )
        long_ago = datetime.now(UTC) - self.unclaimed_after
        return [
            run.id
            for run in runs
            # A stock worker writes its process's id on the run, and looks after it itself.
            if run.infrastructure_pid is None and run.state is not None and run.state.timestamp < long_ago
        ]

    # -- stopping

    async def _stop_cancelled(self) -> None:
        longest = time.monotonic() - CANCEL_CHECK_SECONDS
        long_legs = [run_id for run_id, leg in self.running.items() if leg.began < longest]
        if not long_legs:
            return
        cancelling = _in_states(StateType.CANCELLING)
        cancelling.id = FlowRunFilterId(any_=long_legs)
        for run in await self.client.read_flow_runs(flow_run_filter=cancelling):
            self._break_off(run.id, Cancelled(message="Stopped on request"))

    async def _finish(self, grace_seconds: float) -> None:
        """Lets the legs end; what has not ended by then is broken off and put back for another worker."""
        await self._wait_for_legs(grace_seconds)
        for run_id in list(self.running):
            self._break_off(run_id, _resuming("Resuming after its worker was stopped"))
        await self._wait_for_legs(grace_seconds)
        for run_id in list(self.unsettled):
            with suppress(httpx.HTTPError):
                await self._settle(run_id)

    def _break_off(self, run_id: UUID, leave_as: State[Any]) -> None:
        if leg := self.running.get(run_id):
            self.leave_as[run_id] = leave_as
            self.legs.cancel(leg)
            logger.info("leg of run %s is broken off, run becomes %s", run_id, leave_as.type.value)

    async def _wait_for_legs(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.running and time.monotonic() < deadline:
            await asyncio.sleep(0.05)


@dataclass
class _Leg:
    """One stretch of a run in this process, from its claim to its next wait or its end."""

    outcome: "concurrent.futures.Future[None]" = field(default_factory=concurrent.futures.Future)
    task: "asyncio.Task[None] | None" = None
    began: float = field(default_factory=time.monotonic)
    """Seconds on the monotonic clock."""

    def settle(self, task: "asyncio.Task[None]") -> None:
        if task.cancelled():
            self.outcome.set_exception(asyncio.CancelledError())
        elif trouble := task.exception():
            self.outcome.set_exception(trouble)
        else:
            self.outcome.set_result(None)


class _Legs:
    """A thread with an event loop of its own for the legs, and one open Prefect client for all of them.

    Apart from the claiming loop so that a step which blocks does not silence the beat; and away from the main
    thread because there each of Prefect's flow engines takes over SIGTERM, which many at once undo for each other.
    """

    def __init__(self) -> None:
        self._opened: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._loop: asyncio.AbstractEventLoop
        self._closing: asyncio.Event
        self._context: contextvars.Context
        # Prefect's settings live in context variables, and a new thread starts without them.
        target = contextvars.copy_context().run
        self._thread = threading.Thread(target=target, args=(asyncio.run, self._live()), name="legs", daemon=True)

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._closing = asyncio.Event()
        try:
            # The engine asks one question of each leg through a blocking client; unless one is open it makes one.
            async with patient_client():
                with SyncClientContext():
                    self._context = contextvars.copy_context()
                    self._opened.set_result(None)
                    await self._closing.wait()
        except Exception as trouble:
            if self._opened.done():
                raise
            self._opened.set_exception(trouble)

    def __enter__(self) -> "_Legs":
        self._thread.start()
        try:
            self._opened.result()
        except (httpx.HTTPError, RuntimeError) as silence:
            raise OutsideUnavailable("the Prefect server does not answer") from silence
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    def start(self, work: Coroutine[Any, Any, None]) -> _Leg:
        leg = _Leg()

        def begin() -> None:
            leg.task = self._loop.create_task(work, context=self._context.copy())
            leg.task.add_done_callback(leg.settle)

        self._loop.call_soon_threadsafe(begin)
        return leg

    def cancel(self, leg: _Leg) -> None:
        self._loop.call_soon_threadsafe(lambda: leg.task is not None and leg.task.cancel())


async def _may_begin(client: PrefectClient, flow_run: FlowRun) -> bool:
    """Has Prefect given us this run? False when it was taken, stopped or deleted meanwhile."""
    try:
        flow_run.state = await propose_state(client, Pending(), flow_run_id=flow_run.id)
    except (Abort, Pause, ObjectNotFound):
        return False
    return flow_run.state.is_pending()


async def _run(flow: Flow[..., Any], flow_run: FlowRun) -> State[Any] | None:
    """The state in which Prefect's own engine left the run; None when it waits or was taken from us."""
    # For a run with a deployment the engine opens a thread, a loop and a websocket to hear whether somebody
    # suspends it from outside while it runs, and blocks our loop for 0.1 s meanwhile. It reads the whole run
    # again before the flow's first line, so hiding the deployment until then costs nothing else.
    unwatched = flow_run.model_copy(update={"deployment_id": None})
    run: Callable[[], Any] = partial(run_flow, flow, flow_run=unwatched, return_type="state")
    try:
        state: State[Any] = await run() if flow.isasync else await asyncio.to_thread(run)
    except (Pause, Abort):
        return None
    except (SystemExit, KeyboardInterrupt, TerminationSignal):
        # The engine has reported the crash; let through, they would end the loop and with it every other leg.
        return None
    return state


async def _put_back(client: PrefectClient, run_id: UUID) -> None:
    """Makes a run that lost its worker due again; one that ended or waits is left alone."""
    try:
        run = await client.read_flow_run(run_id)
    except ObjectNotFound:
        return
    if run.state is None:
        return
    if run.state.type is StateType.CANCELLING:
        await client.set_flow_run_state(run_id, Cancelled(), force=True)
    elif run.state.type in {StateType.PENDING, StateType.RUNNING}:
        times = int(str(run.labels.get(RECOVERIES, 0))) + 1
        await client.update_flow_run_labels(run_id, {RECOVERIES: times})
        logger.warning("run %s lost its worker, %d. time", run_id, times)
        state = _resuming("Resuming after a lost worker") if times <= MOST_RECOVERIES else _suspect(times)
        await client.set_flow_run_state(run_id, state, force=True)
    if not run.state.is_final():
        await _let_pool_see(client, run_id)


async def _let_pool_see(client: PrefectClient, run_id: UUID) -> None:
    # A flow-level retry marks its run "retried in process", and the mark outlives the process: Prefect then
    # hides the run from every poll, though it was resumed or put back, and nobody ever runs it.
    run = await client.read_flow_run(run_id)
    if run.empirical_policy.retry_type == "in_process":
        run.empirical_policy.retry_type = "reschedule"
        await client.update_flow_run(run_id, empirical_policy=run.empirical_policy)


def _resuming(message: str) -> State[Any]:
    return Scheduled(name="AwaitingRetry", message=message)


def _suspect(times: int) -> State[Any]:
    return Crashed(message=f"Lost its worker {times} times: a person must look before it runs again")


def _in_states(*types: StateType) -> FlowRunFilter:
    return FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(types))))


def _in_pool(pool: str) -> WorkPoolFilter:
    return WorkPoolFilter(name=WorkPoolFilterName(any_=[pool]))


async def _repeat(what: str, act: Callable[[], Awaitable[None]], seconds: float) -> None:
    """Acts for ever; a failure is logged by its kind and the next turn tries again."""
    while True:
        try:
            await act()
        except Exception as trouble:
            logger.warning("%s failed: %s", what, type(trouble).__name__)
        await asyncio.sleep(seconds)


async def _cancel(tasks: "Sequence[asyncio.Task[None]]") -> None:
    going_on = set(tasks)
    while going_on:
        for task in going_on:
            task.cancel()
        # Code of others may swallow a cancellation; a worker told to stop must not hang on that.
        _, going_on = await asyncio.wait(going_on, timeout=1.0)


@asynccontextmanager
async def _stopped_by_signals(stop: asyncio.Event) -> AsyncIterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
