"""Signing in to the desk, staying signed in, signing out."""

import hashlib
import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from adapters import desk_logins, operational_store
from models.codes import Role
from models.columns import utc_now
from models.operational import StaffLogin
from tests.web.desk.conftest import PASSWORD, AtTheDesk
from web.desk.members import COOKIE
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
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(f"{COOKIE}="))
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie
    token = desk.cookies[COOKIE]
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
    assert "These do not fit, or the account is locked" in answer.text
    assert PASSWORD not in answer.text
    assert COOKIE not in desk.cookies


def test_sign_in_needs_the_page_it_was_sent_from(desk: TestClient, at_the_desk):
    answer = sign_in(desk, at_the_desk(Role.CLINICIAN), form_token="forged")
    assert answer.status_code == 403 and COOKIE not in desk.cookies


def test_code_that_signed_in_signs_nobody_in_again(desk: TestClient, at_the_desk):
    seated = at_the_desk(Role.CLINICIAN)
    code = seated.code()
    assert sign_in(desk, seated, code=code).status_code == 303
    assert sign_in(desk, seated, code=code).status_code == 403


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
