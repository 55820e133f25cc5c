"""A signed note in FHIR: the document and the reference to its PDF, read back with R4B's own models."""

import base64
import hashlib
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.documentreference import DocumentReference

from adapters.note_fhir import note_bundle, note_document_reference
from models.errors import ContractBroken
from models.signed_note import NoteSection, SignedNote
from tests.signed_notes import SIGNED_AT, make_addendum, make_signature, make_signed_note

PDF = b"%PDF-1.7 a note"
XHTML = "{http://www.w3.org/1999/xhtml}"
HERS = make_signature(
    staff_id="STAFF-9", name="Bo Chen", credential="PhD", npi=None, digest="0d" * 32, how="prefect_code"
)

Json = dict[str, Any]


def bundle_of(note: SignedNote, pdf: bytes | None = PDF) -> Json:
    found: Json = json.loads(note_bundle(note, pdf))
    return found


def all_of(bundle: Json, kind: str) -> list[Json]:
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def one_of(bundle: Json, kind: str) -> Json:
    (found,) = all_of(bundle, kind)
    return found


def url_of(bundle: Json, resource: Json) -> str:
    (found,) = [entry["fullUrl"] for entry in bundle["entry"] if entry["resource"] is resource]
    return str(found)


def resolve(bundle: Json, reference: Json) -> Json:
    (found,) = [entry["resource"] for entry in bundle["entry"] if entry["fullUrl"] == reference["reference"]]
    return dict(found)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def sections_of(bundle: Json) -> dict[str, Json]:
    return {section["title"]: section for section in one_of(bundle, "Composition")["section"]}


def words(narrative: Json) -> list[str]:
    """The paragraphs and list items of a narrative; fails where it is no XHTML that FHIR allows."""
    root = ElementTree.fromstring(narrative["div"])
    assert root.tag == f"{XHTML}div"
    assert {each.tag.removeprefix(XHTML) for each in root.iter()} <= {"div", "p", "ul", "li", "br"}
    for line_break in root.iter(f"{XHTML}br"):
        line_break.text = "\n"
    found = ["".join(each.itertext()) for each in root.iter() if each.tag in (f"{XHTML}p", f"{XHTML}li")]
    assert "".join(found).strip()
    return found


# --- the document ---


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("pdf", [PDF, None])
def test_bundle_is_a_valid_document_that_reads_back_the_same(count: int, pdf: bytes | None) -> None:
    note = make_signed_note(addenda=tuple(make_addendum(number) for number in range(1, count + 1)))
    data = note_bundle(note, pdf)
    assert json.loads(Bundle.model_validate_json(data).model_dump_json()) == json.loads(data)
    bundle = json.loads(data)
    # Bundle's own rules for a document (FHIR R4, bdl-7, bdl-9, bdl-10, bdl-11)
    assert bundle["type"] == "document"
    assert bundle["identifier"]["system"] and bundle["identifier"]["value"]
    assert datetime.fromisoformat(bundle["timestamp"]) == max(
        [SIGNED_AT, *(each.signature.at for each in note.addenda)]
    )
    assert bundle["entry"][0]["resource"]["resourceType"] == "Composition"
    addresses = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(addresses)) == len(addresses)
    assert all(address.startswith("urn:uuid:") for address in addresses)
    assert set(references(bundle)) <= set(addresses)
    # every entry but those that speak about the document is reached from it
    assert set(addresses) - set(references(bundle)) == {url_of(bundle, each) for each in all_of(bundle, "Provenance")}
    assert len(all_of(bundle, "DocumentReference")) == (1 if pdf else 0)


