"""The register of automated steps: value against risk, what to automate next; and which step read which fields."""

import re
from datetime import timedelta

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from acts import step_reports
from acts.step_reports import Days, StepShown
from adapters.step_plot import Point, svg
from models.automated_steps import CLINICAL, COMPLIANCE
from models.columns import utc_now
from models.declared_reads import DECLARED
from models.governance_codes import Workflow
from models.step_register import STEPS
from rules.access import ROUTES
from rules.minimum_necessary import FEWEST_RUNS
from rules.next_step import FEWEST
from web.desk import words
from web.desk.audit import limits
from web.desk.members import SignedIn
from web.desk.pages import page

router = APIRouter()

WHOLE_PRACTICE = "The practice as a whole"
_PRACTICE = "practice"
_CHOICES = {**{each.value: each.label for each in Workflow}, _PRACTICE: WHOLE_PRACTICE}


@router.get("/steps", name="steps")
def steps(request: Request, me: SignedIn, begin: str = "", end: str = "", workflow: str = "") -> HTMLResponse:
    """Every automated step, or those of one workflow, with its value and its risk, and what to automate next."""
    days = _days(begin, end)
    everything = step_reports.steps_in(days)
    shown = sorted(_of_workflow(everything, workflow), key=lambda each: (-each.minutes, each.step.name))
    by_hand = [each for each in step_reports.by_hand_in(days) if workflow in ("", each.entry.workflow.value)]
    return page(
        request,
        "steps.html",
        did=[each for each in shown if each.minutes],
        did_not=[each for each in shown if not each.minutes],
        minutes=sum(each.minutes for each in shown),
        numbers=_numbers(everything),
        next_ones=[each for each in by_hand if each.judged.place],
        not_now=[each for each in by_hand if not each.judged.place],
        days=days,
        asked={"begin": days.first.isoformat(), "end": days.last.isoformat(), "workflow": workflow},
        workflows=_CHOICES,
        workflow_name=_workflow_name,
        scales={"Clinical risk": CLINICAL, "Compliance complexity": COMPLIANCE},
        slug=_slug,
        fewest=FEWEST,
    )


@router.get("/steps/entry/{slug}", name="step_page")
def step_page(request: Request, me: SignedIn, slug: str, begin: str = "", end: str = "") -> HTMLResponse:
    """One automated step: what the register says of it, what it did in the period, what it may read."""
    days = _days(begin, end)
    everything = step_reports.steps_in(days)
    found = next((each for each in everything if _slug(each.step.name) == slug), None)
    if found is None:
        raise HTTPException(404)
    return page(
        request,
        "step.html",
        found=found,
        number=_numbers(everything).get(found.step.name),
        workflow=_workflow_name(found),
        may_read=DECLARED.get(found.step.name),
        parts=[each for each in everything if each.step.name in found.step.carries_out],
        slug=_slug,
        days=days,
        asked={"begin": days.first.isoformat(), "end": days.last.isoformat()},
        roles_of=_roles_of,
    )


@router.get("/steps/plot.svg", name="steps_plot")
def steps_plot(me: SignedIn, begin: str = "", end: str = "", workflow: str = "") -> Response:
    """The same steps as a drawing: minutes removed against clinical risk and compliance complexity."""
    everything = step_reports.steps_in(_days(begin, end))
    numbers = _numbers(everything)
    points = [
        Point(
            numbers[each.step.name],
            _workflow_name(each),
            each.minutes,
            each.step.clinical.scale.word,
            each.step.compliance.scale.word,
        )
        for each in _of_workflow(everything, workflow)
        if each.minutes  # those that did nothing would lie on each other
    ]
    return Response(svg(points), media_type="image/svg+xml")


@router.get("/minimum-necessary", name="minimum_necessary")
def minimum_necessary(request: Request, me: SignedIn, begin: str = "", end: str = "") -> HTMLResponse:
    """Which step read which fields in the period, against what it declared; what it was refused."""
    days = _days(begin, end)
    found = step_reports.reads_in(days)
    return page(
        request,
        "minimum_necessary.html",
        found=found,
        overrides={step.name: step.overrides for step in STEPS},
        days=days,
        fewest_runs=FEWEST_RUNS,
        roles_of=_roles_of,
    )


@router.get("/minimum-necessary/export", name="minimum_necessary_csv")
def minimum_necessary_csv(me: SignedIn, begin: str = "", end: str = "") -> Response:
    """The same as a file, small counts hidden; that it was taken is itself audited."""
    days = _days(begin, end)
    name = f"minimum-necessary-{days.first.isoformat()}-{days.last.isoformat()}.csv"
    return Response(
        step_reports.reads_as_csv(days, actor=me.id),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _days(begin: str, end: str) -> Days:
    """The days that were asked for, both counted; the last ninety where none were."""
    first, after = limits(begin, end)
    last = (after - timedelta(days=1)).date() if after else utc_now().date()
    days = Days(first.date() if first else last - step_reports.PERIOD + timedelta(days=1), last)
    if days.first > days.last:
        raise HTTPException(422)
    return days


def _numbers(shown: list[StepShown]) -> dict[str, int]:
    """The number by which the drawing and the table name a step; one that only does others, or removes nothing, has
    none."""
    drawn = [each.step.name for each in shown if each.step.removes.minutes]
    return {name: number for number, name in enumerate(drawn, 1)}


def _of_workflow(shown: list[StepShown], workflow: str) -> list[StepShown]:
    """Those of one workflow; all where none is named. Raises 422 for one that there is not."""
    if workflow and workflow not in _CHOICES:
        raise HTTPException(422)
    return [each for each in shown if not workflow or workflow == (each.step.workflow or _PRACTICE)]


def _slug(name: str) -> str:
    """A step's name as a part of an address."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _workflow_name(shown: StepShown) -> str:
    return shown.step.workflow.label if shown.step.workflow else WHOLE_PRACTICE


def _roles_of(route: str) -> str:
    """Who may open this route, in words."""
    return ", ".join(sorted(words.ROLES[role].lower() for role in ROUTES[route]))
