"""Makes ongoing care for tests: an episode, and the sessions that are agreed in it."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from adapters.operational_store import writing
from adapters.portal_links import MadeLink, make_link
from models.codes import LinkPurpose, Modality
from models.columns import new_id
from models.operational import Appointment, Episode, Location, Patient, Staff
from tests.factories import make_location, make_patient, make_signer

_numbers = count(1)


def make_care(
    *,
    patient: Patient | None = None,
    location: Location | None = None,
    clinician: Staff | None = None,
    **given: Any,
) -> Episode:
    """Ongoing care of one patient by one clinician at one place."""
    place = location or make_location()
    who = clinician or make_signer(location=place)
    episode = Episode(
        **{
            "case_number": f"EP-9{next(_numbers):05d}",
            "patient_id": (patient or make_patient()).id,
            "clinician_id": who.id,
            "location_id": place.id,
            "started_on": datetime.now(UTC).date() - timedelta(days=90),
            **given,
        }
    )
    with writing() as db:
        db.add(episode)
    return episode


def make_visit(care: Episode, *, hours_ahead: float = 96, **given: Any) -> Appointment:
    """A standing session of ongoing care that took no bookable time, as those of a series do."""
    starts = (datetime.now(UTC) + timedelta(hours=hours_ahead)).replace(minute=0, second=0, microsecond=0)
    visit = Appointment(
        **{
            "id": new_id("AT"),
            "case_number": care.case_number,
            "patient_id": care.patient_id,
            "clinician_id": care.clinician_id,
            "location_id": care.location_id,
            "starts_at": starts,
            "minutes": 50,
            "modality": Modality.OFFICE,
            **given,
        }
    )
    with writing() as db:
        db.add(visit)
    return visit


def make_visit_link(visit: Appointment, days: int = 14) -> MadeLink:
    with writing() as db:
        return make_link(db, visit.case_number, LinkPurpose.APPOINTMENT, 0, days, subject_id=visit.id)
