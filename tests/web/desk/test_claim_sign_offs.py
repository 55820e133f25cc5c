"""Signing a claim, its clinical part, a write-off: each role its own, exactly what the page shows."""

import re

import pytest

from adapters import operational_store
from models.codes import ApprovalKind, ApprovalStatus, ClaimStatus, Role
from models.operational import Approval, Claim
from tests import claim_factories as made_of
from tests.claim_factories import make_claim_at
from tests.web.desk.conftest import AtTheDesk

S = ClaimStatus
SIGNERS = {
    S.CLAIM_SIGNATURE: Role.BILLER,
    S.CLINICAL_SIGNATURE: Role.CLINICIAN,
    S.WRITE_OFF_SIGNATURE: Role.OWNER,
}


def claim_of(approval: Approval) -> Claim:
    with operational_store.reading() as db:
        return operational_store.one(db, Claim, approval.case_number)


@pytest.fixture
def waiting(at_the_desk, place):
    """A claim that waits for a signature, and who may give it."""

    def make(status: ClaimStatus, **given) -> tuple[AtTheDesk, Approval]:
        seated = at_the_desk(SIGNERS[status])
        clinician = {"clinician": seated.staff} if seated.staff.role == Role.CLINICIAN else {}
        made = make_claim_at(status, location=place, signer=seated.staff, **clinician, **given)
        if status == S.WRITE_OFF_SIGNATURE:
            made_of.make_submission(made)
            made_of.post(made, *made_of.DENIED_LINES)
        assert made.approval is not None
        return seated, made.approval

    return make


def test_biller_reads_the_whole_claim_and_signs_it(waiting):
    seated, approval = waiting(S.CLAIM_SIGNATURE)
    shown = seated.get(f"/approvals/{approval.id}").text
    for words in (
        "No claim of this clinician has been paid by this payer yet.",
        "It says what the signed note says.",
        "MEM-4711",
        "Blue Harbor Health",
        "90837",
        "F41.1",
        "53 whole minutes",
        "The checks found nothing.",
    ):
        assert words in shown
    answer = seated.sign(approval, verdict="approve")
    assert answer.status_code == 303
    assert claim_of(approval).status == S.READY_TO_SEND
    assert "Claim approved as proposed" in seated.get(answer.headers["location"]).text


def test_clinician_sees_what_differs_from_the_note(waiting):
    changes = [["procedure code", "90834", "90837"], ["diagnoses", "F41.1", "F41.1, F33.1"]]
    seated, approval = waiting(S.CLINICAL_SIGNATURE, content={"changes": changes, "biller": ["new pair"]})
    shown = seated.get(f"/approvals/{approval.id}").text
    assert "Changed against the signed note" in shown
    assert "<del>90834</del>" in shown and "<ins>F41.1, F33.1</ins>" in shown
    seated.sign(approval, verdict="approve")
    assert claim_of(approval).status == S.CLAIM_SIGNATURE


def test_owner_sees_the_amount_and_signs_the_write_off(waiting):
    seated, approval = waiting(S.WRITE_OFF_SIGNATURE)
    shown = seated.get(f"/approvals/{approval.id}").text
    assert "$150.00" in shown and "Denied, to be answered: $150.00" in shown and made_of.DENIAL["message"][1:] in shown
    assert "Too small to appeal." in shown and "ST-ASKED asks for it" in shown
    assert seated.sign(approval, verdict="approve").status_code == 303
    claim = claim_of(approval)
    assert (claim.status, claim.payer_cents) == (S.CLOSED_WRITTEN_OFF, 0)


@pytest.mark.parametrize("status", SIGNERS)
@pytest.mark.parametrize("verdict", ["return", "reject"])
def test_claim_that_is_not_approved_is_a_billers_again(waiting, status: ClaimStatus, verdict: str):
    seated, approval = waiting(status)
    missing = seated.sign(approval, verdict=verdict)
    assert missing.status_code == 422 and "Write down why" in missing.text
    assert seated.sign(approval, verdict=verdict, reason="The date is not right.").status_code == 303
    claim = claim_of(approval)
    assert (claim.status, claim.queue) == (S.CORRECTION, "returned")


def test_reason_of_an_earlier_return_is_shown_with_the_next_sign_off(waiting, at_the_desk):
    seated, approval = waiting(S.CLAIM_SIGNATURE)
    seated.sign(approval, verdict="return", reason="Which card is it?")
    with operational_store.writing() as db:
        claim = db.get_one(Claim, approval.case_number)
        claim.status = S.CLAIM_SIGNATURE
        db.add(claim)
    again = made_of.factories.make_approval(
        ApprovalKind.CLAIM,
        case=claim,
        content=made_of.factories.spelled({"kind": "claim", "case": claim.case_number, "form": None}),
        round=1,
    )
    assert "Which card is it?" in seated.get(f"/approvals/{again.id}").text


