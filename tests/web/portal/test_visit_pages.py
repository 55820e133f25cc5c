"""The pages of a session of ongoing care: one tap each, and a clear page for every link that is spent."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from adapters.operational_store import reading, writing
from models.codes import AppointmentStatus, MessageChannel
from models.columns import utc_now
from models.operational import Appointment, Clinician, Location, PortalLink, ReminderPreference, Slot, ToDo
from tests.factories import make_patient, make_slot
from tests.visits import make_care, make_visit, make_visit_link
from tests.web.portal.test_portal import open_link, post
from web.portal.app import make_app
from web.portal.strings import ENGLISH, SPANISH

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def browser() -> Iterator[TestClient]:
    with TestClient(make_app(), base_url="http://127.0.0.1:8481") as client:
        yield client


def opened(browser: TestClient, hours_ahead: float = 96, **person: object) -> tuple[Appointment, str]:
    visit = make_visit(make_care(patient=make_patient(**person)), hours_ahead=hours_ahead)
    return visit, open_link(browser, make_visit_link(visit))


def slot_for(visit: Appointment, **given: object) -> Slot:
    with reading() as db:
        clinician, place = db.get_one(Clinician, visit.clinician_id), db.get_one(Location, visit.location_id)
    return make_slot(clinician, place, **given)  # type: ignore[arg-type]


def status_of(visit: Appointment) -> AppointmentStatus:
    with reading() as db:
        return db.get_one(Appointment, visit.id).status


def test_one_tap_confirms_and_answering_twice_says_the_same(browser: TestClient) -> None:
    visit, path = opened(browser)
    for _ in range(2):
        assert ENGLISH["status_confirmed"] in post(browser, f"{path}/confirm").text
    assert status_of(visit) == AppointmentStatus.CONFIRMED


def test_one_tap_cancels_and_the_link_then_shows_it_and_what_can_be_done(browser: TestClient) -> None:
    visit, path = opened(browser)
    assert ENGLISH["cancel_now"] in browser.get(f"{path}/appointment").text
    for _ in range(2):
        shown = post(browser, f"{path}/cancel").text
        assert ENGLISH["cancelled_ongoing"] in shown and ENGLISH["status_cancelled"] in shown
    assert status_of(visit) == AppointmentStatus.CANCELLED
    again = browser.get(path).text
    assert ENGLISH["status_cancelled"] in again and ENGLISH["confirm"] not in again
    assert ENGLISH["status_cancelled"] in post(browser, f"{path}/confirm").text


def test_late_cancelling_is_said_before_the_tap(browser: TestClient) -> None:
    _, path = opened(browser, hours_ahead=20)
    assert ENGLISH["cancel_late"] in browser.get(f"{path}/appointment").text


def test_expired_link_says_that_it_is_too_old(browser: TestClient) -> None:
    visit, path = opened(browser)
    with writing() as db:
        db.exec(select(PortalLink)).one().expires_at = utc_now()
    for page in ("/appointment", "/move", "/reminders"):
        assert ENGLISH["closed_expired"] in browser.get(f"{path}{page}").text
    assert ENGLISH["closed_expired"] in post(browser, f"{path}/cancel").text
    assert status_of(visit) == AppointmentStatus.BOOKED


def test_moving_leads_to_the_new_time_and_the_old_link_follows(browser: TestClient) -> None:
    visit, path = opened(browser)
    slot = slot_for(visit, hours_ahead=130)
    assert ENGLISH["move_hint"] in browser.get(f"{path}/move").text
    shown = post(browser, f"{path}/move", {"slot": slot.id})
    assert ENGLISH["status_booked"] in shown.text and path not in str(shown.url)
    assert status_of(visit) == AppointmentStatus.CANCELLED
    assert ENGLISH["status_booked"] in browser.get(path).text
    assert ENGLISH["status_booked"] in post(browser, f"{path}/move", {"slot": slot.id}).text


def test_time_that_is_gone_is_told_and_the_visit_stands(browser: TestClient) -> None:
    visit, path = opened(browser)
    answer = post(browser, f"{path}/move", {"slot": "SL-gone"})
    assert answer.status_code == 409 and "Your visit is as it was" in answer.text
    assert ENGLISH["move_none"] in answer.text
    assert status_of(visit) == AppointmentStatus.BOOKED


def test_call_is_asked_for_once(browser: TestClient) -> None:
    _, path = opened(browser)
    for _ in range(2):
        assert ENGLISH["appointment_called"] in post(browser, f"{path}/call").text
    with reading() as db:
        assert len(db.exec(select(ToDo)).all()) == 1


def test_care_is_not_ended_by_a_link(browser: TestClient) -> None:
    visit, path = opened(browser)
    assert ENGLISH["withdraw_yes"] not in browser.get(f"{path}/withdraw").text
    post(browser, f"{path}/withdraw")
    assert status_of(visit) == AppointmentStatus.BOOKED


def test_reminders_are_chosen_in_the_patients_language(browser: TestClient) -> None:
    visit, path = opened(browser, language="es", phone="+15035550177")
    shown = browser.get(f"{path}/reminders").text
    assert SPANISH["reminders_when"] in shown and 'value="72" checked' in shown.replace('"hours" ', "")
    chosen = {"hours": ["48", "2"], "channel": "sms", "part": "eve", "language": "en"}
    assert ENGLISH["reminders_saved"] in post(browser, f"{path}/reminders", chosen).text
    with reading() as db:
        kept = db.get_one(ReminderPreference, visit.patient_id)
    assert (kept.hours_before, kept.channel) == ([48, 2], MessageChannel.SMS)
    assert (kept.not_before_hour, kept.not_after_hour) == (17, 21)


@pytest.mark.parametrize(
    "wrong",
    [
        {"hours": []},
        {"hours": ["1"]},
        {"hours": ["x"]},
        {"hours": ["2", "4", "24", "48", "72"]},
        {"channel": "page"},
        {"language": "fr"},
    ],
)
def test_choice_that_cannot_be_is_told(browser: TestClient, wrong: dict) -> None:
    visit, path = opened(browser)
    browser.get(f"{path}/reminders")
    answer = post(
        browser, f"{path}/reminders", {"hours": ["24"], "channel": "usual", "part": "any", "language": "en", **wrong}
    )
    assert answer.status_code == 422 and ENGLISH["reminders_wrong"] in answer.text
    with reading() as db:
        assert db.get(ReminderPreference, visit.patient_id) is None


def test_stopped_texts_are_not_offered(browser: TestClient) -> None:
    _, path = opened(browser, sms_stopped_at=utc_now())
    shown = browser.get(f"{path}/reminders").text
    assert ENGLISH["reminders_stopped"] in shown and 'value="sms"' not in shown
