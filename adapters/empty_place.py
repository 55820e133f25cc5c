"""The empty place a restore needs: looked at before, marked while it is filled, emptied when a restore fails."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from filelock import FileLock, Timeout

from adapters.backing_up import folders
from adapters.migrating import UNFINISHED_RESTORE, Database, url_of
from adapters.settings import settings
from models import databases
from models.errors import BackupRefused

MADE_BY_MIGRATIONS = frozenset({"alembic_version", "audit_head", "therapy_audit_head"})


@contextmanager
def connected(database: Database) -> Iterator[sa.Connection]:
    """One writing transaction on a database of this installation, committed at the end."""
    engine = databases.open_engine(url_of(database))
    try:
        with engine.execution_options(countersign_writes=True).begin() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def empty_place() -> Iterator[None]:
    """Hold an empty installation while it is filled: empty again after any error, free for use after none.

    Raises BackupRefused naming what is in the way: something runs here, a row in a database, a file in a folder. What a
    restore that was broken off has left is removed first.
    """
    settings().make_folders()
    lock = FileLock(settings().home / "running.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise BackupRefused(f"Countersign runs on {settings().home}: stop it, or set COUNTERSIGN_HOME") from None
    try:
        broken_off = any(_has_mark(database) for database in Database)
        if not broken_off:
            for database in Database:
                _must_hold_nothing(database)
            _folders_must_hold_nothing()
        _empty()
        for database in Database:
            with connected(database) as connection:
                connection.execute(sa.text(f"CREATE TABLE {UNFINISHED_RESTORE} (id INTEGER PRIMARY KEY)"))
        try:
            yield
        except BaseException:
            _empty()
            raise
        for database in Database:
            with connected(database) as connection:
                connection.execute(sa.text(f"DROP TABLE {UNFINISHED_RESTORE}"))
    finally:
        lock.release()


def _has_mark(database: Database) -> bool:
    with connected(database) as connection:
        return sa.inspect(connection).has_table(UNFINISHED_RESTORE)


def _must_hold_nothing(database: Database) -> None:
    with connected(database) as connection:
        for name in sorted(sa.inspect(connection).get_table_names()):
            table = sa.table(name)
            if (
                name not in MADE_BY_MIGRATIONS
                and connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first()
            ):
                raise BackupRefused(
                    f"the {database.value} database is not empty (table {name} has rows): a restore replaces nothing; "
                    "set COUNTERSIGN_HOME or the databases' URLs to an empty place"
                )


def _folders_must_hold_nothing() -> None:
    for name, folder in folders().items():
        if any(path.is_file() for path in folder.rglob("*")):
            raise BackupRefused(f"the folder {name} is not empty: a restore replaces nothing")


def _empty() -> None:
    """Drop every table of both databases; called only where they hold nothing but what a restore put there."""
    for database in Database:
        with connected(database) as connection:
            known = sa.MetaData()
            known.reflect(connection)
            if connection.dialect.name == "sqlite":
                known.drop_all(connection)
                continue
            for table in known.tables.values():
                connection.execute(sa.text(f'DROP TABLE "{table.name}" CASCADE'))
            own = sa.text(
                "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = current_schema()::regnamespace "
                "AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')"
            )
            for function in connection.execute(own).scalars().all():
                connection.execute(sa.text(f"DROP FUNCTION {function}"))
