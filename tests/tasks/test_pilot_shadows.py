"""A plan, template or rule in shadow: what it would do is counted, what is done stays as it is, and it says no more."""

from datetime import date
from typing import Any

import pytest
from sqlmodel import select

from acts import pilot_figures, pilot_looks, pilot_shadows, reminders, waitlist_offers
from adapters.operational_store import reading, writing
from models.columns import utc_now
from models.operational import (
    Appointment,
    AuditEvent,
    Location,
    OutboxMessage,
    Pilot,
    PilotEdits,
    PilotPlacing,
    PilotShadow,
    WaitlistOffer,
)
from models.pilot_codes import SHADOW_MEASURE_OF, LookVerdict, PilotMode, PilotUnit, VersionKind
from tasks import nights, session_drafts
from tasks.reminders import queue_reminders
from tests.factories import make_location, make_patient, make_signer
from tests.pilots import now_of, running
from tests.tasks.test_session_drafts import Drafter, draft, drafter, proposal, ready
from tests.visits import make_care, make_visit
from tests.waiting_list import Practice

__all__ = ["drafter"]

pytestmark = pytest.mark.usefixtures("home")

K = VersionKind


@pytest.fixture
def place(home: Any) -> Location:
    return make_location()


def rows(record: Any, **where: Any) -> list[Any]:
    with reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def shadow(kind: VersionKind, place: Location, **given: Any) -> Pilot:
    facts = {"mode": PilotMode.SHADOW, "measure": SHADOW_MEASURE_OF[kind], "smallest": 0.5, "spread": 1.0}
    return running(kind, place, **facts | given)


def fails(*_: Any) -> Any:
    raise RuntimeError("cannot")


def counts() -> list[tuple[float, float, bool]]:
    return sorted((each.present, each.new, each.same) for each in rows(PilotShadow))


# -- reminders


def booked(place: Location, count: int, *, sessions: int = 1) -> list[Appointment]:
    clinician = make_signer(location=place)
    cares = [make_care(location=place, clinician=clinician) for _ in range(count)]
    return [make_visit(care, hours_ahead=150 + 2 * number) for care in cares for number in range(sessions)]


def plan_all(made: list[Appointment]) -> None:
    with writing() as db:
        reminders.plan_for(db, [db.get_one(Appointment, each.id) for each in made], utc_now())


def queued() -> int:
    return len(rows(OutboxMessage, template="appointment_reminder", status="queued"))


def test_reminders_are_sent_by_the_present_plan_and_the_new_ones_counted_once(place: Location) -> None:
    shadow(K.REMINDER_PLAN, place)
    made = booked(place, 3)
    for _ in range(2):
        plan_all(made)
        assert queued() == 6 and {each.reminder_plan for each in rows(Appointment)} == {"72+24"}
    assert counts() == [(2.0, 1.0, False)] * 3
    assert rows(PilotPlacing) == [] and {each.subject_id for each in rows(PilotShadow)} == {each.id for each in made}
    [told, again] = rows(AuditEvent, action="pilot.shadowed")
    assert told.details == again.details == {"count": 3}


@pytest.mark.parametrize("mode", PilotMode)
def test_nights_step_reads_of_a_pilot_what_it_declares(place: Location, mode: PilotMode) -> None:
    made = booked(place, 6)
    pilot = shadow(K.REMINDER_PLAN, place) if mode == PilotMode.SHADOW else running(K.REMINDER_PLAN, place)
    assert queue_reminders.fn(utc_now().date())["planned"] == 6
    assert len(rows(PilotShadow if mode == PilotMode.SHADOW else PilotPlacing, pilot_id=pilot.id)) == len(made)


@pytest.mark.parametrize("kind", [K.REMINDER_PLAN, K.NOTE_TEMPLATE, K.WAITLIST_RULE])
def test_nights_look_at_a_shadow_reads_what_it_declares(place: Location, kind: VersionKind) -> None:
    shadow(kind, place)
    plan_all(booked(place, 1))
    assert nights.do_part("pilots", date(2026, 11, 26), "all") == {"looks": 1, "stopped": 0}


