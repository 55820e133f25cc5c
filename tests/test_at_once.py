"""The whole referral walk by its steps, and what two people or two workers do at the same moment."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import col, delete, select

from acts import cases as acts_on_cases
from acts import patient
from acts.decisions import decide
from adapters import operational_store as store
from adapters.outbox import send_due
from adapters.run_claims import RunClaims
from adapters.slots import extend_slots
from models.codes import AuthenticatedHow, LinkPurpose, MessageChannel, ToDoOutcome, Verdict
from models.codes import ReferralStatus as R
from models.columns import utc_now
from models.errors import MovedOn
from models.operational import Appointment, Approval, AuditEvent, Decision, OutboxMessage, Referral, Slot
from models.therapy_text import TherapyText
from tasks import intake, watch
from tests.factories import make_message, make_patient, make_referral
from tests.flows.people import (
    case_of,
    code_of,
    coordinator_of,
    drop,
    go_on,
    open_approval,
    password_of,
    patients_link,
    referral_row,
    sign,
)


@pytest.fixture
def practice(sample_practice: Path) -> None:
    """The sample practice, on the kind of database that the suite runs on."""


def received(*rows: dict[str, str]) -> list[Referral]:
    drop(*rows)
    for file_id in intake.collect.fn(settle_seconds=0):
        intake.receive.fn(file_id)
    found = [case_of(row["external_id"]) for row in rows]
    assert all(found)
    return [case for case in found if case is not None]


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each act gave or raised when all began together."""

    def told(act: Callable[[], Any]) -> Any:
        try:
            return act()
        except Exception as refusal:
            return refusal

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(told, acts))


def first_session_begins(case_number: str) -> None:
    """The time of the booked first session has come."""
    with store.writing() as db:
        appointment = db.exec(select(Appointment).where(Appointment.case_number == case_number)).one()
        appointment.starts_at = utc_now() - timedelta(minutes=1)
        db.add(appointment)


async def test_referral_walks_to_its_attended_first_session(practice: None) -> None:
    [case] = received(referral_row("P-1", phq9_9="1"))
    assert go_on(case.case_number) == R.RISK_REVIEW
    await sign(case.case_number)
    assert go_on(case.case_number) == R.ASSIGNMENT
    await sign(case.case_number)
    assert go_on(case.case_number) == R.OFFERED
    token, proof = await patients_link(case, LinkPurpose.CHOOSE_TIME)
    patient.choose(token, proof, patient.offered_times(token, proof)[0].offer_id)
    assert go_on(case.case_number) == R.BOOKED
    assert send_due(utc_now()).sent > 0
    first_session_begins(case.case_number)
    acts_on_cases.record_outcome(case.case_number, staff_id=coordinator_of("LOC-1"), outcome=ToDoOutcome.ATTENDED)
    assert go_on(case.case_number) == R.CLOSED_ATTENDED
    assert watch.watch.fn()["escalated"] == 0


async def test_one_time_goes_to_one_of_two_patients_who_choose_at_once(practice: None) -> None:
    both = received(referral_row("P-2"), referral_row("P-3", phone="+1 503 555 0177"))
    for case in both:
        assert go_on(case.case_number) == R.ASSIGNMENT
        await sign(case.case_number, Verdict.EDIT_AND_APPROVE, clinician_id="ST-101")
        assert go_on(case.case_number) == R.OFFERED
    links = [await patients_link(case, LinkPurpose.CHOOSE_TIME) for case in both]
    offers = [patient.offered_times(*link)[0] for link in links]
    assert offers[0].starts_at == offers[1].starts_at
    got = at_once(
        *(
            lambda link=link, offer=offer: patient.choose(*link, offer.offer_id)
            for link, offer in zip(links, offers, strict=True)
        )
    )
    assert Counter(isinstance(one, MovedOn) for one in got) == {True: 1, False: 1}
    with store.reading() as db:
        assert len(db.exec(select(Appointment)).all()) == 1
        assert len(db.exec(select(Slot).where(col(Slot.case_number).is_not(None))).all()) == 1


async def test_two_clinicians_signing_at_once_make_one_decision(practice: None) -> None:
    [case] = received(referral_row("P-4", phq9_9="2"))
    go_on(case.case_number)
    approval = open_approval(case.case_number)
    assert approval is not None
    colleagues = ("ST-101", "ST-102")
    codes = {staff_id: code_of(staff_id) for staff_id in colleagues}

    def signs(staff_id: str) -> Decision:
        return decide(
            approval.id,
            staff_id=staff_id,
            verdict=Verdict.APPROVE,
            reason=TherapyText(""),
            seen_digest=approval.digest,
            how=AuthenticatedHow.DESK_PASSWORD_AND_CODE,
            code=codes[staff_id],
            password=password_of(staff_id),
        )

    got = at_once(*(lambda staff_id=staff_id: signs(staff_id) for staff_id in colleagues))
    assert Counter(type(one) for one in got) == {Decision: 1, MovedOn: 1}
    with store.reading() as db:
        assert len(db.exec(select(Decision)).all()) == 1
        assert db.exec(select(Approval.status)).all() == ["decided"]


def test_case_numbers_given_out_at_once_are_all_different(practice: None) -> None:
    def numbered() -> str:
        with store.writing() as db:
            return store.new_case_number(db)

    numbers = at_once(*[numbered] * 12)
    assert len(set(numbers)) == 12 and all(isinstance(number, str) for number in numbers)


def test_one_of_several_workers_claims_a_run(practice: None) -> None:
    run_id = uuid4()
    claims = [RunClaims() for _ in range(6)]
    for number, mine in enumerate(claims):
        mine.beat(f"worker-{number}")
    got = at_once(
        *(
            lambda mine=mine, name=f"worker-{number}": mine.claim(run_id, name, lost_after=timedelta(seconds=30))
            for number, mine in enumerate(claims)
        )
    )
    assert Counter(got) == {True: 1, False: 5}


def test_message_queued_by_several_at_once_stands_in_the_outbox_once(practice: None) -> None:
    def queued() -> bool:
        with store.writing() as db:
            return store.queue_message(
                db,
                unique_key="page-1",
                channel=MessageChannel.EMAIL,
                template="page",
                case_number=None,
                to_staff_id="ST-101",
            )

    assert Counter(at_once(*[queued] * 6)) == {True: 1, False: 5}
    with store.reading() as db:
        assert len(db.exec(select(OutboxMessage)).all()) == 1


def test_messages_sent_by_several_workers_at_once_leave_once_each(practice: None) -> None:
    patient = make_patient()
    messages = [make_message(patient, template="waitlisted", case_number=make_referral().case_number) for _ in range(8)]
    counts = at_once(*[lambda: send_due(utc_now())] * 4)
    assert sum(count.sent for count in counts) == len(messages)
    with store.reading() as db:
        sent = db.exec(select(AuditEvent.subject_id).where(AuditEvent.action == "outbox_message.sent")).all()
    assert Counter(sent) == Counter(message.id for message in messages)


def test_installation_named_by_several_at_once_has_one_name(practice: None) -> None:
    assert len(set(at_once(*[store.installation_id] * 6))) == 1


def test_slots_opened_by_several_at_once_are_opened_once(practice: None) -> None:
    with store.writing() as db:
        db.exec(delete(Slot))
    day = (utc_now() + timedelta(days=9)).date()
    opened = at_once(*[lambda: extend_slots(day)] * 3)
    with store.reading() as db:
        there = len(db.exec(select(Slot.id)).all())
    assert sorted(opened) == [0, 0, there] and there > 0
