"""Whether a claim may leave: every rule it is held against."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from models.billing import BillingTables
from models.claim_facts import ClaimFacts, ClaimMade
from models.claim_findings import ClaimFinding
from models.claim_form import ClaimForm
from models.icd10 import DiagnosisTable
from rules.coverage import CoverageStatus


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


def scrub(form: ClaimForm, facts: ClaimFacts, context: ScrubContext) -> tuple[ClaimFinding, ...]:
    """Everything that speaks against this claim, blocking findings first."""
    raise NotImplementedError


def leaves(findings: Iterable[ClaimFinding]) -> bool:
    """Whether nothing keeps this claim here."""
    return not any(each.blocks for each in findings)
