"""The security headers of every answer of every route, of desk and portal, errors and files included."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from adapters import desk_logins, desk_views
from adapters.settings import settings
from models.codes import Role
from tests import factories
from tests.web.desk.conftest import app as made_desk
from web.desk import app as desk_app
from web.desk import cookies
from web.portal import app as portal_app

ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
DENIED = ("camera=()", "geolocation=()", "microphone=()")
NOT_PEOPLE = ("/assets", "/robots.txt")


def paths(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Every method and path of an application, with addresses of nothing for its parameters."""
    for route in iter_route_contexts(app.routes):
        path = re.sub(r"\{[^}]+\}", "none", route.path or "")
        for method in sorted((route.methods or {"GET"}) - {"HEAD"}):
            yield method, path
    yield from (("GET", "/nowhere"), ("GET", "/assets/nowhere.css"), ("DELETE", "/healthz"), ("OPTIONS", "/"))


def check(answer: Any, path: str, *, https: bool) -> None:
    headers = answer.headers
    for name, value in ALWAYS.items():
        assert headers.get(name) == value, (path, name)
    policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
    assert policy["frame-ancestors"] == "'none'" and policy["base-uri"] == "'none'", path
    assert policy["default-src"] in ("'self'", "'none'"), path
    scripts = policy.get("script-src", policy["default-src"])
    assert scripts in ("'self'", "'none'"), (path, "no script of a page's own, none from elsewhere")
    assert "unsafe" not in policy.get("style-src", "") or path.startswith("/contract-docs"), path
    for denied in DENIED:
        assert denied in headers["permissions-policy"], path
    assert ("strict-transport-security" in headers) == https, path
    if not path.startswith(NOT_PEOPLE):
        assert headers["cache-control"] == "no-store", path
    assert "server" not in headers and "x-powered-by" not in headers, path


@pytest.fixture(params=[False, True], ids=["http", "https"])
def https(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    if request.param:
        monkeypatch.setenv("COUNTERSIGN_PUBLIC_DESK_URL", "https://desk.example.org")
        monkeypatch.setenv("COUNTERSIGN_PUBLIC_PORTAL_URL", "https://portal.example.org")
        settings.cache_clear()
    return bool(request.param)


@pytest.mark.parametrize("part", ["desk", "portal"])
def test_every_answer_to_a_stranger_carries_its_headers(https: bool, part: str):
    app = made_desk(https) if part == "desk" else portal_app.make_app()
    with TestClient(app, base_url="https://testserver" if https else "http://testserver") as browser:
        walked = [(path, browser.request(method, path, follow_redirects=False)) for method, path in paths(app)]
    assert len(walked) > 15
    for path, answer in walked:
        check(answer, path, https=https)


@pytest.mark.parametrize("role", Role)
def test_every_answer_to_staff_carries_its_headers(https: bool, role: Role):
    staff = factories.make_staff(role=role)
    app = made_desk(https)
    browser = TestClient(app, base_url="https://testserver" if https else "http://testserver")
    statuses = set()
    for method, path in paths(app):
        token = desk_logins.open_login(staff.id)
        known = desk_logins.recognise(token, by_hand=True)
        assert known is not None
        browser.cookies.set(cookies.name_of(cookies.LOGIN), token)
        data = {"csrf_token": known.csrf_token} if method == "POST" else None
        answer = browser.request(method, path, data=data, follow_redirects=False)
        statuses.add(answer.status_code)
        check(answer, path, https=https)
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert {200, 403, 404, 405} <= statuses


def test_answer_that_broke_carries_its_headers_and_says_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def broken() -> None:
        raise RuntimeError("marker-of-what-was-typed")

    staff = factories.make_staff(role=Role.BILLER)
    monkeypatch.setattr(desk_views, "places", broken)
    browser = TestClient(desk_app.make_app(), cookies={cookies.LOGIN: desk_logins.open_login(staff.id)})
    answer = browser.get("/me")
    assert answer.status_code == 500 and "That did not work" in answer.text
    check(answer, "/me", https=False)
    assert "marker" not in answer.text + caplog.text
    assert "RuntimeError in broken" in caplog.text


@pytest.mark.parametrize("asset", ["/assets/desk.css", "/assets/htmx.min.js"])
def test_files_without_people_may_be_kept(home: Path, asset: str):
    browser = TestClient(desk_app.make_app())
    assert browser.get(asset).headers["cache-control"] == "private, max-age=604800"
