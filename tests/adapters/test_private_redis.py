"""Does an installation's own Redis carry the messages of Prefect's server, for nobody else?"""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from adapters import private_redis
from adapters.settings import settings
from cli import environment, supervisor
from cli.supervisor import CannotStart
from tests.adapters import prefect_server
from tests.adapters.prefect_server import SIGN_IN, child, free_port

pytestmark = [
    pytest.mark.skipif(not private_redis.is_installed(), reason="no redis-server is installed"),
    pytest.mark.sqlite_only("no database of ours is in it"),
]
ANALYST = tuple(SIGN_IN.split(":"))


class Said:
    """A console that keeps what it was told."""

    def __init__(self) -> None:
        self.words = ""

    def print(self, words: str) -> None:
        self.words += words


@pytest.fixture
def of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("COUNTERSIGN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COUNTERSIGN_REDIS_PORT", str(free_port()))
    settings.cache_clear()
    settings().make_folders()
    yield tmp_path / "home"
    settings.cache_clear()


@pytest.fixture
def running(of_its_own: Path) -> Iterator[str]:
    private_redis.make()
    with child(private_redis.command(), {}):
        patience = time.monotonic() + 30
        while not private_redis.answers():
            assert time.monotonic() < patience
            time.sleep(0.05)
        yield settings().prefect_redis


def test_server_asks_for_its_password_and_shows_it_to_nobody(running: str) -> None:
    port = settings().redis_port
    with redis.Redis(host="127.0.0.1", port=port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    for file in (settings().private_redis_file, private_redis.folder() / "redis.conf"):
        assert file.stat().st_mode & 0o077 == 0
    listed = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    assert settings().private_redis_password() not in listed


def test_made_again_it_keeps_its_password(of_its_own: Path) -> None:
    private_redis.make()
    before = settings().private_redis_password()
    private_redis.make()
    assert settings().private_redis_password() == before


def told(url: str, **words: Any) -> Any:
    """What the server answers; one that has just started, on a busy machine, says 503 while its database is busy."""
    patience = time.monotonic() + 60
    while (answer := httpx.post(url, json=words, auth=ANALYST, timeout=30)).status_code == 503:
        assert time.monotonic() < patience, answer.text
        time.sleep(0.5)
    return answer.raise_for_status().json()


def test_prefects_server_keeps_its_messages_there(running: str, tmp_path: Path) -> None:
    home = tmp_path / "prefect"
    home.mkdir()
    messages = environment._prefect_messages()
    assert messages["PREFECT_REDIS_MESSAGING_URL"] == running
    with prefect_server.server(home, messages) as (url, _), redis.Redis.from_url(running) as inside:
        made = told(f"{url}/flows/", name="of-a-test")
        told(f"{url}/flow_runs/", flow_id=made["id"], state={"type": "PENDING"})
        patience = time.monotonic() + 60
        while not any(b"events" in key for key in inside.keys("*")):
            assert time.monotonic() < patience, inside.keys("*")
            time.sleep(0.2)


@pytest.mark.parametrize("named", ["", "redis://elsewhere.example.org:6379/0"])
def test_redis_that_a_setting_names_is_used_and_none_is_made(
    of_its_own: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setenv("COUNTERSIGN_REDIS_URL", named)
    settings.cache_clear()
    supervisor._choose_redis(Said())  # type: ignore[arg-type]
    assert settings().private_redis_file.exists() is not bool(named)
    assert environment._prefect_messages()["PREFECT_REDIS_MESSAGING_URL"].startswith(named or "redis://:")


def test_without_redis_the_messages_stay_in_memory_and_that_is_said(
    of_its_own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private_redis, "BINARY", "no-such-server")
    said = Said()
    supervisor._choose_redis(said)  # type: ignore[arg-type]
    assert "COUNTERSIGN_REDIS_URL" in said.words
    assert environment._prefect_messages() == {}
    private_redis.make()
    with pytest.raises(CannotStart, match="redis-server"):
        supervisor._choose_redis(said)  # type: ignore[arg-type]
