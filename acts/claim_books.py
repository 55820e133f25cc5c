"""What is on record of some threads of claims: read once for all of them, and kept true while it is written to."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session, col, select

from acts.insurance import Insurances, in_force, insurances_of
from adapters.operational_store import audit, insert_rows, move_cases
from models.claim_form import PayerRank
from models.codes import ClaimStatus
from models.columns import utc_now
from models.ledger import LedgerAccount, LedgerKind, LedgerLine
from models.operational import (
    Claim,
    ClaimSubmission,
    LedgerEntry,
    Patient,
    PatientBilling,
    PatientCoverage,
    SubmittedLine,
)
from models.remittance import SentLine
from models.transitions import CLAIM

C = ClaimStatus
DECIDED_HERE = (
    *("payer_cents", "patient_cents", "paid_cents", "decided_on", "payer_control", "queue", "findings", "carc"),
    *("rank", "frequency", "eligibility_id", "answer_by", "appeal_by", "file_by"),
)
"""What a payer's decision changes on a thread."""


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


@dataclass(frozen=True)
class Posting:
    """What is written to the ledger of one thread at one time; ``at`` None is now."""

    lines: tuple[LedgerLine, ...]
    case_number: str | None
    payer_code: str = ""
    at: datetime | None = None


def post_all(db: Session, postings: Sequence[Posting], *, actor: str = "system") -> int:
    """Write postings of many threads, each line once, in a fixed number of queries; returns how many lines were new.

    A line whose key stands in the ledger is left as it is.
    """
    keys = {line.key for posting in postings for line in posting.lines}
    there = set(db.exec(select(LedgerEntry.key).where(col(LedgerEntry.key).in_(keys))).all()) if keys else set()
    moment = utc_now()
    rows: list[dict[str, Any]] = []
    written: list[tuple[Posting, list[LedgerLine]]] = []
    for each in postings:
        wanted = {line.key: line for line in each.lines}
        new = [line for key, line in wanted.items() if key not in there]
        there |= set(wanted)
        rows += [
            asdict(line)
            | {
                "key": line.key,
                "account": line.account.value,
                "kind": line.kind.value,
                "case_number": each.case_number,
                "payer_code": each.payer_code,
                "actor": actor,
                "at": each.at or moment,
            }
            for line in new
        ]
        if new:
            written.append((each, new))
    if rows:
        insert_rows(db, LedgerEntry, rows)
    for each, new in written:
        number = each.case_number
        subject = ("claim", number) if number else ("ledger_entry", new[0].key)
        cents = sum(line.amount_cents for line in new)
        audit(db, actor, "ledger.posted", subject, number, count=len(new), cents=cents, source=new[0].source)
    return sum(len(new) for _, new in written)


@dataclass
class _Move:
    """Where a thread goes, by which statuses, and what the audit says of the last step."""

    thread: Claim
    steps: tuple[ClaimStatus, ...]
    details: dict[str, Any] = field(default_factory=dict)


