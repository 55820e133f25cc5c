"""A desk on a fresh installation, people at it, and cases that wait."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from adapters import credentials, desk_logins, operational_store, staff_secrets, therapy_store
from models.codes import ApprovalKind, ReferralStatus, RiskLevel, Role
from models.columns import utc_now
from models.operational import Approval, Clinician, Licence, Location, Staff
from models.therapy_text import TherapyText
from rules import sign_off
from tests import factories
from web.desk import sign_in
from web.desk.app import make_app
from web.desk.cookies import LOGIN, over_https

PASSWORD = "a-long-enough-sentence"
HASHED = credentials.hash_password(PASSWORD)
WORDS = "I want to die <b>now</b> & I have a plan."


@dataclass
class AtTheDesk:
    """One member of staff in front of a browser."""

    staff: Staff
    browser: TestClient
    token: str

    def get(self, path: str, **more: Any) -> Any:
        return self.browser.get(path, follow_redirects=False, **more)

    def post(self, path: str, **fields: Any) -> Any:
        return self.browser.post(path, data={"csrf_token": self.token, **fields}, follow_redirects=False)

    def code(self) -> str:
        """A one-time code that was not used yet, within the drift that is allowed."""
        with operational_store.reading() as db:
            used = operational_store.one(db, Staff, self.staff.id).totp_last_step
        step = max(used + 1, int(utc_now().timestamp()) // credentials.STEP_SECONDS)
        return credentials.pyotp.TOTP(staff_secrets.opened(self.staff)).at(step * credentials.STEP_SECONDS)

    def sign(self, approval: Approval, **fields: Any) -> Any:
        """Open the sign-off as a browser does and post its form."""
        shown = self.get(f"/approvals/{approval.id}").text
        found = re.search(r'name="seen_digest" value="(\w+)"', shown)
        proof = {"seen_digest": found.group(1) if found else "", "password": PASSWORD, "code": self.code()}
        return self.post(f"/approvals/{approval.id}", **(proof | fields))


@pytest.fixture(autouse=True)
def fresh_delays() -> Iterator[None]:
    """All tests sign in from one address: what one of them failed must not slow the next."""
    sign_in.ATTEMPTS.clear()
    yield
    sign_in.ATTEMPTS.clear()


@pytest.fixture
def place(home: Path) -> Location:
    return factories.make_location(id="LOC-1")


@pytest.fixture
def person(place: Location) -> Any:
    """Makes a member of staff of a role."""

    def make(role: Role, **given: Any) -> Staff:
        given = {"location": place, "password_hash": HASHED, "totp_secret": credentials.new_totp_secret()} | given
        staff = factories.make_staff(role=role, **given)
        if role == Role.CLINICIAN:
            _license(staff)
        return staff

    return make


def _license(staff: Staff) -> None:
    with operational_store.writing() as db:
        db.add(Clinician(id=staff.id, npi="1234567893", credential="LCSW", focus_areas=[]))
        db.flush()
        db.add(Licence(clinician_id=staff.id, state="OR", number="OR-1", expires_on=date(2099, 1, 1)))


@cache
def app(https: bool) -> FastAPI:
    """The desk, made once for all tests: it keeps nothing, and making it takes longer than most tests do."""
    return make_app()


@pytest.fixture
def desk(home: Path) -> Iterator[TestClient]:
    with TestClient(app(over_https())) as browser:
        yield browser


@pytest.fixture
def at_the_desk(person: Any) -> Iterator[Any]:
    """Puts a person of a role (or this very person) in front of a browser of their own, signed in."""
    opened = []

    def sit(who: Role | Staff, **given: Any) -> AtTheDesk:
        staff = who if isinstance(who, Staff) else person(who, **given)
        token = desk_logins.open_login(staff.id)
        browser = TestClient(app(over_https()), cookies={LOGIN: token})
        browser.__enter__()
        opened.append(browser)
        known = desk_logins.recognise(token, by_hand=True)
        assert known is not None
        return AtTheDesk(staff, browser, known.csrf_token)

    yield sit
    for browser in opened:
        browser.__exit__(None, None, None)


@pytest.fixture
def risk_review(place: Location) -> Any:
    """Makes a case that waits for a risk review: a text with two overlapping flags, and a PHQ-9 with item 9."""

    def make(assigned_to: Staff | None, level: RiskLevel = RiskLevel.HIGH, **given: Any) -> Approval:
        patient = factories.make_patient(given_name="Noor", family_name="Vantongeren")
        case = factories.make_referral(ReferralStatus.RISK_REVIEW, patient=patient, location=place, risk_level=level)
        text_id = therapy_store.add_text(case.case_number, "referral_text", TherapyText(WORDS))
        content = review_content(case.case_number, text_id, level)
        return factories.make_approval(
            ApprovalKind.RISK_REVIEW,
            referral=case,
            content=sign_off.canonical(content),
            level=level,
            **{"assigned_to": assigned_to.id if assigned_to else None} | given,
        )

    return make


def review_content(case_number: str, text_id: str, level: RiskLevel) -> dict[str, Any]:
    flag = {
        "id": "FL-1",
        "kind": "suicidal_ideation",
        "status": "present",
        "level": "moderate",
        "raised_by": "classifier",
        "rule_id": "risk-reader",
        "why": "wish to die",
        "version": "v7",
        "probability": 0.91,
        "text_id": text_id,
        "starts": 2,
        "ends": 24,
        "reviewed": False,
    }
    plan = flag | {
        "id": "FL-2",
        "kind": "suicide_plan_intent_or_behaviour",
        "level": "high",
        "raised_by": "rule",
        "rule_id": "plan.have",
        "why": "speaks of a plan",
        "version": "lexicon-1",
        "probability": 0.88,
        "starts": 14,
        "ends": 40,
    }
    return {
        "kind": "risk_review",
        "case": case_number,
        "level": level.value,
        "disposition": "continue_intake",
        "safety_note": "",
        "classifier": {"allowed": False, "ask_a_person": True, "reasons": ["not asked for consent"], "citations": []},
        "flags": [flag, plan],
        "measures": [
            {
                "measure": "phq9",
                "version": "phq9-en-1",
                "total": 10,
                "band": "moderate",
                "complete": True,
                "answers": {**{str(n): 1 for n in range(1, 9)}, "9": 2},
                "source_key": "portal",
            }
        ],
        "texts": [{"id": text_id, "kind": "referral_text", "sha256": sign_off.digest(WORDS)}],
    }


@pytest.fixture
def assignment(place: Location, person: Any) -> Any:
    """Makes a case that waits to be assigned: one clinician proposed, one excluded."""

    def make(assigned_to: Staff | None) -> tuple[Approval, Staff, Staff]:
        fits, excluded = person(Role.CLINICIAN), person(Role.CLINICIAN)
        patient = factories.make_patient(given_name="Noor", family_name="Vantongeren")
        case = factories.make_referral(ReferralStatus.ASSIGNMENT, patient=patient, location=place, risk_cleared=True)
        content = {
            "kind": "assignment",
            "case": case.case_number,
            "clinician_id": fits.id,
            "candidates": [
                {
                    "clinician_id": fits.id,
                    "score": 0.8,
                    "reasons_for": ["free on Tuesday"],
                    "reasons_against": ["almost full"],
                }
            ],
            "excluded": [{"clinician_id": excluded.id, "reasons": ["not on the panel"]}],
            "coverage": {"status": "unknown", "reason": "no answer yet"},
        }
        approval = factories.make_approval(
            ApprovalKind.ASSIGNMENT,
            referral=case,
            content=sign_off.canonical(content),
            assigned_to=assigned_to.id if assigned_to else None,
            due_at=utc_now() + timedelta(hours=20),
        )
        return approval, fits, excluded

    return make
