"""Note templates on trial: which one a session is drafted with, how much of a draft its clinician changed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from acts.pilot_arms import Placed, Subject, placed, running
from acts.signed_notes import signed_contents
from adapters import note_templates, therapy_store
from adapters.operational_store import audit, reading, writing
from models.codes import DraftKind
from models.errors import CountersignError
from models.note_template import NoteTemplate
from models.operational import Decision, Patient, PilotEdits, SessionNote
from models.pilot_codes import VersionKind
from rules import note_signing
from rules.note_edits import EditKind
from rules.sign_off import digest

KINDS = (VersionKind.NOTE_TEMPLATE,)
WHERE = "compare a pilot"
MOST_AT_ONCE = 200


@dataclass(frozen=True)
class Tried:
    """A new template and the pilot in which it is tried on a session."""

    trial: Placed
    template: NoteTemplate

    @property
    def templates(self) -> dict[str, NoteTemplate]:
        """What the session is drafted with by it, by format: nothing in shadow and in arm A."""
        return {self.template.format: self.template} if self.trial.has_new else {}


def tried_on(session: SessionNote) -> Tried | None:
    """The new template that is tried on this session; its arm goes on record."""
    with reading() as db:
        if not running(db, KINDS):
            return None
    subject = Subject(session.location_id, session.case_number, session.patient_id, session.clinician_id)
    with writing() as db:
        [found] = placed(db, KINDS, [subject])
    return Tried(found, note_templates.own_template(found.version)) if found is not None else None


def count_edits(since: datetime, location_ids: Sequence[str]) -> int:
    """Count, once for each, what clinicians changed in the drafts of these places that were signed from ``since`` on.

    A note that is not what was signed is left out here; who opens it is told. Returns how many were counted.
    """
    counted = 0
    while batch := _uncounted(since, location_ids):
        rows = _counts(batch)
        with writing() as db:
            for row in rows:
                db.add(row)
            audit(db, "system", "pilot.edits_counted", ("night_part", "pilots"), count=len(rows))
        counted += len(rows)
        if len(rows) < len(batch) or len(batch) < MOST_AT_ONCE:
            return counted
    return counted


def _uncounted(since: datetime, location_ids: Sequence[str]) -> list[Decision]:
    query = (
        select(Decision)
        .join(SessionNote, col(SessionNote.signed_decision_id) == col(Decision.id))
        .join(Patient, col(Patient.id) == col(SessionNote.patient_id))
        .where(
            SessionNote.draft == DraftKind.DRAFTED,
            col(SessionNote.location_id).in_(location_ids),
            col(Patient.forgotten_at).is_(None),
            col(Decision.at) >= since,
            col(SessionNote.case_number).not_in(select(PilotEdits.case_number)),
        )
        .order_by(col(Decision.at), col(Decision.id))
        .limit(MOST_AT_ONCE)
    )
    with reading() as db:
        return list(db.exec(query).all())


def _counts(decisions: Sequence[Decision]) -> list[PilotEdits]:
    rows = []
    signed = signed_contents([each.case_number for each in decisions], actor="system", where=WHERE)
    for decision in decisions:
        found = signed[decision.case_number]
        text = therapy_store.sign_off_content(decision.approval_id, actor="system", where=WHERE).unwrap()
        if isinstance(found, CountersignError) or digest(text) != decision.digest:
            continue
        changed = note_signing.changes(json.loads(text), found[1]).counts
        edits = sum(count for kind, count in changed.items() if kind != EditKind.KEPT)
        rows.append(PilotEdits(case_number=decision.case_number, decision_id=decision.id, edits=edits))
    return rows
