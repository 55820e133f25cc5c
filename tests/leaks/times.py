"""The calendar, the waitlist and the sessions of a patient in care, with every page opened and every form sent."""

import re
from datetime import UTC, date, datetime, timedelta

from sqlmodel import col, select

from acts.waitlist_offers import offer_times
from adapters import operational_store as store
from adapters.slots import holidays_of
from models.codes import AppointmentStatus, LinkPurpose, Modality, SlotStatus
from models.columns import new_id, utc_now
from models.operational import (
    Appointment,
    Availability,
    CalendarException,
    Episode,
    Room,
    Series,
    Slot,
    WaitlistEntry,
)
from tests.leaks.people import COORDINATOR, PEOPLE, Practice

WEEK = timedelta(weeks=1)
STANDING = (AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED)


def keep_times(at: Practice) -> None:
    """Staff keep a calendar and the waitlist; the patient takes, moves and is reminded of a session."""
    episode = at.find(Episode, Episode.patient_id == at.case("booked").patient_id)
    _keep_the_calendar(at, episode)
    given = _wait_for_a_time(at, episode)
    _see_the_patient(at, episode)
    _move_as_the_patient(at, episode, given)


def _two_weeks_without_a_holiday() -> date:
    day = date.today() + timedelta(days=8)
    while {day, day + WEEK} & holidays_of("OR", day.year) or {day, day + WEEK} & holidays_of("OR", day.year + 1):
        day += timedelta(days=1)
    return day


def _keep_the_calendar(at: Practice, episode: Episode) -> None:
    desk, page = at.seat(COORDINATOR), f"/calendar/{episode.clinician_id}"
    desk.get("/calendar")
    at.seat(episode.clinician_id).get("/calendar", 303)
    desk.get(page)
    desk.get("/rooms")
    desk.post("/rooms", 422, location="LOC-1")
    desk.post("/rooms", location="LOC-1", name="Alder room", accessible="yes")
    desk.post(f"/rooms/{at.find(Room).id}", name="Quay room", accessible="yes", active="yes")
    far = date.today() + 10 * WEEK
    desk.get(page)
    desk.post(f"{page}/exceptions", 422, kind="blocked", starts=PEOPLE["booked"].stem)
    spans = {"starts": f"{far}T09:00", "ends": f"{far}T10:00"}
    desk.post(f"{page}/exceptions", kind="blocked", whose="clinician", **spans)
    desk.post(f"{page}/exceptions/{at.find(CalendarException).id}/remove")
    hours = {"weekday": "6", "starts": "09:00", "ends": "11:00", "location": "LOC-1", "modality": "telehealth"}
    desk.post(f"{page}/hours", minutes="50", valid_from=str(far), valid_to=str(far + 4 * WEEK), **hours)
    desk.post(f"{page}/hours/{at.find(Availability).id}/end", last_on=str(far + WEEK))
    first = _two_weeks_without_a_holiday()
    weekly = {"case": episode.case_number, "first": str(first), "last": str(first + WEEK), "modality": "telehealth"}
    desk.post(f"{page}/series", 422, **weekly)
    desk.post(f"{page}/series", at="21:30", let_stand="yes", **weekly)
    series = at.find(Series)
    sessions = [
        at.find(Appointment, Appointment.series_id == series.id, Appointment.occurs_on == day)
        for day in (first, first + WEEK)
    ]
    desk.post(f"{page}/appointments/{sessions[0].id}/move", to=f"{first}T22:30", let_stand="yes")
    desk.post(f"{page}/appointments/{sessions[1].id}/cancel")
    desk.post(f"{page}/series/{series.id}/end", last_on=str(first))
    desk.get(f"{page}/export")
    _import_a_calendar(at, page, far)


def _import_a_calendar(at: Practice, page: str, day: date) -> None:
    """What its events are called names people, and is kept nowhere."""
    desk = at.seat(COORDINATOR)
    desk.get(page)
    stem = PEOPLE["booked"].stem
    event = (
        *("BEGIN:VEVENT", "UID:one@example.org", "DTSTAMP:20260101T000000Z", f"SUMMARY:Lunch with {stem}ina"),
        *(f"DTSTART:{day:%Y%m%d}T190000Z", f"DTEND:{day:%Y%m%d}T200000Z", f"ATTENDEE:mailto:{stem}@example.org"),
        "END:VEVENT",
    )
    lines = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//EN", *event, "END:VCALENDAR", "")
    sent = {"file": ("calendar.ics", "\r\n".join(lines).encode(), "text/calendar")}
    assert desk.browser.post(f"{page}/import", data={"csrf_token": desk.token}, files=sent).status_code == 200


