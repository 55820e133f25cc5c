"""The simulated payer of this installation, where it has one: the sample practice's, or one that was asked for."""

from datetime import datetime

from filelock import FileLock, Timeout

from adapters.settings import settings
from adapters.simulated_payer.payer import SimulatedPayer
from adapters.simulated_payer.rules import SAMPLE

SEED = 158
"""With it the sample practice's insured patients show up active, active without mental health, later, carved out."""


def work_here(now: datetime) -> list[str]:
    """Take and answer what lies in this installation's clearinghouse folder by ``now`` (UTC); returns what was laid.

    Nothing where no payer is simulated, or while another process is at it.
    """
    if not settings().simulates_payer:
        return []
    folder = settings().clearinghouse_folder
    own = folder / "simulated-payer"
    own.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with FileLock(own / ".working", timeout=0, mode=0o600):
            return SimulatedPayer(SEED, SAMPLE, own).work(folder, now)
    except Timeout:
        return []
