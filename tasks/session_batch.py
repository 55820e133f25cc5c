"""The day's sessions through their first steps together, so that their talk is encoded in one batch."""

import logging
from collections.abc import Callable
from datetime import date

from sqlmodel import col, select

from adapters import operational_store as store
from adapters.held_places import not_held
from models.codes import NoteStatus
from models.governance_codes import Workflow
from models.operational import SessionNote
from tasks import cases, session_drafts, session_gate, sessions
from tasks.cases import Case
from tasks.steps import unrecorded

logger = logging.getLogger(__name__)

AT_ONCE = 100
"""Sessions whose talk is held open in memory together; an hour's transcript is about 60 kB."""


def take_in_and_screen(location: str, day: date | None) -> int:
    """Read and screen every session that has no run of its own yet; one that fails is left to its own run."""
    count = _each(NoteStatus.RECEIVED, location, day, unrecorded(session_gate.take_in))
    _each(NoteStatus.READY_TO_SCREEN, location, day, unrecorded(session_gate.screen))
    return count


def _each(status: NoteStatus, location: str, day: date | None, act: Callable[[Case], str]) -> int:
    numbers = _without_run(status, location, day)
    for number in numbers:
        try:
            act(cases.take(number))
        except Exception as trouble:  # one session must not keep the others from being drafted; never its words
            logger.error("session %s was left to its own run (%s)", number, type(trouble).__name__)
    return len(numbers)


def draft_all(location: str, day: date | None) -> int:
    """Draft every session that is ready and has no run of its own yet; returns how many were proposed.

    Where the workflow is held none is drafted, though all were screened.
    """
    numbers = _going_on(_without_run(NoteStatus.READY_TO_DRAFT, location, day))
    return sum(_drafted(numbers[start : start + AT_ONCE]) for start in range(0, len(numbers), AT_ONCE))


def _going_on(numbers: list[str]) -> list[str]:
    with store.reading() as db:
        query = select(SessionNote.case_number).where(
            col(SessionNote.case_number).in_(numbers), not_held(Workflow.NOTES, SessionNote.location_id)
        )
        going = set(db.exec(query).all())
    return [number for number in numbers if number in going]


def _drafted(numbers: list[str]) -> int:
    """How many of these were proposed; where one breaks the drafter, the others are drafted without it."""
    try:
        return len(unrecorded(session_drafts.draft)([cases.take(number) for number in numbers]))
    except Exception as trouble:  # what fails alone is left to its own run; never its words
        logger.error("%d sessions from %s on were not drafted (%s)", len(numbers), numbers[0], type(trouble).__name__)
    return sum(_drafted([number]) for number in numbers) if len(numbers) > 1 else 0


def _without_run(status: NoteStatus, location: str, day: date | None) -> list[str]:
    numbers = sessions.waiting_numbers([status], location, day)
    with store.reading() as db:
        running = select(SessionNote.case_number).where(
            col(SessionNote.case_number).in_(numbers), col(SessionNote.run_id).is_not(None)
        )
        with_run = set(db.exec(running).all())
    return [number for number in numbers if number not in with_run]
