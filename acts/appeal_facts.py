"""What a letter to a payer may say of a claim: identifiers, dates and amounts, nothing that was said in a session."""

from sqlmodel import Session, col, select

from acts import billing, claim_money
from acts.insurance import coverage_in_force
from adapters.operational_store import one
from models.denials import AppealFacts
from models.ledger import balances
from models.operational import Authorisation, Claim, ClaimSubmission, Location, Patient, SubmittedLine


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
    newest = submissions[-1].claim_control if submissions else ""
    lines = db.exec(
        select(SubmittedLine).where(SubmittedLine.claim_control == newest).order_by(col(SubmittedLine.number))
    ).all()
    carved_out = tables.payer(payer.carve_out_payer, claim.service_date) if payer.carve_out_payer else None
    owed = balances(claim_money.lines_of_case(db, claim.case_number))
    address = practice.billing.address
    return AppealFacts(
        practice_name=practice.billing.name,
        practice_address=f"{address.line}, {address.city}, {address.state} {address.zip_code}",
        practice_phone=place.phone,
        npi=practice.billing.npi,
        tax_id=practice.billing.tax_id,
        payer_name=payer.name,
        claim_number=newest or claim.case_number,
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
        remarks=_remarks(claim),
        sent_on=submissions[0].at.date() if submissions else None,
        accepted_on=accepted[0].accepted_at.date() if accepted and accepted[0].accepted_at else None,
        acceptance_number=accepted[0].payer_control if accepted else "",
        authorisation=_authorisation(db, claim),
        other_claim_number=submissions[-2].claim_control if len(submissions) > 1 else _other_of_the_day(db, claim),
        other_payer_name=carved_out.name if carved_out is not None else "",
    )


def _remarks(claim: Claim) -> tuple[str, ...]:
    """The remark codes (RARC) of the denial that decides."""
    said = str(claim.findings[0].get("field", "")) if claim.carc and claim.findings else ""
    return tuple(part for part in said.split(", ") if part)


def _authorisation(db: Session, claim: Claim) -> str:
    """The number of the payer's authorisation that was in force, the newest on record."""
    found = db.exec(
        select(Authorisation.number)
        .where(
            Authorisation.patient_id == claim.patient_id,
            Authorisation.payer_code == claim.payer_code,
            col(Authorisation.valid_from) <= claim.service_date,
            col(Authorisation.valid_to) >= claim.service_date,
        )
        .order_by(col(Authorisation.recorded_at).desc())
    ).first()
    return found or ""


def _other_of_the_day(db: Session, claim: Claim) -> str:
    """Our newest number of another claim of the patient's day, which this one was taken for."""
    found = db.exec(
        select(ClaimSubmission.claim_control)
        .join(Claim, col(Claim.case_number) == col(ClaimSubmission.case_number))
        .where(
            Claim.patient_id == claim.patient_id,
            Claim.service_date == claim.service_date,
            Claim.case_number != claim.case_number,
        )
        .order_by(col(ClaimSubmission.at).desc())
    ).first()
    return found or ""
