"""What clinicians said of the flags that a pilot of the risk reader has read, wherever they signed for them."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from sqlmodel import col, select

from acts.labels import labelled_by_case
from acts.pilot_figures import Labels
from acts.signed_notes import contents_of, signed_contents
from adapters.operational_store import reading
from models.codes import SIGNED
from models.errors import CountersignError
from models.note_codes import FlagAction
from models.operational import Decision, FollowUp, Pilot, PilotReading
from models.pilot_codes import TextKind
from models.scheduling_codes import FollowUpKind
from rules.sign_off import NOTHING_NEEDED

WHERE = "compare a pilot"
AT_ONCE = 200


def labels_for(pilots: Iterable[Pilot]) -> Labels:
    """What clinicians said of flags, by case and flag id, where one of these pilots is of the risk reader.

    Of a referral by the labels of its review. Of a session by what its signed note says was done about a flag:
    anything but "raised in error" confirms it. Between sessions by what was done about the escalation: anything but
    nothing confirms the flags of the text. Only cases with a flag are asked; each read is on record.
    """
    ids = [each.id for each in pilots if each.kind.reads_risk]
    if not ids:
        return {}
    found = labelled_by_case(actor="system", where=WHERE)
    for batch in _flagged(ids, TextKind.SESSION):
        found |= _of_sessions(batch)
    for batch in _flagged(ids, TextKind.CHECK_IN):
        found |= _of_check_ins(batch)
    return found


def _flagged(pilot_ids: Collection[str], text_kind: TextKind) -> Iterator[list[str]]:
    """The cases in which one of both versions raised something from texts of this kind, some at once."""
    with reading() as db:
        rows = db.exec(
            select(PilotReading.case_number, PilotReading.raised, PilotReading.lost).where(
                col(PilotReading.pilot_id).in_(pilot_ids), PilotReading.text_kind == text_kind
            )
        ).all()
    numbers = sorted({number for number, raised, lost in rows if raised or lost})
    for at in range(0, len(numbers), AT_ONCE):
        yield numbers[at : at + AT_ONCE]


def _of_sessions(numbers: Sequence[str]) -> dict[str, dict[str, bool]]:
    found = {}
    for number, signed in signed_contents(numbers, actor="system", where=WHERE).items():
        if isinstance(signed, CountersignError):
            continue
        answers = signed[1]["flag_actions"]
        found[number] = {flag: each["action"] != FlagAction.RAISED_IN_ERROR for flag, each in answers.items()}
    return found


def _of_check_ins(numbers: Sequence[str]) -> dict[str, dict[str, bool]]:
    """A flag that stood in several escalations counts as confirmed where one of them was answered."""
    with reading() as db:
        rows = db.exec(
            select(FollowUp.episode_number, Decision)
            .join(Decision, col(Decision.case_number) == col(FollowUp.case_number))
            .where(
                col(FollowUp.episode_number).in_(numbers),
                FollowUp.kind == FollowUpKind.ESCALATION,
                col(Decision.verdict).in_(SIGNED),
            )
            .order_by(col(Decision.at), col(Decision.id))
        ).all()
    contents = contents_of([each for _, each in rows], actor="system", where=WHERE)
    found: dict[str, dict[str, bool]] = {}
    for number, decision in rows:
        if decision.id not in contents:
            continue
        signed = contents[decision.id]
        said = found.setdefault(number, {})
        for flag in signed["flags"]:
            if flag["text_id"] is not None:
                said[flag["id"]] = said.get(flag["id"], False) or signed["done"] != NOTHING_NEEDED
    return found
