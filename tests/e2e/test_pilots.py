"""A pilot from its form to its end, and a version that waits to be signed, in a real browser."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import select

from adapters import desk_logins, note_templates
from adapters.operational_store import reading, writing
from models.codes import AppointmentStatus, Role
from models.columns import utc_now
from models.operational import Location, Pilot, PilotPlacing, PilotSignature, Staff, VersionSignature, WaitingVersion
from models.pilot_codes import Arm
from tests.e2e.browser import CHROMIUM, PHONE, served
from tests.factories import make_location, make_patient, make_signer
from tests.visits import make_care, make_visit
from tests.waiting_versions import ship_a_second_template, waiting_template
from tests.web.desk.conftest import HASHED, PASSWORD, AtTheDesk
from web.desk.app import make_app
from web.desk.cookies import LOGIN

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed")

PICTURES = os.environ.get("COUNTERSIGN_PICTURES")
"""A folder for pictures of the pages."""
SIZES = pytest.mark.parametrize("size", [{"width": 1280, "height": 900}, PHONE], ids=["desktop", "phone"])


@pytest.fixture
def address(home: Path) -> Iterator[str]:
    with served(make_app()) as url:
        yield url


class People:
    """Those who work at one location, each with a browser of their own."""

    def __init__(self, chromium: Browser, address: str, size: dict[str, int]) -> None:
        self.place: Location = make_location(name="Harbor Street")
        self._windows = (chromium, address, size)

    def signer(self, role: Role) -> Staff:
        return make_signer(role, location=self.place, password_hash=HASHED)

    def at(self, staff: Staff, path: str) -> Page:
        chromium, address, size = self._windows
        window = chromium.new_context(base_url=address, viewport=size)
        window.add_cookies([{"name": LOGIN, "value": desk_logins.open_login(staff.id), "url": address}])
        page = window.new_page()
        page.goto(path)
        return page

    def picture(self, page: Page, name: str) -> None:
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        if PICTURES:
            width = self._windows[2]["width"]
            page.screenshot(path=str(Path(PICTURES) / f"{name}-{width}.png"), full_page=True)


def prove(page: Page, staff: Staff, code: str = "") -> None:
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_label("One-time code").fill(code or AtTheDesk(staff, None, "").code())  # type: ignore[arg-type]
    page.get_by_role("button", name="Sign", exact=True).click()


def sessions_held(pilot_id: str, place: Location) -> None:
    """Eleven patients in each arm since yesterday: nobody misses in the new one, five of eleven in the present one."""
    clinician = make_signer(location=place)
    began = utc_now() - timedelta(days=1)
    with writing() as db:
        db.get_one(Pilot, pilot_id).started_at = began
    for arm in Arm:
        for number in range(11):
            patient = make_patient()
            with writing() as db:
                placing = {"pilot_id": pilot_id, "unit_id": patient.id, "location_id": place.id}
                db.add(PilotPlacing(arm=arm, at=began, **placing))
            missed = arm is Arm.A and number < 5
            status = AppointmentStatus.NO_SHOW if missed else AppointmentStatus.ATTENDED
            care = make_care(patient=patient, location=place, clinician=clinician)
            make_visit(care, hours_ahead=-2, status=status, booked_at=began, reminders_for=began)


@SIZES
def test_owner_tries_a_plan_and_nobody_is_told_of_a_winner_too_early(
    chromium: Browser, address: str, size: dict[str, int]
):
    people = People(chromium, address, size)
    owner, other = people.signer(Role.OWNER), people.signer(Role.CLINICIAN)
    page = people.at(owner, "/pilots")
    page.get_by_role("link", name="New: reminder plan").click()
    page.get_by_label("Hours before the session").fill("48")
    page.get_by_label("Why it may be better").fill("One reminder two days before is enough.")
    page.get_by_label("What it is now").fill("15")
    page.get_by_label("Smallest difference worth having").fill("5")
    people.picture(page, "pilot-form")
    page.get_by_role("button", name="Write it down").click()

    expect(page.get_by_text("Nothing runs before it is signed.")).to_be_visible()
    beforehand = page.locator("#decision")
    for words in ("Harbor Street", "each patient, drawn by its number; 50 %", "1,654 patients", "5.0 points"):
        expect(beforehand).to_contain_text(words)
    shown = page.locator("input[name=seen_digest]").input_value()
    expect(beforehand).to_contain_text(shown)
    people.picture(page, "pilot-to-sign")
    prove(page, owner, "000000")
    expect(page.get_by_role("alert")).to_contain_text("does not fit")
    prove(page, owner)
    expect(page.get_by_role("heading", name="Reminder plan running")).to_be_visible()
    with reading() as db:
        signature = db.exec(select(PilotSignature)).one()
    assert (signature.digest, signature.staff_id) == (shown, owner.id)

    sessions_held(signature.pilot_id, people.place)
    page.get_by_role("button", name="Take a look now").click()
    expect(page.get_by_text("Too early: 22 of 1,654 patients.").first).to_be_visible()
    look = page.get_by_role("row").filter(has_text="too early")
    expect(look).to_contain_text("45.5 %")
    expect(look).to_contain_text("-45.5 points")
    expect(page.locator(".now")).to_have_text("Too early: 22 of 1,654 patients.")
    expect(page.locator("main")).to_contain_text("The comparison does not say that the new version is better.")
    people.picture(page, "pilot-running")

    seen = people.at(other, "/pilots")
    row = seen.get_by_role("row").filter(has_text="One reminder two days before is enough.")
    expect(row).to_contain_text("running")
    expect(row).to_contain_text("Too early: 22 of 1,654 patients.")
    row.get_by_role("link").click()
    seen.get_by_role("button", name="End the pilot").click()
    expect(seen.get_by_text("everybody has the present version").first).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Reminder plan ended")).to_be_visible()


@SIZES
def test_waiting_version_holds_once_owner_and_clinician_have_signed(
    chromium: Browser, address: str, size: dict[str, int], monkeypatch: pytest.MonkeyPatch
):
    ship_a_second_template(monkeypatch)
    people = People(chromium, address, size)
    owner, clinician = people.signer(Role.OWNER), people.signer(Role.CLINICIAN)
    waiting = waiting_template(people.place, people.signer(Role.ADMIN))
    page = people.at(owner, "/versions")
    expect(page.get_by_role("row").filter(has_text="SOAP-2")).to_contain_text(
        "still to sign: practice owner and clinician"
    )
    people.picture(page, "versions-waiting")
    page.get_by_role("link", name="SOAP-2").click()
    for words in (
        "in the place of SOAP-1",
        "Nothing was measured",
        waiting.digest,
        waiting.content["version"]["digest"],
    ):
        expect(page.locator("main")).to_contain_text(words)
    people.picture(page, "version-to-sign")
    prove(page, owner)
    expect(page.get_by_text("Signed.", exact=True)).to_be_visible()
    assert in_force(people.place) == "SOAP-1"

    second = people.at(clinician, f"/versions/{waiting.id}")
    prove(second, clinician)
    expect(second.get_by_text("it is in force.")).to_be_visible()
    assert in_force(people.place) == "SOAP-2"
    with reading() as db:
        assert {each.digest for each in db.exec(select(VersionSignature)).all()} == {waiting.digest}
        assert db.get_one(WaitingVersion, waiting.id).ended_at is not None

    second.get_by_role("link", name="Versions waiting").first.click()
    second.get_by_role("button", name="Back to SOAP-1").click()
    expect(second.get_by_text("The version before is in force again")).to_be_visible()
    people.picture(second, "versions-gone-back")
    assert in_force(people.place) == "SOAP-1"


def in_force(place: Location) -> str:
    with reading() as db:
        return note_templates.in_force(db, place.id)["SOAP"].version
