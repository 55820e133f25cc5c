"""Files to and from the clearinghouse: what is ready leaves once, what comes back is put on record and taken in."""

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from sqlmodel import Session, col, select

from acts import billing
from acts.claim_money import (
    Posting,
    answer_by,
    lines_of,
    lines_of_cases,
    post,
    post_all,
    refresh,
    sent_lines,
    set_sums,
    withdraw,
)
from acts.clearinghouse_files import queue_file
from acts.visit_payments import onto_first_sending
from adapters import file_drop, received_files, therapy_store, therapy_store_claims, x12
from adapters import operational_store as store
from adapters.claim_values import form_from_plain
from adapters.clearinghouse import Carrier, carrier
from adapters.file_drop import DroppedFile
from adapters.held_places import not_held
from adapters.log_lines import log_of
from adapters.settings import settings
from models.billing import PracticeBilling
from models.claim_codes import CLEARINGHOUSE, ExceptionQueue, FileKind, FileStatus, SubmissionStatus
from models.claim_findings import blocking
from models.claim_form import ClaimForm, ClaimFrequency, Envelope, PayerRank
from models.codes import ApprovalKind, ApprovalStatus, ClaimStatus, Verdict
from models.columns import utc_now
from models.errors import (
    ContractBroken,
    NotSignedOff,
    OutsideRefused,
    OutsideUnavailable,
    SignatureMismatch,
    X12Broken,
)
from models.governance_codes import Workflow
from models.ledger import LedgerAccount, LedgerKind, LedgerLine
from models.operational import (
    Approval,
    Claim,
    ClaimSubmission,
    ClearinghouseFile,
    Decision,
    EligibilityCheck,
    IntakeFile,
    SessionNote,
    SubmittedLine,
)
from models.remittance import NeedsAPerson, SentLine
from rules import ledger, sign_off
from rules.deadlines import Awaited
from tasks import claim_receipts, coverage_checks, remittances
from tasks.steps import step

log = log_of(__name__)

C = ClaimStatus
WHERE = "send claims"
SECONDARY = "secondary"
LOOK_AT_IT = "Compare what the first payer decided with the claim: bill the patient, or write it off."
MOST_IN_A_FILE = 1000
BACKOFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1))
IN_THEIR_BOOKS = (SubmissionStatus.DECIDED, SubmissionStatus.ACCEPTED, SubmissionStatus.RECEIVED)
SIGNATURES = {"clinician": ApprovalKind.CLAIM_CLINICAL, "biller": ApprovalKind.CLAIM}


# -- out


@step("batch claims")
def batch(location: str = "all", now: datetime | None = None) -> int:
    """Put the claims that are ready into one file: claim numbers, the file's control number, the ledger's charges and
    the claims' moves are one transaction. Returns how many claims.

    A claim whose note or content is no longer what was signed goes back to be built again, and to its signer.
    """
    moment = now or utc_now()
    practice = billing.tables().practice(moment.date())
    if practice is None:
        return 0
    with store.reading() as db:
        query = (
            select(Claim)
            .where(Claim.status == C.READY_TO_SEND, not_held(Workflow.CLAIMS, Claim.location_id))
            .order_by(col(Claim.file_by), Claim.case_number)
        )
        if location != "all":
            query = query.where(Claim.location_id == location)
        ready = db.exec(query.limit(MOST_IN_A_FILE)).all()
    forms = _checked(ready, moment)
    if not forms:
        return 0
    with store.writing() as db:
        return _take(db, forms, practice, moment)


