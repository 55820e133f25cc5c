"""Has every wait of a claim what it needs, made once, and does silence come before a person in time?"""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from acts import claims, to_dos
from adapters import operational_store as store
from models.codes import ClaimStatus as C
from models.codes import LinkPurpose, ToDoKind, ToDoOutcome, ToDoStatus
from models.columns import utc_now
from models.operational import Claim, OutboxMessage, Patient, PortalLink, ToDo
from tasks import cases, claim_waits, unpaid_balances, waits
from tests.billing_walk import Payer, claim_of
from tests.claim_acts import BILLER, WHY, cas, deny, pay, put_to, reject

NUMBER = "CL-000001"
NOW = utc_now()
WAITING = sorted(claim_waits.AWAITED)
NOT_WAITING = sorted(set(C) - set(WAITING))


def prepare(patient: str = "PT-S101", times: int = 2) -> None:
    """What a run does before it sleeps; twice, as when its leg is begun again."""
    claim = claim_of(patient)
    for _ in range(times):
        waits.prepare.fn(cases.take(claim.case_number), claim.status)


def rows(record: type, **where: Any) -> list[Any]:
    with store.reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def unreachable(patient_id: str) -> None:
    with store.writing() as db:
        patient = db.get_one(Patient, patient_id)
        patient.email, patient.preferred_channel = None, "phone"
        db.add(patient)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (C.CORRECTION, ToDoKind.CORRECT_CLAIM),
        (C.REMITTANCE_REVIEW, ToDoKind.REVIEW_REMITTANCE),
        (C.DENIED, ToDoKind.ANSWER_DENIAL),
    ],
)
def test_a_biller_gets_one_to_do_per_visit_that_ends_with_it(payer: Payer, status: C, kind: ToDoKind) -> None:
    deny(payer)
    put_to(status)
    prepare()
    [to_do] = rows(ToDo, case_number=NUMBER)
    assert (to_do.kind, to_do.role, to_do.location_id, to_do.status) == (kind, "biller", "LOC-1", ToDoStatus.OPEN)
    assert to_do.due_at > NOW
    claims.wait_for_payer(NUMBER, staff_id=BILLER, days=10, reason=WHY)
    assert [each.status for each in rows(ToDo, case_number=NUMBER)] == [ToDoStatus.SUPERSEDED]
    with store.writing() as db:
        store.move_case(db, store.one(db, Claim, NUMBER), C.DENIED, actor="test")
    prepare()
    assert [each.status for each in rows(ToDo, case_number=NUMBER, kind=ToDoKind.ANSWER_DENIAL)][-1] == ToDoStatus.OPEN
    assert len(rows(ToDo, case_number=NUMBER)) == 2


@pytest.mark.parametrize("status", [C.SENT, C.ACCEPTED, C.APPEALED, C.READY_TO_SEND, C.CLOSED_PAID])
def test_who_waits_for_a_payer_or_nobody_needs_nothing(payer: Payer, status: C) -> None:
    put_to(status)
    prepare()
    assert (rows(ToDo, case_number=NUMBER), rows(OutboxMessage, case_number=NUMBER)) == ([], [])


def test_a_patient_is_written_to_once_with_a_link_of_two_weeks(payer: Payer) -> None:
    number = claim_of("PT-S106").case_number
    prepare("PT-S106")
    [link] = rows(PortalLink, case_number=number)
    [message] = rows(OutboxMessage, case_number=number)
    assert (link.purpose, link.round) == (LinkPurpose.BILLING_DETAILS, claim_of("PT-S106").version)
    assert (message.facts, message.to_patient_id) == ({"link_id": link.id}, "PT-S106")
    assert claim_of("PT-S106").answer_by == link.expires_at
    assert timedelta(days=13) < link.expires_at - NOW <= timedelta(days=14, hours=1)


def test_a_patient_who_cannot_be_written_to_is_the_billers_to_call(payer: Payer) -> None:
    unreachable("PT-S106")
    before = claim_of("PT-S106").findings
    prepare("PT-S106", times=1)
    claim = claim_of("PT-S106")
    assert (claim.status, claim.queue, claim.findings) == (C.CORRECTION, "missing_information", before)
    assert rows(OutboxMessage, case_number=claim.case_number) == []


def test_a_statement_says_what_is_owed_once_per_visit(payer: Payer) -> None:
    pay(payer, cas("CO", "45", 4000), cas("PR", "3", 2505))
    prepare()
    [message] = rows(OutboxMessage, case_number=NUMBER)
    assert (message.template, message.facts) == (claim_waits.STATEMENT, {"amount": "25.05"})
    claims.record_patient_payment(NUMBER, staff_id=BILLER, cents=505, reference="card 1")
    prepare()
    assert len(rows(OutboxMessage, case_number=NUMBER)) == 1  # it is the same debt


