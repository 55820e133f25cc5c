"""A clinician's calendar: a week at a time, leave, weekly hours, recurring appointments, calendar files, rooms."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import calendar_files, calendar_week, calendars, series
from acts.calendar_week import WeekView
from acts.calendars import Hit, NewException, NewHours, Unconfirmed
from acts.occurrences import Planned
from acts.series import Conflicted, NewSeries
from adapters import desk_views
from adapters.calendar_reading import MOST_BYTES, first_words
from models.codes import Modality, Role
from models.errors import ContractBroken, MovedOn, NotAllowed
from models.operational import Location
from models.scheduling_codes import ExceptionKind
from rules.access import ROOM_KEEPERS, may_keep_calendar
from rules.calendars import DAY_NAMES, MAY_STAND
from web.desk import words
from web.desk.members import Member, SignedIn
from web.desk.pages import page

router = APIRouter()

YEARS = range(2000, 2100)
REFUSALS = (NotAllowed, MovedOn, ValueError)
KINDS = {
    ExceptionKind.LEAVE: "Leave",
    ExceptionKind.BLOCKED: "Blocked time",
    ExceptionKind.HOLIDAY: "Holiday",
    ExceptionKind.EXTRA_HOURS: "Extra hours",
}
DONE = {
    "exception": "It is on the calendar; bookable times follow it.",
    "exception_hits": "It is on the calendar. The appointments in it stand until a coordinator has settled each.",
    "removed": "It is taken back; its times can be booked again.",
    "hours": "The weekly hours have changed; bookable times follow them.",
    "series": "The recurring appointment is made, with its appointments for the weeks ahead.",
    "series_ended": "The recurring appointment ends then. If that cancelled dates, a to-do asks to tell the patient.",
    "moved": "The appointment is moved. The patient is not written to: you have agreed it with them.",
    "cancelled": "The appointment is cancelled. The patient is not written to: you have agreed it with them.",
    "room": "The room is on record.",
}
WAYS = (Modality.OFFICE, Modality.TELEHEALTH)


@dataclass(frozen=True)
class Pending:
    """What is shown before a change is made that collides with something; ``hidden`` is the form as it was sent.

    ``ticks`` are choices that resolve it: name, value, words. Without a ``button`` it cannot be made at all.
    """

    title: str
    lines: tuple[str, ...]
    action: str = ""
    hidden: tuple[tuple[str, str], ...] = ()
    ticks: tuple[tuple[str, str, str], ...] = ()
    button: str = ""


# -- whose calendar


@router.get("/calendar", name="calendar")
def calendar(request: Request, me: SignedIn) -> Response:
    """The calendars this person may open; a clinician's is their own."""
    if me.staff.role == Role.CLINICIAN:
        return RedirectResponse(f"/calendar/{me.id}", status_code=303)
    people = calendar_week.everybody(me.staff.location_ids)
    return page(request, "calendars.html", people=people, places=desk_views.places())


@router.get("/calendar/{clinician_id}", name="calendar_week")
def calendar_of(request: Request, me: SignedIn, clinician_id: str, week: str = "", done: str = "") -> HTMLResponse:
    _check(me, clinician_id)
    return _show(request, me, clinician_id, day=_week(week), notice=DONE.get(done))


def _check(me: Member, clinician_id: str) -> None:
    """Raises NotAllowed unless this person keeps this calendar, MovedOn where there is none."""
    permission = may_keep_calendar(me.viewer, clinician_id, calendar_week.whose(clinician_id).location_ids)
    if not permission.allowed:
        raise NotAllowed("; ".join(permission.reasons))


def _show(
    request: Request,
    me: Member,
    clinician_id: str,
    *,
    day: date | None = None,
    notice: str | None = None,
    problem: str | None = None,
    pending: Pending | None = None,
    told: Sequence[str] = (),
    typed: dict[str, str] | None = None,
    status_code: int = 200,
) -> HTMLResponse:
    view = calendar_week.week_of(clinician_id, day)
    here = {place.id for place in view.places}
    return page(
        request,
        "calendar.html",
        status_code=status_code,
        view=view,
        before=view.monday - timedelta(days=7),
        after=view.monday + timedelta(days=7),
        rooms=[room for room in view.rooms.values() if room.location_id in here and room.active],
        kinds=KINDS,
        whole=me.staff.role in ROOM_KEEPERS,
        ways=WAYS,
        modalities=tuple(Modality),
        day_names=DAY_NAMES,
        places=desk_views.places(),
        notice=notice,
        problem=problem,
        pending=pending,
        told=told,
        typed=typed or {},
    )


