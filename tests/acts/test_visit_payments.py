"""Does what a patient pays at a visit stand in the claim's ledger once, whenever the claim leaves and is decided?"""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from acts import billing_records, claim_money, claims, refunds, visit_payments
from adapters import claim_views
from adapters import operational_store as store
from models.codes import ClaimStatus as C
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import AuditEvent, Claim, EligibilityCheck, LedgerEntry, VisitPayment
from models.therapy_text import TherapyText
from tests.acts.test_claim_money import CO45, NUMBER
from tests.billing_walk import Payer, claim_of, decided, one_round, sent
from tests.claim_acts import BILLER, COORDINATOR, OWNER, WHY, cas, make_biller, open_gate, owed, pay, sign

SHARE = cas("PR", "3", 2_500)


def check() -> EligibilityCheck:
    """The check that the claim's own session was asked for."""
    claim = claim_of()
    with store.reading() as db:
        found = db.exec(
            select(EligibilityCheck).where(
                EligibilityCheck.patient_id == claim.patient_id,
                EligibilityCheck.service_date == claim.service_date,
                EligibilityCheck.clinician_id == claim.clinician_id,
            )
        ).first()
    assert found is not None
    return found


def pays(cents: int = 2_500, reference: str = "R 1", **given: Any) -> None:
    facts: dict[str, Any] = {"staff_id": COORDINATOR, "method": "card", **given}
    visit_payments.record(check().id, cents=cents, reference=reference, **facts)


def payments() -> list[VisitPayment]:
    with store.reading() as db:
        return list(db.exec(select(VisitPayment)).all())


def test_payment_at_the_visit_is_taken_off_what_the_payer_leaves(payer: Payer) -> None:
    pays()
    pays()  # pressed twice
    assert [(each.cents, each.case_number) for each in payments()] == [(2_500, NUMBER)]
    assert (claim_of().status, claim_of().patient_cents, claim_of().paid_cents) == (C.SENT, -2_500, 2_500)
    pay(payer, CO45, SHARE)
    assert (claim_of().status, claim_of().paid_cents, owed().settled) == (C.CLOSED_PAID, 13_500, True)
    with store.reading() as db:
        events = db.exec(select(AuditEvent).where(AuditEvent.action == "visit_payment.recorded")).all()
    assert [(each.actor, each.details["cents"]) for each in events] == [(COORDINATOR, 2_500)]


@pytest.mark.parametrize(
    ("paid", "status", "patient"),
    [(2_400, C.PATIENT_BALANCE, 100), (2_500, C.CLOSED_PAID, 0), (2_600, C.REMITTANCE_REVIEW, -100)],
)
@pytest.mark.parametrize("when", ["before the decision", "after it"])
def test_the_rest_is_owed_and_what_is_too_much_is_owed_back(
    payer: Payer, paid: int, status: C, patient: int, when: str
) -> None:
    if when == "before the decision":
        pays(paid)
    pay(payer, CO45, SHARE)
    if when == "after it":
        pays(paid)
    assert (claim_of().status, owed().patient_cents) == (status, patient)
    if patient < 0:
        assert claim_of().queue == "credit"
        refunds.refund(NUMBER, staff_id=BILLER, to="patient", cents=-patient, method="card", reference="1", reason=WHY)
        assert (claim_of().status, owed().settled) == (C.CLOSED_PAID, True)


def test_payment_after_the_claim_was_closed_is_owed_back(payer: Payer) -> None:
    pay(payer, CO45)
    pays(700)
    assert (claim_of().status, claim_of().queue, owed().patient_cents) == (C.REMITTANCE_REVIEW, "credit", -700)


