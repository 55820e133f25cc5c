"""What payers decided of claims: posted to their threads, which are then sent on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from acts import billing
from acts.claim_books import Books, close
from acts.claim_money import answer_by, owe_back, settle_in, sum_up, to_person
from acts.insurance import address_of, coverage_facts, person_of
from adapters import therapy_store_claims
from adapters.claim_values import earlier_to_plain, remitted_to_plain
from adapters.operational_store import audit
from models.claim_answers import RemittanceHead, RemittedClaim
from models.claim_codes import ExceptionQueue, RemittanceOutcome, SubmissionStatus
from models.claim_findings import ClaimFinding, Severity
from models.claim_form import ClaimFrequency, PayerName, PayerRank, Subscriber
from models.codes import ClaimStatus
from models.columns import new_id, utc_now
from models.denials import RoutedDenial
from models.ledger import LedgerKind, balances, paid_by_patient, standing
from models.operational import Claim, ClaimSubmission, RemittedClaimRecord, SubmittedLine
from models.remittance import (
    AlreadyPosted,
    LineMatch,
    NeedsAPerson,
    OutcomeKind,
    PostingResult,
    Postings,
    RemittanceRef,
    SentLine,
)
from rules import claim_outcomes, deadlines, denials, ledger, posting, remittance
from rules.claim_sign_off import dollars
from rules.deadlines import Awaited, FilingKind
from rules.remittance import REVERSAL

C = ClaimStatus
PASSED_ON = "/2"
"""Ends the ledger's number of what a payer has passed on to the next one by itself, under the first one's number."""
LATER_PAYER = (*sorted(posting.LATER_PAYER), REVERSAL)


@dataclass(frozen=True)
class Posted:
    """What became of one remitted claim: the thread, if any, and why a person must look, if one must."""

    outcome: RemittanceOutcome
    case_number: str | None
    reason: str = ""


@dataclass(frozen=True)
class _Said:
    """One claim of a remittance, with the payment it is of, the submission it answers, and when it was read.

    ``told``: where what the first payer decided is put down for the next one, by thread.
    """

    head: RemittanceHead
    claim: RemittedClaim
    submission: ClaimSubmission
    file_id: str
    at: datetime
    told: dict[str, dict[str, Any]]


def post_decisions(
    db: Session, head: RemittanceHead, claims: Sequence[RemittedClaim], file_id: str, *, at: datetime
) -> list[Posted]:
    """Post many claims of one payment, each to its thread, and send those on, in the caller's transaction.

    As many queries for many as for one. The same decision again, in whatever file, changes nothing. What does not add
    up or fits no thread is kept for a person, whole; nothing is ever plugged.
    """
    keys = [_key_of(head, claim) for claim in claims]
    known = {
        record.unique_key: record.case_number
        for record in db.exec(select(RemittedClaimRecord).where(col(RemittedClaimRecord.unique_key).in_(keys))).all()
    }
    answered = _submissions_answered(db, claims)
    books = Books(db, (each.case_number for each in answered if each is not None))
    told: dict[str, dict[str, Any]] = {}
    posted = []
    for key, claim, submission in zip(keys, claims, answered, strict=True):
        if key in known:
            posted.append(Posted(RemittanceOutcome.DUPLICATE, known[key]))
            continue
        record = _record_of(head, claim, file_id, key, at)
        if submission is None:
            record.reason = "no claim of ours has this number, or its lines belong to several claims"
            posted.append(_keep(books, record))
        else:
            if books.moves([submission.case_number]):
                _close(books, told)  # a second decision of one thread is made where the first one has left it
            said = _Said(head, claim, _meant(books, submission), file_id, at, told)
            posted.append(_post(books, record, said))
        known[key] = record.case_number
    _close(books, told)
    return posted


def post_by_hand(
    db: Session,
    record: RemittedClaimRecord,
    head: RemittanceHead,
    claim: RemittedClaim,
    case_number: str,
    *,
    actor: str,
) -> Posted:
    """Post what waited for a person to the thread they named. Raises ValueError saying why it does not fit there."""
    books = Books(db, [case_number], actor=actor)
    submission = _that_fits(books, case_number, head, claim, record.file_id)
    if isinstance(submission, NeedsAPerson):
        raise ValueError(submission.reason)
    told: dict[str, dict[str, Any]] = {}
    posted = _post(books, record, _Said(head, claim, submission, record.file_id, utc_now(), told))
    _close(books, told)
    return posted


def _close(books: Books, told: dict[str, dict[str, Any]]) -> None:
    """Write everything, what the next payers are told first: their claims are built from it."""
    if told:
        therapy_store_claims.change_all(told, "system")
        told.clear()
    close(books)


def _key_of(head: RemittanceHead, claim: RemittedClaim) -> str:
    return ":".join((head.payer.payer_id, head.trace, claim.claim_number, claim.payer_control, claim.status))


def _record_of(head: RemittanceHead, claim: RemittedClaim, file_id: str, key: str, at: datetime) -> RemittedClaimRecord:
    return RemittedClaimRecord(
        id=new_id("RC"),
        unique_key=key,
        file_id=file_id,
        claim_control=claim.claim_number[:60],
        payer_control=claim.payer_control[:60],
        payer_id=head.payer.payer_id,
        trace=head.trace,
        paid_on=head.paid_on,
        status=claim.status,
        charge_cents=claim.charge_cents,
        paid_cents=claim.paid_cents,
        patient_cents=claim.patient_cents,
        segment=claim.segment,
        outcome=RemittanceOutcome.FOR_A_PERSON,
        content=remitted_to_plain(claim),
        at=at,
    )


def _submissions_answered(db: Session, claims: Sequence[RemittedClaim]) -> list[ClaimSubmission | None]:
    """Which submission each claim answers: by its lines' REF*6R first, then by the number it was sent under."""
    controls = {line.control_number for claim in claims for line in claim.lines if line.control_number}
    sent = select(SubmittedLine.control_number, SubmittedLine.claim_control)
    named = dict(db.exec(sent.where(col(SubmittedLine.control_number).in_(controls))).all())
    numbers = {*named.values(), *(claim.claim_number for claim in claims)}
    found = {
        each.claim_control: each
        for each in db.exec(select(ClaimSubmission).where(col(ClaimSubmission.claim_control).in_(numbers))).all()
    }
    answered: list[ClaimSubmission | None] = []
    for claim in claims:
        by_lines = {named[line.control_number] for line in claim.lines if line.control_number in named}
        if len(by_lines) > 1:
            answered.append(None)
        else:
            answered.append(found.get(by_lines.pop() if by_lines else claim.claim_number))
    return answered


