"""Whether a claim may leave: every rule it is held against."""

from collections.abc import Iterable

from models.claim_facts import ClaimFacts
from models.claim_findings import ClaimFinding
from models.claim_form import ClaimForm, ClaimFrequency
from rules import claim_checks_parties, claim_checks_service, claim_checks_terms
from rules.claim_rule import Check, ScrubContext

__all__ = ["RULES", "VOID_RULES", "ClaimFinding", "ScrubContext", "leaves", "scrub"]

RULES: tuple[Check, ...] = (*claim_checks_service.RULES, *claim_checks_parties.RULES, *claim_checks_terms.RULES)

VOID_RULES: tuple[Check, ...] = (
    claim_checks_service.form_says_the_facts,
    claim_checks_service.diagnosis_present,
    claim_checks_service.pointers_in_range,
    claim_checks_service.charge_is_sum_of_lines,
    claim_checks_service.charges_above_zero,
    claim_checks_service.claim_number_fits,
    claim_checks_parties.billing_npi_checks,
    claim_checks_parties.rendering_npi_checks,
    claim_checks_parties.tax_id_has_nine_digits,
    claim_checks_parties.patient_demographics,
    claim_checks_parties.subscriber_named,
    claim_checks_parties.addresses_present,
    claim_checks_parties.billing_address_whole,
    claim_checks_parties.member_number_present,
    claim_checks_terms.payer_is_known,
    claim_checks_terms.frequency_names_original,
)
"""What a void (frequency 8) is held against: that it can be read. What was wrong with the claim is why it is voided."""


def scrub(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> tuple[ClaimFinding, ...]:
    """Everything that speaks against this claim, blocking findings first."""
    rules = VOID_RULES if form.frequency is ClaimFrequency.VOID else RULES
    found = [each for rule in rules for each in rule(form, facts, context)]
    return tuple(sorted(found, key=lambda each: not each.blocks))


def leaves(findings: Iterable[ClaimFinding]) -> bool:
    """Whether nothing keeps this claim here."""
    return not any(each.blocks for each in findings)
