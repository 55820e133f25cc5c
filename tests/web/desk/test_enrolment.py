"""From the first password to the desk, one's own account page, and the administrator's pages of accounts."""

import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from acts import accounts, signers
from adapters import credentials, desk_logins, operational_store, staff_secrets
from models.codes import Role
from models.columns import utc_now
from models.errors import NotAllowed
from models.operational import AuditEvent, OutboxMessage, RecoveryCode, Staff
from rules.access import ENROLMENT, ROUTES
from tests.web.desk.conftest import PASSWORD, AtTheDesk
from tests.web.desk.test_routes import CLOSED, method_of, path_of
from tests.web.desk.test_sign_in import sign_in
from web.desk.app import make_app
from web.desk.cookies import KNOWN, LOGIN

OWN = "tidal seven lamp oak"


def row(staff_id: str) -> Staff:
    with operational_store.reading() as db:
        return db.get_one(Staff, staff_id)


def csrf(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found.group(1)


def code_of_pending(staff_id: str) -> str:
    return credentials.totp_now(staff_secrets.opened_pending(row(staff_id)), utc_now())


def first_sign_in(browser: TestClient, made: accounts.NewSignIn, **changed: str) -> Any:
    token = re.search(r'name="form_token" value="([^"]+)"', browser.get("/sign-in").text)
    assert token
    fields = {"email": made.email, "password": made.password, "code": "", "form_token": token.group(1)}
    return browser.post("/sign-in", data=fields | changed, follow_redirects=False)


@pytest.fixture
def made(place) -> accounts.NewSignIn:
    return accounts.add("Wanda Test", "wanda.test@example.org", Role.COORDINATOR, [], actor="command line")


def enrol(browser: TestClient, made: accounts.NewSignIn) -> list[str]:
    """All steps as a browser takes them; returns the recovery codes."""
    assert first_sign_in(browser, made).status_code == 303
    page = browser.get("/enrol").text
    browser.post("/enrol/password", data={"csrf_token": csrf(page), "password": OWN, "again": OWN})
    page = browser.get("/enrol").text
    answer = browser.post(
        "/enrol/app", data={"csrf_token": csrf(page), "code": code_of_pending(made.staff_id)}, follow_redirects=False
    )
    assert answer.status_code == 200
    return re.findall(r"<code>([a-z0-9-]{19})</code>", answer.text)


def test_new_person_comes_from_first_password_to_desk(desk: TestClient, made: accounts.NewSignIn):
    cookies = []
    assert first_sign_in(desk, made).status_code == 303
    cookies.append(desk.cookies[LOGIN])
    assert desk.get("/", follow_redirects=False).headers["location"] == "/enrol"
    page = desk.get("/enrol").text
    assert "Choose your own password" in page and "/cases" not in page
    answer = desk.post("/enrol/password", data={"csrf_token": csrf(page), "password": OWN, "again": OWN})
    cookies.append(desk.cookies[LOGIN])
    assert "Set up your authenticator app" in answer.text
    secret = staff_secrets.opened_pending(row(made.staff_id))
    shown = re.search(r'id="secret">([A-Z2-7 ]+)<', answer.text)
    assert shown and shown.group(1).replace(" ", "") == secret
    picture = desk.get("/enrol/qr.svg")
    assert picture.headers["content-type"].startswith("image/svg+xml") and b"<svg" in picture.content
    assert picture.headers["cache-control"] == "no-store"
    wrong = desk.post("/enrol/app", data={"csrf_token": csrf(answer.text), "code": "12345"})
    assert wrong.status_code == 422 and row(made.staff_id).must_enrol
    answer = desk.post("/enrol/app", data={"csrf_token": csrf(answer.text), "code": code_of_pending(made.staff_id)})
    cookies.append(desk.cookies[LOGIN])
    assert len(set(re.findall(r"<code>([a-z0-9-]{19})</code>", answer.text))) == 10
    assert desk.get("/").status_code == 200
    assert desk.get("/enrol/qr.svg").status_code == 409
    staff = row(made.staff_id)
    assert not staff.must_enrol and staff.first_password_until is None and staff.totp_pending == ""
    assert secret not in staff.totp_secret and staff_secrets.opened(staff) == secret
    assert len(set(cookies)) == 3
    assert [desk_logins.recognise(each, by_hand=True) is not None for each in cookies] == [False, False, True]


def test_enrolling_opens_nothing_else(desk: TestClient, made: accounts.NewSignIn):
    assert first_sign_in(desk, made).status_code == 303
    token = csrf(desk.get("/enrol").text)
    for route in CLOSED:
        if route.name in ENROLMENT:
            continue
        answer = (
            desk.request(method_of(route), path_of(route), data={"csrf_token": token}, follow_redirects=False)
            if method_of(route) == "POST"
            else desk.get(path_of(route), follow_redirects=False)
        )
        assert (answer.status_code, answer.headers.get("location")) == (303, "/enrol"), route.name
    assert set(ROUTES) > ENROLMENT


def test_app_is_not_shown_before_the_password_is_ones_own(desk: TestClient, made: accounts.NewSignIn):
    assert first_sign_in(desk, made).status_code == 303
    token = csrf(desk.get("/enrol").text)
    assert desk.get("/enrol/qr.svg").status_code == 409
    assert desk.post("/enrol/app", data={"csrf_token": token, "code": "000000"}).status_code == 409


@pytest.mark.parametrize(
    ("password", "again", "why"),
    [
        ("elevensigns", "elevensigns", "at least 12"),
        (OWN, OWN + "x", "not the same"),
        ("password123456", "password123456", "well-known"),
        ("wanda.test.2026", "wanda.test.2026", "your name"),
        ("given", "given", "another password"),
    ],
)
def test_password_that_will_not_do_is_refused_in_words(
    desk: TestClient, made: accounts.NewSignIn, password: str, again: str, why: str
):
    assert first_sign_in(desk, made).status_code == 303
    typed = {"password": made.password, "again": made.password} if password == "given" else {}
    fields = {"csrf_token": csrf(desk.get("/enrol").text), "password": password, "again": again} | typed
    answer = desk.post("/enrol/password", data=fields)
    assert answer.status_code == 422 and why in answer.text
    assert credentials.verify_password(row(made.staff_id).password_hash, made.password)


def test_first_password_ends(desk: TestClient, made: accounts.NewSignIn):
    with operational_store.writing() as db:
        db.get_one(Staff, made.staff_id).first_password_until = utc_now() - timedelta(seconds=1)
    assert first_sign_in(desk, made).status_code == 403


@pytest.mark.parametrize("changed", [{"password": "wrong"}, {"code": "000000"}])
def test_first_sign_in_refuses_like_any_other(desk: TestClient, made: accounts.NewSignIn, changed: dict[str, str]):
    answer = first_sign_in(desk, made, **changed)
    assert answer.status_code == 403 and "These do not fit" in answer.text
    assert row(made.staff_id).failed_attempts == 1


def test_password_alone_is_not_enough_once_enrolled(desk: TestClient, made: accounts.NewSignIn):
    enrol(desk, made)
    made = accounts.NewSignIn(made.staff_id, made.email, OWN)
    assert first_sign_in(desk, made).status_code == 403


def test_first_password_opens_no_terminal(made: accounts.NewSignIn):
    with pytest.raises(NotAllowed):
        signers.sign_in(made.email, made.password, "")


def test_recovery_code_lets_in_once_and_tells_its_owner(desk: TestClient, made: accounts.NewSignIn):
    codes = enrol(desk, made)
    with operational_store.reading() as db:
        kept = db.exec(select(RecoveryCode.code_hash)).all()
    assert len(kept) == 10 and not set(codes) & set(kept)
    own = accounts.NewSignIn(made.staff_id, made.email, OWN)
    assert first_sign_in(desk, own, password="wrong", code=codes[0]).status_code == 403
    typed = codes[0].upper().replace("-", " ")
    assert first_sign_in(desk, own, code=typed).status_code == 303
    assert desk.get("/me").status_code == 200
    assert accounts.recovery_codes_left(made.staff_id) == 9
    assert first_sign_in(desk, own, code=codes[0]).status_code == 403
    with operational_store.reading() as db:
        told = db.exec(select(OutboxMessage).where(OutboxMessage.template == "recovery_code_used")).all()
        events = db.exec(select(AuditEvent).where(AuditEvent.action == "recovery_code.used")).all()
    assert [message.to_staff_id for message in told] == [made.staff_id]
    assert [event.details for event in events] == [{"left": 9}]


def test_recovery_code_of_another_person_opens_nothing(desk: TestClient, made: accounts.NewSignIn, at_the_desk):
    codes = enrol(desk, made)
    other = at_the_desk(Role.BILLER)
    assert sign_in(desk, other, code=codes[0]).status_code == 403
    assert accounts.recovery_codes_left(made.staff_id) == 10


def test_recovery_code_does_not_pass_a_locked_door(desk: TestClient, made: accounts.NewSignIn):
    codes = enrol(desk, made)
    with operational_store.writing() as db:
        db.get_one(Staff, made.staff_id).browser_locked_until = utc_now() + timedelta(minutes=5)
    own = accounts.NewSignIn(made.staff_id, made.email, OWN)
    assert first_sign_in(desk, own, code=codes[0]).status_code == 403
    assert accounts.recovery_codes_left(made.staff_id) == 10


def test_recovery_code_signs_no_decision(desk: TestClient, at_the_desk, risk_review):
    seated = at_the_desk(Role.CLINICIAN)
    codes = accounts.new_recovery_codes(seated.staff.id)
    answer = seated.sign(risk_review(seated.staff), verdict="approve", code=codes[0])
    assert answer.status_code == 422
    assert accounts.recovery_codes_left(seated.staff.id) == 10


# -- one's own account


def proof(seated: AtTheDesk, **more: str) -> dict[str, str]:
    return {"current": PASSWORD, "code": seated.code(), **more}


def test_change_of_password_ends_every_other_sign_in(at_the_desk):
    here = at_the_desk(Role.BILLER)
    there = at_the_desk(here.staff)
    answer = here.post("/me/password", **proof(here, password=OWN, again=OWN))
    assert answer.headers["location"] == "/me?done=password"
    assert here.get("/me").status_code == 200
    assert there.get("/me").status_code == 303
    assert credentials.verify_password(row(here.staff.id).password_hash, OWN)
    assert row(here.staff.id).password_changed_at is not None


@pytest.mark.parametrize("path", ["/me/password", "/me/app", "/me/recovery-codes"])
@pytest.mark.parametrize("wrong", [{"current": "wrong"}, {"code": "000000"}])
def test_account_changes_need_a_fresh_proof(at_the_desk, path: str, wrong: dict[str, str]):
    seated = at_the_desk(Role.BILLER)
    accounts.new_recovery_codes(seated.staff.id)
    with operational_store.reading() as db:
        before = set(db.exec(select(RecoveryCode.code_hash)).all())
    answer = seated.post(path, **(proof(seated, password=OWN, again=OWN) | wrong))
    assert answer.status_code == 422 and "does not fit" in answer.text
    with operational_store.reading() as db:
        assert set(db.exec(select(RecoveryCode.code_hash)).all()) == before
    assert row(seated.staff.id).totp_pending == ""
    assert row(seated.staff.id).password_hash == seated.staff.password_hash


def test_new_app_takes_over_when_it_is_confirmed(at_the_desk):
    seated = at_the_desk(Role.BILLER)
    old = staff_secrets.opened(row(seated.staff.id))
    assert seated.post("/me/app", **proof(seated)).headers["location"] == "/enrol"
    assert staff_secrets.opened(row(seated.staff.id)) == old
    assert "Set up your authenticator app" in seated.get("/enrol").text
    assert seated.get("/cases").status_code == 200  # whoever is enrolled may go on working meanwhile
    assert seated.post("/enrol/app", code=code_of_pending(seated.staff.id)).status_code == 200
    assert staff_secrets.opened(row(seated.staff.id)) not in ("", old)


def test_lost_phone_is_replaced_with_a_recovery_code(at_the_desk):
    seated = at_the_desk(Role.BILLER)
    code = accounts.new_recovery_codes(seated.staff.id)[3]
    assert seated.post("/me/app", current=PASSWORD, code=code).headers["location"] == "/enrol"


def test_new_recovery_codes_end_the_old_ones(at_the_desk):
    seated = at_the_desk(Role.BILLER)
    old = accounts.new_recovery_codes(seated.staff.id)
    answer = seated.post("/me/recovery-codes", **proof(seated))
    fresh = re.findall(r"<code>([a-z0-9-]{19})</code>", answer.text)
    assert len(fresh) == 10 and not set(fresh) & set(old)
    with pytest.raises(NotAllowed):
        signers.sign_in(seated.staff.email, PASSWORD, old[0])
    assert signers.sign_in(seated.staff.email, PASSWORD, fresh[0]).id == seated.staff.id


def test_own_browsers_are_listed_and_revoked_and_nobody_elses(at_the_desk):
    here = at_the_desk(Role.BILLER)
    there, stranger = at_the_desk(here.staff), at_the_desk(Role.BILLER)
    shown = re.findall(r'name="login" value="(\w+)"', here.get("/me").text)
    assert shown == [desk_logins.digest_of(there.browser.cookies[LOGIN])]
    here.post("/me/logins/revoke", login=desk_logins.digest_of(stranger.browser.cookies[LOGIN]))
    assert stranger.get("/me").status_code == 200
    here.post("/me/logins/revoke", login=shown[0])
    assert (here.get("/me").status_code, there.get("/me").status_code) == (200, 303)


def test_sign_out_everywhere_else_leaves_this_browser(at_the_desk):
    here = at_the_desk(Role.BILLER)
    others = [at_the_desk(here.staff) for _ in range(2)]
    here.post("/me/logins/revoke-others")
    assert here.get("/me").status_code == 200
    assert [other.get("/me").status_code for other in others] == [303, 303]


# -- the lock, and who it may keep out


def test_stranger_who_fails_locks_nobody_out_of_a_known_browser(desk: TestClient, at_the_desk):
    seated = at_the_desk(Role.CLINICIAN)
    assert sign_in(desk, seated).status_code == 303
    with TestClient(make_app()) as elsewhere:
        for _ in range(6):
            assert sign_in(elsewhere, seated, password="guess").status_code == 403
        assert row(seated.staff.id).locked_until is not None
        assert sign_in(elsewhere, seated).status_code == 403
    desk.cookies.delete(LOGIN)
    assert sign_in(desk, seated).status_code == 303
    assert KNOWN in desk.cookies


def test_stranger_who_fails_keeps_nobody_from_signing(at_the_desk, risk_review):
    seated = at_the_desk(Role.CLINICIAN)
    with operational_store.writing() as db:
        db.get_one(Staff, seated.staff.id).locked_until = utc_now() + timedelta(hours=1)
    assert seated.sign(risk_review(seated.staff), verdict="approve").status_code == 303


def test_known_browser_is_known_for_its_own_person_alone(desk: TestClient, at_the_desk):
    mine, other = at_the_desk(Role.CLINICIAN), at_the_desk(Role.BILLER)
    assert sign_in(desk, mine).status_code == 303
    sign_in(desk, other, password="guess")
    assert (row(other.staff.id).failed_attempts, row(other.staff.id).browser_failures) == (1, 0)
    sign_in(desk, mine, password="guess")
    assert (row(mine.staff.id).failed_attempts, row(mine.staff.id).browser_failures) == (0, 1)


def test_new_password_makes_every_browser_a_stranger(desk: TestClient, at_the_desk):
    seated = at_the_desk(Role.CLINICIAN)
    assert sign_in(desk, seated).status_code == 303
    accounts.choose_password(seated.staff.id, OWN)
    sign_in(desk, seated, password="guess")
    assert row(seated.staff.id).failed_attempts == 1


# -- the administrator


def told_of(staff_id: str) -> list[str | None]:
    with operational_store.reading() as db:
        found = db.exec(select(OutboxMessage).where(OutboxMessage.template == "rights_changed")).all()
    return [each.to_staff_id for each in found if each.facts["staff_id"] == staff_id]


def test_admin_adds_an_account_that_can_enrol(at_the_desk, person, desk: TestClient):
    admin, officer = at_the_desk(Role.ADMIN), person(Role.COMPLIANCE)
    fields = {"name": "Wanda Test", "email": "Wanda.Test@example.org", "role": "biller", "locations": "LOC-1"}
    page = admin.post("/accounts", **fields).text
    password = re.search(r'id="first-password">([a-z-]+)<', page)
    assert password
    staff_id = accounts.id_of("wanda.test@example.org")
    assert told_of(staff_id) == [officer.id]
    assert len(enrol(desk, accounts.NewSignIn(staff_id, "wanda.test@example.org", password.group(1)))) == 10


def test_page_of_accounts_says_where_clinicians_come_from(at_the_desk):
    assert "countersign practice apply" in at_the_desk(Role.ADMIN).get("/accounts").text


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"role": "clinician"}, "needs licences"),
        ({"role": "emperor"}, "Choose a role"),
        ({"email": "nobody"}, "an e-mail address"),
        ({"locations": "LOC-9"}, "Unknown locations"),
    ],
)
def test_account_that_cannot_be_is_refused_in_words(at_the_desk, fields: dict[str, str], why: str):
    admin = at_the_desk(Role.ADMIN)
    answer = admin.post("/accounts", **({"name": "W", "email": "w@example.org", "role": "biller"} | fields))
    assert answer.status_code == 422 and why in answer.text


