"""Seeds the sample practice's billing: tables, insurance of its invented patients, and notes signed before today."""

import hashlib
import json
import shutil
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlmodel import Session, select

from adapters import therapy_store
from adapters.note_templates import in_force
from adapters.operational_store import audit, next_number, reading, writing
from adapters.settings import CHECKOUT, settings
from models.codes import (
    ApprovalKind,
    ApprovalStatus,
    AuthenticatedHow,
    DraftKind,
    Modality,
    NoteStatus,
    Role,
    TranscriptState,
    Verdict,
)
from models.columns import utc_now
from models.operational import (
    Approval,
    Authorisation,
    Clinician,
    Decision,
    Patient,
    PatientBilling,
    PatientCoverage,
    SessionNote,
)
from models.session_index import NoteFormatCode, SessionService
from models.therapy_text import TherapyText

TABLES = CHECKOUT / "samples" / "billing"
RECORDER = "ST-301"
INSURED_SINCE = date(2026, 1, 1)
ADDRESSES = ("12 Alder Row", "48 Quay Street", "7 Juniper Court", "230 Mill Lane", "91 Orchard Way", "5 Tallow Hill")
CITIES = {"OR": ("Portland", "97205"), "IL": ("Chicago", "60614"), "NY": ("Albany", "12207")}
INSURANCE: tuple[tuple[str, str, str, str], ...] = (
    ("PT-S101", "AETNA", "W100200301", "F"),
    ("PT-S102", "UHC", "912200302", "M"),
    ("PT-S103", "BCBS", "XYZ100200303", "F"),
    ("PT-S104", "CIGNA", "U100200304", "M"),
    ("PT-S105", "AETNA", "W100200305", "F"),
    ("PT-S106", "BCBS", "", "M"),  # the card was never copied: the patient is asked
)
SIGNED: tuple[tuple[str, str, str, int, int, Modality, str], ...] = (
    # patient, clinician, location, days ago, minutes, modality, diagnosis
    ("PT-S101", "ST-101", "LOC-1", 9, 53, Modality.OFFICE, "F41.1"),
    ("PT-S102", "ST-102", "LOC-1", 8, 55, Modality.TELEHEALTH, "F33.1"),
    ("PT-S104", "ST-102", "LOC-1", 7, 45, Modality.OFFICE, "F43.10"),
    ("PT-S103", "ST-105", "LOC-2", 6, 50, Modality.TELEHEALTH, "F41.1"),
    ("PT-S105", "ST-103", "LOC-1", 5, 53, Modality.OFFICE, "F42.2"),
    ("PT-S106", "ST-109", "LOC-3", 4, 60, Modality.OFFICE, "F33.0"),
)
CODES = {range(16, 38): "90832", range(38, 53): "90834", range(53, 200): "90837"}


def seed_sample_billing() -> bool:
    """Put billing tables, insurance and signed notes into the sample practice once; says whether it did."""
    with reading() as db:
        known = db.get(Clinician, "ST-101") is None or db.get(Patient, INSURANCE[0][0]) is None
        seeded = db.exec(select(PatientCoverage.id)).first() is not None
    if known or seeded:
        return False
    for path in sorted(TABLES.iterdir()):
        target = settings().billing_folder / path.name
        if not target.exists():
            shutil.copyfile(path, target)
    with writing() as db:
        for (patient_id, payer, member, sex), line in zip(INSURANCE, ADDRESSES, strict=True):
            _insure(db, patient_id, payer, member, sex, line)
    for row in SIGNED:
        _sign(*row)
    return True


def _insure(db: Session, patient_id: str, payer: str, member: str, sex: str, line: str) -> None:
    patient = db.get_one(Patient, patient_id)
    patient.email = patient.email or f"{patient_id.lower()}@example.org"
    city, zip_code = CITIES[patient.state or "OR"]
    db.add(patient)
    db.add(
        PatientBilling(
            patient_id=patient_id, sex=sex, line=line, city=city, state=patient.state or "OR", zip_code=zip_code
        )
    )
    coverage = PatientCoverage(
        id=f"PV-{patient_id}",
        patient_id=patient_id,
        payer_code=payer,
        member_id=member,
        valid_from=INSURED_SINCE,
        recorded_by=RECORDER,
    )
    db.add(coverage)
    db.flush()
    audit(db, "system", "coverage.recorded", coverage, patient=patient_id, payer=payer)
    if patient_id == "PT-S104":
        authorisation = Authorisation(
            id=f"AU-{patient_id}",
            patient_id=patient_id,
            payer_code=payer,
            number="A7734-22",
            sessions=2,
            valid_from=date(2026, 9, 1),
            valid_to=date(2026, 12, 31),
            recorded_by=RECORDER,
        )
        db.add(authorisation)
        db.flush()
        audit(db, "system", "authorisation.recorded", authorisation, patient=patient_id, payer=payer)


