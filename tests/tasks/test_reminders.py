"""The night's reminders: whole tables in a fixed number of queries, nothing twice, every choice with its reason."""

import json
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlmodel import select

from acts import booking, reminders
from adapters.operational_store import engine_for, reading, writing
from adapters.settings import settings
from adapters.undelivered import CALL_KEY
from models.codes import AppointmentStatus, MessageChannel, MessageStatus, Modality, ReferralStatus, ToDoKind
from models.columns import utc_now
from models.operational import (
    Appointment,
    AuditEvent,
    Episode,
    NoShowEstimate,
    OutboxMessage,
    Patient,
    PortalLink,
    PracticeSetting,
    Referral,
    ReminderPreference,
    ToDo,
)
from tasks import reminders as night
from tests.factories import BIRTH_DATE, make_case_at, make_location, make_patient, make_signer
from tests.statements import heard
from tests.visits import make_care, make_visit, make_visit_link

pytestmark = pytest.mark.usefixtures("home")

NOTHING = {"planned": 0, "reminders": 0, "calls": 0}


def queue(location_id: str = "all") -> dict[str, int]:
    return night.queue_reminders.fn(utc_now().date(), location_id)


def rows(record: type, **where: object) -> list:
    with reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def queued() -> list[OutboxMessage]:
    found = rows(OutboxMessage, template="appointment_reminder", status=MessageStatus.QUEUED)
    return sorted(found, key=lambda each: each.not_before)


def planned(visit: Appointment) -> Appointment:
    return rows(Appointment, id=visit.id)[0]


def test_standing_sessions_of_the_coming_days_are_planned_once() -> None:
    care = make_care()
    soon = make_visit(care, hours_ahead=150)
    for status in (AppointmentStatus.CANCELLED, AppointmentStatus.ATTENDED):
        make_visit(care, hours_ahead=100, status=status)
    for hours in (-5, 24 * 8 + 2):
        make_visit(care, hours_ahead=hours)
    assert queue() == {"planned": 1, "reminders": 2, "calls": 0}
    assert queue() == NOTHING
    [link] = rows(PortalLink)
    assert link.subject_id == soon.id
    assert [(each.to_patient_id, each.facts["link_id"]) for each in queued()] == [(care.patient_id, link.id)] * 2
    found = planned(soon)
    assert (found.reminders_for, found.reminder_plan, found.reminder_channel) == (soon.starts_at, "72+24", "email")
    [event_] = rows(AuditEvent, action="appointment.reminders_planned")
    assert event_.details["reasons"][0] == "hours: the practice plan"
    assert len(rows(AuditEvent, action="message.queued")) == 2


def test_location_is_planned_alone() -> None:
    here, there = make_location(), make_location()
    make_visit(make_care(location=here))
    make_visit(make_care(location=there))
    assert queue(here.id)["planned"] == 1
    assert queue()["planned"] == 1


def test_session_that_was_moved_is_planned_for_its_new_time_and_the_old_reminders_are_dropped() -> None:
    visit = make_visit(make_care(), hours_ahead=100)
    queue()
    with writing() as db:
        db.get_one(Appointment, visit.id).starts_at += timedelta(hours=50)
    assert queue()["planned"] == 1
    assert {each.facts["starts_at"] for each in queued()} == {planned(visit).starts_at.isoformat()}
    assert len(rows(OutboxMessage, status=MessageStatus.DROPPED)) == 2
    assert len(rows(PortalLink)) == 1


def test_first_session_booked_for_soon_is_planned_by_the_same_planner_and_not_again_at_night() -> None:
    case = make_case_at(ReferralStatus.OFFERED)
    with writing() as db:
        booking.book(db, db.get_one(Referral, case.number), case.slots[1].id, "ST-test")
    assert len(queued()) == 2
    assert queue() == NOTHING
    assert len(rows(PortalLink, subject_id=rows(Appointment)[0].id)) == 1


def test_first_session_far_ahead_is_planned_by_the_night_with_the_link_of_its_confirmation() -> None:
    case = make_case_at(ReferralStatus.OFFERED)
    with writing() as db:
        slot = db.get_one(type(case.slots[0]), case.slots[0].id)
        slot.starts_at += timedelta(days=20)
        made = booking.book(db, db.get_one(Referral, case.number), slot.id, "ST-test")
    assert queued() == []
    with writing() as db:
        db.get_one(Appointment, made.id).starts_at -= timedelta(days=20)
    assert queue()["reminders"] == 2
    [link] = rows(PortalLink, subject_id=made.id)
    assert {each.facts["link_id"] for each in queued()} == {link.id}


def test_reminder_from_before_there_was_a_plan_is_not_sent_beside_the_planned_ones() -> None:
    visit = make_visit(make_care())
    link = make_visit_link(visit).record
    with writing() as db:
        db.add(
            OutboxMessage(
                id="MS-old",
                unique_key="old",
                channel=MessageChannel.EMAIL,
                template="appointment_reminder",
                case_number=visit.case_number,
                to_patient_id=visit.patient_id,
                facts={"appointment_id": visit.id, "link_id": link.id},
            )
        )
    queue()
    assert rows(OutboxMessage, id="MS-old")[0].status == MessageStatus.DROPPED
    assert len(queued()) == 2


