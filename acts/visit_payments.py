"""What a patient is asked for at a visit, and what they paid there, before the payer has decided anything."""

from collections.abc import Collection, Iterable, Sequence

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from acts import claim_money
from acts.claims import keep_reason, locked_thread
from acts.insurance import in_force, insurances_of
from adapters.operational_store import audit, one, reading, writing
from models.codes import ClaimStatus, Role
from models.columns import new_id
from models.errors import NotAllowed
from models.ledger import LedgerLine
from models.operational import Claim, EligibilityCheck, Patient, Staff, VisitPayment
from models.therapy_text import TherapyText
from rules import cost_shares, ledger
from rules.cost_shares import ExpectedShare
from rules.coverage import status_from

C = ClaimStatus
WHO = (Role.COORDINATOR, Role.BILLER, Role.ADMIN)
METHODS = ("card", "cash", "check")
MOST_CENTS = 500_000
"""Above this it is a slip of the finger rather than what a visit costs."""
DECIDED = (C.REMITTANCE_REVIEW, C.PATIENT_BALANCE, C.CLOSED_PAID, C.CLOSED_WRITTEN_OFF, C.CLOSED_VOID)
"""Where a payment settles something at once, or is owed back."""


def expected(checks: Sequence[EligibilityCheck]) -> dict[str, ExpectedShare]:
    """What each of these patients should pay at the visit, by check, in a fixed number of queries."""
    ids = {check.patient_id for check in checks}
    with reading() as db:
        insurances = insurances_of(db, ids)
        patients = {each.id: each for each in db.exec(select(Patient).where(col(Patient.id).in_(ids))).all()}
    return {
        check.id: cost_shares.expected_share(
            status_from(check.status),
            check.shares,
            second_payer=in_force(insurances, patients[check.patient_id], "S", check.service_date) is not None,
        )
        for check in checks
    }


def paid_for(check_ids: Collection[str]) -> dict[str, int]:
    """What was paid at these visits, in cents, by check; nothing of those where nothing was."""
    with reading() as db:
        found = db.exec(
            select(VisitPayment.check_id, VisitPayment.cents).where(col(VisitPayment.check_id).in_(check_ids))
        ).all()
    sums: dict[str, int] = {}
    for check_id, cents in found:
        sums[check_id] = sums.get(check_id, 0) + cents
    return sums


def record(check_id: str, *, staff_id: str, cents: int, method: str, reference: str) -> None:
    """Put on record what was paid at the visit that this check was asked for; ``reference`` makes it count once.

    It stands in the claim's ledger as soon as the claim leaves; where it has left, at once. What the payer then leaves
    to the patient is less by it, and what is too much is owed back. Raises ValueError, NotAllowed.
    """
    if not 0 < cents <= MOST_CENTS:
        raise ValueError("cents must be more than 0 and what a visit may cost")
    if method not in METHODS:
        raise ValueError("method must be one of those offered")
    reference = ledger.read_reference(reference)
    with writing() as db:
        check = one(db, EligibilityCheck, check_id)
        staff = one(db, Staff, staff_id)
        if not staff.active or staff.role not in WHO or check.location_id not in staff.location_ids:
            raise NotAllowed("a coordinator or a biller of the place does this")
        key = f"{check.id}:{reference}"
        known = db.exec(select(VisitPayment).where(VisitPayment.unique_key == key)).first()
        if known is not None:
            if known.cents != cents:
                raise ValueError("reference was used before for another amount")
            return
        paid = VisitPayment(
            id=new_id("VP"),
            unique_key=key,
            check_id=check.id,
            patient_id=check.patient_id,
            clinician_id=check.clinician_id,
            location_id=check.location_id,
            service_date=check.service_date,
            cents=cents,
            method=method,
            reference=reference,
            recorded_by=staff_id,
        )
        db.add(paid)
        db.flush()
        audit(db, staff_id, "visit_payment.recorded", paid, check.case_number, cents=cents, method=method)
        _onto_claim(db, paid, staff_id)


