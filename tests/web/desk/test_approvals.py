"""Reading and deciding a risk review on the desk."""

import json
import re

import pytest
from sqlmodel import select

from adapters import operational_store, therapy_store
from models.codes import ApprovalStatus, ReferralStatus, RiskLevel, Role, Verdict
from models.operational import Approval, Decision, Patient, Referral
from models.therapy_text import TherapyText
from rules import sign_off
from tests import factories
from tests.web.desk.conftest import PASSWORD, AtTheDesk


def decision_of(approval: Approval) -> Decision | None:
    with operational_store.reading() as db:
        return db.exec(select(Decision).where(Decision.approval_id == approval.id)).first()


def status_of(approval: Approval) -> ReferralStatus:
    with operational_store.reading() as db:
        return operational_store.one(db, Referral, approval.case_number).status


@pytest.fixture
def seated(at_the_desk) -> AtTheDesk:
    return at_the_desk(Role.CLINICIAN)


def test_review_shows_flags_with_their_sources(seated, risk_review):
    shown = seated.get(f"/approvals/{risk_review(seated.staff).id}").text
    for words in ("Suicidal ideation", "classifier", "risk-reader", "v7", "probability 0.91", "wish to die"):
        assert words in shown.replace("Wish", "wish")
    for words in ("text rule", "plan.have", "lexicon-1", "speaks of a plan"):
        assert words in shown.replace("Speaks", "speaks")


def test_review_escapes_the_text_and_marks_overlapping_evidence(seated, risk_review):
    shown = seated.get(f"/approvals/{risk_review(seated.staff).id}").text
    assert "<b>now</b>" not in shown
    assert '<mark class="rank-2">want to die </mark>' in shown
    assert '<mark class="rank-3">&lt;b&gt;now&lt;/b&gt;</mark>' in shown
    assert 'id="mark-1"' in shown and 'href="#flag-1"' in shown


def test_review_shows_item_answers_and_flags_item_nine(seated, risk_review):
    shown = seated.get(f"/approvals/{risk_review(seated.staff).id}").text
    assert "Thoughts that you would be better off dead" in shown
    assert "item 9: more than half the days" in shown
    assert "<strong>10</strong> of 27 · moderate" in shown
    assert "not answered" in shown


def test_review_says_why_the_classifier_did_not_read(seated, risk_review):
    shown = seated.get(f"/approvals/{risk_review(seated.staff).id}").text
    assert "The classifier did not read the text." in shown and "Not asked for consent" in shown


def shown_with(seated, risk_review, *, rule_id: str, why: str, **content: object) -> str:
    """The page of a risk review whose one flag asks a person to read the whole text."""
    approval = risk_review(seated.staff)
    signed = json.loads(content_of(approval)) | content
    whole = {"kind": "unread_text", "rule_id": rule_id, "why": why, "starts": 0, "ends": 40}
    signed["flags"] = [signed["flags"][0] | whole]
    with operational_store.reading() as db:
        case = operational_store.one(db, Referral, approval.case_number)
    asked = factories.make_approval(referral=case, content=json.dumps(signed), assigned_to=seated.staff.id, round=7)
    return str(seated.get(f"/approvals/{asked.id}").text)


def test_review_never_says_that_an_unreadable_text_was_read(seated, risk_review):
    allowed = {"allowed": True, "ask_a_person": False, "reasons": ["agreed"], "citations": []}
    shown = shown_with(seated, risk_review, rule_id="unread-text", why="not English", classifier=allowed)
    assert "Not every text could be read by a program" in shown and "the whole text. Not English" in shown
    assert "classifier read it" not in shown and "<mark" not in shown and "nothing was raised" not in shown


def test_text_that_the_classifier_may_not_read_is_not_called_unreadable(seated, risk_review):
    shown = shown_with(seated, risk_review, rule_id="classifier-off", why="no consent")
    assert "could be read by a program" not in shown and "The classifier did not read the text." in shown


