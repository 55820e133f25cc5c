"""A FHIR referral bundle: the referral in it, or the path of what is broken."""

import copy
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.fhir import referral_from_bundle
from data_contracts.referral_bundle import check_referral_bundle
from models.codes import Modality
from models.errors import ContractBroken
from models.measures import DEFINITIONS, Measure
from models.referral_bundle import Entry, read_response

CHECKOUT = Path(__file__).parents[2]
SAMPLES = CHECKOUT / "samples" / "referrals" / "fhir"
PUBLIC = CHECKOUT.parent / "shared" / "data" / "fhir"
LOCATIONS = frozenset({"LOC-1", "LOC-2", "LOC-3"})
MARKER = "Zanzibarius"

Bundle = dict[str, Any]


def sample(number: int = 77010) -> Bundle:
    bundle: Bundle = json.loads((SAMPLES / f"ehr-{number}.json").read_text(encoding="utf-8"))
    return bundle


def of(bundle: Bundle, kind: str, at: int = 0) -> Bundle:
    found = [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]
    resource: Bundle = found[at]
    return resource


def as_bytes(bundle: Bundle) -> bytes:
    return json.dumps(bundle).encode()


def read(bundle: Bundle) -> Any:
    return referral_from_bundle(as_bytes(bundle), LOCATIONS)


def response(*items: Bundle, **fields: Any) -> Entry:
    return Entry(0, "", {"authored": "2026-11-03T09:00:00Z", "item": list(items), **fields})


def item(link_id: str, *answers: Bundle) -> Bundle:
    return {"linkId": link_id, "answer": list(answers)}


# --- what is read ---


def test_bundle_gives_the_referral() -> None:
    referral = read(sample())
    assert (referral.external_id, referral.source, referral.source_row) == ("EHR-77010", "fhir", 2)
    assert (referral.given_name, referral.family_name) == ("Beatrix", "Holloway")
    assert referral.birth_date == date(1990, 3, 15)
    assert referral.received_at == datetime(2026, 11, 10, 18, 4, tzinfo=UTC)
    assert (referral.phone, referral.preferred_channel) == ("+15035550151", "email")
    assert (referral.payer_code, referral.plan_code, referral.member_id) == ("AETNA", "PPO", "A7701001")
    assert (referral.modality, referral.location_id) == (Modality.EITHER, "LOC-1")
    assert referral.focus_areas == ("anxiety", "sleep")
    assert referral.preferred_times == ("tue-am", "thu-am")
    assert (referral.consent_ai, referral.consent_ai_on) == (True, date(2026, 11, 10))
    assert referral.referral_text.unwrap().startswith("Worries about her new role")
    phq9, gad7 = referral.answers
    assert dict(phq9.answers) == {1: 1, 2: 1, 3: 1, 4: 1, 5: 0, 6: 0, 7: 1, 8: 0, 9: 0}
    assert (phq9.measure, phq9.version, gad7.measure) == ("phq9", "2.77", "gad7")


def test_bundle_prints_nothing_about_the_person() -> None:
    assert repr(read(sample())) == "<referral fhir row 2>"


@pytest.mark.parametrize("number", range(77010, 77016))
def test_sample_bundles_keep_the_contract(number: int) -> None:
    assert check_referral_bundle(as_bytes(sample(number)), known_locations=LOCATIONS) == ()
    assert read(sample(number)).external_id == f"EHR-{number}"


def test_sample_bundles_reach_every_shape_of_answer() -> None:
    assert dict(read(sample(77014)).answers[0].answers) == {1: 3, 2: 2, 3: 2, 4: 2, 5: 1, 6: 2, 7: 2}
    assert 9 not in read(sample(77015)).answers[0].answers
    assert (read(sample(77012)).self_pay, read(sample(77012)).payer_code) == (True, None)
    assert (read(sample(77012)).preferred_channel, read(sample(77012)).language) == ("sms", "es")
    assert read(sample(77011)).referrer_name == "Oona Ferncastle"
    assert read(sample(77015)).consent_ai is False and read(sample(77015)).needs_accessible
    assert read(sample(77014)).consent_ai is None