def _checked(ready: list[Claim] | Any, now: datetime) -> dict[str, ClaimForm]:
    """The forms of those claims that may leave, by case: sign what you send."""
    texts = therapy_store_claims.contents([claim.content_id for claim in ready], actor="system", where=WHERE)
    with store.reading() as db:
        notes = dict(
            db.exec(
                select(SessionNote.case_number, Decision)
                .join(Decision, col(Decision.id) == col(SessionNote.signed_decision_id))
                .where(col(SessionNote.case_number).in_([claim.session_number for claim in ready]))
            ).all()
        )
    forms = {}
    for claim in ready:
        text = texts[claim.content_id].unwrap() if claim.content_id in texts else ""
        try:
            content = _signed_content(claim, text, notes.get(claim.session_number))
        except (NotSignedOff, SignatureMismatch) as refusal:
            log.warning("a claim is built again", case=claim.case_number, trouble=refusal)
            with store.writing() as db:
                present = db.get_one(Claim, claim.case_number, with_for_update=True)
                if present.status == C.READY_TO_SEND:
                    store.move_case(db, present, C.READY_TO_BUILD, actor="system", why=type(refusal).__name__)
            continue
        forms[claim.case_number] = form_from_plain(content["form"])
    return forms


def _signed_content(claim: Claim, text: str, note: Decision | None) -> dict[str, Any]:
    """The content of a claim if it is what was signed, note and claim; raises NotSignedOff or SignatureMismatch."""
    if sign_off.digest(text) != claim.content_digest:
        raise SignatureMismatch(f"claim {claim.case_number} is not what was built")
    content = dict(json.loads(text))
    if note is None or note.signed_digest != content["facts"]["note_digest"]:
        raise SignatureMismatch(f"the note of claim {claim.case_number} is not what the claim was built from")
    needed = [kind for side, kind in SIGNATURES.items() if content[side]]
    if needed:
        with store.reading() as db:
            for kind in needed:
                _must_be_signed(db, claim, kind)
    return content


def _must_be_signed(db: Session, claim: Claim, kind: ApprovalKind) -> None:
    """A decision that approved exactly this content, whoever's signature it is."""
    found = db.exec(
        select(Decision)
        .join(Approval, col(Approval.id) == col(Decision.approval_id))
        .where(
            Approval.case_number == claim.case_number,
            Approval.kind == kind,
            Approval.status == ApprovalStatus.DECIDED,
            Decision.verdict == Verdict.APPROVE,
        )
    ).all()
    if not found:
        raise NotSignedOff(f"claim {claim.case_number} lacks a signature ({kind.value})")
    for decision in found:
        words = therapy_store.decision_words(decision.id, actor="system", where=WHERE)
        signed = words.signed_content.unwrap()
        if sign_off.digest(signed) != decision.signed_digest:
            raise SignatureMismatch(f"decision {decision.id} signed something else")
        if json.loads(signed).get("content_digest") == claim.content_digest:
            return
    raise NotSignedOff(f"claim {claim.case_number} was changed after its signature ({kind.value})")


def _take(db: Session, forms: dict[str, ClaimForm], practice: PracticeBilling, now: datetime) -> int:
    claims = db.exec(
        select(Claim)
        .where(col(Claim.case_number).in_(list(forms)), Claim.status == C.READY_TO_SEND)
        .where(not_held(Workflow.CLAIMS, Claim.location_id))  # again: somebody may have demoted it meanwhile
        .order_by(col(Claim.case_number))
        .with_for_update()
    ).all()
    earlier: dict[str, list[ClaimSubmission]] = {claim.case_number: [] for claim in claims}
    for each in db.exec(
        select(ClaimSubmission)
        .where(col(ClaimSubmission.case_number).in_(list(earlier)))
        .order_by(col(ClaimSubmission.number))
    ).all():
        earlier[each.case_number].append(each)
    passed_on = _passed_on(db, claims, forms, earlier)
    claims = [claim for claim in claims if claim.status == C.READY_TO_SEND]
    if not claims:
        return 0
    due = min(answer_by(claim, Awaited.ACKNOWLEDGEMENT, now) for claim in claims)
    file = queue_file(db, FileKind.CLAIMS, practice.submitter_id, len(claims), now, answer_by=due)
    for claim in claims:
        _submit(db, claim, forms[claim.case_number], file, earlier[claim.case_number], now)
    db.flush()
    _charge_all(db, claims, forms, earlier, passed_on, now)
    for claim in claims:
        claim.first_sent_at = claim.first_sent_at or now
        claim.answer_by = answer_by(claim, Awaited.ACKNOWLEDGEMENT, now)
        claim.findings, claim.queue = [], ""
        db.add(claim)
    details = {
        claim.case_number: {
            "file": file.id,
            "control": file.control_number,
            "claim_control": forms[claim.case_number].claim_number,
            "digest": claim.content_digest,
        }
        for claim in claims
    }
    store.move_cases(db, claims, C.SENT, actor="system", details=details)
    return len(claims)


