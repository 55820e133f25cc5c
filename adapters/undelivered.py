"""What becomes of a message that cannot reach its patient: it is somebody's work, never a line in a log."""

from datetime import datetime, timedelta

from sqlmodel import Session

from adapters.operational_store import CaseRecord, case_record_of, move_case, open_to_do
from models.claim_codes import ExceptionQueue
from models.codes import AppointmentStatus, ClaimStatus, ReferralStatus, Role, ToDoKind
from models.columns import new_id, utc_now
from models.operational import Appointment, Claim, Episode, FollowUp, OutboxMessage, Referral, SessionNote, ToDo

CALL_KEY = "undelivered:"
POST_KEY = "letter-by-post:"
WITHIN = timedelta(hours=2)
WAITS = {
    "questionnaires_invite": ReferralStatus.QUESTIONNAIRES_REQUESTED,
    "questionnaires_reminder": ReferralStatus.QUESTIONNAIRES_REQUESTED,
    "times_offered": ReferralStatus.OFFERED,
}
CARE_TEMPLATES = ("check_in", "material_waits", "message_waits")
"""What a patient in care is told of by a person where no message reaches them."""
STANDING = (AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED)


def make_it_work(db: Session, message: OutboxMessage, actor: str) -> None:
    """Put a message that will never reach its patient before a coordinator, in the caller's transaction.

    A patient who would wait for nothing: the case goes to who calls. A signed letter: it is posted. Anything else
    that still matters: a to-do to tell them.
    """
    if not message.to_patient_id or not message.case_number:
        return
    case = db.get(case_record_of(message.case_number), message.case_number)
    if case is None or isinstance(case, SessionNote):
        return
    if isinstance(case, Episode | FollowUp) and message.template in CARE_TEMPLATES:
        ask_for_a_call(db, case, f"{message.template}:{message.facts.get('link_id', message.id)}")
        return
    if isinstance(case, Claim):
        _claim_without_answer(db, message, case, actor)
    elif message.approval_id is not None:
        ask_for_post(db, case, message.approval_id)
    elif message.template in WAITS:
        if case.status == WAITS[message.template]:
            to = ReferralStatus.CONTACT_PATIENT
            move_case(db, case, to, actor=actor, why="undelivered", message=message.id)
    elif _still_matters(db, message, case):
        about = message.facts.get("appointment_id") or _matter(message, case)
        ask_for_a_call(db, case, f"{message.template}:{about}")


def _matter(message: OutboxMessage, case: CaseRecord) -> str:
    """What a message is about where it is no appointment: a referral's round; else the message itself, because ongoing
    care has no rounds and each of its messages is a matter of its own."""
    return str(case.round) if isinstance(case, Referral) else message.id


def _claim_without_answer(db: Session, message: OutboxMessage, claim: Claim, actor: str) -> None:
    """What a patient was asked for a claim, or told of it, is a biller's to ask or to post."""
    if message.template == "billing_details" and claim.status == ClaimStatus.MISSING_INFORMATION:
        claim.queue = ExceptionQueue.MISSING_INFORMATION.value
        db.add(claim)
        move_case(db, claim, ClaimStatus.CORRECTION, actor=actor, why="undelivered", message=message.id)
    elif message.template == "patient_statement" and claim.status == ClaimStatus.PATIENT_BALANCE:
        key = f"{POST_KEY}{message.id}"
        _open(db, claim, key, kind=ToDoKind.POST_STATEMENT, role=Role.BILLER)


def _still_matters(db: Session, message: OutboxMessage, case: CaseRecord) -> bool:
    if "offer_id" in message.facts or message.template == "earlier_time_taken":
        return False  # the time goes to the next who waits
    if message.template == "survey":
        return False  # nobody is called to be asked how satisfied they are
    if "appointment_id" not in message.facts:
        return not case.status.is_closed
    appointment = db.get(Appointment, message.facts["appointment_id"])
    if appointment is None or appointment.starts_at <= utc_now():
        return False
    return message.template == "booking_cancelled" or appointment.status in STANDING


def ask_for_a_call(db: Session, case: CaseRecord, about: str) -> None:
    """A coordinator's to-do to tell the patient what no message can; ``about``: one to-do for one matter.

    Of the kind that moves no case, because the case itself stands where it should.
    """
    key = f"{CALL_KEY}{case.case_number}:{about}"
    open_to_do(db, call_to_do(key, case.case_number, case.location_id, utc_now() + WITHIN))


def call_to_do(unique_key: str, case_number: str, location_id: str, due_at: datetime) -> ToDo:
    """The to-do of one call, not yet opened."""
    return ToDo(
        id=new_id("TD"),
        unique_key=unique_key,
        case_number=case_number,
        kind=ToDoKind.TELL_PATIENT,
        role=Role.COORDINATOR,
        location_id=location_id,
        due_at=due_at,
    )


def ask_for_post(db: Session, case: CaseRecord, approval_id: str) -> None:
    """A coordinator's to-do to post the letter that this approval signed."""
    _open(db, case, f"{POST_KEY}{approval_id}")


def _open(
    db: Session,
    case: CaseRecord,
    unique_key: str,
    *,
    kind: ToDoKind = ToDoKind.WARM_HANDOFF,
    role: Role = Role.COORDINATOR,
) -> None:
    open_to_do(
        db,
        ToDo(
            id=new_id("TD"),
            unique_key=unique_key,
            case_number=case.case_number,
            kind=kind,
            role=role,
            location_id=case.location_id,
            due_at=utc_now() + WITHIN,
        ),
    )
