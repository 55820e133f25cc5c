"""Doing a to-do on the desk."""

from datetime import date, timedelta

import pytest
from sqlmodel import select

from acts import to_dos
from adapters import operational_store, therapy_store
from adapters.undelivered import CALL_KEY, POST_KEY
from models.codes import (
    OUTCOMES,
    ApprovalKind,
    ReferralStatus,
    RiskLevel,
    Role,
    ToDoKind,
    ToDoOutcome,
    ToDoStatus,
    Verdict,
)
from models.columns import utc_now
from models.operational import Referral, ToDo
from models.therapy_text import TherapyText
from tests import factories
from web.desk import words

STATUS_OF = {
    ToDoKind.CALL_PATIENT: ReferralStatus.CONTACT_PATIENT,
    ToDoKind.CHECK_DUPLICATE: ReferralStatus.POSSIBLE_DUPLICATE,
    ToDoKind.ANSWER_QUESTION: ReferralStatus.QUESTION_OPEN,
    ToDoKind.WAITLIST: ReferralStatus.WAITLISTED,
}


@pytest.fixture
def open_to_do(place):
    def make(kind: ToDoKind = ToDoKind.CALL_PATIENT, **case_facts) -> ToDo:
        case = factories.make_referral(STATUS_OF[kind], location=place, **case_facts)
        to_do = ToDo(
            id=f"TD-{case.case_number}",
            unique_key=case.case_number,
            case_number=case.case_number,
            kind=kind,
            role=Role.COORDINATOR,
            location_id=place.id,
            due_at=utc_now() + timedelta(hours=5),
        )
        with operational_store.writing() as db:
            db.add(to_do)
        return to_do

    return make


def kept(to_do: ToDo) -> ToDo:
    with operational_store.reading() as db:
        return operational_store.one(db, ToDo, to_do.id)


def case_of(to_do: ToDo) -> Referral:
    with operational_store.reading() as db:
        return operational_store.one(db, Referral, to_do.case_number)


def test_every_kind_has_a_script_and_every_outcome_words():
    assert set(words.SCRIPTS) == set(ToDoKind)
    assert {outcome for outcomes in OUTCOMES.values() for outcome in outcomes} <= set(words.OUTCOMES)


def test_to_do_is_taken_given_back_and_done(at_the_desk, open_to_do):
    seated, to_do = at_the_desk(Role.COORDINATOR), open_to_do()
    shown = seated.get(f"/to-dos/{to_do.id}").text
    assert "Take it" in shown and "988" in shown and "Cannot be reached" in shown
    seated.post(f"/to-dos/{to_do.id}/claim")
    assert kept(to_do).claimed_by == seated.staff.id
    assert "Give it back" in seated.get(f"/to-dos/{to_do.id}").text
    seated.post(f"/to-dos/{to_do.id}/give-back")
    assert kept(to_do).status == ToDoStatus.OPEN
    answer = seated.post(f"/to-dos/{to_do.id}/finish", outcome="reached_send_link_again", said="Will answer tonight")
    assert answer.status_code == 303
    assert kept(to_do).status == ToDoStatus.DONE
    assert case_of(to_do).status == ReferralStatus.QUESTIONNAIRES_REQUESTED
    assert "Reached: send the link again" in seated.get(answer.headers["location"]).text


def test_no_answer_keeps_the_to_do_open(at_the_desk, open_to_do):
    seated, to_do = at_the_desk(Role.COORDINATOR), open_to_do()
    answer = seated.post(f"/to-dos/{to_do.id}/finish", outcome="no_answer_try_again")
    assert kept(to_do).status == ToDoStatus.OPEN
    assert "the to-do stays open" in seated.get(answer.headers["location"]).text


@pytest.mark.parametrize("outcome", ["", "attended", "nonsense"])
def test_outcome_that_does_not_fit_is_refused_and_words_are_kept(at_the_desk, open_to_do, outcome: str):
    seated, to_do = at_the_desk(Role.COORDINATOR), open_to_do()
    answer = seated.post(f"/to-dos/{to_do.id}/finish", outcome=outcome, said="typed <words>")
    assert answer.status_code == 422
    assert "typed &lt;words&gt;</textarea>" in answer.text
    assert kept(to_do).status == ToDoStatus.OPEN


def test_question_is_shown_and_its_answer_needed(at_the_desk, open_to_do):
    seated, to_do = at_the_desk(Role.COORDINATOR), open_to_do(ToDoKind.ANSWER_QUESTION)
    therapy_store.keep_to_do_words(
        to_do.id, to_do.case_number, question=TherapyText("Who referred them?"), actor="ST-1"
    )
    assert "Who referred them?" in seated.get(f"/to-dos/{to_do.id}").text
    assert seated.post(f"/to-dos/{to_do.id}/finish", outcome="answered").status_code == 422
    assert seated.post(f"/to-dos/{to_do.id}/finish", outcome="answered", said="Their doctor").status_code == 303
    assert case_of(to_do).status == ReferralStatus.READY_TO_SCREEN


