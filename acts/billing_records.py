"""What is put on record about a patient's insurance: coverage, address, authorisations; by staff or by the patient."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlmodel import Session, col, select

from acts import billing
from acts.insurance import OLDEST, coverage_in_force, said_by_referral
from adapters.operational_store import audit, move_case, one, reading, writing
from adapters.x12.writing import folded
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
PLAIN = re.compile(r"[A-Za-z0-9 .-]+")
IN_A_FILE = re.compile(r"[A-Z0-9 &'(),./;=@#%+!?_-]*")
"""What words may hold once their accents are folded, so that one name never keeps a whole file here."""
SHORTEST = {"member_id": 2, "city": 2}
LONGEST = {
    "line": 55,
    "second_line": 55,
    "city": 30,
    "member_id": 80,
    "group_number": 50,
    "subscriber_family_name": 60,
    "subscriber_given_name": 35,
}
LONGEST_PLAN = 50
KEPT = ("payer_code", "plan_code", *COVERAGE_FIELDS)
"""What a coverage says, besides its span."""


def _may_keep(db: Session, staff_id: str) -> None:
    staff = one(db, Staff, staff_id)
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

    ``details``: group_number, relationship and the subscriber's fields. The same once more changes nothing. Raises
    ValueError naming a field.
    """
    if rank not in tuple(PayerRank):
        raise ValueError("rank must be P, S or T")
    if not billing.tables().knows_payer(payer_code):
        raise ValueError("payer_code is not in the billing tables")
    if valid_from < OLDEST:
        raise ValueError("valid_from must not lie so far back")
    if len(plan_code.strip()) > LONGEST_PLAN or not IN_A_FILE.fullmatch(plan_code.strip().upper()):
        raise ValueError("plan_code may hold letters, digits, dots and dashes only")
    fields = checked({"member_id": member_id, **(details or {})})
    if other := sorted(set(fields) - set(COVERAGE_FIELDS)):
        raise ValueError(f"{other[0]} cannot be put on record here")
    with writing() as db:
        _may_keep(db, actor)
        patient = one(db, Patient, patient_id)
        row = PatientCoverage(
            id=new_id("PV"),
            patient_id=patient_id,
            rank=rank,
            payer_code=payer_code,
            plan_code=plan_code.strip(),
            valid_from=valid_from,
            recorded_by=actor,
        )
        _set(row, fields)
        _begin(db, patient, row, actor)


def _begin(db: Session, patient: Patient, row: PatientCoverage, actor: str) -> None:
    """Add a coverage: its span is cut out of those of its rank, so that on each day one holds; every row stays."""
    if row.rank == PayerRank.PRIMARY and (referred := said_by_referral(db, patient)) is not None:
        referred.id = new_id("PV")  # what the referral said is history from now on
        db.add(referred)
        db.flush()
    rows = db.exec(
        select(PatientCoverage).where(PatientCoverage.patient_id == row.patient_id, PatientCoverage.rank == row.rank)
    ).all()
    reached = [each for each in rows if _overlap(each, row)]
    if any(each.valid_from == row.valid_from and _says_the_same(each, row) for each in reached):
        return
    for earlier in reached:
        if row.valid_to is not None and (earlier.valid_to is None or earlier.valid_to > row.valid_to):
            db.add(_copied(earlier, row.valid_to + timedelta(days=1), earlier.valid_to))
        earlier.valid_to = max(row.valid_from, earlier.valid_from) - timedelta(days=1)
        db.add(earlier)
    db.add(row)
    db.flush()
    audit(db, actor, "coverage.recorded", row, patient=row.patient_id, payer=row.payer_code, since=str(row.valid_from))


def _overlap(one: PatientCoverage, other: PatientCoverage) -> bool:
    """Whether both hold on some day; a row that was ended before it began holds on none."""
    if one.valid_to is not None and one.valid_to < one.valid_from:
        return False
    return (other.valid_to is None or one.valid_from <= other.valid_to) and (
        one.valid_to is None or other.valid_from <= one.valid_to
    )


