"""Drafting notes: many sessions through the encoder in one batch, each draft kept, then what its clinician signs."""

import hashlib
import json
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from acts import pilot_shadows, pilot_templates
from acts.consent_papers import papers_of, permission_for
from acts.pilot_shadows import Beside
from acts.pilot_templates import Tried
from adapters import operational_store as store
from adapters import therapy_store, therapy_store_sessions
from adapters.icd10 import shipped_diagnosis_table
from adapters.note_templates import in_force
from adapters.settings import settings
from language.manifests import MANIFEST
from language.note_drafting import THERAPY_WORDS, NoteDraft, NoteFormat, SessionToDraft, draft_notes
from language.note_generator import Generator
from language.note_templates import uncovered
from language.note_values import DraftSentence, Topic
from models.codes import DraftKind, NoteStatus, TranscriptState
from models.columns import utc_now
from models.errors import MovedOn, StaleLease
from models.note_content import NoteSentence, sentence_to_plain
from models.note_template import NoteTemplate
from models.operational import Patient, SessionNote, Staff
from rules.jurisdiction import NotePermission, ai_may_draft_in
from rules.session_codes import propose_code
from rules.sign_off import canonical, digest
from tasks.cases import Case
from tasks.session_gate import move, standing, turns_of
from tasks.steps import step

WHERE = "draft note"
WEIGHTS = Path(__file__).parents[1] / "language" / "weights" / "note_drafting"
PLAIN_BECAUSE = {
    TranscriptState.NONE: DraftKind.PLAIN_NO_TRANSCRIPT,
    TranscriptState.NO_CONSENT: DraftKind.PLAIN_NO_CONSENT,
    TranscriptState.UNREADABLE: DraftKind.PLAIN_UNREADABLE,
    TranscriptState.TOO_SHORT: DraftKind.PLAIN_TOO_SHORT,
    TranscriptState.PURGED: DraftKind.PLAIN_NO_CONSENT,
}
_loading = threading.Lock()


@dataclass(frozen=True)
class _Ready:
    """A session that a draft is to be made for, and what may be done with it."""

    case: Case
    session: SessionNote
    permission: NotePermission
    transcript: therapy_store_sessions.KeptTranscript | None
    known_names: tuple[str, ...]
    templates: dict[str, NoteTemplate]
    law_allows: bool
    tried: Tried | None = None


@step("draft notes")
def draft(cases: Sequence[Case]) -> dict[str, str]:
    """Draft the notes of these sessions, their talk encoded in one batch; returns the kind of each draft, by case.

    A session that has moved on meanwhile, or that another leg has taken over, is left out. What may not be drafted gets
    the empty template and the reason.
    """
    ready = [one for case in cases if (one := _ready(case)) is not None]
    with_talk = [one for one in ready if one.transcript is not None and one.permission.ai_may_draft]
    drafts = draft_notes([_to_draft(one) for one in with_talk], generator())
    made = {one.case.number: each for one, each in zip(with_talk, drafts, strict=True)}
    kinds = {one.case.number: _keep_if_it_stands(one, made.get(one.case.number)) for one in ready}
    return {number: kind for number, kind in kinds.items() if kind is not None}


def _ready(case: Case) -> _Ready | None:
    try:
        session, permission = standing(case, NoteStatus.READY_TO_DRAFT)
    except (MovedOn, StaleLease):
        return None
    kept = None
    if session.transcript == TranscriptState.KEPT:
        kept = therapy_store_sessions.transcript(case.number, actor="system", where=WHERE)
    with store.reading() as db:
        patient = store.one(db, Patient, session.patient_id)
        clinician = store.one(db, Staff, session.clinician_id)
        templates = in_force(db, session.location_id)
    tried = pilot_templates.tried_on(session)
    if tried is not None:
        templates |= tried.templates
    names = (f"{patient.given_name} {patient.family_name}", clinician.name)
    law_allows = ai_may_draft_in(session.patient_state or patient.state, utc_now().date())
    return _Ready(case, session, permission, kept, names, templates, law_allows, tried)


def _keep_if_it_stands(one: _Ready, made: NoteDraft | None) -> str | None:
    """One session of a batch that was taken back or taken over meanwhile must not keep the others from being kept."""
    try:
        standing(one.case, NoteStatus.READY_TO_DRAFT)
        return _keep(one, made)
    except (MovedOn, StaleLease):
        return None


