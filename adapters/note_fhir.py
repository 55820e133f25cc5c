"""Writes a signed note in FHIR R4, for another system to file.

Checked with fhir.resources R4B (see models.referral_bundle). Codes without a home in FHIR or HL7 terminology use the
systems ``urn:countersign:…``. LOINC codes of sections: C-CDA R2.1 (HL7), where it has that section.
"""

import base64
import hashlib
import html
import json
import re
import uuid
from datetime import datetime
from typing import Any

from adapters.note_wording import (
    NO_DIAGNOSES,
    NONE_NOT_ASSESSED,
    NOT_ASSESSED,
    addon_line,
    drafted_line,
    format_in_words,
    last_signed_at,
    local_time,
    plain,
    proved_by,
    sentences_of,
    session_time,
    signatures,
    signed_time,
    signer,
    title_of,
    visible,
)
from models.codes import Modality
from models.errors import ContractBroken
from models.referral_bundle import MODALITY_SYSTEM
from models.signed_note import NoteAddendum, NoteSignature, SignedNote

NOTE_SYSTEM = "urn:countersign:note"
PATIENT_SYSTEM = "urn:countersign:patient"
STAFF_SYSTEM = "urn:countersign:staff"
DRAFTER_SYSTEM = "urn:countersign:note-drafter"
DIGEST_EXTENSION = "urn:countersign:signed-sha-256"
PROVED_EXTENSION = "urn:countersign:identity-proved-by"
NPI_SYSTEM = "http://hl7.org/fhir/sid/us-npi"
ICD_SYSTEM = "http://hl7.org/fhir/sid/icd-10-cm"
CPT_SYSTEM = "http://www.ama-assn.org/go/cpt"
LOINC = "http://loinc.org"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
PARTICIPANT_TYPE = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
SIGNATURE_TYPE = "urn:iso-astm:E1762-95:2013"
XHTML = "http://www.w3.org/1999/xhtml"

ENCOUNTER_CLASS = {
    Modality.OFFICE.value: {"system": ACT_CODE, "code": "AMB", "display": "ambulatory"},
    Modality.TELEHEALTH.value: {"system": ACT_CODE, "code": "VR", "display": "virtual"},
}
SECTION_CODES = {
    "subjective": ("61150-9", "Subjective Narrative"),
    "objective": ("61149-1", "Objective Narrative"),
    "assessment": ("51848-0", "Evaluation note"),
    "plan": ("18776-5", "Plan of care note"),
}
PROGRESS_NOTE = {"coding": [{"system": LOINC, "code": "11506-3", "display": "Progress note"}]}
DIAGNOSES_SECTION = {"coding": [{"system": LOINC, "code": "29308-4", "display": "Diagnosis"}]}
# Any constant will do; what is named with it is unique because it holds the digest of what was signed.
NAMESPACE = uuid.UUID("6f0f6c3e-3f0c-5b53-9a5e-0c1d6f6a3b7d")

Resource = dict[str, Any]


def note_bundle(note: SignedNote, pdf: bytes | None = None) -> bytes:
    """The note as a FHIR document (JSON): the Composition and what it refers to, the PDF where one is given.

    Addenda make it ``amended``, each with a section, an attester and a Provenance of its own. The same note gives the
    same bytes. ContractBroken names the FHIR path of what FHIR does not allow.
    """
    resources = [
        (_url(note, "Composition"), _composition(note)),
        (_url(note, "Patient"), _patient(note)),
        *_practitioners(note),
        (_url(note, "Encounter"), _encounter(note)),
        *((_url(note, "Condition", str(at)), _condition(note, at)) for at in range(len(note.diagnoses))),
    ]
    if note.drafted_by is not None:
        resources.append((_url(note, "Device"), _device(note, note.drafted_by)))
    if pdf is not None:
        subject, author = _reference(note, "Patient"), _practitioner_reference(note, note.signature)
        document = _document_reference(note, pdf, subject, author, _reference(note, "Encounter"))
        resources.append((_url(note, "DocumentReference"), document))
    resources.append((_url(note, "Provenance"), _provenance(note, None, with_pdf=pdf is not None)))
    resources += [
        (_url(note, "Provenance", str(each.number)), _provenance(note, each, with_pdf=pdf is not None))
        for each in note.addenda
    ]
    bundle = {
        "resourceType": "Bundle",
        "language": "en",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": _document_url(note)},
        "type": "document",
        "timestamp": _moment(last_signed_at(note), note),
        "entry": [{"fullUrl": url, "resource": resource} for url, resource in resources],
    }
    return _checked(bundle)


