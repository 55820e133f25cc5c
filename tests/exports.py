"""Session exports of a test: an index and its transcripts, dropped as an analyst does."""

import csv
import io
import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlmodel import select

from adapters.operational_store import one, reading
from adapters.settings import settings
from models.columns import utc_now
from models.operational import IntakeFile, Location, Patient, SessionNote, Staff
from models.session_table import COLUMN_NAMES
from tasks import sessions
from tasks.sessions import ExportResult
from tests.factories import make_location, make_patient, make_signer

TALK = """\
Therapist: How has your sleep been since we met last week?
Patient: I sleep about five hours and I wake up at three most nights.
Therapist: What goes through your mind when you wake up?
Patient: I worry about my work and about the report that I have to finish.
Therapist: Let's write down the worries every evening before you go to bed.
Patient: I can do that. I would like to try it this week.
Therapist: Any thoughts of hurting yourself?
Patient: No.
"""
"""A short session that holds enough words to be one."""
AS_IF_LONG_AGO = 10


class People:
    """A location with one clinician, and one patient; made by the test, or the sample practice's."""

    def __init__(self, location: Location | None = None, clinician: Staff | None = None, **patient: Any) -> None:
        self.location = location or make_location()
        self.clinician = clinician or make_signer(location=self.location)
        self.patient = make_patient(**patient)

    @classmethod
    def of_the_sample_practice(cls, patient: Patient | None = None) -> "People":
        found = cls.__new__(cls)
        with reading() as db:
            found.location, found.clinician = one(db, Location, "LOC-1"), one(db, Staff, "ST-101")
        found.patient = patient or make_patient()
        return found

    def row(self, key: str = "K1", *, days: int = 2, **given: Any) -> dict[str, str]:
        """A good row of an index: a session of 53 minutes some days ago, transcribed in ``<key>.txt``."""
        started = (utc_now() - timedelta(days=days)).replace(hour=17, minute=0, second=0, microsecond=0)
        row = {
            "session_key": key,
            "patient_id": self.patient.id,
            "clinician_id": self.clinician.id,
            "location_id": self.location.id,
            "started_at": started.isoformat(),
            "ended_at": (started + timedelta(minutes=53)).isoformat(),
            "modality": "office",
            "service": "individual",
            "patient_state": "OR",
            "note_format": "SOAP",
            "transcript_file": f"{key}.txt",
            "diagnoses": "F41.1",
            "plan_dated": "2026-09-01",
            "plan_goals": "less worry",
        }
        return row | {name: str(value) for name, value in given.items()}


def index_of(*rows: Mapping[str, str]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=[name for name in COLUMN_NAMES if any(name in row for row in rows)])
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def put(name: str, content: str | bytes, folder: Path | None = None) -> Path:
    """Drop one file, whole, some seconds ago."""
    path = (folder or settings().sessions_folder) / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    then = path.stat().st_mtime - AS_IF_LONG_AGO
    os.utime(path, (then, then))
    return path


def drop(*rows: Mapping[str, str], index: str = "sessions.csv", **transcripts: str | bytes) -> Path:
    """Drop an index with a transcript for each of its rows: ``K1="words"`` is K1.txt, else TALK with the row's key."""
    for row in rows:
        name, key = row.get("transcript_file", ""), row["session_key"]
        words = transcripts.get(key, TALK + f"Therapist: That was {key}.\n")
        if name and words is not None:
            put(name, words)
    return put(index, index_of(*rows))


def received() -> list[ExportResult]:
    """Receive whatever was dropped."""
    return [sessions.receive.fn(file_id) for file_id in sessions.collect.fn(settle_seconds=0)]


def session_of(key: str = "K1") -> SessionNote:
    with reading() as db:
        return db.exec(select(SessionNote).where(SessionNote.external_key == f"sessions:{key}")).one()


def left_in_the_drop() -> list[str]:
    return sorted(path.name for path in settings().sessions_folder.rglob("*") if path.is_file())


def lie_open() -> list[str]:
    """The received files that are not sealed."""
    return sorted(path.name for path in settings().received_folder.iterdir() if path.suffix != ".sealed")


def file_of(session: SessionNote) -> IntakeFile:
    with reading() as db:
        return one(db, IntakeFile, session.transcript_file_id or "")
