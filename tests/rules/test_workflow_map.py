"""The map of a workflow as it was walked: hand-worked walks, and the same figures reckoned another way."""

import random
import statistics
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pandas as pd
import pytest

from models.codes import CaseOwner, ReferralStatus
from models.governance_codes import Workflow
from models.small_cells import FEWEST
from models.transitions import REFERRAL, REFERRAL_OWNERS
from models.workflow_steps import STATUSES, mapped
from rules import metrics
from rules.workflow_map import (
    FAILED_INTO,
    TROUBLES,
    Failure,
    hours_until,
    mine,
    slowest,
    suppressed,
)

BEGAN = datetime(2026, 3, 2, 9, tzinfo=UTC)
RF = Workflow.REFERRAL


def hour(hours: float) -> datetime:
    return BEGAN + timedelta(hours=hours)


def tables(*walks: str, location: str = "LOC-1"):
    """Cases and moves from lines such as ``a 0 received 1 questionnaires_requested``: a case, then hour and status."""
    cases, moves, event = [], [], 0
    for line in walks:
        case, *rest = line.split()
        steps = list(zip(map(float, rest[::2]), rest[1::2], strict=True))
        cases.append({"case": case, "location": location, "opened_at": hour(steps[0][0]), "status": steps[-1][1]})
        for (_, old), (at, new) in pairwise(steps):
            event += 1
            moves.append({"event": event, "case": case, "at": hour(at), "old": old, "new": new, "rerouted": False})
    return pd.DataFrame(cases), pd.DataFrame(moves, columns=["event", "case", "at", "old", "new", "rerouted"])


NO_TROUBLE = pd.DataFrame(columns=["event", "case", "at", "action"])
WALKS = (
    # questionnaires 10 h, screening 1 h, review 4 h, matching 0 h, the assignment still waits
    "a 0 received 0 questionnaires_requested 10 ready_to_screen 11 risk_review 15 ready_to_match 15 assignment",
    # questionnaires 30 h, the review is returned with a question after 2 h; that still waits
    "b 0 received 1 questionnaires_requested 31 ready_to_screen 31 risk_review 33 question_open",
    # questionnaires not answered after 60 h
    "c 5 received 5 questionnaires_requested",
)


@pytest.fixture(scope="module")
def found():
    return mine(RF, *tables(*WALKS), NO_TROUBLE, hour(65))


def row(table, **where):
    [only] = [each for each in table.to_dict("records") if all(each[name] == value for name, value in where.items())]
    return only


def test_waits_by_step_count_who_still_waits(found):
    asked = row(found.steps, status="questionnaires_requested")
    # ended after 10 h and 30 h, one waits since hour 5 for 60 h: two thirds are left after 10 h, one third after 30 h
    assert (asked["visits"], asked["cases"], asked["owner"]) == (3, 3, "patient")
    assert (asked["median_hours"], asked["p90_hours"], asked["total_hours"]) == (30, None, 100)
    assert (asked["waiting"], asked["since"]) == (1, pd.Timestamp(hour(5)))
    review = row(found.steps, status="risk_review")
    assert (review["median_hours"], review["p90_hours"], review["waiting"]) == (2, 4, 0)
    assert found.open_cases == 3 and found.cases == 3 and found.moves == 10 and found.gaps == 0


def test_edges_count_moves_and_the_wait_before_them(found):
    answered = row(found.edges, old="questionnaires_requested", new="ready_to_screen")
    assert (answered["count"], answered["cases"], answered["share"]) == (2, 2, 2 / 3)
    assert (answered["median_hours"], answered["p90_hours"], answered["owner"]) == (10, 30, "patient")
    assert next(iter(found.edges["old"])) == "received", "the most walked first"


def test_handoffs_include_the_system_s_time_on_the_way(found):
    # a: asked at 0 by the system, answered at 10; screened, with the clinician at 11, who signs at 15: 5 h; then the
    # coordinator from 15 on, waits 50 h. b: answered at 31, returned at 33: 2 h; then the coordinator waits 32 h
    to_clinician = row(found.handoffs, giver="patient", receiver="clinician")
    assert (to_clinician["gave_at"], to_clinician["received_at"]) == ("questionnaires_requested", "risk_review")
    assert (to_clinician["visits"], to_clinician["median_hours"], to_clinician["p90_hours"]) == (2, 2, 5)
    assert row(found.handoffs, receiver="patient")["total_hours"] == 10 + 31 + 60
    assert row(found.handoffs, received_at="assignment")["total_hours"] == 50
    assert [each["total_hours"] for each in slowest(found.handoffs, "total_hours")] == [101, 50, 32, 7]
    assert [each["median_hours"] for each in slowest(found.handoffs, "median_hours")] == [None, None, 31, 2]


