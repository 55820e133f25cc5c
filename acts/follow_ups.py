"""What a clinician must decide between two sessions: opens an escalation, takes a message that would leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from adapters import therapy_store
from adapters.operational_store import audit, new_follow_up_number, new_follow_up_numbers, one, reading, writing
from models.codes import EpisodeStatus, RiskLevel, Role
from models.errors import MovedOn, NotAllowed
from models.operational import Episode, FollowUp, Staff
from models.scheduling_codes import FollowUpKind
from models.therapy_text import TherapyText
from rules.check_ins import Escalation
from rules.triage import RANK

LONGEST_MESSAGE = 5000
WRITERS = (Role.CLINICIAN, Role.COORDINATOR)


def open_escalation(
    db: Session, episode: Episode, found: Escalation, *, unique_key: str, subject_id: str = ""
) -> FollowUp | None:
    """Open an escalation in the caller's transaction unless its key exists; the worker starts its run within a second.

    What is known of the check-in at this level already opens no second one.
    """
    known = db.exec(select(FollowUp).where(FollowUp.episode_number == episode.case_number)).all()
    for each in known:
        about_the_same = subject_id and each.subject_id == subject_id and set(found.reasons) <= set(each.reasons)
        if each.unique_key == unique_key or (about_the_same and _as_urgent(each.risk_level, found.level)):
            return None
    return _open(
        db,
        episode,
        FollowUpKind.ESCALATION,
        unique_key=unique_key,
        subject_id=subject_id,
        reasons=[reason.value for reason in found.reasons],
        risk_level=found.level,
    )


@dataclass(frozen=True)
class Wanted:
    """An escalation that is to be opened, unless its key exists."""

    episode: Episode
    found: Escalation
    unique_key: str
    subject_id: str


def open_escalations(db: Session, wanted: Sequence[Wanted]) -> int:
    """Open many escalations in the caller's transaction, in as many queries as for one; returns how many were new."""
    keys = {each.unique_key for each in wanted}
    known = set(db.exec(select(FollowUp.unique_key).where(col(FollowUp.unique_key).in_(keys))).all())
    fresh = list({each.unique_key: each for each in wanted if each.unique_key not in known}.values())
    if not fresh:
        return 0
    for number, each in zip(new_follow_up_numbers(db, len(fresh)), fresh, strict=True):
        follow_up = _made(
            number,
            each.episode,
            FollowUpKind.ESCALATION,
            unique_key=each.unique_key,
            subject_id=each.subject_id,
            reasons=[reason.value for reason in each.found.reasons],
            risk_level=each.found.level,
        )
        db.add(follow_up)
        _audit_opened(db, follow_up)
    db.flush()
    return len(fresh)


def _as_urgent(known: RiskLevel | None, level: RiskLevel) -> bool:
    return known is not None and RANK[known] >= RANK[level]


def _open(db: Session, episode: Episode, kind: FollowUpKind, **facts: Any) -> FollowUp:
    follow_up = _made(new_follow_up_number(db), episode, kind, **facts)
    db.add(follow_up)
    db.flush()
    _audit_opened(db, follow_up)
    return follow_up


def _made(number: str, episode: Episode, kind: FollowUpKind, **facts: Any) -> FollowUp:
    return FollowUp(
        case_number=number,
        episode_number=episode.case_number,
        patient_id=episode.patient_id,
        clinician_id=episode.clinician_id,
        location_id=episode.location_id,
        kind=kind,
        **facts,
    )


def _audit_opened(db: Session, follow_up: FollowUp) -> None:
    audit(
        db,
        follow_up.requested_by,
        "follow_up.opened",
        follow_up,
        follow_up.case_number,
        kind=follow_up.kind.value,
        episode=follow_up.episode_number,
        reasons=follow_up.reasons,
        level=follow_up.risk_level.value if follow_up.risk_level else None,
    )


def write_message(case_number: str, *, staff_id: str, words: TherapyText, form_id: str) -> str:
    """Take a message that somebody wrote by hand to a patient in care; it leaves once a clinician has signed it.

    ``form_id`` names the form it was typed into, so that sending that twice asks for one signature. Returns the
    follow-up's number. Raises NotAllowed, MovedOn once the care has ended, ValueError without words or with too many.
    """
    text = words.unwrap().strip()
    if not text:
        raise ValueError("write the message first")
    if len(text) > LONGEST_MESSAGE:
        raise ValueError(f"a message has at most {LONGEST_MESSAGE} characters")
    with reading() as db:
        episode = one(db, Episode, case_number)
        _may_write(db, episode, staff_id)
        known = db.exec(select(FollowUp.case_number).where(FollowUp.unique_key == f"message:{form_id}")).first()
    if known is not None:
        return known
    words_id = f"MW-{form_id}"
    # before the case, so that a crash in between leaves words that nobody asks about, not a case without words
    therapy_store.keep_to_do_words(words_id, case_number, answer=TherapyText(text), actor=staff_id)
    with writing() as db:
        episode = one(db, Episode, case_number)
        _may_write(db, episode, staff_id)
        return _open(
            db,
            episode,
            FollowUpKind.MESSAGE,
            unique_key=f"message:{form_id}",
            subject_id=words_id,
            requested_by=staff_id,
        ).case_number


def _may_write(db: Session, episode: Episode, staff_id: str) -> None:
    must_be_in_care(episode)
    staff = one(db, Staff, staff_id)
    if not staff.active or staff.role not in WRITERS:
        raise NotAllowed("a clinician or coordinator writes to patients")
    if episode.location_id not in staff.location_ids and staff.id != episode.clinician_id:
        raise NotAllowed("the patient is in care at another location")


def must_be_in_care(episode: Episode) -> None:
    """Raises MovedOn once the care has ended."""
    if episode.status != EpisodeStatus.ACTIVE:
        raise MovedOn(f"the care {episode.case_number} has ended")
