"""A signed note as it is read, exported and accounted for; what is not exactly what was signed is refused."""

import json
from collections.abc import Collection, Iterable
from typing import Any

from sqlmodel import col, select

from adapters import therapy_store, therapy_store_sessions
from adapters.icd10 import shipped_diagnosis_table
from adapters.operational_store import one, reading
from models.errors import CountersignError, MovedOn, SignatureMismatch
from models.operational import Clinician, Decision, Location, NoteAddendumSigned, Patient, SessionNote, Staff
from models.signed_note import NoteAddendum, NoteSection, NoteSignature, SignedNote
from rules import note_signing, sign_off

Signed = tuple[Decision, dict[str, Any]]


def signed_content(case_number: str, *, actor: str, where: str) -> Signed:
    """The decision and exactly what it signed; raises MovedOn where nothing is signed, SignatureMismatch where it is
    not what the signature says."""
    found = signed_contents([case_number], actor=actor, where=where)[case_number]
    if isinstance(found, CountersignError):
        raise found
    return found


def signed_contents(
    case_numbers: Collection[str], *, actor: str, where: str
) -> dict[str, Signed | MovedOn | SignatureMismatch]:
    """The same of many notes, or why one cannot be had, in a fixed number of queries; each read is on record."""
    with reading() as db:
        decisions = dict(
            db.exec(
                select(SessionNote.case_number, Decision)
                .join(Decision, col(Decision.id) == col(SessionNote.signed_decision_id))
                .where(col(SessionNote.case_number).in_(case_numbers))
            ).all()
        )
    contents = contents_of(decisions.values(), actor=actor, where=where)
    found: dict[str, Signed | MovedOn | SignatureMismatch] = {}
    for number in case_numbers:
        decision = decisions.get(number)
        if decision is None:
            found[number] = MovedOn(f"the note of {number} is not signed")
        elif decision.id not in contents:
            found[number] = SignatureMismatch(f"the note of {number} is not what was signed")
        else:
            found[number] = decision, contents[decision.id]
    return found


def contents_of(decisions: Iterable[Decision], *, actor: str, where: str) -> dict[str, dict[str, Any]]:
    """Exactly what each of these decisions signed, by its id, each read on record; one whose content is not what its
    signature says is left out."""
    signed = {decision.id: decision.signed_digest for decision in decisions}
    words = therapy_store.words_of_decisions(list(signed), actor=actor, where=where)
    texts = {each: found.signed_content.unwrap() for each, found in words.items()}
    return {each: json.loads(text) for each, text in texts.items() if sign_off.digest(text) == signed[each]}


def signed_note(case_number: str, *, actor: str, where: str) -> SignedNote:
    """The signed note with its addenda, as exports take it; the reads are on record."""
    decision, content = signed_content(case_number, actor=actor, where=where)
    with reading() as db:
        session = one(db, SessionNote, case_number)
        patient = one(db, Patient, session.patient_id)
        location = one(db, Location, session.location_id)
        added = db.exec(
            select(NoteAddendumSigned)
            .where(NoteAddendumSigned.case_number == case_number)
            .order_by(NoteAddendumSigned.number)  # type: ignore[arg-type]
        ).all()
    words = therapy_store_sessions.addenda(case_number, actor=actor, where=where) if added else {}
    for each in added:
        if sign_off.digest(words[each.id].unwrap()) != each.digest:
            raise SignatureMismatch(f"addendum {each.number} of {case_number} is not what was signed")
    drafted_by = content["drafted_by"]
    return SignedNote(
        note_number=case_number,
        format=content["format"],
        patient_id=patient.id,
        patient_name=f"{patient.given_name} {patient.family_name}",
        birth_date=patient.birth_date,
        location_name=location.name,
        time_zone=location.time_zone,
        started_at=session.started_at,
        ended_at=session.ended_at,
        minutes=session.minutes,
        modality=session.modality.value,
        service=session.service.value,
        sections=tuple(
            NoteSection(title, tuple(sentence.text for sentence in own))
            for title, own in note_signing.by_section(content).items()
        ),
        not_assessed=tuple(content["not_assessed"].get(content["format"], ())),
        procedure_code=content["procedure_code"] or None,
        addons=tuple(note_signing.addons(content)),
        diagnoses=tuple((code, _label(code, session)) for code in content["diagnoses"]),
        signature=_signature(decision.staff_id, decision.at, decision.authenticated.value, decision.signed_digest),
        addenda=tuple(
            NoteAddendum(
                each.number,
                words[each.id].unwrap(),
                _signature(each.staff_id, each.at, each.authenticated.value, each.digest),
            )
            for each in added
        ),
        drafted_by=drafted_by["version"] if drafted_by else None,
        template_version=content["templates"][content["format"]]["version"],
    )


def _label(code: str, session: SessionNote) -> str:
    known = shipped_diagnosis_table().valid(code, session.started_at.date())
    return known.label if known is not None else ""


def _signature(staff_id: str, at: Any, how: str, digest: str) -> NoteSignature:
    with reading() as db:
        staff = one(db, Staff, staff_id)
        clinician = db.get(Clinician, staff_id)
    return NoteSignature(
        staff_id=staff_id,
        name=staff.name,
        credential=clinician.credential if clinician is not None else "",
        npi=clinician.npi if clinician is not None else None,
        at=at,
        how=how,
        digest=digest,
    )
