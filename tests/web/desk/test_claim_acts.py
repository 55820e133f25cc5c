"""A biller's forms reach the real acts: the claim goes on, its thread tells why, refusals name what is missing."""

import re
import shutil
from pathlib import Path

import pytest
from sqlmodel import select

from adapters import operational_store
from adapters.settings import settings
from models.claim_codes import SubmissionStatus
from models.codes import ClaimStatus, Role, ToDoStatus
from models.operational import Authorisation, Claim, PatientBilling, PatientCoverage, ToDo
from tests import claim_factories as made_of
from tests.claim_factories import MadeClaim, make_claim_at, make_denied_thread
from tests.web.desk.conftest import AtTheDesk

S = ClaimStatus
SAMPLES = Path(__file__).parents[3] / "samples" / "billing"


@pytest.fixture
def biller(at_the_desk) -> AtTheDesk:
    """A biller of a practice with the sample billing tables."""
    shutil.copytree(SAMPLES, settings().billing_folder, dirs_exist_ok=True)
    return at_the_desk(Role.BILLER)


def claim_of(made: MadeClaim) -> Claim:
    with operational_store.reading() as db:
        return db.get_one(Claim, made.number)


def step(seated: AtTheDesk, made: MadeClaim, name: str, **fields: str):
    return seated.post(f"/claims/{made.number}", step=name, version=str(claim_of(made).version), **fields)


def thread(seated: AtTheDesk, made: MadeClaim) -> str:
    return seated.get(f"/claims/{made.number}").text


def test_correction_sends_the_claim_on_and_stands_in_the_thread_with_its_reason(biller, place):
    made = make_claim_at(location=place)
    answer = step(biller, made, "correct", place_of_service="10", diagnoses="F41.1", reason="She was at home.")
    assert answer.status_code == 303
    claim = claim_of(made)
    assert (claim.status, claim.touched, claim.frequency) == (S.RECEIVED, True, "1")
    with operational_store.reading() as db:
        assert db.get_one(ToDo, made.to_do.id).status == ToDoStatus.SUPERSEDED
    shown = thread(biller, made)
    assert "Changed: place of service." in shown and "She was at home." in shown and "It goes as original." in shown


def test_correction_of_a_decided_claim_goes_as_a_replacement(biller, place):
    made = make_denied_thread(location=place, payer_control="PC-77")
    assert step(biller, made, "correct", modifiers="95", reason="Modifier was missing.").status_code == 303
    claim = claim_of(made)
    assert (claim.status, claim.frequency) == (S.RECEIVED, "7")
    assert "It goes as replacement." in thread(biller, made)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"place_of_service": "1"}, "Place of service is not in the form it must have"),
        ({"diagnoses": "anxiety"}, "Diagnoses is not in the form it must have"),
    ],
)
def test_correction_in_no_form_is_refused_beside_what_was_typed(biller, place, fields, problem):
    made = make_claim_at(location=place)
    answer = step(biller, made, "correct", reason="x", **fields)
    assert answer.status_code == 422 and problem in answer.text
    assert f'value="{next(iter(fields.values()))}"' in answer.text
    assert claim_of(made).status == S.CORRECTION


def test_act_that_came_too_late_shows_the_claim_as_it_stands(biller, place):
    made = make_claim_at(S.SENT, location=place)
    answer = step(biller, made, "build_again", reason="x")
    assert answer.status_code == 409 and "Sent, no receipt yet" in answer.text


def test_denial_is_appealed_with_a_previewed_letter(biller, place):
    made = make_denied_thread(location=place, payer_control="PC-77", payer_code="AETNA")
    made_of.make_insurance(made.patient, payer_code="AETNA")
    form = {"template": "authorisation", "corrected": "", "attached": "the approval", "reason": "It was approved."}
    preview = step(biller, made, "appeal", preview="yes", **form)
    assert preview.status_code == 200 and "Preview: nothing is sent yet" in preview.text
    assert made.patient.family_name in preview.text and claim_of(made).status == S.DENIED
    assert step(biller, made, "appeal", **form).status_code == 303
    assert claim_of(made).status == S.APPEALED
    address = re.search(r'href="(/claims/[^/"]+/letters/[^"]+)"', thread(biller, made)).group(1)
    assert "the approval" in biller.get(address).text
    other = make_claim_at(location=place)
    assert biller.get(address.replace(made.number, other.number)).status_code == 409