def _says_the_same(one: PatientCoverage, other: PatientCoverage) -> bool:
    return one.valid_to == other.valid_to and all(getattr(one, name) == getattr(other, name) for name in KEPT)


def _copied(row: PatientCoverage, valid_from: date, valid_to: date | None) -> PatientCoverage:
    """What a coverage says, for another span."""
    said = {name: getattr(row, name) for name in (*KEPT, "patient_id", "rank", "recorded_by")}
    return PatientCoverage(id=new_id("PV"), valid_from=valid_from, valid_to=valid_to, **said)


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
        if not OLDEST <= day <= utc_now().date():
            raise ValueError(f"{name} must be a day of the past")
        value = day.isoformat()
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
    elif name in ("member_id", "group_number"):
        if not PLAIN.fullmatch(value):
            raise ValueError(f"{name} may hold letters, digits, dots and dashes only")
    elif not IN_A_FILE.fullmatch(folded(value)):
        raise ValueError(f"{name} has a character that a claim cannot hold")
    elif name.endswith("_name") and not plain_name(value):
        raise ValueError(f"{name} must be a name")
    if len(value) < SHORTEST.get(name, 0):
        raise ValueError(f"{name} is too short")
    if len(folded(value)) > LONGEST.get(name, 60):
        raise ValueError(f"{name} is too long")
    return value


def record_patient_fields(patient_id: str, fields: Mapping[str, str], *, actor: str) -> None:
    """Put on record what a claim needs of the patient (``PATIENT_FIELDS``), of their insurance the one that is first
    today. Raises ValueError naming a field."""
    stored = checked(fields)
    with writing() as db:
        _may_keep(db, actor)
        _keep(db, patient_id, stored, actor, rank=PayerRank.PRIMARY, on=utc_now().date())


def _keep(db: Session, patient_id: str, fields: Mapping[str, str], actor: str, *, rank: str, on: date) -> None:
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
        _correct_coverage(db, patient, insured, actor, rank, on)
    audit(db, actor, "patient.billing_recorded", patient, fields=sorted(fields))


def _correct_coverage(
    db: Session, patient: Patient, fields: Mapping[str, str], actor: str, rank: str, on: date
) -> None:
    """A misread card: the coverage of that day is replaced by a corrected one of the same span."""
    held = coverage_in_force(db, patient, rank, on)
    if held is None:
        raise ValueError("no insurance is on record to put this to")
    row = _copied(held, held.valid_from, held.valid_to)
    row.recorded_by = actor
    _set(row, fields)
    _begin(db, patient, row, actor)


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
    """Put a payer's authorisation on record; the same once more changes nothing. Raises ValueError naming a field."""
    plain = number.strip()
    if not PLAIN.fullmatch(plain) or len(plain) > 50:
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
        said: dict[str, Any] = {
            "patient_id": patient_id,
            "payer_code": payer_code,
            "number": plain,
            "procedure_codes": list(procedure_codes),
            "sessions": sessions,
            "valid_from": valid_from,
            "valid_to": valid_to,
        }
        known = db.exec(select(Authorisation).where(Authorisation.patient_id == patient_id)).all()
        if any(all(getattr(each, name) == value for name, value in said.items()) for each in known):
            return
        row = Authorisation(id=new_id("AU"), recorded_by=actor, **said)
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
    if link.round != claim.version:
        return None  # it asked something else, another time
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
        # where somebody lives has two lines, whichever of them was asked
        asked = {*claim.missing, *(("second_line",) if "line" in claim.missing else ())}
        if other := sorted(set(stored) - asked):
            raise ValueError(f"{other[0]} was not asked")
        if lacking := sorted(set(claim.missing) - set(stored) - {"second_line"}):
            raise ValueError(f"{lacking[0]} must not be empty")
        actor = f"patient:{claim.patient_id}"
        _keep(db, claim.patient_id, stored, actor, rank=claim.rank, on=claim.service_date)
        link = one(db, PortalLink, link_id)
        link.used_at = utc_now()
        db.add(link)
        claim.missing = []
        db.add(claim)
        # a corrected number or name is a new question to the payer
        move_case(db, claim, ClaimStatus.RECEIVED, actor=actor, fields=sorted(stored))
