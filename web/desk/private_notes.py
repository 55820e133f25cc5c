"""The box for a clinician's private psychotherapy note on a session: only the desk page of its author opens it."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from adapters import therapy_store_private
from models.errors import NotAllowed
from models.therapy_text import TherapyText
from web.desk.members import Member, SignedIn
from web.desk.note_cases import NoteCase, visible_note
from web.desk.pages import fragment, page

router = APIRouter()

WHERE = "desk:private-note"
LONGEST = 50_000


@router.get("/notes/{number}/private", name="private_note")
def private_note(request: Request, me: SignedIn, number: str, done: str = "") -> HTMLResponse:
    case = _own(me, number)
    text = therapy_store_private.own(me.id, number, where=WHERE)
    return _show(request, me, case, text.unwrap() if text is not None else "", kept=done == "kept")


@router.post("/notes/{number}/private", name="keep_private_note")
def keep_private_note(request: Request, me: SignedIn, number: str, private: Annotated[str, Form()] = "") -> Response:
    case = _own(me, number)
    written = private.replace("\r\n", "\n")
    if len(written) > LONGEST:
        problem = f"This is longer than {LONGEST:,} characters; it was not kept. Shorten it."
        return _show(request, me, case, written, problem=problem)
    therapy_store_private.keep(me.id, case.session.patient_id, number, TherapyText(written))
    if request.headers.get("hx-request") == "true":
        return _show(request, me, case, written, kept=True)
    return RedirectResponse(f"/notes/{number}/private?done=kept", status_code=303)


def _own(me: Member, number: str) -> NoteCase:
    """The session, if this person held it; raises NotAllowed."""
    case = visible_note(me, number)
    if case.session.clinician_id != me.id:
        raise NotAllowed("a private note is read and written by whoever held the session, and nobody else")
    return case


def _show(
    request: Request, me: Member, case: NoteCase, text: str, *, kept: bool = False, problem: str = ""
) -> HTMLResponse:
    facts: dict[str, Any] = {
        "session": case.session,
        "text": text,
        "kept": kept,
        "problem": problem,
        "longest": LONGEST,
    }
    if request.headers.get("hx-request") == "true":
        return fragment("private_box.html", me=me, **facts)
    return page(request, "private_note.html", status_code=422 if problem else 200, **facts)
