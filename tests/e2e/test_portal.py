"""The patient's path in a real browser at phone width: the birth date, the questions, a time, a change of mind."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from adapters.operational_store import reading
from adapters.portal_links import token_of
from adapters.settings import settings
from models.codes import LinkPurpose, ReferralStatus
from models.operational import Clinician, Location, Referral
from tests.e2e.browser import CHROMIUM, served
from tests.factories import (
    make_clinician,
    make_location,
    make_offer,
    make_patient,
    make_portal_link,
    make_referral,
    make_slot,
)
from tests.visits import make_care, make_visit, make_visit_link
from web.portal.app import make_app
from web.portal.strings import ENGLISH, SPANISH

pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
    pytest.mark.usefixtures("home"),
]
# Where to put pictures of the pages, for looking at them; unset in ordinary runs.
PICTURES = os.environ.get("COUNTERSIGN_TEST_PICTURES")


@pytest.fixture
def portal(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The portal on a free port; its address is also the one that links are made with."""
    with served(make_app()) as url:
        monkeypatch.setenv("COUNTERSIGN_PUBLIC_PORTAL_URL", url)
        settings.cache_clear()
        yield url


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def scripts(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def page(chromium: Browser, scripts: bool) -> Iterator[Page]:
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, device_scale_factor=2, java_script_enabled=scripts
    )
    shown = context.new_page()
    wrong: list[str] = []
    shown.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    yield shown
    context.close()
    unexpected = [text for text in wrong if "422" not in text and "409" not in text]
    assert unexpected == []


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def path_of(referral: Referral, purpose: LinkPurpose) -> str:
    return f"/l/{token_of(make_portal_link(referral, purpose).record)}"


def give_birth_date(page: Page, open_word: str = ENGLISH["open"]) -> None:
    page.locator("#month").select_option("4")
    page.locator("#day").fill("23")
    page.locator("#year").fill("1990")
    page.get_by_role("button", name=open_word).click()


def no_sideways_scrolling(page: Page) -> None:
    box = page.locator("body").bounding_box()
    assert box is not None and box["width"] <= 390


def test_patient_answers_the_questions(portal: str, page: Page, scripts: bool) -> None:
    referral = make_referral(ReferralStatus.QUESTIONNAIRES_REQUESTED, patient=make_patient())
    link = path_of(referral, LinkPurpose.QUESTIONNAIRES)
    tag = "" if scripts else "-plain"
    page.goto(portal + link)
    picture(page, f"birth{tag}")
    give_birth_date(page)
    expect(page.get_by_text("Step 1 of 4")).to_be_visible()
    no_sideways_scrolling(page)
    picture(page, f"phq9{tag}")
    for number in range(1, 10):
        page.locator(f"input[name=item_{number}]").nth(1 if number in (1, 9) else 0).check()
    if not scripts:
        page.get_by_role("button", name=ENGLISH["later"]).click()
        page.goto(portal + link)
        expect(page.locator("input[name=item_9]").nth(1)).to_be_checked()
    page.get_by_role("button", name=ENGLISH["next"]).click()

    expect(page.get_by_role("link", name="Call 988")).to_be_visible()
    picture(page, f"gad7-crisis{tag}")
    page.locator("input[name=item_1]").first.check()
    page.get_by_role("button", name=ENGLISH["next"]).click()
    expect(page.get_by_role("alert")).to_contain_text("Question 2 has no answer yet")
    picture(page, f"gad7-missing{tag}")
    for number in range(2, 8):
        page.locator(f"input[name=item_{number}]").first.check()
    page.get_by_role("button", name=ENGLISH["next"]).click()

    expect(page.locator("fieldset.item")).to_have_count(2)
    for number in (1, 2):
        page.locator(f"input[name=item_{number}]").first.check()
    page.get_by_role("button", name=ENGLISH["next"]).click()
    expect(page.locator("fieldset.item")).to_have_count(3)
    picture(page, f"cssrs{tag}")
    page.locator("input[name=item_6]").first.check()
    page.get_by_role("button", name=ENGLISH["next"]).click()

    page.get_by_label(ENGLISH["words_label"]).fill("I worry about work and sleep badly.")
    page.get_by_label(ENGLISH["consent_yes"]).check()
    page.get_by_label("Monday, Morning").check()
    no_sideways_scrolling(page)
    picture(page, f"about{tag}")
    page.get_by_role("button", name=ENGLISH["send"]).click()
    expect(page.get_by_role("heading", name=ENGLISH["done_title"])).to_be_visible()
    expect(page.get_by_role("link", name="Call 988")).to_be_visible()
    picture(page, f"done{tag}")


@pytest.mark.parametrize("scripts", [True], indirect=True)
def test_answers_are_saved_before_the_page_is_sent(portal: str, page: Page) -> None:
    referral = make_referral(ReferralStatus.QUESTIONNAIRES_REQUESTED, patient=make_patient())
    page.goto(portal + path_of(referral, LinkPurpose.QUESTIONNAIRES))
    give_birth_date(page)
    with page.expect_response(lambda answer: answer.status == 204):
        page.locator("input[name=item_4]").nth(2).check()
    page.reload()
    expect(page.locator("input[name=item_4]").nth(2)).to_be_checked()


