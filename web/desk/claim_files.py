"""The clearinghouse's files: what went out, what came in, what is still awaited, what was refused and why."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from adapters import claim_views
from models.claim_codes import FileStatus
from web.desk import claim_words
from web.desk.members import SignedIn
from web.desk.pages import page

router = APIRouter()


@router.get("/clearinghouse", name="clearinghouse")
def clearinghouse(request: Request, me: SignedIn, page_number: str = "1") -> HTMLResponse:
    number = claim_words.page_of(page_number)
    files, total = claim_views.files(number)
    bad = (FileStatus.REFUSED, FileStatus.REJECTED)
    return page(
        request,
        "claim_files.html",
        refused=[file for file in files if file.status in bad],
        files=[file for file in files if file.status not in bad],
        total=total,
        number=number,
        last=max(1, -(-total // claim_views.PAGE)),
        cw=claim_words,
    )