def test_closed_account_is_out_at_once(at_the_desk):
    admin, other = at_the_desk(Role.ADMIN), at_the_desk(Role.BILLER)
    assert admin.post(f"/accounts/{other.staff.id}/close").status_code == 303
    assert other.get("/me").status_code == 303
    admin.post(f"/accounts/{other.staff.id}/reopen")
    assert other.get("/me").status_code == 303  # the old sign-in does not come back with the account
    assert row(other.staff.id).active


def test_change_of_rights_ends_sign_ins_and_is_told_to_compliance(at_the_desk, person):
    admin, other, officer = at_the_desk(Role.ADMIN), at_the_desk(Role.BILLER), person(Role.COMPLIANCE)
    fields = {"role": "coordinator", "locations": "LOC-1", "team": "T"}
    assert admin.post(f"/accounts/{other.staff.id}/rights", **fields).status_code == 303
    assert row(other.staff.id).role == Role.COORDINATOR
    assert other.get("/me").status_code == 303
    assert told_of(other.staff.id) == [officer.id]
    with operational_store.reading() as db:
        event = db.exec(select(AuditEvent).where(AuditEvent.action == "staff.rights_changed")).one()
    assert (event.actor, event.details["before"]["role"], event.details["after"]["role"]) == (
        admin.staff.id,
        "biller",
        "coordinator",
    )


