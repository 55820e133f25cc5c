"""What was noted in the shadow beside what the staff did, from the records."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from acts import shadow_reading, waitlist
from acts.shadow_notes import Would, keep
from acts.waitlist_offers import freed_slots, would_offer
from adapters.operational_store import reading, writing
from adapters.undelivered import CALL_KEY
from benchmarks import generated_group
from models.codes import (
    AppointmentStatus,
    MessageChannel,
    MessageStatus,
    NoteStatus,
    ReferralStatus,
    Role,
    ToDoKind,
    ToDoStatus,
)
from models.columns import new_id, utc_now
from models.governance_codes import Level, Workflow
from models.operational import (
    Appointment,
    CheckIn,
    EligibilityCheck,
    FollowUp,
    Location,
    OutboxMessage,
    Referral,
    ShadowAction,
    ToDo,
    WorkflowStanding,
)
from models.scheduling_codes import CheckInKind, CheckInStatus, FollowUpKind
from models.session_index import NoteFormatCode
from models.standing import ShadowKind
from rules.shadow import How, Outcome
from tasks import shadow_night
from tests.conftest import copied
from tests.factories import make_case_at, make_episode, make_plan, make_session
from tests.statements import heard
from tests.tasks.test_held_batches import set_to
from tests.visits import make_care, make_visit
from tests.waiting_list import Practice

K, W, Out = ShadowKind, Workflow, Outcome
pytestmark = pytest.mark.usefixtures("home")


def note(kind: ShadowKind, subject: str, case: str, place: str, content: dict[str, Any]) -> None:
    with writing() as db:
        assert keep(db, [Would(kind, subject, case, place, content)]) == 1


def outcome(workflow: Workflow, place: str, now: datetime | None = None) -> tuple[Outcome, How]:
    with reading() as db:
        [row] = shadow_reading.rows(db, workflow, place, now or utc_now())
    return row.compared.outcome, row.compared.how


def change(record: Any, **values: Any) -> None:
    with writing() as db:
        kept = db.merge(record)
        for name, value in values.items():
            setattr(kept, name, value)


def test_match_is_held_against_the_assignment_that_was_signed_since() -> None:
    case = make_case_at(ReferralStatus.READY_TO_MATCH, risk_cleared=True)
    place = case.referral.location_id
    content = {"ranked": [["ST-A", 0.9]], "excluded": ["ST-B"]}
    note(K.MATCH, case.number, case.number, place, content)
    assert outcome(W.REFERRAL, place) == (Out.NOT_YET, How.NOTHING)
    care = make_care(patient=case.patient)
    change(care, status_since=utc_now())
    note_of = outcome(W.REFERRAL, place)
    assert note_of == (Out.CANNOT_TELL, How.NOT_CONSIDERED), "a clinician who was not known then"


def test_match_agrees_with_the_clinician_who_has_the_patient_in_care_since() -> None:
    case = make_case_at(ReferralStatus.READY_TO_MATCH, risk_cleared=True)
    care = make_care(patient=case.patient)
    content = {"ranked": [[care.clinician_id, 0.9]], "excluded": []}
    note(K.MATCH, case.number, case.number, case.referral.location_id, content)
    change(care, status_since=utc_now() - timedelta(days=1))
    assert outcome(W.REFERRAL, case.referral.location_id)[0] == Out.NOT_YET, "that care began before"
    change(care, status_since=utc_now())
    assert outcome(W.REFERRAL, case.referral.location_id) == (Out.AGREED, How.FIRST)


def test_case_that_closed_without_anybody_is_not_done() -> None:
    case = make_case_at(ReferralStatus.READY_TO_MATCH, risk_cleared=True)
    note(K.MATCH, case.number, case.number, case.referral.location_id, {"ranked": [], "excluded": []})
    with writing() as db:
        db.get_one(Referral, case.number).closed_at = utc_now()
    assert outcome(W.REFERRAL, case.referral.location_id) == (Out.NOT_DONE, How.NOTHING)


@pytest.mark.parametrize(
    ("status", "signed_as", "expected"),
    [
        (NoteStatus.CLOSED_SIGNED, NoteFormatCode.SOAP, (Out.AGREED, How.THE_SAME)),
        (NoteStatus.CLOSED_SIGNED, NoteFormatCode.DAP, (Out.DIFFERED, How.ANOTHER)),
        (NoteStatus.CLOSED_NO_NOTE, NoteFormatCode.SOAP, (Out.DIFFERED, How.STOPPED)),
        (NoteStatus.READY_TO_DRAFT, NoteFormatCode.SOAP, (Out.NOT_YET, How.NOTHING)),
    ],
)
def test_note_is_held_against_the_format_that_was_signed(
    status: NoteStatus, signed_as: NoteFormatCode, expected: tuple[Outcome, How]
) -> None:
    session = make_session(NoteStatus.READY_TO_DRAFT)
    note(K.NOTE_DRAFT, session.case_number, session.case_number, session.location_id, {"format": "SOAP"})
    closed = utc_now() if status.is_closed else None
    change(session, status=status, note_format=signed_as, closed_at=closed)
    assert outcome(W.NOTES, session.location_id) == expected


def in_shadow(visit: Appointment) -> None:
    set_to(W.SCHEDULING, visit.location_id, Level.SHADOW)
    shadow_night.note_night(utc_now().date())


@pytest.fixture
def visit() -> Appointment:
    visit = make_visit(make_care(), hours_ahead=48)
    in_shadow(visit)
    return visit


def later() -> datetime:
    return utc_now() + timedelta(days=3)


def test_reminder_that_nobody_put_on_record_cannot_be_told(visit: Appointment) -> None:
    assert outcome(W.SCHEDULING, visit.location_id) == (Out.NOT_YET, How.NOTHING)
    assert outcome(W.SCHEDULING, visit.location_id, later()) == (Out.CANNOT_TELL, How.NOT_ON_RECORD)
    change(visit, status=AppointmentStatus.CANCELLED)
    assert outcome(W.SCHEDULING, visit.location_id) == (Out.CANNOT_TELL, How.STOPPED)


def test_patient_who_has_confirmed_was_told_and_whether_they_came_is_counted(visit: Appointment) -> None:
    change(visit, confirmed_at=utc_now(), status=AppointmentStatus.ATTENDED)
    assert outcome(W.SCHEDULING, visit.location_id) == (Out.AGREED, How.TOLD)
    with reading() as db:
        found = shadow_reading.rows(db, W.SCHEDULING, visit.location_id, utc_now())
    figures = {each.kind: each for each in shadow_reading.figures(W.SCHEDULING, found)}
    assert figures[K.REMINDERS].attended == (1, 1)
    assert {kind: each.noted for kind, each in figures.items()} == {K.REMINDERS: 1, K.WAITLIST: 0, K.SERIES: 0}


def test_reminder_that_left_and_call_on_record_tell_the_patient(visit: Appointment) -> None:
    message = OutboxMessage(
        id=new_id("MS"),
        unique_key="one",
        channel=MessageChannel.EMAIL,
        template="appointment_reminder",
        case_number=visit.case_number,
        to_patient_id=visit.patient_id,
        facts={"appointment_id": visit.id},
        status=MessageStatus.QUEUED,
    )
    change(message)
    assert outcome(W.SCHEDULING, visit.location_id)[0] == Out.NOT_YET, "it has not left"
    change(message, status=MessageStatus.SENT, sent_at=utc_now())
    assert outcome(W.SCHEDULING, visit.location_id) == (Out.AGREED, How.TOLD)
    change(message, facts={"appointment_id": "AT-another"})
    assert outcome(W.SCHEDULING, visit.location_id)[0] == Out.NOT_YET, "it was about another one"
    call = ToDo(
        id=new_id("TD"),
        unique_key=f"{CALL_KEY}{visit.case_number}:appointment_reminder:{visit.id}",
        case_number=visit.case_number,
        kind=ToDoKind.TELL_PATIENT,
        role=Role.COORDINATOR,
        location_id=visit.location_id,
        due_at=utc_now(),
    )
    change(call, status=ToDoStatus.DONE, done_at=utc_now())
    assert outcome(W.SCHEDULING, visit.location_id) == (Out.AGREED, How.TOLD)


def test_freed_time_is_held_against_whoever_got_it() -> None:
    practice = Practice()
    first, _ = practice.waits(priority=1), practice.waits(priority=2)
    set_to(W.SCHEDULING, practice.place.id, Level.SHADOW)
    practice.cancel()
    with writing() as db:
        assert keep(db, waitlist_notes()) == 1
    assert outcome(W.SCHEDULING, practice.place.id) == (Out.NOT_YET, How.NOTHING)
    waitlist.fill_by_hand(first.id, slot_id=practice.slot.id, staff_id=practice.coordinator.id)
    assert outcome(W.SCHEDULING, practice.place.id) == (Out.AGREED, How.FIRST)


def test_freed_time_that_somebody_else_got_differs() -> None:
    practice = Practice()
    entries = [practice.waits(priority=each) for each in (1, 1, 1, 3)]
    set_to(W.SCHEDULING, practice.place.id, Level.SHADOW)
    practice.cancel()
    with writing() as db:
        keep(db, waitlist_notes())
    waitlist.fill_by_hand(entries[-1].id, slot_id=practice.slot.id, staff_id=practice.coordinator.id)
    assert outcome(W.SCHEDULING, practice.place.id) == (Out.DIFFERED, How.LOWER)


def waitlist_notes() -> list[Would]:
    with reading() as db:
        return [
            Would(
                K.WAITLIST,
                one.slot.id,
                one.case_number,
                one.slot.location_id,
                {"offered": list(one.offered), "ranked": list(one.ranked)},
            )
            for one in would_offer(db, freed_slots(db, utc_now()), utc_now())
        ]


def test_check_in_is_held_against_what_was_sent_or_written() -> None:
    episode = make_episode()
    plan = make_plan(episode, CheckInKind.MOOD)
    set_to(W.FOLLOW_UP, episode.location_id, Level.SHADOW)
    shadow_night.note_night(utc_now().date())
    with reading() as db:
        [noted] = db.exec(select(ShadowAction)).all()
    assert outcome(W.FOLLOW_UP, episode.location_id) == (Out.NOT_YET, How.NOTHING)
    assert outcome(W.FOLLOW_UP, episode.location_id, utc_now() + timedelta(days=8)) == (Out.NOT_DONE, How.NOTHING)
    message = FollowUp(
        case_number="BS-900001",
        patient_id=episode.patient_id,
        clinician_id=episode.clinician_id,
        location_id=episode.location_id,
        episode_number=episode.case_number,
        kind=FollowUpKind.MESSAGE,
        unique_key="message:1",
        requested_by="ST-1",
    )
    change(message)
    assert outcome(W.FOLLOW_UP, episode.location_id) == (Out.AGREED, How.WRITTEN_TO)
    sent = CheckIn(
        id=noted.subject_id,
        plan_id=plan.id,
        case_number=episode.case_number,
        kind=plan.kind,
        due_on=utc_now().date(),
        status=CheckInStatus.SENT,
        sent_at=utc_now(),
    )
    change(sent)
    assert outcome(W.FOLLOW_UP, episode.location_id) == (Out.AGREED, How.TOLD)


def test_coverage_that_somebody_asked_about_agrees() -> None:
    care = make_care()
    key = f"{care.patient_id}:P:1:2026-11-27"
    note(K.COVERAGE, key, care.case_number, care.location_id, {"service_date": utc_now().date().isoformat()})
    assert outcome(W.CLAIMS, care.location_id) == (Out.NOT_YET, How.NOTHING)
    assert outcome(W.CLAIMS, care.location_id, later()) == (Out.NOT_DONE, How.NOTHING)
    check = EligibilityCheck(
        id="EC1",
        unique_key=key,
        case_number=care.case_number,
        patient_id=care.patient_id,
        location_id=care.location_id,
        clinician_id=care.clinician_id,
        payer_code="P",
        service_date=utc_now().date(),
    )
    change(check)
    assert outcome(W.CLAIMS, care.location_id) == (Out.AGREED, How.THE_SAME)


def test_what_was_noted_before_there_was_a_content_is_said_to_be_untold() -> None:
    case = make_case_at(ReferralStatus.READY_TO_MATCH)
    with writing() as db:
        db.add(
            ShadowAction(
                id="SH-1",
                workflow=W.REFERRAL,
                location_id=case.referral.location_id,
                case_number=case.number,
                kind=K.MATCH,
                digest="d",
            )
        )
    assert outcome(W.REFERRAL, case.referral.location_id) == (Out.CANNOT_TELL, How.NOT_ON_RECORD)


def test_old_notes_are_out_of_the_window(visit: Appointment) -> None:
    with reading() as db:
        assert shadow_reading.rows(db, W.SCHEDULING, visit.location_id, utc_now() + timedelta(days=91)) == []


def test_reading_asks_the_database_as_often_for_many_as_for_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, migrated_installation: Path
) -> None:
    asked = []
    for size in (60, 240):
        with copied(migrated_installation, tmp_path / str(size), monkeypatch):
            generated_group.make(size, utc_now())
            with writing() as db:
                places = db.exec(select(Location.id)).all()
                for place in places:
                    for workflow in Workflow:
                        level = {"level": Level.SHADOW, "runs_as": Level.SHADOW}
                        db.merge(WorkflowStanding(workflow=workflow, location_id=place, **level))
            shadow_night.note_night(utc_now().date())
            with heard() as statements, reading() as db:
                rows = [len(shadow_reading.rows(db, each, places[0], later())) for each in Workflow]
            asked.append((sum(rows), len(statements)))
    (few, asked_few), (many, asked_many) = asked
    assert many > few and asked_many <= asked_few
