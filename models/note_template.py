"""What a note format looks like in one version: its headings, what stands under each, what it asks a session for."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class NoteTemplate:
    """One version of one format, such as ``SOAP-1``; every topic stands under exactly one heading."""

    format: str
    version: str
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    asks: tuple[str, ...]

    def section_of(self, topic: str) -> str:
        """The heading that a topic stands under."""
        return next(title for title, topics in self.sections if topic in topics)

    def as_plain(self) -> dict[str, Any]:
        """What of it is pinned in a note that is to be signed."""
        return {
            "version": self.version,
            "sections": [[title, list(topics)] for title, topics in self.sections],
            "asks": list(self.asks),
        }
