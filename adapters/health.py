"""Is this installation healthy? Answered with yes or no for each part, never with anything about a person."""

import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock

import httpx
import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from adapters import migrating
from adapters.desk_views import WORKER_SILENT, beats
from adapters.migrating import MIGRATIONS, Database
from adapters.settings import settings
from models import databases
from models.columns import utc_now
from models.errors import CountersignError

PREFECT_SECONDS = 2.0
KEPT_SECONDS = 2.0
"""How long one answer serves every question: asking costs connections, and anybody may ask."""

_kept: tuple[float, str, "Health"] | None = None
_lock = Lock()


@dataclass(frozen=True)
class Health:
    """Which checks hold: both databases answer and are at their newest revision, Prefect answers, the worker beats,
    the watch over every wait runs."""

    checks: dict[str, bool]

    @property
    def ok(self) -> bool:
        return all(self.checks.values())


def health() -> Health:
    """The health of a moment ago."""
    global _kept
    with _lock:
        now, home = time.monotonic(), str(settings().home)
        if _kept is None or _kept[1] != home or now - _kept[0] > KEPT_SECONDS:
            _kept = (now, home, look())
        return _kept[2]


def look() -> Health:
    """The health now."""
    checks = {}
    at_head = True
    for database in Database:
        revision = revision_of(database)
        checks[f"{database.value}_database"] = revision is not None
        at_head = at_head and revision == newest_revision(database)
    checks["migrations"] = at_head
    checks |= _beating() if checks["operational_database"] else {"worker": False, "watch": False}
    checks["prefect"] = prefect_answers()
    return Health(checks)


def _beating() -> dict[str, bool]:
    """Whether the worker and the watch have said that they live, and not too long ago."""
    try:
        found = beats()
    except (CountersignError, sa.exc.SQLAlchemyError):  # no such table yet, or the database went away just now
        return {"worker": False, "watch": False}
    silent = {what for what, _ in found.silent(utc_now())}
    return {
        "worker": found.worker_at is not None and utc_now() - found.worker_at <= WORKER_SILENT,
        "watch": not found.never_watched and "checking waits" not in silent,
    }


def revision_of(database: Database) -> str | None:
    """The revision that a database is at; None when it does not answer, ``""`` when it was never migrated."""
    url = sa.make_url(migrating.url_of(database))
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return None  # connecting would make an empty file
    engine = databases.open_engine(migrating.url_of(database))
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() or ""
    except sa.exc.SQLAlchemyError:
        return None
    finally:
        engine.dispose()


@cache
def newest_revision(database: Database) -> str | None:
    """The revision that this version of the programs wants."""
    return ScriptDirectory(str(MIGRATIONS), version_locations=[str(MIGRATIONS / database.value)]).get_current_head()


def prefect_answers() -> bool:
    """Whether Prefect's server and its database answer; this question needs no sign-in."""
    try:
        return httpx.get(f"{settings().prefect_api_url}/ready", timeout=PREFECT_SECONDS).status_code == 200
    except httpx.HTTPError:
        return False
