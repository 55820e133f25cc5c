"""The transport that takes turns and asks a busy server again, without a server."""

import asyncio
from pathlib import Path

import httpx
import pytest

from adapters import prefect_client
from adapters.prefect_client import PatientTransport


class Server(httpx.AsyncBaseTransport):
    """Answers from a list of statuses ("drop" breaks off, "away" lets nobody in), and counts who is inside at once."""

    def __init__(self, *answers: int | str) -> None:
        self.answers = list(answers)
        self.asked = 0
        self.inside = 0
        self.most_inside = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        await asyncio.sleep(0.01)
        self.inside -= 1
        answer = self.answers.pop(0) if self.answers else 200
        if answer == "drop":
            raise httpx.RemoteProtocolError("dropped")
        if answer == "away":
            raise httpx.ConnectError("refused")
        return httpx.Response(int(answer))


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefect_client, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(prefect_client, "LONGEST_PAUSE_SECONDS", 0.001)


async def _post(server: Server, turn: Path | None = None, path: str = "/flow_runs/1/set_state") -> int:
    async with httpx.AsyncClient(transport=PatientTransport(server, turn), base_url="http://server") as client:
        return (await client.post(path, json={})).status_code


@pytest.mark.parametrize(
    ("answers", "asked", "status"),
    [
        ([200], 1, 200),
        ([503, 200], 2, 200),
        (["drop", 503, 201], 3, 201),
        ([404], 1, 404),
        ([500], 1, 500),
        ([503] * 7 + [200], 8, 200),
        ([503] * 8 + [200], 8, 503),
    ],
)
async def test_busy_server_is_asked_again_until_it_answers(answers: list[int | str], asked: int, status: int) -> None:
    server = Server(*answers)
    assert await _post(server) == status
    assert server.asked == asked


async def test_connection_that_stays_broken_is_reported() -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await _post(Server(*["drop"] * 8))


async def _ask_twice(server: Server) -> int:
    """The second answer of a server to one client."""
    async with httpx.AsyncClient(transport=PatientTransport(server, None), base_url="http://server") as client:
        await client.get("/health")
        return (await client.post("/flow_runs/1/set_state", json={})).status_code


async def test_server_that_starts_again_is_waited_for() -> None:
    server = Server(200, "drop", *["away"] * 20, 201)
    assert await _ask_twice(server) == 201
    assert server.asked == 23


async def test_server_that_stays_away_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefect_client, "RESTART_SECONDS", 0.05)
    with pytest.raises(httpx.ConnectError):
        await _ask_twice(Server(200, *["away"] * 1000))


async def test_server_that_never_answered_is_reported_at_once() -> None:
    server = Server("away", 200)
    with pytest.raises(httpx.ConnectError):
        await _post(server)
    assert server.asked == 1


@pytest.mark.parametrize(
    ("path", "most_inside"),
    [("/flow_runs/1/set_state", 1), ("/flow_runs/filter", 4), ("/flow_runs/count", 4)],
)
async def test_changes_take_turns_and_reads_do_not(tmp_path: Path, path: str, most_inside: int) -> None:
    server = Server()
    await asyncio.gather(*[_post(server, tmp_path / "turn", path) for _ in range(4)])
    assert server.most_inside == most_inside


async def test_turn_that_never_comes_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefect_client, "LONGEST_WAIT_FOR_A_TURN_SECONDS", 0.02)
    async with prefect_client._turn(tmp_path / "turn"):
        assert await _post(Server(), tmp_path / "turn") == 200