def test_letter_with_a_gap_is_not_sent(biller, place):
    made = make_denied_thread(location=place, payer_control="PC-77", payer_code="AETNA")
    answer = step(biller, made, "appeal", template="missing_information", corrected="", attached="", reason="x")
    assert answer.status_code == 422 and "The letter needs" in answer.text
    assert claim_of(made).status == S.DENIED


def test_what_was_denied_as_the_practices_own_loss_is_not_billed_to_the_patient(biller, place):
    made = make_denied_thread(location=place)
    answer = step(biller, made, "bill_patient", reason="Let them pay.")
    assert answer.status_code == 422 and claim_of(made).status == S.DENIED


def test_denied_amount_is_billed_to_the_patient_who_pays_it(biller, place):
    made = make_claim_at(S.DENIED, location=place)
    made_of.make_submission(made)
    made_of.post(made, *made_of.DENIED_LINES, group="PR", reason="96")
    assert step(biller, made, "bill_patient", reason="The plan leaves it to them.").status_code == 303
    assert (claim_of(made).status, claim_of(made).patient_cents) == (S.PATIENT_BALANCE, made_of.CHARGE)
    too_much = step(biller, made, "patient_payment", amount="151", reference="R-1")
    assert too_much.status_code == 422
    assert step(biller, made, "patient_payment", amount="150.00", reference="R-1").status_code == 303
    assert claim_of(made).status == S.CLOSED_PAID
    assert "Patient paid" in thread(biller, made)


def test_the_practices_own_loss_is_not_billed_to_the_patient(biller, place):
    made = make_denied_thread("CO", "197", location=place, payer_code="AETNA")
    answer = step(biller, made, "bill_patient", reason="x")
    assert answer.status_code == 422 and "own loss (CO-197)" in answer.text
    assert claim_of(made).status == S.DENIED


@pytest.mark.parametrize(("cents", "status"), [(10_000, S.CLOSED_WRITTEN_OFF), (10_001, S.WRITE_OFF_SIGNATURE)])
def test_write_off_above_the_limit_waits_for_an_owner(biller, place, cents: int, status: ClaimStatus):
    made = make_claim_at(S.DENIED, location=place, payer_code="AETNA")
    made_of.make_submission(made)
    made_of.post(made, ("payer", "charge", cents), ("payer", "denial", -cents), ("denied", "denial", cents))
    assert "Above $100.00 an owner signs first." in thread(biller, made)
    assert step(biller, made, "write_off", reason="Not worth an appeal.").status_code == 303
    assert claim_of(made).status == status


@pytest.mark.parametrize(("cents", "status"), [(10_000, S.CLOSED_PAID), (10_001, S.REFUND_SIGNATURE)])
def test_refund_above_the_limit_waits_for_an_owner(biller, place, cents: int, status: ClaimStatus):
    made = make_claim_at(S.REMITTANCE_REVIEW, location=place, payer_code="AETNA", queue="credit")
    made_of.make_submission(made)
    made_of.post(made, ("patient", "patient_payment", -cents))
    shown = thread(biller, made)
    assert f"${cents / 100:.2f} to the patient. Above $100.00 an owner signs first." in shown
    assert "Write it off" not in shown
    fields = {"to": "patient", "amount": f"{cents / 100:.2f}", "method": "check", "reference": "1042"}
    assert step(biller, made, "refund", **fields, reason="").status_code == 422
    answer = step(biller, made, "refund", **{**fields, "amount": "9999"}, reason="They paid twice.")
    assert answer.status_code == 422 and "more than is owed back" in answer.text
    assert step(biller, made, "refund", **fields, reason="They paid twice.").status_code == 303
    assert claim_of(made).status == status
    shown = thread(biller, made)
    assert "They paid twice." in shown
    assert ("Given back" in shown) is (status == S.CLOSED_PAID)


def test_payment_beyond_what_is_owed_is_recorded_once_it_is_said_to_be(biller, place):
    made = make_claim_at(S.PATIENT_BALANCE, location=place, payer_code="AETNA")
    made_of.make_submission(made)
    made_of.post(made, ("patient", "patient_responsibility", 2_500))
    paid = {"amount": "30.00", "reference": "R-1"}
    assert step(biller, made, "patient_payment", **paid).status_code == 422
    assert step(biller, made, "patient_payment", **paid, more="yes").status_code == 303
    assert (claim_of(made).status, claim_of(made).queue) == (S.REMITTANCE_REVIEW, "credit")


