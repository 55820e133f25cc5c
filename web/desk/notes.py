"""The list of session notes, and one note: where it stands, the signed note with its addenda."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import addenda, signed_notes, signers
from adapters import case_views, desk_views, note_views
from adapters.case_views import CaseView
from models.codes import NoteStatus, Role, ToDoKind, Verdict
from models.errors import MovedOn, NotAllowed
from models.operational import SessionNote
from models.person_names import plain_name
from models.signed_note import SignedNote
from models.therapy_text import TherapyText
from models.transitions import owner_of
from rules.access import STEERERS, may_read_content, may_see_case, may_see_to_do
from rules.sign_off import SIGNING_ROLE
from web.desk import words
from web.desk.members import Member, SignedIn, check_theirs, reading
from web.desk.note_cases import NoteCase, readable_note, visible_note
from web.desk.pages import page
from web.desk.proof import NOT_PROVED
from web.desk.workflows import held_here

router = APIRouter()

WHERE = "desk:note"
LONGEST_NAME = 100
FOUND = 10 * note_views.NOTES_SHOWN
"""So many of a name are looked at: a part of one fits many patients whom this person may not see."""
DONE = {
    Verdict.APPROVE.value: "The note is signed.",
    Verdict.RETURN.value: "The note is returned; a coordinator looks at your question.",
    Verdict.REJECT.value: "The session is closed without a note from here.",
    "addendum": "Your addendum is signed.",
    "reassigned": "The note has been given to your colleague.",
}


@router.get("/notes", name="notes")
def notes(
    request: Request,
    me: SignedIn,
    q: str = "",
    status: str = "",
    scope: str = "mine",
    after: str = "",
    before: str = "",
) -> HTMLResponse:
    asked = {"q": q.replace("\x00", ""), "status": status if status in tuple(NoteStatus) else ""}
    return _list(request, me, asked | {"scope": "all" if scope == "all" else "mine", "after": after, "before": before})


@router.post("/notes", name="find_notes")
def find_notes(
    request: Request, me: SignedIn, patient: Annotated[str, Form(max_length=LONGEST_NAME)] = ""
) -> HTMLResponse:
    """The notes of the patients of that name; posted, so that no name stands in an address or in a log."""
    everything = dict.fromkeys(("q", "status", "after", "before"), "") | {"scope": "all"}
    return _list(request, me, everything, patient=patient.replace("\x00", "").strip())


def _list(request: Request, me: Member, asked: dict[str, str], *, patient: str = "") -> HTMLResponse:
    clinician = me.staff.role == Role.CLINICIAN
    parts = plain_name(patient).split()
    found = note_views.rows(
        () if clinician and asked["scope"] != "all" else me.staff.location_ids,
        clinician_id=me.id if clinician else None,
        status=asked["status"],
        search=asked["q"],
        names=parts,
        after=words.day_or_none(asked["after"]),
        before=words.day_or_none(asked["before"]),
        limit=FOUND if parts else note_views.NOTES_SHOWN,
    )
    visible = [row for row in found if may_see_case(me.viewer, row.facts).allowed]
    rows = visible[: note_views.NOTES_SHOWN]
    return page(
        request,
        "notes.html",
        rows=rows,
        cut=len(visible) > len(rows) or (not parts and len(found) == note_views.NOTES_SHOWN),
        counts=None if me.staff.role == Role.CLINICIAN else note_views.counts(me.staff.location_ids),
        to_sign=[row for row in rows if row.waits and row.assigned_to == me.id],
        statuses=tuple(NoteStatus),
        places=desk_views.places(),
        names=desk_views.staff_names(),
        asked=asked,
        patient=patient,
        named_so=bool(parts),
    )


@router.get("/notes/{number}", name="note_page")
def note_page(request: Request, me: SignedIn, number: str, done: str = "") -> HTMLResponse:
    return show(request, me, visible_note(me, number), notice=DONE.get(done), done=done)


def show(
    request: Request,
    me: Member,
    case: NoteCase,
    *,
    notice: str | None = None,
    problem: str | None = None,
    typed_reason: str = "",
    typed: str = "",
    errors: dict[str, str] | None = None,
    done: str = "",
    status_code: int = 200,
) -> HTMLResponse:
    """The page of one note; its words are there for who may read them."""
    session, found = case.session, case.found
    number = session.case_number
    approval = case_views.open_sign_off(number)
    reads = may_read_content(me.viewer, found.facts).allowed
    theirs = may_see_case(me.viewer, found.facts).allowed
    signed = _signed(me, case) if reads else None
    following = next(iter(note_views.to_sign(me.id, but_not=number)), None) if me.staff.role == Role.CLINICIAN else None
    steers = theirs and approval is not None and me.staff.role in STEERERS
    return page(
        request,
        "note.html",
        status_code=status_code,
        case=case,
        found=found,
        session=session,
        zone=case.zone,
        signed=signed,
        decision=note_views.signing_decision(session),
        approval=approval,
        signs=approval is not None and me.staff.role == SIGNING_ROLE[approval.kind],
        reads=reads,
        adds=signed is not None and theirs and me.id in (session.clinician_id, signed.signature.staff_id),
        owner=owner_of(session.status),
        held=held_here(session.status, session),
        to_dos=_to_dos(me, found),
        colleagues=(
            case_views.colleagues(approval.role, approval.location_id, but_not=approval.assigned_to)
            if approval is not None and steers
            else []
        ),
        timeline=case_views.timeline(number),
        following=following,
        names=desk_views.staff_names(),
        notice=notice,
        problem=problem,
        typed_reason=typed_reason,
        typed=typed,
        errors=errors or {},
        done=done,
    )


def show_refusal(request: Request, me: Member, found: CaseView, problem: str, typed_reason: str) -> HTMLResponse:
    """The page of a note with what refused a step that was asked for on it."""
    assert isinstance(found.referral, SessionNote)
    case = NoteCase(found.referral, found)
    return show(request, me, case, problem=problem, typed_reason=typed_reason, status_code=422)


def _signed(me: Member, case: NoteCase) -> SignedNote | None:
    if case.session.signed_decision_id is None:
        return None
    with reading(me, case.found):
        return signed_notes.signed_note(case.session.case_number, actor=me.id, where=WHERE)


def _to_dos(me: Member, found: CaseView) -> list[Any]:
    return [
        each
        for each in case_views.open_to_dos_of(found.referral.case_number)
        if each.kind in (ToDoKind.CHECK_TRANSCRIPT, ToDoKind.CARRY_ON_BY_HAND)
        and may_see_to_do(me.viewer, found.facts, each.role).allowed
    ]


@router.post("/notes/{number}/addenda", name="add_addendum")
def add_addendum(
    request: Request,
    me: SignedIn,
    number: str,
    text: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
) -> Response:
    case = readable_note(me, number)
    check_theirs(me, case.found)
    errors = {}
    if not text.strip():
        errors["text"] = "Write the addendum."
    if not me.by_service and not password:
        errors["password"] = "Your password is part of the signature."
    if not me.by_service and not code.strip():
        errors["code"] = "The six digits from your authenticator app."
    if not errors:
        errors = _try_to_add(me, number, text, password, code)
    if errors:
        return show(request, me, case, typed=text, errors=errors, status_code=422)
    return RedirectResponse(f"/notes/{number}?done=addendum", status_code=303)


def _try_to_add(me: Member, number: str, text: str, password: str, code: str) -> dict[str, str]:
    """Sign the addendum; what refuses it comes back as words beside the field it is about."""
    try:
        addenda.add(
            number,
            TherapyText(text),
            staff_id=me.id,
            how=me.signs_how,
            code=code.strip(),
            password=password,
            login=me.login_id,
        )
    except NotAllowed as refusal:
        if str(refusal) == signers.REFUSED and me.by_service:
            return {"form": "Prove once more at the practice's sign-in service who you are, then sign."}
        if str(refusal) == signers.REFUSED:
            return {"code": NOT_PROVED}
        return {"form": words.sentence(str(refusal)) + "."}
    except ValueError as missing:
        return {"text": words.sentence(str(missing)) + "."}
    except MovedOn as moved:
        return {"form": words.sentence(str(moved)) + "."}
    return {}