def _to_draft(one: _Ready) -> SessionToDraft:
    assert one.transcript is not None
    turns = turns_of(one.transcript.turns)
    form = NoteFormat(one.session.note_format.value)
    return SessionToDraft(turns, form, known_names=one.known_names, most_words=THERAPY_WORDS)


def generator() -> Generator | None:
    """The checkpoint that a setting names, loaded once; None where none is named."""
    path = settings().note_generator_path
    if path is None:
        return None
    with _loading:
        return _loaded(path)


@cache
def _loaded(path: Path) -> Generator:
    return Generator(path)


def _keep(one: _Ready, made: NoteDraft | None) -> str:
    """Keep one draft and send its session to be signed; returns the draft's kind."""
    kind = _kind(one, made)
    content = _content(one, made, kind)
    therapy_store_sessions.keep_draft(one.case.number, one.session.version, content)
    with store.writing() as db:
        present = move(db, one.case, one.session, NoteStatus.NOTE_SIGNATURE, draft=kind.value)
        present.draft = kind
        db.add(present)
        store.audit(
            db,
            "system",
            "note.proposed",
            present,
            one.case.number,
            draft=kind.value,
            sentences=len(content["sentences"]),
            drafted_by=made.version if made is not None else None,
        )
        if one.tried is not None and kind is DraftKind.DRAFTED:
            tried = one.tried
            pilot_shadows.keep(db, lambda: _would_be(one, tried, made, content))
    return kind.value


def _would_be(one: _Ready, tried: Tried, made: NoteDraft | None, content: dict[str, Any]) -> list[Beside]:
    """In shadow: how many points the new template would have found open in this session, beside the present one."""
    form = one.session.note_format.value
    if tried.trial.arm is not None or tried.template.format != form:
        return []
    beside = replace(one, templates={**one.templates, form: tried.template})
    new = _content(beside, made, DraftKind.DRAFTED)
    open_now, open_then = content["not_assessed"][form], new["not_assessed"][form]
    same = open_now == open_then and all(content[part] == new[part] for part in ("sentences", "also_said"))
    unit, place = tried.trial.unit_id, one.session.location_id
    return [Beside(tried.trial, one.case.number, unit, place, len(open_now), len(open_then), same)]


def would_draft(case: Case) -> dict[str, Any] | None:
    """What would be proposed for this session now, in counts and a digest; keeps nothing. None where it moved on."""
    one = _ready(case)
    if one is None:
        return None
    may = one.transcript is not None and one.permission.ai_may_draft
    made = draft_notes([_to_draft(one)], generator())[0] if may else None
    content = _content(one, made, _kind(one, made))
    return {
        "proposal": digest(canonical(content)),
        "kind": content["kind"],
        "format": one.session.note_format.value,
        "sentences": len(content["sentences"]),
        "also_said": len(content["also_said"]),
        "dropped": content["dropped"],
    }


def _content(one: _Ready, made: NoteDraft | None, kind: DraftKind) -> dict[str, Any]:
    sentences = _sentences(one, made.sentences) if made is not None else []
    also_said = _sentences(one, made.also_said, after=len(sentences)) if made is not None else []
    return {
        "kind": kind.value,
        "sentences": sentences,
        "also_said": also_said,
        "not_assessed": _not_assessed(one, made),
        "dropped": {reason.value: count for reason, count in made.dropped.items()} if made is not None else {},
        "drafted_by": _drafted_by(made) if made is not None else None,
        "why_plain": list(_why_plain(one, kind)),
        "transcript": _pinned(one),
        "templates": {form: template.as_plain() for form, template in one.templates.items()},
        "permission": asdict(one.permission),
    }


def _kind(one: _Ready, made: NoteDraft | None) -> DraftKind:
    if made is not None:
        return DraftKind.DRAFTED if made.sentences else DraftKind.PLAIN_NOTHING_SUPPORTED
    if one.transcript is None:
        return PLAIN_BECAUSE.get(one.session.transcript, DraftKind.PLAIN_NO_TRANSCRIPT)
    return DraftKind.PLAIN_NO_CONSENT if one.law_allows else DraftKind.PLAIN_JURISDICTION


