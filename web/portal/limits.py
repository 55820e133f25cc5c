"""Counts requests per key in this process and says when there were too many."""

from collections import deque
from dataclasses import dataclass, field
from threading import Lock

MOST_KEYS = 10_000


@dataclass
class RateLimit:
    """At most ``most`` requests per key in any ``seconds``; forgets the keys that were quiet longest."""

    most: int
    seconds: float
    _seen: dict[str, deque[float]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def allows(self, key: str, now: float) -> bool:
        """Count one request at ``now`` (seconds, any steady clock); a refused one is not counted."""
        with self._lock:
            times = self._seen.pop(key, deque())
            self._seen[key] = times
            while times and times[0] <= now - self.seconds:
                times.popleft()
            while len(self._seen) > MOST_KEYS:
                del self._seen[next(iter(self._seen))]
            if len(times) >= self.most:
                return False
            times.append(now)
            return True
