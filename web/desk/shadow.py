"""The page "In the shadow": what a workflow at a location would have done, beside what the staff did."""

from collections.abc import Collection, Sequence

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from acts import shadow_reading
from acts.practice_clocks import lock_policy
from acts.shadow_reading import Row
from adapters import desk_views, held_places
from adapters.operational_store import reading
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed
from models.governance_codes import Level, Workflow
from models.standing import ShadowKind
from rules.access import may_open, may_see_case
from rules.intervals import Estimate
from rules.shadow import COMPARED_WITH, KIND_LABELS, Figure, How, Outcome
from web.desk import words
from web.desk.members import Member, SignedIn
from web.desk.pages import page

router = APIRouter()

SHOWN = 200
OUTCOMES = {
    Outcome.AGREED: "agree",
    Outcome.DIFFERED: "differ",
    Outcome.NOT_DONE: "staff did nothing",
    Outcome.NOT_YET: "staff did nothing yet",
    Outcome.CANNOT_TELL: "cannot be told",
}
HOWS = {
    How.FIRST: "whom it put first",
    How.AMONG_THE_FIRST: "second or third in its order",
    How.LOWER: "further down in its order",
    How.EXCLUDED: "somebody it had left out",
    How.NOT_CONSIDERED: "somebody it did not know of then",
    How.AMONG_THE_OFFERED: "one of those it would have offered",
    How.NOT_ON_THE_LIST: "somebody not in its order",
    How.THE_SAME: "the same",
    How.SAME_FIGURES: "the same code, payer and charge",
    How.ANOTHER: "something else",
    How.TOLD: "the patient was told",
    How.WRITTEN_TO: "somebody wrote to the patient",
    How.STOPPED: "it was stopped or called off",
    How.NOT_ON_RECORD: "nothing about it is on record",
    How.NOTHING: "",
}
CASE_ROUTES = {"CL": "claim_page", "SN": "note_page", "EP": "care_page", "RF": "case_page"}


@router.get("/workflows/{workflow}/{location}/shadow", name="workflow_shadow")
def workflow_shadow(request: Request, me: SignedIn, workflow: str, location: str) -> HTMLResponse:
    """What would have been done here in the last ninety days; a row opens its case for whoever may see it."""
    if workflow not in tuple(Workflow):
        raise MovedOn(f"there is no workflow {workflow}")
    if location not in me.staff.location_ids:
        raise NotAllowed("this is another location's")
    which = Workflow(workflow)
    with reading() as db:
        found = shadow_reading.rows(db, which, location, utc_now())
        runs_as, policy = held_places.runs_as(db, which, location), lock_policy(db)
    shown = found[:SHOWN]
    return page(
        request,
        "workflow_shadow.html",
        workflow=which,
        place=desk_views.places()[location],
        runs_as=runs_as,
        in_shadow=runs_as is Level.SHADOW,
        figures=shadow_reading.figures(which, found),
        fewest=policy.fewest,
        limit=policy.shadow_agreement_at_least,
        rows=shown,
        more=len(found) - len(shown),
        cut=len(found) >= shadow_reading.MOST,
        opens=_opens(me, shown),
        labels=KIND_LABELS,
        compared_with=COMPARED_WITH,
        outcomes=OUTCOMES,
        hows=HOWS,
        agreement=agreement,
        what=what,
        did=did,
    )


def _opens(me: Member, rows: Sequence[Row]) -> Collection[str]:
    """The cases among these that the reader may see, on a page that their role may open."""
    facts = desk_views.facts_of({row.action.case_number for row in rows})
    return {
        number
        for number, theirs in facts.items()
        if may_see_case(me.viewer, theirs).allowed
        and may_open(CASE_ROUTES.get(number.partition("-")[0], "case_page"), me.staff.role).allowed
    }


def agreement(figure: Figure, fewest: int) -> str:
    """How often both agree, with its interval; said of few as of few."""
    share: Estimate = figure.agreement
    if share.value is None or share.low is None or share.high is None:
        return "nothing to hold it against yet"
    said = f"{figure.outcomes[Outcome.AGREED]} of {share.n}: {share.value:.0%} ({share.low:.0%} to {share.high:.0%})"
    return said if figure.says_something(fewest) else f"{said}, too few to go by (fewer than {fewest})"


def what(row: Row) -> str:
    """What would have been done, in a few words: the content holds no more than ids and codes."""
    content, kind = row.action.content, row.action.kind
    if not content:
        return "noted as a digest alone"
    match kind:
        case ShadowKind.MATCH:
            return f"rank {len(content['ranked'])} clinicians, leave out {len(content['excluded'])}"
        case ShadowKind.TIMES:
            return f"offer {len(content['slots'])} times" if content["slots"] else "put the patient on the waitlist"
        case ShadowKind.NOTE_DRAFT:
            return f"propose a {content['format']} note of {content['sentences']} sentences"
        case ShadowKind.CLAIM:
            return f"build a claim of {content['procedure_code']}, {content['lines']} lines"
        case ShadowKind.COVERAGE:
            return f"ask about {content['service_date']}"
        case ShadowKind.REMINDERS:
            called = content["by"] == "call"
            return "have somebody call" if called else f"remind {content['plan']} hours before, by {content['by']}"
        case ShadowKind.WAITLIST:
            return f"offer the time to {len(content['offered'])} of those who wait"
        case ShadowKind.SERIES:
            return "make the appointment" if content["fits"] else "ask a coordinator: it found no place"
        case ShadowKind.CHECK_IN:
            called = content["by"] == "call"
            return f"{'have somebody call' if called else 'ask by ' + content['by']}, due {content['due_on']}"


def did(row: Row) -> str:
    """What came of it, in a few words."""
    how = HOWS[row.compared.how]
    said = words.sentence(OUTCOMES[row.compared.outcome])
    return f"{said}: {how}" if how else said
