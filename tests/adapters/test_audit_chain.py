"""Is every way of tampering with the audit refused by the database, and found when the refusal was switched off?"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from adapters import audit_anchors, audit_chain, therapy_store
from adapters import operational_store as store
from adapters.audit_anchors import url_of
from adapters.audit_chain import FaultKind, verify_all
from adapters.migrating import Database, check, migrate
from adapters.settings import settings
from models import databases
from models.audit_chain import CHAINS, OPERATIONAL, Chain, collected
from models.audit_guards import guards_of, missing_guards, rights_of_app_role
from models.operational import AuditEvent, Heartbeat
from tests.adapters.audit_databases import POSTGRES, as_owner, copied, migrated, write_events
from tests.databases import KIND

ROOT = Path(__file__).parents[2]
K = FaultKind
SQLITE_ALONE = pytest.mark.skipif(
    KIND != "sqlite", reason="PostgreSQL refuses what is no JSON, and has no file to put back"
)


@pytest.fixture(scope="module")
def migrated_pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Two migrated PostgreSQL databases to copy, while nobody is connected to them."""
    with migrated(tmp_path_factory.mktemp("postgresql")) as names:
        yield names


@pytest.fixture(params=["sqlite", "postgresql"])
def installed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An installation without an event, on either kind of database."""
    if request.param == "sqlite":
        if KIND != "sqlite":
            pytest.skip("in this run every home has its databases in PostgreSQL; the other half is tried there")
        request.getfixturevalue("home")
        yield request.param
        return
    if not POSTGRES:
        pytest.skip("COUNTERSIGN_TEST_POSTGRES names no PostgreSQL server")
    with copied(tmp_path / "home", request.getfixturevalue("migrated_pair")):
        yield request.param


@pytest.fixture(params=CHAINS, ids=lambda chain: chain.database)
def chain(request: pytest.FixtureRequest) -> Chain:
    return request.param


def found() -> set[tuple[FaultKind, int | None]]:
    """What the verification says, but for the triggers that the test itself has dropped."""
    return {(fault.kind, fault.event_id) for fault in verify_all() if fault.kind != K.UNGUARDED}


def count_of(chain: Chain) -> int:
    engine = sa.create_engine(url_of(chain))
    with engine.connect() as connection:
        counted = connection.exec_driver_sql(f"SELECT count(*) FROM {chain.events}").scalar_one()
    engine.dispose()
    return int(counted)


def test_untouched_audit_has_no_fault(installed: str):
    for chain in CHAINS:
        write_events(chain, 5)
    audit_anchors.write_anchors()
    verdicts = audit_chain.verify()
    assert [(verdict.events, verdict.last_id, verdict.anchors) for verdict in verdicts] == [(5, 5, 1), (5, 5, 1)]
    assert verify_all() == []


def test_empty_audit_has_no_fault(installed: str):
    assert verify_all() == []


def test_every_kind_of_detail_comes_back_as_it_was_digested(installed: str):
    moment = datetime(2026, 3, 1, 12, 0, 0, 7, tzinfo=UTC)
    with store.writing() as db:
        store.audit(
            db, "ST-ü", "test", ("x", "y"), None, a=1.5, b=None, c=["ß", {"z": 1, "a": True}], at_time=str(moment)
        )
        store.audit(db, "", "test", ("x", 'quote " and \\'), None, tiny=1e-9, many=2**53, where="p:q", purpose="TREAT")
    assert verify_all() == []


# What the database refuses.


STATEMENTS = (
    "UPDATE {events} SET actor = 'nobody' WHERE id = 2",
    "UPDATE {events} SET details = '{{}}'",
    "DELETE FROM {events} WHERE id = 2",
    "DELETE FROM {events}",
    "UPDATE {head} SET last_id = 1",
    "UPDATE {head} SET last_digest = 'x'",
    "DELETE FROM {head}",
)
ONLY_SQLITE = (
    "INSERT OR REPLACE INTO {events} SELECT * FROM {events} WHERE id = 2",
    "INSERT OR REPLACE INTO {head} SELECT name, 1, last_digest FROM {head}",
)
ONLY_POSTGRESQL = ("TRUNCATE {events}", "TRUNCATE {head}")


def test_database_refuses_every_change_of_the_audit(installed: str, chain: Chain):
    write_events(chain, 3)
    engine = sa.create_engine(url_of(chain))
    for statement in (*STATEMENTS, *(ONLY_SQLITE if installed == "sqlite" else ONLY_POSTGRESQL)):
        with pytest.raises(DBAPIError, match=r"append-only|permission denied"), engine.begin() as connection:
            connection.exec_driver_sql(statement.format(events=chain.events, head=chain.head))
    engine.dispose()
    assert verify_all() == []
    assert count_of(chain) == 3


def test_event_without_digest_is_refused(installed: str, chain: Chain):
    engine = sa.create_engine(url_of(chain))
    columns = '"at", actor, action, subject_kind, subject_id, details, "where"'
    values = "'2026-01-01 00:00:00.000000', 'a', 'b', 'c', 'd', '{}', ''"
    with pytest.raises(DBAPIError, match=r"(?i)not.null"), engine.begin() as connection:
        connection.exec_driver_sql(f"INSERT INTO {chain.events} ({columns}) VALUES ({values})")
    engine.dispose()


def test_triggers_stand_at_the_newest_revision(installed: str, chain: Chain):
    check(Database(chain.database), url_of(chain))
    engine = databases.open_engine(url_of(chain))
    with engine.connect() as connection:
        assert missing_guards(connection, chain) == []
        kinds = "sqlite_master" if installed == "sqlite" else "pg_trigger"
        column = "name" if installed == "sqlite" else "tgname"
        there = set(connection.exec_driver_sql(f"SELECT {column} FROM {kinds}").scalars())
    engine.dispose()
    assert guards_of(chain) <= there


def test_dropped_triggers_are_named(installed: str, chain: Chain):
    with as_owner(chain):
        pass
    assert {fault.words for fault in verify_all()} == {f"the trigger {name} is gone" for name in guards_of(chain)}


@pytest.fixture
def app_role(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A role that owns nothing, in force for both databases; its name."""
    if not POSTGRES:
        pytest.skip("COUNTERSIGN_TEST_POSTGRES names no PostgreSQL server")
    with copied(tmp_path / "home", request.getfixturevalue("migrated_pair")):
        role, word = f"app_{uuid4().hex[:10]}", uuid4().hex
        server = sa.create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN PASSWORD '{word}'")
        owners = {chain.database: url_of(chain) for chain in CHAINS}
        try:
            with pytest.MonkeyPatch.context() as patch:
                for chain in CHAINS:
                    owner = sa.create_engine(owners[chain.database])
                    with owner.begin() as connection:
                        for statement in rights_of_app_role(chain, role):
                            connection.exec_driver_sql(statement)
                    owner.dispose()
                    url = sa.make_url(owners[chain.database]).set(username=role, password=word)
                    name = f"COUNTERSIGN_{chain.database.upper()}_URL"
                    patch.setenv(name, url.render_as_string(hide_password=False))
                settings.cache_clear()
                yield role
                dispose()
        finally:
            settings.cache_clear()
            for url in owners.values():
                owner = sa.create_engine(url, isolation_level="AUTOCOMMIT")
                with owner.connect() as connection:
                    connection.exec_driver_sql(f"DROP OWNED BY {role}")
                owner.dispose()
            with server.connect() as connection:
                connection.exec_driver_sql(f"DROP ROLE {role}")
            server.dispose()


