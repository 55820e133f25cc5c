"""From a signed note to its money: each step of a claim's thread on real records, with a payer's files by hand."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from adapters import operational_store as store
from adapters import undelivered, x12
from adapters.message_words import MessageFacts, render
from adapters.settings import settings
from models.claim_answers import ClaimAcknowledgement, StatusNote
from models.claim_codes import FileStatus
from models.claim_form import LineAdjustment
from models.codes import ClaimStatus as C
from models.columns import utc_now
from models.governance_codes import Level, Workflow
from models.operational import (
    AuditEvent,
    Claim,
    ClearinghouseFile,
    OutboxMessage,
    RemittedClaimRecord,
    WorkflowStanding,
)
from tasks import claim_building, claim_files, claim_waits, claims
from tests.billing_walk import Payer, claim_of, decided, one_round, our_file, sent, sent_forms

CO45 = LineAdjustment("CO", "45", 4000)


def test_claims_that_nothing_speaks_against_leave_once(payer: Payer) -> None:
    first = sent_forms()
    one_round()
    assert claim_of().status == C.SENT
    assert [form.claim_number for form in sent_forms()] == [form.claim_number for form in first]
    assert len({form.claim_number for form in first}) == len(first) >= 2


def test_a_claim_whose_patient_alone_knows_asks_the_patient(payer: Payer) -> None:
    claim = claim_of("PT-S106")
    assert (claim.status, claim.missing) == (C.MISSING_INFORMATION, ["member_id"])


def test_a_claim_that_is_paid_closes_to_the_cent(payer: Payer) -> None:
    form = sent()
    assert payer.acknowledges(our_file()) == "taken_in"
    assert claim_of().status == C.ACKNOWLEDGED
    assert payer.accepts(form.claim_number) == "taken_in"
    assert (claim_of().status, claim_of().payer_control) == (C.ACCEPTED, f"P{form.claim_number}")
    paid = form.charge_cents - CO45.amount_cents
    assert payer.remits(decided(form, paid, CO45)) == "taken_in"
    claim = claim_of()
    assert (claim.status, claim.paid_cents, claim.payer_cents) == (C.CLOSED_PAID, paid, 0)


def test_what_the_plan_leaves_to_the_patient_is_a_statement(payer: Payer) -> None:
    form = sent()
    copay = LineAdjustment("PR", "3", 2500)
    payer.remits(decided(form, form.charge_cents - CO45.amount_cents - 2500, CO45, copay))
    claim = claim_of()
    assert (claim.status, claim.patient_cents) == (C.PATIENT_BALANCE, 2500)


def test_an_answer_that_comes_before_its_receipts_is_taken_as_it_comes(payer: Payer) -> None:
    form = sent()
    payer.remits(decided(form, form.charge_cents - CO45.amount_cents, CO45))
    assert payer.accepts(form.claim_number) == "taken_in"
    assert payer.acknowledges(our_file()) == "taken_in"
    assert claim_of().status == C.CLOSED_PAID


def test_the_same_remittance_twice_posts_once(payer: Payer) -> None:
    form = sent()
    paid = form.charge_cents - CO45.amount_cents
    remitted = decided(form, paid, CO45)
    text = payer.remittance(remitted)
    assert payer.drop(text) == "taken_in"
    assert payer.drop(text, "again.x12") == ""  # the same bytes: known
    assert payer.remits(remitted) == "taken_in"  # the same decision in another file
    assert claim_of().paid_cents == paid


def test_a_denial_goes_to_its_queue_and_stays_owed(payer: Payer) -> None:
    form = sent()
    payer.remits(decided(form, 0, LineAdjustment("CO", "197", form.charge_cents), status="4"))
    claim = claim_of()
    assert (claim.status, claim.carc, claim.payer_cents) == (C.DENIED, "197", form.charge_cents)
    assert claim.findings[0]["rule"] == "CO-197"


def test_a_decision_taken_back_and_made_anew_in_one_file_ends_exact(payer: Payer) -> None:
    form = sent()
    paid = form.charge_cents - CO45.amount_cents
    payer.remits(decided(form, paid, CO45))
    back = decided(form, -paid, LineAdjustment("CO", "45", -4000), status="22")
    anew = decided(form, paid - 1000, LineAdjustment("CO", "45", 5000))
    payer.remits(back, anew, trace="EFT2")
    claim = claim_of()
    assert (claim.status, claim.paid_cents, claim.payer_cents) == (C.CLOSED_PAID, paid - 1000, 0)


def test_a_remittance_that_does_not_add_up_is_refused_whole(payer: Payer) -> None:
    form = sent()
    whole = payer.remittance(decided(form, form.charge_cents - CO45.amount_cents, CO45))
    [bpr] = [line for line in whole.split("~") if "BPR*" in line]
    amount = bpr.split("*")[2]
    assert payer.drop(whole.replace(f"BPR*I*{amount}", "BPR*I*1")) == "refused"
    assert (claim_of().status, claim_of().paid_cents) == (C.SENT, 0)


def test_a_claim_that_does_not_add_up_is_a_persons_and_the_others_are_posted(payer: Payer) -> None:
    good, odd = sent(), sent("PT-S103")
    payer.remits(decided(good, good.charge_cents - CO45.amount_cents, CO45), decided(odd, odd.charge_cents - 4000))
    assert claim_of().status == C.CLOSED_PAID
    claim = claim_of("PT-S103")
    assert (claim.status, claim.paid_cents) == (C.REMITTANCE_REVIEW, 0)


def test_a_payment_for_nobodys_claim_waits_for_a_person(payer: Payer) -> None:
    form = replace(sent(), claim_number="X-99")
    [line] = form.lines
    form = replace(form, lines=(replace(line, control_number="X-99L1"),))
    payer.remits(decided(form, form.charge_cents - CO45.amount_cents, CO45))
    with store.reading() as db:
        [record] = db.exec(select(RemittedClaimRecord)).all()
    assert (record.outcome, record.case_number) == ("for_a_person", None)


def test_a_cut_file_changes_nothing(payer: Payer) -> None:
    form = sent()
    text = payer.remittance(decided(form, form.charge_cents - CO45.amount_cents, CO45))
    assert payer.drop(text[: len(text) * 2 // 3]) == "refused"
    assert (claim_of().status, claim_of().paid_cents) == (C.SENT, 0)
    with store.reading() as db:
        [file] = db.exec(select(ClearinghouseFile).where(ClearinghouseFile.status == FileStatus.REFUSED)).all()
    assert file.problem and file.segment is not None


def test_a_file_for_somebody_else_is_refused(payer: Payer) -> None:
    form = sent()
    text = payer.remittance(decided(form, form.charge_cents - CO45.amount_cents, CO45), receiver_id="OTHER")
    assert payer.drop(text) == "refused"


def test_a_control_number_used_before_is_refused(payer: Payer) -> None:
    form = sent()
    payer.accepts(form.claim_number)
    payer.control -= 1
    assert payer.accepts(form.claim_number, category="A3", status="21") == "refused"
    assert claim_of().status == C.ACCEPTED


def test_a_refused_file_is_corrected_and_sent_again_under_new_numbers(payer: Payer) -> None:
    before = sent()
    payer.acknowledges(our_file(), "R")
    claim = claim_of()
    assert (claim.status, claim.queue) == (C.CORRECTION, "rejection")
    assert before.claim_number in {form.claim_number for form in sent_forms()}


def test_a_claim_the_clearinghouse_rejects_is_a_billers(payer: Payer) -> None:
    form = sent()
    payer.acknowledges(our_file())
    payer.accepts(form.claim_number, category="A3", status="164")
    claim = claim_of()
    assert (claim.status, claim.queue) == (C.CORRECTION, "rejection")
    assert claim.findings and claim.findings[0]["message"]


def test_silence_is_noticed_and_a_late_receipt_is_still_taken(payer: Payer) -> None:
    assert claim_waits.find_silence.fn(utc_now() + timedelta(hours=1)) == 0
    assert claim_waits.find_silence.fn(utc_now() + timedelta(days=2)) >= 2
    assert (claim_of().status, claim_of().queue) == (C.CORRECTION, "no_answer")
    payer.acknowledges(our_file())
    assert (claim_of().status, claim_of().queue) == (C.ACKNOWLEDGED, "")


def test_a_file_that_was_written_otherwise_before_does_not_leave(payer: Payer) -> None:
    with store.writing() as db:
        file = db.get_one(ClearinghouseFile, our_file().id)
        file.status, file.digest = FileStatus.QUEUED, "0" * 64
        db.add(file)
    assert claim_files.send_queued.fn() == 0
    assert our_file().status == FileStatus.REJECTED


def test_a_batch_that_died_before_sending_sends_the_same_file(payer: Payer) -> None:
    path = next((settings().clearinghouse_folder / "outgoing").glob("*837p*"))
    before = path.read_bytes()
    with store.writing() as db:
        file = db.get_one(ClearinghouseFile, our_file().id)
        file.status = FileStatus.QUEUED
        db.add(file)
    assert claim_files.send_queued.fn() == 1
    assert path.read_bytes() == before


def test_a_claim_without_a_proven_pair_waits_for_a_biller(billed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim_building, "_proven_pairs", lambda *_: set())
    with store.writing() as db:
        claim = db.get_one(Claim, claim_of().case_number)
        claim.status = C.READY_TO_BUILD
        db.add(claim)
    assert claims.drive(claim.case_number) == C.CLAIM_SIGNATURE


@pytest.mark.parametrize(("allowed", "stands"), [(True, C.READY_TO_SEND), (False, C.CLAIM_SIGNATURE)])
def test_a_clean_claim_of_a_proven_pair_leaves_by_itself_where_that_is_allowed(
    billed: Path, allowed: bool, stands: C
) -> None:
    with store.writing() as db:
        standing = db.get_one(WorkflowStanding, (Workflow.CLAIMS, "LOC-1"))
        standing.level = standing.runs_as = Level.LIVE if allowed else Level.ASSISTED
        db.add(standing)
        claim = db.get_one(Claim, claim_of().case_number)
        claim.status = C.READY_TO_BUILD
        db.add(claim)
    assert claims.drive(claim.case_number) == stands
    with store.reading() as db:
        moves = db.exec(
            select(AuditEvent).where(AuditEvent.case_number == claim.case_number, AuditEvent.action == "case.moved")
        ).all()
    rule = "clean_claim_of_proven_pair" if allowed else "signatures_needed"
    assert moves[-1].details["rule"] == rule


def test_a_message_that_cannot_reach_its_patient_is_a_billers_call(payer: Payer) -> None:
    number = claim_of("PT-S106").case_number
    with store.writing() as db:
        claim_waits.prepare(db, db.get_one(Claim, number))
    with store.writing() as db:
        message = db.exec(select(OutboxMessage).where(OutboxMessage.case_number == number)).one()
        undelivered.make_it_work(db, message, "outbox")
    assert (claim_of("PT-S106").status, claim_of("PT-S106").queue) == (C.CORRECTION, "missing_information")


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("channel", ["email", "sms"])
def test_what_patients_read_names_no_service(language: str, channel: str) -> None:
    facts = MessageFacts(channel=channel, practice="Harbor", practice_phone="555", link="https://x", amount="25.00")
    for template in ("billing_details", "patient_statement"):
        words = render(template, language, facts)
        text = f"{words.subject} {words.body}".lower()
        assert "harbor" in text
        assert not {"therap", "session", "terap", "sesión", "mental", "psych", "psic"} & {
            word for word in ("therap", "session", "terap", "sesión", "mental", "psych", "psic") if word in text
        }
    assert "$25.00" in render("patient_statement", language, facts).body
    assert "https://x" in render("billing_details", language, facts).body


def test_a_rejection_of_the_whole_file_is_every_claims(payer: Payer) -> None:
    file = our_file()
    said = ClaimAcknowledgement(
        "",
        "",
        (StatusNote("A3", "24", action="U"),),
        on=utc_now().date(),
        batch=f"{file.control_number:09d}",
        level="21",
    )
    assert payer.drop(x12.write_277ca(payer.envelope(), [said])) == "taken_in"
    assert (our_file().status, claim_of().queue) == (FileStatus.REJECTED, "rejection")
    assert claim_of().findings[0]["message"]