def _submit(
    db: Session,
    claim: Claim,
    form: ClaimForm,
    file: ClearinghouseFile,
    earlier_ones: list[ClaimSubmission],
    now: datetime,
) -> None:
    submission = ClaimSubmission(
        claim_control=form.claim_number,
        case_number=claim.case_number,
        number=len(earlier_ones) + 1,
        file_id=file.id,
        content_id=claim.content_id,
        content_digest=claim.content_digest,
        payer_code=claim.payer_code,
        rank=claim.rank,
        frequency=claim.frequency,
        charge_cents=form.charge_cents,
        sent_by="system",
        at=now,
    )
    for earlier in earlier_ones:
        if earlier.rank == claim.rank and earlier.status in IN_THEIR_BOOKS:
            earlier.status = SubmissionStatus.REPLACED
            db.add(earlier)
    db.add(submission)
    for line, sent in zip(form.lines, _sent(form), strict=True):
        db.add(
            SubmittedLine(
                control_number=line.control_number,
                claim_control=form.claim_number,
                number=line.number,
                procedure_code=line.procedure_code,
                modifiers=list(line.modifiers),
                units=line.units,
                charge_cents=line.charge_cents,
                service_date=line.service_date,
                earlier_cents=sent.earlier_cents,
            )
        )


def _passed_on(
    db: Session, claims: Sequence[Claim], forms: dict[str, ClaimForm], earlier: dict[str, list[ClaimSubmission]]
) -> dict[str, Sequence[LedgerLine]]:
    """What a payer after the first is asked for, by case. A claim of which that cannot be said goes to a biller before
    a file is made, and keeps nobody else's claim from leaving."""
    found: dict[str, Sequence[LedgerLine]] = {}
    for claim in claims:
        if claim.rank == PayerRank.PRIMARY or claim.frequency == ClaimFrequency.VOID:
            continue
        own = [each for each in earlier[claim.case_number] if each.rank == claim.rank]
        before = own[-1] if own else earlier[claim.case_number][-1]
        form = forms[claim.case_number]
        moved = _moved(db, before, form.claim_number, _sent(form), again=bool(own))
        if isinstance(moved, NeedsAPerson):
            claim.queue = ExceptionQueue.CHECKS.value
            claim.findings = [blocking(SECONDARY, moved.reason, LOOK_AT_IT)]
            store.move_case(db, claim, C.CORRECTION, actor="system", why=SECONDARY)
        else:
            found[claim.case_number] = moved
    return found


def _charge_all(
    db: Session,
    claims: Sequence[Claim],
    forms: dict[str, ClaimForm],
    earlier: dict[str, list[ClaimSubmission]],
    passed_on: dict[str, Sequence[LedgerLine]],
    now: datetime,
) -> None:
    """What each sending is owed: those sent for the first time together, what replaces or follows one by itself."""
    first, charged = [], []
    for claim in claims:
        form = forms[claim.case_number]
        if claim.rank != PayerRank.PRIMARY or claim.frequency == ClaimFrequency.VOID or earlier[claim.case_number]:
            _charge(db, claim, form, earlier[claim.case_number], passed_on, now)
            continue
        lines = ledger.charges(form.claim_number, _sent(form))
        charged.append((claim, lines))
    paid = onto_first_sending(db, [(claim, lines[0].claim_number) for claim, lines in charged])
    for claim, lines in charged:
        posted = (*lines, *paid.get(claim.case_number, ()))
        first.append((claim, Posting(posted, claim.case_number, claim.payer_code, now)))
    post_all(db, [posting for _, posting in first])
    # with what stands there already: a claim that was dropped, and is sent after all, may owe a payment back
    standing = lines_of_cases(db, [claim.case_number for claim, _ in first])
    for claim, _ in first:
        set_sums(db, claim, standing[claim.case_number])


