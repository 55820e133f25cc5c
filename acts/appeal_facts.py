"""What a letter to a payer may say of a claim: identifiers, dates and amounts, nothing that was said in a session."""

from sqlmodel import Session, col, select

from acts import billing, claim_money
from acts.insurance import coverage_in_force
from adapters.operational_store import one
from models.denials import AppealFacts
from models.ledger import balances
from models.operational import Claim, ClaimSubmission, Location, Patient, SubmittedLine


def appeal_facts(db: Session, claim: Claim) -> AppealFacts:
    """The facts of the thread as it stands now."""
    tables = billing.tables()
    practice = tables.practice(claim.service_date)
    payer = tables.payer(claim.payer_code, claim.service_date)
    if practice is None or payer is None:
        raise ValueError("the practice's billing data for this date or this payer are not on file")
    place = one(db, Location, claim.location_id)
    patient = one(db, Patient, claim.patient_id)
    row = coverage_in_force(db, patient, claim.rank, claim.service_date)
    submissions = db.exec(
        select(ClaimSubmission)
        .where(ClaimSubmission.case_number == claim.case_number, ClaimSubmission.rank == claim.rank)
        .order_by(col(ClaimSubmission.number))
    ).all()
    accepted = [each for each in submissions if each.accepted_at is not None]
    lines = (
        db.exec(select(SubmittedLine).where(SubmittedLine.claim_control == submissions[-1].claim_control)).all()
        if submissions
        else []
    )
    owed = balances(claim_money.lines_of_case(db, claim.case_number))
    address = practice.billing.address
    return AppealFacts(
        practice_name=practice.billing.name,
        practice_address=f"{address.line}, {address.city}, {address.state} {address.zip_code}",
        practice_phone=place.phone,
        npi=practice.billing.npi,
        tax_id=practice.billing.tax_id,
        payer_name=payer.name,
        claim_number=submissions[-1].claim_control if submissions else claim.case_number,
        payer_control=claim.payer_control,
        member_id=row.member_id if row is not None else "",
        patient_name=f"{patient.given_name} {patient.family_name}",
        birth_date=patient.birth_date,
        dates_of_service=(claim.service_date,),
        procedure_codes=tuple(line.procedure_code for line in lines),
        charge_cents=claim.charge_cents,
        denied_cents=owed.denied_cents,
        denied_on=claim.decided_on,
        reason=claim.carc,
        sent_on=submissions[0].at.date() if submissions else None,
        accepted_on=accepted[0].accepted_at.date() if accepted and accepted[0].accepted_at else None,
        acceptance_number=accepted[0].payer_control if accepted else "",
    )
