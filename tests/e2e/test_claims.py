"""A biller takes an exception until it goes on, a clinician signs, a patient fills in a card: in a real browser."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from adapters import desk_logins, operational_store
from adapters.portal_links import token_of
from adapters.settings import settings
from models.claim_codes import FileKind, FileStatus
from models.codes import ApprovalKind, ClaimStatus, Role
from models.columns import utc_now
from models.operational import Claim, Location, Staff
from tests import claim_factories as made_of
from tests import factories
from tests.claim_factories import MadeClaim, make_claim_at
from tests.e2e.browser import CHROMIUM, PHONE, served
from tests.web.desk.conftest import PASSWORD, person, place
from web.desk.app import make_app as make_desk
from web.desk.cookies import LOGIN as COOKIE
from web.portal.app import make_app as make_portal
from web.portal.strings import ENGLISH

__all__ = ["person", "place"]

pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
    pytest.mark.sqlite_only("about the pages, not about what lies behind them"),
]

PICTURES = os.environ.get("COUNTERSIGN_TEST_PICTURES")
SAMPLES = Path(__file__).parents[2] / "samples" / "billing"


@pytest.fixture
def sit(chromium: Browser, home: Path) -> Iterator:
    """Puts somebody in front of the served desk; what a page complains about fails the test."""
    shutil.copytree(SAMPLES, settings().billing_folder, dirs_exist_ok=True)
    windows, complaints = [], []
    with served(make_desk()) as address:

        def open_window(staff: Staff) -> Page:
            window = chromium.new_context(base_url=address, viewport={"width": 1280, "height": 900})
            window.add_cookies([{"name": COOKIE, "value": desk_logins.open_login(staff.id), "url": address}])
            windows.append(window)
            page = window.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda said: complaints.append(said.text) if "Policy" in said.text else None)
            return page

        yield open_window
        for window in windows:
            window.close()
    assert complaints == []


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def sign(page: Page, staff: Staff) -> None:
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("One-time code").fill(factories.fresh_code(staff.id))
    page.get_by_role("button", name="Sign", exact=True).click()


def claim_of(made: MadeClaim) -> Claim:
    with operational_store.reading() as db:
        return db.get_one(Claim, made.number)


def run_goes_on(made: MadeClaim, to: ClaimStatus, kind: ApprovalKind) -> None:
    """What the claim's run does once it is woken: build it, check it, ask for a signature."""
    with operational_store.writing() as db:
        claim = db.get_one(Claim, made.number)
        claim.status, claim.queue, claim.findings = to, "", []
        db.add(claim)
    made.claim = claim
    made_of.make_claim_approval(made, kind)


def everything_else(place: Location) -> None:
    """What else stands in a biller's queue on a day."""
    made_of.make_denied_thread(location=place)
    made_of.make_coverage_problem(place)
    made_of.make_remitted()
    made_of.make_file(FileKind.REMITTANCE, FileStatus.REFUSED, problem="CLP04 is no amount", segment=31)
    make_claim_at(ClaimStatus.SENT, location=place)


def test_biller_takes_an_exception_corrects_it_signs_it_and_sees_it_go_on(sit, person, place):
    biller = person(Role.BILLER)
    soon = utc_now().date() + made_of.timedelta(days=9)
    made = make_claim_at(location=place, file_by=soon, patient=factories.make_patient(given_name="Amaya"))
    everything_else(place)
    page = sit(biller)
    page.goto("/claims")
    row = page.locator(".exceptions > li").filter(has_text=made.number)
    expect(row).to_contain_text("9 days to file")
    expect(row).to_contain_text("REF*G1")
    picture(page, "claims-queue")
    row.get_by_role("button", name="Take it").click()
    expect(page.get_by_role("status")).to_have_text("This is yours now.")
    expect(page.locator("#findings-title + ul")).to_contain_text(made_of.FINDING["suggestion"])
    page.get_by_text("Correct what it says").click()
    page.get_by_label("Authorisation number").fill("A-2041")
    page.locator("#correct-reason").fill("They gave the new number by telephone.")
    page.get_by_role("button", name="Correct it").click()
    expect(page.get_by_role("status")).to_contain_text("built and checked anew")
    expect(page.locator(".thread")).to_contain_text("Changed: authorisation number.")
    run_goes_on(made, ClaimStatus.CLAIM_SIGNATURE, ApprovalKind.CLAIM)
    page.goto("/claims?queue=signature")
    page.get_by_role("link", name=made.number).click()
    expect(page.get_by_role("heading", name="Claim to sign")).to_be_visible()
    page.get_by_label("Approve").check()
    sign(page, biller)
    expect(page.get_by_role("heading", name="Claim approved as proposed")).to_be_visible()
    assert claim_of(made).status == ClaimStatus.READY_TO_SEND
    page.get_by_role("link", name="The case").click()
    expect(page.locator("#now-title")).to_have_text("Ready to send")
    denied = made_of.make_denied_thread(location=place)
    page.goto(f"/claims/{denied.number}")
    picture(page, "claim-thread")


