"""Every route: who may open it, what it needs, what its answers carry."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import Depends
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from adapters.settings import settings
from models.codes import Role
from rules.access import PUBLIC, ROUTES
from web.desk import app as desk_app
from web.desk import guards, oidc_pages, sign_in
from web.desk.members import member

DESK = Path(desk_app.__file__).parent

# Written by hand from what each role is for, not from the table it checks. One letter a role: clinician, cOordinator,
# Biller, aNalyst, oWner, coMpliance, aDmin.
LETTERS = dict(zip("COBNWMD", Role, strict=True))
EXPECTED = {
    "sign_out": "COBNWMD",
    "me": "COBNWMD",
    "enrol_page": "COBNWMD",
    "enrol_password": "COBNWMD",
    "enrol_qr": "COBNWMD",
    "enrol_app": "COBNWMD",
    "change_password": "COBNWMD",
    "begin_app": "COBNWMD",
    "make_recovery_codes": "COBNWMD",
    "revoke_login": "COBNWMD",
    "revoke_other_logins": "COBNWMD",
    "break_glass_page": "CO",
    "break_glass": "CO",
    "openings": "M",
    "opening": "M",
    "review_opening": "M",
    "accounts": "D",
    "account": "D",
    "add_account": "D",
    "change_account": "D",
    "reset_account": "D",
    "unlock_account": "D",
    "close_account": "D",
    "reopen_account": "D",
    "end_account_sign_ins": "D",
    "allow_account_service": "D",
    "untie_account_service": "D",
    "oidc_again": "COBNWMD",
    "queue": "COBNWMD",
    "queue_list": "COBNWMD",
    "cases": "COBNWMD",
    "case_page": "COBNWMD",
    "case_content": "C",
    "approval_page": "COBW",
    "decide": "COBW",
    "signed_page": "COBW",
    "case_progress": "COBW",
    "reassign": "COD",
    "to_do_page": "COBD",
    "claim_to_do": "COBD",
    "give_back_to_do": "COBD",
    "finish_to_do": "COBD",
    "stop_case": "COD",
    "reroute_case": "COD",
    "record_outcome": "COD",
    "book_by_hand": "CO",
    "set_ai_consent": "CO",
    "visits": "COD",
    "record_visit": "COD",
    "patient_reminders": "CO",
    "keep_patient_reminders": "CO",
    "claims": "BDW",
    "all_claims": "BDW",
    "claim_page": "BDWC",
    "step_claim": "BD",
    "claim_letter": "BDWC",
    "remitted_claim": "BDW",
    "settle_remitted": "BD",
    "coverage": "BDWO",
    "record_visit_payment": "BDO",
    "clearinghouse": "BDW",
    "put_aside_file": "BD",
    "notes": "COBNWMD",
    "find_notes": "CO",
    "note_page": "COBNWMD",
    "note_draft": "C",
    "change_note": "C",
    "sign_note": "C",
    "private_note": "C",
    "keep_private_note": "C",
    "add_addendum": "C",
    "note_pdf": "C",
    "note_fhir": "C",
    "note_changes": "CM",
    "patient_consents": "COM",
    "record_consent": "COM",
    "revoke_consent": "COM",
    "purge_session": "COM",
    "calendar": "CO",
    "calendar_week": "CO",
    "add_exception": "CO",
    "remove_exception": "CO",
    "add_hours": "CO",
    "end_hours": "CO",
    "make_series": "CO",
    "end_series": "CO",
    "move_appointment": "CO",
    "cancel_appointment": "CO",
    "import_calendar": "CO",
    "export_calendar": "CO",
    "rooms": "CO",
    "add_room": "O",
    "change_room": "O",
    "care": "CO",
    "care_page": "CO",
    "end_care": "CO",
    "assign_check_in": "C",
    "end_check_in": "C",
    "send_material": "C",
    "write_message": "CO",
    "library": "CO",
    "library_piece": "CO",
    "review_piece": "C",
    "intake": "CON",
    "quarantined_row": "CO",
    "upload": "O",
    "fix_file": "O",
    "dismiss_row": "O",
    "new_referral_page": "O",
    "new_referral": "O",
    "contract_docs": "ONWMD",
    "waitlist": "COD",
    "join_waitlist": "CO",
    "set_waitlist_priority": "CO",
    "leave_waitlist": "CO",
    "fill_from_waitlist": "CO",
    "waitlist_fairness": "CONWMD",
    "governance": "COBNWMD",
    "workflows": "CONWMD",
    "workflow_shadow": "CONWMD",
    "demote_workflow": "COWMD",
    "promote_page": "W",
    "promote_workflow": "W",
    "workflow_map": "COBNWMD",
    "workflow_waiting": "COBNWMD",
    "scorecard": "NWM",
    "scorecard_pdf": "NWM",
    "scorecard_chart": "NWM",
    "scorecard_figure": "NWM",
    "reader": "CWM",
    "steps": "CNWM",
    "step_page": "CNWM",
    "steps_plot": "CNWM",
    "minimum_necessary": "NWM",
    "minimum_necessary_csv": "NWM",
    "safety": "CWM",
    "safety_export": "CWM",
    "raise_test_alarm": "CWM",
    "acknowledge_test_alarm": "C",
    "practice_round": "C",
    "answer_practice_round": "C",
    "set_practice_rounds": "W",
    "retention": "M",
    "make_retention_list": "M",
    "place_hold": "M",
    "lift_hold": "M",
    "retention_list": "M",
    "sign_retention_list": "M",
    "patient_file_page": "M",
    "hand_out_patient_file": "M",
    "audit_reads": "M",
    "pilots": "CONWM",
    "pilot": "CONWM",
    "new_pilot": "W",
    "propose_pilot": "W",
    "sign_pilot": "CW",
    "end_pilot": "CWM",
    "look_at_pilot": "NW",
    "versions": "CNWMD",
    "version": "CNWMD",
    "sign_version": "CW",
    "discard_version": "CWMD",
    "go_back": "CWMD",
    "audit": "M",
    "audit_export": "M",
    "audit_export_found": "M",
}


def routes() -> Iterator[APIRoute]:
    for router in (sign_in.public, oidc_pages.public, *(room.router for room in desk_app.ROUTERS)):
        for route in router.routes:
            assert isinstance(route, APIRoute)
            yield route


CLOSED = sorted((route for route in routes() if route.name not in PUBLIC), key=lambda route: route.name)
CHANGING = [route for route in CLOSED if "POST" in route.methods]


def path_of(route: APIRoute) -> str:
    return re.sub(r"\{[^}]+\}", "none", route.path)


def method_of(route: APIRoute) -> str:
    return next(iter(route.methods - {"HEAD"}))


def test_every_route_stands_in_the_hand_written_table():
    assert {route.name for route in CLOSED} == set(EXPECTED) == set(ROUTES)


def test_every_routes_method_is_get_or_post():
    assert {method_of(route) for route in routes()} == {"GET", "POST"}


def test_strangers_are_shown_nothing_but_the_way_in():
    assert {"sign_in_page", "sign_in", "oidc_sign_in", "oidc_back", "healthz", "health", "metrics", "assets"} == PUBLIC


@pytest.mark.parametrize("route", CLOSED, ids=lambda route: route.name)
def test_route_sends_a_stranger_to_sign_in(desk: TestClient, route: APIRoute):
    answer = desk.request(method_of(route), path_of(route), follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=")


@pytest.mark.parametrize("role", Role)
def test_role_opens_its_routes_and_no_others(at_the_desk, role: Role):
    """A route that opens may still find nothing (409) or miss a field (422); it never says the role is wrong."""
    seated = at_the_desk(role)
    opened = set()
    for route in CLOSED:
        if route.name == "sign_out":
            continue
        method = method_of(route)
        answer = seated.get(path_of(route)) if method == "GET" else seated.post(path_of(route))
        assert answer.status_code < 500, route.name
        if not (answer.status_code == 403 and "not for the role" in answer.text):
            opened.add(route.name)
    assert opened == {name for name, roles in EXPECTED.items() if role in {LETTERS[it] for it in roles}} - {"sign_out"}


@pytest.mark.parametrize("route", CHANGING, ids=lambda route: route.name)
@pytest.mark.parametrize("token", ["forged", "", "§"])
def test_form_without_its_token_is_refused(at_the_desk, route: APIRoute, token: str):
    seated = at_the_desk(next(iter(sorted(ROUTES[route.name]))))
    seated.token = token
    answer = seated.post(path_of(route))
    assert answer.status_code == 403
    assert "another sign-in" in answer.text


@pytest.mark.parametrize(
    "sent_from",
    [
        {"origin": "https://elsewhere.example.com"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://testserver", "sec-fetch-site": "cross-site"},
    ],
)
@pytest.mark.parametrize("route", [*CHANGING, *sign_in.public.routes], ids=lambda route: route.name)
def test_post_from_another_site_is_refused(at_the_desk, route: APIRoute, sent_from: dict[str, str]):
    """Even with the right token and cookie."""
    if "POST" not in route.methods:
        pytest.skip("changes nothing")
    seated = at_the_desk(next(iter(sorted(ROUTES.get(route.name, {Role.OWNER})))))
    answer = seated.browser.post(path_of(route), data={"csrf_token": seated.token}, headers=sent_from)
    assert answer.status_code == 403
    assert "sent by another site" in answer.text


@pytest.mark.parametrize("sent_from", [{"origin": "http://testserver"}, {"sec-fetch-site": "same-origin"}, {}])
def test_post_from_our_own_page_is_taken(at_the_desk, sent_from: dict[str, str]):
    seated = at_the_desk(Role.BILLER)
    answer = seated.browser.post(
        "/sign-out", data={"csrf_token": seated.token}, headers=sent_from, follow_redirects=False
    )
    assert answer.status_code == 303


def test_post_is_ours_under_the_public_address(home: Path, monkeypatch: pytest.MonkeyPatch):
    """Behind the practice's proxy the desk may be asked by another host name than the one staff see."""
    monkeypatch.setenv("COUNTERSIGN_PUBLIC_DESK_URL", "https://desk.example.org")
    settings.cache_clear()
    asked = {"host": "127.0.0.1:8480", "origin": "https://desk.example.org"}
    assert guards.sent_by_us(guards.Headers(asked))
    assert not guards.sent_by_us(guards.Headers(asked | {"origin": "https://desk.example.org.evil.example"}))


