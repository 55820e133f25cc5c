"""A real Prefect server and real workers as child processes, for tests and for the benchmark."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from prefect import Flow
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, PREFECT_HOME
from prefect.utilities.callables import parameter_schema

from adapters.prefect_client import patient_client
from tests import databases

ROOT = Path(__file__).parents[2]

SIGN_IN = "tests:only-for-tests"
"""What the test server asks of everybody, as an installation's own does."""

QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_LOGGING_LEVEL": "WARNING",
}


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(home: Path, url: str, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a child process that talks to the server at ``url``."""
    ours = {
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": url,
        "PREFECT_API_AUTH_STRING": SIGN_IN,
        "PREFECT_SERVER_API_AUTH_STRING": SIGN_IN,
    }
    return {**os.environ, **QUIET, **ours, **(more or {})}


STARTS_WITHIN = 240.0
"""Seconds; it takes 15 on an idle machine, and far longer beside other suites."""


def talks_to(url: str, home: Path) -> dict[Any, Any]:
    """What ``temporary_settings`` needs so that Prefect's client in this process talks to the server at ``url``."""
    return {PREFECT_API_URL: url, PREFECT_HOME: home, PREFECT_API_AUTH_STRING: SIGN_IN}


@contextmanager
def server(home: Path, more: Mapping[str, str] | None = None) -> Iterator[tuple[str, int]]:
    """A server with a database of its own, of the kind this run is on: its API address and its process id."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with (
        databases.for_prefect(home) as database,
        open(home / "server.log", "wb") as log,
        child(command, environment(home, url, {**database, **(more or {})}), log) as process,
    ):
        patience = time.monotonic() + STARTS_WITHIN
        while True:
            if process.poll() is not None or time.monotonic() > patience:
                raise RuntimeError((home / "server.log").read_text()[-2000:])
            try:
                if httpx.get(f"{url}/health", timeout=5.0).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield url, process.pid


@contextmanager
def child(
    command: list[str], env: Mapping[str, str], log: object = subprocess.DEVNULL
) -> Iterator["subprocess.Popen[bytes]"]:
    """A child process that is gone, with its own children, when the block ends."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=dict(env),
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # type: ignore[call-overload]
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


async def deploy(flow: "Flow[..., object]", pool: str, name: str | None = None) -> str:
    """Deploys a flow of this checkout to the pool, under the pool's name or another; gives "flow/deployment"."""
    entrypoint = f"{flow.fn.__module__.replace('.', '/')}.py:{flow.fn.__name__}"
    async with patient_client() as client:
        await client.create_deployment(
            await client.create_flow(flow),
            name=name or pool,
            work_pool_name=pool,
            entrypoint=entrypoint,
            pull_steps=[{"prefect.deployments.steps.set_working_directory": {"directory": str(ROOT)}}],
            parameter_openapi_schema=parameter_schema(flow.fn).model_dump_for_openapi(),
            enforce_parameter_schema=True,
        )
    return f"{flow.name}/{name or pool}"
