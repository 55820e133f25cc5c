"""The owner's, the compliance officer's and the clinician's ways through the pages of governance, in a real browser.

All on one installation: the sample practice after two invented quarters, at which each test does something else.
"""

import csv
import io
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import pyzipper
from playwright.sync_api import Browser, Download, Page, expect
from sqlmodel import select

from adapters import desk_logins, operational_store, sample_quarter, therapy_store
from models.codes import ReferralStatus, ToDoKind
from models.columns import new_id, utc_now
from models.errors import Forgotten
from models.operational import Location, Patient, PracticeRound, PracticeSetting, Referral, ToDo
from models.safety_codes import PracticeKind
from models.therapy_text import TherapyText
from rules.periods import before, quarter_of
from rules.practice_rounds import practice_case
from tasks import nights
from tests import factories
from tests.chaos.people import sign_in_of
from tests.conftest import copied
from tests.e2e.browser import CHROMIUM, served
from tests.e2e.page_checks import axe, keyboard, one_column
from web.desk.app import make_app
from web.desk.cookies import LOGIN

pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
    pytest.mark.sqlite_only("about the pages, not about what lies behind them"),
]

PICTURES = os.environ.get("COUNTERSIGN_TEST_PICTURES")
CLINICIAN, COORDINATOR, OWNER, COMPLIANCE = "ST-101", "ST-201", "ST-501", "ST-601"
WHY = "the patient asked for it in writing"