def test_review_without_flags_is_no_all_clear(seated, risk_review):
    approval = risk_review(seated.staff)
    content = json.loads(content_of(approval))
    content["flags"] = []
    from_flags = {"content": json.dumps(content), "assigned_to": seated.staff.id, "round": 7}
    with operational_store.reading() as db:
        case = operational_store.one(db, Referral, approval.case_number)
    bare = factories.make_approval(referral=case, **from_flags)
    assert "that is not an all-clear" in seated.get(f"/approvals/{bare.id}").text


def content_of(approval: Approval) -> str:
    return therapy_store.sign_off_content(approval.id, actor="test", where="test").unwrap()


def test_opening_marks_it_seen_by_who_may_sign(seated, risk_review):
    approval = risk_review(seated.staff)
    seated.get(f"/approvals/{approval.id}")
    with operational_store.reading() as db:
        assert operational_store.one(db, Approval, approval.id).seen_by == seated.staff.id


def test_colleague_without_a_licence_there_reads_but_does_not_sign(at_the_desk, person, risk_review):
    seated = at_the_desk(Role.CLINICIAN)
    approval = risk_review(person(Role.CLINICIAN))
    with operational_store.writing() as db:
        case = operational_store.one(db, Referral, approval.case_number)
        patient = operational_store.one(db, Patient, case.patient_id)
        patient.state = "NY"
        db.add(patient)
    shown = seated.get(f"/approvals/{approval.id}").text
    assert "You can read this, not sign it" in shown and "Not licensed where the patient is" in shown
    assert 'name="verdict"' not in shown
    with operational_store.reading() as db:
        assert operational_store.one(db, Approval, approval.id).seen_at is None


def test_clinician_of_another_team_may_not_open_it(at_the_desk, person, risk_review):
    seated = at_the_desk(Role.CLINICIAN, team="blue")
    answer = seated.get(f"/approvals/{risk_review(person(Role.CLINICIAN, team='green')).id}")
    assert answer.status_code == 403 and "Vantongeren" not in answer.text


def test_coordinator_may_not_read_a_risk_review(at_the_desk, risk_review):
    answer = at_the_desk(Role.COORDINATOR).get(f"/approvals/{risk_review(None).id}")
    assert answer.status_code == 403 and "want to die" not in answer.text


def test_every_reading_of_content_is_on_record(seated, risk_review):
    approval = risk_review(seated.staff)
    seated.get(f"/approvals/{approval.id}")
    with therapy_store.writing() as db:
        found = db.exec(select(therapy_store.TherapyAuditEvent)).all()
    read = {event.subject_kind for event in found if event.actor == seated.staff.id and event.where == "desk:sign-off"}
    assert read == {"sign_off_content", "intake_text"}


def test_approving_signs_and_moves_the_case(seated, risk_review):
    approval = risk_review(seated.staff)
    answer = seated.sign(approval, verdict="approve", level="high", disposition="continue_intake", safety_note="")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/approvals/{approval.id}/signed")
    decision = decision_of(approval)
    assert decision and (decision.verdict, decision.staff_id) == (Verdict.APPROVE, seated.staff.id)
    assert decision.signed_digest == approval.digest
    assert status_of(approval) == ReferralStatus.READY_TO_MATCH


