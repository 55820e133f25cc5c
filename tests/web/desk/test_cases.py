"""The list of cases, a case's page, and what staff do to a case."""

from dataclasses import asdict
from datetime import timedelta

import pytest
from sqlmodel import select

from adapters import operational_store, therapy_store
from models.codes import AppointmentStatus, ReferralStatus, Role, SlotStatus
from models.columns import utc_now
from models.operational import Appointment, Approval, Clinician, Patient, Referral, Slot, UnsignedAssignment
from rules.assignment_sign_off import BY_ITSELF, AssignmentPolicy, Why
from tests import factories


def case_of(number: str) -> Referral:
    with operational_store.reading() as db:
        return operational_store.one(db, Referral, number)


def clinician_record(staff) -> Clinician:
    with operational_store.reading() as db:
        return operational_store.one(db, Clinician, staff.id)


@pytest.fixture
def coordinator(at_the_desk):
    return at_the_desk(Role.COORDINATOR)


def test_cases_are_found_by_number_status_and_overdue(coordinator, place, risk_review, assignment):
    late = risk_review(None, due_at=utc_now() - timedelta(hours=1))
    waiting, _, _ = assignment(coordinator.staff)
    closed = factories.make_referral(ReferralStatus.CLOSED_DECLINED, location=place, closed_at=utc_now())

    def found(query: str) -> set[str]:
        shown = coordinator.get(f"/cases{query}").text
        return {n for n in (late.case_number, waiting.case_number, closed.case_number) if f"/cases/{n}" in shown}

    assert found("") == {late.case_number, waiting.case_number}
    assert found("?closed=true") == {late.case_number, waiting.case_number, closed.case_number}
    assert found(f"?number={closed.case_number[-4:]}") == {closed.case_number}
    assert found("?status=assignment") == {waiting.case_number}
    assert found("?overdue=true") == {late.case_number}
    assert found("?status=nonsense") == {late.case_number, waiting.case_number}


def test_list_of_a_clinician_holds_no_other_teams_cases(at_the_desk, person, risk_review):
    seated = at_the_desk(Role.CLINICIAN, team="blue")
    own, other = risk_review(seated.staff), risk_review(person(Role.CLINICIAN, team="green"))
    shown = seated.get("/cases").text
    assert own.case_number in shown and other.case_number not in shown
    assert seated.get(f"/cases/{other.case_number}").status_code == 403


def test_case_shows_its_course_in_words(coordinator, assignment):
    approval, fits, _ = assignment(coordinator.staff)
    coordinator.sign(approval, verdict="approve")
    shown = coordinator.get(f"/cases/{approval.case_number}").text
    assert "assignment → ready to offer" in shown and "Signed: approve" in shown
    assert coordinator.staff.name in shown and fits.name in shown


def test_case_shows_no_therapy_content_to_a_coordinator(coordinator, risk_review):
    approval = risk_review(None)
    assert "want to die" not in coordinator.get(f"/cases/{approval.case_number}").text
    assert coordinator.get(f"/cases/{approval.case_number}/content").status_code == 403


def test_clinician_reads_what_was_said_and_the_reading_is_on_record(at_the_desk, risk_review):
    seated = at_the_desk(Role.CLINICIAN)
    approval = risk_review(seated.staff)
    assert "want to die" in seated.get(f"/cases/{approval.case_number}/content").text
    with therapy_store.writing() as db:
        events = db.exec(select(therapy_store.TherapyAuditEvent)).all()
    assert {e.where for e in events if e.actor == seated.staff.id} == {"desk:case-content"}


def test_messages_are_listed_without_their_words(coordinator, place):
    patient = factories.make_patient()
    case = factories.make_referral(ReferralStatus.OFFERED, location=place, patient=patient)
    factories.make_message(patient, case_number=case.case_number, template="times_offered", facts={"link_id": "PL-9"})
    shown = coordinator.get(f"/cases/{case.case_number}").text
    assert "Times offered" in shown and "PL-9" not in shown


def test_stopping_closes_or_asks_for_a_letter(coordinator, place):
    withdrawn = factories.make_referral(ReferralStatus.QUESTIONNAIRES_REQUESTED, location=place)
    declined = factories.make_referral(ReferralStatus.QUESTIONNAIRES_REQUESTED, location=place)
    stop = {"reason": "told us by phone"}
    assert coordinator.post(f"/cases/{withdrawn.case_number}/stop", exit="withdrawn", **stop).status_code == 303
    assert coordinator.post(f"/cases/{declined.case_number}/stop", exit="declined", **stop).status_code == 303
    assert case_of(withdrawn.case_number).status == ReferralStatus.CLOSED_WITHDRAWN
    assert case_of(declined.case_number).status == ReferralStatus.CLOSING_LETTER


