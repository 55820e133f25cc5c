"""The night counts who is over their time and tells compliance; only a signature destroys."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import col, select

import tasks.retention
from acts import retention
from adapters.operational_store import reading, writing
from models.codes import ReferralStatus, Role
from models.columns import utc_now
from models.operational import OutboxMessage, Patient, Referral, RetentionList
from models.therapy_text import TherapyText
from tasks import nights
from tests import factories

NIGHT = date(2026, 11, 26)
WHY = TherapyText("a court asked for the record")


@pytest.fixture
def compliance(home):
    return factories.make_staff(role=Role.COMPLIANCE)


def referred(then: datetime | None = None) -> Referral:
    """Somebody who was never seen, of whom nothing was heard since; nine years where no day is named."""
    then = then or utc_now() - timedelta(days=366 * 9)
    patient = factories.make_patient(created_at=then)
    return factories.make_referral(
        ReferralStatus.CLOSED_DECLINED, patient=patient, received_at=then, status_since=then, closed_at=then
    )


def mail() -> list[OutboxMessage]:
    with reading() as db:
        return list(db.exec(select(OutboxMessage).where(OutboxMessage.template == "retention_due")).all())


def counted(night: date = NIGHT) -> dict[str, int]:
    return nights.do_part("retention", night, nights.EVERYWHERE)


@pytest.mark.parametrize(
    ("now", "over"),
    [("2026-05-13T23:59", 0), ("2026-05-14T00:00", 0), ("2026-05-14T23:59", 0), ("2026-05-15T00:00", 1)],
)
def test_night_counts_from_the_day_after_the_last_day_kept(compliance, monkeypatch, now: str, over: int):
    referred(datetime(2020, 5, 14, 17, tzinfo=UTC))  # kept six years: until 14 May 2026, that day included
    monkeypatch.setattr(tasks.retention, "utc_now", lambda: datetime.fromisoformat(f"{now}:00+00:00"))
    assert counted() == {"over_time": over, "unfinished": 0, "told": over}
    assert (retention.notice() is not None, len(mail())) == (over == 1, over)


def test_night_destroys_nothing_and_makes_no_list(compliance):
    case = referred()
    counted()
    with reading() as db:
        assert db.get_one(Patient, case.patient_id).forgotten_at is None
        assert db.exec(select(RetentionList)).all() == []


def test_who_is_held_or_open_is_not_counted(compliance):
    held, comes_back = referred(), referred()
    retention.place_hold(held.patient_id, staff_id=compliance.id, reason=WHY)
    with writing() as db:
        db.get_one(Referral, comes_back.case_number).closed_at = None
    assert counted()["over_time"] == 0 and mail() == []


def test_compliance_is_told_once_a_week_and_without_a_name(compliance):
    case = referred()
    for night in range(3):
        counted(NIGHT + timedelta(days=night))
    [message] = mail()
    assert (message.to_staff_id, message.case_number) == (compliance.id, None)
    assert case.patient_id not in str(message.facts) and "retention" not in str(message.facts)


def test_notice_ends_with_the_signature_and_comes_back_with_the_next_night(compliance):
    referred()
    counted()
    assert retention.notice().over_time == 1
    list_id = retention.make_list(compliance.id)
    assert retention.notice() is not None
    retention.sign(list_id, staff_id=compliance.id, seen_digest=retention.shown(list_id).head.digest)
    assert retention.notice() is None
    assert counted(NIGHT + timedelta(days=1))["unfinished"] == 1  # signed, and then it broke off
    assert retention.notice().unfinished == 1
    retention.apply(list_id, staff_id=compliance.id)
    assert counted(NIGHT + timedelta(days=2)) == {"over_time": 0, "unfinished": 0, "told": 0}
    assert retention.notice() is None


def test_without_compliance_the_owners_are_told(home):
    owner = factories.make_staff(role=Role.OWNER)
    referred()
    counted()
    with reading() as db:
        query = select(col(OutboxMessage.to_staff_id)).where(OutboxMessage.template == "retention_due")
        assert db.exec(query).all() == [owner.id]