def test_editing_signs_what_was_edited(seated, risk_review):
    approval = risk_review(seated.staff)
    edited = {"level": "moderate", "disposition": "higher_level_of_care", "safety_note": "Called,\r\nsafe tonight."}
    assert seated.sign(approval, verdict="edit_and_approve", reason="Spoke by phone", **edited).status_code == 303
    decision = decision_of(approval)
    assert decision
    words = therapy_store.decision_words(decision.id, actor="test", where="test")
    signed = json.loads(words.signed_content.unwrap())
    assert signed["safety_note"] == "Called,\nsafe tonight." and signed["level"] == "moderate"
    assert words.reason == TherapyText("Spoke by phone")
    assert status_of(approval) == ReferralStatus.CLOSING_LETTER


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"verdict": ""}, "Choose what you decide."),
        ({"verdict": "reject"}, "Write down why"),
        ({"verdict": "return", "reason": "  "}, "Write down why"),
        ({"verdict": "edit_and_approve", "reason": "why"}, "Nothing is changed."),
        ({"verdict": "approve", "level": "low"}, "You changed what is proposed."),
        ({"verdict": "approve", "password": ""}, "Your password is part of the signature."),
        ({"verdict": "approve", "code": ""}, "The six digits"),
        ({"verdict": "approve", "password": "wrong"}, "The password or the code does not fit"),
        ({"verdict": "approve", "code": "000000"}, "The password or the code does not fit"),
        ({"verdict": "approve", "seen_digest": "0" * 64}, "is not what is to be signed"),
        ({"verdict": "edit_and_approve", "reason": "x", "level": "dreadful"}, "Level must be"),
    ],
)
def test_form_that_cannot_be_signed_says_why_and_changes_nothing(seated, risk_review, fields, says):
    approval = risk_review(seated.staff)
    answer = seated.sign(approval, **fields)
    assert answer.status_code == 422
    assert says in answer.text
    assert decision_of(approval) is None and status_of(approval) == ReferralStatus.RISK_REVIEW


def test_refused_form_keeps_what_was_typed_but_never_the_password(seated, risk_review):
    approval = risk_review(seated.staff)
    typed = {"reason": "a long reason <i>", "safety_note": "mind the stairs", "level": "low"}
    shown = seated.sign(approval, verdict="edit_and_approve", code="000000", **typed).text
    assert "a long reason &lt;i&gt;</textarea>" in shown and "mind the stairs</textarea>" in shown
    assert '<option value="low" selected>' in shown
    assert 'value="edit_and_approve" checked' in shown
    assert PASSWORD not in shown


# -- labels


def label_fields(shown: str, flag_id: str = "FL-1") -> dict[str, str]:
    """The choice beside one flag, as it stands on the page without a script: its legend, its form, what is chosen."""
    [fieldset] = [each for each in re.findall(r"<fieldset.*?</fieldset>", shown, re.S) if f"label-{flag_id}" in each]
    inputs = re.findall(r"<input[^>]*>", fieldset)
    assert len(inputs) == 3 and all(f'name="label-{flag_id}"' in each and 'form="sign"' in each for each in inputs)
    [chosen] = [each for each in inputs if "checked" in each]
    legend = re.search(r"<legend>(.*?)</legend>", fieldset)
    value = re.search(r'value="(\w*)"', chosen)
    assert legend and value
    return {"legend": legend.group(1), "chosen": value.group(1)}


def kept_labels() -> dict[str, bool | None]:
    return {each.flag_id: each.confirmed for each in therapy_store.decided_flags(actor="test", where="test")}


def test_review_asks_beside_each_flag_of_the_reader_and_leaves_it_open(seated, risk_review):
    shown = seated.get(f"/approvals/{risk_review(seated.staff).id}").text
    assert '<form id="sign"' in shown and 'name="label-FL-2"' in shown
    # the most urgent flag is the first, and that is the second one raised
    assert label_fields(shown) == {"legend": "Flag 2: was it raised rightly?", "chosen": ""}
    assert "This is what it says" in shown and "Raised in error" in shown


def test_labels_are_signed_with_the_review(seated, risk_review):
    approval = risk_review(seated.staff)
    answer = seated.sign(approval, verdict="approve", **{"label-FL-1": "confirmed", "label-FL-2": "in_error"})
    assert answer.status_code == 303
    assert kept_labels() == {"FL-1": True, "FL-2": False}
    decision = decision_of(approval)
    assert decision
    words = therapy_store.decision_words(decision.id, actor="test", where="test").signed_content.unwrap()
    assert json.loads(words)["labels"] == {"FL-1": True, "FL-2": False}
    assert decision.signed_digest == sign_off.digest(words)


def test_flag_that_is_left_open_gets_no_label(seated, risk_review):
    approval = risk_review(seated.staff)
    seated.sign(approval, verdict="approve", **{"label-FL-1": "", "label-FL-2": ""})
    assert kept_labels() == {"FL-1": None, "FL-2": None}
    decision = decision_of(approval)
    assert decision and decision.signed_digest == approval.digest