def test_question_is_not_shown_to_an_administrator(at_the_desk, open_to_do):
    to_do = open_to_do(ToDoKind.ANSWER_QUESTION)
    therapy_store.keep_to_do_words(
        to_do.id, to_do.case_number, question=TherapyText("Who referred them?"), actor="ST-1"
    )
    shown = at_the_desk(Role.ADMIN).get(f"/to-dos/{to_do.id}").text
    assert "Who referred them?" not in shown and "Sample" not in shown


def test_duplicate_shows_both_records_side_by_side(at_the_desk, open_to_do):
    known = factories.make_patient(given_name="Renée", birth_date=date(1970, 1, 2), email="renee@example.org")
    here = factories.make_patient(given_name="Renee", birth_date=date(1970, 1, 2), email="other@example.org")
    to_do = open_to_do(ToDoKind.CHECK_DUPLICATE, patient=here, possible_patient_ids=[known.id])
    shown = at_the_desk(Role.COORDINATOR).get(f"/to-dos/{to_do.id}").text
    assert "Renée" in shown and "renee@example.org" in shown and "other@example.org" in shown
    assert shown.count("1970-01-02") == 2


def test_to_do_of_another_location_is_closed(at_the_desk, open_to_do):
    elsewhere = factories.make_location(id="LOC-2")
    seated = at_the_desk(Role.COORDINATOR, location=elsewhere, location_ids=["LOC-2"])
    assert seated.get(f"/to-dos/{open_to_do().id}").status_code == 403


def test_to_do_of_another_role_is_refused_where_it_is_done(at_the_desk, place, open_to_do):
    seated = at_the_desk(Role.CLINICIAN)
    to_do = open_to_do(clinician_id=seated.staff.id)
    answer = seated.post(f"/to-dos/{to_do.id}/claim")
    assert answer.status_code == 422 and "A coordinator does this" in answer.text


@pytest.fixture
def unread_words(place):
    """A clinician's to-do with the words a patient sent outside any review; the case is nobody's yet."""

    def make(said: str = "I texted <this>", **given) -> ToDo:
        case = factories.make_referral(ReferralStatus.WAITLISTED, location=place)
        to_do = factories.make_to_do(case, ToDoKind.WARM_HANDOFF, role=Role.CLINICIAN, **given)
        therapy_store.keep_to_do_words(to_do.id, case.case_number, question=TherapyText(said), actor="patient:PT-1")
        therapy_store.add_text(case.case_number, "patient_words", TherapyText(said), source_key=to_do.id)
        return to_do

    return make


def test_clinician_outside_the_team_finds_reads_and_finishes_a_clinicians_to_do(at_the_desk, unread_words):
    to_do, seated = unread_words(), at_the_desk(Role.CLINICIAN, team="other")
    assert f"/to-dos/{to_do.id}" in seated.get("/").text
    shown = seated.get(f"/to-dos/{to_do.id}").text
    assert "I texted &lt;this&gt;" in shown and "Read this as a clinician" in shown
    assert seated.get(f"/cases/{to_do.case_number}").status_code == 200
    assert "I texted &lt;this&gt;" in seated.get(f"/cases/{to_do.case_number}/content").text
    assert seated.post(f"/to-dos/{to_do.id}/claim").status_code == 303
    answer = seated.post(f"/to-dos/{to_do.id}/finish", outcome="handed_over", said="Called, is safe")
    assert answer.status_code == 303 and kept(to_do).status == ToDoStatus.DONE
    # whoever did it can still read what became of it, though nothing is open any more
    assert "Read and dealt with" in seated.get(answer.headers["location"]).text
    assert "Called, is safe" in seated.get(f"/cases/{to_do.case_number}/content").text


def test_clinicians_to_do_is_closed_to_a_coordinator_and_to_other_places(at_the_desk, unread_words):
    to_do, coordinator = unread_words(), at_the_desk(Role.COORDINATOR)
    assert to_do.id not in coordinator.get("/").text and to_do.id not in coordinator.get("/?scope=all").text
    assert to_do.id not in coordinator.get(f"/cases/{to_do.case_number}").text
    assert coordinator.get(f"/to-dos/{to_do.id}").status_code == 403
    assert coordinator.post(f"/to-dos/{to_do.id}/claim").status_code == 403
    elsewhere = factories.make_location(id="LOC-2")
    afar = at_the_desk(Role.CLINICIAN, location=elsewhere, location_ids=["LOC-2"])
    assert to_do.id not in afar.get("/").text and afar.get(f"/to-dos/{to_do.id}").status_code == 403


