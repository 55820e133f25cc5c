"""What each part of the night does on whole tables: a night and a location in, counts out."""

from collections import Counter
from collections.abc import Callable
from datetime import date

from adapters import audit_anchors
from tasks import (
    backups,
    claim_building,
    claim_files,
    claim_waits,
    claims,
    coverage_checks,
    held_transcripts,
    intake,
    nightly,
    session_batch,
    unpaid_balances,
    watch,
)
from tasks import sessions as session_exports

DAYS_AHEAD = 3
"""For how many days of appointments coverage is asked in advance."""
MOST_ROUNDS = 10_000


def referrals(night: date, location: str = "all") -> dict[str, int]:
    """Receive the dropped referral files."""
    counts: Counter[str] = Counter()
    for file_id in intake.collect.fn(location):
        counts["files"] += 1
        counts.update(intake.receive.fn(file_id).counts)
    return {name: count for name, count in counts.items() if count}


def take_in_sessions(night: date, location: str = "all") -> dict[str, int]:
    """Receive the dropped session exports."""
    counts: Counter[str] = Counter()
    for file_id in session_exports.collect.fn(location):
        counts["exports"] += 1
        counts.update(session_exports.receive.fn(file_id).counts)
    return {name: count for name, count in counts.items() if count}


def clearinghouse(night: date, location: str = "all") -> dict[str, int]:
    """Take in receipts, coverage answers and remittances, so that what they settle moves on this very night."""
    return claim_files.take_in_all.fn()


def times(night: date, location: str = "all") -> dict[str, int]:
    return {"opened": nightly.open_times_ahead.fn()}


def coverage(night: date, location: str = "all") -> dict[str, int]:
    """Ask about the appointments of the next days, and write off as unknown what nobody answered in time."""
    asked = coverage_checks.ask_ahead.fn(location, DAYS_AHEAD)
    return {"asked": asked, "overdue": coverage_checks.find_silence.fn()}


def transcripts(night: date, location: str = "all") -> dict[str, int]:
    """Read, screen and draft the sessions that wait for it, together."""
    read = session_batch.take_in_and_screen(location, None)
    return {"read": read, "drafted": session_batch.draft_all(location, None)}


def waits(night: date, location: str = "all") -> dict[str, int]:
    """Look after every wait, and destroy the transcripts nobody agreed to keep."""
    destroyed = held_transcripts.destroy_held.fn()
    return {**watch.watch.fn(), "transcripts_destroyed": destroyed}


def claims_out(night: date, location: str = "all") -> dict[str, int]:
    """Open, build and batch what may leave."""
    opened = _until_none(lambda: claim_building.open_claims.fn(location))
    moved = claims.move_on.fn(location)
    sent = _until_none(lambda: claim_files.batch.fn(location))
    return {"opened": opened, "sent": sent, "in_trouble": moved.get("in_trouble", 0)}


def files_out(night: date, location: str = "all") -> dict[str, int]:
    """Batch the questions that are due, hand every queued file over, and come back to what payers and patients owe."""
    asked = _until_none(coverage_checks.batch.fn)
    claims.move_on.fn(location)  # those whose payer cannot be asked
    sent = _until_none(lambda: claim_files.batch.fn(location))
    files = claim_files.send_queued.fn()
    overdue = claim_waits.find_silence.fn() + unpaid_balances.follow.fn()
    return {"questions": asked, "claims": sent, "files": files, "overdue": overdue}


def figures(night: date, location: str = "all") -> dict[str, int]:
    """What the day's figures are counted from; the figures themselves stand in the night's artifact."""
    first, no_shows = nightly.first_appointment_figures.fn()
    return {"attended": first.attended, "waiting": first.still_waiting, "no_shows": no_shows.no_shows}


def audit(night: date, location: str = "all") -> dict[str, int]:
    """Verify both chains, then note outside the databases how they end."""
    faults = nightly.verify_audit.fn()
    return {"faults": faults, "anchored": len(audit_anchors.write_anchors())}


def back_up(night: date, location: str = "all") -> dict[str, int]:
    return {"bytes": backups.back_up.fn()}


def _until_none(act: Callable[[], int]) -> int:
    """Do a bounded batch again until nothing is left; returns how many in all."""
    total = 0
    for _ in range(MOST_ROUNDS):
        some = act()
        total += some
        if not some:
            break
    return total