def test_clinician_signs_the_clinical_part_of_a_claim(sit, person, place):
    clinician = person(Role.CLINICIAN)
    changed = {
        "changes": [["procedure code", "90834", "90837"]],
        "reasons": ["The code is 90837; the signed note says 90834."],
        "biller": ["No claim of this clinician has been paid by this payer yet."],
    }
    made = make_claim_at(
        ClaimStatus.CLINICAL_SIGNATURE, location=place, clinician=clinician, signer=clinician, content=changed
    )
    page = sit(clinician)
    page.goto("/")
    page.get_by_role("link", name="Claim clinical").click()
    expect(page.locator(".claim-lines, table").first).to_be_visible()
    expect(page.locator(".changed ins").first).to_have_text("90837")
    picture(page, "claim-clinical")
    page.get_by_label("Approve").check()
    sign(page, clinician)
    expect(page.get_by_role("heading", name="Claim clinical approved as proposed")).to_be_visible()
    assert claim_of(made).status == ClaimStatus.CLAIM_SIGNATURE


def test_patient_fills_in_the_card_on_a_phone(chromium: Browser, home: Path, monkeypatch: pytest.MonkeyPatch):
    made = make_claim_at(ClaimStatus.MISSING_INFORMATION, missing=["member_id", "relationship"], findings=[])
    made_of.make_insurance(made.patient)
    link = f"/l/{token_of(made_of.make_billing_link(made).record)}"
    with served(make_portal()) as address:
        monkeypatch.setenv("COUNTERSIGN_PUBLIC_PORTAL_URL", address)
        settings.cache_clear()
        window = chromium.new_context(base_url=address, viewport=PHONE, device_scale_factor=2, locale="en-US")
        page = window.new_page()
        page.goto(link)
        page.locator("#month").select_option("4")
        page.locator("#day").fill("23")
        page.locator("#year").fill("1990")
        page.get_by_role("button", name=ENGLISH["open"]).click()
        page.get_by_label(ENGLISH["billing_member_id"]).fill("W 1234 5678")
        picture(page, "portal-card")
        page.get_by_role("button", name=ENGLISH["billing_send"]).click()
        expect(page.get_by_role("alert")).to_contain_text(ENGLISH["billing_relationship"])
        page.get_by_label(ENGLISH["billing_relationship_18"], exact=True).check()
        page.get_by_role("button", name=ENGLISH["billing_send"]).click()
        expect(page.get_by_role("heading", name=ENGLISH["billing_done_title"])).to_be_visible()
        window.close()
    assert claim_of(made).status == ClaimStatus.RECEIVED


def test_biller_takes_the_copay_at_the_visit_and_gives_back_what_was_too_much(sit, person, place):
    copay = {"kind": "copay", "cents": 2_500, "in_network": True, "segment": 14}
    check, _ = made_of.make_coverage_problem(place, status="active_mental_health", shares=[copay])
    page = sit(person(Role.BILLER))
    page.goto("/coverage")
    row = page.get_by_role("row").filter(has_text=check.case_number)
    expect(row).to_contain_text("Ask for $25.00 at the visit")
    row.get_by_text("Record what was paid").click()
    expect(row.get_by_label("Amount in dollars")).to_have_value("25.00")
    picture(page, "coverage-visit")
    row.get_by_label("Reference").fill("R-17")
    row.get_by_role("button", name="Record it").click()
    expect(page.get_by_role("status")).to_have_text("The payment is on record.")
    expect(page.get_by_role("row").filter(has_text=check.case_number)).to_contain_text("$25.00 was paid.")
    owed = make_claim_at(ClaimStatus.REMITTANCE_REVIEW, location=place, payer_code="AETNA", queue="credit")
    made_of.make_submission(owed)
    made_of.post(owed, ("patient", "patient_payment", -1_500))
    page.goto("/claims?queue=credit")
    page.get_by_role("link", name=owed.number).click()
    page.get_by_text("Give back what was paid too much").click()
    expect(page.locator("#refund-amount")).to_have_value("15.00")
    picture(page, "claim-refund")
    page.locator("#refund-reference").fill("1042")
    page.locator("#refund-reason").fill("They paid at the visit and by card.")
    page.get_by_role("button", name="Record the refund").click()
    expect(page.get_by_role("status")).to_contain_text("The refund is posted")
    expect(page.locator("#money-title + dl")).to_contain_text("Given back$15.00")
    expect(page.locator(".thread")).to_contain_text("They paid at the visit and by card.")
    assert claim_of(owed).status == ClaimStatus.CLOSED_PAID