def test_plan_that_comes_to_the_same_is_said_to(place: Location) -> None:
    pilot = shadow(K.REMINDER_PLAN, place, content={"extra_hours": 5})
    plan_all(booked(place, 2))
    assert counts() == [(2.0, 2.0, True)] * 2
    with reading() as db:
        assert pilot_figures.alike(db, db.get_one(Pilot, pilot.id)) == pilot_figures.Alike(2, 2)


def test_shadow_that_fails_costs_nobody_a_reminder(place: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    shadow(K.REMINDER_PLAN, place)
    monkeypatch.setattr(reminders, "_would_plan", fails)
    plan_all(booked(place, 2))
    assert queued() == 4 and rows(PilotShadow) == []


def test_other_places_are_not_counted(place: Location) -> None:
    shadow(K.REMINDER_PLAN, place)
    plan_all(booked(make_location(), 2))
    assert rows(PilotShadow) == [] and queued() == 4


def test_patient_counts_once_and_too_few_are_too_early(place: Location) -> None:
    pilot = shadow(K.REMINDER_PLAN, place)
    plan_all(booked(place, 3, sessions=2))
    look = pilot_looks.look_now(pilot.id, utc_now(), actor="system")
    assert look is not None and (look.units_b, look.mean_a, look.mean_b) == (3, 2.0, 1.0)
    assert look.verdict == LookVerdict.TOO_EARLY and look.figures == {"same": {"same": 0, "of": 6}}


def test_clear_difference_is_said_to_differ_and_stops_nothing(place: Location) -> None:
    pilot = shadow(K.REMINDER_PLAN, place, unit=PilotUnit.PATIENT)
    plan_all(booked(place, 24))
    look = pilot_looks.look_now(pilot.id, utc_now(), actor="system")
    assert look is not None and look.verdict == LookVerdict.DIFFERS and look.estimate == -1.0
    assert now_of(pilot).ended_at is None


# -- note templates


def test_draft_is_made_with_the_present_template_and_open_points_of_both_are_counted(
    drafter: Drafter, place: Location
) -> None:
    shadow(K.NOTE_TEMPLATE, place)
    session, other = ready(location=place, patient=make_patient()), ready()
    draft(session, other)
    assert proposal(session)["templates"]["SOAP"]["version"] == "SOAP-1"
    assert len(proposal(session)["not_assessed"]["SOAP"]) == 9
    [row] = rows(PilotShadow)
    assert (row.subject_id, row.present, row.new, row.same) == (session.case_number, 9.0, 1.0, False)
    assert rows(PilotPlacing) == []


def test_shadow_that_fails_costs_nobody_a_draft(
    drafter: Drafter, place: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    shadow(K.NOTE_TEMPLATE, place)
    monkeypatch.setattr(session_drafts, "_would_be", fails)
    session = ready(location=place)
    assert draft(session) == {session.case_number: "drafted"}
    assert rows(PilotShadow) == []


def test_look_at_a_template_in_shadow_reads_no_signed_note(place: Location) -> None:
    pilot = shadow(K.NOTE_TEMPLATE, place)
    assert pilot_looks.look_now(pilot.id, utc_now(), actor="system") is not None
    assert rows(PilotEdits) == [] and rows(AuditEvent, action="pilot.edits_counted") == []


# -- the waitlist


def freed(place: Location) -> Practice:
    practice = Practice(place)
    for _ in range(4):
        practice.waits()
    return practice


def test_times_are_offered_by_the_present_rule_and_who_would_be_asked_is_counted(place: Location) -> None:
    practice = freed(place)
    pilot = shadow(K.WAITLIST_RULE, place)
    practice.cancel()
    assert len(rows(WaitlistOffer, slot_id=practice.slot.id)) == 3
    assert counts() == [(3.0, 1.0, False)] and rows(PilotPlacing) == []
    look = pilot_looks.look_now(pilot.id, utc_now(), actor="system")
    assert look is not None and (look.units_b, look.mean_a, look.mean_b) == (1, 3.0, 1.0)


def test_shadow_that_fails_costs_nobody_an_offer(place: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    practice = freed(place)
    shadow(K.WAITLIST_RULE, place)
    monkeypatch.setattr(pilot_shadows, "_keep", fails)
    monkeypatch.setattr(waitlist_offers.log, "error", lambda *_, **__: None)
    practice.cancel()
    assert len(rows(WaitlistOffer, slot_id=practice.slot.id)) == 3 and rows(PilotShadow) == []