def test_bundle_without_optional_resources_leaves_them_unknown() -> None:
    bundle = sample()
    bundle["entry"] = [it for it in bundle["entry"] if it["resource"]["resourceType"] in ("Patient", "ServiceRequest")]
    patient, request = of(bundle, "Patient"), of(bundle, "ServiceRequest")
    for field in ("address", "communication", "extension"):
        patient.pop(field)
    for field in ("orderDetail", "reasonCode", "note", "occurrenceTiming", "requester"):
        request.pop(field)
    referral = read(bundle)
    assert (referral.state, referral.language, referral.time_zone, referral.consent_ai) == (None,) * 4
    assert (referral.payer_code, referral.referrer_name, referral.self_pay) == (None, None, False)
    assert (referral.modality, referral.answers, referral.preferred_times) == (Modality.EITHER, (), ())
    assert referral.referral_text.is_blank


@pytest.mark.parametrize(
    ("status", "provision", "consent"),
    [
        ("active", "permit", True),
        ("active", "deny", False),
        ("inactive", "permit", False),
        ("rejected", "permit", False),
        ("proposed", "permit", None),
        ("entered-in-error", "permit", None),
    ],
)
def test_bundle_consent_counts_only_as_stated(status: str, provision: str, consent: bool | None) -> None:
    bundle = sample()
    of(bundle, "Consent")["status"] = status
    of(bundle, "Consent")["provision"]["type"] = provision
    assert read(bundle).consent_ai is consent


def test_bundle_consent_about_something_else_is_not_ai_consent() -> None:
    bundle = sample()
    of(bundle, "Consent")["category"] = [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}]
    assert read(bundle).consent_ai is None


def test_bundle_later_consent_replaces_earlier() -> None:
    bundle = sample()
    later = copy.deepcopy(of(bundle, "Consent"))
    later |= {"id": "ai2", "dateTime": "2026-11-12", "provision": {"type": "deny"}}
    bundle["entry"].insert(0, {"resource": later})
    assert read(bundle).consent_ai is False


def test_bundle_ignores_resources_of_other_kinds() -> None:
    bundle = sample()
    bundle["entry"].append({"resource": {"resourceType": "Provenance", "odd": True}})
    assert read(bundle).external_id == "EHR-77010"


def test_bundle_payer_can_be_an_organization_in_it() -> None:
    bundle = sample()
    of(bundle, "Coverage")["payor"] = [{"reference": "Organization/o1"}]
    organization = {
        "resourceType": "Organization",
        "id": "o1",
        "name": "Payer",
        "identifier": [{"value": "bcbs"}],
    }
    bundle["entry"].append({"resource": organization})
    assert read(bundle).payer_code == "BCBS"


@pytest.mark.parametrize("born", ["1905-11-11", "2026-11-10"])
def test_bundle_takes_ages_from_0_to_120(born: str) -> None:
    bundle = sample()
    of(bundle, "Patient")["birthDate"] = born
    assert read(bundle).birth_date == date.fromisoformat(born)


# --- what is refused ---


def broken_by(change: Callable[[Bundle], object]) -> ContractBroken:
    bundle = sample()
    change(bundle)
    with pytest.raises(ContractBroken) as broken:
        read(bundle)
    findings = check_referral_bundle(as_bytes(bundle), known_locations=LOCATIONS)
    assert broken.value.field in {it.field for it in findings}
    assert MARKER not in str(broken.value) + repr(findings)
    return broken.value


