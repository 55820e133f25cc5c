"""Sets a signed note as a PDF."""

from typing import TYPE_CHECKING

from adapters.note_wording import (
    NO_DIAGNOSES,
    NONE_NOT_ASSESSED,
    NOT_ASSESSED,
    addon_line,
    drafted_line,
    format_in_words,
    last_signed_at,
    plain,
    proved_by,
    sentences_of,
    session_time,
    signed_time,
    signer,
    title_of,
)
from models.signed_note import NoteSignature, SignedNote

if TYPE_CHECKING:
    from adapters.tagged_pages import TaggedPages

SIGNATURE_LINES = 10
SMALL_ENOUGH = 8.0
"""Points; 64 digits then stand in one line."""


def note_pdf(note: SignedNote, practice_name: str) -> bytes:
    """The note with its addenda on US Letter pages; the same note gives the same bytes.

    Characters that the font lacks stand as their number and name. Tagged in reading order; the title and the other
    metadata name the note's number, never the patient.
    """
    with _pages(note, practice_name, total=1) as pages:
        _write(pages, note, practice_name)
        total = pages.pages_count
        if total == 1:
            return bytes(pages.output())
    # each page says how many there are, which is known only now
    with _pages(note, practice_name, total=total) as pages:
        _write(pages, note, practice_name)
        return bytes(pages.output())


def _pages(note: SignedNote, practice_name: str, *, total: int) -> "TaggedPages":
    # its fonts take two seconds to import, and most processes never write a PDF
    from adapters.tagged_pages import TaggedPages

    return TaggedPages(
        title=title_of(note),
        author=practice_name,
        written_at=last_signed_at(note),
        running=f"{practice_name} · {title_of(note)} · {note.patient_name}, born {_birth_date(note)}",
        total=total,
    )


def _write(pages: "TaggedPages", note: SignedNote, practice_name: str) -> None:
    pages.paragraph(practice_name, bold=True)
    pages.title_line(title_of(note))
    _facts(pages, note)
    for section in note.sections:
        pages.section(section.title)
        for sentence in sentences_of(section):
            pages.paragraph(sentence)
    pages.section(NOT_ASSESSED)
    for item in note.not_assessed:
        pages.paragraph(f"• {item}")
    if not note.not_assessed:
        pages.paragraph(NONE_NOT_ASSESSED)
    pages.section("Diagnoses")
    for code, label in note.diagnoses:
        pages.paragraph(f"{code} {label}")
    if not note.diagnoses:
        pages.paragraph(NO_DIAGNOSES)
    _signature(pages, "Signature", note.signature, note)
    for addendum in note.addenda:
        pages.section(f"Addendum {addendum.number}")
        pages.paragraph(addendum.text)
        _signature(pages, f"Signature of addendum {addendum.number}", addendum.signature, note)
    if pages.has_marks:
        pages.rule()
        pages.paragraph("[U+…] stands for a character that cannot be printed here: its Unicode number and its name.")


def _facts(pages: "TaggedPages", note: SignedNote) -> None:
    pages.fact("Patient", note.patient_name)
    pages.fact("Date of birth", _birth_date(note))
    pages.fact("Session", session_time(note))
    pages.fact("Face to face", f"{note.minutes} minutes")
    pages.fact("Place", note.location_name)
    pages.fact("Modality", plain(note.modality))
    pages.fact("Service", plain(note.service))
    pages.fact("Procedure code", note.procedure_code or "none")
    if note.addons:
        pages.fact("Add-on codes", ", ".join(map(addon_line, note.addons)))
    pages.fact("Format", format_in_words(note))
    if note.addenda:
        count = len(note.addenda)
        pages.fact("Amended", f"{count} {'addendum follows' if count == 1 else 'addenda follow'} the signature")


def _birth_date(note: SignedNote) -> str:
    return f"{note.birth_date:%m/%d/%Y}"


def _signature(pages: "TaggedPages", heading: str, signature: NoteSignature, note: SignedNote) -> None:
    pages.keep_together(SIGNATURE_LINES)
    pages.section(heading)
    pages.fact("Signed by", signer(signature))
    pages.fact("NPI", signature.npi or "none on record")
    pages.fact("Signed at", signed_time(signature, note.time_zone))
    pages.fact("Identity proved by", proved_by(signature))
    pages.fact("SHA-256 digest", signature.digest, size=SMALL_ENOUGH)
    drafted = drafted_line(note) if signature is note.signature else None
    if drafted:
        pages.paragraph(drafted)
