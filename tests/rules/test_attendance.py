"""Which session on record shows which booked one: the same people on the same local day, each once."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rules.attendance import HeldSession, PastVisit, held

PORTLAND = "America/Los_Angeles"


def at(*when: int) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(PORTLAND)).astimezone(UTC)  # type: ignore[misc, arg-type]


EVENING = at(2026, 11, 2, 18, 0)  # the 3rd already, in UTC


def visit(name: str = "AT-1", starts_at: datetime = EVENING, **given: str) -> PastVisit:
    return PastVisit(
        **{"appointment_id": name, "patient_id": "P", "clinician_id": "C", "zone": PORTLAND, **given},
        starts_at=starts_at,
    )  # type: ignore[arg-type]


def session(number: str = "SN-1", started_at: datetime = EVENING, **given: str) -> HeldSession:
    return HeldSession(**{"number": number, "patient_id": "P", "clinician_id": "C", **given}, started_at=started_at)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("started_at", "shows"),
    [
        (EVENING, True),
        (at(2026, 11, 2, 0, 0), True),
        (at(2026, 11, 2, 23, 59), True),
        (at(2026, 11, 1, 23, 59), False),
        (at(2026, 11, 3, 0, 0), False),
    ],
)
def test_session_of_the_same_local_day_shows_the_visit(started_at: datetime, shows: bool) -> None:
    assert held([visit()], [session(started_at=started_at)]) == ({"AT-1": "SN-1"} if shows else {})


@pytest.mark.parametrize("other", [{"patient_id": "Q"}, {"clinician_id": "D"}])
def test_session_of_somebody_else_shows_nothing(other: dict[str, str]) -> None:
    assert held([visit()], [session(**other)]) == {}


def test_each_session_shows_one_visit_the_nearest() -> None:
    later = EVENING + timedelta(hours=1)
    both = [visit("AT-1"), visit("AT-2", later)]
    assert held(both, [session("SN-1", later)]) == {"AT-2": "SN-1"}
    assert held(both, [session("SN-1", later), session("SN-2")]) == {"AT-2": "SN-1", "AT-1": "SN-2"}


def test_session_that_names_its_appointment_shows_that_one_on_whatever_day() -> None:
    named = session("SN-1", EVENING + timedelta(days=3), appointment_id="AT-2")
    assert held([visit("AT-1", named.started_at), visit("AT-2")], [named]) == {"AT-2": "SN-1"}
