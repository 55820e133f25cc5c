"""The map of each workflow: as it is meant to go, and as its cases walked it; and who waits at a step now."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from acts.workflow_map import as_drawn, walked
from adapters import desk_views, workflow_drawing, workflow_views
from models.columns import utc_now
from models.governance_codes import Workflow
from models.workflow_steps import STATUSES, owner_at
from rules import workflow_map
from rules.access import may_see_case
from web.desk.audit import limits
from web.desk.members import Member, SignedIn
from web.desk.pages import page

router = APIRouter()

WORKFLOWS = tuple(STATUSES)
WIDE_LANES = 5
"""Drawings of more lanes stand below each other, or their letters would be too small."""


def _workflow(name: str) -> Workflow:
    try:
        return next(each for each in WORKFLOWS if each.value == name)
    except StopIteration:
        raise HTTPException(404) from None


def _chosen(me: Member, location: str) -> list[str]:
    return [location] if location in me.staff.location_ids else list(me.staff.location_ids)


@router.get("/map", name="workflow_map")
def show_map(
    request: Request,
    me: SignedIn,
    workflow: str = Workflow.REFERRAL.value,
    location: str = "",
    begin: str = "",
    end: str = "",
) -> HTMLResponse:
    """The map of one workflow at this person's locations; both dates (UTC) count, an empty one is no limit."""
    chosen = _workflow(workflow)
    first, after = limits(begin, end)
    now = utc_now()
    as_of = min(after - timedelta(microseconds=1), now) if after else now
    found = walked(chosen, _chosen(me, location), as_of, first)
    steps = workflow_views.flow_steps(chosen)
    is_now = as_of == now
    return page(
        request,
        "workflow_map.html",
        found=found,
        flow_steps=steps,
        mapped=Markup(workflow_drawing.draw_mapped(chosen, steps, found.never_walked if found.cases else ())),
        walked=Markup(workflow_drawing.draw_walked(as_drawn(found, open_cases=found.open_cases))),
        below_each_other=len(workflow_drawing.lanes_of(chosen)) > WIDE_LANES,
        label_of={status.value: status.label for status in STATUSES[chosen]},
        by_total=workflow_map.slowest(found.handoffs, "total_hours"),
        by_median=workflow_map.slowest(found.handoffs, "median_hours"),
        span=workflow_drawing.span,
        waiting_address=lambda status, place="": _waiting_address(chosen, status, place or location),
        is_now=is_now,
        workflows=WORKFLOWS,
        places=desk_views.places(),
        asked={"workflow": chosen.value, "location": location, "begin": begin, "end": end},
    )


def _waiting_address(workflow: Workflow, status: str, location: str) -> str:
    asked = {"workflow": workflow.value, "status": status} | ({"location": location} if location else {})
    return f"/map/waiting?{urlencode(asked)}"


@router.get("/map/waiting", name="workflow_waiting")
def show_waiting(
    request: Request,
    me: SignedIn,
    workflow: str = Workflow.REFERRAL.value,
    status: str = "",
    location: str = "",
) -> HTMLResponse:
    """The cases that stand in a status now, those that this person may see; the others are counted."""
    chosen = _workflow(workflow)
    if status not in tuple(STATUSES[chosen]):
        raise HTTPException(404)
    cases, facts = workflow_views.waiting(chosen, _chosen(me, location), status)
    visible = [case for case in cases if may_see_case(me.viewer, facts[case.case_number]).allowed]
    return page(
        request,
        "workflow_waiting.html",
        workflow=chosen,
        step=STATUSES[chosen](status),
        owner=owner_at(chosen, status),
        rows=visible,
        others=len(cases) - len(visible),
        cut=len(cases) == workflow_views.LISTED,
        back=f"/map?{urlencode({'workflow': chosen.value, 'location': location})}",
        places=desk_views.places(),
        hours=_hours,
        span=workflow_drawing.span,
    )


def _hours(since: datetime) -> float:
    return (utc_now() - since).total_seconds() / 3600