def _why_plain(one: _Ready, kind: DraftKind) -> Sequence[str]:
    if kind in (DraftKind.PLAIN_NO_CONSENT, DraftKind.PLAIN_JURISDICTION):
        return one.permission.reasons
    if kind in (DraftKind.PLAIN_UNREADABLE, DraftKind.PLAIN_TOO_SHORT):
        return (one.session.transcript_reason,)
    return ()


def _sentences(one: _Ready, made: Sequence[DraftSentence], after: int = 0) -> list[dict[str, Any]]:
    template = one.templates[one.session.note_format.value]
    return [
        sentence_to_plain(
            NoteSentence(
                id=f"S{number}",
                topic=sentence.topic.value,
                section=template.section_of(sentence.topic.value),
                text=sentence.text,
                sources=tuple((source.turn, source.start, source.end) for source in sentence.sources),
            )
        )
        for number, sentence in enumerate(made, start=after + 1)
    ]


def _not_assessed(one: _Ready, made: NoteDraft | None) -> dict[str, list[str]]:
    """By format, what its template asks for and the session did not cover; nothing is claimed of an unread session."""
    if made is None or one.transcript is None:
        return {form: [] for form in one.templates}
    turns = turns_of(one.transcript.turns)
    topics: set[Topic] = {sentence.topic for sentence in (*made.sentences, *made.also_said)}
    return {form: list(uncovered(template.asks, turns, topics)) for form, template in one.templates.items()}


def _drafted_by(made: NoteDraft) -> dict[str, str]:
    checkpoint = settings().note_generator_path
    return {
        "version": made.version,
        "weights": hashlib.sha256((WEIGHTS / MANIFEST).read_bytes()).hexdigest(),
        "generator": checkpoint.name if checkpoint is not None else "",
    }


def _pinned(one: _Ready) -> dict[str, Any] | None:
    if one.transcript is None:
        return None
    said = json.dumps(one.transcript.turns, sort_keys=True, ensure_ascii=False)
    return {"edition": one.transcript.edition, "sha256": hashlib.sha256(said.encode()).hexdigest()}


# -- what is to be signed


def note_content(case_number: str) -> dict[str, Any]:
    """Exactly what a clinician is given to sign: the proposal, from what it was made, on what consent.

    Raises LookupError when no draft of the case is kept: it goes back to be drafted.
    """
    with store.reading() as db:
        session = store.one(db, SessionNote, case_number)
        permission = permission_for(db, session)
        papers = papers_of(db, session.patient_id)
    proposal = therapy_store_sessions.newest_draft(case_number, actor="system", where=WHERE)
    if proposal is None:
        raise LookupError(f"no draft of {case_number} is kept")
    plan = therapy_store_sessions.plan(case_number, actor="system", where=WHERE)
    flags = therapy_store.flags(case_number, actor="system", where=WHERE)
    proposed = propose_code(session.service, session.minutes)
    return {
        "kind": "session_note",
        "case": case_number,
        "session": {
            "patient_id": session.patient_id,
            "clinician_id": session.clinician_id,
            "location_id": session.location_id,
            "started_at": session.started_at.isoformat(),
            "ended_at": session.ended_at.isoformat(),
            "minutes": session.minutes,
            "modality": session.modality.value,
            "service": session.service.value,
        },
        "draft": proposal["kind"],
        "why_plain": proposal["why_plain"],
        "format": session.note_format.value,
        "templates": proposal["templates"],
        "sentences": proposal["sentences"],
        "also_said": proposal.get("also_said", []),
        "nothing_to_add": [],
        "not_assessed": proposal["not_assessed"],
        "dropped": proposal["dropped"],
        "drafted_by": proposal["drafted_by"],
        "transcript": proposal["transcript"],
        "permission": asdict(permission),
        "consents": [
            {"id": paper.id, "kind": paper.kind, "purpose": paper.purpose, "given_on": paper.given_on.isoformat()}
            for paper in papers
            if paper.revoked_on is None
        ],
        "flags": [flag.as_shown() for flag in flags if flag.reviewed_by_approval is None],
        "flag_actions": {},
        "procedure_code": proposed.code or "",
        "addons": [[addon.code, addon.units] for addon in proposed.addons],
        "diagnoses": [code for code in plan.get("diagnoses", ()) if code],
        "plan": {"dated": plan.get("dated"), "goals": plan.get("goals", "")},
        "codes_from": shipped_diagnosis_table().checked_until.isoformat(),
    }
