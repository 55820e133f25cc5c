"""Forgetting a patient: their content can never be read again, and what says who they are goes where the law lets it.

What was done stays on record: cases by number, times, decisions, the audit. docs/privacy.md says what stays and why.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete
from sqlmodel import Session, col, or_, select

from acts import billing
from acts.care_ends import end_in
from acts.cases import stop, stop_note
from acts.consent_papers import transcript_files_of
from adapters import therapy_store, therapy_store_keys, therapy_store_private
from adapters.file_drop import fix_file_of
from adapters.operational_store import CASES, CaseRecord, audit, one, reading, set_status, writing
from adapters.settings import settings
from models.codes import AppointmentStatus, MessageStatus, NoteStatus, ReferralStatus, Role
from models.columns import new_id, utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import (
    Appointment,
    Authorisation,
    Claim,
    Episode,
    FollowUp,
    IntakeFile,
    IntakeRow,
    OutboxMessage,
    PastAppointment,
    Patient,
    PatientBilling,
    PatientCoverage,
    PortalLink,
    QuarantinedRow,
    Referral,
    SessionNote,
    Staff,
)
from models.therapy_text import TherapyText

logger = logging.getLogger(__name__)

WHERE = "forget"
MAY_FORGET = (Role.COMPLIANCE, Role.ADMIN)
NO_NAME = "(forgotten)"
NO_BIRTH_DATE = date(1900, 1, 1)
NAMED_BY_SENDER: tuple[type[Referral] | type[SessionNote], ...] = (Referral, SessionNote)
"""The cases that came as rows of a file; a claim is made here."""


@dataclass(frozen=True)
class Forgetting:
    """What was forgotten, in ids and counts."""

    patient_ids: tuple[str, ...]
    case_numbers: tuple[str, ...]
    keys_destroyed: int
    messages_dropped: int
    files_removed: int
    identity_kept: bool


def forget(
    patient_id: str, *, staff_id: str, reason: TherapyText, stop_open: bool = False, over_time: bool = False
) -> Forgetting:
    """Destroy the keys of everything this patient said or that was written about them; again changes nothing.

    Also for records that somebody found to be the same person. Raises NotAllowed unless compliance or an administrator
    asks, MovedOn while a case is open (``stop_open`` stops it first, by whoever may steer it) or a session's risk flags
    were seen by no clinician, ValueError without a reason. A claim is never stopped: a biller settles its money first.
    ``over_time``: their records need not be kept any longer (acts/retention.py), so who they are goes too.
    """
    if reason.is_blank:
        raise ValueError("a reason is needed")
    with reading() as db:
        staff = one(db, Staff, staff_id)
        if not staff.active or staff.role not in MAY_FORGET:
            raise NotAllowed("compliance or an administrator does this")
        one(db, Patient, patient_id)
        people = same_person(db, patient_id)
        referrals = db.exec(select(Referral).where(col(Referral.patient_id).in_(people))).all()
        sessions = db.exec(select(SessionNote).where(col(SessionNote.patient_id).in_(people))).all()
        claims = db.exec(select(Claim).where(col(Claim.patient_id).in_(people)).order_by(col(Claim.case_number))).all()
        care = db.exec(select(Episode).where(col(Episode.patient_id).in_(people))).all()
        follow_ups = db.exec(select(FollowUp).where(col(FollowUp.patient_id).in_(people))).all()
    _money_must_be_settled(claims, sessions)
    for follow_up in follow_ups:
        if not follow_up.status.is_closed:
            raise MovedOn(f"{follow_up.case_number} waits for a clinician: it is decided first")
    cases: list[CaseRecord] = [*referrals, *sessions, *claims, *care, *follow_ups]
    still_open = [case for case in cases if not case.status.is_closed]
    if still_open and not stop_open:
        raise MovedOn(f"case {still_open[0].case_number} is open: stop it first")
    for case in still_open:
        if isinstance(case, SessionNote):
            stop_note(case.case_number, staff_id=staff_id, reason=reason)
        elif isinstance(case, Referral):
            stop(case.case_number, staff_id=staff_id, reason=reason, exit_kind=None)
        elif isinstance(case, Episode):
            _end_care(case.case_number, staff_id)
    note_id = new_id("FG")
    therapy_store.keep_to_do_words(note_id, "", answer=reason, actor=staff_id)
    numbers = sorted(case.case_number for case in cases)
    _settle_keys(people, numbers, staff_id)
    with reading() as db:
        rows_of_theirs = broken_rows(db, numbers)
        files = [*_files(db, numbers), *transcript_files_of(numbers), *_histories(db, people)]
    owners = [*people, *rows_of_theirs, *files, *therapy_store_private.keys_of_patients(people)]
    destroyed = therapy_store_keys.destroy_keys(owners, staff_id, WHERE)
    with writing() as db:
        dropped = _drop_messages(db, people, numbers, staff_id)
        kept = [scrub(db, each, over_time=over_time) for each in people]
        db.exec(delete(PastAppointment).where(col(PastAppointment.patient_id).in_(people)))
        _scrub_cases(db, numbers, files)
        for each in people:
            audit(
                db,
                staff_id,
                "patient.forgotten",
                ("patient", each),
                words=note_id,
                cases=len(numbers),
                identity_kept=any(kept),
            )
        messages = db.exec(select(OutboxMessage.id).where(col(OutboxMessage.to_patient_id).in_(people))).all()
    removed = sum(_remove_sent(message_id) for message_id in messages)
    return Forgetting(tuple(people), tuple(numbers), destroyed, dropped, removed, any(kept))


def _end_care(case_number: str, staff_id: str) -> None:
    with writing() as db:
        end_in(db, one(db, Episode, case_number), staff_id)


def reapply() -> int:
    """After a backup was put back: destroy and blank again what was forgotten since; returns how many keys stood."""
    destroyed = therapy_store_keys.reapply_forgettings()
    owners = therapy_store_keys.forgotten_owners()
    with writing() as db:
        people = db.exec(select(Patient.id).where(col(Patient.id).in_(owners))).all()
        numbers = [
            number
            for record in CASES
            for number in db.exec(select(record.case_number).where(col(record.patient_id).in_(people))).all()
        ]
        for each in people:
            if one(db, Patient, each).forgotten_at is None:
                scrub(db, each)
                audit(db, "system", "patient.forgotten_again", ("patient", each))
        _drop_messages(db, people, numbers, "system")
        db.exec(delete(PastAppointment).where(col(PastAppointment.patient_id).in_(people)))
        _scrub_cases(db, numbers, _files(db, numbers))
    return destroyed


def _money_must_be_settled(claims: Sequence[Claim], sessions: Sequence[SessionNote]) -> None:
    """What a claim is made from and answered with would be gone; raises MovedOn naming what still wants it."""
    for claim in claims:
        if not claim.status.is_closed:
            raise MovedOn(f"claim {claim.case_number} is open: a biller settles it first")
    if not billing.is_set_up():
        return
    claimed = {claim.session_number for claim in claims}
    for session in sessions:
        if session.status == NoteStatus.CLOSED_SIGNED and session.case_number not in claimed:
            raise MovedOn(f"session {session.case_number} is signed and not claimed yet: a biller settles it first")


def same_person(db: Session, patient_id: str) -> list[str]:
    """This patient's record and those that a coordinator said are the same person's."""
    return same_among(pairs_of_one(db), patient_id)


def pairs_of_one(db: Session) -> list[tuple[str, str]]:
    """Every two records that a coordinator said are one person's."""
    settled = db.exec(
        select(Referral.patient_id, Referral.possible_patient_ids).where(
            Referral.status == ReferralStatus.CLOSED_DUPLICATE
        )
    ).all()
    return [(patient_id, others[0]) for patient_id, others in settled if others]


