"""What a 271 says of a patient's coverage for mental health on the date of service; silence is never a yes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from models.codes import CaseOwner
from models.eligibility import EligibilityAnswer, EligibilityRequest
from rules.coverage import Coverage, CoverageStatus


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


@dataclass(frozen=True)
class NextStep:
    """What a refusal (AAA) or an answer asks of somebody; ``code`` is AAA03, "" where no AAA asks."""

    owner: CaseOwner
    reason: str
    code: str = ""
    segment: int = 0


@dataclass(frozen=True)
class CheckedCoverage:
    """One of the six answers with everything it rests on.

    ``segment`` is the EB or AAA that decided, 0 where none did. The shares are for mental health in the network;
    ``out_of_network`` holds the others. ``retry``: only an AAA 42 or 80 stands against it, so the same question may be
    asked again; how often is the asker's to bound. ``authorisation_needed`` is EB11 of the deciding benefits.
    """

    status: CoverageStatus
    reason: str
    segment: int = 0
    copay: CostShare | None = None
    coinsurance: CostShare | None = None
    deductible_remaining: CostShare | None = None
    out_of_pocket_remaining: CostShare | None = None
    visits_left: CostShare | None = None
    out_of_network: tuple[CostShare, ...] = ()
    carve_out_payer: str = ""
    carve_out_payer_id: str = ""
    authorisation_needed: bool | None = None
    retry: bool = False
    next_steps: tuple[NextStep, ...] = field(default=())

    @property
    def coverage(self) -> Coverage:
        return Coverage(self.status, self.reason, self.carve_out_payer or None)


def coverage_from(request: EligibilityRequest, answers: Sequence[EligibilityAnswer], *, on: date) -> CheckedCoverage:
    """Whether the patient's mental-health care is covered on ``on``, the date of service."""
    raise NotImplementedError
