"""Does a claim leave only as it was signed, by whose signature it needs?"""

import json
from typing import Any

import pytest
from sqlmodel import select

from acts import claims
from adapters import operational_store as store
from adapters import therapy_store, therapy_store_claims
from models.codes import ApprovalKind, ApprovalStatus, Verdict
from models.codes import ClaimStatus as C
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed, SignatureMismatch
from models.operational import Approval, AuditEvent, Claim, Decision, Staff
from models.therapy_text import TherapyText
from rules import sign_off
from rules.claim_sign_off import asked_in
from tasks import cases, claim_files, sign_offs
from tests.billing_walk import Payer, claim_of, one_round, sent, sent_forms
from tests.claim_acts import (
    BILLER,
    COORDINATOR,
    OWNER,
    WHY,
    build,
    deny,
    make_biller,
    nothing_leaves_unsigned,
    open_gate,
    put_to,
    reject,
    sign,
)

NUMBER = "CL-000001"
CLINICIAN = "ST-101"
OTHER_DIAGNOSIS = {"diagnoses": "F41.1,F43.10"}


def for_biller(payer: Payer) -> Claim:
    """A claim that waits for a biller's signature alone."""
    nothing_leaves_unsigned()
    reject(payer)
    claims.build_again(NUMBER, staff_id=BILLER, reason=WHY)
    return build()


def for_clinician(payer: Payer) -> Claim:
    """A claim with another diagnosis than its note, which waits for a clinician first, then for a biller."""
    reject(payer)
    claims.correct(NUMBER, staff_id=BILLER, changes=OTHER_DIAGNOSIS, reason=WHY)
    return build()


def content_of(approval: Approval) -> dict[str, Any]:
    text = therapy_store.sign_off_content(approval.id, actor="test", where="test")
    assert sign_off.digest(text.unwrap()) == approval.digest
    return dict(json.loads(text.unwrap()))


def left() -> int:
    return len([form for form in sent_forms() if form.claim_number.startswith(NUMBER)])


def test_a_claim_that_its_biller_signed_leaves_as_it_was_signed(payer: Payer) -> None:
    assert for_biller(payer).status == C.CLAIM_SIGNATURE
    one_round()
    assert left() == 1  # not before it is signed
    approval = open_gate()
    content = content_of(approval)
    assert (approval.kind, approval.role, content["reasons"]) == (
        ApprovalKind.CLAIM,
        "biller",
        ["The pilot level lets no claim leave without a signature."],
    )
    sign(approval, BILLER)
    assert claim_of().status == C.READY_TO_SEND
    one_round()
    assert (claim_of().status, left()) == (C.SENT, 2)
    assert sent().claim_number == content["form"]["claim_number"]
    assert claim_of().content_digest == content["content_digest"]


@pytest.mark.parametrize("biller_too", [False, True])
def test_what_a_clinician_signed_goes_on_to_the_biller_or_leaves(payer: Payer, biller_too: bool) -> None:
    assert for_clinician(payer).status == C.CLINICAL_SIGNATURE
    if not biller_too:  # as where the signed note itself claims a crisis or an add-on
        other_content(biller=[])
    approval = open_gate()
    content = content_of(approval)
    assert (approval.assigned_to, content["changes"]) == (
        CLINICIAN,
        [["diagnoses", "F41.1", "F41.1, F43.10"]],
    )
    assert bool(content["biller"]) is biller_too
    assert content["reasons"] == ["A diagnosis stands on the claim that is not in the signed note."]
    sign(approval, CLINICIAN)
    if biller_too:
        assert claim_of().status == C.CLAIM_SIGNATURE
        one_round()
        assert left() == 1
        sign(open_gate(), BILLER)
    assert claim_of().status == C.READY_TO_SEND
    one_round()
    assert (left(), sent().diagnoses) == (2, ("F41.1", "F43.10"))


