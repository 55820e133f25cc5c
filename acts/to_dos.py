"""What staff do by hand: claim a to-do, give it back, finish it with an outcome."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from acts import missed_risk
from acts.alarms import alarm_if_worrying, leave_open_risk_to_clinician
from acts.cases import close_first_session
from acts.visits import end_visit, ended_visit
from adapters import therapy_store
from adapters.operational_store import audit, case_record_of, move_case, one, reading, set_status, writing
from models.codes import (
    OUTCOMES,
    ExitKind,
    FollowUpStatus,
    NoteStatus,
    ReferralStatus,
    Role,
    ToDoKind,
    ToDoOutcome,
    ToDoStatus,
)
from models.columns import utc_now
from models.errors import NotAllowed
from models.operational import FollowUp, Referral, SessionNote, Staff, ToDo
from models.scheduling_codes import FollowUpKind
from models.therapy_text import TherapyText
from models.transitions import check_transition
from rules.triage import FlagKind

R = ReferralStatus
MOVES_NOTHING = (
    *(ToDoOutcome.COVERAGE_SETTLED, ToDoOutcome.PATIENT_PAYS, ToDoOutcome.POSTED),
    *(ToDoOutcome.TOLD, ToDoOutcome.NOT_REACHED, ToDoOutcome.HANDED_OVER, ToDoOutcome.TIME_SETTLED),
    ToDoOutcome.AGREED_TO_PAY,
    ToDoOutcome.DONE_BY_HAND,
)
"""Outcomes that move no case: the care goes on whoever pays for it, and whoever was told knows what stands anyway."""
CALLS = (ToDoKind.CALL_PATIENT, ToDoKind.TELL_PATIENT)


def _may_work(to_do: ToDo, staff: Staff) -> None:
    """Raises NotAllowed unless this person's role and place fit the to-do; a clinician may record an outcome."""
    roles = {to_do.role} | ({Role.CLINICIAN} if to_do.kind == ToDoKind.RECORD_OUTCOME else set())
    if to_do.kind != ToDoKind.REVIEW_UNFLAGGED:  # what an intake says of risk is for nobody else to find
        roles |= {Role.ADMIN}
    if not staff.active or staff.role not in roles:
        raise NotAllowed(f"a {to_do.role.value} does this")
    if to_do.location_id not in staff.location_ids and to_do.assigned_to != staff.id:
        raise NotAllowed("it belongs to another location")


def claim(to_do_id: str, staff_id: str) -> None:
    """Take a to-do; the admin minutes run from now. Raises MovedOn when somebody else has it."""
    with writing() as db:
        to_do = one(db, ToDo, to_do_id)
        if to_do.status == ToDoStatus.CLAIMED and to_do.claimed_by == staff_id:
            return
        _may_work(to_do, one(db, Staff, staff_id))
        to_do.claimed_by, to_do.claimed_at = staff_id, utc_now()
        set_status(db, to_do, ToDoStatus.CLAIMED, staff_id)


def give_back(to_do_id: str, staff_id: str) -> None:
    with writing() as db:
        to_do = one(db, ToDo, to_do_id)
        if to_do.claimed_by != staff_id:
            raise NotAllowed("somebody else holds it")
        to_do.claimed_by = to_do.claimed_at = None
        set_status(db, to_do, ToDoStatus.OPEN, staff_id)


