"""Signing in through the practice's own service, against one that runs on loopback and can be told to lie."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from acts import accounts
from adapters import desk_logins, oidc, operational_store
from adapters.settings import settings
from models.codes import AuthenticatedHow, Role
from models.columns import utc_now
from models.operational import Decision, Staff, StaffLogin
from tests.oidc_service import REGISTERED, SECRET, Service, serving
from tests.web.desk.conftest import AtTheDesk
from web.desk.cookies import LOGIN, QUESTION


@pytest.fixture
def service(home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    with serving() as running:
        monkeypatch.setenv("COUNTERSIGN_OIDC_ISSUER", running.issuer)
        monkeypatch.setenv("COUNTERSIGN_OIDC_CLIENT_ID", REGISTERED)
        monkeypatch.setenv("COUNTERSIGN_OIDC_CLIENT_SECRET", SECRET)
        settings.cache_clear()
        yield running


@pytest.fixture
def member(service: Service, person) -> Staff:
    """A clinician whose account is tied to the service's person."""
    return person(Role.CLINICIAN, oidc_subject=f"{service.issuer}|person-1", password_hash="")


def go(browser: TestClient, start: str = "/oidc/sign-in?next=/cases") -> Any:
    """As a browser does: to the service, and with its answer back."""
    sent = browser.get(start, follow_redirects=False)
    assert sent.status_code == 303, sent.text
    back = httpx.get(sent.headers["location"], follow_redirects=False).headers["location"]
    return browser.get("/oidc/back?" + urlsplit(back).query, follow_redirects=False)


def test_person_of_the_service_signs_in_and_is_asked_for_nothing_else(desk: TestClient, service, member):
    answer = go(desk)
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases")
    assert desk.get("/cases").status_code == 200
    login = desk_logins.living_logins(member.id)[0]
    assert login.how == "oidc" and login.proved_at is not None
    asked = service.asked[0]
    assert asked["code_challenge_method"] == "S256" and asked["response_type"] == "code"
    assert asked["redirect_uri"] == oidc.return_address() and "prompt" not in asked


@pytest.mark.parametrize(
    "lie",
    [
        {"claims": {"nonce": "another"}},
        {"claims": {"nonce": None}},
        {"claims": {"aud": "somebody-else"}},
        {"claims": {"aud": [REGISTERED, "somebody-else"]}},
        {"claims": {"azp": "somebody-else"}},
        {"claims": {"iss": "https://elsewhere.example.com"}},
        {"since": {"exp": -3600}},
        {"claims": {"exp": None}},
        {"since": {"iat": -7200}},
        {"claims": {"sub": None}},
        {"claims": {"at_hash": "another"}},
        {"unsigned": True},
        {"forged": True},
    ],
    ids=str,
)
def test_answer_that_does_not_fit_lets_nobody_in(desk: TestClient, service: Service, member, lie: dict[str, Any]):
    # Moments are counted when the test runs: a name that carries the hour differs from process to process.
    since = lie.get("since", {})
    told = lie | {"claims": {name: int(time.time()) + seconds for name, seconds in since.items()}} if since else lie
    for name, value in told.items():
        setattr(service, name, value)
    answer = go(desk)
    assert answer.status_code == 403 and "does not fit" in answer.text
    assert LOGIN not in desk.cookies


@pytest.mark.parametrize("fault", ["state", "no question", "question used", "code", "issuer"])
def test_return_of_another_journey_lets_nobody_in(desk: TestClient, service: Service, member, fault: str):
    sent = desk.get("/oidc/sign-in", follow_redirects=False)
    back = httpx.get(sent.headers["location"], follow_redirects=False).headers["location"]
    query = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    if fault == "state":
        query["state"] = "of-another-browser"
    elif fault == "code":
        query["code"] = "guessed"
    elif fault == "issuer":
        query["iss"] = "https://elsewhere.example.com"
    elif fault == "no question":
        desk.cookies.delete(QUESTION)
    else:
        desk.get("/oidc/back", params=query, follow_redirects=False)
        desk.cookies.clear()
    assert desk.get("/oidc/back", params=query, follow_redirects=False).status_code == 403
    assert LOGIN not in desk.cookies


def test_code_that_another_browser_was_given_is_of_no_use(desk: TestClient, service: Service, member):
    """PKCE: the code of one journey, brought with the state of another."""
    first = desk.get("/oidc/sign-in", follow_redirects=False).headers["location"]
    stolen = parse_qs(urlsplit(httpx.get(first, follow_redirects=False).headers["location"]).query)["code"][0]
    second = desk.get("/oidc/sign-in", follow_redirects=False).headers["location"]
    state = parse_qs(urlsplit(second).query)["state"][0]
    answer = desk.get("/oidc/back", params={"code": stolen, "state": state}, follow_redirects=False)
    assert answer.status_code == 403


