"""What a rule of the scrubber is: what it is given, what it finds, how a finding gets its rule's name."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import wraps

from models.billing import BillingTables, Contract, Payer
from models.claim_facts import ClaimFacts, ClaimMade
from models.claim_findings import ClaimFinding, Severity
from models.claim_form import ClaimForm
from models.codes import CaseOwner
from models.icd10 import DiagnosisTable
from rules.coverage import CoverageStatus

PATIENT, CLINICIAN, BILLER = CaseOwner.PATIENT, CaseOwner.CLINICIAN, CaseOwner.BILLER


@dataclass(frozen=True)
class ScrubContext:
    """What stands around a claim on the day it is scrubbed.

    ``today`` is the practice's date. ``signed_digest`` is the SHA-256 of the note as it is signed now, None where it is
    not. ``coverage`` is what the eligibility check found for the date of service. ``claims_made`` are the patient's
    other claims. ``licences`` are the clinician's: state (USPS) to the last day; ``panels`` pairs (payer, plan).
    """

    today: date
    tables: BillingTables
    diagnoses: DiagnosisTable
    signed_digest: str | None
    coverage: CoverageStatus
    claims_made: tuple[ClaimMade, ...] = ()
    licences: Mapping[str, date] = field(default_factory=dict)
    panels: frozenset[tuple[str, str]] = frozenset()

    def payer(self, facts: ClaimFacts) -> Payer | None:
        """The payer's row in force on the date of service."""
        return self.tables.payer(facts.coverage.payer_code, facts.service_date)

    def contract(self, facts: ClaimFacts) -> Contract | None:
        """The contract in force on the date of service."""
        return self.tables.contract(facts.coverage.payer_code, facts.service_date)

    def others(self, facts: ClaimFacts) -> tuple[ClaimMade, ...]:
        """Other claims of this patient with this clinician and payer on the date of service.

        A claim to another payer is the same session told to a second coverage; the one that is replaced or voided is
        not another one.
        """
        return tuple(
            made
            for made in self.claims_made
            if made.claim_number != facts.claim_number
            and (made.patient_id, made.staff_id) == (facts.patient_id, facts.clinician.staff_id)
            and made.service_date == facts.service_date
            and made.payer_code in ("", facts.coverage.payer_code)
            and not (facts.original_number and made.payer_claim_number == facts.original_number)
        )


Check = Callable[[ClaimForm, ClaimFacts, ScrubContext], Iterator[ClaimFinding]]


def claim_rule(check: Check) -> Check:
    """A check whose findings carry its name."""

    @wraps(check)
    def named(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> Iterator[ClaimFinding]:
        for each in check(form, facts, context):
            yield replace(each, rule=check.__name__)

    return named


def blocks(field: str, segment: str, message: str, suggestion: str, owner: CaseOwner = BILLER) -> ClaimFinding:
    """A finding that keeps the claim here; its rule's name is put in by ``claim_rule``."""
    return ClaimFinding("", Severity.BLOCKING, field, segment, message, suggestion, owner)


def warns(field: str, segment: str, message: str, suggestion: str, owner: CaseOwner = BILLER) -> ClaimFinding:
    """A finding that asks for a person's eyes."""
    return ClaimFinding("", Severity.WARNING, field, segment, message, suggestion, owner)


def finding(stops: bool) -> Callable[..., ClaimFinding]:
    """``blocks`` or ``warns``."""
    return blocks if stops else warns
