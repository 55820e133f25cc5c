"""Which booked sessions were held, as the sessions' own records show."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class PastVisit:
    """One agreed session whose time has come; UTC, ``zone`` its place's."""

    appointment_id: str
    patient_id: str
    clinician_id: str
    starts_at: datetime
    zone: str


@dataclass(frozen=True)
class HeldSession:
    """One session on record: an export or a note; ``appointment_id`` where the record names the appointment."""

    number: str
    patient_id: str
    clinician_id: str
    started_at: datetime
    appointment_id: str | None = None


def held(visits: Iterable[PastVisit], sessions: Iterable[HeldSession]) -> dict[str, str]:
    """The session that shows each held visit, by appointment id: the one that names it, else one of the same patient,
    clinician and local day.

    One session shows one visit, the nearest in time; a visit without any is not in the answer, which does not mean that
    it was missed.
    """
    visits, sessions = list(visits), list(sessions)
    by_people: dict[tuple[str, str], list[HeldSession]] = {}
    for session in sessions:
        by_people.setdefault((session.patient_id, session.clinician_id), []).append(session)
    fits = sorted(
        (_distance(visit, session), visit.appointment_id, session.number)
        for visit in visits
        for session in by_people.get((visit.patient_id, visit.clinician_id), ())
        if _may_show(visit, session)
    )
    shown: dict[str, str] = {}
    used: set[str] = set()
    for _, appointment_id, number in fits:
        if appointment_id not in shown and number not in used:
            shown[appointment_id] = number
            used.add(number)
    return shown


def _may_show(visit: PastVisit, session: HeldSession) -> bool:
    if session.appointment_id is not None:
        return session.appointment_id == visit.appointment_id
    zone = ZoneInfo(visit.zone)
    return visit.starts_at.astimezone(zone).date() == session.started_at.astimezone(zone).date()


def _distance(visit: PastVisit, session: HeldSession) -> timedelta:
    return timedelta(0) if session.appointment_id else abs(visit.starts_at - session.started_at)