def _sent(form: ClaimForm) -> list[SentLine]:
    """The lines as they are sent, each with what payers before this one have paid or taken off for good."""
    return [
        SentLine(
            control_number=line.control_number,
            procedure_code=line.procedure_code,
            modifiers=line.modifiers,
            charge_cents=line.charge_cents,
            units=line.units,
            earlier_cents=sum(
                payment.line_paid.get(line.number, 0)
                + sum(each.amount_cents for each in payment.line_adjustments.get(line.number, ()) if each.group != "PR")
                for payment in form.earlier_payments
            ),
        )
        for line in form.lines
    ]


def _charge(
    db: Session,
    claim: Claim,
    form: ClaimForm,
    earlier: list[ClaimSubmission],
    passed_on: dict[str, Sequence[LedgerLine]],
    now: datetime,
) -> None:
    """What this sending is owed; what an earlier one was owed, and was not paid, is not owed twice."""
    if claim.frequency == ClaimFrequency.VOID:
        return
    if claim.rank == PayerRank.PRIMARY:
        number, own = form.claim_number, [each for each in earlier if each.rank == claim.rank]
        if own:
            withdraw(db, claim, own[-1].claim_control, f"{number}/replaces")
        new: Sequence[LedgerLine] = ledger.charges(number, _sent(form))
    else:
        new = passed_on[claim.case_number]
    post(db, new, case_number=claim.case_number, payer_code=claim.payer_code, at=now)
    refresh(db, claim)


def _moved(
    db: Session, before: ClaimSubmission, number: str, lines: list[SentLine], *, again: bool
) -> Sequence[LedgerLine] | NeedsAPerson:
    """What the first payer left to the patient is owed by the second; sent again, it moves on to the new number."""
    sent = sent_lines(db, before.claim_control)
    controls = {old.control_number: new.control_number for old, new in zip(sent, lines, strict=False)}
    standing = lines_of(db, before.claim_control)
    if not again:
        return ledger.moved_to_secondary(standing, number, controls, f"{number}/moved")
    reopened = ledger.reopened(standing, f"{number}/reopened")
    owed: dict[str, int] = {}
    for line in (*standing, *reopened):
        if line.account is LedgerAccount.PAYER:
            owed[line.line_control] = owed.get(line.line_control, 0) + line.amount_cents
    moved = list(reopened)
    for part, (control, cents) in enumerate(sorted(owed.items())):
        pair = ((before.claim_control, control, -cents), (number, controls.get(control, ""), cents))
        moved += [
            LedgerLine(
                claim,
                LedgerAccount.PAYER,
                LedgerKind.TRANSFER,
                amount,
                f"{number}/moved",
                2 * part + index,
                line_control,
            )
            for index, (claim, line_control, amount) in enumerate(pair, 1)
            if cents
        ]
    return moved


@step("send files")
def send_queued(now: datetime | None = None) -> int:
    """Hand every queued file to the clearinghouse; returns how many left.

    The same file is written the same way however often: its moment and control number are on record, and its digest is
    compared before it leaves again. A file with something of a held location in it waits whole: it cannot be cut, for
    its number and its claims' charges are on record.
    """
    moment = now or utc_now()
    with store.reading() as db:
        waiting = db.exec(
            select(ClearinghouseFile.id)
            .where(
                col(ClearinghouseFile.outgoing).is_(True),
                ClearinghouseFile.status == FileStatus.QUEUED,
                col(ClearinghouseFile.not_before) <= moment,
                col(ClearinghouseFile.id).not_in(of_held_places()),
            )
            .order_by(col(ClearinghouseFile.control_number))
        ).all()
    return sum(_send(file_id, moment) for file_id in waiting)


