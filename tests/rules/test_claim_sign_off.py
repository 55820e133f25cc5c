"""A claim goes by itself only where a rule with a name lets it; clinical judgement is a clinician's to sign."""

from typing import Any

import pytest

from models.claim_findings import ClaimFinding, Severity
from models.session_index import SessionService
from rules.claim_checks import scrub
from rules.claim_sign_off import BLOCKED, BY_ITSELF, SIGNED, clinical_reasons, dollars, signatures_needed
from tests.claim_cases import make_context, make_facts, make_form, make_note

WARNING = ClaimFinding("filed_in_time", Severity.WARNING, "service_date", "2400 DTP03", "Soon.", "Send it.")
BLOCKING = ClaimFinding("coverage_was_active", Severity.BLOCKING, "coverage", "2000B SBR", "Inactive.", "Ask.")


def needed(**changes: Any) -> Any:
    facts: dict[str, Any] = {
        "findings": (),
        "pair_proven": True,
        "pilot_allows": True,
        "charge_cents": 30_000,
        "limit_cents": 30_000,
        "clinical_reasons": (),
        **changes,
    }
    return signatures_needed(facts.pop("findings"), **facts)


def test_clean_claim_of_a_proven_pair_goes_by_itself_under_a_named_rule() -> None:
    found = needed()
    assert (found.biller, found.clinician, found.rule) == ((), (), BY_ITSELF)
    assert found.goes_by_itself and not found.blocked


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"pair_proven": False}, "paid"),
        ({"pilot_allows": False}, "pilot"),
        ({"charge_cents": 30_001}, "300.01 is above the limit of 300.00"),
        ({"findings": (WARNING,)}, "filed_in_time: Soon."),
    ],
)
def test_biller_signs_what_is_new_warned_of_or_large(changes: dict[str, Any], word: str) -> None:
    found = needed(**changes)
    assert len(found.biller) == 1 and word in found.biller[0]
    assert (found.clinician, found.rule, found.goes_by_itself) == ((), SIGNED, False)


def test_every_reason_is_given() -> None:
    found = needed(pair_proven=False, pilot_allows=False, charge_cents=99_999, findings=(WARNING, WARNING))
    assert len(found.biller) == 5


def test_clinician_signs_clinical_reasons_and_the_biller_need_not() -> None:
    found = needed(clinical_reasons=("90839 claims a crisis.",))
    assert (found.biller, found.clinician, found.rule) == ((), ("90839 claims a crisis.",), SIGNED)
    assert not found.goes_by_itself


def test_blocking_finding_is_nobodys_to_sign_away() -> None:
    found = needed(findings=(WARNING, BLOCKING))
    assert (found.rule, found.blocked, found.goes_by_itself) == (BLOCKED, True, False)
    assert not [reason for reason in found.biller if "coverage_was_active" in reason]


CRISIS = {"service": SessionService.CRISIS, "procedure_code": "90839"}


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, []),
        ({"note": make_note(procedure_code="90837")}, ["signed note says 90837"]),
        ({"note": make_note(procedure_code="")}, ["signed note says none"]),
        ({"note": make_note(addons=(("90785", 1),))}, ["add-on codes are none; the signed note says 90785 (1)"]),
        ({**CRISIS, "minutes": 60}, ["claims a crisis"]),
        ({**CRISIS, "minutes": 80, "addons": (("90840", 1),)}, ["claims a crisis", "90840 is an add-on"]),
        ({"addons": (("90785", 1),)}, ["90785 is an add-on"]),
        ({"diagnoses": ("F41.1", "F33.1"), "note": make_note()}, ["not in the signed note"]),
        ({"diagnoses": ("F33.1",), "note": make_note()}, ["not in the signed note"]),
        ({"diagnoses": ("F33.1", "F41.1"), "note": make_note(diagnoses=("F41.1", "F33.1"))}, ["principal"]),
        ({"diagnoses": ("F41.1",), "note": make_note(diagnoses=("F41.1", "F33.1"))}, []),
    ],
)
def test_clinical_reason_is_whatever_goes_beyond_the_signed_note(facts: dict[str, Any], words: list[str]) -> None:
    found = clinical_reasons(make_facts(**facts))
    assert len(found) == len(words)
    assert all(word in reason for word, reason in zip(words, found, strict=True))


def test_scrubbed_clean_claim_goes_and_a_changed_one_waits_for_both() -> None:
    clean = make_facts()
    assert needed(findings=scrub(make_form(clean), clean, make_context())).goes_by_itself
    changed = make_facts(diagnoses=("F33.1",), note=make_note())
    found = needed(
        findings=scrub(make_form(changed), changed, make_context()), clinical_reasons=clinical_reasons(changed)
    )
    assert found.biller and found.clinician and not found.blocked


@pytest.mark.parametrize(
    ("cents", "text"), [(0, "0.00"), (5, "0.05"), (100, "1.00"), (123_456, "1,234.56"), (100_000_000, "1,000,000.00")]
)
def test_amount_is_written_in_dollars(cents: int, text: str) -> None:
    assert dollars(cents) == text
