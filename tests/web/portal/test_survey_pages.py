"""The page of a survey: behind the birth date, answered once, in both languages."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from adapters.message_words import MessageFacts, render
from adapters.operational_store import reading
from models.operational import SatisfactionAnswer
from rules.messaging import contains_sensitive_words
from tests.factories import make_episode, make_patient, make_survey
from tests.web.portal.test_portal import browser, open_link, path_of, post
from web.portal.strings import ENGLISH, SPANISH

__all__ = ["browser"]
pytestmark = pytest.mark.usefixtures("home")


def answers() -> list[tuple[int | None, int | None]]:
    with reading() as db:
        return [(each.satisfied, each.recommends) for each in db.exec(select(SatisfactionAnswer)).all()]


def test_nothing_is_asked_before_the_birth_date(browser: TestClient) -> None:
    _, link = make_survey(make_episode())
    path = path_of(link)
    inner = browser.get(f"{path}/survey", follow_redirects=False)
    assert (inner.status_code, inner.headers["location"]) == (303, path)
    post(browser, f"{path}/survey", {"satisfied": "5"})
    assert answers() == []


def test_both_questions_are_asked_and_answered_once(browser: TestClient) -> None:
    _, link = make_survey(make_episode())
    page = f"{open_link(browser, link)}/survey"
    shown = browser.get(page).text
    assert ENGLISH["survey_satisfied"] in shown and ENGLISH["survey_no_more"] in shown
    refused = post(browser, page, {"satisfied": "", "recommends": "11"})
    assert refused.status_code == 422 and answers() == []
    assert ENGLISH["survey_title"] in post(browser, page, {}).text
    assert post(browser, page, {"satisfied": "2", "recommends": "0"}).status_code == 200
    assert answers() == [(2, 0)]
    assert post(browser, page, {"satisfied": "5"}).status_code == 409
    assert ENGLISH["survey_answered_title"] in browser.get(path_of(link)).text
    assert answers() == [(2, 0)]


def test_page_speaks_spanish(browser: TestClient) -> None:
    _, link = make_survey(make_episode(patient=make_patient(language="es")))
    assert SPANISH["survey_satisfied"] in browser.get(open_link(browser, link)).text


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("channel", ["sms", "email"])
def test_message_never_names_the_service(language: str, channel: str) -> None:
    facts = MessageFacts(channel=channel, practice="River Street", practice_phone="+15035550101", link="https://x/l/1")
    words = render("survey", language, facts)
    assert "https://x/l/1" in words.body
    assert not contains_sensitive_words(words.subject + words.body)
    assert ("STOP" in words.body) is (channel == "sms")
