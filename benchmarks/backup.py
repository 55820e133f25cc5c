"""How fast are a backup and its restore, beside SQLite's own copy of the same two files?

Prints one JSON line. ``ratio`` is seconds of ours over seconds of SQLite's plain copy (no encryption, no proof).
"""

import argparse
import base64
import json
import os
import resource
import secrets
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import sqlalchemy as sa

from acts.restoring import restore
from adapters.backing_up import back_up
from adapters.empty_place import connected
from adapters.migrating import Database, migrate_all, url_of
from adapters.settings import settings

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def fill(cases: int) -> None:
    """Rows of about the size of the real ones: a patient, a case and a sealed text of 2 KB each."""
    with connected(Database.OPERATIONAL) as db:
        known = sa.MetaData()
        known.reflect(db)
        place = {"id": "LOC-1", "name": "Place", "state": "OR", "time_zone": "UTC", "phone": "", "accessible": True}
        db.execute(known.tables["location"].insert(), place)
        db.execute(known.tables["patient"].insert(), [patient(n) for n in range(cases)])
        db.execute(known.tables["referral"].insert(), [referral(n) for n in range(cases)])
    with connected(Database.THERAPY) as db:
        known = sa.MetaData()
        known.reflect(db)
        db.execute(known.tables["intake_text"].insert(), [text(n) for n in range(cases)])


def patient(n: int) -> dict[str, object]:
    return {
        "id": f"PT-{n}",
        "given_name": f"Given{n}",
        "family_name": f"Family{n}",
        "match_name": f"given{n} family{n}",
        "birth_date": date(1990, 1, 1 + n % 28),
        "email": f"p{n}@example.org",
        "preferred_channel": "email",
        "self_pay": False,
        "created_at": NOW,
    }


def referral(n: int) -> dict[str, object]:
    return {
        "case_number": f"RF-{n:06d}",
        "patient_id": f"PT-{n}",
        "location_id": "LOC-1",
        "external_key": f"csv:{n}",
        "source": "csv",
        "received_at": NOW,
        "modality": "either",
        "needs_accessible": False,
        "preferred_times": ["mornings"],
        "status": "risk_review",
        "status_since": NOW,
        "version": 3,
        "fence": 2,
        "wake_wanted": False,
        "run_generation": 0,
        "risk_cleared": False,
        "round": 0,
        "reminders_sent": 0,
        "possible_patient_ids": [],
        "coverage_status": "unknown",
        "coverage_reason": "not checked yet",
    }


def text(n: int) -> dict[str, object]:
    sealed = base64.b64encode(secrets.token_bytes(1536)).decode()
    return {
        "id": f"TX-{n}",
        "case_number": f"RF-{n:06d}",
        "kind": "referral_text",
        "source_key": "",
        "text": sealed,
        "edition": 1,
        "at": NOW,
    }


def enter(home: Path) -> None:
    os.environ["COUNTERSIGN_HOME"] = str(home)
    settings.cache_clear()
    settings().make_folders()


def timed(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def plain_copy(folder: Path) -> None:
    """What ``sqlite3 FILE .backup`` does, for both files."""
    for database in Database:
        source = sqlite3.connect(str(sa.make_url(url_of(database)).database))
        target = sqlite3.connect(folder / f"{database.value}.copy")
        source.backup(target)
        target.close()
        source.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=20_000)
    cases = parser.parse_args().cases
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        enter(folder / "one")
        migrate_all()
        fill(cases)
        size = sum((folder / "one" / f"{database.value}.db").stat().st_size for database in Database)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        copied = timed(lambda: plain_copy(folder))
        made: list[int] = []
        backed_up = timed(lambda: made.append(back_up(folder / "one.backup").rows))
        sealed = (folder / "one.backup").stat().st_size
        keys = folder / "one" / "keys"
        enter(folder / "two")
        for path in keys.iterdir():
            (settings().keys_folder / path.name).write_bytes(path.read_bytes())
            (settings().keys_folder / path.name).chmod(0o600)
        restored = timed(lambda: restore(folder / "one.backup"))
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    figures = {
        "benchmark": "backup",
        "cases": cases,
        "rows": made[0],
        "database_mib": round(size / 2**20, 1),
        "backup_mib": round(sealed / 2**20, 1),
        "backup_seconds": round(backed_up, 2),
        "backup_rows_per_second": round(made[0] / backed_up),
        "backup_mib_per_second": round(size / 2**20 / backed_up, 1),
        "restore_seconds": round(restored, 2),
        "restore_rows_per_second": round(made[0] / restored),
        "plain_copy_seconds": round(copied, 2),
        "ratio": round(backed_up / copied, 1),
        "more_memory_mib": round((after - before) / 1024, 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
