"""Makes a claim from its facts and the billing tables, or says what is missing and who can give it."""

from dataclasses import dataclass

from models.billing import BillingTables
from models.claim_facts import ClaimFacts
from models.claim_findings import MissingFact
from models.claim_form import ClaimForm


@dataclass(frozen=True)
class Built:
    """The claim, or everything that is missing for one."""

    form: ClaimForm | None
    missing: tuple[MissingFact, ...] = ()


def build_claim(facts: ClaimFacts, tables: BillingTables) -> Built:
    """The claim these facts make under the rows in force on the date of service."""
    raise NotImplementedError
