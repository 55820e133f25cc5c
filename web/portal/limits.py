"""Counts events per key in this process and says how long a key has to wait."""

from dataclasses import dataclass, field
from threading import Lock

MOST_KEYS = 10_000


@dataclass
class RateLimit:
    """``most`` events of a key at once, and as many again evenly over ``seconds``.

    One number is kept for each key, the time at which it is wholly rested, so memory is bounded; the keys that were
    quiet longest are forgotten first. Times are seconds of any steady clock.
    """

    most: int
    seconds: float
    _rested_at: dict[str, float] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @property
    def _step(self) -> float:
        return self.seconds / self.most

    def seconds_to_wait(self, key: str, now: float) -> float:
        """How long this key must wait before its next event; 0 when it need not."""
        with self._lock:
            return self._wait(key, now)

    def count(self, key: str, now: float) -> None:
        with self._lock:
            self._count(key, now)

    def take(self, key: str, now: float) -> float:
        """Count one event if it may happen now, and say how long the key must wait otherwise."""
        with self._lock:
            wait = self._wait(key, now)
            if not wait:
                self._count(key, now)
            return wait

    def _wait(self, key: str, now: float) -> float:
        return max(0.0, self._rested_at.get(key, now) - now - self.seconds + self._step)

    def _count(self, key: str, now: float) -> None:
        rested_at = max(self._rested_at.pop(key, now), now) + self._step
        self._rested_at[key] = rested_at
        while len(self._rested_at) > MOST_KEYS:
            del self._rested_at[next(iter(self._rested_at))]
