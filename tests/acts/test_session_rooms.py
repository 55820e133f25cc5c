"""Does a session in the office get a free room that suits the patient, whoever books it?"""

from datetime import timedelta
from pathlib import Path

import pytest

from acts.booking import book
from acts.session_rooms import take_room
from adapters.operational_store import reading, writing
from models.codes import Modality, ReferralStatus, SlotStatus
from models.columns import new_id, utc_now
from models.operational import Appointment, Referral, Room, Slot
from tests import factories
from tests.calendars import Made, make_calendar

SOON = (utc_now() + timedelta(days=3)).replace(hour=18, minute=0, second=0, microsecond=0)


@pytest.fixture
def made(home: Path) -> Made:
    return make_calendar()


def room_of(made: Made, modality: Modality = Modality.OFFICE, **given: object) -> str | None:
    """The room that one more session at the same hour takes; it is kept."""
    wanted = made.appointment(SOON, modality=modality, **given)
    with writing() as db:
        appointment = db.get_one(Appointment, wanted.id)
        take_room(db, appointment)
        return appointment.room_id


def test_each_session_takes_a_room_that_is_free_until_there_is_none(made: Made) -> None:
    rooms = {made.room().id, made.room().id}
    make_calendar().room()  # another place's
    assert {room_of(made), room_of(made)} == rooms
    assert room_of(made) is None


def test_session_by_video_and_a_place_without_rooms_take_none(made: Made) -> None:
    assert room_of(made) is None
    made.room()
    assert room_of(made, Modality.TELEHEALTH) is None


def test_closed_room_and_steps_keep_a_patient_out(made: Made) -> None:
    made.room(active=False)
    made.room(accessible=False)
    patient = factories.make_patient()
    referral = factories.make_referral(patient=patient, location=made.place, needs_accessible=True)
    needs = made.in_care(patient, opened_by=referral.case_number)
    assert room_of(made, episode=needs) is None
    assert room_of(made) is not None


def test_first_session_that_is_booked_has_its_room(made: Made) -> None:
    room: Room = made.room()
    referral = factories.make_referral(
        ReferralStatus.OFFERED, location=made.place, clinician_id=made.clinician.id, modality=Modality.OFFICE
    )
    slot = Slot(
        id=new_id("SL"),
        clinician_id=made.clinician.id,
        location_id=made.place.id,
        starts_at=SOON,
        minutes=50,
        modality=Modality.OFFICE,
        status=SlotStatus.OPEN,
    )
    with writing() as db:
        db.add(slot)
        db.flush()
        appointment = book(db, db.get_one(Referral, referral.case_number), slot.id, "ST-1")
        kept = appointment.id
    with reading() as db:
        assert db.get_one(Appointment, kept).room_id == room.id
