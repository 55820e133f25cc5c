"""Installations for the tests of the audit: on SQLite and, where a server is named, on PostgreSQL."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from adapters import operational_store as store
from adapters import therapy_store
from adapters.audit_anchors import url_of
from adapters.migrating import migrate_all
from adapters.settings import settings
from models.audit_chain import Chain
from models.audit_guards import guards_of
from tests import conftest as shared

POSTGRES = os.environ.get("COUNTERSIGN_TEST_POSTGRES", "")


WHICH = ("operational", "therapy")


@contextmanager
def created(copied_from: dict[str, str] | None = None) -> Iterator[dict[str, str]]:
    """Two databases on the PostgreSQL server, empty or copied from such a pair; gives their names."""
    server = sa.create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    names = {which: f"countersign_{which}_{uuid4().hex[:10]}" for which in WHICH}
    try:
        for which, name in names.items():
            template = f" TEMPLATE {copied_from[which]}" if copied_from else ""
            with server.connect() as connection:
                connection.execute(sa.text(f"CREATE DATABASE {name}{template}"))
        yield names
    finally:
        for name in names.values():
            with server.connect() as connection:
                connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        server.dispose()


@contextmanager
def in_force(home: Path, names: dict[str, str]) -> Iterator[None]:
    """An installation on these databases, for as long as this lasts and no longer."""
    with pytest.MonkeyPatch.context() as patch:
        for which, name in names.items():
            url = sa.make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
            patch.setenv(f"COUNTERSIGN_{which.upper()}_URL", url)
        patch.setenv("COUNTERSIGN_HOME", str(home))
        with shared._settings_read_anew():  # leaves no connection behind: who copies a database is alone with it
            settings().make_folders()
            yield


@contextmanager
def migrated(home: Path) -> Iterator[dict[str, str]]:
    """Two migrated databases to copy, while nobody is connected to them."""
    with created() as names:
        with in_force(home, names):
            migrate_all()
        yield names


@contextmanager
def copied(home: Path, source: dict[str, str]) -> Iterator[None]:
    """An installation on copies of two databases."""
    with created(source) as names, in_force(home, names):
        yield


def write_events(chain: Chain, count: int) -> None:
    """Append events, each in a transaction of its own."""
    for number in range(count):
        if chain.database == "operational":
            with store.writing() as db:
                store.audit(
                    db, f"ST-{number}", "case.moved", ("referral", f"RF-{number}"), f"RF-{number}", old="a", n=1
                )
        else:
            with therapy_store.writing() as db:
                therapy_store.audit(
                    db, f"ST-{number}", "read", "intake_text", f"RF-{number}", f"RF-{number}", "portal", count=number
                )


@contextmanager
def as_owner(chain: Chain) -> Iterator[sa.Connection]:
    """A connection of somebody who owns the tables and has dropped their triggers."""
    engine = sa.create_engine(url_of(chain))
    try:
        with engine.begin() as connection:
            for name in sorted(guards_of(chain)):
                table = chain.head if name.startswith(f"{chain.head}_") else chain.events
                on = "" if engine.dialect.name == "sqlite" else f" ON {table}"
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}{on}")
            yield connection
    finally:
        engine.dispose()