def _onto_claim(db: Session, paid: VisitPayment, actor: str) -> None:
    """Post it to the claim of that session where it has left already."""
    claim = db.exec(
        select(Claim)
        .where(
            Claim.patient_id == paid.patient_id,
            Claim.clinician_id == paid.clinician_id,
            Claim.service_date == paid.service_date,
            col(Claim.first_sent_at).is_not(None),
        )
        .order_by(col(Claim.case_number))
        .with_for_update()
    ).first()
    if claim is None:
        return
    sent = claim_money.newest_submission(db, claim.case_number)
    if sent is None:
        return
    paid.case_number = claim.case_number
    db.add(paid)
    claim_money.post(db, [_line(sent.claim_control, paid)], case_number=claim.case_number, actor=actor)
    if claim.status in DECIDED:
        claim_money.settle(db, claim, actor)
    else:
        claim_money.refresh(db, claim)


def in_no_ledger(case_number: str) -> int:
    """The cents that were paid at the session of a claim and stand in no claim's ledger."""
    with reading() as db:
        return sum(each.cents for each in db.exec(_in_no_ledger(one(db, Claim, case_number))).all())


def _in_no_ledger(claim: Claim) -> SelectOfScalar[VisitPayment]:
    return (
        select(VisitPayment)
        .where(
            col(VisitPayment.case_number).is_(None),
            VisitPayment.patient_id == claim.patient_id,
            VisitPayment.clinician_id == claim.clinician_id,
            VisitPayment.service_date == claim.service_date,
        )
        .order_by(col(VisitPayment.at), col(VisitPayment.id))
    )


def owe_back(case_number: str, *, staff_id: str, reason: TherapyText) -> None:
    """Say that what was paid at the session of a claim that is not billed goes back: it is owed back from now on.

    Whether it does is a biller's to say: somebody else may bill the session, or the patient pay for it. It stands in
    the ledger under the claim's own number, as no sending has one; if the claim is sent after all, it counts there.
    Raises ValueError where nothing was paid that stands in no ledger, NotAllowed, MovedOn.
    """
    words = keep_reason(case_number, staff_id, reason, C.CLOSED_NOT_BILLED)
    with writing() as db:
        claim = locked_thread(db, case_number, staff_id, C.CLOSED_NOT_BILLED)
        found = db.exec(_in_no_ledger(claim).with_for_update()).all()
        if not found:
            raise ValueError("nothing was paid at the visit that could go back")
        for paid in found:
            paid.case_number = case_number
            db.add(paid)
        claim_money.post(db, [_line(case_number, paid) for paid in found], case_number=case_number, actor=staff_id)
        cents = sum(paid.cents for paid in found)
        audit(db, staff_id, "visit_payment.owed_back", claim, case_number, words=words, cents=cents)
        claim_money.settle(db, claim, staff_id)


def onto_first_sending(db: Session, sent: Iterable[tuple[Claim, str]]) -> dict[str, list[LedgerLine]]:
    """The ledger lines of what was paid at the sessions of claims that leave for the first time, by case, in one query.

    ``sent``: each claim with its number of the ledger. A payment is the first claim's of that patient, clinician, day.
    """
    claims = {(claim.patient_id, claim.clinician_id, claim.service_date): (claim, number) for claim, number in sent}
    if not claims:
        return {}
    lines: dict[str, list[LedgerLine]] = {}
    found = db.exec(
        select(VisitPayment)
        .where(
            col(VisitPayment.case_number).is_(None),
            col(VisitPayment.patient_id).in_({patient_id for patient_id, *_ in claims}),
        )
        .order_by(col(VisitPayment.at), col(VisitPayment.id))
        .with_for_update()
    ).all()
    for paid in found:
        claim, number = claims.get((paid.patient_id, paid.clinician_id, paid.service_date), (None, ""))
        if claim is not None:
            paid.case_number = claim.case_number
            db.add(paid)
            lines.setdefault(claim.case_number, []).append(_line(number, paid))
    return lines


def _line(number: str, paid: VisitPayment) -> LedgerLine:
    return ledger.patient_payment(number, paid.cents, f"visit:{paid.id}")
