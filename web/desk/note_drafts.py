"""The page where a clinician corrects a proposed note beside its transcript, and signs it."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acts import decisions, note_editing, signers
from acts.note_editing import NoteOnScreen
from adapters import desk_views, note_views
from models.codes import Verdict
from models.errors import MovedOn, NotAllowed, SignatureMismatch
from models.note_codes import FlagAction
from models.therapy_text import TherapyText
from rules import note_editing as changes
from rules.sign_off import Permission
from web.desk import note_evidence, note_screen, words
from web.desk.members import Member, SignedIn, check_theirs, reading
from web.desk.note_cases import NoteCase, readable_note
from web.desk.note_coding import coding
from web.desk.note_form import FIELDS, SAID, Asked, asked
from web.desk.note_screen import NoteView
from web.desk.pages import fragment, page
from web.desk.proof import NOT_PROVED

router = APIRouter()

WHERE = "desk:note"
VERDICTS = (Verdict.APPROVE, Verdict.RETURN, Verdict.REJECT)
STALE = (
    "This note was changed on another page since. It is shown as it stands now; what you typed is kept below. "
    "Look at it and save it again."
)


BEGUN_ANEW = (
    "This note began anew since: its transcript, or what the patient agreed to, is not what it was. It is shown as it "
    "stands now; what you typed is kept below. Open the page again to see the transcript as it is now."
)


# -- the page


@router.get("/notes/{number}/draft", name="note_draft")
def note_draft(request: Request, me: SignedIn, number: str, done: str = "") -> Response:
    case = readable_note(me, number)
    try:
        approval = note_editing.open_note(number)
    except MovedOn:
        return RedirectResponse(f"/notes/{number}", status_code=303)
    permission = note_editing.may_write(approval, me.id)
    if permission.allowed:
        decisions.mark_seen(approval.id, me.id)
        note_editing.mark_risk_seen(number, me.id)
        approval = note_editing.open_note(number)
    with reading(me, case.found):
        screen = note_editing.on_screen(approval.id, actor=me.id, where=WHERE)
        return _show(request, me, case, screen, permission, notice=SAID.get(done))


def _show(
    request: Request,
    me: Member,
    case: NoteCase,
    screen: NoteOnScreen,
    permission: Permission,
    *,
    notice: str | None = None,
    problem: str | None = None,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    focus: str = "",
    status_code: int = 200,
) -> HTMLResponse:
    """The whole page, or, for a change that htmx sent, the note alone."""
    talk = note_evidence.session_talk(screen.proposed, note_screen.ordered_flags(screen.proposed), me, WHERE)
    view = note_screen.note_view(screen, talk)
    facts: dict[str, Any] = {
        "case": case,
        "found": case.found,
        "session": case.session,
        "zone": case.zone,
        "approval": screen.approval,
        "screen": screen,
        "note": screen.note,
        "view": view,
        "coding": coding(case.session, screen.note, case.zone),
        "permission": permission,
        "actions": tuple(FlagAction),
        "names": desk_views.staff_names(),
        "notice": notice,
        "problem": problem,
        "typed": typed or {},
        "unplaced": _unplaced(view, typed or {}),
        "errors": errors or {},
        "focus": focus,
    }
    if request.headers.get("hx-request") == "true":
        return fragment("note_panel.html", status_code=status_code, me=me, **facts)
    waiting = note_views.to_sign(me.id, but_not=case.session.case_number)
    return page(request, "note_draft.html", status_code=status_code, talk=talk, waiting=waiting, **facts)


def _unplaced(view: NoteView, typed: Mapping[str, str]) -> str:
    """Words that were typed for a sentence or heading that is not there any more."""
    kind = typed.get("change")
    if kind == "edit" and typed["sentence"] not in view.numbers:
        return typed["text"]
    if kind == "add" and typed["section"] not in [section.title for section in view.sections]:
        return typed["text"]
    return ""


# -- one change


async def posted_fields(request: Request) -> dict[str, str]:
    """The fields of a form as text."""
    return {name: str(value) for name, value in (await request.form()).items()}


@router.post("/notes/{number}/changes", name="change_note")
def change_note(
    request: Request, me: SignedIn, number: str, posted: Annotated[dict[str, str], Depends(posted_fields)]
) -> Response:
    case = readable_note(me, number)
    check_theirs(me, case.found)
    try:
        approval = note_editing.open_note(number)
    except MovedOn:
        if request.headers.get("hx-request") != "true":
            raise
        return Response(status_code=204, headers={"hx-redirect": f"/notes/{number}"})
    permission = note_editing.may_write(approval, me.id)
    if not permission.allowed:
        raise NotAllowed("; ".join(permission.reasons))
    try:
        wanted = asked(posted)
        # the next proposal numbers its sentences and its changes anew: the same numbers are not the same words
        if wanted.proposal != approval.id:
            raise MovedOn("the change is about an earlier proposal")
        screen = note_editing.change(
            approval.id, wanted.change(), seen_edition=wanted.edition, staff_id=me.id, where=WHERE
        )
    except (MovedOn, ValueError) as refusal:
        return _refuse(request, me, case, permission, posted, refusal)
    focus = _focus(wanted)
    if request.headers.get("hx-request") == "true":
        return _show(request, me, case, screen, permission, notice=SAID[wanted.kind], focus=focus)
    return RedirectResponse(f"/notes/{number}/draft?done={wanted.kind}#{focus}", status_code=303)


def _refuse(
    request: Request,
    me: Member,
    case: NoteCase,
    permission: Permission,
    posted: Mapping[str, str],
    refusal: Exception,
) -> Response:
    """The note as it stands, with what was typed; raises MovedOn when it is no longer open at all."""
    approval = note_editing.open_note(case.session.case_number)
    screen = note_editing.on_screen(approval.id, actor=me.id, where=WHERE)
    anew = posted.get("proposal") != approval.id
    stale = anew or isinstance(refusal, MovedOn) or posted.get("edition") != str(screen.edition)
    told = BEGUN_ANEW if anew else STALE
    return _show(
        request,
        me,
        case,
        screen,
        permission,
        problem=told if stale else words.sentence(str(refusal)) + ".",
        typed={name: posted.get(name, "") for name in ("change", *TYPED)},
        focus="problem",
        status_code=409 if stale else 422,
    )


TYPED = tuple(name for name in FIELDS if name not in ("change", "proposal", "edition", "after"))


def _focus(wanted: Asked) -> str:
    """The element where the page goes on after a change."""
    if wanted.kind == "drop":
        return f"sentence-{wanted.form['after']}" if wanted.form["after"] else "written"
    if wanted.kind in ("nothing", "something"):
        return note_screen.section_key(wanted.form["section"])
    if wanted.kind == "flag":
        return f"flag-{wanted.form['flag']}"
    if wanted.sentence_id:
        return f"sentence-{wanted.sentence_id}"
    places = {"format": "format", "codes": "coding", "assessed": "not-assessed", "not_assessed": "not-assessed"}
    return places.get(wanted.kind, "written")


# -- the signature


@router.post("/notes/{number}/draft", name="sign_note")
def sign_note(
    request: Request,
    me: SignedIn,
    number: str,
    verdict: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    seen_digest: Annotated[str, Form()] = "",
    on_screen: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
) -> Response:
    """Sign the note exactly as it was on the screen, return it with a question, or say that there is none from here."""
    case = readable_note(me, number)
    check_theirs(me, case.found)
    approval = note_editing.open_note(number)
    permission = note_editing.may_write(approval, me.id)
    if not permission.allowed:
        raise NotAllowed("; ".join(permission.reasons))
    screen = note_editing.on_screen(approval.id, actor=me.id, where=WHERE)
    typed = {"verdict": verdict, "reason": reason}
    status_code = 422
    if (seen_digest, on_screen) != (screen.pinned, screen.on_screen):
        errors, status_code = {"form": SHOWN_ANEW}, 409
    else:
        errors = _check(me, verdict, reason, password, code)
    if not errors:
        errors = _try_to_sign(screen, me, Verdict(verdict), reason, password, code)
    if not errors:
        return RedirectResponse(f"/notes/{number}?done={verdict}", status_code=303)
    return _show(
        request, me, case, screen, permission, typed=typed, errors=errors, focus="not-signed", status_code=status_code
    )


SHOWN_ANEW = "What was on your screen is not what is to be signed. It is shown anew: please read it again."


def _check(me: Member, verdict: str, reason: str, password: str, code: str) -> dict[str, str]:
    """What is missing in the form, by field."""
    errors = {}
    if verdict not in VERDICTS:
        errors["verdict"] = "Choose what you decide."
    elif verdict != Verdict.APPROVE and not reason.strip():
        errors["reason"] = "Write down why, or your question."
    if not me.by_service and not password:
        errors["password"] = "Your password is part of the signature."
    if not me.by_service and not code.strip():
        errors["code"] = "The six digits from your authenticator app."
    return errors


def _try_to_sign(
    screen: NoteOnScreen, me: Member, verdict: Verdict, reason: str, password: str, code: str
) -> dict[str, str]:
    """Sign; what refuses it comes back as words beside the field it is about. Raises MovedOn."""
    signs = verdict == Verdict.APPROVE
    if signs and screen.changed:
        verdict = Verdict.EDIT_AND_APPROVE
    if signs and note_screen.note_view(screen, None).blocks:
        return {"form": "Something is still to be done before this note can be signed. It is listed here."}
    try:
        decisions.decide(
            screen.approval.id,
            staff_id=me.id,
            verdict=verdict,
            reason=TherapyText(reason.replace("\r\n", "\n")),
            seen_digest=screen.pinned,
            how=me.signs_how,
            login=me.login_id,
            code=code.strip(),
            password=password,
            edited=changes.fields_of(screen.note) if verdict == Verdict.EDIT_AND_APPROVE else None,
            on_screen=screen.on_screen if signs else "",
        )
    except SignatureMismatch:
        return {"form": SHOWN_ANEW}
    except NotAllowed as refusal:
        if str(refusal) != signers.REFUSED:
            return {"form": f"You may not sign this: {refusal}."}
        if me.by_service:
            return {"form": "Prove once more at the practice's sign-in service who you are, then sign."}
        return {"code": NOT_PROVED}
    except ValueError as missing:
        return {"form": words.sentence(str(missing)).rstrip(".") + "."}
    return {}