def test_payment_waits_for_a_claim_that_has_not_left(payer: Payer) -> None:
    """As if nothing had been sent yet: the batch posts it with the charge, in one transaction."""
    with store.writing() as db:
        for each in db.exec(select(LedgerEntry)).all():
            db.delete(each)
        claim = db.get_one(Claim, NUMBER)
        claim.first_sent_at = None
        db.add(claim)
    pays(2_000)
    assert [each.case_number for each in payments()] == [None]
    number = sent().claim_number
    with store.writing() as db:
        claim = db.get_one(Claim, NUMBER)
        first = visit_payments.onto_first_sending(db, [(claim, number)])
        assert [(line.amount_cents, line.claim_number) for line in first[NUMBER]] == [(-2_000, number)]
        db.flush()
        assert visit_payments.onto_first_sending(db, [(claim, number)]) == {}


DROPPED = "PT-S106"
"""A claim that has never left: the patient is still asked for what is missing."""


def dropped(cents: int = 2_500) -> str:
    """The patient pays at the visit, and the claim is not billed; returns its number."""
    claim = claim_of(DROPPED)
    with store.writing() as db:
        asked = EligibilityCheck(
            id="EC-1",
            unique_key="EC-1",
            case_number=claim.session_number,
            patient_id=DROPPED,
            clinician_id=claim.clinician_id,
            location_id=claim.location_id,
            payer_code="BCBS",
            service_date=claim.service_date,
        )
        db.add(asked)
    visit_payments.record("EC-1", staff_id=BILLER, cents=cents, method="card", reference="R 1")
    claims.do_not_bill(claim.case_number, staff_id=BILLER, reason=WHY)
    return claim.case_number


def give_back(number: str, cents: int, reference: str = "1042") -> None:
    facts = {"staff_id": BILLER, "to": "patient", "method": "card", "reason": WHY}
    refunds.refund(number, cents=cents, reference=reference, **facts)


def test_payment_of_a_claim_that_never_leaves_goes_back(payer: Payer) -> None:
    number = dropped()
    # whether it goes back is a biller's to say
    assert (claim_of(DROPPED).status, claim_of(DROPPED).patient_cents) == (C.CLOSED_NOT_BILLED, 0)
    assert visit_payments.in_no_ledger(number) == 2_500
    visit_payments.owe_back(number, staff_id=BILLER, reason=WHY)
    claim = claim_of(DROPPED)
    assert (claim.status, claim.queue, owed(DROPPED).patient_cents) == (C.REMITTANCE_REVIEW, "credit", -2_500)
    assert claim_views.deadline(claim) == (utc_now().date() + timedelta(days=60), "refund")
    assert visit_payments.in_no_ledger(number) == 0
    with pytest.raises(MovedOn):
        visit_payments.owe_back(number, staff_id=BILLER, reason=WHY)
    give_back(number, 2_000)
    assert claim_of(DROPPED).status == C.REMITTANCE_REVIEW
    give_back(number, 500, "1043")
    claim = claim_of(DROPPED)
    assert (claim.status, claim.queue, claim.paid_cents) == (C.CLOSED_NOT_BILLED, "", 0)
    assert owed(DROPPED).settled
    with pytest.raises(ValueError, match="nothing was paid"):
        visit_payments.owe_back(number, staff_id=BILLER, reason=WHY)


def test_an_owner_signs_a_large_payment_of_a_claim_that_never_leaves(payer: Payer) -> None:
    number = dropped(10_001)
    visit_payments.owe_back(number, staff_id=BILLER, reason=WHY)
    give_back(number, 10_001)
    assert claim_of(DROPPED).status == C.REFUND_SIGNATURE
    sign(open_gate(DROPPED), OWNER)
    assert (claim_of(DROPPED).status, owed(DROPPED).settled) == (C.CLOSED_NOT_BILLED, True)


