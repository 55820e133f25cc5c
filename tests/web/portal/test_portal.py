"""Tests of the portal's pages: what they show, what they refuse, and that they hold nothing before the birth date."""

import re
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from acts.booking import book
from adapters import portal_links, therapy_store
from adapters.operational_store import reading, writing
from adapters.portal_links import MadeLink
from adapters.settings import settings
from models.codes import LinkPurpose, ReferralStatus
from models.measures import DEFINITIONS, Measure
from models.operational import Appointment, Offer, Patient, PortalLink, Referral
from tests.factories import (
    make_clinician,
    make_location,
    make_offer,
    make_patient,
    make_portal_link,
    make_referral,
    make_slot,
)
from web.portal.app import make_app
from web.portal.strings import ENGLISH, SPANISH, page_language

pytestmark = pytest.mark.usefixtures("home")

R = ReferralStatus
BIRTH = {"month": "4", "day": "23", "year": "1990"}


@pytest.fixture
def browser() -> Iterator[TestClient]:
    with TestClient(make_app(), base_url="http://127.0.0.1:8481") as client:
        yield client


def path_of(link: MadeLink) -> str:
    return f"/l/{portal_links.token_of(link.record)}"


def post(browser: TestClient, path: str, data: dict | None = None, **options: object):
    form = {"form_token": browser.cookies.get("portal_form"), **(data or {})}
    return browser.post(path, data=form, **options)


def open_link(browser: TestClient, link: MadeLink) -> str:
    """Open a link and prove the birth date; returns its path."""
    path = path_of(link)
    browser.get(path)
    answer = post(browser, path, BIRTH, follow_redirects=False)
    assert answer.status_code == 303
    return path


def questionnaires(**person: object) -> tuple[Referral, MadeLink]:
    referral = make_referral(R.QUESTIONNAIRES_REQUESTED, patient=make_patient(**person))
    return referral, make_portal_link(referral, LinkPurpose.QUESTIONNAIRES)


def offer(times: int = 2, **person: object) -> tuple[Referral, MadeLink]:
    place = make_location()
    clinician = make_clinician(location=place)
    referral = make_referral(
        R.OFFERED,
        patient=make_patient(**person),
        location=place,
        clinician_id=clinician.id,
        risk_cleared=True,
    )
    for each in range(times):
        make_offer(referral, make_slot(clinician, place, hours_ahead=96 + 24 * each))
    return referral, make_portal_link(referral, LinkPurpose.CHOOSE_TIME)


def status_of(referral: Referral) -> ReferralStatus:
    with reading() as db:
        return db.exec(select(Referral.status).where(Referral.case_number == referral.case_number)).one()


def items(measure: Measure, value: int, **others: int) -> dict[str, str]:
    numbers = [item.number for item in DEFINITIONS[measure].items if item.scored]
    answers = {f"item_{number}": value for number in numbers} | others
    return {name: str(value) for name, value in answers.items()} | {"asked": [str(n) for n in numbers]}


def answer_measures(browser: TestClient, path: str, item_9: int = 0) -> None:
    post(browser, f"{path}/step/1", items(Measure.PHQ9, 1, item_9=item_9))
    post(browser, f"{path}/step/2", items(Measure.GAD7, 1))
    post(browser, f"{path}/step/3", {"item_1": "0", "item_2": "0", "item_6": "0"})


# -- before the birth date


def test_portal_shows_nothing_of_the_person_before_the_birth_date(browser: TestClient) -> None:
    referral, link = questionnaires(language="es")
    shown = browser.get(path_of(link))
    with reading() as db:
        person = db.get(Patient, referral.patient_id)
    assert person is not None
    assert shown.status_code == 200
    assert '<html lang="en">' in shown.text
    for secret in (person.given_name, person.family_name, person.email, referral.case_number, "Harbor Street"):
        assert secret not in shown.text
    inner = browser.get(f"{path_of(link)}/step/1", follow_redirects=False)
    assert (inner.status_code, inner.headers["location"]) == (303, path_of(link))


def test_portal_refuses_a_wrong_birth_date_and_locks_after_five(browser: TestClient) -> None:
    _, link = questionnaires()
    browser.get(path_of(link))
    for _ in range(4):
        wrong = post(browser, path_of(link), {**BIRTH, "day": "24"})
        assert wrong.status_code == 422
        assert ENGLISH["birth_wrong"] in wrong.text
    locked = post(browser, path_of(link), {**BIRTH, "day": "24"})
    assert ENGLISH["closed_locked"] in locked.text
    assert ENGLISH["closed_locked"] in post(browser, path_of(link), BIRTH).text


