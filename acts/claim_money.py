"""The ledger of a claim: what is posted to it, what that leaves owed, and where the claim goes after a decision."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from acts import billing
from acts.insurance import address_of, coverage_facts, coverage_in_force, person_of
from adapters import therapy_store_claims
from adapters.claim_values import earlier_to_plain, remitted_to_plain
from adapters.operational_store import audit, move_case, one
from models.claim_answers import RemittanceHead, RemittedClaim
from models.claim_codes import ExceptionQueue, RemittanceOutcome, SubmissionStatus
from models.claim_findings import ClaimFinding, Severity, blocking
from models.claim_form import ClaimFrequency, PayerName, PayerRank, Subscriber
from models.codes import ClaimStatus
from models.columns import new_id, utc_now
from models.denials import RoutedDenial
from models.ledger import LedgerAccount, LedgerKind, LedgerLine, balances, cash_from_payers, standing
from models.operational import (
    Claim,
    ClaimSubmission,
    LedgerEntry,
    Patient,
    PatientBilling,
    RemittedClaimRecord,
    SubmittedLine,
)
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
from models.transitions import CLAIM
from rules import claim_outcomes, deadlines, denials, ledger, posting, remittance
from rules.claim_sign_off import dollars
from rules.deadlines import Awaited, FilingKind
from rules.remittance import REVERSAL

C = ClaimStatus
PASSED_ON = "/2"
"""Ends the ledger's number of what a payer has passed on to the next one by itself, under the first one's number."""
LOOK_AT_IT = "Compare the remittance with the claim; call the payer, or settle it by hand."
LATER_PAYER = (*sorted(posting.LATER_PAYER), REVERSAL)


def lines_of(db: Session, claim_number: str) -> list[LedgerLine]:
    """All postings under one number of the ledger (a submission's claim control), in the order they were made."""
    found = db.exec(
        select(LedgerEntry).where(LedgerEntry.claim_number == claim_number).order_by(LedgerEntry.at, LedgerEntry.key)  # type: ignore[arg-type]
    ).all()
    return [line_of(entry) for entry in found]


def lines_of_case(db: Session, case_number: str) -> list[LedgerLine]:
    """All postings of a thread, to whichever payer or the patient."""
    found = db.exec(select(LedgerEntry).where(LedgerEntry.case_number == case_number)).all()
    return [line_of(entry) for entry in found]


def line_of(entry: LedgerEntry) -> LedgerLine:
    """A posting as the rules read it."""
    return LedgerLine(
        claim_number=entry.claim_number,
        account=LedgerAccount(entry.account),
        kind=LedgerKind(entry.kind),
        amount_cents=entry.amount_cents,
        source=entry.source,
        part=entry.part,
        line_control=entry.line_control,
        group=entry.group,
        reason=entry.reason,
        payer_control=entry.payer_control,
        reverses=entry.reverses,
        file_id=entry.file_id,
        segment=entry.segment,
    )


def post(
    db: Session,
    lines: Iterable[LedgerLine],
    *,
    case_number: str | None,
    payer_code: str = "",
    actor: str = "system",
    at: datetime | None = None,
) -> int:
    """Write postings, each once: one whose key stands in the ledger is left as it is; returns how many were new."""
    return post_all(db, [Posting(tuple(lines), case_number, payer_code)], actor=actor, at=at)


@dataclass(frozen=True)
class Posting:
    """What is written to the ledger of one thread at one time."""

    lines: tuple[LedgerLine, ...]
    case_number: str | None
    payer_code: str = ""


def post_all(db: Session, postings: Sequence[Posting], *, actor: str = "system", at: datetime | None = None) -> int:
    """The same for many threads, in a fixed number of queries; returns how many lines were new."""
    keys = {line.key for posting in postings for line in posting.lines}
    there = set(db.exec(select(LedgerEntry.key).where(col(LedgerEntry.key).in_(keys))).all())
    moment = at or utc_now()
    written: list[tuple[Posting, list[LedgerLine]]] = []
    for each in postings:
        wanted = {line.key: line for line in each.lines}
        new = [line for key, line in wanted.items() if key not in there]
        there |= set(wanted)
        for line in new:
            values = {name: value for name, value in asdict(line).items() if name not in ("account", "kind")}
            db.add(
                LedgerEntry(
                    key=line.key,
                    case_number=each.case_number,
                    account=line.account.value,
                    kind=line.kind.value,
                    payer_code=each.payer_code,
                    actor=actor,
                    at=moment,
                    **values,
                )
            )
        if new:
            written.append((each, new))
    if written:
        db.flush()
    for each, new in written:
        number = each.case_number
        subject = ("claim", number) if number else ("ledger_entry", new[0].key)
        cents = sum(line.amount_cents for line in new)
        audit(db, actor, "ledger.posted", subject, number, count=len(new), cents=cents, source=new[0].source)
    return sum(len(new) for _, new in written)


def refresh(db: Session, claim: Claim) -> None:
    """Bring the claim's own sums to what its ledger says."""
    set_sums(db, claim, lines_of_case(db, claim.case_number))


def set_sums(db: Session, claim: Claim, lines: Sequence[LedgerLine]) -> None:
    """The same from the thread's postings, read before."""
    owed = balances(lines)
    claim.payer_cents = owed.payer_cents + owed.denied_cents
    claim.patient_cents = owed.patient_cents
    claim.paid_cents = cash_from_payers(lines) + sum(
        -line.amount_cents for line in lines if line.kind is LedgerKind.PATIENT_PAYMENT
    )
    db.add(claim)


# -- what a payer has decided


@dataclass(frozen=True)
class Posted:
    """What became of one remitted claim: the thread, if any, and why a person must look, if one must."""

    outcome: RemittanceOutcome
    case_number: str | None
    reason: str = ""


def sent_lines(db: Session, claim_control: str) -> tuple[SentLine, ...]:
    found = db.exec(
        select(SubmittedLine).where(SubmittedLine.claim_control == claim_control).order_by(SubmittedLine.number)  # type: ignore[arg-type]
    ).all()
    return tuple(
        SentLine(
            control_number=line.control_number,
            procedure_code=line.procedure_code,
            modifiers=tuple(line.modifiers),
            charge_cents=line.charge_cents,
            units=line.units,
            earlier_cents=line.earlier_cents,
        )
        for line in found
    )


def submission_of(db: Session, claim: RemittedClaim) -> ClaimSubmission | None:
    """Which submission a remitted claim answers: by its lines' REF*6R first, then by the number it was sent under."""
    controls = [line.control_number for line in claim.lines if line.control_number]
    named = set(
        db.exec(select(SubmittedLine.claim_control).where(col(SubmittedLine.control_number).in_(controls))).all()
    )
    if len(named) == 1:
        return db.get(ClaimSubmission, named.pop())
    return None if named else db.get(ClaimSubmission, claim.claim_number)


def post_decision(
    db: Session,
    head: RemittanceHead,
    claim: RemittedClaim,
    file_id: str,
    *,
    actor: str = "system",
    by_hand: ClaimSubmission | None = None,
    at: datetime | None = None,
) -> Posted:
    """Post one claim of a remittance to its thread and send that on, in the caller's transaction.

    The same decision again, in whatever file, changes nothing. What does not add up or fits no thread is kept for a
    person, whole; nothing is ever plugged. ``by_hand``: the submission somebody said it answers.
    """
    moment = at or utc_now()
    key = ":".join((head.payer.payer_id, head.trace, claim.claim_number, claim.payer_control, claim.status))
    known = db.exec(select(RemittedClaimRecord).where(RemittedClaimRecord.unique_key == key)).first()
    if known is not None and not (by_hand and known.outcome is RemittanceOutcome.FOR_A_PERSON):
        return Posted(RemittanceOutcome.DUPLICATE, known.case_number)
    submission = by_hand or _voided(db, submission_of(db, claim))
    record = known or RemittedClaimRecord(
        id=new_id("RC"),
        unique_key=key,
        file_id=file_id,
        case_number=submission.case_number if submission else None,
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
        at=moment,
    )
    if submission is None:
        record.reason = "no claim of ours has this number, or its lines belong to several claims"
        return _keep(db, record, actor)
    record.case_number = submission.case_number
    thread = db.get_one(Claim, submission.case_number, with_for_update=True)
    number, match, result = _would_post(db, submission, head, claim, file_id)
    if isinstance(result, AlreadyPosted):
        record.outcome = RemittanceOutcome.DUPLICATE
        record.reason = f"the same decision stands in the ledger, from file {result.file_id}"
        return _keep(db, record, actor)
    if isinstance(result, NeedsAPerson):
        record.reason = result.reason
        posted = _keep(db, record, actor)
        _to_person(db, thread, [result], actor)
        return posted
    post(db, result.lines, case_number=thread.case_number, payer_code=submission.payer_code, actor=actor, at=moment)
    record.outcome, record.reason = RemittanceOutcome.POSTED, "; ".join(each.reason for each in result.attention)
    _keep(db, record, actor)
    if number == submission.claim_control:
        submission.status = SubmissionStatus.REVERSED if claim.status == REVERSAL else SubmissionStatus.DECIDED
        submission.payer_control = claim.payer_control or submission.payer_control
        submission.decided_at = moment
        db.add(submission)
    _even_out(db, thread, f"{record.id}/evened", actor)
    _go_on(db, thread, submission, head, claim, match, result, actor, passed_on=number != submission.claim_control)
    return Posted(RemittanceOutcome.POSTED, thread.case_number, record.reason)


def _would_post(
    db: Session, submission: ClaimSubmission, head: RemittanceHead, claim: RemittedClaim, file_id: str
) -> tuple[str, LineMatch, PostingResult]:
    """Under which number of the ledger a decision would stand as the answer to a submission, and what it would post."""
    number, rank, sent = _addressed(db, submission, claim)
    match = remittance.match_lines(claim, sent)
    ref = RemittanceRef(payer=head.payer.payer_id, trace=head.trace, file_id=file_id)
    return number, match, posting.postings(ref, claim, match, lines_of(db, number), rank=rank, as_claim=number)


def submission_that_fits(
    db: Session, case_number: str, head: RemittanceHead, claim: RemittedClaim, file_id: str
) -> ClaimSubmission | NeedsAPerson:
    """The newest submission of a thread that a decision answers without a doubt; else why it does not fit."""
    against: NeedsAPerson | None = None
    for submission in _submissions(db, case_number):
        if submission.frequency != ClaimFrequency.VOID:
            *_, result = _would_post(db, submission, head, claim, file_id)
            if not isinstance(result, NeedsAPerson):
                return submission
            against = against or result
    return against or NeedsAPerson("this claim never left: nothing can be paid on it")


def _voided(db: Session, submission: ClaimSubmission | None) -> ClaimSubmission | None:
    """What a void asked to take back is what its answer is about; any other submission is its own."""
    if submission is None or submission.frequency != ClaimFrequency.VOID:
        return submission
    before = [
        each
        for each in _submissions(db, submission.case_number)
        if each.number < submission.number
        and each.rank == submission.rank
        and each.frequency != ClaimFrequency.VOID
        and each.status != SubmissionStatus.REJECTED
    ]
    return before[0] if before else submission


def _submissions(db: Session, case_number: str) -> list[ClaimSubmission]:
    """The submissions of a thread, the newest first."""
    return list(
        db.exec(
            select(ClaimSubmission)
            .where(ClaimSubmission.case_number == case_number)
            .order_by(col(ClaimSubmission.number).desc())
        ).all()
    )


def _even_out(db: Session, thread: Claim, source: str, actor: str) -> None:
    """Set what a payer has paid on one sending of the thread against what another is still owed by it."""
    payer_of = {each.claim_control: each.payer_code for each in _submissions(db, thread.case_number)}
    lines = ledger.evened(lines_of_case(db, thread.case_number), payer_of, source)
    post(db, lines, case_number=thread.case_number, payer_code=thread.payer_code, actor=actor)


def _addressed(
    db: Session, submission: ClaimSubmission, claim: RemittedClaim
) -> tuple[str, PayerRank, tuple[SentLine, ...]]:
    """Under which number of the ledger a decision is posted, which payer's it is, and the lines it answers.

    What a payer has passed on comes back from the next one under the number the first one was sent. A reversal is of
    whichever decision has the payer's own number of it.
    """
    number, sent = submission.claim_control, sent_lines(db, submission.claim_control)
    if claim.status in LATER_PAYER and submission.rank == PayerRank.PRIMARY:
        passed_on = lines_of(db, number + PASSED_ON)
        theirs = {line.payer_control for line in standing(passed_on) if line.kind in posting.DECIDED}
        if passed_on and (claim.status != REVERSAL or claim.payer_control in theirs):
            moved = [line for line in passed_on if line.kind is LedgerKind.TRANSFER]
            return number + PASSED_ON, PayerRank.SECONDARY, ledger.sent_to_secondary(sent, moved)
    return number, PayerRank(submission.rank), sent


def _keep(db: Session, record: RemittedClaimRecord, actor: str) -> Posted:
    db.add(record)
    db.flush()
    audit(
        db,
        actor,
        f"remitted_claim.{record.outcome.value}",
        record,
        record.case_number,
        file=record.file_id,
        segment=record.segment,
    )
    return Posted(record.outcome, record.case_number, record.reason)


def _to_person(db: Session, thread: Claim, why: Sequence[NeedsAPerson], actor: str) -> None:
    """Show the thread to a biller, whatever it was waiting for."""
    thread.queue = ExceptionQueue.REMITTANCE.value
    thread.findings = [
        blocking("remittance", each.reason, LOOK_AT_IT, segment=str(each.segment) if each.segment else "")
        for each in why
    ]
    _move(db, thread, C.REMITTANCE_REVIEW, actor, queue=thread.queue)


def _go_on(
    db: Session,
    thread: Claim,
    submission: ClaimSubmission,
    head: RemittanceHead,
    claim: RemittedClaim,
    match: LineMatch,
    result: Postings,
    actor: str,
    *,
    passed_on: bool = False,
) -> None:
    """Where the thread goes after a decision that was posted; ``passed_on``: the second payer's, of what the first one
    has sent on to it."""
    patient = one(db, Patient, thread.patient_id)
    second = coverage_in_force(db, patient, PayerRank.SECONDARY, thread.service_date)
    first = submission.rank == PayerRank.PRIMARY and not passed_on
    outcome = claim_outcomes.outcome_of(claim, result, has_secondary=second is not None and first)
    if outcome.kind is not OutcomeKind.REVERSED:
        thread.decided_on = head.paid_on
        if not passed_on:
            thread.payer_control = claim.payer_control or thread.payer_control
    refresh(db, thread)
    owed = balances(lines_of_case(db, thread.case_number))
    if result.attention and owed.credit_cents:  # what another sending was owed may have taken it up
        _to_person(db, thread, result.attention, actor)
        return
    if outcome.kind is OutcomeKind.NEEDS_A_PERSON:
        _to_person(db, thread, [NeedsAPerson(outcome.reason, claim.segment)], actor)
        return
    if outcome.kind is OutcomeKind.REVERSED:
        _after_reversal(db, thread, submission, actor)
        return
    if _newer_is_on_its_way(db, thread, submission) and owed.payer_cents > 0:
        return  # the thread goes on with the answer to what has replaced this
    if outcome.denied_cents and owed.denied_cents:
        _denied(db, thread, claim, head, actor)
        return
    thread.findings, thread.queue, thread.carc = [], "", ""
    if outcome.kind is OutcomeKind.FORWARDED:
        _pass_on(db, thread, submission, actor)
        return
    if outcome.reason:
        _to_person(db, thread, [NeedsAPerson(outcome.reason, claim.segment)], actor)
        return
    if outcome.secondary_due and owed.patient_cents > 0:
        _claim_from_second(db, thread, submission, head, claim, match, actor)
        return
    settle(db, thread, actor)


def _newer_is_on_its_way(db: Session, thread: Claim, submission: ClaimSubmission) -> bool:
    newest = newest_submission(db, thread.case_number)
    waits = (SubmissionStatus.QUEUED, SubmissionStatus.SENT, SubmissionStatus.RECEIVED, SubmissionStatus.ACCEPTED)
    newer = newest is not None and newest.claim_control != submission.claim_control and newest.status in waits
    return newer and thread.status in (C.SENT, C.ACKNOWLEDGED, C.ACCEPTED)


def _claim_from_second(
    db: Session,
    thread: Claim,
    submission: ClaimSubmission,
    head: RemittanceHead,
    claim: RemittedClaim,
    match: LineMatch,
    actor: str,
) -> None:
    """What the first payer has left to the patient goes to the second one, who must be told what the first decided."""
    kept = _keep_earlier(db, thread, submission, head, claim, match)
    if isinstance(kept, NeedsAPerson):
        _to_person(db, thread, [kept], actor)
        return
    thread.rank, thread.frequency = PayerRank.SECONDARY.value, ClaimFrequency.ORIGINAL.value
    thread.payer_control, thread.eligibility_id = "", None  # the first payer's are nothing to the second
    _move(db, thread, C.RECEIVED, actor, rank=thread.rank)


def _pass_on(db: Session, thread: Claim, submission: ClaimSubmission, actor: str) -> None:
    """The payer has sent the claim to the next one itself: what is left is owed by that one now."""
    number = submission.claim_control
    controls = {line.control_number: line.control_number for line in sent_lines(db, number)}
    moved = ledger.moved_to_secondary(lines_of(db, number), number + PASSED_ON, controls, f"{number}/passed-on")
    if isinstance(moved, NeedsAPerson):
        _to_person(db, thread, [moved], actor)
        return
    if not moved:
        settle(db, thread, actor)  # there is nothing left that the next payer could be asked
        return
    post(db, moved, case_number=thread.case_number, actor=actor)
    refresh(db, thread)
    thread.answer_by = answer_by(thread, Awaited.REMITTANCE)
    _move(db, thread, C.ACCEPTED, actor, forwarded=True)


def newest_submission(db: Session, case_number: str) -> ClaimSubmission | None:
    """The last submission of a thread; answers about earlier ones move nothing any more."""
    return next(iter(_submissions(db, case_number)), None)


def withdraw(db: Session, thread: Claim, number: str, source: str, actor: str = "system") -> bool:
    """Empty the ledger of a submission that another one replaces; says whether that could be done now.

    Of one that was paid, the payer's reversal comes first; until then both are owed.
    """
    undone = ledger.withdrawn(lines_of(db, number), source)
    if isinstance(undone, NeedsAPerson):
        return False
    post(db, undone, case_number=thread.case_number, payer_code=thread.payer_code, actor=actor)
    return True


def _after_reversal(db: Session, thread: Claim, submission: ClaimSubmission, actor: str) -> None:
    """A payer has taken its decision back: what we asked for is done, else the new decision is waited for."""
    newest = newest_submission(db, thread.case_number)
    replaced = newest is not None and newest.claim_control != submission.claim_control
    if newest is not None and replaced:
        withdraw(db, thread, submission.claim_control, f"{newest.claim_control}/replaces", actor)
        refresh(db, thread)
    void = newest is not None and newest.frequency == ClaimFrequency.VOID and newest.rank == submission.rank
    if void and newest is not None and newest.status != SubmissionStatus.REJECTED:
        if balances(lines_of_case(db, thread.case_number)).settled:
            _move(db, thread, C.CLOSED_VOID, actor)
        else:
            _to_person(db, thread, [NeedsAPerson("the payer took its decision back; something else is open")], actor)
        return
    if newest is not None and replaced and newest.status == SubmissionStatus.DECIDED:
        thread.findings, thread.queue = [], ""
        settle(db, thread, actor)  # the new decision came before the old one was taken back
        return
    thread.answer_by = answer_by(thread, Awaited.REMITTANCE)
    if thread.status.is_closed:
        _to_person(
            db, thread, [NeedsAPerson("the payer has taken its decision back after the claim was closed")], actor
        )
        return
    thread.findings, thread.queue = [], ""
    _move(db, thread, C.ACCEPTED, actor, reversed=True)


def _denied(db: Session, thread: Claim, claim: RemittedClaim, head: RemittanceHead, actor: str) -> None:
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
    _move(db, thread, C.DENIED, actor, carc=thread.carc, queue=routed.route.queue if routed else "")


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


def _keep_earlier(
    db: Session,
    thread: Claim,
    submission: ClaimSubmission,
    head: RemittanceHead,
    claim: RemittedClaim,
    match: LineMatch,
) -> NeedsAPerson | None:
    """Keep what the first payer decided for the second one's claim; NeedsAPerson where it cannot be told."""
    patient = one(db, Patient, thread.patient_id)
    row = coverage_in_force(db, patient, PayerRank.PRIMARY, thread.service_date)
    if row is None:
        return NeedsAPerson("the first insurance is not on record for the date: the second payer cannot be told of it")
    own = db.get(PatientBilling, patient.id)
    facts = coverage_facts(row, address_of(own))
    subscriber = Subscriber(
        person=facts.subscriber or person_of(patient, own),
        member_id=facts.member_id,
        address=facts.subscriber_address or address_of(own),
        rank=PayerRank.PRIMARY,
        relationship=facts.relationship,
        group_number=facts.group_number,
    )
    payer = billing.tables().payer(submission.payer_code, thread.service_date)
    if payer is None:
        return NeedsAPerson("the first payer is not in the billing tables: the second one cannot be told of it")
    numbers = {line.control_number: index for index, line in enumerate(sent_lines(db, submission.claim_control), 1)}
    named = PayerName(payer.name, payer.payer_id)
    known = claim_outcomes.earlier_payment(head, claim, match, numbers, named, subscriber)
    if isinstance(known, NeedsAPerson):
        return known
    therapy_store_claims.change(thread.case_number, {"earlier_payments": [earlier_to_plain(known)]}, "system")
    return None


def settle(db: Session, thread: Claim, actor: str, **details: Any) -> None:
    """Close a thread on which nothing is owed any more, or have the patient told what they owe."""
    refresh(db, thread)
    owed = balances(lines_of_case(db, thread.case_number))
    if owed.payer_cents or owed.denied_cents or owed.patient_cents < 0:
        sides = f"payer {owed.payer_cents}, denied {owed.denied_cents}, patient {owed.patient_cents} cents"
        _to_person(db, thread, [NeedsAPerson(f"after this decision something is left open: {sides}")], actor)
    elif owed.patient_cents:
        _move(db, thread, C.PATIENT_BALANCE, actor, cents=owed.patient_cents, **details)
    else:
        _move(db, thread, C.CLOSED_PAID, actor, **details)


def owed_by(db: Session, case_number: str) -> list[tuple[str, LedgerAccount, int]]:
    """What is open on a thread: number of the ledger, account, cents; nothing that is even."""
    sums: dict[tuple[str, LedgerAccount], int] = {}
    for line in lines_of_case(db, case_number):
        key = (line.claim_number, line.account)
        sums[key] = sums.get(key, 0) + line.amount_cents
    return [(number, account, cents) for (number, account), cents in sorted(sums.items()) if cents]


def could_give_up(db: Session, case_number: str) -> int:
    """The cents that giving up everything owed on a thread would cost."""
    return sum(cents for *_, cents in owed_by(db, case_number) if cents > 0)


def post_write_off(db: Session, thread: Claim, *, source: str, actor: str) -> int:
    """Give up everything that is still owed on a thread; returns the cents given up."""
    lines = [
        ledger.written_off(number, account, cents, f"{source}/{number}/{account.value}", reason="given_up")
        for number, account, cents in owed_by(db, thread.case_number)
        if cents > 0
    ]
    post(db, lines, case_number=thread.case_number, payer_code=thread.payer_code, actor=actor)
    given_up = -sum(line.amount_cents for line in lines)
    thread.write_off_cents += given_up
    refresh(db, thread)
    return given_up


def _move(db: Session, thread: Claim, to: ClaimStatus, actor: str, **details: Any) -> None:
    """Move a thread on where a decision came, wherever it stands.

    One that was closed is opened first; one that was on its way out again is stopped, because what it would ask for is
    decided.
    """
    if thread.status == to:
        db.add(thread)
        return
    for between in way(thread.status, to)[:-1]:
        move_case(db, thread, between, actor=actor, why="decided meanwhile")
    move_case(db, thread, to, actor=actor, **details)


def way(old: ClaimStatus, to: ClaimStatus) -> tuple[ClaimStatus, ...]:
    """Through which statuses a thread comes to where a decision sends it, that one last."""
    steps: list[ClaimStatus] = []
    for between in (C.REMITTANCE_REVIEW, C.CORRECTION):
        if to not in CLAIM[old] and between in CLAIM[old]:
            steps.append(between)
            old = between
    return (*steps, to)


def answer_by(thread: Claim, awaited: Awaited, since: datetime | None = None) -> datetime:
    """Until when an answer of this kind may take; without a contract on file, ten days."""
    moment = since or utc_now()
    contract = billing.tables().contract(thread.payer_code, thread.service_date)
    if contract is None:
        return moment + timedelta(days=10)
    return deadlines.answer_due(contract, awaited, moment)