@pytest.mark.parametrize(("verdict", "reason"), [("return", "Since when?"), ("reject", "Not ours")])
def test_label_is_taken_with_every_verdict(seated, risk_review, verdict, reason):
    approval = risk_review(seated.staff)
    seated.sign(approval, verdict=verdict, reason=reason, **{"label-FL-1": "in_error"})
    assert kept_labels() == {"FL-1": False, "FL-2": None}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"label-FL-9": "confirmed"}, "A label is given to a flag that this sign-off does not offer."),
        ({"label-": "confirmed"}, "A label is given to a flag that this sign-off does not offer."),
        ({"label-FL-1": "perhaps"}, "A flag is confirmed, raised in error or left open."),
    ],
)
def test_label_that_was_not_offered_is_refused_and_changes_nothing(seated, risk_review, fields, says):
    approval = risk_review(seated.staff)
    answer = seated.sign(approval, verdict="approve", **fields)
    assert answer.status_code == 422 and says in answer.text
    assert decision_of(approval) is None and kept_labels() == {}


def test_label_on_an_assignment_is_refused(at_the_desk, assignment):
    seated = at_the_desk(Role.COORDINATOR)
    approval, _, _ = assignment(seated.staff)
    answer = seated.sign(approval, verdict="approve", **{"label-FL-1": "confirmed"})
    assert answer.status_code == 422 and decision_of(approval) is None


@pytest.mark.parametrize("fault", [{"code": "000000"}, {"verdict": ""}, {"password": ""}, {"seen_digest": "0" * 64}])
def test_refused_form_keeps_the_labels_that_were_chosen(seated, risk_review, fault):
    approval = risk_review(seated.staff)
    chosen = {"label-FL-1": "in_error", "label-FL-2": ""}
    shown = seated.sign(approval, **({"verdict": "approve"} | fault), **chosen).text
    assert label_fields(shown)["chosen"] == "in_error"
    assert label_fields(shown, "FL-2")["chosen"] == ""
    assert kept_labels() == {}


@pytest.mark.parametrize(
    "given",
    [
        {"raised_by": "item", "text_id": None, "starts": None, "ends": None},
        {"kind": "unread_text", "rule_id": "unread-text", "probability": None},
        {"kind": "unread_text", "rule_id": "classifier-off", "text_id": None, "starts": None, "ends": None},
        {"status": "historical"},
        {"status": "doubted"},
    ],
    ids=["answer to a question", "text that could not be read", "classifier off", "in the past", "doubted"],
)
def test_flag_that_is_not_the_readers_is_not_asked_about(seated, risk_review, given):
    approval = other_content(seated, risk_review(seated.staff), flag=given)
    shown = seated.get(f"/approvals/{approval.id}").text
    assert 'id="flag-1"' in shown and "label-FL-1" not in shown
    assert seated.sign(approval, verdict="approve", **{"label-FL-1": "confirmed"}).status_code == 422


def test_doubted_find_is_shown_as_such_with_its_words(seated, risk_review):
    shown = seated.get(
        f"/approvals/{other_content(seated, risk_review(seated.staff), flag={'status': 'doubted'}).id}"
    ).text
    assert "found by a rule, doubted by the classifier" in shown and "<mark" in shown


def test_flag_from_words_that_changed_is_shown_without_a_quote_and_not_asked_about(seated, risk_review):
    approval = other_content(seated, risk_review(seated.staff), flag={"edition": 1}, text={"edition": 2})
    with therapy_store.writing() as db:
        text = db.exec(select(therapy_store.IntakeText)).one()
        text.edition = 2
        therapy_store.audit(db, "test", "text.kept", "intake_text", text.id, text.case_number)
    shown = seated.get(f"/approvals/{approval.id}").text
    assert "The text it was raised from has been changed since." in shown
    assert "<mark" not in shown and "label-FL-1" not in shown


