"""What would have been done against what was: each way to agree and to differ, and what an owner may be held up by."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.standing import SHADOW_WORKFLOWS, ShadowKind
from rules import shadow
from rules.exact_intervals import exact_share
from rules.shadow import COMPARED_WITH, KIND_LABELS, Compared, Did, How, Outcome, compare, fair, figure

K, Out = ShadowKind, Outcome
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
MATCH = {"ranked": [["C1", 0.9], ["C2", 0.8], ["C3", 0.7], ["C4", 0.6]], "excluded": ["C5"]}
TIMES = {"slots": ["SL1", "SL2"]}
OFFER = {"offered": ["W1", "W2"], "ranked": ["W1", "W2", "W3"]}
CLAIM = {"built": "d1", "procedure_code": "90834", "payer_code": "P", "charge_cents": 15000, "lines": 1, "rule": "x"}
NOTE = {"proposal": "d", "kind": "drafted", "format": "soap", "sentences": 4, "also_said": 1, "dropped": {}}
DATE = {"fits": True, "against": []}
NO_PLACE = {"fits": False, "against": ["away"]}
REMIND = {"plan": "72+24", "by": "email", "messages": 2}
ASK = {"due_on": "2026-11-26", "by": "email"}
FIGURES = ("90834", "P", 15000)


@pytest.mark.parametrize(
    ("kind", "would", "did", "outcome", "how"),
    [
        (K.MATCH, MATCH, Did(NOW, "C1"), Out.AGREED, How.FIRST),
        (K.MATCH, MATCH, Did(NOW, "C2"), Out.DIFFERED, How.AMONG_THE_FIRST),
        (K.MATCH, MATCH, Did(NOW, "C3"), Out.DIFFERED, How.AMONG_THE_FIRST),
        (K.MATCH, MATCH, Did(NOW, "C4"), Out.DIFFERED, How.LOWER),
        (K.MATCH, MATCH, Did(NOW, "C5"), Out.DIFFERED, How.EXCLUDED),
        (K.MATCH, MATCH, Did(NOW, "C9"), Out.CANNOT_TELL, How.NOT_CONSIDERED),
        (K.MATCH, MATCH, Did(), Out.NOT_YET, How.NOTHING),
        (K.MATCH, MATCH, Did(over=True), Out.NOT_DONE, How.NOTHING),
        (K.TIMES, TIMES, Did(NOW, "SL2"), Out.AGREED, How.AMONG_THE_OFFERED),
        (K.TIMES, TIMES, Did(NOW, "SL9"), Out.DIFFERED, How.ANOTHER),
        (K.TIMES, TIMES, Did(), Out.NOT_YET, How.NOTHING),
        (K.WAITLIST, OFFER, Did(NOW, "W1"), Out.AGREED, How.FIRST),
        (K.WAITLIST, OFFER, Did(NOW, "W2"), Out.AGREED, How.AMONG_THE_OFFERED),
        (K.WAITLIST, OFFER, Did(NOW, "W3"), Out.DIFFERED, How.LOWER),
        (K.WAITLIST, OFFER, Did(NOW, ""), Out.DIFFERED, How.NOT_ON_THE_LIST),
        (K.WAITLIST, OFFER, Did(over=True), Out.NOT_DONE, How.NOTHING),
        (K.CLAIM, CLAIM, Did(NOW, "d1"), Out.AGREED, How.THE_SAME),
        (K.CLAIM, CLAIM, Did(NOW, "d2", figures=FIGURES), Out.AGREED, How.SAME_FIGURES),
        (K.CLAIM, CLAIM, Did(NOW, "d2", figures=("90837", "P", 15000)), Out.DIFFERED, How.ANOTHER),
        (K.CLAIM, CLAIM, Did(), Out.NOT_YET, How.NOTHING),
        (K.CLAIM, CLAIM, Did(over=True), Out.CANNOT_TELL, How.NOT_ON_RECORD),
        (K.NOTE_DRAFT, NOTE, Did(NOW, "soap"), Out.AGREED, How.THE_SAME),
        (K.NOTE_DRAFT, NOTE, Did(NOW, "dap"), Out.DIFFERED, How.ANOTHER),
        (K.NOTE_DRAFT, NOTE, Did(NOW, "soap", stopped=True), Out.DIFFERED, How.STOPPED),
        (K.NOTE_DRAFT, NOTE, Did(), Out.NOT_YET, How.NOTHING),
        (K.COVERAGE, {"service_date": "2026-11-26"}, Did(NOW), Out.AGREED, How.THE_SAME),
        (K.COVERAGE, {"service_date": "2026-11-26"}, Did(over=True), Out.NOT_DONE, How.NOTHING),
        (K.REMINDERS, REMIND, Did(NOW), Out.AGREED, How.TOLD),
        (K.REMINDERS, REMIND, Did(over=True), Out.CANNOT_TELL, How.NOT_ON_RECORD),
        (K.REMINDERS, REMIND, Did(stopped=True), Out.CANNOT_TELL, How.STOPPED),
        (K.REMINDERS, REMIND, Did(), Out.NOT_YET, How.NOTHING),
        (K.SERIES, DATE, Did(NOW, "10:00", figures=("10:00",)), Out.AGREED, How.THE_SAME),
        (K.SERIES, DATE, Did(NOW, "11:00", figures=("10:00",)), Out.DIFFERED, How.ANOTHER),
        (K.SERIES, DATE, Did(over=True), Out.NOT_DONE, How.NOTHING),
        (K.SERIES, NO_PLACE, Did(over=True), Out.AGREED, How.THE_SAME),
        (K.SERIES, NO_PLACE, Did(), Out.NOT_YET, How.NOTHING),
        (K.SERIES, NO_PLACE, Did(NOW, "10:00", figures=("10:00",)), Out.DIFFERED, How.ANOTHER),
        (K.CHECK_IN, ASK, Did(NOW, How.TOLD), Out.AGREED, How.TOLD),
        (K.CHECK_IN, ASK, Did(NOW, How.WRITTEN_TO), Out.AGREED, How.WRITTEN_TO),
        (K.CHECK_IN, ASK, Did(stopped=True), Out.DIFFERED, How.STOPPED),
        (K.CHECK_IN, ASK, Did(over=True), Out.NOT_DONE, How.NOTHING),
    ],
)
def test_action_is_held_against_what_the_staff_did(
    kind: ShadowKind, would: dict[str, Any], did: Did, outcome: Outcome, how: How
) -> None:
    assert compare(kind, would, did) == Compared(outcome, how)


@pytest.mark.parametrize("kind", list(ShadowKind))
def test_what_was_noted_as_a_digest_alone_cannot_be_told(kind: ShadowKind) -> None:
    assert compare(kind, {}, Did(NOW, "C1")).outcome is Out.CANNOT_TELL


def test_every_kind_has_its_words_and_its_workflow() -> None:
    assert set(KIND_LABELS) == set(COMPARED_WITH) == set(SHADOW_WORKFLOWS) == set(ShadowKind)


@pytest.mark.parametrize(
    ("noted", "done", "which"),
    [
        ((0, 2), None, 1),
        ((0, 2), 1, 0),
        ((0, 2), 2, 1),
        ((0, 2), 3, 1),
        ((1, 2), 0, None),
        ((), None, None),
    ],
)
def test_last_note_before_the_act_is_the_fair_one(noted: tuple[int, ...], done: int | None, which: int | None) -> None:
    def at(hours: int) -> datetime:
        return NOW + timedelta(hours=hours)

    assert fair([at(each) for each in noted], None if done is None else at(done)) == which


def compared(agreed: int, differed: int, others: int = 0) -> list[tuple[Compared, Did]]:
    return [
        *[(Compared(Out.AGREED, How.FIRST), Did(NOW))] * agreed,
        *[(Compared(Out.DIFFERED, How.LOWER), Did(NOW))] * differed,
        *[(Compared(Out.CANNOT_TELL, How.NOT_ON_RECORD), Did())] * others,
    ]


def test_agreement_counts_only_where_both_acted_and_has_the_exact_interval() -> None:
    found = figure(K.MATCH, compared(17, 3, others=80))
    assert found.noted == 100 and found.agreement == exact_share(17, 20)
    assert found.agreement.low == pytest.approx(0.6211, abs=1e-4)
    assert found.agreement.high == pytest.approx(0.9679, abs=1e-4)
    assert found.says_something(20) and not found.says_something(21)
    assert found.as_signed() == {
        "kind": "match", "agreed": 17, "differed": 3, "not_done": 0, "not_yet": 0, "cannot_tell": 80,
    }  # fmt: skip


def test_nothing_to_hold_it_against_has_no_share() -> None:
    assert figure(K.MATCH, compared(0, 0, others=3)).agreement.value is None


def test_patients_who_came_are_counted_where_it_is_known() -> None:
    told, untold = (Compared(Out.AGREED, How.TOLD), Compared(Out.CANNOT_TELL, How.NOT_ON_RECORD))
    rows = [(told, Did(NOW, attended=True)), (untold, Did(attended=False)), (told, Did(NOW))]
    assert figure(K.REMINDERS, rows).attended == (1, 2)
    assert figure(K.REMINDERS, [(told, Did(NOW))]).attended is None


@pytest.mark.parametrize(
    ("agreed", "differed", "at_least", "against"),
    [
        (16, 4, None, 0),
        (16, 4, 0.8, 0),
        (15, 5, 0.8, 1),
        (19, 0, 0.8, 1),  # fewer than twenty say nothing, and nothing else does
        (20, 0, 1.0, 0),
    ],
)
def test_limit_of_the_practice_stands_against_going_up_only_where_it_is_set_and_missed(
    agreed: int, differed: int, at_least: float | None, against: int
) -> None:
    said = shadow.against_going_up([figure(K.MATCH, compared(agreed, differed))], at_least, 20)
    assert len(said) == against


def test_each_kind_of_which_enough_is_known_must_reach_the_limit() -> None:
    good, bad = figure(K.REMINDERS, compared(30, 0)), figure(K.WAITLIST, compared(10, 20))
    few = figure(K.SERIES, compared(0, 5))
    [said] = shadow.against_going_up([good, bad, few], 0.8, 20)
    assert said.startswith("freed times offered in the shadow: 10 of 30 agree")
