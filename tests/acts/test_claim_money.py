"""Does the money of a claim end exact, whatever the payer does and in whatever order?"""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from sqlmodel import select

from acts import billing_records, claim_books, claim_money, claims
from adapters import operational_store as store
from models.claim_answers import RemittedClaim
from models.claim_codes import RemittanceOutcome
from models.claim_form import ClaimForm, LineAdjustment, PayerName
from models.codes import ClaimStatus as C
from models.codes import Verdict
from models.errors import MovedOn, NotAllowed
from models.operational import Claim, LedgerEntry, RemittedClaimRecord, Staff
from models.therapy_text import TherapyText
from models.transitions import CLAIM
from tests.billing_walk import Payer, claim_of, decided, one_round, sent, sent_forms
from tests.claim_acts import (
    BILLER,
    OWNER,
    WHY,
    build,
    cas,
    deny,
    make_biller,
    open_gate,
    owed,
    pay,
    put_to,
    sign,
)

NUMBER = "CL-000001"
CO45 = cas("CO", "45", 4000)
LIMIT = 10_000


def entries() -> list[LedgerEntry]:
    with store.reading() as db:
        return list(db.exec(select(LedgerEntry).where(LedgerEntry.case_number == NUMBER)).all())


def denied_in_part(payer: Payer, cents: int, group: str = "OA", reason: str = "197") -> ClaimForm:
    """All but this much is paid, and this much is denied."""
    return pay(payer, cas(group, reason, cents))


# -- written off


@pytest.mark.parametrize(("cents", "to"), [(LIMIT - 1, "done"), (LIMIT, "done"), (LIMIT + 1, "owner")])
def test_an_owner_signs_what_is_above_the_limit(payer: Payer, cents: int, to: str) -> None:
    form = denied_in_part(payer, cents)
    assert (claim_of().status, claims.write_off_limit()) == (C.DENIED, LIMIT)
    claims.write_off(NUMBER, staff_id=BILLER, reason=WHY)
    claim = claim_of()
    if to == "done":
        assert (claim.status, claim.write_off_cents, owed().settled) == (C.CLOSED_WRITTEN_OFF, cents, True)
    else:
        assert (claim.status, claim.write_off_cents, owed().denied_cents) == (C.WRITE_OFF_SIGNATURE, 0, cents)
    assert claim.paid_cents == form.charge_cents - cents


def test_an_owner_who_approves_posts_it_once(payer: Payer) -> None:
    form = deny(payer)
    claims.write_off(NUMBER, staff_id=BILLER, reason=WHY)
    approval = open_gate()
    assert (approval.role, approval.requested_by) == ("owner", BILLER)
    sign(approval, OWNER)
    with pytest.raises(MovedOn):
        sign(approval, OWNER)
    with pytest.raises(MovedOn):
        claims.write_off(NUMBER, staff_id=BILLER, reason=WHY)
    claim = claim_of()
    assert (claim.status, claim.write_off_cents) == (C.CLOSED_WRITTEN_OFF, form.charge_cents)
    assert owed().settled and len([each for each in entries() if each.kind == "write_off"]) == 1


@pytest.mark.parametrize("verdict", [Verdict.REJECT, Verdict.RETURN])
def test_an_owner_who_does_not_leaves_it_with_the_biller(payer: Payer, verdict: Verdict) -> None:
    form = deny(payer)
    claims.write_off(NUMBER, staff_id=BILLER, reason=WHY)
    sign(open_gate(), OWNER, verdict)
    claim = claim_of()
    assert (claim.status, claim.queue, owed().denied_cents) == (C.CORRECTION, "returned", form.charge_cents)
    claims.write_off(NUMBER, staff_id=BILLER, reason=WHY)
    assert open_gate().requested_by == BILLER


def test_an_owner_does_not_sign_for_another_amount_than_is_owed(payer: Payer) -> None:
    deny(payer)
    claims.write_off(NUMBER, staff_id=BILLER, reason=WHY)
    approval = open_gate()
    with store.writing() as db:
        entry = next(each for each in entries() if each.account == "denied")
        db.add(LedgerEntry(**{**entry.model_dump(), "key": "other#1", "source": "other", "amount_cents": -100}))
    with pytest.raises(MovedOn, match="has changed"):
        sign(approval, OWNER)
    assert claim_of().status == C.WRITE_OFF_SIGNATURE


