"""The first sign-in of a new member of staff in a real browser, from first password to the desk."""

from pathlib import Path

from playwright.sync_api import expect

from acts import accounts
from adapters import credentials, staff_secrets
from models.codes import Role
from models.columns import utc_now
from tests.e2e.browser import PHONE
from tests.e2e.test_desk import address, fits_its_width, pytestmark, visit
from tests.web.desk.conftest import place

__all__ = ["address", "place", "pytestmark", "visit"]

OWN = "tidal seven lamp oak"


def test_new_person_enrols_and_reaches_the_desk(visit, place, tmp_path: Path):
    made = accounts.add("Wanda Test", "wanda.test@example.org", Role.COORDINATOR, [place.id], actor="command line")
    page = visit(**PHONE)
    page.goto("/")
    page.get_by_label("E-mail address").fill(made.email)
    page.get_by_label("Password").fill(made.password)
    page.screenshot(path=tmp_path / "sign-in.png", full_page=True)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Choose your own password")).to_be_visible()
    assert fits_its_width(page)
    page.get_by_label("New password", exact=True).fill(OWN)
    page.get_by_label("New password, again").fill(OWN)
    page.screenshot(path=tmp_path / "password.png", full_page=True)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Set up your authenticator app")).to_be_visible()
    picture = page.get_by_role("img", name="QR code")
    expect(picture).to_be_visible()
    assert picture.evaluate("it => it.complete && it.naturalWidth > 100")
    page.get_by_text("I cannot scan it").click()
    secret = page.locator("#secret").inner_text().replace(" ", "")
    assert secret == staff_secrets.opened_pending(accounts.person(made.staff_id))
    page.screenshot(path=tmp_path / "app.png", full_page=True)
    assert fits_its_width(page)
    page.get_by_label("One-time code").fill(credentials.totp_now(secret, utc_now()))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    assert page.locator("ol.codes li").count() == 10
    page.screenshot(path=tmp_path / "codes.png", full_page=True)
    assert fits_its_width(page)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("heading", name="What waits for you")).to_be_visible()
    page.goto("/me")
    expect(page.get_by_text("this one")).to_be_visible()
    page.screenshot(path=tmp_path / "me.png", full_page=True)
    assert fits_its_width(page)