PATIENT, REQUEST, COVERAGE, CONSENT, PHQ9 = (f"Bundle.entry[{at}].resource" for at in range(5))
BREAKAGES: list[tuple[str, Callable[[Bundle], object]]] = [
    (f"{PATIENT}.birthDate", lambda it: of(it, "Patient").update(birthDate="1990-02-31")),
    (f"{PATIENT}.birthDate", lambda it: of(it, "Patient").update(birthDate="1990-02")),
    (f"{PATIENT}.birthDate", lambda it: of(it, "Patient").update(birthDate="1905-11-10")),
    (f"{PATIENT}.birthDate", lambda it: of(it, "Patient").update(birthDate="2026-11-11")),
    (f"{PATIENT}.birthDate", lambda it: of(it, "Patient").pop("birthDate")),
    (f"{PATIENT}.telecom", lambda it: of(it, "Patient").pop("telecom")),
    (f"{PATIENT}.telecom[1].value", lambda it: of(it, "Patient")["telecom"][1].update(value=MARKER)),
    (f"{PATIENT}.address[0].state", lambda it: of(it, "Patient")["address"][0].update(state=MARKER)),
    (
        f"{PATIENT}.extension[0].valueCode",
        lambda it: of(it, "Patient")["extension"][0].update(valueCode="PST"),
    ),
    (f"{PATIENT}.name", lambda it: of(it, "Patient").pop("name")),
    (f"{PATIENT}.name[0].family", lambda it: of(it, "Patient")["name"][0].pop("family")),
    (f"{PATIENT}.?", lambda it: of(it, "Patient").update({f"{MARKER} 1": 1})),
    (f"{REQUEST}.status", lambda it: of(it, "ServiceRequest").update(status="revoked")),
    (
        f"{REQUEST}.subject.reference",
        lambda it: of(it, "ServiceRequest").update(subject={"reference": "Patient/p2"}),
    ),
    (f"{REQUEST}.locationReference[0]", lambda it: of(it, "ServiceRequest").pop("locationReference")),
    (
        f"{REQUEST}.locationReference[0]",
        lambda it: of(it, "ServiceRequest").update(locationReference=[{"reference": "Location/LOC-9"}]),
    ),
    (
        f"{REQUEST}.orderDetail[0].coding[0].code",
        lambda it: of(it, "ServiceRequest")["orderDetail"][0]["coding"][0].update(code=MARKER),
    ),
    (
        f"{REQUEST}.reasonCode[1].coding[0].code",
        lambda it: of(it, "ServiceRequest")["reasonCode"][1]["coding"][0].update(code=MARKER),
    ),
    (
        f"{REQUEST}.occurrenceTiming.repeat.when[0]",
        lambda it: of(it, "ServiceRequest")["occurrenceTiming"]["repeat"].update(when=["HS"]),
    ),
    (f"{REQUEST}.note", lambda it: of(it, "ServiceRequest").update(note=[{"text": "a" * 20_001}])),
    (f"{COVERAGE}.status", lambda it: of(it, "Coverage").update(status="cancelled")),
    (
        f"{COVERAGE}.beneficiary.reference",
        lambda it: of(it, "Coverage").update(beneficiary={"display": MARKER}),
    ),
    (
        f"{CONSENT}.patient.reference",
        lambda it: of(it, "Consent").update(patient={"reference": "Patient/p2"}),
    ),
    (f"{PHQ9}.subject.reference", lambda it: of(it, "QuestionnaireResponse").pop("subject")),
    (f"{PHQ9}.status", lambda it: of(it, "QuestionnaireResponse").update(status="entered-in-error")),
    (f"{PHQ9}.authored", lambda it: of(it, "QuestionnaireResponse").pop("authored")),
    ("Bundle.entry", lambda it: it["entry"].append(it["entry"][0])),
    ("Bundle.entry", lambda it: it["entry"].pop(1)),
    ("Bundle.entry", lambda it: it.update(entry=[])),
    ("Bundle.entry[0].resource", lambda it: it.update(entry=[{}])),
    ("Bundle.resourceType", lambda it: it.update(resourceType="Patient")),
    ("Bundle.type", lambda it: it.update(type=5)),
    ("Bundle.timestamp", lambda it: (it.pop("timestamp"), of(it, "ServiceRequest").pop("authoredOn"))),
]