def test_role_that_owns_nothing_appends_and_changes_nothing(app_role: str):
    for chain in CHAINS:
        write_events(chain, 2)
        engine = sa.create_engine(url_of(chain))
        for statement in (
            f"UPDATE {chain.events} SET actor = 'x'",
            f"DELETE FROM {chain.events}",
            f"TRUNCATE {chain.events}",
            f"DELETE FROM {chain.head}",
            f"DROP TRIGGER {chain.events}_no_update ON {chain.events}",
            f"ALTER TABLE {chain.events} DISABLE TRIGGER ALL",
        ):
            with (
                pytest.raises(DBAPIError, match=r"permission denied|must be owner"),
                engine.begin() as connection,
            ):
                connection.exec_driver_sql(statement)
        engine.dispose()
    assert verify_all() == []


# What is found when the triggers were dropped.


def test_changed_event_is_named(installed: str, chain: Chain):
    write_events(chain, 6)
    with as_owner(chain) as owner:
        owner.exec_driver_sql(f"UPDATE {chain.events} SET actor = 'ST-0' WHERE id = 4")
    assert found() == {(K.CHANGED, 4)}


@pytest.mark.parametrize("field", ["action", "subject_kind", "subject_id", "case_number", '"where"', "purpose"])
def test_every_text_field_is_covered(home: Path, chain: Chain, field: str):
    write_events(chain, 3)
    with as_owner(chain) as owner:
        owner.exec_driver_sql(f"UPDATE {chain.events} SET {field} = 'other' WHERE id = 2")
    assert found() == {(K.CHANGED, 2)}