def _act(
    request: Request,
    me: Member,
    clinician_id: str,
    typed: dict[str, str],
    act: Callable[[], str | Response],
    *,
    about: str = "",
) -> Response:
    """Do it and show the week it is about; what refuses it is shown beside what was typed."""
    _check(me, clinician_id)
    try:
        done = act()
    except REFUSALS as refusal:
        problem = words.sentence(str(refusal)) + "."
        return _show(request, me, clinician_id, day=_week(about), problem=problem, typed=typed, status_code=422)
    if isinstance(done, Response):
        return done
    day = _week(about)
    week = f"&week={day.isoformat()}" if day is not None else ""
    return RedirectResponse(f"/calendar/{clinician_id}?done={done}{week}", status_code=303)


def _week(text: str) -> date | None:
    """The day whose week is shown; None, and so today's, for what is no date."""
    try:
        return _day(text[:10], "")
    except ValueError:
        return None


# -- what is typed


def _day(text: str, missing: str) -> date:
    """A date as a browser sends it; raises ValueError saying what is missing."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(missing or "choose a date") from None
    if day.year not in YEARS:
        raise ValueError("choose a date of this century")
    return day


def _clock(text: str, missing: str) -> time:
    try:
        return time.fromisoformat(text.strip()).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        raise ValueError(missing) from None


def _moment(text: str, zone: str, missing: str) -> datetime:
    """A date and time of a place's clock, as UTC."""
    try:
        typed = datetime.fromisoformat(text.strip()).replace(tzinfo=None)
    except ValueError:
        raise ValueError(missing) from None
    if typed.year not in YEARS:
        raise ValueError("choose a date of this century")
    return typed.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _number(text: str, missing: str) -> int:
    if not text.strip().isascii() or not text.strip().isdigit() or len(text.strip()) > 4:
        raise ValueError(missing)
    return int(text)


def _choice(text: str, among: Any, missing: str) -> Any:
    if text not in tuple(among):
        raise ValueError(missing)
    return among(text)


# -- leave, blocked time, extra hours


@router.post("/calendar/{clinician_id}/exceptions", name="add_exception")
def add_exception(
    request: Request,
    me: SignedIn,
    clinician_id: str,
    kind: Annotated[str, Form()] = "",
    whose: Annotated[str, Form()] = "",
    starts: Annotated[str, Form()] = "",
    ends: Annotated[str, Form()] = "",
    location: Annotated[str, Form()] = "",
    confirmed: Annotated[list[str] | None, Form()] = None,
) -> Response:
    typed = {"form": "exception", "kind": kind, "whose": whose, "starts": starts, "ends": ends, "location": location}

    def act() -> str | Response:
        new = _new_exception(me, calendar_week.week_of(clinician_id), typed)
        try:
            changed = calendars.add_exception(new, actor=me.id, confirmed=confirmed or ())
        except Unconfirmed as unconfirmed:
            pending = _ask_first(clinician_id, unconfirmed.hits, f"/calendar/{clinician_id}/exceptions", typed)
            return _show(request, me, clinician_id, day=_week(starts), pending=pending, typed=typed, status_code=422)
        return "exception_hits" if changed.hits else "exception"

    return _act(request, me, clinician_id, typed, act, about=starts)