@pytest.mark.parametrize(("count", "status"), [(0, "final"), (1, "amended"), (3, "amended")])
def test_addenda_amend_the_note_and_each_keeps_its_own_signature(count: int, status: str) -> None:
    addenda = tuple(make_addendum(number) for number in range(1, count)) + (
        (make_addendum(count, signature=HERS),) if count else ()
    )
    note = make_signed_note(addenda=addenda)
    bundle = bundle_of(note)
    composition = one_of(bundle, "Composition")
    assert composition["status"] == status
    assert one_of(bundle, "DocumentReference")["docStatus"] == status
    assert [each["mode"] for each in composition["attester"]] == ["legal"] * (1 + count)
    signed = [note.signature, *(each.signature for each in addenda)]
    assert [datetime.fromisoformat(each["time"]) for each in composition["attester"]] == [each.at for each in signed]
    assert len(all_of(bundle, "Practitioner")) == (2 if count else 1)
    provenances = all_of(bundle, "Provenance")
    assert [each["signature"][0]["extension"][0]["valueString"] for each in provenances] == [
        each.digest for each in signed
    ]
    for addendum, provenance in zip(addenda, provenances[1:], strict=True):
        section = sections_of(bundle)[f"Addendum {addendum.number}"]
        assert words(section["text"])[0] == addendum.text
        assert addendum.signature.digest in words(section["text"])[1]
        assert resolve(bundle, section["author"][0])["name"] == [{"text": addendum.signature.name}]
        assert provenance["target"] == [
            {
                "reference": url_of(bundle, composition),
                "extension": [
                    {
                        "url": "http://hl7.org/fhir/StructureDefinition/targetElement",
                        "valueUri": f"#{section['id']}",
                    }
                ],
            }
        ]
        assert roles_of(bundle, provenance) == [("author", "Practitioner"), ("legal", "Practitioner")]


def test_composition_holds_the_note() -> None:
    note = make_signed_note()
    bundle = bundle_of(note)
    composition = one_of(bundle, "Composition")
    assert composition["type"]["coding"][0] == {
        "system": "http://loinc.org",
        "code": "11506-3",
        "display": "Progress note",
    }
    assert composition["title"] == "Progress note SN-000042"
    assert composition["identifier"] == {"system": "urn:countersign:note", "value": "SN-000042"}
    assert [
        (each["title"], each.get("code", {}).get("coding", [{}])[0].get("code")) for each in composition["section"]
    ] == [
        ("Subjective", "61150-9"),
        ("Objective", "61149-1"),
        ("Assessment", "51848-0"),
        ("Plan", "18776-5"),
        ("Not assessed", None),
        ("Diagnoses", "29308-4"),
    ]
    sections = sections_of(bundle)
    for section in note.sections:
        assert words(sections[section.title]["text"]) == list(section.sentences)
    assert words(sections["Not assessed"]["text"]) == list(note.not_assessed)
    assert words(sections["Diagnoses"]["text"]) == [f"{code} {label}" for code, label in note.diagnoses]
    head = "\n".join(words(composition["text"]))
    for expected in (
        "José Ñandú Müller, born 1988-02-29",
        "Monday, November 2, 2026, 9:00 AM CST to 9:53 AM CST, 53 minutes face to face",
        "Lakeview office (telehealth)",
        "procedure code: 90837",
        "SOAP, template soap-3",
        "identity proved by password and one-time code, at the desk",
        "Drafted by grammar-1+notes-ab12cd34; reviewed and signed by Ana Peña Ruiz, LCSW.",
    ):
        assert expected in head, expected


def test_section_of_another_format_has_its_title_and_no_code() -> None:
    (section,) = (
        each for each in one_of(bundle_of(data_note("He slept.")), "Composition")["section"] if each["title"] == "Data"
    )
    assert "code" not in section
    assert words(section["text"]) == ["He slept."]


def data_note(*sentences: str, **wanted: Any) -> SignedNote:
    return make_signed_note(sections=(NoteSection("Data", sentences),), format="DAP", **wanted)


@pytest.mark.parametrize(
    ("wanted", "title", "expected"),
    [
        ({"not_assessed": ()}, "Not assessed", "Nothing is listed as not assessed."),
        ({"diagnoses": ()}, "Diagnoses", "None recorded."),
        ({"sections": (NoteSection("Plan", ()),)}, "Plan", "Nothing was written under this heading."),
        ({"sections": (NoteSection("Plan", (" ", "")),)}, "Plan", "Nothing was written under this heading."),
    ],
)
def test_empty_section_says_so(wanted: Json, title: str, expected: str) -> None:
    section = sections_of(bundle_of(make_signed_note(**wanted)))[title]
    assert words(section["text"]) == [expected]
    assert "entry" not in section


