"""What no screening has read: where it is brought to from every status, and that nobody is told twice."""

from typing import Any

import pytest
from sqlmodel import select

from adapters import therapy_store
from adapters.operational_store import reading, writing
from adapters.therapy_store import IntakeContent
from models.codes import ReferralStatus, Role, ToDoKind
from models.columns import utc_now
from models.operational import AuditEvent, OutboxMessage, Referral, Staff, ToDo
from models.therapy_text import TherapyText
from models.transitions import REFERRAL_OWNERS
from tasks import cases
from tasks.questionnaires import ask_for_missing, begin
from tasks.repeats import take_repeat
from tasks.risk import screen
from tasks.unread import sweep_unread
from tests.factories import MadeCase, make_case_at, make_patient, make_to_do

pytestmark = pytest.mark.usefixtures("home")

R = ReferralStatus
CALM_WORDS = "I would like some help with planning my week."
WORRYING_WORDS = "I am going to kill myself tonight."
LEFT = {R.RECEIVED, R.READY_TO_SCREEN, R.POSSIBLE_DUPLICATE, R.QUESTIONNAIRES_REQUESTED}
TO_A_CLINICIAN = {R.BOOKED, R.CLOSING_LETTER, *(status for status in R if status.is_closed)}


def wrote(case: MadeCase, words: str = CALM_WORDS, source_key: str = "anything") -> str:
    return therapy_store.add_text(case.number, "patient_words", TherapyText(words), source_key=source_key)


def case_now(case: MadeCase) -> Referral:
    with reading() as db:
        return db.get_one(Referral, case.number)


def to_dos(case: MadeCase) -> list[ToDo]:
    with reading() as db:
        return list(db.exec(select(ToDo).where(ToDo.case_number == case.number, ToDo.role == Role.CLINICIAN)).all())


def paged(case: MadeCase) -> list[str | None]:
    with reading() as db:
        return [
            message.to_staff_id
            for message in db.exec(select(OutboxMessage).where(OutboxMessage.case_number == case.number)).all()
            if message.urgent
        ]


def repeated(case: MadeCase, words: str = CALM_WORDS, **given: Any) -> None:
    take_repeat(IntakeContent(case.number, TherapyText(words), (), given.get("answers", ())), "csv:R-1")


@pytest.mark.parametrize("status", sorted(set(REFERRAL_OWNERS) - LEFT - TO_A_CLINICIAN))
def test_unread_words_send_a_case_back_to_its_screening(status: ReferralStatus) -> None:
    case = make_case_at(status, risk_cleared=True)
    wrote(case)
    assert sweep_unread(utc_now()) == 1
    found = case_now(case)
    assert (found.status, found.risk_cleared, found.wake_wanted) == (R.READY_TO_SCREEN, False, True)
    assert sweep_unread(utc_now()) == 0


@pytest.mark.parametrize("status", sorted(TO_A_CLINICIAN))
@pytest.mark.parametrize(("words", "urgent"), [(CALM_WORDS, False), (WORRYING_WORDS, True)])
def test_unread_words_of_a_case_that_stays_go_to_a_clinician_once(
    status: ReferralStatus, words: str, urgent: bool
) -> None:
    case = make_case_at(status)
    wrote(case, words)
    assert [sweep_unread(utc_now()) for _ in range(3)] == [1, 0, 0]
    assert case_now(case).status is status
    [to_do] = to_dos(case)
    assert to_do.kind is ToDoKind.WARM_HANDOFF
    kept = therapy_store.to_do_words(to_do.id, actor="test", where="test")
    assert kept is not None and kept.question == TherapyText(words)
    assert paged(case) == ([case.clinician.id] if urgent else [])


@pytest.mark.parametrize("status", sorted(LEFT))
def test_case_that_is_read_soon_or_waits_for_words_is_left(status: ReferralStatus) -> None:
    case = make_case_at(status)
    wrote(case)
    assert sweep_unread(utc_now()) == 0
    assert (case_now(case).status, to_dos(case)) == (status, [])


def test_question_about_a_closing_letter_is_not_taken_back_by_new_words() -> None:
    case = make_case_at(R.QUESTION_OPEN, came_from=R.CLOSING_LETTER)
    wrote(case)
    assert sweep_unread(utc_now()) == 1
    assert (case_now(case).status, len(to_dos(case))) == (R.QUESTION_OPEN, 1)


def test_case_whose_words_were_read_stays_where_it_is() -> None:
    case = make_case_at(R.READY_TO_SCREEN, level=None)
    wrote(case)
    screen.fn(cases.take(case.number))
    status = case_now(case).status
    assert sweep_unread(utc_now()) == 0
    assert case_now(case).status is status


def test_round_with_nothing_new_reads_no_content() -> None:
    case = make_case_at(R.BOOKED)
    wrote(case)
    sweep_unread(utc_now())

    def reads() -> int:
        with therapy_store.writing() as db:
            return len(db.exec(select(therapy_store.TherapyAuditEvent.id)).all())

    before = reads()
    sweep_unread(utc_now())
    assert reads() == before


def test_changed_words_of_a_booked_case_are_a_clinicians_again() -> None:
    case = make_case_at(R.BOOKED)
    wrote(case)
    sweep_unread(utc_now())
    wrote(case, WORRYING_WORDS)
    assert sweep_unread(utc_now()) == 1
    assert (len(to_dos(case)), paged(case)) == (2, [case.clinician.id])