def of_held_places() -> Any:
    """The queued files that hold a claim, or a question about coverage, of a location where claims are held."""
    claims = (
        select(ClaimSubmission.file_id)
        .join(Claim, col(Claim.case_number) == col(ClaimSubmission.case_number))
        .where(~not_held(Workflow.CLAIMS, Claim.location_id), ClaimSubmission.status == SubmissionStatus.QUEUED)
    )
    questions = select(EligibilityCheck.file_id).where(
        ~not_held(Workflow.CLAIMS, EligibilityCheck.location_id),
        col(EligibilityCheck.file_id).is_not(None),
        col(EligibilityCheck.answered_at).is_(None),
    )
    return claims.union_all(questions)


def _send(file_id: str, now: datetime) -> int:
    with store.reading() as db:
        file = store.one(db, ClearinghouseFile, file_id)
    try:
        data = write_file(file).encode("ascii")
        _same_as_before(file, data)
        if settings().claims_second_opinion and file.kind == FileKind.CLAIMS:
            _ask_second_opinion(data)
        carrier().send(file.name, data)
    except OutsideUnavailable as trouble:
        return _try_later(file, trouble, now)
    except (OutsideRefused, ContractBroken, SignatureMismatch) as refusal:
        _refuse_ours(file, str(refusal), now)
        return 0
    with store.writing() as db:
        present = db.get_one(ClearinghouseFile, file_id, with_for_update=True)
        if present.status != FileStatus.QUEUED:
            return 0
        present.status, present.sent_at, present.attempts = FileStatus.SENT, now, present.attempts + 1
        db.add(present)
        for submission in db.exec(select(ClaimSubmission).where(ClaimSubmission.file_id == file_id)).all():
            if submission.status == SubmissionStatus.QUEUED:
                submission.status = SubmissionStatus.SENT
                db.add(submission)
        store.audit(db, "system", "file.sent", present, kind=present.kind.value, digest=present.digest or "")
    return 1


def write_file(file: ClearinghouseFile) -> str:
    """One of our files as text, from what is on record; the same every time."""
    practice = billing.tables().practice(file.at.date())
    if practice is None or file.control_number is None:
        raise OutsideRefused(f"file {file.id}: the practice's billing data of its day are gone")
    envelope = Envelope(
        sender_id=practice.submitter_id,
        receiver_id=practice.receiver_id,
        control_number=file.control_number,
        at=file.at,
        submitter_name=practice.billing.name,
        contact_name=practice.contact_name,
        contact_phone=practice.contact_phone,
        receiver_name=practice.receiver_name,
        sender_qualifier=practice.submitter_qualifier,
        receiver_qualifier=practice.receiver_qualifier,
        usage=settings().claim_usage,
    )
    if file.kind == FileKind.CLAIMS:
        return x12.write_837(envelope, forms_of(file.id))
    with store.reading() as db:
        checks = db.exec(
            select(EligibilityCheck).where(EligibilityCheck.file_id == file.id).order_by(col(EligibilityCheck.id))
        ).all()
        requests = coverage_checks.requests_of(db, checks)
    return x12.write_270(envelope, [each for each in requests.values() if each is not None])


def forms_of(file_id: str) -> list[ClaimForm]:
    """The claims of one of our files in its order, exactly as they were built. Raises SignatureMismatch."""
    with store.reading() as db:
        submissions = db.exec(
            select(ClaimSubmission).where(ClaimSubmission.file_id == file_id).order_by(col(ClaimSubmission.case_number))
        ).all()
    ids = [each.content_id for each in submissions]
    texts = therapy_store_claims.contents(ids, actor="system", where=WHERE)
    forms = []
    for each in submissions:
        text = texts[each.content_id].unwrap() if each.content_id in texts else ""
        if sign_off.digest(text) != each.content_digest:
            raise SignatureMismatch(f"submission {each.claim_control} is not what was built")
        forms.append(form_from_plain(json.loads(text)["form"]))
    return forms


