"""What is known of a patient's coverage for mental health; what is not known is said to be unknown."""

from dataclasses import dataclass
from enum import StrEnum


class CoverageStatus(StrEnum):
    """The six answers an eligibility check can give; only the first says that mental health is covered."""

    ACTIVE_MENTAL_HEALTH = "active_mental_health"
    ACTIVE_NOT_SPECIFIED = "active_not_specified"
    CARVE_OUT = "carve_out"
    INACTIVE = "inactive"
    NOT_FOUND = "not_found"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        return LABELS[self]


LABELS = {
    CoverageStatus.ACTIVE_MENTAL_HEALTH: "active for mental health",
    CoverageStatus.ACTIVE_NOT_SPECIFIED: "active, mental health not specified",
    CoverageStatus.CARVE_OUT: "carved out to another payer",
    CoverageStatus.INACTIVE: "inactive",
    CoverageStatus.NOT_FOUND: "not found",
    CoverageStatus.UNKNOWN: "unknown",
}


@dataclass(frozen=True)
class Coverage:
    """One answer with its reason; ``carve_out_payer`` says to whom, if carved out."""

    status: CoverageStatus
    reason: str
    carve_out_payer: str | None = None

    @property
    def needs_a_person(self) -> bool:
        """Whether someone must look before billing; only a plain yes for mental health needs nobody."""
        return self.status is not CoverageStatus.ACTIVE_MENTAL_HEALTH


def unknown(reason: str) -> Coverage:
    """Coverage that could not be established, and why; it is never assumed active."""
    return Coverage(CoverageStatus.UNKNOWN, reason)


def status_from(value: str | None) -> CoverageStatus:
    """The status a stored value means; an empty or unfamiliar one is unknown."""
    return CoverageStatus(value) if value in set(CoverageStatus) else CoverageStatus.UNKNOWN
