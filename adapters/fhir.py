"""Reads a FHIR R4 referral bundle (Patient, ServiceRequest and what comes with them) into a referral."""

from collections.abc import Collection

from models.errors import ContractBroken
from models.referral_bundle import READINGS, check_request, open_bundle, structure_findings
from models.referral_intake import ReferralIn


def referral_from_bundle(data: bytes, known_locations: Collection[str]) -> ReferralIn:
    """The bundle's referral; ContractBroken names the FHIR path of the first thing that is broken.

    ``known_locations`` are the ids of the practice's locations.
    """
    bundle = open_bundle(data, known_locations)
    for finding in structure_findings(bundle):
        raise ContractBroken(finding.reason, row=finding.row, field=finding.field)
    check_request(bundle)
    facts = {name: read(bundle) for name, read in READINGS.items()}
    return ReferralIn(source="fhir", source_row=bundle.request.at + 1, **facts)