@pytest.mark.parametrize(("field", "change"), BREAKAGES)
def test_bundle_names_the_path_of_what_is_broken(field: str, change: Callable[[Bundle], object]) -> None:
    assert broken_by(change).field == field


def test_bundle_refuses_answers_of_another_patient() -> None:
    broken = broken_by(lambda it: of(it, "QuestionnaireResponse")["subject"].update(reference="Patient/p2"))
    assert (broken.row, broken.field) == (5, f"{PHQ9}.subject.reference")


def test_bundle_refuses_an_empty_reference_to_an_unaddressed_patient() -> None:
    bundle = sample()
    bundle["entry"][0].pop("fullUrl")
    of(bundle, "Patient").pop("id")
    for entry in bundle["entry"][1:]:
        for field in ("subject", "beneficiary", "patient"):
            if field in entry["resource"]:
                entry["resource"][field] = {"display": "the patient"}
    with pytest.raises(ContractBroken):
        read(bundle)


@pytest.mark.parametrize("data", [b"", b"not json", b"[1]", b"\xff\xfe{}", b'{"a":' * 100_000])
def test_bundle_refuses_a_file_that_is_no_bundle(data: bytes) -> None:
    with pytest.raises(ContractBroken):
        referral_from_bundle(data, LOCATIONS)
    assert len(check_referral_bundle(data, known_locations=LOCATIONS)) == 1


def test_contract_lists_every_broken_place_once() -> None:
    bundle = sample()
    of(bundle, "Patient").pop("birthDate")
    of(bundle, "Patient")["telecom"][1]["value"] = MARKER
    of(bundle, "ServiceRequest")["locationReference"] = [{"reference": f"Location/{MARKER}"}]
    findings = check_referral_bundle(as_bytes(bundle), known_locations=LOCATIONS)
    assert [(it.row, it.field) for it in findings] == [
        (1, f"{PATIENT}.birthDate"),
        (1, f"{PATIENT}.telecom[1].value"),
        (2, f"{REQUEST}.locationReference[0]"),
    ]
    assert MARKER not in repr(findings)


def _places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, value in below for place in _places(value, (*path, key)))]


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_bundle_answers_or_refuses_whatever_is_changed_in_it(data: st.DataObject) -> None:
    bundle = sample(data.draw(st.sampled_from([77010, 77011, 77014, 77015])))
    *parents, key = data.draw(st.sampled_from(_places(bundle)[1:]))
    node: Any = bundle
    for parent in parents:
        node = node[parent]
    node[key] = data.draw(
        st.sampled_from([None, "", "x", "2", "2026", -1, 4.5, True, [], {}, [{}], [None], {"reference": ""}])
    )
    findings = check_referral_bundle(as_bytes(bundle), known_locations=LOCATIONS)
    if findings:
        with pytest.raises(ContractBroken):
            read(bundle)
    else:
        assert read(bundle).source == "fhir"


# --- answers ---


@pytest.mark.parametrize("link_id", ["44260-8", "/44260-8", "/44249-1/44260-8"])
@pytest.mark.parametrize(
    "answer",
    [
        {"valueCoding": {"system": "http://loinc.org", "code": "LA6570-1"}},
        {"valueInteger": 2},
        {"valueDecimal": 2.0},
        {"valueCoding": {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/ordinalValue",
                                        "valueDecimal": 2}], "code": "own"}},
        {"valueCoding": {"code": "LA6570-1"}, "extension": [
            {"url": "http://hl7.org/fhir/StructureDefinition/itemWeight", "valueDecimal": 2}]},
    ],
    ids=["code", "integer", "decimal", "ordinal", "code and weight"],
)  # fmt: skip
def test_answer_is_read_in_each_form(link_id: str, answer: Bundle) -> None:
    (phq9,) = read_response(response(item(link_id, answer)))
    assert (phq9.measure, dict(phq9.answers)) == ("phq9", {9: 2})


