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
    Shown(
        "waitlist_fairness", "/waitlist/fairness", "Waitlist fairness", "Who was offered freed times, and who waits."
    ),
    Shown("reader", "/reader", "The reader", "How often clinicians confirmed what the reader flagged."),
    Shown("pilots", "/pilots", "Pilots", "New versions tried beside the present ones, and how they compare."),
    Shown("audit", "/audit", "Audit", "Who did what and when; search, check and export."),
)


@router.get("/governance", name="governance")
def governance(request: Request, me: SignedIn) -> HTMLResponse:
    """Every page of governance that this role may open."""
    return page(
        request, "governance.html", pages=[each for each in PAGES if may_open(each.route, me.staff.role).allowed]
    )