@pytest.mark.parametrize(
    ("act", "fields", "says"),
    [
        ("stop", {"exit": "withdrawn", "reason": " "}, "A reason is needed"),
        ("stop", {"exit": "vanished", "reason": "kept words"}, "Choose how the case ends"),
        ("reroute", {"to": "booked", "reason": "kept words"}, "This case may not go to first session now"),
        ("reroute", {"to": "ready_to_match", "reason": "kept words"}, "This case may not go to"),
        ("reroute", {"to": "", "reason": "kept words"}, "Choose where the case goes"),
        ("book", {"slot_id": ""}, "Choose a time"),
        ("outcome", {"outcome": "attended"}, "has no booked first session"),
        ("outcome", {"outcome": "perhaps"}, "Say whether the patient attended"),
    ],
)
def test_act_that_is_refused_says_why_and_changes_nothing(coordinator, place, act, fields, says):
    case = factories.make_referral(ReferralStatus.QUESTIONNAIRES_REQUESTED, location=place)
    answer = coordinator.post(f"/cases/{case.case_number}/{act}", **fields)
    assert answer.status_code == 422 and says in answer.text
    assert ("kept words" in answer.text) == (fields.get("reason") == "kept words")
    assert case_of(case.case_number).status == ReferralStatus.QUESTIONNAIRES_REQUESTED


def test_rerouting_sends_the_case_on(coordinator, place):
    case = factories.make_referral(ReferralStatus.QUESTIONNAIRES_REQUESTED, location=place)
    coordinator.post(f"/cases/{case.case_number}/reroute", to="ready_to_screen", reason="answers came by post")
    assert case_of(case.case_number).status == ReferralStatus.READY_TO_SCREEN


def test_booking_by_hand_takes_the_slot(coordinator, place, person):
    clinician = person(Role.CLINICIAN)
    case = factories.make_referral(
        ReferralStatus.WAITLISTED, location=place, clinician_id=clinician.id, risk_cleared=True
    )
    slot = factories.make_slot(clinician_record(clinician), place)
    assert slot.id in coordinator.get(f"/cases/{case.case_number}").text
    assert coordinator.post(f"/cases/{case.case_number}/book", slot_id=slot.id).status_code == 303
    with operational_store.reading() as db:
        assert operational_store.one(db, Slot, slot.id).status == SlotStatus.BOOKED
    assert case_of(case.case_number).status == ReferralStatus.BOOKED


@pytest.mark.parametrize(
    ("outcome", "status"), [("attended", ReferralStatus.CLOSED_ATTENDED), ("no_show", ReferralStatus.MISSED)]
)
def test_outcome_of_the_first_session_is_recorded(coordinator, place, person, outcome, status):
    clinician = person(Role.CLINICIAN)
    case = factories.make_referral(ReferralStatus.BOOKED, location=place, clinician_id=clinician.id)
    slot = factories.make_slot(clinician_record(clinician), place, hours_ahead=-2)
    with operational_store.writing() as db:
        db.add(
            Appointment(
                id="AT-1",
                case_number=case.case_number,
                patient_id=case.patient_id,
                clinician_id=clinician.id,
                location_id=place.id,
                slot_id=slot.id,
                starts_at=slot.starts_at,
                minutes=50,
                modality=slot.modality,
                status=AppointmentStatus.BOOKED,
            )
        )
    assert "Record the first session" in coordinator.get(f"/cases/{case.case_number}").text
    assert coordinator.post(f"/cases/{case.case_number}/outcome", outcome=outcome).status_code == 303
    assert case_of(case.case_number).status == status


def test_sign_off_is_given_to_a_colleague_with_a_reason(coordinator, person, risk_review):
    first, second = person(Role.CLINICIAN), person(Role.CLINICIAN)
    approval = risk_review(first)
    path = f"/approvals/{approval.id}/reassign"
    assert "Choose a colleague" in coordinator.post(path, reason="away").text
    assert "A reason is needed" in coordinator.post(path, to_staff_id=second.id).text
    answer = coordinator.post(path, to_staff_id=second.id, reason="away")
    assert "given to your colleague" in coordinator.get(answer.headers["location"]).text
    with operational_store.reading() as db:
        assert operational_store.one(db, Approval, approval.id).assigned_to == second.id


def test_roles_that_do_not_steer_see_no_way_to(at_the_desk, place):
    case = factories.make_referral(ReferralStatus.QUESTIONNAIRES_REQUESTED, location=place)
    for role in (Role.BILLER, Role.ANALYST, Role.OWNER, Role.COMPLIANCE):
        shown = at_the_desk(role).get(f"/cases/{case.case_number}").text
        assert "What happened" in shown and "Stop the case" not in shown


def test_case_that_is_not_there_says_so(coordinator):
    assert coordinator.get("/cases/RF-000000").status_code == 409