def test_payer_is_waited_for(biller, place):
    made = make_claim_at(location=place, first_sent_at=made_of.utc_now(), queue="no_answer")
    assert step(biller, made, "wait_for_payer", days="10", reason="They have it.").status_code == 303
    assert claim_of(made).status == S.ACCEPTED
    assert "An answer is due in 10 days." in thread(biller, made)


def test_patient_is_asked(biller, place):
    made = make_claim_at(location=place)
    assert step(biller, made, "ask_patient", **{"ask-member_id": "yes"}).status_code == 303
    claim = claim_of(made)
    assert (claim.status, claim.missing) == (S.MISSING_INFORMATION, ["member_id"])
    assert "About: member number." in thread(biller, made)


def test_claim_is_taken_back_and_one_that_never_left_is_not_billed(biller, place):
    sent = make_claim_at(location=place, payer_control="PC-77", first_sent_at=made_of.utc_now())
    made_of.make_submission(sent, status=SubmissionStatus.ACCEPTED)
    assert step(biller, sent, "take_back", reason="Billed twice.").status_code == 303
    assert (claim_of(sent).status, claim_of(sent).frequency) == (S.READY_TO_BUILD, "8")
    here = make_claim_at(location=place)
    assert step(biller, here, "do_not_bill", reason="A courtesy.").status_code == 303
    assert claim_of(here).status == S.CLOSED_NOT_BILLED


def test_what_was_paid_at_the_visit_of_a_claim_that_is_not_billed_goes_back(biller, place):
    made = make_claim_at(S.CLOSED_NOT_BILLED, location=place)
    assert "step-owe_visit_back" not in thread(biller, made)
    made_of.pay_at_the_visit(made, 2_500)
    shown = thread(biller, made)
    assert "step-owe_visit_back" in shown and "$25.00 was paid at this visit" in shown
    assert step(biller, made, "owe_visit_back", reason="").status_code == 422
    assert step(biller, made, "owe_visit_back", reason="She pays the other practice.").status_code == 303
    assert (claim_of(made).status, claim_of(made).queue) == (S.REMITTANCE_REVIEW, "credit")
    shown = thread(biller, made)
    assert "She pays the other practice." in shown and "What was paid at the visit is owed back." in shown
    assert "$25.00 to the patient." in shown and "step-write_off" not in shown
    assert f"/claims/{made.number}" in biller.get("/claims?queue=credit").text
    fields = {"to": "patient", "amount": "25.00", "method": "card", "reference": "1042"}
    assert step(biller, made, "refund", **fields, reason="Card refunded.").status_code == 303
    assert claim_of(made).status == S.CLOSED_NOT_BILLED
    assert "step-owe_visit_back" not in thread(biller, made)


def test_patients_insurance_address_and_authorisation_go_on_record(biller, place):
    made = make_claim_at(location=place)
    coverage = {"payer_code": "AETNA", "member_id": "W-1", "valid_from": "2026-01-01", "relationship": "18"}
    assert step(biller, made, "coverage", rank="P", plan_code="", group_number="", **coverage).status_code == 303
    home = {"line": "1 Elm Street", "second_line": "", "city": "Portland", "state": "OR", "zip_code": "97201"}
    assert step(biller, made, "address", sex="", **home).status_code == 303
    leave = {"payer_code": "AETNA", "number": "A-1", "procedure_codes": "", "sessions": "8"}
    dates = {"valid_from": "2026-01-01", "valid_to": "2026-12-31"}
    assert step(biller, made, "authorisation", **leave, **dates).status_code == 303
    with operational_store.reading() as db:
        assert db.exec(select(PatientCoverage.member_id)).all() == ["W-1"]
        assert db.get_one(PatientBilling, made.patient.id).city == "Portland"
        assert db.exec(select(Authorisation.number)).all() == ["A-1"]
    unknown = step(biller, made, "coverage", rank="P", **coverage | {"payer_code": "NOBODY"})
    assert unknown.status_code == 422 and "billing tables" in unknown.text
    shown = thread(biller, made)
    assert "On record: AETNA, member W-1" in shown and "A-1" in shown


def test_payment_of_none_of_ours_is_settled(biller, place):
    record = made_of.make_remitted()
    assert biller.post(f"/claims/remitted/{record.id}", whose="nobody", reason="Another practice's.").status_code == 303
    assert "Settle it" not in biller.get(f"/claims/remitted/{record.id}").text
    assert biller.post(f"/claims/remitted/{record.id}", whose="nobody", reason="Again.").status_code == 409
