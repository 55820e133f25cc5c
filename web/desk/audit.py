"""The audit, for the compliance officer."""

from datetime import UTC, date, datetime, time, timedelta

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from acts import content_reads
from adapters import audit_export, audit_pages, audit_status, desk_views
from adapters.audit_export import Asked, Format
from adapters.audit_pages import Wanted
from models.audit_chain import CHAINS, OPERATIONAL
from models.columns import utc_now
from models.purposes import PurposeOfUse
from web.desk.members import SignedIn
from web.desk.pages import page

router = APIRouter()

RECENT_DAYS = 7
LISTED = 200


@router.get("/audit", name="audit")
def audit(
    request: Request,
    me: SignedIn,
    log: str = OPERATIONAL.database,
    case: str = "",
    actor: str = "",
    action: str = "",
    record: str = "",
    location: str = "",
    begin: str = "",
    end: str = "",
    before: int | None = None,
) -> HTMLResponse:
    """What was done, or with ``log=therapy`` who read therapy content; both dates (UTC) count."""
    chain = next((each for each in CHAINS if each.database == log), OPERATIONAL)
    first, after = limits(begin, end)
    events = audit_pages.events(chain, Wanted(case, actor, action, record, location, first, after), before)
    return page(
        request,
        "audit.html",
        events=events,
        actions=audit_pages.actions(chain),
        asked={
            **{"log": chain.database, "case": case, "actor": actor, "action": action, "record": record},
            **{"location": location, "begin": begin, "end": end},
        },
        places=desk_views.places(),
        older=events[-1].id if len(events) == audit_pages.PAGE else None,
        names=desk_views.staff_names(),
        chains=audit_status.chains(),
        formats=list(Format),
        purposes={each.value: each.words for each in PurposeOfUse},
    )


@router.get("/audit/reads", name="audit_reads")
def reads(
    request: Request, me: SignedIn, case: str = "", reader: str = "", begin: str = "", end: str = ""
) -> HTMLResponse:
    """Every read of therapy content, the unusual ones first; without dates, of the last seven days (UTC)."""
    if not begin and not end:
        begin = (utc_now() - timedelta(days=RECENT_DAYS)).date().isoformat()
    found = content_reads.reads(*limits(begin, end), case=case, reader=reader)
    return page(
        request,
        "audit_reads.html",
        found=found,
        unusual=[each for each in found.judged if each.reasons][:LISTED],
        usual=[each for each in found.judged if not each.reasons][:LISTED],
        listed=LISTED,
        asked={"case": case, "reader": reader, "begin": begin, "end": end},
        names=desk_views.staff_names(),
        purposes={each.value: each.words for each in PurposeOfUse},
    )


@router.get("/audit/export", name="audit_export")
def export(me: SignedIn, form: Format, begin: str = "", end: str = "", case: str = "") -> StreamingResponse:
    """The audit as a file; both dates (UTC) count, an empty one is no limit. That it was taken is itself audited."""
    first, after = limits(begin, end)
    asked = Asked(begin=first, end=after, case_number=case.strip().upper() or None)
    lines = audit_export.export(form, asked, actor=me.id, where="desk:audit")
    name = audit_export.file_name(form)
    return StreamingResponse(
        lines, media_type=form.media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def limits(begin: str, end: str) -> tuple[datetime | None, datetime | None]:
    """From the beginning of the first day to the end of the last, UTC; an empty one is no limit.

    Anything that is no date is answered with 422.
    """
    try:
        first = _midnight(date.fromisoformat(begin)) if begin else None
        after = _midnight(date.fromisoformat(end) + timedelta(days=1)) if end else None
    except (ValueError, OverflowError):
        raise HTTPException(422) from None
    return first, after


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
