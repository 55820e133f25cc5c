"""Whose signature a claim needs before it leaves, and by which rule one that needs none may go by itself."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.claim_facts import ClaimFacts
from models.claim_findings import ClaimFinding, Severity
from models.codes import CaseOwner
from rules.session_codes import ADDONS, CRISIS

BY_ITSELF = "clean_claim_of_proven_pair"
"""The rule that lets a claim go without a signature; its name goes into the audit."""
SIGNED = "signatures_needed"
BLOCKED = "blocking_finding"
WRITE_OFF_ASKED = "write_off_asked"
"""The finding under which a biller's wish to give something up waits for an owner."""
REFUND_ASKED = "refund_asked"
"""The finding under which a biller's wish to give money back waits for an owner."""
ASKED = {WRITE_OFF_ASKED: "give up", REFUND_ASKED: "give back"}


@dataclass(frozen=True)
class SignaturesNeeded:
    """Reasons for a biller's and for a clinician's signature; both empty: none is needed.

    ``rule`` is the rule that decided. ``blocked``: no signature lets this claim leave.
    """

    biller: tuple[str, ...]
    clinician: tuple[str, ...]
    rule: str

    @property
    def goes_by_itself(self) -> bool:
        return self.rule == BY_ITSELF

    @property
    def blocked(self) -> bool:
        return self.rule == BLOCKED


def signatures_needed(
    findings: Iterable[ClaimFinding],
    *,
    pair_proven: bool,
    pilot_allows: bool,
    charge_cents: int,
    limit_cents: int,
    clinical_reasons: Iterable[str] = (),
) -> SignaturesNeeded:
    """Who must sign, and why.

    ``pair_proven``: earlier claims of this payer and clinician were paid. ``pilot_allows``: the practice's pilot level
    lets clean claims go. ``limit_cents`` is the contract's; a charge of exactly the limit needs nobody.
    """
    found = tuple(findings)
    clinician = tuple(clinical_reasons)
    biller = tuple(_biller_reasons(found, pair_proven, pilot_allows, charge_cents, limit_cents))
    if any(each.blocks for each in found):
        return SignaturesNeeded(biller, clinician, BLOCKED)
    return SignaturesNeeded(biller, clinician, SIGNED if biller or clinician else BY_ITSELF)


def _biller_reasons(
    found: tuple[ClaimFinding, ...], pair_proven: bool, pilot_allows: bool, charge_cents: int, limit_cents: int
) -> Iterable[str]:
    if not pilot_allows:
        yield "The pilot level lets no claim leave without a signature."
    if not pair_proven:
        yield "No claim of this clinician has been paid by this payer yet."
    yield from (f"{each.rule}: {each.message}" for each in found if not each.blocks)
    if charge_cents > limit_cents:
        yield f"The charge of {dollars(charge_cents)} is above the limit of {dollars(limit_cents)}."


def clinical_reasons(facts: ClaimFacts) -> tuple[str, ...]:
    """Where clinical judgement enters a claim: what differs from the signed note, crisis and add-on codes."""
    return tuple(_clinical_reasons(facts))


def _clinical_reasons(facts: ClaimFacts) -> Iterable[str]:
    note = facts.note
    if facts.procedure_code != note.procedure_code:
        yield f"The code is {facts.procedure_code}; the signed note says {note.procedure_code or 'none'}."
    if sorted(facts.addons) != sorted(note.addons):
        yield f"The add-on codes are {_addons(facts.addons)}; the signed note says {_addons(note.addons)}."
    codes = (facts.procedure_code, *(code for code, _ in facts.addons))
    if facts.procedure_code == CRISIS:
        yield f"{CRISIS} claims a crisis."
    yield from (f"{code} is an add-on code." for code in codes if code in ADDONS)
    if set(facts.diagnoses) - set(note.diagnoses):
        yield "A diagnosis stands on the claim that is not in the signed note."
    elif facts.diagnoses[:1] != note.diagnoses[:1]:
        yield "The principal diagnosis is not the signed note's."


def _addons(addons: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{code} ({units})" for code, units in sorted(addons)) or "none"


def asks_owner(rule: str, cents: int, *, staff_id: str, words: str, **facts: str) -> dict[str, str]:
    """The finding that asks an owner, as it is kept with the claim: how much, who wants it, the id of their words, what
    else was asked for. The gate reads it when it opens."""
    asked = ClaimFinding(
        rule,
        Severity.WARNING,
        field="",
        segment="",
        message=f"A biller asks to {ASKED[rule]} {dollars(cents)}.",
        suggestion="An owner signs it, or returns it.",
        owner=CaseOwner.OWNER,
    )
    return {**asked.as_plain(), "asked_by": staff_id, "words": words, "cents": str(cents), **facts}


def asked_in(findings: Sequence[Mapping[str, Any]], rule: str) -> dict[str, Any]:
    """The newest of a claim's findings that asks an owner by this rule; empty where none does."""
    return next((dict(each) for each in reversed(findings) if each.get("rule") == rule), {})


def others_than(findings: Iterable[Mapping[str, Any]], rule: str) -> list[dict[str, Any]]:
    """A claim's findings but those that ask an owner by this rule."""
    return [dict(each) for each in findings if each.get("rule") != rule]


def dollars(cents: int) -> str:
    """An amount as a person reads it: ``1,234.50``, ``-20.00``."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,}.{rest:02d}"


def money(cents: int) -> str:
    """An amount with its sign: ``$1,234.50``, ``-$20.00``."""
    return f"-${dollars(-cents)}" if cents < 0 else f"${dollars(cents)}"
