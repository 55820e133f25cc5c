"""Why therapy content is read: the purpose of use that belongs to each step or page.

The codes are HL7's (v3 ActReason, PurposeOfUse), which FHIR's AuditEvent asks for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum

from models.codes import AuthenticatedHow


class PurposeOfUse(StrEnum):
    """HL7 v3 PurposeOfUse; the members are those that occur here."""

    TREATMENT = "TREAT"
    COORDINATION_OF_CARE = "COC"
    BREAK_THE_GLASS = "BTG"
    PAYMENT = "HPAYMT"
    OPERATIONS = "HOPERAT"
    PATIENT_SAFETY = "PATSFTY"
    PATIENT_ADMINISTRATION = "PATADMIN"
    RECORDS_MANAGEMENT = "RECORDMGT"
    COMPLIANCE = "HCOMPL"
    PATIENT_REQUEST = "PATRQT"

    @property
    def words(self) -> str:
        """HL7's own name of the code."""
        return _WORDS[self]


_WORDS = {
    PurposeOfUse.TREATMENT: "treatment",
    PurposeOfUse.COORDINATION_OF_CARE: "coordination of care",
    PurposeOfUse.BREAK_THE_GLASS: "break the glass",
    PurposeOfUse.PAYMENT: "healthcare payment",
    PurposeOfUse.OPERATIONS: "healthcare operations",
    PurposeOfUse.PATIENT_SAFETY: "patient safety",
    PurposeOfUse.PATIENT_ADMINISTRATION: "patient administration",
    PurposeOfUse.RECORDS_MANAGEMENT: "records management",
    PurposeOfUse.COMPLIANCE: "health compliance",
    PurposeOfUse.PATIENT_REQUEST: "patient requested",
}

PURPOSES: dict[str, PurposeOfUse] = {
    # what the system does by itself
    "alarm": PurposeOfUse.PATIENT_SAFETY,
    "unread content": PurposeOfUse.PATIENT_SAFETY,
    "screen for risk": PurposeOfUse.PATIENT_SAFETY,
    "answered question": PurposeOfUse.PATIENT_SAFETY,
    "same person": PurposeOfUse.PATIENT_SAFETY,
    "possible duplicate": PurposeOfUse.PATIENT_SAFETY,
    "referred again": PurposeOfUse.PATIENT_SAFETY,
    "open risk review": PurposeOfUse.TREATMENT,
    "open sign-off": PurposeOfUse.TREATMENT,
    "weigh check-in": PurposeOfUse.PATIENT_SAFETY,
    "read check-in": PurposeOfUse.PATIENT_SAFETY,
    "open escalation": PurposeOfUse.TREATMENT,
    "open message": PurposeOfUse.TREATMENT,
    "open question": PurposeOfUse.TREATMENT,
    "propose clinicians": PurposeOfUse.COORDINATION_OF_CARE,
    "outbox": PurposeOfUse.COORDINATION_OF_CARE,
    # what a practice learns of its reader
    "how the reader does": PurposeOfUse.OPERATIONS,
    "tune the reader": PurposeOfUse.OPERATIONS,
    "compare a pilot": PurposeOfUse.OPERATIONS,
    "clinical safety": PurposeOfUse.PATIENT_SAFETY,
    "screen session": PurposeOfUse.PATIENT_SAFETY,
    "draft note": PurposeOfUse.TREATMENT,
    "keep own words": PurposeOfUse.TREATMENT,
    "build claim": PurposeOfUse.PAYMENT,
    "send claims": PurposeOfUse.PAYMENT,
    # what staff open
    "command line: sign": PurposeOfUse.TREATMENT,
    "desk:sign-off": PurposeOfUse.TREATMENT,
    "desk:note": PurposeOfUse.TREATMENT,
    "desk:note-changes": PurposeOfUse.COMPLIANCE,
    "desk:note-export": PurposeOfUse.TREATMENT,
    "desk:private-note": PurposeOfUse.TREATMENT,
    "desk:case-content": PurposeOfUse.TREATMENT,
    "desk:care": PurposeOfUse.TREATMENT,
    "desk:risk-sample": PurposeOfUse.PATIENT_SAFETY,
    "desk:to-do": PurposeOfUse.COORDINATION_OF_CARE,
    "desk:to-do-letter": PurposeOfUse.COORDINATION_OF_CARE,
    "desk:claim": PurposeOfUse.PAYMENT,
    "desk:claim-sign-off": PurposeOfUse.PAYMENT,
    "desk:break-glass": PurposeOfUse.COMPLIANCE,
    "desk:patient-file": PurposeOfUse.PATIENT_REQUEST,
    "command line: patient-file": PurposeOfUse.PATIENT_REQUEST,
    "desk:quarantined-row": PurposeOfUse.PATIENT_ADMINISTRATION,
    **{f"sign:{how.value}": PurposeOfUse.TREATMENT for how in AuthenticatedHow},
    # what patients see of their own
    "portal": PurposeOfUse.PATIENT_REQUEST,
}
"""The purpose of every step and page that reads therapy content; whoever adds one has thought about it."""

_because: ContextVar[PurposeOfUse | None] = ContextVar("purpose of use", default=None)


class NoPurpose(LookupError):
    """A step or page reads therapy content and no purpose of use is known for it: it gets none."""


def purpose_of(where: str) -> PurposeOfUse:
    """Why this step or page reads; what stands in force by ``because`` comes first. Raises NoPurpose."""
    stated = _because.get()
    if stated is not None:
        return stated
    if where not in PURPOSES:
        raise NoPurpose(f"no purpose of use is known for {where!r}: name one in models/purposes.py")
    return PURPOSES[where]


@contextmanager
def because(purpose: PurposeOfUse) -> Iterator[None]:
    """Every read of therapy content inside has this purpose, such as breaking the glass."""
    token = _because.set(purpose)
    try:
        yield
    finally:
        _because.reset(token)
