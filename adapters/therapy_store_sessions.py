"""The part of the therapy database's door for sessions: transcripts, plans, drafts, working copies, addenda."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import col, select

from adapters import therapy_store
from adapters.therapy_store import READ, as_text, audit, writing
from adapters.therapy_store_seals import opened, opened_one
from models.columns import new_id
from models.errors import MovedOn
from models.therapy import (
    AddendumWords,
    DecisionWords,
    NoteWorkingCopy,
    SessionDraft,
    SessionFacts,
    SessionTranscript,
    SignOffContent,
)
from models.therapy_text import TherapyText

NOTHING = "null"
"""What stands in the place of content that was purged on request."""


@dataclass(frozen=True)
class KeptTranscript:
    """A transcript as it is kept: ``turns`` are plain values, ``edition`` counts its replacements."""

    edition: int
    turns: list[dict[str, Any]] = field(repr=False)


@dataclass(frozen=True)
class WorkingCopy:
    """What somebody has made of a proposed note so far."""

    edition: int
    changed_by: str
    fields: dict[str, Any] = field(repr=False)


# -- transcripts and plans


def keep_transcript(case_number: str, turns: Sequence[dict[str, Any]], actor: str = "system") -> int:
    """Keep the transcript of a session; another takes its place as the next edition. Returns the edition."""
    text = as_text(list(turns))
    with writing() as db:
        found = opened_one(db, db.get(SessionTranscript, case_number, with_for_update=True))
        if found is not None and found.turns == text:
            return found.edition
        record = found or SessionTranscript(case_number=case_number, turns=text, edition=0)
        record.turns, record.edition = text, record.edition + 1
        db.add(record)
        audit(db, actor, "transcript.kept", "session_transcript", case_number, case_number, edition=record.edition)
        return record.edition


def transcript(case_number: str, *, actor: str, where: str) -> KeptTranscript | None:
    """The transcript of a session, None where none is kept or it was purged; the read is recorded."""
    return transcripts([case_number], actor=actor, where=where).get(case_number)


def transcripts(case_numbers: Sequence[str], *, actor: str, where: str) -> dict[str, KeptTranscript]:
    """The transcripts of many sessions in one transaction, by case; each read is recorded."""
    with writing() as db:
        found = db.exec(select(SessionTranscript).where(col(SessionTranscript.case_number).in_(case_numbers))).all()
        for record in found:
            audit(db, actor, READ, "session_transcript", record.case_number, record.case_number, where)
        turns = {
            record.case_number: (record.edition, json.loads(record.turns.unwrap())) for record in opened(db, found)
        }
    return {number: KeptTranscript(edition, said) for number, (edition, said) in turns.items() if said is not None}


def keep_plan(case_number: str, plan: dict[str, Any]) -> None:
    """Keep what the treatment plan said when the session was exported; the same again changes nothing."""
    with writing() as db:
        found = opened_one(db, db.get(SessionFacts, case_number, with_for_update=True))
        text = as_text(plan)
        if found is not None and found.plan == text:
            return
        record = found or SessionFacts(case_number=case_number, plan=text)
        record.plan = text
        db.add(record)
        audit(db, "system", "plan.kept", "session_facts", case_number, case_number)


def plan(case_number: str, *, actor: str, where: str) -> dict[str, Any]:
    """What the treatment plan said; empty where nothing is known."""
    with writing() as db:
        found = opened_one(db, db.get(SessionFacts, case_number))
        audit(db, actor, READ, "session_facts", case_number, case_number, where)
        return dict(json.loads(found.plan.unwrap()) or {}) if found is not None else {}


# -- drafts and what is made of them


def keep_draft(case_number: str, round: int, content: dict[str, Any]) -> None:
    """Keep what was proposed on one visit of the case to its drafting; the first that was kept stays."""
    with writing() as db:
        known = select(SessionDraft).where(SessionDraft.case_number == case_number, SessionDraft.round == round)
        if db.exec(known).first() is None:
            record = SessionDraft(id=new_id("ND"), case_number=case_number, round=round, content=as_text(content))
            db.add(record)
            audit(db, "system", "draft.kept", "session_draft", record.id, case_number, round=round)


def newest_draft(case_number: str, *, actor: str, where: str) -> dict[str, Any] | None:
    """The latest proposal of a case; None where there is none or it was purged."""
    with writing() as db:
        query = select(SessionDraft).where(SessionDraft.case_number == case_number)
        found = opened_one(db, db.exec(query.order_by(col(SessionDraft.round).desc())).first())
        if found is None:
            return None
        audit(db, actor, READ, "session_draft", found.id, case_number, where)
        content: dict[str, Any] | None = json.loads(found.content.unwrap())
        return content


def working_copy(approval_id: str, *, actor: str, where: str) -> WorkingCopy | None:
    """What has been made of this proposal so far; None where nobody has changed anything."""
    with writing() as db:
        found = opened_one(db, db.get(NoteWorkingCopy, approval_id))
        if found is None:
            return None
        audit(db, actor, READ, "note_working_copy", approval_id, found.case_number, where)
        fields = json.loads(found.content.unwrap())
        return None if fields is None else WorkingCopy(found.edition, found.changed_by, fields)


def keep_working_copy(
    approval_id: str, case_number: str, fields: dict[str, Any], *, seen_edition: int, actor: str
) -> int:
    """Keep a change, made to the copy as it stood in ``seen_edition`` (0: the proposal); returns the new edition.

    Raises MovedOn when it has been changed since: the page it comes from is stale.
    """
    with writing() as db:
        found = db.get(NoteWorkingCopy, approval_id, with_for_update=True)
        if (found.edition if found is not None else 0) != seen_edition:
            raise MovedOn("this note was changed on another page since; your last change was not taken")
        record = found or NoteWorkingCopy(
            approval_id=approval_id, case_number=case_number, content=as_text({}), edition=0, changed_by=actor
        )
        record.content, record.edition, record.changed_by = as_text(fields), seen_edition + 1, actor
        db.add(record)
        audit(db, actor, "note.changed", "note_working_copy", approval_id, case_number, edition=record.edition)
        return record.edition


def purge(
    case_number: str, actor: str, *, transcript_too: bool, left: Mapping[str, Sequence[dict[str, Any]]] | None = None
) -> int:
    """Overwrite what was drafted from a session's transcript, and the transcript itself where asked.

    Of a session whose note is not signed: the drafts, the proposals made of them, what was changed in those, and what
    was returned or refused of them. An empty template and what its clinician wrote there stays. ``left``: by sign-off,
    the sentences that stay of what was changed, because they are its clinician's own. Returns how many fields were
    overwritten.
    """
    with writing() as db:
        drafts = opened(db, db.exec(select(SessionDraft).where(SessionDraft.case_number == case_number)).all())
        proposals = opened(db, db.exec(select(SignOffContent).where(SignOffContent.case_number == case_number)).all())
        both: list[Any] = [*drafts, *proposals]
        derived = [each for each in both if _was_drafted(each.content)]
        approvals = [each.approval_id for each in derived if isinstance(each, SignOffContent)]
        copies = select(NoteWorkingCopy).where(col(NoteWorkingCopy.approval_id).in_(approvals))
        derived += opened(db, db.exec(copies).all())
        decided = opened(db, db.exec(select(DecisionWords).where(col(DecisionWords.approval_id).in_(approvals))).all())
        kept = opened_one(db, db.get(SessionTranscript, case_number)) if transcript_too else None
        fields = [(each, "content") for each in derived] + [(each, "signed_content") for each in decided]
        fields += [(kept, "turns")] if kept is not None else []
        standing = [(record, name) for record, name in fields if getattr(record, name).unwrap() != NOTHING]
        for record, name in standing:
            own = (left or {}).get(record.approval_id) if isinstance(record, NoteWorkingCopy) else None
            setattr(record, name, as_text({"sentences": list(own)}) if own else TherapyText(NOTHING))
            db.add(record)
        if standing:
            count = len(standing)
            audit(db, actor, "derived.purged", "case", case_number, case_number, count=count, transcript=transcript_too)
    return len(standing)


def _was_drafted(content: TherapyText) -> bool:
    said = json.loads(content.unwrap())
    return said is not None and said.get("drafted_by") is not None


# -- addenda


def keep_addendum(addendum_id: str, case_number: str, text: TherapyText, actor: str) -> None:
    """Keep the words of an addendum; written before the signature that pins their digest."""
    with writing() as db:
        db.add(AddendumWords(addendum_id=addendum_id, case_number=case_number, text=text))
        audit(db, actor, "words.kept", "addendum_words", addendum_id, case_number)


def addenda(case_number: str, *, actor: str, where: str) -> dict[str, TherapyText]:
    """The words of every addendum of a note, by id, also of one whose signature failed; the read is recorded."""
    with writing() as db:
        found = db.exec(select(AddendumWords).where(AddendumWords.case_number == case_number)).all()
        audit(db, actor, READ, "addendum_words", case_number, case_number, where, count=len(found))
        return {record.addendum_id: record.text for record in opened(db, found)}


def signed_content(decision_id: str, *, actor: str, where: str) -> tuple[TherapyText, TherapyText]:
    """Exactly what was signed, and the reason given; the read is recorded."""
    words = therapy_store.decision_words(decision_id, actor=actor, where=where)
    return words.signed_content, words.reason