def _same_as_before(file: ClearinghouseFile, data: bytes) -> None:
    digest = hashlib.sha256(data).hexdigest()
    with store.writing() as db:
        present = db.get_one(ClearinghouseFile, file.id, with_for_update=True)
        if present.digest is None:
            present.digest = digest
            db.add(present)
            store.audit(db, "system", "file.written", present, digest=digest, bytes=len(data))
        elif present.digest != digest:
            raise SignatureMismatch(f"file {file.id} would not be what was written before")


def _ask_second_opinion(data: bytes) -> None:
    if against := x12.second_opinion(data.decode("ascii")):
        raise OutsideRefused(f"pyx12 refuses this file: {'; '.join(against[:5])}")


def _try_later(file: ClearinghouseFile, trouble: OutsideUnavailable, now: datetime) -> int:
    with store.writing() as db:
        present = db.get_one(ClearinghouseFile, file.id, with_for_update=True)
        present.attempts += 1
        present.problem = f"{type(trouble).__name__}: {trouble}"
        present.not_before = now + BACKOFF[min(present.attempts, len(BACKOFF)) - 1]
        db.add(present)
        store.audit(db, "system", "file.not_sent", present, attempts=present.attempts)
    return 0


def _refuse_ours(file: ClearinghouseFile, why: str, now: datetime) -> None:
    """A file of ours that cannot leave: its claims go to a biller with the reason, nothing of it was sent."""
    with store.writing() as db:
        present = db.get_one(ClearinghouseFile, file.id, with_for_update=True)
        if present.status != FileStatus.QUEUED:
            return
        present.status, present.problem, present.finished_at = FileStatus.REJECTED, why[:500], now
        db.add(present)
        store.audit(db, "system", "file.refused", present, why=why[:200])
        claim_receipts.give_back(db, present, [_finding(why)])


def _finding(why: str) -> dict[str, str]:
    return blocking(
        "file",
        f"The file with this claim could not leave: {why[:200]}",
        "Correct what is named, then have the claim built again.",
    )


# -- in


@step("fetch files")
def fetch() -> list[str]:
    """Put every whole file of the clearinghouse on record and take it out of the drop; returns the ids to take in.

    The same bytes again are known and put away; files a crash has left half-way are among those returned.
    """
    through = carrier()
    for found in through.fetch():
        _receive(through, found)
    with store.reading() as db:
        return list(
            db.exec(
                select(ClearinghouseFile.id)
                .where(col(ClearinghouseFile.outgoing).is_(False), ClearinghouseFile.status == FileStatus.RECEIVED)
                .order_by(col(ClearinghouseFile.at), col(ClearinghouseFile.name), col(ClearinghouseFile.id))
            ).all()
        )


def _receive(through: Carrier, found: DroppedFile) -> None:
    file_id = f"XF-{found.digest[:16]}"
    with store.writing() as db:
        known = db.exec(select(IntakeFile).where(IntakeFile.digest == found.digest)).first()
        if known is not None:
            store.audit(db, "system", "file.duplicate", known, kind=CLEARINGHOUSE)
        else:
            db.add(IntakeFile(id=file_id, digest=found.digest, kind=CLEARINGHOUSE))
            file = ClearinghouseFile(
                id=file_id,
                outgoing=False,
                kind=FileKind.UNKNOWN,
                name=file_drop.plain_name(found.name),
                digest=found.digest,
                status=FileStatus.RECEIVED,
            )
            db.add(file)
            db.flush()
            store.audit(db, "system", "file.received", file, kind=CLEARINGHOUSE)
    file_drop.settle(found, settings().received_folder)
    through.done(found)


