"""Claims in an SQLite file of their own: the test stand-in for the claims in the operational database."""

import sqlite3
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from uuid import UUID


class FileClaims:
    """Which worker process runs which run; safe across threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with closing(self._open()) as db:
            db.execute("create table if not exists beat (worker_id text primary key, at real not null)")
            db.execute("create table if not exists claim (run_id text primary key, worker_id text not null)")

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=10, isolation_level=None)

    def claim(self, run_id: UUID, worker_id: str, *, lost_after: timedelta) -> bool:
        with closing(self._open()) as db:
            taken = db.execute(
                "insert into claim values (?, ?) on conflict (run_id) do update set worker_id = excluded.worker_id"
                " where claim.worker_id = excluded.worker_id or not exists"
                " (select 1 from beat where beat.worker_id = claim.worker_id and beat.at > ?)",
                (str(run_id), worker_id, time.time() - lost_after.total_seconds()),
            )
            return taken.rowcount == 1

    def release(self, run_id: UUID, worker_id: str) -> None:
        with closing(self._open()) as db:
            db.execute("delete from claim where run_id = ? and worker_id = ?", (str(run_id), worker_id))

    def beat(self, worker_id: str) -> None:
        with closing(self._open()) as db:
            db.execute("insert or replace into beat values (?, ?)", (worker_id, time.time()))

    def orphans(self, lost_after: timedelta) -> list[UUID]:
        with closing(self._open()) as db:
            rows = db.execute(
                "select run_id from claim where not exists"
                " (select 1 from beat where beat.worker_id = claim.worker_id and beat.at > ?)",
                (time.time() - lost_after.total_seconds(),),
            ).fetchall()
        return [UUID(run_id) for (run_id,) in rows]

    def held(self) -> list[UUID]:
        """Every run that is claimed now."""
        with closing(self._open()) as db:
            return [UUID(run_id) for (run_id,) in db.execute("select run_id from claim").fetchall()]