@pytest.mark.parametrize("role", ["biller", "clinician", "coordinator", "admin"])
def test_nobody_but_an_owner_signs_a_write_off(payer: Payer, role: str) -> None:
    deny(payer)
    claims.write_off(NUMBER, staff_id=BILLER, reason=WHY)
    approval = open_gate()
    who = {"biller": BILLER, "clinician": "ST-101", "coordinator": "ST-201", "admin": "ST-701"}[role]
    with pytest.raises(NotAllowed, match="a owner signs this"):
        sign(approval, who)


def test_an_owner_who_has_asked_for_it_does_not_sign_it(payer: Payer) -> None:
    deny(payer)
    make_biller("ST-502", ("LOC-1",))
    claims.write_off(NUMBER, staff_id="ST-502", reason=WHY)
    with store.writing() as db:
        asked = db.get_one(Staff, "ST-502")
        asked.role = "owner"
        db.add(asked)
    approval = open_gate()
    assert approval.assigned_to == OWNER
    with pytest.raises(NotAllowed, match="who asked for it may not sign it"):
        sign(approval, "ST-502")


def test_nothing_is_written_off_where_nothing_is_owed(payer: Payer) -> None:
    pay(payer, CO45, cas("PR", "3", 2500), patient_cents=9999)
    claims.accept_decision(NUMBER, staff_id=BILLER, reason=WHY)
    claims.record_patient_payment(NUMBER, staff_id=BILLER, cents=2500, reference="card 1")
    put_to(C.REMITTANCE_REVIEW, closed_at=None)
    with pytest.raises(ValueError, match="nothing is owed"):
        claims.write_off(NUMBER, staff_id=BILLER, reason=WHY)


def test_what_a_patient_owes_is_written_off(payer: Payer) -> None:
    pay(payer, CO45, cas("PR", "3", 2500))
    claims.write_off(NUMBER, staff_id=BILLER, reason=WHY)
    assert (claim_of().status, claim_of().write_off_cents, owed().settled) == (C.CLOSED_WRITTEN_OFF, 2500, True)


# -- the patient


@pytest.mark.parametrize(
    ("said", "patient", "given_up"),
    [
        ((cas("PR", "204", 17_500),), 17_500, 0),
        ((cas("CO", "45", 4000), cas("PR", "204", 13_500)), 13_500, 4000),
        ((cas("CO", "27", 17_500),), 17_500, 0),  # whom the payer does not insure no contract protects
        ((cas("CO", "45", 4000), cas("CO", "27", 13_500)), 17_500, 0),
    ],
)
def test_what_was_denied_is_the_patients_to_the_cent(
    payer: Payer, said: tuple[LineAdjustment, ...], patient: int, given_up: int
) -> None:
    payer.remits(decided(sent(), 0, *said, status="4"))
    assert claim_of().status == C.DENIED
    claims.bill_patient(NUMBER, staff_id=BILLER, reason=WHY)
    claim = claim_of()
    assert (claim.status, claim.queue, claim.findings) == (C.PATIENT_BALANCE, "", [])
    assert (owed().patient_cents, owed().owed_cents) == (patient, patient)
    assert -sum(each.amount_cents for each in entries() if each.kind == "write_off") == given_up


@pytest.mark.parametrize("said", [(cas("CO", "197", 17_500),), (cas("CO", "45", 4000), cas("CO", "29", 13_500))])
def test_the_practices_own_loss_is_not_asked_of_the_patient(payer: Payer, said: tuple[LineAdjustment, ...]) -> None:
    payer.remits(decided(sent(), 0, *said, status="4"))
    with pytest.raises(ValueError, match="own loss"):
        claims.bill_patient(NUMBER, staff_id=BILLER, reason=WHY)
    assert (claim_of().status, owed().denied_cents) == (C.DENIED, 17_500)


def test_a_claim_that_the_contract_takes_off_whole_leaves_the_patient_nothing(payer: Payer) -> None:
    deny(payer, "CO", "45")
    with pytest.raises(ValueError, match="nothing on this claim"):
        claims.bill_patient(NUMBER, staff_id=BILLER, reason=WHY)


def test_a_share_that_is_in_doubt_is_told_the_patient_once_somebody_has_looked(payer: Payer) -> None:
    pay(payer, CO45, cas("PR", "3", 2500), patient_cents=9999)
    assert claim_of().status == C.REMITTANCE_REVIEW
    claims.accept_decision(NUMBER, staff_id=BILLER, reason=WHY)
    assert (claim_of().status, claim_of().patient_cents) == (C.PATIENT_BALANCE, 2500)


