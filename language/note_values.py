"""What goes into a note draft, what comes out of it, and the names of its parts."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Who speaks in a session."""

    PATIENT = "patient"
    CLINICIAN = "clinician"
    OTHER = "other"  # a relative, an interpreter: reported as somebody else's words


class NoteFormat(StrEnum):
    """The formats a practice writes in. `visit` is a prescriber's: history, examination, assessment and plan."""

    SOAP = "SOAP"
    DAP = "DAP"
    BIRP = "BIRP"
    GIRP = "GIRP"
    VISIT = "visit"


class Topic(StrEnum):
    """What a sentence is about; a template puts each topic into one of its sections."""

    CONCERN = "concern"
    HISTORY = "history"
    RISK = "risk"
    MENTAL_STATUS = "mental_status"
    FINDING = "finding"
    INTERVENTION = "intervention"
    RESPONSE = "response"
    ASSESSMENT = "assessment"
    PLAN = "plan"
    GOAL = "goal"


class Dropped(StrEnum):
    """Why something said, or something proposed, is not in the draft."""

    SMALL_TALK = "small_talk"
    COMMAND = "command"
    EMPTY = "empty"  # "okay", "mm-hmm": nothing is left without its fillers
    QUESTION = "question"  # a question whose answer carries the content, or that nobody answered
    UNCLEAR = "unclear"  # the grammar cannot turn it into a statement without guessing
    REPEATED = "repeated"
    LESS_SALIENT = "less_salient"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True)
class Turn:
    """One turn of a transcript; `start` in seconds from the session's beginning, where it is known."""

    speaker: str
    role: Role
    text: str
    start: float | None = None


@dataclass(frozen=True)
class Source:
    """The words a sentence was made from: characters `start` to `end` of the turn with this index."""

    turn: int
    start: int
    end: int


@dataclass(frozen=True)
class DraftSentence:
    """One sentence of a draft, in the section of its format, with what it was made from; never without a source.

    `label`: in a visit's note the heading within the section, a body system or a problem; it claims nothing by itself.
    """

    section: str
    text: str
    sources: tuple[Source, ...]
    topic: Topic
    label: str = ""


@dataclass(frozen=True)
class NoteDraft:
    """A draft for a clinician to read, correct and sign; `not_assessed` is what the template needs and nobody said.

    `also_said`: supported sentences that the draft has no room for; a clinician can take them in.
    `speakers_exchanged`: a visit's clinician and patient were plainly named the wrong way round and are read as each
    other here, not in the transcript; whoever shows the draft must say so.
    """

    format: NoteFormat
    sentences: tuple[DraftSentence, ...]
    not_assessed: tuple[str, ...]
    dropped: dict[Dropped, int]
    version: str
    also_said: tuple[DraftSentence, ...] = ()
    speakers_exchanged: bool = False

    def text(self) -> str:
        """The draft as plain text: a heading for each section that has sentences, one sentence to a line.

        A label stands before the first of the sentences in a row that it is said of.
        """
        lines: list[str] = []
        label = ""
        for sentence in self.sentences:
            heading = sentence.section.upper()
            if heading not in lines:
                lines += ["", heading] if lines else [heading]
                label = ""
            begins = sentence.label not in ("", label)
            lines.append(f"{sentence.label}: {sentence.text}" if begins else sentence.text)
            label = sentence.label
        return "\n".join(lines)