def same_among(pairs: Sequence[tuple[str, str]], patient_id: str) -> list[str]:
    """The same by these pairs, read before."""
    people, grown = {patient_id}, True
    while grown:
        more = {each for pair in pairs if people & set(pair) for each in pair}
        grown = not more <= people
        people |= more
    return sorted(people)


def _settle_keys(people: Sequence[str], numbers: Sequence[str], actor: str) -> None:
    """Nobody else's content may hang on these keys, and none of theirs on another."""
    for number in {*numbers, *therapy_store_keys.cases_under_keys_of(people)}:
        therapy_store.settle_case_key(number, actor)


def broken_rows(db: Session, numbers: Sequence[str]) -> list[str]:
    """The ids of quarantined rows that came under the sender's numbers of these cases."""
    keys = [
        key
        for record in NAMED_BY_SENDER
        for key in db.exec(select(record.external_key).where(col(record.case_number).in_(numbers))).all()
    ]
    plain = {key.split("@")[0] for key in keys} | set(keys)
    return sorted(set(db.exec(select(QuarantinedRow.content_id).where(col(QuarantinedRow.external_key).in_(plain)))))


def _files(db: Session, numbers: Sequence[str]) -> list[str]:
    """The ids of the received files that a row of these cases came with."""
    found = db.exec(select(IntakeRow.file_id).where(col(IntakeRow.case_number).in_(numbers))).all()
    return sorted(set(found))