def test_changed_time_and_changed_details_are_named(installed: str, chain: Chain):
    write_events(chain, 6)
    with as_owner(chain) as owner:
        owner.exec_driver_sql(f"UPDATE {chain.events} SET \"at\" = '2026-01-01 00:00:00.000000' WHERE id = 2")
        owner.exec_driver_sql(f"UPDATE {chain.events} SET details = '{{\"n\": 2}}' WHERE id = 5")
    assert found() == {(K.CHANGED, 2), (K.CHANGED, 5)}


@SQLITE_ALONE
def test_details_that_are_no_longer_json_are_named(home: Path, chain: Chain):
    write_events(chain, 3)
    with as_owner(chain) as owner:
        owner.exec_driver_sql(f"UPDATE {chain.events} SET details = 'what' WHERE id = 3")
    assert found() == {(K.CHANGED, 3)}


def test_changed_event_with_its_digest_made_anew_breaks_the_next_link(installed: str, chain: Chain):
    write_events(chain, 6)
    recompute_from(chain, 4, only=True)
    assert found() == {(K.BROKEN_LINK, 5)}


def test_deleted_events_are_named(installed: str, chain: Chain):
    write_events(chain, 8)
    with as_owner(chain) as owner:
        owner.exec_driver_sql(f"DELETE FROM {chain.events} WHERE id IN (1, 4, 5)")
    assert found() == {(K.MISSING, 1), (K.MISSING, 4)}
    assert "events 4 to 5 are missing" in " ".join(map(str, verify_all()))


@pytest.mark.parametrize("and_head", [False, True], ids=["head left", "head moved back"])
def test_cut_tail_is_named(installed: str, chain: Chain, and_head: bool):
    write_events(chain, 6)
    audit_anchors.write_anchors()
    with as_owner(chain) as owner:
        owner.exec_driver_sql(f"DELETE FROM {chain.events} WHERE id > 4")
        if and_head:
            owner.exec_driver_sql(
                f"UPDATE {chain.head} SET last_id = 4, last_digest = (SELECT digest FROM {chain.events} WHERE id = 4)"
            )
    assert found() == {(K.CUT_TAIL, 6)}


@pytest.mark.parametrize("keep_digests", [False, True], ids=["whole rows", "contents alone"])
def test_swapped_events_are_named(installed: str, chain: Chain, keep_digests: bool):
    write_events(chain, 7)
    contents = ("at", "actor", "subject_id", "case_number", "details")
    with as_owner(chain) as owner:
        if keep_digests:
            rows = {row.id: row for row in owner.exec_driver_sql(f"SELECT * FROM {chain.events} WHERE id IN (2, 5)")}
            for number, other in ((2, 5), (5, 2)):
                sets = ", ".join(f'"{name}" = :{name}' for name in contents)
                values = {name: getattr(rows[other], name) for name in contents}
                if not isinstance(values["details"], str):
                    values["details"] = json.dumps(values["details"])
                owner.execute(sa.text(f"UPDATE {chain.events} SET {sets} WHERE id = {number}"), values)
        else:
            for old, new in ((2, -2), (5, 2), (-2, 5)):
                owner.exec_driver_sql(f"UPDATE {chain.events} SET id = {new} WHERE id = {old}")
    assert found() == {(K.MOVED, 2), (K.MOVED, 5)}
    assert "event 5 stands where event 2 was written" in " ".join(map(str, verify_all()))


def test_replaced_head_is_named(installed: str, chain: Chain):
    write_events(chain, 5)
    with as_owner(chain) as owner:
        owner.exec_driver_sql(f"UPDATE {chain.head} SET last_id = 3")
    assert found() == {(K.HEAD_DIFFERS, 3)}
    with as_owner(chain) as owner:
        owner.exec_driver_sql(f"UPDATE {chain.head} SET last_id = 5, last_digest = 'made up'")
    assert found() == {(K.HEAD_DIFFERS, 5)}
    with as_owner(chain) as owner:
        owner.exec_driver_sql(f"DELETE FROM {chain.head}")
    assert found() == {(K.NO_HEAD, None)}