def _two_open_slots(episode: Episode) -> tuple[Slot, Slot]:
    """Two bookable times of this clinician, the second one a day or more after the first."""
    with store.reading() as db:
        found = db.exec(
            select(Slot)
            .where(
                Slot.clinician_id == episode.clinician_id,
                Slot.status == SlotStatus.OPEN,
                col(Slot.starts_at) > utc_now() + timedelta(days=4),
            )
            .order_by(col(Slot.starts_at))
        ).all()
    return found[0], next(slot for slot in found if slot.starts_at - found[0].starts_at >= timedelta(days=1))


def _wait_for_a_time(at: Practice, episode: Episode) -> Appointment:
    """On the list, offered a time and unwilling, given another by telephone, on the list again and off."""
    desk, number = at.seat(COORDINATOR), episode.case_number
    desk.get("/waitlist")
    desk.get("/waitlist/fairness")
    joined = {"case": number, "modality": "either", "notice": "4"}
    desk.post("/waitlist", 422, **joined)
    desk.post("/waitlist", priority="3", **joined)
    entry = at.find(WaitlistEntry, WaitlistEntry.case_number == number)
    desk.post(f"/waitlist/{entry.id}/priority", priority="1")
    offered, by_hand = _two_open_slots(episode)
    with store.writing() as db:
        assert offer_times(db, [db.get_one(Slot, offered.id)], utc_now())
    patient, home = at.arrive("booked", LinkPurpose.EARLIER_TIME, number)
    patient.get(f"{home}/earlier")
    patient.post(f"{home}/earlier", answer="no")
    desk.get("/waitlist")
    desk.post("/waitlist/fill", slot_id=by_hand.id, entry_id=entry.id)
    desk.post("/waitlist", priority="2", **joined)
    again = at.find(WaitlistEntry, WaitlistEntry.case_number == number, WaitlistEntry.status == "waiting")
    desk.post(f"/waitlist/{again.id}/remove")
    given: Appointment = at.find(Appointment, Appointment.slot_id == by_hand.id)
    return given


def _see_the_patient(at: Practice, episode: Episode) -> None:
    desk, number = at.seat(COORDINATOR), episode.case_number
    held = Appointment(
        id=new_id("AT"),
        case_number=number,
        patient_id=episode.patient_id,
        clinician_id=episode.clinician_id,
        location_id=episode.location_id,
        starts_at=datetime.now(UTC) - timedelta(days=3),
        minutes=50,
        modality=Modality.OFFICE,
    )
    with store.writing() as db:
        db.add(held)
    desk.get(f"/care/{number}/visits")
    desk.post(f"/care/{number}/visits/{held.id}", 422)
    desk.post(f"/care/{number}/visits/{held.id}", outcome="attended")
    page = f"/patients/{episode.patient_id}/reminders"
    desk.get(page)
    desk.post(page, 422, hours=PEOPLE["booked"].stem, language="en")
    desk.post(page, hours="48", channel="email", language="en")


def _move_as_the_patient(at: Practice, episode: Episode, given: Appointment) -> None:
    number = episode.case_number
    patient, home = at.arrive("booked", LinkPurpose.APPOINTMENT, number)
    patient.get(f"{home}/appointment")
    patient.get(f"{home}/reminders")
    patient.post(f"{home}/reminders", 422, channel="post")
    patient.post(f"{home}/reminders", hours="24", channel="email", part="any", language="en")
    slot = re.search(r'name="slot" value="([^"]+)"', patient.get(f"{home}/move"))
    assert slot
    patient.post(f"{home}/move", slot=slot.group(1))
    assert at.find(Appointment, Appointment.replaces_id == given.id).status in STANDING
    patient, home = at.arrive("booked", LinkPurpose.APPOINTMENT, number)
    patient.get(f"{home}/appointment")
    patient.post(f"{home}/call")
