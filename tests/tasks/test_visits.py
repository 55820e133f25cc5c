"""Sessions of ongoing care whose time has passed: held by their own record, else asked about."""

from datetime import timedelta

import pytest
from sqlmodel import select

from adapters.operational_store import reading
from models.codes import AppointmentStatus, NoteStatus, Role, ToDoKind, ToDoStatus
from models.columns import utc_now
from models.operational import Appointment, AuditEvent, Episode, Patient, SessionNote, Staff, ToDo
from tasks import visits, watch
from tests.factories import make_session
from tests.visits import make_care, make_visit

pytestmark = pytest.mark.usefixtures("home")


def people(care: Episode) -> dict:
    with reading() as db:
        return {"patient": db.get_one(Patient, care.patient_id), "clinician": db.get_one(Staff, care.clinician_id)}


def now_of(visit: Appointment) -> AppointmentStatus:
    with reading() as db:
        return db.get_one(Appointment, visit.id).status


def questions() -> list[ToDo]:
    with reading() as db:
        return list(db.exec(select(ToDo).order_by(ToDo.unique_key)).all())


@pytest.mark.parametrize("status", [NoteStatus.RECEIVED, NoteStatus.CLOSED_SIGNED])
def test_session_on_record_shows_that_the_visit_was_held_and_asks_nobody(status: NoteStatus) -> None:
    care = make_care()
    visit = make_visit(care, hours_ahead=-48)
    note = make_session(status, started_at=visit.starts_at + timedelta(minutes=3), **people(care))
    assert visits.end_held(utc_now()) == 1
    assert visits.end_held(utc_now()) == 0
    assert now_of(visit) == AppointmentStatus.ATTENDED
    assert visits.ask_about_others(utc_now()) == 0
    with reading() as db:
        assert db.get_one(SessionNote, note.case_number).appointment_id == visit.id
        [event] = db.exec(select(AuditEvent).where(AuditEvent.action == "appointment.attended")).all()
    assert (event.actor, event.details) == ("system", {"why": "session_on_record"})


def test_watch_ends_it_and_reads_no_more_than_it_declares() -> None:
    care = make_care()
    visit = make_visit(care, hours_ahead=-48)
    make_session(NoteStatus.CLOSED_SIGNED, started_at=visit.starts_at, **people(care))
    watch.watch.fn()
    assert now_of(visit) == AppointmentStatus.ATTENDED


@pytest.mark.parametrize(("hours", "asked"), [(-35, 0), (-38, 1)])
def test_visit_that_nothing_shows_is_asked_about_once_the_export_should_have_come(hours: float, asked: int) -> None:
    care = make_care()
    visit = make_visit(care, hours_ahead=hours)
    for _ in range(2):
        visits.ask_about_others(utc_now())
    found = questions()
    assert len(found) == asked
    assert now_of(visit) == AppointmentStatus.BOOKED
    if asked:
        assert (found[0].kind, found[0].role) == (ToDoKind.RECORD_OUTCOME, Role.COORDINATOR)
        make_session(started_at=visit.starts_at, **people(care))
        assert visits.end_held(utc_now()) == 1
        assert questions()[0].status == ToDoStatus.SUPERSEDED


def test_one_record_shows_one_of_two_visits_of_a_day() -> None:
    care = make_care()
    first = make_visit(care, hours_ahead=-50)
    second = make_visit(care, starts_at=first.starts_at + timedelta(hours=1))
    make_session(started_at=second.starts_at + timedelta(minutes=1), **people(care))
    for _ in range(2):
        visits.end_held(utc_now())
    assert [now_of(first), now_of(second)] == [AppointmentStatus.BOOKED, AppointmentStatus.ATTENDED]


def test_nobody_elses_session_shows_it() -> None:
    care = make_care()
    visit = make_visit(care, hours_ahead=-48)
    make_session(started_at=visit.starts_at, patient=people(care)["patient"])
    make_session(started_at=visit.starts_at, clinician=people(care)["clinician"])
    assert visits.end_held(utc_now()) == 0
