"""How far each workflow goes at each location: what the lock says, who may take it down, who signs it up."""

from collections.abc import Collection
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import standings
from acts.standings import Standing
from adapters import desk_views
from adapters.operational_store import CaseRecord
from models.codes import CaseStatus, Role
from models.errors import MovedOn, NotAllowed
from models.governance_codes import Level, Workflow, workflow_of
from models.operational import WorkflowStanding
from models.standing import DEMOTION_LABELS, DemotionReason, goes_on_held
from rules.shadow import KIND_LABELS
from rules.sign_off import digest
from rules.standing import SHARE_LABELS, Share
from web.desk import words
from web.desk.members import Member, SignedIn
from web.desk.pages import page
from web.desk.proof import NOT_PROVED, prove_again
from web.desk.shadow import agreement

router = APIRouter()

LEVELS = {
    Level.OFF: "the system does nothing here by itself; what arrives is recorded and screened",
    Level.SHADOW: "it notes what it would have done, and touches nothing",
    Level.ASSISTED: "it prepares; people sign whatever leaves",
    Level.LIVE: "only exceptions are signed; clinical work always is",
}
LIVE_LEAVES_UNSIGNED = {
    Workflow.REFERRAL: (
        "an assignment leaves unsigned where nothing about it is an exception: no risk was ever raised, the patient is "
        "an adult, nothing that decides who may treat them is unknown, the first leads clearly, nothing was done by "
        "hand, and the last assignments here were approved as proposed"
    ),
    Workflow.CLAIMS: "a clean claim leaves unsigned where this payer has paid this clinician before",
}
"""What a workflow signs less at the level live; the others do there what they do at assisted."""
DONE = {
    "down": "It is down. No step, batch or message of it acts there any more; cases stand where they are.",
    "up": "It goes on at the new level, and cases that stood still are woken.",
}


@router.get("/workflows", name="workflows")
def workflows(request: Request, me: SignedIn, done: str = "") -> HTMLResponse:
    return _show(request, me, notice=DONE.get(done, ""))


def _show(request: Request, me: Member, *, notice: str = "", problem: str = "") -> HTMLResponse:
    here = standings.overview(me.staff.location_ids)
    return page(
        request,
        "workflows.html",
        status_code=422 if problem else 200,
        notice=notice,
        problem=problem,
        by_workflow={each: [one for one in here if one.record.workflow is each] for each in Workflow},
        levels=LEVELS,
        reasons=DEMOTION_LABELS,
        shares={share.value: SHARE_LABELS[share] for share in Share},
        noted=standings.noted_in_shadow(),
        takes_down=me.staff.role in standings.GOES_DOWN_BY,
        signs=me.staff.role is Role.OWNER,
        changes=[each for each in standings.history() if each.location_id in me.staff.location_ids],
        places=desk_views.places(),
        names=desk_views.staff_names(),
    )


@router.post("/workflows/{workflow}/{location}/down", name="demote_workflow")
def demote_workflow(
    request: Request,
    me: SignedIn,
    workflow: str,
    location: str,
    to: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """One click, at once; no signature stands between a worry and the stop."""
    try:
        if reason not in tuple(DemotionReason):
            raise ValueError("choose a reason")
        which, level = _which(workflow), _level(to)
        standings.demote(which, location, level, staff_id=me.id, reason=DemotionReason(reason))
    except (NotAllowed, MovedOn, ValueError) as refused:
        return _show(request, me, problem=words.sentence(str(refused)) + ".")
    return RedirectResponse("/workflows?done=down", status_code=303)


@router.get("/workflows/{workflow}/{location}/up", name="promote_page")
def promote_page(request: Request, me: SignedIn, workflow: str, location: str, to: str = "") -> HTMLResponse:
    """What an owner would sign, and what stands against it."""
    return _show_up(request, me, _found(me, workflow, location), to)


def _show_up(request: Request, me: Member, found: Standing, to: str, problem: str = "") -> HTMLResponse:
    higher = list(found.against)
    if not higher:
        raise MovedOn("it is at the highest level already")
    level = Level(to) if to in higher else higher[0]
    return page(
        request,
        "workflow_up.html",
        status_code=422 if problem else 200,
        problem=problem,
        found=found,
        level=level,
        higher=higher,
        against=found.against[level],
        seen_digest=digest(found.content[level]),
        levels=LEVELS,
        leaves=(
            LIVE_LEAVES_UNSIGNED.get(found.record.workflow, "it leaves nothing unsigned that is signed at assisted")
            if level is Level.LIVE
            else ""
        ),
        kinds=KIND_LABELS,
        agreement=agreement,
        fewest=standings.fewest(),
        place=desk_views.places()[found.record.location_id],
    )


@router.post("/workflows/{workflow}/{location}/up", name="promote_workflow")
def promote_workflow(
    request: Request,
    me: SignedIn,
    workflow: str,
    location: str,
    to: Annotated[str, Form()] = "",
    seen_digest: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
) -> Response:
    """Signed by an owner with password and code, like every other signature."""
    found = _found(me, workflow, location)
    try:
        level = _level(to)
        if against := found.against.get(level, ("it is at this level already",)):
            raise NotAllowed("; ".join(against))  # said before a code is used up
    except (NotAllowed, ValueError) as refused:
        return _show_up(request, me, found, to, words.sentence(str(refused)) + ".")
    try:
        prove_again(me, password, code)
    except NotAllowed:
        return _show_up(request, me, found, to, NOT_PROVED)
    how = me.signs_how
    try:
        standings.promote(_which(workflow), location, level, staff_id=me.id, how=how, seen_digest=seen_digest)
    except (NotAllowed, MovedOn) as refused:
        return _show_up(request, me, _found(me, workflow, location), to, words.sentence(str(refused)) + ".")
    return RedirectResponse("/workflows?done=up", status_code=303)


def _which(workflow: str) -> Workflow:
    if workflow not in tuple(Workflow):
        raise MovedOn(f"there is no workflow {workflow}")
    return Workflow(workflow)


def _level(to: str) -> Level:
    if to not in tuple(Level):
        raise ValueError("choose a level")
    return Level(to)


def _found(me: Member, workflow: str, location: str) -> Standing:
    which = _which(workflow)
    if location not in me.staff.location_ids:
        raise NotAllowed("this is another location's")
    for each in standings.overview([location]):
        if (each.record.workflow, each.record.location_id) == (which, location):
            return each
    raise MovedOn(f"there is no location {location}")


def held_at(location_ids: Collection[str]) -> list[WorkflowStanding]:
    """What is held at these locations, for whoever works there."""
    return [each for (_, place), each in sorted(standings.held_now().items()) if place in location_ids]


def held_here(status: CaseStatus, case: CaseRecord) -> dict[str, Any] | None:
    """What a case's page says while it stands still because its workflow is held; None where it goes on."""
    if goes_on_held(status):
        return None
    workflow = workflow_of(case.case_number)
    found = standings.held_now().get((workflow, case.location_id))
    if found is None:
        return None
    return {"workflow": workflow.label, "runs_as": found.runs_as.value, "reasons": found.reasons}
