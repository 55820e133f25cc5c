"""Does what was paid too much go back once, to whom it belongs, to the cent, with an owner's signature where needed?"""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import select

from acts import billing, claim_money, claims, refunds
from adapters import claim_views, x12
from adapters import operational_store as store
from adapters.settings import settings
from models.claim_answers import ProviderAdjustment, RemittanceEnd, RemittanceHead
from models.claim_form import PayerName
from models.codes import ClaimStatus as C
from models.codes import Verdict
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed
from models.ledger import cash
from models.operational import AuditEvent, LedgerEntry
from models.therapy_text import TherapyText
from tasks import claim_report
from tests.acts.test_claim_money import CO45, NUMBER, lost_and_sent_again
from tests.billing_walk import Payer, claim_of, decided
from tests.claim_acts import BILLER, OWNER, WHY, cas, deny, make_biller, open_gate, owed, pay, sign

SHARE = cas("PR", "3", 2_500)


def lines() -> list[LedgerEntry]:
    with store.reading() as db:
        return list(db.exec(select(LedgerEntry)).all())


def listed() -> list[claim_views.ExceptionRow]:
    return claim_views.exceptions(["LOC-1"], utc_now(), billing.refund_within())


def in_the_till() -> int:
    with store.reading() as db:
        return cash(claim_money.lines_of_case(db, NUMBER))


def refund(cents: int, to: str = "patient", reference: str = "1042", method: str = "check", **given: Any) -> None:
    facts: dict[str, Any] = {"staff_id": BILLER, "reason": WHY, **given}
    refunds.refund(NUMBER, to=to, cents=cents, method=method, reference=reference, **facts)


def overpaid(payer: Payer, cents: int = 3_000) -> None:
    """The patient owes 2,500 and pays this much."""
    pay(payer, CO45, SHARE)
    claims.record_patient_payment(NUMBER, staff_id=BILLER, cents=cents, reference="card 1", more=True)


def test_what_a_patient_pays_too_much_is_listed_with_a_clock_and_goes_back(payer: Payer) -> None:
    overpaid(payer)
    claim = claim_of()
    assert (claim.status, claim.queue, claim.patient_cents, claim.paid_cents) == (
        C.REMITTANCE_REVIEW,
        "credit",
        -500,
        14_000,
    )
    [row] = [each for each in listed() if each.number == NUMBER]
    by = utc_now().date() + timedelta(days=60)
    assert (row.queue, row.deadline, row.deadline_of, row.amount_cents) == ("credit", by, "refund", 500)
    assert "$5.00 to the patient" in row.message
    standing = claim_report.standing()
    assert (standing.owed_back_cents, standing.given_back_cents) == (500, 0)
    refund(500)
    claim = claim_of()
    assert (claim.status, claim.queue, claim.findings, claim.paid_cents) == (C.CLOSED_PAID, "", [], 13_500)
    assert owed().settled and in_the_till() == 13_500
    standing = claim_report.standing()
    assert (standing.owed_back_cents, standing.given_back_cents) == (0, 500)


def test_what_is_owed_back_goes_back_within_the_practices_own_term(payer: Payer) -> None:
    file = settings().billing_folder / "practice.yaml"
    file.write_text(file.read_text().replace("refund_days: 60", "refund_days: 30"))
    overpaid(payer)
    assert claim_views.refund_by(claim_of()) == utc_now().date() + timedelta(days=30)
    keeps_back(payer, "ICN77", 900)
    [row] = [each for each in listed() if each.number == "ICN77"]
    assert (row.deadline, row.deadline_of) == (utc_now().date() + timedelta(days=30), "refund")


def test_term_of_tables_that_cannot_be_read_is_the_longest(payer: Payer, caplog: pytest.LogCaptureFixture) -> None:
    (settings().billing_folder / "practice.yaml").write_text("practice: no list")
    assert billing.refund_within() == timedelta(days=60)
    assert "cannot be read" in caplog.text


