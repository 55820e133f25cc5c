"""Each rule of the scrubber sees its own fault and nothing else; a claim with a blocking finding never leaves."""

import inspect
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from models.billing import DeadlineStart
from models.claim_facts import Authorisation, ClaimMade, ClinicianFacts
from models.claim_findings import ClaimFinding, Severity
from models.claim_form import ClaimForm, ClaimFrequency, LineAdjustment, PayerRank, PostalAddress
from models.codes import CaseOwner, Modality
from models.session_index import SessionService
from rules import claim_checks_parties, claim_checks_service, claim_checks_terms
from rules.claim_checks import RULES, VOID_RULES, ScrubContext, leaves, scrub
from rules.claim_rule import Check
from rules.coverage import CoverageStatus
from tests.claim_cases import (
    ADDRESS,
    PATIENT,
    SERVICE_DATE,
    earlier_payment,
    make_context,
    make_contract,
    make_coverage,
    make_dependent,
    make_facts,
    make_form,
    make_note,
    make_payer,
    make_tables,
)

BLOCKS, WARNS, NOTHING = ["blocking"], ["warning"], []
CRISIS, EVALUATION, GROUP = SessionService.CRISIS, SessionService.EVALUATION, SessionService.GROUP
TELEHEALTH, OFFICE = Modality.TELEHEALTH, Modality.OFFICE
REPLACEMENT, VOID = ClaimFrequency.REPLACEMENT, ClaimFrequency.VOID
ASKS = make_payer(authorisation_codes=frozenset({"90834"}))
MADE = ClaimMade("C-900-1", "PT-1", "ST-101", SERVICE_DATE, ("90834",), "AETNA", "P-1")

Change = Callable[[ClaimForm], ClaimForm]


def form_with(**changes: Any) -> Change:
    return lambda form: replace(form, **changes)


def line_with(**changes: Any) -> Change:
    return lambda form: replace(form, lines=(replace(form.lines[0], **changes), *form.lines[1:]))


def billing_with(**changes: Any) -> Change:
    return lambda form: replace(form, billing=replace(form.billing, **changes))


def rendering_with(**changes: Any) -> Change:
    return lambda form: replace(form, rendering=replace(form.rendering, **changes))


def subscriber_with(**changes: Any) -> Change:
    return lambda form: replace(form, subscriber=replace(form.subscriber, **changes))


def person_with(**changes: Any) -> Change:
    return lambda form: replace(
        form, subscriber=replace(form.subscriber, person=replace(form.subscriber.person, **changes))
    )


def patient_with(**changes: Any) -> Change:
    return lambda form: replace(form, patient=replace(form.patient, **changes) if form.patient else None)


def as_it_is(form: ClaimForm) -> ClaimForm:
    return form


def payer_row(**changes: Any) -> dict[str, Any]:
    return {"tables": make_tables(payers=(make_payer(**changes),))}


def held(**changes: Any) -> dict[str, Any]:
    return {"authorisation": replace(Authorisation("AUTH-1"), **changes)}


def on_day(days: int) -> date:
    return SERVICE_DATE + timedelta(days=days)


SECONDARY = {"coverage": make_coverage(rank=PayerRank.SECONDARY)}
ASKING = {"tables": make_tables(payers=(ASKS,))}
DECIDES = {"secondary_from": DeadlineStart.DECISION, "corrected_from": DeadlineStart.DECISION}

Case = tuple[str, dict[str, Any], dict[str, Any], Change, list[str]]

