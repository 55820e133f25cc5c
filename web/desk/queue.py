"""The queue: which sign-offs and to-dos wait for whoever looks."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from acts import retention
from acts.practice_rounds import waiting_for as waiting_round
from adapters import desk_views, intake_views
from adapters.desk_views import MONEY_TO_DOS as MONEY
from adapters.desk_views import Waiting
from models.codes import ApprovalKind, ReferralStatus, RiskLevel, Role, ToDoKind
from models.columns import utc_now
from rules.access import APPROVERS, DOERS, ROUTES, SIGNERS, may_see_case, names_in_queue, works_on
from rules.sign_off import SIGNING_ROLE
from web.desk import words
from web.desk.members import Member, SignedIn
from web.desk.pages import fragment, page
from web.desk.workflows import held_at

router = APIRouter()

SHOWN = 200
TO_DO_KINDS = {
    Role.CLINICIAN: (ToDoKind.WARM_HANDOFF, ToDoKind.RECORD_OUTCOME, ToDoKind.REVIEW_UNFLAGGED),
    Role.COORDINATOR: tuple(kind for kind in ToDoKind if kind not in (*MONEY, ToDoKind.REVIEW_UNFLAGGED)),
    Role.BILLER: MONEY,
    Role.OWNER: (),
}
"""Which kinds of to-dos a role filters its queue by; an administrator by every one."""


@dataclass(frozen=True)
class Filters:
    """What of the queue is shown; "" = every one; ``scope`` mine or all."""

    kind: str = ""
    location: str = ""
    scope: str = "mine"

    def address(self, **changes: str) -> str:
        wanted = {"kind": self.kind, "location": self.location, "scope": self.scope} | changes
        chosen = {name: value for name, value in wanted.items() if value and (name, value) != ("scope", "mine")}
        return f"?{urlencode(chosen)}" if chosen else "?"


def waiting_for(me: Member) -> list[Waiting]:
    """Everything that this person may do next, most urgent first."""
    kinds = [kind for kind, role in SIGNING_ROLE.items() if role == me.staff.role]
    found = desk_views.open_sign_offs(kinds, me.staff.location_ids, me.id) if kinds else []
    if me.staff.role in DOERS:
        to_dos = desk_views.open_to_dos(me.staff.location_ids, me.id)
        found = found + [to_do for to_do in to_dos if _works_on(me, to_do)]
    return sorted((each for each in found if may_see_case(me.viewer, each.facts).allowed), key=lambda it: it.order)


def _works_on(me: Member, to_do: Waiting) -> bool:
    assert to_do.role is not None and isinstance(to_do.kind, ToDoKind)
    return works_on(me.viewer, to_do.kind, to_do.role, to_do.clinician_id)


def is_mine(me: Member, each: Waiting) -> bool:
    """Given to this person, to nobody, or paged to them: high risk that nobody has opened while they are on call."""
    paged = me.staff.on_call and each.level == RiskLevel.HIGH and not each.seen
    return paged or each.assigned_to in (None, me.id)


def chosen(found: Sequence[Waiting], me: Member, filters: Filters) -> list[Waiting]:
    return [
        each
        for each in found
        if (not filters.kind or each.kind == filters.kind)
        and (not filters.location or each.location_id == filters.location)
        and (filters.scope != "mine" or is_mine(me, each))
    ]


def next_after(me: Member, done_id: str) -> Waiting | None:
    """What waits for this person now that one item is done."""
    return next((each for each in waiting_for(me) if each.id != done_id and is_mine(me, each)), None)


def _list_facts(me: Member, filters: Filters) -> dict[str, Any]:
    everything = waiting_for(me)
    shown = chosen(everything, me, filters)
    urgent_rows = intake_views.urgent_rows() if me.staff.role in SIGNERS else []
    now = utc_now()
    seen = "|".join(
        [
            *(f"{each.id}:{each.assigned_to}:{words.due(each.due_at, now)}" for each in shown),
            *(fault.id for fault in urgent_rows),
        ]
    )
    return {
        "urgent_rows": urgent_rows,
        "waiting": shown[:SHOWN],
        "count": len(shown),
        "counts": {scope: len(chosen(everything, me, Filters(scope=scope))) for scope in ("mine", "all")},
        "filters": filters,
        "seen": hashlib.sha256(seen.encode()).hexdigest()[:16],
        "places": desk_views.places(),
        "names": desk_views.staff_names(),
    }


@router.get("/", name="queue")
def queue(request: Request, me: SignedIn, kind: str = "", location: str = "", scope: str = "mine") -> HTMLResponse:
    if me.staff.role not in APPROVERS | DOERS:
        return _counts(request, me)
    facts = _list_facts(me, Filters(kind, location, scope))
    if me.staff.role == Role.OWNER:
        return _counts(request, me, named_here=False, **facts)
    kinds = [
        *(each for each in ApprovalKind if SIGNING_ROLE[each] == me.staff.role),
        *TO_DO_KINDS.get(me.staff.role, tuple(ToDoKind)),
    ]
    return page(
        request,
        "queue.html",
        kinds=kinds,
        named_here=names_in_queue(me.staff.role),
        held=held_at(me.staff.location_ids),
        practice_round=me.staff.role == Role.CLINICIAN and waiting_round(me.id) is not None,
        **facts,
    )


@router.get("/queue", name="queue_list")
def queue_list(me: SignedIn, kind: str = "", location: str = "", scope: str = "mine", seen: str = "") -> Response:
    """The list alone; 204 when it reads as the browser already shows it, so that nothing on the page moves."""
    facts = _list_facts(me, Filters(kind, location, scope))
    if facts["seen"] == seen:
        return Response(status_code=204)
    return fragment("queue_list.html", me=me, named_here=names_in_queue(me.staff.role), **facts)


def _counts(request: Request, me: Member, **waiting: Any) -> HTMLResponse:
    """How many cases stand where, and nothing about anybody; for an owner also what waits for their signature."""
    counts = desk_views.counts_by_status(me.staff.location_ids)
    statuses = [status for status in ReferralStatus if any(status in of_place for of_place in counts.values())]
    return page(
        request,
        "counts.html",
        by_place=counts,
        statuses=statuses,
        overdue=desk_views.overdue_counts(me.staff.location_ids, utc_now()),
        retention=retention.notice() if me.staff.role in ROUTES["retention"] else None,
        **{"places": desk_views.places(), **waiting},
    )
