"""The clearinghouse's files: what went out, what came in, what is still awaited, what was refused and why."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import clearinghouse_files
from adapters import claim_views
from models.claim_codes import FileStatus
from models.errors import NotAllowed
from models.therapy_text import TherapyText
from web.desk import claim_words, words
from web.desk.members import SignedIn
from web.desk.pages import page

router = APIRouter()


@router.get("/clearinghouse", name="clearinghouse")
def clearinghouse(request: Request, me: SignedIn, page_number: str = "1", done: str = "") -> HTMLResponse:
    notice = "The file is put aside; it stays kept, sealed." if done == "put_aside" else None
    return _show(request, page_number, notice=notice)


@router.post("/clearinghouse/{file_id}/put-aside", name="put_aside_file")
def put_aside_file(request: Request, me: SignedIn, file_id: str, reason: Annotated[str, Form()] = "") -> Response:
    try:
        clearinghouse_files.put_aside(file_id, staff_id=me.id, reason=TherapyText(reason.replace("\r\n", "\n").strip()))
    except (NotAllowed, ValueError) as refusal:
        problem = words.sentence(str(refusal)) + "."
        return _show(request, "1", problem=problem, typed={file_id: reason}, status_code=422)
    return RedirectResponse("/clearinghouse?done=put_aside", status_code=303)


def _show(
    request: Request,
    page_number: str,
    *,
    notice: str | None = None,
    problem: str | None = None,
    typed: dict[str, str] | None = None,
    status_code: int = 200,
) -> HTMLResponse:
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
        notice=notice,
        problem=problem,
        typed=typed or {},
        status_code=status_code,
    )