CASES: list[Case] = [
    # rule, facts, context, what is done to the form, severities
    *[
        ("minutes_support_codes", {"procedure_code": code, "minutes": minutes}, {}, as_it_is, found)
        for code, minutes, found in [
            ("90832", 15, BLOCKS), ("90832", 16, NOTHING), ("90832", 37, NOTHING), ("90832", 38, WARNS),
            ("90834", 37, BLOCKS), ("90834", 38, NOTHING), ("90834", 52, NOTHING), ("90834", 53, WARNS),
            ("90837", 52, BLOCKS), ("90837", 53, NOTHING),
        ]
    ],
    *[
        ("minutes_support_codes",
         {"service": CRISIS, "procedure_code": "90839", "addons": addons, "minutes": minutes}, {}, as_it_is, found)
        for addons, minutes, found in [
            ((), 29, BLOCKS), ((), 30, NOTHING), ((), 74, NOTHING), ((), 75, WARNS), ((("90840", 1),), 74, BLOCKS),
            ((("90840", 1),), 75, NOTHING), ((("90840", 1),), 104, NOTHING), ((("90840", 1),), 105, WARNS),
            ((("90840", 2),), 105, NOTHING),
        ]
    ],
    ("minutes_support_codes", {"addons": (("90785", 2),)}, {}, as_it_is, BLOCKS),
    ("code_fits_service", {}, {}, as_it_is, NOTHING),
    ("code_fits_service", {"service": GROUP, "procedure_code": "90834"}, {}, as_it_is, BLOCKS),
    ("code_fits_service", {"service": GROUP, "procedure_code": "90853"}, {}, as_it_is, NOTHING),
    ("code_fits_service", {"procedure_code": "90847"}, {}, as_it_is, BLOCKS),
    ("code_fits_service", {"addons": (("90840", 1),), "procedure_code": "90834"}, {}, as_it_is, NOTHING),
    ("codes_go_together", {"addons": (("90785", 1),)}, {}, as_it_is, NOTHING),
    ("codes_go_together", {"addons": (("90840", 1),)}, {}, as_it_is, BLOCKS),
    ("codes_go_together", {"procedure_code": "90840"}, {}, as_it_is, BLOCKS),
    ("codes_go_together", {"procedure_code": "90785"}, {}, as_it_is, BLOCKS),
    ("codes_go_together", {"service": SessionService.FAMILY, "procedure_code": "90847", "addons": (("90785", 1),)}, {},
     as_it_is, BLOCKS),
    ("codes_go_together", {"service": CRISIS, "procedure_code": "90839", "minutes": 60, "addons": (("90785", 1),)}, {},
     as_it_is, BLOCKS),
    ("codes_go_together", {"service": EVALUATION, "procedure_code": "90791"},
     {"claims_made": (replace(MADE, codes=("90839",)),)}, as_it_is, BLOCKS),
    ("codes_go_together", {"service": EVALUATION, "procedure_code": "90791"},
     {"claims_made": (replace(MADE, codes=("90853",)),)}, as_it_is, NOTHING),
    ("codes_go_together", {"service": CRISIS, "procedure_code": "90839", "minutes": 60}, {"claims_made": (MADE,)},
     as_it_is, BLOCKS),
    ("codes_go_together", {"service": CRISIS, "procedure_code": "90839", "minutes": 60},
     {"claims_made": (replace(MADE, service_date=on_day(-1)),)}, as_it_is, NOTHING),
    ("form_says_the_facts", {}, {}, as_it_is, NOTHING),
    ("form_says_the_facts", {}, {}, line_with(procedure_code="90837"), BLOCKS),
    ("form_says_the_facts", {}, {}, line_with(units=2), BLOCKS),
    ("form_says_the_facts", {}, {}, line_with(service_date=on_day(1)), BLOCKS),
    ("form_says_the_facts", {}, {}, form_with(diagnoses=("F33.1",)), BLOCKS),
    ("form_says_the_facts", {}, {}, form_with(claim_number="C-2"), BLOCKS),
    ("form_says_the_facts", {}, {}, form_with(lines=()), BLOCKS),
    ("diagnosis_present", {}, {}, as_it_is, NOTHING),
    ("diagnosis_present", {}, {}, form_with(diagnoses=()), BLOCKS),
    ("diagnosis_present", {}, {}, form_with(diagnoses=tuple(f"F4{at}.1" for at in range(12))), NOTHING),
    ("diagnosis_present", {}, {}, form_with(diagnoses=tuple(f"F4{at}.1" for at in range(13))), BLOCKS),
    ("diagnosis_present", {}, {}, form_with(diagnoses=("F41.1", "F41.1")), BLOCKS),
    ("diagnosis_specific_and_valid", {}, {}, as_it_is, NOTHING),
    ("diagnosis_specific_and_valid", {"diagnoses": ("F33",)}, {}, as_it_is, BLOCKS),
    ("diagnosis_specific_and_valid", {"diagnoses": ("F33.1", "F33.0")}, {}, as_it_is, NOTHING),
    ("diagnosis_specific_and_valid", {"diagnoses": ("F32.A",)}, {}, as_it_is, NOTHING),
    ("diagnosis_specific_and_valid", {"diagnoses": ("nonsense",)}, {}, as_it_is, BLOCKS),
    ("diagnosis_specific_and_valid", {"diagnoses": ("A00.0",)}, {}, as_it_is, WARNS),
    ("pointers_in_range", {}, {}, as_it_is, NOTHING),
    ("pointers_in_range", {}, {}, line_with(pointers=()), BLOCKS),
    ("pointers_in_range", {}, {}, line_with(pointers=(0,)), BLOCKS),
    ("pointers_in_range", {}, {}, line_with(pointers=(2,)), BLOCKS),
    ("pointers_in_range", {}, {}, line_with(pointers=(1, 1)), BLOCKS),
    ("pointers_in_range", {"diagnoses": ("F41.1", "F33.1", "F43.10", "F42.2", "F90.0")}, {}, as_it_is, NOTHING),
    ("pointers_in_range", {"diagnoses": ("F41.1", "F33.1", "F43.10", "F42.2", "F90.0")}, {},
     line_with(pointers=(1, 2, 3, 4, 5)), BLOCKS),
    ("charge_is_sum_of_lines", {}, {}, as_it_is, NOTHING),
    ("charge_is_sum_of_lines", {}, {}, form_with(charge_cents=13_001), BLOCKS),
    ("charge_is_sum_of_lines", {}, {}, form_with(charge_cents=12_999), BLOCKS),
    ("charges_above_zero", {}, {}, line_with(charge_cents=1), NOTHING),
    ("charges_above_zero", {}, {}, line_with(charge_cents=0), BLOCKS),
    ("charges_above_zero", {}, {}, line_with(units=0), BLOCKS),
    ("charges_above_zero", {}, {}, form_with(lines=()), BLOCKS),
    ("claim_number_fits", {}, {}, form_with(claim_number="C" * 20), NOTHING),
    ("claim_number_fits", {}, {}, form_with(claim_number="C" * 21), BLOCKS),
    ("claim_number_fits", {}, {}, form_with(claim_number=""), BLOCKS),
    ("claim_number_fits", {}, {}, form_with(claim_number="C*1"), BLOCKS),
    ("claim_number_fits", {}, {}, line_with(control_number=""), BLOCKS),
    ("claim_number_fits", {"addons": (("90785", 1),)}, {}, line_with(control_number="C-1001-1L2"), BLOCKS),
    ("note_is_signed", {}, {}, as_it_is, NOTHING),
    ("note_is_signed", {"note": make_note(signed_at=None)}, {}, as_it_is, BLOCKS),
    ("note_is_signed", {}, {"signed_digest": None}, as_it_is, BLOCKS),
    ("note_is_signed", {}, {"signed_digest": "e" * 64}, as_it_is, BLOCKS),
    ("note_is_signed", {"note": make_note(digest="")}, {"signed_digest": ""}, as_it_is, BLOCKS),
    ("service_date_not_future", {}, {"today": SERVICE_DATE}, as_it_is, NOTHING),
    ("service_date_not_future", {}, {"today": on_day(-1)}, as_it_is, BLOCKS),
    ("not_a_duplicate", {}, {"claims_made": (MADE,)}, as_it_is, BLOCKS),
    ("not_a_duplicate", {}, {"claims_made": (replace(MADE, payer_code=""),)}, as_it_is, BLOCKS),
    *[
        ("not_a_duplicate", {}, {"claims_made": (replace(MADE, **other),)}, as_it_is, NOTHING)
        for other in (
            {"patient_id": "PT-2"}, {"staff_id": "ST-102"}, {"service_date": on_day(1)}, {"codes": ("90853",)},
            {"payer_code": "CIGNA"}, {"claim_number": "C-1001-1"},
        )
    ],
    ("not_a_duplicate", {"frequency": REPLACEMENT, "original_number": "P-1"}, {"claims_made": (MADE,)}, as_it_is,
     NOTHING),
    ("not_a_duplicate", {"frequency": REPLACEMENT, "original_number": "P-2"}, {"claims_made": (MADE,)}, as_it_is,
     BLOCKS),
    ("changed_against_note", {}, {}, as_it_is, NOTHING),
    ("changed_against_note", {"note": make_note(procedure_code="90837")}, {}, as_it_is, WARNS),
    ("changed_against_note", {"note": make_note(addons=(("90785", 1),))}, {}, as_it_is, WARNS),
    ("changed_against_note", {"note": make_note(diagnoses=("F33.1",))}, {}, as_it_is, WARNS),
    ("billing_npi_checks", {}, {}, as_it_is, NOTHING),
    ("billing_npi_checks", {}, {}, billing_with(npi="1000000997"), BLOCKS),
    ("billing_npi_checks", {}, {}, billing_with(npi="1000000103"), NOTHING),
    ("rendering_npi_checks", {}, {}, as_it_is, NOTHING),
    ("rendering_npi_checks", {}, {}, rendering_with(npi="1000000104"), BLOCKS),
    ("rendering_npi_checks", {}, {}, rendering_with(npi="1000000111"), BLOCKS),
    ("rendering_npi_checks", {"clinician": ClinicianFacts("ST-101", "O", "M", "1000000996")}, {}, as_it_is, NOTHING),
    ("tax_id_has_nine_digits", {}, {}, as_it_is, NOTHING),
    *[("tax_id_has_nine_digits", {}, {}, billing_with(tax_id=said), BLOCKS)
      for said in ("", "00123456", "0012345678", "00-123456", "\u0660" * 9)],
    ("tax_id_has_nine_digits", {}, {}, billing_with(tax_id_kind="XX"), BLOCKS),
    ("tax_id_has_nine_digits", {}, {}, billing_with(tax_id_kind="SY"), NOTHING),
    ("patient_demographics", {}, {}, as_it_is, NOTHING),
    ("patient_demographics", {}, {}, person_with(birth_date=None), BLOCKS),
    ("patient_demographics", {}, {}, person_with(sex=""), BLOCKS),
    ("patient_demographics", {}, {}, person_with(sex="U"), NOTHING),
    ("patient_demographics", {}, {}, person_with(family_name=""), BLOCKS),
    ("patient_demographics", {"coverage": make_dependent()}, {}, person_with(birth_date=None, sex=""), NOTHING),
    ("patient_demographics", {"coverage": make_dependent()}, {}, patient_with(birth_date=None), BLOCKS),
    ("patient_demographics", {"coverage": make_dependent()}, {}, form_with(patient=None), BLOCKS),
    ("subscriber_named", {"coverage": make_dependent()}, {}, as_it_is, NOTHING),
    ("subscriber_named", {"coverage": make_dependent()}, {}, person_with(family_name=""), BLOCKS),
    ("addresses_present", {}, {}, as_it_is, NOTHING),
    ("addresses_present", {}, {}, subscriber_with(address=None), BLOCKS),
    ("addresses_present", {}, {}, subscriber_with(address=replace(ADDRESS, city="")), BLOCKS),
    *[
        ("addresses_present", {}, {}, subscriber_with(address=replace(ADDRESS, zip_code=said)), found)
        for said, found in (("9720", BLOCKS), ("97205", NOTHING), ("972050", BLOCKS), ("972050100", NOTHING))
    ],
    ("addresses_present", {"coverage": make_dependent()}, {}, subscriber_with(address=None), NOTHING),
    ("addresses_present", {"coverage": make_dependent()}, {}, form_with(patient_address=None), BLOCKS),
    ("billing_address_whole", {}, {}, as_it_is, NOTHING),
    ("billing_address_whole", {}, {}, billing_with(address=PostalAddress("1 S", "P", "OR", "97205")), BLOCKS),
    ("billing_address_whole", {}, {}, billing_with(address=PostalAddress("", "P", "OR", "972050100")), BLOCKS),
    ("member_number_present", {}, {}, subscriber_with(member_id="AB"), NOTHING),
    ("member_number_present", {}, {}, subscriber_with(member_id="A "), BLOCKS),
    ("member_number_present", {}, {}, subscriber_with(member_id=""), BLOCKS),
    *[
        ("coverage_was_active", {}, {"coverage": status}, as_it_is, found)
        for status, found in (
            (CoverageStatus.ACTIVE_MENTAL_HEALTH, NOTHING), (CoverageStatus.ACTIVE_NOT_SPECIFIED, WARNS),
            (CoverageStatus.CARVE_OUT, BLOCKS), (CoverageStatus.INACTIVE, BLOCKS), (CoverageStatus.NOT_FOUND, BLOCKS),
            (CoverageStatus.UNKNOWN, BLOCKS),
        )
    ],
    ("clinician_was_licensed", {}, {}, as_it_is, NOTHING),
    ("clinician_was_licensed", {}, {"licences": {"OR": SERVICE_DATE}}, as_it_is, NOTHING),
    ("clinician_was_licensed", {}, {"licences": {"OR": on_day(-1)}}, as_it_is, BLOCKS),
    ("clinician_was_licensed", {}, {"licences": {"WA": on_day(99)}}, as_it_is, BLOCKS),
    ("clinician_was_licensed", {"patient_state": None}, {}, as_it_is, WARNS),
    *[
        ("clinician_is_on_panel", {"coverage": make_coverage(plan_code=plan)}, {"panels": frozenset(panels)}, as_it_is,
         found)
        for plan, panels, found in (
            ("PPO", {("AETNA", "*")}, NOTHING), ("PPO", {("AETNA", "PPO")}, NOTHING),
            ("PPO", {("AETNA", "HMO")}, BLOCKS),
            ("PPO", {("CIGNA", "*")}, BLOCKS), ("PPO", set(), BLOCKS), ("", {("AETNA", "*")}, NOTHING),
            ("", {("AETNA", "PPO")}, WARNS), ("", set(), BLOCKS),
        )
    ],
    ("payer_is_known", {}, {}, as_it_is, NOTHING),
    ("payer_is_known", {}, payer_row(valid_to=SERVICE_DATE), as_it_is, NOTHING),
    ("payer_is_known", {}, payer_row(valid_to=on_day(-1)), as_it_is, BLOCKS),
    ("payer_is_known", {}, {"tables": make_tables(payers=())}, as_it_is, BLOCKS),
    ("payer_is_known", {}, payer_row(payer_id="SAMPLE09"), as_it_is, BLOCKS),
    ("contract_in_force", {}, {}, as_it_is, NOTHING),
    *[
        ("contract_in_force", {}, {"tables": make_tables(contracts=(make_contract(**dates),))}, as_it_is, found)
        for dates, found in (
            ({"valid_from": SERVICE_DATE, "valid_to": SERVICE_DATE}, NOTHING), ({"valid_from": on_day(1)}, BLOCKS),
            ({"valid_to": on_day(-1)}, BLOCKS),
        )
    ],
    ("not_carved_out", {}, {}, as_it_is, NOTHING),
    ("not_carved_out", {}, payer_row(carve_out_payer="LAKESHORE_BH"), as_it_is, BLOCKS),
    ("place_of_service_fits", {}, {}, as_it_is, NOTHING),
    ("place_of_service_fits", {}, {}, form_with(place_of_service="10"), BLOCKS),
    ("place_of_service_fits", {}, {}, form_with(place_of_service=""), BLOCKS),
    ("place_of_service_fits", {"modality": TELEHEALTH}, {}, as_it_is, NOTHING),
    ("place_of_service_fits", {"modality": TELEHEALTH}, {}, form_with(place_of_service="11"), BLOCKS),
    ("place_of_service_fits", {"modality": TELEHEALTH}, {}, form_with(place_of_service="02"), WARNS),
    ("place_of_service_fits", {"modality": TELEHEALTH},
     payer_row(place_telehealth_home="02", place_telehealth_elsewhere="02"), form_with(place_of_service="10"), BLOCKS),
    ("modifiers_fit", {}, {}, as_it_is, NOTHING),
    ("modifiers_fit", {}, {}, line_with(modifiers=("95",)), BLOCKS),
    ("modifiers_fit", {}, {}, line_with(modifiers=("HO",)), WARNS),
    ("modifiers_fit", {}, {}, line_with(modifiers=("HO", "HO")), BLOCKS),
    ("modifiers_fit", {}, {}, line_with(modifiers=("H1", "H2", "H3", "H4", "H5")), BLOCKS),
    ("modifiers_fit", {"modality": TELEHEALTH}, {}, as_it_is, NOTHING),
    ("modifiers_fit", {"modality": TELEHEALTH}, {}, line_with(modifiers=()), WARNS),
    ("modifiers_fit", {"modality": TELEHEALTH}, {}, line_with(modifiers=("GT",)), WARNS),
    ("modifiers_fit", {"modality": TELEHEALTH, "audio_only": True}, {}, as_it_is, NOTHING),
    ("modifiers_fit", {"modality": TELEHEALTH, "audio_only": True}, {}, line_with(modifiers=("95",)), WARNS),
    ("authorisation_present", {}, {}, as_it_is, NOTHING),
    ("authorisation_present", {}, ASKING, as_it_is, BLOCKS),
    ("authorisation_present", held(), ASKING, as_it_is, NOTHING),
    ("authorisation_present", held(number=""), ASKING, as_it_is, BLOCKS),
    ("authorisation_present", {}, payer_row(authorisation_codes=frozenset({"90837"})), as_it_is, NOTHING),
    ("authorisation_present", {"addons": (("90785", 1),)}, payer_row(authorisation_codes=frozenset({"90785"})),
     as_it_is, BLOCKS),
    ("authorisation_present", held(), {}, form_with(authorisation="OTHER"), BLOCKS),
    *[
        ("authorisation_has_sessions", held(sessions_left=left), context, as_it_is, found)
        for left, context, found in (
            (None, ASKING, NOTHING), (3, ASKING, NOTHING), (2, ASKING, WARNS), (1, ASKING, WARNS), (0, ASKING, BLOCKS),
            (-1, ASKING, BLOCKS), (0, {}, WARNS),
        )
    ],
    ("authorisation_has_sessions", {}, ASKING, as_it_is, NOTHING),
    *[
        ("authorisation_is_in_force", held(valid_from=first, valid_to=last), context, as_it_is, found)
        for first, last, context, found in (
            (None, None, ASKING, NOTHING), (SERVICE_DATE, on_day(22), ASKING, NOTHING),
            (on_day(1), on_day(40), ASKING, BLOCKS), (None, on_day(21), ASKING, WARNS),
            (None, on_day(0), ASKING, WARNS),
            (None, on_day(-1), ASKING, BLOCKS), (None, on_day(-1), {}, WARNS), (on_day(1), None, {}, WARNS),
        )
    ],
    ("authorisation_is_in_force", {}, ASKING, as_it_is, NOTHING),
    ("authorisation_covers_codes", held(), ASKING, as_it_is, NOTHING),
    ("authorisation_covers_codes", held(codes=("90834", "90837")), ASKING, as_it_is, NOTHING),
    ("authorisation_covers_codes", held(codes=("90837",)), ASKING, as_it_is, BLOCKS),
    ("authorisation_covers_codes", held(codes=("90837",)), {}, as_it_is, NOTHING),
    *[
        ("filed_in_time", {}, {"today": on_day(days)}, as_it_is, found)
        for days, found in ((105, NOTHING), (106, WARNS), (120, WARNS), (121, BLOCKS))
    ],
    *[
        ("filed_in_time", {"frequency": REPLACEMENT, "original_number": "P", "decided_on": decided},
         {"today": on_day(days), "tables": make_tables(contracts=(make_contract(**terms),))}, as_it_is, found)
        for decided, days, terms, found in (
            (None, 120, {}, WARNS), (None, 121, {}, BLOCKS), (on_day(30), 165, {}, NOTHING),
            (on_day(30), 180, {}, WARNS),
            (on_day(30), 181, {}, BLOCKS), (on_day(30), 210, DECIDES, WARNS), (on_day(30), 211, DECIDES, BLOCKS),
        )
    ],
    ("filed_in_time", {"frequency": VOID, "original_number": "P"}, {"today": on_day(999)}, as_it_is, NOTHING),
    *[
        ("filed_in_time", {**SECONDARY, "earlier_payments": payments},
         {"today": on_day(days), "tables": make_tables(contracts=(make_contract(**terms),))}, as_it_is, found)
        for payments, days, terms, found in (
            ((earlier_payment(),), 121, {}, BLOCKS), ((earlier_payment(),), 121, DECIDES, WARNS),
            ((earlier_payment(),), 122, DECIDES, BLOCKS), ((), 1, DECIDES, WARNS),
        )
    ],
    ("filed_in_time", {}, {"today": on_day(999), "tables": make_tables(contracts=())}, as_it_is, NOTHING),
    ("frequency_names_original", {}, {}, as_it_is, NOTHING),
    ("frequency_names_original", {"frequency": REPLACEMENT}, {}, as_it_is, BLOCKS),
    ("frequency_names_original", {"frequency": VOID}, {}, as_it_is, BLOCKS),
    ("frequency_names_original", {"frequency": VOID, "original_number": "P-1"}, {}, as_it_is, NOTHING),
    ("frequency_names_original", {"frequency": VOID, "original_number": "P-1"}, {}, form_with(original_number="P-2"),
     BLOCKS),
    ("frequency_names_original", {}, {}, form_with(frequency=REPLACEMENT, original_number="P-1"), BLOCKS),
    ("secondary_has_earlier_payment", {}, {}, as_it_is, NOTHING),
    ("secondary_has_earlier_payment", SECONDARY, {}, as_it_is, BLOCKS),
    *[
        ("secondary_has_earlier_payment", {**SECONDARY, "earlier_payments": (earlier_payment(**said),)}, {}, as_it_is,
         found)
        for said, found in (
            ({"line_paid": {}}, NOTHING),
            ({"line_paid": {1: 13_000}}, NOTHING),
            ({"line_paid": {1: 9_000}}, BLOCKS),
            ({"line_adjustments": {1: (LineAdjustment("CO", "45", 4_000),)}}, NOTHING),
            ({"line_adjustments": {1: (LineAdjustment("CO", "45", 3_999),)}}, BLOCKS),
            ({"line_paid": {2: 13_000}}, BLOCKS),
        )
    ],
]  # fmt: skip

