"""A claim's timeline: eligibility → 837 → 999 → 277CA → 835 → fix → resubmission, each step in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from adapters.claim_views import Thread
from models.claim_codes import FileStatus, SubmissionStatus
from models.operational import (
    AuditEvent,
    ClaimSubmission,
    ClearinghouseFile,
    EligibilityCheck,
    RemittedClaimRecord,
    SubmittedLine,
)
from rules.coverage import status_from
from web.desk import claim_words, words
from web.desk.claim_words import money
from web.desk.evidence import Note

TOLD_BY_RECORDS = ("claim_submission.", "claim.content", "clearinghouse_file.", "eligibility_check.", "content.read")
"""Audit events, by the start of their names, whose step stands in the thread with more to say."""
TOLD_BY_EVENTS = ("claim.", "decision.signed", "claim_letter.", "ledger_entry.")


@dataclass(frozen=True)
class ThreadStep:
    """One thing that happened. ``kind`` is the file's (837P, 999, ...) or what else it was; ``by`` who did it."""

    at: datetime
    kind: str
    what: str
    said: tuple[str, ...] = ()
    file: ClearinghouseFile | None = None
    segment: int | None = None
    by: str = ""
    reason: str | None = field(default=None, repr=False)
    href: str = ""


def steps(
    thread: Thread, events: Sequence[AuditEvent], reasons: Mapping[str, Note], names: Mapping[str, str]
) -> list[ThreadStep]:
    """The thread oldest first; at one moment in the order in which a claim goes its way."""
    found = [
        *(step for check in thread.checks for step in _check(thread, check)),
        *(step for each in thread.submissions for step in _submission(thread, each, events)),
        *(_remitted(thread, each) for each in thread.remitted),
        *_by_people(events, reasons, names),
    ]
    return sorted(found, key=lambda step: step.at)


def _check(thread: Thread, check: EligibilityCheck) -> Iterable[ThreadStep]:
    asked = f"Asked {check.payer_code} whether mental health is covered on {claim_words.spoken(check.service_date)}."
    yield ThreadStep(check.asked_at, "270", asked, file=thread.files.get(check.file_id or ""))
    if check.answered_at is not None:
        status = status_from(check.status)
        to = (f"Mental health is with {check.carve_out_payer}.",) if check.carve_out_payer else ()
        yield ThreadStep(
            check.answered_at,
            "271",
            f"{words.sentence(status.label)}.",
            (words.sentence(check.reason), *to, *(share(each) for each in check.shares)),
            file=thread.files.get(check.answer_file_id or ""),
            segment=check.segment,
        )


def share(each: Mapping[str, object]) -> str:
    """One cost share in words, with the EB segment it came from: ``Copay $25.00, in network (EB segment 14)``."""
    name = words.sentence(words.plain(each.get("kind") or "share"))
    cents, percent, visits = each.get("cents"), each.get("percent"), each.get("visits")
    value = ""
    if isinstance(cents, int):
        value = money(cents)
    elif isinstance(percent, int):
        value = f"{percent / 100:g} %"
    elif isinstance(visits, int):
        value = f"{visits} visit" if visits == 1 else f"{visits} visits"
    network = {True: "in network", False: "out of network"}.get(each.get("in_network"), "")
    told = ", ".join(part for part in (f"{name} {value}".strip(), network) if part)
    return f"{told} (EB segment {each['segment']})" if each.get("segment") else told


def _submission(thread: Thread, each: ClaimSubmission, events: Sequence[AuditEvent]) -> Iterable[ThreadStep]:
    file = thread.files.get(each.file_id)
    frequency = claim_words.FREQUENCIES.get(each.frequency, each.frequency)
    lines = tuple(_line(line) for line in thread.lines.get(each.claim_control, ()))
    sent = "Put into a file" if each.status == SubmissionStatus.QUEUED else "Sent"
    yield ThreadStep(
        (file.sent_at if file else None) or each.at,
        "837P",
        f"{sent} to {each.payer_code} as {frequency}, {money(each.charge_cents)}: {each.claim_control}.",
        lines,
        file=file,
        by=each.sent_by,
    )
    if each.received_at is not None:
        yield ThreadStep(each.received_at, "999", *_answer(events, each, "999", "The file was received."))
    elif file is not None and file.status == FileStatus.REJECTED:
        yield ThreadStep(file.finished_at or each.at, "999", "The whole file was rejected.", (file.problem,), file=file)
    if each.accepted_at is not None:
        number = f" Their number: {each.payer_control}." if each.payer_control else ""
        yield ThreadStep(each.accepted_at, "277CA", *_answer(events, each, "277CA", f"Accepted by the payer.{number}"))
    elif each.status == SubmissionStatus.REJECTED and each.decided_at is not None:
        yield ThreadStep(each.decided_at, "277CA", *_answer(events, each, "277CA", "Rejected: it was not taken in."))


def _line(line: SubmittedLine) -> str:
    code = "-".join((line.procedure_code, *line.modifiers))
    units = "1 unit" if line.units == 1 else f"{line.units} units"
    return f"{code}, {units}, {money(line.charge_cents)} ({line.control_number})"


def _answer(
    events: Sequence[AuditEvent], each: ClaimSubmission, kind: str, otherwise: str
) -> tuple[str, tuple[str, ...]]:
    """What an answer said of this submission, as the audit holds it by code and segment."""
    said = tuple(
        str(event.details["said"])
        for event in events
        if event.subject_id == each.claim_control and event.details.get("kind") == kind and event.details.get("said")
    )
    return otherwise, said


def _remitted(thread: Thread, each: RemittedClaimRecord) -> ThreadStep:
    status = claim_words.CLP_STATUS.get(each.status, f"status {each.status}")
    owes = f", the patient owes {money(each.patient_cents)}" if each.patient_cents else ""
    return ThreadStep(
        each.at,
        "835",
        f"{words.sentence(status)}: {money(each.paid_cents)} paid of {money(each.charge_cents)}{owes}.",
        tuple(
            part
            for part in (
                f"{words.sentence(claim_words.REMITTED[each.outcome])}." if each.outcome else "",
                words.sentence(each.reason),
                f"Payment {each.trace} of {claim_words.spoken(each.paid_on)}.",
            )
            if part
        ),
        file=thread.files.get(each.file_id),
        segment=each.segment,
        href=f"/claims/remitted/{each.id}",
    )


def _by_people(
    events: Sequence[AuditEvent], reasons: Mapping[str, Note], names: Mapping[str, str]
) -> Iterable[ThreadStep]:
    """What people did to the claim, with why; and how it moved on."""
    for event in events:
        if not event.action.startswith(TOLD_BY_EVENTS) or event.action.startswith(TOLD_BY_RECORDS):
            continue
        note = reasons.get(str(event.details.get("words", "")))
        letter = event.details.get("letter")
        yield ThreadStep(
            event.at,
            "fix" if event.actor in names else "step",
            f"{words.event(event)}.",
            by=words.actor(event.actor, dict(names)),
            reason=(note.answer or note.question) if note else None,
            href=f"/claims/{event.case_number}/letters/{letter}" if letter else "",
        )
