"""What staff record of a patient's consent to automated reading: given or revoked, from today on."""

from adapters.operational_store import audit, one, writing
from models.codes import Role
from models.columns import utc_now
from models.errors import NotAllowed
from models.operational import Patient, Referral, Staff

RECORDERS = (Role.COORDINATOR, Role.CLINICIAN)


def set_ai_consent(case_number: str, staff_id: str, agreed: bool) -> None:
    """Record what the patient of this case says now; every later reading asks it. Raises NotAllowed."""
    with writing() as db:
        referral, staff = one(db, Referral, case_number), one(db, Staff, staff_id)
        if not staff.active or staff.role not in RECORDERS:
            raise NotAllowed("a coordinator or clinician records this")
        if referral.location_id not in staff.location_ids:
            raise NotAllowed("the case belongs to another location")
        patient = one(db, Patient, referral.patient_id)
        patient.consent_ai, patient.consent_ai_on = agreed, utc_now().date()
        db.add(patient)
        audit(db, staff_id, "patient.consent_ai", patient, case_number, agreed=agreed)
