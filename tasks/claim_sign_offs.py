"""What a biller, a clinician or an owner is shown of a claim and signs."""

import json
from typing import Any

from acts.claim_money import could_give_up, lines_of_case
from acts.refunds import wanted_refund
from adapters import operational_store as store
from adapters import therapy_store, therapy_store_claims
from models.codes import ApprovalKind
from models.errors import SignatureMismatch
from models.ledger import balances
from models.operational import Claim
from rules import sign_off
from rules.claim_sign_off import REFUND_ASKED, WRITE_OFF_ASKED, asked_in, others_than

WHERE = "open sign-off"
ASKED_BY = {ApprovalKind.WRITE_OFF: WRITE_OFF_ASKED, ApprovalKind.REFUND: REFUND_ASKED}
"""The finding that says who wants it, of what a biller asks an owner for."""


def claim_content(case_number: str, kind: ApprovalKind) -> dict[str, Any]:
    """The claim exactly as it would leave, why it is to be signed, and what differs from its note."""
    with store.reading() as db:
        claim = store.one(db, Claim, case_number)
    text = therapy_store_claims.content(claim.content_id, actor="system", where=WHERE).unwrap()
    if sign_off.digest(text) != claim.content_digest:
        raise SignatureMismatch(f"claim {case_number} is not what was built")
    content = json.loads(text)
    side = "clinician" if kind == ApprovalKind.CLAIM_CLINICAL else "biller"
    return {
        "kind": kind.value,
        "case": case_number,
        "content_digest": claim.content_digest,
        "reasons": content[side],
        "biller": content["biller"],
        "findings": content["findings"],
        "form": content["form"],
        "changes": content["changes"],
        "facts": content["facts"],
    }


def write_off_content(case_number: str) -> dict[str, Any]:
    """What would be given up, on which account, who wants it and why."""
    with store.reading() as db:
        claim = store.one(db, Claim, case_number)
        owed = balances(lines_of_case(db, case_number))
        cents = could_give_up(db, case_number)
    asked = asked_in(claim.findings, WRITE_OFF_ASKED)
    why = others_than(claim.findings, WRITE_OFF_ASKED)
    words = therapy_store.to_do_words(str(asked.get("words", "")), actor="system", where=WHERE)
    return {
        "kind": ApprovalKind.WRITE_OFF.value,
        "case": case_number,
        "cents": cents,
        "accounts": {"payer": owed.payer_cents, "denied": owed.denied_cents, "patient": owed.patient_cents},
        "why": [str(each.get("message", "")) for each in why],
        "asked_by": str(asked.get("asked_by", "")),
        "said": words.answer.unwrap() if words is not None and words.answer is not None else "",
        "reasons": ["The amount is above what a biller may write off alone."],
        "payer": claim.payer_code,
        "service_date": claim.service_date.isoformat(),
    }


def refund_content(case_number: str) -> dict[str, Any]:
    """What would go back, to whom and how, who wants it and why, and where the claim stands after it."""
    with store.reading() as db:
        claim = store.one(db, Claim, case_number)
        asked = asked_in(claim.findings, REFUND_ASKED)
        wanted = wanted_refund(db, claim, asked)
    words = therapy_store.to_do_words(str(asked.get("words", "")), actor="system", where=WHERE)
    return {
        "kind": ApprovalKind.REFUND.value,
        "case": case_number,
        "cents": wanted.cents,
        "to": wanted.to,
        "method": wanted.method,
        "reference": wanted.reference,
        "accounts": wanted.accounts,
        "after": wanted.after.value,
        "asked_by": str(asked.get("asked_by", "")),
        "said": words.answer.unwrap() if words is not None and words.answer is not None else "",
        "reasons": ["The amount is above what a biller may give back alone."],
        "payer": claim.payer_code,
        "service_date": claim.service_date.isoformat(),
    }
