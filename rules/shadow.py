"""What a workflow would have done in the shadow, held against what the staff then did."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from models.standing import ShadowKind
from rules.exact_intervals import exact_share
from rules.intervals import Estimate

SHOWN_FIRST = 3
"""How many of those who fit a coordinator is shown: the first of them, and two more to choose from."""


class Outcome(StrEnum):
    """What came of holding one action against the staff's. ``not_yet``: there is still time for them to act."""

    AGREED = "agreed"
    DIFFERED = "differed"
    NOT_DONE = "not_done"
    NOT_YET = "not_yet"
    CANNOT_TELL = "cannot_tell"


class How(StrEnum):
    """In which way they agree or differ, or why it cannot be told."""

    FIRST = "first"
    AMONG_THE_FIRST = "among_the_first"
    LOWER = "lower"
    EXCLUDED = "excluded"
    NOT_CONSIDERED = "not_considered"
    AMONG_THE_OFFERED = "among_the_offered"
    NOT_ON_THE_LIST = "not_on_the_list"
    THE_SAME = "the_same"
    SAME_FIGURES = "same_figures"
    ANOTHER = "another"
    TOLD = "told"
    WRITTEN_TO = "written_to"
    STOPPED = "stopped"
    NOT_ON_RECORD = "not_on_record"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Did:
    """What the staff did about one subject. ``at`` None: nothing that is on record.

    ``chose`` is whom or what they chose: an id, a digest, an enum. ``over``: whether the time to act has passed.
    ``figures``: what else is compared. ``attended``: of an appointment, whether the patient came, None where unknown.
    """

    at: datetime | None = None
    chose: str = ""
    over: bool = False
    stopped: bool = False
    figures: tuple[Any, ...] = ()
    attended: bool | None = None


@dataclass(frozen=True)
class Compared:
    """What came of one action, with the way it came about."""

    outcome: Outcome
    how: How


def _nothing(did: Did) -> Compared:
    return Compared(Outcome.NOT_DONE if did.over else Outcome.NOT_YET, How.NOTHING)


def _match(would: Mapping[str, Any], did: Did) -> Compared:
    """Only who was ranked first agrees: that one would have stood in the proposal that is signed."""
    if did.at is None:
        return _nothing(did)
    ranked = [clinician for clinician, _ in would["ranked"]]
    if did.chose in would["excluded"]:
        return Compared(Outcome.DIFFERED, How.EXCLUDED)
    if did.chose not in ranked:
        return Compared(Outcome.CANNOT_TELL, How.NOT_CONSIDERED)
    place = ranked.index(did.chose)
    if place == 0:
        return Compared(Outcome.AGREED, How.FIRST)
    return Compared(Outcome.DIFFERED, How.AMONG_THE_FIRST if place < SHOWN_FIRST else How.LOWER)


def _times(would: Mapping[str, Any], did: Did) -> Compared:
    if did.at is None:
        return _nothing(did)
    if did.chose in would["slots"]:
        return Compared(Outcome.AGREED, How.AMONG_THE_OFFERED)
    return Compared(Outcome.DIFFERED, How.ANOTHER)


def _waitlist(would: Mapping[str, Any], did: Did) -> Compared:
    """Whoever of those it would have been offered to took it agrees: the first who accepts has it."""
    if did.at is None:
        return _nothing(did)
    if did.chose in would["offered"]:
        first = did.chose == would["offered"][0]
        return Compared(Outcome.AGREED, How.FIRST if first else How.AMONG_THE_OFFERED)
    return Compared(Outcome.DIFFERED, How.LOWER if did.chose in would["ranked"] else How.NOT_ON_THE_LIST)


def _claim(would: Mapping[str, Any], did: Did) -> Compared:
    """The same content, or the same code, payer and charge where only the reasons to sign have changed."""
    if did.at is None:
        return Compared(Outcome.CANNOT_TELL, How.NOT_ON_RECORD) if did.over else _nothing(did)
    if did.chose == would["built"]:
        return Compared(Outcome.AGREED, How.THE_SAME)
    figures = (would["procedure_code"], would["payer_code"], would["charge_cents"])
    same = did.figures == figures
    return Compared(Outcome.AGREED if same else Outcome.DIFFERED, How.SAME_FIGURES if same else How.ANOTHER)


def _note(would: Mapping[str, Any], did: Did) -> Compared:
    if did.at is None:
        return _nothing(did)
    if did.stopped:
        return Compared(Outcome.DIFFERED, How.STOPPED)
    same = did.chose == would["format"]
    return Compared(Outcome.AGREED if same else Outcome.DIFFERED, How.THE_SAME if same else How.ANOTHER)


def _reminders(would: Mapping[str, Any], did: Did) -> Compared:
    """A call that nobody put on record cannot be told from none."""
    if did.at is not None:
        return Compared(Outcome.AGREED, How.TOLD)
    if did.stopped:
        return Compared(Outcome.CANNOT_TELL, How.STOPPED)
    return Compared(Outcome.CANNOT_TELL, How.NOT_ON_RECORD) if did.over else _nothing(did)


def _series(would: Mapping[str, Any], did: Did) -> Compared:
    """``chose`` is the start that was agreed, ``figures`` the start that would have been."""
    if not would["fits"]:  # it would have made none, and asked a coordinator
        if did.at is not None:
            return Compared(Outcome.DIFFERED, How.ANOTHER)
        return Compared(Outcome.AGREED, How.THE_SAME) if did.over else _nothing(did)
    if did.at is None:
        return _nothing(did)
    same = did.figures == (did.chose,)
    return Compared(Outcome.AGREED if same else Outcome.DIFFERED, How.THE_SAME if same else How.ANOTHER)


