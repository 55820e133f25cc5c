"""A coordinator's way through a clinician's calendar in a real browser."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from adapters import desk_logins
from models.codes import Role
from tests.calendars import full_calendar, to_dos
from tests.e2e.browser import CHROMIUM, PHONE, served
from tests.web.desk.conftest import person, place
from web.desk.app import make_app
from web.desk.cookies import LOGIN

__all__ = ["person", "place"]

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed")

PICTURES = os.environ.get("COUNTERSIGN_PICTURES")
"""A folder for pictures of the pages."""


@pytest.fixture
def address(home: Path) -> Iterator[str]:
    with served(make_app()) as url:
        yield url


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def open_window(chromium: Browser, address: str, staff_id: str, size: dict[str, int]) -> Page:
    window = chromium.new_context(base_url=address, viewport=size)
    window.add_cookies([{"name": LOGIN, "value": desk_logins.open_login(staff_id), "url": address}])
    return window.new_page()


def fits_its_width(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("size", [{"width": 1280, "height": 900}, PHONE], ids=["desktop", "phone"])
def test_leave_shows_whom_it_hits_before_it_is_made(chromium: Browser, address: str, person, place, size):
    clinician, coordinator = person(Role.CLINICIAN), person(Role.COORDINATOR)
    made = full_calendar(place, clinician.id)
    page = open_window(chromium, address, coordinator.id, size)
    page.goto("/calendar")
    page.get_by_role("link", name=clinician.name).click()
    page.get_by_role("link", name="Week after").click()
    expect(page.get_by_text("Noor Vantongeren").first).to_be_visible()
    assert fits_its_width(page)
    phone = size == PHONE
    picture(page, "calendar-phone" if phone else "calendar-week")
    page.get_by_text("Add leave, blocked time or extra hours").click()
    page.get_by_label("From", exact=True).first.fill(f"{made.day}T00:00")
    page.get_by_label("Until", exact=True).first.fill(f"{made.day + timedelta(days=1)}T00:00")
    page.get_by_role("button", name="Look, then add").click()
    asked = page.get_by_role("alert").filter(has_text="1 appointment would be hit")
    expect(asked).to_be_focused()
    expect(page.get_by_label("What it is")).to_have_value("leave")
    assert fits_its_width(page) and to_dos() == []
    picture(page, "calendar-hits-phone" if phone else "calendar-hits")
    page.get_by_role("button", name="Do it, and ask a coordinator to settle each").click()
    expect(page.get_by_role("status")).to_contain_text("until a coordinator has settled each")
    assert len(to_dos()) == 1
    page.context.close()


def test_recurring_appointment_is_made_around_a_conflict(chromium: Browser, address: str, person, place):
    clinician, coordinator = person(Role.CLINICIAN), person(Role.COORDINATOR)
    made = full_calendar(place, clinician.id)
    page = open_window(chromium, address, coordinator.id, {"width": 1280, "height": 900})
    page.goto(f"/calendar/{clinician.id}")
    page.get_by_text("Make a recurring appointment").click()
    page.get_by_label("Patient in care").select_option(index=3)
    page.get_by_label("First date").fill(str(made.day + timedelta(days=3)))
    page.get_by_label("Time", exact=True).fill("10:00")
    page.get_by_role("button", name="Look, then make").click()
    expect(page.get_by_role("alert").filter(has_text="Some dates have a conflict")).to_be_focused()
    picture(page, "calendar-series")
    for box in page.get_by_role("checkbox", name="Leave out").all():
        box.check()
    page.get_by_role("button", name="Make it so").click()
    expect(page.get_by_role("status")).to_contain_text("recurring appointment is made")
    page.context.close()
