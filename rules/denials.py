"""To whom does a denial go, what does that person do first, and by when?"""

from collections.abc import Sequence
from datetime import date

from models.claim_answers import RemittedClaim
from models.denials import Denial, DenialRoute, DenialRoutes, RoutedDenial


def denials_of(claim: RemittedClaim) -> tuple[Denial, ...]:
    """Every adjustment with which the payer says no, in file order; contract and cost share are not among them."""
    raise NotImplementedError


def route(denial: Denial, routes: DenialRoutes, payer_code: str, on: date) -> tuple[DenialRoute, str]:
    """The most specific row in force for one adjustment, and why it was taken; "review" where no row fits."""
    raise NotImplementedError


def routed(denials: Sequence[Denial], routes: DenialRoutes, payer_code: str, on: date) -> RoutedDenial | None:
    """Where a claim with these denials goes, decided on ``on`` (the payer's date); None where nothing was denied."""
    raise NotImplementedError
