"""Do a biller's acts do what they say, once, for who may, and leave everything else as it is?"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlmodel import select

from acts import billing_records, claims
from adapters import operational_store as store
from adapters import therapy_store, therapy_store_claims
from models.claim_codes import SubmissionStatus
from models.claim_form import ClaimFrequency
from models.codes import ClaimStatus as C
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import AuditEvent, Claim, ClaimSubmission, EligibilityCheck, Patient, PatientCoverage
from models.therapy_text import TherapyText
from tasks import claim_waits
from tests.billing_walk import Payer, claim_of, decided, one_round, sent, sent_forms
from tests.claim_acts import (
    BILLER,
    COORDINATOR,
    WHY,
    build,
    cas,
    deny,
    make_biller,
    nothing_leaves_unsigned,
    owed,
    pay,
    put_to,
    reject,
)

Act = Callable[..., Any]
NUMBER = "CL-000001"


def act(do: Act, **given: Any) -> Any:
    return do(claim_of().case_number, **{"staff_id": BILLER, "reason": WHY, **given})


ACTS: dict[str, tuple[Act, dict[str, Any], C]] = {
    "correct": (claims.correct, {"changes": {"authorisation": "A-77"}}, C.DENIED),
    "build_again": (claims.build_again, {}, C.DENIED),
    "ask_coverage_again": (claims.ask_coverage_again, {}, C.CORRECTION),
    "take_back": (claims.take_back, {}, C.DENIED),
    "do_not_bill": (claims.do_not_bill, {}, C.CORRECTION),
    "write_off": (claims.write_off, {}, C.DENIED),
    "appeal": (claims.appeal, {"template": "authorisation", "corrected": "", "attached": ""}, C.DENIED),
    "bill_patient": (claims.bill_patient, {}, C.DENIED),
    "accept_decision": (claims.accept_decision, {}, C.REMITTANCE_REVIEW),
    "wait_for_payer": (claims.wait_for_payer, {"days": 10}, C.DENIED),
}
"""Every act that needs a reason, with where it may be done."""


# -- who may, where, with which words


@pytest.mark.parametrize("who", ["coordinator", "clinician", "elsewhere", "left"])
def test_nobody_but_a_biller_of_the_place_does_anything(payer: Payer, who: str) -> None:
    deny(payer)
    staff_id = {
        "coordinator": lambda: COORDINATOR,
        "clinician": lambda: "ST-101",
        "elsewhere": make_biller,
        "left": lambda: make_biller(places=("LOC-1",), active=False),
    }[who]()
    before = claim_of()
    for do, given, _ in ACTS.values():
        with pytest.raises(NotAllowed):
            act(do, staff_id=staff_id, **given)
    with pytest.raises(NotAllowed):
        claims.record_patient_payment(before.case_number, staff_id=staff_id, cents=100, reference="R1")
    with pytest.raises(NotAllowed):
        claims.ask_patient(before.case_number, staff_id=staff_id, fields=("member_id",))
    assert claim_of() == before


def test_an_administrator_of_the_place_may(payer: Payer) -> None:
    deny(payer)
    act(claims.build_again, staff_id="ST-701")
    assert claim_of().status == C.RECEIVED


def test_nothing_is_done_without_a_reason_or_where_the_claim_does_not_stand(payer: Payer) -> None:
    for name, (do, given, where) in ACTS.items():
        put_to(where)
        with pytest.raises(ValueError, match="a reason is needed"):
            act(do, reason=TherapyText(" \n"), **given)
        put_to(C.ACKNOWLEDGED)
        with pytest.raises(MovedOn):
            act(do, **given)
        assert claim_of().status == C.ACKNOWLEDGED, name
    with pytest.raises(MovedOn):
        claims.build_again("CL-999999", staff_id=BILLER, reason=WHY)


def test_reasons_are_words_of_the_therapy_database(payer: Payer) -> None:
    deny(payer)
    act(claims.build_again)
    with store.reading() as db:
        events = db.exec(select(AuditEvent).where(AuditEvent.case_number == NUMBER)).all()
    [words] = [event.details["words"] for event in events if "words" in event.details]
    kept = therapy_store.to_do_words(words, actor="test", where="test")
    assert kept is not None and kept.answer == WHY
    assert not any("marker-of-the-reason" in str(event.details) for event in events)


@pytest.mark.parametrize("name", [name for name in ACTS if name not in ("do_not_bill", "ask_coverage_again")])
def test_what_is_pressed_twice_is_done_once(payer: Payer, name: str) -> None:
    do, given, where = ACTS[name]
    if name == "accept_decision":
        pay(payer, cas("CO", "45", 4000), cas("PR", "3", 2500), patient_cents=9999)
        assert claim_of().status == C.REMITTANCE_REVIEW
    else:
        deny(payer, "PR", "204")
        assert claim_of().status == where
    act(do, **given)
    then = claim_of()
    with pytest.raises(MovedOn):
        act(do, **given)
    assert claim_of() == then and then.version > 0


def test_of_two_billers_at_once_one_corrects_and_only_their_change_counts(
    payer: Payer, monkeypatch: pytest.MonkeyPatch
) -> None:
    deny(payer)
    both_looked, looking = Barrier(2), claims.keep_reason

    def look(*given: Any) -> str:
        words = looking(*given)
        both_looked.wait(20)
        return words

    monkeypatch.setattr(claims, "keep_reason", look)

    def corrects(number: str) -> str:
        try:
            act(claims.correct, changes={"authorisation": number})
            return number
        except MovedOn:
            return ""

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(corrects, ("A-1", "B-2")))
    assert sorted(done)[0] == "" and len(set(done)) == 2
    assert therapy_store_claims.changes(NUMBER) == {"authorisation": max(done)}


# -- what may be changed


@pytest.mark.parametrize(
    ("field", "typed", "value"),
    [
        ("place_of_service", "11", "11"),
        ("modifiers", " 95, gt ", ["95", "GT"]),
        ("modifiers", "95,GT,HO,U1", ["95", "GT", "HO", "U1"]),
        ("authorisation", " A7734-22 x. ", "A7734-22 x."),
        ("authorisation", "a" * 50, "a" * 50),
        ("procedure_code", "90837", "90837"),
        ("procedure_code", "h0004", "H0004"),
        ("addons", "90785 1, 90840 12", [["90785", 1], ["90840", 12]]),
        ("diagnoses", "f41.1, Z63.0", ["F41.1", "Z63.0"]),
        ("diagnoses", "F42", ["F42"]),
        *((name, typed, None) for name in claims.CLAIM_FIELDS for typed in ("", " , ")),
    ],
)
def test_what_is_typed_is_read(field: str, typed: str, value: Any) -> None:
    assert claims.as_changes({field: typed}) == {field: value}


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("place_of_service", "1"),
        ("place_of_service", "111"),
        ("place_of_service", "1a"),
        ("place_of_service", "11,12"),
        ("modifiers", "9"),
        ("modifiers", "955"),
        ("modifiers", "95,95"),
        ("modifiers", "95,GT,HO,U1,U2"),
        ("authorisation", "A*1"),
        ("authorisation", "a" * 51),
        ("authorisation", "A1,A2"),
        ("procedure_code", "9083"),
        ("procedure_code", "908377"),
        ("procedure_code", "90837,90834"),
        ("addons", "90785"),
        ("addons", "90785 0"),
        ("addons", "90785 100"),
        ("addons", "90785 1,90785 2"),
        ("diagnoses", "41.1"),
        ("diagnoses", "F41.12345"),
        ("diagnoses", "F41.1,F41.1"),
        ("diagnoses", ",".join(f"F{number}" for number in range(10, 23))),
        ("frequency", "7"),
    ],
)
def test_what_cannot_be_right_is_refused_by_its_name_and_not_its_value(field: str, typed: str) -> None:
    with pytest.raises(ValueError, match=f"^{field} ") as refusal:
        claims.as_changes({field: typed})
    assert len(typed) < 4 or typed not in str(refusal.value)


# -- correct, build again


def test_a_rejected_claim_goes_again_as_an_original_with_what_was_corrected(payer: Payer) -> None:
    first = reject(payer)
    act(claims.correct, changes={"authorisation": "A-77"})
    one_round()
    again = sent()
    assert (again.frequency, again.original_number) == (ClaimFrequency.ORIGINAL, "")
    assert (again.authorisation, again.claim_number) == ("A-77", first.claim_number.replace("-1", "-2"))
    reject(payer)
    act(claims.correct, changes={"authorisation": ""})
    one_round()
    assert sent().authorisation == first.authorisation
    assert therapy_store_claims.changes(NUMBER) == {}
    assert owed().payer_cents == first.charge_cents


def test_a_decided_claim_is_replaced_under_the_payers_number_also_after_a_rejection(payer: Payer) -> None:
    first = deny(payer)
    act(claims.correct, changes={"authorisation": "A-77"})
    one_round()
    replacement = sent()
    assert (replacement.frequency, replacement.original_number) == ("7", f"P{first.claim_number}")
    assert owed().owed_cents == first.charge_cents
    reject(payer)
    act(claims.build_again)
    one_round()
    assert (sent().frequency, sent().original_number) == ("7", f"P{first.claim_number}")
    assert owed().owed_cents == first.charge_cents


def test_a_claim_that_was_accepted_and_not_answered_is_replaced(payer: Payer) -> None:
    form = sent()
    payer.accepts(form.claim_number)
    put_to(C.CORRECTION, queue="no_answer")
    act(claims.build_again)
    one_round()
    assert (sent().frequency, sent().original_number) == ("7", f"P{form.claim_number}")
    assert owed().owed_cents == form.charge_cents


def test_without_the_payers_number_a_decided_claim_is_not_replaced_and_nothing_is_changed(payer: Payer) -> None:
    deny(payer, payer_control="")
    before = claim_of()
    for do, given in ((claims.correct, {"changes": {"authorisation": "A-77"}}), (claims.build_again, {})):
        with pytest.raises(ValueError, match="payer_control is not known"):
            act(do, **given)
    with pytest.raises(ValueError, match="payer_control is not known"):
        act(claims.take_back)
    assert claim_of() == before
    assert therapy_store_claims.changes(NUMBER) == {}


def test_another_payers_insurance_is_billed_as_an_original(payer: Payer) -> None:
    deny(payer, "PR", "27")
    billing_records.record_coverage(
        "PT-S101",
        actor=BILLER,
        rank="P",
        payer_code="BCBS",
        plan_code="PPO",
        member_id="XYZ1",
        valid_from=date(2026, 2, 1),
    )
    act(claims.build_again)
    assert build().status == C.COVERAGE_ASKED
    payer.answers_coverage()
    claim = build()
    assert (claim.payer_code, claim.frequency) == ("BCBS", "1")


@pytest.mark.parametrize(
    ("changes", "clinical"),
    [
        ({"diagnoses": "F41.1,F43.10"}, True),
        ({"diagnoses": "F43.10"}, True),
        ({"procedure_code": "90834"}, True),
        ({"addons": "90785 1"}, True),
        ({"authorisation": "A-77"}, False),
    ],
)
def test_what_is_clinical_waits_for_a_clinician_as_it_was_built_anew(
    payer: Payer, changes: dict[str, str], clinical: bool
) -> None:
    reject(payer)
    act(claims.correct, changes=changes)
    claim = build()
    if claim.status == C.CORRECTION:  # a code that the session's minutes do not carry is not even shown to a clinician
        assert changes == {"procedure_code": "90834"} and claim.findings
        return
    assert (claim.status == C.CLINICAL_SIGNATURE) is clinical
    assert (claim.edition, claim.touched) == (2, True)


def test_other_modifiers_have_their_own_price(payer: Payer) -> None:
    fees = claims.billing.settings().billing_folder / "fees.csv"
    fees.write_text(fees.read_text() + "AETNA,90837,HO,190.00,120.00,2026-01-01,\n")
    nothing_leaves_unsigned()
    reject(payer)
    act(claims.correct, changes={"modifiers": "HO"})
    claim = build()
    assert (claim.status, claim.charge_cents) == (C.CLAIM_SIGNATURE, 19_000)


def test_a_patient_who_rings_instead_of_using_the_link_keeps_no_claim_waiting(payer: Payer) -> None:
    claim = claim_of("PT-S106")
    billing_records.record_patient_fields("PT-S106", {"member_id": "XYZ106"}, actor=BILLER)
    claims.build_again(claim.case_number, staff_id=BILLER, reason=WHY)
    assert build("PT-S106").status == C.COVERAGE_ASKED


def test_coverage_is_asked_once_more_and_the_claim_waits_for_the_answer(payer: Payer) -> None:
    reject(payer)
    first = claim_of().eligibility_id
    act(claims.ask_coverage_again)
    claim = build()
    assert claim.status == C.COVERAGE_ASKED and claim.eligibility_id not in (None, first)
    one_round()
    payer.answers_coverage()
    one_round()
    assert (claim_of().status, sent().claim_number) == (C.SENT, f"{NUMBER}-2")
    with store.reading() as db:
        asked = db.exec(select(EligibilityCheck).where(EligibilityCheck.patient_id == "PT-S101")).all()
    assert len(asked) == 2


# -- take back, do not bill


@pytest.mark.parametrize("under_the_voids_number", [False, True])
def test_a_paid_claim_is_taken_back_and_ends_void_at_nothing(payer: Payer, under_the_voids_number: bool) -> None:
    form = pay(payer, cas("CO", "45", 4000))
    assert claim_of().status == C.CLOSED_PAID
    act(claims.take_back)
    one_round()
    void = sent()
    assert (void.frequency, void.original_number) == ("8", f"P{form.claim_number}")
    assert (claim_of().status, owed().owed_cents) == (C.SENT, 0)
    named = void if under_the_voids_number else form
    back = {"status": "22", "payer_control": f"P{form.claim_number}"}
    payer.remits(decided(named, -(form.charge_cents - 4000), cas("CO", "45", -4000), **back), trace="EFT2")
    claim = claim_of()
    assert (claim.status, claim.paid_cents, owed().owed_cents) == (C.CLOSED_VOID, 0, 0)
    assert owed().settled


def test_a_claim_that_was_only_accepted_is_taken_back(payer: Payer) -> None:
    form = sent()
    payer.accepts(form.claim_number)
    put_to(C.CORRECTION)
    act(claims.take_back)
    one_round()
    assert (sent().frequency, sent().original_number) == ("8", f"P{form.claim_number}")


def test_what_the_payer_has_not_is_not_taken_back(payer: Payer) -> None:
    reject(payer)
    with pytest.raises(ValueError, match="nothing of this claim"):
        act(claims.take_back)
    assert claim_of().status == C.CORRECTION


def test_a_claim_that_never_left_is_not_billed_and_one_that_has_is_not_dropped(payer: Payer) -> None:
    open_one = claim_of("PT-S106")
    claims.do_not_bill(open_one.case_number, staff_id=BILLER, reason=WHY)
    assert claim_of("PT-S106").status == C.CLOSED_NOT_BILLED
    with pytest.raises(MovedOn):
        claims.do_not_bill(open_one.case_number, staff_id=BILLER, reason=WHY)
    reject(payer)
    with pytest.raises(ValueError, match="has left once"):
        act(claims.do_not_bill)
    assert claim_of().status == C.CORRECTION


def test_a_patient_who_pays_themselves_does_not_close_what_a_payer_owes(payer: Payer) -> None:
    reject(payer)
    with store.writing() as db:
        patient = db.get_one(Patient, "PT-S101")
        patient.self_pay = True
        db.add(patient)
        for row in db.exec(select(PatientCoverage).where(PatientCoverage.patient_id == "PT-S101")).all():
            row.valid_to = date(2026, 1, 2)
            db.add(row)
    act(claims.build_again)
    assert build().status == C.CORRECTION


# -- appeal, wait


def test_an_appeal_keeps_its_letter_waits_and_comes_back(payer: Payer) -> None:
    form = deny(payer)
    letter_id = act(claims.appeal, template="authorisation", corrected="", attached="treatment plan, progress note")
    letter = therapy_store_claims.letter(letter_id, actor="test", where="test").unwrap()
    assert form.claim_number in letter and "- treatment plan\n- progress note" in letter
    claim = claim_of()
    assert (claim.status, claim.queue, claim.payer_cents) == (C.APPEALED, "", form.charge_cents)
    assert claim.answer_by is not None
    claim_waits.find_silence.fn(claim.answer_by)
    assert claim_of().status == C.APPEALED
    claim_waits.find_silence.fn(claim.answer_by + timedelta(seconds=1))
    assert (claim_of().status, claim_of().queue) == (C.CORRECTION, "appeal")
    act(claims.appeal, template="authorisation", corrected="", attached="")
    assert claim_of().status == C.APPEALED


def test_a_won_appeal_is_posted_and_a_lost_one_written_off(payer: Payer) -> None:
    form = deny(payer)
    act(claims.appeal, template="authorisation", corrected="", attached="")
    pay(payer, cas("CO", "45", 4000), trace="EFT2", payer_control="P-again")
    assert (claim_of().status, claim_of().paid_cents, owed().settled) == (C.CLOSED_PAID, form.charge_cents - 4000, True)
    other = deny(payer, patient="PT-S103", trace="EFT3")
    lost = claim_of("PT-S103").case_number
    claims.appeal(lost, staff_id=BILLER, template="authorisation", corrected="", attached="", reason=WHY)
    claims.write_off(lost, staff_id=BILLER, reason=WHY)
    assert (claim_of("PT-S103").status, other.charge_cents > 10_000) == (C.WRITE_OFF_SIGNATURE, True)


@pytest.mark.parametrize(
    ("template", "said"),
    [("none", "no such letter"), ("missing_information", "needs corrected"), ("necessity", "attached")],
)
def test_a_letter_with_a_gap_is_not_written(payer: Payer, template: str, said: str) -> None:
    deny(payer)
    with pytest.raises(ValueError, match=said):
        act(claims.appeal, template=template, corrected=" ,", attached="")
    assert claim_of().status == C.DENIED


def test_a_letter_says_the_remark_and_the_authorisation(payer: Payer) -> None:
    form = sent()
    said = decided(form, 0, cas("CO", "16", form.charge_cents), status="4")
    payer.remits(replace(said, lines=(replace(said.lines[0], remarks=("N382",)),)))
    billing_records.record_authorisation(
        "PT-S101", actor=BILLER, payer_code="AETNA", number="AU-9", procedure_codes=(), sessions=5,
        valid_from=date(2026, 1, 1), valid_to=date(2027, 12, 31),
    )  # fmt: skip
    text = claims.preview_appeal(NUMBER, staff_id=BILLER, template="authorisation", corrected="", attached="")
    assert "reason code 16, remark code N382" in text
    assert claim_of().status == C.DENIED  # a preview changes nothing


def test_nothing_is_appealed_that_was_not_denied(payer: Payer) -> None:
    reject(payer)
    with pytest.raises(ValueError, match="denied nothing"):
        act(claims.appeal, template="authorisation", corrected="", attached="")


@pytest.mark.parametrize("days", [0, -1, 121])
def test_a_wait_has_its_bounds(days: int) -> None:
    with pytest.raises(ValueError, match=r"^days must be from 1 to 120"):
        claims.wait_for_payer(NUMBER, staff_id=BILLER, days=days, reason=WHY)


@pytest.mark.parametrize("days", [1, 120])
def test_a_claim_waits_on_until_its_new_day(payer: Payer, days: int) -> None:
    put_to(C.CORRECTION, queue="no_answer", findings=[{"rule": "no_answer"}])
    act(claims.wait_for_payer, days=days)
    claim = claim_of()
    assert (claim.status, claim.queue, claim.findings) == (C.ACCEPTED, "", [])
    assert claim.answer_by is not None
    assert abs(claim.answer_by - utc_now() - timedelta(days=days)) < timedelta(minutes=5)


def test_no_payer_is_waited_for_with_a_claim_that_never_left(payer: Payer) -> None:
    put_to(C.CORRECTION, "PT-S106")
    number = claim_of("PT-S106").case_number
    with pytest.raises(ValueError, match="never left"):
        claims.wait_for_payer(number, staff_id=BILLER, days=3, reason=WHY)
    with pytest.raises(ValueError, match="never left"):
        claims.write_off(number, staff_id=BILLER, reason=WHY)


def test_the_submissions_say_what_became_of_each(payer: Payer) -> None:
    deny(payer)
    act(claims.build_again)
    one_round()
    pay(payer, cas("CO", "45", 4000), trace="EFT2")
    with store.reading() as db:
        found = db.exec(select(ClaimSubmission).where(ClaimSubmission.case_number == NUMBER)).all()
    assert [each.status for each in sorted(found, key=lambda each: each.number)] == [
        SubmissionStatus.REPLACED,
        SubmissionStatus.DECIDED,
    ]
    assert len([form for form in sent_forms() if form.claim_number.startswith(NUMBER)]) == 2
    with store.reading() as db:
        assert store.one(db, Claim, NUMBER).status == C.CLOSED_PAID


# -- died between two writes


def test_a_correction_that_died_after_its_change_was_kept_is_pressed_again(
    payer: Payer, monkeypatch: pytest.MonkeyPatch
) -> None:
    deny(payer)
    before, kept = claim_of(), therapy_store_claims.change

    def killed(*given: Any) -> None:
        kept(*given)
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(therapy_store_claims, "change", killed)
        with pytest.raises(RuntimeError):
            act(claims.correct, changes={"authorisation": "A-77"})
    assert claim_of() == before
    act(claims.correct, changes={"authorisation": "A-77"})
    one_round()
    assert (sent().authorisation, claim_of().status) == ("A-77", C.SENT)


def test_an_appeal_that_died_after_its_letter_was_kept_is_pressed_again(
    payer: Payer, monkeypatch: pytest.MonkeyPatch
) -> None:
    deny(payer)
    before = claim_of()
    given = {"template": "authorisation", "corrected": "", "attached": ""}
    with monkeypatch.context() as patch:
        patch.setattr(claims, "move_case", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("killed")))
        with pytest.raises(RuntimeError):
            act(claims.appeal, **given)
    assert claim_of() == before
    letter_id = act(claims.appeal, **given)
    with store.reading() as db:
        events = db.exec(select(AuditEvent).where(AuditEvent.case_number == NUMBER)).all()
    assert [event.details["letter"] for event in events if "letter" in event.details] == [letter_id]


def test_what_a_second_payer_was_to_be_told_is_not_said_to_the_first(payer: Payer) -> None:
    """A round that died after it kept what the first payer decided leaves that with a claim of the first payer's."""
    billing_records.record_coverage(
        "PT-S101",
        actor=BILLER,
        rank="S",
        payer_code="BCBS",
        plan_code="PPO",
        member_id="S1",
        valid_from=date(2026, 1, 1),
    )
    pay(payer, cas("CO", "45", 4000), cas("PR", "3", 2500))
    put_to(C.REMITTANCE_REVIEW, rank="P", payer_control=f"P{sent().claim_number}")
    act(claims.build_again)
    one_round()
    assert (sent().frequency, sent().earlier_payments) == ("7", ())