def test_unread_answers_of_a_booked_case_show_their_items() -> None:
    case = make_case_at(R.BOOKED)
    therapy_store.keep_answers(
        case.number, "phq9", "1", {9: 3}, source_key="referral", complete=False, total=None, band=None
    )
    assert sweep_unread(utc_now()) == 1
    [to_do] = to_dos(case)
    kept = therapy_store.to_do_words(to_do.id, actor="test", where="test")
    assert kept is not None and "item 9: 3" in kept.question.unwrap()
    assert paged(case) == [case.clinician.id]


def test_with_nobody_on_call_every_clinician_of_the_place_is_paged() -> None:
    case = make_case_at(R.CLOSED_WITHDRAWN)
    with writing() as db:
        staff = db.get_one(Staff, case.clinician.id)
        staff.on_call = False
        db.add(staff)
    wrote(case, WORRYING_WORDS)
    sweep_unread(utc_now())
    assert paged(case) == [case.clinician.id]


# -- a repeated referral


@pytest.mark.parametrize("status", [R.RISK_REVIEW, R.ASSIGNMENT, R.QUESTIONNAIRES_REQUESTED, R.OFFERED, R.MISSED])
def test_repeated_referral_sends_its_case_to_be_screened_again(status: ReferralStatus) -> None:
    case = make_case_at(status)
    repeated(case)
    assert case_now(case).status is R.READY_TO_SCREEN


def test_repeat_kept_by_a_leg_that_died_is_still_taken_in(monkeypatch: pytest.MonkeyPatch) -> None:
    case = make_case_at(R.ASSIGNMENT)
    with monkeypatch.context() as patch:
        patch.setattr("tasks.repeats.alarm_if_worrying", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            repeated(case)
    assert case_now(case).status is R.ASSIGNMENT
    repeated(case)
    assert case_now(case).status is R.READY_TO_SCREEN


@pytest.mark.parametrize("status", [R.BOOKED, R.CLOSED_ATTENDED, R.POSSIBLE_DUPLICATE])
def test_worrying_repeat_of_a_case_that_stays_pages_at_once(status: ReferralStatus) -> None:
    case = make_case_at(status)
    repeated(case, WORRYING_WORDS)
    repeated(case, WORRYING_WORDS)
    assert (case_now(case).status, len(to_dos(case)), paged(case)) == (status, 1, [case.clinician.id])


def test_third_referral_under_one_key_replaces_nothing_of_the_second() -> None:
    case = make_case_at(R.READY_TO_SCREEN)
    for words, item_9 in ((WORRYING_WORDS, 3), (CALM_WORDS, 0)):
        repeated(case, words, answers=(("phq9", "1", {9: item_9}, False, None, None, utc_now()),))
    kept = therapy_store.texts(case.number, actor="test", where="test")
    assert {text.text for text in kept} == {TherapyText(WORRYING_WORDS), TherapyText(CALM_WORDS)}
    forms = therapy_store.answers(case.number, actor="test", where="test")
    assert sorted(therapy_store.answers_of(form)[9] for form in forms) == [0, 3]


# -- a possible duplicate, and a patient who is to be called


@pytest.mark.parametrize(("words", "item_9", "pages"), [(CALM_WORDS, 0, 0), (WORRYING_WORDS, 0, 1), (CALM_WORDS, 1, 1)])
def test_possible_duplicate_that_worries_pages_before_it_waits(words: str, item_9: int, pages: int) -> None:
    case = make_case_at(R.RECEIVED, possible_patient_ids=[make_patient().id])
    wrote(case, words)
    therapy_store.keep_answers(
        case.number, "phq9", "1", {9: item_9}, source_key="referral", complete=False, total=None, band=None
    )
    begin(cases.take(case.number))
    assert (case_now(case).status, len(paged(case)), len(to_dos(case))) == (R.POSSIBLE_DUPLICATE, pages, pages)


def test_words_of_a_patient_who_is_to_be_called_are_read_and_the_call_stays_due() -> None:
    case = make_case_at(R.CONTACT_PATIENT, patient=make_patient(consent_ai=False))
    wrote(case)
    sweep_unread(utc_now())
    with writing() as db:  # a clinician has read what the classifier may not read
        referral = db.get_one(Referral, case.number)
        assert referral.status is R.READY_TO_SCREEN
        referral.status = R.READY_TO_MATCH
        db.add(referral)
    assert ask_for_missing.fn(cases.take(case.number)) is True
    assert case_now(case).status is R.CONTACT_PATIENT


def test_case_moved_at_the_same_moment_is_left_to_the_next_round(monkeypatch: pytest.MonkeyPatch) -> None:
    case = make_case_at(R.WAITLISTED)
    wrote(case)
    seen = therapy_store.unread

    def moved_meanwhile(case_number: str) -> list[str]:
        found = seen(case_number)
        monkeypatch.setattr(therapy_store, "unread", seen)
        return found[:0]

    monkeypatch.setattr(therapy_store, "unread", moved_meanwhile)
    assert [sweep_unread(utc_now()) for _ in range(2)] == [0, 1]
    with reading() as db:
        moves = db.exec(select(AuditEvent).where(AuditEvent.action == "case.moved")).all()
    assert len(moves) == 1


def test_text_message_that_has_its_to_do_gets_no_second_one() -> None:
    case = make_case_at(R.BOOKED)
    make_to_do(case.referral, ToDoKind.WARM_HANDOFF, role=Role.CLINICIAN, unique_key="text-message:TD-9")
    wrote(case, WORRYING_WORDS, source_key="sms:TD-9")
    assert sweep_unread(utc_now()) == 0
    assert len(to_dos(case)) == 1
