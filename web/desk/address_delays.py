"""How long an address that failed to sign in must wait before it may try again."""

from threading import Lock

FREE = 10
FIRST_WAIT = 30.0
LONGEST_WAIT = 3600.0
FORGIVEN_EACH = 600.0
MOST_ADDRESSES = 10_000


class AddressDelays:
    """Counts failures per address in this process; every ten minutes one of them is forgiven.

    Ten are free, because a practice's people share one address; the eleventh costs half a minute, each further one
    twice as long, up to an hour. Who brings a browser that signed in before is not asked. Times are monotonic seconds.
    """

    def __init__(self) -> None:
        self._failures: dict[str, tuple[float, float, float]] = {}  # address → count, as of, free again at
        self._lock = Lock()

    def wait(self, address: str, now: float) -> float:
        """Seconds until this address may try again; 0 when it may now."""
        with self._lock:
            known = self._failures.get(address)
        return max(0.0, known[2] - now) if known else 0.0

    def failed(self, address: str, now: float) -> None:
        with self._lock:
            count, as_of, _ = self._failures.pop(address, (0.0, now, 0.0))
            count = max(0.0, count - (now - as_of) / FORGIVEN_EACH) + 1
            over = count - FREE
            wait = min(FIRST_WAIT * 2 ** min(over - 1, 20), LONGEST_WAIT) if over > 0 else 0.0
            self._failures[address] = (count, now, now + wait)
            while len(self._failures) > MOST_ADDRESSES:  # the one that failed longest ago goes first
                del self._failures[next(iter(self._failures))]

    def clear(self) -> None:
        self._failures.clear()