def test_a_decision_that_leaves_something_open_is_not_accepted(payer: Payer) -> None:
    payer.remits(decided(sent(), 17_500 - 4000))  # does not balance: nothing is posted
    with pytest.raises(ValueError, match="not even"):
        claims.accept_decision(NUMBER, staff_id=BILLER, reason=WHY)


def test_a_patient_pays_in_parts_each_once_and_the_last_cent_closes(payer: Payer) -> None:
    pay(payer, CO45, cas("PR", "3", 2500))

    def pays(cents: int, reference: str) -> None:
        claims.record_patient_payment(NUMBER, staff_id=BILLER, cents=cents, reference=reference)

    pays(1000, "card 1")
    pays(1000, " card 1 ")
    assert (claim_of().status, claim_of().patient_cents) == (C.PATIENT_BALANCE, 1500)
    with pytest.raises(ValueError, match=r"^reference was used before"):
        pays(1001, "card 1")
    with pytest.raises(ValueError, match=r"^cents is more"):
        pays(1501, "card 2")
    pays(1499, "CARD 1")  # another one: a reference is what was written
    assert (claim_of().status, claim_of().patient_cents) == (C.PATIENT_BALANCE, 1)
    pays(1, "card 3")
    claim = claim_of()
    assert (claim.status, claim.patient_cents, claim.paid_cents) == (C.CLOSED_PAID, 0, 13_500)
    pays(1, "card 3")
    assert (claim_of().version, owed().settled) == (claim.version, True)
    with pytest.raises(MovedOn):
        pays(1, "card 4")


@pytest.mark.parametrize(("cents", "reference"), [(0, "R1"), (-1, "R1"), (1, ""), (1, "a*b"), (1, "r" * 41)])
def test_a_payment_that_cannot_be_is_refused_by_name(cents: int, reference: str) -> None:
    with pytest.raises(ValueError, match=r"^(cents|reference) "):
        claims.record_patient_payment(NUMBER, staff_id=BILLER, cents=cents, reference=reference)


# -- replaced, taken back, decided late


@pytest.mark.parametrize("order", ["reversal first", "decision first"])
def test_a_partly_paid_claim_that_is_replaced_ends_exact(payer: Payer, order: str) -> None:
    form = pay(payer, cas("CO", "45", 3000), cas("CO", "16", 4500))
    assert (claim_of().status, owed().denied_cents) == (C.DENIED, 4500)
    claims.build_again(NUMBER, staff_id=BILLER, reason=WHY)
    one_round()
    new = sent()
    assert new.frequency == "7"
    back = decided(form, -10_000, cas("CO", "45", -3000), cas("CO", "16", -4500), status="22")
    anew = decided(new, 14_500, cas("CO", "45", 3000))
    payer.remits(*((back, anew) if order == "reversal first" else (anew, back)), trace="EFT2")
    claim = claim_of()
    assert (claim.status, claim.paid_cents, claim.queue, claim.findings) == (C.CLOSED_PAID, 14_500, "", [])
    assert owed().settled
    assert claim.payer_control == f"P{new.claim_number}"
    with store.reading() as db:
        for number in (form.claim_number, new.claim_number):
            assert sum(line.amount_cents for line in claim_money.lines_of(db, number)) == 0


def lost_and_sent_again(payer: Payer) -> tuple[ClaimForm, ClaimForm]:
    """A claim that nobody answered, and the same sent again."""
    put_to(C.CORRECTION, queue="no_answer")
    first = sent()
    claims.build_again(NUMBER, staff_id=BILLER, reason=WHY)
    one_round()
    return first, sent()


def test_a_late_payment_of_what_was_sent_again_closes_the_claim_and_the_duplicate_changes_nothing(payer: Payer) -> None:
    first, again = lost_and_sent_again(payer)
    payer.remits(decided(first, 13_500, CO45))
    assert (claim_of().status, claim_of().paid_cents, owed().settled) == (C.CLOSED_PAID, 13_500, True)
    payer.remits(decided(again, 0, cas("CO", "18", 17_500), status="4"), trace="EFT2")
    assert (claim_of().status, claim_of().paid_cents, owed().settled) == (C.CLOSED_PAID, 13_500, True)


