"""The 999 (005010X231A1): does a file of ours follow its guide?"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import BinaryIO

from adapters.x12.elements import broken, needed, out_of_place, value, whole_at
from adapters.x12.kinds import FILE_ACKNOWLEDGEMENT, KINDS
from adapters.x12.segments import USUAL, Delimiters, Segments
from adapters.x12.writing import InterchangeWriter
from models.claim_answers import GroupAcknowledgement, SetAcknowledgement, SetError
from models.claim_form import Envelope

_SET_OUTCOMES = ("A", "E", "M", "R", "W", "X")
_GROUP_OUTCOMES = (*_SET_OUTCOMES, "P")
_HAS_ELEMENT_ERRORS = "8"
_VERSIONS = {kind.functional_id: kind.version for kind in KINDS}


def read_999(stream: BinaryIO) -> Iterator[GroupAcknowledgement]:
    """One value for each 999 set of the file.

    A fault of a segment (IK3) that has faults of elements under it (IK4) comes as those alone.
    """
    segments = Segments(stream, FILE_ACKNOWLEDGEMENT)
    component = segments.delimiters.component
    group: GroupAcknowledgement | None = None
    opened: SetAcknowledgement | None = None
    sets: list[SetAcknowledgement] = []
    errors: list[SetError] = []
    of_segment: SetError | None = None
    for number, elements in segments:
        match elements[0]:
            case "ST":
                group, opened, of_segment, sets = None, None, None, []
            case "AK1":
                control = needed(number, elements, 2, "the group's control number")
                group = GroupAcknowledgement(control, needed(number, elements, 1, "a functional id"), "", (), number)
            case "AK2":
                control = needed(number, elements, 2, "the set's control number")
                opened, errors, of_segment = SetAcknowledgement(value(elements, 1), control, "", (), number), [], None
            case "IK3":
                of_segment = SetError(
                    value(elements, 1),
                    whole_at(number, elements, 2),
                    value(elements, 3),
                    value(elements, 4),
                    segment=number,
                )
                errors.append(of_segment)
            case "IK4":
                if of_segment is None:
                    raise out_of_place(number, elements, "IK3")
                if errors[-1] is of_segment:
                    errors.pop()
                errors.append(
                    replace(
                        of_segment,
                        element="-".join(part for part in value(elements, 1).split(component) if part),
                        code=needed(number, elements, 3, "an error code"),
                        bad_value=value(elements, 4),
                        segment=number,
                    )
                )
            case "IK5":
                if opened is None:
                    raise out_of_place(number, elements, "AK2")
                outcome = _one_of(number, elements, _SET_OUTCOMES)
                sets.append(replace(opened, outcome=outcome, errors=tuple(errors), codes=_codes(elements, 2)))
                opened = of_segment = None
            case "AK9":
                if group is None or opened is not None:
                    raise out_of_place(number, elements, "AK1" if group is None else "IK5")
                outcome = _one_of(number, elements, _GROUP_OUTCOMES)
                yield replace(group, outcome=outcome, sets=tuple(sets), codes=_codes(elements, 5))
                group = None
            case "SE":
                if group is not None:
                    raise out_of_place(number, elements, "AK9")
            case _:
                pass


def write_999(
    envelope: Envelope, acknowledgements: Iterable[GroupAcknowledgement], delimiters: Delimiters = USUAL
) -> str:
    """One interchange, one set for each value. Every error gets an IK3 of its own; a loop is told by its first four
    characters (2010AA as 2010), which is all IK303 holds. Raises X12Broken."""
    writer = InterchangeWriter(envelope, FILE_ACKNOWLEDGEMENT, delimiters)
    for place, group in enumerate(acknowledgements):
        writer.open_set(f"{envelope.control_number + place:04}")
        version = _VERSIONS.get(group.functional_id, "")
        writer.add("AK1", group.functional_id, group.group_control, version)
        for acknowledged in group.sets:
            writer.add("AK2", acknowledged.set_id, acknowledged.set_control, version)
            for error in acknowledged.errors:
                code = _HAS_ELEMENT_ERRORS if error.element else error.code
                writer.add("IK3", error.segment_id, error.position, error.loop[:4], code)
                if error.element:
                    writer.add("IK4", tuple(error.element.split("-")), "", error.code, error.bad_value)
            writer.add("IK5", acknowledged.outcome, *acknowledged.codes)
        accepted = sum(acknowledged.accepted for acknowledged in group.sets)
        writer.add("AK9", group.outcome, len(group.sets), len(group.sets), accepted, *group.codes)
        writer.close_set()
    return writer.finished()


def _one_of(number: int, elements: list[str], known: tuple[str, ...]) -> str:
    outcome = value(elements, 1)
    if outcome not in known:
        raise broken(number, elements, 1, f"one of {', '.join(known)}")
    return outcome


def _codes(elements: list[str], first: int) -> tuple[str, ...]:
    return tuple(element.strip() for element in elements[first:] if element.strip())
