"""The audit, for the compliance officer."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from adapters import desk_views
from web.desk.members import SignedIn
from web.desk.pages import page

router = APIRouter()


@router.get("/audit", name="audit")
def audit(
    request: Request, me: SignedIn, case: str = "", actor: str = "", action: str = "", before: int | None = None
) -> HTMLResponse:
    events = desk_views.audit_events(case=case, actor=actor, action=action, before=before)
    return page(
        request,
        "audit.html",
        events=events,
        actions=desk_views.audit_actions(),
        asked={"case": case, "actor": actor, "action": action},
        older=events[-1].id if len(events) == desk_views.AUDIT_PAGE else None,
        names=desk_views.staff_names(),
    )