def test_chain_rewritten_whole_differs_from_its_anchor(installed: str, chain: Chain):
    write_events(chain, 4)
    audit_anchors.write_anchors()
    write_events(chain, 2)
    recompute_from(chain, 3)
    assert found() == {(K.ANCHOR_DIFFERS, 4)}


def recompute_from(chain: Chain, first: int, *, only: bool = False) -> None:
    """Change an event and give it, and unless ``only`` all that follow, the digests of an honest chain."""
    with as_owner(chain) as owner:
        owner.exec_driver_sql(f"UPDATE {chain.events} SET actor = 'nobody' WHERE id = {first}")
        rows = [row for row in audit_chain.rows_of(owner, chain) if row[0] >= first]
        previous = rows[0][-2]
        for row in rows[:1] if only else rows:
            digest = audit_chain.digest_of(chain, previous, row[:-2])
            owner.execute(
                sa.text(f"UPDATE {chain.events} SET previous_digest = :p, digest = :d WHERE id = :id"),
                {"p": previous, "d": digest, "id": row[0]},
            )
            previous = digest
        if not only:
            owner.execute(sa.text(f"UPDATE {chain.head} SET last_digest = :d"), {"d": previous})


@SQLITE_ALONE
def test_older_copy_put_back_is_named(home: Path):
    for chain in CHAINS:
        write_events(chain, 3)
    copies = home.with_name("copies")
    copies.mkdir()
    for name in ("operational.db", "therapy.db"):
        source = sa.create_engine(f"sqlite:///{home / name}")
        with source.connect() as connection:
            connection.exec_driver_sql(f"VACUUM INTO '{copies / name}'")
        source.dispose()
    for chain in CHAINS:
        write_events(chain, 2)
    audit_anchors.write_anchors()
    dispose()
    for name in ("operational.db", "therapy.db"):
        for each in home.glob(f"{name}*"):
            each.unlink()
        shutil.copy(copies / name, home / name)
    assert found() == {(K.CUT_TAIL, 5)}
    assert [fault.database for fault in verify_all()] == ["operational", "therapy"]


def dispose() -> None:
    store.engine_for(settings().operational_database).dispose()
    therapy_store.engine_for(settings().therapy_database).dispose()


# How it is appended.


def test_rolled_back_transaction_leaves_no_gap(installed: str):
    write_events(OPERATIONAL, 1)
    with pytest.raises(RuntimeError), store.writing() as db:
        store.audit(db, "ST-1", "lost", ("x", "y"))
        db.flush()
        raise RuntimeError
    write_events(OPERATIONAL, 1)
    with store.reading() as db:
        assert db.exec(select(AuditEvent.id)).all() == [1, 2]
    assert verify_all() == []


def test_events_of_a_savepoint_go_with_it(installed: str):
    with store.writing() as db:
        store.audit(db, "ST-1", "first", ("x", "y"))
        with pytest.raises(RuntimeError), db.begin_nested():
            db.add(Heartbeat(name="inside", at=datetime.now(UTC)))
            store.audit(db, "ST-1", "undone", ("x", "y"))
            with db.begin_nested():
                store.audit(db, "ST-1", "undone deeper", ("x", "y"))
            raise RuntimeError
        with db.begin_nested():
            store.audit(db, "ST-1", "kept", ("x", "y"))
        assert [each["action"] for each in collected(db)] == ["first", "kept"]
    with store.reading() as db:
        assert db.exec(select(AuditEvent.action).order_by(AuditEvent.id)).all() == ["first", "kept"]  # type: ignore[arg-type]


def test_session_that_does_not_append_may_not_audit(home: Path):
    with store.reading() as db, pytest.raises(TypeError):
        store.audit(db, "ST-1", "read", ("x", "y"))


WRITER = """
import sys
from adapters import operational_store as store, therapy_store
for number in range(int(sys.argv[1])):
    with store.writing() as db:
        store.next_number(db, "race")
        store.audit(db, sys.argv[2], "raced", ("x", str(number)))
        store.audit(db, sys.argv[2], "raced again", ("x", str(number)))
    with therapy_store.writing() as db:
        therapy_store.audit(db, sys.argv[2], "raced", "x", str(number), None)
"""


