"""How does this process talk to a Prefect server that is busy? One change at a time, and asked again quickly.

A server on SQLite answers 503 when two of its transactions collide (four of five starts and wake-ups did, beside a
busy worker), and each collision costs it as much as a success. So the processes of one machine take turns at
changing things. Prefect's own client would also wait 2, 4, 8 … s after a 503 or a dropped connection; what is over
in milliseconds is asked again at once here, and only what stays refused is left to those slow retries. The same after
a restart of the server: it takes 8 to 10 s, and those retries would come back at 14 or 30.
"""

import asyncio
import fcntl
import os
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
from prefect.client.orchestration import PrefectClient
from prefect.context import AsyncClientContext
from prefect.settings import get_current_settings

QUICK_ATTEMPTS = 8
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 0.5
LONGEST_WAIT_FOR_A_TURN_SECONDS = 2.0
RESTART_SECONDS = 30.0
"""How long a server that has answered before, and now lets nobody in, is taken to be starting again."""
DROPPED = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)
READS_BY_POST = ("/filter", "/count")


class PatientTransport(httpx.AsyncBaseTransport):
    """Wraps a transport: changes take turns, and those refused as busy are repeated quickly, with jitter.

    A server that has answered before is waited for while it starts again, up to ``RESTART_SECONDS``; one that never
    has is reported at once. ``turn`` is a file that every process which talks to the same local server locks; None
    when none is shared.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, turn: Path | None) -> None:
        self._inner = inner
        self._turn = turn
        self._has_answered = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        pause = FIRST_PAUSE_SECONDS
        for _ in range(QUICK_ATTEMPTS - 1):
            try:
                response = await self._ask_until_let_in(request)
            except DROPPED:
                pass
            else:
                if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    return response
                await response.aread()
                await response.aclose()
            await asyncio.sleep(random.uniform(pause / 2, pause))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        return await self._ask_until_let_in(request)

    async def _ask_until_let_in(self, request: httpx.Request) -> httpx.Response:
        given_up = time.monotonic() + RESTART_SECONDS
        while True:
            try:
                response = await self._ask(request)
            except httpx.ConnectError:
                if not self._has_answered or time.monotonic() > given_up:
                    raise
            else:
                self._has_answered = True
                return response
            await asyncio.sleep(random.uniform(LONGEST_PAUSE_SECONDS / 2, LONGEST_PAUSE_SECONDS))

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        if self._turn is None or request.method == "GET" or request.url.path.endswith(READS_BY_POST):
            return await self._inner.handle_async_request(request)
        async with _turn(self._turn):
            return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


@asynccontextmanager
async def _turn(path: Path) -> AsyncIterator[None]:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        # A turn only saves work; after a while it is cheaper to collide than to wait.
        too_long = time.monotonic() + LONGEST_WAIT_FOR_A_TURN_SECONDS
        while not _locked(lock) and time.monotonic() < too_long:
            await asyncio.sleep(random.uniform(0.001, 0.005))
        yield
    finally:
        os.close(lock)


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _turn_file() -> Path | None:
    settings = get_current_settings()
    if httpx.URL(settings.api.url or "").host not in {"127.0.0.1", "localhost", "::1"}:
        return None
    settings.home.mkdir(parents=True, exist_ok=True)
    return settings.home / "changes.turn"


@asynccontextmanager
async def patient_client() -> AsyncIterator[PrefectClient]:
    """One open client for everything that Prefect does on this event loop inside the block, its engine included."""
    open_context = AsyncClientContext.get()
    if open_context is not None and open_context.client.loop is asyncio.get_running_loop():
        yield open_context.client
        return
    context = AsyncClientContext()
    # Prefect takes a transport only together with settings that make its own code pass this client by.
    connection = context.client._client
    connection._transport = PatientTransport(connection._transport, _turn_file())
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(context)
        except RuntimeError as silence:
            # Prefect's first question wraps what went wrong; callers tell by the kind whether to come again.
            if isinstance(silence.__cause__, httpx.HTTPError):
                raise silence.__cause__ from None
            raise
        yield context.client
