"""A PostgreSQL server of this installation's own: made once, on loopback alone, with a role for each database."""

import json
import os
import pwd
import secrets
import subprocess
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa

from adapters.private_files import write_private
from adapters.settings import settings
from models.errors import CountersignError

OWNER = "countersign"
DATABASES = {
    "operational": "countersign_operational",
    "therapy": "countersign_therapy",
    "prefect": "countersign_prefect",
}
# PostgreSQL refuses to run as root; Debian's package brings this user, and the folder that is theirs.
SYSTEM_USER = "postgres"
SYSTEM_FOLDER = Path("/var/lib/postgresql")
INSTALLED = Path("/usr/lib/postgresql")


class NoPostgres(CountersignError):
    """A private PostgreSQL cannot be made here; the message says why, and what to do."""


def binaries() -> Path:
    """The folder of the newest PostgreSQL server installed; raises NoPostgres when there is none."""
    found = [path for path in INSTALLED.glob("*/bin") if (path / "initdb").exists()]
    if not found:
        raise NoPostgres(
            "No PostgreSQL server is installed (Debian: apt-get install postgresql). Or name databases of your own: "
            "COUNTERSIGN_OPERATIONAL_URL, COUNTERSIGN_THERAPY_URL and COUNTERSIGN_PREFECT_DATABASE_URL."
        )
    return max(found, key=lambda path: [int(part) for part in path.parent.name.split(".") if part.isdigit()])


def folder() -> Path:
    """Where the server keeps its files: in the home; as root outside it, because its user may not look in there."""
    if os.getuid() != 0:
        return settings().home / "postgresql"
    return SYSTEM_FOLDER / f"countersign-{sha256(str(settings().home.resolve()).encode()).hexdigest()[:12]}"


def _files() -> Path:
    return folder() / "data"


def make() -> None:
    """Make the server's files and this installation's passwords, unless they are there; raises NoPostgres."""
    initdb = binaries() / "initdb"
    if settings().private_postgres_file.exists() and (_files() / "PG_VERSION").exists():
        return
    passwords = {role: secrets.token_urlsafe(24) for role in (OWNER, *DATABASES)}
    first_word = folder() / "first-password"
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(first_word, passwords[OWNER].encode())
    if os.getuid() == 0:
        try:
            user = pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            raise NoPostgres(f"PostgreSQL refuses to run as root, and there is no user {SYSTEM_USER}") from None
        for path in (folder(), first_word):
            os.chown(path, user.pw_uid, user.pw_gid)
    made = subprocess.run(
        [
            *_as_its_user(),
            *(str(initdb), "-D", str(_files()), "-U", OWNER, "--auth=scram-sha-256", f"--pwfile={first_word}"),
            *("--encoding=UTF8", "--locale=C.UTF-8"),
        ],
        capture_output=True,
        text=True,
        cwd="/",
    )
    first_word.unlink()
    if made.returncode != 0:
        raise NoPostgres(f"initdb could not make {_files()}: {made.stderr.strip()[-500:]}")
    write_private(settings().private_postgres_file, json.dumps({"passwords": passwords}).encode())


def command() -> list[str]:
    """The command line of the server; it ends with its parent, cleanly."""
    return [
        *_as_its_user(),
        *(str(binaries() / "postgres"), "-D", str(_files()), "-p", str(settings().postgres_port)),
        *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="),
    ]


def _as_its_user() -> list[str]:
    # SIGINT, for a fast shutdown: the plain one waits for everybody to leave.
    if os.getuid() != 0:
        return ["setpriv", "--pdeathsig", "INT", "--"]
    return ["setpriv", "--reuid", SYSTEM_USER, "--regid", SYSTEM_USER, "--init-groups", "--pdeathsig", "INT", "--"]


def answers() -> bool:
    """Whether the server takes connections now."""
    try:
        with _owners_connection():
            return True
    except sa.exc.OperationalError:
        return False


def make_databases() -> None:
    """One role and one database of its own for each; no role may enter another's. What is there stays."""
    with _owners_connection() as connection:
        quoted = connection.dialect.identifier_preparer.quote
        for which, name in DATABASES.items():
            if not connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": name}):
                password = settings().private_postgres_passwords()[which]
                connection.exec_driver_sql(f"CREATE ROLE {quoted(name)} LOGIN PASSWORD '{password}'")
            if not connection.scalar(sa.text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}):
                connection.exec_driver_sql(f"CREATE DATABASE {quoted(name)} OWNER {quoted(name)}")
            connection.exec_driver_sql(f"REVOKE ALL ON DATABASE {quoted(name)} FROM PUBLIC")


def _owners_connection() -> sa.Connection:
    password = settings().private_postgres_passwords()[OWNER]
    url = sa.URL.create("postgresql+psycopg", OWNER, password, "127.0.0.1", settings().postgres_port, "postgres")
    engine = sa.create_engine(
        url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool, connect_args={"connect_timeout": 2}
    )
    return engine.connect()