def _post(books: Books, record: RemittedClaimRecord, said: _Said) -> Posted:
    """Post one decision to its thread and send that on."""
    submission, claim = said.submission, said.claim
    record.case_number = submission.case_number
    thread = books.threads[submission.case_number]
    number, match, result = _would_post(books, submission, said.head, claim, said.file_id)
    if isinstance(result, AlreadyPosted):
        record.outcome = RemittanceOutcome.DUPLICATE
        record.reason = f"the same decision stands in the ledger, from file {result.file_id}"
        return _keep(books, record)
    if isinstance(result, NeedsAPerson):
        record.reason = result.reason
        posted = _keep(books, record)
        to_person(books, thread, [result])
        return posted
    books.post(result.lines, thread, submission.payer_code, said.at)
    record.outcome, record.reason = RemittanceOutcome.POSTED, "; ".join(each.reason for each in result.attention)
    _keep(books, record)
    passed_on = number != submission.claim_control
    if not passed_on:
        submission.status = SubmissionStatus.REVERSED if claim.status == REVERSAL else SubmissionStatus.DECIDED
        submission.payer_control = claim.payer_control or submission.payer_control
        submission.decided_at = said.at
        books.db.add(submission)
    _even_out(books, thread, f"{record.id}/evened")
    _go_on(books, thread, said, match, result, passed_on=passed_on)
    return Posted(RemittanceOutcome.POSTED, thread.case_number, record.reason)


