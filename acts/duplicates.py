"""Which known record a coordinator means, where more than one may be the same person."""

from adapters.operational_store import audit, one, writing
from models.codes import ReferralStatus, Role
from models.errors import MovedOn, NotAllowed
from models.operational import Referral, Staff


def choose_known(case_number: str, patient_id: str | None, staff_id: str) -> None:
    """Put this record first among those the referral may be of: the to-do's outcome then means that one.

    Only one in question needs no choice. Raises NotAllowed, MovedOn, or ValueError for a record that was never in
    question, or for none where there are several.
    """
    with writing() as db:
        referral, staff = one(db, Referral, case_number), one(db, Staff, staff_id)
        if not staff.active or staff.role not in (Role.COORDINATOR, Role.ADMIN):
            raise NotAllowed("a coordinator does this")
        if referral.location_id not in staff.location_ids:
            raise NotAllowed("the case belongs to another location")
        if referral.status != ReferralStatus.POSSIBLE_DUPLICATE:
            raise MovedOn(f"case {case_number} is not in question any more")
        if not patient_id and len(referral.possible_patient_ids) < 2:
            return
        if patient_id not in referral.possible_patient_ids:
            raise ValueError("choose which of the known patients it is")
        others = [each for each in referral.possible_patient_ids if each != patient_id]
        referral.possible_patient_ids = [patient_id, *others]
        db.add(referral)
        audit(db, staff_id, "duplicate.chosen", referral, case_number, patient=patient_id)