def finish(
    to_do_id: str,
    staff_id: str,
    outcome: ToDoOutcome,
    words: TherapyText | None = None,
    missed: Sequence[FlagKind] = (),
) -> None:
    """Finish a to-do and move its case on; raises MovedOn, NotAllowed, or ValueError for an outcome that does not fit
    or missing words (an answered question needs its answer). ``missed``: the kinds of risk of a missed one."""
    with reading() as db:
        to_do = one(db, ToDo, to_do_id)
        _may_work(to_do, one(db, Staff, staff_id))
    if outcome not in OUTCOMES[to_do.kind]:
        raise ValueError(f"{outcome.value} does not fit {to_do.kind.label}")
    if outcome == ToDoOutcome.ANSWERED and (words is None or not words.unwrap().strip()):
        raise ValueError("the answer is missing")
    check_transition(to_do.status, ToDoStatus.DONE)
    of_referral = case_record_of(to_do.case_number) is Referral
    if words is not None and words.unwrap().strip():
        therapy_store.keep_to_do_words(to_do_id, to_do.case_number, answer=words, actor=staff_id)
        # between two sessions a clinician signs with the answer before their eyes: no screening comes first
        if outcome == ToDoOutcome.ANSWERED and of_referral:
            therapy_store.add_text(to_do.case_number, "answered_question", words, source_key=to_do_id, actor=staff_id)
            alarm_if_worrying(to_do.case_number, actor=staff_id, where="answered question")
    if outcome == ToDoOutcome.SAME_PERSON:
        _hand_over_to_open_case(to_do.case_number, staff_id)
    if outcome == ToDoOutcome.RISK_MISSED:
        missed_risk.flag_missed(to_do, missed, staff_id)
    with writing() as db:
        to_do = one(db, ToDo, to_do_id)
        if to_do.kind == ToDoKind.CHECK_TRANSCRIPT:
            _done(db, to_do, staff_id, outcome)
            to = NoteStatus.RECEIVED if outcome == ToDoOutcome.DRAFT_AGAIN else NoteStatus.CLOSED_NO_NOTE
            return move_case(db, one(db, SessionNote, to_do.case_number), to, actor=staff_id)
        if outcome == ToDoOutcome.DONE_BY_HAND and case_record_of(to_do.case_number) is FollowUp:
            _done(db, to_do, staff_id, outcome)  # said by somebody: it must not be sent once the workflow goes on
            return move_case(
                db, one(db, FollowUp, to_do.case_number), FollowUpStatus.CLOSED_NOT_SENT, actor=staff_id, why="by_hand"
            )
        if outcome in MOVES_NOTHING:
            return _done(db, to_do, staff_id, outcome)
        if to_do.kind in CALLS and outcome == ToDoOutcome.NO_ANSWER_TRY_AGAIN:
            return _try_again(db, to_do, staff_id)
        if (ended := ended_visit(db, to_do)) is not None:
            _done(db, to_do, staff_id, outcome)
            return end_visit(db, ended, outcome, staff_id)
        if not of_referral:
            return _after_care(db, to_do, staff_id, outcome)
        if to_do.kind == ToDoKind.REVIEW_UNFLAGGED:
            referral = db.get_one(Referral, to_do.case_number, with_for_update=True)
            _done(db, to_do, staff_id, outcome)
            return missed_risk.keep_finding(db, to_do, referral, outcome, missed, staff_id)
        referral = one(db, Referral, to_do.case_number)
        if outcome == ToDoOutcome.WITHDREW:
            leave_open_risk_to_clinician(db, referral, words)
        _done(db, to_do, staff_id, outcome)
        _move_on(db, referral, outcome, staff_id)
    if outcome == ToDoOutcome.SAME_PERSON:
        # after the case has changed hands; until then, and after a crash here, its old key still reads it
        therapy_store.settle_case_key(to_do.case_number, staff_id)


def _after_care(db: Session, to_do: ToDo, staff_id: str, outcome: ToDoOutcome) -> None:
    """What a finished to-do does to a patient in care: nothing, or a question's answer goes back to who signs."""
    _done(db, to_do, staff_id, outcome)
    if to_do.kind != ToDoKind.ANSWER_QUESTION:
        return
    follow_up = one(db, FollowUp, to_do.case_number)
    if outcome == ToDoOutcome.ANSWERED:
        return move_case(db, follow_up, FollowUpStatus.RECEIVED, actor=staff_id)
    if follow_up.kind != FollowUpKind.MESSAGE:
        raise NotAllowed("an escalation is a clinician's to close: answer the question")
    return move_case(db, follow_up, FollowUpStatus.CLOSED_NOT_SENT, actor=staff_id)


def _done(db: Session, to_do: ToDo, staff_id: str, outcome: ToDoOutcome) -> None:
    to_do.done_at, to_do.done_by, to_do.outcome = utc_now(), staff_id, outcome
    to_do.claimed_at = to_do.claimed_at or to_do.done_at
    set_status(db, to_do, ToDoStatus.DONE, staff_id, outcome=outcome.value)