def test_refund_counts_once_whatever_is_pressed_how_often(payer: Payer) -> None:
    overpaid(payer)
    refund(200)
    refund(200)
    assert (owed().patient_cents, claim_of().status) == (-300, C.REMITTANCE_REVIEW)
    assert "$3.00 is still owed back" in claim_of().findings[0]["message"]
    with pytest.raises(ValueError, match="reference was used before"):
        refund(201)
    refund(300, reference="1043")
    refund(300, reference="1043")
    assert (owed().settled, claim_of().status) == (True, C.CLOSED_PAID)
    assert sum(each.amount_cents for each in lines() if each.kind == "refund") == 500


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"cents": 501}, "cents is more than is owed back"),
        ({"cents": 0}, "cents"),
        ({"cents": -1}, "cents"),
        ({"to": "AETNA"}, "nothing is owed back to them"),
        ({"method": "gift"}, "method"),
        ({"method": "kept_back"}, "a patient keeps nothing back"),
        ({"reference": ""}, "reference"),
        ({"reference": "a*b"}, "reference"),
        ({"reason": TherapyText(" ")}, "a reason is needed"),
    ],
)
def test_refund_that_cannot_be_is_refused_by_name(payer: Payer, said: dict[str, Any], named: str) -> None:
    overpaid(payer)
    with pytest.raises(ValueError, match=named):
        refund(**{"cents": 500, **said})
    assert (owed().patient_cents, claim_of().status) == (-500, C.REMITTANCE_REVIEW)


def test_only_a_biller_of_the_claims_place_gives_back(payer: Payer) -> None:
    overpaid(payer)
    make_biller()
    for staff_id in ("ST-302", "ST-201", OWNER):
        with pytest.raises(NotAllowed):
            refund(500, staff_id=staff_id)


def test_nothing_goes_back_where_nothing_is_owed_back(payer: Payer) -> None:
    pay(payer, CO45, SHARE)
    with pytest.raises(MovedOn):
        refund(100)
    assert refunds.credits_of(NUMBER) == ()


@pytest.mark.parametrize(("cents", "signed"), [(10_000, False), (10_001, True)])
def test_an_owner_signs_what_is_above_the_limit(payer: Payer, cents: int, signed: bool) -> None:
    overpaid(payer, 2_500 + cents)
    refund(cents)
    assert claim_of().status == (C.REFUND_SIGNATURE if signed else C.CLOSED_PAID)
    assert owed().patient_cents == (-cents if signed else 0)
    if signed:
        approval = open_gate()
        assert (approval.role, approval.requested_by, approval.kind.value) == ("owner", BILLER, "refund")
        sign(approval, OWNER)
        with pytest.raises(MovedOn):
            sign(approval, OWNER)
    assert (claim_of().status, owed().settled, claim_of().findings) == (C.CLOSED_PAID, True, [])
    assert [each.actor for each in lines() if each.kind == "refund"] == [OWNER if signed else BILLER]


@pytest.mark.parametrize("verdict", [Verdict.REJECT, Verdict.RETURN])
def test_an_owner_who_does_not_leaves_it_with_the_biller(payer: Payer, verdict: Verdict) -> None:
    overpaid(payer, 20_000)
    refund(17_500)
    sign(open_gate(), OWNER, verdict)
    assert (claim_of().status, claim_of().queue, owed().patient_cents) == (C.CORRECTION, "returned", -17_500)
    refund(7_500)
    refund(10_000, reference="1043")
    assert (claim_of().status, owed().settled) == (C.CLOSED_PAID, True)


def test_an_owner_does_not_sign_for_another_credit_than_there_is(payer: Payer) -> None:
    overpaid(payer, 20_000)
    refund(17_500)
    approval = open_gate()
    with store.writing() as db:
        entry = next(each for each in lines() if each.account == "patient")
        db.add(LedgerEntry(**{**entry.model_dump(), "key": "other#1", "source": "other", "amount_cents": 100}))
    with pytest.raises(MovedOn, match="has changed"):
        sign(approval, OWNER)
    assert claim_of().status == C.REFUND_SIGNATURE