BY_NAME = {rule.__name__: rule for rule in RULES}


def found_by(
    name: str, facts: dict[str, Any], context: dict[str, Any], change: Change
) -> tuple[list[ClaimFinding], ClaimForm]:
    made = make_facts(**facts)
    form = change(make_form(made))
    return list(BY_NAME[name](form, made, make_context(**context))), form


@pytest.mark.parametrize(("name", "facts", "context", "change", "severities"), CASES)
def test_rule_finds_its_fault_on_one_side_of_the_boundary(
    name: str, facts: dict[str, Any], context: dict[str, Any], change: Change, severities: list[str]
) -> None:
    found, _ = found_by(name, facts, context, change)
    assert [each.severity.value for each in found] == severities
    assert all(each.rule == name and each.field and each.segment for each in found)
    assert all(each.message and each.suggestion for each in found)
    owners = (CaseOwner.PATIENT, CaseOwner.CLINICIAN, CaseOwner.BILLER)
    assert all(each.owner in owners for each in found)


def test_every_rule_is_listed_and_tested_on_both_sides() -> None:
    written = {
        each.__name__
        for room in (claim_checks_service, claim_checks_parties, claim_checks_terms)
        for each in vars(room).values()
        if inspect.isfunction(each) and each.__module__ == room.__name__ and not each.__name__.startswith("_")
    }
    assert written == set(BY_NAME) and len(RULES) == len(BY_NAME)
    assert {name for name, *_, found in CASES if found} == written
    assert {name for name, *_, found in CASES if not found} == written


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_rule_names_its_source(rule: Check) -> None:
    question, _, source = (rule.__doc__ or "").partition("Source: ")
    assert "?" in question and len(source.strip()) > 20