def _new_exception(me: Member, view: WeekView, typed: dict[str, str]) -> NewException:
    kind = _choice(typed["kind"], ExceptionKind, "choose what it is")
    if kind not in KINDS:
        raise ValueError("choose what it is")
    place, room_id, clinician_id = _whose(me, view, typed["whose"])
    if kind == ExceptionKind.EXTRA_HOURS:
        if clinician_id is None:
            raise ValueError("extra hours are one clinician's")
        place = next((each for each in view.places if each.id == typed["location"]), None)
        if place is None:
            raise ValueError("choose at which place the extra hours are")
    zone = place.time_zone if place else view.zone
    return NewException(
        kind=kind,
        starts_at=_moment(typed["starts"], zone, "say from when"),
        ends_at=_moment(typed["ends"], zone, "say until when"),
        clinician_id=clinician_id,
        location_id=place.id if place and room_id is None else None,
        room_id=room_id,
    )


def _whose(me: Member, view: WeekView, said: str) -> tuple[Location | None, str | None, str | None]:
    """The place, the room and the clinician that it is of; a whole place and a room are for coordinators."""
    what, _, key = said.partition(":")
    if what in ("", "clinician"):
        return None, None, view.clinician_id
    room = view.rooms.get(key) if what == "room" else None
    place = next((each for each in view.places if each.id == (room.location_id if room else key)), None)
    if place is None or what not in ("room", "place"):
        raise ValueError("choose whose time it is")
    if me.staff.role not in ROOM_KEEPERS or place.id not in me.staff.location_ids:
        raise NotAllowed("a coordinator of the place does this")
    return place, room.id if room else None, None


def _ask_first(clinician_id: str, hits: Sequence[Hit], action: str, typed: dict[str, str]) -> Pending:
    zone = calendar_week.week_of(clinician_id).zone
    hidden = [(name, value) for name, value in typed.items() if name != "form"]
    return Pending(
        title=f"{len(hits)} appointment{'' if len(hits) == 1 else 's'} would be hit; nothing is changed yet",
        lines=tuple(_hit(each, zone) for each in hits),
        action=action,
        hidden=(*hidden, *(("confirmed", each.appointment_id) for each in hits)),
        button="Do it, and ask a coordinator to settle each",
    )


def _hit(hit: Hit, zone: str) -> str:
    return f"{hit.case_number}, {words.local(hit.starts_at, zone)}: {'; '.join(hit.reasons)}"


@router.post("/calendar/{clinician_id}/exceptions/{exception_id}/remove", name="remove_exception")
def remove_exception(request: Request, me: SignedIn, clinician_id: str, exception_id: str) -> Response:
    def act() -> str:
        exception = calendar_week.exception_of(exception_id)
        if exception.clinician_id not in (None, clinician_id):
            raise NotAllowed("it is on another calendar")
        if exception.clinician_id is None:
            said = f"room:{exception.room_id}" if exception.room_id else f"place:{exception.location_id}"
            _whose(me, calendar_week.week_of(clinician_id), said)
        calendars.remove_exception(exception_id, actor=me.id)
        return "removed"

    return _act(request, me, clinician_id, {}, act)


# -- weekly hours


@router.post("/calendar/{clinician_id}/hours", name="add_hours")
def add_hours(
    request: Request,
    me: SignedIn,
    clinician_id: str,
    weekday: Annotated[str, Form()] = "",
    starts: Annotated[str, Form()] = "",
    ends: Annotated[str, Form()] = "",
    location: Annotated[str, Form()] = "",
    modality: Annotated[str, Form()] = "",
    minutes: Annotated[str, Form()] = "50",
    room: Annotated[str, Form()] = "",
    valid_from: Annotated[str, Form()] = "",
    valid_to: Annotated[str, Form()] = "",
) -> Response:
    typed = {
        "form": "hours", "weekday": weekday, "hours_starts": starts, "hours_ends": ends, "hours_location": location,
        "hours_modality": modality, "hours_minutes": minutes, "hours_room": room, "valid_from": valid_from,
        "valid_to": valid_to,
    }  # fmt: skip

    def act() -> str | Response:
        if location not in {place.id for place in calendar_week.week_of(clinician_id).places}:
            raise ValueError("choose a place")
        new = NewHours(
            clinician_id=clinician_id,
            location_id=location,
            weekday=_number(weekday, "choose a day"),
            starts=_clock(starts, "say from when"),
            ends=_clock(ends, "say until when"),
            modality=_choice(modality, Modality, "say whether it is at the office, by video or either"),
            minutes=_number(minutes, "say how many minutes a session lasts"),
            room_id=room or None,
            valid_from=_day(valid_from, "") if valid_from else None,
            valid_to=_day(valid_to, "") if valid_to else None,
        )
        try:
            calendars.add_hours(new, actor=me.id)
        except Conflicted as conflicted:
            lines = tuple(words.sentence(each.reason) for each in conflicted.conflicts)
            pending = Pending("These hours overlap others; nothing is changed", lines)
            return _show(request, me, clinician_id, pending=pending, typed=typed, status_code=422)
        return "hours"

    return _act(request, me, clinician_id, typed, act)