def note_document_reference(note: SignedNote, pdf: bytes) -> bytes:
    """A DocumentReference (JSON) that carries the PDF; it names patient and clinician by their identifiers."""
    subject = {"type": "Patient", "identifier": _patient_identifier(note)}
    author = {"type": "Practitioner", "identifier": _staff_identifiers(note.signature)[0]}
    return _checked(_document_reference(note, pdf, subject, author, None))


def _composition(note: SignedNote) -> Resource:
    author = _practitioner_reference(note, note.signature)
    return {
        "resourceType": "Composition",
        "language": "en",
        "text": _narrative("generated", *_head(note)),
        "identifier": {"system": NOTE_SYSTEM, "value": note.note_number},
        "status": "amended" if note.addenda else "final",
        "type": PROGRESS_NOTE,
        "subject": _reference(note, "Patient"),
        "encounter": _reference(note, "Encounter"),
        "date": _moment(last_signed_at(note), note),
        "author": [author],
        "title": title_of(note),
        "attester": [
            {"mode": "legal", "time": _moment(each.at, note), "party": _practitioner_reference(note, each)}
            for each in signatures(note)
        ],
        "section": [
            *(_written_section(section.title, sentences_of(section)) for section in note.sections),
            _not_assessed_section(note),
            _diagnoses_section(note),
            *(_addendum_section(note, each) for each in note.addenda),
        ],
    }


def _head(note: SignedNote) -> list[str]:
    """The facts of the session and the signature, which no section holds, in paragraphs."""
    lines = [
        f"Patient: {note.patient_name}, born {note.birth_date.isoformat()}",
        f"Session: {session_time(note)}, {note.minutes} minutes face to face",
        f"Place: {note.location_name} ({plain(note.modality)})",
        f"Service: {plain(note.service)}; procedure code: {_codes(note)}",
        f"Format: {format_in_words(note)}",
        _signed_line(note.signature, note),
        drafted_line(note),
    ]
    return [_paragraph(line) for line in lines if line]


def _codes(note: SignedNote) -> str:
    return ", ".join((note.procedure_code or "none", *map(addon_line, note.addons)))


def _signed_line(signature: NoteSignature, note: SignedNote) -> str:
    return (
        f"Signed by {signer(signature)}, {signed_time(signature, note.time_zone)}; identity proved by "
        f"{proved_by(signature)}; SHA-256 {signature.digest}"
    )


def _written_section(title: str, sentences: tuple[str, ...]) -> Resource:
    section: Resource = {"title": _line(title), "text": _narrative("additional", *map(_paragraph, sentences))}
    code = SECTION_CODES.get(title.strip().casefold())
    if code:
        section["code"] = {"coding": [{"system": LOINC, "code": code[0], "display": code[1]}]}
    return section


def _not_assessed_section(note: SignedNote) -> Resource:
    listed = _list(note.not_assessed) if note.not_assessed else _paragraph(NONE_NOT_ASSESSED)
    return {"title": NOT_ASSESSED, "text": _narrative("additional", listed)}


def _diagnoses_section(note: SignedNote) -> Resource:
    section: Resource = {"title": "Diagnoses", "code": DIAGNOSES_SECTION}
    if not note.diagnoses:
        return {**section, "text": _narrative("generated", _paragraph(NO_DIAGNOSES))}
    listed = _list(tuple(f"{code} {label}" for code, label in note.diagnoses))
    entries = [_reference(note, "Condition", str(at)) for at in range(len(note.diagnoses))]
    return {**section, "text": _narrative("generated", listed), "entry": entries}


def _addendum_section(note: SignedNote, addendum: NoteAddendum) -> Resource:
    paragraphs = [_paragraph(addendum.text), _paragraph(_signed_line(addendum.signature, note))]
    return {
        "id": _addendum_id(addendum),
        "title": f"Addendum {addendum.number}",
        "author": [_practitioner_reference(note, addendum.signature)],
        "text": _narrative("additional", *paragraphs),
    }


def _addendum_id(addendum: NoteAddendum) -> str:
    return f"addendum-{addendum.number}"


def _patient(note: SignedNote) -> Resource:
    return {
        "resourceType": "Patient",
        "identifier": [_patient_identifier(note)],
        "name": [{"text": _line(note.patient_name)}],
        "birthDate": note.birth_date.isoformat(),
    }


def _practitioners(note: SignedNote) -> list[tuple[str, Resource]]:
    """Everybody who signed, each once."""
    each_once = {signature.staff_id: signature for signature in reversed(signatures(note))}
    return [
        (_url(note, "Practitioner", staff_id), _practitioner(each_once[staff_id]))
        for staff_id in dict.fromkeys(signature.staff_id for signature in signatures(note))
    ]


def _practitioner(signature: NoteSignature) -> Resource:
    found: Resource = {
        "resourceType": "Practitioner",
        "identifier": _staff_identifiers(signature),
        "name": [{"text": _line(signature.name)}],
    }
    if signature.credential:
        found["qualification"] = [{"code": {"text": _line(signature.credential)}}]
    return found


