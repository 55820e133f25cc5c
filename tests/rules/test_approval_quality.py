"""How sign-offs are decided: minutes capped as idle, shares, and nothing of few people."""

from datetime import UTC, datetime, timedelta

import pytest
from scipy.stats import beta

from models.codes import Verdict
from rules.admin_time import AdminTimePolicy
from rules.approval_quality import Decided, caught, enough, minutes_spent, quality

AT = datetime(2026, 3, 10, 9, tzinfo=UTC)
POLICY = AdminTimePolicy(idle_cap_minutes=30)


def decided(*opened: float, at: float = 100, who: str = "ST-1", verdict: Verdict = Verdict.APPROVE) -> Decided:
    """A decision and its openings, in minutes after nine."""
    times = tuple(AT + timedelta(minutes=each) for each in opened)
    return Decided(who, verdict, AT + timedelta(minutes=at), times)


@pytest.mark.parametrize(
    ("opened", "minutes"),
    [
        ((), None),
        ((95,), 5),
        ((10,), 30),  # a page that lay for an hour and a half
        ((10, 95), 35),  # opened, left, opened again: 30 at most, then 5
        ((98, 90), 10),
        ((101,), None),  # opened after it was decided
    ],
)
def test_minutes_run_from_the_first_opening_and_idle_time_is_capped(opened: tuple[float, ...], minutes: float | None):
    assert minutes_spent(decided(*opened), POLICY) == minutes


@pytest.mark.parametrize(
    ("people", "count", "shown"), [(5, 5, True), (4, 29, False), (4, 30, True), (2, 30, True), (1, 500, False)]
)
def test_figures_of_few_people_are_not_made(people: int, count: int, shown: bool):
    assert enough(people, count) is shown


def test_quality_counts_edits_returns_and_decisions_in_a_moment():
    people = [f"ST-{n}" for n in range(5)]
    some = [
        decided(99.9, who=people[0]),  # 6 seconds
        decided(98, who=people[1], verdict=Verdict.EDIT_AND_APPROVE),
        decided(96, who=people[2], verdict=Verdict.RETURN),
        decided(92, who=people[3]),
        decided(who=people[4], verdict=Verdict.REJECT),  # decided elsewhere
    ]
    found = quality(some, POLICY)
    assert found is not None
    assert (found.decisions, found.people, found.timed) == (5, 5, 4)
    assert (found.minutes, found.minutes_nine_in_ten) == (2, 8)
    assert (found.edited.value, found.returned.value, found.in_a_moment.value) == (0.2, 0.2, 0.25)
    assert found.edited.low < 0.2 < found.edited.high
    assert quality(some[:4], POLICY) is None


@pytest.mark.parametrize(("seconds", "quick"), [(9.9, 1), (10, 0)])
def test_moment_is_less_than_ten_seconds(seconds: float, quick: int):
    some = [decided(90, who=f"ST-{n}") for n in range(4)] + [decided(100 - seconds / 60, who="ST-9")]
    found = quality(some, POLICY)
    assert found is not None and round(found.in_a_moment.value * found.in_a_moment.n) == quick


def test_catch_rate_has_the_exact_interval_and_needs_enough_people():
    found = caught((12, 16), (1, 9), people=6)
    assert found is not None
    assert (found.planted, found.caught.value, found.sound) == (16, 0.75, 9)
    assert found.caught.low == pytest.approx(beta.ppf(0.025, 12, 5), abs=1e-9)
    assert found.caught.high == pytest.approx(beta.ppf(0.975, 13, 4), abs=1e-9)
    assert caught((12, 16), (1, 9), people=4) is None
    assert caught((0, 0), (0, 0), people=0) is None