@router.post("/calendar/{clinician_id}/hours/{rule_id}/end", name="end_hours")
def end_hours(
    request: Request,
    me: SignedIn,
    clinician_id: str,
    rule_id: int,
    last_on: Annotated[str, Form()] = "",
    confirmed: Annotated[list[str] | None, Form()] = None,
) -> Response:
    def act() -> str | Response:
        last = _day(last_on, "say which is their last day")
        if not 0 < rule_id < 2**31 or calendars.clinician_of_rule(rule_id) != clinician_id:
            raise MovedOn(f"there is no weekly rule {rule_id} on this calendar")
        try:
            calendars.end_hours(rule_id, last, actor=me.id, confirmed=confirmed or ())
        except Unconfirmed as unconfirmed:
            action = f"/calendar/{clinician_id}/hours/{rule_id}/end"
            pending = _ask_first(clinician_id, unconfirmed.hits, action, {"last_on": last_on})
            return _show(request, me, clinician_id, pending=pending, status_code=422)
        return "hours"

    return _act(request, me, clinician_id, {}, act)


# -- recurring appointments


@router.post("/calendar/{clinician_id}/series", name="make_series")
def make_series(
    request: Request,
    me: SignedIn,
    clinician_id: str,
    case: Annotated[str, Form()] = "",
    first: Annotated[str, Form()] = "",
    at: Annotated[str, Form()] = "",
    modality: Annotated[str, Form()] = "",
    minutes: Annotated[str, Form()] = "50",
    weeks: Annotated[str, Form()] = "1",
    last: Annotated[str, Form()] = "",
    room: Annotated[str, Form()] = "",
    leave_out: Annotated[list[str] | None, Form()] = None,
    let_stand: Annotated[str, Form()] = "",
) -> Response:
    typed = {"form": "series", "case": case, "first": first, "at": at, "modality": modality, "minutes": minutes}
    typed |= {"weeks": weeks, "last": last, "room": room}

    def act() -> str | Response:
        if not case or calendar_week.care(case).clinician_id != clinician_id:
            raise ValueError("choose a patient in this clinician's care")
        new = NewSeries(
            case_number=case,
            from_on=_day(first, "say on which date it begins"),
            starts=_clock(at, "say at what time"),
            modality=_choice(modality, Modality, "say whether it is at the office or by video"),
            minutes=_number(minutes, "say how many minutes a session lasts"),
            every_weeks=_number(weeks, "say every how many weeks"),
            until_on=_day(last, "") if last else None,
            room_id=room or None,
        )
        dates = [_day(each, "") for each in leave_out or ()]
        try:
            series.make_series(new, actor=me.id, leave_out=dates, let_stand=let_stand == "yes")
        except Conflicted as conflicted:
            pending = _resolve(clinician_id, conflicted, typed, {*dates}, let_stand)
            return _show(request, me, clinician_id, day=_week(first), pending=pending, typed=typed, status_code=422)
        return "series"

    return _act(request, me, clinician_id, typed, act, about=first)