def test_words_of_a_clinicians_to_do_stay_hidden_from_an_administrator(at_the_desk, unread_words):
    shown = at_the_desk(Role.ADMIN).get(f"/to-dos/{unread_words().id}").text
    assert "I texted" not in shown and "/content" not in shown


def test_clinicians_to_do_stands_among_the_high_risks(at_the_desk, unread_words, risk_review):
    seated = at_the_desk(Role.CLINICIAN)
    moderate = risk_review(seated.staff, RiskLevel.MODERATE, due_at=utc_now() + timedelta(minutes=5))
    to_do = unread_words(due_at=utc_now() + timedelta(hours=2))
    high = risk_review(seated.staff, RiskLevel.HIGH, due_at=utc_now() + timedelta(hours=1))
    shown = seated.get("/").text
    assert sorted((high.id, to_do.id, moderate.id), key=shown.index) == [high.id, to_do.id, moderate.id]


def signed_letter(place, person, signed_digest: str | None = None) -> tuple[ToDo, str]:
    case = factories.make_referral(
        ReferralStatus.CLOSED_DECLINED, patient=factories.make_patient(email=None), location=place, closed_at=utc_now()
    )
    approval = factories.make_approval(ApprovalKind.CLOSING_LETTER, referral=case)
    signed = factories.spelled(factories.letter_words(letter="Dear Alex,\n\n<word> for word & signed."))
    facts = {"signed_digest": signed_digest} if signed_digest else {}
    decision = factories.make_decision(
        approval, person(Role.CLINICIAN), signed, verdict=Verdict.EDIT_AND_APPROVE, **facts
    )
    to_do = factories.make_to_do(case, ToDoKind.WARM_HANDOFF, unique_key=f"{POST_KEY}{approval.id}")
    return to_do, decision.signed_digest


def test_letter_to_post_is_shown_as_it_was_signed(at_the_desk, place, person):
    to_do, digest = signed_letter(place, person)
    seated = at_the_desk(Role.COORDINATOR)
    shown = seated.get(f"/to-dos/{to_do.id}").text
    assert "Dear Alex,\n\n&lt;word&gt; for word &amp; signed.</article>" in shown and digest in shown
    assert "Post the letter" in shown and "The letter is posted" in shown
    assert seated.get(f"/cases/{to_do.case_number}/content").status_code == 403
    assert "Dear Alex" not in at_the_desk(Role.ADMIN).get(f"/to-dos/{to_do.id}").text


def test_letter_that_is_not_what_was_signed_is_not_shown(at_the_desk, place, person):
    to_do, _ = signed_letter(place, person, signed_digest="0" * 64)
    shown = at_the_desk(Role.COORDINATOR).get(f"/to-dos/{to_do.id}").text
    assert "Dear Alex" not in shown and "Do not post anything" in shown


def test_call_about_a_lost_message_says_what_it_is(at_the_desk, place):
    case = factories.make_referral(ReferralStatus.BOOKED, location=place)
    to_do = factories.make_to_do(case, ToDoKind.TELL_PATIENT, unique_key=f"{CALL_KEY}{case.case_number}:x")
    seated = at_the_desk(Role.COORDINATOR)
    assert "Call: a message did not arrive" in seated.get("/").text
    assert "The patient knows" in seated.get(f"/to-dos/{to_do.id}").text
    seated.post(f"/to-dos/{to_do.id}/finish", outcome="told")
    assert (kept(to_do).status, case_of(to_do).status) == (ToDoStatus.DONE, ReferralStatus.BOOKED)


def test_coordinator_says_which_of_several_records_it_is(at_the_desk, open_to_do):
    first, second = factories.make_patient(), factories.make_patient()
    to_do = open_to_do(ToDoKind.CHECK_DUPLICATE, possible_patient_ids=[first.id, second.id])
    seated, path = at_the_desk(Role.COORDINATOR), f"/to-dos/{to_do.id}/finish"
    assert f'name="same_as" id="same-as-{second.id}"' in seated.get(f"/to-dos/{to_do.id}").text
    for missing in ({}, {"same_as": "PT-none"}):
        answer = seated.post(path, outcome="same_person", **missing)
        assert answer.status_code == 422 and "Choose which of the known patients" in answer.text
    assert seated.post(path, outcome="same_person", same_as=second.id).status_code == 303
    assert case_of(to_do).patient_id == second.id


