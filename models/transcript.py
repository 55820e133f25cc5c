"""What a session's transcript is once it has been read, whatever format it came in."""

from dataclasses import dataclass, field
from enum import StrEnum

LONGEST_SECONDS = 6 * 3600
"""A recording of six hours or more is no session: somebody forgot to stop it, or joined several."""


class SpeakerRole(StrEnum):
    """Who speaks; the same values as language.note_values.Role, which records may not import."""

    PATIENT = "patient"
    CLINICIAN = "clinician"
    OTHER = "other"


@dataclass(frozen=True)
class TranscriptTurn:
    """One turn as it was said; times in seconds from the session's beginning, where the format has them."""

    speaker: str = field(repr=False)
    role: SpeakerRole
    text: str = field(repr=False)
    starts: float | None = None
    ends: float | None = None


@dataclass(frozen=True)
class Transcript:
    """A whole session. ``format`` is webvtt, srt, plain or json."""

    format: str
    turns: tuple[TranscriptTurn, ...] = field(repr=False)

    @property
    def words(self) -> int:
        return sum(len(turn.text.split()) for turn in self.turns)

    @property
    def seconds(self) -> float | None:
        """How long was spoken, from the first turn's start to the last one's end; None without times."""
        starts = [turn.starts for turn in self.turns if turn.starts is not None]
        ends = [turn.ends if turn.ends is not None else turn.starts for turn in self.turns]
        known = [end for end in ends if end is not None]
        return max(known) - min(starts) if starts and known else None
