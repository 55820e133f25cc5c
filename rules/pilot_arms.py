"""Which arm of a pilot a case, patient or clinician is in: decided by a digest, so by nobody, and the same for ever."""

import hashlib
from collections.abc import Iterable

from models.pilot_codes import Arm

_PARTS = 2**64


def fraction_of(installation: str, pilot: str, location: str, unit: str) -> float:
    """A number from 0 up to 1 that belongs to this unit in this pilot, spread evenly over units.

    From SHA-256, so that whoever audits a pilot can compute each arm again from the ids alone.
    """
    spelled = "\x1f".join((installation, pilot, location, unit))
    return int.from_bytes(hashlib.sha256(spelled.encode()).digest()[:8]) / _PARTS


def arm_of(installation: str, pilot: str, location: str, unit: str, share: float) -> Arm:
    """B for ``share`` of the units of each location, A for the others."""
    check_share(share)
    return Arm.B if fraction_of(installation, pilot, location, unit) < share else Arm.A


def arms_of_known(installation: str, pilot: str, location: str, units: Iterable[str], share: float) -> dict[str, Arm]:
    """The arms of units that are all known at the start, such as a location's clinicians: the nearest whole number of
    them to ``share`` is in B, those with the lowest fractions; among few, drawing each alone could put all in one arm.
    """
    check_share(share)
    ranked = sorted(set(units), key=lambda unit: (fraction_of(installation, pilot, location, unit), unit))
    in_b = round(share * len(ranked))
    if len(ranked) > 1:
        in_b = min(max(in_b, 1), len(ranked) - 1)
    return {unit: Arm.B if rank < in_b else Arm.A for rank, unit in enumerate(ranked)}


def check_share(share: float) -> None:
    """Raises ValueError unless both arms get somebody."""
    if not 0.05 <= share <= 0.95:
        raise ValueError("the new version gets between 5 and 95 % of the units")
