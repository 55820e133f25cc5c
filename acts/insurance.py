"""A patient's insurance as it is on record: which one holds on a date, and how claims and questions name it."""

from collections.abc import Collection
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from models.claim_facts import CoverageFacts
from models.claim_form import PayerRank, PersonName, PostalAddress
from models.operational import Patient, PatientBilling, PatientCoverage

OLDEST = date(1900, 1, 1)
"""From when an insurance holds that nobody has said the beginning of."""


Insurances = dict[str, list[PatientCoverage]]
"""Every insurance on record of some patients, by patient."""


def insurances_of(db: Session, patient_ids: Collection[str]) -> Insurances:
    """What is on record of these patients, in one query."""
    found: Insurances = {patient_id: [] for patient_id in patient_ids}
    for row in db.exec(select(PatientCoverage).where(col(PatientCoverage.patient_id).in_(list(found)))).all():
        found[row.patient_id].append(row)
    return found


def coverage_in_force(db: Session, patient: Patient, rank: str, on: date) -> PatientCoverage | None:
    """The patient's insurance of this rank on a date: on record by itself, or what the referral said of it."""
    return in_force(insurances_of(db, [patient.id]), patient, rank, on)


def in_force(known: Insurances, patient: Patient, rank: str, on: date) -> PatientCoverage | None:
    """The same of many patients' insurances, read before."""
    rows = known[patient.id]
    found = [
        row
        for row in rows
        if row.rank == rank and row.valid_from <= on and (row.valid_to is None or on <= row.valid_to)
    ]
    if found:
        return max(found, key=lambda row: (row.valid_from, row.recorded_at))
    if rank != PayerRank.PRIMARY or any(row.rank == PayerRank.PRIMARY.value for row in rows):
        return None
    return _said(patient)


def said_by_referral(db: Session, patient: Patient) -> PatientCoverage | None:
    """The insurance that the referral named, as a row that is not on record; None once a first insurance is."""
    known = db.exec(
        select(PatientCoverage.id).where(
            PatientCoverage.patient_id == patient.id, PatientCoverage.rank == PayerRank.PRIMARY.value
        )
    ).first()
    return None if known is not None else _said(patient)


def _said(patient: Patient) -> PatientCoverage | None:
    if not patient.payer_code:
        return None
    return PatientCoverage(
        id=f"PV-{patient.id}",
        patient_id=patient.id,
        payer_code=patient.payer_code,
        plan_code=patient.plan_code or "",
        member_id=patient.member_id or "",
        valid_from=OLDEST,
        recorded_by="referral",
    )


def address_of(billing_row: PatientBilling | None) -> PostalAddress | None:
    """The patient's postal address; None while it is not whole."""
    if billing_row is None or not all((billing_row.line, billing_row.city, billing_row.state, billing_row.zip_code)):
        return None
    return PostalAddress(
        line=billing_row.line,
        city=billing_row.city,
        state=billing_row.state,
        zip_code=billing_row.zip_code,
        second_line=billing_row.second_line,
    )


def person_of(patient: Patient, billing_row: PatientBilling | None) -> PersonName:
    return PersonName(
        family_name=patient.family_name,
        given_name=patient.given_name,
        birth_date=patient.birth_date,
        sex=billing_row.sex if billing_row is not None else "",
    )


def coverage_facts(row: PatientCoverage, address: PostalAddress | None) -> CoverageFacts:
    """The coverage as claims and eligibility questions say it; another subscriber lives where the patient does."""
    own = row.relationship == "18"
    subscriber = PersonName(
        family_name=row.subscriber_family_name,
        given_name=row.subscriber_given_name,
        birth_date=row.subscriber_birth_date,
        sex=row.subscriber_sex,
    )
    return CoverageFacts(
        payer_code=row.payer_code,
        member_id=row.member_id,
        relationship=row.relationship,
        group_number=row.group_number,
        plan_code=row.plan_code,
        subscriber=None if own else subscriber,
        subscriber_address=None if own else address,
        rank=PayerRank(row.rank),
    )


def split_name(name: str) -> tuple[str, str]:
    """Family and given name of a member of staff, whose name is kept in one."""
    given, _, family = name.strip().rpartition(" ")
    return family, given


def local_date(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()
