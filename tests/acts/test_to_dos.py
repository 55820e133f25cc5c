"""What staff do by hand: who may, what each outcome does to the case, and that twice is refused."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlmodel import select

from acts.to_dos import claim, finish, give_back
from acts.visits import record_visit
from adapters import therapy_store
from adapters.desk_views import MONEY_TO_DOS
from adapters.operational_store import reading, writing
from models.codes import (
    OUTCOMES,
    AppointmentStatus,
    EpisodeStatus,
    ExitKind,
    ReferralStatus,
    Role,
    ToDoKind,
    ToDoOutcome,
    ToDoStatus,
)
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed
from models.measures import Measure
from models.operational import Appointment, AuditEvent, Episode, OutboxMessage, Referral, ToDo
from models.therapy_text import TherapyText
from tasks.visits import ask_about_others
from tests.factories import (
    MadeCase,
    make_case_at,
    make_location,
    make_patient,
    make_referral,
    make_signer,
    make_to_do,
)
from tests.visits import make_care, make_visit

pytestmark = pytest.mark.usefixtures("home")

R, K, O = ReferralStatus, ToDoKind, ToDoOutcome  # noqa: E741
WORDS = TherapyText("she would like to be called in the afternoon")
AT = {
    K.CALL_PATIENT: R.CONTACT_PATIENT,
    K.CHECK_DUPLICATE: R.POSSIBLE_DUPLICATE,
    K.ANSWER_QUESTION: R.QUESTION_OPEN,
    K.MISSED_SESSION: R.MISSED,
    K.WARM_HANDOFF: R.CLOSING_LETTER,
    K.WAITLIST: R.WAITLISTED,
    K.RECORD_OUTCOME: R.BOOKED,
    K.TELL_PATIENT: R.WAITLISTED,
    K.MOVE_APPOINTMENT: R.WAITLISTED,
    K.REVIEW_UNFLAGGED: R.WAITLISTED,
    K.CARRY_ON_BY_HAND: R.READY_TO_MATCH,
}
BESIDE_THE_CASE = (K.TELL_PATIENT, K.MOVE_APPOINTMENT, K.REVIEW_UNFLAGGED, K.CARRY_ON_BY_HAND)


def waiting(kind: ToDoKind, **given: Any) -> tuple[MadeCase, ToDo]:
    """A case whose to-do of this kind is open."""
    case = make_case_at(AT[kind], **({"to_do": False} if kind in BESIDE_THE_CASE else {}), **given)
    if case.appointment is not None:
        with writing() as db:
            appointment = db.get_one(Appointment, case.appointment.id)
            appointment.starts_at = utc_now() - timedelta(minutes=1)
            db.add(appointment)
        case.appointment = appointment
    return case, case.to_do or make_to_do(case.referral, kind)


def case_now(case: MadeCase) -> Referral:
    with reading() as db:
        return db.get_one(Referral, case.number)


def to_do_now(to_do: ToDo) -> ToDo:
    with reading() as db:
        return db.get_one(ToDo, to_do.id)


def actions(case: MadeCase) -> list[str]:
    with reading() as db:
        return list(db.exec(select(AuditEvent.action).where(AuditEvent.case_number == case.number)).all())


@pytest.mark.parametrize(
    ("kind", "outcome", "given", "to", "facts"),
    [
        (K.CALL_PATIENT, O.REACHED_SEND_LINK_AGAIN, {}, R.QUESTIONNAIRES_REQUESTED, {}),
        (K.CALL_PATIENT, O.UNREACHABLE, {}, R.CLOSING_LETTER, {"exit_kind": ExitKind.UNREACHABLE}),
        (K.CALL_PATIENT, O.WITHDREW, {}, R.CLOSED_WITHDRAWN, {"exit_kind": None}),
        (K.CHECK_DUPLICATE, O.SAME_PERSON, {}, R.RECEIVED, {}),
        (K.CHECK_DUPLICATE, O.DIFFERENT_PERSON, {}, R.RECEIVED, {}),
        (K.ANSWER_QUESTION, O.ANSWERED, {"came_from": R.RISK_REVIEW}, R.READY_TO_SCREEN, {"risk_cleared": False}),
        (
            K.ANSWER_QUESTION,
            O.ANSWERED,
            {"came_from": R.ASSIGNMENT, "risk_cleared": True},
            R.READY_TO_SCREEN,
            {"risk_cleared": False},
        ),
        (K.ANSWER_QUESTION, O.ANSWERED, {"came_from": R.CLOSING_LETTER}, R.CLOSING_LETTER, {}),
        (K.ANSWER_QUESTION, O.ANSWERED, {"came_from": None}, R.READY_TO_SCREEN, {}),
        (K.ANSWER_QUESTION, O.WITHDREW, {"came_from": R.RISK_REVIEW}, R.CLOSED_WITHDRAWN, {}),
        (K.MISSED_SESSION, O.OFFER_NEW_TIMES, {}, R.READY_TO_OFFER, {}),
        (K.MISSED_SESSION, O.UNREACHABLE, {}, R.CLOSING_LETTER, {"exit_kind": ExitKind.UNREACHABLE}),
        (K.MISSED_SESSION, O.WITHDREW, {}, R.CLOSED_WITHDRAWN, {}),
        (K.WARM_HANDOFF, O.HANDED_OVER, {}, R.CLOSING_LETTER, {}),
        (K.WAITLIST, O.OFFER_NEW_TIMES, {}, R.READY_TO_OFFER, {}),
        (K.WAITLIST, O.OFFER_NEW_TIMES, {"clinician_id": None}, R.READY_TO_MATCH, {}),
        (K.WAITLIST, O.UNREACHABLE, {}, R.CLOSING_LETTER, {"exit_kind": ExitKind.UNREACHABLE}),
        (K.WAITLIST, O.WITHDREW, {}, R.CLOSED_WITHDRAWN, {}),
        (K.RECORD_OUTCOME, O.ATTENDED, {}, R.CLOSED_ATTENDED, {}),
        (K.RECORD_OUTCOME, O.NO_SHOW, {}, R.MISSED, {"first_session_at": None}),
        (K.TELL_PATIENT, O.TOLD, {}, R.WAITLISTED, {}),
        (K.TELL_PATIENT, O.NOT_REACHED, {}, R.WAITLISTED, {}),
        (K.MOVE_APPOINTMENT, O.TIME_SETTLED, {}, R.WAITLISTED, {}),
        (K.REVIEW_UNFLAGGED, O.NOTHING_MISSED, {}, R.WAITLISTED, {}),
        (K.CARRY_ON_BY_HAND, O.DONE_BY_HAND, {}, R.READY_TO_MATCH, {}),
        (K.REVIEW_UNFLAGGED, O.RISK_MISSED, {}, R.READY_TO_SCREEN, {}),
        (K.REVIEW_UNFLAGGED, O.CANNOT_SAY, {}, R.WAITLISTED, {}),
    ],
)
def test_outcome_moves_the_case_on(
    kind: ToDoKind, outcome: ToDoOutcome, given: dict[str, Any], to: ReferralStatus, facts: dict[str, Any]
) -> None:
    case, to_do = waiting(kind, **given)
    finish(to_do.id, case.coordinator.id, outcome, WORDS)
    found, done = case_now(case), to_do_now(to_do)
    assert found.status is to
    assert {name: getattr(found, name) for name in facts} == facts
    assert (done.status, done.outcome, done.done_by) == (ToDoStatus.DONE, outcome, case.coordinator.id)
    assert done.claimed_at is not None and done.done_at is not None and done.claimed_at <= done.done_at
    assert actions(case).count("to_do.done") == 1
    words = therapy_store.to_do_words(to_do.id, actor="test", where="test")
    assert words is not None and words.answer == WORDS


def test_every_outcome_of_every_kind_is_covered_above() -> None:
    covered = {(case[0], case[1]) for case in test_outcome_moves_the_case_on.pytestmark[0].args[1]}  # type: ignore[attr-defined]
    every = {(kind, outcome) for kind in AT for outcome in OUTCOMES[kind]}
    assert every - covered == {(kind, O.NO_ANSWER_TRY_AGAIN) for kind in (K.CALL_PATIENT, K.TELL_PATIENT)}


def test_kind_that_is_not_covered_here_is_a_notes_or_about_money() -> None:
    elsewhere = {K.CHECK_TRANSCRIPT}  # tests/acts/test_note_decisions.py
    elsewhere |= set(MONEY_TO_DOS)  # tests/web/desk/test_claim_sign_offs.py, test_claim_acts.py
    assert set(K) - set(AT) == elsewhere


@pytest.mark.parametrize("kind", list(AT))
def test_outcome_of_another_kind_is_refused(kind: ToDoKind) -> None:
    case, to_do = waiting(kind)
    for outcome in set(O) - set(OUTCOMES[kind]):
        with pytest.raises(ValueError, match="does not fit"):
            finish(to_do.id, case.coordinator.id, outcome, WORDS)
    assert (case_now(case).status, to_do_now(to_do).status) == (AT[kind], ToDoStatus.OPEN)


def test_reached_patient_with_a_clinician_is_offered_times() -> None:
    case, to_do = waiting(K.CALL_PATIENT)
    with writing() as db:
        referral = db.get_one(Referral, case.number)
        referral.risk_cleared, referral.clinician_id = True, case.clinician.id
        db.add(referral)
    finish(to_do.id, case.coordinator.id, O.REACHED_SEND_LINK_AGAIN)
    assert case_now(case).status is R.READY_TO_OFFER


def test_reached_patient_whose_risk_is_not_cleared_is_offered_nothing() -> None:
    case, to_do = waiting(K.CALL_PATIENT)
    with writing() as db:
        referral = db.get_one(Referral, case.number)
        referral.clinician_id = case.clinician.id
        db.add(referral)
    finish(to_do.id, case.coordinator.id, O.REACHED_SEND_LINK_AGAIN)
    assert case_now(case).status is R.QUESTIONNAIRES_REQUESTED


@pytest.mark.parametrize("kind", [K.CALL_PATIENT, K.TELL_PATIENT])
def test_no_answer_leaves_the_to_do_to_anybody_and_is_on_record(kind: ToDoKind) -> None:
    case, to_do = waiting(kind)
    claim(to_do.id, case.coordinator.id)
    finish(to_do.id, case.coordinator.id, O.NO_ANSWER_TRY_AGAIN)
    finish(to_do.id, case.coordinator.id, O.NO_ANSWER_TRY_AGAIN)
    found = to_do_now(to_do)
    assert (found.status, found.claimed_by, found.claimed_at) == (ToDoStatus.OPEN, None, None)
    assert case_now(case).status is AT[kind]
    assert actions(case).count("to_do.no_answer") == 2


@pytest.mark.parametrize("words", [None, TherapyText(""), TherapyText(" \n")])
def test_answered_question_needs_its_answer(words: TherapyText | None) -> None:
    case, to_do = waiting(K.ANSWER_QUESTION, came_from=R.RISK_REVIEW)
    with pytest.raises(ValueError, match="the answer is missing"):
        finish(to_do.id, case.coordinator.id, O.ANSWERED, words)
    assert case_now(case).status is R.QUESTION_OPEN


def test_answer_becomes_a_text_of_the_case_that_is_screened() -> None:
    case, to_do = waiting(K.ANSWER_QUESTION, came_from=R.RISK_REVIEW)
    finish(to_do.id, case.coordinator.id, O.ANSWERED, WORDS)
    [text] = therapy_store.texts(case.number, actor="test", where="test")
    assert (text.kind, text.source_key, text.text) == ("answered_question", to_do.id, WORDS)


def test_attended_first_session_is_the_time_of_the_appointment() -> None:
    case, to_do = waiting(K.RECORD_OUTCOME)
    assert case.appointment is not None
    finish(to_do.id, case.clinician.id, O.ATTENDED)
    assert case_now(case).first_session_at == case.appointment.starts_at
    with reading() as db:
        assert db.get_one(Appointment, case.appointment.id).status is AppointmentStatus.ATTENDED


def test_same_person_with_an_open_case_closes_the_new_one() -> None:
    known = make_patient()
    make_referral(R.ASSIGNMENT, patient=known)
    case, to_do = waiting(K.CHECK_DUPLICATE, possible_patient_ids=[known.id])
    finish(to_do.id, case.coordinator.id, O.SAME_PERSON)
    assert (case_now(case).status, case_now(case).patient_id) == (R.CLOSED_DUPLICATE, case.patient.id)


WORRYING_WORDS = TherapyText("I am going to kill myself tonight.")


def paged(case_number: str) -> list[str | None]:
    with reading() as db:
        return list(
            db.exec(
                select(OutboxMessage.to_staff_id).where(
                    OutboxMessage.case_number == case_number,
                    OutboxMessage.urgent == True,  # noqa: E712
                )
            ).all()
        )


def test_same_person_hands_its_words_and_answers_over_to_the_open_case() -> None:
    known = make_patient()
    standing = make_case_at(R.ASSIGNMENT, patient=known)
    case, to_do = waiting(K.CHECK_DUPLICATE, possible_patient_ids=[known.id])
    therapy_store.add_text(case.number, "referral_text", WORRYING_WORDS)
    therapy_store.keep_answers(
        case.number, "phq9", "1", {9: 3}, source_key="referral", complete=False, total=None, band=None
    )
    finish(to_do.id, case.coordinator.id, O.SAME_PERSON)
    assert [text.text for text in therapy_store.texts(standing.number, actor="t", where="test")] == [WORRYING_WORDS]
    [form] = therapy_store.answers(standing.number, actor="t", where="test")
    assert (form.measure, therapy_store.answers_of(form)) == (Measure.PHQ9, {9: 3})
    assert len(therapy_store.unread(standing.number)) == 2
    assert therapy_store.unread(case.number) == []
    assert paged(standing.number) == [standing.clinician.id] * 2
    assert case_now(case).status is R.CLOSED_DUPLICATE


@pytest.mark.parametrize("came_from", [R.RISK_REVIEW, R.ASSIGNMENT, R.CLOSING_LETTER])
def test_worrying_answer_to_a_question_pages_at_once(came_from: ReferralStatus) -> None:
    case, to_do = waiting(K.ANSWER_QUESTION, came_from=came_from)
    finish(to_do.id, case.coordinator.id, O.ANSWERED, WORRYING_WORDS)
    assert paged(case.number) == [case.clinician.id]
    calm, other = waiting(K.ANSWER_QUESTION, came_from=came_from)
    finish(other.id, calm.coordinator.id, O.ANSWERED, WORDS)
    assert paged(calm.number) == []


@pytest.mark.parametrize(("kind", "outcome"), [(K.WAITLIST, O.OFFER_NEW_TIMES), (K.MISSED_SESSION, O.OFFER_NEW_TIMES)])
def test_new_times_are_not_offered_past_unread_words(kind: ToDoKind, outcome: ToDoOutcome) -> None:
    case, to_do = waiting(kind)
    therapy_store.add_text(case.number, "patient_words", WORDS, source_key="sms:TD-1")
    finish(to_do.id, case.coordinator.id, outcome)
    assert case_now(case).status is R.READY_TO_SCREEN


def test_withdrawal_while_a_risk_question_is_open_leaves_it_with_a_clinician() -> None:
    case, to_do = waiting(K.ANSWER_QUESTION, came_from=R.RISK_REVIEW)
    finish(to_do.id, case.coordinator.id, O.WITHDREW, WORDS)
    assert case_now(case).status is R.CLOSED_WITHDRAWN
    assert paged(case.number) == [case.clinician.id]
    with reading() as db:
        [left] = db.exec(select(ToDo).where(ToDo.case_number == case.number, ToDo.role == Role.CLINICIAN)).all()
    assert (left.kind, left.status) == (K.WARM_HANDOFF, ToDoStatus.OPEN)
    words = therapy_store.to_do_words(left.id, actor="t", where="test")
    assert words is not None and WORDS.unwrap() in words.question.unwrap()


def test_same_person_without_an_open_case_goes_on_under_the_known_patient() -> None:
    known = make_patient()
    make_referral(R.CLOSED_ATTENDED, patient=known)
    case, to_do = waiting(K.CHECK_DUPLICATE, possible_patient_ids=[known.id])
    finish(to_do.id, case.coordinator.id, O.SAME_PERSON)
    assert (case_now(case).status, case_now(case).patient_id) == (R.RECEIVED, known.id)


def test_different_person_goes_on_as_they_are() -> None:
    known = make_patient()
    make_referral(R.ASSIGNMENT, patient=known)
    case, to_do = waiting(K.CHECK_DUPLICATE, possible_patient_ids=[known.id])
    finish(to_do.id, case.coordinator.id, O.DIFFERENT_PERSON)
    assert (case_now(case).status, case_now(case).patient_id) == (R.RECEIVED, case.patient.id)


@pytest.mark.parametrize("kind", list(AT))
def test_to_do_is_for_its_role_and_the_admin(kind: ToDoKind) -> None:
    case, to_do = waiting(kind)
    others = {K.RECORD_OUTCOME: {Role.ADMIN, Role.CLINICIAN}, K.REVIEW_UNFLAGGED: set()}
    allowed = {Role.COORDINATOR} | others.get(kind, {Role.ADMIN})
    for role in Role:
        person = make_signer(role, location=case.location)
        if role in allowed:
            claim(to_do.id, person.id)
            assert to_do_now(to_do).claimed_by == person.id
            give_back(to_do.id, person.id)
        else:
            with pytest.raises(NotAllowed):
                claim(to_do.id, person.id)
    assert to_do_now(to_do).claimed_by is None


def test_clinicians_handoff_is_for_clinicians() -> None:
    case = make_case_at(R.CONTACT_PATIENT)
    to_do = make_to_do(case.referral, K.WARM_HANDOFF, role=Role.CLINICIAN)
    with pytest.raises(NotAllowed, match="a clinician does this"):
        claim(to_do.id, case.coordinator.id)
    finish(to_do.id, case.clinician.id, O.HANDED_OVER)
    assert case_now(case).status is R.CONTACT_PATIENT


def test_to_do_of_another_location_is_refused_unless_it_was_given_by_name() -> None:
    case, to_do = waiting(K.CALL_PATIENT)
    elsewhere = make_signer(Role.COORDINATOR, location=make_location())
    with pytest.raises(NotAllowed, match="another location"):
        finish(to_do.id, elsewhere.id, O.WITHDREW)
    given_by_name = make_to_do(case.referral, K.CALL_PATIENT, assigned_to=elsewhere.id)
    claim(given_by_name.id, elsewhere.id)
    assert to_do_now(given_by_name).claimed_by == elsewhere.id


def test_inactive_member_of_staff_works_on_nothing() -> None:
    case, to_do = waiting(K.CALL_PATIENT)
    gone = make_signer(Role.COORDINATOR, location=case.location, active=False)
    with pytest.raises(NotAllowed):
        claim(to_do.id, gone.id)
    with pytest.raises(NotAllowed):
        finish(to_do.id, gone.id, O.WITHDREW)


def test_claim_of_somebody_elses_to_do_has_moved_on_and_ones_own_is_nothing_new() -> None:
    case, to_do = waiting(K.CALL_PATIENT)
    claim(to_do.id, case.coordinator.id)
    first = to_do_now(to_do).claimed_at
    claim(to_do.id, case.coordinator.id)
    assert to_do_now(to_do).claimed_at == first
    with pytest.raises(MovedOn):
        claim(to_do.id, make_signer(Role.COORDINATOR, location=case.location).id)
    assert to_do_now(to_do).claimed_by == case.coordinator.id


def test_given_back_to_do_is_anybodys_again() -> None:
    case, to_do = waiting(K.CALL_PATIENT)
    other = make_signer(Role.COORDINATOR, location=case.location)
    claim(to_do.id, case.coordinator.id)
    with pytest.raises(NotAllowed):
        give_back(to_do.id, other.id)
    give_back(to_do.id, case.coordinator.id)
    claim(to_do.id, other.id)
    assert to_do_now(to_do).claimed_by == other.id


@pytest.mark.parametrize("status", [ToDoStatus.DONE, ToDoStatus.SUPERSEDED])
def test_closed_to_do_has_moved_on(status: ToDoStatus) -> None:
    case = make_case_at(R.CONTACT_PATIENT, to_do=False)
    to_do = make_to_do(case.referral, K.CALL_PATIENT, status=status, claimed_by=case.coordinator.id)
    with pytest.raises(MovedOn):
        finish(to_do.id, case.coordinator.id, O.WITHDREW)
    with pytest.raises(MovedOn):
        claim(to_do.id, case.coordinator.id)
    with pytest.raises(MovedOn):
        give_back(to_do.id, case.coordinator.id)
    assert case_now(case).status is R.CONTACT_PATIENT


def test_two_people_finishing_one_to_do_at_once_finish_it_once() -> None:
    case, to_do = waiting(K.CALL_PATIENT)
    people = [case.coordinator, make_signer(Role.COORDINATOR, location=case.location)]
    outcomes = [O.WITHDREW, O.UNREACHABLE]
    both_ready = Barrier(2)

    def one_finishes(at: int) -> bool:
        both_ready.wait(20)
        try:
            finish(to_do.id, people[at].id, outcomes[at])
        except MovedOn:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        won = list(pool.map(one_finishes, range(2)))
    assert sorted(won) == [False, True]
    assert to_do_now(to_do).outcome is outcomes[won.index(True)]
    assert actions(case).count("case.moved") == 1


@pytest.mark.parametrize(
    ("outcome", "status"), [(O.ATTENDED, AppointmentStatus.ATTENDED), (O.NO_SHOW, AppointmentStatus.NO_SHOW)]
)
def test_outcome_of_a_session_of_ongoing_care_ends_that_session_alone(
    outcome: ToDoOutcome, status: AppointmentStatus
) -> None:
    care = make_care()
    visit, coming = make_visit(care, hours_ahead=-50), make_visit(care, hours_ahead=100)
    assert ask_about_others(utc_now()) == 1
    with reading() as db:
        [to_do] = db.exec(select(ToDo)).all()
    finish(to_do.id, care.clinician_id, outcome)
    with reading() as db:
        assert db.get_one(Appointment, visit.id).status is status
        assert db.get_one(Appointment, coming.id).status is AppointmentStatus.BOOKED
        assert db.get_one(Episode, care.case_number).status is EpisodeStatus.ACTIVE
    assert to_do_now(to_do).outcome is outcome


def test_session_that_has_not_begun_has_no_outcome() -> None:
    care = make_care()
    visit = make_visit(care, hours_ahead=1)
    with pytest.raises(NotAllowed, match="not begun"):
        record_visit(visit.id, staff_id=care.clinician_id, outcome=O.ATTENDED)
    elsewhere = make_signer(Role.COORDINATOR, location=make_location())
    with pytest.raises(NotAllowed, match="another location"):
        record_visit(visit.id, staff_id=elsewhere.id, outcome=O.ATTENDED)
