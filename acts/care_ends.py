"""The end of a patient's ongoing care: nothing agreed, asked or offered is left open behind it."""

from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from acts.appointments import end_appointment, tell_of_cancellation
from acts.check_ins import end_all
from acts.episodes import end_episode
from acts.reminders import STANDING
from acts.series import end_all_of
from adapters import therapy_store
from adapters.operational_store import leave_waitlist, one, reading, writing
from models.codes import AppointmentStatus, EpisodeStatus, Role
from models.columns import new_id, utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import Appointment, Episode, FollowUp, Location, Staff
from models.therapy_text import TherapyText

ENDERS = (Role.CLINICIAN, Role.COORDINATOR, Role.ADMIN)


def end_care(case_number: str, *, staff_id: str, reason: TherapyText) -> None:
    """End this patient's care: its sessions to come are cancelled and the patient is told, nothing is asked any more.

    Raises ValueError without a reason, NotAllowed, MovedOn where care has ended or something of it waits for a decision
    of a clinician: that comes first.
    """
    if reason.is_blank:
        raise ValueError("a reason is needed")
    with reading() as db:
        _may_end(db, one(db, Episode, case_number), staff_id)
    therapy_store.keep_to_do_words(words := new_id("RS"), case_number, answer=reason, actor=staff_id)
    with writing() as db:
        episode = one(db, Episode, case_number)
        _may_end(db, episode, staff_id)
        end_in(db, episode, staff_id, words=words)


def _may_end(db: Session, episode: Episode, staff_id: str) -> None:
    staff = one(db, Staff, staff_id)
    if not staff.active or staff.role not in ENDERS:
        raise NotAllowed("a coordinator or clinician does this")
    if episode.location_id not in staff.location_ids and episode.clinician_id != staff_id:
        raise NotAllowed("the patient is in care at another location")
    if episode.status != EpisodeStatus.ACTIVE:
        raise MovedOn(f"the care of {episode.case_number} has ended")
    waiting = db.exec(
        select(FollowUp.case_number).where(
            FollowUp.episode_number == episode.case_number, col(FollowUp.closed_at).is_(None)
        )
    ).first()
    if waiting is not None:
        raise MovedOn(f"{waiting} waits for a clinician: it is decided first")


def end_in(db: Session, episode: Episode, actor: str, *, words: str = "") -> None:
    """The same in the caller's transaction, for whoever may; ``words``: where the reason lies."""
    number, now = episode.case_number, utc_now()
    zone = ZoneInfo(one(db, Location, episode.location_id).time_zone)
    leave_waitlist(db, number, actor)  # before its own times come free
    # the sessions to come first: ending a series would ask somebody to tell a patient who is told here
    coming = select(Appointment).where(
        Appointment.case_number == number,
        col(Appointment.status).in_(STANDING),
        col(Appointment.starts_at) > now,
    )
    for appointment in db.exec(coming.order_by(col(Appointment.starts_at))).all():
        end_appointment(db, appointment, AppointmentStatus.CANCELLED, actor)
        tell_of_cancellation(db, episode, appointment)
    end_all_of(db, number, now.astimezone(zone).date(), actor)
    end_all(db, number, actor)
    end_episode(db, episode, actor, words=words)
