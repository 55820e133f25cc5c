"""Doing a to-do on the desk."""

from datetime import date, timedelta

import pytest

from adapters import operational_store, therapy_store
from models.codes import OUTCOMES, ReferralStatus, Role, ToDoKind, ToDoStatus
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