@pytest.mark.parametrize("status", SIGNERS)
@pytest.mark.parametrize("role", Role)
def test_sign_off_about_a_claim_is_open_to_who_signs_it_alone(at_the_desk, place, status: ClaimStatus, role: Role):
    seated = at_the_desk(role)
    approval = make_claim_at(
        status, location=place, clinician=seated.staff if role == Role.CLINICIAN else None
    ).approval
    opens = SIGNERS[status] == role
    assert (seated.get(f"/approvals/{approval.id}").status_code == 200) is opens
    if not opens:
        assert seated.post(f"/approvals/{approval.id}", verdict="approve").status_code == 403
        assert seated.get(f"/approvals/{approval.id}/signed").status_code == 403
        assert claim_of(approval).status == status


@pytest.mark.parametrize("role", [Role.BILLER, Role.OWNER])
def test_sign_offs_of_the_care_stay_closed_to_who_signs_claims(at_the_desk, risk_review, assignment, role: Role):
    review, (assigned, _, _) = risk_review(None), assignment(None)
    seated = at_the_desk(role)
    for approval in (review, assigned):
        assert seated.get(f"/approvals/{approval.id}").status_code == 403
        assert seated.get(f"/approvals/{approval.id}/signed").status_code == 403


def test_changed_content_is_not_signed(waiting):
    seated, approval = waiting(S.CLAIM_SIGNATURE)
    refused = seated.sign(approval, verdict="approve", seen_digest="0" * 64)
    assert refused.status_code == 422 and "What was on your screen is not what is to be signed" in refused.text
    assert claim_of(approval).status == S.CLAIM_SIGNATURE


def test_claim_cannot_be_edited_by_its_signature(waiting):
    seated, approval = waiting(S.CLAIM_SIGNATURE)
    assert seated.sign(approval, verdict="edit_and_approve").status_code == 422
    with operational_store.reading() as db:
        assert operational_store.one(db, Approval, approval.id).status == ApprovalStatus.OPEN


def test_home_queue_of_each_signer_holds_their_own(waiting):
    mine = {status: waiting(status) for status in SIGNERS}
    for status, (seated, approval) in mine.items():
        shown = seated.get("/").text
        assert re.findall(r'href="/approvals/([^"]+)"', shown) == [approval.id], status
        assert ("Sample" in shown) is (status != S.WRITE_OFF_SIGNATURE)


def test_home_queue_of_a_biller_leads_to_the_claims_page(at_the_desk, place):
    made = make_claim_at(location=place)
    _, to_do = made_of.make_coverage_problem(place)
    shown = at_the_desk(Role.BILLER).get("/").text
    assert re.findall(r'<a id="row-[^"]+" href="([^"]+)"', shown) == [f"/claims/{made.number}", f"/to-dos/{to_do.id}"]
    assert made.patient.family_name in shown


def test_coverage_problem_shows_the_check_and_its_outcomes(at_the_desk, place):
    _, to_do = made_of.make_coverage_problem(place)
    seated = at_the_desk(Role.BILLER)
    shown = seated.get(f"/to-dos/{to_do.id}").text
    for words in (
        "Carved out to another payer",
        "MINDCO",
        "Copay $25.00, in network (EB segment 14)",
        "It is settled",
        "The patient knows and pays",
        "Call +1503555",
    ):
        assert words in shown, words


def test_to_do_of_another_role_is_closed_to_a_biller(at_the_desk, place):
    case = made_of.factories.make_case_at(made_of.factories.ReferralStatus.CONTACT_PATIENT)
    seated = at_the_desk(Role.BILLER, location=case.location)
    assert seated.get(f"/to-dos/{case.to_do.id}").status_code == 403
    assert seated.post(f"/to-dos/{case.to_do.id}/claim").status_code in (403, 422)


def test_coverage_problem_is_settled_without_touching_the_session(at_the_desk, place):
    check, to_do = made_of.make_coverage_problem(place)
    seated = at_the_desk(Role.BILLER)
    answer = seated.post(f"/to-dos/{to_do.id}/finish", outcome="coverage_settled", said="Card was renewed.")
    assert answer.status_code == 303
    with operational_store.reading() as db:
        case = operational_store.one(db, made_of.factories.Referral, check.case_number)
    assert case.status == made_of.factories.ReferralStatus.BOOKED


def test_statement_is_posted_from_its_to_do(at_the_desk, place):
    made = make_claim_at(S.PATIENT_BALANCE, location=place)
    to_do = made_of.factories.make_to_do(made.claim, made_of.ToDoKind.POST_STATEMENT, role=Role.BILLER)
    seated = at_the_desk(Role.BILLER)
    assert f'href="/claims/{made.number}"' in seated.get(f"/to-dos/{to_do.id}").text
    assert seated.post(f"/to-dos/{to_do.id}/finish", outcome="posted").status_code == 303
    assert "The statement is posted" in seated.get(f"/to-dos/{to_do.id}?done=finished").text
