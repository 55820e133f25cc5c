"""Tests of the page of a time that came free: taking it, leaving it, and what it says when it has gone."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from acts import waitlist
from acts.waitlist_offers import offer_times
from adapters import portal_links
from adapters.message_words import MessageFacts, render
from adapters.operational_store import move_case, reading, writing
from adapters.portal_links import MadeLink
from models.codes import AppointmentStatus, EpisodeStatus, ReferralStatus
from models.columns import utc_now
from models.operational import Appointment, Episode, PortalLink, Slot, WaitlistEntry, WaitlistOffer
from models.scheduling_codes import WaitlistOfferStatus, WaitlistStatus
from rules.messaging import contains_sensitive_words
from tests.factories import make_entry, make_referral
from tests.waiting_list import Practice, messages, now_of, offers, opened
from tests.web.portal.test_portal import browser, open_link, path_of, post
from web.portal.strings import ENGLISH, SPANISH

__all__ = ["browser"]

W = WaitlistOfferStatus


@pytest.fixture
def practice(home: object) -> Practice:
    return Practice()


def link_of(offer: WaitlistOffer) -> MadeLink:
    with reading() as db:
        link = db.exec(select(PortalLink).where(PortalLink.subject_id == offer.id)).one()
    return MadeLink(link, portal_links.url_of(link))


def earlier_time(practice: Practice, **given: object) -> tuple[WaitlistEntry, MadeLink]:
    """One patient who waits and was offered the time that came free."""
    entry = practice.waits(**given)
    practice.cancel()
    return entry, link_of(offers(entry_id=entry.id)[0])


def test_page_shows_nothing_before_the_birth_date(practice: Practice, browser: TestClient) -> None:
    _, link = earlier_time(practice)
    path = path_of(link)
    assert ENGLISH["birth_title"] in browser.get(path).text
    inner = browser.get(f"{path}/earlier", follow_redirects=False)
    assert (inner.status_code, inner.headers["location"]) == (303, path)
    post(browser, f"{path}/earlier", {"answer": "take"})
    assert offers()[0].status == W.OPEN


def test_page_says_when_with_whom_until_when_and_instead_of_what(practice: Practice, browser: TestClient) -> None:
    _, link = earlier_time(practice)
    shown = browser.get(open_link(browser, link)).text
    for words in (ENGLISH["earlier_open_title"], "Robin Example", ENGLISH["place_either"], ENGLISH["earlier_leave"]):
        assert words in shown
    assert "You can answer until" in shown and "which we then cancel for you" in shown


def test_taking_the_time_leads_to_the_booked_visit(practice: Practice, browser: TestClient) -> None:
    entry, link = earlier_time(practice)
    path = open_link(browser, link)
    shown = post(browser, f"{path}/earlier", {"answer": "take"})
    assert shown.status_code == 200 and ENGLISH["status_booked"] in shown.text
    assert now_of(WaitlistEntry, entry.id).status == WaitlistStatus.FILLED
    again = post(browser, f"{path}/earlier", {"answer": "take"})
    assert ENGLISH["status_booked"] in again.text, "tapped twice"
    assert ENGLISH["status_booked"] in browser.get(path).text, "the link leads there from now on"
    with reading() as db:
        booked = db.exec(select(Appointment).where(Appointment.case_number == entry.case_number)).all()
    assert sorted(one.status for one in booked) == [AppointmentStatus.BOOKED, AppointmentStatus.CANCELLED]


@pytest.mark.parametrize("answer", ["no", "leave"])
def test_saying_no_is_thanked_for_and_keeps_the_visit(practice: Practice, browser: TestClient, answer: str) -> None:
    entry, link = earlier_time(practice)
    path = open_link(browser, link)
    shown = post(browser, f"{path}/earlier", {"answer": answer})
    assert shown.status_code == 200 and ENGLISH["earlier_declined_title"] in shown.text
    kept = "earlier_kept" if answer == "no" else "earlier_off_list"
    assert ENGLISH[kept] in shown.text
    assert now_of(Appointment, str(entry.from_appointment_id)).status == AppointmentStatus.BOOKED
    assert offers()[0].status == W.DECLINED


def test_no_answer_is_asked_for_again(practice: Practice, browser: TestClient) -> None:
    _, link = earlier_time(practice)
    shown = post(browser, f"{open_link(browser, link)}/earlier", {"answer": "maybe"})
    assert shown.status_code == 422 and ENGLISH["earlier_missing"] in shown.text


@pytest.mark.parametrize("how", ["taken", "expired", "later cancelled", "case closed"])
@pytest.mark.parametrize("method", ["get", "take", "no"])
def test_time_that_has_gone_is_told_kindly(practice: Practice, browser: TestClient, how: str, method: str) -> None:
    entry, link = earlier_time(practice, priority=2, language="es")
    path = open_link(browser, link)
    if how == "taken":
        other = practice.waits(priority=1)
        with writing() as db:
            offer_times(db, [db.get_one(Slot, practice.slot.id)], utc_now())
        waitlist.accept(*opened(offers(entry_id=other.id)[0]))
    elif how == "expired":
        with writing() as db:
            offer = db.get_one(WaitlistOffer, offers()[0].id)
            offer.hold_until = utc_now() - timedelta(seconds=1)
            db.add(offer)
    elif how == "later cancelled":
        with reading() as db:
            later = db.get_one(Appointment, str(entry.from_appointment_id))
        practice.cancel(later)
    else:
        with writing() as db:
            move_case(db, db.get_one(Episode, entry.case_number), EpisodeStatus.CLOSED_ENDED, actor="test")
    shown = browser.get(path) if method == "get" else post(browser, f"{path}/earlier", {"answer": method})
    fate = "expired" if how == "expired" else "revoked"
    assert shown.status_code == 409 and SPANISH[f"earlier_{fate}_title"] in shown.text
    kept = "earlier_kept" if how in ("taken", "expired") else "earlier_off_list"
    assert SPANISH[kept] in shown.text
    with reading() as db:
        booked = db.exec(
            select(Appointment.status).where(
                Appointment.case_number == entry.case_number, Appointment.slot_id == practice.slot.id
            )
        ).all()
    assert booked == []


def test_referral_that_waits_cannot_take_itself_off_the_list_here(practice: Practice, browser: TestClient) -> None:
    referral = make_referral(
        ReferralStatus.WAITLISTED, location=practice.place, clinician_id=practice.clinician.id, risk_cleared=True
    )
    make_entry(referral)
    practice.cancel()
    path = open_link(browser, link_of(offers()[0]))
    assert ENGLISH["earlier_leave"] not in browser.get(path).text
    post(browser, f"{path}/earlier", {"answer": "leave"})
    with reading() as db:
        assert db.exec(select(WaitlistEntry.status)).all() == [WaitlistStatus.WAITING]


def test_expired_link_looks_like_any_other_to_a_stranger(practice: Practice, browser: TestClient) -> None:
    _, link = earlier_time(practice)
    with writing() as db:
        kept = db.get_one(PortalLink, link.record.id)
        kept.expires_at = utc_now()
        db.add(kept)
    assert ENGLISH["closed_unknown"] in browser.get(path_of(link)).text


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("channel", ["email", "sms"])
def test_messages_name_the_time_and_no_service(practice: Practice, language: str, channel: str) -> None:
    facts = MessageFacts(channel, "Harbor Group", "+1 503 555 0140", link="https://x/l/1", when="Tuesday at 4 pm")
    for template in ("earlier_time_offered", "earlier_time_taken"):
        words = render(template, language, facts)
        assert "Tuesday at 4 pm" in words.body and not contains_sensitive_words(words.subject + words.body)
        assert ("https://x/l/1" in words.body) is (template == "earlier_time_offered")
        assert ("STOP" in words.body) is (channel == "sms")
    assert messages("earlier_time_taken") == []