def test_bundle_of_200_sentences_holds_each_once_and_in_order() -> None:
    sentences = tuple(f"Sentence {number}." for number in range(200))
    assert words(sections_of(bundle_of(data_note(*sentences)))["Data"]["text"]) == list(sentences)


# --- odd characters ---


@pytest.mark.parametrize(
    ("written", "read_back"),
    [
        ("¿Qué pasó? José Peña", None),
        ("قال مرحبا שלום 王小明 नमस्ते", None),
        ("thumbs 👍🏽 👨‍👩‍👧 up", None),
        ("<script>alert(1)</script> & \"quotes\" 'single' &amp; ]]> <!--", None),
        ("no\u200bspace\u200d here\ufeff \u202eleft\u202c", None),
        ("first\nsecond\r\nthird\u2028fourth", "first\nsecond\nthird\nfourth"),
        ("a\x00b\x07c", "a[U+0000]b[U+0007]c"),
        ("half \ud800 \uffff", "half [U+D800] [U+FFFF]"),
        ("hard\xa0space", None),
    ],
)
def test_narrative_holds_every_character_or_its_mark(written: str, read_back: str | None) -> None:
    note = data_note(written, not_assessed=(written,), addenda=(make_addendum(1, text=written),))
    sections = sections_of(bundle_of(note))
    for title in ("Data", "Not assessed", "Addendum 1"):
        assert words(sections[title]["text"])[0] == (read_back or written)


def test_names_and_labels_are_one_line_of_what_fhir_allows() -> None:
    note = make_signed_note(
        patient_name=" José\xa0\x00\n<Ñ> ",
        location_name="Lake\tview",
        diagnoses=(("F41.1", "\xa0"),),
        sections=(NoteSection("Data\x07", ("x",)),),
        signature=make_signature(name="Ana\u2028Peña", credential=""),
    )
    bundle = bundle_of(note)
    assert one_of(bundle, "Patient")["name"] == [{"text": "José [U+0000] <Ñ>"}]
    assert one_of(bundle, "Encounter")["location"] == [{"location": {"display": "Lake view"}}]
    assert one_of(bundle, "Condition")["code"]["coding"] == [
        {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "F41.1"}
    ]
    assert "Data[U+0007]" in sections_of(bundle)
    assert one_of(bundle, "Practitioner")["name"] == [{"text": "Ana Peña"}]
    assert "qualification" not in one_of(bundle, "Practitioner")


# --- who, when, what ---


