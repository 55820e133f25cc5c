"""What became of a proposed note until it was signed, sentence by sentence, for compliance and its signer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from acts.signed_notes import signed_content
from adapters import desk_views, note_views
from models.codes import Role
from models.errors import NotAllowed
from models.note_codes import FlagAction
from rules import note_signing
from rules.access import may_read_content
from rules.note_edits import EditKind
from web.desk import note_evidence, note_screen
from web.desk.members import Member, SignedIn, reading
from web.desk.note_cases import NoteCase, visible_note
from web.desk.pages import page

router = APIRouter()

WHERE = "desk:note-changes"


@dataclass(frozen=True)
class AnsweredFlag:
    """One risk flag of the session with what its signer did about it."""

    facts: Mapping[str, Any]
    action: FlagAction | None
    words: str

    def __repr__(self) -> str:
        return f"<answered flag {self.facts['id']}>"


@router.get("/notes/{number}/changes", name="note_changes")
def note_changes(request: Request, me: SignedIn, number: str) -> HTMLResponse:
    case = visible_note(me, number)
    _check_reads(me, case)
    with reading(me, case.found):
        decision, signed = signed_content(number, actor=me.id, where=WHERE)
        proposed = note_evidence.proposed_content(decision, me, WHERE)
    signing = note_views.signing_decision(case.session)
    assert signing is not None
    return page(
        request,
        "note_changes.html",
        case=case,
        found=case.found,
        session=case.session,
        zone=case.zone,
        decision=decision,
        approval=signing[1],
        proposed=proposed,
        signed=signed,
        edits=note_signing.changes(proposed, signed),
        kinds=tuple(EditKind),
        taken_off=note_signing.taken_off(proposed, signed),
        flags=_answered(signed),
        names=desk_views.staff_names(),
    )


def _check_reads(me: Member, case: NoteCase) -> None:
    """Compliance accounts for every note at its locations; a clinician for what they may read."""
    if me.staff.role == Role.COMPLIANCE:
        return
    permission = may_read_content(me.viewer, case.found.facts)
    if not permission.allowed:
        raise NotAllowed("; ".join(permission.reasons))


def _answered(signed: Mapping[str, Any]) -> list[AnsweredFlag]:
    answers = signed["flag_actions"]
    return [
        AnsweredFlag(
            flag,
            FlagAction(answers[flag["id"]]["action"]) if flag["id"] in answers else None,
            answers.get(flag["id"], {}).get("words", ""),
        )
        for flag in note_screen.ordered_flags(signed)
    ]