def test_clean_claim_has_no_finding_and_leaves() -> None:
    for coverage in (make_coverage(), make_dependent()):
        for modality in (OFFICE, TELEHEALTH):
            facts = make_facts(coverage=coverage, modality=modality)
            found = scrub(make_form(facts), facts, make_context())
            assert found == () and leaves(found)


def test_blocking_findings_come_first_and_keep_the_claim_here() -> None:
    facts = make_facts(**held(sessions_left=1))
    found = scrub(make_form(facts), facts, make_context(coverage=CoverageStatus.UNKNOWN))
    assert [each.rule for each in found] == ["coverage_was_active", "authorisation_has_sessions"]
    assert not leaves(found) and leaves(found[1:]) and leaves(())


def test_void_leaves_although_what_it_takes_back_was_wrong() -> None:
    wrong = {"minutes": 20, "patient_state": None}
    around = make_context(
        coverage=CoverageStatus.INACTIVE, signed_digest="e" * 64, claims_made=(MADE,), panels=frozenset()
    )
    original = make_facts(**wrong)
    assert not leaves(scrub(make_form(original), original, around))
    void = make_facts(**wrong, frequency=VOID, original_number="P-1")
    assert scrub(make_form(void), void, around) == ()


def test_void_that_cannot_be_read_stays() -> None:
    void = make_facts(frequency=VOID)
    assert {each.rule for each in scrub(make_form(void), void, make_context())} == {"frequency_names_original"}
    assert set(VOID_RULES) < set(RULES)