def _encounter(note: SignedNote) -> Resource:
    found: Resource = {
        "resourceType": "Encounter",
        "status": "finished",
        "class": ENCOUNTER_CLASS.get(note.modality, {"system": MODALITY_SYSTEM, "code": note.modality}),
        "serviceType": {"text": _line(plain(note.service))},
        "subject": _reference(note, "Patient"),
        "participant": [{"individual": _practitioner_reference(note, note.signature)}],
        "period": _period(note),
        "length": {"value": note.minutes, "unit": "min", "system": "http://unitsofmeasure.org", "code": "min"},
        "location": [{"location": {"display": _line(note.location_name)}}],
    }
    codes = [_procedure(note.procedure_code)] if note.procedure_code else []
    codes += [{**_procedure(addon[0]), "text": addon_line(addon)} for addon in note.addons]
    if codes:
        found["type"] = codes
    if note.diagnoses:
        found["diagnosis"] = [
            {"condition": _reference(note, "Condition", str(at))} for at in range(len(note.diagnoses))
        ]
    return found


def _procedure(code: str) -> Resource:
    """The code without its long descriptor, which is copyrighted; as text where it is more than one code."""
    return {"coding": [{"system": CPT_SYSTEM, "code": code}]} if re.fullmatch(r"\d{5}", code) else {"text": _line(code)}


def _condition(note: SignedNote, at: int) -> Resource:
    """One diagnosis as the note states it; whether it is active or confirmed is not said there, so not here."""
    code, label = note.diagnoses[at]
    coding = {"system": ICD_SYSTEM, "code": code}
    if _line(label):
        coding["display"] = _line(label)
    category = {
        "system": "http://terminology.hl7.org/CodeSystem/condition-category",
        "code": "encounter-diagnosis",
        "display": "Encounter Diagnosis",
    }
    return {
        "resourceType": "Condition",
        "category": [{"coding": [category]}],
        "code": {"coding": [coding]},
        "subject": _reference(note, "Patient"),
        "encounter": _reference(note, "Encounter"),
        "recorder": _practitioner_reference(note, note.signature),
    }


def _device(note: SignedNote, drafted_by: str) -> Resource:
    """What proposed the draft; the template's version stands beside its own."""
    versions: list[Resource] = [{"type": {"text": "drafter"}, "value": drafted_by}]
    if note.template_version:
        versions.append({"type": {"text": "note template"}, "value": note.template_version})
    return {
        "resourceType": "Device",
        "identifier": [{"system": DRAFTER_SYSTEM, "value": drafted_by}],
        "deviceName": [{"name": drafted_by, "type": "model-name"}],
        "type": {"text": "software that proposes note drafts"},
        "version": versions,
    }


def _document_reference(
    note: SignedNote, pdf: bytes, subject: Resource, author: Resource, encounter: Resource | None
) -> Resource:
    """R4 asks for the SHA-1 of the attachment (Attachment.hash, HL7 2019): it finds damage, it is no signature."""
    sha1 = hashlib.sha1(pdf, usedforsecurity=False).digest()
    context: Resource = {"period": _period(note)}
    if encounter is not None:
        context["encounter"] = [encounter]
    return {
        "resourceType": "DocumentReference",
        "language": "en",
        "masterIdentifier": {"system": "urn:ietf:rfc:3986", "value": _document_url(note)},
        "identifier": [{"system": NOTE_SYSTEM, "value": note.note_number}],
        "status": "current",
        "docStatus": "amended" if note.addenda else "final",
        "type": PROGRESS_NOTE,
        "subject": subject,
        "date": _moment(last_signed_at(note), note),
        "author": [author],
        "authenticator": author,
        "content": [
            {
                "attachment": {
                    "contentType": "application/pdf",
                    "language": "en",
                    "data": base64.b64encode(pdf).decode(),
                    "size": len(pdf),
                    "hash": base64.b64encode(sha1).decode(),
                    "title": title_of(note),
                    "creation": _moment(last_signed_at(note), note),
                }
            }
        ],
        "context": context,
    }