def _resolve(
    clinician_id: str, conflicted: Conflicted, typed: dict[str, str], left_out: set[date], let_stand: str
) -> Pending:
    """Every date with what stands against it, and what a person may do about it."""
    against = [each for each in conflicted.planned if each.against]
    beyond = any(conflict.kind in MAY_STAND for each in against for conflict in each.against)
    ticks = [
        (
            "leave_out",
            each.occurrence.occurs_on.isoformat(),
            f"Leave out {words.spoken_date(each.occurrence.occurs_on)}",
        )
        for each in against
        if not each.fits
    ]
    if beyond:
        ticks.append(("let_stand", "yes", "It may lie outside the clinician's hours"))
    hidden = [(name, value) for name, value in typed.items() if name != "form"]
    return Pending(
        title="Some dates have a conflict; nothing is made yet",
        lines=tuple(_date(each) for each in against),
        action=f"/calendar/{clinician_id}/series",
        hidden=tuple(hidden),
        ticks=tuple(ticks),
        button="Make it so",
    )


def _date(planned: Planned) -> str:
    day = words.spoken_date(planned.occurrence.occurs_on)
    return f"{day}: {'; '.join(each.reason for each in planned.against)}"


@router.post("/calendar/{clinician_id}/series/{series_id}/end", name="end_series")
def end_series(
    request: Request, me: SignedIn, clinician_id: str, series_id: str, last_on: Annotated[str, Form()] = ""
) -> Response:
    def act() -> str:
        last = _day(last_on, "say which is its last date")
        if calendar_week.clinician_of_series(series_id) != clinician_id:
            raise NotAllowed("it is on another calendar")
        series.end_series(series_id, last, actor=me.id)
        return "series_ended"

    return _act(request, me, clinician_id, {}, act)


@router.post("/calendar/{clinician_id}/appointments/{appointment_id}/move", name="move_appointment")
def move_appointment(
    request: Request,
    me: SignedIn,
    clinician_id: str,
    appointment_id: str,
    to: Annotated[str, Form()] = "",
    let_stand: Annotated[str, Form()] = "",
) -> Response:
    def act() -> str | Response:
        if calendar_week.clinician_of_appointment(appointment_id) != clinician_id:
            raise NotAllowed("it is on another calendar")
        day, _, clock = to.partition("T")
        try:
            series.move_appointment(
                appointment_id,
                _day(day, "say to which date and time"),
                _clock(clock, "say to which date and time"),
                actor=me.id,
                let_stand=let_stand == "yes",
            )
        except Conflicted as conflicted:
            pending = Pending(
                title="It cannot be moved there; nothing is changed",
                lines=tuple(words.sentence(each.reason) for each in conflicted.conflicts),
            )
            if all(each.kind in MAY_STAND for each in conflicted.conflicts):
                pending = Pending(
                    title="This lies outside the clinician's hours; nothing is changed yet",
                    lines=pending.lines,
                    action=f"/calendar/{clinician_id}/appointments/{appointment_id}/move",
                    hidden=(("to", to), ("let_stand", "yes")),
                    button="Move it all the same",
                )
            return _show(request, me, clinician_id, day=_week(day), pending=pending, status_code=422)
        return "moved"

    return _act(request, me, clinician_id, {}, act, about=to)


@router.post("/calendar/{clinician_id}/appointments/{appointment_id}/cancel", name="cancel_appointment")
def cancel_appointment(request: Request, me: SignedIn, clinician_id: str, appointment_id: str) -> Response:
    def act() -> str:
        if calendar_week.clinician_of_appointment(appointment_id) != clinician_id:
            raise NotAllowed("it is on another calendar")
        series.cancel_appointment(appointment_id, actor=me.id)
        return "cancelled"

    return _act(request, me, clinician_id, {}, act)


# -- calendar files


