"""How the reader of free texts does, in counts of what clinicians said of its flags."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from acts.labels import FEWEST, how_the_reader_does
from web.desk.audit import limits
from web.desk.members import SignedIn
from web.desk.pages import page

router = APIRouter()


@router.get("/reader", name="reader")
def reader(request: Request, me: SignedIn, begin: str = "", end: str = "", version: str = "") -> HTMLResponse:
    """Of the flags decided between two dates (UTC, both count), of every version of the reader or of one."""
    report = how_the_reader_does(*limits(begin, end), version, actor=me.id)
    asked = {"begin": begin, "end": end, "version": version}
    return page(request, "reader.html", report=report, asked=asked, fewest=FEWEST)
