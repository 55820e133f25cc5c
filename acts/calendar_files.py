"""Takes in a clinician's own calendar as busy time, and writes their calendar for other programs."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from acts.appointments import STANDING
from acts.calendars import Hit, ask_about, change_times, hits_among
from acts.occurrences import lock_calendars, times_of
from adapters.calendar_reading import Busy, ReadCalendar, read_calendar
from adapters.calendar_writing import AWAY, MovedDate, WrittenSeries, WrittenTime, write_calendar
from adapters.operational_store import audit, installation_id, one, reading, writing
from models.codes import AppointmentStatus
from models.columns import new_id, utc_now
from models.operational import Appointment, CalendarException, Clinician, Location, Series, Staff
from models.scheduling_codes import ExceptionKind, SeriesStatus
from rules.recurrence import first_date, moment, occurrences

AHEAD = timedelta(days=366)
"""How far an imported calendar is read."""
BEHIND = timedelta(days=30)
"""How far back an export begins."""
CHUNK = 1000
HELD = (*STANDING, AppointmentStatus.ATTENDED, AppointmentStatus.NO_SHOW)


@dataclass(frozen=True)
class Imported:
    """What an import has done. With ``read.faults`` nothing was kept.

    ``added`` busy times are new, ``known`` were there, ``removed`` were imported before and are no longer in the file.
    ``hits``: appointments that lie in new busy times; they stand, and a coordinator has a to-do about each.
    """

    read: ReadCalendar
    added: int = 0
    known: int = 0
    removed: int = 0
    hits: tuple[Hit, ...] = ()


def import_calendar(raw: bytes, clinician_id: str, *, actor: str, replace: bool = False) -> Imported:
    """Keep as busy time what a calendar file says of the year ahead; no titles, no places, no guests.

    ``replace``: what was imported before and is not in the file any more is taken back. The same file twice changes
    nothing. Raises ContractBroken for what is no calendar, MovedOn for nobody on record.
    """
    now = utc_now()
    read = read_calendar(
        raw, zone=_zone_of(clinician_id), from_utc=now, to_utc=now + AHEAD, ours=f"@{installation_id()}"
    )
    if read.faults:
        return Imported(read)
    with writing() as db:
        lock_calendars(db, [clinician_id])
        wanted = {_key(clinician_id, each): each for each in read.busy}
        known = _known(db, clinician_id)
        fresh = [key for key, busy in wanted.items() if not _is_kept(known.get(key), busy)]
        gone = [row for key, row in known.items() if key not in wanted and row.removed_at is None and row.ends_at > now]
        removed = gone if replace else []
        if not fresh and not removed:
            return Imported(read, known=len(wanted))
        before = _away(db, clinician_id)

        def change() -> None:
            _keep(db, clinician_id, [(key, wanted[key]) for key in fresh], known, actor)
            for row in removed:
                row.removed_at = now
                db.add(row)
            db.flush()
            counts: dict[str, Any] = {"added": len(fresh), "removed": len(removed), "events": read.events}
            audit(db, actor, "calendar.imported", ("clinician", clinician_id), **counts)

        change_times(db, change, actor)
        hits = hits_among(db, clinician_id, before, _away(db, clinician_id))
        ask_about(db, hits, f"imported-{now.date().isoformat()}")
        return Imported(read, len(fresh), len(wanted) - len(fresh), len(removed), hits)


def _is_kept(row: CalendarException | None, busy: Busy) -> bool:
    return row is not None and row.removed_at is None and row.ends_at == busy.ends_at


def _zone_of(clinician_id: str) -> str:
    """The zone of the clinician's first place, in which a day without a time is meant."""
    with reading() as db:
        one(db, Clinician, clinician_id)
        return one(db, Location, one(db, Staff, clinician_id).location_ids[0]).time_zone


def _key(clinician_id: str, busy: Busy) -> str:
    return f"{clinician_id}:{busy.key}"


def _known(db: Session, clinician_id: str) -> dict[str, CalendarException]:
    rows = db.exec(
        select(CalendarException).where(
            CalendarException.clinician_id == clinician_id, CalendarException.kind == ExceptionKind.IMPORTED
        )
    ).all()
    return {row.source_key: row for row in rows if row.source_key is not None}


def _away(db: Session, clinician_id: str) -> set[str]:
    """The ids of the exceptions that take this clinician's time away now."""
    query = select(CalendarException.id).where(
        CalendarException.clinician_id == clinician_id, col(CalendarException.removed_at).is_(None)
    )
    return set(db.exec(query).all())


