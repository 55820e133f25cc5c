"""Takes in what says that our files and claims have arrived: 999, 277CA, and coverage answers (271)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from io import BytesIO
from typing import Any, BinaryIO

from sqlmodel import Session, col, select

from acts.claim_money import answer_by, newest_submission
from adapters import operational_store as store
from adapters import x12
from models.claim_answers import ClaimAcknowledgement, GroupAcknowledgement, SetAcknowledgement
from models.claim_codes import ExceptionQueue, FileKind, FileStatus, SubmissionStatus
from models.claim_findings import blocking
from models.codes import ClaimStatus
from models.operational import Claim, ClaimSubmission, ClearinghouseFile, EligibilityCheck
from rules import claim_answers
from rules.claim_answers import Answer, Received
from rules.deadlines import Awaited
from tasks import coverage_checks
from tasks.claim_building import to_correction

C = ClaimStatus
AT_ONCE = 500
ON_ITS_WAY = (C.SENT, C.ACKNOWLEDGED, C.ACCEPTED)


def is_looked_for(claim: Claim) -> bool:
    """Whether somebody looks why nothing came."""
    return claim.status == C.CORRECTION and claim.queue == ExceptionQueue.NO_ANSWER.value


def is_on_its_way(claim: Claim) -> bool:
    """Whether an answer about arrival still tells something: it was sent, or somebody looks why nothing came."""
    return claim.status in ON_ITS_WAY or is_looked_for(claim)


# -- 999


def take_receipts(file_id: str, stream: BinaryIO, now: datetime) -> int:
    """Apply each 999 of a file to the file of ours it is about; returns how many were."""
    whole = list(x12.read_999(stream))  # a file that is cut short must change nothing
    for each in whole:
        _take_receipt(file_id, each, now)
    return len(whole)


def _take_receipt(file_id: str, receipt: GroupAcknowledgement, now: datetime) -> None:
    with store.writing() as db:
        ours = _our_file(db, receipt)
        if ours is None:
            store.audit(db, "system", "receipt.of_nothing", ("clearinghouse_file", file_id), segment=receipt.segment)
            return
        if ours.status != FileStatus.SENT:
            return  # heard before, or from a file of ours that never left
        refused = [one for one in receipt.sets if not one.accepted]
        if not receipt.sets and receipt.outcome not in ("A", "E", "P"):
            refused = [SetAcknowledgement("", "", receipt.outcome, (), receipt.segment)]
        ours.status = FileStatus.REJECTED if refused else FileStatus.ANSWERED
        ours.finished_at = now
        db.add(ours)
        store.audit(db, "system", f"file.{ours.status.value}", ours, receipt=file_id, outcome=receipt.outcome)
        if not refused:
            _arrived(db, ours, now)
        elif ours.kind == FileKind.CLAIMS:
            _refused(db, ours, refused)
        else:
            _ask_a_person(db, ours, now)


def _our_file(db: Session, receipt: GroupAcknowledgement) -> ClearinghouseFile | None:
    control = receipt.group_control.strip()
    if not control.isdigit():
        return None
    return db.exec(
        select(ClearinghouseFile)
        .where(col(ClearinghouseFile.outgoing).is_(True), ClearinghouseFile.control_number == int(control))
        .with_for_update()
    ).first()


def _arrived(db: Session, ours: ClearinghouseFile, now: datetime) -> None:
    submissions = _submissions(db, ours.id)
    for submission in submissions:
        if submission.status in (SubmissionStatus.QUEUED, SubmissionStatus.SENT):
            submission.status, submission.received_at = SubmissionStatus.RECEIVED, now
            db.add(submission)
    claims = db.exec(
        select(Claim)
        .where(col(Claim.case_number).in_({submission.case_number for submission in submissions}))
        .order_by(col(Claim.case_number))
        .with_for_update()
    ).all()
    moving = [claim for claim in claims if claim.status == C.SENT or is_looked_for(claim)]
    for claim in moving:
        claim.answer_by, claim.queue, claim.findings = answer_by(claim, Awaited.CLAIM_ACKNOWLEDGEMENT, now), "", []
        db.add(claim)
    details = {claim.case_number: {"file": ours.id} for claim in moving}
    store.move_cases(db, moving, C.ACKNOWLEDGED, actor="system", details=details)


def _submissions(db: Session, file_id: str) -> list[ClaimSubmission]:
    return list(
        db.exec(
            select(ClaimSubmission)
            .where(ClaimSubmission.file_id == file_id)
            .order_by(col(ClaimSubmission.case_number))
            .with_for_update()
        ).all()
    )


def _refused(db: Session, ours: ClearinghouseFile, refused: list[SetAcknowledgement]) -> None:
    """A set that was refused was never filed: whose fault it names is corrected, the others go again by themselves."""
    guilty = _guilty(ours, refused)
    for submission in _submissions(db, ours.id):
        submission.status = SubmissionStatus.REJECTED
        db.add(submission)
        claim = db.get_one(Claim, submission.case_number, with_for_update=True)
        if not is_on_its_way(claim):
            continue
        if guilty and submission.claim_control not in guilty:
            store.move_case(db, claim, C.READY_TO_BUILD, actor="system", why="file_refused", file=ours.id)
            continue
        faults = guilty.get(submission.claim_control) or [
            fault for one in refused for fault in faults_of(claim_answers.read_set(one))
        ]
        to_correction(db, claim, ExceptionQueue.REJECTION, faults)


def _guilty(ours: ClearinghouseFile, refused: list[SetAcknowledgement]) -> dict[str, list[dict[str, str]]]:
    """Which of our claims the refused segments belong to, by the place in the set that the 999 names.

    Empty where that cannot be told of every fault: then every claim of the file is looked at.
    """
    from tasks.claim_files import write_file

    segments = [number_and_words for number_and_words in x12.Segments(BytesIO(write_file(ours).encode("ascii")))]
    starts = [index for index, (_, words) in enumerate(segments) if words[0] == "ST"]
    found: dict[str, list[dict[str, str]]] = {}
    for one in refused:
        named = [index for index in starts if segments[index][1][2].lstrip("0") == one.set_control.lstrip("0")]
        if not one.errors or not named:
            return {}
        answers = faults_of(claim_answers.read_set(one))
        for error, fault in zip(one.errors, answers, strict=False):
            control = _claim_at(segments, named[0] + error.position - 1)
            if control is None:
                return {}
            found.setdefault(control, []).append(fault)
    return found


def _claim_at(segments: list[Any], index: int) -> str | None:
    """The claim number of the CLM segment at or before this place of the file; None before the first claim."""
    for _, words in reversed(segments[: index + 1]):
        if words[0] == "CLM":
            return str(words[1])
        if words[0] in ("ST", "HL"):
            return None
    return None


def _ask_a_person(db: Session, ours: ClearinghouseFile, now: datetime) -> None:
    """Coverage questions that were refused as a file are unknown: a person asks."""
    checks = db.exec(
        select(EligibilityCheck).where(EligibilityCheck.file_id == ours.id, col(EligibilityCheck.answered_at).is_(None))
    ).all()
    for check in checks:
        silence = coverage_checks.CheckedCoverage(
            coverage_checks.CoverageStatus.UNKNOWN, "the clearinghouse refused the file with this question: call"
        )
        coverage_checks.settle(db, check, silence, None, now)


def give_back(db: Session, ours: ClearinghouseFile, findings: list[dict[str, str]]) -> None:
    """A file of ours that never left: its claims go to a biller."""
    for submission in _submissions(db, ours.id):
        submission.status = SubmissionStatus.REJECTED
        db.add(submission)
        claim = db.get_one(Claim, submission.case_number, with_for_update=True)
        if is_on_its_way(claim):
            to_correction(db, claim, ExceptionQueue.CHECKS, findings)
    for check in db.exec(select(EligibilityCheck).where(EligibilityCheck.file_id == ours.id)).all():
        check.file_id = None  # the question goes out with the next file
        db.add(check)


def faults_of(answer: Answer) -> list[dict[str, str]]:
    """What was found wrong, as a biller is shown it."""
    return [
        blocking(fault.code or "rejected", fault.sentence, fault.next_action, segment=fault.where)
        for fault in answer.faults
    ]


# -- 277CA


def take_claim_receipts(file_id: str, stream: BinaryIO, now: datetime) -> int:
    """Apply what a 277CA says of each claim; returns of how many it speaks."""
    whole = list(x12.read_277ca(stream))
    named = Counter(each.claim_number for each in whole)
    # the plain case in bulk; what is refused, about a file, or said twice, one by one and in its order
    plain = [each for each in whole if each.claim_number and named[each.claim_number] == 1 and _is_good_news(each)]
    for start in range(0, len(plain), AT_ONCE):
        _take_good_news(file_id, plain[start : start + AT_ONCE], now)
    taken = {id(each) for each in plain}
    for each in whole:
        if id(each) not in taken:
            _take_claim_receipt(file_id, each, now)
    return len(whole)


def _is_good_news(said: ClaimAcknowledgement) -> bool:
    return claim_answers.read_claim(said).received in (Received.ACCEPTED, Received.RECEIVED)


def _take_good_news(file_id: str, some: Sequence[ClaimAcknowledgement], now: datetime) -> None:
    """Claims that were accepted or received, each of them once, in a fixed number of queries."""
    with store.writing() as db:
        numbers = [said.claim_number for said in some]
        submissions = {
            each.claim_control: each
            for each in db.exec(
                select(ClaimSubmission).where(col(ClaimSubmission.claim_control).in_(numbers)).with_for_update()
            ).all()
        }
        cases = {each.case_number for each in submissions.values()}
        claims = {
            each.case_number: each
            for each in db.exec(
                select(Claim)
                .where(col(Claim.case_number).in_(cases))
                .order_by(col(Claim.case_number))
                .with_for_update()
            ).all()
        }
        newest = {
            each.case_number: each.claim_control
            for each in db.exec(
                select(ClaimSubmission)
                .where(col(ClaimSubmission.case_number).in_(cases))
                .order_by(col(ClaimSubmission.number))
            ).all()
        }
        moving: dict[ClaimStatus, list[Claim]] = {C.ACCEPTED: [], C.ACKNOWLEDGED: []}
        for said in some:
            submission = submissions.get(said.claim_number)
            if submission is None:
                store.audit(db, "system", "receipt.of_nothing", ("clearinghouse_file", file_id), segment=said.segment)
                continue
            claim = claims[submission.case_number]
            submission.payer_control = submission.payer_control or said.payer_control
            moves = newest[claim.case_number] == submission.claim_control and is_on_its_way(claim)
            to = _accepted(db, claim, submission, claim_answers.read_claim(said), now, moves)
            db.add(submission)
            if to is not None and claim not in moving[to]:
                moving[to].append(claim)
        for to, those in moving.items():
            details = {claim.case_number: {"file": file_id} for claim in those}
            store.move_cases(db, those, to, actor="system", details=details)


def _take_claim_receipt(file_id: str, said: ClaimAcknowledgement, now: datetime) -> None:
    answer = claim_answers.read_claim(said)
    if not said.claim_number:
        _take_file_receipt(file_id, said, answer, now)
        return
    with store.writing() as db:
        submission = db.get(ClaimSubmission, said.claim_number, with_for_update=True)
        if submission is None:
            store.audit(db, "system", "receipt.of_nothing", ("clearinghouse_file", file_id), segment=said.segment)
            return
        claim = db.get_one(Claim, submission.case_number, with_for_update=True)
        newest = newest_submission(db, claim.case_number)
        of_present = newest is not None and newest.claim_control == submission.claim_control
        if said.payer_control and not submission.payer_control:
            submission.payer_control = said.payer_control
        moves = of_present and is_on_its_way(claim)
        if answer.received in (Received.ACCEPTED, Received.RECEIVED):
            to = _accepted(db, claim, submission, answer, now, moves)
            if to is not None:
                store.move_case(db, claim, to, actor="system", file=file_id)
        elif submission.status not in (SubmissionStatus.DECIDED, SubmissionStatus.REVERSED):
            if answer.received is Received.REJECTED:
                submission.status = SubmissionStatus.REJECTED
            db.add(submission)
            if moves:
                to_correction(db, claim, ExceptionQueue.REJECTION, faults_of(answer))
        db.add(submission)


def _take_file_receipt(file_id: str, said: ClaimAcknowledgement, answer: Answer, now: datetime) -> None:
    """What a 277CA says of a whole file of ours, or of who bills: refused, every claim of it is a biller's."""
    control = said.batch.strip().lstrip("0")
    with store.writing() as db:
        ours = None
        if control.isdigit():
            ours = db.exec(
                select(ClearinghouseFile)
                .where(
                    col(ClearinghouseFile.outgoing).is_(True),
                    ClearinghouseFile.kind == FileKind.CLAIMS,
                    ClearinghouseFile.control_number == int(control),
                )
                .with_for_update()
            ).first()
        if ours is None or answer.received is not Received.REJECTED:
            store.audit(db, "system", "receipt.of_nothing", ("clearinghouse_file", file_id), segment=said.segment)
            return
        ours.status, ours.finished_at = FileStatus.REJECTED, now
        db.add(ours)
        store.audit(db, "system", "file.rejected", ours, receipt=file_id, segment=said.segment)
        for submission in _submissions(db, ours.id):
            if submission.status in (SubmissionStatus.DECIDED, SubmissionStatus.REVERSED):
                continue
            submission.status = SubmissionStatus.REJECTED
            db.add(submission)
            claim = db.get_one(Claim, submission.case_number, with_for_update=True)
            if is_on_its_way(claim):
                to_correction(db, claim, ExceptionQueue.REJECTION, faults_of(answer))