@pytest.mark.parametrize("kind", [ApprovalKind.CLAIM, ApprovalKind.CLAIM_CLINICAL])
@pytest.mark.parametrize("verdict", [Verdict.RETURN, Verdict.REJECT])
def test_what_is_not_approved_is_the_billers_again_and_says_so(
    payer: Payer, kind: ApprovalKind, verdict: Verdict
) -> None:
    clinical = kind is ApprovalKind.CLAIM_CLINICAL
    _ = for_clinician(payer) if clinical else for_biller(payer)
    approval = open_gate()
    decision = sign(approval, CLINICIAN if clinical else BILLER, verdict, reason=TherapyText("not what was held"))
    claim = claim_of()
    assert (claim.status, claim.queue) == (C.CORRECTION, "returned")
    [finding] = claim.findings
    assert (finding["rule"], finding["severity"]) == ("returned", "blocking")
    assert f"({verdict.value})" in finding["message"]
    words = therapy_store.decision_words(decision.id, actor="test", where="test")
    assert words.reason == TherapyText("not what was held")
    with store.reading() as db:
        assert not any("not what was held" in str(event.details) for event in db.exec(select(AuditEvent)).all())
    one_round()
    assert (claim_of().status, left()) == (C.CORRECTION, 1)
    claims.build_again(NUMBER, staff_id=BILLER, reason=WHY)
    build()
    assert open_gate().id != approval.id


@pytest.mark.parametrize(
    ("kind", "who", "why"),
    [
        ("claim", CLINICIAN, "a biller signs this"),
        ("claim", COORDINATOR, "a biller signs this"),
        ("claim", OWNER, "a biller signs this"),
        ("claim", "ST-701", "a biller signs this"),
        ("claim", "elsewhere", "another location"),
        ("clinical", BILLER, "a clinician signs this"),
        ("clinical", COORDINATOR, "a clinician signs this"),
        ("clinical", "ST-105", "another location"),  # licensed where the patient is not
        ("clinical", "unlicensed", "no valid licence"),
    ],
)
def test_nobody_signs_for_another(payer: Payer, kind: str, who: str, why: str) -> None:
    _ = for_biller(payer) if kind == "claim" else for_clinician(payer)
    approval = open_gate()
    if who == "elsewhere":
        who = make_biller()
    if who == "unlicensed":
        who = make_biller("ST-199", ("LOC-1",), role="clinician")
    with pytest.raises(NotAllowed, match=why):
        sign(approval, who)
    assert claim_of().status == approval_status(kind)


def approval_status(kind: str) -> C:
    return C.CLAIM_SIGNATURE if kind == "claim" else C.CLINICAL_SIGNATURE


def test_a_claim_is_not_edited_at_the_gate_and_not_signed_twice(payer: Payer) -> None:
    for_biller(payer)
    approval = open_gate()
    with pytest.raises(ValueError, match="on its own page"):
        sign(approval, BILLER, Verdict.EDIT_AND_APPROVE)
    with pytest.raises(ValueError, match="form cannot be edited"):
        sign(approval, BILLER, Verdict.EDIT_AND_APPROVE, edited={"form": {}})
    with pytest.raises(ValueError, match="a reason is needed"):
        sign(approval, BILLER, Verdict.REJECT, reason=TherapyText(""))
    with pytest.raises(SignatureMismatch):
        sign(approval, BILLER, seen_digest="0" * 64)
    sign(approval, BILLER, reason=TherapyText(""))
    with pytest.raises(MovedOn):
        sign(approval, BILLER)
    with store.reading() as db:
        assert len(db.exec(select(Decision).where(Decision.approval_id == approval.id)).all()) == 1


def test_the_gate_opens_once_however_often_its_leg_is_begun(payer: Payer) -> None:
    for_biller(payer)
    first = open_gate()
    assert open_gate() == first
    with pytest.raises(MovedOn):
        sign_offs.open_sign_off.fn(cases.take(NUMBER), C.CLINICAL_SIGNATURE)