def test_part_that_is_signed_leaves_the_rest_with_the_biller(payer: Payer) -> None:
    overpaid(payer, 20_000)
    refund(12_000)
    sign(open_gate(), OWNER)
    claim = claim_of()
    assert (claim.status, claim.queue, claim.patient_cents) == (C.REMITTANCE_REVIEW, "credit", -5_500)
    assert "$55.00 is still owed back" in claim.findings[0]["message"]
    refund(5_500, reference="1043")
    assert claim_of().status == C.CLOSED_PAID


def test_what_a_payer_pays_twice_goes_back_with_what_the_contract_took_off(payer: Payer) -> None:
    first, again = lost_and_sent_again(payer)
    payer.remits(decided(first, 13_500, CO45))
    payer.remits(decided(again, 13_500, CO45), trace="EFT2")
    payer_code = claim_of().payer_code
    [credit] = refunds.credits_of(NUMBER)
    assert (credit.payer_code, credit.cents) == (payer_code, 13_500)  # not the 17,500 that the account is below 0
    with pytest.raises(ValueError, match="more than is owed back"):
        refund(13_501, payer_code)
    refund(3_500, payer_code)
    refund(10_000, payer_code, reference="1043")
    assert (claim_of().status, owed().settled, claim_of().paid_cents) == (C.CLOSED_PAID, True, 13_500)


def test_what_the_payer_keeps_back_itself_is_listed_until_it_is_told_of_a_claim(payer: Payer) -> None:
    first, again = lost_and_sent_again(payer)
    payer.remits(decided(first, 13_500, CO45))
    payer.remits(decided(again, 13_500, CO45), trace="EFT2")
    payer_code = claim_of().payer_code
    with pytest.raises(ValueError, match="has not kept back so much"):
        refund(9_000, payer_code, method="kept_back", reference="ICN77")
    keeps_back(payer, "ICN77", 9_000)
    [row] = [each for each in listed() if each.number == "ICN77"]
    assert (row.queue, row.amount_cents, row.deadline_of) == ("credit", 9_000, "refund")
    before = sum(each.amount_cents for each in lines() if each.kind in ("payer_payment", "payment_adjustment"))
    refund(9_000, payer_code, method="kept_back", reference="ICN77")
    refund(9_000, payer_code, method="kept_back", reference="ICN77")
    assert [each for each in listed() if each.number == "ICN77"] == []
    assert (
        sum(each.amount_cents for each in lines() if each.account == "beyond_claims" and each.payer_control == "ICN77")
        == 0
    )
    assert sum(each.amount_cents for each in lines() if each.kind == "refund") == 0  # nothing was sent
    assert (refunds.credits_of(NUMBER)[0].cents, claim_of().paid_cents) == (4_500, 18_000)
    after = sum(each.amount_cents for each in lines() if each.kind in ("payer_payment", "payment_adjustment"))
    assert after == before
    with pytest.raises(ValueError, match="has not kept back so much"):
        refund(1, payer_code, method="kept_back", reference="ICN77 2")
    refund(4_500, payer_code)
    assert (claim_of().status, owed().settled) == (C.CLOSED_PAID, True)


def keeps_back(payer: Payer, reference: str, cents: int) -> None:
    """A payment of nothing: this much is kept back (PLB, WO) and carried forward."""
    head = RemittanceHead("0001", 0, "EFT9", "NON", date(2026, 11, 25), PayerName("Sample", "SAMPLE01"))
    kept = (ProviderAdjustment("WO", reference, cents), ProviderAdjustment("FB", "EFT8", -cents))
    assert payer.drop(x12.write_835(payer.envelope(), [head, *kept, RemittanceEnd("0001", 0)])) == "taken_in"