def _would_post(
    books: Books, submission: ClaimSubmission, head: RemittanceHead, claim: RemittedClaim, file_id: str
) -> tuple[str, LineMatch, PostingResult]:
    """Under which number of the ledger a decision would stand as the answer to a submission, and what it would post."""
    number, rank, sent = _addressed(books, submission, claim)
    match = remittance.match_lines(claim, sent)
    ref = RemittanceRef(payer=head.payer.payer_id, trace=head.trace, file_id=file_id)
    posted = books.lines_of(submission.case_number, number)
    return number, match, posting.postings(ref, claim, match, posted, rank=rank, as_claim=number)


def _that_fits(
    books: Books, case_number: str, head: RemittanceHead, claim: RemittedClaim, file_id: str
) -> ClaimSubmission | NeedsAPerson:
    """The newest submission of a thread that a decision answers without a doubt; else why it does not fit."""
    against: NeedsAPerson | None = None
    for submission in books.submissions(case_number):
        if submission.frequency != ClaimFrequency.VOID:
            *_, result = _would_post(books, submission, head, claim, file_id)
            if not isinstance(result, NeedsAPerson):
                return submission
            against = against or result
    return against or NeedsAPerson("this claim never left: nothing can be paid on it")


def _meant(books: Books, submission: ClaimSubmission) -> ClaimSubmission:
    """What a void asked to take back is what its answer is about; any other submission is its own."""
    if submission.frequency != ClaimFrequency.VOID:
        return submission
    before = (
        each
        for each in books.submissions(submission.case_number)
        if each.number < submission.number
        and each.rank == submission.rank
        and each.frequency != ClaimFrequency.VOID
        and each.status != SubmissionStatus.REJECTED
    )
    return next(before, submission)


def _even_out(books: Books, thread: Claim, source: str) -> None:
    """Set what a payer has paid on one sending of the thread against what another is still owed by it."""
    payer_of = {each.claim_control: each.payer_code for each in books.submissions(thread.case_number)}
    books.post(ledger.evened(books.lines_of_case(thread.case_number), payer_of, source), thread, thread.payer_code)


def _addressed(
    books: Books, submission: ClaimSubmission, claim: RemittedClaim
) -> tuple[str, PayerRank, tuple[SentLine, ...]]:
    """Under which number of the ledger a decision is posted, which payer's it is, and the lines it answers.

    What a payer has passed on comes back from the next one under the number the first one was sent. A reversal is of
    whichever decision has the payer's own number of it.
    """
    number, sent = submission.claim_control, books.sent_lines(submission.claim_control)
    if claim.status in LATER_PAYER and submission.rank == PayerRank.PRIMARY:
        passed_on = books.lines_of(submission.case_number, number + PASSED_ON)
        theirs = {line.payer_control for line in standing(passed_on) if line.kind in posting.DECIDED}
        if passed_on and (claim.status != REVERSAL or claim.payer_control in theirs):
            moved = [line for line in passed_on if line.kind is LedgerKind.TRANSFER]
            return number + PASSED_ON, PayerRank.SECONDARY, ledger.sent_to_secondary(sent, moved)
    return number, PayerRank(submission.rank), sent


def _keep(books: Books, record: RemittedClaimRecord) -> Posted:
    books.db.add(record)
    audit(
        books.db,
        books.actor,
        f"remitted_claim.{record.outcome.value}",
        record,
        record.case_number,
        file=record.file_id,
        segment=record.segment,
    )
    return Posted(record.outcome, record.case_number, record.reason)


