"""Makes the appointments of recurring ones, many at once: which dates fit, what stands against the others."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, select

from acts.booking import revoke_offers
from acts.calendar_book import LONGEST, CalendarBook
from acts.practice_clocks import clock_policy
from adapters.operational_store import audit, set_statuses
from models.codes import AppointmentStatus, Modality, OfferStatus, Role, SlotStatus, ToDoKind, ToDoStatus
from models.columns import new_id, utc_now
from models.operational import Appointment, Clinician, Offer, Series, Slot, ToDo, WaitlistOffer
from models.scheduling_codes import WaitlistOfferStatus
from rules import clocks
from rules.calendars import MAY_STAND, Agreed, Conflict, ConflictKind, conflicts, free_room
from rules.recurrence import Occurrence, SeriesTimes, occurrences
from rules.scheduling import Interval

SKIP_KEY = "series:"
ROOM_KINDS = frozenset({ConflictKind.ROOM_TAKEN, ConflictKind.ROOM_CLOSED, ConflictKind.ROOM_NOT_ACCESSIBLE})


@dataclass(frozen=True)
class Planned:
    """One date of a series with the room it would take, and all that stands against it."""

    series: Series
    occurrence: Occurrence
    room_id: str | None
    against: tuple[Conflict, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether it can be held; that it lies outside the weekly hours a person has allowed."""
        return all(each.kind in MAY_STAND for each in self.against)


def times_of(series: Series) -> SeriesTimes:
    return SeriesTimes(
        weekday=series.weekday,
        starts=series.starts,
        zone=series.zone,
        minutes=series.minutes,
        from_on=series.from_on,
        until_on=series.until_on,
        every_weeks=series.every_weeks,
    )


def missing_dates(series: Series, from_on: date, to_on: date, known: Collection[date]) -> list[Occurrence]:
    """The dates of a series in this stretch that have no appointment yet."""
    return [each for each in occurrences(times_of(series), from_on, to_on) if each.occurs_on not in known]


def plan(
    series: Series,
    found: Iterable[Occurrence],
    book: CalendarBook,
    *,
    needs_accessible: bool = False,
    within_hours: bool = True,
) -> list[Planned]:
    """What stands against each of these dates; those that fit are put down in the book.

    An office session is in the room of the series, else in another one that is free; accessible, if that one is.
    Without ``within_hours`` the weekly hours are not asked: a person has agreed the time once.
    """
    own = book.room(series.room_id)
    accessible = needs_accessible or (own is not None and own.accessible)
    planned = []
    for occurrence in found:
        each = _planned(series, occurrence, book, needs_accessible=accessible, within_hours=within_hours)
        if each.fits:
            book.agree(_agreed(series, occurrence, each.room_id))
        planned.append(each)
    return planned


def _planned(series: Series, occurrence: Occurrence, book: CalendarBook, **asked: bool) -> Planned:
    wanted = _agreed(series, occurrence, series.room_id)
    calendar = book.around(wanted)
    against = conflicts(wanted, calendar, **asked)
    if series.modality is not Modality.OFFICE:
        return Planned(series, occurrence, None, against)
    if series.room_id is None or any(each.kind in ROOM_KINDS for each in against):
        room_id = free_room(wanted, calendar, asked["needs_accessible"])
        if room_id is not None:
            wanted = replace(wanted, room_id=room_id)
            against = conflicts(wanted, book.around(wanted), **asked)
    return Planned(series, occurrence, wanted.room_id, against)


def _agreed(series: Series, occurrence: Occurrence, room_id: str | None) -> Agreed:
    return Agreed(
        id=f"{series.id}:{occurrence.occurs_on.isoformat()}",
        clinician_id=series.clinician_id,
        patient_id=series.patient_id,
        location_id=series.location_id,
        at=Interval(occurrence.starts_at, occurrence.ends_at),
        modality=series.modality,
        room_id=room_id,
    )


def keep(db: Session, planned: Sequence[Planned], actor: str) -> list[Appointment]:
    """Put appointments on record in the caller's transaction, one event a series; bookable times there are taken."""
    made = [_appointment(each) for each in planned]
    if not made:
        return []
    occupy(db, made, actor)
    db.execute(insert(Appointment), [_columns(each) for each in made])
    by_series: dict[str, list[Planned]] = defaultdict(list)
    for each in planned:
        by_series[each.series.id].append(each)
    for series_id, theirs in by_series.items():
        dates = [each.occurrence.occurs_on.isoformat() for each in theirs]
        case = theirs[0].series.case_number
        audit(db, actor, "series.extended", ("series", series_id), case, count=len(theirs), dates=dates)
    return made


def _appointment(planned: Planned) -> Appointment:
    series, occurrence = planned.series, planned.occurrence
    return Appointment(
        id=new_id("AT"),
        case_number=series.case_number,
        patient_id=series.patient_id,
        clinician_id=series.clinician_id,
        location_id=series.location_id,
        series_id=series.id,
        occurs_on=occurrence.occurs_on,
        room_id=planned.room_id,
        starts_at=occurrence.starts_at,
        minutes=series.minutes,
        modality=series.modality,
        status=AppointmentStatus.BOOKED,
        booked_at=utc_now(),
    )


def _columns(appointment: Appointment) -> dict[str, Any]:
    return {name: getattr(appointment, name) for name in Appointment.model_fields}


