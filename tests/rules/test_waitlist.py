"""Who is offered a freed time: order, refusals, batches, holds over nights and clock changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.codes import Modality
from rules.matching import CandidateClinician, MatchRequest, Office
from rules.scheduling import Interval
from rules.waitlist import (
    WISHES,
    Choice,
    FreedTime,
    RefusalCode,
    Waiting,
    WaitlistPolicy,
    choose,
    hold_of,
    order,
    refusals_of,
    way_of,
)

PORTLAND = "America/Los_Angeles"
ALBANY = "America/New_York"
NOW = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)  # Monday 10:00 in Portland
STARTS = datetime(2026, 11, 3, 19, 0, tzinfo=UTC)  # Tuesday 11:00 there
TIME = FreedTime("SL-1", "ST-1", "LOC-1", STARTS, 50, Modality.EITHER)
POLICY = WaitlistPolicy()
CLINICIAN = CandidateClinician(
    clinician_id="ST-1",
    licensed_states=frozenset({"OR"}),
    panels=frozenset({("AETNA", "PPO")}),
    min_age=18,
    max_age=120,
    modalities=frozenset({Modality.OFFICE, Modality.TELEHEALTH}),
    languages=frozenset({"en"}),
    open_places=0,
    caseload_limit=20,
    offices=(Office("LOC-1", "OR", accessible=False),),
)
REQUEST = MatchRequest(
    patient_id="PT-1",
    patient_state="OR",
    age=36,
    payer="AETNA",
    plan="PPO",
    self_pay=False,
    modality=Modality.EITHER,
    language="en",
    location_id="LOC-1",
)


def waiting(entry_id: str = "WL-1", **given: Any) -> Waiting:
    request = {name: given.pop(name) for name in list(given) if name in MatchRequest.__dataclass_fields__}
    facts: dict[str, Any] = {
        "priority": 3,
        "since": NOW - timedelta(days=3),
        "zone": PORTLAND,
        "only_clinician": "ST-1",
        "own_clinician": "ST-1",
    }
    return Waiting(entry_id, request=replace(REQUEST, **request), **(facts | given))


def chosen(*people: Waiting, time: FreedTime = TIME, **given: Any) -> Choice:
    return choose(time, CLINICIAN, people, **({"now": NOW, "policy": POLICY} | given))


def ids(choice: Choice) -> list[str]:
    return [one.entry_id for one in choice.chosen]


def codes(one: Waiting, time: FreedTime = TIME, now: datetime = NOW) -> set[RefusalCode]:
    refusals, _ = refusals_of(time, CLINICIAN, one, now=now, policy=POLICY)
    return {each.code for each in refusals}


# -- order


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"priority": 1}, {"priority": 2, "since": NOW - timedelta(days=400)}),
        ({"since": NOW - timedelta(days=14)}, {"since": NOW - timedelta(days=13, hours=23), "offers": 0}),
        ({"offers": 1, "since": NOW - timedelta(days=7)}, {"offers": 2, "since": NOW - timedelta(days=13)}),
        ({"offers": 1, "last_offered_at": NOW - timedelta(days=2)}, {"offers": 1, "last_offered_at": NOW}),
        ({"offers": 1}, {"offers": 1, "last_offered_at": NOW - timedelta(days=90)}),
        ({"since": NOW - timedelta(days=3, seconds=1)}, {"since": NOW - timedelta(days=3)}),
    ],
    ids=["priority", "whole weeks waited", "fewest offers", "oldest offer", "never offered", "longest in the week"],
)
def test_order_is_priority_then_wait_then_fairness(first: dict, second: dict):
    people = [waiting("WL-second", **second), waiting("WL-first", **first)]
    assert [one.entry_id for one in sorted(people, key=lambda one: order(one, NOW))] == ["WL-first", "WL-second"]


def test_wait_of_less_than_a_week_more_does_not_beat_fairness():
    longer = waiting("WL-longer", since=NOW - timedelta(days=6, hours=23), offers=3)
    assert ids(chosen(longer, waiting("WL-newer", since=NOW), policy=replace(POLICY, batch=1))) == ["WL-newer"]


# -- refusals


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"not_ready": "no clinician is assigned yet"}, RefusalCode.NOT_READY),
        ({"only_clinician": "ST-2", "own_clinician": "ST-2"}, RefusalCode.OTHER_CLINICIAN),
        ({"busy": (Interval(STARTS + timedelta(minutes=49), STARTS + timedelta(hours=2)),)}, RefusalCode.BUSY),
        ({"held": (Interval(STARTS - timedelta(minutes=10), STARTS + timedelta(minutes=1)),)}, None),
        ({"not_after": STARTS}, RefusalCode.NOT_EARLIER),
        ({"wanted_times": frozenset({"tue-pm", "mon-am"})}, RefusalCode.OTHER_TIMES),
        ({"said_no": frozenset({"SL-1"})}, RefusalCode.SAID_NO),
        ({"min_notice_hours": 26}, RefusalCode.SHORT_NOTICE),
        ({"modality": Modality.OFFICE, "needs_accessible": True}, RefusalCode.NO_WAY),
        ({"modality": Modality.TELEHEALTH, "patient_state": "WA"}, RefusalCode.NO_WAY),
        ({"location_id": "LOC-2", "modality": Modality.OFFICE}, RefusalCode.NO_WAY),
    ],
)
def test_each_hard_filter_alone_keeps_a_time_from_somebody(given: dict, code: RefusalCode | None):
    expected = {RefusalCode.HOLDS_THIS_HOUR} if code is None else {code}
    assert codes(waiting(**given)) == expected
    assert ids(chosen(waiting(**given))) == []


@pytest.mark.parametrize(
    "given",
    [
        {"busy": (Interval(STARTS + timedelta(minutes=50), STARTS + timedelta(hours=2)),)},
        {"held": (Interval(STARTS - timedelta(minutes=50), STARTS),)},
        {"not_after": STARTS + timedelta(seconds=1)},
        {"wanted_times": frozenset({"tue-am"})},
        {"said_no": frozenset({"SL-2"})},
        {"min_notice_hours": 25},
        {"modality": Modality.OFFICE},
        {"modality": Modality.TELEHEALTH, "location_id": "LOC-2"},
    ],
)
def test_other_side_of_each_filter_lets_the_time_through(given: dict):
    assert codes(waiting(**given)) == set()
    assert ids(chosen(waiting(**given))) == ["WL-1"]


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({}, False),
        ({"payer": "CIGNA"}, True),
        ({"payer": None, "self_pay": True}, False),
        ({"language": "es"}, True),
        ({"language": None}, True),
        ({"age": 17}, True),
        ({"age": 18}, False),
    ],
)
def test_colleague_must_pass_all_that_matching_asks_but_a_free_place(given: dict, refused: bool):
    anybody = waiting(only_clinician=None, own_clinician="ST-2", **given)
    assert codes(anybody) == ({RefusalCode.NOT_SUITED} if refused else set())


def test_own_clinician_is_asked_only_where_and_how():
    """Panel, age and language were settled when a person signed the assignment."""
    assert codes(waiting(payer="CIGNA", language=None, age=12)) == set()


def test_conflict_of_interest_is_never_offered():
    conflicted = replace(CLINICIAN, conflict_patient_ids=frozenset({"PT-1"}))
    refusals, _ = refusals_of(
        TIME, conflicted, waiting(only_clinician=None, own_clinician="ST-2"), now=NOW, policy=POLICY
    )
    assert {each.code for each in refusals} == {RefusalCode.NOT_SUITED}


def test_wanted_time_is_read_on_the_patients_clock():
    evening = replace(TIME, starts_at=datetime(2026, 11, 4, 0, 30, tzinfo=UTC))  # Tuesday 16:30 there, 19:30 in Albany
    assert codes(waiting(wanted_times=frozenset({"tue-pm"})), evening) == set()
    assert codes(waiting(wanted_times=frozenset({"tue-eve"}), zone=ALBANY), evening) == set()
    assert codes(waiting(wanted_times=frozenset({"tue-pm"}), zone=ALBANY), evening) == {RefusalCode.OTHER_TIMES}


@pytest.mark.parametrize(("open_already", "codes_"), [(1, set()), (2, {RefusalCode.HOLDS_ENOUGH})])
def test_nobody_is_flooded_with_offers(open_already: int, codes_: set):
    held = tuple(
        Interval(STARTS + timedelta(days=each), STARTS + timedelta(days=each, hours=1))
        for each in range(1, open_already + 1)
    )
    assert codes(waiting(held=held)) == codes_


@pytest.mark.parametrize(
    ("slot", "given", "way"),
    [
        (Modality.EITHER, {}, Modality.EITHER),
        (Modality.TELEHEALTH, {}, Modality.TELEHEALTH),
        (Modality.EITHER, {"modality": Modality.OFFICE}, Modality.OFFICE),
        (Modality.EITHER, {"patient_state": "WA"}, Modality.OFFICE),
        (Modality.EITHER, {"location_id": "LOC-2"}, Modality.TELEHEALTH),
        (Modality.OFFICE, {"location_id": "LOC-2"}, None),
    ],
)
def test_way_is_the_one_that_is_lawful_and_wanted(slot: Modality, given: dict, way: Modality | None):
    assert way_of(replace(TIME, modality=slot), CLINICIAN, waiting(**given)) is way


def test_wishes_are_what_a_person_may_settle_on_the_phone():
    assert set(RefusalCode) - WISHES == {
        RefusalCode.NOT_READY,
        RefusalCode.OTHER_CLINICIAN,
        RefusalCode.NOT_SUITED,
        RefusalCode.NO_WAY,
        RefusalCode.BUSY,
    }


# -- batches


@pytest.mark.parametrize(("open_now", "asked"), [(0, 3), (1, 2), (2, 1), (3, 0), (4, 0)])
def test_batch_is_filled_up_beside_those_who_hold_the_time(open_now: int, asked: int):
    people = [waiting(f"WL-{each}") for each in range(9)]
    assert ids(chosen(*people, open_now=open_now)) == [f"WL-{each}" for each in range(asked)]


@pytest.mark.parametrize(
    ("estimates", "asked"),
    [
        ([None] * 9, 3),
        ([0.29] * 9, 3),
        ([0.3, None, None, None, None], 4),
        ([0.9] * 9, 6),
        ([None, None, None, 0.9, 0.9], 3),
    ],
)
def test_likely_miss_lets_in_one_more_up_to_the_deepest(estimates: list[float | None], asked: int):
    people = [waiting(f"WL-{each}", miss_estimate=estimate) for each, estimate in enumerate(estimates)]
    choice = chosen(*people)
    assert ids(choice) == [f"WL-{each}" for each in range(asked)]
    deepened = [one.entry_id for one in choice.chosen if "may miss it: one more is asked beside them" in one.reasons]
    assert len(deepened) == asked - 3


def test_estimate_never_changes_who_comes_first():
    people = [waiting("WL-a", miss_estimate=0.99), waiting("WL-b", miss_estimate=0.01)]
    assert ids(chosen(*people)) == ids(chosen(*[replace(one, miss_estimate=None) for one in people]))


def test_holders_who_are_likely_to_miss_count_in_the_next_round():
    people = [waiting(f"WL-{each}") for each in range(9)]
    assert len(ids(chosen(*people, open_now=3, likely_to_miss=1))) == 1
    assert len(ids(chosen(*people, open_now=6, likely_to_miss=6))) == 0


def test_choice_says_why_and_who_was_passed_over_why():
    away = waiting("WL-away", priority=1, only_clinician="ST-2", own_clinician="ST-2")
    choice = chosen(away, waiting("WL-1", priority=2, offers=1, since=NOW - timedelta(days=1)))
    [(passed, refusals)] = choice.passed_over
    assert (passed, [each.text for each in refusals]) == ("WL-away", ["waits for another clinician"])
    assert choice.chosen[0].rank == 1
    assert choice.chosen[0].reasons == (
        "priority 2, set by a person",
        "has waited 1 day",
        "offered 1 time before",
        "any time suits",
        "with their own clinician",
    )


def test_reason_says_so_where_no_person_set_the_priority():
    assert chosen(waiting(priority_by_person=False)).chosen[0].reasons[0] == "priority 3"


@pytest.mark.parametrize(
    "given",
    [
        *({"batch": 0}, {"batch": 7}, {"deepen_at": 0}, {"deepen_at": 1.1}, {"most_open": 0}, {"hold_minutes": 14}),
        *({"shortest_hold_minutes": 0}, {"last_call_minutes": -1}),
    ],
)
def test_policy_that_makes_no_sense_is_refused(given: dict):
    with pytest.raises(ValueError, match="waitlist needs"):
        WaitlistPolicy(**given)


# -- holds


def local(hour: int, minute: int = 0, *, day: int = 2, month: int = 11) -> datetime:
    """An hour in Portland, in winter time."""
    return datetime(2026, month, day, tzinfo=UTC) + timedelta(hours=hour + 8, minutes=minute)


@pytest.mark.parametrize(
    ("now", "starts", "tell_at", "until"),
    [
        (local(10), local(11, day=3), local(10), local(12)),
        (local(10), local(19), local(10), local(12)),  # nine hours: the last at which the whole hold is given
        (local(10), local(15), local(10), local(11)),  # a quarter of the four hours before the last call
        (local(10), local(12), local(10), local(10, 15)),
        (local(10), local(11, 15), local(10), local(10, 15)),
        (local(20, 30), local(12, day=4), local(20, 30), local(9, 30, day=3)),  # half an hour tonight, the rest at 8
        (local(22), local(15, day=3), local(8, day=3), local(9, 30, day=3)),
        (local(2, day=3), local(18, day=3), local(8, day=3), local(10, day=3)),
    ],
)
def test_hold_is_counted_in_sending_hours_and_shorter_for_a_near_time(now, starts, tell_at, until):
    hold = hold_of(now, starts, PORTLAND, POLICY)
    assert hold is not None
    assert (hold.tell_at, hold.until) == (tell_at, until)


@pytest.mark.parametrize(
    ("now", "starts"), [(local(10), local(11, 14)), (local(22), local(9, 14, day=3)), (local(20, 59), local(21, 30))]
)
def test_time_that_is_too_near_is_offered_to_nobody(now: datetime, starts: datetime):
    near = replace(TIME, starts_at=starts)
    assert hold_of(now, starts, PORTLAND, POLICY) is None
    assert codes(waiting(), near, now) == {RefusalCode.TOO_NEAR}


@pytest.mark.parametrize(
    ("offered", "until"),
    [
        # the night of 7 March 2027 is an hour short, that of 31 October 2027 an hour long; both holds end at 9:00
        (datetime(2027, 3, 14, 4, 0, tzinfo=UTC), datetime(2027, 3, 14, 16, 0, tzinfo=UTC)),
        (datetime(2027, 11, 7, 3, 0, tzinfo=UTC), datetime(2027, 11, 7, 17, 0, tzinfo=UTC)),
    ],
)
def test_hold_over_a_clock_change_ends_at_nine_on_the_wall(offered: datetime, until: datetime):
    hold = hold_of(offered, offered + timedelta(days=3), PORTLAND, POLICY)
    assert hold is not None and hold.until == until


@settings(max_examples=60)
@given(st.integers(0, 7 * 24 * 60), st.integers(1, 4 * 24 * 60), st.sampled_from([PORTLAND, ALBANY]))
def test_hold_never_reaches_the_last_call_nor_begins_at_night(minute: int, lead: int, zone: str):
    now = datetime(2026, 10, 29, tzinfo=UTC) + timedelta(minutes=minute)
    hold = hold_of(now, now + timedelta(minutes=lead), zone, POLICY)
    if hold is not None:
        assert now <= hold.tell_at < hold.until <= now + timedelta(minutes=lead - POLICY.last_call_minutes)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 60), st.integers(0, 4)), max_size=12), st.randoms())
def test_choice_does_not_depend_on_the_order_it_is_given(facts: list[tuple[int, int, int]], chance: Any):
    people = [
        waiting(f"WL-{number:02d}", priority=priority, since=NOW - timedelta(days=days), offers=offers)
        for number, (priority, days, offers) in enumerate(facts)
    ]
    mixed = list(people)
    chance.shuffle(mixed)
    assert chosen(*people) == chosen(*mixed)
