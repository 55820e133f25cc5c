"""Handing a patient their whole file: compliance asks for it by a case, proves who they are, says why."""

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


@router.get("/patient-file", name="patient_file_page")
def show_page(request: Request, me: SignedIn, case: str = "") -> HTMLResponse:
    """Asks for a case, then says how much there is of its patient; nothing of it is read yet."""
    return _show(request, case)


def _show(request: Request, case: str, *, problem: str = "", typed: str = "") -> HTMLResponse:
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
    )


@router.post("/patient-file", name="hand_out_patient_file")
def hand_out(
    request: Request,
    me: SignedIn,
    case: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    current: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
) -> Response:
    """The ZIP itself, once; it is kept nowhere, its digest is on record."""
    if len(reason.strip()) < SHORTEST_REASON:  # before the code is used up
        problem = f"Say in at least {SHORTEST_REASON} characters who asks for the file and why."
        return _show(request, case, problem=problem, typed=reason)
    try:
        patient_file.whose(case.strip().upper())
        prove_again(me, current, code)
    except NotAllowed:
        return _show(request, case, problem=NOT_PROVED, typed=reason)
    except (MovedOn, Forgotten):
        return _show(request, case)
    made = patient_file.hand_out(
        case.strip().upper(), staff_id=me.id, reason=TherapyText(reason.replace("\r\n", "\n")), where=WHERE
    )
    headers = {"content-disposition": f'attachment; filename="{made.name}"'}
    return Response(made.content, media_type="application/zip", headers=headers)
