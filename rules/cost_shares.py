"""What a patient pays for mental health and what is left of it, each figure with the EB segment it was read from.

Source: ASC X12, 005010X279A1, 2110C EB: EB01 A coinsurance, B copay, C deductible, F limitation, G out-of-pocket; EB06
29 remaining; EB09 VS visits; EB12 Y in network, N out of it, W either. Figures of two networks are never mixed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from models.eligibility import Benefit
from rules.coverage import CoverageStatus


class ShareKind(StrEnum):
    """What a patient pays, or has left."""

    COPAY = "copay"
    COINSURANCE = "coinsurance"
    DEDUCTIBLE_REMAINING = "deductible_remaining"
    OUT_OF_POCKET_REMAINING = "out_of_pocket_remaining"
    VISITS_LEFT = "visits_left"


@dataclass(frozen=True)
class CostShare:
    """One share with the EB segment it was read from, counted in the 271's file (ISA = 1).

    Exactly one of ``cents``, ``percent`` (hundredths: 2000 is 20 %) and ``visits`` is set. ``in_network`` None: the
    payer did not say for which network.
    """

    kind: ShareKind
    segment: int
    cents: int | None = None
    percent: int | None = None
    visits: int | None = None
    in_network: bool | None = None

    @property
    def figure(self) -> tuple[int | None, int | None, int | None]:
        return self.cents, self.percent, self.visits


@dataclass(frozen=True)
class Shares:
    """The shares in the network by kind, those out of it, and the segments that contradict each other."""

    within: dict[ShareKind, CostShare]
    outside: tuple[CostShare, ...]
    contradicting: tuple[int, ...]


REMAINING = "29"
OF_THE_WHOLE_PLAN = frozenset({ShareKind.DEDUCTIBLE_REMAINING, ShareKind.OUT_OF_POCKET_REMAINING})
"""Kinds that a plan has for all services together, so that they may be read from service type 30."""
_NETWORKS = {"Y": True, "W": True, "N": False}
_LEVELS = ("IND", "", "FAM")
_LEVEL_RANK = {level: rank for rank, level in enumerate(_LEVELS)}


def read_shares(mental_health: Sequence[Benefit], whole_plan: Sequence[Benefit]) -> Shares:
    """The shares that these benefits tell; benefits of other services and of other dates are left out by the caller."""
    own = [*_shares(mental_health)]
    told = [*own, *((it, share) for it, share in _shares(whole_plan) if share.kind in OF_THE_WHOLE_PLAN)]
    within: dict[ShareKind, CostShare] = {}
    contradicting: list[int] = []
    for kind in ShareKind:
        of_kind = [pair for pair in told if pair[1].kind is kind and pair[1].in_network is not False]
        chosen = _best([pair for pair in of_kind if pair in own] or of_kind)
        if len({share.figure for share in chosen}) > 1:
            contradicting += [share.segment for share in chosen]
        elif chosen:
            within[kind] = chosen[0]
    outside = tuple(share for _, share in told if share.in_network is False)
    return Shares(within, outside, tuple(sorted(contradicting)))


def _shares(benefits: Sequence[Benefit]) -> Iterator[tuple[Benefit, CostShare]]:
    for it in benefits:
        network = _NETWORKS.get(it.in_network)
        remains = it.period == REMAINING
        match it.code:
            case "A" if it.percent is not None:
                yield it, CostShare(ShareKind.COINSURANCE, it.segment, percent=it.percent, in_network=network)
            case "B" if it.amount_cents is not None:
                yield it, CostShare(ShareKind.COPAY, it.segment, cents=it.amount_cents, in_network=network)
            case "C" if remains and it.amount_cents is not None:
                kind = ShareKind.DEDUCTIBLE_REMAINING
                yield it, CostShare(kind, it.segment, cents=it.amount_cents, in_network=network)
            case "G" if remains and it.amount_cents is not None:
                kind = ShareKind.OUT_OF_POCKET_REMAINING
                yield it, CostShare(kind, it.segment, cents=it.amount_cents, in_network=network)
            case "F" if remains and it.quantity_kind == "VS" and it.quantity is not None:
                yield it, CostShare(ShareKind.VISITS_LEFT, it.segment, visits=it.quantity, in_network=network)


def _best(pairs: Sequence[tuple[Benefit, CostShare]]) -> list[CostShare]:
    """The shares told most exactly: of the network before of no named one, of the person before the family's, of few
    services before many."""

    def rank(pair: tuple[Benefit, CostShare]) -> tuple[bool, int, int]:
        it, share = pair
        return (share.in_network is None, _LEVEL_RANK.get(it.level, len(_LEVELS)), len(it.service_types))

    first = min(map(rank, pairs), default=None)
    return [pair[1] for pair in pairs if rank(pair) == first]


TOLD_DIFFERENTLY = "told_differently"
"""The kind under which a check keeps a segment that contradicts another one."""


@dataclass(frozen=True)
class ExpectedShare:
    """What a patient should pay at a visit: ``cents`` with the EB ``segment`` they were read from, or None and why it
    is not certain before the payer decides."""

    cents: int | None
    segment: int | None
    reason: str


def expected_share(status: CoverageStatus, shares: Sequence[Mapping[str, Any]], *, second_payer: bool) -> ExpectedShare:
    """What is certain before the visit: a copay in the network, where nothing else could change the patient's part.

    ``shares`` as a check keeps them (kind, cents, percent, visits, in_network, segment). A coinsurance, a deductible
    that is left, visits that are used up, a second payer or an out-of-pocket limit within the copay make it unknown:
    then nothing is asked for.
    """
    if status is not CoverageStatus.ACTIVE_MENTAL_HEALTH:
        return _not_certain(f"coverage is {status.label}")
    within = {str(each.get("kind")): each for each in shares if each.get("in_network") is not False}
    if TOLD_DIFFERENTLY in within:
        return _not_certain("the payer tells different shares")
    copay = within.get(ShareKind.COPAY)
    if copay is None or not isinstance(copay.get("cents"), int):
        return _not_certain("the payer names no copay for mental health")
    for kind, figure, why in (
        (ShareKind.COINSURANCE, "percent", "a coinsurance is taken of what the payer allows"),
        (ShareKind.DEDUCTIBLE_REMAINING, "cents", "a part of the deductible is left"),
    ):
        if within.get(kind, {}).get(figure):
            return _not_certain(why, within[kind])
    visits, limit = within.get(ShareKind.VISITS_LEFT), within.get(ShareKind.OUT_OF_POCKET_REMAINING)
    if visits is not None and not visits.get("visits"):
        return _not_certain("no visit is left", visits)
    if limit is not None and (limit.get("cents") or 0) < copay["cents"]:
        return _not_certain("the out-of-pocket limit is nearly reached", limit)
    if second_payer:
        return _not_certain("a second payer may pay the copay")
    return ExpectedShare(copay["cents"], copay.get("segment"), "copay")


def _not_certain(reason: str, of: Mapping[str, Any] | None = None) -> ExpectedShare:
    return ExpectedShare(None, of.get("segment") if of else None, reason)