def _go_on(
    books: Books, thread: Claim, said: _Said, match: LineMatch, result: Postings, *, passed_on: bool = False
) -> None:
    """Where the thread goes after a decision that was posted; ``passed_on``: the second payer's, of what the first one
    has sent on to it."""
    submission, claim, head = said.submission, said.claim, said.head
    second = books.coverage(thread, PayerRank.SECONDARY)
    first = submission.rank == PayerRank.PRIMARY and not passed_on
    outcome = claim_outcomes.outcome_of(claim, result, has_secondary=second is not None and first)
    if outcome.kind is not OutcomeKind.REVERSED:
        thread.decided_on = head.paid_on
        if not passed_on:
            thread.payer_control = claim.payer_control or thread.payer_control
    owed = sum_up(books, thread)
    if result.attention and owed.credit_cents:  # what another sending was owed may have taken it up
        owe_back(books, thread, owed, result.attention[0].segment)
        return
    if outcome.kind is OutcomeKind.NEEDS_A_PERSON:
        to_person(books, thread, [NeedsAPerson(outcome.reason, claim.segment)])
        return
    if outcome.kind is OutcomeKind.REVERSED:
        _after_reversal(books, thread, submission)
        return
    if _newer_is_on_its_way(books, thread, submission) and owed.payer_cents > 0:
        return  # the thread goes on with the answer to what has replaced this
    if outcome.denied_cents and owed.denied_cents:
        _denied(books, thread, claim, head)
        return
    thread.findings, thread.queue, thread.carc = [], "", ""
    if outcome.kind is OutcomeKind.FORWARDED:
        _pass_on(books, thread, submission)
        return
    if outcome.reason:
        to_person(books, thread, [NeedsAPerson(outcome.reason, claim.segment)])
        return
    left = owed.patient_cents + paid_by_patient(books.lines_of_case(thread.case_number))
    if outcome.secondary_due and left > 0:  # what the patient has paid meanwhile is not the second payer's to save
        _claim_from_second(books, thread, said, match)
        return
    settle_in(books, thread)


def _newer_is_on_its_way(books: Books, thread: Claim, submission: ClaimSubmission) -> bool:
    newest = books.newest(thread.case_number)
    waits = (SubmissionStatus.QUEUED, SubmissionStatus.SENT, SubmissionStatus.RECEIVED, SubmissionStatus.ACCEPTED)
    newer = newest is not None and newest.claim_control != submission.claim_control and newest.status in waits
    return newer and thread.status in (C.SENT, C.ACKNOWLEDGED, C.ACCEPTED)


def _claim_from_second(books: Books, thread: Claim, said: _Said, match: LineMatch) -> None:
    """What the first payer has left to the patient goes to the second one, who must be told what the first decided."""
    against = _keep_earlier(books, thread, said, match)
    if against is not None:
        to_person(books, thread, [against])
        return
    thread.rank, thread.frequency = PayerRank.SECONDARY.value, ClaimFrequency.ORIGINAL.value
    thread.payer_control, thread.eligibility_id = "", None  # the first payer's are nothing to the second
    books.move(thread, C.RECEIVED, rank=thread.rank)


def _pass_on(books: Books, thread: Claim, submission: ClaimSubmission) -> None:
    """The payer has sent the claim to the next one itself: what is left is owed by that one now."""
    number = submission.claim_control
    controls = {line.control_number: line.control_number for line in books.sent_lines(number)}
    left = books.lines_of(thread.case_number, number)
    moved = ledger.moved_to_secondary(left, number + PASSED_ON, controls, f"{number}/passed-on")
    if isinstance(moved, NeedsAPerson):
        to_person(books, thread, [moved])
        return
    if not moved:
        settle_in(books, thread)  # there is nothing left that the next payer could be asked
        return
    books.post(moved, thread)
    sum_up(books, thread)
    thread.answer_by = answer_by(thread, Awaited.REMITTANCE)
    books.move(thread, C.ACCEPTED, forwarded=True)