@pytest.mark.parametrize("birth", [{}, {**BIRTH, "day": "31"}, {**BIRTH, "year": "199x"}])
def test_portal_asks_again_for_a_date_that_does_not_exist(browser: TestClient, birth: dict) -> None:
    _, link = questionnaires()
    browser.get(path_of(link))
    shown = post(browser, path_of(link), birth)
    assert shown.status_code == 422
    assert ENGLISH["birth_incomplete"] in shown.text
    with reading() as db:
        kept = db.get(PortalLink, link.record.id)
    assert kept is not None and kept.failed_checks == 0


@pytest.mark.parametrize("path", ["/l/forged", "/l/forged/step/1", "/nowhere"])
def test_portal_closes_a_link_it_did_not_sign(browser: TestClient, path: str) -> None:
    assert ENGLISH["closed_unknown"] in browser.get(path).text


# -- guards


@pytest.mark.parametrize("form_token", ["", "guessed"])
def test_portal_refuses_a_form_of_another_site(browser: TestClient, form_token: str) -> None:
    _, link = offer()
    path = open_link(browser, link)
    refused = browser.post(f"{path}/withdraw", data={"form_token": form_token}, follow_redirects=False)
    assert refused.status_code == 403
    assert [status_of(row) for row in _cases()] == [R.OFFERED]


def test_portal_refuses_a_form_sent_from_another_origin(browser: TestClient) -> None:
    _, link = offer()
    path = open_link(browser, link)
    refused = post(browser, f"{path}/withdraw", headers={"origin": "https://elsewhere.example.org"})
    assert refused.status_code == 403
    own = post(browser, f"{path}/withdraw", headers={"origin": "http://127.0.0.1:8481"})
    assert ENGLISH["withdrawn"] in own.text


def _cases() -> list[Referral]:
    with reading() as db:
        return list(db.exec(select(Referral)).all())


def test_portal_sends_its_security_headers_on_every_answer(browser: TestClient) -> None:
    _, link = questionnaires()
    for path in (path_of(link), "/nowhere", "/healthz", "/assets/portal.css"):
        headers = browser.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe-inline" not in headers["content-security-policy"]
        assert headers["x-robots-tag"].startswith("noindex")
        assert headers["x-content-type-options"] == "nosniff"
    assert browser.get(path_of(link)).headers["cache-control"] == "no-store"


def test_proof_cookie_is_kept_from_scripts_and_ends_soon(browser: TestClient) -> None:
    _, link = questionnaires()
    browser.get(path_of(link))
    cookie = post(browser, path_of(link), BIRTH, follow_redirects=False).headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie
    assert "Path=/;" in cookie
    assert "Max-Age=1800" in cookie


def test_page_outside_a_link_leaves_the_form_cookie_alone(browser: TestClient) -> None:
    _, link = questionnaires()
    path = open_link(browser, link)
    assert "set-cookie" not in browser.get("/favicon.ico").headers
    assert post(browser, f"{path}/step/1", items(Measure.PHQ9, 0)).status_code == 200


def test_portal_has_no_inline_script_or_style(browser: TestClient) -> None:
    _, link = questionnaires()
    path = open_link(browser, link)
    for page in ("", "/step/1", "/step/4", "/withdraw"):
        text = browser.get(path + page).text
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)", text)


def test_portal_refuses_a_huge_form(browser: TestClient) -> None:
    _, link = questionnaires()
    path = open_link(browser, link)
    assert post(browser, f"{path}/step/4", {"words": "x" * 70_000}).status_code == 413