def test_what_is_owed_back_goes_back_before_anything_is_given_up(payer: Payer) -> None:
    form = deny(payer)
    with store.writing() as db:
        paid = {"case_number": NUMBER, "claim_number": form.claim_number, "account": "patient", "part": 1}
        db.add(LedgerEntry(**paid, key="visit#1", source="visit", kind="patient_payment", amount_cents=-2_000))
    with pytest.raises(ValueError, match="refund it first"):
        claims.write_off(NUMBER, staff_id=BILLER, reason=WHY)
    refund(2_000)
    assert claim_of().status == C.DENIED
    claims.write_off(NUMBER, staff_id=BILLER, reason=WHY)
    assert claim_of().status == C.WRITE_OFF_SIGNATURE


def test_refund_is_on_record_without_its_reason(payer: Payer) -> None:
    overpaid(payer)
    refund(500)
    with store.reading() as db:
        events = db.exec(select(AuditEvent).where(AuditEvent.case_number == NUMBER)).all()
    [told] = [each for each in events if each.action == "claim.refunded"]
    assert (told.actor, told.details["cents"], told.details["to"]) == (BILLER, 500, "patient")
    assert all(WHY.unwrap() not in str(each.details) for each in events)


def test_patient_who_pays_a_closed_claim_again_is_owed_it_back(payer: Payer) -> None:
    pay(payer, CO45)
    assert claim_of().status == C.CLOSED_PAID
    with pytest.raises(MovedOn):
        claims.record_patient_payment(NUMBER, staff_id=BILLER, cents=700, reference="check 9")
    claims.record_patient_payment(NUMBER, staff_id=BILLER, cents=700, reference="check 9", more=True)
    assert (claim_of().status, claim_of().queue) == (C.REMITTANCE_REVIEW, "credit")
    refund(700)
    assert claim_of().status == C.CLOSED_PAID


def test_statement_says_what_was_paid_and_what_went_back(payer: Payer) -> None:
    pay(payer, CO45, SHARE)
    claims.record_patient_payment(NUMBER, staff_id=BILLER, cents=1_000, reference="card 1")
    with store.reading() as db:
        facts = claim_money.statement_facts(db, [claim_of()])
    assert facts == {NUMBER: {"amount": "15.00", "paid": "10.00"}}


def test_signed_refund_leaves_an_appeal_where_it_is(payer: Payer) -> None:
    form = deny(payer)
    letter = {"template": "authorisation", "corrected": "", "attached": ""}
    claims.appeal(NUMBER, staff_id=BILLER, reason=WHY, **letter)
    with store.writing() as db:
        paid = {"case_number": NUMBER, "claim_number": form.claim_number, "account": "patient", "part": 1}
        db.add(LedgerEntry(**paid, key="visit#1", source="visit", kind="patient_payment", amount_cents=-12_000))
    refund(12_000)
    sign(open_gate(), OWNER)
    assert (claim_of().status, owed().patient_cents, owed().denied_cents) == (C.APPEALED, 0, form.charge_cents)


def test_credit_that_has_gone_back_has_no_day_any_more_where_something_else_is_open(payer: Payer) -> None:
    overpaid(payer, 20_000)
    with store.writing() as db:
        sent = claim_money.newest_submission(db, NUMBER)
        assert sent is not None
        open_line = {"case_number": NUMBER, "claim_number": sent.claim_control, "account": "payer", "part": 1}
        db.add(LedgerEntry(**open_line, key="open#1", source="open", kind="charge", amount_cents=700))
    assert claim_views.refund_by(claim_of()) is not None
    refund(12_000)
    sign(open_gate(), OWNER)
    assert claim_views.refund_by(claim_of()) is not None  # the rest of it is still owed back
    refund(-owed().patient_cents, reference="1043")
    assert (claim_of().status, owed().patient_cents) == (C.REMITTANCE_REVIEW, 0)
    assert claim_views.refund_by(claim_of()) is None
