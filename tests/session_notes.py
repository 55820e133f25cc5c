"""Makes session notes, fictional and valid; every keyword has a default."""

from datetime import timedelta
from itertools import count
from typing import Any

from adapters.operational_store import reading, writing
from models.codes import Modality, NoteStatus
from models.columns import utc_now
from models.operational import Clinician, Location, SessionNote
from models.session_index import NoteFormatCode, SessionService
from tests import factories

_numbers = count(1)


def make_session_note(status: NoteStatus = NoteStatus.RECEIVED, **given: Any) -> SessionNote:
    """A session of fifty minutes held yesterday, its people made where they are not named."""
    number = next(_numbers)
    with reading() as db:
        place = db.get(Location, given.get("location_id", "")) or None
        clinician = db.get(Clinician, given.get("clinician_id", "")) or None
    place = place or factories.make_location()
    clinician = clinician or factories.make_clinician(location=place)
    started = utc_now() - timedelta(days=1)
    defaults: dict[str, Any] = {
        "case_number": f"SN-9{number:05d}",
        "external_key": f"sessions:test-{number}",
        "patient_id": given.get("patient_id") or factories.make_patient().id,
        "clinician_id": clinician.id,
        "location_id": place.id,
        "source": "sessions",
        "received_at": utc_now(),
        "started_at": started,
        "ended_at": started + timedelta(minutes=50),
        "minutes": 50,
        "modality": Modality.OFFICE,
        "service": SessionService.INDIVIDUAL,
        "note_format": NoteFormatCode.SOAP,
        "status": status,
    }
    record = SessionNote(**{**defaults, **given})
    with writing() as db:
        db.add(record)
    return record