def test_failures_name_the_step_they_happened_at():
    cases, moves = tables(*WALKS)
    troubles = pd.DataFrame(
        [
            {"event": 3, "case": "a", "at": hour(12), "action": "approval.escalated"},  # between its moves 3 and 4
            {"event": 99, "case": "c", "at": hour(50), "action": "to_do.overdue"},
            {"event": 98, "case": None, "at": hour(1), "action": "row.quarantined"},
            {"event": 97, "case": "elsewhere", "at": hour(1), "action": "case.stuck"},
        ]
    )
    moves.loc[moves["new"] == "ready_to_match", "rerouted"] = True
    found = mine(RF, cases, moves, troubles, hour(65))
    assert {(each["status"], each["failure"], each["count"]) for each in found.failures.to_dict("records")} == {
        ("risk_review", Failure.RETURNED.value, 1),
        ("risk_review", Failure.REROUTED.value, 1),
        ("risk_review", Failure.OVERDUE.value, 1),
        ("questionnaires_requested", Failure.OVERDUE.value, 1),
        ("", Failure.QUARANTINED.value, 1),
    }


def test_moves_that_no_table_allows_are_told():
    cases, moves = tables("a 0 received 1 booked 2 closed_attended", "b 0 received 1 ready_to_screen")
    found = mine(RF, cases, moves, NO_TROUBLE, hour(3))
    [odd] = found.not_allowed.to_dict("records")
    assert (odd["old"], odd["new"], odd["count"]) == ("received", "booked", 1)
    assert ("received", "ready_to_screen") not in found.never_walked
    assert ("received", "possible_duplicate") in found.never_walked
    assert len(found.never_walked) == sum(map(len, REFERRAL.values())) - 2


def test_a_move_that_does_not_begin_where_the_last_ended_is_a_gap():
    cases, moves = tables("a 0 received 1 ready_to_screen 2 risk_review 3 ready_to_match")
    assert mine(RF, cases, moves, NO_TROUBLE, hour(9)).gaps == 0
    assert mine(RF, cases, moves[moves["new"] != "risk_review"], NO_TROUBLE, hour(9)).gaps == 1


def test_period_keeps_waits_that_ended_in_it_or_last():
    cases, moves = tables(*WALKS)
    found = mine(RF, cases, moves, NO_TROUBLE, as_of=hour(32), begin=hour(20))
    # b answers at 31 and stands in review; a's earlier waits are over; a waits for the assignment, c for the patient
    assert {each["status"]: each["waiting"] for each in found.steps.to_dict("records")} == {
        "questionnaires_requested": 1,
        "ready_to_screen": 0,
        "risk_review": 1,
        "assignment": 1,
    }
    assert found.moves == 2
    assert row(found.steps, status="questionnaires_requested")["total_hours"] == 30 + 27


def test_cases_that_never_moved_wait_where_they_stand():
    cases, moves = tables("a 0 received", "b 1 received")
    found = mine(RF, cases, moves, NO_TROUBLE, hour(3))
    assert row(found.steps, status="received")["total_hours"] == 5
    assert (found.moves, found.open_cases, found.gaps, len(found.edges)) == (0, 2, 0, 0)


def test_a_case_is_where_it_was_before_a_later_move():
    cases, moves = tables("a 0 received 5 ready_to_screen")
    assert row(mine(RF, cases, moves, NO_TROUBLE, hour(3)).steps, status="received")["waiting"] == 1


def test_empty_workflow_has_an_empty_map():
    cases, moves = tables()
    cases = pd.DataFrame(columns=["case", "location", "opened_at", "status"])
    for workflow in STATUSES:
        found = mine(workflow, cases, moves, NO_TROUBLE, hour(1))
        assert (found.cases, found.moves, found.open_cases, len(found.steps), len(found.handoffs)) == (0, 0, 0, 0, 0)
        assert list(found.never_walked) == mapped(workflow)