def test_what_a_payer_pays_twice_is_a_persons(payer: Payer) -> None:
    first, again = lost_and_sent_again(payer)
    payer.remits(decided(first, 13_500, CO45))
    payer.remits(decided(again, 13_500, CO45), trace="EFT2")
    claim = claim_of()
    assert (claim.status, claim.paid_cents, owed().owed_cents) == (C.REMITTANCE_REVIEW, 27_000, -17_500)


def test_a_late_denial_of_what_was_sent_again_leaves_the_newer_one_on_its_way(payer: Payer) -> None:
    first, again = lost_and_sent_again(payer)
    payer.remits(decided(first, 0, cas("CO", "16", 17_500), status="4"))
    assert (claim_of().status, owed().payer_cents) == (C.SENT, 17_500)
    payer.remits(decided(again, 13_500, CO45), trace="EFT2")
    assert (claim_of().status, claim_of().paid_cents, owed().settled) == (C.CLOSED_PAID, 13_500, True)


DECIDED = (C.CLOSED_PAID, C.CLOSED_VOID, C.DENIED, C.PATIENT_BALANCE, C.REMITTANCE_REVIEW, C.ACCEPTED, C.RECEIVED)


@pytest.mark.parametrize("to", DECIDED)
def test_a_decision_finds_its_way_from_wherever_the_claim_stands(to: C) -> None:
    for old in C:
        if old not in (to, C.CLOSED_NOT_BILLED):  # what was never sent is never decided
            steps = (old, *claim_books.way(old, to))
            assert len(steps) <= 4 and all(after in CLAIM[before] for before, after in pairwise(steps)), old


@pytest.mark.parametrize(
    ("status", "said", "to"),
    [
        (C.READY_TO_SEND, "paid", C.CLOSED_PAID),
        (C.CLAIM_SIGNATURE, "denied", C.DENIED),
        (C.MISSING_INFORMATION, "odd", C.REMITTANCE_REVIEW),
        (C.WRITE_OFF_SIGNATURE, "share", C.PATIENT_BALANCE),
        (C.COVERAGE_ASKED, "taken back", C.ACCEPTED),
    ],
)
def test_a_decision_that_comes_while_the_claim_is_on_its_way_out_again_counts(
    payer: Payer, status: C, said: str, to: C
) -> None:
    form = sent()
    if said == "taken back":
        pay(payer, CO45)
    put_to(status, closed_at=None)
    decision = {
        "paid": decided(form, 13_500, CO45),
        "denied": decided(form, 0, cas("CO", "197", 17_500), status="4"),
        "share": decided(form, 11_000, CO45, cas("PR", "3", 2500)),
        "odd": decided(form, 13_000),
        "taken back": decided(form, -13_500, cas("CO", "45", -4000), status="22"),
    }[said]
    assert payer.remits(decision, trace="EFT2") == "taken_in"
    assert claim_of().status == to
    owed()


# -- by hand


def strange(form: ClaimForm, paid: int = 13_500, **said: object) -> RemittedClaim:
    """A decision under a number that is none of ours."""
    found = decided(form, paid, cas("CO", "45", form.charge_cents - paid))
    [line] = found.lines
    return replace(found, claim_number="X-99", lines=(replace(line, control_number="", **said),))


def remitted() -> RemittedClaimRecord:
    with store.reading() as db:
        return db.exec(select(RemittedClaimRecord)).one()


def test_a_payment_of_no_known_claim_is_settled_to_its_thread_once(payer: Payer) -> None:
    payer.remits(strange(sent()))
    record = remitted()
    assert (record.outcome, record.case_number) == (RemittanceOutcome.FOR_A_PERSON, None)
    claims.settle_remitted(record.id, staff_id=BILLER, case_number=NUMBER, reason=WHY)
    assert (remitted().outcome, remitted().case_number) == (RemittanceOutcome.POSTED, NUMBER)
    assert (claim_of().status, claim_of().paid_cents, owed().settled) == (C.CLOSED_PAID, 13_500, True)
    with pytest.raises(MovedOn):
        claims.settle_remitted(record.id, staff_id=BILLER, case_number=NUMBER, reason=WHY)


def test_a_payment_is_settled_to_the_sending_that_it_fits(payer: Payer) -> None:
    first = deny(payer)
    claims.correct(NUMBER, staff_id=BILLER, changes={"procedure_code": "90834"}, reason=WHY)
    put_to(C.DENIED)
    with store.writing() as db:
        claim_money.post_write_off(db, db.get_one(Claim, NUMBER), source="test", actor="test")
    put_to(C.DENIED)
    payer.remits(strange(first), trace="EFT2")
    with store.reading() as db:
        record = db.exec(select(RemittedClaimRecord).where(RemittedClaimRecord.claim_control == "X-99")).one()
    claims.settle_remitted(record.id, staff_id=BILLER, case_number=NUMBER, reason=WHY)
    assert claim_of().paid_cents == 13_500