def unlisted() -> None:
    """A page nobody gave to any role."""


@pytest.mark.parametrize(
    ("name", "asks"),
    [("unlisted", True), ("me", False), ("", True)],
    ids=["in no table", "listed, but asks nobody", "without a name"],
)
def test_desk_does_not_start_with_a_route_nobody_thought_about(home: Path, name: str, asks: bool):
    app = desk_app.make_app()
    app.add_api_route("/unlisted", unlisted, name=name, dependencies=[Depends(member)] if asks else [])
    with pytest.raises(desk_app.RouteUnlisted):
        desk_app.check_routes(app)


def test_refresh_of_a_stranger_sends_the_whole_page_to_sign_in(desk: TestClient):
    answer = desk.get("/queue", headers={"hx-request": "true"})
    assert answer.headers["hx-redirect"] == "/sign-in"


def test_healthz_answers_strangers(desk: TestClient):
    assert desk.get("/healthz").json() == {"status": "ok"}


def test_address_that_is_no_page_says_so(desk: TestClient):
    answer = desk.get("/nowhere")
    assert answer.status_code == 404 and "There is no such page" in answer.text


def test_desk_opens_the_therapy_database_in_few_modules():
    openers = {path.name for path in DESK.glob("*.py") if "therapy_store" in path.read_text()}
    assert openers == {"claim_evidence.py", "evidence.py", "note_evidence.py", "private_notes.py"}


def test_private_notes_are_opened_by_their_own_page_alone():
    openers = {path.name for path in DESK.glob("*.py") if "therapy_store_private" in path.read_text()}
    assert openers == {"private_notes.py"}


def test_templates_fetch_nothing_from_elsewhere_and_hold_no_inline_code():
    for path in (DESK.parents[1] / "templates" / "desk").glob("*.html"):
        text = path.read_text()
        assert not re.search(r"https?://", text), path.name
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text), path.name
