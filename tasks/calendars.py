"""The night's part of calendars: recurring appointments are made some weeks ahead, dates without a place are asked."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from acts.calendar_book import read_book
from acts.occurrences import (
    Planned,
    close_skipped,
    keep,
    lock_calendars,
    missing_dates,
    open_skipped,
    plan,
    settled_dates,
)
from adapters.held_places import not_held
from adapters.operational_store import audit, writing
from adapters.slots import AHEAD
from models.codes import EpisodeStatus
from models.columns import utc_now
from models.governance_codes import Workflow
from models.operational import Appointment, Episode, Series
from models.scheduling_codes import SeriesStatus
from rules.recurrence import Occurrence

CHUNK = 1000
ACTOR = "system"


def extend_series(night: date, location_id: str = "all") -> dict[str, int]:
    """Make the appointments of recurring ones up to six weeks after this night; returns how many of what.

    ``made`` appointments, ``skipped`` dates that found no place (a to-do each), ``ended`` series whose last date has
    passed. Whole chunks of series at a time; a date that has its appointment, or was left out by a person, stays as
    it is, so running it again changes nothing.
    """
    counts = {"series": 0, "made": 0, "skipped": 0, "ended": 0}
    after = ("", "")
    while True:
        with writing() as db:
            chunk = _next_chunk(db, location_id, after)
            if not chunk:
                return counts
            counts["ended"] += _end_past(db, chunk, night)
            made, skipped = _extend(db, [each for each in chunk if each.status == SeriesStatus.ACTIVE], night)
            after = (chunk[-1].clinician_id, chunk[-1].id)
        counts["series"] += len(chunk)
        counts["made"] += made
        counts["skipped"] += skipped


def _next_chunk(db: Session, location_id: str, after: tuple[str, str]) -> Sequence[Series]:
    there = not_held(Workflow.SCHEDULING, Series.location_id)
    return _behind(db, after, there if location_id == "all" else there & (col(Series.location_id) == location_id))


def series_behind(db: Session, after: tuple[str, str], location_ids: Sequence[str]) -> Sequence[Series]:
    """The next recurring appointments of these locations, held or not, from behind ``after`` (clinician, id)."""
    return _behind(db, after, col(Series.location_id).in_(location_ids))


def _behind(db: Session, after: tuple[str, str], there: ColumnElement[bool]) -> Sequence[Series]:
    """By clinician, so that a chunk touches few calendars."""
    clinician_id, series_id = after
    beyond = (col(Series.clinician_id) > clinician_id) | (
        (col(Series.clinician_id) == clinician_id) & (col(Series.id) > series_id)
    )
    query = (
        select(Series)
        .join(Episode, col(Episode.case_number) == col(Series.case_number))
        .where(Series.status == SeriesStatus.ACTIVE, Episode.status == EpisodeStatus.ACTIVE, beyond, there)
    )
    return db.exec(query.order_by(col(Series.clinician_id), col(Series.id)).limit(CHUNK)).all()


def _end_past(db: Session, chunk: Sequence[Series], night: date) -> int:
    past = [each for each in chunk if each.until_on is not None and each.until_on < night]
    for series in past:
        series.status = SeriesStatus.ENDED
        db.add(series)
        audit(db, ACTOR, "series.ended", series, series.case_number)
    return len(past)


def _extend(db: Session, chunk: Sequence[Series], night: date) -> tuple[int, int]:
    wanted = _missing(db, chunk, night)
    if not wanted:
        return 0, 0
    lock_calendars(db, sorted({series.clinician_id for series, _ in wanted}))
    planned = _plan(db, wanted)
    fitting = [each for each in planned if each.fits]
    keep(db, fitting, ACTOR)
    close_skipped(db, fitting, ACTOR)
    return len(fitting), open_skipped(db, [each for each in planned if not each.fits], ACTOR)


def would_extend(db: Session, chunk: Sequence[Series], night: date) -> list[Planned]:
    """The appointments that would be made of these recurring ones, and the dates without a place; makes nothing."""
    wanted = _missing(db, [each for each in chunk if each.until_on is None or each.until_on >= night], night)
    return _plan(db, wanted) if wanted else []


def _plan(db: Session, wanted: Sequence[tuple[Series, list[Occurrence]]]) -> list[Planned]:
    moments = [each.starts_at for _, found in wanted for each in found]
    clinicians = sorted({series.clinician_id for series, _ in wanted})
    book = read_book(
        db,
        clinician_ids=clinicians,
        patient_ids=sorted({series.patient_id for series, _ in wanted}),
        location_ids=sorted({series.location_id for series, _ in wanted if series.room_id is not None}),
        from_utc=min(moments),
        to_utc=max(moments) + timedelta(days=1),
    )
    return [each for series, found in wanted for each in plan(series, found, book, within_hours=False)]


def _missing(db: Session, chunk: Sequence[Series], night: date) -> list[tuple[Series, list[Occurrence]]]:
    """Each series with the dates that have neither an appointment nor a person's decision to leave them out."""
    until = night + AHEAD
    ids = [each.id for each in chunk]
    known = {
        series_id: {day for _, day in rows} for series_id, rows in groupby(_known(db, ids, night), lambda row: row[0])
    }
    now = max(utc_now(), datetime.combine(night, time.min, UTC))
    found = []
    for series in chunk:
        missing = missing_dates(series, night, until, known.get(series.id, ()))
        still_to_come = [each for each in missing if each.starts_at > now]
        if still_to_come:
            found.append((series, still_to_come))
    settled = settled_dates(db, [series for series, _ in found]) if found else {}
    wanted = [
        (series, [one for one in dates if one.occurs_on not in settled.get(series.id, ())]) for series, dates in found
    ]
    return [(series, dates) for series, dates in wanted if dates]


def _known(db: Session, series_ids: list[str], night: date) -> Iterator[tuple[str, date]]:
    query = select(col(Appointment.series_id), col(Appointment.occurs_on)).where(
        col(Appointment.series_id).in_(series_ids), col(Appointment.occurs_on) >= night
    )
    for series_id, day in db.exec(query.order_by(col(Appointment.series_id))).all():
        if series_id is not None and day is not None:
            yield series_id, day
