"""What of a session's talk is read for risk, by whom it was said, and which answers do not deny what was asked."""

from typing import Any

import pytest

from language.note_values import Role, Turn
from language.risk_values import RiskReading, RiskSignal, SignalKind, SignalStatus
from language.session_risk import ASKED, SessionSignal, read_session

P, C, OTHER = Role.PATIENT, Role.CLINICIAN, Role.OTHER
ASK = "Are you having any thoughts of killing yourself?"


def turns(*said: tuple[Role, str]) -> list[Turn]:
    return [Turn(role.value, role, text) for role, text in said]


class Reader:
    """Finds a word wherever it stands, and remembers what it was given."""

    def __init__(self, word: str = "zibbertrance", status: SignalStatus = SignalStatus.PRESENT) -> None:
        self.word, self.status, self.given = word, status, []  # type: ignore[var-annotated]
        self.readable = True

    def __call__(self, text: str, *, rules_only: bool = False) -> RiskReading:
        self.given.append((text, rules_only))
        signals, at = [], text.find(self.word)
        while at >= 0:
            signals.append(
                RiskSignal(SignalKind.SELF_HARM, self.status, 0.9, at, at + len(self.word), "rule", "r", "why", "1")
            )
            at = text.find(self.word, at + 1)
        return RiskReading(self.readable, "" if self.readable else "another language", tuple(signals), "test-1")


def read(*said: tuple[Role, str], reader: Any = None, **given: Any) -> tuple[SessionSignal, ...]:
    return read_session(turns(*said), reader or Reader(), **given).signals


def places(signals: tuple[SessionSignal, ...]) -> list[tuple[int, int, int]]:
    return [(one.turn, one.signal.start, one.signal.end) for one in signals]


def test_signal_lies_in_the_turn_that_says_it() -> None:
    found = read((P, "Hello."), (C, "Go on."), (P, "It is the zibbertrance."), (P, "zibbertrance again"))
    assert places(found) == [(2, 10, 22), (3, 0, 12)]


def test_patient_is_read_at_one_go_and_others_apart_from_them() -> None:
    reader = Reader()
    read(
        (P, "One."), (OTHER, "His wife."), (C, "zibbertrance?"), (P, "Two."), (P, "  "), reader=reader, rules_only=True
    )
    assert reader.given == [("One.\nTwo.", True), ("His wife.", True)]


def test_what_the_clinician_says_is_no_signal_of_its_own() -> None:
    assert read((C, "Some people feel the zibbertrance."), (P, "I see.")) == ()


def test_what_a_relative_says_is_read_too() -> None:
    assert places(read((P, "Hm."), (OTHER, "He spoke of zibbertrance."))) == [(1, 12, 24)]


def test_evidence_that_runs_into_the_next_turn_is_cut_at_its_own() -> None:
    def runs_over(text: str, *, rules_only: bool = False) -> RiskReading:
        signal = RiskSignal(SignalKind.SELF_HARM, SignalStatus.PRESENT, 0.9, 3, len(text), "rule", "r", "why", "1")
        return RiskReading(True, "", (signal,), "test-1")

    assert places(read((P, "first turn"), (P, "second"), reader=runs_over)) == [(0, 3, 10)]


def test_session_in_which_nobody_but_the_clinician_speaks_is_read_without_a_signal() -> None:
    reader = Reader()
    found = read_session(turns((C, "Hello?"), (P, " ")), reader)
    assert (found.readable, found.signals, reader.given) == (True, (), [])


def test_session_that_cannot_be_read_says_so_whoever_could_not_be() -> None:
    reader = Reader()
    reader.readable = False
    found = read_session(turns((P, "Bonjour."), (OTHER, "Bonsoir.")), reader)
    assert (found.readable, found.unreadable_reason) == (False, "another language; another language")


# -- asked, and not denied


def asked(answer: str, question: str = ASK) -> list[SignalKind]:
    found = read((C, question), (P, answer))
    assert all(one.signal.rule_id == ASKED and one.turn == 1 for one in found)
    assert all((one.signal.start, one.signal.end) == (0, len(answer)) for one in found)
    return [one.signal.kind for one in found]


@pytest.mark.parametrize(
    "answer",
    [
        "No.",
        "no, never",
        "Oh, no.",
        "Um, nope.",
        "Never.",
        "Not at all.",
        "None.",
        "Absolutely not.",
        "Of course not!",
        "I don't.",
        "I don't have thoughts like that.",
        "I do not have a plan.",
        "I\u2019m not.",
        "I would never.",
        "I haven't had any.",
        "I don't want to die.",
        "Honestly, no.",
    ],
)
def test_clear_denial_raises_nothing(answer: str) -> None:
    assert asked(answer) == []


