"""What the simulated payer does and how often: its fees, its denials, its mischief, its pace."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar


class Treatment(StrEnum):
    """What becomes of one claim that arrived whole."""

    PAID = "paid"
    PARTLY_DENIED = "partly_denied"
    DENIED = "denied"
    REJECTED = "rejected"
    REVERSED = "reversed"
    """Paid, and in a later file reversed and paid anew with other amounts."""


class Shown(StrEnum):
    """How a member shows up in a 271."""

    MENTAL_HEALTH = "mental_health"
    ONLY_30 = "only_30"
    CARVE_OUT = "carve_out"
    INACTIVE = "inactive"
    NOT_FOUND = "not_found"
    LATER = "later"
    """AAA 42 the first time, active the next."""
    WRONG_PERSON = "wrong_person"
    EMPTY = "empty"


MEMBER_MARKS = {
    "SIMMH": Shown.MENTAL_HEALTH,
    "SIM30": Shown.ONLY_30,
    "SIMCARVE": Shown.CARVE_OUT,
    "SIMOFF": Shown.INACTIVE,
    "SIMNONE": Shown.NOT_FOUND,
    "SIMLATER": Shown.LATER,
    "SIMWRONG": Shown.WRONG_PERSON,
    "SIMEMPTY": Shown.EMPTY,
}
"""A member number that begins so always shows up so, whatever the seed."""

FEES = {
    "90785": 1_450,
    "90791": 17_500,
    "90832": 8_250,
    "90834": 11_075,
    "90837": 15_525,
    "90839": 16_040,
    "90840": 7_990,
    "90846": 10_310,
    "90847": 10_760,
    "90853": 4_035,
}
"""Cents that it allows for one unit."""
OTHER_FEE_PERCENT = 70
"""Of the charge, allowed for a code that is not in the schedule."""

DENIALS: dict[str, tuple[str, str]] = {
    "16": ("CO", "N382"),
    "18": ("OA", ""),
    "22": ("OA", ""),
    "27": ("CO", ""),
    "29": ("CO", ""),
    "50": ("CO", "N115"),
    "96": ("PR", "N130"),
    "109": ("OA", "N418"),
    "119": ("PR", "N362"),
    "197": ("CO", ""),
    "204": ("PR", ""),
}
"""CARC → the group it is given in, the RARC that comes with it."""

Choice = TypeVar("Choice")
NO_TIME = (timedelta(0), timedelta(0))


@dataclass(frozen=True)
class PayerRules:
    """One way of being a payer. Weights are relative, shares between 0 and 1, times (shortest, longest) after arrival.

    ``treatments`` hold for a claim that comes the first time, ``treatments_again`` for one that comes anew, replaces
    or follows another payer. Corrections and late answers come that much after what they follow. A claim whose payer
    id begins with none of ``payer_ids`` is rejected.
    """

    name: str
    treatments: Mapping[Treatment, int] = field(default_factory=lambda: {Treatment.PAID: 1})
    treatments_again: Mapping[Treatment, int] = field(default_factory=lambda: {Treatment.PAID: 1})
    denials: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(DENIALS, 1))
    shown: Mapping[Shown, int] = field(default_factory=lambda: {Shown.MENTAL_HEALTH: 1})
    payer_ids: tuple[str, ...] = ("SIMPAYER", "SAMPLE")
    fees: Mapping[str, int] = field(default_factory=lambda: FEES)
    filing_days: int = 365
    needs_authorisation: frozenset[str] = frozenset()
    claims_per_check: int = 25

    file_rejected: float = 0.0
    file_lost: float = 0.0
    """The whole file: nothing comes back, and nothing of it is in the book."""
    acknowledgement_lost: float = 0.0
    """Only its 999: everything else comes."""
    status_late: float = 0.0
    """Its 277CA comes after its 835."""
    remittance_twice: float = 0.0
    remittance_cut: float = 0.0
    """Half of the file comes before the whole one does."""
    garbage: float = 0.0
    interest: float = 0.0
    recoupment: float = 0.0
    acknowledges_requests: bool = False

    acknowledged_after: tuple[timedelta, timedelta] = NO_TIME
    status_after: tuple[timedelta, timedelta] = NO_TIME
    paid_after: tuple[timedelta, timedelta] = NO_TIME
    corrected_after: tuple[timedelta, timedelta] = NO_TIME
    late_by: tuple[timedelta, timedelta] = NO_TIME
    coverage_after: tuple[timedelta, timedelta] = NO_TIME


def _between(low: float, high: float, unit: timedelta) -> tuple[timedelta, timedelta]:
    return low * unit, high * unit


MINUTE, HOUR, DAY, SECOND = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)

CLEAN = PayerRules("clean")
"""Pays every claim that arrives, at once."""

SEASON = PayerRules(
    "season",
    treatments={
        Treatment.PAID: 72,
        Treatment.PARTLY_DENIED: 6,
        Treatment.DENIED: 12,
        Treatment.REJECTED: 6,
        Treatment.REVERSED: 4,
    },
    treatments_again={Treatment.PAID: 90, Treatment.DENIED: 7, Treatment.PARTLY_DENIED: 3},
    shown={
        Shown.MENTAL_HEALTH: 84,
        Shown.ONLY_30: 6,
        Shown.CARVE_OUT: 2,
        Shown.INACTIVE: 2,
        Shown.NOT_FOUND: 1,
        Shown.LATER: 3,
        Shown.WRONG_PERSON: 1,
        Shown.EMPTY: 1,
    },
    filing_days=180,
    file_rejected=0.05,
    file_lost=0.03,
    acknowledgement_lost=0.03,
    status_late=0.15,
    remittance_twice=0.15,
    remittance_cut=0.1,
    garbage=0.05,
    interest=0.15,
    recoupment=0.1,
    acknowledged_after=_between(5, 90, MINUTE),
    status_after=_between(2, 20, HOUR),
    paid_after=_between(4, 21, DAY),
    corrected_after=_between(7, 30, DAY),
    late_by=_between(1, 5, DAY),
    coverage_after=_between(1, 30, MINUTE),
)
"""A hard year: everything that goes wrong does, each thing now and then."""

SAMPLE = PayerRules(
    "sample",
    treatments={
        Treatment.PAID: 5,
        Treatment.PARTLY_DENIED: 2,
        Treatment.DENIED: 4,
        Treatment.REJECTED: 2,
        Treatment.REVERSED: 1,
    },
    treatments_again={Treatment.PAID: 1},
    denials={"16": 1, "197": 3, "109": 1, "29": 1, "50": 1, "119": 1},
    shown={
        Shown.MENTAL_HEALTH: 8,
        Shown.ONLY_30: 3,
        Shown.CARVE_OUT: 2,
        Shown.INACTIVE: 1,
        Shown.NOT_FOUND: 1,
        Shown.LATER: 1,
    },
    claims_per_check=6,
    status_late=0.2,
    remittance_twice=0.3,
    interest=0.3,
    acknowledged_after=_between(2, 4, SECOND),
    status_after=_between(5, 10, SECOND),
    paid_after=_between(12, 30, SECOND),
    corrected_after=_between(15, 25, SECOND),
    late_by=_between(5, 15, SECOND),
    coverage_after=_between(2, 6, SECOND),
)
"""For looking at: a bit of everything within a minute."""


class Chance:
    """Draws that depend on the seed and on what is drawn for, never on the order in which things arrive."""

    def __init__(self, seed: int) -> None:
        self._seed = str(seed)

    def share(self, *of: str) -> float:
        """A number from 0 (included) to 1 (excluded)."""
        key = "\x1f".join((self._seed, *of)).encode()
        return int.from_bytes(hashlib.blake2b(key, digest_size=6).digest(), "big") / (1 << 48)

    def happens(self, share: float, *of: str) -> bool:
        return share > 0 and self.share(*of) < share

    def one_of(self, weights: Mapping[Choice, int], *of: str) -> Choice:
        """One key, by its weight."""
        at = self.share(*of) * sum(weights.values())
        for choice, weight in weights.items():
            at -= weight
            if at < 0:
                return choice
        raise ValueError("there is nothing to choose from")

    def time(self, between: tuple[timedelta, timedelta], *of: str) -> timedelta:
        """A time from the shortest to the longest, in whole seconds."""
        shortest, longest = between
        return timedelta(seconds=round((shortest + (longest - shortest) * self.share(*of)).total_seconds()))
