"""A claim is made from its facts and the tables in force; what is missing is named with who can give it."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from models.billing import Fee
from models.claim_facts import Authorisation, ClinicianFacts
from models.claim_form import ClaimFrequency, PayerRank, PersonName
from models.codes import CaseOwner, Modality
from models.session_index import SessionService
from rules.claim_building import build_claim, modifiers, place_of_service
from tests.claim_cases import (
    ADDRESS,
    FIRST,
    PATIENT,
    SUBSCRIBER,
    earlier_payment,
    make_coverage,
    make_dependent,
    make_facts,
    make_form,
    make_payer,
    make_tables,
)

TELEHEALTH, OFFICE, EITHER = Modality.TELEHEALTH, Modality.OFFICE, Modality.EITHER


def test_claim_says_what_its_facts_and_the_tables_say() -> None:
    form = make_form(make_facts(diagnoses=("F41.1", "F33.1")))
    line = form.lines[0]
    assert (form.claim_number, form.charge_cents, form.place_of_service) == ("C-1001-1", 13_000, "11")
    assert (line.procedure_code, line.charge_cents, line.units) == ("90834", 13_000, 1)
    assert (line.pointers, line.control_number, line.modifiers) == ((1, 2), "C-1001-1L1", ())
    assert (form.rendering.npi, form.rendering.taxonomy) == ("1000000103", "103TC0700X")
    assert (form.billing.npi, form.payer.payer_id) == ("1000000996", "SAMPLE01")
    assert (form.subscriber.is_patient, form.subscriber.person, form.subscriber.address) == (True, PATIENT, ADDRESS)
    assert (form.patient, form.patient_address, form.authorisation) == (None, None, "")
    assert (form.subscriber.filing_code, form.subscriber.group_number) == ("CI", "G-7")


def test_dependent_is_the_patient_under_the_subscriber() -> None:
    form = make_form(make_facts(coverage=make_dependent()))
    assert (form.subscriber.person, form.subscriber.relationship) == (SUBSCRIBER, "19")
    assert (form.patient, form.patient_address) == (PATIENT, ADDRESS)


def test_add_ons_have_lines_of_their_own_with_units() -> None:
    form = make_form(
        make_facts(service=SessionService.CRISIS, procedure_code="90839", addons=(("90840", 2),), minutes=110)
    )
    assert [(line.number, line.procedure_code, line.units, line.charge_cents) for line in form.lines] == [
        (1, "90839", 1, 21_000),
        (2, "90840", 2, 20_000),
    ]
    assert form.charge_cents == 41_000
    assert [line.control_number for line in form.lines] == ["C-1001-1L1", "C-1001-1L2"]


@pytest.mark.parametrize(("count", "pointed"), [(1, (1,)), (4, (1, 2, 3, 4)), (5, (1, 2, 3, 4))])
def test_line_points_to_the_first_four_diagnoses(count: int, pointed: tuple[int, ...]) -> None:
    codes = ("F41.1", "F33.1", "F43.10", "F42.2", "F90.0")[:count]
    assert make_form(make_facts(diagnoses=codes)).lines[0].pointers == pointed


@pytest.mark.parametrize(
    ("facts", "payer", "place"),
    [
        ({"modality": OFFICE}, {}, "11"),
        ({"modality": OFFICE}, {"place_office": "53"}, "53"),
        ({"modality": TELEHEALTH, "patient_at_home": True}, {}, "10"),
        ({"modality": TELEHEALTH, "patient_at_home": False}, {}, "02"),
        ({"modality": TELEHEALTH, "patient_at_home": None}, {}, None),
        ({"modality": TELEHEALTH, "patient_at_home": None}, {"place_telehealth_unsaid": "10"}, "10"),
        ({"modality": TELEHEALTH, "patient_at_home": None}, {"place_telehealth_home": "02"}, "02"),
        ({"modality": EITHER}, {}, None),
    ],
)
def test_place_of_service_is_the_payers_for_the_modality(
    facts: dict[str, Any], payer: dict[str, Any], place: str | None
) -> None:
    assert place_of_service(make_payer(**payer), make_facts(**facts)) == place


@pytest.mark.parametrize(
    ("facts", "payer", "wanted"),
    [
        ({"modality": OFFICE}, {}, ()),
        ({"modality": TELEHEALTH}, {}, ("95",)),
        ({"modality": TELEHEALTH, "audio_only": True}, {}, ("93",)),
        ({"modality": TELEHEALTH}, {"telehealth_modifiers": ("GT",)}, ("GT",)),
        ({"modality": TELEHEALTH}, {"telehealth_modifiers": ()}, ()),
    ],
)
def test_modifiers_are_the_payers_for_the_modality(
    facts: dict[str, Any], payer: dict[str, Any], wanted: tuple[str, ...]
) -> None:
    assert modifiers(make_payer(**payer), make_facts(**facts)) == wanted
    form = make_form(make_facts(**facts), make_tables(payers=(make_payer(**payer),)))
    assert form.lines[0].modifiers == wanted


def test_charge_is_the_fee_for_the_modifiers_in_force() -> None:
    tables = make_tables(fees=(Fee("AETNA", "90834", 1, FIRST), Fee("AETNA", "90834", 2, FIRST, modifiers=("95",))))
    assert make_form(make_facts(), tables).charge_cents == 1
    assert make_form(make_facts(modality=TELEHEALTH), tables).charge_cents == 2


def test_replacement_and_secondary_claim_carry_what_they_answer() -> None:
    payment = earlier_payment()
    form = make_form(
        make_facts(
            frequency=ClaimFrequency.REPLACEMENT,
            original_number="P-9",
            earlier_payments=(payment,),
            coverage=make_coverage(rank=PayerRank.SECONDARY),
            authorisation=Authorisation("AUTH-1"),
        )
    )
    assert (form.frequency, form.original_number, form.authorisation) == (ClaimFrequency.REPLACEMENT, "P-9", "AUTH-1")
    assert (form.earlier_payments, form.subscriber.rank) == ((payment,), PayerRank.SECONDARY)


@pytest.mark.parametrize(
    ("changes", "field", "owner"),
    [
        ({"coverage": make_coverage(payer_code="NOBODY")}, "coverage.payer_code", CaseOwner.BILLER),
        ({"service_date": date(2025, 12, 31)}, "practice", CaseOwner.BILLER),
        ({"clinician": ClinicianFacts("ST-999", "A", "B", "1000000103")}, "clinician.taxonomy", CaseOwner.BILLER),
        ({"clinician": ClinicianFacts("ST-101", "A", "B", "")}, "clinician.npi", CaseOwner.BILLER),
        ({"procedure_code": "99999"}, "fee.99999", CaseOwner.BILLER),
        ({"procedure_code": ""}, "procedure_code", CaseOwner.CLINICIAN),
        ({"addons": (("90785", 0),)}, "addons", CaseOwner.CLINICIAN),
        ({"diagnoses": ()}, "diagnoses", CaseOwner.CLINICIAN),
        ({"modality": EITHER}, "modality", CaseOwner.CLINICIAN),
        ({"modality": TELEHEALTH, "patient_at_home": None}, "patient_at_home", CaseOwner.CLINICIAN),
        ({"coverage": make_coverage(member_id="")}, "coverage.member_id", CaseOwner.PATIENT),
        ({"coverage": make_coverage(relationship="")}, "coverage.relationship", CaseOwner.PATIENT),
        ({"coverage": make_coverage(relationship="19")}, "coverage.subscriber", CaseOwner.PATIENT),
        ({"coverage": make_coverage(relationship="19", subscriber=PersonName(""))}, "coverage.subscriber.family_name",
         CaseOwner.PATIENT),
        ({"patient": replace(PATIENT, family_name="")}, "patient.family_name", CaseOwner.PATIENT),
        ({"patient": replace(PATIENT, birth_date=None)}, "patient.birth_date", CaseOwner.PATIENT),
        ({"patient": replace(PATIENT, sex="")}, "patient.sex", CaseOwner.PATIENT),
        ({"patient_address": None}, "patient_address", CaseOwner.PATIENT),
        ({"patient_address": replace(ADDRESS, line="")}, "patient_address.line", CaseOwner.PATIENT),
        ({"patient_address": replace(ADDRESS, zip_code="")}, "patient_address.zip_code", CaseOwner.PATIENT),
    ],
)  # fmt: skip
def test_missing_fact_is_named_with_who_can_give_it(changes: dict[str, Any], field: str, owner: CaseOwner) -> None:
    built = build_claim(make_facts(**changes), make_tables())
    assert built.form is None
    assert (field, owner) in [(each.field, each.owner) for each in built.missing]
    assert all("Brandt" not in each.message and "W123" not in each.message for each in built.missing)


def test_everything_missing_is_named_at_once() -> None:
    facts = make_facts(diagnoses=(), coverage=make_coverage(member_id=""), patient_address=None)
    found = [each.field for each in build_claim(facts, make_tables(practices=())).missing]
    assert found == ["practice", "diagnoses", "coverage.member_id", "patient_address"]