def test_a_gate_whose_leg_died_between_its_writes_asks_for_the_same(
    payer: Payer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for_biller(payer)
    with monkeypatch.context() as patch:
        patch.setattr(sign_offs, "_save", lambda *_: (_ for _ in ()).throw(RuntimeError("killed")))
        with pytest.raises(RuntimeError):
            open_gate()
    approval = open_gate()
    sign(approval, BILLER)
    assert claim_of().status == C.READY_TO_SEND


def test_a_claim_that_is_built_anew_has_its_open_sign_off_ended(payer: Payer) -> None:
    for_biller(payer)
    approval = open_gate()
    with store.writing() as db:
        store.move_case(db, store.one(db, Claim, NUMBER), C.CORRECTION, actor="test")
    with pytest.raises(MovedOn):
        sign(approval, BILLER)
    with store.reading() as db:
        assert store.one(db, Approval, approval.id).status == ApprovalStatus.SUPERSEDED


# -- what leaves is what was signed


def other_content(**changes: Any) -> None:
    """The claim says something else than was signed, digest and all."""
    claim = claim_of()
    text = therapy_store_claims.content(claim.content_id, actor="test", where="test").unwrap()
    anew = sign_off.canonical({**json.loads(text), **changes})
    therapy_store_claims.keep_content("other", NUMBER, TherapyText(anew))
    put_to(claim.status, content_id="other", content_digest=sign_off.digest(anew))


def test_a_claim_that_changed_after_its_signature_does_not_leave(payer: Payer) -> None:
    for_biller(payer)
    sign(open_gate(), BILLER)
    other_content(findings=[{"rule": "slipped in"}])
    assert claim_files.batch.fn() == 0
    assert (claim_of().status, left()) == (C.READY_TO_BUILD, 1)
    assert build().status == C.CLAIM_SIGNATURE  # and back to its signer


def test_a_claim_without_the_signature_it_needs_does_not_leave(payer: Payer) -> None:
    for_biller(payer)
    put_to(C.READY_TO_SEND)
    assert claim_files.batch.fn() == 0
    assert (claim_of().status, left()) == (C.READY_TO_BUILD, 1)


def test_a_billers_signature_is_none_of_a_clinicians(payer: Payer) -> None:
    for_clinician(payer)
    put_to(C.CLAIM_SIGNATURE)
    sign(open_gate(), BILLER)
    assert claim_files.batch.fn() == 0
    assert (claim_of().status, left()) == (C.READY_TO_BUILD, 1)


def test_a_claim_whose_content_is_not_what_was_built_does_not_leave_nor_is_it_shown(payer: Payer) -> None:
    for_biller(payer)
    put_to(C.CLAIM_SIGNATURE, content_digest="0" * 64)
    with pytest.raises(SignatureMismatch):
        open_gate()
    put_to(C.READY_TO_SEND)
    assert claim_files.batch.fn() == 0
    assert claim_of().status == C.READY_TO_BUILD


def test_a_claim_whose_note_is_signed_anew_is_built_again(payer: Payer) -> None:
    for_biller(payer)
    sign(open_gate(), BILLER)
    with store.writing() as db:
        note = db.get_one(Decision, f"DC-{claim_of().session_number}")
        note.signed_digest = "0" * 64
        db.add(note)
    assert claim_files.batch.fn() == 0
    assert (claim_of().status, left()) == (C.READY_TO_BUILD, 1)


def test_an_earlier_editions_signature_does_not_carry_over(payer: Payer) -> None:
    for_biller(payer)
    sign(open_gate(), BILLER)
    one_round()
    assert left() == 2
    reject(payer)
    claims.correct(NUMBER, staff_id=BILLER, changes={"authorisation": "A-77"}, reason=WHY)
    assert build().status == C.CLAIM_SIGNATURE
    put_to(C.READY_TO_SEND)
    assert claim_files.batch.fn() == 0
    assert left() == 2


# -- what an owner is shown


def test_an_owner_is_shown_what_is_given_up_by_whom_and_why(payer: Payer) -> None:
    form = deny(payer)
    claims.write_off(NUMBER, staff_id=BILLER, reason=WHY)
    content = content_of(open_gate())
    assert (content["cents"], content["accounts"]) == (
        form.charge_cents,
        {"payer": 0, "denied": form.charge_cents, "patient": 0},
    )
    assert (content["asked_by"], content["said"]) == (BILLER, WHY.unwrap())
    assert len(content["why"]) == 1 and "197" in content["why"][0]
    assert asked_in(claim_of().findings, "write_off_asked")["words"]


def test_a_sign_off_is_due_and_someone_there_has_it(payer: Payer) -> None:
    deny(payer)
    claims.write_off(NUMBER, staff_id=BILLER, reason=WHY)
    approval = open_gate()
    assert approval.assigned_to == OWNER and approval.due_at > utc_now()
    with store.writing() as db:
        owner = db.get_one(Staff, OWNER)
        owner.active = False
        db.add(owner)
    with pytest.raises(NotAllowed):
        sign(approval, OWNER)
