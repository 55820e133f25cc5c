"""The pages of governance, each with what it answers, for whoever may open them."""

from typing import NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from rules.access import may_open
from web.desk.members import SignedIn
from web.desk.pages import page

router = APIRouter()


class Shown(NamedTuple):
    """One page: its route, its address, its name, what it answers."""

    route: str
    address: str
    name: str
    answers: str


PAGES: tuple[Shown, ...] = (
    Shown("workflows", "/workflows", "Workflows", "How far each may go by itself at each location, and why."),
    Shown("scorecard", "/scorecard", "Scorecard", "How the practice does, how sure that is, and how it changed."),
    Shown(
        "waitlist_fairness", "/waitlist/fairness", "Waitlist fairness", "Who was offered freed times, and who waits."
    ),
    Shown(
        "workflow_map", "/map", "Workflow map", "How cases are meant to go, how they went, where they wait and fail."
    ),
    Shown("reader", "/reader", "The reader", "How often clinicians confirmed what the reader flagged."),
    Shown("steps", "/steps", "Automated steps", "What each step removes, how risky it is, what to automate next."),
    Shown("minimum_necessary", "/minimum-necessary", "What steps read", "Which step read which fields, and was it to."),
    Shown(
        "safety",
        "/safety",
        "Clinical safety",
        "What the screening misses, how soon flags are seen, whether alarms come.",
    ),
    Shown("practice_round", "/practice-round", "Practice round", "A made-up case to decide, where one waits for you."),
    Shown(
        "patient_file_page", "/patient-file", "A patient's whole file", "Everything kept of one patient, in one ZIP."
    ),
    Shown("retention", "/retention", "Retention", "Who is over their time; holds; the lists that are signed."),
    Shown("audit_reads", "/audit/reads", "Who read what", "Every read of therapy content, the unusual ones first."),
    Shown("pilots", "/pilots", "Pilots", "New versions tried beside the present ones, and how they compare."),
    Shown("versions", "/versions", "Versions waiting", "What waits to be signed without a pilot, and the way back."),
    Shown("audit", "/audit", "Audit", "Who did what and when; search, check and export."),
)


@router.get("/governance", name="governance")
def governance(request: Request, me: SignedIn) -> HTMLResponse:
    """Every page of governance that this role may open."""
    return page(
        request, "governance.html", pages=[each for each in PAGES if may_open(each.route, me.staff.role).allowed]
    )