def test_finding_shows_no_sentence_when_printed_and_no_person_in_it() -> None:
    marked = make_facts(
        patient=replace(PATIENT, family_name="Zqxmarker"), coverage=make_coverage(member_id="Zqxmarker1")
    )
    form = replace(make_form(marked), diagnoses=("F33",), charge_cents=0, place_of_service="")
    found = scrub(form, marked, make_context(coverage=CoverageStatus.NOT_FOUND))
    assert len(found) > 4
    assert not [each for each in found if "Zqxmarker" in each.message + each.suggestion]
    assert not [each for each in found if each.message in repr(each)]


def test_clinician_is_asked_about_codes_and_the_patient_about_the_card() -> None:
    over, _ = found_by("minutes_support_codes", {"minutes": 20}, {}, as_it_is)
    assert (over[0].owner, over[0].segment) == (CaseOwner.CLINICIAN, "2400 SV101-2")
    assert "90832" in over[0].suggestion and over[0].severity is Severity.BLOCKING
    card, _ = found_by("member_number_present", {}, {}, subscriber_with(member_id=""))
    assert (card[0].owner, card[0].segment) == (CaseOwner.PATIENT, "2010BA NM109")
    heading, _ = found_by("diagnosis_specific_and_valid", {"diagnoses": ("F41.1", "F33")}, {}, as_it_is)
    assert heading[0].suggestion == "Choose one of the 7 codes below it." and heading[0].segment == "2300 HI02-2"


@pytest.mark.parametrize("code", ["F33", "nonsense", "A00.0", "F32.8"])
def test_finding_about_a_diagnosis_names_no_code(code: str) -> None:
    """Findings stand in the operational database, which holds no clinical content."""
    found, _ = found_by("diagnosis_specific_and_valid", {"diagnoses": ("F41.1", code)}, {}, as_it_is)
    assert (
        found and [each for each in found if re.search(r"\b[A-Z]\d\w(\.\w+)?\b", each.message + each.suggestion)] == []
    )
    assert not [each for each in found if code in each.message + each.suggestion]


def test_rules_are_quiet_about_a_payer_that_is_not_known() -> None:
    facts = make_facts()
    around: ScrubContext = make_context(tables=make_tables(payers=(), contracts=()))
    found = {each.rule for each in scrub(make_form(facts), facts, around)}
    assert found == {"payer_is_known", "contract_in_force"}
