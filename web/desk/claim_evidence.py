"""What a claim says, for who bills or signs it: reads the therapy database, each read on record by person and page."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters import therapy_store, therapy_store_claims
from adapters.claim_values import form_from_plain
from models.claim_form import ClaimForm, PersonName
from models.operational import Claim
from rules.sign_off import digest
from web.desk import evidence
from web.desk.evidence import Note
from web.desk.members import Member


@dataclass(frozen=True)
class ShownClaim:
    """One edition of a claim. ``unchanged`` False: what is kept is not what the record says was built."""

    form: ClaimForm = field(repr=False)
    unchanged: bool = True

    @property
    def patient(self) -> PersonName:
        return self.form.patient or self.form.subscriber.person

    @property
    def fields(self) -> dict[str, str]:
        """What may be changed about it (``acts.claims.CLAIM_FIELDS``), as a form shows it."""
        first, *more = self.form.lines
        return {
            "place_of_service": self.form.place_of_service,
            "modifiers": ", ".join(first.modifiers),
            "authorisation": self.form.authorisation,
            "procedure_code": first.procedure_code,
            "addons": ", ".join(f"{line.procedure_code} {line.units}" for line in more),
            "diagnoses": ", ".join(self.form.diagnoses),
        }


def present_claim(claim: Claim, me: Member) -> ShownClaim | None:
    """The claim's present edition; None while nothing was built."""
    if not claim.content_id:
        return None
    text = therapy_store_claims.content(claim.content_id, actor=me.id, where="desk:claim").unwrap()
    return ShownClaim(form_from_plain(json.loads(text)["form"]), digest(text) == claim.content_digest)


def content_to_sign(approval_id: str, me: Member) -> tuple[dict[str, Any], str]:
    """What a sign-off about a claim asks to sign, and the digest of exactly that."""
    text = therapy_store.sign_off_content(approval_id, actor=me.id, where="desk:claim-sign-off").unwrap()
    return json.loads(text), digest(text)


def claim_to_sign(content: Mapping[str, Any]) -> ShownClaim | None:
    """The claim within what is signed; None where it holds none."""
    return ShownClaim(form_from_plain(content["form"])) if content.get("form") else None


def decision_reasons(decision_ids: list[str], me: Member) -> dict[str, str]:
    """The words that earlier decisions about a claim were given with."""
    return evidence.decision_reasons(decision_ids, me, "desk:claim-sign-off")


def reasons(ids: Sequence[str], me: Member) -> dict[str, Note]:
    """Why a biller did something to a claim, by the id under which the words are kept."""
    return evidence.notes(ids, me, "desk:claim")


def letter(letter_id: str, me: Member) -> str:
    """A letter to a payer, exactly as it was sent; raises MovedOn where there is none."""
    return therapy_store_claims.letter(letter_id, actor=me.id, where="desk:claim").unwrap()
