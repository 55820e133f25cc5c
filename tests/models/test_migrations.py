"""Do the migrations lead to exactly what the records say, on both kinds of database, from anywhere?"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from adapters.migrating import MIGRATIONS, Database, check, migrate, migrate_all, url_of
from adapters.settings import settings

POSTGRES = os.environ.get("COUNTERSIGN_TEST_POSTGRES", "")
ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without a table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    if not POSTGRES:
        pytest.skip("COUNTERSIGN_TEST_POSTGRES names no PostgreSQL server")
    name = f"countersign_{uuid4().hex[:12]}"
    server = sa.create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    try:
        yield sa.make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()


@pytest.mark.parametrize("database", Database)
def test_migrated_tables_are_what_the_records_say(database: Database, empty_database: str):
    migrate(database, empty_database)
    check(database, empty_database)


@pytest.mark.parametrize("database", Database)
def test_migrating_again_changes_nothing(database: Database, empty_database: str):
    assert migrate(database, empty_database) == migrate(database, empty_database)
    check(database, empty_database)


@pytest.mark.parametrize("database", Database)
def test_two_processes_migrating_at_once_both_succeed(database: Database, empty_database: str):
    line = (
        "import sys; from adapters.migrating import Database, migrate; "
        "print(migrate(Database(sys.argv[1]), sys.argv[2]))"
    )
    command = [sys.executable, "-c", line, database.value, empty_database]
    both = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [one.communicate(timeout=60)[0].strip() for one in both]
    assert [one.returncode for one in both] == [0, 0]
    assert said[0] == said[1] != ""
    check(database, empty_database)


def test_missing_column_is_noticed(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'changed.db'}"
    migrate(Database.THERAPY, url)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE case_focus DROP COLUMN focus_areas"))
    engine.dispose()
    with pytest.raises(Exception, match="focus_areas"):
        check(Database.THERAPY, url)


def test_databases_share_no_table(home: Path):
    migrate_all()
    tables = []
    for database in Database:
        engine = sa.create_engine(url_of(database))
        tables.append(set(sa.inspect(engine).get_table_names()) - {"alembic_version"})
        engine.dispose()
    assert tables[0] and tables[1]
    assert not tables[0] & tables[1]
    assert settings().home == home


@pytest.mark.parametrize("database", Database)
def test_revisions_form_one_line_without_gaps(database: Database):
    numbers = sorted(int(path.name[:4]) for path in (MIGRATIONS / database.value).glob("[0-9]*.py"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_claims_that_left_by_themselves_keep_their_level(empty_database: str):
    migrate(Database.OPERATIONAL, empty_database, to="operational_0008")
    engine = sa.create_engine(empty_database)
    with engine.begin() as connection:
        for place in ("LOC-1", "LOC-2"):
            columns = "id, name, state, time_zone, phone, accessible"
            row = sa.text(f"INSERT INTO location ({columns}) VALUES (:id, '', 'OR', 'UTC', '', :yes)")
            connection.execute(row, {"id": place, "yes": True})
        connection.execute(
            sa.text("INSERT INTO practice_setting (name, value) VALUES ('claims_by_themselves', 'LOC-2, LOC-9')")
        )
    migrate(Database.OPERATIONAL, empty_database)
    with engine.begin() as connection:
        rows = connection.execute(sa.text("SELECT workflow, location_id, level, runs_as FROM workflow_standing")).all()
        left = connection.execute(sa.text("SELECT count(*) FROM practice_setting")).scalar()
    engine.dispose()
    assert [tuple(row) for row in rows] == [("claims", "LOC-2", "live", "live")]
    assert left == 0
