"""Seeds the sample practice's established patients and their consents: invented people whose sessions are exported."""

from datetime import date

from sqlmodel import Session

from adapters.operational_store import audit, writing
from models.note_codes import ConsentPurpose
from models.operational import Clinician, Patient, PatientConsent
from models.person_names import plain_name

RECORDER = "ST-201"
RECORDING, DRAFTING = ConsentPurpose.TRANSCRIBE_FOR_THE_RECORD, ConsentPurpose.DRAFT_NOTE_FOR_REVIEW
BOTH = (RECORDING, DRAFTING)
SIGNED_ON = date(2026, 8, 3)
PATIENTS: tuple[tuple[str, str, str, date, str, str, tuple[ConsentPurpose, ...]], ...] = (
    ("PT-S101", "Ottilie", "Marchbanks", date(1991, 2, 11), "OR", "America/Los_Angeles", BOTH),
    ("PT-S102", "Lorimer", "Vance-Adeyemi", date(1954, 6, 30), "OR", "America/Los_Angeles", BOTH),
    ("PT-S103", "Celestine", "Oyelaran", date(1986, 9, 19), "IL", "America/Chicago", BOTH),
    ("PT-S104", "Bartholomew", "Quill", date(1979, 12, 2), "OR", "America/Los_Angeles", BOTH),
    ("PT-S105", "Saskia", "Ferreira-Lund", date(2003, 4, 25), "OR", "America/Los_Angeles", (RECORDING,)),
    ("PT-S106", "Thaddeus", "Ongaro", date(1972, 1, 8), "NY", "America/New_York", ()),
)


def seed_sample_sessions() -> bool:
    """Add the patients of the sample sessions once, where the sample practice is; says whether it did."""
    with writing() as db:
        if db.get(Clinician, "ST-101") is None or db.get(Patient, PATIENTS[0][0]) is not None:
            return False
        for row in PATIENTS:
            _add(db, *row)
        return True


def _add(
    db: Session,
    patient_id: str,
    given: str,
    family: str,
    born: date,
    state: str,
    zone: str,
    purposes: tuple[ConsentPurpose, ...],
) -> None:
    patient = Patient(
        id=patient_id,
        given_name=given,
        family_name=family,
        match_name=plain_name(f"{given} {family}"),
        birth_date=born,
        state=state,
        time_zone=zone,
        language="en",
    )
    db.add(patient)
    db.flush()
    audit(db, "system", "patient.registered", patient)
    for purpose in purposes:
        paper = PatientConsent(
            id=f"CO-{patient_id}-{purpose.kind.value[:2]}",
            patient_id=patient_id,
            kind=purpose.kind.value,
            purpose=purpose.value,
            given_on=SIGNED_ON,
            written=True,
            document_id=f"paper file {patient_id}",
            recorded_by=RECORDER,
        )
        db.add(paper)
        audit(db, "system", "consent.recorded", paper, kind=paper.kind, purpose=paper.purpose, patient=patient_id)
