"""Retention: only what is over its time is listed, only a signed list is applied, holds keep, and twice is once."""

from datetime import timedelta

import pytest
from sqlmodel import select

from acts import forgetting, retention
from adapters import therapy_store
from adapters.operational_store import reading, writing
from models.codes import AppointmentStatus, Modality, ReferralStatus, Role
from models.columns import utc_now
from models.errors import Forgotten, MovedOn, NotAllowed, SignatureMismatch
from models.operational import Appointment, AuditEvent, Patient, Referral, RetentionItem, Staff
from models.retention_codes import RetentionOutcome
from models.therapy_text import TherapyText
from tests import factories

WHY = TherapyText("a court asked for the record")
LONG_AGO = timedelta(days=366 * 9)


@pytest.fixture
def compliance(home) -> Staff:
    return factories.make_staff(role=Role.COMPLIANCE)


def referred(status: ReferralStatus = ReferralStatus.CLOSED_DECLINED, ago: timedelta = LONG_AGO) -> Referral:
    """A referral of somebody who was never seen, closed so long ago."""
    then = utc_now() - ago
    patient = factories.make_patient(created_at=then)
    closed = then if status.is_closed else None
    case = factories.make_referral(status, patient=patient, received_at=then, status_since=then, closed_at=closed)
    therapy_store.add_text(case.case_number, "referral_text", TherapyText("sleeps badly"))
    return case


def signed(compliance: Staff) -> str:
    list_id = retention.make_list(compliance.id)
    retention.sign(list_id, staff_id=compliance.id, seen_digest=retention.shown(list_id).head.digest)
    return list_id


def outcomes(list_id: str) -> dict[str, RetentionOutcome]:
    return {each.patient_id: each.outcome for each in retention.shown(list_id).items}


def is_readable(case: Referral) -> bool:
    try:
        return [each.text.unwrap() for each in therapy_store.texts(case.case_number, actor="t", where="test")] == [
            "sleeps badly"
        ]
    except Forgotten:
        return False


def test_only_what_is_over_its_time_is_listed(compliance):
    old = referred()
    referred(ago=timedelta(days=365 * 5))
    referred(ReferralStatus.CONTACT_PATIENT)
    assert [each.kept.patient_id for each in retention.due_now(utc_now())] == [old.patient_id]


def test_signed_list_destroys_and_says_so(compliance):
    old, new = referred(), referred(ago=timedelta(days=30))
    list_id = signed(compliance)
    assert retention.apply(list_id, staff_id=compliance.id) == 1
    assert not is_readable(old) and is_readable(new)
    assert outcomes(list_id) == {old.patient_id: RetentionOutcome.DESTROYED}
    with reading() as db:
        actions = [each.action for each in db.exec(select(AuditEvent).order_by(AuditEvent.id)).all()]
    ours = [each for each in actions if each.startswith(("retention", "patient.forgotten"))]
    assert ours == ["retention_list.made", "retention_list.signed", "patient.forgotten", "retention.destroyed"]


def test_treated_patient_loses_their_name_too_once_their_time_is_over(compliance):
    old = referred(ReferralStatus.CLOSED_ATTENDED, ago=timedelta(days=366 * 26))
    clinician = factories.make_clinician()
    then = utc_now() - timedelta(days=366 * 26)
    with writing() as db:
        db.add(Appointment(
            id="AP-1", case_number=old.case_number, patient_id=old.patient_id, clinician_id=clinician.id,
            location_id=old.location_id, starts_at=then, minutes=50, modality=Modality.OFFICE,
            status=AppointmentStatus.ATTENDED,
        ))  # fmt: skip
    assert retention.apply(signed(compliance), staff_id=compliance.id) == 1
    with reading() as db:
        patient = db.get_one(Patient, old.patient_id)
    assert (patient.given_name, patient.email, patient.member_id) == (forgetting.NO_NAME, None, None)


def test_nothing_is_destroyed_without_a_signature(compliance):
    old = referred()
    list_id = retention.make_list(compliance.id)
    with pytest.raises(NotAllowed):
        retention.apply(list_id, staff_id=compliance.id)
    with pytest.raises(SignatureMismatch):
        retention.sign(list_id, staff_id=compliance.id, seen_digest="0" * 64)
    assert is_readable(old)


def test_a_line_added_after_the_signature_is_not_applied(compliance):
    old, new = referred(), referred(ago=timedelta(days=30))
    list_id = signed(compliance)
    with writing() as db:
        line = retention.shown(list_id).items[0]
        db.add(RetentionItem(**{**line.model_dump(), "id": "RI-x", "patient_id": new.patient_id}))
    with pytest.raises(NotAllowed):
        retention.apply(list_id, staff_id=compliance.id)
    assert is_readable(old) and is_readable(new)


def test_twice_is_once(compliance):
    referred()
    list_id = signed(compliance)
    assert [retention.apply(list_id, staff_id=compliance.id) for _ in range(2)] == [1, 0]
    retention.sign(list_id, staff_id=compliance.id, seen_digest=retention.shown(list_id).head.digest)
    with pytest.raises(ValueError):
        retention.make_list(compliance.id)


def test_goes_on_after_it_died_between_destroying_and_saying_so(compliance):
    old = referred()
    list_id = signed(compliance)
    forgetting.forget(old.patient_id, staff_id=compliance.id, reason=WHY)
    assert retention.apply(list_id, staff_id=compliance.id) == 1
    assert outcomes(list_id)[old.patient_id] == RetentionOutcome.DESTROYED


def test_hold_keeps_until_it_is_lifted(compliance):
    old, other = referred(), referred()
    list_id = signed(compliance)
    hold = retention.place_hold(old.patient_id, staff_id=compliance.id, reason=WHY)
    with pytest.raises(MovedOn):
        retention.place_hold(old.patient_id, staff_id=compliance.id, reason=WHY)
    retention.apply(list_id, staff_id=compliance.id)
    assert is_readable(old) and not is_readable(other)
    assert outcomes(list_id)[old.patient_id] == RetentionOutcome.HELD
    assert retention.due_now(utc_now()) == [] and [each.id for each in retention.holds()] == [hold]
    for _ in range(2):
        retention.lift_hold(hold, staff_id=compliance.id)
    assert [each.kept.patient_id for each in retention.due_now(utc_now())] == [old.patient_id]


def test_who_came_back_meanwhile_is_kept(compliance):
    old = referred()
    list_id = signed(compliance)
    with writing() as db:
        db.get_one(Referral, old.case_number).status_since = utc_now()
    retention.apply(list_id, staff_id=compliance.id)
    assert is_readable(old) and outcomes(list_id)[old.patient_id] == RetentionOutcome.NOT_DUE


@pytest.mark.parametrize("role", [role for role in Role if role != Role.COMPLIANCE])
def test_only_compliance_lists_signs_applies_and_holds(compliance, role: Role):
    old, list_id = referred(), None
    list_id = retention.make_list(compliance.id)
    digest = retention.shown(list_id).head.digest
    other = factories.make_staff(role=role)
    for act in (
        lambda: retention.make_list(other.id),
        lambda: retention.sign(list_id, staff_id=other.id, seen_digest=digest),
        lambda: retention.apply(list_id, staff_id=other.id),
        lambda: retention.place_hold(old.patient_id, staff_id=other.id, reason=WHY),
    ):
        with pytest.raises(NotAllowed):
            act()
    with reading() as db:
        assert db.get_one(Patient, old.patient_id).forgotten_at is None