def random_walks(cases: int, seed: int) -> list[str]:
    luck = random.Random(seed)
    lines = []
    for number in range(cases):
        status, at, line = ReferralStatus.RECEIVED, luck.uniform(0, 100), f"case{number}"
        line += f" {at} {status.value}"
        while REFERRAL[status] and luck.random() > 0.1:
            at += luck.choice([0, 0.5, luck.uniform(0, 40)])
            status = luck.choice(sorted(REFERRAL[status]))
            line += f" {at} {status.value}"
        lines.append(line)
    return lines


def test_figures_agree_with_an_independent_reckoning():
    walks, now = random_walks(120, 7), 1000.0
    found = mine(RF, *tables(*walks), NO_TROUBLE, hour(now))
    assert found.not_allowed.empty and found.gaps == 0
    counts: Counter[tuple[str, str]] = Counter()
    before: dict[tuple[str, str], list[float]] = defaultdict(list)
    stays: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for line in walks:
        rest = line.split()[1:]
        steps = list(zip(map(float, rest[::2]), rest[1::2], strict=True))
        for (began, old), (ended, new) in pairwise(steps):
            counts[old, new] += 1
            before[old, new].append(ended - began)
            stays[old].append((round((ended - began) * 3_600_000), True))
        stays[steps[-1][1]].append((round((now - steps[-1][0]) * 3_600_000), False))
    assert {(each["old"], each["new"]): each["count"] for each in found.edges.to_dict("records")} == counts
    for each in found.edges.to_dict("records"):
        waited = before[each["old"], each["new"]]
        assert each["median_hours"] == pytest.approx(statistics.median_low(waited), abs=1e-5)
    for each in found.steps.to_dict("records"):
        for name, share in (("median_hours", Fraction(1, 2)), ("p90_hours", Fraction(9, 10))):
            expected = metrics.days_until_share(stays[each["status"]], share)
            assert each[name] == (None if expected is None else pytest.approx(expected / 3_600_000, abs=1e-5))
        assert each["visits"] == len(stays[each["status"]])
    assert sum(each["total_hours"] for each in found.owners.to_dict("records")) == pytest.approx(
        sum(each["total_hours"] for each in found.places.to_dict("records"))
    )


@pytest.mark.parametrize(
    ("hours", "over", "share", "expected"),
    [
        ([1, 2, 3, 4], [True] * 4, 0.5, 2.0),
        ([1, 2, 3, 4], [True] * 4, 0.9, 4.0),
        ([1, 2, 3, 4], [True, False, True, True], 0.5, 3.0),  # 3/4, then 3/8
        ([1, 2, 3, 4], [True, True, False, False], 0.5, 2.0),  # exactly one half is reached
        ([1, 2, 3, 4], [True, False, False, False], 0.5, None),
        ([], [], 0.5, None),
        ([0, 0], [True, True], 0.9, 0.0),
    ],
)
def test_hours_until_a_share_has_gone_on(hours, over, share, expected):
    assert hours_until(hours, over, share) == expected


def test_small_counts_are_left_out_of_what_leaves_the_practice():
    walks = [f"case{number} 0 received 1 ready_to_screen 2 risk_review" for number in range(FEWEST)]
    walks += ["few 0 received 1 possible_duplicate", *WALKS]
    found = suppressed(mine(RF, *tables(*walks), NO_TROUBLE, hour(65)))
    assert {each["old"] for each in found.edges.to_dict("records")} == {"received", "ready_to_screen"}
    assert all(each["cases"] >= FEWEST for each in found.edges.to_dict("records"))
    assert "possible_duplicate" not in set(found.steps["status"])
    assert row(found.steps, status="risk_review")["waiting"] == FEWEST
    walks = [f"case{number} 0 received 1 risk_review" for number in range(2)] + [
        f"done{number} 0 received 1 risk_review 2 ready_to_match" for number in range(FEWEST)
    ]
    few = row(suppressed(mine(RF, *tables(*walks), NO_TROUBLE, hour(65))).steps, status="risk_review")
    assert few["waiting"] is None and few["since"] is None


def test_every_workflow_s_failures_are_statuses_of_its_own():
    assert set(FAILED_INTO) == set(STATUSES)
    for workflow, into in FAILED_INTO.items():
        assert all(isinstance(status, STATUSES[workflow]) for status in into)
    assert len(set(mapped(RF))) == sum(map(len, REFERRAL.values()))
    assert all(REFERRAL_OWNERS[status] != CaseOwner.SYSTEM for status in FAILED_INTO[RF])
    assert set(TROUBLES.values()) <= set(Failure)
