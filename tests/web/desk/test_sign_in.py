"""Signing in to the desk, staying signed in, signing out."""

import hashlib
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from adapters import desk_logins, operational_store
from adapters.settings import settings
from models.codes import Role
from models.columns import utc_now
from models.operational import StaffLogin
from tests.web.desk.conftest import PASSWORD, AtTheDesk
from web.desk.app import make_app
from web.desk.browsers import name_of
from web.desk.cookies import LOGIN
from web.desk.sign_in import local_address


def sign_in(browser: TestClient, seated: AtTheDesk, **changed: str) -> Any:
    shown = browser.get("/sign-in?next=/cases").text
    token = re.search(r'name="form_token" value="([^"]+)"', shown)
    assert token
    fields = {
        "email": seated.staff.email,
        "password": PASSWORD,
        "code": seated.code(),
        "next": "/cases",
        "form_token": token.group(1),
    }
    return browser.post("/sign-in", data=fields | changed, follow_redirects=False)


def test_sign_in_opens_the_wanted_page_and_keeps_only_the_digest(desk: TestClient, at_the_desk):
    answer = sign_in(desk, at_the_desk(Role.CLINICIAN))
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases")
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(f"{LOGIN}="))
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie
    token = desk.cookies[LOGIN]
    with operational_store.reading() as db:
        kept = db.exec(select(StaffLogin.token_digest)).all()
    assert hashlib.sha256(token.encode()).hexdigest() in kept and token not in kept
    assert desk.get("/cases").status_code == 200


@pytest.mark.parametrize(
    "changed", [{"password": "wrong"}, {"code": "000000"}, {"email": "nobody@example.org"}, {"code": "12 34"}]
)
def test_sign_in_refuses_with_one_message(desk: TestClient, at_the_desk, changed: dict[str, str]):
    answer = sign_in(desk, at_the_desk(Role.CLINICIAN), **changed)
    assert answer.status_code == 403
    assert "These do not fit, or signing in is locked" in answer.text
    assert PASSWORD not in answer.text
    assert LOGIN not in desk.cookies


def test_sign_in_needs_the_page_it_was_sent_from(desk: TestClient, at_the_desk):
    answer = sign_in(desk, at_the_desk(Role.CLINICIAN), form_token="forged")
    assert answer.status_code == 403 and LOGIN not in desk.cookies


def test_code_that_signed_in_signs_nobody_in_again(desk: TestClient, at_the_desk):
    seated = at_the_desk(Role.CLINICIAN)
    code = seated.code()
    assert sign_in(desk, seated, code=code).status_code == 303
    assert sign_in(desk, seated, code=code).status_code == 403


def test_every_sign_in_is_a_login_of_its_own_and_ends_the_one_before(desk: TestClient, at_the_desk):
    seated = at_the_desk(Role.CLINICIAN)
    tokens = []
    for _ in range(2):
        assert sign_in(desk, seated).status_code == 303
        tokens.append(desk.cookies[LOGIN])
    assert tokens[0] != tokens[1]
    assert desk_logins.recognise(tokens[0], by_hand=True) is None
    assert desk_logins.recognise(tokens[1], by_hand=True) is not None


def test_login_that_a_browser_brought_along_is_not_the_one_it_gets(desk: TestClient, at_the_desk):
    desk.cookies.set(LOGIN, "planted", domain="testserver.local", path="/")
    assert sign_in(desk, at_the_desk(Role.CLINICIAN)).status_code == 303
    assert desk_logins.recognise(desk.cookies[LOGIN], by_hand=True) is not None
    assert desk_logins.recognise("planted", by_hand=True) is None


def test_cookies_by_tls_are_bound_to_this_host(at_the_desk, home: Path, monkeypatch: pytest.MonkeyPatch):
    seated = at_the_desk(Role.CLINICIAN)
    monkeypatch.setenv("COUNTERSIGN_PUBLIC_DESK_URL", "https://desk.example.org")
    settings.cache_clear()
    with TestClient(make_app(), base_url="https://testserver") as browser:
        sent = browser.get("/sign-in").headers.get_list("set-cookie")
        answer = sign_in(browser, seated)
        sent += answer.headers.get_list("set-cookie")
        assert answer.status_code == 303
        token = browser.cookies[f"__Host-{LOGIN}"]
        assert browser.get("/me").status_code == 200
        browser.cookies.clear()
        browser.cookies.set(LOGIN, token)  # as a plain page of another host on the domain could set it
        assert browser.get("/me", follow_redirects=False).status_code == 303
    assert len(sent) >= 3
    for cookie in sent:
        assert cookie.startswith("__Host-countersign_desk")
        assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; ")) and "Domain" not in cookie


