"""Screening: what raises a review, what a reader may do where, and what screening again does."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlmodel import select

from acts.risk_reading import read_risk
from adapters import therapy_store
from adapters.operational_store import move_case, reading, writing
from adapters.settings import settings
from language.risk_values import RiskReading, RiskSignal, SignalKind, SignalStatus
from models.codes import ReferralStatus, RiskLevel
from models.errors import MovedOn, StaleLease
from models.measures import Measure
from models.operational import AuditEvent, Referral
from models.therapy_text import TherapyText
from tasks import cases
from tasks.risk import review_content, screen
from tests.factories import MadeCase, make_case_at, make_patient

pytestmark = pytest.mark.usefixtures("home")

R = ReferralStatus
CONSENT = {"consent_ai": True, "consent_ai_on": date(2026, 1, 5)}


def signal(kind: SignalKind = SignalKind.SELF_HARM, status: SignalStatus = SignalStatus.PRESENT) -> RiskSignal:
    return RiskSignal(kind, status, 0.91, 2, 9, "rule", f"test.{kind.value}", "a test phrase", "test-1")


@dataclass
class Reader:
    """A reader of free text that says what it is told to, and remembers how it was asked."""

    signals: tuple[RiskSignal, ...] = ()
    unreadable: str = ""
    asked: list[tuple[str, bool]] = field(default_factory=list)

    def __call__(self, text: str, rules_only: bool = False) -> RiskReading:
        self.asked.append((text, rules_only))
        return RiskReading(not self.unreadable, self.unreadable, self.signals, "test-1")


def broken(text: str, rules_only: bool = False) -> RiskReading:
    raise RuntimeError(f"cannot read {text}")


def unscreened(**person: Any) -> MadeCase:
    """A case to screen, of somebody whose text the classifier may read unless ``person`` says otherwise."""
    return make_case_at(R.READY_TO_SCREEN, level=None, patient=make_patient(**(CONSENT | person)))


def answered(case: MadeCase, measure: Measure, answers: dict[int, int], source: str = "referral", **given: Any) -> None:
    therapy_store.keep_answers(
        case.number,
        measure.value,
        "1",
        answers,
        source_key=source,
        complete=given.pop("complete", True),
        total=None,
        band=None,
        **given,
    )


def said(case: MadeCase, words: str, kind: str = "referral_text", source_key: str = "") -> str:
    return therapy_store.add_text(case.number, kind, TherapyText(words), source_key=source_key)


def screened(case: MadeCase, read: Any = None) -> str:
    return screen.fn(cases.take(case.number), read or Reader())


def screened_again(case: MadeCase, read: Any = None) -> str:
    with writing() as db:
        referral = db.get_one(Referral, case.number)
        referral.status = R.READY_TO_SCREEN
        db.add(referral)
    return screened(case, read)


def case_now(case: MadeCase) -> Referral:
    with reading() as db:
        return db.get_one(Referral, case.number)


def flags(case: MadeCase) -> list[therapy_store.RiskFlag]:
    return therapy_store.flags(case.number, actor="test", where="test")


def reviewed(case: MadeCase) -> None:
    ids = [flag.id for flag in flags(case)]
    therapy_store.mark_reviewed(case.number, ids, "AP-earlier", "ST-test")


CALM = dict.fromkeys(range(1, 10), 0)


@pytest.mark.parametrize(
    ("measure", "answers", "level"),
    [
        (Measure.PHQ9, CALM, None),
        (Measure.PHQ9, CALM | {9: 1}, RiskLevel.MODERATE),
        (Measure.PHQ9, CALM | {9: 2}, RiskLevel.HIGH),
        (Measure.PHQ9, {9: 3}, RiskLevel.HIGH),
        (Measure.PHQ9, {1: 3}, None),
        (Measure.CSSRS_SCREENER, {1: 0, 2: 0, 6: 0}, None),
        (Measure.CSSRS_SCREENER, {1: 1, 2: 0, 6: 0}, RiskLevel.LOW),
        (Measure.CSSRS_SCREENER, {1: 1, 2: 1, 3: 1, 4: 1, 5: 0, 6: 0}, RiskLevel.HIGH),
        (Measure.GAD7, dict.fromkeys(range(1, 8), 3), None),
    ],
)
def test_item_rules_open_a_review_at_their_level(
    measure: Measure, answers: dict[int, int], level: RiskLevel | None
) -> None:
    case = unscreened()
    answered(case, measure, answers)
    assert screened(case) == (level.value if level else "none raised")
    found = case_now(case)
    assert (found.status, found.risk_cleared, found.risk_level) == (
        R.RISK_REVIEW if level else R.READY_TO_MATCH,
        level is None,
        level,
    )


def test_case_without_anything_to_read_is_matched_and_nothing_is_claimed() -> None:
    case = unscreened()
    reader = Reader((signal(),))
    assert screened(case, reader) == "none raised"
    assert (flags(case), reader.asked, case_now(case).risk_level) == ([], [], None)


def test_text_signal_becomes_a_flag_with_its_evidence() -> None:
    case = unscreened()
    text_id = said(case, "a few words of a referral")
    assert screened(case, Reader((signal(),))) == "moderate"
    [flag] = flags(case)
    assert (flag.kind, flag.status, flag.level, flag.raised_by) == ("self_harm", "present", "moderate", "rule")
    assert (flag.text_id, flag.starts, flag.ends, flag.probability) == (text_id, 2, 9, 0.91)
    assert (flag.rule_id, flag.version) == ("test.self_harm", "test-1")


@pytest.mark.parametrize(
    ("status", "raised"),
    [
        (SignalStatus.PRESENT, 1),
        (SignalStatus.HISTORICAL, 1),
        (SignalStatus.NEGATED, 0),
        (SignalStatus.SOMEONE_ELSE, 0),
        (SignalStatus.IDIOM, 0),
    ],
)
def test_only_what_is_about_the_patient_raises_a_flag(status: SignalStatus, raised: int) -> None:
    case = unscreened()
    said(case, "a few words of a referral")
    screened(case, Reader((signal(status=status),)))
    assert len(flags(case)) == raised


def test_a_doubted_find_is_read_with_the_case_and_alarms_nobody() -> None:
    case = unscreened()
    said(case, "a few words of a referral")
    doubted = signal(SignalKind.SUICIDE_PLAN_INTENT_OR_BEHAVIOUR, SignalStatus.DOUBTED)
    assert screened(case, Reader((doubted,))) == "low"
    (flag,) = flags(case)
    assert (flag.status, flag.level) == ("doubted", "low")


def test_highest_level_of_answers_and_texts_wins() -> None:
    case = unscreened()
    answered(case, Measure.PHQ9, CALM | {9: 1})
    said(case, "a few words of a referral")
    plan = signal(SignalKind.SUICIDE_PLAN_INTENT_OR_BEHAVIOUR)
    assert screened(case, Reader((signal(), plan))) == "high"
    assert len(flags(case)) == 3


@pytest.mark.parametrize(
    ("read", "why"),
    [
        (broken, "the risk reader failed: a person must read it"),
        (Reader(unreadable="not in English"), "not in English: a person must read it"),
    ],
)
def test_text_that_was_not_read_is_a_persons_to_read(read: Any, why: str) -> None:
    case = unscreened()
    words = "a few words of a referral"
    text_id = said(case, words)
    assert screened(case, read) == "moderate"
    [flag] = flags(case)
    assert (flag.kind, flag.why, flag.text_id) == ("unread_text", why, text_id)
    assert (flag.starts, flag.ends) == (0, len(words))
    assert case_now(case).status is R.RISK_REVIEW


def test_failing_reader_logs_no_word_of_the_text(caplog: pytest.LogCaptureFixture) -> None:
    case = unscreened()
    said(case, "marker phrase of a referral")
    screened(case, broken)
    assert "RuntimeError" in caplog.text
    assert "marker" not in caplog.text


def test_screening_twice_raises_nothing_twice() -> None:
    case = unscreened()
    answered(case, Measure.PHQ9, CALM | {9: 2})
    said(case, "a few words of a referral")
    reader = Reader((signal(), signal(SignalKind.HARM_TO_OTHERS)))
    screened(case, reader)
    before = [(flag.id, flag.unique_key) for flag in flags(case)]
    assert screened_again(case, reader) == "high"
    assert [(flag.id, flag.unique_key) for flag in flags(case)] == before
    assert len(before) == 3


def test_same_words_in_two_texts_are_screened_without_falling_over() -> None:
    case = unscreened()
    first = said(case, "a few words")
    second = said(case, "a few words", "patient_words", "portal")
    assert screened(case, Reader((signal(), signal()))) == "moderate"
    assert {flag.text_id for flag in flags(case)} == {first, second}
    assert len(flags(case)) == 2


def test_reviewed_flags_do_not_reopen_a_review() -> None:
    case = unscreened()
    answered(case, Measure.PHQ9, CALM | {9: 2})
    said(case, "a few words of a referral")
    reader = Reader((signal(),))
    screened(case, reader)
    reviewed(case)
    assert screened_again(case, reader) == "none raised"
    assert (case_now(case).status, case_now(case).risk_cleared) == (R.READY_TO_MATCH, True)


@pytest.mark.parametrize(
    "change",
    [
        lambda case: said(case, "other words now"),
        lambda case: said(case, "a few words of a referral", "answered_question", "TD-1"),
        lambda case: answered(case, Measure.PHQ9, CALM | {9: 1}),
        lambda case: answered(case, Measure.PHQ9, CALM | {9: 2}, authored_at=datetime(2027, 1, 1, tzinfo=UTC)),
        lambda case: answered(case, Measure.CSSRS_SCREENER, {1: 1, 2: 0, 6: 0}),
    ],
    ids=["new words", "same words again", "new answer", "same answer given anew", "another form"],
)
def test_something_new_reopens_the_review(change: Any) -> None:
    case = unscreened()
    answered(case, Measure.PHQ9, CALM | {9: 2})
    said(case, "a few words of a referral")
    reader = Reader((signal(),))
    screened(case, reader)
    reviewed(case)
    change(case)
    screened_again(case, reader)
    assert (case_now(case).status, case_now(case).risk_cleared) == (R.RISK_REVIEW, False)


@pytest.mark.parametrize("worst_first", [True, False])
def test_every_set_of_answers_is_screened_not_the_newest_alone(worst_first: bool) -> None:
    case = unscreened()
    first, second = (CALM | {9: 3}, CALM) if worst_first else (CALM, CALM | {9: 3})
    answered(case, Measure.PHQ9, first, "referral", authored_at=datetime(2026, 1, 1, tzinfo=UTC))
    answered(case, Measure.PHQ9, second, "portal", authored_at=datetime(2026, 2, 1, tzinfo=UTC))
    assert screened(case) == "high"


def test_screening_marks_what_it_read_and_changed_content_is_unread_again() -> None:
    case = unscreened()
    text_id = said(case, "a few words of a referral")
    answered(case, Measure.PHQ9, CALM, authored_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert len(therapy_store.unread(case.number)) == 2
    assert therapy_store.cases_with_unread() == {case.number}
    screened(case)
    assert (therapy_store.unread(case.number), therapy_store.cases_with_unread()) == ([], set())
    said(case, "a few words of a referral")
    assert therapy_store.unread(case.number) == []
    said(case, "other words")
    assert therapy_store.unread(case.number) == [text_id]
    assert therapy_store.cases_with_unread() == {case.number}


def test_answers_given_anew_under_the_same_date_are_unread_again() -> None:
    case = unscreened()
    answered(case, Measure.PHQ9, CALM, authored_at=datetime(2026, 1, 1, tzinfo=UTC))
    screened(case)
    answered(case, Measure.PHQ9, CALM | {9: 3}, authored_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert therapy_store.cases_with_unread() == {case.number}
    assert screened_again(case) == "high"


def test_words_changed_while_they_were_read_are_not_marked() -> None:
    case = unscreened()
    text_id = said(case, "a few words of a referral")
    old = [(text_id, therapy_store.state_of(therapy_store.texts(case.number, actor="t", where="test")[0]))]
    said(case, "other words")
    therapy_store.raise_flags(case.number, [], old)
    assert (therapy_store.unread(case.number), therapy_store.cases_with_unread()) == ([text_id], {case.number})


def test_text_that_comes_while_the_case_is_screened_is_read_before_it_is_cleared() -> None:
    case = unscreened()
    said(case, "a few words of a referral")

    def somebody_writes_meanwhile(text: str, rules_only: bool = False) -> RiskReading:
        if text == "I cannot go on":
            return Reader((signal(),))(text, rules_only)
        said(case, "I cannot go on", "patient_words", "sms:TD-1")
        return Reader()(text, rules_only)

    assert screened(case, somebody_writes_meanwhile) == "moderate"
    assert (case_now(case).status, case_now(case).risk_cleared) == (R.RISK_REVIEW, False)
    assert therapy_store.unread(case.number) == []


def test_case_rerouted_to_its_screening_meanwhile_is_left_to_the_next_one() -> None:
    case = unscreened()
    said(case, "a few words of a referral")

    def rerouted_meanwhile(text: str, rules_only: bool = False) -> RiskReading:
        with writing() as db:
            referral = db.get_one(Referral, case.number)
            referral.version += 2
            db.add(referral)
        return Reader()(text, rules_only)

    with pytest.raises(MovedOn):
        screened(case, rerouted_meanwhile)
    assert case_now(case).status is R.READY_TO_SCREEN


def test_case_that_does_not_wait_for_its_screening_is_not_screened() -> None:
    case = make_case_at(R.READY_TO_MATCH)
    with pytest.raises(MovedOn):
        screened(case)


@pytest.mark.parametrize("status", [R.CONTACT_PATIENT, R.ASSIGNMENT, R.WAITLISTED])
def test_case_sent_to_its_screening_is_not_cleared_any_more(status: ReferralStatus) -> None:
    case = make_case_at(status, risk_cleared=True)
    with writing() as db:
        move_case(db, db.get_one(Referral, case.number), R.READY_TO_SCREEN, actor="test")
    assert case_now(case).risk_cleared is False


@pytest.mark.parametrize(
    ("person", "rules_only"),
    [
        ({"state": "OR", **CONSENT}, False),
        ({"state": "IL", **CONSENT}, True),
        ({"state": "NV", **CONSENT}, True),
        ({"state": None, **CONSENT}, True),
        ({"state": "OR", "consent_ai": None}, True),
        ({"state": "OR", "consent_ai": False, "consent_ai_on": date(2026, 1, 5)}, True),
        ({"state": "OR", "consent_ai": True, "consent_ai_on": None}, True),
    ],
)
def test_place_and_consent_decide_whether_the_classifier_runs(person: dict[str, Any], rules_only: bool) -> None:
    case = unscreened(**person)
    said(case, "a few words of a referral")
    reader = Reader()
    screened(case, reader)
    assert [asked[1] for asked in reader.asked] == [rules_only]
    with reading() as db:
        [event] = db.exec(select(AuditEvent).where(AuditEvent.action == "risk.screened")).all()
    left = {"flags": 1, "level": "low"} if rules_only else {"flags": 0, "level": None}
    assert event.details == {**left, "classifier_ran": not rules_only}


def test_text_that_the_classifier_may_not_read_is_a_persons_to_read() -> None:
    case = unscreened(state="IL")
    said(case, "a few words of a referral")
    assert screened(case, Reader()) == "low"
    [flag] = flags(case)
    assert (flag.rule_id, flag.level, case_now(case).status) == ("classifier-off", "low", R.RISK_REVIEW)
    assert "a person reads the text" in flag.why and "Illinois" in flag.why


def test_item_rules_stay_on_where_the_classifier_is_off() -> None:
    case = unscreened(state="IL", **CONSENT)
    answered(case, Measure.PHQ9, CALM | {9: 1})
    assert screened(case) == "moderate"


def test_overtaken_leg_raises_no_flag() -> None:
    case = unscreened()
    answered(case, Measure.PHQ9, CALM | {9: 2})
    older = cases.take(case.number)
    cases.take(case.number)
    with pytest.raises(StaleLease):
        screen.fn(older, Reader())
    assert (flags(case), case_now(case).status) == ([], R.READY_TO_SCREEN)


def test_case_stopped_while_it_is_screened_stays_stopped() -> None:
    case = unscreened()
    said(case, "a few words of a referral")

    def stopped_meanwhile(text: str, rules_only: bool = False) -> RiskReading:
        with writing() as db:
            referral = db.get_one(Referral, case.number)
            referral.status, referral.version = R.CLOSED_WITHDRAWN, referral.version + 1
            db.add(referral)
        return Reader()(text, rules_only)

    with pytest.raises(Exception, match="has moved on"):
        screened(case, stopped_meanwhile)
    assert (case_now(case).status, case_now(case).risk_cleared) == (R.CLOSED_WITHDRAWN, False)


def test_review_content_shows_flags_answers_and_texts_by_digest() -> None:
    case = unscreened(state="IL", **CONSENT)
    answered(case, Measure.PHQ9, CALM | {9: 2})
    text_id = said(case, "a few words of a referral")
    screened(case, Reader((signal(),)))
    content = review_content(case.number, "high")
    assert (content["level"], content["disposition"], content["classifier"]["allowed"]) == (
        "high",
        "continue_intake",
        False,
    )
    assert {flag["id"] for flag in content["flags"]} == {flag.id for flag in flags(case)}
    assert all(flag["reviewed"] is False for flag in content["flags"])
    assert content["measures"][0]["answers"]["9"] == 2
    assert [(text["id"], text["kind"]) for text in content["texts"]] == [(text_id, "referral_text")]
    assert "few words" not in str(content)


@pytest.mark.parametrize("note", ["{", '{"version": "risk-gone", "manifest_sha256": "0"}'])
def test_weights_that_are_not_those_promoted_make_the_text_a_persons_to_read(note: str):
    folder = settings().models_folder / "risk_signals"
    folder.mkdir(parents=True)
    (folder / "in-force.json").write_text(note)
    case = unscreened()
    said(case, "We had soup.")
    assert screened(case, read_risk) != "none raised"
    [flag] = therapy_store.flags(case.number, actor="test", where="test")
    assert flag.why == "the risk reader failed: a person must read it"
