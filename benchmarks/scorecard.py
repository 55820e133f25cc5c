"""How long does the scorecard take to read and count both of its periods, with about 10,000 cases on record?

Fills a new installation of the sample practice in a temporary folder with two invented quarters, then makes the
scorecard of the later one five times. Wall and CPU seconds of each. One JSON line.
"""

import json
import os
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

TODAY = date(2026, 11, 26)
PLACES = ("LOC-1", "LOC-2", "LOC-3")
TIMES = 5


def main(referrals_a_week: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        os.environ["COUNTERSIGN_HOME"] = home

        from acts.scorecard import Wanted, scorecard_of
        from adapters.migrating import migrate_all
        from adapters.sample_practice import seed_sample_practice
        from adapters.sample_quarter import fill_quarters
        from adapters.settings import settings
        from rules.periods import before, quarter_of

        settings().make_folders()
        migrate_all()
        seed_sample_practice()
        quarter = before(quarter_of(TODAY))
        filled = fill_quarters(before(quarter), quarter, TODAY, referrals_a_week=referrals_a_week)
        walls, cpus = [], []
        for _ in range(TIMES):
            began, worked = time.perf_counter(), time.process_time()
            scorecard_of(Wanted(quarter, before(quarter), PLACES), TODAY)
            walls.append(round(time.perf_counter() - began, 2))
            cpus.append(round(time.process_time() - worked, 2))
        kinds = ("referral", "episode", "session_note", "claim")
        cases = {kind: filled.counts[kind] for kind in kinds}
        print(json.dumps({"cases": sum(cases.values()), "of": cases, "wall_seconds": walls, "cpu_seconds": cpus}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 35)
