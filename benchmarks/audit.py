"""How fast is the chained audit verified, and what does the chain cost each transaction?

A million events are written into a database, chained as they would be, and verified as `countersign verify-audit` does,
in a process of its own so that its peak memory is its own. The baseline of the first is the plain way, row by row
through the ORM; that of the second is the same transaction with its event inserted unchained. One JSON line for each
kind of database; PostgreSQL where COUNTERSIGN_TEST_POSTGRES names a server. BENCH_EVENTS sets the number.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).parents[1]))

import sqlalchemy as sa
from sqlmodel import Session, select

from adapters.audit_chain import verify_chain
from adapters.migrating import Database, migrate
from models import databases
from models.audit_chain import FIELDS, OPERATIONAL, collect, digest_of, stored_time
from models.operational import AuditEvent, NumberSequence

EVENTS = int(os.environ.get("BENCH_EVENTS", "1000000"))
BASELINE_EVENTS = EVENTS // 20
TRANSACTIONS = 300
CHUNK = 10_000
START = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COUNTERSIGN_HOME"] = folder
        print(json.dumps(measured("sqlite", f"sqlite:///{folder}/operational.db")))
    if server := os.environ.get("COUNTERSIGN_TEST_POSTGRES"):
        with tempfile.TemporaryDirectory() as folder, _database(server) as url:
            os.environ["COUNTERSIGN_HOME"] = folder
            print(json.dumps(measured("postgresql", url)))


def measured(kind: str, url: str) -> dict[str, object]:
    migrate(Database.OPERATIONAL, url)
    engine = databases.open_engine(url)
    chained = _milliseconds(engine, lambda db, number: _audited(db, number))
    unchained = _milliseconds(engine, lambda db, number: _unchained(db, number))
    _reset(engine)
    _fill(engine)
    engine.dispose()
    seconds, own, peak, faults = _alone("verify", url)
    baseline, baseline_own, baseline_peak, _ = _alone("orm", url)
    return {
        "benchmark": "audit",
        "database": kind,
        "events": EVENTS,
        "verify_seconds": round(seconds, 2),
        "verify_cpu_seconds": round(own, 2),
        "events_per_second": round(EVENTS / seconds),
        "verify_peak_mib": round(peak),
        "faults": faults,
        "orm_seconds_for_as_many": round(baseline * EVENTS / BASELINE_EVENTS, 1),
        "orm_peak_mib": round(baseline_peak),
        "times_faster_than_orm": round(baseline * EVENTS / BASELINE_EVENTS / seconds, 1),
        "times_less_cpu_than_orm": round(baseline_own * EVENTS / BASELINE_EVENTS / own, 1),
        "load_average": round(os.getloadavg()[0], 1),
        "transaction_ms": round(chained, 2),
        "transaction_unchained_ms": round(unchained, 2),
        "chain_ratio": round(chained / unchained, 2),
    }


def _fill(engine: sa.Engine) -> None:
    """Write the events as ``append`` would, in bigger pieces."""
    digest = ""
    with engine.execution_options(countersign_writes=True).begin() as connection:
        for first in range(1, EVENTS + 1, CHUNK):
            rows = []
            for number in range(first, min(first + CHUNK, EVENTS + 1)):
                facts = _event(number)
                spelled = {**facts, "at": stored_time(facts["at"]), "details": json.dumps(facts["details"])}  # type: ignore[arg-type]
                previous, digest = digest, digest_of(OPERATIONAL, digest, [spelled[name] for name in FIELDS])
                rows.append({**facts, "previous_digest": previous, "digest": digest})
            connection.execute(sa.insert(OPERATIONAL.events_table), rows)
        connection.execute(sa.update(OPERATIONAL.head_table).values(last_id=EVENTS, last_digest=digest))


def _event(number: int) -> dict[str, object]:
    return {
        "id": number,
        "at": START + timedelta(seconds=number),
        "actor": f"ST-{number % 20}",
        "action": "case.moved",
        "subject_kind": "referral",
        "subject_id": f"RF-{number:07d}",
        "case_number": f"RF-{number:07d}",
        "where": "",
        "purpose": "",
        "details": {"old": "ready_to_match", "new": "assignment", "round": number % 5},
    }


def _reset(engine: sa.Engine) -> None:
    """Take away what the transactions wrote; only somebody who owns the tables can."""
    from models.audit_guards import guard, guards_of

    with engine.execution_options(countersign_writes=True).begin() as connection:
        for name in guards_of(OPERATIONAL):
            table = OPERATIONAL.head if name.startswith(f"{OPERATIONAL.head}_") else OPERATIONAL.events
            on = "" if engine.dialect.name == "sqlite" else f" ON {table}"
            connection.exec_driver_sql(f"DROP TRIGGER {name}{on}")
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"DROP FUNCTION {OPERATIONAL.events}_append_only")
        connection.exec_driver_sql(f"DELETE FROM {OPERATIONAL.events}")
        connection.execute(sa.update(OPERATIONAL.head_table).values(last_id=0, last_digest=""))
        guard(connection, OPERATIONAL)


def _milliseconds(engine: sa.Engine, act: Callable[[Session, int], None]) -> float:
    """The mean of one transaction that changes one row and leaves one event."""
    with databases.writing(engine) as db:
        db.merge(NumberSequence(name="bench", last=0))
    started = time.perf_counter()
    for number in range(TRANSACTIONS):
        with databases.writing(engine) as db:
            db.exec(sa.update(NumberSequence).values(last=NumberSequence.last + 1))
            act(db, number)
    return (time.perf_counter() - started) / TRANSACTIONS * 1000


def _audited(db: Session, number: int) -> None:
    collect(db, OPERATIONAL, **{name: value for name, value in _event(number).items() if name != "id"})


def _unchained(db: Session, number: int) -> None:
    db.add(AuditEvent(**{**_event(number), "id": EVENTS + number + 1}, previous_digest="", digest=""))


def _alone(what: str, url: str) -> tuple[float, float, float, int]:
    """Seconds, CPU seconds, peak MiB and faults of one verification in a fresh process.

    On a busy machine the CPU seconds say more; they leave out what PostgreSQL's own process does.
    """
    ended = subprocess.run([sys.executable, __file__, what, url], capture_output=True, text=True, check=True)
    seconds, own, peak, faults = json.loads(ended.stdout)
    return seconds, own, peak, faults


def _peak_mib() -> float:
    """The most memory this process itself ever held."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def _verify(url: str) -> int:
    return verify_chain(OPERATIONAL, url).fault_count


def _by_orm(url: str) -> int:
    """The plain way: every event a record, one after the other; a twentieth of them."""
    faults, previous = 0, ""
    with databases.reading(databases.open_engine(url)) as db:
        for event in db.exec(select(AuditEvent).order_by(AuditEvent.id).limit(BASELINE_EVENTS)).all():  # type: ignore[arg-type]
            facts = {**event.model_dump(mode="json"), "previous": previous}
            sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
            faults += event.previous_digest != previous
            previous = event.digest
    return faults


@contextmanager
def _database(server: str) -> Iterator[str]:
    name = f"countersign_bench_{uuid4().hex[:10]}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    try:
        yield sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


if __name__ == "__main__":
    if len(sys.argv) == 3:
        started, own = time.perf_counter(), time.process_time()
        faults = {"verify": _verify, "orm": _by_orm}[sys.argv[1]](sys.argv[2])
        print(json.dumps([time.perf_counter() - started, time.process_time() - own, _peak_mib(), faults]))
    else:
        main()