def test_patient_and_practitioner_hold_only_what_is_needed() -> None:
    bundle = bundle_of(make_signed_note())
    assert one_of(bundle, "Patient") == {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:countersign:patient", "value": "PAT-31"}],
        "name": [{"text": "José Ñandú Müller"}],
        "birthDate": "1988-02-29",
    }
    assert one_of(bundle, "Practitioner") == {
        "resourceType": "Practitioner",
        "identifier": [
            {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"},
            {"system": "urn:countersign:staff", "value": "STAFF-7"},
        ],
        "name": [{"text": "Ana Peña Ruiz"}],
        "qualification": [{"code": {"text": "LCSW"}}],
    }
    without = one_of(bundle_of(make_signed_note(signature=make_signature(npi=None))), "Practitioner")
    assert without["identifier"] == [{"system": "urn:countersign:staff", "value": "STAFF-7"}]


def roles_of(bundle: Json, provenance: Json) -> list[tuple[str, str]]:
    return [
        (each["type"]["coding"][0]["code"], resolve(bundle, each["who"])["resourceType"])
        for each in provenance["agent"]
    ]


def test_provenance_of_a_drafted_note_names_the_drafter_and_the_person_who_verified() -> None:
    bundle = bundle_of(make_signed_note())
    provenance = one_of(bundle, "Provenance")
    assert roles_of(bundle, provenance) == [
        ("assembler", "Device"),
        ("verifier", "Practitioner"),
        ("legal", "Practitioner"),
    ]
    device = one_of(bundle, "Device")
    assert device["deviceName"][0]["name"] == "grammar-1+notes-ab12cd34"
    assert [each["value"] for each in device["version"]] == ["grammar-1+notes-ab12cd34", "soap-3"]
    targets = [resolve(bundle, each)["resourceType"] for each in provenance["target"]]
    assert targets == ["Composition", "DocumentReference"]
    signature = provenance["signature"][0]
    assert [(each["url"], each["valueString"]) for each in signature["extension"]] == [
        ("urn:countersign:signed-sha-256", "3b" * 32),
        ("urn:countersign:identity-proved-by", "password and one-time code, at the desk"),
    ]
    assert datetime.fromisoformat(signature["when"]) == SIGNED_AT
    assert "data" not in signature


def test_provenance_of_a_note_that_a_person_wrote_names_no_device() -> None:
    bundle = bundle_of(make_signed_note(drafted_by=None))
    assert all_of(bundle, "Device") == []
    assert roles_of(bundle, one_of(bundle, "Provenance")) == [("author", "Practitioner"), ("legal", "Practitioner")]
    assert "Drafted by" not in json.dumps(bundle)


def test_drafter_is_never_the_author_of_the_composition() -> None:
    bundle = bundle_of(make_signed_note())
    (author,) = one_of(bundle, "Composition")["author"]
    assert resolve(bundle, author)["resourceType"] == "Practitioner"


@pytest.mark.parametrize(
    ("modality", "system", "code"),
    [
        ("office", "http://terminology.hl7.org/CodeSystem/v3-ActCode", "AMB"),
        ("telehealth", "http://terminology.hl7.org/CodeSystem/v3-ActCode", "VR"),
        ("phone", "urn:countersign:modality", "phone"),
    ],
)
def test_encounter_class_follows_the_modality(modality: str, system: str, code: str) -> None:
    found = one_of(bundle_of(make_signed_note(modality=modality)), "Encounter")["class"]
    assert (found["system"], found["code"]) == (system, code)


@pytest.mark.parametrize(
    ("procedure_code", "expected"),
    [
        ("90837", [{"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "90837"}]}]),
        ("90837 +90785", [{"text": "90837 +90785"}]),
        (None, None),
    ],
)
def test_encounter_has_the_procedure_code_without_its_descriptor(procedure_code: str | None, expected: Any) -> None:
    assert one_of(bundle_of(make_signed_note(procedure_code=procedure_code)), "Encounter").get("type") == expected


def test_encounter_has_the_addons_with_their_units() -> None:
    found = bundle_of(make_signed_note(procedure_code="90839", addons=(("90840", 2),)))
    cpt = "http://www.ama-assn.org/go/cpt"
    assert one_of(found, "Encounter")["type"] == [
        {"coding": [{"system": cpt, "code": "90839"}]},
        {"coding": [{"system": cpt, "code": "90840"}], "text": "90840 \N{MULTIPLICATION SIGN} 2"},
    ]
    assert "procedure code: 90839, 90840 \N{MULTIPLICATION SIGN} 2" in one_of(found, "Composition")["text"]["div"]


@pytest.mark.parametrize(
    ("zone", "started_at", "ended_at", "period"),
    [
        (
            "America/Chicago",
            datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
            datetime(2026, 11, 1, 7, 20, tzinfo=UTC),
            ("2026-11-01T01:30:00-05:00", "2026-11-01T01:20:00-06:00"),
        ),
        (
            "America/Chicago",
            datetime(2026, 3, 8, 7, 30, tzinfo=UTC),
            datetime(2026, 3, 8, 8, 20, tzinfo=UTC),
            ("2026-03-08T01:30:00-06:00", "2026-03-08T03:20:00-05:00"),
        ),
    ],
)
def test_encounter_times_have_the_place_s_offset_of_that_moment(
    zone: str, started_at: datetime, ended_at: datetime, period: tuple[str, str]
) -> None:
    note = make_signed_note(time_zone=zone, started_at=started_at, ended_at=ended_at)
    encounter = one_of(bundle_of(note), "Encounter")
    assert (encounter["period"]["start"], encounter["period"]["end"]) == period
    assert (encounter["length"]["value"], encounter["length"]["code"]) == (53, "min")


def test_conditions_are_the_note_s_diagnoses_and_no_more() -> None:
    bundle = bundle_of(make_signed_note())
    conditions = all_of(bundle, "Condition")
    assert [(each["code"]["coding"][0]["code"], each["code"]["coding"][0]["display"]) for each in conditions] == [
        ("F41.1", "Generalized anxiety disorder"),
        ("F33.1", "Major depressive disorder, moderate"),
    ]
    for each in conditions:
        assert resolve(bundle, each["subject"])["resourceType"] == "Patient"
        assert "clinicalStatus" not in each and "verificationStatus" not in each
    encounter = one_of(bundle, "Encounter")
    assert [resolve(bundle, each["condition"]) for each in encounter["diagnosis"]] == conditions
    without = bundle_of(make_signed_note(diagnoses=()))
    assert all_of(without, "Condition") == []
    assert "diagnosis" not in one_of(without, "Encounter")


# --- the PDF ---


@pytest.mark.parametrize(("count", "status"), [(0, "final"), (3, "amended")])
def test_document_reference_carries_the_pdf_whole(count: int, status: str) -> None:
    note = make_signed_note(addenda=tuple(make_addendum(number) for number in range(1, count + 1)))
    data = note_document_reference(note, PDF)
    assert json.loads(DocumentReference.model_validate_json(data).model_dump_json()) == json.loads(data)
    found = json.loads(data)
    assert (found["status"], found["docStatus"]) == ("current", status)
    attachment = found["content"][0]["attachment"]
    assert base64.b64decode(attachment["data"]) == PDF
    assert base64.b64decode(attachment["hash"]) == hashlib.sha1(PDF).digest()
    assert attachment["size"] == len(PDF)
    assert attachment["contentType"] == "application/pdf"
    assert attachment["title"] == "Progress note SN-000042"


def test_document_reference_alone_refers_to_people_by_identifier() -> None:
    found = json.loads(note_document_reference(make_signed_note(), PDF))
    assert list(references(found)) == []
    assert found["subject"]["identifier"] == {"system": "urn:countersign:patient", "value": "PAT-31"}
    assert found["authenticator"]["identifier"]["value"] == "1234567893"
    assert "Ñandú" not in json.dumps(found, ensure_ascii=False)
    without = json.loads(note_document_reference(make_signed_note(signature=make_signature(npi=None)), PDF))
    assert without["authenticator"]["identifier"] == {"system": "urn:countersign:staff", "value": "STAFF-7"}


# --- the same and not the same ---


def test_same_note_gives_the_same_bytes() -> None:
    assert note_bundle(make_signed_note(), PDF) == note_bundle(make_signed_note(), PDF)
    assert note_document_reference(make_signed_note(), PDF) == note_document_reference(make_signed_note(), PDF)


def test_addendum_makes_another_document_of_the_same_note() -> None:
    before, after = bundle_of(make_signed_note()), bundle_of(make_signed_note(addenda=(make_addendum(1),)))
    assert before["identifier"] != after["identifier"]
    assert one_of(before, "DocumentReference")["masterIdentifier"] == before["identifier"]
    assert before["entry"][0]["fullUrl"] == after["entry"][0]["fullUrl"]


def test_notes_share_no_address() -> None:
    one, other = bundle_of(make_signed_note()), bundle_of(make_signed_note(signature=make_signature(digest="4e" * 32)))
    assert {each["fullUrl"] for each in one["entry"]} & {each["fullUrl"] for each in other["entry"]} == set()


# --- what is told to nobody ---


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"diagnoses": (("F41 .1 \nZanzibarius", "x"),)}, "Bundle.entry.4.resource.code.coding.0.code"),
        ({"diagnoses": (("", "x"),)}, "Bundle.entry.4.resource.code.coding.0.code"),
        ({"modality": ""}, "Bundle.entry.3.resource.class.code"),
        ({"patient_id": "Zanzibarius \ud800"}, "Bundle.entry.1.resource.identifier.0.value"),
        ({"time_zone": "Zanzibarius"}, "time_zone"),
        ({"started_at": datetime(2026, 11, 2, 15)}, "started_at"),
    ],
)
def test_what_fhir_does_not_allow_is_named_by_its_path_alone(
    wanted: Json, field: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(ContractBroken) as refused:
        note_bundle(make_signed_note(**wanted))
    assert refused.value.field == field
    told = f"{refused.value!r} {refused.value.__context__!r} {refused.value.__cause__!r} {caplog.text}"
    assert "Zanzibarius" not in told
