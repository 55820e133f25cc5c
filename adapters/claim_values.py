"""A claim as plain JSON values and back: how its content is kept, signed and compared."""

from typing import Any

from pydantic import TypeAdapter

from models.claim_answers import RemittedClaim
from models.claim_form import ClaimForm, EarlierPayment

_FORM = TypeAdapter(ClaimForm)
_REMITTED = TypeAdapter(RemittedClaim)
_EARLIER = TypeAdapter(EarlierPayment)


def form_to_plain(form: ClaimForm) -> dict[str, Any]:
    """The claim as JSON values; ``form_from_plain`` reads it back unchanged."""
    return dict(_FORM.dump_python(form, mode="json"))


def form_from_plain(plain: dict[str, Any]) -> ClaimForm:
    return _FORM.validate_python(plain)


def remitted_to_plain(claim: RemittedClaim) -> dict[str, Any]:
    """A remitted claim as JSON values, without whom it is about."""
    plain = dict(_REMITTED.dump_python(claim, mode="json"))
    return {name: value for name, value in plain.items() if name not in ("member_id", "patient_name")}


def remitted_from_plain(plain: dict[str, Any]) -> RemittedClaim:
    return _REMITTED.validate_python(plain)


def earlier_to_plain(payment: EarlierPayment) -> dict[str, Any]:
    """What an earlier payer decided as JSON values; holds the subscriber, so it is kept with the sealed content."""
    return dict(_EARLIER.dump_python(payment, mode="json"))


def earlier_from_plain(plain: dict[str, Any]) -> EarlierPayment:
    return _EARLIER.validate_python(plain)