class Books:
    """The ledgers, sendings and insurances of some threads.

    What is posted is seen at once and written by ``close``, which also moves the threads on; until then a thread moves
    once. The threads' rows are locked from the beginning, so that nobody else posts meanwhile.
    """

    def __init__(self, db: Session, case_numbers: Iterable[str], *, actor: str = "system") -> None:
        self.db, self.actor = db, actor
        db.flush()  # what the caller has changed on a thread must not be read over
        numbers = sorted(set(case_numbers))
        self.threads: dict[str, Claim] = {
            claim.case_number: claim
            for claim in db.exec(
                select(Claim)
                .where(col(Claim.case_number).in_(numbers))
                .order_by(col(Claim.case_number))  # always in this order: two that post at once must not lock crosswise
                .with_for_update()
                .execution_options(populate_existing=True)
            ).all()
        }
        self._submissions: defaultdict[str, list[ClaimSubmission]] = defaultdict(list)
        for submission in db.exec(
            select(ClaimSubmission)
            .where(col(ClaimSubmission.case_number).in_(numbers))
            .order_by(col(ClaimSubmission.number).desc())
        ).all():
            self._submissions[submission.case_number].append(submission)
        controls = [each.claim_control for those in self._submissions.values() for each in those]
        self._sent: defaultdict[str, list[SentLine]] = defaultdict(list)
        for line in db.exec(
            select(SubmittedLine)
            .where(col(SubmittedLine.claim_control).in_(controls))
            .order_by(col(SubmittedLine.number))
        ).all():
            self._sent[line.claim_control].append(sent_line(line))
        self._lines: defaultdict[str, list[tuple[datetime, LedgerLine]]] = defaultdict(list)
        for entry in db.exec(select(LedgerEntry).where(col(LedgerEntry.case_number).in_(numbers))).all():
            self._lines[str(entry.case_number)].append((entry.at, line_of(entry)))
        self._keys = {line.key for those in self._lines.values() for _, line in those}
        ids = sorted({thread.patient_id for thread in self.threads.values()})
        self._patients = {each.id: each for each in db.exec(select(Patient).where(col(Patient.id).in_(ids))).all()}
        self._insurances: Insurances = insurances_of(db, ids)
        self._billing = {
            each.patient_id: each
            for each in db.exec(select(PatientBilling).where(col(PatientBilling.patient_id).in_(ids))).all()
        }
        self._postings: list[Posting] = []
        self._moves: dict[str, _Move] = {}

    # -- read

    def submissions(self, case_number: str) -> list[ClaimSubmission]:
        """The submissions of a thread, the newest first."""
        return self._submissions[case_number]

    def newest(self, case_number: str) -> ClaimSubmission | None:
        """The last submission of a thread; answers about earlier ones move nothing any more."""
        return next(iter(self._submissions[case_number]), None)

    def sent_lines(self, claim_control: str) -> tuple[SentLine, ...]:
        """The lines of one submission as they were sent."""
        return tuple(self._sent[claim_control])

    def lines_of_case(self, case_number: str) -> list[LedgerLine]:
        """All postings of a thread, to whichever payer or the patient, in the order they were made."""
        return [line for _, line in sorted(self._lines[case_number], key=lambda each: (each[0], each[1].key))]

    def lines_of(self, case_number: str, claim_number: str) -> list[LedgerLine]:
        """Those under one number of the thread's ledger: a submission's claim control, or what was passed on of it."""
        return [line for line in self.lines_of_case(case_number) if line.claim_number == claim_number]

    def patient(self, thread: Claim) -> Patient:
        return self._patients[thread.patient_id]

    def billing(self, thread: Claim) -> PatientBilling | None:
        return self._billing.get(thread.patient_id)

    def coverage(self, thread: Claim, rank: PayerRank) -> PatientCoverage | None:
        """The patient's insurance of this rank on the day of the session."""
        return in_force(self._insurances, self.patient(thread), rank, thread.service_date)

    # -- written

    def post(
        self, lines: Iterable[LedgerLine], thread: Claim, payer_code: str = "", at: datetime | None = None
    ) -> None:
        """Post to a thread's ledger, each line once."""
        wanted = {line.key: line for line in lines}
        new = tuple(line for key, line in wanted.items() if key not in self._keys)
        if not new:
            return
        moment = at or utc_now()
        self._keys |= {line.key for line in new}
        self._lines[thread.case_number] += [(moment, line) for line in new]
        self._postings.append(Posting(new, thread.case_number, payer_code, moment))

    def move(self, thread: Claim, to: ClaimStatus, **details: Any) -> None:
        """Move a thread on where a decision came, wherever it stands.

        One that was closed is opened first; one that was on its way out again is stopped, because what it would ask
        for is decided.
        """
        self.db.add(thread)
        if thread.case_number in self._moves:
            raise ValueError(f"{thread.case_number} moves already")
        if thread.status != to:
            self._moves[thread.case_number] = _Move(thread, way(thread.status, to), details)

    def moves(self, case_numbers: Collection[str]) -> bool:
        """Whether one of these threads waits for ``close`` to be moved."""
        return not self._moves.keys().isdisjoint(case_numbers)

    def take(self) -> tuple[list[Posting], list[_Move]]:
        """What waits to be written and to be moved, which then waits no more."""
        postings, moves = self._postings, list(self._moves.values())
        self._postings, self._moves = [], {}
        return postings, moves


def close(books: Books) -> None:
    """Write what was posted and move the threads, in as many queries for many as for one."""
    postings, moves = books.take()
    for thread in books.threads.values():
        if books.db.is_modified(thread):
            for name in DECIDED_HERE:  # rows that change in the same columns are written in one statement
                flag_modified(thread, name)
    post_all(books.db, postings, actor=books.actor)
    for step in range(max((len(move.steps) for move in moves), default=0)):
        by_status: defaultdict[tuple[ClaimStatus, bool], list[_Move]] = defaultdict(list)
        for move in moves:
            if step < len(move.steps):
                by_status[move.steps[step], step == len(move.steps) - 1].append(move)
        for (to, last), those in by_status.items():
            between = {"why": "decided meanwhile"}
            said = {move.thread.case_number: move.details if last else between for move in those}
            move_cases(books.db, [move.thread for move in those], to, actor=books.actor, details=said)


def sent_line(line: SubmittedLine) -> SentLine:
    """A line as it was sent, as the rules read it."""
    return SentLine(
        control_number=line.control_number,
        procedure_code=line.procedure_code,
        modifiers=tuple(line.modifiers),
        charge_cents=line.charge_cents,
        units=line.units,
        earlier_cents=line.earlier_cents,
    )


def way(old: ClaimStatus, to: ClaimStatus) -> tuple[ClaimStatus, ...]:
    """Through which statuses a thread comes to where a decision sends it, that one last."""
    steps: list[ClaimStatus] = []
    for between in (C.REMITTANCE_REVIEW, C.CORRECTION):
        if to not in CLAIM[old] and between in CLAIM[old]:
            steps.append(between)
            old = between
    return (*steps, to)
