"""From a held session to its signed note: the day is drafted in one batch, then every session has a run of its own."""

import asyncio
from datetime import date

from prefect import flow, get_run_logger

from flows.case_run import wait_for_somebody, walk
from flows.sign_off import sign_off
from models.codes import CaseStatus
from models.codes import NoteStatus as N
from tasks import reports, runs, session_batch, session_drafts, session_gate, sessions
from tasks.cases import Case


@flow(name="session-to-note-draft", persist_result=False)
async def session_to_note_draft(location: str = "all", day: date | None = None) -> dict[str, int]:
    """Receives the dropped session exports, screens them for risk, drafts their notes, and opens what is to be signed.

    What may not be read or drafted (no consent, the law where the patient was, an unreadable or very short transcript)
    becomes an empty template with its reason. The same export again changes nothing.

    Args:
        location: Take only the sessions of this location, or all of them.
        day: Draft only the sessions of this date (at their location); every open one where none is named.
    """
    results = [await asyncio.to_thread(sessions.receive, file_id) for file_id in sessions.collect(location)]
    await asyncio.to_thread(session_batch.take_in_and_screen, location, day)
    drafted = await asyncio.to_thread(session_batch.draft_all, location, day)
    started = await runs.start_missing_runs()
    await reports.publish_sessions(results, sessions.counts(location, day))
    get_run_logger().info("sessions: %d exports, %d drafted, %d runs", len(results), drafted, started)
    return {"exports": len(results), "drafted": drafted, "runs_started": started}


@flow(name="session-note", persist_result=False)
async def session_note(case_number: str) -> str:
    """Takes one session to its signed note; the run sleeps until its clinician has signed, returned or refused it.

    Args:
        case_number: The opaque number of the case, such as SN-000042.
    """
    return await walk(case_number, step)


async def step(case: Case, status: CaseStatus) -> None:
    """What becomes of a session in this status; risk comes before the note."""
    match status:
        case N.RECEIVED:
            session_gate.take_in(case)
        case N.READY_TO_SCREEN:
            session_gate.screen(case)
        case N.READY_TO_DRAFT:
            session_drafts.draft([case])
        case N.NOTE_SIGNATURE:
            await sign_off(case, status)
        case _:
            await wait_for_somebody(case, status)