@pytest.mark.parametrize("back", [0, 1_000])
def test_payment_that_is_owed_back_counts_where_the_claim_is_sent_after_all(payer: Payer, back: int) -> None:
    number = dropped()
    visit_payments.owe_back(number, staff_id=BILLER, reason=WHY)
    if back:
        give_back(number, back)
    billing_records.record_patient_fields(DROPPED, {"member_id": "XYZ106"}, actor=BILLER)
    claims.build_again(number, staff_id=BILLER, reason=WHY)
    one_round()
    payer.answers_coverage()
    one_round()
    sign(open_gate(DROPPED), BILLER)
    one_round()
    claim = claim_of(DROPPED)
    assert claim.status == C.SENT
    assert (claim.charge_cents, owed(DROPPED).patient_cents) == (owed(DROPPED).payer_cents, back - 2_500)
    pay(payer, CO45, SHARE, patient=DROPPED)
    claim = claim_of(DROPPED)
    assert (claim.status, owed(DROPPED).patient_cents) == (C.PATIENT_BALANCE if back else C.CLOSED_PAID, back)
    assert [each.case_number for each in payments()] == [number]


def test_only_a_biller_of_the_place_says_that_a_payment_goes_back(payer: Payer) -> None:
    number = dropped()
    make_biller()
    for staff_id in ("ST-302", COORDINATOR):
        with pytest.raises(NotAllowed):
            visit_payments.owe_back(number, staff_id=staff_id, reason=WHY)
    with pytest.raises(ValueError, match="a reason is needed"):
        visit_payments.owe_back(number, staff_id=BILLER, reason=TherapyText(" "))
    assert visit_payments.in_no_ledger(number) == 2_500


def test_what_was_paid_stays_the_patients_when_the_claim_is_sent_anew(payer: Payer) -> None:
    pays()
    form = pay(payer, cas("CO", "16", sent().charge_cents), status="4")
    assert (claim_of().status, owed().patient_cents) == (C.DENIED, -2_500)
    claims.build_again(NUMBER, staff_id=BILLER, reason=WHY)
    one_round()
    new = sent()
    assert (new.frequency, new.claim_number != form.claim_number) == ("7", True)
    payer.remits(decided(new, 11_000, CO45, SHARE), trace="EFT2")
    assert (claim_of().status, owed().settled, claim_of().paid_cents) == (C.CLOSED_PAID, True, 13_500)


def test_second_payer_is_asked_although_the_patient_has_paid(payer: Payer) -> None:
    billing_records.record_coverage(
        "PT-S101",
        actor=BILLER,
        rank="S",
        payer_code="CIGNA",
        plan_code="",
        member_id="S1",
        valid_from=claim_of().service_date,
        details={},
    )
    pays()
    pay(payer, CO45, SHARE)
    assert (claim_of().status, claim_of().rank, owed().patient_cents) == (C.RECEIVED, "S", 0)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"cents": 0}, "cents"),
        ({"cents": 500_001}, "cents"),
        ({"method": "gold"}, "method"),
        ({"reference": ""}, "reference"),
        ({"reference": "R*1"}, "reference"),
    ],
)
def test_payment_that_cannot_be_is_refused_by_name(payer: Payer, given: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=f"^{named}"):
        pays(**given)
    assert payments() == []


def test_reference_of_another_amount_is_refused(payer: Payer) -> None:
    pays(100)
    with pytest.raises(ValueError, match="reference was used before"):
        pays(200)


def test_only_who_works_at_the_place_takes_money(payer: Payer) -> None:
    make_biller()
    for staff_id in ("ST-302", "ST-101"):
        with pytest.raises(NotAllowed):
            pays(staff_id=staff_id)


def test_coverage_page_is_told_what_to_ask_for_and_what_was_paid(payer: Payer) -> None:
    asked = check()
    with store.writing() as db:
        present = db.get_one(EligibilityCheck, asked.id)
        present.status = "active_mental_health"
        present.shares = [{"kind": "copay", "cents": 2_500, "in_network": True, "segment": 14}]
        present.answered_at = utc_now()
        db.add(present)
    pays(1_000)
    pays(500, "R 2")
    found = visit_payments.expected([check()])[asked.id]
    assert (found.cents, found.segment) == (2_500, 14)
    assert visit_payments.paid_for([asked.id]) == {asked.id: 1_500}
    with store.reading() as db:
        assert claim_money.statement_facts(db, [claim_of()])[NUMBER]["paid"] == "15.00"