def test_reasons_of_a_stop_are_read_by_clinicians_of_the_case(coordinator, at_the_desk, place):
    clinician = at_the_desk(Role.CLINICIAN)
    case = factories.make_referral(ReferralStatus.WAITLISTED, location=place, clinician_id=clinician.staff.id)
    path = f"/cases/{case.case_number}"
    assert coordinator.post(f"{path}/stop", exit="withdrawn", reason="moves to <Ohio>").status_code == 303
    shown = clinician.get(f"{path}/content").text
    assert "moves to &lt;Ohio&gt;" in shown and "waitlist → closed, withdrawn" in shown
    assert "Ohio" not in coordinator.get(path).text


def test_session_that_is_still_to_come_cannot_be_recorded(coordinator, place, person):
    clinician = person(Role.CLINICIAN)
    case = factories.make_referral(ReferralStatus.BOOKED, location=place, clinician_id=clinician.id)
    slot = factories.make_slot(clinician_record(clinician), place, hours_ahead=30)
    factories.make_appointment(case, slot)
    shown = coordinator.get(f"/cases/{case.case_number}").text
    assert "still to come" in shown and "Record the first session" not in shown
    answer = coordinator.post(f"/cases/{case.case_number}/outcome", outcome="attended")
    assert answer.status_code == 422 and "not begun" in answer.text
    assert case_of(case.case_number).status == ReferralStatus.BOOKED


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.CLINICIAN])
def test_consent_to_automated_reading_is_revoked_and_given(at_the_desk, place, role):
    seated = at_the_desk(role)
    patient = factories.make_patient(consent_ai=True, consent_ai_on=utc_now().date() - timedelta(days=9))
    mine = {"clinician_id": seated.staff.id} if role == Role.CLINICIAN else {}
    case = factories.make_referral(ReferralStatus.WAITLISTED, patient=patient, location=place, **mine)
    path = f"/cases/{case.case_number}"
    assert "the patient agrees" in seated.get(path).text
    for said, agreed in (("no", False), ("yes", True)):
        answer = seated.post(f"{path}/consent", agreed=said)
        assert answer.status_code == 303
        with operational_store.reading() as db:
            now = operational_store.one(db, Patient, patient.id)
        assert (now.consent_ai, now.consent_ai_on) == (agreed, utc_now().date())
        assert f"Agrees to automated reading: {said}" in seated.get(answer.headers["location"]).text
    assert seated.post(f"{path}/consent").status_code == 422


def test_consent_of_a_case_elsewhere_is_not_touched(at_the_desk, place):
    elsewhere = factories.make_location(id="LOC-2")
    case = factories.make_referral(ReferralStatus.WAITLISTED, location=elsewhere)
    assert at_the_desk(Role.COORDINATOR).post(f"/cases/{case.case_number}/consent", agreed="no").status_code == 403


def unsigned_by_nobody(referral: Referral, clinician_id: str) -> None:
    figures = {"fitting": 3, "lead": 0.2, "as_proposed": 19, "signed": 20, **asdict(AssignmentPolicy())}
    with operational_store.writing() as db:
        db.add(
            UnsignedAssignment(
                id="UA-1",
                case_number=referral.case_number,
                round=1,
                location_id=referral.location_id,
                clinician_id=clinician_id,
                rule=BY_ITSELF,
                figures=figures,
                digest="d" * 64,
            )
        )


def test_case_says_that_nobody_signed_its_assignment_and_why(coordinator, place, person):
    fits = person(Role.CLINICIAN)
    case = factories.make_referral(ReferralStatus.OFFERED, location=place, clinician_id=fits.id, risk_cleared=True)
    assert "Nobody signed this assignment" not in coordinator.get(f"/cases/{case.case_number}").text
    unsigned_by_nobody(case, fits.id)
    shown = coordinator.get(f"/cases/{case.case_number}").text
    assert "Nobody signed this assignment" in shown and fits.name in shown
    assert "of the last 20 assignments that were signed here 19 were approved as proposed" in shown
    assert BY_ITSELF in shown


def test_case_that_was_given_to_somebody_else_since_says_nothing_of_it(coordinator, place, person):
    first, second = person(Role.CLINICIAN), person(Role.CLINICIAN)
    case = factories.make_referral(ReferralStatus.OFFERED, location=place, clinician_id=second.id, risk_cleared=True)
    unsigned_by_nobody(case, first.id)
    assert "Nobody signed this assignment" not in coordinator.get(f"/cases/{case.case_number}").text


def test_case_says_in_words_why_it_is_signed_although_the_level_is_live(coordinator, place):
    case = factories.make_referral(ReferralStatus.ASSIGNMENT, location=place)
    with operational_store.writing() as db:
        why = [Why.MINOR.value, Why.CLOSE.value]
        operational_store.audit(db, "system", "assignment.to_sign", case, case.case_number, reasons=why)
    shown = coordinator.get(f"/cases/{case.case_number}").text
    assert "the patient is not an adult; the first leads by too little" in shown
