"""A patient fills in what a bill to their insurance lacks: only that, behind the birth date or the family name."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from acts import billing_records
from adapters.operational_store import reading, writing
from adapters.portal_links import MadeLink, make_link
from models.codes import ClaimStatus, LinkPurpose
from models.operational import AuditEvent, Claim, Patient, PatientBilling, PatientCoverage
from tests.claim_factories import MadeClaim, make_billing_link, make_claim_at, make_insurance
from tests.factories import make_patient
from tests.web.portal.test_portal import BIRTH, path_of, post
from web.portal import billing_pages
from web.portal.app import make_app
from web.portal.strings import ENGLISH, SPANISH

pytestmark = pytest.mark.usefixtures("home")

CARD = ["member_id", "group_number"]


@pytest.fixture
def browser() -> Iterator[TestClient]:
    with TestClient(make_app(), base_url="http://127.0.0.1:8481") as client:
        yield client


def asked(*fields: str, **person: object) -> tuple[MadeClaim, MadeLink]:
    """A claim that waits for these fields, and its link."""
    made = make_claim_at(
        ClaimStatus.MISSING_INFORMATION, patient=make_patient(**person), missing=list(fields or CARD), findings=[]
    )
    make_insurance(made.patient)
    return made, make_billing_link(made)


def proved(browser: TestClient, link: MadeLink, **known: str) -> str:
    path = path_of(link)
    browser.get(path)
    answer = post(browser, path, known or BIRTH, follow_redirects=False)
    assert answer.status_code == 303
    return path


def claim_of(made: MadeClaim) -> Claim:
    with reading() as db:
        return db.get_one(Claim, made.number)


def covered_as(made: MadeClaim) -> PatientCoverage:
    with reading() as db:
        rows = db.exec(select(PatientCoverage).where(PatientCoverage.patient_id == made.patient.id)).all()
        return max(rows, key=lambda row: row.recorded_at)


def test_link_asks_for_the_birth_date_then_only_for_what_is_missing(browser):
    made, link = asked()
    shown = browser.get(path_of(link)).text
    assert ENGLISH["birth_title"] in shown and made.patient.family_name not in shown
    path = proved(browser, link)
    shown = browser.get(path).text
    assert ENGLISH["billing_title"] in shown and ENGLISH["billing_member_id_hint"] in shown
    assert 'name="member_id"' in shown and 'name="group_number"' in shown
    for other in set(billing_records.PATIENT_FIELDS) - set(CARD):
        assert f'name="{other}' not in shown


def test_page_shows_nothing_on_record_and_names_no_service(browser):
    made, link = asked(*billing_records.PATIENT_FIELDS)
    path = proved(browser, link, family_name=made.patient.family_name)
    shown = browser.get(path + "/billing").text.lower()
    for secret in (made.patient.family_name, "old-1", made.number, "f41.1", "90837", "blueh", made.session.case_number):
        assert secret.lower() not in shown
    for word in ("therap", "session", "mental", "diagnos", "psych"):
        assert word not in shown.split("<footer>")[0]


def test_answers_go_on_record_and_the_claim_goes_on(browser):
    made, link = asked()
    path = proved(browser, link)
    answer = post(browser, path + "/billing", {"member_id": " NEW-42 ", "group_number": "G7"}, follow_redirects=False)
    assert answer.status_code == 303
    assert ENGLISH["billing_done"] in browser.get(answer.headers["location"]).text
    assert claim_of(made).status == ClaimStatus.RECEIVED
    row = covered_as(made)
    assert (row.member_id, row.group_number, row.recorded_by) == ("NEW-42", "G7", f"patient:{made.patient.id}")
    assert browser.get(path + "/billing", follow_redirects=False).headers["location"] == path


def test_everything_wrong_is_told_at_once_and_what_was_typed_stays(browser):
    made, link = asked("member_id", "sex", "line", "second_line", "city", "state", "zip_code")
    path = proved(browser, link)
    typed = {"member_id": "M<1", "line": "1 Elm Street", "city": "", "state": "Oregon", "zip_code": "972"}
    answer = post(browser, path + "/billing", typed)
    assert answer.status_code == 422
    for name, why in (
        ("member_id", "wrong"),
        ("sex", "empty"),
        ("city", "empty"),
        ("state", "wrong"),
        ("zip_code", "wrong"),
    ):
        told = ENGLISH[f"billing_{why}"].format(label=ENGLISH[f"billing_{name}"])
        assert f'<a href="#{name}">{told}</a>' in answer.text
    assert 'value="1 Elm Street"' in answer.text and answer.text.count("<li>") == 5
    assert claim_of(made).status == ClaimStatus.MISSING_INFORMATION


@pytest.mark.parametrize(
    ("month", "day", "year", "why"),
    [("", "", "", "empty"), ("2", "30", "1961", "wrong"), ("2", "", "", "wrong"), ("1", "1", "2999", "wrong")],
)
def test_date_that_cannot_be_is_told(browser, month, day, year, why):
    _, link = asked("subscriber_birth_date")
    path = proved(browser, link)
    form = {f"subscriber_birth_date_{name}": value for name, value in (("month", month), ("day", day), ("year", year))}
    answer = post(browser, path + "/billing", form)
    assert answer.status_code == 422
    assert ENGLISH[f"billing_{why}"].format(label=ENGLISH["billing_subscriber_birth_date"]) in answer.text


def test_address_and_policy_holder_go_on_record(browser):
    holder = ("relationship", "subscriber_family_name", "subscriber_birth_date")
    made, link = asked(*holder, "line", "city", "state", "zip_code")
    path = proved(browser, link)
    form = {
        **{"relationship": "19", "subscriber_family_name": "Brandt", "line": "1 Elm Street", "city": "Portland"},
        **{"subscriber_birth_date_month": "7", "subscriber_birth_date_day": "2", "subscriber_birth_date_year": "1961"},
        **{"state": "or", "zip_code": "97201-0100"},
    }
    assert post(browser, path + "/billing", form, follow_redirects=False).status_code == 303
    row = covered_as(made)
    assert (row.relationship, row.subscriber_family_name) == ("19", "Brandt")
    assert str(row.subscriber_birth_date) == "1961-07-02"
    with reading() as db:
        home = db.get_one(PatientBilling, made.patient.id)
    assert (home.line, home.state, home.zip_code) == ("1 Elm Street", "OR", "972010100")


def test_page_speaks_the_patients_language(browser):
    _, link = asked(language="es")
    shown = browser.get(proved(browser, link) + "/billing").text
    assert SPANISH["billing_title"] in shown and SPANISH["billing_member_id_hint"] in shown
    assert '<html lang="es">' in shown


def test_every_field_has_its_words_and_place():
    placed = [name for names in billing_pages.GROUPS.values() for name in names]
    assert sorted(placed) == sorted(billing_records.PATIENT_FIELDS)
    for strings in (ENGLISH, SPANISH):
        assert {f"billing_{name}" for name in placed} <= set(strings)
        assert all(f"billing_relationship_{value}" in strings for value in billing_records.RELATIONSHIPS)


# -- where the birth date is what is asked


def test_family_name_opens_a_link_that_asks_for_the_birth_date(browser):
    made, link = asked("birth_date", family_name="Núñez-O'Brien")
    path = path_of(link)
    assert ENGLISH["billing_name_title"] in browser.get(path).text
    wrong = post(browser, path, {"family_name": "Somebody"})
    assert wrong.status_code == 422 and ENGLISH["billing_name_wrong"] in wrong.text
    empty = post(browser, path, {"family_name": " ", **BIRTH})
    assert empty.status_code == 422 and ENGLISH["billing_name_missing"] in empty.text
    proved(browser, link, family_name="nunez obrien")
    form = {"birth_date_month": "5", "birth_date_day": "24", "birth_date_year": "1991"}
    assert post(browser, path + "/billing", form, follow_redirects=False).status_code == 303
    with reading() as db:
        assert str(db.get_one(Patient, made.patient.id).birth_date) == "1991-05-24"
    assert ENGLISH["billing_done"] in browser.get(path).text


def test_five_wrong_names_lock_the_link(browser):
    made, link = asked("birth_date")
    path = path_of(link)
    browser.get(path)
    for _ in range(4):
        assert post(browser, path, {"family_name": "Somebody"}).status_code == 422
    locked = post(browser, path, {"family_name": "Somebody"})
    assert locked.status_code == 403 and ENGLISH["closed_locked"] in locked.text
    assert post(browser, path, {"family_name": made.patient.family_name}).status_code == 403
    with reading() as db:
        seen = db.exec(select(AuditEvent.action).where(AuditEvent.case_number == made.number)).all()
    assert seen.count("portal.refused") == 4 and seen.count("portal.locked") == 1


def test_family_name_opens_no_link_that_does_not_ask_for_the_birth_date(browser):
    made, link = asked()
    path = path_of(link)
    browser.get(path)
    answer = post(browser, path, {"family_name": made.patient.family_name})
    assert answer.status_code == 422 and ENGLISH["birth_incomplete"] in answer.text


# -- what is closed


def test_nothing_is_asked_without_a_proof(browser):
    _, link = asked()
    for answer in (
        browser.get(path_of(link) + "/billing", follow_redirects=False),
        post(browser, path_of(link) + "/billing", {"member_id": "X"}, follow_redirects=False),
    ):
        assert answer.status_code in (303, 403)
    assert covered_as(asked()[0]).member_id == "OLD-1"


def test_older_link_asks_for_nothing_once_there_is_a_newer_one(browser):
    made, old = asked()
    path = proved(browser, old)
    with writing() as db:
        make_link(db, made.number, LinkPurpose.BILLING_DETAILS, 1)
    assert ENGLISH["closed_moved_on"] in browser.get(path).text
    assert ENGLISH["closed_moved_on"] in post(browser, path + "/billing", {"member_id": "M", "group_number": "G"}).text
    assert covered_as(made).member_id == "OLD-1"


def test_link_about_a_bill_withdraws_nothing_and_opens_no_other_page(browser):
    made, link = asked()
    path = proved(browser, link)
    assert browser.get(path + "/withdraw", follow_redirects=False).headers["location"] == path
    assert post(browser, path + "/withdraw", follow_redirects=False).headers["location"] == path
    for other in ("/step/1", "/times", "/appointment"):
        assert browser.get(path + other, follow_redirects=False).status_code == 303
    assert claim_of(made).status == ClaimStatus.MISSING_INFORMATION


def test_link_of_a_claim_that_has_gone_on_says_so(browser):
    made, link = asked()
    path = proved(browser, link)
    with writing() as db:
        claim = db.get_one(Claim, made.number)
        claim.status = ClaimStatus.READY_TO_BUILD
        db.add(claim)
    assert ENGLISH["closed_moved_on"] in browser.get(path).text


def test_address_has_its_second_line_whichever_is_missing(browser):
    """A claim that is built asks for the address as a whole; a flat's number must not be lost on the way."""
    made, link = asked("line", "city", "state", "zip_code")
    path = proved(browser, link)
    assert 'name="second_line"' in browser.get(path + "/billing").text
    home = {"line": "12 Alder Row", "second_line": "Flat 3", "city": "Portland", "state": "OR", "zip_code": "97205"}
    assert post(browser, path + "/billing", home, follow_redirects=False).status_code == 303
    with reading() as db:
        assert db.get_one(PatientBilling, made.patient.id).second_line == "Flat 3"
