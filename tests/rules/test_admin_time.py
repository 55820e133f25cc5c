"""Minutes of work in tasks, both sides of the idle cap."""

from datetime import UTC, datetime, timedelta

import pytest

from rules.admin_time import AdminTimePolicy, DoneTask, admin_hours_per_patient, admin_minutes

TAKEN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def task(minutes: float) -> DoneTask:
    return DoneTask(TAKEN, TAKEN + timedelta(minutes=minutes))


@pytest.mark.parametrize(("spent", "counted"), [(0, 0), (7.5, 7.5), (30, 30), (30.1, 30), (3000, 30)])
def test_task_counts_up_to_the_idle_cap(spent: float, counted: float) -> None:
    assert admin_minutes([task(spent)], AdminTimePolicy()) == counted


def test_practice_sets_the_cap() -> None:
    assert admin_minutes([task(50), task(50)], AdminTimePolicy(idle_cap_minutes=45)) == 90


def test_task_cannot_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match="before"):
        admin_minutes([task(-1)], AdminTimePolicy())


def test_cap_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="cap"):
        AdminTimePolicy(0)


@pytest.mark.parametrize(("patients", "hours"), [(0, None), (1, 1.0), (4, 0.25)])
def test_hours_are_shared_by_the_patients_of_the_period(patients: int, hours: float | None) -> None:
    assert admin_hours_per_patient([task(30), task(30)], patients, AdminTimePolicy()) == hours
