"""What is put on record about a patient's insurance: coverage, address, authorisations; by staff or by the patient."""

from collections.abc import Mapping
from datetime import date

PATIENT_FIELDS = (
    "member_id",
    "group_number",
    "relationship",
    "subscriber_family_name",
    "subscriber_given_name",
    "subscriber_birth_date",
    "subscriber_sex",
    "birth_date",
    "sex",
    "line",
    "second_line",
    "city",
    "state",
    "zip_code",
)
"""What a patient can be asked for by a link; dates as YYYY-MM-DD, ``sex`` F, M or U, ``relationship`` 18, 01 or 19."""


def record_coverage(
    patient_id: str,
    *,
    actor: str,
    rank: str,
    payer_code: str,
    plan_code: str = "",
    member_id: str,
    valid_from: date,
    details: Mapping[str, str] | None = None,
) -> None:
    """Put an insurance on record from a day on; what was there under this rank ends the day before.

    ``details``: group_number, relationship and the subscriber's fields. Raises ValueError naming a field.
    """
    raise NotImplementedError


def record_patient_fields(patient_id: str, fields: Mapping[str, str], *, actor: str) -> None:
    """Put on record what a claim needs of the patient (``PATIENT_FIELDS``). Raises ValueError naming a field."""
    raise NotImplementedError


def record_authorisation(
    patient_id: str,
    *,
    actor: str,
    payer_code: str,
    number: str,
    procedure_codes: tuple[str, ...],
    sessions: int,
    valid_from: date,
    valid_to: date,
) -> None:
    """Put a payer's authorisation on record. Raises ValueError naming a field."""
    raise NotImplementedError


def fill_in(link_id: str, fields: Mapping[str, str]) -> None:
    """The patient has answered what their link asked for: it is put on record and the claim goes on.

    Raises ValueError naming a field, MovedOn where the link asks for nothing any more.
    """
    raise NotImplementedError


def asked_of(link_id: str) -> tuple[str, ...]:
    """Which of ``PATIENT_FIELDS`` a link asks for; empty where it asks for nothing any more."""
    raise NotImplementedError
