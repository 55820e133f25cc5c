"""A signed note that never was, with whatever a test wants otherwise."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from models.signed_note import NoteAddendum, NoteSection, NoteSignature, SignedNote

SIGNED_AT = datetime(2026, 11, 2, 16, 14, 5, tzinfo=UTC)


def make_signature(**wanted: Any) -> NoteSignature:
    values: dict[str, Any] = {
        "staff_id": "STAFF-7",
        "name": "Ana Peña Ruiz",
        "credential": "LCSW",
        "npi": "1234567893",
        "at": SIGNED_AT,
        "how": "desk_password_and_code",
        "digest": "3b" * 32,
    }
    return NoteSignature(**{**values, **wanted})


def make_addendum(number: int = 1, **wanted: Any) -> NoteAddendum:
    """The nth addendum, signed n days after the note."""
    values: dict[str, Any] = {
        "number": number,
        "text": f"Correction {number}: the next session is on a Thursday.",
        "signature": make_signature(at=SIGNED_AT + timedelta(days=number), digest=f"{number:x}c" * 32),
    }
    return NoteAddendum(**{**values, **wanted})


def make_signed_note(**wanted: Any) -> SignedNote:
    values: dict[str, Any] = {
        "note_number": "SN-000042",
        "format": "SOAP",
        "patient_id": "PAT-31",
        "patient_name": "José Ñandú Müller",
        "birth_date": date(1988, 2, 29),
        "location_name": "Lakeview office",
        "time_zone": "America/Chicago",
        "started_at": datetime(2026, 11, 2, 15, 0, tzinfo=UTC),
        "ended_at": datetime(2026, 11, 2, 15, 53, tzinfo=UTC),
        "minutes": 53,
        "modality": "telehealth",
        "service": "individual",
        "sections": (
            NoteSection(
                "Subjective", ("The patient reports sleeping five hours a night.", "She said “no me fío de nadie”.")
            ),
            NoteSection("Objective", ("The patient arrived on time.",)),
            NoteSection("Assessment", ("Anxiety is lower than at the last session.",)),
            NoteSection("Plan", ("The next session is on Wednesday.",)),
        ),
        "not_assessed": ("risk of harm to others", "substance use"),
        "procedure_code": "90837",
        "diagnoses": (("F41.1", "Generalized anxiety disorder"), ("F33.1", "Major depressive disorder, moderate")),
        "signature": make_signature(),
        "drafted_by": "grammar-1+notes-ab12cd34",
        "template_version": "soap-3",
    }
    return SignedNote(**{**values, **wanted})
