"""What is put on record about a patient's insurance: coverage, address, authorisations; by staff or by the patient."""

import re
from collections.abc import Mapping
from datetime import date, timedelta

from sqlmodel import Session, col, select

from acts import billing
from acts.insurance import coverage_in_force
from adapters.operational_store import audit, move_case, one, reading, writing
from models.claim_form import PayerRank
from models.codes import ClaimStatus, LinkPurpose, Role
from models.columns import new_id, utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import Authorisation, Claim, Patient, PatientBilling, PatientCoverage, PortalLink, Staff
from models.person_names import plain_name

MAY_KEEP = (Role.BILLER, Role.COORDINATOR, Role.ADMIN)
COVERAGE_FIELDS = (
    "member_id",
    "group_number",
    "relationship",
    "subscriber_family_name",
    "subscriber_given_name",
    "subscriber_birth_date",
    "subscriber_sex",
)
ADDRESS_FIELDS = ("sex", "line", "second_line", "city", "state", "zip_code")
PATIENT_FIELDS = (*COVERAGE_FIELDS, "birth_date", *ADDRESS_FIELDS)
"""What a patient can be asked for by a link; dates as YYYY-MM-DD, ``sex`` F, M or U, ``relationship`` 18, 01 or 19."""
SEXES = ("F", "M", "U")
RELATIONSHIPS = ("18", "01", "19", "G8")
OLDEST = date(1900, 1, 1)
PLAIN = re.compile(r"[A-Za-z0-9 .-]+")
LONGEST = {"line": 55, "second_line": 55, "city": 30, "member_id": 80, "group_number": 50}


def _may_keep(db: Session, actor: str) -> None:
    """Staff of the right role; a patient's own words come through their link alone (``patient:…``)."""
    if actor.startswith("patient:"):
        return
    staff = one(db, Staff, actor)
    if not staff.active or staff.role not in MAY_KEEP:
        raise NotAllowed("a biller or coordinator does this")


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
    if rank not in tuple(PayerRank):
        raise ValueError("rank must be P, S or T")
    if not billing.tables().knows_payer(payer_code):
        raise ValueError("payer_code is not in the billing tables")
    fields = checked({"member_id": member_id, **(details or {})})
    with writing() as db:
        _may_keep(db, actor)
        one(db, Patient, patient_id)
        row = PatientCoverage(
            id=new_id("PV"),
            patient_id=patient_id,
            rank=rank,
            payer_code=payer_code,
            plan_code=plan_code.strip(),
            valid_from=valid_from,
            recorded_by=actor,
        )
        _set(row, {name: value for name, value in fields.items() if name in COVERAGE_FIELDS})
        _begin(db, row, actor)


def _begin(db: Session, row: PatientCoverage, actor: str) -> None:
    """Add a coverage; those of its rank that reach into it end the day before, or at once where they begin later."""
    for earlier in db.exec(
        select(PatientCoverage).where(PatientCoverage.patient_id == row.patient_id, PatientCoverage.rank == row.rank)
    ).all():
        if earlier.valid_to is None or earlier.valid_to >= row.valid_from:
            earlier.valid_to = row.valid_from - timedelta(days=1)
            db.add(earlier)
    db.add(row)
    db.flush()
    audit(db, actor, "coverage.recorded", row, patient=row.patient_id, payer=row.payer_code, since=str(row.valid_from))


def _set(record: object, fields: Mapping[str, str]) -> None:
    for name, value in fields.items():
        setattr(record, name, date.fromisoformat(value) if name.endswith("birth_date") else value)


def checked(fields: Mapping[str, str]) -> dict[str, str]:
    """The fields as they are stored. Raises ValueError naming the first that cannot be right, never its value."""
    found = {}
    for name, given in fields.items():
        value = " ".join(given.split())
        if name not in PATIENT_FIELDS:
            raise ValueError(f"{name} cannot be put on record here")
        if name != "second_line" and not value:
            raise ValueError(f"{name} must not be empty")
        found[name] = _checked(name, value)
    return found


def _checked(name: str, value: str) -> str:
    if name.endswith("birth_date"):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{name} must be a date, YYYY-MM-DD") from None
        if not OLDEST < day <= utc_now().date():
            raise ValueError(f"{name} must be a day of the past")
    elif name.endswith("sex"):
        value = value.upper()
        if value not in SEXES:
            raise ValueError(f"{name} must be F, M or U")
    elif name == "relationship" and value not in RELATIONSHIPS:
        raise ValueError("relationship must be 18, 01, 19 or G8")
    elif name == "state":
        value = value.upper()
        if not re.fullmatch(r"[A-Z]{2}", value):
            raise ValueError("state must be two letters")
    elif name == "zip_code":
        value = value.replace("-", "")
        if not re.fullmatch(r"[0-9]{5}([0-9]{4})?", value):
            raise ValueError("zip_code must have five or nine digits")
    elif name in ("member_id", "group_number") and not PLAIN.fullmatch(value):
        raise ValueError(f"{name} may hold letters, digits, dots and dashes only")
    if len(value) > LONGEST.get(name, 60):
        raise ValueError(f"{name} is too long")
    return value


def record_patient_fields(patient_id: str, fields: Mapping[str, str], *, actor: str) -> None:
    """Put on record what a claim needs of the patient (``PATIENT_FIELDS``). Raises ValueError naming a field."""
    stored = checked(fields)
    with writing() as db:
        _may_keep(db, actor)
        _keep(db, patient_id, stored, actor)


