"""Makes session notes as they wait to be signed, without the language models: what was drafted is written by hand."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from adapters import therapy_store_sessions
from adapters.note_templates import in_force
from adapters.operational_store import reading, writing
from models.codes import (
    ApprovalKind,
    ApprovalStatus,
    AuthenticatedHow,
    DraftKind,
    NoteStatus,
    RiskLevel,
    TranscriptState,
)
from models.columns import new_id, utc_now
from models.note_codes import ConsentPurpose
from models.operational import Approval, Location, NoteAddendumSigned, Patient, PatientConsent, SessionNote, Staff
from models.therapy_text import TherapyText
from rules.session_codes import propose_code
from tests import factories

_numbers = count(1)

TURNS: list[dict[str, Any]] = [
    {"speaker": "Therapist", "role": "clinician", "text": "How was the week?", "starts": 0.0, "ends": 2.0},
    {
        "speaker": "Patient",
        "role": "patient",
        "text": "I slept four hours a night. I could not go to work on Tuesday & <b>Wednesday</b>.",
        "starts": 2.5,
        "ends": 9.0,
    },
    {
        "speaker": "Therapist",
        "role": "clinician",
        "text": "Did you think of hurting yourself?",
        "starts": 65.0,
        "ends": 67.0,
    },
    {
        "speaker": "Patient",
        "role": "patient",
        "text": "Last year I wanted to die, but not now.",
        "starts": 68.0,
        "ends": 71.0,
    },
    {
        "speaker": "Therapist",
        "role": "clinician",
        "text": "Let us use cognitive restructuring on the thought that you will be fired.",
        "starts": 600.0,
        "ends": 606.0,
    },
    {
        "speaker": "Patient",
        "role": "patient",
        "text": "It is smaller now, thirty percent.",
        "starts": 1200.0,
        "ends": 1203.0,
    },
    {
        "speaker": "Therapist",
        "role": "clinician",
        "text": "Write one balanced thought every evening until Wednesday.",
        "starts": 3000.0,
        "ends": 3004.0,
    },
]
"""A fictional session of seven turns."""

SLEPT = "Patient reported sleeping four hours a night."
WORK = "Patient reported that they could not go to work on Tuesday and Wednesday."
METHOD = "Clinician used cognitive restructuring on the thought of being fired."
SMALLER = "Patient responded that the belief is smaller, at thirty percent."
HOMEWORK = "Patient will write one balanced thought every evening until Wednesday."


def _span(turn: int, words: str) -> list[int]:
    starts = TURNS[turn]["text"].index(words)
    return [turn, starts, starts + len(words)]


def drafted_sentences() -> list[dict[str, Any]]:
    """Five sentences as the drafter proposes them: Subjective has two, every other heading of SOAP one."""
    return [
        _sentence("S1", "concern", "Subjective", SLEPT, [_span(1, "I slept four hours a night.")]),
        _sentence("S2", "concern", "Subjective", WORK, [_span(1, "I could not go to work")]),
        _sentence("S3", "intervention", "Objective", METHOD, [_span(4, "cognitive restructuring"), _span(4, "fired")]),
        _sentence("S4", "response", "Assessment", SMALLER, [_span(5, "It is smaller now, thirty percent.")]),
        _sentence("S5", "plan", "Plan", HOMEWORK, [_span(6, "Write one balanced thought every evening")]),
    ]


def _sentence(key: str, topic: str, section: str, text: str, sources: list[list[int]]) -> dict[str, Any]:
    return {"id": key, "topic": topic, "section": section, "text": text, "sources": sources, "origin": "drafted"}


def historical_flag(**given: Any) -> dict[str, Any]:
    """A risk flag as a sign-off pins it: a wish to die, last year, in the fourth turn."""
    turn, starts, ends = _span(3, "I wanted to die")
    return {
        "id": "FL-1",
        "kind": "suicidal_ideation",
        "status": "historical",
        "level": "moderate",
        "raised_by": "rule",
        "rule_id": "wish.die",
        "why": "wish to die, in the past",
        "version": "lexicon-1",
        "probability": None,
        "text_id": None,
        "starts": starts,
        "ends": ends,
        "edition": 1,
        "turn": turn,
        "reviewed": False,
    } | given


@dataclass
class MadeNote:
    """A session whose note waits to be signed, with everyone around it."""

    session: SessionNote
    approval: Approval
    patient: Patient
    content: dict[str, Any]

    @property
    def number(self) -> str:
        return self.session.case_number


def make_session(
    clinician: Staff, location: Location, patient: Patient | None = None, **given: Any
) -> tuple[SessionNote, Patient]:
    """A held session of 53 minutes on 20 November 2026, received yesterday."""
    person = patient or factories.make_patient(given_name="Noor", family_name="Vantongeren")
    starts = datetime(2026, 11, 20, 18, 0, tzinfo=UTC) + timedelta(minutes=next(_numbers))
    facts = {"status": NoteStatus.RECEIVED, "started_at": starts, "ended_at": starts + timedelta(minutes=53)} | given
    return factories.make_session(patient=person, clinician=clinician, location=location, **facts), person


def make_proposed_note(
    clinician: Staff,
    location: Location,
    *,
    flags: list[dict[str, Any]] | None = None,
    plain: DraftKind | None = None,
    turns: list[dict[str, Any]] | None = None,
    patient: Patient | None = None,
    changes: dict[str, Any] | None = None,
    approval: dict[str, Any] | None = None,
    **given: Any,
) -> MadeNote:
    """A note that waits for this clinician's signature; ``plain``: the empty template, and why.

    ``changes`` replace fields of the content that is to be signed, ``approval`` those of its sign-off.
    """
    shown = flags or []
    level = max((RiskLevel(flag["level"]) for flag in shown), key=["low", "moderate", "high"].index, default=None)
    said = TURNS if turns is None else turns
    facts = {
        "status": NoteStatus.NOTE_SIGNATURE,
        "draft": plain or DraftKind.DRAFTED,
        "transcript": TranscriptState.NO_CONSENT if plain else TranscriptState.KEPT,
        "risk_level": level,
        "risk_raised_at": utc_now() if level else None,
    }
    session, person = make_session(clinician, location, patient, **(facts | given))
    if not plain:
        therapy_store_sessions.keep_transcript(session.case_number, said)
    content = proposed_content(session, shown, plain, said) | (changes or {})
    opened = factories.make_approval(
        ApprovalKind.SESSION_NOTE,
        referral=session,
        content=factories.spelled(content),
        level=level,
        **({"assigned_to": clinician.id, "due_at": utc_now() + timedelta(hours=20)} | (approval or {})),
    )
    return MadeNote(session, opened, person, content)


def proposed_content(
    session: SessionNote, flags: list[dict[str, Any]], plain: DraftKind | None, said: list[dict[str, Any]]
) -> dict[str, Any]:
    """What tasks.session_drafts.note_content gives a clinician to sign."""
    with reading() as db:
        templates = {form.value: template.as_plain() for form, template in in_force(db, session.location_id).items()}
    pinned = json.dumps(said, sort_keys=True, ensure_ascii=False)
    proposed = propose_code(session.service, session.minutes)
    reason = "no written consent to recording; the transcript may not be kept or read"
    allowed = {"transcript_may_be_kept": True, "ai_may_draft": True, "classifier_may_read": True}
    refused = dict.fromkeys(allowed, False)
    return {
        "kind": "session_note",
        "case": session.case_number,
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
        "draft": (plain or DraftKind.DRAFTED).value,
        "why_plain": [reason] if plain else [],
        "format": session.note_format.value,
        "templates": templates,
        "sentences": [] if plain else drafted_sentences(),
        "nothing_to_add": [],
        "not_assessed": {form: ["appetite", "substance use"] if not plain else [] for form in templates},
        "dropped": {} if plain else {"small_talk": 3, "unsupported": 1},
        "drafted_by": None if plain else {"version": "grammar-1+notes-ab12cd34", "weights": "f" * 64, "generator": ""},
        "transcript": None if plain else {"edition": 1, "sha256": hashlib.sha256(pinned.encode()).hexdigest()},
        "permission": (refused if plain else allowed)
        | {"reasons": [reason] if plain else ["agreed in writing"], "citations": [], "ask_a_person": bool(plain)},
        "consents": []
        if plain
        else [
            {"id": "CO-1", "kind": p.kind.value, "purpose": p.value, "given_on": "2026-01-01"} for p in ConsentPurpose
        ],
        "flags": flags,
        "flag_actions": {},
        "procedure_code": proposed.code or "",
        "addons": [[addon.code, addon.units] for addon in proposed.addons],
        "diagnoses": ["F41.1"],
        "plan": {"dated": "2026-09-01", "goals": "less worry"},
        "codes_from": "2026-09-30",
    }


def make_consents(patient: Patient, staff: Staff, **given: Any) -> None:
    """Both papers of a patient, in force."""
    with writing() as db:
        for purpose in ConsentPurpose:
            facts = {"id": new_id("CO"), "patient_id": patient.id, "kind": purpose.kind.value, "written": True}
            facts |= {"purpose": purpose.value, "given_on": date(2026, 1, 1), "document_id": "D-1"}
            db.add(PatientConsent(**{**facts, "recorded_by": staff.id, **given}))


def make_signed_note(clinician: Staff, location: Location, *, addendum: str = "", **given: Any) -> MadeNote:
    """A note signed as drafted, by hand and not through the gate, with an addendum where words are given."""
    made = make_proposed_note(clinician, location, **given)
    signed = factories.spelled(made.content)
    with writing() as db:
        approval = db.get_one(Approval, made.approval.id)
        approval.status, approval.decided_at = ApprovalStatus.DECIDED, utc_now()
        db.add(approval)
    decision = factories.make_decision(made.approval, clinician, signed)
    with writing() as db:
        session = db.get_one(SessionNote, made.number)
        session.status, session.closed_at, session.signed_decision_id = NoteStatus.CLOSED_SIGNED, utc_now(), decision.id
        session.procedure_code = made.content["procedure_code"] or None
        db.add(session)
    if addendum:
        key = new_id("AD")
        therapy_store_sessions.keep_addendum(key, made.number, TherapyText(addendum), clinician.id)
        with writing() as db:
            facts = {"case_number": made.number, "number": 1, "staff_id": clinician.id}
            how, digest = AuthenticatedHow.DESK_PASSWORD_AND_CODE, hashlib.sha256(addendum.encode()).hexdigest()
            db.add(NoteAddendumSigned(id=key, authenticated=how, digest=digest, **facts))
    return made
