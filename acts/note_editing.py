"""Working on a proposed note: each change is kept at once, by whoever may sign it, and a stale page changes nothing."""

import json
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import select

from acts.decisions import state_of
from acts.signers import signer_facts
from adapters import therapy_store, therapy_store_sessions
from adapters.operational_store import audit, one, reading, writing
from models.codes import ApprovalKind, ApprovalStatus, Role
from models.columns import new_id, utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import Approval, Patient, SessionNote, Staff
from rules import note_editing, note_signing, sign_off
from rules.note_editing import Change

SYSTEM = "system"


@dataclass(frozen=True)
class NoteOnScreen:
    """A proposed note as its clinician sees it now.

    ``edition`` is the number of changes so far, ``pinned`` the digest of the proposal, ``on_screen`` that of exactly
    what would be signed if nothing else were changed. ``carried_over``: so far it holds, beside the proposal, what its
    clinician had written into one that was taken back.
    """

    approval: Approval
    session: SessionNote
    edition: int
    pinned: str
    on_screen: str
    carried_over: bool
    note: dict[str, Any] = field(repr=False)
    proposed: dict[str, Any] = field(repr=False)

    @property
    def changed(self) -> bool:
        return note_editing.is_changed(self.note, self.proposed)


def open_note(case_number: str) -> Approval:
    """The open sign-off of a session's note; raises MovedOn when it does not wait to be signed."""
    with reading() as db:
        found = db.exec(
            select(Approval).where(
                Approval.case_number == case_number,
                Approval.kind == ApprovalKind.SESSION_NOTE,
                Approval.status == ApprovalStatus.OPEN,
            )
        ).first()
    if found is None:
        raise MovedOn(f"the note of {case_number} does not wait to be signed")
    return found


def on_screen(approval_id: str, *, actor: str, where: str) -> NoteOnScreen:
    """The note as it stands: the proposal with every change so far. The reads are on record."""
    with reading() as db:
        approval = one(db, Approval, approval_id)
        session = one(db, SessionNote, approval.case_number)
    content = therapy_store.sign_off_content(approval_id, actor=actor, where=where).unwrap()
    proposed = json.loads(content)
    if proposed is None:
        raise MovedOn(f"the proposal of {approval.case_number} was purged on request")
    copy = therapy_store_sessions.working_copy(approval_id, actor=actor, where=where)
    note = note_signing.settled({**proposed, **copy.fields} if copy is not None else proposed)
    return NoteOnScreen(
        approval=approval,
        session=session,
        edition=copy.edition if copy is not None else 0,
        pinned=sign_off.digest(content),
        on_screen=sign_off.digest(sign_off.canonical(note)),
        carried_over=copy is not None and copy.changed_by == SYSTEM,
        note=note,
        proposed=proposed,
    )


def may_write(approval: Approval, staff_id: str) -> sign_off.Permission:
    """Whether this person may change and sign this note."""
    with reading() as db:
        session = one(db, SessionNote, approval.case_number)
        patient = one(db, Patient, session.patient_id)
    return sign_off.may_sign(
        approval.kind,
        approval.status,
        location_id=approval.location_id,
        assigned_to=approval.assigned_to,
        requested_by=approval.requested_by,
        patient_state=state_of(session, patient),
        signer=signer_facts(staff_id, utc_now().date()),
    )


def change(approval_id: str, what: Change, *, seen_edition: int, staff_id: str, where: str) -> NoteOnScreen:
    """Make one change to the note as it stood on the person's screen.

    Raises NotAllowed, MovedOn for a page that is stale or a note that is no longer open, ValueError for a change that
    cannot be made.
    """
    with reading() as db:
        approval = one(db, Approval, approval_id)
    permission = may_write(approval, staff_id)
    if not permission.allowed:
        raise NotAllowed("; ".join(permission.reasons))
    standing = on_screen(approval_id, actor=staff_id, where=where)
    note = note_editing.apply(standing.note, standing.proposed, what)
    therapy_store_sessions.keep_working_copy(
        approval_id, approval.case_number, note_editing.fields_of(note), seen_edition=seen_edition, actor=staff_id
    )
    return on_screen(approval_id, actor=staff_id, where=where)


def new_sentence_id() -> str:
    return new_id("S")


def mark_risk_seen(case_number: str, staff_id: str) -> None:
    """A clinician has looked at the session's flags; that ends the paging. Nobody else's look does."""
    with writing() as db:
        session = db.get_one(SessionNote, case_number, with_for_update=True)
        if session.risk_seen_at is not None or session.risk_level is None:
            return
        if one(db, Staff, staff_id).role != Role.CLINICIAN:
            return
        session.risk_seen_at, session.risk_seen_by = utc_now(), staff_id
        db.add(session)
        audit(db, staff_id, "session_risk.seen", session, case_number)
