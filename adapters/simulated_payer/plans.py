"""What a member's plan pays for, drawn from the member's number, so that an answer and a payment agree."""

from dataclasses import dataclass

from adapters.simulated_payer.book import member_of
from adapters.simulated_payer.rules import MEMBER_MARKS, Chance, PayerRules, Shown


@dataclass(frozen=True)
class Plan:
    """Cents and percent; one of copay and coinsurance, ``deductible_cents`` for a year, ``visits`` for a year."""

    name: str
    copay_cents: int = 0
    coinsurance_percent: int = 0
    deductible_cents: int = 0
    visits: int = 52


PLANS = {
    Plan("SIM COPAY", copay_cents=2_500, visits=40): 5,
    Plan("SIM SHARE", coinsurance_percent=20, deductible_cents=30_000): 3,
    Plan("SIM FULL"): 2,
}


def plan_of(chance: Chance, member_id: str) -> Plan:
    return chance.one_of(PLANS, "plan", member_of(member_id))


def shown_by(rules: PayerRules, chance: Chance, forced: dict[str, str], member_id: str) -> Shown:
    """How this member shows up: as asked for, by the mark in the number, or by the draw."""
    member = member_of(member_id)
    if wanted := forced.get(f"member/{member}"):
        return Shown(wanted)
    marked = (shown for mark, shown in MEMBER_MARKS.items() if member_id.strip().upper().startswith(mark))
    return next(marked, None) or chance.one_of(rules.shown, "shown", member)
