"""The night's look at every pilot that runs."""

from datetime import date

from acts.pilot_looks import look_at_all
from models.columns import utc_now


def look(night: date, location: str = "all") -> dict[str, int]:
    """Put a look at each running pilot on record and stop what does harm; a second one in a night is one more look."""
    done = look_at_all(utc_now())
    return {"looks": done.looks, "stopped": done.stopped}