def test_wish_estimate_and_channel_decide_as_the_rule_says() -> None:
    texter = make_care(patient=make_patient(preferred_channel="sms"))
    afternoon = datetime.combine(utc_now().date() + timedelta(days=6), time(22), UTC)
    first, second = make_visit(texter, starts_at=afternoon), make_visit(make_care(), starts_at=afternoon)
    with writing() as db:
        db.add(ReminderPreference(patient_id=texter.patient_id, hours_before=[48], set_by="ST-1"))
        db.add(NoShowEstimate(appointment_id=second.id, probability=0.5, low=0.3, high=0.7))
    queue()
    by_visit = {
        visit.id: [
            (each.channel, each.unique_key.split(":")[-1])
            for each in queued()
            if each.facts["appointment_id"] == visit.id
        ]
        for visit in (first, second)
    }
    assert by_visit[first.id] == [(MessageChannel.SMS, "48")]
    assert by_visit[second.id] == [(MessageChannel.EMAIL, hours) for hours in ("72", "24", "4")]
    assert (planned(first).reminder_plan, planned(second).reminder_plan) == ("48", "72+24")


def test_what_past_sessions_confirmed_is_counted_each_night_and_changes_the_plan() -> None:
    care = make_care()
    for plan, confirmed in (("72+24", 2), ("48+24", 7)):
        for each in range(8):
            at = utc_now() - timedelta(days=10 + each)
            make_visit(
                care,
                starts_at=at,
                status=AppointmentStatus.ATTENDED,
                reminder_plan=plan,
                reminder_channel=MessageChannel.EMAIL,
                reminders_for=at,
                confirmed_at=at if each < confirmed else None,
            )
    with writing() as db:
        db.add(PracticeSetting(name="reminders", value=json.dumps({"history_least": 8})))
    visit = make_visit(care, hours_ahead=150)
    queue()
    [kept] = rows(PracticeSetting, name=reminders.WORKED)
    assert json.loads(kept.value) == [["office", "email", "48+24", 8, 7], ["office", "email", "72+24", 8, 2]]
    assert planned(visit).reminder_plan == "48+24"
    [event_] = rows(AuditEvent, action="appointment.reminders_planned")
    assert event_.details["reasons"][0].startswith("email 48+24 h: 88% of 8")
    with reading() as db:
        assert reminders.figures(db).worked[0].modality is Modality.OFFICE


@pytest.mark.parametrize("person", [{"email": None, "phone": None}, {"forgotten_at": utc_now()}])
def test_patient_nobody_can_write_to_is_a_call_once(person: dict) -> None:
    visit = make_visit(make_care(patient=make_patient(**person)))
    assert queue() == {"planned": 1, "reminders": 0, "calls": 1}
    assert queue() == NOTHING
    [to_do] = rows(ToDo)
    assert (to_do.kind, to_do.unique_key) == (
        ToDoKind.TELL_PATIENT,
        f"{CALL_KEY}{visit.case_number}:appointment_reminder:{visit.id}",
    )
    assert to_do.due_at == visit.starts_at - timedelta(hours=24)


def test_cap_counts_what_the_patient_hears_of_other_appointments_too() -> None:
    care = make_care()
    first = make_visit(care, hours_ahead=150)
    for each in range(1, 4):
        make_visit(care, starts_at=first.starts_at + timedelta(minutes=each))
    queue()
    assert len(queued()) == 6
    left_out = [each.details["left_out"] for each in rows(AuditEvent, action="appointment.reminders_planned")]
    assert [each for each in left_out if each] == [["72 h: frequency cap", "24 h: frequency cap"]]


def many_patient(name: str) -> Patient:
    return Patient(
        id=f"PT-{name}",
        given_name="A",
        family_name="B",
        match_name="a b",
        birth_date=BIRTH_DATE,
        email="many@example.org",
    )


def test_queries_do_not_grow_with_the_patients() -> None:
    place = make_location()
    clinician = make_signer(location=place)

    def some(count: int) -> None:
        with writing() as db:
            people = [many_patient(f"{count}-{each}") for each in range(count)]
            db.add_all(people)
            db.flush()
            for person in people:
                number = f"EP-{person.id[3:]}"
                db.add(
                    Episode(
                        case_number=number,
                        patient_id=person.id,
                        clinician_id=clinician.id,
                        location_id=place.id,
                        started_on=utc_now().date(),
                    )
                )
                db.add(
                    Appointment(
                        id=f"AT-{person.id}",
                        case_number=number,
                        patient_id=person.id,
                        clinician_id=clinician.id,
                        location_id=place.id,
                        starts_at=utc_now() + timedelta(hours=150),
                        minutes=50,
                        modality=Modality.OFFICE,
                    )
                )

    numbers = []
    queue()
    for count in (3, 60):
        some(count)
        with heard(engine_for(settings().operational_database)) as statements:
            assert queue()["planned"] == count
        numbers.append(len(statements))
    assert numbers[0] == numbers[1], numbers


def test_night_that_was_killed_between_two_chunks_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    care = make_care()
    for each in range(3):
        make_visit(care, hours_ahead=60 + 30 * each)
    monkeypatch.setattr(night, "AT_ONCE", 1)
    real, calls = reminders.plan_for, []

    def dies(*given: object) -> object:
        calls.append(given)
        if len(calls) == 2:
            raise SystemExit
        return real(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(reminders, "plan_for", dies)
        with pytest.raises(SystemExit):
            queue()
    assert queue()["planned"] == 2
    assert len({each.unique_key for each in queued()}) == len(queued()) == 5
