"""Reads a session's transcript, as WebVTT, SRT, plain text or JSON, into turns whose speakers are known."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath

from adapters.file_text import FIRST_LINE, text_of
from adapters.speaker_labels import LONGEST_LABEL, Speakers, Unclear, means_either, role_of
from adapters.transcript_cues import TIMING, said_in_cues
from adapters.transcript_json import said_in_json
from adapters.transcript_lines import IsKnown, Said, said_in_lines
from models.errors import ContractBroken
from models.person_names import plain_name
from models.transcript import LONGEST_SECONDS, SpeakerRole, Transcript, TranscriptTurn

__all__ = ["Speakers", "TooShort", "read_transcript"]

LARGEST_BYTES = 20 * 1024 * 1024
MOST_WORDS = 120_000
MOST_CHARACTERS = 1_500_000
"""Of what was said; a bound for text that is not divided into words."""
FEWEST_TURNS = 4
FEWEST_WORDS = 60
JOINED_PAUSE_SECONDS = 2.0
"""A pause this long between two cues of one speaker is one of speech; a longer one separates two turns."""
SLACK_SECONDS = 2.0
"""How far a start may lie before the one before it, or before the same speaker's last end: recognisers round, and
two channels of one call have clocks of their own."""
OVERLAPPED_SHARE = 0.5
CROSSED_SHARE = 0.2
FEWEST_CROSSED = 5
_WEBVTT_HEADER = re.compile(r"\s*WEBVTT(?=[ \t\n]|\Z)")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f]")
_JSON_BEGINS = re.compile(r"\s*(?:\{|\[\s*(?:\{|\]|\Z))")


class TranscriptFormat(StrEnum):
    WEBVTT = "webvtt"
    SRT = "srt"
    PLAIN = "plain"
    JSON = "json"


class TooShort(ContractBroken):
    """There is a transcript, and it can be read, but too little was said to be a session."""


def read_transcript(data: bytes, file_name: str, speakers: Speakers) -> Transcript:
    """The session's turns in order, each with its role; the format is told by content first, then by suffix.

    UTF-8, UTF-16 with its mark, or Windows-1252. Spaces are made single; markup and what cannot be seen is dropped.
    In WebVTT and SRT consecutive cues of one speaker are one turn where the pause is short.

    Raises ContractBroken with the line (1 for the file as a whole) and the field. Of overlaps these break it: a
    speaker who starts more than two seconds before their own last end; and cues of two speakers that share more than
    half of the longer one, if there are five of them and they are more than a fifth: two recordings laid over each
    other. An "mm-hm" within somebody's long sentence never is one. Raises TooShort under four turns or sixty words.
    """
    if len(data) > LARGEST_BYTES:
        raise ContractBroken(f"the file is larger than {LARGEST_BYTES >> 20} MB", row=FIRST_LINE, field="file")
    text = text_of(data, "transcript", "text (UTF-8)", field="file", keeps_control=True)
    text = _visible(text.replace("\r\n", "\n").replace("\r", "\n"))
    if not text.strip():
        raise ContractBroken("the file has no text", row=FIRST_LINE, field="file")
    kind = _format_of(text, file_name)
    labels = _Labels(speakers)
    reading = _Reading(kind, labels)
    reading.take(_said_in(text, kind, labels.is_known))
    return reading.transcript()


def _format_of(text: str, file_name: str) -> TranscriptFormat:
    suffix = PurePath(file_name).suffix.lower()
    if _WEBVTT_HEADER.match(text):
        return TranscriptFormat.WEBVTT
    if _JSON_BEGINS.match(text):
        return TranscriptFormat.JSON
    if TIMING.search(text):
        return TranscriptFormat.WEBVTT if suffix == ".vtt" else TranscriptFormat.SRT
    return TranscriptFormat.JSON if suffix == ".json" else TranscriptFormat.PLAIN


def _said_in(text: str, kind: TranscriptFormat, is_known: IsKnown) -> Iterator[Said]:
    if kind is TranscriptFormat.JSON:
        return said_in_json(text)
    if kind is TranscriptFormat.PLAIN:
        return said_in_lines(text, is_known)
    return said_in_cues(text, is_known, is_webvtt=kind is TranscriptFormat.WEBVTT)


class _Unseen(dict[int, int | None]):
    """For ``str.translate``: control and zero-width characters and halves of characters become nothing."""

    def __missing__(self, code: int) -> int | None:
        char = chr(code)
        dropped = unicodedata.category(char) in ("Cc", "Cf", "Cs") and not char.isspace()
        self[code] = None if dropped else code
        return self[code]


_UNSEEN = _Unseen()


def _visible(text: str) -> str:
    return _CONTROL.sub("", text) if text.isascii() else text.translate(_UNSEEN)


@dataclass(frozen=True, slots=True)
class _Speaker:
    """``shown`` as the file writes it, ``key`` as it is compared; ``is_letter``: named by the letter C alone."""

    shown: str
    key: str
    role: SpeakerRole
    is_letter: bool


class _Labels:
    """What each label of a file means, looked up once."""

    def __init__(self, speakers: Speakers) -> None:
        self._people = speakers
        self._meant: dict[str, SpeakerRole | Unclear] = {}
        self._found: dict[tuple[str, ...], _Speaker | Unclear] = {}

    def is_known(self, label: str) -> bool:
        return self._of(label) is not Unclear.UNKNOWN

    def speaker(self, labels: tuple[str, ...]) -> _Speaker | Unclear:
        """Whom all that a file calls one speaker means together."""
        if labels not in self._found:
            self._found[labels] = self._speaker(labels)
        return self._found[labels]

    def _of(self, label: str) -> SpeakerRole | Unclear:
        if label not in self._meant:
            self._meant[label] = role_of(label, self._people)
        return self._meant[label]

    def _speaker(self, labels: tuple[str, ...]) -> _Speaker | Unclear:
        telling = [label for label in labels if not means_either(label)]
        meant = [self._of(label) for label in telling or labels]
        known = {it for it in meant if isinstance(it, SpeakerRole)}
        if len(known) > 1 or Unclear.SEVERAL in meant:
            return Unclear.SEVERAL
        if not known:
            return next(it for it in meant if isinstance(it, Unclear))
        shown = " ".join(_visible(next(label for label in labels if len(label) <= LONGEST_LABEL)).split())
        return _Speaker(shown, plain_name(shown), known.pop(), is_letter=not telling)


@dataclass(slots=True)
class _Turn:
    said: Said
    speaker: _Speaker
    words: list[str]
    ends: float | None


class _Reading:
    """Makes turns of what was said, and refuses at the first line that breaks the contract."""

    def __init__(self, kind: TranscriptFormat, labels: _Labels) -> None:
        self._kind, self._labels = kind, labels
        self._joins = kind in (TranscriptFormat.WEBVTT, TranscriptFormat.SRT)
        self._turns: list[_Turn] = []
        self._speaking: _Speaker | None = None
        self._times = _Times()
        self._pieces = self._words = self._characters = 0

    def take(self, everything: Iterable[Said]) -> None:
        for said in everything:
            words = _visible(said.text).split()
            self._count(said, words)
            if said.is_new:
                self._add(said, words)
            else:
                self._turns[-1].words += words
        self._times.check_crossed()

    def _count(self, said: Said, words: list[str]) -> None:
        self._pieces += 1
        self._words += len(words)
        self._characters += sum(map(len, words))
        if max(self._pieces, self._words) > MOST_WORDS or self._characters > MOST_CHARACTERS:
            reason = (
                f"there are more than {MOST_WORDS:,} words or {MOST_CHARACTERS:,} characters: this is no one session"
            )
            raise said.broken(reason, "text")

    def _add(self, said: Said, words: list[str]) -> None:
        self._speaking = speaker = self._who(said)
        last = self._turns[-1] if self._turns else None
        if not words and self._kind is not TranscriptFormat.PLAIN:
            return
        self._times.check(said, speaker.key)
        if last and not last.words:
            self._turns.pop()  # a label under which nothing was said
        elif last and self._joins and last.speaker.key == speaker.key and _follows(last, said):
            last.words += words
            last.ends = max(last.ends or 0.0, said.ends or 0.0)
            return
        self._turns.append(_Turn(said, speaker, words, said.ends))

    def _who(self, said: Said) -> _Speaker:
        if said.labels:
            found = self._labels.speaker(said.labels)
            if isinstance(found, Unclear):
                raise said.broken(found, "speaker")
            return found
        if self._speaking is None:
            raise said.broken("the first words do not say who speaks", "speaker")
        return self._speaking

    def transcript(self) -> Transcript:
        turns = [turn for turn in self._turns if turn.words]
        if not turns:
            raise ContractBroken("there is no turn in the file: nobody says anything", row=FIRST_LINE, field="turns")
        _check_letters(turns)
        if self._words < FEWEST_WORDS:
            reason = f"there are {self._words} words; a session has at least {FEWEST_WORDS}"
            raise TooShort(reason, row=FIRST_LINE, field="turns")
        for role in (SpeakerRole.PATIENT, SpeakerRole.CLINICIAN):
            if not any(turn.speaker.role is role for turn in turns):
                raise ContractBroken(f"nothing is spoken by the {role}", row=FIRST_LINE, field="speaker")
        if len(turns) < FEWEST_TURNS:
            reason = f"there are {len(turns)} turns; a session has at least {FEWEST_TURNS}"
            raise TooShort(reason, row=FIRST_LINE, field="turns")
        return Transcript(
            self._kind.value,
            tuple(
                TranscriptTurn(it.speaker.shown, it.speaker.role, " ".join(it.words), it.said.starts, it.ends)
                for it in turns
            ),
        )


def _check_letters(turns: list[_Turn]) -> None:
    """Beside another clinician's label, C is as often the client."""
    clinicians = [turn for turn in turns if turn.speaker.role is SpeakerRole.CLINICIAN]
    letters = [turn for turn in clinicians if turn.speaker.is_letter]
    if 0 < len(letters) < len(clinicians):
        raise letters[0].said.broken("C can mean clinician or client: write Patient or Therapist there", "speaker")


