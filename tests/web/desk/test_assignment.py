"""Assigning a clinician, and signing a closing letter, on the desk."""

import json

from sqlmodel import select

from adapters import operational_store, therapy_store
from models.codes import ApprovalKind, ReferralStatus, Role
from models.operational import Decision, OutboxMessage, Referral
from tests import factories


def case_of(number: str) -> Referral:
    with operational_store.reading() as db:
        return operational_store.one(db, Referral, number)


def test_assignment_shows_candidates_and_who_is_excluded(at_the_desk, assignment):
    seated = at_the_desk(Role.COORDINATOR)
    approval, fits, excluded = assignment(seated.staff)
    shown = seated.get(f"/approvals/{approval.id}").text
    for words in (fits.name, "free on Tuesday", "almost full", "fit 80 of 100", "Excluded: 1", "not on the panel"):
        assert words in shown
    assert f"{excluded.name}, LCSW (excluded: not on the panel)" in shown
    assert "unknown: no answer yet" in shown


def test_accepting_assigns_the_proposed_clinician(at_the_desk, assignment):
    seated = at_the_desk(Role.COORDINATOR)
    approval, fits, _ = assignment(seated.staff)
    assert seated.sign(approval, verdict="approve", clinician_id="").status_code == 303
    case = case_of(approval.case_number)
    assert (case.clinician_id, case.status) == (fits.id, ReferralStatus.READY_TO_OFFER)


def test_overriding_needs_a_reason(at_the_desk, assignment):
    seated = at_the_desk(Role.COORDINATOR)
    approval, _, excluded = assignment(seated.staff)
    wanted = {"verdict": "edit_and_approve", "clinician_id": excluded.id}
    assert "Write down why" in seated.sign(approval, **wanted).text
    assert seated.sign(approval, reason="Asked for by the patient", **wanted).status_code == 303
    assert case_of(approval.case_number).clinician_id == excluded.id


def test_choosing_somebody_while_accepting_is_contradictory(at_the_desk, assignment):
    seated = at_the_desk(Role.COORDINATOR)
    approval, _, excluded = assignment(seated.staff)
    answer = seated.sign(approval, verdict="approve", clinician_id=excluded.id)
    assert answer.status_code == 422 and "You changed what is proposed" in answer.text


def test_clinician_does_not_read_an_assignment(at_the_desk, assignment):
    approval, fits, _ = assignment(None)
    assert at_the_desk(fits).get(f"/approvals/{approval.id}").status_code == 403


def test_edited_closing_letter_is_what_is_queued(at_the_desk, place):
    seated = at_the_desk(Role.CLINICIAN)
    case = factories.make_referral(ReferralStatus.CLOSING_LETTER, location=place)
    content = {"kind": "closing_letter", "case": case.case_number, "exit": "declined", "letter": "Dear Alex,\n…"}
    approval = factories.make_approval(
        ApprovalKind.CLOSING_LETTER, referral=case, content=json.dumps(content), assigned_to=seated.staff.id
    )
    shown = seated.get(f"/approvals/{approval.id}").text
    assert "Dear Alex,\n…</textarea>" in shown
    fields = {"verdict": "edit_and_approve", "reason": "Kinder", "letter": "Dear Alex,\r\nwe found another place."}
    assert seated.sign(approval, **fields).status_code == 303
    with operational_store.reading() as db:
        decision = db.exec(select(Decision)).one()
        queued = db.exec(select(OutboxMessage.approval_id)).all()
    signed = therapy_store.decision_words(decision.id, actor="test", where="test").signed_content.unwrap()
    assert json.loads(signed)["letter"] == "Dear Alex,\nwe found another place."
    assert queued == [approval.id] and case_of(case.case_number).status == ReferralStatus.CLOSED_DECLINED
