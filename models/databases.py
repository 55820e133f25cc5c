"""Opens the two databases: SQLite files by default, PostgreSQL by URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlmodel import Session

BUSY_SECONDS = 20


def open_engine(url: str) -> Engine:
    """An engine for one of the two databases.

    SQLite gets WAL, foreign keys and explicit BEGIN: a writer says BEGIN IMMEDIATE, so that two of them queue
    instead of one failing half-way when it upgrades its lock. Errors never show the values of a statement.
    """
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_size=8, max_overflow=16, hide_parameters=True)
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
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("countersign_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """One transaction that may write: commits at the end, rolls back on any error."""
    with Session(engine.execution_options(countersign_writes=True), expire_on_commit=False) as db, db.begin():
        yield db


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """One transaction that only reads; rows stay usable after it ends."""
    with Session(engine, expire_on_commit=False) as db:
        yield db
        db.expunge_all()  # the end of the transaction would otherwise forget what the rows held