def occupy(db: Session, appointments: Sequence[Appointment], actor: str) -> None:
    """Take from the bookable times what these appointments use: the very time is booked, others over it are closed.

    Sets ``slot_id``. A closed one remembers whose appointment lies on it, and opens again when that is cancelled.
    """
    by_clinician: dict[str, list[Appointment]] = defaultdict(list)
    for each in appointments:
        by_clinician[each.clinician_id].append(each)
    ends = max(each.starts_at + timedelta(minutes=each.minutes) for each in appointments)
    slots = db.exec(
        select(Slot).where(
            col(Slot.clinician_id).in_(list(by_clinician)),
            Slot.status == SlotStatus.OPEN,
            col(Slot.starts_at) > min(each.starts_at for each in appointments) - LONGEST,
            col(Slot.starts_at) < ends,
        )
    ).all()
    taken = {slot.id: (slot, appointment) for slot in slots if (appointment := _on(slot, by_clinician)) is not None}
    for slot, appointment in taken.values():
        same = (slot.starts_at, slot.minutes) == (appointment.starts_at, appointment.minutes)
        slot.status = SlotStatus.BOOKED if same else SlotStatus.CLOSED
        slot.case_number = appointment.case_number
        if same:
            appointment.slot_id = slot.id
    if taken:
        db.flush()
        audit(db, actor, "slot.taken", ("slot", "all"), slots=sorted(taken))
        _revoke_offers(db, [slot for slot, _ in taken.values()])


def _on(slot: Slot, by_clinician: dict[str, list[Appointment]]) -> Appointment | None:
    ends = slot.starts_at + timedelta(minutes=slot.minutes)
    return next(
        (
            each
            for each in by_clinician[slot.clinician_id]
            if slot.starts_at < each.starts_at + timedelta(minutes=each.minutes) and each.starts_at < ends
        ),
        None,
    )


def _revoke_offers(db: Session, slots: Sequence[Slot]) -> None:
    ids = [each.id for each in slots]
    offered = {
        *db.exec(select(Offer.slot_id).where(col(Offer.slot_id).in_(ids), Offer.status == OfferStatus.OPEN)).all(),
        *db.exec(
            select(WaitlistOffer.slot_id).where(
                col(WaitlistOffer.slot_id).in_(ids), WaitlistOffer.status == WaitlistOfferStatus.OPEN
            )
        ).all(),
    }
    for slot in slots:
        if slot.id in offered:
            revoke_offers(db, slot, why="slot_taken")


def lock_calendars(db: Session, clinician_ids: Collection[str]) -> None:
    """Let nobody else book with these clinicians until this transaction ends; their rows are the lock."""
    ids = sorted(clinician_ids)
    db.exec(select(Clinician.id).where(col(Clinician.id).in_(ids)).order_by(Clinician.id).with_for_update()).all()


def skip_key(series_id: str, occurs_on: date) -> str:
    """The unique key of the to-do about a date of a series that found no place."""
    return f"{SKIP_KEY}{series_id}:{occurs_on.isoformat()}"


def settled_dates(db: Session, series: Collection[Series]) -> dict[str, set[date]]:
    """The dates of each series that somebody has decided to leave out, in one query."""
    found: dict[str, set[date]] = defaultdict(set)
    query = select(ToDo.unique_key).where(
        ToDo.kind == ToDoKind.MOVE_APPOINTMENT,
        ToDo.status == ToDoStatus.DONE,
        col(ToDo.case_number).in_({each.case_number for each in series}),
        col(ToDo.unique_key).startswith(SKIP_KEY),
    )
    for key in db.exec(query).all():
        _, series_id, day = key.split(":")
        found[series_id].add(date.fromisoformat(day))
    return found


def open_skipped(db: Session, planned: Sequence[Planned], actor: str) -> int:
    """Somebody looks at each date that found no place, once a date; returns how many of these are new."""
    wanted = {skip_key(each.series.id, each.occurrence.occurs_on): each for each in planned}
    known = (
        set(db.exec(select(ToDo.unique_key).where(col(ToDo.unique_key).in_(list(wanted)))).all()) if wanted else set()
    )
    due_at = clocks.to_do_due(ToDoKind.MOVE_APPOINTMENT, utc_now(), clock_policy(db))
    for key in sorted(wanted.keys() - known):
        to_do = skipped(wanted[key], due_at)
        db.add(to_do)
        kinds = sorted({each.kind.value for each in wanted[key].against})
        audit(db, actor, "to_do.opened", to_do, to_do.case_number, kind=to_do.kind.value, why=kinds)
    return len(wanted.keys() - known)


def close_skipped(db: Session, planned: Sequence[Planned], actor: str) -> None:
    """A date that has found its place after all needs nobody any more."""
    keys = [skip_key(each.series.id, each.occurrence.occurs_on) for each in planned]
    waiting = (ToDoStatus.OPEN, ToDoStatus.CLAIMED)
    found = db.exec(select(ToDo).where(col(ToDo.unique_key).in_(keys), col(ToDo.status).in_(waiting))).all()
    set_statuses(db, found, ToDoStatus.SUPERSEDED, actor)


def skipped(planned: Planned, due_at: datetime, **facts: Any) -> ToDo:
    """The to-do about a date that found no place; due before it, whatever the clocks say."""
    series, occurrence = planned.series, planned.occurrence
    return ToDo(
        id=new_id("TD"),
        unique_key=skip_key(series.id, occurrence.occurs_on),
        case_number=series.case_number,
        kind=ToDoKind.MOVE_APPOINTMENT,
        role=Role.COORDINATOR,
        location_id=series.location_id,
        due_at=min(due_at, occurrence.starts_at),
        **facts,
    )