def test_patient_chooses_a_time_and_cancels_it(portal: str, page: Page, scripts: bool) -> None:
    place = make_location()
    clinician = make_clinician(location=place)
    referral = make_referral(
        ReferralStatus.OFFERED,
        patient=make_patient(language="es"),
        location=place,
        clinician_id=clinician.id,
        risk_cleared=True,
    )
    for each in range(3):
        make_offer(referral, make_slot(clinician, place, hours_ahead=96 + 25 * each))
    tag = "" if scripts else "-plain"
    page.goto(portal + path_of(referral, LinkPurpose.CHOOSE_TIME))
    give_birth_date(page)
    expect(page.get_by_role("heading", name=SPANISH["choose_title"])).to_be_visible()
    no_sideways_scrolling(page)
    picture(page, f"times{tag}")
    page.get_by_role("button", name=re.compile(SPANISH["choose_this"])).nth(1).click()

    expect(page.get_by_text(SPANISH["status_booked"], exact=True)).to_be_visible()
    picture(page, f"appointment{tag}")
    page.get_by_role("button", name=SPANISH["confirm"]).click()
    expect(page.get_by_text(SPANISH["status_confirmed"])).to_be_visible()
    page.get_by_role("link", name=SPANISH["cancel"]).click()
    page.get_by_label(SPANISH["cancel_new"]).check()
    picture(page, f"cancel{tag}")
    page.get_by_role("button", name=SPANISH["cancel_send"]).click()
    expect(page.get_by_text(SPANISH["status_cancelled"], exact=True)).to_be_visible()
    expect(page.get_by_text(SPANISH["cancelled_new"])).to_be_visible()
    picture(page, f"cancelled{tag}")


@pytest.mark.parametrize("scripts", [True], indirect=True)
def test_patient_in_care_moves_a_visit_says_how_to_be_reminded_and_cancels_in_one_tap(portal: str, page: Page) -> None:
    patient = make_patient(phone="+15035550177")
    care = make_care(patient=patient)
    visit = make_visit(care, hours_ahead=100)
    with reading() as db:
        clinician, place = db.get_one(Clinician, care.clinician_id), db.get_one(Location, care.location_id)
    for each in range(3):
        make_slot(clinician, place, hours_ahead=125 + 25 * each)
    page.goto(f"{portal}/l/{token_of(make_visit_link(visit).record)}")
    give_birth_date(page)
    expect(page.get_by_text(ENGLISH["status_booked"], exact=True)).to_be_visible()
    no_sideways_scrolling(page)
    picture(page, "portal-visit")
    page.get_by_role("button", name=ENGLISH["confirm"]).click()
    expect(page.get_by_text(ENGLISH["status_confirmed"])).to_be_visible()

    page.get_by_role("link", name=ENGLISH["move_link"]).click()
    picture(page, "portal-move")
    page.get_by_role("button", name=re.compile(ENGLISH["move_this"])).nth(1).click()
    expect(page.get_by_text(ENGLISH["status_booked"], exact=True)).to_be_visible()

    page.get_by_role("link", name=ENGLISH["reminders_link"]).click()
    page.locator("#hours-72").uncheck()
    page.locator("#hours-4").check()
    page.get_by_text(ENGLISH["reminders_sms"]).click()
    page.get_by_role("button", name=ENGLISH["reminders_keep"]).click()
    expect(page.get_by_text(ENGLISH["reminders_saved"])).to_be_visible()
    expect(page.locator("#hours-4")).to_be_checked()
    no_sideways_scrolling(page)
    picture(page, "portal-reminders")

    page.get_by_role("link", name=ENGLISH["reminders_back"]).click()
    page.get_by_role("button", name=ENGLISH["cancel_now"]).click()
    expect(page.get_by_text(ENGLISH["cancelled_ongoing"])).to_be_visible()
    page.get_by_role("button", name=ENGLISH["appointment_call"]).click()
    expect(page.get_by_text(ENGLISH["appointment_called"])).to_be_visible()


def test_everything_can_be_reached_by_keyboard(portal: str, page: Page, scripts: bool) -> None:
    referral = make_referral(ReferralStatus.QUESTIONNAIRES_REQUESTED, patient=make_patient())
    page.goto(portal + path_of(referral, LinkPurpose.QUESTIONNAIRES))
    page.locator("#month").focus()
    page.keyboard.type("Apr")
    page.keyboard.press("Tab")
    page.keyboard.type("23")
    page.keyboard.press("Tab")
    page.keyboard.type("1990")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Step 1 of 4")).to_be_visible()
    page.locator("input[name=item_1]").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(page.locator("input[name=item_1]").nth(1)).to_be_checked()
    page.keyboard.press("Tab")
    expect(page.locator("input[name=item_2]").first).to_be_focused()
