"""What a wait needs is made exactly once per visit to its status."""

from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import select

from adapters.operational_store import reading, writing
from models.codes import LinkPurpose, MessageChannel, OfferStatus, ReferralStatus, Role, ToDoKind
from models.errors import OutsideUnavailable, StaleLease
from models.operational import AuditEvent, Offer, OutboxMessage, PortalLink, Referral, ToDo
from tasks import cases
from tasks.cases import Case
from tasks.waits import LINK_AT, TO_DO_AT, name_the_wait, prepare
from tests.factories import MadeCase, make_case_at, make_patient
from tests.tasks.conftest import FakePrefect

pytestmark = pytest.mark.usefixtures("home")

R = ReferralStatus


def unprepared(status: ReferralStatus, **given: Any) -> MadeCase:
    """A case that has just come to a wait; nothing is made for it yet."""
    case = make_case_at(status, to_do=False, **given)
    with writing() as db:
        for link in db.exec(select(PortalLink)).all():
            db.delete(link)
    return case


def rows(record: type, **where: object) -> list[Any]:
    with reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def case_now(case: MadeCase) -> Referral:
    with reading() as db:
        return db.get_one(Referral, case.number)


@pytest.mark.parametrize(("status", "kind"), TO_DO_AT.items())
def test_staffs_wait_gets_its_to_do_once(status: ReferralStatus, kind: ToDoKind) -> None:
    case = unprepared(status)
    for _ in range(2):
        prepare.fn(cases.take(case.number), status)
    [to_do] = rows(ToDo)
    assert (to_do.kind, to_do.role, to_do.location_id) == (kind, Role.COORDINATOR, case.location.id)
    assert rows(OutboxMessage) == rows(PortalLink) == []


@pytest.mark.parametrize("status", list(LINK_AT))
def test_patients_wait_gets_its_link_and_message_once(status: ReferralStatus) -> None:
    case = unprepared(status)
    for _ in range(2):
        prepare.fn(cases.take(case.number), status)
    [link], [message] = rows(PortalLink), rows(OutboxMessage)
    purpose, template = LINK_AT[status]
    assert (link.purpose, link.round, link.revoked) == (purpose, case.referral.version, False)
    assert (message.template, message.to_patient_id, message.facts) == (
        template,
        case.patient.id,
        {"link_id": link.id},
    )
    assert rows(ToDo) == []


@pytest.mark.parametrize("status", [*TO_DO_AT, *LINK_AT])
def test_second_visit_to_a_status_is_a_wait_of_its_own(status: ReferralStatus) -> None:
    case = unprepared(status)
    prepare.fn(cases.take(case.number), status)
    with writing() as db:
        referral = db.get_one(Referral, case.number)
        referral.version += 2
        db.add(referral)
    prepare.fn(cases.take(case.number), status)
    made = rows(ToDo) if status in TO_DO_AT else rows(OutboxMessage)
    assert len(made) == 2


@pytest.mark.parametrize("status", [R.BOOKED, R.QUESTION_OPEN])
def test_wait_that_somebody_else_prepared_gets_nothing(status: ReferralStatus) -> None:
    case = unprepared(status)
    prepare.fn(cases.take(case.number), status)
    assert rows(ToDo) == rows(OutboxMessage) == rows(PortalLink) == []


@pytest.mark.parametrize("status", list(LINK_AT))
def test_patient_who_cannot_be_written_to_is_called(status: ReferralStatus) -> None:
    case = unprepared(status, patient=make_patient(email=None, preferred_channel="phone"))
    prepare.fn(cases.take(case.number), status)
    assert case_now(case).status is R.CONTACT_PATIENT
    assert rows(OutboxMessage) == []
    assert OfferStatus.OPEN not in {offer.status for offer in rows(Offer)}
    assert all(link.revoked for link in rows(PortalLink))
    prepare.fn(cases.take(case.number), R.CONTACT_PATIENT)
    [to_do] = rows(ToDo)
    assert to_do.kind is ToDoKind.CALL_PATIENT


def test_patient_who_prefers_text_messages_gets_one() -> None:
    case = unprepared(R.OFFERED, patient=make_patient(preferred_channel="sms", email=None))
    prepare.fn(cases.take(case.number), R.OFFERED)
    [message] = rows(OutboxMessage)
    assert message.channel is MessageChannel.SMS
    assert rows(PortalLink)[0].purpose is LinkPurpose.CHOOSE_TIME


def test_case_that_has_left_the_status_is_not_prepared() -> None:
    case = unprepared(R.RISK_REVIEW)
    prepare.fn(cases.take(case.number), R.CONTACT_PATIENT)
    assert rows(ToDo) == []


def test_overtaken_leg_prepares_nothing() -> None:
    for status in (*TO_DO_AT, *LINK_AT):
        case = unprepared(status)
        older = cases.take(case.number)
        cases.take(case.number)
        before = len(rows(AuditEvent))
        with pytest.raises(StaleLease):
            prepare.fn(older, status)
        assert rows(ToDo) == rows(OutboxMessage) == []
        assert len(rows(AuditEvent)) == before


async def test_run_is_named_by_number_and_wait(prefect: FakePrefect) -> None:
    run_id = uuid4()
    await name_the_wait(str(run_id), "RF-000042", R.RISK_REVIEW.label)
    assert prefect.names == [(run_id, "RF-000042 · risk review")]


async def test_name_that_cannot_be_set_now_stops_nothing(prefect: FakePrefect) -> None:
    prefect.down = OutsideUnavailable("no Prefect")
    await name_the_wait(str(uuid4()), "RF-000042", R.RISK_REVIEW.label)
    assert prefect.names == []


def test_leg_shows_ids_alone() -> None:
    assert repr(Case("RF-000042", 7)) == "Case(number='RF-000042', fence=7)"
