"""The sample practice's patients in care: seeded once, and what the night makes of them has no conflict."""

from pathlib import Path

from sqlmodel import select

from adapters.operational_store import reading
from adapters.sample_care import ASKED, CARE, ROOMS, seed_sample_care
from adapters.sample_sessions import seed_sample_sessions
from models.columns import utc_now
from models.operational import Appointment, CheckInPlan, Episode, Room, Series, ToDo, WaitlistEntry
from tasks.calendars import extend_series

WEEKLY = sum(row[4] is not None for row in CARE)
WEEKS_AHEAD = 6


def count(record: type) -> int:
    with reading() as db:
        return len(db.exec(select(record)).all())


def test_sample_care_is_seeded_once(sample_practice: Path) -> None:
    assert not seed_sample_care()  # nobody is there yet who could be in care
    assert seed_sample_sessions() and seed_sample_care()
    made = [count(each) for each in (Room, Episode, Series, CheckInPlan, WaitlistEntry)]
    assert made == [len(ROOMS), len(CARE), WEEKLY, len(ASKED), 1]
    assert not seed_sample_care()
    assert [count(each) for each in (Room, Episode, Series, CheckInPlan, WaitlistEntry)] == made


def test_weekly_sessions_of_the_sample_find_their_place(sample_practice: Path) -> None:
    assert seed_sample_sessions() and seed_sample_care()
    done = extend_series(utc_now().date())
    with reading() as db:
        rooms = {each.series_id: each.room_id for each in db.exec(select(Appointment)).all()}
        asked = db.exec(select(ToDo.unique_key)).all()
        wanted = {each.id: each.room_id for each in db.exec(select(Series)).all()}
    # a public holiday may take one of a series' dates, and asks somebody
    assert done["made"] >= WEEKLY * (WEEKS_AHEAD - 2) and done["skipped"] == len(asked)
    assert done["made"] + done["skipped"] >= WEEKLY * (WEEKS_AHEAD - 1)
    assert rooms == wanted
