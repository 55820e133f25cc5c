"""How long the night's reminders take for a generated practice: ``python -m benchmarks.reminders 10000``.

Prints wall and CPU time, queries and peak memory of planning every next session on a fresh SQLite installation.
"""

import os
import resource
import sys
import tempfile
import time
from datetime import timedelta

from sqlalchemy import event


def main(patients: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COUNTERSIGN_HOME"] = folder
        _measure(patients)


def _measure(patients: int) -> None:
    from adapters.migrating import migrate_all
    from adapters.operational_store import engine_for
    from adapters.settings import settings
    from models.columns import utc_now
    from tasks.reminders import queue_reminders

    settings().make_folders()
    migrate_all()
    _fill(patients)
    statements = 0

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1

    event.listen(engine_for(settings().operational_database), "before_cursor_execute", count)
    for name in ("first night", "again"):
        statements, began, worked = 0, time.perf_counter(), time.process_time()
        counts = queue_reminders.fn(utc_now().date())
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        wall, cpu = time.perf_counter() - began, time.process_time() - worked
        print(f"{name}: {counts} in {wall:.1f} s ({cpu:.1f} s of CPU), {statements} queries, peak {peak} MB")


def _fill(patients: int) -> None:
    from adapters.operational_store import writing
    from models.codes import Modality
    from models.columns import utc_now
    from models.operational import Appointment, Clinician, Episode, Location, Patient, Staff
    from tests.factories import BIRTH_DATE

    with writing() as db:
        place = {"id": "LOC-1", "name": "Harbor Street", "state": "OR", "phone": "+1 503 555 0140"}
        db.add(Location(**place, time_zone="America/Los_Angeles"))
        db.flush()
        db.add(Staff(id="ST-1", name="Robin", email="robin@example.org", role="clinician", location_ids=["LOC-1"]))
        db.flush()
        db.add(Clinician(id="ST-1", npi="1234567893", credential="LCSW"))
    for start in range(0, patients, 5_000):
        numbers = range(start, min(start + 5_000, patients))
        with writing() as db:
            facts = {"given_name": "A", "family_name": "B", "match_name": "a b", "birth_date": BIRTH_DATE}
            db.add_all([Patient(id=f"PT-{n}", email=f"p{n}@example.org", **facts) for n in numbers])
            db.flush()
            care = {"clinician_id": "ST-1", "location_id": "LOC-1"}
            today = utc_now().date()
            cases = [Episode(case_number=f"EP-{n}", patient_id=f"PT-{n}", started_on=today, **care) for n in numbers]
            db.add_all(cases)
            db.add_all(
                [
                    Appointment(
                        id=f"AT-{n}",
                        case_number=f"EP-{n}",
                        patient_id=f"PT-{n}",
                        starts_at=utc_now() + timedelta(hours=80 + n % 100),
                        minutes=50,
                        modality=Modality.OFFICE,
                        **care,
                    )
                    for n in numbers
                ]
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