def other_content(seated, approval: Approval, *, flag: dict, text: dict | None = None) -> Approval:
    """A later review of the same case that lists only the first flag, altered."""
    content = json.loads(content_of(approval))
    content["flags"] = [content["flags"][0] | flag]
    content["texts"] = [content["texts"][0] | (text or {})]
    with operational_store.writing() as db:
        case = operational_store.one(db, Referral, approval.case_number)
        operational_store.set_status(
            db, operational_store.one(db, Approval, approval.id), ApprovalStatus.SUPERSEDED, "system"
        )
    spelled = sign_off.canonical(content)
    return factories.make_approval(referral=case, content=spelled, assigned_to=seated.staff.id, round=7)


def test_who_may_only_read_a_review_is_asked_nothing(at_the_desk, person, risk_review):
    seated = at_the_desk(Role.CLINICIAN)
    approval = risk_review(person(Role.CLINICIAN))
    with operational_store.writing() as db:
        patient = operational_store.one(
            db, Patient, operational_store.one(db, Referral, approval.case_number).patient_id
        )
        patient.state = "NY"
        db.add(patient)
    shown = seated.get(f"/approvals/{approval.id}").text
    assert "You can read this, not sign it" in shown and "label-FL-1" not in shown


def test_case_page_asks_nothing(seated, risk_review):
    approval = risk_review(seated.staff)
    assert "label-" not in seated.get(f"/cases/{approval.case_number}/content").text


def test_text_that_changed_since_cannot_be_signed(seated, risk_review):
    approval = risk_review(seated.staff)
    therapy_store.add_text(approval.case_number, "referral_text", TherapyText("something else"))
    shown = seated.get(f"/approvals/{approval.id}").text
    assert "This cannot be signed" in shown and 'name="verdict"' not in shown


def test_decided_review_leads_to_its_signature(seated, risk_review):
    approval = risk_review(seated.staff)
    seated.sign(approval, verdict="approve")
    assert seated.get(f"/approvals/{approval.id}").headers["location"].endswith("/signed")
    second = seated.post(f"/approvals/{approval.id}", verdict="reject", reason="late", password="x", code="1")
    assert second.status_code == 409


def test_signed_page_follows_the_case_until_it_waits(seated, risk_review):
    approval, following = risk_review(seated.staff), risk_review(seated.staff)
    seated.sign(approval, verdict="approve")
    shown = seated.get(f"/approvals/{approval.id}/signed").text
    assert "Moving on" in shown and following.id in shown
    assert seated.get(f"/approvals/{approval.id}/progress").status_code == 200
    with operational_store.writing() as db:
        case = operational_store.one(db, Referral, approval.case_number)
        operational_store.move_case(db, case, ReferralStatus.ASSIGNMENT, actor="system")
    settled = seated.get(f"/approvals/{approval.id}/progress")
    assert settled.status_code == 286
    assert "waiting for a coordinator" in settled.text and "ready to match → assignment" in settled.text


def test_superseded_review_is_not_signed(seated, risk_review):
    approval = risk_review(seated.staff)
    with operational_store.writing() as db:
        operational_store.set_status(
            db, operational_store.one(db, Approval, approval.id), ApprovalStatus.SUPERSEDED, "system"
        )
    answer = seated.post(f"/approvals/{approval.id}", verdict="approve", password="x", code="1")
    assert answer.status_code == 409


def test_question_and_its_answer_come_back_with_the_review(seated, risk_review, person):
    first = risk_review(seated.staff)
    seated.sign(first, verdict="return", reason="Is somebody with them tonight?")
    assert status_of(first) == ReferralStatus.QUESTION_OPEN
    with operational_store.reading() as db:
        case = operational_store.one(db, Referral, first.case_number)
    again = factories.make_approval(
        referral=case, content=content_of(first), level=RiskLevel.HIGH, assigned_to=seated.staff.id, round=9
    )
    shown = seated.get(f"/approvals/{again.id}").text
    assert "Is somebody with them tonight?" in shown and "returned with a question" in shown