@router.post("/calendar/{clinician_id}/import", name="import_calendar")
def import_calendar(
    request: Request,
    me: SignedIn,
    clinician_id: str,
    file: Annotated[UploadFile, File()],
    replace: Annotated[str, Form()] = "",
) -> Response:
    """What a calendar file says is shown at once, because its messages are about this very file."""
    _check(me, clinician_id)
    try:
        raw = file.file.read(MOST_BYTES + 1)
        found = calendar_files.import_calendar(raw, clinician_id, actor=me.id, replace=replace == "yes")
    except ContractBroken as broken:
        problem = words.sentence(str(broken)) + ". Nothing was kept."
        return _show(request, me, clinician_id, problem=problem, status_code=422)
    if found.read.faults:
        title = f"{len(found.read.faults)} faults in the file; nothing was kept. Events are counted from 1."
        pending = Pending(title, tuple(words.sentence(each) for each in first_words(found.read)))
        return _show(request, me, clinician_id, pending=pending, status_code=422)
    notice = (
        f"Read: {found.read.events} events. Busy times: {found.added} new, {found.known} known, {found.removed} taken "
        f"back. {len(found.hits)} appointments lie in new ones; a coordinator is asked to settle each."
    )
    zone = calendar_week.week_of(clinician_id).zone
    told = [*(_hit(each, zone) for each in found.hits), *(words.sentence(each) for each in first_words(found.read))]
    return _show(request, me, clinician_id, notice=notice, told=told)


@router.get("/calendar/{clinician_id}/export", name="export_calendar")
def export_calendar(me: SignedIn, clinician_id: str) -> Response:
    _check(me, clinician_id)
    headers = {"content-disposition": f'attachment; filename="calendar-{clinician_id}.ics"'}
    return Response(calendar_files.export_calendar(clinician_id), media_type="text/calendar", headers=headers)


# -- rooms


@router.get("/rooms", name="rooms")
def rooms(request: Request, me: SignedIn, done: str = "") -> HTMLResponse:
    return _show_rooms(request, me, notice=DONE.get(done))


def _show_rooms(
    request: Request,
    me: Member,
    *,
    notice: str | None = None,
    problem: str | None = None,
    pending: Pending | None = None,
    status_code: int = 200,
) -> HTMLResponse:
    known = desk_views.places()
    return page(
        request,
        "rooms.html",
        status_code=status_code,
        rooms=calendar_week.rooms_of(me.staff.location_ids),
        own=[known[each] for each in me.staff.location_ids if each in known],
        places=known,
        notice=notice,
        problem=problem,
        pending=pending,
    )


@router.post("/rooms", name="add_room")
def add_room(
    request: Request,
    me: SignedIn,
    location: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    accessible: Annotated[str, Form()] = "",
) -> Response:
    def act() -> None:
        if location not in me.staff.location_ids:
            raise ValueError("choose one of your locations")
        calendars.add_room(location, name, accessible=accessible == "yes", actor=me.id)

    return _act_on_rooms(request, me, act)


@router.post("/rooms/{room_id}", name="change_room")
def change_room(
    request: Request,
    me: SignedIn,
    room_id: str,
    name: Annotated[str, Form()] = "",
    accessible: Annotated[str, Form()] = "",
    active: Annotated[str, Form()] = "",
    confirmed: Annotated[list[str] | None, Form()] = None,
) -> Response:
    typed = {"name": name, "accessible": accessible, "active": active}

    def act() -> Response | None:
        room = calendar_week.room_of(room_id)
        if room.location_id not in me.staff.location_ids:
            raise NotAllowed("the room is at another location")
        facts = {"name": name, "accessible": accessible == "yes", "active": active == "yes"}
        try:
            calendars.change_room(room_id, **facts, actor=me.id, confirmed=confirmed or ())  # type: ignore[arg-type]
        except Unconfirmed as unconfirmed:
            zone = desk_views.places()[room.location_id].time_zone
            pending = Pending(
                title="Appointments are held in this room; nothing is changed yet",
                lines=tuple(_hit(each, zone) for each in unconfirmed.hits),
                action=f"/rooms/{room_id}",
                hidden=(*typed.items(), *(("confirmed", each.appointment_id) for each in unconfirmed.hits)),
                button="Do it, and ask a coordinator to settle each",
            )
            return _show_rooms(request, me, pending=pending, status_code=422)
        return None

    return _act_on_rooms(request, me, act)


def _act_on_rooms(request: Request, me: Member, act: Callable[[], Response | None]) -> Response:
    try:
        shown = act()
    except REFUSALS as refusal:
        return _show_rooms(request, me, problem=words.sentence(str(refusal)) + ".", status_code=422)
    return shown or RedirectResponse("/rooms?done=room", status_code=303)
