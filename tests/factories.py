"""Makes valid, fictional records in the databases of a test; every keyword has a default."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from adapters import therapy_store
from adapters.operational_store import writing
from adapters.portal_links import MadeLink, make_link
from models.codes import (
    ApprovalKind,
    LinkPurpose,
    MessageChannel,
    Modality,
    ReferralStatus,
    RiskLevel,
    Role,
    Verdict,
)
from models.columns import new_id, utc_now
from models.operational import (
    Approval,
    Clinician,
    Decision,
    Location,
    Offer,
    OperationalRecord,
    OutboxMessage,
    Patient,
    Referral,
    Slot,
    Staff,
)
from models.therapy_text import TherapyText

_numbers = count(1)
BIRTH_DATE = date(1990, 4, 23)
SIGNING_ROLES = {
    ApprovalKind.RISK_REVIEW: Role.CLINICIAN,
    ApprovalKind.ASSIGNMENT: Role.COORDINATOR,
    ApprovalKind.CLOSING_LETTER: Role.CLINICIAN,
}


def _keep(record: OperationalRecord) -> None:
    with writing() as db:
        db.add(record)


def _made(record_type: Any, defaults: dict[str, Any], given: dict[str, Any]) -> Any:
    record = record_type(**{**defaults, **given})
    _keep(record)
    return record


def make_location(**given: Any) -> Location:
    number = next(_numbers)
    return _made(
        Location,
        {
            "id": f"LOC-T{number}",
            "name": "Harbor Street",
            "state": "OR",
            "time_zone": "America/Los_Angeles",
            "phone": "+1 503 555 0140",
        },
        given,
    )


def make_staff(*, location: Location | None = None, **given: Any) -> Staff:
    number = next(_numbers)
    place = location or make_location()
    return _made(
        Staff,
        {
            "id": f"ST-T{number}",
            "name": f"Robin Example {number}",
            "email": f"staff{number}@example.org",
            "role": Role.COORDINATOR,
            "location_ids": [place.id],
            "team": "T",
        },
        given,
    )


def make_clinician(*, location: Location | None = None, on_call: bool = False, **given: Any) -> Clinician:
    staff = make_staff(location=location, role=Role.CLINICIAN, on_call=on_call, phone="+15035550141")
    return _made(Clinician, {"id": staff.id, "npi": "1234567893", "credential": "LCSW"}, given)


def make_patient(**given: Any) -> Patient:
    number = next(_numbers)
    return _made(
        Patient,
        {
            "id": f"PT-T{number}",
            "given_name": "Alex",
            "family_name": f"Sample{number}",
            "match_name": f"alex sample{number}",
            "birth_date": BIRTH_DATE,
            "email": f"patient{number}@example.org",
            "phone": f"+1503555{100 + number % 100:04d}",
            "state": "OR",
            "time_zone": "America/Los_Angeles",
            "language": "en",
        },
        given,
    )


def make_referral(
    status: ReferralStatus = ReferralStatus.RECEIVED,
    *,
    patient: Patient | None = None,
    location: Location | None = None,
    **given: Any,
) -> Referral:
    number = next(_numbers)
    return _made(
        Referral,
        {
            "case_number": f"RF-9{number:05d}",
            "patient_id": (patient or make_patient()).id,
            "location_id": (location or make_location()).id,
            "external_key": f"test-{number}",
            "source": "test",
            "received_at": utc_now() - timedelta(days=1),
            "status": status,
        },
        given,
    )


def make_slot(clinician: Clinician, location: Location, *, hours_ahead: float = 96, **given: Any) -> Slot:
    starts = (datetime.now(UTC) + timedelta(hours=hours_ahead)).replace(minute=0, second=0, microsecond=0)
    return _made(
        Slot,
        {
            "id": f"SL-T{next(_numbers)}",
            "clinician_id": clinician.id,
            "location_id": location.id,
            "starts_at": starts,
            "minutes": 50,
            "modality": Modality.OFFICE,
        },
        given,
    )


def make_offer(referral: Referral, slot: Slot, **given: Any) -> Offer:
    defaults = {"id": new_id("OF"), "case_number": referral.case_number, "round": referral.round}
    return _made(Offer, {**defaults, "slot_id": slot.id}, given)


def make_portal_link(referral: Referral, purpose: LinkPurpose, days: int = 14) -> MadeLink:
    with writing() as db:
        return make_link(db, referral.case_number, purpose, referral.round, days)


def make_message(patient: Patient | None = None, **given: Any) -> OutboxMessage:
    number = next(_numbers)
    return _made(
        OutboxMessage,
        {
            "id": f"MS-T{number}",
            "unique_key": f"test-message-{number}",
            "channel": MessageChannel.EMAIL,
            "to_patient_id": patient.id if patient else None,
            "template": "waitlisted",
            "not_before": utc_now() - timedelta(minutes=1),
        },
        given,
    )


def make_approval(
    kind: ApprovalKind = ApprovalKind.RISK_REVIEW,
    *,
    referral: Referral | None = None,
    content: str = "{}",
    level: RiskLevel | None = None,
    **given: Any,
) -> Approval:
    """An open sign-off whose content lies in the therapy database."""
    case = referral or make_referral(ReferralStatus(kind.value))
    approval = _made(
        Approval,
        {
            "id": new_id("AP"),
            "case_number": case.case_number,
            "kind": kind,
            "digest": hashlib.sha256(content.encode()).hexdigest(),
            "why": "test",
            "role": SIGNING_ROLES[kind],
            "location_id": case.location_id,
            "level": level,
            "due_at": utc_now() + timedelta(hours=1),
        },
        given,
    )
    therapy_store.keep_sign_off_content(approval.id, case.case_number, TherapyText(content))
    return approval


def make_decision(approval: Approval, staff: Staff, signed: str, **given: Any) -> Decision:
    """A decision on an approval with the words that were signed."""
    decision = _made(
        Decision,
        {
            "id": new_id("DC"),
            "approval_id": approval.id,
            "case_number": approval.case_number,
            "staff_id": staff.id,
            "authenticated": "desk_password_and_code",
            "verdict": Verdict.APPROVE,
            "digest": approval.digest,
            "signed_digest": hashlib.sha256(signed.encode()).hexdigest(),
        },
        given,
    )
    therapy_store.keep_decision_words(
        decision.id, approval.id, approval.case_number, TherapyText(""), TherapyText(signed), staff.id
    )
    return decision
