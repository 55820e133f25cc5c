"""Every route: who may open it, what it needs, what its answers carry."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from models.codes import Role
from rules.access import PUBLIC, ROUTES
from web.desk import app as desk_app
from web.desk import sign_in

DESK = Path(desk_app.__file__).parent


def routes() -> Iterator[APIRoute]:
    for router in (sign_in.public, *(room.router for room in desk_app.ROUTERS)):
        for route in router.routes:
            assert isinstance(route, APIRoute)
            yield route


CLOSED = sorted((route for route in routes() if route.name not in PUBLIC), key=lambda route: route.name)


def path_of(route: APIRoute) -> str:
    return re.sub(r"\{[^}]+\}", "none", route.path)


def method_of(route: APIRoute) -> str:
    return next(iter(route.methods - {"HEAD"}))


def test_every_route_has_an_entry_and_every_entry_a_route():
    named = {route.name for route in routes()}
    assert named - PUBLIC == set(ROUTES)


def test_every_routes_method_is_get_or_post():
    assert {method_of(route) for route in routes()} == {"GET", "POST"}


@pytest.mark.parametrize("route", CLOSED, ids=lambda route: route.name)
def test_route_sends_a_stranger_to_sign_in(desk: TestClient, route: APIRoute):
    answer = desk.request(method_of(route), path_of(route), follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=")


@pytest.mark.parametrize("role", Role)
def test_role_opens_its_routes_and_no_others(at_the_desk, role: Role):
    """A route that opens may still find nothing (409) or miss a field (422); it never says the role is wrong."""
    seated = at_the_desk(role)
    for route in CLOSED:
        if route.name == "sign_out":
            continue
        method = method_of(route)
        answer = seated.get(path_of(route)) if method == "GET" else seated.post(path_of(route))
        refused = answer.status_code == 403 and "not for the role" in answer.text
        assert refused == (role not in ROUTES[route.name]), route.name
        assert answer.status_code < 500, route.name


@pytest.mark.parametrize("route", [r for r in CLOSED if method_of(r) == "POST"], ids=lambda route: route.name)
def test_form_without_its_token_is_refused(at_the_desk, route: APIRoute):
    role = next(iter(sorted(ROUTES[route.name])))
    seated = at_the_desk(role)
    seated.token = "forged"
    answer = seated.post(path_of(route))
    assert answer.status_code == 403
    assert "another sign-in" in answer.text


def test_refresh_of_a_stranger_sends_the_whole_page_to_sign_in(desk: TestClient):
    answer = desk.get("/queue", headers={"hx-request": "true"})
    assert answer.headers["hx-redirect"] == "/sign-in"


@pytest.mark.parametrize("path", ["/sign-in", "/healthz", "/assets/desk.css", "/nowhere"])
def test_answers_carry_security_headers(desk: TestClient, path: str):
    headers = desk.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == ("private, max-age=604800" if path.startswith("/assets") else "no-store")


def test_healthz_answers_strangers(desk: TestClient):
    assert desk.get("/healthz").json() == {"status": "ok"}


def test_address_that_is_no_page_says_so(desk: TestClient):
    answer = desk.get("/nowhere")
    assert answer.status_code == 404 and "There is no such page" in answer.text


def test_desk_opens_the_therapy_database_in_one_module():
    openers = {path.name for path in DESK.glob("*.py") if "therapy_store" in path.read_text()}
    assert openers == {"evidence.py"}


def test_templates_fetch_nothing_from_elsewhere_and_hold_no_inline_code():
    for path in (DESK.parents[1] / "templates" / "desk").glob("*.html"):
        text = path.read_text()
        assert not re.search(r"https?://", text), path.name
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text), path.name