def _histories(db: Session, people: Sequence[str]) -> list[str]:
    """The ids of the appointment histories that a row of theirs came with; every other row of them is stored."""
    found = db.exec(select(PastAppointment.file_id).where(col(PastAppointment.patient_id).in_(people)).distinct()).all()
    return sorted(found)


def _drop_messages(db: Session, people: Sequence[str], numbers: Sequence[str], actor: str) -> int:
    """What is queued to them does not leave any more."""
    queued = db.exec(
        select(OutboxMessage).where(
            OutboxMessage.status == MessageStatus.QUEUED, col(OutboxMessage.to_patient_id).in_(people)
        )
    ).all()
    for message in queued:
        set_status(db, message, MessageStatus.DROPPED, actor, why="forgotten")
    for link in db.exec(
        select(PortalLink).where(col(PortalLink.case_number).in_(numbers), col(PortalLink.revoked).is_(False))
    ).all():
        link.revoked = True
        db.add(link)
    return len(queued)


def scrub(db: Session, patient_id: str, *, over_time: bool = False) -> bool:
    """Take away how to reach this person and, unless a session was held, who they are; says whether that stays.

    A held session may have to be accounted for years after: to the payer, to the board, to a court. Insurance, address
    and authorisations stay with it.
    """
    patient = one(db, Patient, patient_id)
    held = db.exec(
        select(Appointment.id).where(
            Appointment.patient_id == patient_id,
            or_(Appointment.status == AppointmentStatus.ATTENDED, Appointment.status == AppointmentStatus.NO_SHOW),
        )
    ).first()
    wrote = db.exec(select(SessionNote.case_number).where(SessionNote.patient_id == patient_id)).first()
    held = None if over_time else held or wrote
    patient.email = patient.phone = patient.language = None
    if held is None:
        patient.given_name, patient.family_name = NO_NAME, ""
        patient.match_name, patient.birth_date = f"{NO_NAME} {patient.id}", NO_BIRTH_DATE
        patient.state = patient.time_zone = patient.payer_code = patient.plan_code = patient.member_id = None
        _scrub_insurance(db, patient_id)
    patient.forgotten_at = patient.forgotten_at or utc_now()
    db.add(patient)
    return held is not None


def _scrub_insurance(db: Session, patient_id: str) -> None:
    """That there was an insurance stays, with its dates; whose it was, its numbers and where they live do not."""
    own = db.get(PatientBilling, patient_id)
    if own is not None:
        own.sex = own.line = own.second_line = own.city = own.state = own.zip_code = ""
        db.add(own)
    for row in db.exec(select(PatientCoverage).where(PatientCoverage.patient_id == patient_id)).all():
        row.payer_code = row.plan_code = row.member_id = row.group_number = row.relationship = ""
        row.subscriber_family_name = row.subscriber_given_name = row.subscriber_sex = ""
        row.subscriber_birth_date = None
        db.add(row)
    for leave in db.exec(select(Authorisation).where(Authorisation.patient_id == patient_id)).all():
        leave.payer_code = leave.number = ""
        db.add(leave)


def _scrub_cases(db: Session, numbers: Sequence[str], files: Sequence[str]) -> None:
    """What a sender may have written of a person outside the content; other rows to fix stay on the desk."""
    for case in db.exec(select(Referral).where(col(Referral.case_number).in_(numbers))).all():
        case.referrer_name, case.preferred_times = None, []
        db.add(case)
    for file in db.exec(select(IntakeFile).where(col(IntakeFile.id).in_(files))).all():
        if file.name:
            fix_file_of(settings().to_fix_folder, file.name).unlink(missing_ok=True)
        file.name = ""
        db.add(file)


def _remove_sent(message_id: str) -> int:
    """Remove the copies of a message that lie in the outbox folder; returns how many."""
    copies = [path for path in settings().outbox_folder.rglob(f"{message_id}.*") if path.is_file()]
    for path in copies:
        path.unlink()
    return len(copies)
