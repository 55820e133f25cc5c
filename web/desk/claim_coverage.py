"""Tomorrow's coverage: which of the next days' sessions are not known to be covered, while there is time to call."""

from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from adapters import claim_views, desk_views
from models.codes import Role
from models.columns import utc_now
from rules.access import sees_claim_names
from rules.coverage import CoverageStatus, status_from
from web.desk import claim_thread, claim_words
from web.desk.members import SignedIn
from web.desk.pages import page

router = APIRouter()

DAYS = 7


@router.get("/coverage", name="coverage")
def coverage(request: Request, me: SignedIn) -> HTMLResponse:
    # a place behind UTC still has the day before, and a day too many is shown rather than one too few
    today = utc_now().date()
    rows = claim_views.checks(me.staff.location_ids, today - timedelta(days=1), today + timedelta(days=DAYS))
    fine = [row for row in rows if status_from(row.check.status) == CoverageStatus.ACTIVE_MENTAL_HEALTH]
    return page(
        request,
        "claim_coverage.html",
        problems=[row for row in rows if row not in fine],
        fine=fine,
        days=DAYS,
        opens=lambda to_do: me.staff.role in (to_do.role, Role.ADMIN),
        shows_names=sees_claim_names(me.staff.role),
        status_from=status_from,
        share=claim_thread.share,
        places=desk_views.places(),
        names=desk_views.staff_names(),
        cw=claim_words,
        today=today,
    )