def _follows(last: _Turn, said: Said) -> bool:
    return last.ends is not None and said.starts is not None and said.starts - last.ends <= JOINED_PAUSE_SECONDS


class _Times:
    """Whether the times of what was said can be those of one conversation."""

    def __init__(self) -> None:
        self._first = self._latest = 0.0
        self._last: Said | None = None
        self._last_speaker = ""
        self._ends: dict[str, float] = {}
        self._timed = 0
        self._crossed: list[Said] = []

    def check(self, said: Said, speaker: str) -> None:
        if said.starts is None:
            return
        starts, ends = said.starts, said.starts if said.ends is None else said.ends
        last, self._last = self._last, said
        if last is None:
            self._first = self._latest = starts
        if ends < starts:
            raise said.broken("it ends before it starts", "ends")
        if self._latest - starts > SLACK_SECONDS:
            raise said.broken("the times run backwards", "starts")
        self._first, self._latest = min(self._first, starts), max(self._latest, starts)
        if ends - self._first >= LONGEST_SECONDS:
            raise said.broken(f"the session lasts {LONGEST_SECONDS // 3600} hours or longer", "ends")
        self._timed += 1
        # two speakers within one cue share its times by its nature
        if last is None or last.cue != said.cue or not said.cue:
            if self._ends.get(speaker, starts) - starts > SLACK_SECONDS:
                raise said.broken("it starts before the same speaker has ended", "starts")
            if last and self._last_speaker != speaker and _crosses(last, said):
                self._crossed.append(said)
        self._ends[speaker] = max(self._ends.get(speaker, ends), ends)
        self._last_speaker = speaker

    def check_crossed(self) -> None:
        if len(self._crossed) >= FEWEST_CROSSED and len(self._crossed) > CROSSED_SHARE * self._timed:
            reason = f"{len(self._crossed)} of {self._timed} times overlap by more than half: two recordings in one?"
            raise self._crossed[0].broken(reason, "starts")


def _crosses(before: Said, said: Said) -> bool:
    """Whether the two share more than half of the longer one."""
    if before.starts is None or before.ends is None or said.starts is None or said.ends is None:
        return False
    shared = min(before.ends, said.ends) - max(before.starts, said.starts)
    return shared > OVERLAPPED_SHARE * max(before.ends - before.starts, said.ends - said.starts)
