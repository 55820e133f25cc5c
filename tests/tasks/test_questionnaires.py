"""Starting a case, and asking for the questionnaires it still needs."""

import pytest
from sqlmodel import select

from adapters import therapy_store
from adapters.operational_store import reading
from models.codes import ReferralStatus
from models.errors import MovedOn, StaleLease
from models.operational import AuditEvent, Referral
from tasks import cases
from tasks.coverage import check_coverage
from tasks.questionnaires import ask_for_missing, begin
from tests.factories import MadeCase, make_case_at, make_patient

pytestmark = pytest.mark.usefixtures("home")

R = ReferralStatus


def case_now(case: MadeCase) -> Referral:
    with reading() as db:
        return db.get_one(Referral, case.number)


def answered(case: MadeCase, *measures: str, complete: bool = True) -> None:
    for measure in measures:
        therapy_store.keep_answers(
            case.number, measure, "1", {1: 0}, source_key="referral", complete=complete, total=None, band=None
        )


def test_received_case_is_screened_first() -> None:
    case = make_case_at(R.RECEIVED)
    begin(cases.take(case.number))
    assert (case_now(case).status, case_now(case).wake_wanted) == (R.READY_TO_SCREEN, False)


def test_possible_duplicate_goes_to_a_person_once() -> None:
    case = make_case_at(R.RECEIVED, possible_patient_ids=[make_patient().id])
    begin(cases.take(case.number))
    assert case_now(case).status is R.POSSIBLE_DUPLICATE


def test_possible_duplicate_that_a_person_has_settled_is_screened() -> None:
    case = make_case_at(R.RECEIVED, possible_patient_ids=[make_patient().id], came_from=R.POSSIBLE_DUPLICATE)
    begin(cases.take(case.number))
    assert case_now(case).status is R.READY_TO_SCREEN


def test_case_begins_once() -> None:
    case = make_case_at(R.RECEIVED)
    leg = cases.take(case.number)
    begin(leg)
    with pytest.raises(MovedOn):
        begin(leg)


@pytest.mark.parametrize(
    ("complete", "asks"),
    [((), True), (("phq9",), True), (("gad7", "cssrs_screener"), True), (("phq9", "gad7"), False)],
)
def test_missing_questionnaires_are_asked_of_the_patient(complete: tuple[str, ...], asks: bool) -> None:
    case = make_case_at(R.READY_TO_MATCH)
    answered(case, *complete)
    assert ask_for_missing.fn(cases.take(case.number)) is asks
    assert case_now(case).status is (R.QUESTIONNAIRES_REQUESTED if asks else R.READY_TO_MATCH)


def test_form_that_is_not_complete_is_asked_for() -> None:
    case = make_case_at(R.READY_TO_MATCH)
    answered(case, "phq9", "gad7", complete=False)
    assert ask_for_missing.fn(cases.take(case.number)) is True


@pytest.mark.parametrize(("self_pay", "reason"), [(False, "no eligibility"), (True, "pays without insurance")])
def test_coverage_is_unknown_and_says_why(self_pay: bool, reason: str) -> None:
    case = make_case_at(R.READY_TO_MATCH, patient=make_patient(self_pay=self_pay))
    assert check_coverage.fn(cases.take(case.number)) == "unknown"
    assert case_now(case).coverage_status == "unknown"
    assert reason in case_now(case).coverage_reason


def test_case_that_does_not_exist_cannot_be_taken() -> None:
    with pytest.raises(MovedOn):
        cases.take("RF-000000")


def test_taking_a_case_answers_the_wake_up() -> None:
    case = make_case_at(R.RECEIVED, wake_wanted=True)
    first = cases.take(case.number)
    second = cases.take(case.number)
    assert (second.fence, case_now(case).wake_wanted) == (first.fence + 1, False)
    assert cases.status_now(second) is R.RECEIVED


def test_overtaken_leg_reads_and_writes_nothing() -> None:
    case = make_case_at(R.RECEIVED)
    older, newer = cases.take(case.number), cases.take(case.number)
    begin(newer)
    before = case_now(case)
    for step in (cases.status_now, begin, ask_for_missing.fn, check_coverage.fn):
        with pytest.raises(StaleLease):
            step(older)
    assert case_now(case) == before
    with reading() as db:
        assert len(db.exec(select(AuditEvent).where(AuditEvent.case_number == case.number)).all()) == 1
