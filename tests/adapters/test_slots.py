"""Are slots opened in the location's own hours, off its holidays, once?"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from adapters.operational_store import reading, writing
from adapters.slots import extend_slots
from models.codes import SlotStatus
from models.operational import Availability, Slot
from tests.factories import make_clinician, make_location

CHICAGO = ZoneInfo("America/Chicago")
# A Monday morning, three weeks before the clocks change and Thanksgiving after it.
NOW = datetime(2026, 10, 26, 12, 30, tzinfo=UTC)


@pytest.fixture
def monday_and_thursday(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A clinician in Chicago who works Monday and Thursday 9 to 12; the present is frozen at NOW."""
    monkeypatch.setattr("adapters.slots.utc_now", lambda: NOW)
    place = make_location(state="IL", time_zone="America/Chicago")
    clinician = make_clinician(location=place)
    with writing() as db:
        for weekday in (0, 3):
            db.add(
                Availability(
                    clinician_id=clinician.id, location_id=place.id, weekday=weekday, starts=time(9), ends=time(12)
                )
            )
    yield clinician.id


def local_starts() -> list[datetime]:
    with reading() as db:
        return [
            slot.starts_at.astimezone(CHICAGO) for slot in db.exec(select(Slot).order_by(col(Slot.starts_at))).all()
        ]


def test_slots_keep_local_hours_over_the_change_of_clocks(monday_and_thursday: str):
    assert extend_slots(date(2026, 11, 5)) == 12
    assert {start.time() for start in local_starts()} == {time(9), time(10), time(11)}
    assert {start.utcoffset() for start in local_starts()} == {timedelta(hours=-5), timedelta(hours=-6)}
    assert {start.weekday() for start in local_starts()} == {0, 3}


def test_public_holiday_has_no_slots(monday_and_thursday: str):
    extend_slots(date(2026, 11, 27))
    days = {start.date() for start in local_starts()}
    assert date(2026, 11, 19) in days
    assert date(2026, 11, 26) not in days


def test_time_that_has_begun_is_not_opened(monday_and_thursday: str, monkeypatch: pytest.MonkeyPatch):
    nine = datetime(2026, 10, 26, 9, 0, tzinfo=CHICAGO)
    monkeypatch.setattr("adapters.slots.utc_now", lambda: nine.astimezone(UTC))
    assert extend_slots(date(2026, 10, 26)) == 2


def test_extending_again_adds_only_what_is_missing(monday_and_thursday: str):
    assert extend_slots(date(2026, 10, 29)) == 6
    with writing() as db:
        first = db.exec(select(Slot).order_by(col(Slot.starts_at))).first()
        assert first is not None
        first.status = SlotStatus.BOOKED
        db.add(first)
    assert extend_slots(date(2026, 10, 29)) == 0
    assert extend_slots(date(2026, 11, 2)) == 3
    with reading() as db:
        assert db.get_one(Slot, first.id).status == SlotStatus.BOOKED
