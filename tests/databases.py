"""Databases of a test's own on PostgreSQL, each copied from a template in some milliseconds.

``COUNTERSIGN_TEST_DATABASE=postgresql`` runs the suite on PostgreSQL, on the server that ``COUNTERSIGN_TEST_POSTGRES``
names (its role must be allowed to make databases); without it the tests use SQLite files in their homes.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

SERVER = os.environ.get("COUNTERSIGN_TEST_POSTGRES", "")
KIND = os.environ.get("COUNTERSIGN_TEST_DATABASE", "sqlite")
ON_POSTGRES = KIND == "postgresql"
WHICH = ("operational", "therapy")

if KIND not in ("sqlite", "postgresql"):
    raise pytest.UsageError(f"COUNTERSIGN_TEST_DATABASE is sqlite or postgresql, not {KIND}")
if ON_POSTGRES and not SERVER:
    raise pytest.UsageError("COUNTERSIGN_TEST_DATABASE=postgresql needs COUNTERSIGN_TEST_POSTGRES, the server's URL")

# Databases of installations that later tests copy, by folder; the server's database by Prefect's home; all that were
# made and not dropped yet.
_of: dict[Path, dict[str, str]] = {}
_of_prefect: dict[Path, str] = {}
_made: set[str] = set()


@cache
def _server() -> sa.Engine:
    return sa.create_engine(SERVER, isolation_level="AUTOCOMMIT")


def url_of(name: str, driver: str = "postgresql+psycopg") -> str:
    return sa.make_url(SERVER).set(database=name, drivername=driver).render_as_string(hide_password=False)


def create(template: str = "template0") -> str:
    """A new database like the template, which nobody may be connected to; returns its name."""
    name = f"countersign_test_{uuid4().hex[:12]}"
    with _server().connect() as connection:
        # Copying files beats writing every page to the log: 13 against 36 ms.
        connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"))
    _made.add(name)
    return name


def drop(name: str) -> None:
    with _server().connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    _made.discard(name)


def drop_all() -> None:
    """Drop whatever this test session made and still has."""
    for name in list(_made):
        drop(name)
    _of.clear()
    if ON_POSTGRES:
        _server().dispose()


@contextmanager
def in_force(
    folder: Path, patch: pytest.MonkeyPatch, source: Path | None = None, *, keep: bool = False
) -> Iterator[None]:
    """The two databases of the installation in ``folder`` are what the settings name, on PostgreSQL.

    They hold what those of the installation ``source`` held. ``keep`` leaves them for later tests to copy.
    On SQLite there is nothing to do: the files lie in the folder.
    """
    if not ON_POSTGRES:
        yield
        return
    sources = _of[source] if source else dict.fromkeys(WHICH, "template0")
    names = {which: create(sources[which]) for which in WHICH}
    for which, name in names.items():
        patch.setenv(f"COUNTERSIGN_{which.upper()}_URL", url_of(name))
    try:
        yield
    finally:
        if keep:
            _of[folder] = names
        else:
            for name in names.values():
                drop(name)


def written_in(folder: Path, which: str) -> str:
    """All that the installation in ``folder`` wrote into one of its databases, or Prefect's server into its "prefect".

    The bytes of the SQLite file and its log, deleted rows and all; on PostgreSQL every row of every table.
    """
    if not ON_POSTGRES:
        files = sorted(folder.glob(f"{which}.db*"))
        return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in files)
    engine = sa.create_engine(
        url_of(_of_prefect[folder]) if which == "prefect" else os.environ[f"COUNTERSIGN_{which.upper()}_URL"]
    )
    with engine.connect() as connection:
        tables = sa.inspect(connection).get_table_names()
        rows = [row for table in tables for row in connection.execute(sa.text(f'SELECT t::text FROM "{table}" t'))]
    engine.dispose()
    return "\n".join(text for (text,) in rows)


@cache
def _prefect_template() -> str:
    name = create()
    command = [sys.executable, "-m", "prefect", "server", "database", "upgrade", "--yes"]
    url = url_of(name, "postgresql+asyncpg")
    subprocess.run(
        command,
        env={**os.environ, "PREFECT_API_DATABASE_CONNECTION_URL": url},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return name


@contextmanager
def for_prefect(home: Path) -> Iterator[dict[str, str]]:
    """What a Prefect server with this home needs in its environment to have a fresh database of this run's kind."""
    if not ON_POSTGRES:
        yield {}
        return
    name = _of_prefect[home] = create(_prefect_template())
    try:
        yield {"PREFECT_API_DATABASE_CONNECTION_URL": url_of(name, "postgresql+asyncpg")}
    finally:
        del _of_prefect[home]
        drop(name)
