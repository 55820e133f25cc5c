"""What staff do to a whole case: stop it, reroute it, book by hand, record how the first session ended."""

from sqlmodel import Session

from acts.appointments import end_appointment, release_if_booked, standing_appointment
from acts.booking import book
from adapters import therapy_store
from adapters.operational_store import audit, move_case, one, reading, writing
from models.codes import AppointmentStatus, ExitKind, ReferralStatus, Role, ToDoOutcome
from models.columns import new_id
from models.errors import MovedOn, NotAllowed
from models.operational import Referral, Staff
from models.therapy_text import TherapyText
from models.transitions import REFERRAL

R = ReferralStatus
ALWAYS = (R.CONTACT_PATIENT, R.READY_TO_SCREEN)
ONCE_CLEARED = (R.READY_TO_MATCH, R.WAITLISTED)
STAFF_WHO_STEER = (Role.COORDINATOR, Role.CLINICIAN, Role.ADMIN)


def reroute_targets(referral: Referral) -> tuple[ReferralStatus, ...]:
    """Where a person may send this case; never past a risk review that was not signed."""
    wanted = (*ALWAYS, R.QUESTIONNAIRES_REQUESTED, *(ONCE_CLEARED if referral.risk_cleared else ()))
    if referral.clinician_id and referral.risk_cleared:
        wanted += (R.READY_TO_OFFER,)
    return tuple(status for status in wanted if status in REFERRAL[referral.status])


def _may_steer(db: Session, referral: Referral, staff_id: str) -> None:
    staff = one(db, Staff, staff_id)
    if not staff.active or staff.role not in STAFF_WHO_STEER:
        raise NotAllowed("a coordinator or clinician does this")
    if referral.location_id not in staff.location_ids:
        raise NotAllowed("the case belongs to another location")


def _keep_reason(case_number: str, staff_id: str, reason: TherapyText) -> str:
    """Keep the words of somebody who may steer this case; what happens to it is checked again when it is written."""
    if reason.is_blank:
        raise ValueError("a reason is needed")
    with reading() as db:
        _may_steer(db, one(db, Referral, case_number), staff_id)
    note_id = new_id("RS")
    therapy_store.keep_to_do_words(note_id, case_number, answer=reason, actor=staff_id)
    return note_id


def stop(case_number: str, *, staff_id: str, reason: TherapyText, exit_kind: ExitKind | None) -> None:
    """Stop a case: without an exit kind it closes as withdrawn; with one, a closing letter goes to be signed."""
    note_id = _keep_reason(case_number, staff_id, reason)
    with writing() as db:
        referral = one(db, Referral, case_number)
        _may_steer(db, referral, staff_id)
        release_if_booked(db, referral, staff_id)
        if exit_kind is None:
            move_case(db, referral, R.CLOSED_WITHDRAWN, actor=staff_id, words=note_id)
            return
        referral.exit_kind = exit_kind
        db.add(referral)
        move_case(db, referral, R.CLOSING_LETTER, actor=staff_id, words=note_id, exit=exit_kind.value)


def reroute(case_number: str, *, to: ReferralStatus, staff_id: str, reason: TherapyText) -> None:
    """Send a case to another step; raises NotAllowed when that would pass an unsigned risk review."""
    note_id = _keep_reason(case_number, staff_id, reason)
    with writing() as db:
        referral = one(db, Referral, case_number)
        _may_steer(db, referral, staff_id)
        if to not in reroute_targets(referral):
            raise NotAllowed(f"this case may not go to {to.label} now")
        release_if_booked(db, referral, staff_id)
        if to == R.READY_TO_SCREEN:
            referral.risk_cleared = False
        db.add(referral)
        move_case(db, referral, to, actor=staff_id, words=note_id, rerouted=True)


def record_outcome(case_number: str, *, staff_id: str, outcome: ToDoOutcome) -> None:
    """Record attended or no-show of the booked first session."""
    with writing() as db:
        referral = one(db, Referral, case_number)
        _may_steer(db, referral, staff_id)
        close_first_session(db, referral, outcome, staff_id)


def close_first_session(db: Session, referral: Referral, outcome: ToDoOutcome, actor: str) -> None:
    """Attended closes the case with its first session's time; a no-show asks a coordinator what next."""
    appointment = standing_appointment(db, referral.case_number)
    if appointment is None:
        raise MovedOn(f"case {referral.case_number} has no booked first session")
    if outcome == ToDoOutcome.ATTENDED:
        end_appointment(db, appointment, AppointmentStatus.ATTENDED, actor)
        referral.first_session_at = appointment.starts_at
        db.add(referral)
        move_case(
            db, referral, R.CLOSED_ATTENDED, actor=actor, days=(appointment.starts_at - referral.received_at).days
        )
    else:
        end_appointment(db, appointment, AppointmentStatus.NO_SHOW, actor)
        move_case(db, referral, R.MISSED, actor=actor, why="no_show")


def book_by_hand(case_number: str, *, slot_id: str, staff_id: str) -> None:
    """Book a time for a patient on the phone; the slot goes to whoever is first, as on the portal."""
    with writing() as db:
        referral = one(db, Referral, case_number)
        _may_steer(db, referral, staff_id)
        if not referral.risk_cleared or referral.clinician_id is None:
            raise NotAllowed("a clinician must be assigned first")
        audit(db, staff_id, "booked.by_hand", referral, case_number, slot=slot_id)
        book(db, referral, slot_id, staff_id)
