"""When a patient's ongoing care begins and ends."""

from datetime import date
from typing import Any

from sqlmodel import Session, select

from adapters.operational_store import audit, move_case, new_episode_number
from models.codes import EpisodeStatus, Modality
from models.operational import Episode


def care_of(db: Session, patient_id: str, clinician_id: str) -> Episode | None:
    """The ongoing care of this patient by this clinician, if there is any."""
    return db.exec(
        select(Episode).where(
            Episode.patient_id == patient_id,
            Episode.clinician_id == clinician_id,
            Episode.status == EpisodeStatus.ACTIVE,
        )
    ).first()


def open_episode(
    db: Session,
    *,
    patient_id: str,
    clinician_id: str,
    location_id: str,
    modality: Modality,
    opened_by: str,
    started_on: date,
    actor: str,
) -> Episode:
    """Begin ongoing care in the caller's transaction; what this clinician already gives this patient goes on as it is.

    ``opened_by``: the case or the received file it comes from; ``started_on``: a local date of the place.
    """
    found = care_of(db, patient_id, clinician_id)
    if found is not None:
        return found
    episode = Episode(
        case_number=new_episode_number(db),
        patient_id=patient_id,
        clinician_id=clinician_id,
        location_id=location_id,
        modality=modality,
        opened_by=opened_by,
        started_on=started_on,
    )
    db.add(episode)
    db.flush()
    audit(db, actor, "episode.opened", episode, episode.case_number, opened_by=opened_by)
    return episode


def end_episode(db: Session, episode: Episode, actor: str, *, words: str = "") -> None:
    """Close the case of ongoing care in the caller's transaction; what is agreed ends in acts/care_ends.py."""
    details: dict[str, Any] = {"words": words} if words else {}
    move_case(db, episode, EpisodeStatus.CLOSED_ENDED, actor=actor, **details)
