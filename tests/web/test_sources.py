"""Where a request comes from, and how large it may be."""

import pytest
from starlette.requests import HTTPConnection
from starlette.types import Scope

from adapters.settings import settings
from web.bodies import LargestBody
from web.sources import read_networks, source_of


def source(peer: str | None, *forwarded: str) -> str:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    scope = {"type": "http", "headers": headers, "client": (peer, 1) if peer else None}
    return source_of(HTTPConnection(scope))


@pytest.fixture
def proxies(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COUNTERSIGN_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8, 2001:db8:1::/48")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def test_forwarded_address_of_a_stranger_is_not_believed() -> None:
    assert source("203.0.113.7", "198.51.100.1") == "203.0.113.7"
    assert source("127.0.0.1", "198.51.100.1") == "127.0.0.1"


@pytest.mark.parametrize(
    ("peer", "forwarded", "wanted"),
    [
        ("127.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        ("127.0.0.1", ("203.0.113.9, 198.51.100.1",), "198.51.100.1"),
        ("127.0.0.1", ("203.0.113.9, 198.51.100.1, 10.1.2.3",), "198.51.100.1"),
        ("127.0.0.1", ("203.0.113.9", "198.51.100.1"), "198.51.100.1"),
        ("127.0.0.1", ("10.9.9.9",), "10.9.9.9"),
        ("127.0.0.1", ("198.51.100.1, what",), "127.0.0.1"),
        ("127.0.0.1", ("",), "127.0.0.1"),
        ("127.0.0.1", (), "127.0.0.1"),
        ("::ffff:127.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        ("2001:db8:1::7", ("2001:db8:5:6:7:8:9:a",), "2001:db8:5:6::/64"),
        ("203.0.113.7", ("198.51.100.1",), "203.0.113.7"),
        ("testclient", ("198.51.100.1",), "testclient"),
        (None, ("198.51.100.1",), "unknown"),
    ],
)
@pytest.mark.usefixtures("proxies")
def test_source_is_the_last_address_that_is_no_proxy_of_ours(
    peer: str | None, forwarded: tuple[str, ...], wanted: str
) -> None:
    assert source(peer, *forwarded) == wanted


def test_setting_that_is_no_network_names_the_setting() -> None:
    with pytest.raises(ValueError, match="COUNTERSIGN_TRUSTED_PROXIES"):
        read_networks("10.0.0.0/8, proxy.example.org")


@pytest.mark.parametrize(
    ("headers", "parts", "status"),
    [
        ([(b"content-length", b"11")], [b""], 413),
        ([(b"content-length", b"10")], [b"x" * 10], 200),
        ([(b"content-length", b"no")], [b"x" * 11], 413),
        ([], [b"x" * 6, b"x" * 4], 200),
        ([], [b"x" * 6, b"x" * 5], 413),
    ],
)
async def test_body_is_read_up_to_its_limit(headers: list, parts: list[bytes], status: int) -> None:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def read(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(len(await request.body())))

    app = LargestBody(Starlette(routes=[Route("/", read, methods=["POST"])]), most=lambda scope: 10)
    left, sent = list(parts), []

    async def receive() -> dict:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: dict) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "POST", "path": "/", "headers": headers, "query_string": b""}
    await app(scope, receive, send)
    assert sent[0]["status"] == status