@pytest.mark.parametrize("known", ["nobody", "same e-mail address", "closed"])
def test_stranger_to_us_is_let_in_nowhere_and_no_account_is_made(
    desk: TestClient, service: Service, person, known: str
):
    if known == "closed":
        person(Role.BILLER, oidc_subject=f"{service.issuer}|person-1", active=False)
    elif known != "nobody":
        service.email = person(Role.BILLER).email
    with operational_store.reading() as db:
        before = len(db.exec(select(Staff.id)).all())
    answer = go(desk)
    assert answer.status_code == 403 and "no account here is yours" in answer.text
    with operational_store.reading() as db:
        assert len(db.exec(select(Staff.id)).all()) == before
        assert db.exec(select(StaffLogin.token_digest)).first() is None


@pytest.mark.parametrize("verified", [True, False])
def test_first_tie_needs_leave_of_an_administrator_and_a_verified_address(
    desk: TestClient, service: Service, at_the_desk, verified: bool
):
    admin, other = at_the_desk(Role.ADMIN), at_the_desk(Role.BILLER)
    assert admin.post(f"/accounts/{other.staff.id}/allow-service").status_code == 303
    service.email, service.email_verified = other.staff.email.upper(), verified
    assert go(desk).status_code == (303 if verified else 403)
    tied = accounts.person(other.staff.id).oidc_subject
    assert (tied == f"{service.issuer}|person-1") == verified
    if verified:
        service.email = "renamed@example.org"  # from then on the subject counts, not the address
        assert go(desk).status_code == 303
        assert admin.post(f"/accounts/{other.staff.id}/untie-service").status_code == 303
        assert go(desk).status_code == 403


@pytest.mark.parametrize(("acr", "comes_in"), [("mfa", True), ("pwd", False), (None, False)])
def test_service_must_have_asked_as_much_as_we_want(
    desk: TestClient, service: Service, member, monkeypatch: pytest.MonkeyPatch, acr: str | None, comes_in: bool
):
    monkeypatch.setenv("COUNTERSIGN_OIDC_ACR", "mfa phr")
    settings.cache_clear()
    service.claims = {"acr": acr}
    assert (go(desk).status_code == 303) == comes_in
    assert service.asked[0]["acr_values"] == "mfa phr"


def seat(desk: TestClient, staff: Staff) -> AtTheDesk:
    known = desk_logins.recognise(desk.cookies[LOGIN], by_hand=True)
    assert known is not None
    return AtTheDesk(staff, desk, known.csrf_token)


def age_proof(staff: Staff, minutes: int) -> None:
    with operational_store.writing() as db:
        for login in db.exec(select(StaffLogin).where(StaffLogin.staff_id == staff.id)).all():
            login.proved_at = utc_now() - timedelta(minutes=minutes)
            db.add(login)


def sign(seated: AtTheDesk, approval: Any) -> Any:
    shown = seated.get(f"/approvals/{approval.id}").text
    digest = re.search(r'name="seen_digest" value="(\w+)"', shown)
    assert digest
    return seated.post(f"/approvals/{approval.id}", seen_digest=digest.group(1), verdict="approve")


@pytest.mark.parametrize(("minutes", "status"), [(4, 303), (6, 422)])
def test_signature_rests_on_a_proof_of_the_last_five_minutes(
    desk: TestClient, service, member, risk_review, minutes: int, status: int
):
    approval = risk_review(member)
    go(desk)
    age_proof(member, minutes)
    assert sign(seat(desk, member), approval).status_code == status
    with operational_store.reading() as db:
        signed = db.exec(select(Decision.authenticated)).all()
    assert signed == ([AuthenticatedHow.DESK_OIDC] if status == 303 else [])


def test_old_proof_is_renewed_at_the_service(desk: TestClient, service: Service, member, risk_review):
    approval = risk_review(member)
    go(desk)
    age_proof(member, 30)
    answer = go(desk, f"/oidc/again?next=/approvals/{approval.id}")
    assert answer.headers["location"] == f"/approvals/{approval.id}"
    assert (service.asked[-1]["prompt"], service.asked[-1]["max_age"]) == ("login", "300")
    assert sign(seat(desk, member), approval).status_code == 303


@pytest.mark.parametrize("seconds", [-4000, None, 4000])
def test_renewal_that_did_not_ask_anew_is_not_believed(desk: TestClient, service: Service, member, seconds: int | None):
    go(desk)
    service.claims = {"auth_time": None if seconds is None else int(time.time()) + seconds}
    assert go(desk, "/oidc/again").status_code == 403


def test_renewal_by_somebody_else_changes_nothing(desk: TestClient, service: Service, member, person):
    person(Role.CLINICIAN, oidc_subject=f"{service.issuer}|person-2")
    go(desk)
    before = desk.cookies[LOGIN]
    service.subject = "person-2"
    assert go(desk, "/oidc/again").status_code == 403
    assert desk.cookies[LOGIN] == before


def test_service_that_does_not_answer_is_said_plainly(desk: TestClient, home, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COUNTERSIGN_OIDC_ISSUER", "http://127.0.0.1:9")
    monkeypatch.setenv("COUNTERSIGN_OIDC_CLIENT_ID", REGISTERED)
    settings.cache_clear()
    answer = desk.get("/oidc/sign-in", follow_redirects=False)
    assert answer.status_code == 503 and "does not answer" in answer.text


def test_desk_without_a_service_offers_none(desk: TestClient):
    assert "/oidc/" not in desk.get("/sign-in").text
    assert desk.get("/oidc/sign-in", follow_redirects=False).status_code == 409