def _sign(
    patient_id: str, clinician_id: str, location_id: str, days: int, minutes: int, modality: Modality, diagnosis: str
) -> None:
    """One note of the sample that its invented clinician has signed before, as the gate would have left it."""
    day = utc_now().date() - timedelta(days=days)
    started = datetime(day.year, day.month, day.day, 18, tzinfo=UTC)
    code = next(code for span, code in CODES.items() if minutes in span)
    with writing() as db:
        session = SessionNote(
            case_number=f"SN-{next_number(db, 'session'):06d}",
            external_key=f"sample:{patient_id}:{days}",
            patient_id=patient_id,
            clinician_id=clinician_id,
            location_id=location_id,
            source="sample",
            received_at=started,
            started_at=started,
            ended_at=started + timedelta(minutes=minutes),
            minutes=minutes,
            modality=modality,
            service=SessionService.INDIVIDUAL,
            note_format=NoteFormatCode.SOAP,
            transcript=TranscriptState.NONE,
            draft=DraftKind.PLAIN_NO_TRANSCRIPT,
            status=NoteStatus.CLOSED_SIGNED,
            status_since=started,
            closed_at=started,
            procedure_code=code,
        )
        db.add(session)
        db.flush()
        audit(db, "system", "case.opened", session, session.case_number, source="sample")
    text = json.dumps(_content(session, code, diagnosis), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    approval_id, decision_id = f"AP-{session.case_number}-0", f"DC-{session.case_number}"
    therapy_store.keep_sign_off_content(approval_id, session.case_number, TherapyText(text))
    therapy_store.keep_decision_words(
        decision_id, approval_id, session.case_number, TherapyText(""), TherapyText(text), clinician_id
    )
    with writing() as db:
        approval = Approval(
            id=approval_id,
            case_number=session.case_number,
            kind=ApprovalKind.SESSION_NOTE,
            digest=digest,
            why="session note",
            role=Role.CLINICIAN,
            location_id=location_id,
            assigned_to=clinician_id,
            status=ApprovalStatus.DECIDED,
            opened_at=started,
            due_at=started + timedelta(hours=48),
            decided_at=started + timedelta(hours=2),
        )
        db.add(approval)
        db.flush()
        decision = Decision(
            id=decision_id,
            approval_id=approval_id,
            case_number=session.case_number,
            staff_id=clinician_id,
            authenticated=AuthenticatedHow.DESK_PASSWORD_AND_CODE,
            verdict=Verdict.APPROVE,
            digest=digest,
            signed_digest=digest,
            at=started + timedelta(hours=2),
        )
        db.add(decision)
        present = db.get_one(SessionNote, session.case_number)
        present.signed_decision_id = decision_id
        db.add(present)
        db.flush()
        audit(db, "system", "sample_note.seeded", present, session.case_number, signed_digest=digest)


def _content(session: SessionNote, code: str, diagnosis: str) -> dict[str, Any]:
    with reading() as db:
        templates = {str(form): template.as_plain() for form, template in in_force(db, session.location_id).items()}
    words = (
        ("S1", "concern", "Subjective", "The patient reported on the week."),
        ("S2", "intervention", "Objective", "Cognitive restructuring was practised on one recurring thought."),
        ("S3", "assessment", "Assessment", "The patient works with the method and makes progress."),
        ("S4", "plan", "Plan", "The thought record goes on until the next session."),
    )
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
        "draft": DraftKind.PLAIN_NO_TRANSCRIPT.value,
        "why_plain": ["the session was not recorded"],
        "format": "SOAP",
        "templates": templates,
        "sentences": [
            {"id": key, "topic": topic, "section": section, "text": text, "sources": [], "origin": "added"}
            for key, topic, section, text in words
        ],
        "nothing_to_add": [],
        "not_assessed": {form: [] for form in templates},
        "dropped": {},
        "drafted_by": None,
        "transcript": None,
        "permission": {
            "transcript_may_be_kept": False,
            "ai_may_draft": False,
            "classifier_may_read": False,
            "reasons": ["the session was not recorded"],
            "citations": [],
            "ask_a_person": False,
        },
        "consents": [],
        "flags": [],
        "flag_actions": {},
        "procedure_code": code,
        "addons": [],
        "diagnoses": [diagnosis],
        "plan": {"dated": "2026-09-01", "goals": ""},
        "codes_from": "2026-09-30",
    }
