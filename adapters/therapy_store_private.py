"""The box of private psychotherapy notes: each is read and written by its author alone (45 CFR 164.501).

Nothing else opens it: no task, no draft, no export, no search. Each note is sealed with a key of its own.
"""

from sqlmodel import col, select

from adapters.therapy_store import READ, audit, reading, writing
from adapters.therapy_store_seals import opened
from models.columns import new_id, utc_now
from models.therapy import PrivateNote
from models.therapy_text import TherapyText


def keep(author_id: str, patient_id: str, session_number: str, text: TherapyText) -> None:
    """Keep the author's own note on a session; writing it again replaces the words."""
    with writing() as db:
        found = db.exec(
            select(PrivateNote)
            .where(PrivateNote.author_id == author_id, PrivateNote.session_number == session_number)
            .with_for_update()
        ).first()
        record = found or PrivateNote(
            id=new_id("PN"), author_id=author_id, patient_id=patient_id, session_number=session_number, text=text
        )
        if found is not None:
            record.text, record.changed_at = text, utc_now()
        db.add(record)
        audit(db, author_id, "private_note.kept", "private_note", record.id, None)


def own(author_id: str, session_number: str, *, where: str) -> TherapyText | None:
    """The author's own note on a session, None where there is none; the read is recorded."""
    with writing() as db:
        found = db.exec(
            select(PrivateNote).where(PrivateNote.author_id == author_id, PrivateNote.session_number == session_number)
        ).first()
        if found is None:
            return None
        audit(db, author_id, READ, "private_note", found.id, None, where)
        text: TherapyText = opened(db, [found])[0].text
        return text


def keys_of_patients(patient_ids: list[str]) -> list[str]:
    """The owners of the keys of every private note about these patients: what forgetting them destroys."""
    with reading() as db:
        return list(db.exec(select(PrivateNote.id).where(col(PrivateNote.patient_id).in_(patient_ids))).all())
