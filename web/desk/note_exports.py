"""The files that a signed note is handed on as: PDF for people, FHIR for programs."""

from fastapi import APIRouter
from fastapi.responses import Response

from acts.signed_notes import signed_note
from adapters import operational_store
from adapters.note_fhir import note_bundle
from adapters.note_pdf import note_pdf
from adapters.practice import practice_name
from models.signed_note import SignedNote
from web.desk.members import Member, SignedIn, reading
from web.desk.note_cases import readable_note

router = APIRouter()

WHERE = "desk:note-export"


@router.get("/notes/{number}/note.pdf", name="note_pdf")
def pdf(me: SignedIn, number: str) -> Response:
    note = _exported(me, number)
    return _file(note_pdf(note, _practice()), "application/pdf", f"{number}.pdf")


@router.get("/notes/{number}/note.fhir.json", name="note_fhir")
def fhir(me: SignedIn, number: str) -> Response:
    note = _exported(me, number)
    bundle = note_bundle(note, note_pdf(note, _practice()))
    return _file(bundle, "application/fhir+json", f"{number}.fhir.json")


def _practice() -> str:
    with operational_store.reading() as db:
        return practice_name(db)


def _exported(me: Member, number: str) -> SignedNote:
    """The signed note, its reading on record as an export; raises NotAllowed, MovedOn or SignatureMismatch."""
    case = readable_note(me, number)
    with reading(me, case.found):
        return signed_note(number, actor=me.id, where=WHERE)


def _file(content: bytes, kind: str, name: str) -> Response:
    return Response(content, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})
