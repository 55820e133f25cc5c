"""The patient's pages between sessions: answering, reading, being told kindly what can no longer be done."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from acts import check_ins, material
from adapters import education
from adapters import operational_store as store
from adapters.portal_links import make_link, token_of
from models.codes import LinkPurpose
from models.operational import CheckIn, Episode, FollowUp, MaterialSent
from models.scheduling_codes import CheckInKind, CheckInStatus
from models.therapy_text import TherapyText
from tests.factories import make_check_in, make_episode, make_plan
from web.portal.app import make_app

K = CheckInKind
pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def browser() -> Iterator[TestClient]:
    with TestClient(make_app(), base_url="http://127.0.0.1:8300", follow_redirects=True) as one:
        yield one


def posted(browser: TestClient, path: str, **fields: str):
    token = browser.cookies.get("portal_form") or ""
    return browser.post(path, data={"form_token": token, **fields})


def enter(browser: TestClient, token: str):
    """Open the link and give the birth date."""
    assert "date of birth" in browser.get(f"/l/{token}").text
    return posted(browser, f"/l/{token}", month="4", day="23", year="1990")


def asked(kind: CheckInKind = K.MOOD, **given) -> tuple[Episode, CheckIn, str]:
    episode = make_episode()
    check_in, token, _ = make_check_in(episode, kind, **given)
    return episode, check_in, token


def test_patient_answers_a_mood_and_is_told_when_it_is_answered_twice(browser: TestClient) -> None:
    _, check_in, token = asked()
    page = enter(browser, token)
    assert "How has your mood been" in page.text
    done = posted(browser, f"/l/{token}/check-in", answer="7", words="A quiet week.")
    assert done.status_code == 200 and "We have your answers" in done.text
    again = posted(browser, f"/l/{token}/check-in", answer="1")
    assert again.status_code == 409 and "already answered" in again.text
    assert browser.get(f"/l/{token}").status_code == 409
    with store.reading() as db:
        assert db.get_one(CheckIn, check_in.id).status == CheckInStatus.ANSWERED


@pytest.mark.parametrize("answer", ["", "11", "-1", "seven", "٣", "1e1", "999999999999"])
def test_answer_that_is_none_keeps_nothing_and_says_so(browser: TestClient, answer: str) -> None:
    _, check_in, token = asked()
    enter(browser, token)
    page = posted(browser, f"/l/{token}/check-in", answer=answer)
    assert page.status_code in (409, 422)
    with store.reading() as db:
        assert db.get_one(CheckIn, check_in.id).status == CheckInStatus.SENT


def test_questionnaire_asks_for_what_is_missing_and_keeps_what_was_typed(browser: TestClient) -> None:
    _, _, token = asked(K.GAD7)
    enter(browser, token)
    page = posted(browser, f"/l/{token}/check-in", item_1="2", words="so far")
    assert page.status_code == 422 and "Question 2 has no answer yet" in page.text and "so far" in page.text
    done = posted(browser, f"/l/{token}/check-in", **{f"item_{item}": "1" for item in range(1, 8)})
    assert "We have your answers" in done.text


def test_item_9_shows_the_crisis_text_at_once_and_opens_an_escalation(browser: TestClient) -> None:
    _, _, token = asked(K.PHQ9)
    enter(browser, token)
    page = posted(browser, f"/l/{token}/check-in", item_9="1")
    assert page.status_code == 422 and "You do not have to be alone" in page.text
    done = posted(browser, f"/l/{token}/check-in", **{f"item_{item}": "1" for item in range(1, 10)})
    assert "You do not have to be alone" in done.text
    with store.reading() as db:
        assert len(db.exec(select(FollowUp)).all()) == 1


def test_homework_shows_the_clinicians_words_as_text(browser: TestClient) -> None:
    episode = make_episode()
    plan_id = check_ins.assign(
        episode.case_number,
        K.HOMEWORK,
        every_days=7,
        staff_id=episode.clinician_id,
        words=TherapyText("Walk <b>to</b> the river."),
        form_id="f1",
    )
    with store.reading() as db:
        from models.operational import CheckInPlan

        plan = db.get_one(CheckInPlan, plan_id)
    _, token, _ = make_check_in(episode, plan=plan)
    page = enter(browser, token)
    assert "Walk &lt;b&gt;to&lt;/b&gt; the river." in page.text and "Did you try it?" in page.text
    assert "We have your answers" in posted(browser, f"/l/{token}/check-in", answer="2").text


def test_one_link_leads_through_everything_that_is_asked(browser: TestClient) -> None:
    episode = make_episode()
    _, first, _ = make_check_in(episode, K.MOOD)
    _, second, _ = make_check_in(episode, plan=make_plan(episode, K.HOMEWORK))
    enter(browser, first)
    page = posted(browser, f"/l/{first}/check-in", answer="7")
    assert page.url.path == f"/l/{second}/check-in" and "Did you try it?" in page.text


def test_withdrawn_check_in_asks_nothing(browser: TestClient) -> None:
    episode, check_in, token = asked()
    enter(browser, token)
    check_ins.end(check_in.plan_id, episode.case_number, staff_id=episode.clinician_id)
    assert "no longer needed" in posted(browser, f"/l/{token}/check-in", answer="7").text


def test_check_in_is_in_spanish_too(browser: TestClient) -> None:
    _, _, token = asked()
    enter(browser, token)
    assert "¿Cómo ha estado su ánimo" in browser.get(f"/l/{token}/check-in?lang=es").text


def test_patient_reads_material_as_often_as_they_like(browser: TestClient) -> None:
    episode = make_episode()
    material.review("sleep-1.en", education.library()["sleep-1.en"].digest, staff_id=episode.clinician_id)
    sent = material.send(episode.case_number, "sleep", staff_id=episode.clinician_id)
    with store.writing() as db:
        link = make_link(db, episode.case_number, LinkPurpose.MATERIAL, 0, subject_id=sent).record
    page = enter(browser, token_of(link))
    assert page.status_code == 200 and "<strong>Get up at the same time every day</strong>" in page.text
    assert "988" in page.text
    assert browser.get(f"/l/{token_of(link)}").status_code == 200
    with store.reading() as db:
        assert db.get_one(MaterialSent, sent).opened_at is not None


@pytest.mark.parametrize("path", ["check-in", "read", "message"])
def test_link_of_another_purpose_opens_none_of_these_pages(browser: TestClient, path: str) -> None:
    _, _, token = asked()
    enter(browser, token)
    page = browser.get(f"/l/{token}/{path}")
    assert ("How has your mood" in page.text) or path == "check-in"
    assert page.url.path == f"/l/{token}/check-in"


def test_nobody_leaves_their_care_through_a_check_in(browser: TestClient) -> None:
    _, check_in, token = asked()
    enter(browser, token)
    assert posted(browser, f"/l/{token}/withdraw").url.path == f"/l/{token}/check-in"
    with store.reading() as db:
        assert db.get_one(CheckIn, check_in.id).status == CheckInStatus.SENT
