"""What a clinician wrote herself into a note that was taken back: it goes on into the next proposal."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import col, select

from adapters import therapy_store, therapy_store_sessions
from adapters.operational_store import reading
from models.codes import ApprovalKind, ApprovalStatus
from models.operational import Approval
from rules import note_editing, note_own_words, note_signing

WHERE = "keep own words"


@dataclass(frozen=True)
class OwnWords:
    """The sentences of the clinician's own in the note of this sign-off."""

    approval_id: str
    sentences: list[dict[str, Any]] = field(repr=False)


def own_words(case_number: str) -> OwnWords | None:
    """What stands in the note that was taken back last and came from nobody but its clinician.

    None where the last sign-off of the case was decided, or nobody had changed its note. A sentence that repeats the
    transcript or the draft is left out, so this is to be asked before either is overwritten.
    """
    with reading() as db:
        of_case = select(Approval).where(
            Approval.case_number == case_number, Approval.kind == ApprovalKind.SESSION_NOTE
        )
        last = db.exec(of_case.order_by(col(Approval.round).desc())).first()
    if last is None or last.status != ApprovalStatus.SUPERSEDED:
        return None
    copy = therapy_store_sessions.working_copy(last.id, actor="system", where=WHERE)
    if copy is None:
        return None
    proposed = json.loads(therapy_store.sign_off_content(last.id, actor="system", where=WHERE).unwrap())
    kept = therapy_store_sessions.transcript(case_number, actor="system", where=WHERE)
    derived = [turn["text"] for turn in kept.turns] if kept is not None else []
    derived += [plain["text"] for plain in note_signing.proposals(proposed)] if proposed is not None else []
    return OwnWords(last.id, note_own_words.own_sentences(copy.fields["sentences"], derived))


def carry_over(case_number: str, approval_id: str, content: Mapping[str, Any]) -> None:
    """Put those sentences behind what is proposed now, as the first change of its working copy; once."""
    found = own_words(case_number)
    if found is None or not found.sentences:
        return
    if therapy_store_sessions.working_copy(approval_id, actor="system", where=WHERE) is not None:
        return
    # a draft numbers its sentences anew, and none of them has an id of those that were added
    note = note_signing.settled({**content, "sentences": [*content["sentences"], *found.sentences]})
    fields = note_editing.fields_of(note)
    therapy_store_sessions.keep_working_copy(approval_id, case_number, fields, seen_edition=0, actor="system")