@step("take in a file")
def take_in(file_id: str, now: datetime | None = None) -> str:
    """Read one received file whole before anything of it counts, then apply it; returns what became of it.

    A file that breaks its syntax, is not for us, repeats a control number or does not add up is refused, whole, with
    file, segment and element; nothing of it counts.
    """
    moment = now or utc_now()
    with store.reading() as db:
        file = store.one(db, ClearinghouseFile, file_id)
        received = store.one(db, IntakeFile, file_id)
    if file.status != FileStatus.RECEIVED:
        return file.status.value
    opened = received_files.opened(received)
    if opened is None:
        _finish(file_id, FileStatus.REFUSED, moment, "the file has gone from the received folder", None)
        return FileStatus.REFUSED.value
    try:
        with opened as stream:
            counted = _apply(file_id, stream, moment)
    except ContractBroken as refusal:
        segment = refusal.segment if isinstance(refusal, X12Broken) else refusal.row
        _finish(file_id, FileStatus.REFUSED, moment, str(refusal), segment)
        status = FileStatus.REFUSED
    else:
        _finish(file_id, FileStatus.TAKEN_IN, moment, "", None, counted)
        status = FileStatus.TAKEN_IN
    with store.reading() as db:
        received_files.put_away(store.one(db, IntakeFile, file_id))
    return status.value


TAKERS: dict[str, tuple[FileKind, Callable[[str, BinaryIO, datetime], int]]] = {
    "999": (FileKind.RECEIPT, claim_receipts.take_receipts),
    "277CA": (FileKind.CLAIM_RECEIPT, claim_receipts.take_claim_receipts),
    "835": (FileKind.REMITTANCE, remittances.take),
    "271": (FileKind.COVERAGE_ANSWERS, claim_receipts.take_coverage_answers),
}


def _apply(file_id: str, stream: BinaryIO, now: datetime) -> int:
    head = x12.head_of(stream)
    practice = billing.tables().practice(now.date())
    if practice is not None and head.receiver_id != practice.submitter_id:
        raise X12Broken("segment 1 (ISA): this file is for another receiver", segment=1, element="ISA08")
    if head.kind not in TAKERS:
        raise X12Broken(f"segment 3 (ST): a file of kind {head.kind} is not read here", segment=3, element="ST01")
    kind, take = TAKERS[head.kind]
    with store.writing() as db:
        again = db.exec(
            select(ClearinghouseFile.id).where(
                col(ClearinghouseFile.outgoing).is_(False),
                ClearinghouseFile.sender_id == head.sender_id,
                ClearinghouseFile.control_number == head.control_number,
                ClearinghouseFile.kind == kind,
                ClearinghouseFile.status == FileStatus.TAKEN_IN,
                ClearinghouseFile.id != file_id,
            )
        ).first()
        if again is not None:
            raise X12Broken(
                f"segment 1 (ISA): this control number was used before, by file {again}", segment=1, element="ISA13"
            )
        file = db.get_one(ClearinghouseFile, file_id, with_for_update=True)
        file.kind, file.sender_id, file.control_number = kind, head.sender_id, head.control_number
        db.add(file)
    return take(file_id, stream, now)


def _finish(file_id: str, status: FileStatus, now: datetime, problem: str, segment: int | None, count: int = 0) -> None:
    with store.writing() as db:
        file = db.get_one(ClearinghouseFile, file_id, with_for_update=True)
        if file.status != FileStatus.RECEIVED:
            return
        file.status, file.finished_at, file.problem, file.segment = status, now, problem[:500], segment
        file.count = count or file.count
        db.add(file)
        received = store.one(db, IntakeFile, file_id)
        received.finished_at = now
        received.refused_reason = problem[:500] or None
        db.add(received)
        store.audit(db, "system", f"file.{status.value}", file, kind=file.kind.value, segment=segment or 0)


@step("take in files")
def take_in_all(now: datetime | None = None) -> dict[str, int]:
    """Fetch and take in whatever the clearinghouse has left, oldest first; returns counts by what became of them."""
    counts: dict[str, int] = {}
    for file_id in fetch.fn():
        outcome = take_in.fn(file_id, now)
        counts[outcome] = counts.get(outcome, 0) + 1
    return counts
