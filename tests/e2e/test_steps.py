"""An owner looks at value against risk, compliance at what steps read, in a real browser."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from adapters import desk_logins
from adapters import operational_store as store
from models.codes import Role
from models.columns import utc_now
from models.declared_reads import DECLARED
from models.operational import StepReads, StepRuns
from models.step_register import STEPS
from tests import factories
from tests.e2e.browser import CHROMIUM, PHONE, served
from web.desk.app import make_app
from web.desk.cookies import LOGIN

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed")

PICTURES = os.environ.get("COUNTERSIGN_PICTURES")
"""A folder for pictures of the pages."""


@pytest.fixture
def address(home: Path) -> Iterator[str]:
    """A desk whose steps have run, each some ten times more often than the one before it but two."""
    today = utc_now().date()
    with store.writing() as db:
        for number, step in enumerate(STEPS):
            db.add(StepRuns(day=today, step=step.name, runs=3 ** (number % 7)))
            for name in sorted(DECLARED[step.name].names())[number % 3 :]:
                db.add(StepReads(day=today, step=step.name, field=name, runs=3 ** (number % 7)))
        db.add(StepReads(day=today, step="draft notes", field="questionnaire_answers", refused=2))
    with served(make_app()) as url:
        yield url


def look(chromium: Browser, address: str, role: Role, size: dict[str, int], path: str, name: str) -> Page:
    staff = factories.make_staff(role=role)
    window = chromium.new_context(base_url=address, viewport=size)
    window.add_cookies([{"name": LOGIN, "value": desk_logins.open_login(staff.id), "url": address}])
    page = window.new_page()
    page.goto(path)
    picture(page, name, size)
    return page


def picture(page: Page, name: str, size: dict[str, int]) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}-{size['width']}.png"), full_page=True)


@pytest.mark.parametrize("size", [{"width": 1280, "height": 900}, PHONE], ids=["desktop", "phone"])
def test_pages_about_steps_are_readable(chromium: Browser, address: str, size: dict[str, int]):
    page = look(chromium, address, Role.OWNER, size, "/steps", "steps")
    drawing = page.locator("img[src^='/steps/plot.svg']")
    assert drawing.evaluate("picture => picture.complete && picture.naturalWidth > 500")
    page.get_by_label("Workflow").select_option("referral")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="Referral to first session")).to_be_visible()
    expect(page.get_by_role("link", name="Build claim")).to_have_count(0)
    page.locator("#not-now summary").press("Enter")
    expect(page.get_by_text("Stays with a person", exact=False).first).to_be_visible()
    page.get_by_role("link", name="Offer times").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Offer times")
    expect(page.locator("main")).to_contain_text("Book by hand (")
    picture(page, "step", size)
    page = look(chromium, address, Role.COMPLIANCE, size, "/minimum-necessary", "minimum-necessary")
    expect(page.get_by_role("row").filter(has_text="Draft notes").first).to_contain_text("questionnaire answers")
    page.locator("summary").last.click()
    page.get_by_role("link", name="Save as CSV").focus()
