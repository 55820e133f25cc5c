"""What does a 999 or a 277CA say of a claim, and what is to be done?

Rejected is not denied: a rejected claim was never filed, so it is sent again as an original, and its filing clock runs
on.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from models.claim_answers import (
    ClaimAcknowledgement,
    GroupAcknowledgement,
    SetAcknowledgement,
    SetError,
    StatusNote,
)
from rules.claim_status_words import (
    ASK,
    CATEGORIES,
    ELEMENT_FAULTS,
    ELEMENTS,
    ENTITIES,
    LOOPS,
    SEGMENT_FAULTS,
    STATUSES,
    Words,
)

SET_ACCEPTED = frozenset({"A", "E"})
SET_REJECTED = frozenset({"R", "M", "W", "X"})
CLAIM_RECEIVED = frozenset({"A0", "A1"})
CLAIM_ACCEPTED = frozenset({"A2"})
CLAIM_REJECTED = frozenset({"A3", "A4", "A6", "A7", "A8"})
ACCEPT, REJECT = "WQ", "U"
"""STC03."""


class Received(StrEnum):
    """How far a claim has got."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Fault:
    """One thing that was found wrong, as a sentence, and what to do about it.

    ``where`` is our own segment, loop and element for a 999, our line's REF*6R for a line of a 277CA; ``code`` is what
    the answer said; ``segment`` is the answer's.
    """

    sentence: str
    next_action: str
    where: str = ""
    code: str = ""
    segment: int = 0


@dataclass(frozen=True)
class Answer:
    """What one answer means for a claim, or for every claim of a set; ``faults`` of an accepted set are warnings."""

    received: Received
    faults: tuple[Fault, ...] = ()

    @property
    def needs_a_person(self) -> bool:
        return self.received in (Received.REJECTED, Received.UNKNOWN)


def read_group(answer: GroupAcknowledgement, set_control: str) -> Answer:
    """What a 999 says of the set with this control number; also where it speaks of the group alone."""
    about = [each for each in answer.sets if each.set_control == set_control]
    if len(about) == 1:
        return read_set(about[0])
    if not about and answer.outcome == "A":
        return Answer(Received.ACCEPTED)
    if not about and answer.outcome in SET_REJECTED:
        return Answer(Received.REJECTED, (_fault("The whole group was rejected.", answer.outcome, answer.segment),))
    words = f"The answer speaks of this set {len(about)} times."
    return Answer(Received.UNKNOWN, (_fault(words, answer.outcome, answer.segment),))


def read_set(answer: SetAcknowledgement) -> Answer:
    """What a 999 says of one of our sets: accepted or rejected, with a sentence for each error.

    A set that is accepted with errors (IK501 E) is accepted; the sentences say what to mend before the next one.
    """
    faults = tuple(_set_fault(error) for error in answer.errors)
    if answer.outcome in SET_ACCEPTED:
        return Answer(Received.ACCEPTED, faults)
    if answer.outcome not in SET_REJECTED:
        said = _fault(f"The answer {answer.outcome or 'without a code'} is not known.", answer.outcome, answer.segment)
        return Answer(Received.UNKNOWN, (*faults, said))
    without = _fault("The set was rejected; the answer does not say why.", answer.outcome, answer.segment)
    return Answer(Received.REJECTED, faults or (without,))


def _fault(sentence: str, code: str, segment: int, action: str = ASK) -> Fault:
    return Fault(sentence, action, code=code, segment=segment)


def _set_fault(error: SetError) -> Fault:
    """The fault in a sentence such as: In 2010BA (the subscriber), NM109 (the identifying number) is too long."""
    known = ELEMENT_FAULTS if error.element else SEGMENT_FAULTS
    words = known.get(error.code, Words(f"has a fault with the code {error.code}, which is not known", ASK))
    name = error.segment_id
    if error.element:
        whole, _, component = error.element.partition("-")
        name += whole.zfill(2) + (f"-{component}" if component else "")
    called = ELEMENTS.get((error.segment_id, error.element))
    loop = f"{error.loop} ({LOOPS[error.loop]})" if error.loop in LOOPS else error.loop
    subject = f"{name} ({called})" if called else name
    where = f"segment {error.position} of the set"
    sentence = f"In {loop or 'the set'}, {subject} {words.what}: {where}."
    return Fault(sentence, words.action, f"{error.loop} {name}".strip(), error.code, error.segment)


def read_claim(answer: ClaimAcknowledgement) -> Answer:
    """What a 277CA says of one claim: received, accepted or rejected.

    Unknown, so that a person looks: no status at all, a category that is none of those, an action (STC03) that
    contradicts its category, acceptance beside rejection, on the claim or one of its lines.
    """
    notes = [("", note) for note in answer.notes] + list(answer.line_notes)
    if not notes:
        return Answer(Received.UNKNOWN, (_fault("The answer has no status.", "", answer.segment),))
    steps = {_step(note) for _, note in notes}
    faults = tuple(_claim_fault(control, note) for control, note in _telling(notes))
    if Received.UNKNOWN in steps:
        return Answer(Received.UNKNOWN, faults)
    if {Received.ACCEPTED, Received.REJECTED} <= steps:
        said = _fault("The answer accepts the claim and rejects it.", "", answer.segment)
        return Answer(Received.UNKNOWN, (said, *faults))
    if Received.REJECTED in steps:
        return Answer(Received.REJECTED, faults)
    return Answer(Received.ACCEPTED if Received.ACCEPTED in steps else Received.RECEIVED)


def _step(note: StatusNote) -> Received:
    """What one status says by itself."""
    if note.action not in ("", ACCEPT, REJECT):
        return Received.UNKNOWN
    if note.category in CLAIM_REJECTED:
        return Received.UNKNOWN if note.action == ACCEPT else Received.REJECTED
    if note.category in CLAIM_ACCEPTED | CLAIM_RECEIVED and note.action != REJECT:
        return Received.ACCEPTED if note.category in CLAIM_ACCEPTED else Received.RECEIVED
    return Received.UNKNOWN


def _telling(notes: Iterable[tuple[str, StatusNote]]) -> Iterable[tuple[str, StatusNote]]:
    """The statuses that say that something is wrong, or that cannot be read."""
    return [(control, note) for control, note in notes if _step(note) in (Received.REJECTED, Received.UNKNOWN)]


def _claim_fault(control: str, note: StatusNote) -> Fault:
    """The status in a sentence such as: Rejected, because something is not valid: the NPI of the billing practice."""
    code = ":".join(part for part in (note.category, note.status, note.entity) if part)
    category = CATEGORIES.get(note.category, f"answered with the category {note.category}, which is not known")
    words = STATUSES.get(note.status, Words(f"status code {note.status}, which we have no words for", ASK))
    who = ENTITIES.get(note.entity, f"party {note.entity}" if note.entity else "party that is not named")
    sentence = f"{category[0].upper()}{category[1:]}: {words.what.format(who=who)}."
    if _step(note) is Received.UNKNOWN:
        action = f" with the action {note.action}" if note.action else ""
        return Fault(
            f"{sentence} The answer{action} contradicts itself or is not known.", ASK, control, code, note.segment
        )
    return Fault(sentence, words.action, control, code, note.segment)
