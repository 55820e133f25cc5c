"""A clean claim with everything around it, as values; every part can be changed by keyword."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from adapters.icd10 import shipped_diagnosis_table
from models.billing import BillingTables, ClinicianBilling, Contract, Fee, Payer, PracticeBilling
from models.claim_facts import ClaimFacts, ClinicianFacts, CoverageFacts, NoteFacts
from models.claim_form import BillingProvider, ClaimForm, EarlierPayment, PayerName, PersonName, PostalAddress
from models.codes import Modality
from models.session_index import SessionService
from rules.claim_building import build_claim
from rules.claim_rule import ScrubContext
from rules.coverage import CoverageStatus

SERVICE_DATE = date(2026, 9, 14)
TODAY = date(2026, 9, 16)
FIRST = date(2026, 1, 1)
CHARGES = {"90791": 23_000, "90832": 9_500, "90834": 13_000, "90837": 17_500, "90846": 15_000, "90847": 16_000,
           "90853": 6_000, "90839": 21_000, "90840": 10_000, "90785": 2_000}  # fmt: skip
ADDRESS = PostalAddress("12 Alder Way", "Portland", "OR", "97205")
PATIENT = PersonName("Brandt", "Amaya", birth_date=date(1990, 4, 23), sex="F")
SUBSCRIBER = PersonName("Brandt", "Joris", birth_date=date(1961, 7, 2), sex="M")


def make_payer(**changes: Any) -> Payer:
    row = Payer("AETNA", "Aetna", "SAMPLE01", "SAMPLE01", "CI", FIRST, telehealth_modifiers=("95",),
                audio_modifiers=("93",))  # fmt: skip
    return replace(row, **changes)


def make_contract(**changes: Any) -> Contract:
    return replace(Contract("AETNA", 120, 180, 180, 24, 3, 30, 30_000, FIRST), **changes)


def make_practice(**changes: Any) -> PracticeBilling:
    address = PostalAddress("100 Harbor Street", "Portland", "OR", "972050100")
    provider = BillingProvider("Harbor Group", "1000000996", "101YM0800X", "001234567", address)
    return replace(PracticeBilling(provider, "HARBORGRP", "SAMPLECH", "Sabo", "5035550151", 10_000, FIRST), **changes)


def make_tables(**changes: Any) -> BillingTables:
    tables = BillingTables(
        payers=(make_payer(),),
        contracts=(make_contract(),),
        fees=tuple(Fee("*", code, cents, FIRST) for code, cents in CHARGES.items()),
        practices=(make_practice(),),
        clinicians=(ClinicianBilling("ST-101", "103TC0700X", FIRST),),
    )
    return replace(tables, **changes)


def make_note(**changes: Any) -> NoteFacts:
    note = NoteFacts("d" * 64, datetime(2026, 9, 14, 20, tzinfo=UTC), 50, "90834", diagnoses=("F41.1",))
    return replace(note, **changes)


def make_coverage(**changes: Any) -> CoverageFacts:
    return replace(CoverageFacts("AETNA", "W123456789", group_number="G-7", plan_code="PPO"), **changes)


def make_dependent(**changes: Any) -> CoverageFacts:
    return make_coverage(relationship="19", subscriber=SUBSCRIBER, subscriber_address=ADDRESS, **changes)


def make_facts(**changes: Any) -> ClaimFacts:
    """What codes and diagnoses are given is in the note too, unless a note is given."""
    facts = ClaimFacts(
        claim_number="C-1001-1",
        patient_id="PT-1",
        service_date=SERVICE_DATE,
        service=SessionService.INDIVIDUAL,
        modality=Modality.OFFICE,
        procedure_code="90834",
        note=make_note(),
        clinician=ClinicianFacts("ST-101", "Oduya", "Maren", "1000000103"),
        patient=PATIENT,
        coverage=make_coverage(),
        diagnoses=("F41.1",),
        patient_address=ADDRESS,
        patient_state="OR",
        patient_at_home=True,
    )
    said = {name: changes[name] for name in ("procedure_code", "addons", "diagnoses") if name in changes}
    minutes = changes.pop("minutes", facts.note.minutes)
    return replace(facts, **{"note": make_note(minutes=minutes, **said), **changes})


def make_context(**changes: Any) -> ScrubContext:
    context = ScrubContext(
        today=TODAY,
        tables=make_tables(),
        diagnoses=shipped_diagnosis_table(),
        signed_digest="d" * 64,
        coverage=CoverageStatus.ACTIVE_MENTAL_HEALTH,
        licences={"OR": date(2027, 6, 30)},
        panels=frozenset({("AETNA", "*")}),
    )
    return replace(context, **changes)


def make_form(facts: ClaimFacts | None = None, tables: BillingTables | None = None) -> ClaimForm:
    built = build_claim(facts or make_facts(), tables or make_tables())
    assert built.form is not None, built.missing
    return built.form


def earlier_payment(**changes: Any) -> EarlierPayment:
    payment = EarlierPayment(
        PayerName("Cigna", "SAMPLE03"), make_form().subscriber, 9_000, date(2026, 9, 15), line_paid={1: 9_000}
    )
    return replace(payment, **changes)
