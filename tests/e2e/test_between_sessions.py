"""Between two sessions in a real browser: a patient answers on a phone, a clinician asks, reads, signs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from acts import check_in_answers
from adapters.settings import settings
from models.codes import FollowUpStatus, Role
from models.operational import FollowUp
from models.scheduling_codes import CheckInKind
from models.therapy_text import TherapyText
from tests.e2e.browser import CHROMIUM, PHONE, served
from tests.e2e.page_checks import axe
from tests.e2e.test_desk import address, sign, sign_in, visit
from tests.factories import make_check_in, make_episode, make_patient, make_plan
from tests.rules.test_check_ins import phq9
from tests.web.desk.conftest import person, place
from tests.web.desk.test_care import found, gate
from web.portal.app import make_app as make_portal

__all__ = ["address", "person", "place", "visit"]

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed")
PICTURES = os.environ.get("COUNTERSIGN_TEST_PICTURES")


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


@pytest.fixture
def portal(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with served(make_portal()) as url:
        monkeypatch.setenv("COUNTERSIGN_PUBLIC_PORTAL_URL", url)
        settings.cache_clear()
        yield url


def test_patient_answers_what_is_asked_on_a_phone(portal: str, chromium: Browser) -> None:
    episode = make_episode()
    _, token, _ = make_check_in(episode, CheckInKind.MOOD)
    make_check_in(episode, plan=make_plan(episode, CheckInKind.PHQ9))
    window = chromium.new_context(viewport=PHONE, device_scale_factor=2)
    page = window.new_page()
    page.goto(f"{portal}/l/{token}")
    page.locator("#month").select_option("4")
    page.locator("#day").fill("23")
    page.locator("#year").fill("1990")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", name="How are you?")).to_be_visible()
    assert axe(page) == []
    page.get_by_label("7", exact=True).check()
    picture(page, "portal-check-in-mood")
    page.get_by_role("button", name="Send my answers").click()
    expect(page.locator("input[name=item_9]").first).to_be_visible()
    for item in range(1, 9):
        page.locator(f"input[name=item_{item}]").first.check()
    page.locator("input[name=item_9]").nth(1).check()
    page.get_by_label("Is there anything you would like to add?").fill("A long week.")
    page.get_by_role("button", name="Send my answers").click()
    expect(page.get_by_role("link", name="Call 988")).to_be_visible()
    expect(page.get_by_text("We have your answers")).to_be_visible()
    assert axe(page) == []
    page.goto(f"{portal}/l/{token}")
    expect(page.get_by_role("heading", name="You have already answered")).to_be_visible()
    window.close()


def test_clinician_asks_reads_and_signs_an_escalation(visit, person, place) -> None:
    clinician = person(Role.CLINICIAN)
    episode = make_episode(
        patient=make_patient(given_name="Noor", family_name="Vantongeren"), clinician=clinician, location=place
    )
    plan = make_plan(episode)
    for total, item_9, days in ((6, 0, 14), (8, 0, 7), (16, 2, 0)):
        _, token, proof = make_check_in(episode, plan=plan, due_on=plan.next_on.replace(day=1 + days))
        check_in_answers.answer(token, proof, phq9(total, item_9), TherapyText("It was a heavy week at work."))
    gate(found(FollowUp)[0].case_number, FollowUpStatus.ESCALATION)
    page = visit()
    sign_in(page, clinician)
    page.get_by_role("link", name="In care").click()
    page.get_by_role("link", name=episode.case_number).click()
    expect(page.get_by_role("img", name="PHQ-9: 6, 8, 16, oldest first")).to_be_visible()
    page.get_by_text("Ask something regularly").click()
    page.get_by_label("Mood, one question").check()
    page.get_by_role("button", name="Ask this").click()
    expect(page.get_by_text("It is asked from the day you chose on")).to_be_visible()
    assert axe(page) == []
    picture(page, "care")
    page.get_by_role("link", name=found(FollowUp)[0].case_number).click()
    expect(page.get_by_role("heading", name="Escalation")).to_be_visible()
    assert axe(page) == []
    page.get_by_label("Sign what is done").check()
    page.get_by_label("I have called, or call now").check()
    page.get_by_role("textbox", name="Note").fill("Called; safe tonight, comes on Thursday.")
    picture(page, "escalation")
    sign(page, clinician)
    expect(page.get_by_text("closed, a clinician has decided", exact=False).first).to_be_visible()