def test_who_cannot_be_written_to_gets_the_statement_by_post(payer: Payer) -> None:
    pay(payer, cas("CO", "45", 4000), cas("PR", "3", 2500))
    unreachable("PT-S101")
    prepare()
    [to_do] = rows(ToDo, case_number=NUMBER)
    assert (to_do.kind, to_do.role, claim_of().status) == (ToDoKind.POST_STATEMENT, "biller", C.PATIENT_BALANCE)


def balance(cents: int = 2500) -> Claim:
    claim = claim_of()
    assert (claim.status, claim.patient_cents) == (C.PATIENT_BALANCE, cents)
    return claim


def test_a_balance_that_stands_is_asked_for_again_and_then_spoken_of(payer: Payer) -> None:
    pay(payer, cas("CO", "45", 4000), cas("PR", "3", 2500))
    prepare()
    month = claim_of().status_since + unpaid_balances.MONTH
    assert unpaid_balances.follow.fn(month - timedelta(seconds=1)) == 0
    for expected in (1, 0):
        assert unpaid_balances.follow.fn(month) == expected
    again = [each for each in rows(OutboxMessage, case_number=NUMBER) if each.unique_key.startswith("unpaid:")]
    assert [(each.template, each.facts) for each in again] == [(claim_waits.STATEMENT, {"amount": "25.00"})]
    assert rows(ToDo, case_number=NUMBER) == []
    for expected in (1, 0):
        assert unpaid_balances.follow.fn(month + unpaid_balances.MONTH) == expected
    [to_do] = rows(ToDo, case_number=NUMBER)
    assert (to_do.kind, to_do.role, to_do.location_id) == (ToDoKind.UNPAID_BALANCE, "biller", "LOC-1")
    assert unpaid_balances.follow.fn(month + 3 * unpaid_balances.MONTH) == 0  # a biller is at it
    claims.record_patient_payment(NUMBER, staff_id=BILLER, cents=2500, reference="card 1")
    assert [each.status for each in rows(ToDo, case_number=NUMBER)] == [ToDoStatus.SUPERSEDED]
    assert unpaid_balances.follow.fn(month + 4 * unpaid_balances.MONTH) == 0


def test_a_patient_who_has_agreed_how_to_pay_is_asked_again_a_month_later(payer: Payer) -> None:
    pay(payer, cas("CO", "45", 4000), cas("PR", "3", 2500))
    unreachable("PT-S101")
    month = balance().status_since + unpaid_balances.MONTH
    assert unpaid_balances.follow.fn(month) == 1  # nobody can write to them
    [to_do] = rows(ToDo, case_number=NUMBER)
    to_dos.finish(to_do.id, BILLER, ToDoOutcome.AGREED_TO_PAY)
    balance()
    assert unpaid_balances.follow.fn(month) == 0
    assert unpaid_balances.follow.fn(month + unpaid_balances.MONTH) == 1
    assert len(rows(ToDo, case_number=NUMBER)) == 2


# -- silence


@pytest.mark.parametrize("status", WAITING)
def test_silence_comes_before_a_biller_just_after_its_moment(payer: Payer, status: C) -> None:
    put_to(status, answer_by=NOW, queue="", findings=[])
    claim_waits.find_silence.fn(NOW)
    assert claim_of().status == status
    claim_waits.find_silence.fn(NOW + timedelta(microseconds=1))
    claim = claim_of()
    queue = {C.MISSING_INFORMATION: "missing_information", C.APPEALED: "appeal"}.get(status, "no_answer")
    assert (claim.status, claim.queue) == (C.CORRECTION, queue)
    [finding] = claim.findings
    assert (finding["rule"], finding["severity"]) == ("no_answer", "blocking")
    assert claim_waits.AWAITED[status] in finding["message"]
    version = claim.version
    claim_waits.find_silence.fn(NOW + timedelta(days=1))
    assert claim_of().version == version


@pytest.mark.parametrize("status", NOT_WAITING)
def test_nothing_else_is_late(payer: Payer, status: C) -> None:
    put_to(status, answer_by=NOW - timedelta(days=400))
    claim_waits.find_silence.fn(NOW)
    assert claim_of().status == status


def test_what_is_awaited_without_an_end_is_not_late(payer: Payer) -> None:
    put_to(C.ACCEPTED, answer_by=None)
    claim_waits.find_silence.fn(NOW + timedelta(days=400))
    assert claim_of().status == C.ACCEPTED


def test_every_late_claim_is_counted_once(payer: Payer) -> None:
    reject(payer, "PT-S103")
    put_to(C.SENT, answer_by=NOW - timedelta(days=1))
    assert claim_waits.find_silence.fn(NOW) == 1
    assert claim_waits.find_silence.fn(NOW) == 0
