"""What the register says of each step: what it removes, how risky it is, what it may read, who can override it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from models.codes import ApprovalKind, ToDoKind
from models.governance_codes import Workflow


class StepKind(StrEnum):
    """How a step is carried out."""

    TASK = "task"
    NIGHT_PART = "night_part"
    LAYING_OUT = "laying_out"
    WORKER = "worker"

    @property
    def words(self) -> str:
        return _KIND_WORDS[self]


_KIND_WORDS = {
    StepKind.TASK: "step of a run",
    StepKind.NIGHT_PART: "part of the night",
    StepKind.LAYING_OUT: "lays out what is signed",
    StepKind.WORKER: "the worker's own",
}


class Scale(IntEnum):
    """Of clinical risk and of compliance complexity: 0 to 3, in the words of ``CLINICAL`` and ``COMPLIANCE``."""

    NONE = 0
    LOW = 1
    MODERATE = 2
    HIGH = 3

    @property
    def word(self) -> str:
        return self.name.lower()


CLINICAL: dict[Scale, str] = {
    Scale.NONE: "a fault changes nothing about anybody's care",
    Scale.LOW: "a fault costs time or money; somebody's care may be late by days, and a person sees it",
    Scale.MODERATE: "a fault may put wrong words or a wrong clinician into somebody's care, before a signature",
    Scale.HIGH: "a fault may leave somebody in danger unseen",
}
COMPLIANCE: dict[Scale, str] = {
    Scale.NONE: "touches nothing about a person",
    Scale.LOW: "handles who, when and with whom; HIPAA's minimum necessary bears on it, nothing else",
    Scale.MODERATE: "sends something out, or rests on a consent, a contract or a payer's rule",
    Scale.HIGH: "opens what was said or written, or rests on a law that differs by state",
}

HIPAA = "HIPAA minimum necessary"
RECORD = "HIPAA 164.312(b): access is recorded"
PART_2 = "42 CFR Part 2"
ILLINOIS = "Illinois PA 104-0054"
NEVADA = "Nevada AB 406"
NOTES_APART = "45 CFR 164.501: psychotherapy notes stay apart"
TCPA = "TCPA: an opt-out is honoured at once"
QUIET = "Quiet hours 8:00-21:00 in the patient's zone"
NEUTRAL = "Messages never name the service or the diagnosis"
X12 = "X12 005010 guides and the payer's contract"


class Per(StrEnum):
    """What the minutes are counted for; by the day: a person would have looked once a day, however often it runs."""

    CASE = "case"
    DAY = "day"


@dataclass(frozen=True)
class Removes:
    """What a person no longer does: minutes for each case or day. ``source`` says where the figure is from.

    ``counted_by``: the audit's actions that say it was done once, so that the count is a real one (``case.moved:sent``:
    a move to that status); without them its own runs are counted, or the days on which it ran. ``between``: what the
    minutes are taken to lie in; half of them to half as much again where nothing else is said.
    """

    minutes: float
    per: Per
    source: str
    counted_by: tuple[str, ...] = ()
    between: tuple[float, float] | None = None

    @property
    def low(self) -> float:
        return self.between[0] if self.between else self.minutes / 2

    @property
    def high(self) -> float:
        return self.between[1] if self.between else self.minutes * 1.5


@dataclass(frozen=True)
class Rated:
    """A place on a scale with its reason; ``rules`` are those that bear on it (DOMAIN §5)."""

    scale: Scale
    why: str
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Override:
    """How a person overrides it: a route of the desk (whose roles are rules.access's), or a command."""

    how: str
    route: str = ""
    command: str = ""


Fields = Mapping[str, str]
"""A table's name to the names of its fields, with a blank between them."""


@dataclass(frozen=True)
class MayRead:
    """The fields a step may read, the kinds of therapy content it may open. ``whole``: why it reads all there is."""

    fields: Fields = field(default_factory=dict)
    content: frozenset[str] = frozenset()
    whole: str = ""

    def names(self) -> frozenset[str]:
        """As ``table.field``."""
        return frozenset(f"{table}.{name}" for table, names in self.fields.items() for name in names.split())

    def allows(self, name: str) -> bool:
        """Whether this field may be read, or this content opened (``table.field``)."""
        return bool(self.whole) or name.partition(".")[0] in self.content or name in self.names()


@dataclass(frozen=True, kw_only=True)
class AutomatedStep:
    """One step that nobody does by hand. ``workflow`` is None where it serves the practice as a whole.

    ``carries_out``: it only does other steps, whose entries say what is removed and read.
    """

    name: str
    kind: StepKind
    workflow: Workflow | None
    does: str
    prevents: str
    removes: Removes
    clinical: Rated
    compliance: Rated
    stopped_by: str
    overrides: tuple[Override, ...]
    signatures: tuple[ApprovalKind, ...] = ()
    carries_out: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StepByHand:
    """One thing that people do by hand, as a candidate for automation.

    ``kept_by``: what keeps it with a person, with the rule; empty where nothing does. ``undone_by``: how a person
    would put a wrong outcome right; empty where nobody could.
    """

    kind: ToDoKind | ApprovalKind
    workflow: Workflow
    does: str
    clinical: Rated
    compliance: Rated
    kept_by: str = ""
    undone_by: str = ""