def test_admin_gives_themselves_nothing(at_the_desk):
    admin = at_the_desk(Role.ADMIN)
    for path in ("rights", "reset", "close"):
        answer = admin.post(f"/accounts/{admin.staff.id}/{path}", role="coordinator", locations="LOC-1")
        assert answer.status_code == 422 and "Somebody else" in answer.text
    assert row(admin.staff.id).role == Role.ADMIN and row(admin.staff.id).active


def test_nobody_becomes_a_clinician_without_licences(at_the_desk, person):
    admin, other = at_the_desk(Role.ADMIN), person(Role.BILLER)
    answer = admin.post(f"/accounts/{other.id}/rights", role="clinician", locations="LOC-1")
    assert answer.status_code == 422 and "needs licences" in answer.text


def test_reset_starts_anew_and_is_told_to_owner_and_compliance(at_the_desk, person, desk: TestClient):
    admin, other, officer = at_the_desk(Role.ADMIN), at_the_desk(Role.CLINICIAN), person(Role.COMPLIANCE)
    accounts.new_recovery_codes(other.staff.id)
    page = admin.post(f"/accounts/{other.staff.id}/reset").text
    password = re.search(r'id="first-password">([a-z-]+)<', page)
    assert password
    assert other.get("/me").status_code == 303
    assert sorted(told_of(other.staff.id)) == sorted([other.staff.id, officer.id])
    assert accounts.recovery_codes_left(other.staff.id) == 0
    assert len(enrol(desk, accounts.NewSignIn(other.staff.id, other.staff.email, password.group(1)))) == 10


def test_unlock_opens_every_door(at_the_desk, person):
    later = utc_now() + timedelta(hours=1)
    locks = {"locked_until": later, "browser_locked_until": later, "prefect_locked_until": later, "failed_attempts": 9}
    other = person(Role.BILLER, **locks)
    assert at_the_desk(Role.ADMIN).post(f"/accounts/{other.id}/unlock").status_code == 303
    assert {getattr(row(other.id), name) for name in locks} == {None, 0}


def test_every_act_on_an_account_is_on_record(at_the_desk, person):
    admin, other = at_the_desk(Role.ADMIN), person(Role.BILLER)
    for path in ("unlock", "end-sign-ins", "reset", "close", "reopen"):
        admin.post(f"/accounts/{other.id}/{path}")
    with operational_store.reading() as db:
        found = db.exec(
            select(AuditEvent.action)
            .where(AuditEvent.subject_id == other.id, AuditEvent.actor == admin.staff.id)
            .order_by(col(AuditEvent.id))
        ).all()
    assert [each for each in found if each != "login.revoked"] == [
        "staff.unlocked",
        "staff.reset",
        "staff.closed",
        "staff.opened",
    ]