def test_a_payment_that_is_none_of_ours_says_so(payer: Payer) -> None:
    payer.remits(strange(sent()))
    claims.settle_remitted(remitted().id, staff_id=BILLER, case_number="", reason=WHY)
    assert (remitted().outcome, remitted().reason) == (RemittanceOutcome.SETTLED_BY_HAND, "none of ours")
    assert (claim_of().status, claim_of().paid_cents) == (C.SENT, 0)


@pytest.mark.parametrize("case_number", ["CL-000004", "CL-000006", "CL-000099"])
def test_a_payment_that_does_not_fit_stays_a_persons_and_changes_nothing(payer: Payer, case_number: str) -> None:
    payer.remits(strange(sent(), procedure_code="90791"))
    before = entries()
    with pytest.raises((ValueError, MovedOn)):
        claims.settle_remitted(remitted().id, staff_id=BILLER, case_number=case_number, reason=WHY)
    assert remitted().outcome == RemittanceOutcome.FOR_A_PERSON
    assert (claim_of().status, entries()) == (C.SENT, before)
    assert claim_of("PT-S103").status == C.SENT


def test_only_a_biller_of_the_claims_place_settles_a_payment(payer: Payer) -> None:
    payer.remits(strange(sent()))
    elsewhere = make_biller()
    for staff_id, number in (("ST-201", ""), ("ST-201", NUMBER), (elsewhere, NUMBER)):
        with pytest.raises(NotAllowed):
            claims.settle_remitted(remitted().id, staff_id=staff_id, case_number=number, reason=WHY)
    with pytest.raises(ValueError, match="a reason is needed"):
        claims.settle_remitted(remitted().id, staff_id=BILLER, case_number="", reason=TherapyText(" "))


def test_what_was_said_of_a_claim_is_not_put_away_from_another_place(payer: Payer) -> None:
    payer.remits(decided(sent(), 13_000))  # ours, and does not balance
    with pytest.raises(NotAllowed):
        claims.settle_remitted(remitted().id, staff_id=make_biller(), case_number="", reason=WHY)


# -- a second payer


def insured_twice() -> None:
    billing_records.record_coverage(
        "PT-S101",
        actor=BILLER,
        rank="S",
        payer_code="BCBS",
        plan_code="PPO",
        member_id="SEC1",
        valid_from=date(2026, 1, 1),
    )


SHARE = cas("PR", "2", 3000)


def test_a_second_payer_is_told_what_the_first_decided_and_closes_the_claim(payer: Payer) -> None:
    insured_twice()
    first = pay(payer, CO45, SHARE)
    claim = claim_of()
    assert (claim.status, claim.rank, claim.payer_control) == (C.RECEIVED, "S", "")
    assert (claim.paid_cents, owed().patient_cents) == (10_500, 3000)
    assert build().status == C.COVERAGE_ASKED
    one_round()
    payer.answers_coverage()
    one_round()
    second = sent()
    assert (second.subscriber.rank, second.subscriber.member_id, second.payer.payer_id) == ("S", "SEC1", "SAMPLE02")
    [told] = second.earlier_payments
    assert (told.payer.payer_id, told.paid_cents, told.line_paid) == ("SAMPLE01", 10_500, {1: 10_500})
    assert told.line_adjustments == {1: (CO45, SHARE)}
    assert (owed().payer_cents, owed().patient_cents) == (3000, 0)
    payer.remits(decided(second, 2500, cas("OA", "23", 14_500), cas("PR", "3", 500), status="2"), trace="EFT2")
    assert (claim_of().status, claim_of().patient_cents, owed().owed_cents) == (C.PATIENT_BALANCE, 500, 500)
    claims.record_patient_payment(NUMBER, staff_id=BILLER, cents=500, reference="card 1")
    assert (claim_of().status, claim_of().paid_cents, owed().settled) == (C.CLOSED_PAID, 13_500, True)
    assert first.claim_number != second.claim_number