def _provenance(note: SignedNote, addendum: NoteAddendum | None, *, with_pdf: bool) -> Resource:
    """Who wrote and who answers for the note, or for one addendum of it, and the digest that was signed."""
    signature = addendum.signature if addendum else note.signature
    person = _practitioner_reference(note, signature)
    drafted = addendum is None and note.drafted_by is not None
    roles = [("verifier" if drafted else "author", person), ("legal", person)]
    if drafted:
        roles.insert(0, ("assembler", _reference(note, "Device")))
    target = _reference(note, "Composition")
    if addendum:
        element = {
            "url": "http://hl7.org/fhir/StructureDefinition/targetElement",
            "valueUri": f"#{_addendum_id(addendum)}",
        }
        target = {**target, "extension": [element]}
    copies = [_reference(note, "DocumentReference")] if with_pdf and addendum is None else []
    completion = {
        "system": "http://terminology.hl7.org/CodeSystem/v3-DocumentCompletion",
        "code": "LA",
        "display": "legally authenticated",
    }
    return {
        "resourceType": "Provenance",
        "target": [target, *copies],
        "occurredDateTime": _moment(signature.at, note),
        "recorded": _moment(signature.at, note),
        "activity": {"coding": [completion]},
        "agent": [
            {"type": {"coding": [{"system": PARTICIPANT_TYPE, "code": role}]}, "who": who} for role, who in roles
        ],
        "signature": [
            {
                # what was signed is not a JWS or an XML signature, which Signature.data would have to be
                "extension": [
                    {"url": DIGEST_EXTENSION, "valueString": signature.digest},
                    {"url": PROVED_EXTENSION, "valueString": proved_by(signature)},
                ],
                "type": [{"system": SIGNATURE_TYPE, "code": "1.2.840.10065.1.12.1.1", "display": "Author's Signature"}],
                "when": _moment(signature.at, note),
                "who": person,
            }
        ],
    }


# References, identifiers, times


def _url(note: SignedNote, kind: str, key: str = "") -> str:
    """An address that is the same in every export of this note and in no other note's."""
    return _named(note.signature.digest, note.note_number, kind, key)


def _document_url(note: SignedNote) -> str:
    """The document with these addenda; with one more it is another document."""
    return _named(note.note_number, *(signature.digest for signature in signatures(note)))


def _named(*parts: str) -> str:
    return f"urn:uuid:{uuid.uuid5(NAMESPACE, json.dumps(parts))}"


def _reference(note: SignedNote, kind: str, key: str = "") -> Resource:
    return {"reference": _url(note, kind, key)}


def _practitioner_reference(note: SignedNote, signature: NoteSignature) -> Resource:
    return _reference(note, "Practitioner", signature.staff_id)


def _patient_identifier(note: SignedNote) -> Resource:
    return {"system": PATIENT_SYSTEM, "value": note.patient_id}


def _staff_identifiers(signature: NoteSignature) -> list[Resource]:
    own = {"system": STAFF_SYSTEM, "value": signature.staff_id}
    return [{"system": NPI_SYSTEM, "value": signature.npi}, own] if signature.npi else [own]


def _period(note: SignedNote) -> Resource:
    return {
        "start": local_time(note.started_at, note.time_zone, "started_at").isoformat(),
        "end": local_time(note.ended_at, note.time_zone, "ended_at").isoformat(),
    }


def _moment(at: datetime, note: SignedNote) -> str:
    return local_time(at, note.time_zone, "signature.at").isoformat()


# Narrative


def _narrative(status: str, *blocks: str) -> Resource:
    """XHTML of blocks that are escaped already."""
    return {"status": status, "div": f'<div xmlns="{XHTML}" lang="en" xml:lang="en">{"".join(blocks)}</div>'}


def _paragraph(text: str) -> str:
    return f"<p>{_escaped(text)}</p>"


def _list(items: tuple[str, ...]) -> str:
    return f"<ul>{''.join(f'<li>{_escaped(item)}</li>' for item in items)}</ul>"


def _escaped(text: str) -> str:
    return html.escape(visible(text, _xml_may_hold)).replace("\n", "<br/>")


def _line(text: str) -> str:
    """The text on one line: FHIR strings know no other space than the plain one."""
    return " ".join(visible(text, _xml_may_hold).split())


def _xml_may_hold(character: str) -> bool:
    """XML 1.0 (W3C, 5th edition), production 2."""
    number = ord(character)
    return character in "\t\n\r" or 0x20 <= number <= 0xD7FF or 0xE000 <= number <= 0xFFFD or number >= 0x10000


# The check


def _checked(resource: Resource) -> bytes:
    for field, kind in _faults(resource):
        raise ContractBroken(f"is not valid FHIR R4 ({kind})", field=field)
    return json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode()


def _faults(resource: Resource) -> list[tuple[str, str]]:
    """Where FHIR is broken, how; pydantic's own error quotes what it was given, so it goes no further than here."""
    from fhir.resources.R4B import get_fhir_model_class
    from pydantic import ValidationError

    kind = resource["resourceType"]
    try:
        get_fhir_model_class(kind).model_validate(resource)
    except ValidationError as broken:
        return [
            (".".join([kind, *map(str, fault["loc"])]), fault["type"])
            for fault in broken.errors(include_input=False, include_context=False, include_url=False)
        ]
    return []
