"""Handing a patient their whole file: compliance asks for it by a case, proves who they are, says why."""

from base64 import b64encode
from enum import StrEnum
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from acts import patient_file
from models.errors import Forgotten, MovedOn, NotAllowed
from models.therapy_text import TherapyText
from rules.access import SHORTEST_REASON
from web.desk import words
from web.desk.members import SignedIn
from web.desk.pages import page
from web.desk.proof import NOT_PROVED, prove_again

router = APIRouter()

WHERE = "desk:patient-file"
ZIP = "application/zip"


class CopyKind(StrEnum):
    """How a file leaves: behind a passphrase, or plain because the patient wants it so."""

    LOCKED = "locked"
    PLAIN = "plain"


@router.get("/patient-file", name="patient_file_page")
def show_page(request: Request, me: SignedIn, case: str = "") -> HTMLResponse:
    """Asks for a case, then says how much there is of its patient; nothing of it is read yet."""
    return _show(request, case)


def _show(
    request: Request, case: str, *, problem: str = "", typed: str = "", plain: bool = False, typed_plain: str = ""
) -> HTMLResponse:
    number, counts = case.strip().upper(), {}
    if number:
        try:
            counts = patient_file.counts_of(number)
        except (MovedOn, Forgotten) as refusal:
            number, problem = "", words.sentence(str(refusal)) + "."
    return page(
        request,
        "patient_file.html",
        status_code=422 if problem else 200,
        case=case.strip().upper(),
        number=number,
        counts=counts,
        left_out=patient_file.PRIVATE,
        shortest=SHORTEST_REASON,
        problem=problem,
        typed=typed,
        plain=plain,
        typed_plain=typed_plain,
    )


@router.post("/patient-file", name="hand_out_patient_file")
def hand_out(
    request: Request,
    me: SignedIn,
    case: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    copy_kind: Annotated[CopyKind, Form()] = CopyKind.LOCKED,
    plain_because: Annotated[str, Form()] = "",
    current: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
) -> Response:
    """The ZIP itself, once, with the passphrase that opens it; neither is kept, the ZIP's digest is on record.

    The ZIP lies in the page as the address of its link: so nothing waits on the desk to be fetched, and the page that
    is closed is gone with both.
    """
    number, plain = case.strip().upper(), copy_kind is CopyKind.PLAIN
    again = partial(_show, request, case, typed=reason, plain=plain, typed_plain=plain_because)
    if len(reason.strip()) < SHORTEST_REASON:  # before the code is used up
        problem = f"Say in at least {SHORTEST_REASON} characters who asks for the file and why."
        return again(problem=problem)
    if plain and len(plain_because.strip()) < SHORTEST_REASON:
        problem = f"Say in at least {SHORTEST_REASON} characters why the copy is to be plain."
        return again(problem=problem)
    try:
        patient_file.whose(number)
        prove_again(me, current, code)
    except NotAllowed:
        return again(problem=NOT_PROVED)
    except (MovedOn, Forgotten):
        return _show(request, case)
    made = patient_file.hand_out(
        number, staff_id=me.id, reason=_text(reason), where=WHERE, plain_because=_text(plain_because) if plain else None
    )
    if made.passphrase is None:
        headers = {"content-disposition": f'attachment; filename="{made.name}"'}
        return Response(made.content, media_type=ZIP, headers=headers)
    address = f"data:{ZIP};base64,{b64encode(made.content).decode()}"
    rows, size = sum(made.counts.values()), len(made.content)
    return page(request, "patient_file_made.html", made=made, address=address, number=number, rows=rows, size=size)


def _text(typed: str) -> TherapyText:
    return TherapyText(typed.replace("\r\n", "\n"))