def _keep(db: Session, patient_id: str, fields: Mapping[str, str], actor: str) -> None:
    patient = one(db, Patient, patient_id)
    if "birth_date" in fields:
        patient.birth_date = date.fromisoformat(fields["birth_date"])
        db.add(patient)
    own = {name: value for name, value in fields.items() if name in ADDRESS_FIELDS}
    if own:
        row = db.get(PatientBilling, patient_id) or PatientBilling(patient_id=patient_id)
        _set(row, own)
        row.changed_at = utc_now()
        db.add(row)
    insured = {name: value for name, value in fields.items() if name in COVERAGE_FIELDS}
    if insured:
        _correct_coverage(db, patient, insured, actor)
    audit(db, actor, "patient.billing_recorded", patient, fields=sorted(fields))


def _correct_coverage(db: Session, patient: Patient, fields: Mapping[str, str], actor: str) -> None:
    """A misread card: the coverage in force is replaced by a corrected one of the same span."""
    held = coverage_in_force(db, patient, PayerRank.PRIMARY, utc_now().date())
    if held is None:
        raise ValueError("no insurance is on record to put this to")
    row = PatientCoverage(
        id=new_id("PV"),
        patient_id=patient.id,
        rank=held.rank,
        payer_code=held.payer_code,
        plan_code=held.plan_code,
        member_id=held.member_id,
        group_number=held.group_number,
        relationship=held.relationship,
        subscriber_family_name=held.subscriber_family_name,
        subscriber_given_name=held.subscriber_given_name,
        subscriber_birth_date=held.subscriber_birth_date,
        subscriber_sex=held.subscriber_sex,
        valid_from=held.valid_from,
        valid_to=held.valid_to,
        recorded_by=actor,
    )
    _set(row, fields)
    _begin(db, row, actor)


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
    if not PLAIN.fullmatch(number.strip()) or len(number.strip()) > 50:
        raise ValueError("number may hold letters, digits, dots and dashes only")
    if valid_to < valid_from:
        raise ValueError("valid_to must not be before valid_from")
    if not 1 <= sessions <= 999:
        raise ValueError("sessions must be from 1 to 999")
    if any(not re.fullmatch(r"[0-9A-Z]{5}", code) for code in procedure_codes):
        raise ValueError("procedure_codes must have five characters each")
    if not billing.tables().knows_payer(payer_code):
        raise ValueError("payer_code is not in the billing tables")
    with writing() as db:
        _may_keep(db, actor)
        one(db, Patient, patient_id)
        row = Authorisation(
            id=new_id("AU"),
            patient_id=patient_id,
            payer_code=payer_code,
            number=number.strip(),
            procedure_codes=list(procedure_codes),
            sessions=sessions,
            valid_from=valid_from,
            valid_to=valid_to,
            recorded_by=actor,
        )
        db.add(row)
        db.flush()
        audit(db, actor, "authorisation.recorded", row, patient=patient_id, payer=payer_code, sessions=sessions)


# -- by the patient, through their link


def _asking(db: Session, link_id: str) -> Claim | None:
    """The claim a link asks for, while it still asks."""
    link = db.get(PortalLink, link_id)
    if link is None or link.purpose != LinkPurpose.BILLING_DETAILS or link.revoked or link.used_at is not None:
        return None
    claim = db.get(Claim, link.case_number)
    if claim is None or claim.status != ClaimStatus.MISSING_INFORMATION or link.expires_at <= utc_now():
        return None
    newest = db.exec(
        select(PortalLink.id)
        .where(PortalLink.case_number == claim.case_number, PortalLink.purpose == LinkPurpose.BILLING_DETAILS)
        .order_by(col(PortalLink.created_at).desc())
    ).first()
    return claim if newest == link_id else None


def asked_of(link_id: str) -> tuple[str, ...]:
    """Which of ``PATIENT_FIELDS`` a link asks for; empty where it asks for nothing any more."""
    with reading() as db:
        claim = _asking(db, link_id)
        return tuple(claim.missing) if claim is not None else ()


def fill_in(link_id: str, fields: Mapping[str, str]) -> None:
    """The patient has answered what their link asked for: it is put on record and the claim goes on.

    Raises ValueError naming a field, MovedOn where the link asks for nothing any more.
    """
    stored = checked(fields)
    with writing() as db:
        claim = _asking(db, link_id)
        if claim is None:
            raise MovedOn("nothing is asked by this link any more")
        if other := sorted(set(stored) - set(claim.missing)):
            raise ValueError(f"{other[0]} was not asked")
        if lacking := sorted(set(claim.missing) - set(stored) - {"second_line"}):
            raise ValueError(f"{lacking[0]} must not be empty")
        if "subscriber_family_name" in stored and not plain_name(stored["subscriber_family_name"]):
            raise ValueError("subscriber_family_name must be a name")
        actor = f"patient:{claim.patient_id}"
        _keep(db, claim.patient_id, stored, actor)
        link = one(db, PortalLink, link_id)
        link.used_at = utc_now()
        db.add(link)
        claim.missing = []
        db.add(claim)
        # a corrected number or name is a new question to the payer
        move_case(db, claim, ClaimStatus.RECEIVED, actor=actor, fields=sorted(stored))
