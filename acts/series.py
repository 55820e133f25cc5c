"""Recurring appointments: make one for a patient in care, end it, move one of its dates."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from acts.appointments import STANDING, end_appointment, tell_of_cancellation
from acts.calendar_book import CalendarBook, as_agreed, read_book
from acts.case_to_dos import open_for_case
from acts.moving import tell_of_move
from acts.occurrences import Planned, keep, lock_calendars, missing_dates, occupy, plan, skipped, times_of
from acts.session_rooms import needs_accessible
from adapters.operational_store import audit, one, one_case, reading, set_status, writing
from adapters.slots import AHEAD
from models.codes import AppointmentStatus, EpisodeStatus, Modality, ToDoKind, ToDoOutcome, ToDoStatus
from models.columns import new_id, utc_now
from models.errors import MovedOn
from models.operational import Appointment, Episode, Location, Series
from models.scheduling_codes import SeriesStatus
from rules.calendars import MAY_STAND, Agreed, Conflict, conflicts, free_room
from rules.recurrence import moment, occurrences
from rules.scheduling import Interval

LATEST_START = timedelta(weeks=26)
"""How far ahead a recurring appointment may begin: farther, nobody knows their calendar."""
SHORTEST, LONGEST = 10, 480
MOST_WEEKS = 8


class Conflicted(ValueError):
    """Something stands against it; ``conflicts`` says what, ``dates`` which dates of a series."""

    def __init__(self, conflicts: Sequence[Conflict], planned: Sequence[Planned] = ()) -> None:
        super().__init__("; ".join(dict.fromkeys(each.reason for each in conflicts)))
        self.conflicts = tuple(conflicts)
        self.planned = tuple(planned)


@dataclass(frozen=True)
class NewSeries:
    """A recurring appointment as somebody asks for it; its first date gives the weekday, its place the zone."""

    case_number: str
    from_on: date
    starts: time
    modality: Modality
    minutes: int = 50
    every_weeks: int = 1
    until_on: date | None = None
    location_id: str | None = None
    room_id: str | None = None


def preview(new: NewSeries) -> list[Planned]:
    """Every date of the weeks ahead with what stands against it; nothing is kept. Raises ValueError or MovedOn."""
    with reading() as db:
        return _plan_new(db, _record(db, new, "preview"))


def make_series(
    new: NewSeries, *, actor: str, leave_out: Collection[date] = (), let_stand: bool = False
) -> tuple[Series, list[Appointment]]:
    """Make a recurring appointment and the appointments of the weeks ahead.

    Raises Conflicted, and keeps nothing, unless each date with a conflict is left out by a person or, being only
    outside the clinician's hours, allowed by ``let_stand``. A date that is left out stays so.
    """
    with writing() as db:
        episode = one(db, Episode, new.case_number)
        lock_calendars(db, [episode.clinician_id])
        series = _record(db, new, actor)
        planned = _plan_new(db, series)
        kept = [each for each in planned if each.occurrence.occurs_on not in leave_out]
        against = [conflict for each in kept for conflict in each.against]
        if let_stand:
            against = [each for each in against if each.kind not in MAY_STAND]
        if against:
            raise Conflicted(against, planned)
        if not kept:
            raise ValueError("every date is left out")
        series.room_id = series.room_id or kept[0].room_id
        db.add(series)
        db.flush()
        audit(db, actor, "series.made", series, series.case_number, weekday=series.weekday, weeks=series.every_weeks)
        for each in planned:
            if each.occurrence.occurs_on in leave_out:
                _leave_out(db, each, actor)
        return series, keep(db, kept, actor)


def _leave_out(db: Session, planned: Planned, actor: str) -> None:
    """A to-do that is done already, so that the night does not ask anew what somebody has decided."""
    now = utc_now()
    settled = {"status": ToDoStatus.DONE, "claimed_at": now, "done_at": now, "done_by": actor}
    to_do = skipped(planned, now, outcome=ToDoOutcome.TIME_SETTLED, **settled)
    db.add(to_do)
    audit(db, actor, "series.left_out", to_do, to_do.case_number, date=planned.occurrence.occurs_on.isoformat())


def _record(db: Session, new: NewSeries, actor: str) -> Series:
    """The record of a new series, checked by itself; raises ValueError."""
    episode = one(db, Episode, new.case_number)
    if episode.status != EpisodeStatus.ACTIVE:
        raise MovedOn(f"the care {episode.case_number} has ended")
    place = one(db, Location, new.location_id or episode.location_id)
    today = utc_now().astimezone(ZoneInfo(place.time_zone)).date()
    if not today <= new.from_on <= today + LATEST_START:
        raise ValueError("the first date must be today or later, within 26 weeks")
    if not SHORTEST <= new.minutes <= LONGEST:
        raise ValueError(f"a session lasts {SHORTEST} to {LONGEST} minutes")
    if not 1 <= new.every_weeks <= MOST_WEEKS:
        raise ValueError(f"it recurs every 1 to {MOST_WEEKS} weeks")
    if new.modality not in (Modality.OFFICE, Modality.TELEHEALTH):
        raise ValueError("say whether it is at the office or by video")
    if new.until_on is not None and new.until_on < new.from_on:
        raise ValueError("the last date must not be before the first")
    return Series(
        id=new_id("SR"),
        case_number=episode.case_number,
        patient_id=episode.patient_id,
        clinician_id=episode.clinician_id,
        location_id=place.id,
        room_id=(new.room_id or None) if new.modality == Modality.OFFICE else None,
        modality=new.modality,
        weekday=new.from_on.weekday(),
        starts=new.starts,
        zone=place.time_zone,
        minutes=new.minutes,
        every_weeks=new.every_weeks,
        from_on=new.from_on,
        until_on=new.until_on,
        made_by=actor,
    )


def _plan_new(db: Session, series: Series) -> list[Planned]:
    now = utc_now()
    today = now.astimezone(ZoneInfo(series.zone)).date()
    until = max(today, series.from_on) + AHEAD
    found = [each for each in missing_dates(series, today, until, ()) if each.starts_at > now]
    if not found:
        raise ValueError("none of its dates is still to come")
    book = _book(db, series.clinician_id, series.patient_id, series.location_id, found[0].starts_at, found[-1].ends_at)
    _put_down_other_series(db, book, series, today, until)
    planned = plan(series, found, book, needs_accessible=needs_accessible(db, series.case_number))
    last = today + AHEAD
    return [each for each in planned if each.occurrence.occurs_on <= last or not each.fits or each is planned[0]]


def _book(
    db: Session, clinician_id: str, patient_id: str, location_id: str, from_utc: datetime, to_utc: datetime
) -> CalendarBook:
    return read_book(
        db,
        clinician_ids=[clinician_id],
        patient_ids=[patient_id],
        location_ids=[location_id],
        from_utc=from_utc,
        to_utc=to_utc,
    )


def _put_down_other_series(db: Session, book: CalendarBook, series: Series, today: date, until: date) -> None:
    """What other recurring appointments will take whose appointments are not made yet."""
    others = db.exec(
        select(Series).where(
            Series.status == SeriesStatus.ACTIVE,
            (Series.clinician_id == series.clinician_id) | (Series.patient_id == series.patient_id),
        )
    ).all()
    known = set(
        db.exec(
            select(col(Appointment.series_id), col(Appointment.occurs_on)).where(
                col(Appointment.series_id).in_([each.id for each in others])
            )
        ).all()
    )
    for other in others:
        for each in occurrences(times_of(other), today, until):
            if (other.id, each.occurs_on) not in known:
                book.agree(_agreed_of(other, Interval(each.starts_at, each.ends_at), f"of series {other.id}"))


def _agreed_of(series: Series, at: Interval, name: str) -> Agreed:
    return Agreed(name, series.clinician_id, series.patient_id, series.location_id, at, series.modality, series.room_id)


# -- its end


def end_series(series_id: str, last_on: date, *, actor: str) -> list[str]:
    """Let a recurring appointment end after a date; returns the ids of the appointments that are cancelled with it.

    Somebody tells the patient: a to-do asks for it where anything was cancelled. Ending it twice is once.
    """
    with writing() as db:
        series = one(db, Series, series_id)
        if series.status == SeriesStatus.ENDED:
            return []
        return end_in(db, series, last_on, actor)


def end_all_of(db: Session, case_number: str, last_on: date, actor: str) -> list[str]:
    """End every recurring appointment of a patient's care, in the caller's transaction."""
    found = db.exec(select(Series).where(Series.case_number == case_number, Series.status == SeriesStatus.ACTIVE)).all()
    return [each for series in found for each in end_in(db, series, last_on, actor)]


def end_in(db: Session, series: Series, last_on: date, actor: str) -> list[str]:
    """The same for one of them."""
    now = utc_now()
    series.until_on = max(last_on, series.from_on - timedelta(days=1))
    db.add(series)
    audit(db, actor, "series.ends", series, series.case_number, last_on=last_on.isoformat())
    later = db.exec(
        select(Appointment)
        .where(
            Appointment.series_id == series.id,
            col(Appointment.occurs_on) > last_on,
            col(Appointment.status).in_(STANDING),
            col(Appointment.starts_at) > now,
        )
        .order_by(col(Appointment.starts_at))
    ).all()
    for appointment in later:
        end_appointment(db, appointment, AppointmentStatus.CANCELLED, actor)
    if later:
        key = f"series-ended:{series.id}:{last_on.isoformat()}"
        open_for_case(db, series, ToDoKind.MOVE_APPOINTMENT, key, by=later[0].starts_at)
    if last_on < now.astimezone(ZoneInfo(series.zone)).date() or last_on < series.from_on:
        set_status(db, series, SeriesStatus.ENDED, actor)
    return [each.id for each in later]


# -- one of its dates, or any other appointment


def what_stands_against_moving(appointment_id: str, day: date, at: time) -> tuple[Conflict, ...]:
    """What a move of this appointment would collide with; raises MovedOn when it no longer stands."""
    with reading() as db:
        appointment = _standing(db, appointment_id)
        return _to_move(db, appointment, _moment_there(db, appointment, day, at))[1]


def move_appointment(appointment_id: str, day: date, at: time, *, actor: str, let_stand: bool = False) -> Appointment:
    """Move one appointment of ongoing care to another time at the same place; raises Conflicted, MovedOn, ValueError.

    The old one is cancelled and the new one says which it replaces; of a series it stays the same date's. Whoever moves
    it has agreed it with the patient, who gets the new time in writing.
    """
    with writing() as db:
        appointment = _standing(db, appointment_id)
        lock_calendars(db, [appointment.clinician_id])
        starts_at = _moment_there(db, appointment, day, at)
        if starts_at == appointment.starts_at:
            return appointment
        wanted, against = _to_move(db, appointment, starts_at)
        left = [each for each in against if not (let_stand and each.kind in MAY_STAND)]
        if left:
            raise Conflicted(left)
        return _move(db, appointment, wanted, actor)


def _standing(db: Session, appointment_id: str) -> Appointment:
    appointment = one(db, Appointment, appointment_id)
    if appointment.status not in STANDING or appointment.starts_at <= utc_now():
        raise MovedOn(f"appointment {appointment_id} no longer stands")
    if appointment.case_number.startswith("RF-"):
        raise ValueError("a first session is moved on its case's page, where new times are offered")
    return appointment


def _moment_there(db: Session, appointment: Appointment, day: date, at: time) -> datetime:
    starts_at, _ = moment(day, at, one(db, Location, appointment.location_id).time_zone)
    if not utc_now() < starts_at <= utc_now() + LATEST_START:
        raise ValueError("choose a time still to come, within 26 weeks")
    return starts_at


def _to_move(db: Session, appointment: Appointment, starts_at: datetime) -> tuple[Agreed, tuple[Conflict, ...]]:
    at = Interval(starts_at, starts_at + timedelta(minutes=appointment.minutes))
    who = (appointment.clinician_id, appointment.patient_id, appointment.location_id)
    book = _book(db, *who, at.starts_at, at.ends_at)
    accessible = needs_accessible(db, appointment.case_number)
    wanted = replace(as_agreed(appointment), at=at)
    if appointment.modality == Modality.OFFICE:
        wanted = replace(wanted, room_id=free_room(wanted, book.around(wanted), accessible))
    return wanted, conflicts(wanted, book.around(wanted), needs_accessible=accessible)


def _move(db: Session, old: Appointment, wanted: Agreed, actor: str) -> Appointment:
    moved = Appointment(
        id=new_id("AT"),
        case_number=old.case_number,
        patient_id=old.patient_id,
        clinician_id=old.clinician_id,
        location_id=old.location_id,
        series_id=old.series_id,
        occurs_on=old.occurs_on,
        room_id=wanted.room_id,
        replaces_id=old.id,
        starts_at=wanted.at.starts_at,
        minutes=old.minutes,
        modality=old.modality,
    )
    old.series_id = old.occurs_on = None
    end_appointment(db, old, AppointmentStatus.CANCELLED, actor)
    occupy(db, [moved], actor)
    db.add(moved)
    db.flush()
    audit(db, actor, "appointment.moved", moved, moved.case_number, replaces=old.id)
    tell_of_move(db, one_case(db, moved.case_number), old, moved)
    return moved


def cancel_appointment(appointment_id: str, *, actor: str) -> None:
    """Cancel one appointment of ongoing care because somebody agreed so with the patient, who gets it in writing; twice
    is once."""
    with writing() as db:
        appointment = one(db, Appointment, appointment_id)
        if appointment.status not in STANDING:
            return
        end_appointment(db, _standing(db, appointment_id), AppointmentStatus.CANCELLED, actor)
        tell_of_cancellation(db, one_case(db, appointment.case_number), appointment)