def _after_reversal(books: Books, thread: Claim, submission: ClaimSubmission) -> None:
    """A payer has taken its decision back: what we asked for is done, else the new decision is waited for."""
    newest = books.newest(thread.case_number)
    replaced = newest is not None and newest.claim_control != submission.claim_control
    if newest is not None and replaced:
        own = books.lines_of(thread.case_number, submission.claim_control)
        undone = ledger.withdrawn(own, f"{newest.claim_control}/replaces")
        if not isinstance(undone, NeedsAPerson):
            books.post(undone, thread, thread.payer_code)
        sum_up(books, thread)
    void = newest is not None and newest.frequency == ClaimFrequency.VOID and newest.rank == submission.rank
    if void and newest is not None and newest.status != SubmissionStatus.REJECTED:
        if balances(books.lines_of_case(thread.case_number)).settled:
            books.move(thread, C.CLOSED_VOID)
        else:
            to_person(books, thread, [NeedsAPerson("the payer took its decision back; something else is open")])
        return
    if newest is not None and replaced and newest.status == SubmissionStatus.DECIDED:
        thread.findings, thread.queue = [], ""
        settle_in(books, thread)  # the new decision came before the old one was taken back
        return
    thread.answer_by = answer_by(thread, Awaited.REMITTANCE)
    if thread.status.is_closed:
        late = "the payer has taken its decision back after the claim was closed"
        to_person(books, thread, [NeedsAPerson(late)])
        return
    thread.findings, thread.queue = [], ""
    books.move(thread, C.ACCEPTED, reversed=True)


def _denied(books: Books, thread: Claim, claim: RemittedClaim, head: RemittanceHead) -> None:
    """Send a denial to the queue its reason names, with what to do first and by when."""
    routed = denials.routed(denials.denials_of(claim), billing.denial_routes(), thread.payer_code, head.paid_on)
    contract = billing.tables().contract(thread.payer_code, thread.service_date)
    if contract is not None:
        thread.appeal_by = deadlines.filing_deadline(
            contract, thread.service_date, FilingKind.APPEAL, decided_on=head.paid_on
        )
        thread.file_by = deadlines.filing_deadline(
            contract, thread.service_date, FilingKind.CORRECTED, decided_on=head.paid_on
        )
    thread.queue = ExceptionQueue.DENIAL.value
    thread.findings = denial_findings(routed)
    thread.carc = routed.denial.reason if routed is not None else ""
    books.move(thread, C.DENIED, carc=thread.carc, queue=routed.route.queue if routed else "")


def denial_findings(routed: RoutedDenial | None) -> list[dict[str, str]]:
    """A routed denial as a biller is shown it, the one that decides first."""
    if routed is None:
        return []
    pairs = ((routed.denial, routed.route), *routed.others)
    return [
        ClaimFinding(
            rule=f"{denial.group}-{denial.reason}",
            severity=Severity.BLOCKING if index == 0 else Severity.WARNING,
            field=", ".join(denial.remarks),
            segment=str(denial.segment) if denial.segment else "",
            message=f"{route.queue}: the payer refuses {dollars(denial.amount_cents)} with reason {denial.reason}.",
            suggestion=route.next_action,
            owner=route.owner,
        ).as_plain()
        | {
            "corrects_by": route.corrects_by.value,
            "template": route.template,
            "due_on": routed.due_on.isoformat() if index == 0 else "",
        }
        for index, (denial, route) in enumerate(pairs)
    ]


def _keep_earlier(books: Books, thread: Claim, said: _Said, match: LineMatch) -> NeedsAPerson | None:
    """Keep what the first payer decided for the second one's claim; NeedsAPerson where it cannot be told."""
    row = books.coverage(thread, PayerRank.PRIMARY)
    if row is None:
        return NeedsAPerson("the first insurance is not on record for the date: the second payer cannot be told of it")
    own = books.billing(thread)
    facts = coverage_facts(row, address_of(own))
    subscriber = Subscriber(
        person=facts.subscriber or person_of(books.patient(thread), own),
        member_id=facts.member_id,
        address=facts.subscriber_address or address_of(own),
        rank=PayerRank.PRIMARY,
        relationship=facts.relationship,
        group_number=facts.group_number,
    )
    payer = billing.tables().payer(said.submission.payer_code, thread.service_date)
    if payer is None:
        return NeedsAPerson("the first payer is not in the billing tables: the second one cannot be told of it")
    sent = books.sent_lines(said.submission.claim_control)
    numbers = {line.control_number: index for index, line in enumerate(sent, 1)}
    named = PayerName(payer.name, payer.payer_id)
    known = claim_outcomes.earlier_payment(said.head, said.claim, match, numbers, named, subscriber)
    if isinstance(known, NeedsAPerson):
        return known
    said.told[thread.case_number] = {"earlier_payments": [earlier_to_plain(known)]}
    return None
