"""A signed note with its addenda, as it is exported and as compliance sees it; nothing of it can be changed."""

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True)
class NoteSection:
    """One heading of the note, such as Subjective, and its sentences in order."""

    title: str
    sentences: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class NoteSignature:
    """Who signed, when (UTC), proved how, and the SHA-256 of exactly what was signed."""

    staff_id: str
    name: str
    credential: str
    npi: str | None
    at: datetime
    how: str
    digest: str


@dataclass(frozen=True)
class NoteAddendum:
    """What was written after the signature, under a signature of its own."""

    number: int
    text: str = field(repr=False)
    signature: NoteSignature


@dataclass(frozen=True)
class SignedNote:
    """One signed note.

    ``minutes`` are whole face-to-face minutes. ``addons`` are pairs (code, units) beside the procedure code.
    ``diagnoses`` are pairs (ICD-10-CM code with dot, short label).
    ``drafted_by`` names what proposed the draft (``grammar-1+notes-ab12cd34``), None where a person wrote it all;
    ``template_version`` the format's template. ``time_zone`` (IANA) is the place's: times are shown in it.
    """

    note_number: str
    format: str
    patient_id: str
    patient_name: str = field(repr=False)
    birth_date: date = field(repr=False)
    location_name: str
    time_zone: str
    started_at: datetime
    ended_at: datetime
    minutes: int
    modality: str
    service: str
    sections: tuple[NoteSection, ...] = field(repr=False)
    not_assessed: tuple[str, ...]
    procedure_code: str | None
    diagnoses: tuple[tuple[str, str], ...] = field(repr=False)
    signature: NoteSignature
    addenda: tuple[NoteAddendum, ...] = ()
    addons: tuple[tuple[str, int], ...] = ()
    drafted_by: str | None = None
    template_version: str | None = None
