"""A claim's timeline: eligibility → 837 → 999 → 277CA → 835 → fix → resubmission, each step in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from adapters.claim_views import Thread
from models.claim_codes import FileStatus, SubmissionStatus
from models.codes import ClaimStatus
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

DONE = frozenset(
    {
        *("case.moved", "decision.signed", "ledger.posted", "to_do.claimed", "to_do.done"),
        "remitted_claim.matched_by_hand",
        *("claim.refunded", "visit_payment.owed_back"),
    }
)
"""Audit events that are steps of the thread where a person did them, or a person has to."""


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


def steps(thread: Thread, reasons: Mapping[str, Note], names: Mapping[str, str]) -> list[ThreadStep]:
    """The thread oldest first; at one moment in the order in which a claim goes its way."""
    found = [
        *(step for check in thread.checks for step in _check(thread, check)),
        *(step for each in thread.submissions for step in _submission(thread, each)),
        *(_remitted(thread, each) for each in thread.remitted),
        *_by_people(thread, reasons, names),
        *_at_the_visit(thread),
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
    network = {"True": "in network", "False": "out of network"}.get(str(each.get("in_network")), "")
    told = ", ".join(part for part in (f"{name} {value}".strip(), network) if part)
    return f"{told} (EB segment {each['segment']})" if each.get("segment") else told


def _submission(thread: Thread, each: ClaimSubmission) -> Iterable[ThreadStep]:
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
    receipt = thread.files.get(thread.receipts.get(each.file_id, ""))
    if each.received_at is not None:
        yield ThreadStep(each.received_at, "999", "The file was received.", file=receipt)
    elif file is not None and file.status == FileStatus.REJECTED:
        yield ThreadStep(file.finished_at or each.at, "999", "The file was refused.", file=receipt or file)
    if each.accepted_at is not None:
        number = f" Their number: {each.payer_control}." if each.payer_control else ""
        said = f"Accepted by the payer.{number}"
        yield ThreadStep(each.accepted_at, "277CA", said, file=_accepting_file(thread, each))


def _accepting_file(thread: Thread, each: ClaimSubmission) -> ClearinghouseFile | None:
    """The file whose answer moved the claim on when this submission was accepted."""
    for event in thread.events:
        if event.details.get("new") == ClaimStatus.ACCEPTED and each.accepted_at and event.at >= each.accepted_at:
            return thread.files.get(str(event.details.get("file")))
    return None


def _line(line: SubmittedLine) -> str:
    code = "-".join((line.procedure_code, *line.modifiers))
    units = "1 unit" if line.units == 1 else f"{line.units} units"
    return f"{code}, {units}, {money(line.charge_cents)} ({line.control_number})"


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


def _at_the_visit(thread: Thread) -> Iterable[ThreadStep]:
    """What the patient paid before the payer decided."""
    for entry in thread.ledger:
        if entry.source.startswith("visit:"):
            paid = f"The patient paid {money(-entry.amount_cents)} at the visit."
            yield ThreadStep(entry.at, "step", paid, by=entry.actor)


def _by_people(thread: Thread, reasons: Mapping[str, Note], names: Mapping[str, str]) -> Iterable[ThreadStep]:
    """What people did to the claim, with why; and each time it was put before one."""
    newest = _newest_wait(thread)
    for event in thread.events:
        by_hand = event.actor in names or event.actor.startswith("patient:")
        if event.action not in DONE or not (by_hand or event.details.get("queue")):
            continue
        note = reasons.get(str(event.details.get("words", "")))
        letter = event.details.get("letter")
        now = _found(thread) if event is newest else ()
        yield ThreadStep(
            event.at,
            "fix" if by_hand else "step",
            f"{words.event(event)}.",
            (*_details(event), *now),
            by=event.actor if by_hand else "",
            reason=(note.answer or note.question) if note else None,
            href=f"/claims/{event.case_number}/letters/{letter}" if letter else "",
        )


def _newest_wait(thread: Thread) -> AuditEvent | None:
    """The last time the claim was put before a person."""
    waits = [event for event in thread.events if event.action == "case.moved" and event.details.get("queue")]
    return waits[-1] if waits else None


def _found(thread: Thread) -> tuple[str, ...]:
    """What is wrong now, as the answer said it that put the claim before a person."""
    if not thread.claim.queue:
        return ()
    return tuple(
        f"{each.get('message', '')}{' (segment ' + str(each['segment']) + ')' if each.get('segment') else ''}"
        for each in thread.claim.findings
    )


def _details(event: AuditEvent) -> Iterable[str]:
    """What was done in particular, of what the event holds."""
    details = event.details
    if queue := details.get("queue"):
        yield f"{claim_words.QUEUES.get(str(queue), words.sentence(words.plain(queue)))}."
    if changed := details.get("changed"):
        yield f"Changed: {', '.join(claim_words.CLAIM_FIELDS.get(each, each).lower() for each in changed)}."
    if fields := details.get("fields"):
        yield f"About: {', '.join(claim_words.PATIENT_FIELDS.get(each, words.plain(each)).lower() for each in fields)}."
    if frequency := details.get("frequency"):
        yield f"It goes as {claim_words.FREQUENCIES.get(str(frequency), frequency)}."
    if isinstance(cents := details.get("cents"), int):
        yield f"{money(cents)}."
    if days := details.get("days"):
        yield f"An answer is due in {days} days."