@pytest.fixture(scope="module")
def practice(seeded_installation: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a desk in front of the sample practice and its two quarters."""
    home = tmp_path_factory.mktemp("governance") / "home"
    with pytest.MonkeyPatch.context() as patch, copied(seeded_installation, home, patch):
        quarter = before(quarter_of(utc_now().date()))
        sample_quarter.fill_quarters(before(quarter), quarter, utc_now().date())
        with served(make_app()) as address:
            yield address


@pytest.fixture
def sit(chromium: Browser, practice: str) -> Iterator[Callable[..., Page]]:
    """Puts one of the staff in front of the desk; what a page complains about fails the test."""
    windows, complaints = [], []

    def open_window(staff_id: str, path: str, **size: int) -> Page:
        window = chromium.new_context(base_url=practice, viewport=size or {"width": 1280, "height": 900})
        window.add_cookies([{"name": LOGIN, "value": desk_logins.open_login(staff_id), "url": practice}])
        windows.append(window)
        page = window.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if "Policy" in said.text else None)
        page.goto(path)
        return page

    yield open_window
    for window in windows:
        window.close()
    assert complaints == []


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def prove(page: Page, staff_id: str, password: str) -> None:
    """Fill in password (by the label it has on this page) and one-time code."""
    page.get_by_label(password, exact=True).fill(sign_in_of(staff_id).password)
    page.get_by_label("One-time code").fill(factories.fresh_code(staff_id))


def saved(page: Page, button: str, role: str = "button") -> Download:
    with page.expect_download() as waiting:
        page.get_by_role(role, name=button).click()  # type: ignore[arg-type]
    return waiting.value


def text_of(download: Download) -> str:
    return Path(download.path()).read_bytes().decode()


def said_by(status: ReferralStatus, words: str, *, ago: timedelta = timedelta(0), **given: object) -> Referral:
    """A referral at the first location in which somebody has said something."""
    then = utc_now() - ago
    with operational_store.reading() as db:
        place = db.get_one(Location, "LOC-1")
    case = factories.make_referral(
        status,
        patient=factories.make_patient(created_at=then),
        location=place,
        received_at=then,
        status_since=then,
        closed_at=then if status.is_closed else None,
        **given,
    )
    therapy_store.add_text(case.case_number, "referral_text", TherapyText(words))
    return case


def test_owner_takes_a_workflow_down_by_one_click_and_signs_it_up_again(sit):
    page = sit(OWNER, "/workflows")
    row = (
        page.get_by_role("region", name="Reminders, waitlist, cancellations")
        .get_by_role("row")
        .filter(has=page.get_by_role("button", name="Stop now"))
        .first
    )
    place = row.get_by_role("rowheader").inner_text()
    row.get_by_role("button", name="Stop now").click()
    expect(page.get_by_role("status")).to_contain_text("down")
    row = page.get_by_role("region", name="Reminders, waitlist, cancellations").get_by_role("row", name=place)
    expect(row).to_contain_text("Taken down by Salome Thackeray")
    picture(page, "workflow-down")
    row.get_by_role("link", name="Let it go further").click()
    page.get_by_role("link", name="Assisted").click()
    expect(page.get_by_role("heading", name="What the lock asks")).to_be_visible()
    prove(page, OWNER, "Password")
    page.get_by_role("button", name="Sign: let it run as assisted").click()
    expect(page.get_by_role("status")).to_be_visible()
    row = page.get_by_role("region", name="Reminders, waitlist, cancellations").get_by_role("row", name=place)
    expect(row).to_contain_text("Assisted")
    expect(page.get_by_role("region", name="Who changed what").get_by_role("row").nth(1)).to_contain_text(
        "off → assisted"
    )


def test_compliance_takes_out_exactly_what_the_search_of_the_audit_found(sit):
    case = said_by(ReferralStatus.ASSIGNMENT, "sleeps badly")
    for reader in (CLINICIAN, COORDINATOR):
        therapy_store.texts(case.case_number, actor=reader, where="test")
    page = sit(COMPLIANCE, "/audit")
    page.get_by_label("Audit", exact=True).select_option("therapy")
    page.get_by_label("Case number").fill(case.case_number.lower())
    page.get_by_role("button", name="Show").click()
    page.get_by_label("Action").select_option("read")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("status")).to_contain_text("2 events fit")
    picture(page, "audit")
    assert axe(page) == [] and keyboard(page) == []
    found = page.get_by_role("region", name="Therapy content: what was kept, who read it")
    listed = [int(each) for each in found.locator("td[data-label='No.']").all_inner_texts()]
    part = found.get_by_role("button", name="Download these 2 events")
    for form in ("csv", "jsonl", "fhir"):
        found.get_by_label("As").select_option(form)
        with page.expect_download() as waiting:
            part.click()
        text = text_of(waiting.value)
        assert "audit-part-" in waiting.value.suggested_filename
        if form == "csv":
            rows = list(csv.DictReader(io.StringIO(text)))
            assert [int(row["id"]) for row in rows] == sorted(listed) and {row["part"][:5] for row in rows} == {"2 of "}
        else:
            assert len(text.splitlines()) == 2 and all(json.loads(line) for line in text.splitlines())
    page.get_by_label("Audit", exact=True).select_option("operational")
    page.get_by_label("Case number").fill("")
    page.get_by_label("Action").select_option("")
    page.get_by_role("button", name="Show").click()
    page.get_by_label("Action").select_option("audit.exported")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("status")).to_contain_text("3 events fit")
    expect(page.get_by_role("row").filter(has_text="audit fhir")).to_contain_text("therapy events: 2")


def test_compliance_sees_the_unusual_reads_first(sit):
    case = said_by(ReferralStatus.ASSIGNMENT, "sleeps badly")
    therapy_store.texts(case.case_number, actor="ST-109", where="test")
    page = sit(COMPLIANCE, "/audit")
    page.get_by_role("link", name="Who read therapy content, the unusual first").click()
    unusual = page.get_by_role("region", name="Unusual")
    row = unusual.get_by_role("row").filter(has_text=case.case_number)
    expect(row).to_contain_text("Isolde Marchetti-Bey")
    expect(row).to_contain_text("not a case of their own")
    picture(page, "audit-reads")
    page.get_by_role("region", name="By reader").get_by_role("link", name="Isolde Marchetti-Bey").click()
    expect(page.get_by_role("region", name="The others").get_by_role("row")).to_have_count(0)


def test_compliance_makes_a_patients_file_that_its_passphrase_opens(sit, tmp_path: Path):
    case = said_by(ReferralStatus.ASSIGNMENT, "sleeps badly since spring")
    page = sit(COMPLIANCE, "/patient-file")
    page.get_by_label("A case of theirs").fill(case.case_number)
    page.get_by_role("button", name="Show what there is").click()
    expect(page.get_by_role("heading", name=f"What there is by {case.case_number}")).to_be_visible()
    expect(page.get_by_label("Encrypted (AES-256)", exact=False)).to_be_checked()
    page.get_by_label("Who asks for it, and why").fill(WHY)
    prove(page, COMPLIANCE, "Present password")
    page.get_by_role("button", name="Make the file").click()
    passphrase = page.locator(".passphrase").inner_text().strip()
    assert axe(page) == [] and one_column(page) == []
    picture(page, "patient-file")
    download = saved(page, "Save patient-file", "link")
    file = tmp_path / download.suggested_filename
    download.save_as(file)
    with pyzipper.AESZipFile(file) as archive:
        archive.setpassword(passphrase.encode())
        assert b"sleeps badly since spring" in archive.read("index.html")
        with pytest.raises(RuntimeError):
            archive.setpassword(b"something else")
            archive.read("index.html")
    assert b"sleeps badly" not in file.read_bytes()
    if program := shutil.which("7zz"):
        command = [program, "t", f"-p{passphrase}", str(file)]
        assert subprocess.run(command, capture_output=True, timeout=60).returncode == 0
    page.reload()  # the browser asks whether to send the form again; the code is used up
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator(".passphrase")).to_have_count(0)


def test_compliance_signs_a_retention_list_and_the_keys_are_gone(sit):
    case = said_by(ReferralStatus.CLOSED_DECLINED, "long ago", ago=timedelta(days=366 * 9))
    kept = said_by(ReferralStatus.CLOSED_DECLINED, "not long ago", ago=timedelta(days=30))
    nights.do_part("retention", date(2026, 11, 26), nights.EVERYWHERE)
    page = sit(COMPLIANCE, "/")
    expect(page.get_by_text("1 patient is over their time", exact=False)).to_be_visible()
    picture(page, "retention-notice")
    page.get_by_role("link", name="To the list").click()
    page.get_by_role("button", name="Make a list to sign").click()
    expect(page.get_by_role("rowheader", name=case.patient_id)).to_be_visible()
    picture(page, "retention-list")
    prove(page, COMPLIANCE, "Present password")
    page.get_by_role("button", name="Sign and destroy").click()
    expect(page.get_by_role("row").filter(has_text=case.patient_id)).to_contain_text("destroyed")
    expect(page.get_by_role("button", name="Sign and destroy")).to_have_count(0)
    with pytest.raises(Forgotten):
        therapy_store.texts(case.case_number, actor=CLINICIAN, where="test")
    [text] = therapy_store.texts(kept.case_number, actor=CLINICIAN, where="test")
    assert text.text.unwrap() == "not long ago"
    with operational_store.reading() as db:
        assert db.get_one(Patient, case.patient_id).forgotten_at is not None
    page.goto("/")
    expect(page.get_by_text("over their time", exact=False)).to_have_count(0)


def test_clinician_finds_the_error_planted_in_a_practice_round(sit):
    variant = next(number for number in range(100) if practice_case(PracticeKind.NOTE_DRAFT, number).planted)
    made_up = practice_case(PracticeKind.NOTE_DRAFT, variant)
    with operational_store.writing() as db:
        night = utc_now().date()
        db.add(
            PracticeRound(
                id=new_id("PR"), for_staff_id=CLINICIAN, kind=PracticeKind.NOTE_DRAFT, variant=variant, opened_on=night
            )
        )
    page = sit(CLINICIAN, "/")
    page.get_by_role("link", name="to the practice round").click()
    expect(page.get_by_text("A made-up case.", exact=False)).to_be_visible()
    picture(page, "practice-round")
    assert axe(page) == [] and keyboard(page) == []
    page.get_by_label("Send it back").check()
    page.locator(f"#part-{made_up.wrong}").check()
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("status")).to_contain_text("Found.")
    expect(page.get_by_text("(planted)")).to_have_count(1)
    picture(page, "practice-round-told")


def test_safety_page_counts_the_draws_and_what_clinicians_found_in_them(sit):
    for _ in range(3):
        said_by(ReferralStatus.WAITLISTED, "sleeps badly", risk_cleared=True)
    with operational_store.writing() as db:
        db.merge(PracticeSetting(name="risk_sample_size", value="500"))
    drawn = nights.do_part("risk-sample", utc_now().date(), "LOC-1")["drawn"]
    assert drawn >= 3
    page = sit(COMPLIANCE, "/safety")
    section = page.get_by_role("region", name="What the screening misses")

    def count(figure: str) -> str:
        return section.get_by_role("row").filter(has_text=figure).locator("[data-label='Count']").inner_text()

    assert (count("Drawn by lot"), count("Read: no risk")) == (str(drawn), "0")
    with operational_store.reading() as db:
        query = select(ToDo.id).where(ToDo.kind == ToDoKind.REVIEW_UNFLAGGED, ToDo.location_id == "LOC-1")
        to_do = db.exec(query.order_by(ToDo.case_number.desc())).first()
    reader = sit(CLINICIAN, f"/to-dos/{to_do}")
    reader.get_by_role("button", name="Take it").click()
    reader.locator("#outcome-nothing_missed").check()
    reader.get_by_label("Notes").fill("Read all of it; nothing of danger in it.")
    reader.get_by_role("button", name="Done").click()
    reader.wait_for_url(lambda address: "/finish" not in address)
    page.reload()
    assert (count("Read: no risk"), count("Drawn, not read yet")) == ("1", str(drawn - 1))
    picture(page, "safety")
    assert "ST-101" not in page.content() and "Maren Oduya" not in page.content()


def test_number_of_the_scorecard_opens_its_rows_and_its_definition(sit):
    page = sit(OWNER, "/scorecard")
    picture(page, "scorecard")
    page.get_by_role("link", name="No-shows", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("No-show")
    expect(page.get_by_role("region", name="How it is counted")).to_contain_text("appointment")
    rows = page.get_by_role("region", name="The rows it was counted from").get_by_role("row")
    assert rows.count() > 20
    picture(page, "scorecard-figure")
    page.go_back()
    download = saved(page, "As a PDF", "link")
    assert Path(download.path()).read_bytes().startswith(b"%PDF-")