@pytest.mark.parametrize(
    "answer",
    [
        "Yes.",
        "Sometimes.",
        "Maybe.",
        "I guess so.",
        "Hmm.",
        "Well...",
        "No, but at night it is different.",
        "No, not really.",
        "Not today.",
        "Not anymore.",
        "Not lately.",
        "No, I don't know.",
        "I don't know.",
        "I don\u2019t know.",
        "I don't really know.",
        "I don't think so.",
        "I'm not sure.",
        "I am not sure.",
        "I'm not going to answer that.",
        "I don't want to talk about it.",
        "I'd rather not say.",
        "I wouldn't say that.",
        "I don't want to live like this.",
        "I don't want to be here.",
        "No idea.",
        "Never mind.",
        "None of your business.",
        "Who doesn't?",
    ],
)
def test_answer_that_does_not_clearly_deny_is_a_clinicians_to_read(answer: str) -> None:
    assert asked(answer) == [SignalKind.SUICIDAL_IDEATION]


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Any suicidal thoughts this week?", SignalKind.SUICIDAL_IDEATION),
        ("Have you been wishing to die?", SignalKind.SUICIDAL_IDEATION),
        ("Do you ever feel that others are better off dead?", SignalKind.SUICIDAL_IDEATION),
        ("Are you not wanting to wake up?", SignalKind.SUICIDAL_IDEATION),
        ("Have you hurt yourself?", SignalKind.SELF_HARM),
        ("Any self-harm since we met?", SignalKind.SELF_HARM),
        ("Do you think of hurting anyone?", SignalKind.HARM_TO_OTHERS),
        ("Did you want to harm or kill him?", SignalKind.HARM_TO_OTHERS),
    ],
)
def test_question_says_what_its_answer_is_about(question: str, kind: SignalKind) -> None:
    assert asked("Yes.", question) == [kind]


@pytest.mark.parametrize(
    "question",
    ["How did you sleep?", "You said you wanted to kill yourself.", "Did you hurt yourself? How is work, though?"],
)
def test_only_the_last_question_asks(question: str) -> None:
    assert asked("Yes.", question) == []


def test_answer_of_somebody_else_or_none_is_no_answer() -> None:
    assert read((C, ASK), (OTHER, "He does.")) == ()
    assert read((C, ASK)) == ()
    assert read((P, ASK), (P, "Yes.")) == ()
    assert read((C, ASK), (P, "..."), (P, "Yes.")) == ()


def test_answer_that_carries_its_own_flag_is_not_told_twice() -> None:
    assert [one.signal.rule_id for one in read((C, ASK), (P, "Yes, the zibbertrance."))] == ["r"]
    historical = Reader(status=SignalStatus.HISTORICAL)
    twice = read((C, ASK), (P, "Yes, the zibbertrance."), reader=historical)
    assert {one.signal.rule_id for one in twice} == {"r", ASKED}


def test_signals_come_in_the_order_of_the_session() -> None:
    found = read((C, ASK), (P, "Hm."), (OTHER, "zibbertrance"), (P, "zibbertrance"))
    assert [one.turn for one in found] == [1, 2, 3]


def test_signal_never_says_why_in_the_patients_words() -> None:
    [found] = read((C, ASK), (P, "Perhaps krindlespat."))
    assert "krindlespat" not in found.signal.why


def test_classifiers_word_counts_in_a_session_from_a_higher_score_only() -> None:
    said = "I did the dishes."
    signals = tuple(
        RiskSignal(SignalKind.SELF_HARM, SignalStatus.PRESENT, score, 0, 5, by, f"{by}.self_harm", "sounds", "v")
        for by, score in (("classifier", 0.5), ("rule", 0.5))
    )

    def read(text: str, rules_only: bool = False) -> RiskReading:
        return RiskReading(True, "", signals, "v")

    turns = [Turn("P", Role.PATIENT, said)]
    all_of_it = read_session(turns, read, least=lambda kind: 0.5).signals
    assert {each.signal.raised_by for each in all_of_it} == {"classifier", "rule"}
    only_rule = read_session(turns, read, least=lambda kind: 0.51).signals
    assert [each.signal.raised_by for each in only_rule] == ["rule"]