def _accepted(
    db: Session,
    claim: Claim,
    submission: ClaimSubmission,
    answer: Answer,
    now: datetime,
    moves: bool,
) -> ClaimStatus | None:
    """Note on both that it arrived; where the claim goes now, None where it stays."""
    accepted = answer.received is Received.ACCEPTED
    early = (SubmissionStatus.QUEUED, SubmissionStatus.SENT, SubmissionStatus.RECEIVED)
    if submission.status in early:
        submission.status = SubmissionStatus.ACCEPTED if accepted else SubmissionStatus.RECEIVED
    if accepted:
        submission.accepted_at = submission.accepted_at or now
    to = C.ACCEPTED if accepted else C.ACKNOWLEDGED
    if not moves or claim.status in (to, C.ACCEPTED):
        return None
    claim.payer_control = submission.payer_control or claim.payer_control
    awaited = Awaited.REMITTANCE if accepted else Awaited.CLAIM_ACKNOWLEDGEMENT
    claim.answer_by, claim.queue, claim.findings = answer_by(claim, awaited, now), "", []
    db.add(claim)
    return to


# -- 271


def take_coverage_answers(file_id: str, stream: BinaryIO, now: datetime) -> int:
    """Settle the coverage checks a 271 answers; returns how many answers it holds."""
    whole: Iterable = list(x12.read_271(stream))
    result = coverage_checks.take_answers(file_id, whole, now)
    if result.unknown:
        with store.writing() as db:
            store.audit(db, "system", "coverage.of_nothing", ("clearinghouse_file", file_id), **asdict(result))
    return result.answers
