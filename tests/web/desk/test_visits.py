"""The sessions of ongoing care on the desk, and how a patient wants to be reminded."""

import pytest
from sqlmodel import select

from adapters import operational_store
from models.codes import AppointmentStatus, MessageChannel, Role, ToDoKind
from models.columns import utc_now
from models.operational import Appointment, ReminderPreference, ToDo
from tasks.reminders import queue_reminders
from tests import factories
from tests.visits import make_care, make_visit


@pytest.fixture
def coordinator(at_the_desk):
    return at_the_desk(Role.COORDINATOR)


@pytest.fixture
def care(place, person):
    return make_care(location=place, clinician=person(Role.CLINICIAN))


def one(record, key):
    with operational_store.reading() as db:
        return db.get(record, key)


def test_sessions_show_their_reminders_and_why(coordinator, care):
    make_visit(care, hours_ahead=150)
    queue_reminders.fn(utc_now().date())
    shown = coordinator.get(f"/care/{care.case_number}/visits").text
    assert "72+24 hours before, by email" in shown and "Hours: the practice plan" in shown


def test_page_of_the_care_leads_to_its_sessions(coordinator, care):
    answer = coordinator.get(f"/cases/{care.case_number}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/care/{care.case_number}")
    assert f'href="/care/{care.case_number}/visits"' in coordinator.get(answer.headers["location"]).text


@pytest.mark.parametrize(("outcome", "status"), [("attended", "attended"), ("no_show", "no_show")])
@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.CLINICIAN])
def test_outcome_is_recorded(at_the_desk, place, role, outcome, status):
    seated = at_the_desk(role)
    care = make_care(location=place, clinician=seated.staff if role == Role.CLINICIAN else None)
    visit = make_visit(care, hours_ahead=-2)
    path = f"/care/{care.case_number}/visits"
    assert "Did not come" in seated.get(path).text
    assert seated.post(f"{path}/{visit.id}", outcome=outcome).status_code == 303
    assert one(Appointment, visit.id).status == AppointmentStatus(status)
    assert "Did not come" not in seated.get(f"{path}?done=recorded").text


@pytest.mark.parametrize(("hours", "outcome"), [(2, "attended"), (-2, ""), (-2, "cancelled")])
def test_outcome_that_cannot_be_is_refused_in_words(coordinator, care, hours, outcome):
    visit = make_visit(care, hours_ahead=hours)
    answer = coordinator.post(f"/care/{care.case_number}/visits/{visit.id}", outcome=outcome)
    assert answer.status_code == 422 and 'role="alert"' in answer.text
    assert one(Appointment, visit.id).status == AppointmentStatus.BOOKED


def test_session_of_another_case_is_not_recorded_here(coordinator, care, place):
    other = make_visit(make_care(location=place), hours_ahead=-2)
    answer = coordinator.post(f"/care/{care.case_number}/visits/{other.id}", outcome="attended")
    assert answer.status_code == 422
    assert one(Appointment, other.id).status == AppointmentStatus.BOOKED


def test_referral_has_no_such_page(coordinator, place):
    case = factories.make_referral(location=place)
    assert coordinator.get(f"/care/{case.case_number}/visits").status_code in (404, 409)


def test_preference_is_kept_and_shown_again(coordinator, care):
    path = f"/patients/{care.patient_id}/reminders"
    assert "72, 24 hours before" in coordinator.get(path).text
    fields = {"hours": "48, 2", "channel": "sms", "begins": "9", "ends": "18", "language": "es"}
    assert coordinator.post(path, **fields).status_code == 303
    kept = one(ReminderPreference, care.patient_id)
    assert (kept.hours_before, kept.channel) == ([48, 2], MessageChannel.SMS)
    assert (kept.not_before_hour, kept.not_after_hour, kept.set_by) == (9, 18, coordinator.staff.id)
    assert 'value="48, 2"' in coordinator.get(f"{path}?done=kept").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"hours": "1"},
        {"hours": "24, 24"},
        {"hours": "soon"},
        {"channel": "page"},
        {"begins": "18", "ends": "9"},
        {"begins": "25"},
        {"language": "fr"},
    ],
)
def test_preference_that_cannot_be_is_refused_and_what_was_typed_stays(coordinator, care, wrong):
    path = f"/patients/{care.patient_id}/reminders"
    answer = coordinator.post(path, **{"hours": "72", "language": "en", **wrong})
    assert answer.status_code == 422 and 'role="alert"' in answer.text
    assert f'value="{wrong.get("hours", "72")}"' in answer.text
    assert one(ReminderPreference, care.patient_id) is None


def test_patient_of_another_place_is_nobodys_business(coordinator):
    elsewhere = make_care()
    assert coordinator.get(f"/patients/{elsewhere.patient_id}/reminders").status_code == 403
    assert coordinator.post(f"/patients/{elsewhere.patient_id}/reminders", hours="24", language="en").status_code == 403


def test_call_has_its_script_its_outcomes_and_its_minutes(coordinator, care, place):
    patient = factories.make_patient(email=None, phone="+15035550177")
    alone = make_care(location=place, patient=patient)
    make_visit(alone, hours_ahead=100)
    assert queue_reminders.fn(utc_now().date())["calls"] == 1
    with operational_store.reading() as db:
        [to_do] = db.exec(select(ToDo)).all()
    assert to_do.kind == ToDoKind.TELL_PATIENT
    shown = coordinator.get(f"/to-dos/{to_do.id}").text
    assert "Call: remind of a visit" in shown and "Will you come?" in shown and "Call +15035550177" in shown
    assert coordinator.post(f"/to-dos/{to_do.id}/finish", outcome="no_answer_try_again").status_code == 303
    coordinator.post(f"/to-dos/{to_do.id}/claim")
    coordinator.post(f"/to-dos/{to_do.id}/finish", outcome="told")
    assert "Counted as work: 0 min" in coordinator.get(f"/to-dos/{to_do.id}").text
