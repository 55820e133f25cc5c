"""The audit, for the compliance officer."""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from acts import content_reads
from adapters import audit_export, audit_pages, audit_status, desk_views
from adapters.audit_export import Asked, Format
from adapters.audit_search import Wanted
from models.audit_chain import CHAINS, OPERATIONAL, Chain
from models.columns import utc_now
from models.purposes import PurposeOfUse
from web.desk.members import SignedIn
from web.desk.pages import page

router = APIRouter()

RECENT_DAYS = 7
LISTED = 200


@dataclass(frozen=True)
class Search:
    """What the page was asked for, as typed; ``log`` is the audit of one database."""

    log: str = OPERATIONAL.database
    case: str = ""
    actor: str = ""
    action: str = ""
    record: str = ""
    location: str = ""
    begin: str = ""
    end: str = ""

    @property
    def chain(self) -> Chain:
        return next((each for each in CHAINS if each.database == self.log), OPERATIONAL)

    def wanted(self) -> Wanted:
        """The same as a search; both dates (UTC) count."""
        first, after = limits(self.begin, self.end)
        return Wanted(self.case, self.actor, self.action, self.record, self.location, first, after)


@router.get("/audit", name="audit")
def audit(
    request: Request, me: SignedIn, asked: Annotated[Search, Depends()], before: int | None = None
) -> HTMLResponse:
    """What was done, or with ``log=therapy`` who read therapy content; both dates (UTC) count."""
    chain, wanted, chains = asked.chain, asked.wanted(), audit_status.chains()
    [until] = [each.last_id for each in chains if each.database == chain.database]
    found = audit_pages.found(chain, wanted, until, before)
    return page(
        request,
        "audit.html",
        events=found.events,
        found=found.how_many,
        until=until,
        actions=audit_pages.actions(chain),
        asked=asdict(asked),
        places=desk_views.places(),
        older=found.events[-1].id if len(found.events) == audit_pages.PAGE else None,
        names=desk_views.staff_names(),
        chains=chains,
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
def export(me: SignedIn, form: Format) -> StreamingResponse:
    """The whole audit of both databases as a file, which proves itself. That it was taken is itself audited."""
    return _file(form, Asked(), me.id)


@router.get("/audit/export/found", name="audit_export_found")
def export_found(
    me: SignedIn, form: Format, asked: Annotated[Search, Depends()], until: int | None = None
) -> StreamingResponse:
    """What the search finds, up to the event it was found with (``until``); that it was taken is itself audited."""
    return _file(form, Asked(asked.wanted(), (asked.chain,), until), me.id)


def _file(form: Format, asked: Asked, staff_id: str) -> StreamingResponse:
    lines = audit_export.export(form, asked, actor=staff_id, where="desk:audit")
    name = audit_export.file_name(form, asked)
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
