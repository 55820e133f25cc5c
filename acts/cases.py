"""What staff do to a whole case: stop it, reroute it, book by hand, record how the first session ended."""

from zoneinfo import ZoneInfo

from sqlmodel import Session

from acts.alarms import WORRYING, leave_open_risk_to_clinician
from acts.appointments import end_appointment, release_if_booked, standing_appointment
from acts.booking import book
from acts.episodes import open_episode
from adapters import therapy_store
from adapters.operational_store import CaseRecord, audit, move_case, one, reading, writing
from models.codes import AppointmentStatus, CaseOwner, ExitKind, NoteStatus, ReferralStatus, Role, ToDoOutcome
from models.columns import new_id, utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import Location, Referral, SessionNote, Staff
from models.therapy_text import TherapyText
from models.transitions import NOTE_OWNERS, REFERRAL

R = ReferralStatus
ALWAYS = (R.CONTACT_PATIENT, R.READY_TO_SCREEN)
ONCE_CLEARED = (R.READY_TO_MATCH, R.WAITLISTED)
STAFF_WHO_STEER = (Role.COORDINATOR, Role.CLINICIAN, Role.ADMIN)


def reroute_targets(referral: Referral) -> tuple[ReferralStatus, ...]:
    """Where a person may send this case; never past a risk review that was not signed, nor past unread words."""
    cleared = referral.risk_cleared and not therapy_store.unread(referral.case_number)
    return targets(referral, cleared=cleared)


def targets(referral: Referral, *, cleared: bool) -> tuple[ReferralStatus, ...]:
    """The same, for a case whose risk is ``cleared``: signed or nothing raised, and nothing unread."""
    if referral.status == R.RISK_REVIEW:
        return (R.READY_TO_SCREEN,)
    wanted = (*ALWAYS, R.QUESTIONNAIRES_REQUESTED, *(ONCE_CLEARED if cleared else ()))
    if referral.clinician_id and cleared:
        wanted += (R.READY_TO_OFFER,)
    return tuple(status for status in wanted if status in REFERRAL[referral.status])


def _may_steer(db: Session, case: CaseRecord, staff_id: str) -> None:
    staff = one(db, Staff, staff_id)
    if not staff.active or staff.role not in STAFF_WHO_STEER:
        raise NotAllowed("a coordinator or clinician does this")
    if case.location_id not in staff.location_ids:
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
    """Stop a case: without an exit kind it closes as withdrawn; with one, a closing letter goes to be signed.

    A coordinator may stop a case whose risk nobody has signed for; a clinician is paged and gets a to-do about it.
    """
    note_id = _keep_reason(case_number, staff_id, reason)
    with writing() as db:
        referral = one(db, Referral, case_number)
        _may_steer(db, referral, staff_id)
        leave_open_risk_to_clinician(db, referral, reason)
        release_if_booked(db, referral, staff_id)
        if exit_kind is None:
            move_case(db, referral, R.CLOSED_WITHDRAWN, actor=staff_id, words=note_id)
            return
        referral.exit_kind = exit_kind
        db.add(referral)
        move_case(db, referral, R.CLOSING_LETTER, actor=staff_id, words=note_id, exit=exit_kind.value)


def stop_note(case_number: str, *, staff_id: str, reason: TherapyText) -> None:
    """Close a session without a note, whatever was drafted.

    Raises NotAllowed, MovedOn while a step is at work on it or while no clinician has looked at its risk flags, or
    ValueError without a reason.
    """
    if reason.is_blank:
        raise ValueError("a reason is needed")
    with reading() as db:
        _may_steer(db, one(db, SessionNote, case_number), staff_id)
    note_id = new_id("RS")
    therapy_store.keep_to_do_words(note_id, case_number, answer=reason, actor=staff_id)
    with writing() as db:
        session = db.get_one(SessionNote, case_number, with_for_update=True)
        if NOTE_OWNERS[session.status] == CaseOwner.SYSTEM:
            raise MovedOn(f"case {case_number} is being worked on: stop it in a moment")
        if session.risk_level in WORRYING and session.risk_seen_at is None:
            raise MovedOn(f"no clinician has looked at the risk flags of {case_number} yet")
        move_case(db, session, NoteStatus.CLOSED_NO_NOTE, actor=staff_id, words=note_id)


def reroute(case_number: str, *, to: ReferralStatus, staff_id: str, reason: TherapyText) -> None:
    """Send a case to another step; raises NotAllowed when that would pass an unsigned risk review."""
    note_id = _keep_reason(case_number, staff_id, reason)
    with writing() as db:
        referral = one(db, Referral, case_number)
        _may_steer(db, referral, staff_id)
        if to not in reroute_targets(referral):
            raise NotAllowed(_why_not(referral, to))
        if to != R.READY_TO_SCREEN:  # where it goes to be screened, the review comes back by itself
            leave_open_risk_to_clinician(db, referral, reason)
        release_if_booked(db, referral, staff_id)
        move_case(db, referral, to, actor=staff_id, words=note_id, rerouted=True)


def _why_not(referral: Referral, to: ReferralStatus) -> str:
    refused = f"this case may not go to {to.label} now"
    if referral.status == R.RISK_REVIEW:
        return f"{refused}: its risk review is open, and only another screening comes before the signature"
    if referral.risk_cleared and therapy_store.unread(referral.case_number):
        return f"{refused}: something in it has not been read yet"
    return refused


def record_outcome(case_number: str, *, staff_id: str, outcome: ToDoOutcome) -> None:
    """Record attended or no-show of the booked first session."""
    with writing() as db:
        referral = one(db, Referral, case_number)
        _may_steer(db, referral, staff_id)
        close_first_session(db, referral, outcome, staff_id)


def close_first_session(db: Session, referral: Referral, outcome: ToDoOutcome, actor: str) -> None:
    """Attended closes the case with its first session's time, and care goes on; after a no-show a coordinator decides.

    Raises NotAllowed before the session begins.
    """
    appointment = standing_appointment(db, referral.case_number)
    if appointment is None:
        raise MovedOn(f"case {referral.case_number} has no booked first session")
    if appointment.starts_at > utc_now():
        raise NotAllowed("the first session has not begun yet")
    if outcome == ToDoOutcome.ATTENDED:
        end_appointment(db, appointment, AppointmentStatus.ATTENDED, actor)
        referral.first_session_at = appointment.starts_at
        db.add(referral)
        move_case(
            db, referral, R.CLOSED_ATTENDED, actor=actor, days=(appointment.starts_at - referral.received_at).days
        )
        open_episode(
            db,
            patient_id=appointment.patient_id,
            clinician_id=appointment.clinician_id,
            location_id=appointment.location_id,
            modality=appointment.modality,
            opened_by=referral.case_number,
            started_on=appointment.starts_at.astimezone(
                ZoneInfo(one(db, Location, appointment.location_id).time_zone)
            ).date(),
            actor=actor,
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
        if therapy_store.unread(case_number):
            raise NotAllowed("something in this case has not been read yet")
        audit(db, staff_id, "booked.by_hand", referral, case_number, slot=slot_id)
        book(db, referral, slot_id, staff_id)
