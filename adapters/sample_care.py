"""Seeds the sample practice's ongoing care: rooms, recurring appointments, check-ins, a wish to move."""

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, select

from adapters.operational_store import audit, new_episode_number, writing
from models.codes import Modality
from models.columns import utc_now
from models.operational import CheckInPlan, Clinician, Episode, Location, Patient, Room, Series, WaitlistEntry
from models.scheduling_codes import CheckInKind

ROOMS = (("RM-1", "LOC-1", "Alder room"), ("RM-2", "LOC-1", "Quay room"), ("RM-3", "LOC-2", "Maple room"))
CARE: tuple[tuple[str, str, str, Modality, int | None, time, str | None], ...] = (
    # patient, clinician, location, how, weekday (0 = Monday) at which time each week, in which room
    ("PT-S101", "ST-101", "LOC-1", Modality.OFFICE, 2, time(10), "RM-1"),
    ("PT-S102", "ST-102", "LOC-1", Modality.TELEHEALTH, 1, time(13), None),
    ("PT-S103", "ST-105", "LOC-2", Modality.OFFICE, 0, time(9), "RM-3"),
    ("PT-S104", "ST-102", "LOC-1", Modality.OFFICE, None, time(0), None),
)
ASKED = (("PT-S101", CheckInKind.PHQ9), ("PT-S103", CheckInKind.MOOD))
WANTS_A_TIME = "PT-S104"
PRIORITY_BY = "ST-201"
WEEKS_SO_FAR = 12


def seed_sample_care() -> bool:
    """Put the established patients of the sample practice into care once; says whether it did."""
    with writing() as db:
        known = db.get(Clinician, "ST-101") is not None and db.get(Patient, CARE[0][0]) is not None
        if not known or db.get(Room, ROOMS[0][0]) is not None:
            return False
        for room_id, location_id, name in ROOMS:
            room = Room(id=room_id, location_id=location_id, name=name)
            db.add(room)
            db.flush()
            audit(db, "system", "room.added", room, location=location_id)
        for row in CARE:
            _give_care(db, *row)
        return True


def _give_care(
    db: Session,
    patient_id: str,
    clinician_id: str,
    location_id: str,
    modality: Modality,
    weekday: int | None,
    at: time,
    room_id: str | None,
) -> None:
    zone = db.get_one(Location, location_id).time_zone
    today = utc_now().astimezone(ZoneInfo(zone)).date()
    episode = db.exec(
        select(Episode).where(Episode.patient_id == patient_id, Episode.clinician_id == clinician_id)
    ).first()
    if episode is None:
        episode = Episode(
            case_number=new_episode_number(db),
            patient_id=patient_id,
            clinician_id=clinician_id,
            location_id=location_id,
            modality=modality,
            opened_by="sample",
            started_on=today - timedelta(weeks=WEEKS_SO_FAR),
        )
        db.add(episode)
        db.flush()
        audit(db, "system", "episode.opened", episode, episode.case_number, opened_by="sample")
    if weekday is not None:
        _meet_weekly(db, episode, weekday, at, zone, room_id, today)
    for asked, kind in ASKED:
        if asked == patient_id:
            _ask(db, episode, kind, today)
    if patient_id == WANTS_A_TIME:
        _wait(db, episode)


def _meet_weekly(
    db: Session, episode: Episode, weekday: int, at: time, zone: str, room_id: str | None, today: date
) -> None:
    series = Series(
        id=f"SE-{episode.patient_id}",
        case_number=episode.case_number,
        patient_id=episode.patient_id,
        clinician_id=episode.clinician_id,
        location_id=episode.location_id,
        room_id=room_id,
        modality=episode.modality,
        weekday=weekday,
        starts=at,
        zone=zone,
        from_on=today + timedelta(days=1),
        made_by=PRIORITY_BY,
    )
    db.add(series)
    db.flush()
    audit(db, "system", "series.made", series, episode.case_number)


def _ask(db: Session, episode: Episode, kind: CheckInKind, today: date) -> None:
    plan = CheckInPlan(
        id=f"CP-{episode.patient_id}",
        case_number=episode.case_number,
        kind=kind,
        every_days=7,
        next_on=today,
        assigned_by=episode.clinician_id,
    )
    db.add(plan)
    db.flush()
    audit(db, "system", "check_in.assigned", plan, episode.case_number, kind=kind.value)


def _wait(db: Session, episode: Episode) -> None:
    entry = WaitlistEntry(
        id=f"WL-{episode.patient_id}",
        case_number=episode.case_number,
        patient_id=episode.patient_id,
        location_id=episode.location_id,
        clinician_id=episode.clinician_id,
        modality=Modality.OFFICE,
        wanted_times=["tue-am", "thu-pm"],
        priority=2,
        priority_by=PRIORITY_BY,
    )
    db.add(entry)
    db.flush()
    audit(db, "system", "waitlist_entry.made", entry, episode.case_number, priority=2)