def test_one_possible_record_needs_no_choice(at_the_desk, open_to_do):
    known = factories.make_patient()
    to_do = open_to_do(ToDoKind.CHECK_DUPLICATE, possible_patient_ids=[known.id])
    seated = at_the_desk(Role.COORDINATOR)
    assert "same_as" not in seated.get(f"/to-dos/{to_do.id}").text
    assert seated.post(f"/to-dos/{to_do.id}/finish", outcome="same_person").status_code == 303
    assert case_of(to_do).patient_id == known.id


def test_notes_of_a_to_do_are_read_by_clinicians_of_the_case(at_the_desk, person, open_to_do):
    clinician = at_the_desk(Role.CLINICIAN)
    to_do = open_to_do(clinician_id=clinician.staff.id)
    coordinator = person(Role.COORDINATOR)
    to_dos.finish(to_do.id, coordinator.id, ToDoOutcome.REACHED_SEND_LINK_AGAIN, TherapyText("sounded <tired>"))
    shown = clinician.get(f"/cases/{to_do.case_number}/content").text
    assert "sounded &lt;tired&gt;" in shown and coordinator.name in shown
    assert "sounded" not in at_the_desk(coordinator).get(f"/cases/{to_do.case_number}").text


@pytest.fixture
def drawn_intake(place):
    """The to-do of an unflagged intake that was drawn by lot, with its words."""
    case = factories.make_referral(ReferralStatus.ASSIGNMENT, location=place, risk_cleared=True)
    therapy_store.add_text(case.case_number, "referral_text", TherapyText("quietly giving <things> away"))
    return factories.make_to_do(case, ToDoKind.REVIEW_UNFLAGGED, role=Role.CLINICIAN)


def test_drawn_intake_shows_its_content_and_the_read_is_on_record(at_the_desk, drawn_intake):
    seated = at_the_desk(Role.CLINICIAN)
    shown = seated.get(f"/to-dos/{drawn_intake.id}").text
    assert "quietly giving &lt;things&gt; away" in shown and "on record with your name" in shown
    event = therapy_store.TherapyAuditEvent
    with therapy_store.reading() as db:
        found = db.exec(select(event).where(event.actor == seated.staff.id, event.subject_kind == "intake_text")).all()
    assert [(each.action, each.where, each.purpose) for each in found] == [("read", "desk:risk-sample", "PATSFTY")]


@pytest.mark.parametrize("role", [Role.ADMIN, Role.COORDINATOR])
def test_drawn_intake_is_read_by_nobody_but_clinicians(at_the_desk, drawn_intake, role: Role):
    seated = at_the_desk(role)
    assert "quietly giving" not in seated.get(f"/to-dos/{drawn_intake.id}").text
    refused = seated.post(f"/to-dos/{drawn_intake.id}/finish", outcome="risk_missed", missed="self_harm")
    assert refused.status_code in (403, 422) and kept(drawn_intake).status is ToDoStatus.OPEN


@pytest.mark.parametrize("missed", ["", "unread_text", "nonsense"])
def test_missed_risk_needs_its_kind_and_keeps_what_was_typed(at_the_desk, drawn_intake, missed: str):
    fields = {"outcome": "risk_missed", "said": "she gives things away"} | ({"missed": missed} if missed else {})
    refused = at_the_desk(Role.CLINICIAN).post(f"/to-dos/{drawn_intake.id}/finish", **fields)
    assert refused.status_code == 422
    assert "Say which risk was missed." in refused.text and "she gives things away" in refused.text
    assert kept(drawn_intake).status is ToDoStatus.OPEN


def test_clinician_says_which_risk_was_missed(at_the_desk, drawn_intake):
    seated = at_the_desk(Role.CLINICIAN)
    done = seated.post(f"/to-dos/{drawn_intake.id}/finish", outcome="risk_missed", missed=["self_harm"])
    assert done.status_code == 303 and seated.get(done.headers["location"]).status_code == 200
    flags = therapy_store.flags(drawn_intake.case_number, actor="test", where="test")
    assert [(flag.kind, flag.raised_by) for flag in flags] == [("self_harm", "clinician")]
    assert case_of(drawn_intake).status is ReferralStatus.READY_TO_SCREEN


@pytest.mark.parametrize("outcome", ["nothing_missed", "cannot_say"])
def test_reader_of_a_drawn_intake_is_thanked_and_sees_it_no_more(at_the_desk, drawn_intake, outcome: str):
    seated = at_the_desk(Role.CLINICIAN)
    done = seated.post(f"/to-dos/{drawn_intake.id}/finish", outcome=outcome)
    assert done.status_code == 303
    shown = seated.get(done.headers["location"], **{})
    assert shown.status_code < 400
    assert "quietly giving" not in shown.text
