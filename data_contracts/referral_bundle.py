"""The contract of a FHIR referral bundle: everything the sender must correct, found in one pass."""

from collections.abc import Callable, Collection
from typing import Any

from models.errors import ContractBroken
from models.referral_bundle import READINGS, ReferralBundle, check_request, open_bundle, structure_findings
from models.referral_intake import Finding


def check_referral_bundle(data: bytes, *, known_locations: Collection[str]) -> tuple[Finding, ...]:
    """Every broken rule by FHIR path, in the bundle's order; empty when the bundle can be read as a referral.

    ``Finding.row`` is the entry (1 = first, 0 = the bundle itself). Our own rules are asked only of valid
    FHIR.
    """
    try:
        bundle = open_bundle(data, known_locations)
    except ContractBroken as broken:
        return (_finding(broken, "bundle"),)
    findings = set(structure_findings(bundle))
    if not findings:
        rules: dict[str, Callable[[ReferralBundle], Any]] = {"request": check_request, **READINGS}
        findings = {found for name, read in rules.items() if (found := _fault(bundle, name, read))}
    return tuple(sorted(_once_per_place(findings), key=lambda it: (it.row, it.field, it.rule)))


def _fault(bundle: ReferralBundle, name: str, read: Callable[[ReferralBundle], Any]) -> Finding | None:
    try:
        read(bundle)
    except ContractBroken as broken:
        return _finding(broken, name)
    return None


def _finding(broken: ContractBroken, rule: str) -> Finding:
    return Finding(broken.row or 0, broken.field or "Bundle", rule, str(broken))


def _once_per_place(findings: set[Finding]) -> list[Finding]:
    """Facts read from the same broken place fail with the same words; the sender hears them once."""
    first = {(it.row, it.field, it.reason): it for it in sorted(findings, key=lambda it: it.rule, reverse=True)}
    return list(first.values())
