"""A PostgreSQL of the installation's own: who may enter what, and what is seen when it goes away and comes back."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from adapters import operational_store, private_postgres, therapy_store
from adapters.migrating import migrate_all
from adapters.run_claims import RunClaims
from adapters.settings import settings
from cli import environment
from models.errors import RecordsUnavailable
from models.operational import Heartbeat
from models.therapy_text import TherapyText
from tests import conftest as shared
from tests.adapters.prefect_server import free_port
from web.desk.app import make_app
from web.desk.cookies import LOGIN

pytestmark = [
    pytest.mark.skipif(not list(private_postgres.INSTALLED.glob("*/bin/initdb")), reason="no PostgreSQL is installed"),
    pytest.mark.postgresql_only("starts a server of its own"),
]


class Server:
    """The server as the supervisor runs it, to be stopped and started by a test."""

    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        self.process = subprocess.Popen(private_postgres.command(), cwd="/", stderr=subprocess.DEVNULL)
        for _ in range(600):
            if private_postgres.answers():
                return
            assert self.process.poll() is None
            time.sleep(0.05)
        pytest.fail("PostgreSQL did not start")

    def stop(self) -> None:
        assert self.process is not None
        self.process.send_signal(2)
        self.process.wait(60)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(60)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("private") / "home"
    # As root the server runs as its own user, who may not look into pytest's folders.
    outside = Path(tempfile.mkdtemp(prefix="countersign-test-"))
    outside.chmod(0o755)
    running = Server()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(private_postgres, "SYSTEM_FOLDER", outside)
        for name in ("OPERATIONAL_URL", "THERAPY_URL", "PREFECT_DATABASE_URL"):
            patch.delenv(f"COUNTERSIGN_{name}", raising=False)
        patch.setenv("COUNTERSIGN_HOME", str(home))
        patch.setenv("COUNTERSIGN_POSTGRES_PORT", str(free_port()))
        with shared._settings_read_anew():
            settings().make_folders()
            private_postgres.make()
            running.start()
            private_postgres.make_databases()
            migrate_all()
            yield running
            running.stop()
    shutil.rmtree(outside)


def counted(url: str) -> int:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with closing(engine.connect()) as connection:
        return len(sa.inspect(connection).get_table_names())


def test_each_role_enters_its_own_database_alone(server: Server) -> None:
    operational, therapy = map(sa.make_url, (settings().operational_database, settings().therapy_database))
    assert counted(settings().operational_database) > 20
    assert counted(settings().therapy_database) > 8
    for role, of in ((operational, therapy), (therapy, operational)):
        with pytest.raises(sa.exc.OperationalError, match="does not have CONNECT privilege"):
            counted(role.set(database=of.database).render_as_string(hide_password=False))
    with pytest.raises(sa.exc.OperationalError, match="password authentication failed"):
        counted(operational.set(password="guessed").render_as_string(hide_password=False))


def test_prefects_server_is_given_its_database(server: Server) -> None:
    url = sa.make_url(environment.environment()["PREFECT_API_DATABASE_CONNECTION_URL"])
    assert url.drivername == "postgresql+asyncpg" and url.database == "countersign_prefect"


def test_passwords_are_for_this_user_alone(server: Server) -> None:
    assert settings().private_postgres_file.stat().st_mode & 0o077 == 0
    if os.getuid() == 0:
        assert private_postgres.folder().stat().st_uid == pwd.getpwnam("postgres").pw_uid
    words = settings().private_postgres_passwords().values()
    assert not [word for word in words if word in repr(settings())]


def test_making_it_again_changes_nothing(server: Server) -> None:
    before = settings().private_postgres_passwords()
    private_postgres.make()
    private_postgres.make_databases()
    assert settings().private_postgres_passwords() == before


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_everything_goes_on_by_itself_when_postgresql_comes_back(server: Server, how: str) -> None:
    claims = RunClaims()
    with TestClient(make_app(), base_url=settings().desk_url, cookies={LOGIN: "of nobody"}) as browser:
        assert browser.get("/", follow_redirects=False).status_code == 303
        claims.beat("worker-before")
        with pytest.raises(RecordsUnavailable), operational_store.writing() as db:
            operational_store.beat(db, "in the middle")
            db.flush()
            server.stop() if how == "stopped" else server.kill()
            operational_store.beat(db, "too late")
            db.flush()
        away = browser.get("/", follow_redirects=False)
        assert away.status_code == 503 and away.headers["retry-after"] == "30"
        with pytest.raises(RecordsUnavailable):
            claims.beat("worker-meanwhile")
        with pytest.raises(RecordsUnavailable):
            therapy_store.add_text("RF-000001", "referral_text", TherapyText("words"))
        server.start()
        claims.beat("worker-after")
        therapy_store.add_text("RF-000001", "referral_text", TherapyText("words"))
        assert browser.get("/", follow_redirects=False).status_code == 303
    with operational_store.reading() as db:
        assert db.get(Heartbeat, "in the middle") is None