def test_what_cannot_be_asked_of_the_second_payer_goes_to_a_biller_and_stops_no_batch(payer: Payer) -> None:
    insured_twice()
    first = pay(payer, CO45, SHARE)
    build()
    one_round()
    with store.writing() as db:  # left to the patient of the whole claim, and of no line
        whole = {"case_number": NUMBER, "claim_number": first.claim_number, "account": "patient", "part": 1}
        db.add(LedgerEntry(**whole, key="whole#1", source="whole", kind="patient_responsibility", amount_cents=700))
    payer.answers_coverage()
    one_round()  # raises nothing: whatever else is ready leaves
    claim = claim_of()
    assert (claim.status, claim.queue, claim.findings[0]["rule"]) == (C.CORRECTION, "checks", "secondary")
    with store.reading() as db:
        newest = claim_money.newest_submission(db, NUMBER)
    assert newest is not None and newest.claim_control == first.claim_number


def test_a_second_payers_denial_is_replaced_under_its_own_number(payer: Payer) -> None:
    insured_twice()
    pay(payer, CO45, SHARE)
    build()
    one_round()
    payer.answers_coverage()
    one_round()
    second = sent()
    payer.remits(
        decided(second, 0, cas("OA", "23", 14_500), cas("CO", "16", 3000), status="2", payer_control=""), trace="EFT2"
    )
    assert (claim_of().status, owed().denied_cents) == (C.DENIED, 3000)
    with pytest.raises(ValueError, match="payer_control is not known"):  # the first payer's number is none of its
        claims.build_again(NUMBER, staff_id=BILLER, reason=WHY)


def test_what_the_second_payer_cannot_be_told_is_a_persons_and_no_statement(payer: Payer) -> None:
    insured_twice()
    form = sent()
    said = decided(form, 10_500, CO45, SHARE)
    [line] = said.lines
    whole = replace(said, lines=(), adjustments=line.adjustments)
    payer.remits(whole)
    assert (claim_of().status, claim_of().rank) == (C.REMITTANCE_REVIEW, "P")
    assert owed().patient_cents == 3000


def passed_on(payer: Payer) -> ClaimForm:
    form = sent()
    second = PayerName("Second", "SAMPLE02")
    payer.remits(decided(form, 10_500, CO45, SHARE, status="19", crossover=second))
    return form


@pytest.mark.parametrize("on_record", [True, False])
def test_what_a_payer_passes_on_is_not_sent_by_us(payer: Payer, on_record: bool) -> None:
    if on_record:
        insured_twice()
    form = passed_on(payer)
    claim = claim_of()
    assert (claim.status, claim.rank, owed().payer_cents, owed().patient_cents) == (C.ACCEPTED, "P", 3000, 0)
    one_round()
    theirs = {"status": "2", "payer_control": "SECOND-1"}
    payer.remits(decided(form, 2500, cas("OA", "23", 14_500), cas("PR", "3", 500), **theirs), trace="EFT2")
    one_round()
    claim = claim_of()
    assert (claim.status, claim.patient_cents, claim.paid_cents) == (C.PATIENT_BALANCE, 500, 13_000)
    assert claim.payer_control == f"P{form.claim_number}"  # the first payer's, whose claim it is
    assert len([each for each in sent_forms() if each.claim_number.startswith(NUMBER)]) == 1


def test_each_payer_takes_back_its_own_decision_of_what_was_passed_on(payer: Payer) -> None:
    form = passed_on(payer)
    theirs = {"payer_control": "SECOND-1"}
    payer.remits(decided(form, 3000, cas("OA", "23", 14_500), status="2", **theirs), trace="EFT2")
    assert (claim_of().status, claim_of().paid_cents) == (C.CLOSED_PAID, 13_500)
    payer.remits(decided(form, -3000, cas("OA", "23", -14_500), status="22", **theirs), trace="EFT3")
    assert (claim_of().status, claim_of().paid_cents, owed().payer_cents) == (C.REMITTANCE_REVIEW, 10_500, 3000)
    payer.remits(decided(form, -10_500, cas("CO", "45", -4000), cas("PR", "2", -3000), status="22"), trace="EFT4")
    claim = claim_of()
    assert (claim.status, claim.paid_cents, owed().owed_cents) == (C.REMITTANCE_REVIEW, 0, 17_500)


def test_nothing_is_waited_for_where_nothing_was_left_to_pass_on(payer: Payer) -> None:
    form = sent()
    payer.remits(decided(form, 13_500, CO45, status="19", crossover=PayerName("Second", "SAMPLE02")))
    assert (claim_of().status, owed().settled) == (C.CLOSED_PAID, True)