def test_login_at_the_terminal_opens_no_browser(person):
    token = desk_logins.open_login(person(Role.CLINICIAN).id, how=desk_logins.TERMINAL)
    assert desk_logins.recognise(token, by_hand=True) is None


def test_login_is_named_for_its_owner(desk: TestClient, at_the_desk):
    seated = at_the_desk(Role.CLINICIAN)
    desk.headers["user-agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    assert sign_in(desk, seated).status_code == 303
    newest = desk_logins.living_logins(seated.staff.id)[0]
    assert (newest.browser, newest.how) == ("Firefox on Linux", "password")
    assert newest.proved_at is not None


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) Version/18.0 Safari/605.1.15", "Safari on macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) EdgiOS/140.0 Safari/605", "Edge on iPhone"),
        ("<script>alert(1)</script>", "A browser"),
        ("", "A browser"),
    ],
)
def test_browser_is_called_what_people_call_it(user_agent: str, name: str):
    assert name_of(user_agent) == name


@pytest.mark.parametrize(
    ("wanted", "goes"),
    [
        ("/cases/RF-000001", "/cases/RF-000001"),
        ("https://elsewhere.example.com", "/"),
        ("//elsewhere.example.com", "/"),
        ("/\\elsewhere.example.com", "/"),
        ("", "/"),
    ],
)
def test_sign_in_never_leads_elsewhere(wanted: str, goes: str):
    assert local_address(wanted) == goes


def test_sign_out_closes_the_login(at_the_desk):
    seated = at_the_desk(Role.CLINICIAN)
    assert seated.post("/sign-out").status_code == 303
    seated.browser.cookies.clear()
    assert seated.get("/").headers["location"].startswith("/sign-in")


@pytest.mark.parametrize(
    ("changes", "known"),
    [
        ({"last_seen_at": timedelta(minutes=-59)}, True),
        ({"last_seen_at": timedelta(minutes=-61)}, False),
        ({"expires_at": timedelta(seconds=-1)}, False),
        ({"revoked": True}, False),
    ],
)
def test_login_ends_when_idle_old_or_closed(person, changes: dict[str, Any], known: bool):
    token = desk_logins.open_login(person(Role.CLINICIAN).id)
    with operational_store.writing() as db:
        login = db.exec(select(StaffLogin)).one()
        for name, value in changes.items():
            setattr(login, name, utc_now() + value if isinstance(value, timedelta) else value)
        db.add(login)
    assert (desk_logins.recognise(token, by_hand=True) is not None) == known


@pytest.mark.parametrize(("by_hand", "moved"), [(True, True), (False, False)])
def test_page_that_refreshes_itself_keeps_nobody_signed_in(person, by_hand: bool, moved: bool):
    token = desk_logins.open_login(person(Role.CLINICIAN).id)
    before = utc_now() - timedelta(minutes=30)
    with operational_store.writing() as db:
        login = db.exec(select(StaffLogin)).one()
        login.last_seen_at = before
        db.add(login)
    assert desk_logins.recognise(token, by_hand=by_hand) is not None
    with operational_store.reading() as db:
        assert (db.exec(select(StaffLogin.last_seen_at)).one() > before) == moved


def test_account_that_was_closed_is_signed_out(at_the_desk):
    seated = at_the_desk(Role.CLINICIAN)
    with operational_store.writing() as db:
        seated.staff.active = False
        db.merge(seated.staff)
    assert seated.get("/").headers["location"].startswith("/sign-in")


def test_me_shows_the_account(at_the_desk):
    seated = at_the_desk(Role.BILLER)
    shown = seated.get("/me").text
    assert seated.staff.name in shown and "Harbor Street" in shown
