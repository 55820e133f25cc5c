"""The billing tables in force: read from the practice's folder once per change of its files."""

from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path

from adapters import billing_tables
from adapters.denial_routes import load as load_routes
from adapters.settings import settings
from models.billing import BillingTables
from models.denials import DenialRoutes

ROUTES = "denial_routes.csv"
State = tuple[tuple[str, int, int], ...]


def is_set_up() -> bool:
    """Whether this practice bills from here at all: its billing tables lie in their folder."""
    return (settings().billing_folder / billing_tables.PRACTICE).exists()


def began_at() -> datetime:
    """From when on sessions are billed from here (UTC): the first day of the practice's first entry.

    What was held before is the business of whoever billed before.
    """
    first = min((row.valid_from for row in tables().practices), default=date.max)
    return datetime(first.year, first.month, first.day, tzinfo=UTC)


def tables() -> BillingTables:
    """The practice's payers, contracts, fees and names, none where nothing is billed from here.

    Raises adapters.billing_tables.BrokenTables with every fault of every file.
    """
    if not is_set_up():
        return BillingTables()
    folder = settings().billing_folder
    return _tables(folder, _state(folder))


def denial_routes() -> DenialRoutes:
    """Which denial goes where."""
    folder = settings().billing_folder
    return _routes(folder / ROUTES, _state(folder))


def _state(folder: Path) -> State:
    return tuple((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(folder.glob("*.*")))


@lru_cache(maxsize=4)
def _tables(folder: Path, state: State) -> BillingTables:
    return billing_tables.load(folder)


@lru_cache(maxsize=4)
def _routes(path: Path, state: State) -> DenialRoutes:
    return load_routes(path)