def _keep(
    db: Session,
    clinician_id: str,
    fresh: Sequence[tuple[str, Busy]],
    known: dict[str, CalendarException],
    actor: str,
) -> None:
    for key, busy in fresh:
        row = known.get(key)
        if row is None:
            row = CalendarException(
                id=new_id("CE"),
                source_key=key,
                clinician_id=clinician_id,
                kind=ExceptionKind.IMPORTED,
                starts_at=busy.starts_at,
                ends_at=busy.ends_at,
                recorded_by=actor,
            )
        # the same occurrence may last longer than it did
        row.starts_at, row.ends_at, row.removed_at = busy.starts_at, busy.ends_at, None
        db.add(row)


# -- export


def export_calendar(clinician_id: str) -> bytes:
    """A clinician's appointments and absences as an iCalendar file; appointments by their case number alone.

    What was imported is not written back. Raises MovedOn for nobody on record.
    """
    ours = installation_id()
    since = utc_now() - BEHIND
    with reading() as db:
        one(db, Clinician, clinician_id)
        series = db.exec(
            select(Series)
            .where(Series.clinician_id == clinician_id, Series.status == SeriesStatus.ACTIVE)
            .order_by(col(Series.id))
        ).all()
        held = _held(db, [each.id for each in series])
        times = [
            *_appointments(db, clinician_id, {each.id for each in series}, since, ours),
            *_absences(db, clinician_id, since, ours),
        ]
    return write_calendar(times, [_written(each, held[each.id], ours) for each in series])


def _held(db: Session, series_ids: Collection[str]) -> dict[str, list[Appointment]]:
    found: dict[str, list[Appointment]] = defaultdict(list)
    for each in db.exec(select(Appointment).where(col(Appointment.series_id).in_(series_ids))).all():
        found[each.series_id or ""].append(each)
    return found


def _appointments(
    db: Session, clinician_id: str, series_ids: set[str], since: datetime, ours: str
) -> Iterator[WrittenTime]:
    for each in db.exec(
        select(Appointment)
        .where(
            Appointment.clinician_id == clinician_id,
            col(Appointment.status).in_(HELD),
            col(Appointment.starts_at) > since,
        )
        .order_by(col(Appointment.starts_at), col(Appointment.id))
    ).all():
        if each.series_id not in series_ids:
            ends = each.starts_at + timedelta(minutes=each.minutes)
            changed = each.changed_at or each.booked_at
            yield WrittenTime(f"{each.id}@{ours}", each.case_number, each.starts_at, ends, changed)


def _absences(db: Session, clinician_id: str, since: datetime, ours: str) -> Iterator[WrittenTime]:
    away = (ExceptionKind.LEAVE, ExceptionKind.BLOCKED, ExceptionKind.HOLIDAY)
    for each in db.exec(
        select(CalendarException)
        .where(
            CalendarException.clinician_id == clinician_id,
            col(CalendarException.kind).in_(away),
            col(CalendarException.removed_at).is_(None),
            col(CalendarException.ends_at) > since,
        )
        .order_by(col(CalendarException.starts_at), col(CalendarException.id))
    ).all():
        yield WrittenTime(f"{each.id}@{ours}", AWAY, each.starts_at, each.ends_at, each.recorded_at)


def _written(series: Series, appointments: list[Appointment], ours: str) -> WrittenSeries:
    """With the dates that are not held, as far as appointments are made, and those that are held at another time."""
    times = times_of(series)
    held = {each.occurs_on: each for each in appointments if each.status in HELD}
    last = max((each.occurs_on for each in appointments if each.occurs_on is not None), default=None)
    left_out: list[date] = []
    moved: list[MovedDate] = []
    for each in occurrences(times, series.from_on, last) if last is not None else ():
        appointment = held.get(each.occurs_on)
        if appointment is None:
            left_out.append(each.occurs_on)
        elif appointment.starts_at != each.starts_at:
            moved.append(MovedDate(each.occurs_on, appointment.starts_at, appointment.minutes))
    changed = max([series.made_at, *(each.changed_at or each.booked_at for each in appointments)])
    return WrittenSeries(
        uid=f"{series.id}@{ours}",
        summary=series.case_number,
        first_on=first_date(times),
        starts=series.starts,
        zone=series.zone,
        minutes=series.minutes,
        every_weeks=series.every_weeks,
        last_at=moment(series.until_on, series.starts, series.zone)[0] if series.until_on else None,
        changed_at=changed,
        left_out=tuple(left_out),
        moved=tuple(moved),
    )


def today_of(clinician_id: str) -> date:
    """Today's date where this clinician works."""
    return utc_now().astimezone(ZoneInfo(_zone_of(clinician_id))).date()
