"""What a link does that must not open: forged, expired, used, another's; and how often somebody may try."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import MetaData, Table
from sqlalchemy import select as select_rows
from sqlmodel import select

from adapters import operational_store, portal_links, therapy_store
from adapters.operational_store import reading, writing
from adapters.portal_links import MadeLink
from adapters.settings import settings
from models.codes import LinkPurpose, ReferralStatus
from models.columns import utc_now
from models.operational import Appointment, Offer, OutboxMessage, Patient, PortalLink, Referral
from tests.factories import make_patient, make_portal_link, make_referral
from tests.web.portal.test_portal import BIRTH, offer, open_link, path_of, post, questionnaires, status_of
from web.portal.app import make_app
from web.portal.limits import MOST_KEYS, RateLimit
from web.portal.strings import ENGLISH

pytestmark = pytest.mark.usefixtures("home")

R = ReferralStatus
ELSEWHERE = {"origin": "https://elsewhere.example.org"}


@pytest.fixture
def browser() -> Iterator[TestClient]:
    with TestClient(make_app(), base_url="http://127.0.0.1:8481") as client:
        yield client


def stranger(browser: TestClient) -> TestClient:
    """Another browser at the same portal, without a cookie."""
    return TestClient(browser.app, base_url="http://127.0.0.1:8481")


def change(link: MadeLink, **values: object) -> None:
    with writing() as db:
        kept = db.get_one(PortalLink, link.record.id)
        for name, value in values.items():
            setattr(kept, name, value)
        db.add(kept)


def person_of(referral: Referral) -> Patient:
    with reading() as db:
        return db.get_one(Patient, referral.patient_id)


def secrets_of(referral: Referral) -> tuple[str, ...]:
    person = person_of(referral)
    return (person.given_name, person.family_name, str(person.email), referral.case_number, "Harbor Street")


def bare(text: str, token: str, form_token: str | None) -> str:
    """A page without what differs from one visit to the next."""
    return text.replace(token, "TOKEN").replace(form_token or "FORM", "FORM")


# -- closed to whoever cannot show the birth date


def expired(link: MadeLink) -> str:
    change(link, expires_at=utc_now() - timedelta(seconds=1))
    return portal_links.token_of(link.record)


def revoked(link: MadeLink) -> str:
    change(link, revoked=True)
    return portal_links.token_of(link.record)


def unknown(link: MadeLink) -> str:
    return portal_links.token_of(link.record.model_copy(update={"id": "PL-0000000000000000"}))


def of_another_purpose(link: MadeLink) -> str:
    return portal_links.token_of(link.record.model_copy(update={"purpose": LinkPurpose.APPOINTMENT}))


def forged(link: MadeLink) -> str:
    token = portal_links.token_of(link.record)
    return token[:-8] + ("A" if token[-8] != "A" else "B") + token[-7:]


@pytest.mark.parametrize("closed", [expired, revoked, unknown, of_another_purpose])
def test_closed_link_looks_like_a_forged_one(browser: TestClient, closed: Callable[[MadeLink], str]) -> None:
    referral, link = questionnaires()
    false, token = forged(link), closed(link)
    pages = []
    for each in (false, token):
        visitor = stranger(browser)
        shown = visitor.get(f"/l/{each}")
        sent = post(visitor, f"/l/{each}", BIRTH)
        inner = visitor.get(f"/l/{each}/step/1")
        form_token = visitor.cookies.get("portal_form")
        pages.append([(page.status_code, bare(page.text, each, form_token)) for page in (shown, sent, inner)])
    assert pages[0] == pages[1]
    assert {status for status, _ in pages[0]} == {404}
    assert ENGLISH["closed_unknown"] in pages[0][0][1]
    assert not [secret for secret in secrets_of(referral) if secret in str(pages)]


@pytest.mark.parametrize("birth", [{}, BIRTH, {**BIRTH, "day": "24"}])
def test_forged_link_says_nothing_about_a_date(browser: TestClient, birth: dict) -> None:
    _, link = questionnaires()
    path = f"/l/{forged(link)}"
    browser.get(path)
    answer = post(browser, path, birth)
    assert ENGLISH["closed_unknown"] in answer.text
    with reading() as db:
        assert db.get_one(PortalLink, link.record.id).failed_checks == 0


def test_proof_of_one_link_opens_no_other(browser: TestClient) -> None:
    _, own = questionnaires()
    other_case, other = questionnaires()
    open_link(browser, own)
    name = next(name for name in browser.cookies if name.startswith("portal_proof_"))
    proof = browser.cookies[name]
    for cookie in [name for name in browser.cookies if name.startswith("portal_proof_")]:
        browser.cookies.set(cookie, proof)
    from web.portal.page import proof_cookie

    browser.cookies.set(proof_cookie(portal_links.token_of(other.record)), proof)
    shown = browser.get(f"{path_of(other)}/step/1", follow_redirects=False)
    assert (shown.status_code, shown.headers["location"]) == (303, path_of(other))
    assert post(browser, f"{path_of(other)}/withdraw").url.path == path_of(other)
    assert status_of(other_case) is R.QUESTIONNAIRES_REQUESTED


def test_offer_of_another_case_is_not_booked(browser: TestClient) -> None:
    mine, link = offer()
    theirs, _ = offer()
    path = open_link(browser, link)
    with reading() as db:
        foreign = db.exec(select(Offer.id).where(Offer.case_number == theirs.case_number)).first()
    post(browser, f"{path}/times", {"offer": foreign})
    assert (status_of(mine), status_of(theirs)) == (R.OFFERED, R.OFFERED)
    with reading() as db:
        assert db.exec(select(Appointment)).all() == []


# -- a link that was used


def booked(browser: TestClient) -> tuple[Referral, str, str]:
    """A case whose patient has just chosen a time: (case, path of the offer, path of the visit)."""
    referral, link = offer()
    path = open_link(browser, link)
    with reading() as db:
        first = db.exec(select(Offer.id).where(Offer.case_number == referral.case_number)).first()
    chosen = post(browser, f"{path}/times", {"offer": first})
    return referral, path, chosen.url.path.removesuffix("/appointment")


USED = {
    "offer taken": lambda browser: booked(browser)[:2],
    "cancelled": lambda browser: _ended(browser, "cancel", {"wish": "new"}),
    "withdrawn from a visit": lambda browser: _ended(browser, "cancel", {"wish": "withdraw"}),
    "withdrawn": lambda browser: _ended(browser, "withdraw", {}),
}


def _ended(browser: TestClient, page: str, form: dict) -> tuple[Referral, str]:
    referral, _, visit = booked(browser)
    assert post(browser, f"{visit}/{page}", form).status_code == 200
    return referral, visit


@pytest.mark.parametrize("how", USED)
def test_used_link_says_that_it_is_done_and_nothing_else(browser: TestClient, how: str) -> None:
    referral, path = USED[how](browser)
    before = everything_kept()
    visitor = stranger(browser)
    shown = visitor.get(path)
    assert (shown.status_code, ENGLISH["closed_used"] in shown.text) == (200, True)
    replayed = [
        post(visitor, f"{path}{page}", form)
        for page, form in (
            ("", BIRTH),
            ("/cancel", {"wish": "new"}),
            ("/withdraw", {}),
            ("/confirm", {}),
            ("/times", {"offer": "OF-1"}),
            ("/none-suit", {}),
        )
    ]
    for page in (shown, *replayed):
        assert ENGLISH["closed_used"] in page.text
        assert not [secret for secret in secrets_of(referral) if secret in page.text]
    assert everything_kept() == before


@pytest.mark.parametrize(
    ("page", "form"), [("/cancel", {"wish": "new"}), ("/withdraw", {}), ("/confirm", {}), ("/cancel", {"wish": "call"})]
)
def test_doing_it_twice_in_the_same_browser_changes_nothing_more(browser: TestClient, page: str, form: dict) -> None:
    _, _, visit = booked(browser)
    post(browser, visit + page, form)
    before = everything_kept()
    assert post(browser, visit + page, form).status_code == 200
    assert everything_kept() == before


def test_revoked_visit_link_cannot_cancel_a_later_booking(browser: TestClient) -> None:
    """The link of an earlier round is dead in the very browser that proved the birth date."""
    referral, _, visit = booked(browser)
    with writing() as db:
        for link in db.exec(select(PortalLink).where(PortalLink.case_number == referral.case_number)).all():
            link.revoked = True
            db.add(link)
    before = everything_kept()
    for page, form in (("/cancel", {"wish": "new"}), ("/withdraw", {}), ("/confirm", {})):
        post(browser, visit + page, form)
    assert everything_kept() == before


# -- looking changes nothing


def everything_kept() -> dict[str, list]:
    """Every row of both databases except the record of who looked."""
    kept = {}
    for store, url in (
        (operational_store, settings().operational_database),
        (therapy_store, settings().therapy_database),
    ):
        metadata = MetaData()
        engine = store.engine_for(url)
        metadata.reflect(engine)
        with engine.connect() as connection:
            for name, table in metadata.tables.items():
                if "audit" not in name:
                    kept[name] = _rows(connection, table)
    return kept


def _rows(connection: object, table: Table) -> list[str]:
    return sorted(map(repr, connection.execute(select_rows(table)).all()))  # type: ignore[attr-defined]


@pytest.mark.parametrize("verified", [True, False])
def test_looking_at_every_page_changes_nothing(browser: TestClient, verified: bool) -> None:
    """A mail scanner opens every address it finds, some of them several times."""
    _, asked = questionnaires()
    _, offered = offer()
    visit = booked(browser)[2]
    paths = [path_of(asked), path_of(offered), visit]
    if verified:
        open_link(browser, asked)
        open_link(browser, offered)
    visitor = browser if verified else stranger(browser)
    before = everything_kept()
    pages = ("", "/step/1", "/step/4", "/times", "/none-suit", "/appointment", "/confirm", "/cancel", "/withdraw")
    for path in paths:
        for page in pages:
            for method in ("GET", "HEAD", "OPTIONS"):
                answer = visitor.request(method, path + page)
                assert answer.status_code < 500
                assert method == "GET" or answer.content == b""
    assert everything_kept() == before


def test_head_answers_as_get_does_without_a_body(browser: TestClient) -> None:
    _, link = questionnaires()
    head, get = browser.head(path_of(link)), browser.get(path_of(link))
    assert (head.status_code, head.headers["content-type"]) == (get.status_code, get.headers["content-type"])
    assert head.content == b"" and "default-src 'none'" in head.headers["content-security-policy"]
    assert browser.options(path_of(link)).headers["allow"] == "GET, HEAD, POST, OPTIONS"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
def test_other_methods_are_refused_with_a_page(browser: TestClient, method: str) -> None:
    _, link = questionnaires()
    answer = browser.request(method, path_of(link))
    assert answer.status_code == 405
    assert "text/html" in answer.headers["content-type"]


# -- how often


def test_rate_limit_lets_its_number_through_and_then_a_few_at_a_time() -> None:
    limit = RateLimit(2, 60)
    assert [limit.take("a", now) for now in (0, 0, 0, 1)] == [0, 0, 30, 29]
    assert limit.take("b", 1) == 0
    assert [limit.take("a", now) for now in (29.9, 30, 30.1)] == [pytest.approx(0.1), 0, pytest.approx(29.9)]
    assert [limit.take("a", 300) for _ in range(3)] == [0, 0, 30]


def test_rate_limit_keeps_a_bounded_number_of_keys() -> None:
    limit = RateLimit(1, 60)
    for number in range(MOST_KEYS + 10):
        limit.take(str(number), 0)
    assert len(limit._rested_at) == MOST_KEYS
    assert limit.seconds_to_wait("0", 0) == 0
    assert limit.seconds_to_wait(str(MOST_KEYS + 9), 0) == 60


@pytest.mark.parametrize("which", ["per_source", "per_link"])
def test_portal_asks_to_wait_when_there_are_too_many_requests(browser: TestClient, which: str) -> None:
    setattr(browser.app.state.limits, which, RateLimit(2, 7200))
    _, link = questionnaires()
    answers = [browser.get(path_of(link)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 3500 < int(answers[2].headers["retry-after"]) <= 3600
    assert ENGLISH["too_fast"] in answers[2].text
    assert browser.get("/healthz").text == "ok"
    assert browser.get("/nowhere").status_code == (429 if which == "per_source" else 404)


def test_trying_links_that_do_not_exist_is_slowed_down(browser: TestClient) -> None:
    browser.app.state.limits.unknown_links = RateLimit(2, 7200)
    _, link = questionnaires()
    assert [browser.get(f"/l/{guess}").status_code for guess in ("a", "b.c", "d")] == [404, 404, 429]
    assert browser.get(path_of(link)).status_code == 200


def test_wrong_dates_are_counted_over_all_links_of_a_source(browser: TestClient) -> None:
    browser.app.state.limits.wrong_dates = RateLimit(3, 7200)
    links = [questionnaires()[1] for _ in range(4)]
    answers = []
    for link in links:
        browser.get(path_of(link))
        answers.append(post(browser, path_of(link), {**BIRTH, "day": "24"}))
    assert [answer.status_code for answer in answers] == [422, 422, 422, 429]
    assert ENGLISH["too_many_dates"] in answers[3].text and int(answers[3].headers["retry-after"]) > 2000
    right = post(browser, path_of(links[3]), BIRTH, follow_redirects=False)
    assert right.status_code == 429
    with reading() as db:
        assert [db.get_one(PortalLink, link.record.id).failed_checks for link in links] == [1, 1, 1, 0]


# -- what leaves


def test_no_token_is_logged(browser: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    browser.app.state.limits.per_link = RateLimit(4, 7200)
    _, link = questionnaires()
    path = path_of(link)
    for each in (path, f"/l/{forged(link)}", f"{path}/step/x", f"{path}/nowhere", path, path):
        browser.get(each)
    post(browser, path, {"year": "9" * 30, "month": "1", "day": "1"})
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert not [line for line in ours if path.rpartition("/")[2] in line]


def test_https_portal_keeps_its_cookies_for_this_host_and_tls_alone(
    home: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERSIGN_PUBLIC_PORTAL_URL", "https://portal.example.org")
    settings.cache_clear()
    referral = make_referral(R.QUESTIONNAIRES_REQUESTED, patient=make_patient())
    link = make_portal_link(referral, LinkPurpose.QUESTIONNAIRES)
    with TestClient(make_app(), base_url="https://portal.example.org") as browser:
        first = browser.get(path_of(link))
        form = {"form_token": browser.cookies["__Host-portal_form"], **BIRTH}
        proven = browser.post(path_of(link), data=form, follow_redirects=False)
        assert "Step 1 of 4" in browser.get(path_of(link)).text
    assert first.headers["strict-transport-security"]
    for cookie in (first.headers["set-cookie"], proven.headers["set-cookie"]):
        assert cookie.startswith("__Host-portal_")
        assert "Secure" in cookie and "HttpOnly" in cookie and "Path=/;" in cookie and "domain" not in cookie.lower()


def test_nothing_is_sent_because_a_link_was_closed(browser: TestClient) -> None:
    _, link = questionnaires()
    browser.get(f"/l/{expired(link)}")
    with reading() as db:
        assert db.exec(select(OutboxMessage)).all() == []
