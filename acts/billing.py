"""The billing tables in force: read from the practice's folder once per change of its files."""

import logging
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from adapters import billing_tables
from adapters.denial_routes import load as load_routes
from adapters.settings import settings
from models.billing import MOST_REFUND_DAYS, BillingTables
from models.columns import utc_now
from models.denials import DenialRoutes

ROUTES = "denial_routes.csv"
State = tuple[tuple[str, int, int], ...]

logger = logging.getLogger(__name__)


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


def refund_within() -> timedelta:
    """How long the practice has to give back what is owed back.

    The most it may be where no entry holds today, and while the tables cannot be read: what a payer says is posted all
    the same.
    """
    try:
        practice = tables().practice(utc_now().date())
    except billing_tables.BrokenTables:
        logger.error("the billing tables cannot be read: what is owed back gets the longest term")
        practice = None
    return timedelta(days=practice.refund_days if practice is not None else MOST_REFUND_DAYS)


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