def test_threads_and_processes_write_one_chain(installed: str):
    """Eight threads here and two processes beside them, all on the same row and the same chain."""
    with store.writing() as db:
        store.next_number(db, "race")
    others = [
        subprocess.Popen([sys.executable, "-c", WRITER, "15", f"process {number}"], cwd=ROOT) for number in range(2)
    ]

    def work(name: str) -> None:
        for number in range(15):
            with store.writing() as db:
                store.next_number(db, "race")
                store.audit(db, name, "raced", ("x", str(number)))
                store.audit(db, name, "raced again", ("x", str(number)))
            with therapy_store.writing() as db:
                therapy_store.audit(db, name, "raced", "x", str(number), None)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [f"thread {number}" for number in range(8)]))
    assert [each.wait(timeout=120) for each in others] == [0, 0]
    operational, therapy = audit_chain.verify()
    assert (operational.events, operational.last_id, operational.faults) == (300, 300, [])
    assert (therapy.events, therapy.last_id, therapy.faults) == (150, 150, [])


def test_events_from_before_the_chain_are_chained(tmp_path: Path, chain: Chain, monkeypatch: pytest.MonkeyPatch):
    """An installation of the first release, with a gap in its ids, comes to the newest revision."""
    from adapters import migrating

    monkeypatch.setenv("COUNTERSIGN_HOME", str(tmp_path))
    settings.cache_clear()
    database, url = Database(chain.database), url_of(chain)
    with migrating._alone(url), migrating._connected(url) as connection:
        config = migrating._config(database, connection)
        migrating.command.upgrade(config, f"{chain.database}_0001")
        where = {"where": "portal"} if chain.database == "therapy" else {}
        table = sa.table(chain.events, *map(sa.column, ("id", "at", *FIRST, *where)))
        before = datetime(2026, 1, 1, tzinfo=UTC)
        rows = [
            {
                "id": number * 3, "actor": "ST-1", "action": "moved", "subject_kind": "x", "subject_id": str(number),
                "at": (before + timedelta(seconds=number)).strftime("%F %T.%f"), "details": '{"b": 1, "a": [2]}',
                **where,
            }
            for number in range(1, 2501)
        ]  # fmt: skip
        connection.execute(sa.insert(table), rows)
        connection.commit()
    migrate(database, url)
    verdict = audit_chain.verify_chain(chain, url)
    assert (verdict.events, verdict.last_id, verdict.faults) == (2500, 2500, [])
    settings.cache_clear()


FIRST = ("actor", "action", "subject_kind", "subject_id", "details")


# The anchors.


def test_anchor_is_written_once_a_day_for_the_same_end(home: Path):
    day = datetime(2026, 11, 25, 3, tzinfo=UTC)
    write_events(OPERATIONAL, 1)
    assert len(audit_anchors.write_anchors(day)) == 2
    assert audit_anchors.write_anchors(day + timedelta(hours=1)) == []
    assert len(audit_anchors.write_anchors(day + timedelta(days=1))) == 2
    write_events(OPERATIONAL, 1)
    assert [each.last_id for each in audit_anchors.write_anchors(day + timedelta(days=1))] == [2]
    file = audit_anchors.file_of(OPERATIONAL)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [json.loads(line)["last_id"] for line in file.read_text().splitlines()] == [1, 1, 2]


def test_half_an_anchor_is_named_and_the_next_stays_whole(home: Path):
    write_events(OPERATIONAL, 1)
    file = audit_anchors.file_of(OPERATIONAL)
    file.write_text('{"date": "2026-')
    audit_anchors.write_anchors()
    assert len(file.read_text().splitlines()) == 2
    [fault] = verify_all()
    assert (fault.kind, fault.words) == (K.ANCHOR_UNREADABLE, "line 1 of operational.jsonl is no anchor")


def test_anchors_of_another_folder_are_compared(home: Path, tmp_path: Path):
    write_events(OPERATIONAL, 3)
    audit_anchors.write_anchors()
    shipped = tmp_path / "shipped"
    shutil.copytree(settings().anchors_folder, shipped)
    with as_owner(OPERATIONAL) as owner:
        owner.exec_driver_sql("DELETE FROM audit_event")
        owner.exec_driver_sql("UPDATE audit_head SET last_id = 0, last_digest = ''")
    for each in settings().anchors_folder.iterdir():
        each.unlink()
    assert found() == set()
    assert [fault.kind for fault in verify_all(shipped) if fault.kind != K.UNGUARDED] == [K.CUT_TAIL]
