"""The clinician's and the coordinator's way through the desk in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from adapters import operational_store, therapy_store
from models.codes import ReferralStatus, Role, ToDoKind
from models.operational import Referral, Staff
from tests.e2e.browser import CHROMIUM, PHONE, served
from tests.factories import make_patient, make_referral, make_to_do
from tests.web.desk.conftest import PASSWORD, AtTheDesk, assignment, person, place, risk_review
from tests.web.desk.test_to_dos import signed_letter
from web.desk.app import make_app

__all__ = ["assignment", "person", "place", "risk_review"]

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed")


@pytest.fixture
def address(home: Path) -> Iterator[str]:
    with served(make_app()) as url:
        yield url


@pytest.fixture
def visit(chromium: Browser, address: str) -> Iterator:
    """Opens a browser window; what a page complains about, or asks of another host, fails the test."""
    windows, complaints = [], []

    def open_window(**size: int) -> Page:
        window = chromium.new_context(base_url=address, viewport=size or {"width": 1280, "height": 900})
        windows.append(window)
        page = window.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if "Policy" in said.text else None)
        page.on("request", lambda it: None if it.url.startswith((address, "data:")) else complaints.append(it.url))
        return page

    yield open_window
    for window in windows:
        window.close()
    assert complaints == []


def sign_in(page: Page, staff: Staff) -> None:
    page.goto("/")
    page.get_by_label("E-mail address").fill(staff.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("One-time code").fill(code_of(staff))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="What waits for you")).to_be_visible()


def code_of(staff: Staff) -> str:
    return AtTheDesk(staff, None, "").code()  # type: ignore[arg-type]


def sign(page: Page, staff: Staff) -> None:
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("One-time code").fill(code_of(staff))
    page.get_by_role("button", name="Sign", exact=True).click()


def fits_its_width(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def move(case_number: str, to: ReferralStatus) -> None:
    """What the case's run does next."""
    with operational_store.writing() as db:
        case = operational_store.one(db, Referral, case_number)
        operational_store.move_case(db, case, to, actor="system")


@pytest.mark.parametrize("size", [{}, PHONE], ids=["desktop", "phone"])
def test_clinician_reads_edits_and_signs(visit, person, risk_review, size, tmp_path: Path):
    clinician = person(Role.CLINICIAN)
    approval = risk_review(clinician)
    page = visit(**size)
    sign_in(page, clinician)
    assert fits_its_width(page)
    page.get_by_role("link", name="Noor Vantongeren").click()
    expect(page.locator("mark.rank-3").first).to_have_text("<b>now</b>")
    page.get_by_role("link", name="flag 2", exact=True).click()
    expect(page.locator("#flag-2")).to_be_in_viewport()
    expect(page.get_by_label("Risk level")).to_be_hidden()
    page.get_by_label("Edit and approve").check()
    page.get_by_label("Risk level").select_option("moderate")
    sign(page, clinician)
    expect(page.get_by_role("alert").filter(has_text="Not signed yet")).to_be_focused()
    expect(page.get_by_label("Risk level")).to_have_value("moderate")
    expect(page.get_by_label("Password")).to_have_value("")
    assert fits_its_width(page)
    page.get_by_label("Reason, or your question").fill("Spoke with the patient; safe tonight.")
    sign(page, clinician)
    expect(page.get_by_role("heading", name="Risk review edited and approved")).to_be_visible()
    expect(page.get_by_text("Moving on")).to_be_visible()
    move(approval.case_number, ReferralStatus.ASSIGNMENT)
    expect(page.get_by_text("waiting for a coordinator")).to_be_visible()
    page.screenshot(path=tmp_path / "signed.png")
    assert (tmp_path / "signed.png").stat().st_size > 0


def test_coordinator_overrides_the_match_on_a_phone(visit, person, assignment):
    coordinator = person(Role.COORDINATOR)
    approval, _, other = assignment(coordinator)
    page = visit(**PHONE)
    sign_in(page, coordinator)
    page.get_by_role("link", name="Noor Vantongeren").click()
    page.get_by_text("Excluded: 1").click()
    expect(page.get_by_text("not on the panel").first).to_be_visible()
    page.get_by_label("Assign somebody else").check()
    page.get_by_label("Clinician").select_option(other.id)
    page.get_by_label("Reason, or your question").fill("The panel was signed today.")
    assert fits_its_width(page)
    sign(page, coordinator)
    expect(page.get_by_role("heading", name="Assignment edited and approved")).to_be_visible()
    with operational_store.reading() as db:
        assert operational_store.one(db, Referral, approval.case_number).clinician_id == other.id