@pytest.mark.parametrize(
    "answers",
    [
        [{"valueInteger": 4}],
        [{"valueInteger": -1}],
        [{"valueDecimal": 1.5}],
        [{"valueString": "2"}],
        [{"valueInteger": "2"}],
        [{"valueInteger": True}],
        [{"valueCoding": {"code": "LA0000-0"}}],
        [{"valueInteger": 1, "valueCoding": {"code": "LA6570-1"}}],
        [{"valueInteger": 1}, {"valueInteger": 2}],
    ],
    ids=["above", "below", "half", "text", "quoted", "true", "unknown code", "contradicts itself", "two"],
)
def test_answer_that_is_unclear_is_refused(answers: list[Bundle]) -> None:
    with pytest.raises(ContractBroken) as broken:
        list(read_response(response(item("/44260-8", *answers))))
    assert str(broken.value.field).startswith("Bundle.entry[0].resource.item[0].answer")


def test_answers_are_found_in_groups_and_split_by_measure() -> None:
    grouped = {
        "linkId": "forms",
        "item": [item("44250-9", {"valueInteger": 1}), item("69725-0", {"valueInteger": 3})],
    }
    phq9, gad7 = read_response(response(grouped, item("44261-6", {"valueDecimal": 1})))
    assert (phq9.measure, dict(phq9.answers)) == ("phq9", {1: 1})
    assert (gad7.measure, dict(gad7.answers)) == ("gad7", {1: 3})


def test_answer_left_open_is_absent() -> None:
    (phq9,) = read_response(response({"linkId": "44250-9"}, item("44255-8", {"valueInteger": 0})))
    assert dict(phq9.answers) == {2: 0}


def test_answers_given_twice_are_refused() -> None:
    with pytest.raises(ContractBroken, match="twice"):
        list(read_response(response(item("44250-9", {"valueInteger": 0}), item("/44250-9", {"valueInteger": 1}))))


def test_answers_of_an_unknown_form_go_to_a_person() -> None:
    with pytest.raises(ContractBroken, match="none of the questions"):
        list(read_response(response(item("mood", {"valueString": "low"}))))


def test_answers_authored_on_a_day_keep_that_day() -> None:
    (phq9,) = read_response(response(item("44250-9", {"valueInteger": 0}), authored="2026-11-03"))
    assert phq9.authored_at == datetime(2026, 11, 3, tzinfo=UTC)


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public FHIR examples are not beside this checkout")
def test_public_phq9_example_is_read() -> None:
    """HL7 US Core's PHQ-9 QuestionnaireResponse, whose own total is 12."""
    path = PUBLIC / "us-core-examples" / "QuestionnaireResponse-phq-9-example.yml"
    resource = yaml.safe_load(path.read_text(encoding="utf-8"))
    (phq9,) = read_response(Entry(0, "", resource))
    assert phq9.measure == "phq9"
    assert sum(value for number, value in phq9.answers.items() if number <= 9) == 12
    assert phq9.answers[10] == 1


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public FHIR examples are not beside this checkout")
@pytest.mark.parametrize(("measure", "name"), [(Measure.PHQ9, "PHQ9"), (Measure.GAD7, "GAD7")])
def test_public_questionnaires_have_only_items_that_we_read(measure: Measure, name: str) -> None:
    path = PUBLIC / "questionnaires" / f"1_Questionnaire-{name}.json"
    linked = {it["linkId"] for it in json.loads(path.read_text(encoding="utf-8"))["item"] if it["type"] == "choice"}
    read_by_us = {f"/{it.link_id}" for it in DEFINITIONS[measure].items}
    assert linked and linked <= read_by_us
