"""The simulated year keeps the rules it is about: nobody's time is booked twice, and the same seed is the same year."""

from collections import Counter
from datetime import date, timedelta

import pytest

from benchmarks import simulated_year
from benchmarks.simulated_year import RUNS, Ledger, People, Practice, Run
from models.codes import AppointmentStatus


@pytest.fixture(autouse=True)
def _six_weeks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated_year, "YEAR", (date(2026, 3, 2), date(2026, 4, 13)))
    monkeypatch.setattr(simulated_year, "WARM_UP", timedelta(weeks=3))


def lived(run: Run) -> tuple[Practice, Ledger]:
    practice = Practice(run, People(referrals_a_week=25.0), seed=3)
    return practice, practice.live()


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_no_time_is_taken_twice(run: Run):
    _, ledger = lived(run)
    gone = (AppointmentStatus.CANCELLED, AppointmentStatus.LATE_CANCELLED)
    taken = Counter((each.clinician, each.starts_at) for each in ledger.visits if each.status not in gone)
    assert len(taken) > 300 and set(taken.values()) == {1}


def test_waitlist_gives_what_was_offered_to_one_only():
    practice, ledger = lived(RUNS[3])
    assert 0 < ledger.offers["accepted"] <= ledger.offers["made"]
    assert lived(RUNS[0])[1].offers == Counter()
    past = [each for each in ledger.visits if each.starts_at < practice.end - timedelta(hours=1)]
    assert all(each.status != AppointmentStatus.BOOKED for each in past)


def test_same_seed_is_the_same_year():
    years = [simulated_year.figures(*lived(RUNS[3])) for _ in range(2)]
    assert years[0][0] == years[1][0] and years[0][1].equals(years[1][1])
