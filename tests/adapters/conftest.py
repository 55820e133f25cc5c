"""A Prefect server for the tests of this folder that ask for one; the others pay nothing for it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from prefect import Flow
from prefect.logging.handlers import APILogHandler
from prefect.settings import PREFECT_LOGGING_LEVEL, temporary_settings

from adapters import prefect_runs
from tests.adapters import prefect_server


@pytest.fixture(scope="session")
def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the server's database."""
    return tmp_path_factory.mktemp("prefect")


@pytest.fixture(scope="session")
def prefect_url(prefect_home: Path) -> Iterator[str]:
    """The API address of a server that lives as long as the test session."""
    with prefect_server.server(prefect_home) as (url, _):
        yield url
        asyncio.run(APILogHandler.aflush())  # or the logs that are left look for a server that is gone


@pytest.fixture
def connected(prefect_url: str, prefect_home: Path) -> Iterator[str]:
    """Prefect's client in this process talks to the test server."""
    with temporary_settings({**prefect_server.talks_to(prefect_url, prefect_home), PREFECT_LOGGING_LEVEL: "WARNING"}):
        yield prefect_url


@pytest.fixture
def pool(connected: str) -> str:
    """A work pool that no other test uses."""
    name = f"pool-{uuid4().hex[:8]}"
    asyncio.run(prefect_runs.ensure_work_pool(name))
    return name


@pytest.fixture
def deploy(pool: str) -> Callable[["Flow[..., object]"], Awaitable[str]]:
    """Deploys one of the tiny flows to this test's pool and gives the name "flow/deployment"."""

    async def deployed(flow: "Flow[..., object]") -> str:
        return await prefect_server.deploy(flow, pool)

    return deployed