def _try_again(db: Session, to_do: ToDo, staff_id: str) -> None:
    """Nobody answered: the to-do stays open for the next working hours; the attempt is on record."""
    to_do.claimed_by = to_do.claimed_at = None
    if to_do.status == ToDoStatus.CLAIMED:
        set_status(db, to_do, ToDoStatus.OPEN, staff_id)
    db.add(to_do)
    audit(db, staff_id, "to_do.no_answer", to_do, to_do.case_number)


def _move_on(db: Session, referral: Referral, outcome: ToDoOutcome, actor: str) -> None:
    """What a finished to-do does to its case."""
    if outcome == ToDoOutcome.WITHDREW:
        return move_case(db, referral, R.CLOSED_WITHDRAWN, actor=actor)
    if outcome == ToDoOutcome.UNREACHABLE:
        referral.exit_kind = ExitKind.UNREACHABLE
        db.add(referral)
        return move_case(db, referral, R.CLOSING_LETTER, actor=actor)
    if outcome in (ToDoOutcome.SAME_PERSON, ToDoOutcome.DIFFERENT_PERSON):
        return _settle_duplicate(db, referral, outcome, actor)
    if outcome == ToDoOutcome.ANSWERED:
        return move_case(db, referral, _after_question(referral), actor=actor)
    if outcome == ToDoOutcome.REACHED_SEND_LINK_AGAIN:
        return move_case(db, referral, _after_call(referral), actor=actor)
    if outcome == ToDoOutcome.OFFER_NEW_TIMES:
        return move_case(db, referral, _after_new_times(referral), actor=actor)
    return close_first_session(db, referral, outcome, actor)


def _after_question(referral: Referral) -> ReferralStatus:
    """An answered question is read before work goes on; a letter's signer, a clinician, reads it themselves."""
    return R.CLOSING_LETTER if referral.came_from == R.CLOSING_LETTER else R.READY_TO_SCREEN


def _after_call(referral: Referral) -> ReferralStatus:
    """Where a reached patient's case goes on: to the times if a clinician is assigned, else to the questionnaires."""
    if referral.risk_cleared and referral.clinician_id:
        return _unless_unread(referral, R.READY_TO_OFFER)
    return R.QUESTIONNAIRES_REQUESTED


def _after_new_times(referral: Referral) -> ReferralStatus:
    if not referral.risk_cleared:
        return R.READY_TO_SCREEN
    return _unless_unread(referral, R.READY_TO_OFFER if referral.clinician_id else R.READY_TO_MATCH)


def _unless_unread(referral: Referral, to: ReferralStatus) -> ReferralStatus:
    """No case passes its screening with words that nobody has read."""
    return R.READY_TO_SCREEN if therapy_store.unread(referral.case_number) else to


def _settle_duplicate(db: Session, referral: Referral, outcome: ToDoOutcome, actor: str) -> None:
    """Same person with an open case: this one closes; same person without one: the case goes on under the known
    patient; another person: it goes on as it is."""
    if outcome == ToDoOutcome.SAME_PERSON and referral.possible_patient_ids:
        if _open_case_of_known(db, referral) is not None:
            return move_case(db, referral, R.CLOSED_DUPLICATE, actor=actor)
        referral.patient_id = referral.possible_patient_ids[0]
        db.add(referral)
    return move_case(db, referral, R.RECEIVED, actor=actor)


def _open_case_of_known(db: Session, referral: Referral) -> str | None:
    """The oldest open case of the patient whom somebody said this case is about."""
    found = db.exec(
        select(Referral)
        .where(Referral.patient_id == referral.possible_patient_ids[0], Referral.case_number != referral.case_number)
        .order_by(col(Referral.received_at), col(Referral.case_number))
    ).all()
    return next((other.case_number for other in found if not other.status.is_closed), None)


def _hand_over_to_open_case(case_number: str, actor: str) -> None:
    """Keep the words and answers of a case about a known person with that person's open case, unread there.

    Before this case closes, so that a crash in between leaves them in both and nobody's words in none.
    """
    with reading() as db:
        referral = one(db, Referral, case_number)
        to_case = _open_case_of_known(db, referral) if referral.possible_patient_ids else None
    if to_case is not None:
        therapy_store.hand_over(case_number, to_case, actor)
        alarm_if_worrying(to_case, actor=actor, where="same person")
