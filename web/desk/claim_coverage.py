"""Tomorrow's coverage: which of the next days' sessions are not known to be covered, while there is time to call."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import visit_payments
from adapters import claim_views, desk_views
from models.codes import Role
from models.columns import utc_now
from rules.access import sees_claim_names
from rules.coverage import CoverageStatus, status_from
from web.desk import claim_thread, claim_words, words
from web.desk.claim_steps import cents_of
from web.desk.members import Member, SignedIn
from web.desk.note_drafts import posted_fields
from web.desk.pages import page

router = APIRouter()

DAYS = 7


@router.get("/coverage", name="coverage")
def coverage(request: Request, me: SignedIn, done: str = "") -> HTMLResponse:
    return _show(request, me, notice="The payment is on record." if done == "paid" else None)


@router.post("/coverage/{check_id}/payment", name="record_visit_payment")
def record_visit_payment(
    request: Request, me: SignedIn, check_id: str, posted: Annotated[dict[str, str], Depends(posted_fields)]
) -> Response:
    """Put on record what a patient paid at a visit; what refuses it is shown beside what was typed."""
    try:
        visit_payments.record(
            check_id,
            staff_id=me.id,
            cents=cents_of(posted.get("amount", "")),
            method=posted.get("method", ""),
            reference=posted.get("reference", ""),
        )
    except ValueError as refusal:
        problem = words.sentence(words.plain(refusal)) + "."
        return _show(request, me, problem=problem, at=check_id, typed=posted, status_code=422)
    return RedirectResponse("/coverage?done=paid", status_code=303)


def _show(
    request: Request,
    me: Member,
    *,
    notice: str | None = None,
    problem: str | None = None,
    at: str = "",
    typed: dict[str, str] | None = None,
    status_code: int = 200,
) -> HTMLResponse:
    # a place behind UTC still has the day before, and a day too many is shown rather than one too few
    today = utc_now().date()
    rows = claim_views.checks(me.staff.location_ids, today - timedelta(days=1), today + timedelta(days=DAYS))
    fine = [row for row in rows if status_from(row.check.status) == CoverageStatus.ACTIVE_MENTAL_HEALTH]
    return page(
        request,
        "claim_coverage.html",
        status_code=status_code,
        expected=visit_payments.expected([row.check for row in rows]),
        paid=visit_payments.paid_for([row.check.id for row in rows]),
        records=me.staff.role in visit_payments.WHO,
        notice=notice,
        problem=problem,
        at=at,
        typed=typed or {},
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
