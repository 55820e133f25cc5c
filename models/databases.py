"""Opens the two databases: SQLite files by default, PostgreSQL by URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolIsEmpty
from sqlmodel import Session

from models.audit_chain import AuditedSession, append
from models.errors import RecordsUnavailable
from models.step_reads import watch_selects

BUSY_SECONDS = 20
# A process that stands still in the middle of a transaction must not hold up the practice for longer than this.
IDLE_SECONDS = 60
# Any fixed number: PostgreSQL keys its advisory locks by one, each database for itself; the schema keys the rest.
WRITERS_TURN = 4_726_184
PASSING = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_NOMEM")
"""SQLite's errors that say nothing about the statement: the same one works later."""


def open_engine(url: str) -> Engine:
    """An engine for one of the two databases.

    On both kinds writers take turns from their first statement on, so that what a step reads before it writes
    stays true until it has written (docs/decisions/0012-postgresql.md): SQLite says BEGIN IMMEDIATE, PostgreSQL
    takes a lock of the database that ends with the transaction. SQLite gets WAL and foreign keys besides.
    Errors never show the values of a statement.
    """
    engine = _open_sqlite(url) if url.startswith("sqlite") else _open_postgresql(url)
    watch_selects(engine)
    return engine


def _open_sqlite(url: str) -> Engine:
    engine = create_engine(
        url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "foreign_keys=ON",
            "synchronous=FULL",
            f"busy_timeout={BUSY_SECONDS * 1000}",
            "secure_delete=ON",  # what is replaced or deleted does not stay in freed pages
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("countersign_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _open_postgresql(url: str) -> Engine:
    """A pool that notices connections which died with the server, and never waits without end."""
    limits = {
        "lock_timeout": int(BUSY_SECONDS * 1000),
        "idle_in_transaction_session_timeout": IDLE_SECONDS * 1000,
        "timezone": "UTC",
    }
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_size=8,
        max_overflow=16,
        hide_parameters=True,
        connect_args={
            "connect_timeout": 5,
            "application_name": "countersign",
            "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
        },
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("countersign_writes", False):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS_TURN}, hashtext(current_schema()))")

    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """One transaction that may write: commits at the end, rolls back on any error.

    What it did is appended to the audit last, so the head of the chain is held for that moment only.
    Raises RecordsUnavailable when the database is locked, full or away; then nothing of it was written. Only when
    PostgreSQL goes away in the very moment of the commit is that not known; what runs again asks what is there.
    """
    with (
        _said_plainly(),
        AuditedSession(engine.execution_options(countersign_writes=True), expire_on_commit=False) as db,
        db.begin(),
    ):
        yield db
        append(db)


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """One transaction that only reads; rows stay usable after it ends. Raises RecordsUnavailable."""
    with _said_plainly(), Session(engine, expire_on_commit=False) as db:
        yield db
        db.expunge_all()  # the end of the transaction would otherwise forget what the rows held


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except PoolIsEmpty:
        raise RecordsUnavailable("the database takes nothing now (every connection is in use)") from None
    except DBAPIError as trouble:
        name = getattr(trouble.orig, "sqlite_errorname", None)
        if name is None:
            # PostgreSQL calls only passing errors operational; a connection that it ended may end in any kind
            if not (isinstance(trouble, OperationalError) or trouble.connection_invalidated):
                raise
            name = getattr(trouble.orig, "sqlstate", None) or "no connection"
        elif not isinstance(trouble, OperationalError) or not name.startswith(PASSING):
            raise
        raise RecordsUnavailable(f"the database takes nothing now ({name})") from None
