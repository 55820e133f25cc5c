"""A practice's claims, round after round, in a process that somebody may kill: what the batch does, without Prefect."""

import os
import time
from datetime import datetime
from pathlib import Path

from adapters.settings import settings
from tasks import claim_files
from tests.billing_walk import one_round

CLOCK = "clock"
"""The file in the installation's folder that says what time it is."""
AT_ONCE = 4
"""Claims in a file, so that there are many files to be killed between."""


def now_by(home: Path) -> datetime:
    return datetime.fromisoformat((home / CLOCK).read_text())


def go_on(environment: dict[str, str]) -> None:
    """Round after round until this process is killed."""
    os.environ.update(environment)
    settings.cache_clear()
    claim_files.MOST_IN_A_FILE = AT_ONCE
    while True:
        one_round(now_by(settings().home))
        time.sleep(0.01)