def test_portal_answers_a_fault_without_its_words(
    browser: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _, link = questionnaires()

    def broken(token: str) -> None:
        raise RuntimeError("Alex Sample said this")

    monkeypatch.setattr("acts.patient.link_state", broken)
    shown = browser.get(path_of(link))
    assert shown.status_code == 500
    assert "Alex" not in shown.text + caplog.text
    assert "RuntimeError" in caplog.text


# -- the questions


def test_patient_answers_everything_and_the_case_goes_to_be_screened(browser: TestClient) -> None:
    referral, link = questionnaires()
    path = open_link(browser, link)
    assert "Step 1 of 4" in browser.get(path).text
    answer_measures(browser, path)
    about = browser.get(f"{path}/step/4").text
    assert ENGLISH["consent_title"] in about
    data = {"words": "I sleep badly", "consent": "no", "modality": "telehealth", "times": ["mon-am", "fri-eve"]}
    done = post(browser, f"{path}/step/4", {**data, "language": "es", "access": "yes"})
    assert SPANISH["done"] in done.text
    assert "crisis-title" not in done.text
    assert status_of(referral) == R.READY_TO_SCREEN
    with reading() as db:
        case = db.get(Referral, referral.case_number)
        person = db.get(Patient, referral.patient_id)
    assert case is not None and person is not None
    assert (case.preferred_times, case.modality, case.needs_accessible) == (
        ["mon-am", "fri-eve"],
        "telehealth",
        True,
    )
    assert (person.language, person.consent_ai) == ("es", False)
    texts = therapy_store.texts(referral.case_number, actor="test", where="test")
    assert [text.text.unwrap() for text in texts] == ["I sleep badly"]


def test_page_with_a_missing_answer_says_which_and_keeps_the_others(browser: TestClient) -> None:
    _, link = questionnaires()
    path = open_link(browser, link)
    answers = items(Measure.PHQ9, 2)
    del answers["item_3"]
    shown = post(browser, f"{path}/step/1", answers)
    assert shown.status_code == 422
    assert ENGLISH["not_answered"].format(n=3) in shown.text
    assert shown.text.count(" checked") == 8
    assert post(browser, f"{path}/step/1", {"item_3": "0"}).url.path == f"{path}/step/2"


def test_unscored_question_may_be_left_out(browser: TestClient) -> None:
    _, link = questionnaires()
    path = open_link(browser, link)
    assert ENGLISH["optional"] in browser.get(f"{path}/step/1").text
    assert post(browser, f"{path}/step/1", items(Measure.PHQ9, 0)).url.path == f"{path}/step/2"


def asked_on(text: str) -> list[str]:
    return re.findall(r'name="asked" value="(\d)"', text)


@pytest.mark.parametrize(("second", "follows"), [("0", ["1", "2", "6"]), ("1", ["1", "2", "3", "4", "5", "6"])])
def test_screener_page_asks_only_what_its_branching_asks(browser: TestClient, second: str, follows: list[str]) -> None:
    _, link = questionnaires()
    path = open_link(browser, link)
    assert asked_on(browser.get(f"{path}/step/3").text) == ["1", "2"]
    more = post(browser, f"{path}/step/3", {"item_1": "0", "item_2": second, "asked": ["1", "2"]})
    assert more.status_code == 200
    assert asked_on(more.text) == follows
    assert ENGLISH["more_questions"] in more.text


def test_screener_asks_when_after_a_yes_to_behaviour(browser: TestClient) -> None:
    _, link = questionnaires()
    path = open_link(browser, link)
    more = post(browser, f"{path}/step/3", {"item_1": "0", "item_2": "0", "item_6": "1"})
    assert asked_on(more.text) == ["1", "2", "6", "7"]
    assert post(browser, f"{path}/step/3", {"item_7": "0", "asked": ["7"]}).url.path == f"{path}/step/4"


def test_draft_is_saved_without_a_page(browser: TestClient) -> None:
    _, link = questionnaires()
    path = open_link(browser, link)
    assert post(browser, f"{path}/step/1", {"item_1": "2", "draft": "1"}).status_code == 204
    assert browser.get(f"{path}/step/1").text.count(" checked") == 1
    post(browser, f"{path}/step/4", {"words": "half a sentence", "draft": "1"})
    assert "half a sentence" in browser.get(f"{path}/step/4").text


def test_save_for_later_keeps_what_there_is(browser: TestClient) -> None:
    referral, link = questionnaires()
    path = open_link(browser, link)
    shown = post(browser, f"{path}/step/1", {"item_1": "2", "then": "later"})
    assert ENGLISH["saved"] in shown.text
    assert browser.get(f"{path}/step/1").text.count(" checked") == 1
    assert status_of(referral) == R.QUESTIONNAIRES_REQUESTED


def test_crisis_words_stand_on_every_page_after_a_flagged_answer(browser: TestClient) -> None:
    _, link = questionnaires()
    path = open_link(browser, link)
    assert "crisis-title" not in browser.get(f"{path}/step/1").text
    after = post(browser, f"{path}/step/1", items(Measure.PHQ9, 0, item_9=1))
    assert after.url.path == f"{path}/step/2"
    assert "crisis-title" in after.text
    answer_measures(browser, path, item_9=1)
    done = post(browser, f"{path}/step/4", {"consent": "yes"})
    assert ENGLISH["done"] in done.text
    assert "crisis-title" in done.text
    assert "crisis-title" in browser.get(path).text


def test_last_page_needs_a_yes_or_no_about_the_program_and_keeps_the_words(browser: TestClient) -> None:
    referral, link = questionnaires()
    path = open_link(browser, link)
    answer_measures(browser, path)
    shown = post(browser, f"{path}/step/4", {"words": "kept words"})
    assert shown.status_code == 422
    assert ENGLISH["consent_missing"] in shown.text
    assert "kept words" in shown.text
    assert status_of(referral) == R.QUESTIONNAIRES_REQUESTED


def test_last_page_leaves_the_consent_out_where_the_law_forbids_the_program(browser: TestClient) -> None:
    referral, link = questionnaires(state="IL")
    path = open_link(browser, link)
    answer_measures(browser, path)
    assert ENGLISH["consent_title"] not in browser.get(f"{path}/step/4").text
    assert ENGLISH["done"] in post(browser, f"{path}/step/4").text
    assert status_of(referral) == R.READY_TO_SCREEN


def test_last_page_sent_too_early_leads_to_the_first_open_page(browser: TestClient) -> None:
    _, link = questionnaires()
    path = open_link(browser, link)
    post(browser, f"{path}/step/1", items(Measure.PHQ9, 0))
    assert post(browser, f"{path}/step/4", {"consent": "no"}).url.path == f"{path}/step/2"


@pytest.mark.parametrize("value", ["4", "9"])
def test_page_refuses_a_value_no_option_has(browser: TestClient, value: str) -> None:
    _, link = questionnaires()
    path = open_link(browser, link)
    assert post(browser, f"{path}/step/1", {"item_1": value}).status_code == 409
    assert browser.get(f"{path}/step/1").text.count(" checked") == 0


def test_words_are_escaped_when_they_come_back(browser: TestClient) -> None:
    _, link = questionnaires()
    path = open_link(browser, link)
    post(browser, f"{path}/step/4", {"words": "</textarea><script>x</script>", "draft": "1"})
    text = browser.get(f"{path}/step/4").text
    assert "<script>x" not in text
    assert "&lt;/textarea&gt;" in text


# -- language


def test_pages_speak_the_patients_language_unless_another_is_chosen(browser: TestClient) -> None:
    _, link = questionnaires(language="es")
    path = open_link(browser, link)
    spanish = browser.get(f"{path}/step/1").text
    assert '<html lang="es">' in spanish
    assert SPANISH["english_only"] in spanish
    assert "marque 2" in spanish
    assert '<html lang="en">' in browser.get(f"{path}/step/1?lang=en").text
    assert '<html lang="en">' in browser.get(f"{path}/step/2").text


@pytest.mark.parametrize(
    ("wishes", "language"),
    [
        ((None, "es-MX,es;q=0.9,en;q=0.8"), "es"),
        (("en", "es"), "en"),
        ((None, "fr-FR,fr"), "en"),
        ((None, None), "en"),
        (("xx", None, "es"), "es"),
    ],
)
def test_page_language_is_the_first_we_have_words_for(wishes: tuple, language: str) -> None:
    assert page_language(*wishes) == language


def test_both_languages_have_the_same_strings_with_the_same_places() -> None:
    assert ENGLISH.keys() == SPANISH.keys()
    for name, words in ENGLISH.items():
        assert set(re.findall(r"{\w+}", words)) == set(re.findall(r"{\w+}", SPANISH[name])), name


# -- the times


def test_patient_chooses_confirms_and_cancels(browser: TestClient) -> None:
    referral, link = offer()
    path = open_link(browser, link)
    times = browser.get(path)
    assert "Pacific Time" in times.text
    offers = re.findall(r'name="offer" value="([^"]+)"', times.text)
    assert len(offers) == 2
    booked = post(browser, f"{path}/times", {"offer": offers[0]})
    assert booked.url.path.endswith("/appointment")
    assert ENGLISH["status_booked"] in booked.text
    assert status_of(referral) == R.BOOKED
    visit = booked.url.path.removesuffix("/appointment")

    again = post(browser, f"{path}/times", {"offer": offers[0]})
    assert again.url.path == booked.url.path
    assert browser.get(path).url.path == booked.url.path

    assert ENGLISH["status_confirmed"] in post(browser, f"{visit}/confirm").text
    assert ENGLISH["cancel_missing"] in post(browser, f"{visit}/cancel").text
    cancelled = post(browser, f"{visit}/cancel", {"wish": "new"})
    assert ENGLISH["status_cancelled"] in cancelled.text
    assert ENGLISH["cancelled_new"] in cancelled.text
    assert status_of(referral) == R.READY_TO_OFFER
    assert ENGLISH["status_cancelled"] in post(browser, f"{visit}/cancel", {"wish": "new"}).text


def test_loser_of_a_time_sees_the_others(browser: TestClient) -> None:
    _, link = offer()
    path = open_link(browser, link)
    offers = re.findall(r'name="offer" value="([^"]+)"', browser.get(path).text)
    with reading() as db:
        case = _cases()[0]
        assert db.exec(select(Appointment)).all() == []
    rival = make_referral(R.OFFERED, clinician_id=case.clinician_id)
    slot_id = _slot_of(offers[0])
    with writing() as db:
        book(db, db.merge(rival), slot_id, "ST-1")
    lost = post(browser, f"{path}/times", {"offer": offers[0]})
    assert lost.status_code == 409
    assert ENGLISH["taken"] in lost.text
    assert re.findall(r'name="offer" value="([^"]+)"', lost.text) == offers[1:]


def _slot_of(offer_id: str) -> str:
    with reading() as db:
        return db.exec(select(Offer.slot_id).where(Offer.id == offer_id)).one()


def test_none_suit_leads_to_the_list(browser: TestClient) -> None:
    referral, link = offer()
    path = open_link(browser, link)
    assert ENGLISH["waitlisted"] in post(browser, f"{path}/none-suit").text
    assert status_of(referral) == R.WAITLISTED


def test_withdraw_asks_once_more_and_then_closes(browser: TestClient) -> None:
    referral, link = questionnaires()
    path = open_link(browser, link)
    assert ENGLISH["withdraw_text"] in browser.get(f"{path}/withdraw").text
    assert status_of(referral) == R.QUESTIONNAIRES_REQUESTED
    assert ENGLISH["withdrawn"] in post(browser, f"{path}/withdraw").text
    assert status_of(referral) == R.CLOSED_WITHDRAWN


# -- text messages


SECRET = {"X-Countersign-Secret": "a-long-random-value-é".encode()}


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("COUNTERSIGN_SMS_IN_SECRET", "a-long-random-value-é")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def test_text_messages_are_refused_until_a_secret_is_set(browser: TestClient) -> None:
    for headers in ({}, SECRET, {"X-Countersign-Secret": ""}):
        assert (
            browser.post("/sms-in", data={"From": "+15035550137", "Body": "STOP"}, headers=headers).status_code == 404
        )


@pytest.mark.parametrize("sent", [None, "", "a-long-random-value", "another"])
def test_text_message_without_the_secret_is_not_heard(browser: TestClient, gateway: None, sent: str | None) -> None:
    referral, _ = questionnaires(preferred_channel="sms")
    with reading() as db:
        person = db.get_one(Patient, referral.patient_id)
    headers = {} if sent is None else {"X-Countersign-Secret": sent}
    assert browser.post("/sms-in", data={"From": person.phone, "Body": "STOP"}, headers=headers).status_code == 404
    with reading() as db:
        assert db.get_one(Patient, referral.patient_id).sms_stopped_at is None


def test_text_message_stop_is_honoured(browser: TestClient, gateway: None) -> None:
    referral, _ = questionnaires(preferred_channel="sms")
    with reading() as db:
        person = db.get(Patient, referral.patient_id)
    assert person is not None
    assert browser.post("/sms-in", data={"From": person.phone, "Body": "STOP"}, headers=SECRET).status_code == 200
    with reading() as db:
        kept = db.get(Patient, referral.patient_id)
    assert kept is not None and kept.sms_stopped_at is not None
