"""How long does the night of a practice group take, in how much memory, with how many queries, and how does it grow?

For each size (1,000, 10,000 and 100,000 patients unless others are named) a generated group is made in a fresh
installation, not measured. Then, measured: one whole night, in which its claims and questions leave; what a simulated
payer answers to them, not measured; and the next night, which takes the answers in. Each is the flow itself under a
Prefect server of its own, so that its calls count. One JSON line for each size: seconds, CPU seconds of this process,
its peak memory, queries and calls, by part; the language part apart; then how the time grows, as the exponent between
two sizes (1 is linear).

    python -m benchmarks.nightly 1000 10000                      # SQLite
    python -m benchmarks.nightly 100000 --postgresql URL         # a server on which two databases may be made
    python -m benchmarks.nightly 1000 --transcripts 60           # with the language part
    python -m benchmarks.nightly 1000 --profile FILE             # what took the time, for pstats
"""

import argparse
import asyncio
import cProfile
import itertools
import json
import logging
import math
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import event

SIZES = (1_000, 10_000, 100_000)
DATABASES = {"OPERATIONAL": "operational", "THERAPY": "therapy"}


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    given.add_argument("sizes", nargs="*", type=int, default=list(SIZES))
    given.add_argument("--postgresql", default="", help="URL of a server; without it SQLite is used")
    given.add_argument("--transcripts", type=int, default=0, help="sessions of yesterday to read and draft")
    given.add_argument("--profile", default="", help="write what took the time into this file")
    given.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    wanted = given.parse_args()
    if wanted.alone:
        print(json.dumps(_measure(wanted.sizes[0], wanted.profile, wanted.transcripts)))
        return
    found = []
    for size in wanted.sizes:
        with tempfile.TemporaryDirectory(dir=os.environ.get("COUNTERSIGN_BENCH_FOLDER")) as home:
            environment = _environment(Path(home))
            made = _databases(wanted.postgresql) if wanted.postgresql else {}
            profile = ["--profile", wanted.profile] if wanted.profile else []
            sessions = ["--transcripts", str(wanted.transcripts)]
            try:
                ended = subprocess.run(
                    [sys.executable, "-m", "benchmarks.nightly", str(size), "--alone", *profile, *sessions],
                    env=environment | made,
                    stdout=subprocess.PIPE,
                    text=True,
                    check=True,
                )
            finally:
                for url in made.values():
                    _drop(wanted.postgresql, url)
        found.append(json.loads(ended.stdout.splitlines()[-1]))
        print(json.dumps(found[-1] | {"database": "postgresql" if wanted.postgresql else "sqlite"}), flush=True)
    for small, large in itertools.pairwise(found):
        grown = {
            what: round(math.log(large[what] / small[what]) / math.log(large["patients"] / small["patients"]), 2)
            for what in ("seconds", "cpu_seconds", "queries")
        }
        print(json.dumps({"from": small["patients"], "to": large["patients"], "growth_exponent": grown}), flush=True)


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COUNTERSIGN_", "PREFECT_"))}
    return kept | {
        "COUNTERSIGN_HOME": str(home / "home"),
        "COUNTERSIGN_SIMULATED_PAYER": "true",
        "COUNTERSIGN_DASK": os.environ.get("COUNTERSIGN_DASK", ""),
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "DO_NOT_TRACK": "1",
        "GX_ANALYTICS_ENABLED": "false",
        "HF_HUB_OFFLINE": "1",
    }


def _databases(server: str) -> dict[str, str]:
    """Two new databases on the server, by the setting that names them."""
    made = {}
    for setting in DATABASES:
        name = f"countersign_bench_{uuid4().hex[:10]}"
        _on_server(server, f"CREATE DATABASE {name}")
        url = sa.make_url(server).set(database=name, drivername="postgresql+psycopg")
        made[f"COUNTERSIGN_{setting}_URL"] = url.render_as_string(hide_password=False)
    return made


def _drop(server: str, url: str) -> None:
    _on_server(server, f"DROP DATABASE IF EXISTS {sa.make_url(url).database} WITH (FORCE)")


def _on_server(server: str, statement: str) -> None:
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)


