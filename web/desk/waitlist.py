"""The waitlist: who waits at a location, which times came free, who is offered them; and how fair that is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import waitlist, waitlist_desk
from acts.waitlist import ANY_CLINICIAN, LONGEST_NOTICE_HOURS
from adapters import case_views, desk_views, waitlist_views
from adapters.waitlist_views import MayJoin, WaitingRow
from models.codes import Modality
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import WaitlistEntry
from models.small_cells import FEWEST
from rules import waitlist_fairness
from rules.access import SIGNERS, STEERERS, may_see_case, sees_names
from rules.scheduling import WEEKDAYS, PartOfDay
from rules.waitlist import PRIORITIES, Place, place_of
from web.desk import words
from web.desk.members import Member, SignedIn, check_theirs
from web.desk.pages import page

router = APIRouter()

DONE = {
    "joined": "The patient is on the list.",
    "priority": "The priority is on record.",
    "removed": "The patient is off the list.",
    "filled": "The time is booked; the patient is told, and offers of it to others are taken back.",
}
NO_CASE = "no case of that number is in care here, or has its first session booked; one that waits is listed by itself"


@dataclass(frozen=True)
class Asked:
    """What of the list is shown; "" = every location of this person."""

    location: str = ""
    case: str = ""


@router.get("/waitlist", name="waitlist")
def show_waitlist(request: Request, me: SignedIn, location: str = "", case: str = "", done: str = "") -> HTMLResponse:
    return _show(request, me, Asked(location, case), notice=DONE.get(done))


def _show(
    request: Request,
    me: Member,
    asked: Asked,
    *,
    notice: str | None = None,
    problem: str | None = None,
    typed: dict[str, Any] | None = None,
    status_code: int = 200,
) -> HTMLResponse:
    now = utc_now()
    chosen = _chosen(me, asked.location)
    rows = waitlist_views.waiting_rows(chosen)
    visible = [row for row in rows if may_see_case(me.viewer, row.facts).allowed]
    joins = waitlist_views.may_join(me.staff.location_ids, now, asked.case) if asked.case.strip() else None
    if joins is not None and not may_see_case(me.viewer, joins.facts).allowed:
        joins = None
    if asked.case.strip() and joins is None and problem is None:
        problem = words.sentence(NO_CASE) + "."
    return page(
        request,
        "waitlist.html",
        status_code=status_code,
        rows=sorted(visible, key=lambda row: _place(row.entry, now)),
        others=len(rows) - len(visible),
        freed=waitlist_desk.freed_times(chosen, now),
        row_of={row.entry.id: row for row in visible},
        keeps=me.staff.role in SIGNERS,
        joins=joins,
        clinicians=_clinicians(joins) if joins else [],
        priorities=PRIORITIES,
        weekdays=WEEKDAYS,
        parts_of_day=tuple(PartOfDay),
        modalities=tuple(Modality),
        longest_notice=LONGEST_NOTICE_HOURS,
        any_clinician=ANY_CLINICIAN,
        asked=asked,
        places=desk_views.places(),
        names=desk_views.staff_names(),
        notice=notice,
        problem=problem,
        typed=typed or {},
    )


def _place(entry: WaitlistEntry, now: datetime) -> Place:
    return place_of(entry.priority, entry.since, entry.offers, entry.last_offered_at, entry.id, now)


def _chosen(me: Member, location: str) -> list[str]:
    return [location] if location in me.staff.location_ids else list(me.staff.location_ids)


def _clinicians(joins: MayJoin) -> list[case_views.ClinicianView]:
    return [each for each in case_views.clinicians() if joins.location_id in each.location_ids]


def _row(me: Member, entry_id: str) -> WaitingRow:
    """One entry that this person may see; raises MovedOn or NotTheirs."""
    found = next((row for row in waitlist_views.waiting_rows(me.staff.location_ids) if row.entry.id == entry_id), None)
    if found is None:
        raise MovedOn(f"entry {entry_id} waits no longer")
    check_theirs(me, case_views.case(found.entry.case_number))
    return found


def _act(
    request: Request, me: Member, done: str, act: Callable[[], object], asked: Asked, typed: dict[str, Any]
) -> Response:
    """Do it and show the list; what refuses it is shown above."""
    try:
        act()
    except (NotAllowed, MovedOn, ValueError) as refusal:
        problem = words.sentence(str(refusal)) + "."
        return _show(request, me, asked, problem=problem, typed=typed, status_code=422)
    query = {"done": done} | ({"location": asked.location} if asked.location else {})
    return RedirectResponse(f"/waitlist?{urlencode(query)}", status_code=303)


def _number(text: str, what: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise ValueError(f"{what} is a whole number")
    return int(text)


@router.post("/waitlist", name="join_waitlist")
def join_waitlist(
    request: Request,
    me: SignedIn,
    case: Annotated[str, Form()] = "",
    priority: Annotated[str, Form()] = "",
    clinician: Annotated[str, Form()] = "",
    modality: Annotated[str, Form()] = "",
    times: Annotated[list[str] | None, Form()] = None,
    notice: Annotated[str, Form()] = "4",
    instead_of: Annotated[str, Form()] = "",
) -> Response:
    """Put a patient in care, or one whose first session is booked, on the list."""

    def act() -> None:
        check_theirs(me, case_views.case(case))
        if modality not in tuple(Modality):
            raise ValueError("say how they would meet")
        waitlist.join(
            case,
            staff_id=me.id,
            priority=_number(priority, "the priority"),
            clinician=clinician,
            modality=Modality(modality),
            wanted_times=times or [],
            min_notice_hours=_number(notice, "the notice"),
            from_appointment_id=instead_of or None,
        )

    typed = {"priority": priority, "clinician": clinician, "modality": modality, "times": times or [], "notice": notice}
    return _act(request, me, "joined", act, Asked(case=case), typed | {"instead_of": instead_of})


@router.post("/waitlist/{entry_id}/priority", name="set_waitlist_priority")
def set_waitlist_priority(
    request: Request, me: SignedIn, entry_id: str, priority: Annotated[str, Form()] = ""
) -> Response:
    def act() -> None:
        _row(me, entry_id)
        waitlist.set_priority(entry_id, staff_id=me.id, priority=_number(priority, "the priority"))

    return _act(request, me, "priority", act, Asked(), {})


@router.post("/waitlist/{entry_id}/remove", name="leave_waitlist")
def leave_waitlist(request: Request, me: SignedIn, entry_id: str) -> Response:
    def act() -> None:
        _row(me, entry_id)
        waitlist.remove(entry_id, staff_id=me.id)

    return _act(request, me, "removed", act, Asked(), {})


@router.post("/waitlist/fill", name="fill_from_waitlist")
def fill_from_waitlist(
    request: Request,
    me: SignedIn,
    slot_id: Annotated[str, Form()] = "",
    entry_id: Annotated[str, Form()] = "",
) -> Response:
    """Give a time that came free to a patient on the phone."""

    def act() -> None:
        if not entry_id:
            raise ValueError("choose who gets the time")
        _row(me, entry_id)
        waitlist.fill_by_hand(entry_id, slot_id=slot_id, staff_id=me.id)

    return _act(request, me, "filled", act, Asked(), {})


@router.get("/waitlist/fairness", name="waitlist_fairness")
def waitlist_report(request: Request, me: SignedIn, location: str = "") -> HTMLResponse:
    """Who is offered times and who gets them; small counts are hidden from whoever sees no names."""
    now = utc_now()
    entries = waitlist_views.entries_table(now - waitlist_fairness.PERIOD, now, _chosen(me, location))
    table = waitlist_fairness.fairness(entries)
    hides = not sees_names(me.staff.role)
    if hides:
        table = waitlist_fairness.suppressed(table)
    return page(
        request,
        "waitlist_fairness.html",
        tables={name: waitlist_fairness.rows_of(table, name) for name in waitlist_fairness.DIMENSIONS},
        hides=hides,
        days=waitlist_fairness.PERIOD.days,
        fewest=FEWEST,
        asked=Asked(location),
        places=desk_views.places(),
        works=me.staff.role in STEERERS,
    )
