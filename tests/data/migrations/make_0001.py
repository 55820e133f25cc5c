"""Makes 0001.json: both databases of the first release with rows in every table, all about invented people.

The release's own code walks the cases, so it runs from a checkout of that release, never from this one:

    git worktree add ../released 04bc3d5 && cd ../released
    PYTHONPATH=. python THIS_FILE OUTPUT.json
"""

import asyncio
import csv
import io
import json
import os
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from acts import patient
from adapters import desk_logins, operational_store, portal_links, prefect_runs
from adapters.migrating import migrate_all
from adapters.operational_store import writing
from adapters.run_claims import RunClaims
from adapters.sample_practice import seed_sample_practice
from adapters.settings import settings
from models.codes import LinkPurpose, ReferralStatus, Role, Verdict
from models.columns import utc_now
from models.operational import Patient, PortalLink, PracticeSetting
from tasks import intake, watch
from tests import test_leaks as walks
from tests.tasks.conftest import SAMPLE, FakePrefect

SAMPLE_ROWS = 9


def referrals() -> bytes:
    """The three people that are walked to their ends, a broken row, and the first sample rows."""
    marked = list(csv.DictReader(io.StringIO(walks.sample_with_markers().decode())))
    sample = list(csv.DictReader(io.StringIO(SAMPLE.read_text("utf-8-sig"))))[1 : 1 + SAMPLE_ROWS]
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(marked[0]))
    writer.writeheader()
    writer.writerows([*marked, *sample])
    return out.getvalue().encode()


async def walked(walk: walks.Walk) -> None:
    (settings().intake_folder / "referrals.csv").write_bytes(referrals())
    for file_id in intake.collect.fn(settle_seconds=0):
        intake.receive.fn(file_id)
    await watch.start_missing_runs()
    with operational_store.reading() as db:
        cases = db.exec(sa.select(walks.Referral.case_number, walks.Referral.external_key)).all()
    numbers = {key.split(":")[-1]: number for number, key in cases}
    await walks.walk_to_attended(walk, numbers.pop("R-9001"))
    await walks.walk_to_declined(walk, numbers.pop("R-9002"))
    await walks.walk_to_unreachable(walk, numbers.pop("R-9003"))
    for number in sorted(numbers.values()):
        await walks.leg(walk, number)
    walks.outbox.send_due(utc_now() + timedelta(minutes=5), limit=500)
    # One case waits for the patient's choice of a time, one for a clinician, one for its first session.
    waiting = [number for number in sorted(numbers.values()) if walks.status_of(number) == ReferralStatus.RISK_REVIEW]
    for number in waiting[:2]:
        walks.signed(number, Verdict.APPROVE, "Spoke with the patient; safe to go on.")
        await walks.leg(walk, number)
        walks.signed(number, Verdict.APPROVE, "")
        await walks.leg(walk, number)
    link = walks.one(PortalLink, case_number=waiting[0], purpose=LinkPurpose.CHOOSE_TIME, revoked=False)
    token = portal_links.token_of(link.id)
    case = walks.one(walks.Referral, case_number=waiting[0])
    proof = patient.verify(token, walks.one(Patient, id=case.patient_id).birth_date)
    patient.choose(token, proof, patient.offered_times(token, proof)[0].offer_id)
    await walks.leg(walk, waiting[0])


def also_running() -> None:
    """What an installation holds while it runs: a signed-in person, a worker with its run, its beats."""
    desk_logins.open_login(walks.staff(Role.COORDINATOR).id)
    claims = RunClaims()
    claims.beat("worker-1")
    claims.claim(uuid4(), "worker-1", lost_after=timedelta(seconds=30))
    with writing() as db:
        operational_store.beat(db, "watch")
        db.merge(PracticeSetting(name="greeting", value='"hello"'))


def without_idle_slots() -> None:
    """A few free times are enough; thousands would only make the file long."""
    with writing() as db:
        db.exec(
            sa.text(
                "DELETE FROM slot WHERE status = 'open' AND id NOT IN (SELECT slot_id FROM offer)"
                " AND id NOT IN (SELECT id FROM slot WHERE status = 'open' ORDER BY starts_at LIMIT 40)"
            )
        )


def plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def rows_of(url: str) -> dict[str, list[dict[str, Any]]]:
    engine = sa.create_engine(url)
    found = sa.MetaData()
    found.reflect(engine)
    with engine.connect() as connection:
        return {
            table.name: [
                {name: plain(value) for name, value in row._mapping.items()}
                for row in connection.execute(sa.select(table).order_by(*table.primary_key.columns))
            ]
            for table in found.sorted_tables
            if table.name != "alembic_version"
        }


def one_row_a_line(made: dict[str, Any]) -> str:
    """JSON that a person can compare line by line."""
    return (
        "{\n"
        + ",\n".join(
            f'"{which}": {{"revision": "{one["revision"]}", "tables": {{\n'
            + ",\n".join(
                f'"{name}": [\n' + ",\n".join(json.dumps(row, sort_keys=True) for row in rows) + "\n]"
                for name, rows in one["tables"].items()
            )
            + "\n}}"
            for which, one in made.items()
        )
        + "\n}\n"
    )


def main() -> None:
    home = Path(tempfile.mkdtemp())
    os.environ["COUNTERSIGN_HOME"] = str(home)
    settings().make_folders()
    at = migrate_all()
    seed_sample_practice()
    fake = FakePrefect()
    for name in ("start_run", "wake", "read_runs", "rename", "read_and_forget_input"):
        setattr(prefect_runs, name, getattr(fake, name))
    asyncio.run(walked(walks.Walk(fake, home=home)))
    also_running()
    without_idle_slots()
    urls = {"operational": settings().operational_database, "therapy": settings().therapy_database}
    made = {which: {"revision": at[which], "tables": rows_of(url)} for which, url in urls.items()}
    empty = [name for which in made.values() for name, rows in which["tables"].items() if not rows]
    if empty:
        raise SystemExit(f"no rows in {', '.join(empty)}")
    Path(sys.argv[1]).write_text(one_row_a_line(made))


if __name__ == "__main__":
    main()
