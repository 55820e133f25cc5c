"""The audit, for the compliance officer."""

from datetime import UTC, date, datetime, time, timedelta

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from adapters import audit_export, audit_status, desk_views
from adapters.audit_export import Asked, Format
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
        chains=audit_status.chains(),
        formats=list(Format),
    )


@router.get("/audit/export", name="audit_export")
def export(me: SignedIn, form: Format, begin: str = "", end: str = "", case: str = "") -> StreamingResponse:
    """The audit as a file; both dates (UTC) count, an empty one is no limit. That it was taken is itself audited."""
    first, last = _date(begin), _date(end)
    asked = Asked(
        begin=_midnight(first) if first else None,
        end=_midnight(last + timedelta(days=1)) if last else None,
        case_number=case.strip().upper() or None,
    )
    lines = audit_export.export(form, asked, actor=me.id, where="desk:audit")
    name = audit_export.file_name(form)
    return StreamingResponse(
        lines, media_type=form.media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _date(text: str) -> date | None:
    """A date from the form, or none; anything else is answered with 422."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise HTTPException(422) from None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
