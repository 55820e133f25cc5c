"""Pilots end to end: who signs what, whose version holds, what a look does, and what stops one."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import select

from acts import pilot_arms, pilot_looks, pilot_versions, pilots, recalibrating, reminders
from acts.pilot_arms import Subject
from acts.practice_clocks import reminder_policy
from acts.waitlist_facts import waitlist_policy
from adapters import note_templates, risk_versions
from adapters.operational_store import reading, writing
from models.codes import AppointmentStatus, Role
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import (
    Appointment,
    AuditEvent,
    Location,
    OutboxMessage,
    Pilot,
    PilotLook,
    PilotPlacing,
    PilotSignature,
    PracticeSetting,
    PracticeVersion,
)
from models.pilot_codes import Arm, EndedWhy, LookVerdict, PilotMeasure, PilotMode, PilotUnit, SignedAct, VersionKind
from tests.factories import make_location, make_patient, make_signer
from tests.pilots import CONTENT, HOW, make_pilot, now_of, running, sign_by, start, version_of
from tests.visits import make_care, make_visit

pytestmark = pytest.mark.usefixtures("home")

K = VersionKind


@pytest.fixture
def place(home: Any) -> Location:
    return make_location()


def rows(record: Any, **where: Any) -> list[Any]:
    with reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def actions() -> list[str]:
    return [each.action for each in rows(AuditEvent)]


def placed(pilot: Pilot, unit: str, arm: Arm, place: Location) -> None:
    """Put a unit into an arm, as its digest would have."""
    with writing() as db:
        pilot_arms.record(db, db.get_one(Pilot, pilot.id), {unit: (arm, place.id)})


# -- who signs


def test_pilot_runs_once_its_owner_has_signed(place: Location) -> None:
    pilot = make_pilot(K.REMINDER_PLAN, place)
    assert pilot.planned_units > 1000 and now_of(pilot).started_at is None
    with reading() as db:
        assert pilot_arms.running(db, [K.REMINDER_PLAN]) == []
    start(pilot, place)
    assert now_of(pilot).started_at is not None and now_of(pilot).present.keys() == {place.id}
    [signature] = rows(PilotSignature)
    assert (signature.role, signature.act, len(signature.digest)) == (Role.OWNER, SignedAct.START, 64)
    assert {"version.made", "pilot.proposed", "pilot.signed_start", "pilot.started"} <= set(actions())


@pytest.mark.parametrize("kind", [K.NOTE_TEMPLATE, K.RISK_THRESHOLD])
def test_clinical_version_needs_a_clinicians_signature_too(place: Location, kind: VersionKind) -> None:
    pilot = make_pilot(kind, place)
    sign_by(pilot, make_signer(Role.OWNER, location=place))
    assert now_of(pilot).started_at is None
    with pytest.raises(NotAllowed, match="still to sign: clinician"):
        sign_by(pilot, make_signer(Role.OWNER, location=place))
    sign_by(pilot, make_signer(Role.CLINICIAN, location=place))
    assert now_of(pilot).started_at is not None


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.CLINICIAN, Role.ADMIN, Role.COMPLIANCE])
def test_nobody_but_the_owner_signs_a_reminder_plan(place: Location, role: Role) -> None:
    pilot = make_pilot(K.REMINDER_PLAN, place)
    with pytest.raises(NotAllowed):
        sign_by(pilot, make_signer(role, location=place))
    with pytest.raises(NotAllowed, match="works where it is tried"):
        sign_by(pilot, make_signer(Role.OWNER, location=make_location()))
    assert rows(PilotSignature) == []


def test_what_is_signed_is_what_was_shown(place: Location) -> None:
    pilot = make_pilot(K.REMINDER_PLAN, place)
    owner = make_signer(Role.OWNER, location=place)
    with pytest.raises(ValueError, match="not as it was shown"):
        pilots.sign(pilot.id, SignedAct.START, staff_id=owner.id, how=HOW, seen_digest="0" * 64)


def test_second_pilot_of_a_kind_at_a_place_waits_for_the_first_to_end(place: Location) -> None:
    first = running(K.REMINDER_PLAN, place)
    second = make_pilot(K.REMINDER_PLAN, place, {"hours_before": [24]})
    with pytest.raises(MovedOn, match="another pilot"):
        start(second, place)
    assert rows(PilotSignature, pilot_id=second.id) == [], "what could not be done is not signed either"
    pilots.end(first.id, staff_id=make_signer(Role.COMPLIANCE, location=place).id)
    start(second, place)


@pytest.mark.parametrize(
    ("kind", "content", "given"),
    [
        (K.REMINDER_PLAN, {"hours_before": [72, 24]}, {}),
        (K.REMINDER_PLAN, {"hours_before": [1]}, {}),
        (K.REMINDER_PLAN, {"sending_hours": [9, 17]}, {}),
        (K.REMINDER_PLAN, None, {"mode": PilotMode.SHADOW}),
        (K.REMINDER_PLAN, None, {"measure": PilotMeasure.REMINDERS_PLANNED}),
        (
            K.REMINDER_PLAN,
            None,
            {
                "mode": PilotMode.SHADOW,
                "measure": PilotMeasure.REMINDERS_PLANNED,
                "harm_measure": PilotMeasure.NO_SHOWS,
                "most_harm": 0.1,
            },
        ),
        (K.REMINDER_PLAN, None, {"measure": PilotMeasure.EDITS_PER_DRAFT}),
        (K.REMINDER_PLAN, None, {"share": 0.99}),
        (K.REMINDER_PLAN, None, {"harm_measure": PilotMeasure.NO_SHOWS}),
        (K.WAITLIST_RULE, {"batch": 0}, {}),
        (K.WAITLIST_RULE, None, {"unit": PilotUnit.PATIENT}),
        (K.NOTE_TEMPLATE, {"format": "SOAP", "sections": [["All", ["plan"]]], "asks": []}, {}),
        (K.NOTE_TEMPLATE, {**CONTENT[K.NOTE_TEMPLATE], "asks": ["the weather"]}, {}),
        (K.RISK_THRESHOLD, {"thresholds": {"gloom": 0.5}}, {}),
        (K.RISK_THRESHOLD, {"thresholds": {"self_harm": 1.5}}, {}),
        (K.RISK_WEIGHTS, {"reader": "risk-none"}, {}),
        (K.RISK_THRESHOLD, None, {"mode": PilotMode.SHADOW, "measure": PilotMeasure.FLAGS_CONFIRMED}),
    ],
)
def test_what_cannot_be_tried_is_refused(
    place: Location, kind: VersionKind, content: dict[str, Any] | None, given: dict[str, Any]
) -> None:
    with pytest.raises(ValueError):
        make_pilot(kind, place, content, **given)
    assert rows(Pilot) == [] and rows(PracticeVersion) == []


@pytest.mark.parametrize("record", [PracticeVersion, PilotSignature, PilotPlacing])
@pytest.mark.parametrize("change", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}"])
def test_facts_of_a_pilot_are_not_changed(place: Location, record: Any, change: str) -> None:
    pilot = running(K.REMINDER_PLAN, place)
    placed(pilot, "PT-1", Arm.B, place)
    key = next(iter(record.__table__.primary_key)).name
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), writing() as db:
        db.connection().execute(sa.text(change.format(record.__tablename__, key)))


# -- whose version holds


def subject(place: Location, number: int = 1) -> Subject:
    return Subject(place.id, f"EP-{number}", f"PT-{number}", f"ST-{number}")


def test_arm_is_kept_and_is_what_the_digest_says(place: Location) -> None:
    running(K.REMINDER_PLAN, place)
    subjects = [subject(place, number) for number in range(60)]
    with writing() as db:
        first = pilot_arms.placed(db, [K.REMINDER_PLAN], subjects)
    with writing() as db:
        again = pilot_arms.placed(db, [K.REMINDER_PLAN], list(reversed(subjects)))
    arms = [each.arm for each in first if each is not None]
    assert len(arms) == 60 and 10 < arms.count(Arm.B) < 50
    assert [each.arm for each in reversed(again) if each is not None] == arms
    assert len(rows(PilotPlacing)) == 60 and actions().count("pilot.placed") == 60
    with reading() as db:
        unkept = pilot_arms.placed(db, [K.REMINDER_PLAN], [subject(place, 999)], keep=False)
    assert unkept[0] is not None and len(rows(PilotPlacing)) == 60


def test_other_places_teams_and_kinds_have_the_present_version(place: Location) -> None:
    elsewhere = make_location()
    mine = make_signer(location=place, team="blue")
    running(K.REMINDER_PLAN, place, team="blue")
    asked = [
        subject(elsewhere),
        Subject(place.id, "EP-1", "PT-1", make_signer(location=place, team="red").id),
        Subject(place.id, "EP-1", "PT-1", None),
        Subject(place.id, "EP-1", "PT-1", mine.id),
    ]
    with writing() as db:
        found = pilot_arms.placed(db, [K.REMINDER_PLAN], asked)
        others = pilot_arms.placed(db, [K.WAITLIST_RULE], asked)
    assert [each is not None for each in found] == [False, False, False, True]
    assert others == [None] * 4


def test_clinicians_are_placed_at_the_start_evenly(place: Location) -> None:
    team = [make_signer(location=place) for _ in range(6)]
    pilot = running(K.NOTE_TEMPLATE, place, unit=PilotUnit.CLINICIAN)
    arms = {each.unit_id: each.arm for each in rows(PilotPlacing, pilot_id=pilot.id)}
    assert arms.keys() >= {each.id for each in team} and abs(2 * list(arms.values()).count(Arm.B) - len(arms)) <= 1


def visits(place: Location, count: int) -> list[Appointment]:
    clinician = make_signer(location=place)
    return [make_visit(make_care(location=place, clinician=clinician), hours_ahead=150) for _ in range(count)]


def plan_all(made: list[Appointment]) -> None:
    with writing() as db:
        reminders.plan_for(db, [db.get_one(Appointment, each.id) for each in made], utc_now())


def test_reminders_follow_the_arm_and_stay_the_same_when_planned_again(place: Location) -> None:
    made = visits(place, 20)
    pilot = running(K.REMINDER_PLAN, place)
    for _ in range(2):
        plan_all(made)
        arms = {each.unit_id: each.arm for each in rows(PilotPlacing, pilot_id=pilot.id)}
        plans = {each.patient_id: each.reminder_plan for each in rows(Appointment)}
        assert plans == {patient: "48" if arm == Arm.B else "72+24" for patient, arm in arms.items()}
        assert set(arms.values()) == {Arm.A, Arm.B}
    queued = [each for each in rows(OutboxMessage, template="appointment_reminder", status="queued")]
    assert len(queued) == sum(1 if arm == Arm.B else 2 for arm in arms.values())
    told = {each.details["arm"] for each in rows(AuditEvent, action="appointment.reminders_planned")}
    assert told == {"a", "b"}


def test_ended_pilot_leaves_everybody_the_present_plan_and_the_record(place: Location) -> None:
    made = visits(place, 8)
    pilot = running(K.REMINDER_PLAN, place)
    plan_all(made)
    pilots.end(pilot.id, staff_id=make_signer(Role.CLINICIAN, location=place).id)
    plan_all(made)
    assert {each.reminder_plan for each in rows(Appointment)} == {"72+24"}
    assert len(rows(PilotPlacing)) == 8 and now_of(pilot).ended_why == EndedWhy.BY_HAND
    ended_at = now_of(pilot).ended_at
    pilots.end(pilot.id, staff_id=make_signer(Role.OWNER, location=place).id)
    assert now_of(pilot).ended_at == ended_at and actions().count("pilot.ended") == 1


def test_pilot_is_not_ended_by_who_may_not(place: Location) -> None:
    pilot = running(K.REMINDER_PLAN, place)
    for who in (make_signer(Role.COORDINATOR, location=place), make_signer(Role.OWNER, location=make_location())):
        with pytest.raises(NotAllowed):
            pilots.end(pilot.id, staff_id=who.id)


# -- looks


def held(pilot: Pilot, place: Location, arm: Arm, missed: int, kept: int, *, each: int = 1) -> None:
    """So many patients of an arm who missed their session, and so many who came; two hours ago, booked since."""
    clinician = make_signer(location=place)
    booked = now_of(pilot).started_at
    for number in range(missed + kept):
        patient = make_patient()
        placed(pilot, patient.id, arm, place)
        care = make_care(patient=patient, location=place, clinician=clinician)
        for _ in range(each):
            status = AppointmentStatus.NO_SHOW if number < missed else AppointmentStatus.ATTENDED
            make_visit(care, hours_ahead=2, status=status, booked_at=booked, reminders_for=booked)


LATER = timedelta(hours=4)


def looked(pilot: Pilot) -> PilotLook:
    made = pilot_looks.look_now(pilot.id, utc_now() + LATER, actor="system")
    assert made is not None
    return made


def test_look_counts_patients_not_sessions_and_is_on_record(place: Location) -> None:
    pilot = running(K.REMINDER_PLAN, place)
    held(pilot, place, Arm.A, 3, 3, each=2)
    held(pilot, place, Arm.B, 1, 3)
    make_visit(make_care(location=place), hours_ahead=2, status=AppointmentStatus.NO_SHOW)
    look = looked(pilot)
    assert (look.units_a, look.units_b, look.of) == (6, 4, pilot.planned_units)
    assert (look.mean_a, look.mean_b, look.estimate) == (0.5, 0.25, -0.25)
    assert look.verdict == LookVerdict.TOO_EARLY and look.low is not None and look.low < -0.25
    assert looked(pilot).number == 2
    assert [each.number for each in pilot_looks.looks_of(pilot.id)] == [1, 2]
    assert actions().count("pilot.looked") == 2


def test_harm_stops_the_arm_by_itself_and_tells_the_owner(place: Location) -> None:
    owner = make_signer(Role.OWNER, location=place)
    pilot = running(K.REMINDER_PLAN, place, harm_measure=PilotMeasure.NO_SHOWS, most_harm=0.1)
    held(pilot, place, Arm.A, 1, 21)
    held(pilot, place, Arm.B, 14, 8)
    assert pilot_looks.look_at_all(utc_now() + LATER) == pilot_looks.Looked(looks=1, stopped=1)
    ended = now_of(pilot)
    assert (ended.ended_why, ended.ended_by) == (EndedWhy.HARM, "system")
    told = rows(OutboxMessage, template="page_pilot_news")
    assert owner.id in {each.to_staff_id for each in told}
    assert pilot_looks.look_at_all(utc_now() + LATER).looks == 0
    with reading() as db:
        assert pilot_arms.placed(db, [K.REMINDER_PLAN], [subject(place)], keep=False) == [None]
    with pytest.raises(NotAllowed, match="stopped as worse or harmful"):
        sign_by(pilot, owner, SignedAct.PUT_IN_FORCE)


def test_pilot_ends_when_what_it_is_compared_with_is_changed(place: Location) -> None:
    pilot = running(K.REMINDER_PLAN, place)
    with writing() as db:
        db.add(PracticeSetting(name="reminders", value='{"hours_before": [96, 24]}'))
    assert pilot_looks.look_at_all(utc_now()) == pilot_looks.Looked()
    assert now_of(pilot).ended_why == EndedWhy.PRESENT_CHANGED and rows(PilotLook) == []


# -- put in force


def in_force(pilot: Pilot, place: Location) -> None:
    for role in pilots.signed_by(pilot.kind):
        sign_by(pilot, make_signer(role, location=place), SignedAct.PUT_IN_FORCE)


def test_plan_and_rule_are_put_in_force_with_a_signature(place: Location) -> None:
    plan, rule = running(K.REMINDER_PLAN, place), running(K.WAITLIST_RULE, place)
    with writing() as db:
        db.add(PracticeSetting(name="waitlist", value='{"hold_minutes": 90}'))
    for pilot in (plan, rule):
        in_force(pilot, place)
        assert now_of(pilot).in_force_at is not None and now_of(pilot).ended_why == EndedWhy.PUT_IN_FORCE
    with reading() as db:
        assert reminder_policy(db).hours_before == (48,)
        policy = waitlist_policy(db)
    assert (policy.batch, policy.hold_minutes) == (1, 90)
    with pytest.raises(MovedOn):
        in_force(plan, place)


def test_template_is_put_in_force_at_the_pilots_places(place: Location) -> None:
    pilot = running(K.NOTE_TEMPLATE, place)
    in_force(pilot, place)
    own = note_templates.own_name(version_of(pilot))
    with reading() as db:
        assert note_templates.in_force(db, place.id)["SOAP"].version == own
        assert note_templates.in_force(db, make_location().id)["SOAP"].version == "SOAP-1"


def test_reader_stays_as_it_is_where_its_own_gate_refuses(place: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    def not_here(_: Any) -> None:
        raise FileNotFoundError  # reading the held-out texts takes a minute, and is tested where it is done

    monkeypatch.setattr(recalibrating, "floor_of", not_here)
    pilot = running(K.RISK_THRESHOLD, place, mode=PilotMode.SHADOW)
    with pytest.raises(NotAllowed, match="too few later labels"):
        in_force(pilot, place)
    assert risk_versions.folder_in_force() is None and now_of(pilot).in_force_at is None
    assert len(rows(PilotSignature, act=SignedAct.PUT_IN_FORCE)) == 2
    with pytest.raises(NotAllowed, match="too few later labels"):
        sign_by(pilot, make_signer(Role.OWNER, location=place), SignedAct.PUT_IN_FORCE)


def test_only_lower_thresholds_screen_no_less(place: Location) -> None:
    lower = pilot_versions.wanted(K.RISK_THRESHOLD, {"thresholds": {"self_harm": 0.01}})
    higher = pilot_versions.wanted(K.RISK_THRESHOLD, {"thresholds": {"self_harm": 0.01, "psychosis_or_mania": 0.99}})
    assert (lower.screens_less, higher.screens_less) == (False, True)
    assert lower.content["reader"] in risk_versions.made()