def _coverage(would: Mapping[str, Any], did: Did) -> Compared:
    return Compared(Outcome.AGREED, How.THE_SAME) if did.at is not None else _nothing(did)


def _check_in(would: Mapping[str, Any], did: Did) -> Compared:
    if did.at is None:
        return Compared(Outcome.DIFFERED, How.STOPPED) if did.stopped else _nothing(did)
    return Compared(Outcome.AGREED, How.WRITTEN_TO if did.chose == How.WRITTEN_TO else How.TOLD)


_COMPARED_BY: Mapping[ShadowKind, Callable[[Mapping[str, Any], Did], Compared]] = {
    ShadowKind.MATCH: _match,
    ShadowKind.TIMES: _times,
    ShadowKind.NOTE_DRAFT: _note,
    ShadowKind.CLAIM: _claim,
    ShadowKind.COVERAGE: _coverage,
    ShadowKind.REMINDERS: _reminders,
    ShadowKind.WAITLIST: _waitlist,
    ShadowKind.SERIES: _series,
    ShadowKind.CHECK_IN: _check_in,
}


def compare(kind: ShadowKind, would: Mapping[str, Any], did: Did) -> Compared:
    """Hold what would have been done against what was; what was noted as a digest alone cannot be told."""
    if not would:
        return Compared(Outcome.CANNOT_TELL, How.NOT_ON_RECORD)
    return _COMPARED_BY[kind](would, did)


def fair(noted_at: Sequence[datetime], did_at: datetime | None) -> int | None:
    """Which of these notes of one subject, oldest first, is held against the staff's act: the last that came before it.

    None where all came after it: what is already done is no test of what would have been.
    """
    before = [at for at, noted in enumerate(noted_at) if did_at is None or noted <= did_at]
    return before[-1] if before else None


@dataclass(frozen=True)
class Figure:
    """Of one kind of action: how many were noted, what came of them, and how often both agree where both acted.

    ``agreement`` has the exact interval of Clopper and Pearson. ``attended``: of those whose patient's coming is known
    (appointments), how many came, and of how many.
    """

    kind: ShadowKind
    outcomes: Mapping[Outcome, int]
    hows: Mapping[How, int]
    agreement: Estimate
    attended: tuple[int, int] | None = None

    @property
    def noted(self) -> int:
        return sum(self.outcomes.values())

    def says_something(self, fewest: int) -> bool:
        """Whether enough were told for the share to mean something."""
        return self.agreement.n >= fewest

    def as_signed(self) -> dict[str, Any]:
        """What stands in the content that an owner signs."""
        return {"kind": self.kind.value, **{each.value: self.outcomes[each] for each in Outcome}}


def figure(kind: ShadowKind, compared: Iterable[tuple[Compared, Did]]) -> Figure:
    """Count what came of the actions of one kind."""
    found = list(compared)
    outcomes = Counter(each.outcome for each, _ in found)
    both = outcomes[Outcome.AGREED] + outcomes[Outcome.DIFFERED]
    came = [did.attended for _, did in found if did.attended is not None]
    return Figure(
        kind,
        {each: outcomes[each] for each in Outcome},
        Counter(each.how for each, _ in found),
        exact_share(outcomes[Outcome.AGREED], both),
        (sum(came), len(came)) if came else None,
    )


def against_going_up(figures: Iterable[Figure], at_least: float | None, fewest: int) -> tuple[str, ...]:
    """What the shadow holds against acting, where the practice has set how often both must agree; () without a limit.

    Each kind of which enough were told must reach it, and of one kind at least enough must have been told.
    """
    if at_least is None:
        return ()
    told = [each for each in figures if each.says_something(fewest)]
    if not told:
        return (f"in the shadow fewer than {fewest} actions of a kind can be held against what the staff did",)
    return tuple(
        f"{KIND_LABELS[each.kind].lower()} in the shadow: {each.outcomes[Outcome.AGREED]} of {each.agreement.n} agree, "
        f"at least {at_least:.0%} must"
        for each in told
        if each.agreement.value is not None and each.agreement.value < at_least
    )


KIND_LABELS: Mapping[ShadowKind, str] = {
    ShadowKind.MATCH: "Clinicians proposed",
    ShadowKind.TIMES: "Times offered",
    ShadowKind.NOTE_DRAFT: "Notes drafted",
    ShadowKind.CLAIM: "Claims built",
    ShadowKind.COVERAGE: "Coverage asked about",
    ShadowKind.REMINDERS: "Reminders planned",
    ShadowKind.WAITLIST: "Freed times offered",
    ShadowKind.SERIES: "Recurring appointments made",
    ShadowKind.CHECK_IN: "Check-ins asked",
}
COMPARED_WITH: Mapping[ShadowKind, str] = {
    ShadowKind.MATCH: "It agrees where the clinician who treats the patient is the one it ranked first.",
    ShadowKind.TIMES: "It agrees where the first session was booked at a time it would have offered.",
    ShadowKind.NOTE_DRAFT: "It agrees where the note was signed in the format it would have drafted.",
    ShadowKind.CLAIM: "It agrees where the claim that was built has its content, or its code, payer and charge.",
    ShadowKind.COVERAGE: "It agrees where somebody had the payer asked about that day.",
    ShadowKind.REMINDERS: "It agrees where a message, a call on record or a confirmation shows that the patient knew.",
    ShadowKind.WAITLIST: "It agrees where one of those it would have asked got the time.",
    ShadowKind.SERIES: "It agrees where the appointment was made for that start, or none was where it found no place.",
    ShadowKind.CHECK_IN: "It agrees where the check-in was sent, or somebody wrote to the patient within a week.",
}
