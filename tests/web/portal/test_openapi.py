"""Generated requests at every operation of the portal: whatever is sent, the fault is never ours."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from adapters import portal_links
from adapters.settings import settings
from tests import factories
from tests.visits import make_care, make_visit, make_visit_link
from tests.waiting_list import Practice
from tests.web.openapi_cases import faults, operations
from tests.web.portal.test_portal import offer, open_link, questionnaires
from tests.web.portal.test_waitlist_pages import earlier_time
from web.portal.app import make_app
from web.portal.guard import PortalLimits
from web.portal.limits import RateLimit
from web.portal.page import proof_cookie

FIELDS = (
    *("year", "month", "day", "offer", "wish", "words", "draft", "then", "asked", "consent", "modality", "times"),
    *("slot", "hours", "channel", "part"),
    *("language", "access", "item_1", "item_2", "item_9", "From", "Body", "answer"),
)
EVERYTHING = RateLimit(1_000_000, 1)


@pytest.fixture
def browser(home: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("COUNTERSIGN_SMS_IN_SECRET", "a-secret")
    settings.cache_clear()
    app = make_app()
    for name in vars(PortalLimits()):
        setattr(app.state.limits, name, EVERYTHING)
    with TestClient(app, base_url="http://127.0.0.1:8481", headers={"X-Countersign-Secret": "a-secret"}) as client:
        yield client


@pytest.mark.parametrize("verified", [False, True], ids=["stranger", "patient"])
def test_portal_answers_whatever_is_sent(browser: TestClient, verified: bool) -> None:
    links = [
        questionnaires()[1],
        offer()[1],
        make_visit_link(make_visit(make_care())),
        earlier_time(Practice())[1],
        factories.make_survey(factories.make_episode())[1],
    ]
    tokens = [portal_links.token_of(link.record) for link in links]
    for link, token in zip(links, tokens, strict=True):
        browser.get(f"/l/{token}")
        if verified:
            open_link(browser, link)
            assert proof_cookie(token) in browser.cookies
    found = operations(browser.app)  # type: ignore[arg-type]
    always = {"form_token": browser.cookies["portal_form"]}
    sent, broken = faults(
        browser, found, known={"token": tokens, "number": ["1", "4"]}, always=always, fields=FIELDS, examples=12
    )
    assert broken == []
    assert len(found) > 15 and sent >= 8 * len(found)