class Counted:
    """Seconds, queries and calls to the orchestrator, by the part of the night under way."""

    def __init__(self, profiler: cProfile.Profile | None) -> None:
        self.part = ""
        self.profiler = profiler
        self.by_part: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        event.listen(sa.Engine, "before_cursor_execute", self._query)

    def _query(self, *_: Any) -> None:
        self.by_part[self.part]["queries"] += 1

    def calls_of_prefect(self) -> None:
        """From now on every request of Prefect's client counts, wherever it is sent from."""
        import httpx

        for client in (httpx.Client, httpx.AsyncClient):
            real = client.send

            def send(http: Any, request: Any, *given: Any, _real: Any = real, **more: Any) -> Any:
                self.by_part[self.part]["calls"] += 1
                return _real(http, request, *given, **more)

            client.send = send  # type: ignore[method-assign,assignment]

    def parts_of_night(self) -> None:
        from tasks import nights

        real = nights.do_part

        def do_part(name: str, night: Any, location: str) -> dict[str, int]:
            self.part = name
            began, cpu = time.perf_counter(), time.process_time()
            if self.profiler:  # a part runs in a thread of its own, and a profile is one thread's
                self.profiler.enable()
            try:
                return real(name, night, location)
            finally:
                if self.profiler:
                    self.profiler.disable()
                self.by_part[name]["seconds"] += time.perf_counter() - began
                self.by_part[name]["cpu_seconds"] += time.process_time() - cpu
                self.part = ""

        nights.do_part = do_part


def _measure(patients: int, profile: str, transcripts: int) -> dict[str, Any]:
    """Two nights of one group, in this process."""
    from adapters.migrating import migrate_all
    from adapters.settings import settings
    from adapters.simulated_payer import CLEAN, SimulatedPayer
    from benchmarks import generated_group
    from models.columns import utc_now

    logging.disable(logging.WARNING)
    settings().make_folders()
    migrate_all()
    began = time.perf_counter()
    now = utc_now()
    generated_group.drop_sessions(generated_group.make(patients, now), transcripts)
    made_in = time.perf_counter() - began

    from prefect.testing.utilities import prefect_test_harness

    from flows.nightly import nightly
    from tasks import nights

    profiler = cProfile.Profile() if profile else None
    counted = Counted(profiler)
    counted.calls_of_prefect()
    counted.parts_of_night()
    payer = SimulatedPayer(1, CLEAN, settings().home / "payer")
    seconds = cpu = 0.0
    counts: dict[str, int] = {}
    with prefect_test_harness(server_startup_timeout=300):
        counted.by_part.clear()
        for night in (now.date(), now.date() + timedelta(days=1)):
            started, cpu_started = time.perf_counter(), time.process_time()
            ended = asyncio.run(nightly(night, return_state=True))
            seconds += time.perf_counter() - started
            cpu += time.process_time() - cpu_started
            if not ended.is_completed():
                raise SystemExit(f"the night ended as {ended.name}: {ended.message}")
            done = asyncio.run(_counts(ended))
            counts = {name: counts.get(name, 0) + done.get(name, 0) for name in counts | done}
            while payer.work(settings().clearinghouse_folder, now + timedelta(days=40)):
                pass
            _settle(settings().clearinghouse_folder / "incoming")
    if profiler:
        profiler.dump_stats(profile)
    reading = {part.name for part in nights.PARTS if part.reads}
    by_part = {
        name: {what: round(value, 2) for what, value in figures.items()} for name, figures in counted.by_part.items()
    }
    language = sum(counted.by_part[name]["seconds"] for name in reading)
    return {
        "patients": patients,
        "made_in_seconds": round(made_in, 1),
        "seconds": round(seconds - language, 1),
        "language_seconds": round(language, 1),
        "cpu_seconds": round(cpu, 1),
        "peak_mib": round(_peak_mib()),
        "queries": int(sum(figures["queries"] for figures in counted.by_part.values())),
        "calls": int(sum(figures["calls"] for figures in counted.by_part.values())),
        "counts": {name: count for name, count in counts.items() if count},
        "by_part": by_part,
    }


async def _counts(state: Any) -> dict[str, int]:
    found = state.result(raise_on_failure=False)
    return dict(await found if asyncio.iscoroutine(found) else found)


def _settle(folder: Path) -> None:
    """A file counts as whole once it was left alone for a moment; the benchmark does not wait for that."""
    before = time.time() - 60
    for path in folder.iterdir():
        os.utime(path, (before, before))


def _peak_mib() -> float:
    """The most memory this process itself ever held."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


if __name__ == "__main__":
    main()
