"""What billers give back: what a payer or a patient has paid more than they owe on a claim."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from acts import claim_money
from acts.claim_books import Posting, post_all
from acts.claims import AT_THE_PAYER, keep_reason, locked_thread, write_off_limit
from adapters.operational_store import audit, move_case, reading, writing
from models.claim_findings import REFUND_BY
from models.codes import ClaimStatus
from models.errors import MovedOn
from models.ledger import Balances, LedgerAccount, LedgerKind, LedgerLine, balances
from models.operational import Claim, ClaimSubmission, LedgerEntry
from models.therapy_text import TherapyText
from rules import ledger
from rules.claim_sign_off import REFUND_ASKED, asked_in, asks_owner, dollars, others_than
from rules.ledger import Credit

C = ClaimStatus
PATIENT = "patient"
KEPT_BACK = "kept_back"
METHODS = ("check", "electronic", "card", "cash", KEPT_BACK)
"""How money goes back; ``kept_back``: the payer has taken it from a later payment itself (PLB), and nothing is sent."""


@dataclass(frozen=True)
class Refund:
    """So much goes back ``to`` the patient ("patient") or a payer (its code); ``reference`` makes it count once."""

    cents: int
    to: str
    method: str
    reference: str


@dataclass(frozen=True)
class WantedRefund(Refund):
    """A refund that waits for an owner, with what is owed on the claim now and where it stands once it is posted."""

    accounts: dict[str, int]
    after: ClaimStatus


def credits_of(case_number: str) -> tuple[Credit, ...]:
    """What is owed back on a claim, to whom."""
    with reading() as db:
        return _credits(db, case_number)


def _credits(db: Session, case_number: str) -> tuple[Credit, ...]:
    sent = db.exec(
        select(ClaimSubmission.claim_control, ClaimSubmission.payer_code).where(
            ClaimSubmission.case_number == case_number
        )
    ).all()
    return ledger.owed_back(claim_money.lines_of_case(db, case_number), dict(sent))


def refund(
    case_number: str, *, staff_id: str, to: str, cents: int, method: str, reference: str, reason: TherapyText
) -> None:
    """Record that a part of a credit went back.

    ``reference`` is the check's or transfer's number, or of what the payer kept back the one in its PLB. Above the
    practice's limit for write-offs an owner signs first. The last cent closes the claim. Raises ValueError,
    NotAllowed, MovedOn.
    """
    _check(to, cents, method)
    wanted = Refund(cents, to, method, ledger.read_reference(reference))
    with reading() as db:
        locked_thread(db, case_number, staff_id)
        if _known(db, case_number, wanted):
            return
    words = keep_reason(case_number, staff_id, reason, *AT_THE_PAYER)
    with writing() as db:
        claim = locked_thread(db, case_number, staff_id)
        if _known(db, case_number, wanted):
            return  # posted while the reason was kept
        if claim.status not in AT_THE_PAYER:
            raise MovedOn(f"claim {case_number} has moved on")
        credit = _credit_for(db, claim, wanted)
        claim.touched = True
        db.add(claim)
        if cents > write_off_limit():
            how = {"to": to, "method": method, "reference": wanted.reference}
            asked = asks_owner(REFUND_ASKED, cents, staff_id=staff_id, words=words, **how)
            claim.findings = [*others_than(claim.findings, REFUND_ASKED), asked]
            move_case(db, claim, C.REFUND_SIGNATURE, actor=staff_id, words=words, cents=cents)
            return
        _post(db, claim, credit, wanted, staff_id)
        audit(db, staff_id, "claim.refunded", claim, case_number, words=words, cents=cents, to=to, method=method)
        owed = balances(claim_money.lines_of_case(db, case_number))
        if not (owed.payer_cents or owed.denied_cents or owed.patient_cents < 0):
            claim.queue, claim.findings = "", []
            claim_money.settle(db, claim, staff_id)
        else:
            _still_owed_back(db, claim)


def post_signed(db: Session, claim: Claim, signed: Mapping[str, Any], *, actor: str) -> None:
    """Post a refund that an owner has signed; raises MovedOn where the ledger has changed since it was shown."""
    present = wanted_refund(db, claim, asked_in(claim.findings, REFUND_ASKED))
    facts = ("cents", "to", "method", "reference", "accounts")
    if any(getattr(present, name) != signed[name] for name in facts) or present.after.value != signed["after"]:
        raise MovedOn(f"what is owed back on claim {claim.case_number} has changed since this was asked")
    credit = _credit_for(db, claim, present)
    _post(db, claim, credit, present, actor)
    claim.findings = others_than(claim.findings, REFUND_ASKED) if present.after in AT_THE_PAYER else []
    if present.after in AT_THE_PAYER:
        _still_owed_back(db, claim)
    else:
        claim.queue = ""
        db.add(claim)


def wanted_refund(db: Session, claim: Claim, asked: Mapping[str, Any]) -> WantedRefund:
    """What was asked for, against the ledger as it is."""
    to, cents = str(asked.get("to", "")), int(asked.get("cents", 0))
    lines = claim_money.lines_of_case(db, claim.case_number)
    owed = balances(lines)
    left = {"payer": owed.payer_cents, "denied": owed.denied_cents, "patient": owed.patient_cents}
    return WantedRefund(
        cents=cents,
        to=to,
        method=str(asked.get("method", "")),
        reference=str(asked.get("reference", "")),
        accounts=left,
        after=_goes_to(balances((*lines, *_would_post(db, claim, to, cents))), claim),
    )


def _would_post(db: Session, claim: Claim, to: str, cents: int) -> tuple[LedgerLine, ...]:
    """The lines of a refund as they would be posted now; none where so much is not owed back."""
    credit = _credit_of(db, claim, to)
    if credit is None or not 0 < cents <= credit.cents:
        return ()
    lines = ledger.refunded(credit, cents, "asked", method="", reference="")
    return (*lines, *ledger.taken_off_with(claim_money.lines_of_case(db, claim.case_number), lines, "asked"))


def _goes_to(owed: Balances, claim: Claim) -> ClaimStatus:
    """Where a claim stands with this much owed on it; what is not even stays with a biller."""
    if owed.denied_cents > 0 and claim.carc:
        return C.APPEALED if claim.came_from is C.APPEALED else C.DENIED
    if owed.payer_cents or owed.denied_cents or owed.patient_cents < 0:
        return C.REMITTANCE_REVIEW
    return C.PATIENT_BALANCE if owed.patient_cents else claim_money.evened_out(claim)


def _still_owed_back(db: Session, claim: Claim) -> None:
    """A part went back, or something else is open: it stays where it is, and says what is left."""
    left = sum(each.cents for each in _credits(db, claim.case_number))
    for at, each in enumerate(claim.findings):
        if each.get("rule") == claim_money.CREDIT:
            said = f"${dollars(left)} is still owed back." if left else "What was owed back has gone back."
            kept = each if left else {name: value for name, value in each.items() if name != REFUND_BY}
            claim.findings = [*claim.findings[:at], kept | {"message": said}, *claim.findings[at + 1 :]]
    db.add(claim)


def _check(to: str, cents: int, method: str) -> None:
    if cents <= 0:
        raise ValueError("cents must be more than 0")
    if method not in METHODS:
        raise ValueError("method must be one of those offered")
    if method == KEPT_BACK and to == PATIENT:
        raise ValueError("a patient keeps nothing back: choose how it was sent")


def _source(case_number: str, refund: Refund) -> str:
    return f"refund:{case_number}:{refund.to}:{refund.reference}"


def _known(db: Session, case_number: str, refund: Refund) -> bool:
    """Whether this refund is in the ledger; raises ValueError where another one has its reference."""
    source = _source(case_number, refund)
    posted = [line for line in claim_money.lines_of_case(db, case_number) if line.source == source]
    if posted and sum(line.amount_cents for line in posted if line.kind is LedgerKind.REFUND) != refund.cents:
        raise ValueError("reference was used before for another amount")
    return bool(posted)


def _credit_for(db: Session, claim: Claim, refund: Refund) -> Credit:
    """The credit that this much can be taken from; raises ValueError where there is none, or less."""
    credit = _credit_of(db, claim, refund.to)
    if credit is None:
        raise ValueError("nothing is owed back to them on this claim")
    if refund.cents > credit.cents:
        raise ValueError("cents is more than is owed back")
    if refund.method == KEPT_BACK and refund.cents > kept_back(db, refund.reference):
        raise ValueError("the payer has not kept back so much under this reference")
    return credit


def _credit_of(db: Session, claim: Claim, to: str) -> Credit | None:
    whose = "" if to == PATIENT else to
    return next((each for each in _credits(db, claim.case_number) if each.payer_code == whose), None)


def kept_back(db: Session, reference: str) -> int:
    """What payers keep back under a reference of theirs without its being told of a claim, in cents."""
    total = db.exec(
        select(func.sum(LedgerEntry.amount_cents)).where(
            LedgerEntry.account == LedgerAccount.BEYOND_CLAIMS.value, col(LedgerEntry.payer_control) == reference
        )
    ).one()
    return int(total or 0)


def _post(db: Session, claim: Claim, credit: Credit, refund: Refund, actor: str) -> None:
    source = _source(claim.case_number, refund)
    lines = ledger.refunded(credit, refund.cents, source, method=refund.method, reference=refund.reference)
    earlier = claim_money.lines_of_case(db, claim.case_number)
    undone = ledger.taken_off_with(earlier, lines, f"{source}/contract")
    postings = [Posting((*lines, *undone), claim.case_number, credit.payer_code)]
    if refund.method == KEPT_BACK:
        postings.append(Posting((ledger.kept_back_for(lines, source),), None, credit.payer_code))
    post_all(db, postings, actor=actor)
    claim_money.refresh(db, claim)