def test_queue_grows_by_itself_and_keeps_the_focus(visit, person, risk_review):
    clinician = person(Role.CLINICIAN)
    first = risk_review(clinician)
    page = visit()
    sign_in(page, clinician)
    row = page.locator(f"#row-{first.id}")
    row.focus()
    second = risk_review(clinician)
    expect(page.locator(f"#row-{second.id}")).to_be_visible(timeout=15_000)
    expect(row).to_be_focused()


def test_keyboard_alone_reaches_the_decision(visit, person, risk_review):
    clinician = person(Role.CLINICIAN)
    risk_review(clinician)
    page = visit()
    sign_in(page, clinician)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.get_by_role("link", name="Noor Vantongeren").press("Enter")
    page.get_by_label("Approve", exact=False).first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Edit and approve")).to_be_checked()
    expect(page.get_by_role("textbox", name="Safety note")).to_be_visible()


def test_flags_are_labelled_by_keyboard_without_scripts_on_a_narrow_screen(
    chromium: Browser, address: str, person, risk_review
):
    clinician = person(Role.CLINICIAN)
    approval = risk_review(clinician)
    window = chromium.new_context(base_url=address, viewport={"width": 320, "height": 640}, java_script_enabled=False)
    page = window.new_page()
    sign_in(page, clinician)
    page.goto(f"/approvals/{approval.id}")
    first, second = (page.get_by_role("group", name=f"Flag {n}: was it raised rightly?") for n in (1, 2))
    expect(first.get_by_label("Leave it open")).to_be_checked()
    first.get_by_label("Leave it open").focus()
    page.keyboard.press("ArrowUp")
    for _ in range(2):  # past the link to the second flag's evidence
        page.keyboard.press("Tab")
    expect(second.get_by_label("Leave it open")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.locator("#verdict-approve").check()
    page.get_by_label("Password").fill("not the right one at all")
    page.get_by_label("One-time code").fill("000000")
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="Not signed yet")).to_be_visible()
    expect(first.get_by_label("Raised in error")).to_be_checked()
    expect(second.get_by_label("This is what it says")).to_be_checked()
    # without scripts the page cannot be asked for the width of its window, but it can for that of its content
    box = page.locator("main").bounding_box()
    assert box and box["width"] <= 320
    sign(page, clinician)
    expect(page.get_by_role("heading", name="Risk review approved as proposed")).to_be_visible()
    window.close()
    kept = therapy_store.decided_flags(actor="test", where="test")
    assert {each.flag_id: each.confirmed for each in kept} == {"FL-2": False, "FL-1": True}


def test_letter_to_post_prints_alone_with_its_digest(visit, place, person):
    _, digest = signed_letter(place, person)
    page = visit()
    sign_in(page, person(Role.COORDINATOR))
    page.get_by_role("link", name="Post the letter").click()
    expect(page.get_by_role("button", name="Take it")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_text("for word & signed.")).to_be_visible()
    expect(page.get_by_text(digest)).to_be_visible()
    for left_out in (page.get_by_role("heading", name="How to"), page.get_by_role("button"), page.get_by_role("link")):
        for each in left_out.all():
            expect(each).to_be_hidden()
    page.emulate_media(media="screen")
    page.get_by_label("The letter is posted").check()
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("status")).to_contain_text("The letter is posted")


def test_coordinator_chooses_one_of_several_known_patients(visit, place, person):
    known = [make_patient(given_name=name) for name in ("Orla", "Orlagh")]
    case = make_referral(
        ReferralStatus.POSSIBLE_DUPLICATE, location=place, possible_patient_ids=[each.id for each in known]
    )
    make_to_do(case, ToDoKind.CHECK_DUPLICATE)
    page = visit(**PHONE)
    sign_in(page, person(Role.COORDINATOR))
    page.get_by_role("link", name="Check duplicate").click()
    page.get_by_label("Known patient 2: Orlagh").check()
    page.get_by_label("The same person").check()
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("status")).to_contain_text("The same person")
    with operational_store.reading() as db:
        assert operational_store.one(db, Referral, case.case_number).patient_id == known[1].id
