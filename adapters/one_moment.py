"""Both databases as they stand at one and the same moment, while everything goes on."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from adapters.migrating import Database, url_of
from models import databases
from models.errors import OutsideUnavailable

LOCK_MILLISECONDS = 500
LOCK_NOT_AVAILABLE = "55P03"
PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.2


@contextmanager
def one_moment() -> Iterator[dict[Database, sa.Connection]]:
    """A reading connection to each database; what both show is what a power cut at one moment would have left.

    Acts write to the two databases one after the other, and some of them the other way round. So two snapshots taken
    one after the other may show a flag as reviewed by a sign-off that is still open: a risk that nobody looks at any
    more. Here both databases are closed to changes for the few milliseconds in which both snapshots are taken.

    Raises OutsideUnavailable when somebody holds a database for longer than a minute.
    """
    with ExitStack() as stack:
        engines = {}
        for database in Database:
            engines[database] = databases.open_engine(url_of(database))
            stack.callback(engines[database].dispose)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with ExitStack() as held:
                    for engine in engines.values():
                        held.enter_context(_closed_to_changes(engine))
                    taken = held.enter_context(ExitStack())
                    connections = {
                        database: taken.enter_context(_snapshot(engine)) for database, engine in engines.items()
                    }
                    stack.push(taken.pop_all())
                break
            except OperationalError as refused:
                if not _is_held(refused):
                    raise
                if time.monotonic() > deadline:
                    raise OutsideUnavailable(
                        "a database is held by a long change: try the backup again later"
                    ) from None
                time.sleep(PAUSE_SECONDS)
        yield connections


def _is_held(refused: OperationalError) -> bool:
    """Whether somebody changes something and takes long, or waits for what we hold."""
    return (
        getattr(refused.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
        or getattr(refused.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE
    )


@contextmanager
def _closed_to_changes(engine: sa.Engine) -> Iterator[None]:
    """Hold the turn of the writers, for which every change waits."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            raw = connection.connection.dbapi_connection
            assert raw is not None
            raw.cursor().execute(f"PRAGMA busy_timeout={LOCK_MILLISECONDS}")
        else:
            # shorter than PostgreSQL waits before it ends one of two that wait for each other: we are the one to yield
            connection.execute(sa.text(f"SET lock_timeout = {LOCK_MILLISECONDS}"))
            connection.commit()
        connection = connection.execution_options(countersign_writes=True)
        connection.begin()
        yield
        connection.rollback()


@contextmanager
def _snapshot(engine: sa.Engine) -> Iterator[sa.Connection]:
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            # the first read fixes what this transaction sees
            connection.execute(sa.text("SELECT count(*) FROM sqlite_master"))
            yield connection
        return
    frozen = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with frozen.connect() as connection:
        # the other database may take long before it is this one's turn
        connection.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        connection.execute(sa.text("SELECT 1"))
        yield connection
